"""The write lock: one thread of one service of a course at a time."""

from __future__ import annotations

import stat
import threading
import time

import pytest

from autograder.service.workers.write_lock import WriteLock


def test_the_write_lock_is_one_threads_at_a_time(tmp_path):
    """Of the threads that share it, and of another lock on the same course; each gives it back."""
    course, inside, most = tmp_path / "course", [], []
    course.mkdir()
    ours, anothers = WriteLock(course), WriteLock(course)

    def write(lock):
        for _ in range(5):
            with lock:
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.001)
                inside.pop()

    threads = [threading.Thread(target=write, args=[lock]) for lock in (ours, ours, anothers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert most == [1] * 15
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in course.rglob("*")}
    assert modes == {"attempts": 0o700, ".write-lock": 0o600}


def test_a_write_lock_that_cannot_be_made_is_not_held(tmp_path):
    """The error is told, and the next thread does not wait for ever."""
    course = tmp_path / "course"
    lock = WriteLock(course)
    for _ in range(2):
        with pytest.raises(OSError, match="course"), lock:
            pass
    course.mkdir()
    with lock:
        assert (course / "attempts" / ".write-lock").exists()
