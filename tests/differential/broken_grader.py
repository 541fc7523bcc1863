"""Grades one notebook by a rule that is broken on purpose: the comparison must notice it.

    python broken_grader.py RULE ASSIGNMENT NOTEBOOK FILE

It runs in a process of its own, so that nothing broken stays behind.
"""

from __future__ import annotations

import sys
from pathlib import Path

from autograder.course.model import Course
from autograder.grading import plan
from autograder.grading.context import prepared
from autograder.grading.grader import grade_content
from autograder.grading.job import Request
from autograder.grading.submission import parse
from autograder.sandbox.doctor import strongest

ROOT = Path(__file__).resolve().parents[2]


def run_first_pieces_only() -> None:
    """Of a cell that was split or pasted, only the first piece is run."""
    whole = plan._Planner._add_solution

    def first_only(planner, number, cell):
        if cell.grade_id not in planner._seen:
            whole(planner, number, cell)

    plan._Planner._add_solution = first_only


def call_at_the_end() -> None:
    """Functions are looked up when the whole notebook has run."""
    plan.Plan.stops = lambda planned, exercises: [(len(planned.cells), e) for e in exercises]


RULES = {"first-pieces-only": run_first_pieces_only, "at-the-end": call_at_the_end}


def main(rule: str, assignment: str, notebook: str, file: str) -> None:
    """Print the report as JSON."""
    RULES[rule]()
    course = Course.load(ROOT)
    [lab] = [lab for lab in course.labs_of(assignment) if lab.name == notebook]
    content = parse(Path(file).read_bytes())
    with prepared(course, [lab], strongest(course.require, course.limits)) as contexts:
        context = contexts[assignment, notebook]
        print(grade_content(context, content, Request(7)).to_json())


if __name__ == "__main__":
    main(*sys.argv[1:])
