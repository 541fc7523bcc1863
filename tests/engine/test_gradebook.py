"""Where a gradebook is, told to people: never with the password in its address."""

from __future__ import annotations

import pytest
import toy

from autograder.course import Course
from autograder.errors import CourseError
from autograder.gradebook import open_gradebook, place_of


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
