"""What an attacker learns of a hidden input, by channel: only verdicts and time reveal anything.

`attacker` explains the experiment; `docs/security.md` has its numbers.
"""

from __future__ import annotations

import pytest

from autograder.course.model import Course
from autograder.grading.telling import REHEARSAL_SEED
from tests.security.attacker import CHANNELS, NOTEBOOK, hidden_digits, notebook, run
from tests.security.test_leaks import Grades, course, grades, lab_named

__all__ = ["course", "grades"]

ATTEMPTS = 12
BY_CHANCE_BITS = 4.0
"""Bits that so few attempts may seem to reveal by chance; an open channel reveals 5 to 33."""


@pytest.mark.wide(rows=2)
@pytest.mark.parametrize("name", ["exception", "words", "name", "picture", "note"])
def test_a_closed_channel_tells_nothing(name: str, course: Course) -> None:
    """What a function raises, returns or shows by a hidden input does not reach its student."""
    assert run(course, ATTEMPTS, [name])[name] < BY_CHANCE_BITS


@pytest.mark.parametrize(("name", "most"), [("mark", 5.0), ("verdict", 13.0)])
def test_an_open_channel_tells_what_is_documented(name: str, most: float, course: Course) -> None:
    """Each exercise behind the one that saw the input carries its verdict, and no more."""
    assert most / 2 < run(course, ATTEMPTS, [name])[name] <= most


@pytest.mark.parametrize("name", ["exception", "words"])
def test_the_attacker_can_read_what_it_writes(name: str, course: Course, grades: Grades) -> None:
    """Under the seed of the rehearsal, whose inputs are no secret, all digits are read."""
    lab = lab_named(course, NOTEBOOK)
    channel = next(channel for channel in CHANNELS if channel.name == name)
    (report,) = grades(lab, notebook(lab, channel), (REHEARSAL_SEED,))
    assert channel.read(report, 0.0) == hidden_digits(REHEARSAL_SEED, channel.base, channel.digits)
