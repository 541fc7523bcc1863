"""Watches the exchange: notices of the file system first, and a look at everything as a safety net.

Notices are fast, but they do not cross NFS and miss what came while nobody listened. So every few
seconds, and at the start, all names are read; the store tells which of them were taken in before.
"""

from __future__ import annotations

import logging
import os
import stat
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from autograder.feedback import notice_page
from autograder.sandbox.beneath import Unreachable
from autograder.service.settings import Service
from autograder.service.store.arrivals import ANOTHERS
from autograder.service.store.attempt import Attempt, State
from autograder.service.store.attempts import Attempts
from autograder.service.store.tables import is_away
from autograder.service.workers.feedback_release import FeedbackRelease
from autograder.service.workers.folder_names import NotTaken, shown
from autograder.service.workers.intake import (
    SECRET,
    NotYet,
    Refused,
    drop_copy,
    keep_copy,
    read_arrival,
    secret_digest,
)
from autograder.service.workers.live_course import LiveCourse

log = logging.getLogger("autograder.service")

SLOW_S = 600.0
"""Seconds after which an incomplete submission is mentioned in the log."""
SETTLE_S = 0.02
"""Seconds for which notices are collected: one submission makes a dozen."""


class Inbox:
    """Takes in what arrives in the exchange.

    Args:
        current: the course.
        settings: its settings.
        attempts: the store.
        inbound: the exchange's folder.
    """

    def __init__(
        self, current: LiveCourse, settings: Service, attempts: Attempts, inbound: Path
    ) -> None:
        self._current, self._settings, self._attempts = current, settings, attempts
        self._course = current.read()
        self.inbound = inbound
        self.incomplete: dict[str, float] = {}
        """Names of incomplete submissions, with the time when each was first seen."""
        self._known: set[str] = set()
        """Names in the exchange that are dealt with."""
        self._version: int | None = None
        """The store's version; it falls only when an older copy of the database was put back."""
        self._passed: dict[str, int] = {}
        """Names that are not submissions to this course, with their time of change when they were
        read."""

    def scan(self) -> int:
        """Read everything in the exchange once; returns the number of new attempts.

        Raises:
            OSError: the exchange cannot be read, or the disk is full; the next scan takes in the
                rest.
            sqlalchemy.exc.SQLAlchemyError: likewise for the store.
        """
        course = self._current.read()
        if course is not self._course:
            self._course = course
            self._passed.clear()  # The changed course may take what the old one did not.
        close_to_others(self.inbound)
        self._remember()
        found = self._unknown()
        for name in self.incomplete.keys() - {name for _, name in found}:
            del self.incomplete[name]
        new = 0
        failed: Exception | None = None
        for changed, name in found:
            try:
                new += self._take(name, changed)
            except Exception as error:
                if is_away(error):
                    raise  # The store is away, so every other submission would fail too.
                failed = error  # Take in the others all the same.
        if failed is not None:
            raise OSError(str(failed)) if isinstance(failed, Unreachable) else failed
        return new

    def _remember(self) -> None:
        """Read the known names, at the start and when the store is an older copy."""
        version = self._attempts.version()
        if self._version is None or version < self._version:
            self._note_secrets()
            self._known = self._attempts.known_sources()
        self._version = version

    def _note_secrets(self) -> None:
        """Read the secrets of attempts that were taken in before the store kept secrets."""
        found = {}
        for attempt in self._attempts.without_secret():
            with suppress(FileNotFoundError):
                secret = (self._course.root / attempt.folder / SECRET).read_bytes()
                found[attempt.id] = secret_digest(secret)
        if found:
            self._attempts.note_secrets(found)

    def _unknown(self) -> list[tuple[int, str]]:
        """Names that are not dealt with, the one that changed longest ago first."""
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
        self._known &= there  # If a name comes back, the store still knows it.
        return sorted(found)

    def _take(self, name: str, changed: int) -> bool:
        """Take in one submission; True if it is a new attempt."""
        arrived = datetime.fromtimestamp(changed / 1e9, UTC)
        try:
            check = self._settings.check_owner
            arrival = read_arrival(self._course, self.inbound, name, check)
        except NotYet:
            self._wait_for(name)
            return False
        except NotTaken as problem:
            self._passed[name] = changed
            log.warning("not taken: %s: %s", shown(name), problem)
            return False
        except Refused as problem:
            self._refuse(name, arrived, problem)
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
            secret=arrival.secret,
        )
        if attempt.folder != arrival.folder:
            drop_copy(self._course, arrival)
            if not new:
                log.info("%s: taken in before under another name", shown(name))
        self._settle(name)
        if new and attempt.state is State.REFUSED:
            self._tell(attempt, arrival.files)
        return new and bool(attempt.folder)

    def _refuse(self, name: str, arrived: datetime, problem: Refused) -> None:
        """Record a submission that cannot be taken in, and tell its student why."""
        log.warning("refused: %s: %s", shown(name), problem)
        secret = problem.own.get(SECRET)
        attempt, new = self._attempts.arrive(
            name,
            problem.student,
            problem.assignment,
            arrived=arrived,
            secret="" if secret is None else secret_digest(secret),
            refused=str(problem),
        )
        self._settle(name)
        if new:
            self._tell(attempt, problem.own)

    def _tell(self, attempt: Attempt, own: Mapping[str, bytes]) -> None:
        """Put the reason of a refusal where *Fetch feedback* finds it.

        Not if the secret is another submission's: the page would replace the feedback on that one.
        """
        if not own or attempt.reason == ANOTHERS:
            return
        course, student = self._course, attempt.student
        pages = {
            lab.name: notice_page(
                attempt.reason, student=student, course=course.title, notebook=lab.name
            )
            for lab in course.labs_of(attempt.assignment)
        }
        try:
            FeedbackRelease(course).release(attempt, pages, own)
        except Exception as error:
            # The service's own pages show it all the same.
            log.warning("the reason of refusal %d is not in the exchange: %s", attempt.id, error)

    def _settle(self, name: str) -> None:
        self._known.add(name)
        self.incomplete.pop(name, None)

    def _wait_for(self, name: str) -> None:
        now = time.monotonic()
        since = self.incomplete.setdefault(name, now)
        if 0 < SLOW_S < now - since:
            log.warning("incomplete for %.0f s: %s", now - since, shown(name))
            self.incomplete[name] = now


def close_to_others(inbound: Path) -> None:
    """Let nobody list the exchange's folder, or rename or remove entries of other accounts in it.

    nbgrader makes it writable for everybody, without the bit that protects other accounts' entries.
    If it belongs to another account, that account's administrator decides.

    Raises:
        OSError: the folder is not there.
    """
    status = inbound.stat()
    wanted = (stat.S_IMODE(status.st_mode) | stat.S_ISVTX) & ~stat.S_IROTH
    if wanted != stat.S_IMODE(status.st_mode) and os.getuid() in (0, status.st_uid):
        inbound.chmod(wanted)
        log.info("%s: closed to others, mode %o", inbound, wanted)


class Notices(FileSystemEventHandler):
    """Sets an event when something changes in a folder, also after the folder was replaced.

    Args:
        folder: the folder.
        changed: the event to set.
    """

    def __init__(self, folder: Path, changed: threading.Event) -> None:
        self._folder, self._changed = folder, changed
        self._observer: BaseObserver | None = None
        self._watched: tuple[int, int] | None = None

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Note any change; merely opening something, as we do ourselves, is not one."""
        if event.event_type not in ("opened", "closed_no_write"):
            self._changed.set()

    def follow(self) -> None:
        """Watch the folder that is there now; if that is impossible, polling remains."""
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
        """Stop watching."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join(5)
        self._observer = self._watched = None
