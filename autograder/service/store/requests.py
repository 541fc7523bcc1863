"""Instructors ask a student to submit again: recorded, shown, and worth one more attempt.

A request is open until an attempt arrives after it. Each gives one attempt beyond the course's
limit, and while it is open the next attempt need not wait. Every function works within a
transaction.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select

from autograder.service.store.attempt import Attempt, State
from autograder.service.store.tables import requests as table

MOST_WORDS = 1_000
"""Characters of what an instructor may write to the student."""


@dataclass(frozen=True)
class Request:
    """An instructor asked a student to submit again."""

    student: str
    assignment: str
    by: str
    at: datetime
    words: str
    """What the instructor wrote to the student; may be empty."""


def ask(db: Connection, student: str, assignment: str, by: str, words: str) -> None:
    """Record that an instructor asks a student to submit again."""
    told = {"student": student, "assignment": assignment, "by": by, "words": words[:MOST_WORDS]}
    db.execute(insert(table).values(at=time.time(), **told))


def requests(db: Connection, student: str = "", assignment: str = "") -> list[Request]:
    """The requests, the latest last; of everybody, and everything, where no name is given."""
    query = select(table).order_by(table.c.id)
    if student:
        query = query.where(table.c.student == student)
    if assignment:
        query = query.where(table.c.assignment == assignment)
    return [
        Request(row.student, row.assignment, row.by, datetime.fromtimestamp(row.at, UTC), row.words)
        for row in db.execute(query)
    ]


def open_requests(
    asked: Iterable[Request], attempts: Iterable[Attempt]
) -> Mapping[tuple[str, str], Request]:
    """The latest open request by student and assignment.

    Args:
        asked: the requests, the latest last.
        attempts: the attempts of those students.
    """
    latest = {(one.student, one.assignment): one for one in asked}
    for attempt in attempts:
        key = (attempt.student, attempt.assignment)
        if (
            key in latest
            and attempt.state is not State.REFUSED
            and attempt.arrived > latest[key].at
        ):
            del latest[key]
    return latest
