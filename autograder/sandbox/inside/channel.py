"""One end of the border: frames of values over a stream socket, each with a deadline.

This module runs on both sides, so it imports the standard library and `wire` alone.
"""

from __future__ import annotations

import math
import select
import socket
import time
from collections.abc import Callable
from typing import Any

from autograder.sandbox.inside.wire import GROWTH, Hold, MakeHeld, WireError, encode, weigh

RELAYED = 1 << 31
"""The bit of a frame's length that says that another process wrote it."""
READ_AHEAD = 1 << 16
"""Bytes to read at once if they are there: a frame mostly arrives together with its length."""


PACKET = 1 << 17
"""Largest packet on a control socket, by which forks are asked for, in bytes."""


class ClosedByPeer(WireError):
    """The other side is gone: its process ended."""


class DeadlinePassed(WireError):
    """The other side did not answer, or did not read, in time."""


class Channel:
    """One end of the border: frames over a stream socket, each with a deadline.

    Args:
        sock: a connected stream socket; the channel owns it.
        frame_bytes: cap on one frame in either direction.
        elements: cap on one value in either direction.
    """

    def __init__(self, sock: socket.socket, *, frame_bytes: int, elements: int) -> None:
        sock.setblocking(False)
        self._socket = sock
        self._ready = {event: _poll(sock, event) for event in (select.POLLIN, select.POLLOUT)}
        self._unread = bytearray()
        """Bytes that came with an earlier frame."""
        self.frame_bytes = frame_bytes
        self.elements = elements
        self.weight = 0
        """Approximate bytes of memory of the last received value."""
        self.relayed = False
        """Whether the last received value comes from another process, through the grader."""
        self.hold: Hold | None = None
        """Keeps objects of this side that do not cross; see `encode`."""
        self.held: MakeHeld | None = None
        """Makes what stands for an object of the other side; see `decode`."""

    def send(
        self,
        value: Any,
        *,
        deadline: float | None = None,
        handles: list[Callable[..., Any]] | None = None,
    ) -> None:
        """Send one value before `deadline` (a `time.monotonic` reading)."""
        self.send_frame(self.frame(value, handles), deadline=deadline)

    def frame(self, value: Any, handles: list[Callable[..., Any]] | None = None) -> bytes:
        """The frame of one value, under this channel's caps."""
        caps = {"frame_bytes": self.frame_bytes, "elements": self.elements}
        return encode(value, **caps, handles=handles, hold=self.hold)

    def send_frame(self, frame: bytes, *, deadline: float | None = None) -> None:
        """Send a frame that `frame` made, before `deadline`."""
        left = memoryview(frame)
        while left:
            try:
                left = left[self._socket.send(left) :]
            except BlockingIOError:
                self._wait(select.POLLOUT, deadline, "the other side does not read")
            except OSError:
                raise ClosedByPeer("the other side is gone") from None

    def receive(
        self,
        *,
        deadline: float | None = None,
        proxy: Callable[[int], Any] | None = None,
        generators: bool = False,
    ) -> Any:
        """The next value, complete before `deadline` however slowly its bytes come."""
        size = int.from_bytes(self._read(4, deadline), "big")
        self.relayed = bool(size & RELAYED)
        return self._value(self._content(size & ~RELAYED, deadline), proxy, generators)

    def receive_frame(self, deadline: float | None = None) -> bytes:
        """The next frame, without its value: what may be passed on as it is."""
        return self._content(int.from_bytes(self._read(4, deadline), "big"), deadline)

    def value_of(self, frame: bytes) -> Any:
        """The value of a frame that `receive_frame` returned."""
        return self._value(frame, None, False)

    def relay(self, frame: bytes, *, deadline: float | None = None) -> None:
        """Pass on a frame of another process, marked as such: it is no message of ours."""
        size = (len(frame) | RELAYED).to_bytes(4, "big")
        self.send_frame(size + frame, deadline=deadline)

    def _content(self, size: int, deadline: float | None) -> bytes:
        if not 4 <= size <= self.frame_bytes:
            raise WireError("a frame over the cap")
        return self._read(size, deadline)

    def _value(self, frame: bytes, proxy: Callable[[int], Any] | None, generators: bool) -> Any:
        value, self.weight = weigh(
            memoryview(frame),
            elements=self.elements,
            proxy=proxy,
            generators=generators,
            memory=GROWTH * self.frame_bytes,
            held=self.held,
        )
        return value

    def close(self) -> None:
        """Close this end; the other side reads the end of the stream."""
        self._socket.close()

    def _read(self, size: int, deadline: float | None) -> bytes:
        while len(self._unread) < size:
            # Mostly nothing has come yet, so it is not tried before.
            self._wait(select.POLLIN, deadline, "no answer in time")
            # Read what is missing and a little ahead: the cap on a frame bounds what is held.
            most = max(size - len(self._unread), READ_AHEAD)
            try:
                piece = self._socket.recv(min(most, 1 << 18))
            except BlockingIOError:
                continue
            except OSError:
                raise ClosedByPeer("the other side is gone") from None
            if not piece:
                raise ClosedByPeer("the other side is gone")
            self._unread += piece
        data = bytes(memoryview(self._unread)[:size])
        del self._unread[:size]
        return data

    def _wait(self, event: int, deadline: float | None, late: str) -> None:
        """Wait until the socket is ready, at most until `deadline`."""
        if self._socket.fileno() < 0:
            raise ClosedByPeer("this side is closed")
        left_ms = None
        if deadline is not None:
            left_ms = math.ceil((deadline - time.monotonic()) * 1000)
            if left_ms <= 0:
                raise DeadlinePassed(late)
        self._ready[event].poll(left_ms)


def _poll(sock: socket.socket, event: int) -> select.poll:
    ready = select.poll()
    ready.register(sock, event)
    return ready
