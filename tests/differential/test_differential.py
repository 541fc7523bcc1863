"""The student's own kernel is the judge: what it finds correct at its tests is correct here.

Each case is a notebook made from a correct solution by edits that people make. A fresh kernel runs
it from top to bottom, and this grader grades it. An exercise whose visible tests pass in the kernel
must get all its points here, since the edits leave the solutions correct; `table.EXCEPTIONS` has
the few exceptions, each with its reason.

The default run takes one case of each kind of edit; `--all` takes every case.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.course.model import Course
from autograder.report import Report

from .broken_grader import ROOT
from .conftest import Outcome, solved
from .table import ALL, CASES, Case


def by_id(beginning: str) -> Case:
    """The first case whose id begins so."""
    return next(case for case in CASES if case.id.startswith(beginning))


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES])
def test_what_the_kernel_finds_right_is_right_here(case: Case, outcomes: dict[str, Outcome]):
    """No exercise that is green in a fresh kernel loses a point."""
    outcome = outcomes[case.id]
    assert outcome.report.status == "graded", outcome.report.reason
    if case.exception:
        assert outcome.lost, "it is no exception any more: strike it off the list"
    elif outcome.lost:
        pytest.fail("\n".join(outcome.words), pytrace=False)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES])
def test_the_kernel_finds_right_what_the_table_says(case: Case, outcomes: dict[str, Outcome]):
    """An edit that leaves everything right does so, and no edit leaves nothing to compare."""
    outcome = outcomes[case.id]
    missing = outcome.exercises - outcome.green
    if missing == outcome.exercises or (missing and case.green == ALL):
        pytest.fail(f"red in the kernel: {', '.join(sorted(missing))}", pytrace=False)


@pytest.mark.parametrize(
    ("rule", "case"),
    [
        pytest.param("first-pieces-only", by_id("cells/stub-kept-finished-below-"), id="pieces"),
        pytest.param("at-the-end", by_id("again/number-"), id="places"),
    ],
)
def test_a_broken_rule_is_seen(
    rule: str, case: Case, outcomes: dict[str, Outcome], tmp_path: Path
) -> None:
    """A grader that runs first pieces only, or looks at the end only, loses what is green."""
    course = Course.load(ROOT)
    lab = next(lab for lab in course.labs if lab.name == case.lab)
    file = tmp_path / "edited.ipynb"
    file.write_bytes(case.edited(solved(course, lab, case)).to_bytes())
    script = str(Path(__file__).with_name("broken_grader.py"))
    command = [sys.executable, script, rule, lab.assignment, lab.name, str(file)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    honest = outcomes[case.id]
    assert not honest.lost
    assert replace(honest, report=Report.from_json(said)).lost
