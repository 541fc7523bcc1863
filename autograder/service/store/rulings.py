"""Stores which attempt gives the mark, and what instructors decide about attempts.

The rule itself is `contest.contest`. Every function works within a transaction of the store.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from autograder.report import Report
from autograder.service.store import tables
from autograder.service.store.attempt import (
    FINISHED,
    Attempt,
    Fate,
    Ruling,
    attempt_of,
    fates_of,
    told_of,
)
from autograder.service.store.contest import contest, gives_mark
from autograder.service.store.tables import attempts as table


@dataclass(frozen=True)
class Ruled:
    """One decision of an instructor."""

    ruling: Ruling
    by: str
    at: datetime


@dataclass(frozen=True)
class Regraded:
    """One change of an attempt's points by regrading; None where they are withheld."""

    by: str
    at: datetime
    before: float | None
    after: float | None


def facts_of(reports: Iterable[Report]) -> dict[str, str]:
    """The columns that the store keeps about an attempt's reports, besides its points."""
    reports = list(reports)
    return {"fates": _text(fates_of(reports)), "told": told_of(reports)}


def _text(fates: tuple[tuple[str, Fate], ...]) -> str:
    return json.dumps([[name, str(fate)] for name, fate in fates])


def choose(db: Connection, student: str, assignment: str, keep: str) -> None:
    """Store again which of a student's attempts at an assignment gives the mark, and why."""
    finished = _finished(db, student, assignment)
    found = contest(finished, keep)
    for one in finished:
        why = found[one.id]
        counts = gives_mark(why)
        values: dict[str, Any] = {"counts": counts, "why": str(why)}
        if counts != one.counts and (one.ruling or not one.whole):
            values["released"] = False  # Its feedback tells whether it counts.
        if (counts, why) != (one.counts, one.why):
            db.execute(update(table).where(table.c.id == one.id).values(**values))


def _finished(db: Connection, student: str, assignment: str) -> list[Attempt]:
    same = (table.c.student == student) & (table.c.assignment == assignment)
    rows = db.execute(select(table).where(same, table.c.state.in_(FINISHED))).all()
    return [_with_facts(db, attempt_of(row)) for row in rows]


def _with_facts(db: Connection, attempt: Attempt) -> Attempt:
    """The attempt, with facts about its reports that earlier versions did not store."""
    if attempt.fates:
        return attempt
    stored = tables.reports
    query = select(stored.c.report).where(stored.c.attempt == attempt.id)
    texts = db.scalars(query.order_by(stored.c.position)).all()
    reports = [Report.from_json(text) for text in texts]
    db.execute(update(table).where(table.c.id == attempt.id).values(**facts_of(reports)))
    return replace(attempt, fates=fates_of(reports), told=told_of(reports))


def rule(db: Connection, attempt: Attempt, ruling: Ruling, by: str, keep: str) -> str:
    """Let an attempt count, set it aside, or take such a decision back; recorded for good.

    Returns:
        Why that is impossible; empty if it was done.
    """
    if attempt.state not in FINISHED:
        return "It is not graded yet; decide when it is."
    others = _finished(db, attempt.student, attempt.assignment)
    rivals = [one for one in others if one.ruling is not Ruling.ASIDE and one.id != attempt.id]
    if ruling is Ruling.ASIDE and not rivals:
        return "It is the only attempt that can count; set aside, it would leave no mark at all."
    now = time.time()
    query = update(table).where(table.c.id == attempt.id)
    db.execute(query.values(ruling=str(ruling), ruled=now))
    noted = {"attempt": attempt.id, "ruling": str(ruling), "by": by, "at": now}
    db.execute(insert(tables.rulings).values(**noted))
    # Write the decision to the gradebook even if the same attempt continues to count.
    same = (table.c.student == attempt.student) & (table.c.assignment == attempt.assignment)
    db.execute(update(table).where(same).values(placed=False))
    choose(db, attempt.student, attempt.assignment, keep)
    return ""


def note_regrade(
    db: Connection, attempt_id: int, by: str, before: float | None, after: float | None
) -> None:
    """Record that regrading changed an attempt's points."""
    told = {"attempt": attempt_id, "by": by, "at": time.time(), "before": before, "after": after}
    db.execute(insert(tables.regrades).values(**told))


def regrades(db: Connection, attempt_id: int) -> list[Regraded]:
    """What regrading changed of an attempt, the latest last."""
    noted = tables.regrades
    rows = db.execute(select(noted).where(noted.c.attempt == attempt_id).order_by(noted.c.id))
    return [
        Regraded(row.by, datetime.fromtimestamp(row.at, UTC), row.before, row.after) for row in rows
    ]


def decided(db: Connection, student: str, assignment: str) -> bool:
    """Whether an instructor has decided anything about a student's attempts at an assignment."""
    same = (table.c.student == student) & (table.c.assignment == assignment)
    query = select(tables.rulings.c.id).join(table, table.c.id == tables.rulings.c.attempt)
    return db.execute(query.where(same).limit(1)).first() is not None


def history(db: Connection, attempt_id: int) -> list[Ruled]:
    """The decisions about an attempt, the latest last."""
    noted = tables.rulings
    rows = db.execute(select(noted).where(noted.c.attempt == attempt_id).order_by(noted.c.id))
    return [Ruled(Ruling(row.ruling), row.by, datetime.fromtimestamp(row.at, UTC)) for row in rows]
