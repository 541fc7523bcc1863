"""Limits on our own code, for the places where a submission can make it run long or grow large.

`at_most` interrupts one block. An `Allowance` holds the time and the memory that all of our own
work on one submission may take: comparing, diagnosing, answering callbacks.
"""

from __future__ import annotations

import math
import resource
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class TookTooLong(Exception):
    """The code in the block did not finish in time."""


class TooMuchWork(Exception):
    """A submission's answers cost us more time or memory than one submission may."""


@contextmanager
def at_most(wall_s: float) -> Iterator[None]:
    """Interrupt the block after `wall_s` seconds; of nested blocks, the earliest end counts.

    Only the main thread can be interrupted; elsewhere the block runs on. A single long call into
    compiled code is interrupted when it returns.

    Raises:
        TookTooLong: the time is over.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: object) -> None:
        raise TookTooLong(f"it took longer than {wall_s:g} s")

    began = time.monotonic()
    before = signal.signal(signal.SIGALRM, stop)
    left, _ = signal.setitimer(signal.ITIMER_REAL, max(wall_s, 1e-3))
    if 0 < left < wall_s:
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, left)
    try:
        yield
    finally:
        spent = time.monotonic() - began
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, max(left - spent, 1e-3) if left else 0)


class Allowance:
    """What our own work on one submission may take, however many answers there are.

    Args:
        wall_s: time for all of it together.
        memory_mib: memory that one piece of it may add to this process.
    """

    def __init__(self, wall_s: float, memory_mib: int) -> None:
        self.left_s = wall_s
        self._memory_mib = memory_mib

    @contextmanager
    def spend(self, most_s: float = math.inf) -> Iterator[None]:
        """Charge the block's work to this allowance; it may take at most `most_s` seconds of it.

        Raises:
            TooMuchWork: the time is used up, or the memory is.
        """
        if self.left_s <= 0:
            raise TooMuchWork("no time is left for this submission")
        began = time.monotonic()
        try:
            with _adding_at_most(self._memory_mib), at_most(min(self.left_s, most_s)):
                yield
        except (TookTooLong, MemoryError) as problem:
            raise TooMuchWork(str(problem)) from None
        finally:
            self.left_s -= time.monotonic() - began


@contextmanager
def _adding_at_most(memory_mib: int) -> Iterator[None]:
    """Let the block add at most so much memory; beyond that, Python raises MemoryError."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + (memory_mib << 20)
    known = [limit for limit in before if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([most, *known]), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
