"""What pages, streams and feedback say of an attempt: plain words, true in every state.

It knows the facts of one attempt, and nothing of HTML, of HTTP or of who asks.
"""

from __future__ import annotations

from autograder.feedback.words import Mark
from autograder.service.store.attempt import FINISHED, Attempt, Ruling, State, Why

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
        return Mark("✓", _TAKEN, "calm")
    return _STANDINGS[attempt.state]


_DAMAGED = Mark("!", "could not be graded", "warn")
_IN_PART = Mark("!", "not all of it could be graded", "warn")
_STANDINGS = {
    State.RUNNING: Mark("▸", _RUNS, "calm"),
    State.DONE: Mark("✓", "graded", "good"),
    State.NEEDS_PERSON: Mark("?", "needs review", "ours"),
    State.REFUSED: Mark("⊘", "refused", "warn"),
}

_WHYS = {
    Why.LATEST: "counts: your latest",
    Why.LATEST_GRADED: "counts: your later one does not",
    Why.BEST: "counts: your best",
    Why.RULED: "counts: your instructor decided so",
    Why.LATER: "does not count: a later one does",
    Why.BETTER: "does not count: another one is better",
    Why.UNGRADED: "does not count: your earlier mark stands",
    Why.WITHHELD: "does not count yet: your earlier mark stands",
    Why.ASIDE: "does not count: your instructor set it aside",
}
"""Of each reason why an attempt gives the mark or does not, the words for everybody."""


def why(attempt: Attempt) -> str:
    """Why it gives the mark, or does not; empty while it is not finished."""
    return _WHYS[Why(attempt.why)] if attempt.why else ""


def aside(attempt: Attempt) -> str:
    """What the feedback on an attempt that does not give the mark says of that; else empty."""
    if attempt.counts or not attempt.why:
        return ""
    if attempt.why in (Why.UNGRADED, Why.WITHHELD):
        return _STANDS
    return f"This attempt {why(attempt)}."


_STANDS = "This attempt does not count, and your earlier mark stands."
_REFUSED = "This submission is not graded and costs no attempt; your mark stays as it was."
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
