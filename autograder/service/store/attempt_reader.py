"""What the store says of attempts; nothing here changes it.

Pages and the API need no more than this.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from sqlalchemy import or_, select

from autograder.gradebook.book_marks import BookMark, Key, read_marks, read_students
from autograder.report import Report
from autograder.service.store import requests, rulings, tables
from autograder.service.store.arrivals import asked_at, taken
from autograder.service.store.attempt import (
    FINISHED,
    Allowance,
    Attempt,
    Rules,
    State,
    allowance,
    attempt_of,
)
from autograder.service.store.leases import in_order, ready, runs
from autograder.service.store.requests import Request
from autograder.service.store.rulings import Regraded, Ruled
from autograder.service.store.tables import attempts as table
from autograder.service.store.tables import open_engine


class AttemptReader:
    """Reads the store of attempts; safe for several threads and several processes.

    Every method may raise SQLAlchemy's errors while the database cannot be reached.

    Args:
        database_url: the course's database, as SQLAlchemy writes it.
        rules: which attempts are graded and count.
        busy_s: how long to wait for another writer to an SQLite file.
    """

    def __init__(self, database_url: str, rules: Rules | None = None, busy_s: float = 10.0) -> None:
        self._engine = open_engine(database_url, busy_s)
        self._rules = rules or Rules()

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def get(self, attempt_id: int) -> Attempt | None:
        """The attempt of that number."""
        found = self._found(select(table).where(table.c.id == attempt_id))
        return found[0] if found else None

    def of(
        self,
        student: str = "",
        assignment: str = "",
        newest_first: bool = True,
        limit: int | None = None,
    ) -> list[Attempt]:
        """Attempts by time of arrival; of everybody, and everything, where no name is given."""
        query = select(table).order_by(*_by_arrival(newest_first)).limit(limit)
        if student:
            query = query.where(table.c.student == student)
        if assignment:
            query = query.where(table.c.assignment == assignment)
        return self._found(query)

    def recent(self, student: str, assignment: str, most: int) -> list[Attempt]:
        """A student's latest attempts at an assignment, the latest first, and the one that counts.

        Args:
            student: the student's name.
            assignment: at which assignment.
            most: how many; one that counts and came earlier is added to them.
        """
        latest = self.of(student, assignment, limit=most)
        if len(latest) < most or any(one.counts for one in latest):
            return latest
        same = (table.c.student == student) & (table.c.assignment == assignment)
        return latest + self._found(select(table).where(same, table.c.counts))

    def _found(self, query: Any) -> list[Attempt]:
        with self._engine.connect() as db:
            return [attempt_of(row) for row in db.execute(query)]

    def reports(self, attempt_id: int) -> list[Report]:
        """What grading the attempt gave, one for each notebook; none while it is not finished."""
        stored = tables.reports
        query = select(stored.c.report).where(stored.c.attempt == attempt_id)
        with self._engine.connect() as db:
            texts = db.scalars(query.order_by(stored.c.position)).all()
        return [Report.from_json(text) for text in texts]

    def queue(self) -> list[Attempt]:
        """What is being graded, then what waits, in the order in which it will be served.

        What was begun by a grader that is gone waits.
        """
        now = time.time()
        waits = or_(table.c.state == State.WAITING, ready(now))
        begun = select(table).where(runs(now)).order_by(table.c.started)
        with self._engine.connect() as db:
            running = db.execute(begun).all()
            waiting = [attempt_of(row) for row in in_order(db, now, waits)]
        return [
            *map(attempt_of, running),
            *(replace(attempt, state=State.WAITING) for attempt in waiting),
        ]

    def allowance(self, student: str, assignment: str) -> Allowance:
        """What the rules leave a student at an assignment now."""
        with self._engine.connect() as db:
            asked = asked_at(db, student, assignment)
            return allowance(taken(db, student, assignment), self._rules, time.time(), asked)

    def numbers(self, student: str, assignment: str) -> dict[int, int]:
        """The number that a student knows each attempt at an assignment by: 1 for the first.

        Those that were refused have none.
        """
        same = (table.c.student == student) & (table.c.assignment == assignment)
        query = select(table.c.id).where(same, table.c.state != State.REFUSED)
        with self._engine.connect() as db:
            found = db.scalars(query.order_by(*_by_arrival(newest_first=False)))
            return {attempt: number for number, attempt in enumerate(found, start=1)}

    def requests(self, student: str = "", assignment: str = "") -> list[Request]:
        """Where instructors asked to submit again, the latest last; all where no name is given."""
        with self._engine.connect() as db:
            return requests.requests(db, student, assignment)

    def regrades(self, attempt_id: int) -> list[Regraded]:
        """What regrading changed of an attempt, the latest last."""
        with self._engine.connect() as db:
            return rulings.regrades(db, attempt_id)

    def known_sources(self) -> set[str]:
        """Names in the exchange of all that has been taken in or refused."""
        with self._engine.connect() as db:
            return set(db.scalars(select(table.c.source)))

    def _by_source(self, source: str) -> Attempt | None:
        with self._engine.connect() as db:
            row = db.execute(select(table).where(table.c.source == source)).one_or_none()
        return attempt_of(row) if row else None

    def without_secret(self) -> list[Attempt]:
        """Attempts that were taken in before secrets were noted; of them there is a copy."""
        noted = select(tables.secrets.c.attempt)
        return self._found(select(table).where(table.c.folder != "", table.c.id.not_in(noted)))

    def to_place(self) -> list[Attempt]:
        """Attempts that give the mark, which the gradebook does not have yet."""
        return self._found(select(table).where(table.c.counts, table.c.placed.is_(False)))

    def to_release(self) -> list[Attempt]:
        """Finished attempts whose feedback does not lie in the exchange yet."""
        query = select(table).where(table.c.state.in_(FINISHED), table.c.released.is_(False))
        return self._found(query.order_by(table.c.finished))

    def rulings(self, attempt_id: int) -> list[Ruled]:
        """What was decided about an attempt, the latest last."""
        with self._engine.connect() as db:
            return rulings.history(db, attempt_id)

    def decided(self, attempt: Attempt) -> bool:
        """Whether an instructor decided anything about the attempts of which this is one."""
        with self._engine.connect() as db:
            return rulings.decided(db, attempt.student, attempt.assignment)

    def book(self) -> tuple[dict[Key, BookMark], list[str]]:
        """What the gradebook beside this store says: everybody's marks, and who is in it."""
        with self._engine.connect() as db:
            return read_marks(db), read_students(db)

    def version(self) -> int:
        """A number that grows with every change."""
        with self._engine.connect() as db:
            return int(db.execute(select(tables.version.c.number)).scalar_one())


def _by_arrival(newest_first: bool) -> tuple[Any, Any]:
    columns = table.c.arrived, table.c.id
    return (columns[0].desc(), columns[1].desc()) if newest_first else columns
