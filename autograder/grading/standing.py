"""Which report counts when a new one meets a stored one: the rule, in one place.

A submission that cannot be graded never replaces a mark that was earned. Everything that stores
marks asks this module: grading a class, `nbgrader autograde`, and the service. It knows reports,
not where they are stored.
"""

from __future__ import annotations

from autograder.report import Report, Status


def is_earned(report: Report | None) -> bool:
    """Whether a report holds a mark for somebody's work; a zero counts."""
    return report is not None and report.status is Status.GRADED and not report.withheld


def replaces(report: Report, stored: Report | None) -> bool:
    """Whether a new report takes the place of the stored one.

    A report on an unreadable file, on a missing file, or with a withheld mark replaces only a
    report that is not earned either. Otherwise the stored mark stays and needs review.

    Args:
        report: the new report.
        stored: the report that counts so far, if there is one.
    """
    return is_earned(report) or not is_earned(stored)


def settled(report: Report, stored: Report | None) -> Report:
    """The report that counts from now on: the new one, or the stored one with a doubt added."""
    if stored is None or replaces(report, stored):
        return report
    why = report.public_reason or "the newest file cannot be graded"
    return stored.with_(doubt=f"{why}; the mark of the previous file stands")
