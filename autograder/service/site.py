"""What one process of the service holds, for all its handlers.

Asking the store may take a while, so it is asked in threads of its own; everything else here lives
in the thread of tornado's loop.
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
from sqlalchemy.exc import OperationalError

from autograder.service.assets import Assets
from autograder.service.class_view import Reports
from autograder.service.grading import GradingService
from autograder.service.metrics import registry_of
from autograder.service.person import INSTRUCTORS, Person
from autograder.service.recounts import Recounts
from autograder.service.refusal import Refusal
from autograder.service.watch import Streams, Watch, positions

Result = TypeVar("Result")
log = logging.getLogger("autograder.service")

READERS = 4
"""Threads that ask the store."""


@dataclass
class Site:
    """What the handlers work with."""

    service: GradingService
    auth: HubOAuth
    prefix: str
    metrics_token: str = ""
    assets: Assets = field(default_factory=Assets)
    streams: Streams = field(default_factory=Streams)

    def __post_init__(self) -> None:
        self.watch = Watch(self.service.attempts, self.read)
        self.recounts = Recounts(self.service)
        self.reports = Reports(self.service.attempts)
        self.registry = registry_of(self.service)
        self._readers = ThreadPoolExecutor(READERS, "reader")

    async def read(self, question: Callable[..., Result], *args: Any) -> Result:
        """Ask in a thread of its own what may take a while: the store, the disk.

        Raises:
            Refusal: 503, the database does not answer.
        """
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._readers, question, *args)
        except OperationalError as error:
            log.exception("the database does not answer")
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE) from error

    def ahead(self) -> dict[int, int]:
        """How many are served before each attempt in the queue, by its number."""
        return positions(self.service.attempts.queue())

    def teaches(self, person: Person) -> bool:
        """Whether this person is an instructor of the course."""
        return person.belongs((INSTRUCTORS,), self.service.course.course_id)

    def close(self) -> None:
        """End the threads."""
        self.recounts.close()
        self._readers.shutdown(wait=False, cancel_futures=True)
