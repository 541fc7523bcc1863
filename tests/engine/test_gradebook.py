"""Where a gradebook is, told to people: never with the password in its address."""

from __future__ import annotations

import os
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import toy

from autograder.course.model import Course
from autograder.errors import CourseError
from autograder.gradebook.databases import place_of
from autograder.gradebook.gradebook import open_gradebook


@pytest.mark.parametrize(
    ("address", "place"),
    [
        pytest.param("sqlite:////srv/book.db", "/srv/book.db", id="file"),
        pytest.param("sqlite:////srv/a@b/book.db", "/srv/a@b/book.db", id="file-with-at"),
        pytest.param("sqlite:////srv/book.db?timeout=5", "/srv/book.db", id="file-with-options"),
        pytest.param(
            "postgresql+psycopg://ada:hush@db.example.org/course",
            "postgresql+psycopg://ada:***@db.example.org/course",
            id="server",
        ),
        pytest.param("ada:hush@nowhere", "nowhere", id="no-address"),
    ],
)
def test_places_are_readable_and_keep_passwords(address, place):
    """A file by its path, a server by its address."""
    assert place_of(address) == place


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("postgresql+psycopg://ada:hush@127.0.0.1:1/course", id="nobody-listens"),
        pytest.param("ada:hush@nowhere", id="no-address"),
        pytest.param("sqlite:////nowhere/at/all/book.db", id="no-folder"),
    ],
)
def test_a_gradebook_that_cannot_be_opened_is_named(tmp_path, address):
    """The error says which one, and does not tell the password."""
    course = Course.load(toy.write_course(tmp_path))
    with pytest.raises(CourseError) as told, open_gradebook(course, address):
        pass
    assert place_of(address) in str(told.value)
    assert "hush" not in str(told.value)


def test_a_new_gradebook_is_of_the_version_that_nbgrader_gives_it(tmp_path, monkeypatch):
    """With no program of this Python on the path; the environment stays as it is, however often."""
    from nbgrader.api import get_alembic_version

    with monkeypatch.context() as patched:
        scripts = Path(sys.executable).parent
        patched.setenv("PATH", f"{scripts}{os.pathsep}{os.environ['PATH']}")
        wanted = get_alembic_version()
    monkeypatch.setenv("PATH", "/nowhere")
    before = dict(os.environ)
    course = Course.load(toy.write_course(tmp_path))

    def open_one(number: int) -> list[tuple[str]]:
        file = tmp_path / f"{number % 8}.db"
        with open_gradebook(course, f"sqlite:///{file}"), closing(sqlite3.connect(file)) as db:
            return db.execute("SELECT version_num FROM alembic_version").fetchall()

    versions = [open_one(number) for number in range(8)]
    with ThreadPoolExecutor(4) as threads:
        versions += threads.map(open_one, range(16))
    assert versions == [[(wanted,)]] * 24
    assert dict(os.environ) == before
