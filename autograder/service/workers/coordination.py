"""How the service's threads wake each other, end together, and report faults."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger("autograder.service")


class Coordination:
    """Shared by all threads of one service."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._count = 0
        self._stopped = False
        self._faults: dict[str, tuple[str, float]] = {}

    @property
    def stopped(self) -> bool:
        """Whether all threads should end."""
        return self._stopped

    def stop(self) -> None:
        """Make all threads end."""
        self._stopped = True
        self.wake()

    def wake(self) -> None:
        """Make all waiting threads look for work."""
        with self._condition:
            self._count += 1
            self._condition.notify_all()

    def count(self) -> int:
        """A number to read before looking for work, and to pass to `wait`."""
        return self._count

    def wait(self, seen: int, most_s: float) -> None:
        """Wait until somebody calls `wake` after `seen` was read, or until the time is over."""
        with self._condition:
            self._condition.wait_for(lambda: self._count != seen, most_s)

    def pause(self, seconds: float) -> None:
        """Wait for some time, or until all threads should end."""
        with self._condition:
            self._condition.wait_for(lambda: self._stopped, seconds)

    @property
    def faults(self) -> dict[str, tuple[str, float]]:
        """By activity that fails now: the kind of fault, and since when, in seconds since 1970."""
        return dict(self._faults)

    @contextmanager
    def watched(self, activity: str) -> Iterator[None]:
        """Record an activity as failing when the block raises, and as working when it does not.

        The exception is logged and goes no further: the caller continues, and tries again later.
        """
        try:
            yield
        except Exception as error:
            kind = type(error).__name__
            known = self._faults.get(activity)
            if known is None or known[0] != kind:
                log.exception("%s fails, and is tried again", activity)
            self._faults[activity] = (kind, known[1] if known else time.time())
        else:
            if self._faults.pop(activity, None):
                log.info("%s works again", activity)
