"""Which marks were written into files for a platform's import: a later file knows its own."""

from __future__ import annotations

import time
from collections.abc import Mapping

from sqlalchemy import Column, Float, Integer, String, Table, insert, select

from autograder.service.store import tables

written = Table(
    "autograder_lms_written",
    tables.metadata,
    Column("id", Integer, primary_key=True),
    Column("platform", String(32), nullable=False, index=True),
    Column("student", String(128), nullable=False, index=True),
    Column("item", String(255), nullable=False),
    Column("score", Float(53), nullable=False),
    Column("at", Float(53), nullable=False),
)
"""Every mark that a file had for a platform, in the points of the platform's column."""

Cell = tuple[str, str]
"""Student and item."""


def marks_written(database_url: str, platform: str) -> dict[Cell, list[float]]:
    """The marks of every cell that files for a platform had so far."""
    engine = tables.open_engine(database_url, busy_s=5.0)
    try:
        with engine.connect() as db:
            query = select(written.c.student, written.c.item, written.c.score)
            found: dict[Cell, list[float]] = {}
            for student, item, score in db.execute(query.where(written.c.platform == platform)):
                found.setdefault((student, item), []).append(score)
            return found
    finally:
        engine.dispose()


def note_written(database_url: str, platform: str, cells: Mapping[Cell, float]) -> None:
    """Note the marks of a file, where they are new."""
    known = marks_written(database_url, platform)
    rows = [
        {"platform": platform, "student": student, "item": item, "score": score, "at": time.time()}
        for (student, item), score in cells.items()
        if score not in known.get((student, item), ())
    ]
    engine = tables.open_engine(database_url, busy_s=5.0)
    try:
        if rows:
            with engine.begin() as db:
                db.execute(insert(written), rows)
    finally:
        engine.dispose()
