"""The class as plain rows for the command line, which decides how to draw them."""

from __future__ import annotations

from collections.abc import Iterable

from autograder.class_report.tally import misconceptions
from autograder.feedback.words import number, one_line, standing
from autograder.report import Graded, Status


def class_rows(graded: Iterable[Graded]) -> list[tuple[str, str, str, str]]:
    """Student, notebook, score and misconceptions of each report, by student.

    Every text is one line without control characters. A withheld mark is never a number; the score
    of a notebook that could not be graded says why.
    """
    ordered = sorted(graded, key=lambda one: one.student)
    return [
        (
            one_line(one.student),
            one_line(one.report.notebook),
            _score(one),
            one_line(", ".join(misconceptions(one.report))),
        )
        for one in ordered
    ]


def _score(one: Graded) -> str:
    if one.score is None:
        return "withheld"
    score = f"{number(one.score)}/{number(one.max_score)}"
    if one.report.status is Status.GRADED or one.report.withheld:
        return score
    return f"{score} ({standing(one.report).words})"
