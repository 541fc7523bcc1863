"""Who may write the gradebook and the course's folders: one thread of one service at a time."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType

from filelock import FileLock

from autograder.service.workers.intake import ATTEMPTS

NAME = ".write-lock"


class WriteLock:
    """A lock between the threads of this process and, through a file, the services of a course.

    The system releases the file's lock when its holder dies, however it dies.

    Args:
        root: the course's folder.
    """

    def __init__(self, root: Path) -> None:
        self._folder = root / ATTEMPTS
        # By itself, the file's lock lets a thread in again that holds it already.
        self._threads = threading.Lock()
        self._services = FileLock(self._folder / NAME, mode=0o600)

    def __enter__(self) -> WriteLock:
        """Wait for the lock.

        Raises:
            OSError: the file cannot be made or locked.
        """
        self._threads.acquire()
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._services.acquire()
        except BaseException:
            self._threads.release()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Release the lock."""
        try:
            self._services.release()
        finally:
            self._threads.release()
