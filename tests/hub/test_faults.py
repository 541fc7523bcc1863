"""Whatever fails: no mark is lost or doubled, everything is graded, and the status tells the truth.

The faults are real ones: processes are killed, the database is locked or away, the disk is full.
Times are short by the course's settings; what must happen is waited for, not measured.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import sqlite3
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
import requests
from engine import toy
from jupyterhub.services.auth import HubOAuth
from schemas import faults
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from autograder.course.model import Course
from autograder.service.grading import GradingService
from autograder.service.store.attempts import State
from autograder.service.store.tables import is_away
from autograder.service.web.context import ServiceContext

from .exchange import (
    AS_ROOT,
    LESS,
    MOST,
    SLOW,
    STUDENTS,
    WRONG,
    all_done,
    book_scores,
    configure,
    make_exchange,
    process,
    serving,
    settled,
    until,
)
from .hub_process import start_hub

IMPATIENT = "c.GradingService.busy_s = 0.3"
"""Does not wait long for who writes to the database."""


def test_killed_while_grading(exchange, store, tmp_path):
    """Killed whenever it grades, and started again: every attempt has its mark, once."""
    for student in STUDENTS[:3]:
        exchange.hand_in(student, SLOW if student != STUDENTS[1] else WRONG)
    for _ in range(2):
        with process(exchange.course, tmp_path) as running:
            until(
                lambda: any(one.state is State.RUNNING for one in store.of()), "something is graded"
            )
            running.send_signal(signal.SIGKILL)
            running.wait(30)
    interrupted = [one.id for one in store.of() if one.state is State.RUNNING]
    assert interrupted
    with process(exchange.course, tmp_path):
        until(lambda: all_done(store, 3), "all graded")
    assert all(store.get(number).tries >= 2 for number in interrupted)
    expected = {STUDENTS[0]: MOST, STUDENTS[1]: LESS, STUDENTS[2]: MOST}
    assert book_scores(exchange.course) == expected
    assert all(len(store.reports(one.id)) == 1 for one in store.of())


def test_nobody_waits_for_the_lease_of_a_dead_service(exchange, store, tmp_path):
    """What a killed service held is taken up at once, once, though its lease runs for an hour."""
    course = configure(exchange.course, "c.GradingService.lease_s = 3600.0")
    for student in STUDENTS[:2]:
        exchange.hand_in(student, SLOW)
    with process(course, tmp_path) as running:
        until(
            lambda: [one.state for one in store.of()] == [State.RUNNING] * 2,
            "both are being graded",
        )
        running.send_signal(signal.SIGKILL)
        running.wait(30)
    with process(course, tmp_path):
        until(lambda: all_done(store, 2), "both are graded by the next one")
    assert [one.tries for one in store.of()] == [2, 2]
    assert all(len(store.reports(one.id)) == 1 for one in store.of())
    assert book_scores(course) == dict.fromkeys(STUDENTS[:2], MOST)
    assert len(list((course.root / "attempts" / ".alive").iterdir())) <= 1


def test_the_lease_of_a_live_service_is_left_to_it(exchange, store, tmp_path):
    """Two services share the work, and neither takes what the other one holds."""
    course = configure(exchange.course, "c.GradingService.lease_s = 3600.0")
    with process(course, tmp_path), serving(course):
        for student in STUDENTS[:4]:
            exchange.hand_in(student, SLOW)
        until(lambda: all_done(store, 4), "all graded")
    assert [one.tries for one in store.of()] == [1, 1, 1, 1]


def test_a_worker_is_killed(exchange):
    """The process that holds the suites dies while it is idle: the next attempt is graded."""
    with serving(exchange.course) as service:
        exchange.hand_in("games")
        settled(service, 1)
        workers = multiprocessing.active_children()
        assert workers
        for worker in workers:
            psutil.Process(worker.pid).kill()
        exchange.hand_in("mail")
        settled(service, 2)
        assert book_scores(exchange.course) == {"games": MOST, "mail": MOST}


def locked(course: Course) -> sqlite3.Connection:
    """Another program that writes to the course's database, and does not come to its end."""
    path = course.database.removeprefix("sqlite:///")
    other = sqlite3.connect(path, isolation_level=None, timeout=30)
    other.execute("BEGIN IMMEDIATE")
    return other


def fails(service: GradingService, activity: str, kind: str = "OperationalError") -> bool:
    """Whether the status tells that this fails; with what else it tells in agreement."""
    status = service.status()
    told = [(one["activity"], one["kind"]) for one in status["faults"]]
    return (activity, kind) in told and not status["ok"]


def is_ready(service: GradingService) -> bool:
    """What `readyz` would say."""

    async def ask() -> bool:
        auth = HubOAuth(api_url="http://127.0.0.1:1/hub/api", api_token="none")
        context = ServiceContext(service, auth, "/services/grading/")
        try:
            return await context.ready()
        finally:
            context.close()

    return asyncio.run(ask())


def test_a_service_that_has_not_started_is_not_ready(exchange):
    """Ready is who can answer and works."""
    assert not is_ready(GradingService(exchange.course))


def test_the_database_is_locked(exchange):
    """As long as another program writes, nothing is lost; the status says that it does not go."""
    with serving(configure(exchange.course, IMPATIENT)) as service:
        exchange.hand_in("games")
        settled(service, 1)
        other = locked(exchange.course)
        exchange.hand_in("mail")
        until(lambda: fails(service, "reading the exchange"), "the status tells")
        assert service.status()["database"]
        assert is_ready(service)  # what was graded can be read
        assert len(service.attempts.of()) == 1
        other.execute("ROLLBACK")
        other.close()
        settled(service, 2)
        until(lambda: service.status()["ok"], "the status is well again")
        assert book_scores(exchange.course) == {"games": MOST, "mail": MOST}


def test_the_database_is_locked_longer_than_a_lease(exchange):
    """A mark that cannot be written is kept until it can, and is written once."""
    course = configure(exchange.course, f"{IMPATIENT}; c.GradingService.lease_s = 3.0")
    with serving(course) as service:
        exchange.hand_in("games", SLOW)
        until(lambda: service.status()["running"], "it is graded")
        other = locked(exchange.course)
        until(lambda: fails(service, "writing a mark"), "the mark cannot be written")
        until(lambda: not service.status()["running"], "the lease ran out")
        other.execute("ROLLBACK")
        other.close()
        (attempt,) = settled(service, 1)
        until(lambda: service.status()["ok"], "the status is well again")
        assert (attempt.score, attempt.counts) == (MOST, True)
        assert len(service.attempts.reports(attempt.id)) == 1
    assert book_scores(exchange.course) == {"games": MOST}


def test_a_lease_that_could_not_be_kept_is_forgotten_with_its_attempt(exchange):
    """Locked while the lease is due, free before the next time: the status is well, though idle."""
    course = configure(exchange.course, f"{IMPATIENT}; c.GradingService.lease_s = 12.0")
    with serving(course) as service:
        exchange.hand_in("games", SLOW)
        until(lambda: service.status()["running"], "it is graded")
        other = locked(course)
        until(lambda: fails(service, "keeping leases"), "the lease cannot be kept")
        other.execute("ROLLBACK")
        other.close()
        settled(service, 1)
        until(lambda: service.status()["ok"], "the status is well again")
        assert book_scores(course) == {"games": MOST}


def test_the_database_is_away(exchange):
    """Its file is moved away and back, as on a file server that is gone for a while."""
    path = Path(exchange.course.database.removeprefix("sqlite:///"))
    with serving(exchange.course) as service:
        exchange.hand_in("games")
        settled(service, 1)
        away = path.parent / "away"
        away.mkdir()
        files = [path.with_name(path.name + end) for end in ("", "-wal", "-shm")]
        moved = [file.rename(away / file.name) for file in files if file.exists()]
        until(lambda: not service.status()["database"], "the status tells")
        assert not service.status()["ok"]
        assert not is_ready(service)
        exchange.hand_in("mail")
        until(lambda: fails(service, "reading the exchange"), "it cannot be taken in")
        assert faults("health", service.status()) == []
        assert not path.exists()
        for file in moved[::-1]:
            file.rename(path.with_name(file.name))
        settled(service, 2)
        until(lambda: service.status()["ok"], "the status is well again")
        assert book_scores(exchange.course) == {"games": MOST, "mail": MOST}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"<html>the share is offline</html>" * 400, id="no-database"),
        pytest.param(b"SQLite format 3\0" + b"\xff" * 8000, id="damaged"),
        pytest.param(b"", id="empty"),
    ],
)
def test_a_damaged_database_is_one_that_is_away(exchange, store, content):
    """Pages answer 503, and nothing costs an attempt a try; put back, all is there."""
    store.arrive("a", "games", toy.ASSIGNMENT, arrived=datetime.now(UTC), folder="x")
    path = Path(exchange.course.database.removeprefix("sqlite:///"))
    store.close()
    kept = path.rename(path.with_suffix(".kept"))
    path.write_bytes(content)
    for question in (store.of, store.version, store.book, lambda: store.lease("one", 5)):
        with pytest.raises(SQLAlchemyError) as caught:
            question()
        assert is_away(caught.value)
    kept.rename(path)
    assert [one.tries for one in store.of()] == [0]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 48 MiB."""
    folder = tmp_path / "course"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)]
    if not AS_ROOT or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("file systems can be mounted by root only")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_the_disk_is_full(small_disk, built_toys):
    """What came while nothing could be written is taken in when there is room again."""
    made = make_exchange(built_toys, small_disk)
    with serving(made.course) as service:
        made.hand_in("games")
        settled(service, 1)
        filler = small_disk / "filler"
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(1 << 16))
        made.hand_in("mail")
        until(lambda: service.status()["faults"], "the status tells")
        assert service.status()["disk"] == 0
        assert [one.student for one in service.attempts.of()] == ["games"]
        filler.unlink()
        settled(service, 2)
        until(lambda: not service.status()["faults"], "the faults are over")
    assert book_scores(made.course) == {"games": MOST, "mail": MOST}


def test_the_exchange_is_away(exchange):
    """The status tells; what is there when it comes back is taken in."""
    with serving(exchange.course) as service:
        exchange.hand_in("games")
        settled(service, 1)
        away = exchange.inbound.rename(exchange.inbound.with_name("away"))
        until(lambda: service.status()["faults"], "the status tells")
        assert not service.status()["exchange"]
        assert not service.status()["ok"]
        away.rename(exchange.inbound)
        exchange.hand_in("mail")
        settled(service, 2)
        until(lambda: service.status()["ok"], "the status is well again")


def test_begun_too_often_a_person_is_asked(exchange, store):
    """An attempt over which services die is given up in the end, and others go on."""
    exchange.hand_in("games")
    service = GradingService(exchange.course)
    service._inbox.scan()
    service.stop()
    for _ in range(3):
        assert store.lease("died", -1) is not None
    with serving(exchange.course) as service:
        exchange.hand_in("mail")
        first, second = settled(service, 2)
    assert (first.state, first.score) == (State.NEEDS_PERSON, None)
    assert second.score == MOST
    assert [report.withheld for report in store.reports(first.id)] == [True]


def test_stopped_while_grading(exchange):
    """What was not graded waits, at no cost, for the next start."""
    with serving(exchange.course) as service:
        exchange.hand_in("games", SLOW)
        until(lambda: service.status()["running"], "it is graded")
    with serving(exchange.course) as service:
        (attempt,) = settled(service, 1)
        assert attempt.score == MOST


def test_a_mark_that_the_database_refuses(exchange, store):
    """It does not hold a grader for ever: in the end a person is asked, and others go on."""
    with store._engine.begin() as db:
        db.execute(
            text(
                "CREATE TRIGGER refuse BEFORE INSERT ON autograder_report "
                "WHEN NEW.report LIKE '%\"score\": 7.0%' BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
        )
    with serving(exchange.course) as service:
        exchange.hand_in("games", WRONG)
        exchange.hand_in("mail")
        first, second = sorted(settled(service, 2), key=lambda one: one.student)
        assert (first.state, first.score) == (State.NEEDS_PERSON, None)
        assert second.score == MOST
        until(lambda: service.status()["ok"], "nothing fails any more")


def test_the_pen_of_a_killed_service(exchange, tmp_path):
    """Who writes the gradebook and is killed over it keeps nobody from writing it."""
    script = (
        "import sys, time\nfrom pathlib import Path\n"
        "from autograder.service.workers.write_lock import WriteLock\n"
        "with WriteLock(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(600)\n"
    )
    command = [sys.executable, "-c", script, str(exchange.course.root)]
    other = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert other.stdout.readline() == b"held\n"
        with serving(exchange.course) as service:
            exchange.hand_in("games")
            until(lambda: service.status().get("not_in_gradebook"), "it is graded")
            assert book_scores(exchange.course) == {}
            other.kill()
            settled(service, 1)
    finally:
        other.kill()
        other.wait()
        other.stdout.close()
    assert book_scores(exchange.course) == {"games": MOST}


def test_the_hub_is_started_again(exchange, store, tmp_path):
    """The hub ends and takes its service along; what came meanwhile is graded by the next one."""
    groups = {"nbgrader-toycourse": list(STUDENTS), "formgrade-toycourse": ["ines"]}
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    exchange.hand_in("games")
    hub = start_hub(tmp_path / "first", exchange.course.root, groups)
    try:
        until(lambda: all_done(store, 1), "graded")
        assert requests.get(f"{hub.prefix}healthz", timeout=30).json()["ok"]
        exchange.hand_in("mail", SLOW)
        until(lambda: any(one.state is State.RUNNING for one in store.of()), "it is graded")
    finally:
        hub.stop()
    exchange.hand_in("news")
    assert [one.state for one in store.of("mail")] == [State.WAITING]
    hub = start_hub(tmp_path / "second", exchange.course.root, groups)
    try:
        until(lambda: all_done(store, 3), "all graded")
        until(lambda: requests.get(f"{hub.prefix}healthz", timeout=30).json()["ok"], "well")
    finally:
        hub.stop()
    assert [one.tries for one in store.of()] == [1, 1, 1]
    assert book_scores(exchange.course) == dict.fromkeys(("games", "mail", "news"), MOST)
