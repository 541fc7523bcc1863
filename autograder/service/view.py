"""An attempt as somebody may see it: words, mark and place in the queue, as plain frozen data.

Pages, streams and the JSON of the API are three forms of this. What a student may not see yet, or
ever, does not get into it; an instructor sees everything. It knows nothing of HTML or HTTP.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from autograder.feedback.words import Mark, percent, points_of
from autograder.service.attempt import Attempt, State
from autograder.service.grading import GradingService

RECENT = 50
"""How many of a student's attempts a page shows."""
_WAITS, _RUNS = "waiting", "being graded"
_TAKEN = "handed in; marks are given later"


@dataclass(frozen=True)
class Seen:
    """One attempt as one person may see it."""

    id: int
    student: str
    assignment: str
    arrived: datetime
    late: bool
    """Whether it arrived after its student's due date."""
    started: datetime | None
    finished: datetime | None
    state: State
    standing: Mark
    """The state in words."""
    ahead: int | None
    """How many are served before it; None when it does not wait."""
    score: float | None
    max_score: float | None
    counts: bool
    why: str
    """Why it counts, or does not."""
    reason: str
    shows: str
    """`feedback`, `marks` or `nothing`."""

    @property
    def settled(self) -> bool:
        """Whether nothing will change by itself."""
        return self.state not in (State.WAITING, State.RUNNING)

    @property
    def revision(self) -> str:
        """Changes with everything but the place in the queue."""
        told = (self.state, self.score, self.max_score, self.counts, self.reason, self.shows)
        return hashlib.sha256(repr((*told, self.late)).encode()).hexdigest()[:12]

    @property
    def score_words(self) -> str:
        """The mark in words; empty while there is none to see."""
        if self.score is None or self.max_score is None:
            return ""
        return points_of(self.score, self.max_score)

    @property
    def percent(self) -> float:
        """Share of the points, for a bar."""
        return percent(self.score or 0.0, self.max_score or 0.0)


def look_at(
    service: GradingService, attempt: Attempt, ahead: Mapping[int, int], teaches: bool
) -> Seen:
    """What somebody may see of an attempt now.

    Args:
        service: knows what is shown when.
        attempt: the attempt.
        ahead: how many are served before each attempt in the queue.
        teaches: whether an instructor looks.
    """
    shows = "feedback" if teaches else service.visible(attempt, datetime.now(UTC))
    marked = shows != "nothing" and attempt.score is not None
    waits = ahead.get(attempt.id, 0) if attempt.state is State.WAITING else None
    due = service.due(attempt.assignment, attempt.student)
    return Seen(
        id=attempt.id,
        student=attempt.student,
        assignment=attempt.assignment,
        arrived=attempt.arrived,
        late=due is not None and attempt.arrived > due,
        started=attempt.started,
        finished=attempt.finished,
        state=attempt.state,
        standing=_standing(attempt.state, waits, shows),
        ahead=waits,
        score=attempt.score if marked else None,
        max_score=attempt.max_score if marked else None,
        counts=attempt.counts,
        why=_why(attempt, service.settings.keep) if marked else "",
        reason=_reason(attempt, teaches),
        shows=shows,
    )


def _standing(state: State, ahead: int | None, shows: str) -> Mark:
    if state is State.WAITING:
        place = f"{ahead} before it" if ahead else "next in line"
        return Mark("…", f"{_WAITS}, {place}", "calm")
    if state is State.DONE and shows == "nothing":
        return Mark("✓", _TAKEN, "calm")
    return _STANDINGS[state]


_STANDINGS = {
    State.RUNNING: Mark("▸", _RUNS, "calm"),
    State.DONE: Mark("✓", "graded", "good"),
    State.NEEDS_PERSON: Mark("?", "a person has to look", "ours"),
    State.REFUSED: Mark("⊘", "not taken", "warn"),
}


def _why(attempt: Attempt, keep: str) -> str:
    if keep == "best":
        return "counts: your best" if attempt.counts else "does not count: another one is better"
    return "counts: your latest" if attempt.counts else "does not count: a later one does"


def _reason(attempt: Attempt, teaches: bool) -> str:
    """Why there is no mark; the inside of a fault of ours is for instructors only."""
    if teaches or attempt.state is State.REFUSED:
        return attempt.reason
    if attempt.state is State.NEEDS_PERSON:
        return "A person has been told and will see to it. You need not do anything."
    return ""


def attempt_json(seen: Seen) -> dict[str, Any]:
    """The documented JSON form of an attempt."""
    return {
        "id": seen.id,
        "student": seen.student,
        "assignment": seen.assignment,
        "arrived": seen.arrived.isoformat(),
        "late": seen.late,
        "started": seen.started.isoformat() if seen.started else None,
        "finished": seen.finished.isoformat() if seen.finished else None,
        "state": str(seen.state),
        "words": seen.standing.words,
        "ahead": seen.ahead,
        "score": seen.score,
        "max_score": seen.max_score,
        "counts": seen.counts if seen.why else None,
        "reason": seen.reason,
        "shows": seen.shows,
        "revision": seen.revision,
    }
