"""Whatever fails: no mark is lost or doubled, everything is graded, and the status tells the truth.

The faults are real ones: processes are killed, the database is locked or away, the disk is full.
Times are short by the course's settings; what must happen is waited for, not measured.
"""

from __future__ import annotations

import multiprocessing
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from engine import toy

from autograder.course import Course
from autograder.service.attempts import FINISHED, Attempts, State
from autograder.service.grading import GradingService

from .exchange import (
    AS_ROOT,
    LESS,
    MOST,
    STUDENTS,
    WRONG,
    book_scores,
    make_exchange,
    serving,
    settled,
    until,
)

SLOW = {"area": "import time\n" + toy.AREA.replace("    ###", "    time.sleep(1.0)\n    ###", 1)}
SERVICE = """
import sys, signal
from pathlib import Path
from autograder.course import Course
from autograder.service.grading import GradingService
if __name__ == "__main__":
    service = GradingService(Course.load(Path(sys.argv[1])))
    service.start()
    signal.sigwait({signal.SIGTERM})
    service.stop()
"""


@contextmanager
def process(course: Course, folder: Path):
    """The service in a process of its own; ended in the end, if it is still there."""
    script = folder / "serve.py"
    script.write_text(SERVICE)
    running = subprocess.Popen([sys.executable, str(script), str(course.root)])
    try:
        yield running
    finally:
        running.terminate()
        running.wait(60)


@pytest.fixture
def store(exchange):
    """The course's store, as another process sees it."""
    found = Attempts(exchange.course.database, busy_s=30)
    yield found
    found.close()


def all_done(store: Attempts, count: int) -> bool:
    """Whether there are so many attempts, all of them finished and in the gradebook."""
    found = store.of()
    finished = [one for one in found if one.state in FINISHED]
    return len(finished) == len(found) == count and not store.to_place()


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


def test_the_database_is_locked(exchange):
    """As long as another program writes, nothing is lost; the status says that it does not go."""
    path = exchange.course.database.removeprefix("sqlite:///")
    with serving(exchange.course) as service:
        exchange.hand_in("games")
        settled(service, 1)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        exchange.hand_in("mail")
        until(lambda: not service.status()["ok"], "the status tells")
        (fault,) = service.status()["faults"]
        assert (fault["activity"], fault["kind"]) == ("reading the exchange", "OperationalError")
        time.sleep(2.0)
        assert len(service.attempts.of()) == 1
        other.execute("ROLLBACK")
        other.close()
        settled(service, 2)
        until(lambda: service.status()["ok"], "the status is well again")
        assert book_scores(exchange.course) == {"games": MOST, "mail": MOST}


def test_the_database_is_locked_while_grading(exchange):
    """A mark that cannot be written is kept until it can."""
    path = exchange.course.database.removeprefix("sqlite:///")
    with serving(exchange.course) as service:
        exchange.hand_in("games", SLOW)
        until(lambda: service.status()["running"], "it is graded")
        other = sqlite3.connect(path, isolation_level=None, timeout=30)
        other.execute("BEGIN IMMEDIATE")
        until(
            lambda: any(f["activity"] == "writing a mark" for f in service.status()["faults"]),
            "the mark cannot be written",
        )
        other.execute("ROLLBACK")
        other.close()
        (attempt,) = settled(service, 1)
        assert (attempt.score, attempt.tries) == (MOST, 1)


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
        exchange.hand_in("mail")
        time.sleep(2.0)
        for file in moved[::-1]:
            file.rename(path.with_name(file.name))
        settled(service, 2)
        until(lambda: service.status()["ok"], "the status is well again")
        assert book_scores(exchange.course) == {"games": MOST, "mail": MOST}


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


def test_a_flood(exchange):
    """Only so many are graded at once, and others do not wait for one student's many attempts."""
    for _ in range(12):
        exchange.hand_in("games", WRONG)
    for student in STUDENTS[1:]:
        exchange.hand_in(student)
    count, most = 12 + len(STUDENTS) - 1, 0
    with serving(exchange.course) as service:
        end = time.monotonic() + 120
        while not all_done(service.attempts, count):
            running = [one for one in service.attempts.of() if one.state is State.RUNNING]
            most = max(most, len(running))
            assert time.monotonic() < end
            time.sleep(0.02)
        found = service.attempts.of(newest_first=False)
        started = sorted(found, key=lambda one: one.started)
        others = [place for place, one in enumerate(started) if one.student != "games"]
        assert max(others) < len(STUDENTS) + 2
        assert 1 <= most <= 2
        assert Counter(one.counts for one in found) == {True: len(STUDENTS), False: 11}
        scores = dict.fromkeys(STUDENTS, float(MOST)) | {"games": LESS}
        assert book_scores(exchange.course) == scores


def test_two_services_at_once(exchange, store, tmp_path):
    """By mistake started twice, they share the work: nothing is taken or graded twice."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with process(exchange.course, tmp_path / "a"), process(exchange.course, tmp_path / "b"):
        for student in STUDENTS[:4]:
            exchange.hand_in(student)
        until(lambda: all_done(store, 4), "all graded", 120)
    assert [one.tries for one in store.of()] == [1] * 4
    assert book_scores(exchange.course) == dict.fromkeys(STUDENTS[:4], float(MOST))


def test_hostile_submissions_stop_nobody(exchange):
    """Whatever is handed in costs at most its own marks."""
    loop = "def area(sides):\n    while True:\n        pass\n"
    kill = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\nos.kill(-1, signal.SIGKILL)\n"
    exchange.hand_in("games", {"area": loop})
    exchange.hand_in("mail", {"area": kill + toy.AREA})
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
        until(lambda: len(service.attempts.of()) == 5, "all but the incomplete one are told")
        until(lambda: not service.attempts.queue(), "all graded")
        until(lambda: not service.attempts.to_place(), "all in the gradebook")
        status = service.status()
        found = {one.student: one for one in service.attempts.of()}
    assert found["lp"].score == MOST
    assert found["games"].state is State.DONE
    assert found["games"].score < MOST
    assert found["mail"].score < MOST
    assert (found["news"].state, found["news"].score) == (State.NEEDS_PERSON, 0)
    assert found["backup"].state is State.REFUSED
    assert "man" not in found
    assert status["incomplete"] == 1
    assert set(book_scores(exchange.course)) == {"games", "mail", "news", "lp"}


def test_begun_too_often_a_person_is_asked(exchange, store):
    """An attempt over which services die is given up in the end, and others go on."""
    exchange.hand_in("games")
    service = GradingService(exchange.course)
    service._arrivals.scan()
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
