"""The gradebook's marks as pages show them: read on demand, kept for a moment.

Formgrader, `autograder grade` and nbgrader write the same database, so nothing is trusted for
longer than `FRESH_S`. An SQLite file that nobody has written to since is not read again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import make_url

from autograder.gradebook.book_marks import BookMark, Key
from autograder.report import Booked, Graded
from autograder.service.store.attempt import Attempt, Fate

FRESH_S = 1.0
"""Seconds for which marks are shown without looking at the gradebook again."""


@dataclass(frozen=True)
class Snapshot:
    """The gradebook's marks at one moment."""

    marks: Mapping[Key, BookMark] = field(default_factory=dict)
    students: tuple[str, ...] = ()

    def of(self, attempt: Attempt) -> Booked | None:
        """The mark of the attempt that counts; None for others, or while the gradebook lacks it."""
        if not (attempt.counts and attempt.placed):
            return None
        fates = dict(attempt.fates)
        found = {
            name: self.notebook(attempt, name, fate is Fate.WITHHELD)
            for name, fate in fates.items()
        }
        there = [one for one in found.values() if one is not None]
        if not there:
            return None
        scores = [one.score for one in there if one.score is not None]
        whole = len(scores) == len(there)
        return Booked(sum(scores) if whole else None, sum(one.max_score for one in there))

    def notebook(self, attempt: Attempt, name: str, withheld: bool) -> Booked | None:
        """The mark of one notebook of the attempt that counts; see `of`."""
        mark = self.marks.get((attempt.student, attempt.assignment, name))
        if mark is None or not (attempt.counts and attempt.placed):
            return None
        return mark.booked(withheld)

    def graded(self, attempt: Attempt, one: Graded) -> Graded:
        """A report on the attempt, with the gradebook's mark."""
        report = one.report
        mark = self.notebook(attempt, report.notebook, report.withheld)
        return Graded(one.student, report, mark)


class Marks:
    """The gradebook's marks, for several threads.

    Args:
        read: reads the gradebook; see `Attempts.book`.
        database_url: the gradebook's address.
    """

    def __init__(
        self, read: Callable[[], tuple[dict[Key, BookMark], list[str]]], database_url: str
    ) -> None:
        self._read = read
        url = make_url(database_url)
        sqlite = url.get_backend_name() == "sqlite" and url.database
        names = (str(url.database), f"{url.database}-wal")
        self._files = [Path(name) for name in names] if sqlite else []
        self._snapshot = Snapshot()
        self._stamp: object = None
        self._looked_s = float("-inf")
        self._lock = threading.Lock()

    def now(self) -> Snapshot:
        """The marks as they are, or were a moment ago; the same object while nothing changes.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the gradebook cannot be read.
        """
        with self._lock:
            if time.monotonic() - self._looked_s < FRESH_S:
                return self._snapshot
            stamp = self._file_stamp()
            if stamp is None or stamp != self._stamp:
                marks, students = self._read()
                found = Snapshot(marks, tuple(students))
                self._snapshot = self._snapshot if found == self._snapshot else found
            self._stamp, self._looked_s = stamp, time.monotonic()
            return self._snapshot

    def expire(self) -> None:
        """Make the next `now` read the gradebook again: something was written."""
        with self._lock:
            self._looked_s, self._stamp = float("-inf"), None

    def _file_stamp(self) -> object:
        """A value that changes with every write to an SQLite file; None if it cannot be known."""
        if not self._files:
            return None
        found = []
        for file in self._files:
            try:
                status = file.stat()
            except FileNotFoundError:
                continue
            found.append((status.st_ino, status.st_size, status.st_mtime_ns))
        return tuple(found) or None
