"""Interrupts what takes too long, and stands still while another process works.

This module is loaded inside the sandbox only.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType
from typing import Any


class TimeIsUp(BaseException):
    """Interrupts a tests cell."""


class Countdown:
    """The seconds that a cell may take; it stands still while the other side works."""

    def __init__(self) -> None:
        self._end: float | None = None
        self.ran_out = False
        """Whether the last block was interrupted."""

    @property
    def left_s(self) -> float:
        """Seconds that are left; 0 where none are counted."""
        return 0.0 if self._end is None else max(self._end - monotonic(), 0.05)

    @contextmanager
    def running(self, limit_s: float) -> Iterator[None]:
        """Interrupt the block when it takes longer than that."""

        def stop(number: int, frame: Any) -> None:
            self.ran_out = True
            raise TimeIsUp

        outer, self._end, self.ran_out = self._end, monotonic() + limit_s, False
        former = signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, limit_s)
        try:
            yield
        finally:
            self._end = outer
            signal.setitimer(signal.ITIMER_REAL, 0 if outer is None else self.left_s)
            if former is not None:
                signal.signal(signal.SIGALRM, former)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Count nothing during the block, but what it took when it is over."""
        if self._end is None:
            yield
            return
        signal.setitimer(signal.ITIMER_REAL, 0)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, self.left_s)


class TookTooLong(BaseException):
    """Interrupts a cell; an `except Exception` in student's code does not catch it."""


def interrupted(limit_s: float, run: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The reply of `run`, or that it was interrupted; compiled code runs on until it returns."""
    late, began, theirs = False, monotonic(), signal.getsignal(signal.SIGALRM)

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal late
        left_s = limit_s - (monotonic() - began)
        if left_s > 0 and callable(theirs):
            # The notebook set this alarm itself, for a handler from an earlier cell: pass it on,
            # and set ours again for the time that is left.
            signal.setitimer(signal.ITIMER_REAL, left_s)
            theirs(number, frame)
            return
        late = True
        raise TookTooLong

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        reply = run()
        signal.setitimer(signal.ITIMER_REAL, 0)
    except TookTooLong:
        reply = {}
    # A handler that the cell installed stays, as in a kernel; otherwise restore the former one.
    if signal.getsignal(signal.SIGALRM) is stop and theirs is not None:
        signal.signal(signal.SIGALRM, theirs)
    return {"late": True} if late else reply
