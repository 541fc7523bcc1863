"""The service's own tables, which lie beside nbgrader's in the course's database.

Times are seconds since 1970 (UTC), which SQLite and PostgreSQL keep alike. Every change begins by
counting up the one row of `autograder_version`: that row is the lock that lets one writer in at a
time, and the number that tells readers that something changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Engine,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    insert,
    select,
    update,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError, IntegrityError

metadata = MetaData()

attempts = Table(
    "autograder_attempt",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", String(255), nullable=False, unique=True),
    Column("student", String(128), nullable=False, index=True),
    Column("assignment", String(128), nullable=False, index=True),
    Column("key", String(64), nullable=False),
    Column("arrived", Float(53), nullable=False),
    Column("timestamp", String(64), nullable=False),
    Column("folder", String(512), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("tries", Integer, nullable=False, default=0),
    Column("started", Float(53)),
    Column("finished", Float(53)),
    Column("score", Float(53)),
    Column("max_score", Float(53)),
    Column("reason", Text, nullable=False, default=""),
    Column("counts", Boolean, nullable=False, default=False),
    Column("owner", String(128), nullable=False, default=""),
    Column("lease_until", Float(53), nullable=False, default=0.0),
    Column("not_before", Float(53), nullable=False, default=0.0),
    Column("placed", Boolean, nullable=False, default=False),
    Column("released", Boolean, nullable=False, default=False),
)
reports = Table(
    "autograder_report",
    metadata,
    Column("attempt", ForeignKey("autograder_attempt.id"), primary_key=True),
    Column("notebook", String(128), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("report", Text, nullable=False),
)
version = Table(
    "autograder_version",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", Integer, nullable=False),
)


def open_engine(database_url: str, busy_s: float) -> Engine:
    """The database with our tables in it.

    Args:
        database_url: as SQLAlchemy writes it.
        busy_s: how long to wait for another writer to the same SQLite file.
    """
    engine = _engine(database_url, busy_s)
    metadata.create_all(engine)
    try:
        with engine.begin() as connection:
            if connection.scalar(select(version.c.number)) is None:
                connection.execute(insert(version).values(id=1, number=0))
    except IntegrityError:
        pass  # Another process was first.
    return engine


def _engine(database_url: str, busy_s: float) -> Engine:
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return create_engine(url, pool_pre_ping=True)
    path = Path(url.database)
    engine = create_engine(url, connect_args={"timeout": busy_s})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, record: Any) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        record.info["file"] = _identity(path)

    @event.listens_for(engine, "checkout")
    def same_file(connection: Any, record: Any, proxy: Any) -> None:
        # An open connection would go on with a file that was moved away, and nobody would know.
        if record.info["file"] != _identity(path):
            raise DisconnectionError

    @event.listens_for(engine, "do_connect")
    def require_file(dialect: Any, record: Any, arguments: Any, options: Any) -> None:
        # SQLite would make an empty one in place of one that is away for a moment.
        if made and _identity(path) is None:
            raise sqlite3.OperationalError("the database's file is gone")

    made = False
    metadata.create_all(engine)
    made = True
    return engine


def file_of(database_url: str) -> tuple[int, int] | None:
    """Which file an SQLite database is now; None for one that is gone, or none."""
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    return _identity(Path(url.database))


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file lies there now."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


@contextmanager
def change(engine: Engine) -> Iterator[Connection]:
    """One transaction that changes something; others wait for its end."""
    with engine.begin() as connection:
        connection.execute(update(version).values(number=version.c.number + 1))
        yield connection
