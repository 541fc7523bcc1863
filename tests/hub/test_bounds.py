"""What the service keeps in memory does not grow with the time that it runs."""

from __future__ import annotations

import dataclasses
import shutil

import pytest

from autograder.service.store.attempts import Attempts
from autograder.service.web.class_view import Reports
from autograder.service.workers.regrade import PREVIEWS

from .exchange import MOST, WRONG, serving, settled, spoil_the_reference, store  # noqa: F401
from .test_attempts import arrive, grade
from .test_replays import taking


def test_reports_are_kept_for_the_attempts_looked_at_last(tmp_path):
    """However many are looked at; what is dropped is read again, and is the same."""
    store = Attempts(f"sqlite:///{tmp_path / 'course.db'}")
    for minute in range(12):
        arrive(store, f"s{minute}", minute)
        grade(store, 1.0)
    attempts = store.of(newest_first=False)
    kept = Reports(store, most=5)
    first = kept.of(attempts[0])
    for attempt in attempts:
        kept.of(attempt)
        assert len(kept) <= 5
    assert kept.of(attempts[0]) == first
    assert kept.of(attempts[0]) is kept.of(attempts[0])
    changed = dataclasses.replace(attempts[0], tries=9)
    assert kept.of(changed) is not first
    assert len(kept) == 5


def test_names_are_kept_for_what_lies_in_the_exchange(exchange, store, tmp_path):
    """What was removed is forgotten; put back, it is no new attempt, by whatever name."""
    inbox = taking(exchange, store)
    folders = [exchange.hand_in("games") for _ in range(4)]
    assert inbox.scan() == 4
    away = [folder.rename(tmp_path / folder.name) for folder in folders[1:]]
    assert inbox.scan() == 0
    assert inbox._known == {folders[0].name}
    kept = sorted(exchange.course.root.glob("attempts/*/*/*"))
    for folder in away[:2]:
        folder.rename(exchange.inbound / folder.name)
    (away[2] / "shapes.ipynb").write_bytes(b"other work")
    shutil.move(away[2], exchange.inbound / away[2].name)
    assert inbox.scan() == 0
    assert len(store.of()) == 4
    assert sorted(exchange.course.root.glob("attempts/*/*/*")) == kept


@pytest.mark.wide(rows=0)
def test_previews_of_regrades_are_few(exchange):
    """The latest are kept; an older one is made anew when it is applied."""
    students = ("games", "mail", "news", "backup", "man", "lp")
    assert len(students) > PREVIEWS
    with serving(exchange.course) as service:
        for student in students:
            exchange.hand_in(student, WRONG)
        settled(service, len(students))
        spoil_the_reference(exchange)
        changes = [service.preview_regrade("toys", student) for student in students]
        assert len(service._regrading._previews) == PREVIEWS
        assert service.regrade("toys", students[0]) == changes[0]
        assert {one.student for found in changes for one in found} == set(students)
        assert max(one.after for found in changes for one in found) <= MOST
