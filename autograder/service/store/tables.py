"""The service's own tables, beside nbgrader's in the course's database.

Times are seconds since 1970 (UTC), which SQLite and PostgreSQL store alike. Every change begins by
increasing the number in the one row of `autograder_version`: that row is the lock that lets in one
writer at a time, and its number tells readers that something changed.
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
    DefaultClause,
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
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    DatabaseError,
    DisconnectionError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
)

from autograder.gradebook.databases import sqlite_file

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
    Column("why", String(16), nullable=False, server_default=""),
    Column("fates", Text, nullable=False, server_default=""),
    Column("told", Text, nullable=False, server_default=""),
    Column("ruling", String(16), nullable=False, server_default=""),
    Column("ruled", Float(53), nullable=False, server_default="0"),
    Column("written", Float(53), nullable=False, server_default="0"),
)
reports = Table(
    "autograder_report",
    metadata,
    Column("attempt", ForeignKey("autograder_attempt.id"), primary_key=True),
    Column("notebook", String(128), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("report", Text, nullable=False),
)
rulings = Table(
    "autograder_ruling",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("attempt", ForeignKey("autograder_attempt.id"), nullable=False, index=True),
    Column("ruling", String(16), nullable=False),
    Column("by", String(128), nullable=False),
    Column("at", Float(53), nullable=False),
)
"""The decisions of instructors, which never change: the latest one on an attempt holds."""
requests = Table(
    "autograder_request",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("student", String(128), nullable=False, index=True),
    Column("assignment", String(128), nullable=False),
    Column("by", String(128), nullable=False),
    Column("at", Float(53), nullable=False),
    Column("words", Text, nullable=False),
)
"""Where instructors asked a student to submit again; they never change."""
regrades = Table(
    "autograder_regrade",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("attempt", ForeignKey("autograder_attempt.id"), nullable=False, index=True),
    Column("by", String(128), nullable=False),
    Column("at", Float(53), nullable=False),
    Column("before", Float(53)),
    Column("after", Float(53)),
)
"""What regrading changed of an attempt: the points that the checks gave; null where withheld."""
secrets = Table(
    "autograder_secret",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("attempt", ForeignKey("autograder_attempt.id"), nullable=False, index=True),
)
"""The identity of each submission, whatever its folder is called: the SHA-256 of its secret."""
version = Table(
    "autograder_version",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", Integer, nullable=False),
)


def open_engine(database_url: str, busy_s: float) -> Engine:
    """The database, with our tables in it.

    Args:
        database_url: as SQLAlchemy writes it.
        busy_s: seconds to wait for another writer to the same SQLite file.
    """
    engine = _engine(database_url, busy_s)
    metadata.create_all(engine)
    _add_new_columns(engine)
    try:
        with engine.begin() as connection:
            if connection.scalar(select(version.c.number)) is None:
                connection.execute(insert(version).values(id=1, number=0))
    except IntegrityError:
        pass  # Another process was first.
    return engine


def _add_new_columns(engine: Engine) -> None:
    """Add the columns that tables of an earlier version of this service lack."""
    for table in metadata.sorted_tables:
        known = _columns(engine, table)
        for column in table.columns:
            if column.name not in known:
                _add(engine, table, column)


def _columns(engine: Engine, table: Table) -> set[str]:
    return {column["name"] for column in inspect(engine).get_columns(table.name)}


def _add(engine: Engine, table: Table, column: Column[Any]) -> None:
    kind, default = column.type.compile(engine.dialect), column.server_default
    empty = default.arg if isinstance(default, DefaultClause) else ""
    added = f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind} NOT NULL DEFAULT '{empty}'"
    try:
        with engine.begin() as connection:
            connection.execute(text(added))
    except (OperationalError, ProgrammingError):
        if column.name not in _columns(engine, table):
            raise  # Else another process was first.


def _engine(database_url: str, busy_s: float) -> Engine:
    url = make_url(database_url)
    path = sqlite_file(database_url)
    if path is None:
        return create_engine(url, pool_pre_ping=True, hide_parameters=True)
    engine = create_engine(url, connect_args={"timeout": busy_s}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, record: Any) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        record.info["file"] = _identity(path)

    @event.listens_for(engine, "checkout")
    def same_file(connection: Any, record: Any, proxy: Any) -> None:
        # An open connection would keep using a file that was moved away, and nobody would notice.
        if record.info["file"] != _identity(path):
            raise DisconnectionError

    @event.listens_for(engine, "do_connect")
    def require_file(dialect: Any, record: Any, arguments: Any, options: Any) -> None:
        # SQLite would make an empty file in place of one that is away for a moment.
        if made and _identity(path) is None:
            raise sqlite3.OperationalError("the database's file is gone")

    made = False
    metadata.create_all(engine)
    made = True
    return engine


def is_away(error: Exception) -> bool:
    """Whether the error says that the database is locked, full, damaged or gone, and may come back.

    A driver's plain `DatabaseError` means a file that is not a database, or a damaged one.
    """
    passing = isinstance(error, OperationalError | InterfaceError | InternalError)
    return passing or type(error) is DatabaseError


def file_of(database_url: str) -> tuple[int, int] | None:
    """The identity of an SQLite database's file; None if it is gone, or not SQLite."""
    file = sqlite_file(database_url)
    return None if file is None else _identity(file)


def _identity(path: Path) -> tuple[int, int] | None:
    """The device and inode of the file that lies there now."""
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
