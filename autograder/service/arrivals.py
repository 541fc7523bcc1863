"""Watching the exchange: notices of the file system first, and a look at everything as a net.

Notices are fast but do not cross NFS and miss what came while nobody listened. So every few
seconds, and at the start, all names are looked at; what was taken in before is told by the store.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import OperationalError
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from autograder.service.attempts import Attempts
from autograder.service.current import CurrentCourse
from autograder.service.intake import (
    NotTaken,
    NotYet,
    Refused,
    drop_copy,
    keep_copy,
    read_arrival,
    read_name,
)
from autograder.service.settings import Service
from autograder.submission import Unreachable

log = logging.getLogger("autograder.service")

SLOW_S = 600.0
"""After this time, an incomplete submission is mentioned in the log."""
SETTLE_S = 0.02
"""How long notices are collected: handing in makes a dozen."""


class Arrivals:
    """Takes in what arrives in the exchange.

    Args:
        current: the course.
        settings: its settings.
        attempts: the store.
        inbound: the exchange's folder.
    """

    def __init__(
        self, current: CurrentCourse, settings: Service, attempts: Attempts, inbound: Path
    ) -> None:
        self._current, self._settings, self._attempts = current, settings, attempts
        self._course = current.read()
        self.inbound = inbound
        self.incomplete: dict[str, float] = {}
        """Names of submissions that are not complete, with when each was first seen."""
        self._known: set[str] | None = None
        self._version = -1
        """Of the store; it is lower only after an older copy of the database was put back."""
        self._passed: dict[str, int] = {}
        """Names of what is not taken, with the time of change at which it was looked at."""

    def scan(self) -> int:
        """Look at everything in the exchange once; returns how many attempts are new.

        Raises:
            OSError: the exchange cannot be read, or the disk is full; what was not taken in is
                taken in by the next look.
            sqlalchemy.exc.SQLAlchemyError: likewise for the store.
        """
        course = self._current.read()
        if course is not self._course:
            self._course = course
            self._passed.clear()  # What is no submission to one course may be one to the next.
        self._remember()
        found = self._unknown()
        for name in self.incomplete.keys() - {name for _, name in found}:
            del self.incomplete[name]
        new = 0
        failed: Exception | None = None
        for changed, name in found:
            try:
                new += self._take(name, changed)
            except OperationalError:
                raise  # It is the store's; every other one would wait for it too.
            except Exception as error:
                failed = error  # The others are taken in all the same.
        if failed is not None:
            raise OSError(str(failed)) if isinstance(failed, Unreachable) else failed
        return new

    def _remember(self) -> None:
        """Read what was taken in before, at the start and when the store is an older one."""
        version = self._attempts.version()
        if self._known is None or version < self._version:
            self._known = self._attempts.known_sources()
        self._version = version

    def _unknown(self) -> list[tuple[int, str]]:
        """Names that are not dealt with, the one that changed longest ago first."""
        assert self._known is not None
        found, there = [], set()
        with os.scandir(self.inbound) as entries:
            for entry in entries:
                there.add(entry.name)
                if entry.name in self._known:
                    continue
                with suppress(FileNotFoundError):
                    changed = entry.stat(follow_symlinks=False).st_ctime_ns
                    if self._passed.get(entry.name) != changed:
                        found.append((changed, entry.name))
        for name in self._passed.keys() - there:
            del self._passed[name]
        return sorted(found)

    def _take(self, name: str, changed: int) -> bool:
        """Take in one submission; whether it is a new attempt."""
        assert self._known is not None
        arrived = datetime.fromtimestamp(changed / 1e9, UTC)
        try:
            check = self._settings.check_owner
            arrival = read_arrival(self._course, self.inbound, name, check)
        except NotYet:
            self._wait_for(name)
            return False
        except NotTaken as problem:
            self._passed[name] = changed
            log.warning("not taken: %s: %s", ascii(name)[:200], problem)
            return False
        except Refused as problem:
            log.warning("refused: %s: %s", ascii(name)[:200], problem)
            assignment = read_name(name).assignment
            self._attempts.arrive(
                name, problem.student, assignment, arrived=arrived, refused=str(problem)
            )
            self._settle(name)
            return False
        keep_copy(self._course, arrival)
        attempt, new = self._attempts.arrive(
            name,
            arrival.named.student,
            arrival.named.assignment,
            arrived=arrival.arrived,
            key=arrival.key,
            timestamp=arrival.timestamp,
            folder=arrival.folder,
        )
        if attempt.folder != arrival.folder:
            drop_copy(self._course, arrival)
        self._settle(name)
        return new and bool(attempt.folder)

    def _settle(self, name: str) -> None:
        assert self._known is not None
        self._known.add(name)
        self.incomplete.pop(name, None)

    def _wait_for(self, name: str) -> None:
        now = time.monotonic()
        since = self.incomplete.setdefault(name, now)
        if 0 < SLOW_S < now - since:
            log.warning("incomplete for %.0f s: %s", now - since, ascii(name)[:200])
            self.incomplete[name] = now


class Notices(FileSystemEventHandler):
    """Sets an event when something changes in a folder; a folder that is replaced is followed.

    Args:
        folder: the folder.
        changed: is set.
    """

    def __init__(self, folder: Path, changed: threading.Event) -> None:
        self._folder, self._changed = folder, changed
        self._observer: BaseObserver | None = None
        self._watched: tuple[int, int] | None = None

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Note any change but that somebody, such as we ourselves, looked."""
        if event.event_type not in ("opened", "closed_no_write"):
            self._changed.set()

    def follow(self) -> None:
        """Watch the folder that is there now, if it can be watched; polling is left otherwise."""
        try:
            status = self._folder.stat()
        except OSError:
            self.close()
            return
        here = (status.st_dev, status.st_ino)
        if self._observer is not None and self._observer.is_alive() and here == self._watched:
            return
        self.close()
        observer = Observer()
        try:
            observer.schedule(self, str(self._folder), recursive=False)
            observer.start()
        except OSError as error:
            log.warning("no notices from %s (%s): it is looked at in turns", self._folder, error)
            return
        self._observer, self._watched = observer, here

    def close(self) -> None:
        """Watch no longer."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join(5)
        self._observer = self._watched = None
