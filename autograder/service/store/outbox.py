"""The outbox: each mark that the platform is to have, and what was sent of it, durably.

There is one row for each student and column. What the gradebook says now is *wanted*; its number
goes up with each change. A mark is sent when the number that was sent is lower. Before a request
leaves, the row notes that it begins; so after any crash it is known which marks may or may not
have arrived.

Every mark has a time stamp, by which a platform keeps the latest. It is the arrival of the
attempt. A mark that changes later (graded again, points by hand) gets the time of the change.
Stamps of a row only go up, by at least a second, since some platforms compare whole seconds.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Float,
    Integer,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)

from autograder.gradebook.people import Person, read_people
from autograder.service.store import tables

outbox = Table(
    "autograder_lms_outbox",
    tables.metadata,
    Column("id", Integer, primary_key=True),
    Column("student", String(128), nullable=False, index=True),
    Column("item", String(255), nullable=False),
    Column("score", Float(53)),
    Column("most", Float(53), nullable=False),
    Column("waits", String(64), nullable=False, default=""),
    Column("stamp", Float(53), nullable=False),
    Column("wanted", Integer, nullable=False),
    Column("begun", Integer, nullable=False, default=0),
    Column("sent", Integer, nullable=False, default=0),
    Column("sent_score", Float(53)),
    Column("sent_most", Float(53)),
    Column("sent_at", Float(53)),
    Column("tries", Integer, nullable=False, default=0),
    Column("not_before", Float(53), nullable=False, default=0.0),
    Column("fault", Text, nullable=False, default=""),
)
STEP_S = 1.0
"""Least time between the stamps of two marks of a row."""

Cell = tuple[str, str]
"""Student and item."""


@dataclass(frozen=True)
class Wanted:
    """A mark that the platform is to have."""

    score: float | None
    """None while a person has to give it, or the grader withholds it."""
    most: float
    waits: str
    """Why there is none; else empty."""
    arrived: float
    """When the work arrived, in seconds since 1970."""


@dataclass(frozen=True)
class Letter:
    """One row of the outbox."""

    id: int
    student: str
    item: str
    score: float | None
    most: float
    waits: str
    stamp: float
    wanted: int
    begun: int
    sent: int
    sent_score: float | None
    sent_most: float | None
    sent_at: float | None
    tries: int
    not_before: float
    fault: str

    @property
    def open(self) -> bool:
        """Whether it is still to be sent."""
        return self.wanted > self.sent

    def facts(self) -> dict[str, Any]:
        """What programs read of it; `schemas/lms_status.schema.json` describes it."""
        return {
            "student": self.student,
            "item": self.item,
            "score": self.score,
            "max_score": self.most,
            "waits": self.waits,
            "settled": not self.open,
            "sent_score": self.sent_score,
            "sent_at": self.sent_at,
            "tries": self.tries,
            "fault": self.fault,
        }

    @property
    def uncertain(self) -> bool:
        """Whether it was begun to be sent, and nobody knows how that ended."""
        return self.open and self.begun == self.wanted


class Outbox:
    """The outbox of a course; one process at a time writes it.

    Every method may raise SQLAlchemy's errors while the database cannot be reached, and has then
    changed nothing.

    Args:
        database_url: the course's database.
        busy_s: how long to wait for another writer to an SQLite file.
    """

    def __init__(self, database_url: str, busy_s: float = 10.0) -> None:
        self._engine = tables.open_engine(database_url, busy_s)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def want(self, marks: Mapping[Cell, Wanted], now: float | None = None) -> int:
        """Note what the platform is to have; how many marks are new or other ones.

        A mark that was sent and is withheld now stays on the platform: an empty one would take it
        away there. Rows that are uncertain are left alone until it is known what the platform has.
        """
        now = time.time() if now is None else now
        known = {(one.student, one.item): one for one in self.letters()}
        changes = [
            (known.get(cell), cell, mark)
            for cell, mark in marks.items()
            if (one := known.get(cell)) is None
            or (
                not one.uncertain
                and (one.score, one.most, one.waits) != (mark.score, mark.most, mark.waits)
            )
        ]
        if changes:
            with self._engine.begin() as db:
                for before, cell, mark in changes:
                    _want(db, before, cell, mark, now)
        return len(changes)

    def letters(self, due: float | None = None, most: int | None = None) -> list[Letter]:
        """The rows, by student; with `due`, the `most` oldest of those to be sent at that time."""
        query = select(outbox).order_by(outbox.c.student, outbox.c.item)
        if due is not None:
            late = (outbox.c.wanted > outbox.c.sent) & (outbox.c.not_before <= due)
            query = select(outbox).where(late).order_by(outbox.c.stamp, outbox.c.id).limit(most)
        with self._engine.connect() as db:
            return [Letter(**row) for row in db.execute(query).mappings()]

    def people(self) -> list[Person]:
        """The students, as the gradebook beside this store describes them."""
        with self._engine.connect() as db:
            return read_people(db)

    def begin(self, letter: Letter, stamp: float | None = None) -> None:
        """Note that a mark leaves now, perhaps with a later stamp."""
        stamp = letter.stamp if stamp is None else stamp
        self._set(letter, begun=letter.wanted, stamp=stamp)

    def not_there(self, letter: Letter) -> None:
        """Note that a mark that was begun to be sent did not reach the platform."""
        self._set(letter, begun=0)

    def arrived(self, letter: Letter, now: float | None = None, fault: str = "") -> None:
        """Note that the platform has a mark, or that it keeps another one: `fault` says why."""
        said: dict[str, Any] = {
            "sent": letter.wanted,
            "tries": 0,
            "not_before": 0.0,
            "fault": fault,
        }
        if not fault:
            said |= {"sent_score": letter.score, "sent_most": letter.most}
        self._set(letter, **said, sent_at=time.time() if now is None else now)

    def failed(self, letter: Letter, fault: str, not_before: float) -> None:
        """Note why a mark was not sent, as far as is known, and when to try again."""
        self._set(letter, tries=letter.tries + 1, not_before=not_before, fault=fault)

    def try_now(self) -> None:
        """Let everything that waits be tried at once."""
        with self._engine.begin() as db:
            db.execute(update(outbox).values(not_before=0.0))

    def _set(self, letter: Letter, **values: Any) -> None:
        with self._engine.begin() as db:
            db.execute(update(outbox).where(outbox.c.id == letter.id).values(**values))


def _want(db: Connection, before: Letter | None, cell: Cell, mark: Wanted, now: float) -> None:
    values: dict[str, Any] = {"score": mark.score, "most": mark.most, "waits": mark.waits}
    if before is None:
        about = {"student": cell[0], "item": cell[1], "wanted": 1, "stamp": mark.arrived}
        db.execute(insert(outbox).values(**about, **values))
        return
    row = update(outbox).where(outbox.c.id == before.id)
    there = bool(before.sent) and (mark.score, mark.most) == (before.sent_score, before.sent_most)
    if there or (mark.score is None and before.sent_score is not None):
        db.execute(row.values(**values, wanted=before.sent, fault=""))
        return
    later = mark.arrived if mark.arrived > before.stamp else now
    fresh = {"wanted": before.wanted + 1, "stamp": max(later, before.stamp + STEP_S), "begun": 0}
    db.execute(row.values(**values, **fresh, tries=0, not_before=0.0, fault=""))
