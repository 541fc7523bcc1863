"""Who grades what: which attempts may be leased, which are held, and which one is served next.

Conditions on rows of the table of attempts; the transactions are the store's.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from autograder.service.store.attempt import State
from autograder.service.store.fair_queue import serving_order
from autograder.service.store.tables import attempts as table

CLOCK_S = 60.0
"""By so much the clocks of two graders may differ."""
_UNFINISHED = (State.WAITING, State.RUNNING)


def ready(now: float) -> Any:
    """What may be leased: waits and is due, or was leased to somebody who is gone."""
    waits = (table.c.state == State.WAITING) & (table.c.not_before <= now)
    gone = (table.c.state == State.RUNNING) & (table.c.lease_until < now)
    return or_(waits, gone, table.c.state.in_(_UNFINISHED) & _begun_later(now))


def runs(now: float) -> Any:
    """What is being graded."""
    leased = (table.c.state == State.RUNNING) & (table.c.lease_until >= now)
    return leased & ~_begun_later(now)


def _begun_later(now: float) -> Any:
    """What was begun in the future: the clock was put back, and no time in its row holds."""
    return func.coalesce(table.c.started, 0.0) > now + CLOCK_S


def held(attempt_id: int, owner: str) -> Any:
    """The attempt of that number, while this grader has its lease."""
    return (table.c.id == attempt_id) & (table.c.owner == owner) & (table.c.state == State.RUNNING)


def in_order(db: Connection, now: float, waits: Any) -> list[Row[Any]]:
    """What waits, in the order in which it is served."""
    rows = db.execute(select(table).where(waits)).all()
    running = select(table.c.student, func.count()).where(runs(now)).group_by(table.c.student)
    served = select(table.c.student, func.max(table.c.started)).group_by(table.c.student)
    begun = {who: min(when, now) for who, when in db.execute(served) if when is not None}
    runs_now = {student: count for student, count in db.execute(running)}  # noqa: C416 - rows
    return serving_order(rows, runs_now, begun)
