"""What a student should know before the score: a withheld mark, a file that was not read."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.feedback.view import Manual, final_score, max_score
from autograder.feedback.words import points_of
from autograder.report import Report, Status
from autograder.sandbox.inside import policy

NO_FAULT = (
    "Something failed on our side while this was graded. It is not your fault, and it is not a "
    "zero: there is no mark until an instructor has looked at it."
)


@dataclass(frozen=True)
class Notice:
    """Something to know before the score: a status or a warning."""

    title: str
    text: str
    tone: str
    detail: str = ""


def notices(report: Report, aside: str = "", manual: Manual | None = None) -> list[Notice]:
    """What the student should know before reading on.

    Args:
        report: the report.
        aside: why it does not give the student's mark; empty where it does.
        manual: what the gradebook adds; where it has a mark, none is withheld any more.
    """
    manual = manual or Manual()
    given = bool(manual.points) and manual.earned is not None
    found = (
        Notice("This does not give your mark", aside, "warn") if aside else None,
        None if report.withheld and given else _status_notice(report, manual, not aside),
        _doubt_notice(report),
        _tier_notice(report),
    )
    return [notice for notice in found if notice]


def _doubt_notice(report: Report) -> Notice | None:
    """Why a newer file changed nothing."""
    if not report.doubt:
        return None
    text = (
        "This page shows the work that counts. Your newest file was not graded; your instructor "
        "can see that, and your mark stays as it is. Submit again while submissions are open."
    )
    return Notice("Your newest file does not count", text, "warn", report.doubt)


def _status_notice(report: Report, manual: Manual, counts: bool) -> Notice | None:
    """Why there is no ordinary mark. The cause of a fault of ours is for the instructor's eyes."""
    if report.status in (Status.UNREADABLE, Status.MISSING) and not counts:
        return Notice(_UNGRADED[report.status], "Nothing here was graded.", "warn", report.reason)
    if report.status is Status.UNREADABLE:
        text = f"The checks did not run on your work. {_counted(report, manual)}"
        text += "" if manual.points else " Your instructor can see this."
        return Notice(_UNGRADED[report.status], text, "warn", report.reason)
    if report.status is Status.MISSING:
        text = _counted(report, manual)
        return Notice(_UNGRADED[report.status], text, "calm", report.reason)
    if report.status is Status.UNCLEAR:
        text = "No mark was given, and none was lost. Your instructor must decide."
        return Notice("Which file is your notebook?", text, "warn", report.reason)
    if report.status is Status.BROKEN:
        return Notice("Your mark is withheld", NO_FAULT, "ours")
    if report.withheld:
        return Notice("Part of your mark is withheld", NO_FAULT, "ours")
    return None


def _counted(report: Report, manual: Manual) -> str:
    """What a notebook without an ordinary mark counts, by the gradebook where it has it."""
    score = points_of(final_score(report, manual) or 0.0, max_score(report, manual))
    if manual.points:
        return f"A person gave points for it: the notebook counts {score}."
    return f"The notebook counts {score} for now."


_UNGRADED = {
    Status.UNREADABLE: "Your file could not be read",
    Status.MISSING: "This notebook was not submitted",
}


def _tier_notice(report: Report) -> Notice | None:
    """A warning when code ran without a jail."""
    if report.tier != policy.NONE.name or report.status in _NEVER_RUN:
        return None
    return Notice(
        "Unsafe: graded without a sandbox",
        "Nothing kept the code apart from the grader when it ran. That is for trying things out "
        "only: it must be graded again in a sandbox before this mark counts.",
        "warn",
    )


_NEVER_RUN = (Status.MISSING, Status.UNREADABLE, Status.UNCLEAR)
