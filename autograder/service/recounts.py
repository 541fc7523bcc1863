"""Regrading by an instructor: first what would change, then, if wanted, the change.

To find out what would change, everything is graded again, which may take minutes: so it runs beside
the pages, one after the other, and a page or a program comes back for the result. What is
previewed and not applied leaves no trace.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from autograder.errors import AutograderError
from autograder.marking import Change
from autograder.service.grading import GradingService
from autograder.service.refusal import Refusal

log = logging.getLogger("autograder.service")

KEPT, AT_ONCE = 50, 4
"""How many results are kept, and how many may be asked for before the first is there."""


class Stage(StrEnum):
    """How far a recount is."""

    GRADING = "grading"
    READY = "ready"
    APPLYING = "applying"
    APPLIED = "applied"
    FAILED = "failed"

    @property
    def under_way(self) -> bool:
        """Whether it goes on by itself."""
        return self in (Stage.GRADING, Stage.APPLYING)


@dataclass
class Recount:
    """One regrading, from the asking to the applied change."""

    id: int
    by: str
    assignment: str
    student: str
    """Empty for all."""
    stage: Stage = Stage.GRADING
    changes: list[Change] = field(default_factory=list)
    problem: str = ""
    """Why it failed, in words for the instructor."""


class Recounts:
    """The recounts of this process.

    Args:
        service: grades.
    """

    def __init__(self, service: GradingService) -> None:
        self._service = service
        self._known: dict[int, Recount] = {}
        self._numbers = itertools.count(1)
        self._desk = ThreadPoolExecutor(1, "recount")

    def begin(self, by: str, assignment: str, student: str) -> Recount:
        """Begin to find out what would change.

        Args:
            by: who asks.
            assignment: which; must be one of the course's.
            student: whose; all for an empty name.

        Raises:
            Refusal: there is no such assignment or student, or too much is asked for already.
        """
        if assignment not in self._service.course.assignments:
            raise Refusal(HTTPStatus.NOT_FOUND, "There is no such assignment.")
        if not self._service.attempts.of(student, assignment, limit=1):
            raise Refusal(HTTPStatus.NOT_FOUND, "Nothing of this student was handed in there.")
        if sum(one.stage.under_way for one in self._known.values()) >= AT_ONCE:
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS)
        recount = Recount(next(self._numbers), by, assignment, student)
        self._known[recount.id] = recount
        for number in list(self._known)[:-KEPT]:
            del self._known[number]
        log.info("%s asks what grading %s again changes", by, _what(recount))
        self._desk.submit(self._run, recount, self._service.preview_regrade, Stage.READY)
        return recount

    def get(self, number: int) -> Recount:
        """The recount of that number.

        Raises:
            Refusal: it is not known, or no more.
        """
        if number not in self._known:
            raise Refusal(HTTPStatus.NOT_FOUND)
        return self._known[number]

    def apply(self, number: int) -> Recount:
        """Let the previewed change come true.

        Raises:
            Refusal: it is not known, or not ready.
        """
        recount = self.get(number)
        if recount.stage is not Stage.READY:
            raise Refusal(HTTPStatus.CONFLICT, "This is not waiting to be applied.")
        recount.stage = Stage.APPLYING
        log.info("%s applies grading %s again", recount.by, _what(recount))
        self._desk.submit(self._run, recount, self._service.regrade, Stage.APPLIED)
        return recount

    def close(self) -> None:
        """Begin nothing more."""
        self._desk.shutdown(wait=False, cancel_futures=True)

    def _run(self, recount: Recount, work: Callable[[str, str], list[Change]], then: Stage) -> None:
        try:
            recount.changes = work(recount.assignment, recount.student)
            recount.stage = then
        except AutograderError as error:
            recount.problem, recount.stage = str(error), Stage.FAILED
        except Exception:
            log.exception("grading %s again failed", _what(recount))
            recount.problem = "Something failed on the way; the service's log has the details."
            recount.stage = Stage.FAILED


def _what(recount: Recount) -> str:
    return f"{recount.assignment} of {recount.student or 'all'}"


def recount_json(recount: Recount) -> dict[str, Any]:
    """The documented JSON form of a recount."""
    return {
        "id": recount.id,
        "assignment": recount.assignment,
        "student": recount.student,
        "stage": str(recount.stage),
        "changes": [asdict(change) for change in recount.changes],
        "problem": recount.problem,
    }
