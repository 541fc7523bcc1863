"""Graders: each leases one attempt after the other and grades it in a warm room of its own.

What a student's code does is a report. What the machine does (no disk, no database, no jail) puts
the attempt back without costing it a try; only a grading that breaks off for no such reason counts,
and after a few of them a person is asked to look.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from autograder.errors import AutograderError
from autograder.service.attempts import Attempt, Attempts, State
from autograder.service.room import Room, outcome
from autograder.service.settings import Service
from autograder.service.signals import Signals
from autograder.verdict import Report

log = logging.getLogger("autograder.service")

LATER = 5.0
"""Polls after which an attempt is taken up again that a fault of the machine put back."""


class Grader(threading.Thread):
    """A thread that grades; a second one keeps its lease.

    Args:
        root: the course's folder.
        tier: the tier of isolation to use.
        settings: the course's settings.
        attempts: the store.
        signals: of the service.
    """

    def __init__(
        self, root: Path, tier: str, settings: Service, attempts: Attempts, signals: Signals
    ) -> None:
        self.holder = f"grader-{secrets.token_hex(8)}"
        super().__init__(name=self.holder, daemon=True)
        self._root, self._tier = root, tier
        self._settings, self._attempts, self._signals = settings, attempts, signals
        self._room: Room | None = None
        self._held: int | None = None

    def run(self) -> None:
        """Grade until the service ends."""
        threading.Thread(target=self._keep_leases, name=f"{self.name}-lease", daemon=True).start()
        while not self._signals.stopped:
            seen = self._signals.count()
            found = False
            with self._signals.watched("opening the course"):
                self._enter_room()
            with self._signals.watched("taking the next attempt"):
                found = self._room is not None and self._next()
            if not found:
                self._signals.wait(seen, self._settings.poll_s)
        self._leave_room()

    def give_back(self) -> None:
        """Let another service have the attempt that is being graded; for the service's end."""
        held = self._held
        if held is not None:
            self._attempts.give_back(held, self.holder, counted=False)

    def _enter_room(self) -> None:
        if self._room is not None and not self._room.fresh:
            self._leave_room()
        if self._room is None:
            self._room = Room(self._root, self._tier)

    def _leave_room(self) -> None:
        room, self._room = self._room, None
        if room is not None:
            room.close()

    def _next(self) -> bool:
        """Grade what is next; whether there was something."""
        attempt = self._attempts.lease(self.holder, self._settings.lease_s)
        if attempt is None:
            return False
        self._held = attempt.id
        try:
            self._settle(attempt)
        finally:
            self._held = None
            self._signals.wake()
        return True

    def _settle(self, attempt: Attempt) -> None:
        """Grade an attempt and write the result down, or put the attempt back."""
        reports: list[Report] = []
        with self._signals.watched("grading"):
            try:
                reports = self._grade(attempt)
            except (AutograderError, OSError, SQLAlchemyError):
                self._put_back(attempt, counted=False)
                raise
            except Exception:
                self._put_back(attempt, counted=True)
                raise
        if not reports:
            return
        state, reason = outcome(reports)
        while not self._signals.stopped:
            with self._signals.watched("writing a mark"):
                if not self._attempts.finish(attempt.id, self.holder, state, reports, reason):
                    log.warning("attempt %d was given to another grader meanwhile", attempt.id)
                return
            self._signals.pause(self._settings.poll_s)

    def _grade(self, attempt: Attempt) -> list[Report]:
        assert self._room is not None
        if not (self._root / attempt.folder).is_dir():
            raise FileNotFoundError(f"{attempt.folder} is gone")
        tasks = self._room.tasks(attempt, self._alike(attempt))
        if attempt.tries > self._settings.tries:
            log.error("attempt %d was begun %d times in vain", attempt.id, attempt.tries - 1)
            return self._room.give_up(tasks)
        return self._room.grade(tasks)

    def _alike(self, attempt: Attempt) -> list[Report]:
        """Reports on the same work handed in before: it gets the same mark, not other inputs."""
        same = [
            one
            for one in self._attempts.of(attempt.student, attempt.assignment)
            if one.key == attempt.key and one.state is State.DONE
        ]
        return self._attempts.reports(same[0].id) if same else []

    def _put_back(self, attempt: Attempt, counted: bool) -> None:
        later_s = LATER * self._settings.poll_s
        self._leave_room()
        try:
            self._attempts.give_back(attempt.id, self.holder, later_s=later_s, counted=counted)
        except SQLAlchemyError:
            log.warning("attempt %d waits for its lease to run out", attempt.id)

    def _keep_leases(self) -> None:
        """Renew the lease of what is being graded, in good time."""
        while not self._signals.stopped:
            held, began = self._held, time.monotonic()
            if held is not None:
                with self._signals.watched("keeping leases"):
                    self._attempts.renew(held, self.holder, self._settings.lease_s)
            spent_s = time.monotonic() - began
            self._signals.pause(max(self._settings.lease_s / 4 - spent_s, 0.05))
