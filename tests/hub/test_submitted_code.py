"""The code that pages show beside the feedback: that of the attempt, as text, whatever is in it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from engine import toy

from autograder.report import Report, Status
from autograder.service.store.attempt import Attempt, State
from autograder.service.web.submitted_code import KEPT, MOST, SubmittedCode, compared

WRONG = "def area(sides):\n    return 0.0"
CELLS = {"test_area": "area", "test_scale": "scale", "test_lost": "", "test_gone": "gone"}
REPORT = Report(toy.ASSIGNMENT, toy.NOTEBOOK, Status.GRADED, "full", 9.0, 1, cells=CELLS)


def kept(exchange, number: int, files: dict[str, bytes]) -> Attempt:
    """An attempt of which these files were kept."""
    folder = f"attempts/games/{toy.ASSIGNMENT}/{number}"
    (exchange.course.root / folder).mkdir(parents=True)
    for name, content in files.items():
        (exchange.course.root / folder / name).write_bytes(content)
    none: dict[str, Any] = {"started": None, "finished": None, "score": None, "max_score": None}
    known: dict[str, Any] = {"key": "", "timestamp": "", "tries": 1, "reason": ""}
    return Attempt(
        id=number,
        student="games",
        assignment=toy.ASSIGNMENT,
        arrived=datetime.now(UTC),
        folder=folder,
        state=State.DONE,
        counts=True,
        **none,
        **known,
    )


def test_each_attempt_has_its_own_code_and_what_changed(exchange):
    """By exercise; an exercise that stayed has no changes, and neither has a first attempt."""
    name, code = f"{toy.NOTEBOOK}.ipynb", SubmittedCode()
    first = kept(exchange, 1, {name: exchange.work({"area": WRONG})})
    second = kept(exchange, 2, {name: exchange.work({})})
    before = code.of(exchange.course, first, REPORT)
    after = code.of(exchange.course, second, REPORT)
    assert before["test_area"] == WRONG
    assert set(before) == set(after) == {"test_area", "test_scale"}
    found = compared(after, before)
    assert [line.text for line in found["test_area"].changes if line.sign == "-"] == [
        "    return 0.0"
    ]
    assert found["test_area"].is_new
    assert (found["test_scale"].is_new, found["test_scale"].changes) == (False, ())
    assert not any(one.is_new or one.changes for one in compared(after, None).values())


def test_a_renamed_file_is_found(exchange):
    """By its content, as the grader finds it."""
    attempt = kept(exchange, 1, {"my work.ipynb": exchange.work({"area": WRONG})})
    assert SubmittedCode().of(exchange.course, attempt, REPORT)["test_area"] == WRONG


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[" * 100_000, b'{"nbformat": 4, "cells": 3}', b"\xff\xfe"],
    ids=["empty", "cut", "deep", "odd", "binary"],
)
def test_what_cannot_be_read_is_not_there(exchange, content):
    """The feedback shows without it."""
    attempt = kept(exchange, 1, {f"{toy.NOTEBOOK}.ipynb": content})
    assert SubmittedCode().of(exchange.course, attempt, REPORT) == {}


def test_a_link_is_not_followed(exchange):
    """Whoever could put one there reads nothing of ours."""
    attempt = kept(exchange, 1, {})
    secret = exchange.course.root / "gradebook-copy.ipynb"
    secret.write_bytes(exchange.work({}))
    place = exchange.course.root / attempt.folder / f"{toy.NOTEBOOK}.ipynb"
    place.symlink_to(secret)
    assert SubmittedCode().of(exchange.course, attempt, REPORT) == {}


def test_long_code_is_cut_and_few_notebooks_are_kept(exchange):
    """A page stays a page, and memory does not grow with the term."""
    long = exchange.work({"area": "x = 1\n" * MOST})
    code = SubmittedCode()
    for number in range(1, KEPT + 3):
        attempt = kept(exchange, number, {f"{toy.NOTEBOOK}.ipynb": long} if number == 1 else {})
        found = code.of(exchange.course, attempt, REPORT)
        if number == 1:
            assert MOST <= len(found["test_area"]) < MOST + 10
    assert len(code._kept) == KEPT
