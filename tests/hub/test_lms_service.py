"""From a submission to the platform: the service grades, and sends what the gradebook says."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from engine.lms_class import CONFIG, mark
from engine.lti_platform import CLIENT, ISSUER, Platform

from autograder.course.model import Course
from autograder.lms.keys import public_keys, rotate

from .exchange import LESS, MOST, STUDENTS, WRONG, configure, serving, settled, until


@pytest.fixture
def platform(exchange) -> Iterator[Platform]:
    """A platform whose members are the students, by their names."""
    there = Platform(lambda: public_keys(exchange.course.root))
    there.storage.members = [{"user_id": name, "roles": ["Learner"]} for name in STUDENTS]
    yield there
    there.close()


@pytest.fixture
def course(exchange, platform) -> Course:
    """The course, which sends to it."""
    about = {"issuer": ISSUER, "client": CLIENT, "base": platform.base}
    return configure(exchange.course, CONFIG.format(**about))


def points(platform: Platform) -> dict[str, float | None]:
    """What the platform shows, by student."""
    results = platform.storage.results
    return {user: score.get("scoreGiven") for (_, user), score in results.items()}


def test_a_submission_becomes_a_mark_on_the_platform(exchange, course, platform):
    """With the arrival's time; then a better attempt, and a person's points; each once."""
    first, second = STUDENTS[:2]
    folder = exchange.hand_in(first, WRONG)
    exchange.hand_in(second)
    with serving(course) as service:
        until(lambda: service.sending_stopped, "there is no key yet, and the service says so")
        assert "no key; make one: autograder lms keys --rotate" in service.sending_stopped
        settled(service, 2)
        assert service.status()["ok"]
        rotate(course.root)
        until(lambda: points(platform) == {first: LESS, second: MOST}, "both marks are there")
        until(lambda: not service.sending_stopped, "all is well")
        arrived = folder.stat().st_ctime
        stamp = next(one[3] for one in platform.storage.taken if one[1] == first)
        (attempt,) = service.attempts.of(first)
        assert abs(attempt.arrived.timestamp() - arrived) < 1.0
        assert stamp == attempt.arrived.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        exchange.hand_in(first)
        until(lambda: points(platform)[first] == MOST, "the better attempt is there")
        mark(course, {(second, "shapes"): 0.5}, "extra_credit")
        until(lambda: points(platform)[second] == MOST + 0.5 * 4, "extra credit on four cells")
    with serving(course), serving(course) as service:
        until(lambda: not any(one.open for one in service.outbox.letters()), "nothing waits")
    assert len(platform.storage.taken) == 4
    assert platform.storage.stale == []
    assert oct((course.root / "lti_keys").stat().st_mode & 0o777) == "0o700"
    assert (course.root / "lti_keys").stat().st_uid == os.getuid()
