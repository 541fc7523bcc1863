"""Server-sent events: changes show without a reload.

A stream sends the state of each of a student's attempts when it opens and whenever one changes. Its
event ids are the versions of the store, so a browser that comes back with `Last-Event-ID` and
missed nothing gets nothing twice. A stream ends after a while, and the browser comes back with the
rights that it has by then.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

from tornado.iostream import StreamClosedError

from autograder.service.web.access import Instructor, Student
from autograder.service.web.attempt_view import RECENT, attempt_json, look_at

HEARTBEAT_S = 5.0
"""Seconds of silence after which `alive` is sent: no proxy takes the stream for dead, and a page
whose connection is gone notices."""
LIFE_S = 600.0
"""Seconds that a stream lives; then the browser reconnects and is authenticated again."""
AGAIN_MS = 3000
"""Milliseconds that a browser waits before it reconnects."""


class Events(Student):
    """GET events: the states of one's own attempts, now and whenever one changes."""

    program = True

    async def prepare(self) -> None:
        """Make the future that ends the waiting when the listener leaves."""
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await super().prepare()

    def on_connection_close(self) -> None:
        """Note that the listener has left."""
        super().on_connection_close()
        if not self._gone.done():
            self._gone.set_result(None)

    async def head(self, *args: str) -> None:
        """The headers of a stream, without the stream."""
        self._stream_headers()

    async def get(self) -> None:
        """Send changes until the listener leaves, the service ends, or `LIFE_S` have passed."""
        with self.context.streams.seat(self.person.name), suppress(StreamClosedError):
            async with self.context.watch.listening():
                self._stream_headers()
                self.write(f"retry: {AGAIN_MS}\n\n")
                await self.flush()
                await self._tell_all()

    def _stream_headers(self) -> None:
        self.set_header("Content-Type", "text/event-stream; charset=utf-8")
        self.set_header("X-Accel-Buffering", "no")

    async def _tell_all(self) -> None:
        watch, loop = self.context.watch, asyncio.get_running_loop()
        ends = loop.time() + LIFE_S
        known: dict[str, str] = {}
        if self.request.headers.get("Last-Event-ID") == str(watch.version):
            known = await self._states()
        seen = watch.version
        first = True
        while not (self._gone.done() or watch.closed or loop.time() > ends):
            if first or await watch.changed(seen, self._gone, HEARTBEAT_S):
                first, seen = False, watch.version
                known = await self._tell(known, seen)
            else:
                self.write("event: alive\ndata: {}\n\n")
            await self.flush()

    async def _tell(self, known: dict[str, str], version: int) -> dict[str, str]:
        """Send the states that are new or changed; return all states."""
        states = await self._states()
        for key, text in states.items():
            if known.get(key) != text:
                self.write(f"event: {self.kind}\nid: {version}\ndata: {text}\n\n")
        return states

    kind = "attempt"

    async def _states(self) -> dict[str, str]:
        """The states that this stream sends, by subject, each as one line of JSON."""
        return await self.read(self._own_states, dict(self.context.watch.ahead))

    def _own_states(self, ahead: dict[int, int]) -> dict[str, str]:
        service = self.context.service
        attempts = service.attempts.of(self.person.name, limit=RECENT)
        return {
            str(attempt.id): one_line(attempt_json(look_at(service, attempt, ahead, False)))
            for attempt in reversed(attempts)
        }


class ClassEvents(Events, Instructor):
    """GET class/events: the length of the queue, and that something in the class changed."""

    kind = "class"

    async def _states(self) -> dict[str, str]:
        watch = self.context.watch
        return {"class": one_line({"version": watch.version, "queue": len(watch.ahead)})}


def one_line(value: Any) -> str:
    """JSON that an event's data line can hold."""
    return json.dumps(value, ensure_ascii=True)
