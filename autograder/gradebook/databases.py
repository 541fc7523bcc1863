"""Databases: their addresses, the version of nbgrader's tables in them, and their faults in words.

Knows no marks: what is in the tables is `gradebook`'s business.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from sqlalchemy import NullPool, create_engine, inspect, make_url, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from autograder.course.files import share
from autograder.errors import CourseError
from autograder.gradebook.nbgrader_compat import newest_version

BUSY_S = 60
"""How long to wait for another program that writes to the same SQLite file."""
_FAULTS = (
    (
        r"readonly|read-only|permission denied",
        "you may not write it. Check who owns it and its folder; where several instructors share a "
        "course, set c.CourseDirectory.groupshared = True and let its owner grade once",
    ),
    (r"unable to open", "it cannot be opened. Check that its folder exists and is open to you"),
    (
        r"locked|deadlock|lock timeout",
        f"another program has held it for {BUSY_S} s. End that program, then run this again",
    ),
    (
        r"disk is full|no space|disk i/o",
        "the disk is full or fails. Make room, then run this again",
    ),
    (
        r"not a database|malformed|encrypted|not authorized",
        "it is no database, or damaged. Put back a copy, or move it away and run: autograder build",
    ),
    (
        r"password|authentication|pg_hba|role .* does not exist|role .* is not permitted",
        "the server does not accept the account. Check user and password in "
        "c.CourseDirectory.db_url",
    ),
    (
        r"database .* does not exist",
        "the server has no such database. Create it, or correct c.CourseDirectory.db_url",
    ),
    (
        r"no such (?:table|column)|(?:relation|column) .* does not exist|has no column",
        "its tables are of another version of nbgrader. Keep a copy, then run: nbgrader db upgrade",
    ),
    (
        r"connect|translate host|resolve|timeout|timed out|server closed|terminat|starting up|"
        r"shutting down|consuming input|name or service",
        "the database server cannot be reached. Check that it runs, and c.CourseDirectory.db_url",
    ),
)
"""What a database driver says, as a pattern, and what that means for a person."""


def sqlite_file(address: str) -> Path | None:
    """The file of an SQLite database; None for any other, or one in memory."""
    url = make_url(address)
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database)


def place_of(address: str) -> str:
    """Where a database is, for people to read: a file's path, or an address without password."""
    try:
        url = make_url(address)
    except ArgumentError:
        return address.rpartition("@")[2]
    file = sqlite_file(address)
    return str(file or url.database) if url.get_backend_name() == "sqlite" else str(url)


def patient(address: str) -> str:
    """The address of a database; an SQLite file is waited for, from the first look at it on."""
    url = make_url(address)
    if url.get_backend_name() != "sqlite" or "timeout" in url.query:
        return address
    return url.update_query_dict({"timeout": str(BUSY_S)}).render_as_string(hide_password=False)


def fault_words(address: str, error: Exception) -> str:
    """What is wrong with a database, in one line: which, what, and what to do."""
    where = f"the gradebook {place_of(address)}"
    if isinstance(error, ArgumentError | NoSuchModuleError):
        return (
            f"{where}: c.CourseDirectory.db_url is not the address of a database; write "
            "sqlite:////PATH/gradebook.db or postgresql+psycopg://USER@HOST/DATABASE"
        )
    if isinstance(error, ModuleNotFoundError):
        return (
            f"{where}: the driver {error.name} is not installed; for PostgreSQL run: "
            "pip install 'nbassay[postgresql]', and write postgresql+psycopg://…"
        )
    said = " ".join(str(getattr(error, "orig", None) or error).split()).casefold()
    for pattern, words in _FAULTS:
        if re.search(pattern, said):
            return f"{where}: {words}"
    return f"{where}: it rejected the query ({type(error).__name__})"


def prepare_database(database_url: str) -> None:
    """Say in a new, empty database which version of nbgrader's tables it will hold.

    nbgrader does so itself by a program that it looks for on the `PATH`, where it is missing unless
    a virtual environment is activated. A database that holds tables already is left as it is.

    Raises:
        CourseError: its tables are those of another version of nbgrader.
    """
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.begin() as db:
        tables = set(inspect(db).get_table_names())
        if not tables:
            db.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
            row = text("INSERT INTO alembic_version (version_num) VALUES (:head)")
            db.execute(row, {"head": newest_version()})
        elif "alembic_version" in tables:
            _require_version(db, database_url)


def _require_version(db: Connection, database_url: str) -> None:
    versions = list(db.execute(text("SELECT version_num FROM alembic_version")).scalars())
    if versions and newest_version() not in versions:
        raise CourseError(
            f"the gradebook {place_of(database_url)}: its tables are of another version of "
            "nbgrader. Keep a copy, then run: nbgrader db upgrade (or install the nbgrader that "
            "made them)"
        )


def share_database(address: str) -> None:
    """Let the course's group write an SQLite file, what SQLite lays beside it, and its folder."""
    file = sqlite_file(address)
    if file is not None:
        beside = (file, Path(f"{file}-wal"), Path(f"{file}-shm"))
        for path in (file.parent, *(path for path in beside if path.exists())):
            share(path)


@contextmanager
def in_words(address: str) -> Iterator[None]:
    """Turn faults of a database in the block into one line.

    Raises:
        CourseError: the database cannot be used; the text says which, why, and what to do.
    """
    try:
        file = sqlite_file(address)
        closed = file is not None and any(
            path.exists() and not os.access(path, os.W_OK) for path in (file, file.parent)
        )
        if closed:
            raise CourseError(fault_words(address, PermissionError("readonly")))
        yield
    except DATABASE_ERRORS as error:
        raise CourseError(fault_words(address, error)) from error
    except (ValueError, TypeError) as error:
        if not is_odd_value(error):
            raise
        raise CourseError(
            f"the gradebook {place_of(address)}: a value in it is not of its column's kind "
            f"({error}). Restore a backup, or correct that value by hand, then run this again"
        ) from error


class OddValue(ValueError):
    """A stored value is not of its column's kind; the text says which."""


def number_of(value: object, where: str) -> float | None:
    """A stored number; SQLite may hold a text in its place.

    Args:
        value: as stored.
        where: what it is the value of, for people to read.

    Raises:
        OddValue: it is neither a number nor nothing.
    """
    if value is None:
        return None
    if isinstance(value, int | float | Decimal) and math.isfinite(value):
        return float(value)
    raise OddValue(f"{where}: {value!r} is no number")


def is_odd_value(error: Exception) -> bool:
    """Whether an error was raised while a stored value was read that is, say, no date.

    SQLite stores anything in any column, and SQLAlchemy lets Python's own errors through.
    """
    if isinstance(error, OddValue):
        return True
    if isinstance(error, SQLAlchemyError):
        return False
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    name = trace.tb_frame.f_globals.get("__name__", "") if trace is not None else ""
    return str(name).startswith("sqlalchemy.")


DATABASE_ERRORS = (SQLAlchemyError, ModuleNotFoundError)
"""What a database that cannot be used raises; `fault_words` puts it into words."""
