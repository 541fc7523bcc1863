"""Which mark stands when a new report meets a stored one: the rule, in one place.

What cannot be graded never replaces a mark that was earned. Everything that stores marks asks
here: grading a class, `nbgrader autograde`, and the service. Knows reports, not where they lie.
"""

from __future__ import annotations

from autograder.report import Report, Status


def is_earned(report: Report | None) -> bool:
    """Whether a report holds a mark that somebody's work was given, a zero included."""
    return report is not None and report.status is Status.GRADED and not report.withheld


def replaces(report: Report, stored: Report | None) -> bool:
    """Whether a new report takes the place of the stored one.

    A report on a file that cannot be read, on a missing file, or with a withheld mark replaces
    only what was not earned either. Then the stored mark stays, and a person is told.

    Args:
        report: what grading said now.
        stored: the report whose mark counts so far, if there is one.
    """
    return is_earned(report) or not is_earned(stored)


def settled(report: Report, stored: Report | None) -> Report:
    """The report that counts from now on: the new one, or the stored one with a doubt noted."""
    if stored is None or replaces(report, stored):
        return report
    why = report.public_reason or "the newest file cannot be graded"
    return stored.with_(doubt=f"{why}; the mark of the previous file stands")
