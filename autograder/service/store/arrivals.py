"""What arrives → the table of attempts, each submission once; or why it is refused.

Every function works within a transaction of the store.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from autograder.service.store import tables
from autograder.service.store.attempt import Attempt, Rules, State, attempt_of
from autograder.service.store.tables import attempts as table

ANOTHERS = (
    "Its submission_secret.txt is that of another student's submission. Submit again in JupyterLab "
    "(Nbgrader, Assignment List, Submit): each submission gets a secret of its own."
)


def enter(
    db: Connection,
    told: Mapping[str, Any],
    folder: str,
    secret: str,
    refused: str,
    rules: Rules,
) -> tuple[Attempt, bool]:
    """Enter an attempt, unless its name or its secret is known by now.

    Args:
        db: the transaction.
        told: what arrived, by column.
        folder: of our copy.
        secret: hash of nbgrader's secret.
        refused: why it is not taken in; empty where it is.
        rules: on attempts.

    Returns:
        The attempt, and whether it is a new one.
    """
    row = db.execute(select(table).where(table.c.source == told["source"])).one_or_none()
    same = with_secret(db, secret)
    if row is not None or (same is not None and same.student == told["student"]):
        return attempt_of(row or same), False
    reason = ANOTHERS if same is not None else refused
    new = _insert(db, told, folder, reason or _too_much(db, told, rules))
    if secret and same is None:
        note_secret(db, secret, new.id)
    return attempt_of(new), True


def _too_much(db: Connection, told: Mapping[str, Any], rules: Rules) -> str:
    """Why the rules let no further attempt be graded; empty where they do."""
    times = taken(db, told["student"], told["assignment"])
    asked = asked_at(db, told["student"], told["assignment"])
    limit = rules.attempt_limit + len(asked)
    if rules.attempt_limit and len(times) >= limit:
        return (
            f"Only {limit} attempts at this assignment are graded, and this one "
            "came after them. Write to your instructor if it should count."
        )
    if asked and max(asked) > max(times, default=float("-inf")):
        return ""
    apart = (abs(told["arrived"] - other) for other in times)
    nearest_s = min(apart, default=rules.interval_s)
    if nearest_s < rules.interval_s:
        return (
            f"Attempts are graded at least {rules.interval_s:g} s apart; this one came "
            f"{ceil(rules.interval_s - nearest_s)} s too soon. Submit it again."
        )
    return ""


def _insert(db: Connection, told: Mapping[str, Any], folder: str, reason: str) -> Row[Any]:
    """Write the row of a new attempt; one with a reason is refused, and of it there is no copy."""
    if reason:
        state = {"state": State.REFUSED, "folder": "", "finished": time.time()}
    else:
        state = {"state": State.WAITING, "folder": folder, "finished": None}
    values = {**told, **state, "reason": reason}
    return db.execute(insert(table).values(values).returning(table)).one()


def taken(db: Connection, student: str, assignment: str) -> Sequence[float]:
    """When a student's attempts at an assignment arrived that were not refused."""
    same = (table.c.student == student) & (table.c.assignment == assignment)
    query = select(table.c.arrived).where(same, table.c.state != State.REFUSED)
    return db.scalars(query).all()


def asked_at(db: Connection, student: str, assignment: str) -> Sequence[float]:
    """When instructors asked a student for another attempt at an assignment."""
    noted = tables.requests
    same = (noted.c.student == student) & (noted.c.assignment == assignment)
    return db.scalars(select(noted.c.at).where(same)).all()


def with_secret(db: Connection, secret: str) -> Row[Any] | None:
    """The attempt that came with a secret, by its hash."""
    noted = tables.secrets
    query = select(table).join(noted, noted.c.attempt == table.c.id)
    return db.execute(query.where(noted.c.digest == secret)).one_or_none()


def note_secret(db: Connection, secret: str, attempt_id: int) -> None:
    """Note the hash of the secret that an attempt came with."""
    noted = tables.secrets
    db.execute(delete(noted).where(noted.c.digest == secret))  # of an attempt that is gone
    db.execute(insert(noted).values(digest=secret, attempt=attempt_id))
