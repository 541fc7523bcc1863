"""Who may write the gradebook and the course's folders: one thread of one service at a time."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path
from types import TracebackType

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
        self._threads = threading.Lock()
        self._file = -1

    def __enter__(self) -> WriteLock:
        """Wait for the lock.

        Raises:
            OSError: the file cannot be made or locked.
        """
        self._threads.acquire()
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._file = os.open(self._folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)
        except BaseException:
            self._drop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Release the lock."""
        self._drop()

    def _drop(self) -> None:
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)
        self._threads.release()
