"""Waits for changes of the store: one poll serves all listeners, and only while there are any.

It does not know who listens or what they are sent.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from http import HTTPStatus
from typing import Any

from autograder.service.store.attempt import Attempt, State
from autograder.service.store.attempts import Attempts
from autograder.service.web.http_error import RefusedRequest

EVERY_S, EACH_S = 0.1, 0.0025
"""Seconds between two looks at the store's version, and how much longer for each listener: after a
change, each of them reads the store."""
PER_PERSON, IN_ALL = 6, 2000
"""Most streams at the same time; a browser has one, whatever the number of its windows."""


class ChangeFeed:
    """Polls the store for all who wait for a change of it.

    Args:
        attempts: the store.
        read: runs a function in another thread.
    """

    def __init__(
        self, attempts: Attempts, read: Callable[[Callable[[], Any]], Awaitable[Any]]
    ) -> None:
        self._attempts, self._read = attempts, read
        self.version = -1
        self.ahead: dict[int, int] = {}
        """How many are served before each attempt in the queue, by its number."""
        self.closed = False
        self._listeners = 0
        self._turn: asyncio.Future[None] | None = None
        self._looking: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Poll the store at least for the length of the block."""
        self._listeners += 1
        try:
            if self._looking is None:
                self._looking = asyncio.create_task(self._keep_looking())
            await self._look()
            yield
        finally:
            self._listeners -= 1
            if not self._listeners and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    async def changed(self, seen: int, gone: asyncio.Future[None], wait_s: float) -> bool:
        """Wait until the version differs from `seen`; False if that did not happen.

        It ends early when `gone` is done or the service ends.
        """
        if self.version == seen and not self.closed:
            self._turn = self._turn or asyncio.get_running_loop().create_future()
            await asyncio.wait(
                {self._turn, gone}, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED
            )
        return self.version != seen

    def close(self) -> None:
        """Release all listeners."""
        self.closed = True
        if self._looking is not None:
            self._looking.cancel()
        self._wake()

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(max(EVERY_S, EACH_S * self._listeners))
            try:
                await self._look()
            except RefusedRequest:
                continue  # the database is away, as the log says; the next look may succeed

    async def _look(self) -> None:
        version = await self._read(self._attempts.version)
        if version != self.version:
            queue = await self._read(self._attempts.queue)
            self.ahead = positions(queue)
            self.version = version
            self._wake()

    def _wake(self) -> None:
        if self._turn is not None and not self._turn.done():
            self._turn.set_result(None)
        self._turn = None


def positions(queue: Sequence[Attempt]) -> dict[int, int]:
    """How many are served before each attempt in the queue, by its number.

    Running attempts do not count: they are being served already.
    """
    waiting = [attempt for attempt in queue if attempt.state is State.WAITING]
    return {attempt.id: position for position, attempt in enumerate(waiting)}


class Streams:
    """Counts the open streams, and refuses more than allowed."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()
        self._all_left = asyncio.Event()
        self._all_left.set()

    def __len__(self) -> int:
        return self._open.total()

    @contextmanager
    def seat(self, name: str) -> Iterator[None]:
        """Count one stream of this person for the length of the block.

        Raises:
            RefusedRequest: this person, or all people together, have as many as are allowed.
        """
        if self._open[name] >= PER_PERSON:
            raise RefusedRequest(HTTPStatus.TOO_MANY_REQUESTS)
        if len(self) >= IN_ALL:
            raise RefusedRequest(HTTPStatus.SERVICE_UNAVAILABLE)
        self._open[name] += 1
        self._all_left.clear()
        try:
            yield
        finally:
            self._open[name] -= 1
            self._open += Counter()  # drop the names without a stream
            if not self._open:
                self._all_left.set()

    async def left(self, wait_s: float) -> None:
        """Wait until every stream has ended, but not for ever."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._all_left.wait(), wait_s)
