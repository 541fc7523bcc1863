"""What is known of one attempt, and the rules on attempts; `contest` says which one counts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from autograder.grading.standing import is_earned
from autograder.report import Report, Status


class State(StrEnum):
    """How far an attempt is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    NEEDS_PERSON = "needs_person"
    REFUSED = "refused"
    """Over the limit, too soon, or not fit to be taken in; `reason` says which."""


FINISHED = (State.DONE, State.NEEDS_PERSON)


class Fate(StrEnum):
    """What became of one notebook of an attempt."""

    EARNED = "earned"
    """It has a mark, be it zero."""
    WITHHELD = "withheld"
    """A fault of ours stands in the way of its mark."""
    UNGRADED = "ungraded"
    """It is missing, or no notebook that can be graded."""


class Ruling(StrEnum):
    """What an instructor decided about an attempt."""

    NONE = ""
    COUNTS = "counts"
    """It gives the mark, until a later attempt replaces it by the ordinary rule."""
    ASIDE = "aside"
    """It gives no mark."""


class Why(StrEnum):
    """Why a finished attempt gives the mark, or does not."""

    LATEST = "latest"
    LATEST_GRADED = "latest_graded"
    """The latest that can give a mark; a later one cannot."""
    BEST = "best"
    RULED = "ruled"
    """An instructor let it count."""
    LATER = "later"
    """Does not count: a later one does."""
    BETTER = "better"
    """Does not count: another one has more points."""
    UNGRADED = "ungraded"
    """Does not count: it cannot be graded, and the mark that was there stands."""
    WITHHELD = "withheld"
    """Does not count yet: a fault of ours, and the mark that was there stands."""
    ASIDE = "aside"
    """Does not count: an instructor set it aside."""


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
    why: str = ""
    """Why it does, or does not; one of `Why` once it is finished."""
    fates: tuple[tuple[str, Fate], ...] = ()
    """What became of each notebook."""
    told: str = ""
    """What is wrong with its files, in words that its student may read."""
    ruling: Ruling = Ruling.NONE
    ruled: float = 0.0
    """When that was decided, in seconds since 1970."""
    placed: bool = False
    """Whether the gradebook holds it."""
    written: float = 0.0
    """When its reports were last written, in seconds since 1970."""

    @property
    def whole(self) -> bool:
        """Whether every notebook has a mark."""
        return all(fate is Fate.EARNED for _, fate in self.fates)

    @property
    def withheld(self) -> bool:
        """Whether a fault of ours stands in the way of a mark."""
        return any(fate is Fate.WITHHELD for _, fate in self.fates)

    @property
    def empty(self) -> bool:
        """Whether no notebook of it can be graded, and the fault is not ours."""
        return bool(self.fates) and all(fate is Fate.UNGRADED for _, fate in self.fates)

    @property
    def asks(self) -> bool:
        """Whether a person has to decide something about it."""
        if self.ruling is Ruling.ASIDE or self.state not in FINISHED:
            return False
        if self.state is State.NEEDS_PERSON:
            return self.withheld or not self.ruling
        return self.why == Why.UNGRADED


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


@dataclass(frozen=True)
class Allowance:
    """What the rules leave a student at an assignment, before they submit again."""

    limit: int
    """Attempts that are graded at all; 0 is no limit."""
    used: int
    next_at: datetime | None
    """From when on another one is graded; None where it may come at once."""
    interval_s: float = 0.0
    """Shortest time between two attempts."""

    @property
    def left(self) -> int:
        """How many are left of a limit."""
        return max(self.limit - self.used, 0)


def allowance(
    times: Iterable[float], rules: Rules, now: float, asked: Iterable[float] = ()
) -> Allowance:
    """What the rules leave after attempts that arrived at these times.

    Args:
        times: of the attempts that were taken, in seconds since 1970.
        rules: the rules.
        now: the time, in seconds since 1970.
        asked: when instructors asked for another attempt, in seconds since 1970: each gives one
            more than the limit, and after the latest the next one need not wait.
    """
    taken, asked = list(times), list(asked)
    latest = max(taken, default=float("-inf"))
    free = latest + rules.interval_s
    waits = free > now and not any(one > latest for one in asked)
    next_at = datetime.fromtimestamp(free, UTC) if waits else None
    limit = rules.attempt_limit + len(asked) if rules.attempt_limit else 0
    return Allowance(limit, len(taken), next_at, rules.interval_s)


def fates_of(reports: Iterable[Report]) -> tuple[tuple[str, Fate], ...]:
    """What became of each notebook."""
    return tuple((report.notebook, _fate(report)) for report in reports)


def _fate(report: Report) -> Fate:
    if is_earned(report):
        return Fate.EARNED
    return Fate.WITHHELD if report.withheld else Fate.UNGRADED


def told_of(reports: Iterable[Report]) -> str:
    """What is wrong with the files of an attempt, in words that its student may read."""
    return "; ".join(
        f"{report.notebook}.ipynb: {report.public_reason or 'it could not be graded'}"
        for report in reports
        if _fate(report) is Fate.UNGRADED or report.status is Status.UNCLEAR
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
        why=row.why,
        fates=tuple((name, Fate(fate)) for name, fate in json.loads(row.fates or "[]")),
        told=row.told,
        ruling=Ruling(row.ruling),
        ruled=row.ruled,
        placed=row.placed,
        written=row.written,
    )
