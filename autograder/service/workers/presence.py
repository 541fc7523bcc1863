"""Tells which services of a course are alive: each holds a lock on a file as long as it lives.

The system releases a lock at once when its holder dies, however it dies. So nobody has to wait for
the lease of a grader that is known to be dead. A lock that cannot be tested (a machine that is
gone, a file system without locks) tells nothing, and then the lease expires by itself.

The locks are taken by hand, since `filelock` cannot do what is needed: lock a file before it has
its name, and try the lock of another service's file without making that file where it is gone.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from autograder.service.workers.intake import ATTEMPTS

FOLDER, NEW = ".alive", "."


class Presence:
    """The sign of life of one service of a course.

    Args:
        root: the course's folder.
    """

    def __init__(self, root: Path) -> None:
        self.name = f"grader-{secrets.token_hex(8)}"
        """The name of this service; the names of its graders begin with it and a dot."""
        self._folder = root / ATTEMPTS / FOLDER
        self._file = -1

    def show(self) -> None:
        """Show others from now on that this service is alive.

        Raises:
            OSError: the file cannot be made or locked.
        """
        self._folder.parent.mkdir(mode=0o700, exist_ok=True)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        # Rename it only once it is locked, so that others never see it unlocked.
        made = self._folder / f"{NEW}{self.name}"
        self._file = os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        made.rename(self._folder / self.name)

    def dead(self) -> Iterator[str]:
        """Names of services that are known to be dead; each stays locked until the next is read.

        Raises:
            OSError: the folder cannot be read.
        """
        for name in sorted(os.listdir(self._folder)) if self._folder.is_dir() else ():
            if name == self.name or name.startswith(NEW):
                continue
            file = self._locked(name)
            if file < 0:
                continue
            try:
                yield name
                with suppress(FileNotFoundError):
                    (self._folder / name).unlink()
            finally:
                os.close(file)

    def _locked(self, name: str) -> int:
        """The file of another service, locked by us because that one is dead; else -1."""
        try:
            file = os.open(self._folder / name, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return -1  # It ended meanwhile.
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return -1
        return file

    def close(self) -> None:
        """Remove the sign of life; no other service will then count this one as dead."""
        file, self._file = self._file, -1
        if file >= 0:
            with suppress(FileNotFoundError):
                (self._folder / self.name).unlink()
            os.close(file)
