"""The thread of the service that sends marks; of several services of a course, one sends."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from autograder.errors import CourseError
from autograder.service.workers.coordination import Coordination
from autograder.service.workers.intake import ATTEMPTS
from autograder.service.workers.sender import Sender

log = logging.getLogger("autograder.service")

LOCK = ".lms-lock"
SENDING = "sending marks"
"""An activity that may fail while submissions are graded all the same."""


@contextmanager
def only_sender(root: Path) -> Iterator[bool]:
    """Whether this process is the only one that sends the course's marks, until the block ends."""
    folder = root / ATTEMPTS
    folder.mkdir(mode=0o700, exist_ok=True)
    lock = FileLock(folder / LOCK, mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


class SenderThread(threading.Thread):
    """The thread of the service that sends.

    Args:
        root: the course's folder.
        make: makes the sender; called when this service is the one that sends.
        coordination: how the threads wake each other and keep what fails.
        poll_s: seconds between two looks.
    """

    def __init__(
        self, root: Path, make: Callable[[], Sender], coordination: Coordination, poll_s: float
    ) -> None:
        super().__init__(name="sender", daemon=True)
        self._root, self._make = root, make
        self._sender: Sender | None = None
        self.trouble = ""
        """Why no marks are sent now, in words; empty while they are."""
        self._coordination, self._poll_s = coordination, poll_s

    def run(self) -> None:
        """Send until the service ends."""
        while not self._coordination.stopped:
            seen = self._coordination.count()
            with self._coordination.watched(SENDING), only_sender(self._root) as alone:
                if alone:
                    self._send()
            self._coordination.wait(seen, self._poll_s)

    def _send(self) -> None:
        """Send as long as something is due; then the lock is free for a moment."""
        try:
            self._sender = self._sender or self._make()
            while self._sender.step() and not self._coordination.stopped:
                pass
        except CourseError as error:
            self._tell(str(error))
        else:
            self._tell(self._sender.away)

    def _tell(self, trouble: str) -> None:
        if trouble and trouble != self.trouble:
            log.warning("no marks are sent now: %s", trouble)
        self.trouble = trouble
