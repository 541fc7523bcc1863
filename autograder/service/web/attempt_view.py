"""An attempt as somebody may see it: words, mark and place in the queue, as plain frozen data.

Pages, streams and the JSON of the API are three forms of this. It never contains what a student may
not see, or not yet; an instructor sees everything. It knows nothing of HTML or HTTP.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from autograder.feedback.words import Mark, number, percent, points_of
from autograder.report import Booked
from autograder.service.grading import GradingService
from autograder.service.store.attempt import Attempt, State
from autograder.service.words import reason, standing, why

RECENT = 50
"""Most attempts of a student that a page shows."""


@dataclass(frozen=True)
class AttemptView:
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
    """How many are served before it; None if it is not waiting."""
    score: float | None
    """The gradebook's score for the attempt that counts; for others, the score of the checks."""
    max_score: float | None
    result: float | None
    """The score of the checks."""
    counts: bool
    why: str
    """Why it counts, or does not."""
    reason: str
    shows: str
    """`feedback`, `marks` or `nothing`."""

    @property
    def revision(self) -> str:
        """Changes with everything but the place in the queue."""
        told = (self.state, self.score, self.max_score, self.result, self.counts, self.reason)
        return hashlib.sha256(repr((*told, self.shows, self.why, self.late)).encode()).hexdigest()[
            :12
        ]

    @property
    def changed(self) -> bool:
        """Whether the mark differs from the score of the checks."""
        return self.score != self.result

    @property
    def result_words(self) -> str:
        """The score of the checks, in words."""
        return "no mark" if self.result is None else number(self.result)

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
) -> AttemptView:
    """What somebody may see of an attempt now.

    Args:
        service: decides what is shown when.
        attempt: the attempt.
        ahead: how many are served before each attempt in the queue.
        teaches: whether an instructor looks.
    """
    shows = "feedback" if teaches else service.visible(attempt, datetime.now(UTC))
    booked = service.marks().of(attempt) or Booked(attempt.score, attempt.max_score or 0.0)
    # An attempt that could not be graded shows no points, unless it gives the mark.
    own = booked.score is not None and (attempt.counts or not attempt.empty)
    marked = shows != "nothing" and own
    waits = ahead.get(attempt.id, 0) if attempt.state is State.WAITING else None
    due = service.due(attempt.assignment, attempt.student)
    return AttemptView(
        id=attempt.id,
        student=attempt.student,
        assignment=attempt.assignment,
        arrived=attempt.arrived,
        late=due is not None and attempt.arrived > due,
        started=attempt.started,
        finished=attempt.finished,
        state=attempt.state,
        standing=standing(attempt, waits, shows),
        ahead=waits,
        score=booked.score if marked else None,
        max_score=booked.max_score if marked else None,
        result=attempt.score if marked else None,
        counts=attempt.counts,
        why=why(attempt, teaches) if shows != "nothing" else "",
        reason=reason(attempt, teaches),
        shows=shows,
    )


def attempt_json(seen: AttemptView) -> dict[str, Any]:
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
        "result": seen.result,
        "counts": seen.counts if seen.why else None,
        "why": seen.why,
        "reason": seen.reason,
        "shows": seen.shows,
        "revision": seen.revision,
    }
