"""What cannot be graded never replaces a mark that was earned."""

from __future__ import annotations

import json
import os
import shutil

import pytest
import toy

from autograder.authoring.build import build
from autograder.batch.run import grade_class
from autograder.course.model import Course
from autograder.gradebook.gradebook import open_gradebook
from autograder.grading.standing import replaces, settled
from autograder.report import CheckResult, Report, Status, Verdict


def report(status=Status.GRADED, verdict=Verdict.PASSED, points=1.0):
    """A report of one check."""
    check = CheckResult("test_x", "test_area", "It holds.", verdict, points, 2.0)
    return Report("toys", "shapes", status, "full", 2.0, 1, (check,), reason="why")


EARNED = report()
NOTHING = report(verdict=Verdict.FAILED, points=0.0)
UNREADABLE, MISSING, BROKEN = map(report, (Status.UNREADABLE, Status.MISSING, Status.BROKEN))
WITHHELD = report(verdict=Verdict.BROKEN, points=0.0)


@pytest.mark.parametrize("stored", [EARNED, NOTHING], ids=["points", "a-graded-zero"])
@pytest.mark.parametrize("new", [UNREADABLE, MISSING, BROKEN, WITHHELD])
def test_what_cannot_be_graded_leaves_an_earned_mark(new, stored):
    """The stored report goes on counting, with a doubt that asks for a person."""
    assert not replaces(new, stored)
    kept = settled(new, stored)
    assert (kept.score, kept.status) == (stored.score, Status.GRADED)
    assert kept.needs_person
    assert "stands" in kept.doubt


@pytest.mark.parametrize("new", [EARNED, NOTHING])
@pytest.mark.parametrize("stored", [None, EARNED, UNREADABLE, BROKEN])
def test_what_was_graded_counts(new, stored):
    """A graded report replaces whatever was there, a lower mark included."""
    assert settled(new, stored) is new


@pytest.mark.parametrize("stored", [None, UNREADABLE, MISSING, BROKEN])
def test_what_was_not_earned_is_replaced(stored):
    """The latest reason is the one that is shown."""
    assert settled(UNREADABLE, stored) is UNREADABLE


@pytest.fixture(scope="module")
def course(tmp_path_factory, tier):
    """The toy course with Ada, who got everything right."""
    course = Course.load(toy.write_course(tmp_path_factory.mktemp("standing")))
    build(course)
    submit(course, json.dumps(toy.handed_in(course.labs[0].release, toy.solved(), None)).encode())
    assert grade_class(course, [], tier, workers=1).all[0].report.score == 10
    return course


def submit(course, data):
    """Ada's notebook: its bytes, or None for an empty folder."""
    folder = course.root / "submitted" / "ada" / toy.ASSIGNMENT
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if data is not None:
        (folder / f"{toy.NOTEBOOK}.ipynb").write_bytes(data)


def rows(course):
    """Ada's marks in the gradebook: score and whether a person must look, by grade cell."""
    with open_gradebook(course) as book:
        notebook = book._book.find_submission_notebook(toy.NOTEBOOK, toy.ASSIGNMENT, "ada")
        return {g.name: (g.auto_score, bool(g.needs_manual_grade)) for g in notebook.grades}


@pytest.mark.wide(rows=5)
@pytest.mark.parametrize("without_reports", [False, True])
@pytest.mark.parametrize("data", [None, b"", b"hello", b"[]", b'{"nbformat": 3}'])
def test_a_damaged_resubmission_keeps_mark_and_notebook(course, tier, data, without_reports):
    """Mark and autograded notebook stay, a person is told, and a good file counts again."""
    graded = course.root / "autograded" / "ada" / toy.ASSIGNMENT / f"{toy.NOTEBOOK}.ipynb"
    before = graded.read_bytes()
    submit(course, data)
    if without_reports:
        shutil.rmtree(course.root / "reports")
    outcome = grade_class(course, [], tier, workers=1)
    assert {name: score for name, (score, _) in rows(course).items()} == toy.POINTS
    assert all(asks for _, asks in rows(course).values())
    if not without_reports:
        assert [one.student for one in outcome.needs_person] == ["ada"]
        assert graded.read_bytes() == before
        assert grade_class(course, [], tier, workers=1).needs_person
    submit(course, json.dumps(toy.handed_in(course.labs[0].release, toy.solved(), None)).encode())
    outcome = grade_class(course, [], tier, workers=1)
    assert not outcome.needs_person
    assert not any(asks for _, asks in rows(course).values())
    assert os.path.lexists(graded)
