"""Removes what the service keeps of one student: attempts and all that belongs to them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, inspect, select

from autograder.service.store import tables
from autograder.service.store.outbox import outbox
from autograder.service.store.written import written


def forget(database_url: str, student: str) -> list[str]:
    """Remove a student's attempts; returns the folders that hold our copies of them.

    Args:
        database_url: of the course.
        student: the student's name.
    """
    engine = tables.open_engine(database_url, busy_s=5.0)
    try:
        if not inspect(engine).has_table(tables.attempts.name):
            return []
        mine = select(tables.attempts.c.id).where(tables.attempts.c.student == student)
        with engine.begin() as connection:
            folders: Sequence[str] = connection.scalars(
                select(tables.attempts.c.folder).where(tables.attempts.c.student == student)
            ).all()
            for table in (tables.reports, tables.rulings, tables.regrades, tables.secrets):
                connection.execute(delete(table).where(table.c.attempt.in_(mine)))
            for table in (written, outbox, tables.requests, tables.attempts):
                connection.execute(delete(table).where(table.c.student == student))
        return list(folders)
    finally:
        engine.dispose()
