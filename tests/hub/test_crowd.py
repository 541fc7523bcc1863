"""Many at once, twice, and with bad intentions: everybody gets the mark that is theirs, once."""

from __future__ import annotations

import secrets
from collections import Counter

from engine import toy

from autograder.authoring import samples
from autograder.service.store.attempts import FINISHED, State
from autograder.service.workers.intake import SECRET, TIMESTAMP
from tests.security.classes import LIMITS, REACHED
from tests.security.corpus import ATTACKS, BASIC, PROCESS, SMUGGLED, make

from .exchange import (
    LESS,
    MOST,
    STUDENTS,
    WRONG,
    all_done,
    book_scores,
    configure,
    process,
    serving,
    until,
)
from .small_class import make_course

PEOPLE = [f"student{number:02}" for number in range(41)]
OFTEN = 40
"""How often the first of them hands in; the others four times."""
CHOSEN = (
    "dtype-not-understood",
    "kills-everyone",
    "surrogate-in-exception",
    "writes-the-gradebook",
    "connects",
    "daemon",
    "linked-notebook",
    "truncated",
    "a-fifo",
    "exception-of-markup",
    "smuggles-by-line",
    "null-bytes",
)
"""Attacks of every kind that the corpus has; all of them are graded by tests of their own."""


def test_two_hundred_in_a_minute(exchange):
    """Two are graded at once, nobody waits behind one who floods, and each has one mark."""
    course = configure(exchange.course, "c.GradingService.check_owner = False")
    flooding, *others = PEOPLE
    # Each is other work: equal work is graded in no time, perhaps before all has been taken in.
    for number in range(OFTEN):
        other = {"area": f"{WRONG['area']}# Attempt {number}\n"}
        exchange.hand_in(flooding, other, owner="games")
    for _ in range(4):
        for student in others:
            exchange.hand_in(student, owner="games")
    count, most = OFTEN + 4 * len(others), 0
    assert count == 200
    with serving(course) as service:
        attempts = service.attempts

        def look() -> bool:
            nonlocal most
            status = service.status()
            assert status["database"]
            most = max(most, status["running"])
            return all_done(attempts, count)

        until(look, "all graded", 300)
        until(lambda: service.status()["ok"], "the status is well")
        found = attempts.of()
    assert 1 <= most <= 2
    assert {one.tries for one in found} == {1}
    order = [one.student for one in sorted(found, key=lambda one: (one.started, one.id))]
    # Some were begun before all had been taken in; from then on everybody takes turns.
    assert Counter(order[: len(order) // 2])[flooding] <= len(order) // 2 / len(PEOPLE) * 4
    assert order[-1] == flooding
    assert Counter(one.student for one in found if one.counts) == dict.fromkeys(PEOPLE, 1)
    assert book_scores(course) == {**dict.fromkeys(others, MOST), flooding: LESS}


def test_two_services_at_once(exchange, store, tmp_path):
    """By mistake started twice, they share the work: nothing is taken or graded twice."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with process(exchange.course, tmp_path / "a"), process(exchange.course, tmp_path / "b"):
        for _ in range(3):
            for student in STUDENTS[:4]:
                exchange.hand_in(student, WRONG)
        for student in STUDENTS[:4]:
            exchange.hand_in(student)
        until(lambda: all_done(store, 16), "all graded", 120)
    assert [one.tries for one in store.of()] == [1] * 16
    assert book_scores(exchange.course) == dict.fromkeys(STUDENTS[:4], MOST)


def test_the_same_submission_twice(exchange, store, tmp_path):
    """Touched, told again, and found by the next service, it stays one attempt with one mark."""
    with process(exchange.course, tmp_path):
        folder = exchange.hand_in("games", WRONG)
        until(lambda: all_done(store, 1), "graded")
        exchange.complete(folder, "games")
        exchange.hand_in("mail")
        until(lambda: all_done(store, 2), "the next one is graded")
    with process(exchange.course, tmp_path):
        exchange.hand_in("news")
        until(lambda: all_done(store, 3), "the next one is graded")
    assert [one.tries for one in store.of()] == [1, 1, 1]
    assert book_scores(exchange.course) == {"games": LESS, "mail": MOST, "news": MOST}


def test_hostile_exchange(exchange):
    """Whatever lies in the exchange costs at most its own marks."""
    loop = "def area(sides):\n    while True:\n        pass\n"
    exchange.hand_in("games", {"area": loop})
    damaged = exchange.begin("news")
    exchange.write(damaged, "news", {f"{toy.NOTEBOOK}.ipynb": b'{"cells": ['})
    exchange.complete(damaged, "news")
    linked = exchange.begin("backup")
    source = exchange.course.root / "source" / toy.ASSIGNMENT / f"{toy.NOTEBOOK}.ipynb"
    (linked / source.name).symlink_to(source)
    exchange.complete(linked, "backup")
    exchange.begin("man")
    exchange.hand_in("lp")
    with serving(exchange.course) as service:
        until(lambda: len(service.attempts.of()) == 4, "all but the incomplete one have arrived")
        until(lambda: not service.attempts.queue(), "all graded")
        until(lambda: not service.attempts.to_place(), "all in the gradebook")
        status = service.status()
        found = {one.student: one for one in service.attempts.of()}
    assert found["lp"].score == MOST
    assert found["games"].state is State.DONE
    assert found["games"].score < MOST
    assert (found["news"].state, found["news"].score) == (State.NEEDS_PERSON, 0)
    assert found["backup"].state is State.REFUSED
    assert "man" not in found
    assert status["incomplete"] == 1
    assert set(book_scores(exchange.course)) == {"games", "news", "lp"}


def test_attacks_of_the_corpus(tmp_path):
    """They earn nothing that is not theirs, and the honest beside them lose nothing."""
    made = make_course(tmp_path / "course")
    course = configure(
        made,
        f"c.Grading.limits = {LIMITS!r}\nc.GradingService.poll_s = 0.2\n"
        "c.GradingService.workers = 2\nc.GradingService.check_owner = False",
    )
    inbound = tmp_path / "exchange" / course.course_id / "inbound"
    lab = next(lab for lab in course.labs if lab.name == BASIC)
    words = {"@COURSE@": str(course.root), "@PORT@": "9", "@UNIX@": str(tmp_path / "socket")}
    words |= {"@REACHED@": REACHED, "@PROCESS@": PROCESS}
    attacks = {one.name: one for one in ATTACKS if one.name in CHOSEN}
    assert len(attacks) == len(CHOSEN)
    (course.root / "private").mkdir()
    (course.root / "private" / "canary-notebook.ipynb").write_bytes(lab.path.read_bytes())
    for number, name in enumerate(CHOSEN):
        folder = inbound / f"{name}+{lab.assignment}+2026-11-26 02:10:{number:02} UTC"
        make(attacks[name], lab, folder, words)
        honest = inbound / f"honest{number}+{lab.assignment}+2026-11-26 02:10:{number:02} UTC"
        honest.mkdir()
        sources = samples.solutions(lab)
        (honest / f"{lab.name}.ipynb").write_bytes(samples.notebook(lab, sources))
        for one in (folder, honest):
            (one / TIMESTAMP).write_text("2026-11-26 02:10:00 UTC")
            (one / SECRET).write_text(secrets.token_hex(32))
            one.chmod(0o777)
    with serving(course) as service:
        ends = (*FINISHED, State.REFUSED)
        until(
            lambda: [one.state in ends for one in service.attempts.of()] == [True] * 24,
            "all told",
            300,
        )
        until(lambda: service.status()["ok"], "the status is well")
        found = {one.student: one for one in service.attempts.of()}
        seen = {
            name: {report.notebook: report for report in service.attempts.reports(one.id)}
            for name, one in found.items()
        }
    for name, attack in attacks.items():
        if found[name].state is State.REFUSED:
            assert attack.place is not None, (name, found[name].reason)
            continue
        report = seen[name][BASIC]
        assert report.score is not None
        assert report.score <= attack.most, name
        assert str(report.status) in attack.statuses, name
        text = report.to_json()
        assert REACHED not in text, name
        assert SMUGGLED not in text, name
    for number in range(len(CHOSEN)):
        assert seen[f"honest{number}"][BASIC].score == lab.max_score
