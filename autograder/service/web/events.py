"""Server-sent events: what changes shows without a reload.

A stream tells the state of
each of a student's attempts when it opens and whenever it changes; its event ids are the versions
of the store, so that who comes back with `Last-Event-ID` and missed nothing is told nothing twice.
A stream ends after a while, and the browser comes back with whatever rights it has by then.
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
"""A comment is sent when nothing else was for so long, so that no proxy takes it for dead."""
LIFE_S = 600.0
"""A stream's length; then who listens is asked again who they are."""
AGAIN_MS = 3000
"""A browser waits so long before it comes back."""


class Events(Student):
    """GET events: the states of one's own attempts, now and whenever one changes."""

    program = True

    async def prepare(self) -> None:
        """Have something that ends the waiting when the listener goes."""
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await super().prepare()

    def on_connection_close(self) -> None:
        """The listener went."""
        super().on_connection_close()
        if not self._gone.done():
            self._gone.set_result(None)

    async def head(self, *args: str) -> None:
        """The headers of a stream, without the stream."""
        self._stream_headers()

    async def get(self) -> None:
        """Tell until the listener goes, the service ends, or the stream has lived its life."""
        with self.site.streams.seat(self.person.name), suppress(StreamClosedError):
            async with self.site.watch.listening():
                self._stream_headers()
                self.write(f"retry: {AGAIN_MS}\n\n")
                await self.flush()
                await self._tell_all()

    def _stream_headers(self) -> None:
        self.set_header("Content-Type", "text/event-stream; charset=utf-8")
        self.set_header("X-Accel-Buffering", "no")

    async def _tell_all(self) -> None:
        watch, loop = self.site.watch, asyncio.get_running_loop()
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
                self.write(": still here\n\n")
            await self.flush()

    async def _tell(self, known: dict[str, str], version: int) -> dict[str, str]:
        """Send what is not known yet; returns what is known then."""
        states = await self._states()
        for key, text in states.items():
            if known.get(key) != text:
                self.write(f"event: {self.kind}\nid: {version}\ndata: {text}\n\n")
        return states

    kind = "attempt"

    async def _states(self) -> dict[str, str]:
        """What this stream tells, by what it is about, each as one line of JSON."""
        return await self.read(self._own_states, dict(self.site.watch.ahead))

    def _own_states(self, ahead: dict[int, int]) -> dict[str, str]:
        service = self.site.service
        attempts = service.attempts.of(self.person.name, limit=RECENT)
        return {
            str(attempt.id): one_line(attempt_json(look_at(service, attempt, ahead, False)))
            for attempt in reversed(attempts)
        }


class ClassEvents(Events, Instructor):
    """GET class/events: how long the queue is, and that something changed in the class."""

    kind = "class"

    async def _states(self) -> dict[str, str]:
        watch = self.site.watch
        return {"class": one_line({"version": watch.version, "queue": len(watch.ahead)})}


def one_line(value: Any) -> str:
    """JSON that an event's data line can hold."""
    return json.dumps(value, ensure_ascii=True)
