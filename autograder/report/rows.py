"""The class as plain rows for the command line, which decides how to draw them."""

from __future__ import annotations

from collections.abc import Iterable

from autograder.feedback.words import number, one_line, standing
from autograder.report.tally import misconceptions
from autograder.verdict import Graded, Report, Status


def class_rows(graded: Iterable[Graded]) -> list[tuple[str, str, str, str]]:
    """Student, notebook, score and misconceptions of each report, by student.

    Every text is on one line and without control characters. A mark that is withheld is never
    given as a number; a score that is no ordinary one says why.
    """
    ordered = sorted(graded, key=lambda one: one.student)
    return [
        (
            one_line(one.student),
            one_line(one.report.notebook),
            _score(one.report),
            one_line(", ".join(misconceptions(one.report))),
        )
        for one in ordered
    ]


def _score(report: Report) -> str:
    if report.score is None:
        return "withheld"
    score = f"{number(report.score)}/{number(report.max_score)}"
    return score if report.status is Status.GRADED else f"{score} ({standing(report).words})"
