"""A time limit on our own code, for the few places where a submission can make it run long."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class TookTooLong(Exception):
    """The code in the block did not come to its end in time."""


@contextmanager
def at_most(wall_s: float) -> Iterator[None]:
    """Interrupt the block after some time; blocks may be nested, the earliest end counts.

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
