"""The service in an odd place, for students with odd names: marks and feedback arrive."""

from __future__ import annotations

import pytest

from .exchange import MOST, book_scores, configure, make_exchange, serving, settled, until

pytestmark = pytest.mark.slow

STUDENTS = (
    "a+b@example.org",
    "o'neil",
    "m\u00fcller",
    "mu\u0308ller",
    "100%41 b",
    "{a}",
    "DOM\\ada",
    "ada",
)


@pytest.mark.parametrize("place", ["a [b] $HOME::{x}", "ordinary"])
def test_marks_and_feedback_arrive(built_toys, tmp_path, place):
    """Each student gets the mark and a page, whatever the path and the names hold."""
    (tmp_path / place).mkdir()
    exchange = make_exchange(built_toys, tmp_path / place / "course")
    course = configure(exchange.course, "c.GradingService.check_owner = False")
    for student in STUDENTS:
        exchange.hand_in(student, owner="games", name=f"{student}+toys+2026-11-26 02:10 +0530+r")
    with serving(course) as service:
        settled(service, len(STUDENTS))
        assert book_scores(course) == dict.fromkeys(STUDENTS, MOST)
        until(lambda: not service.attempts.to_release(), "feedback is released")
    pages = list((exchange.root / course.course_id / "feedback").glob("*.html"))
    assert len(pages) == len(STUDENTS)
