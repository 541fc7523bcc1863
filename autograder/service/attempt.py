"""What is known of one attempt, the rules on attempts, and which of them gives the mark."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """How far an attempt is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    NEEDS_PERSON = "needs_person"
    REFUSED = "refused"
    """Over the limit, too soon, or not fit to be taken in; `reason` says which."""


FINISHED = (State.DONE, State.NEEDS_PERSON)


@dataclass(frozen=True)
class Attempt:
    """One submission of one assignment by one student."""

    id: int
    student: str
    assignment: str
    key: str
    """SHA-256 over the notebooks that were handed in."""
    arrived: datetime
    """UTC, by the clock of the server that holds the exchange."""
    timestamp: str
    """What nbgrader wrote in the student's name; for nbgrader's own folders only."""
    folder: str
    """Of our copy, beneath the course's root; empty for what was refused."""
    state: State
    tries: int
    started: datetime | None
    finished: datetime | None
    score: float | None
    max_score: float | None
    reason: str
    counts: bool
    """Whether this attempt gives the mark."""


@dataclass(frozen=True)
class Rules:
    """Which attempts are graded, and which of them gives the mark.

    Marks are an oracle: whoever may ask it without end finds out what the checks look for.
    """

    keep: str = "latest"
    """`latest` or `best`."""
    attempt_limit: int = 0
    """Attempts that are graded of one student in one assignment; 0 is no limit."""
    interval_s: float = 0.0
    """Shortest time between two of them."""


def counting(attempts: Iterable[Any], keep: str) -> Any:
    """The one of several finished attempts that gives the mark; of equals the later one.

    Args:
        attempts: at least one; anything with `score`, `arrived` and `id`.
        keep: `latest` or `best`.
    """
    if keep == "latest":
        return max(attempts, key=lambda one: (one.arrived, one.id))
    return max(
        attempts,
        key=lambda one: (-1.0 if one.score is None else one.score, one.arrived, one.id),
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def attempt_of(row: Any) -> Attempt:
    """The attempt that a row of the table tells of."""
    return Attempt(
        id=row.id,
        student=row.student,
        assignment=row.assignment,
        key=row.key,
        arrived=datetime.fromtimestamp(row.arrived, UTC),
        timestamp=row.timestamp,
        folder=row.folder,
        state=State(row.state),
        tries=row.tries,
        started=_moment(row.started),
        finished=_moment(row.finished),
        score=row.score,
        max_score=row.max_score,
        reason=row.reason,
        counts=row.counts,
    )
