"""From a submission to the platform: the service grades, and sends what the gradebook says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from engine.lms_class import CONFIG, mark
from engine.lti_platform import CLIENT, ISSUER, Platform

from autograder.course.model import Course
from autograder.feedback.templating import fill
from autograder.lms.keys import public_keys, rotate
from autograder.service.grading import GradingService
from autograder.service.web.assets import Assets
from autograder.service.web.lms_pages import LmsPage

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


def page(service: GradingService) -> str:
    """The page of what was sent and what waits, as the service fills it."""
    handler: Any = SimpleNamespace(context=SimpleNamespace(service=service))
    frame = {"nonce": "n", "prefix": "/s/", "assets": Assets(), "course": "Toys", "hub": "/hub/"}
    frame |= {"person": "i", "teaches": True, "path": "class/lms", "xsrf": "x", "live": ""}
    values = LmsPage._values(handler)
    return fill("autograder.service.web", "lms.html.j2", {**frame, "lms": True, **values})


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
        until(lambda: len(service.outbox.letters()) == 2, "both marks wait")
        shown = page(service)
        assert "0 marks are there, 2 wait." in shown
        assert "No marks are sent now" in shown
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
        shown = page(service)
        assert "2 marks are there, 0 wait." in shown
        assert f"{MOST + 2:g} of {MOST}" in shown
    with serving(course), serving(course) as service:
        until(lambda: not any(one.open for one in service.outbox.letters()), "nothing waits")
    assert len(platform.storage.taken) == 4
    assert platform.storage.stale == []
    assert oct((course.root / "lti_keys").stat().st_mode & 0o777) == "0o700"
    assert (course.root / "lti_keys").stat().st_uid == os.getuid()
