"""The store of attempts: order, leases, rules, and two processes at the same file."""

from __future__ import annotations

import multiprocessing
import secrets
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from postgresql_server import running_server
from sqlalchemy import NullPool, create_engine, text, update

from autograder.report import CheckResult, Report, Status, Verdict
from autograder.service.store import tables
from autograder.service.store.attempts import Attempt, Attempts, Rules, State
from autograder.service.store.requests import open_requests

BEGAN = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
LAB = "sorting"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A PostgreSQL server."""
    with running_server() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request, tmp_path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'course.db'}"
    server, name = request.getfixturevalue("server"), f"course_{secrets.token_hex(8)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as db:
        db.execute(text(f"CREATE DATABASE {name}"))
    return server.removesuffix("postgres") + name


@pytest.fixture
def open_store(address):
    """Opens a store with rules."""
    opened = []

    def make(**rules) -> Attempts:
        opened.append(Attempts(address, Rules(**rules), busy_s=60))
        return opened[-1]

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store) -> Attempts:
    """A store without limits, where the latest attempt counts."""
    return open_store()


def arrive(store: Attempts, student: str, minute: float = 0, source: str = "", **more):
    """One attempt that arrived so many minutes after the first."""
    name = source or f"{student}+{LAB}+{minute}"
    when = BEGAN + timedelta(minutes=minute)
    return store.arrive(name, student, LAB, arrived=when, key="k", folder=name, **more)[0]


def report(points: float, status: Status = Status.GRADED) -> Report:
    """A report on a notebook of five points."""
    checks = (CheckResult("merges", "test_merge", "Merges.", Verdict.PASSED, points, 5.0),)
    return Report(LAB, "merge", status, "full", 5.0, 7, checks, {"test_merge": "merge"})


def grade(store: Attempts, points: float, status: Status = Status.GRADED, owner: str = "g"):
    """Grade what is next."""
    attempt = store.lease(owner, 60)
    state = State.DONE if status is Status.GRADED else State.NEEDS_PERSON
    assert store.finish(attempt.id, owner, state, [report(points, status)])
    return store.get(attempt.id)


def test_an_attempt_goes_its_way(store):
    """It waits, is graded, and its mark and report are there, also for those who come later."""
    arrived = arrive(store, "ada")
    assert (arrived.state, arrived.arrived, arrived.tries) == (State.WAITING, BEGAN, 0)
    leased = store.lease("g", 60)
    assert (leased.id, leased.state, leased.tries) == (arrived.id, State.RUNNING, 1)
    assert store.finish(leased.id, "g", State.DONE, [report(3.0)])
    done = store.get(arrived.id)
    assert (done.state, done.score, done.max_score, done.counts) == (State.DONE, 3.0, 5.0, True)
    assert store.reports(arrived.id) == [report(3.0)]
    assert done.started <= done.finished
    assert store.lease("g", 60) is None


def test_the_same_arrival_is_one_attempt(store):
    """Told twice, it is taken once, and nothing changes."""
    first = arrive(store, "ada")
    before = store.version()
    again, new = store.arrive(f"ada+{LAB}+0", "ada", LAB, arrived=BEGAN, key="k")
    assert (again, new, store.version()) == (first, False, before)
    assert store.known_sources() == {f"ada+{LAB}+0"}


def test_one_who_hands_in_often_does_not_hold_up_others(store):
    """Students take turns; the queue tells the order that leases follow."""
    flood = [arrive(store, "ada", minute) for minute in range(4)]
    others = [arrive(store, name, 10 + i) for i, name in enumerate(["bela", "chidi"])]
    told = [one.id for one in store.queue()]
    assert told == [flood[0].id, others[0].id, others[1].id, *(one.id for one in flood[1:])]
    served = [store.lease("g", 60).id for _ in told]
    assert served == told


def test_a_student_with_running_attempts_comes_after_others(store):
    """What runs now counts more than whose turn is longer ago."""
    arrive(store, "ada", 0)
    store.lease("g", 60)
    arrive(store, "bela", 5)
    grade(store, 1.0)
    arrive(store, "bela", 6)
    arrive(store, "ada", 1)
    assert store.lease("h", 60).student == "bela"


def test_a_lease_that_ran_out_goes_to_another(store):
    """The first holder can neither renew nor finish any more; the second one's mark is kept."""
    attempt = arrive(store, "ada")
    assert store.lease("dead", -1).id == attempt.id
    assert [(one.id, one.state) for one in store.queue()] == [(attempt.id, State.WAITING)]
    second = store.lease("alive", 60)
    assert (second.id, second.tries) == (attempt.id, 2)
    assert not store.renew(attempt.id, "dead", 60)
    assert not store.finish(attempt.id, "dead", State.DONE, [report(0.0)])
    assert store.reports(attempt.id) == []
    assert store.renew(attempt.id, "alive", 60)
    assert store.finish(attempt.id, "alive", State.DONE, [report(4.0)])
    assert not store.finish(attempt.id, "alive", State.DONE, [report(0.0)])
    assert store.get(attempt.id).score == 4.0


def test_a_renewed_lease_does_not_run_out(store):
    """As long as its holder renews it, nobody else gets it."""
    attempt = arrive(store, "ada")
    store.lease("g", -1)
    store.renew(attempt.id, "g", 60)
    assert store.lease("h", 60) is None


@pytest.mark.parametrize("state", [State.RUNNING, State.WAITING])
def test_a_clock_put_back_holds_up_nothing(store, state):
    """What was leased or given back by a clock that was an hour ahead is taken up at once."""
    attempt = arrive(store, "ada")
    store.lease("dead", 60)
    if state is State.WAITING:
        store.give_back(attempt.id, "dead", later_s=60)
    ahead = time.time() + 3600
    times = {"started": ahead, "lease_until": ahead + 60, "not_before": ahead + 60}
    with store._engine.begin() as db:
        db.execute(update(tables.attempts).values(**times))
    assert [one.id for one in store.queue()] == [attempt.id]
    assert store.lease("alive", 60).id == attempt.id
    assert store.lease("third", 60) is None


def test_what_is_left_out_waits(store):
    """Whoever cannot grade an assignment is given others."""
    arrive(store, "ada")
    assert store.lease("g", 60, leave_out={LAB}) is None
    assert store.lease("g", 60, leave_out={"other"}) is not None


def test_odd_and_long_words_are_kept(store):
    """Half characters, null characters and very long reasons cost nobody their mark."""
    arrive(store, "ada")
    odd = "\ud800\x00 ü " + "x" * 1_000_000
    attempt = store.lease("g", 60)
    said = replace(report(3.0), reason=odd)
    assert store.finish(attempt.id, "g", State.NEEDS_PERSON, [said], odd)
    assert store.get(attempt.id).score == 3.0
    assert store.get(attempt.id).reason.startswith("?\N{REPLACEMENT CHARACTER} ü xxx")
    assert len(store.get(attempt.id).reason) < 5_000
    assert store.reports(attempt.id)[0].score == 3.0


def test_given_back_it_waits_as_long_as_asked(store):
    """A fault of the machine costs no try; nobody takes the attempt up before its time."""
    attempt = arrive(store, "ada")
    store.lease("g", 60)
    assert store.give_back(attempt.id, "g", later_s=60, counted=False)
    waiting = store.get(attempt.id)
    assert (waiting.state, waiting.tries) == (State.WAITING, 0)
    assert store.lease("g", 60) is None
    assert [one.id for one in store.queue()] == [attempt.id]


@pytest.mark.parametrize(("keep", "counts"), [("latest", 2), ("best", 1)])
def test_latest_or_best_counts(open_store, keep, counts):
    """Exactly one attempt gives the mark, by the course's rule."""
    store = open_store(keep=keep)
    for minute, points in enumerate([2.0, 5.0, 1.0]):
        arrive(store, "ada", minute)
        grade(store, points)
    found = store.of("ada", newest_first=False)
    assert [one.counts for one in found] == [number == counts for number in range(3)]
    assert [one.id for one in store.to_place()] == [found[counts].id]


def test_the_one_that_counts_is_among_the_recent(open_store):
    """However many came after it, and once only where it is one of them."""
    store = open_store(keep="best")
    for minute, points in enumerate([1.0, 5.0, 2.0, 3.0]):
        arrive(store, "ada", minute)
        grade(store, points)

    def scores(most: int) -> list[float]:
        return [one.score for one in store.recent("ada", LAB, most)]

    assert [scores(most) for most in (1, 2, 3, 9)] == [
        [3.0, 5.0],
        [3.0, 2.0, 5.0],
        [3.0, 2.0, 5.0],
        [3.0, 2.0, 5.0, 1.0],
    ]
    assert store.recent("bela", LAB, 1) == []


def test_an_older_attempt_graded_later_does_not_count(store):
    """Latest means handed in, not graded."""
    arrive(store, "ada", 5)
    grade(store, 1.0)
    arrive(store, "ada", 1)
    grade(store, 5.0)
    assert [one.counts for one in store.of("ada")] == [True, False]


def test_a_withheld_mark_is_no_score(store):
    """A fault of ours gives no mark, and no zero either."""
    arrive(store, "ada")
    attempt = grade(store, 0.0, Status.BROKEN)
    assert (attempt.state, attempt.score, attempt.max_score) == (State.NEEDS_PERSON, None, 5.0)
    assert attempt.counts


def test_any_mark_is_better_than_a_withheld_one(open_store):
    """Under best, a fault of ours takes nothing from anybody; graded again, it may give more."""
    store = open_store(keep="best")
    numbers = []
    for minute, status in enumerate([Status.BROKEN, Status.GRADED, Status.BROKEN]):
        arrive(store, "ada", minute)
        numbers.append(grade(store, 0.0, status).id)
    assert [one.id for one in store.of() if one.counts] == [numbers[1]]
    assert store.replace_reports(numbers[2], State.DONE, [report(1.0)])
    assert [one.id for one in store.of() if one.counts] == [numbers[2]]


def test_over_the_limit_is_refused_and_costs_nothing(open_store):
    """What was refused does not count against the limit, and other students are not touched."""
    store = open_store(attempt_limit=2)
    arrive(store, "ada", 0, refused="gradient.ipynb: a link")
    taken = [arrive(store, "ada", minute).state for minute in (1, 2, 3)]
    assert taken == [State.WAITING, State.WAITING, State.REFUSED]
    assert "Only 2 attempts" in store.of("ada")[0].reason
    assert arrive(store, "bela", 4).state is State.WAITING


@pytest.mark.parametrize("rules", [{"attempt_limit": 2}, {"interval_s": 45.0}])
def test_the_rules_hold_for_what_arrives_at_once(open_store, rules):
    """Eight at the same moment, of which two may be taken: two are, and the others are told."""
    stores, start = [open_store(**rules) for _ in range(8)], threading.Barrier(8)

    def hand_in(number: int) -> State:
        start.wait()
        return arrive(stores[number], "ada", minute=number % 2, source=f"s{number}").state

    with ThreadPoolExecutor(8) as students:
        states = list(students.map(hand_in, range(8)))
    assert sorted(states) == [State.REFUSED] * 6 + [State.WAITING] * 2


def test_too_soon_is_refused(open_store):
    """The interval is measured from the last attempt that was taken."""
    store = open_store(interval_s=120)
    states = [arrive(store, "ada", minute).state for minute in (0, 1, 2)]
    assert states == [State.WAITING, State.REFUSED, State.WAITING]
    assert "60 s too soon" in store.of("ada", newest_first=False)[1].reason


def test_a_request_gives_one_more_attempt_at_once(open_store):
    """Beyond the limit and without waiting; it is open until an attempt is taken."""
    store, now = open_store(attempt_limit=1, interval_s=3600), datetime.now(UTC)

    def submit(minutes: float, **more: str) -> State:
        when = now + timedelta(minutes=minutes)
        return store.arrive(f"{minutes}", "ada", LAB, arrived=when, folder="f", **more)[0].state

    assert submit(-10) is State.WAITING
    assert submit(-5) is State.REFUSED
    store.ask_again("ada", LAB, "ines", "Once more. \ud800\0")
    told = store.allowance("ada", LAB)
    assert (told.limit, told.left, told.next_at) == (2, 1, None)
    [asked] = store.requests("ada", LAB)
    assert (asked.by, asked.words) == ("ines", "Once more. ?")
    assert submit(1, refused="a link") is State.REFUSED
    assert set(open_requests(store.requests(), store.of())) == {("ada", LAB)}
    assert submit(2) is State.WAITING
    assert open_requests(store.requests(), store.of()) == {}
    assert submit(3) is State.REFUSED
    assert store.requests("bela") == store.requests("ada", "other") == []
    assert store.numbers("ada", LAB) == {one.id: n for n, one in enumerate(taken(store), start=1)}


def taken(store: Attempts) -> list[Attempt]:
    """The attempts that were not refused, the earliest first."""
    return [one for one in store.of(newest_first=False) if one.state is not State.REFUSED]


def test_what_regrading_changes_is_recorded(store):
    """Who, when, and the points before and after; nothing where they stay."""
    arrive(store, "ada")
    attempt = grade(store, 3.0)
    assert store.replace_reports(attempt.id, State.DONE, [report(3.0)], by="ines")
    assert store.regrades(attempt.id) == []
    assert store.replace_reports(attempt.id, State.DONE, [report(5.0)], by="ines")
    assert store.replace_reports(attempt.id, State.NEEDS_PERSON, [report(0, Status.BROKEN)])
    found = store.regrades(attempt.id)
    changes = [(one.by, one.before, one.after) for one in found]
    assert changes == [("ines", 3.0, 5.0), ("", 5.0, None)]
    assert found[0].at <= found[1].at <= datetime.now(UTC)
    assert store.get(attempt.id).written > attempt.written


def test_what_is_left_is_told_before_submitting(open_store):
    """Attempts left of the limit, and when the next one is graded; refused ones cost nothing."""
    store = open_store(attempt_limit=3, interval_s=3600)
    told = store.allowance("ada", LAB)
    assert (told.limit, told.left, told.next_at) == (3, 3, None)
    when = datetime.now(UTC) - timedelta(minutes=10)
    assert store.arrive("a", "ada", LAB, arrived=when, key="k", folder="a")[0].folder
    refused = store.arrive("b", "ada", LAB, arrived=when + timedelta(minutes=1), folder="b")[0]
    assert "too soon" in refused.reason
    told = store.allowance("ada", LAB)
    assert (told.left, told.next_at) == (2, when + timedelta(hours=1))
    assert store.allowance("bela", LAB).left == 3
    free = open_store().allowance("ada", LAB)
    assert (free.limit, free.next_at) == (0, None)


def test_what_is_placed_and_released_is_remembered(store):
    """One attempt of an assignment is in the gradebook; a new mark has to go there again."""
    for minute in (0, 1):
        arrive(store, "ada", minute)
        grade(store, 1.0)
        store.placed(store.to_place()[0])
    assert store.to_place() == []
    assert len(store.to_release()) == 2
    store.released(store.to_release()[0])
    latest = store.of("ada", limit=1)[0]
    assert [one.id for one in store.to_release()] == [latest.id]
    assert store.replace_reports(latest.id, State.DONE, [report(2.0)])
    assert [one.score for one in store.to_place()] == [2.0]


def test_only_what_is_finished_gets_other_reports(store):
    """Grading again does not overtake grading."""
    attempt = arrive(store, "ada")
    assert not store.replace_reports(attempt.id, State.DONE, [report(2.0)])
    assert store.reports(attempt.id) == []


def test_version_grows_with_every_change_only(store):
    """Whoever watches it misses nothing, and is not woken for nothing."""
    seen = [store.version()]
    attempt = arrive(store, "ada")
    seen.append(store.version())
    store.lease("g", 60)
    seen.append(store.version())
    store.renew(attempt.id, "g", 60)
    store.queue()
    assert store.version() == seen[-1]
    store.finish(attempt.id, "g", State.DONE, [report(1.0)])
    seen.append(store.version())
    store.lease("g", 60)
    assert store.version() == seen[-1]
    assert seen == sorted(set(seen))


def _take_all(address: str, owner: str, results) -> None:
    store, taken = Attempts(address, busy_s=60), []
    while (attempt := store.lease(owner, 600)) is not None:
        taken.append(attempt.id)
        store.finish(attempt.id, owner, State.DONE, [report(1.0)])
    store.close()
    results.put(taken)


def test_no_attempt_goes_to_two_graders(store, address):
    """Two processes that lease from the same file share the work without overlap."""
    numbers = {arrive(store, f"s{i % 7}", i).id for i in range(20)}
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    graders = [
        context.Process(target=_take_all, args=(address, f"g{i}", results)) for i in range(2)
    ]
    for grader in graders:
        grader.start()
    taken = [number for _ in graders for number in results.get(timeout=120)]
    for grader in graders:
        grader.join(30)
    assert sorted(taken) == sorted(numbers)
    assert {one.state for one in store.of()} == {State.DONE}
    assert all(one.tries == 1 for one in store.of())
