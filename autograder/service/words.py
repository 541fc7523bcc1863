"""What pages, streams and feedback say of an attempt: plain words, true in every state.

It knows the facts of one attempt, and nothing of HTML, of HTTP or of who asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from autograder.feedback.words import Mark
from autograder.service.store.attempt import (
    FINISHED,
    Allowance,
    Attempt,
    Ruling,
    State,
    Why,
)

_WAITS, _RUNS = "waiting", "being graded"
_TAKEN = "submitted; marks are given later"


def standing(attempt: Attempt, ahead: int | None, shows: str) -> Mark:
    """How far an attempt is, in a word or two.

    Args:
        attempt: the attempt.
        ahead: how many are served before it; None when it does not wait.
        shows: what the reader may see of it: `feedback`, `marks` or `nothing`.
    """
    if attempt.state is State.WAITING:
        place = f"{ahead} ahead in the queue" if ahead else "next in the queue"
        return Mark("…", f"{_WAITS}, {place}", "calm")
    if attempt.state in FINISHED and not attempt.withheld and not attempt.whole:
        return _DAMAGED if attempt.empty else _IN_PART
    if attempt.state is State.DONE and shows == "nothing":
        return Mark("•", _TAKEN, "calm")
    return _STANDINGS[attempt.state]


_DAMAGED = Mark("!", "could not be graded", "warn")
_IN_PART = Mark("!", "not all of it could be graded", "warn")
_STANDINGS = {
    State.RUNNING: Mark("▸", _RUNS, "calm"),
    State.DONE: Mark("•", "graded", "calm"),
    State.NEEDS_PERSON: Mark("?", "needs review", "ours"),
    State.REFUSED: Mark("⊘", "refused", "warn"),
}

_WHYS = {
    Why.LATEST: "counts: {your} latest",
    Why.LATEST_GRADED: "counts: {your} later one does not",
    Why.BEST: "counts: {your} best",
    Why.RULED: "counts: {instructor} decided so",
    Why.LATER: "does not count: a later one does",
    Why.BETTER: "does not count: another one is better",
    Why.UNGRADED: "does not count: {your} earlier mark stands",
    Why.WITHHELD: "does not count yet: {your} earlier mark stands",
    Why.ASIDE: "does not count: {instructor} set it aside",
}
"""Of each reason why an attempt gives the mark or does not, the words; see `why`."""


def why(attempt: Attempt, teaches: bool = False) -> str:
    """Why it gives the mark, or does not; empty while it is not finished.

    Args:
        attempt: the attempt.
        teaches: whether an instructor reads it, and not its student.
    """
    if not attempt.why:
        return ""
    whose = ("an instructor", "the") if teaches else ("your instructor", "your")
    return _WHYS[Why(attempt.why)].format(instructor=whose[0], your=whose[1])


def aside(attempt: Attempt) -> str:
    """What the feedback on an attempt that does not give the mark says of that; else empty."""
    if attempt.counts or not attempt.why:
        return ""
    if attempt.why in (Why.UNGRADED, Why.WITHHELD):
        return _STANDS
    return f"This attempt {why(attempt)}."


_STANDS = "This attempt does not count, and your earlier mark stands."
_REFUSED = "This submission is not graded, costs no attempt and changes no mark."
_FOR_NOW = "For now it counts with what could be graded."
_AGAIN = (
    "Open the file in JupyterLab, save it under its own name, and submit again. If you cannot "
    "submit any more, write to your instructor, who can decide what counts."
)
_OURS = "Something failed on our side. It is not your fault, and your instructor can see it."
_NO_ZERO = "There is no mark yet; that is not a zero."
_NOTHING_TO_DO = "You need not do anything."


def reason(attempt: Attempt, teaches: bool) -> str:
    """What is wrong and what to do; the inside of a fault of ours is for instructors only."""
    if attempt.state is State.REFUSED and not teaches:
        return f"{attempt.reason.rstrip('.')}. {_REFUSED}"
    if attempt.state not in FINISHED:
        return attempt.reason
    if teaches:
        return attempt.reason or attempt.told
    if attempt.told:
        return " ".join([f"{attempt.told}.", *_about_files(attempt)])
    if attempt.withheld or (attempt.state is State.NEEDS_PERSON and not attempt.fates):
        kept = attempt.why == Why.WITHHELD
        return " ".join([_OURS, _STANDS if kept else _NO_ZERO, _NOTHING_TO_DO])
    return ""


def _about_files(attempt: Attempt) -> list[str]:
    """What follows for an attempt some files of which cannot be graded."""
    if attempt.why in (Why.UNGRADED, Why.WITHHELD):
        return [_STANDS, _AGAIN]
    if attempt.why == Why.ASIDE:
        return ["Your instructor set this attempt aside."]
    if not attempt.counts or attempt.ruling is Ruling.COUNTS:
        return []
    return [_NO_ZERO if attempt.withheld else _FOR_NOW, _AGAIN]


def result(score: float | None, max_score: float | None) -> Mark | None:
    """What stands out of a mark, apart from how far its attempt is: all points, or none."""
    if score is None or not max_score or 0 < score < max_score:
        return None
    return Mark("✓", "all points", "good") if score > 0 else Mark("○", "no points yet", "calm")


NEAR, SOON = timedelta(days=1), timedelta(days=3)
"""A due date that is so close stands out, or begins to."""


@dataclass(frozen=True)
class Due:
    """A due date as somebody reads it now."""

    when: datetime
    words: str
    """For example `due in 3 hours`; the date itself follows."""
    tone: str
    """A class of the style sheet: `near`, `soon`, `over`, or `calm`."""


def due_words(when: datetime | None, now: datetime, settled: bool = False) -> Due | None:
    """How near a due date is; None where there is none.

    Args:
        when: the due date.
        now: the time.
        settled: whether there is nothing left to do, so that it need not stand out.
    """
    if when is None:
        return None
    left = when - now
    if left <= timedelta():
        return Due(when, "was due", "calm" if settled else "over")
    words = f"due in {_span(left)}" if left < 7 * NEAR else "due"
    tone = "near" if left < NEAR else "soon" if left < SOON else "calm"
    return Due(when, words, "calm" if settled else tone)


def _span(span: timedelta) -> str:
    """A time that is left, never said longer than it is: `2 days`, `1 hour`, `25 minutes`."""
    minutes = int(span.total_seconds() // 60)
    for size, unit in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            count = minutes // size
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return "less than a minute"


def gap(seconds: float) -> str:
    """The time that must lie between two attempts, in words."""
    exact = timedelta(seconds=seconds)
    return f"{seconds:g} seconds" if seconds < 60 or seconds % 60 else _span(exact)


@dataclass(frozen=True)
class NextStep:
    """What happens next, or what a student can do; a moment may stand in the middle."""

    words: str
    when: datetime | None = None
    rest: str = ""


@dataclass(frozen=True)
class Prospects:
    """What is ahead of a student at an assignment."""

    allowance: Allowance
    due: datetime | None
    now: datetime
    after_due: str
    """What students see after the due date: `feedback`, `marks` or `nothing`."""
    asked: bool = False
    """Whether an instructor asks for another attempt."""

    @property
    def over(self) -> bool:
        """Whether the due date has passed."""
        return self.due is not None and self.now >= self.due

    @property
    def again(self) -> bool:
        """Whether another attempt is graded."""
        return not self.allowance.limit or self.allowance.left > 0


SUBMIT = "Submit in JupyterLab: Nbgrader, Assignment List, Submit."
_LATE = " The due date has passed, so what you submit now is late."


def next_step(
    latest: Attempt | None, shows: str, mark: Mark | None, ahead: Prospects
) -> NextStep | None:
    """What happens next at an assignment; None where the reason of the attempt says it already.

    Args:
        latest: the student's latest attempt; None if there is none.
        shows: what the student may see of it.
        mark: what stands out of its mark, as `result` says it.
        ahead: what is ahead of the student.
    """
    late = _LATE if ahead.over else ""
    if latest is None or (ahead.asked and latest.state in FINISHED):
        return NextStep(f"{SUBMIT}{late}")
    if latest.state in (State.WAITING, State.RUNNING):
        if shows == "nothing":
            return NextStep("Nothing to do: it is graded when its turn comes.")
        return NextStep("Nothing to do: the mark shows here as soon as it is there.")
    if latest.state is not State.DONE or latest.withheld or not latest.whole:
        return None
    if shows == "nothing":
        return _shown_later(ahead)
    if mark is not None and mark.tone == "good":
        return NextStep("You have all points; there is nothing left to do.")
    if not ahead.again:
        return NextStep("No attempt is left. Your instructor can ask you for another one.")
    read = (
        "Read the feedback, and submit again if you like."
        if shows == "feedback"
        else ("You may submit again.")
    )
    return NextStep(f"{read}{late}")


def _shown_later(ahead: Prospects) -> NextStep:
    """When a mark that is not shown will be."""
    if ahead.due is None or ahead.over or ahead.after_due == "nothing":
        return NextStep("Marks of this assignment are not shown here.")
    what = "mark and the feedback show" if ahead.after_due == "feedback" else "mark shows"
    return NextStep(f"Your {what} here after", ahead.due, ".")
