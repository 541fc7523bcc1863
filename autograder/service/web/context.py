"""What one process of the service holds, for all its handlers.

Reading the store may be slow, so threads of its own do it; everything else here lives in the thread
of tornado's loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar

from jupyterhub.services.auth import HubOAuth
from sqlalchemy.exc import SQLAlchemyError

from autograder.service.grading import GradingService
from autograder.service.store.tables import is_away
from autograder.service.web.assets import Assets
from autograder.service.web.change_feed import ChangeFeed, Streams, positions
from autograder.service.web.class_view import Everybody, Reports
from autograder.service.web.http_error import RefusedRequest
from autograder.service.web.identity import INSTRUCTORS, STUDENTS, Person
from autograder.service.web.metrics import registry_of
from autograder.service.web.regrade_jobs import RegradeJobs
from autograder.service.web.roster import Roster
from autograder.service.web.submitted_code import SubmittedCode

Result = TypeVar("Result")
log = logging.getLogger("autograder.service")

READY_S = 1.0
"""Seconds within which the database of a service that is ready answers."""
READERS = 4
"""Threads that read the store."""


@dataclass
class ServiceContext:
    """The things that handlers work with."""

    service: GradingService
    auth: HubOAuth
    prefix: str
    metrics_token: str = ""
    public_url: str = ""
    """Where browsers find the pages: an address, or the prefix where they are on the hub's host."""
    assets: Assets = field(default_factory=Assets)
    streams: Streams = field(default_factory=Streams)

    def __post_init__(self) -> None:
        self.public_url = self.public_url or self.prefix
        self.watch = ChangeFeed(self.service.attempts, self.read)
        self.regrade_jobs = RegradeJobs(self.service)
        self.reports = Reports(self.service.attempts)
        self.everybody = Everybody(self.service.attempts)
        self.code = SubmittedCode()
        self.roster = Roster(self.auth.api_url, self.auth.api_token)
        self.registry = registry_of(self.service)
        self._asking: asyncio.Future[int] | None = None
        self._readers = ThreadPoolExecutor(READERS, "reader")

    async def read(self, question: Callable[..., Result], *args: Any) -> Result:
        """Run something that may be slow, such as reading the store or the disk, in another thread.

        Raises:
            RefusedRequest: 503, the database does not answer.
        """
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._readers, question, *args)
        except SQLAlchemyError as error:
            if not is_away(error):
                raise
            log.exception("the database does not answer")
            raise RefusedRequest(HTTPStatus.SERVICE_UNAVAILABLE) from error

    async def ready(self) -> bool:
        """Whether the service has started, is not ending, and the database answers soon."""
        if not self.service.started or self.watch.closed:
            return False
        # One question at a time: a database that hangs must not take up the threads of the pages.
        if self._asking is None or self._asking.done():
            self._asking = asyncio.ensure_future(self.read(self.service.attempts.version))
        try:
            async with asyncio.timeout(READY_S):
                await asyncio.shield(self._asking)
        except (TimeoutError, RefusedRequest):
            return False
        return True

    def ahead(self) -> dict[int, int]:
        """How many are served before each attempt in the queue, by its number."""
        return positions(self.service.attempts.queue())

    async def members(self) -> frozenset[str]:
        """The students in the hub's group of the course; empty if we may not see them."""
        return await self.roster.names(f"{STUDENTS}{self.service.course.course_id}")

    def teaches(self, person: Person) -> bool:
        """Whether this person is an instructor of the course."""
        return person.belongs((INSTRUCTORS,), self.service.course.course_id)

    def close(self) -> None:
        """End the threads."""
        self.regrade_jobs.close()
        self._readers.shutdown(wait=False, cancel_futures=True)
