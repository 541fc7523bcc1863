"""Regrading by an instructor: first what would change, then, if wanted, the change.

To find out what would change, everything is graded again, which may take minutes. So jobs run in
the background, one after the other, and a page or a program comes back for the result. A preview
that is not applied leaves no trace.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from typing import Any

from autograder.batch.writer import Change
from autograder.errors import AutograderError
from autograder.service.grading import GradingService
from autograder.service.web.http_error import RefusedRequest

log = logging.getLogger("autograder.service")

KEPT, AT_ONCE = 50, 4
"""Most jobs that are kept, and most that may be under way at once."""
MOST_NAME = 128
"""Most characters of a student's name that the store can hold."""
NOTHING = "This student submitted nothing there."
NOBODY = "Nobody has submitted anything there."
TOO_MANY = f"{AT_ONCE} regrades are under way; wait until one of them is ready."
GONE = "This regrade does not exist, or is no longer kept; start a new one."


class Stage(StrEnum):
    """How far a job is."""

    GRADING = "grading"
    READY = "ready"
    APPLYING = "applying"
    APPLIED = "applied"
    FAILED = "failed"

    @property
    def under_way(self) -> bool:
        """Whether it will go on without the instructor."""
        return self in (Stage.GRADING, Stage.APPLYING)


@dataclass
class RegradeJob:
    """One job, from the request to the applied change."""

    id: int
    by: str
    assignment: str
    student: str
    """Empty for everybody."""
    stage: Stage = Stage.GRADING
    changes: list[Change] = field(default_factory=list)
    kept: list[Change] = field(default_factory=list)
    """Marks that stand although their work cannot be graded now, each with the reason."""
    problem: str = ""
    """Why it failed, in words for the instructor."""


class RegradeJobs:
    """The regrading jobs of this process.

    Args:
        service: the grading service.
    """

    def __init__(self, service: GradingService) -> None:
        self._service = service
        self._known: dict[int, RegradeJob] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._desk = ThreadPoolExecutor(1, "regrade")

    def begin(self, by: str, assignment: str, student: str) -> RegradeJob:
        """Begin to find out what would change.

        Args:
            by: the instructor's name.
            assignment: the assignment's name; must be one of the course's.
            student: the student's name; empty for everybody.

        Raises:
            RefusedRequest: there is no such assignment or student, or too many jobs are under way.
        """
        if assignment not in self._service.course.assignments:
            raise RefusedRequest(HTTPStatus.NOT_FOUND, "There is no such assignment.")
        if not self._submitted(assignment, student):
            raise RefusedRequest(HTTPStatus.NOT_FOUND, NOTHING if student else NOBODY)
        with self._lock:
            if sum(one.stage.under_way for one in self._known.values()) >= AT_ONCE:
                raise RefusedRequest(HTTPStatus.TOO_MANY_REQUESTS, TOO_MANY)
            job = RegradeJob(next(self._numbers), by, assignment, student)
            self._known[job.id] = job
            for number in list(self._known)[:-KEPT]:
                del self._known[number]
        log.info("%s asks what grading %s again changes", by, _what(job))
        self._desk.submit(self._run, job, self._service.preview_regrade, Stage.READY)
        return job

    def _submitted(self, assignment: str, student: str) -> bool:
        """Whether there is anything to regrade; an impossible name does not reach the store."""
        possible = not student or (student.isprintable() and len(student) <= MOST_NAME)
        return possible and bool(self._service.attempts.of(student, assignment, limit=1))

    def get(self, number: int) -> RegradeJob:
        """The job of that number.

        Raises:
            RefusedRequest: it is not known, or no longer.
        """
        job = self._known.get(number)
        if job is None:
            raise RefusedRequest(HTTPStatus.NOT_FOUND, GONE)
        return job

    def apply(self, number: int, by: str = "") -> RegradeJob:
        """Write the previewed change.

        Args:
            number: of the job.
            by: who applies it; by default who began it.

        Raises:
            RefusedRequest: the job is not known, or not ready.
        """
        job = self.get(number)
        with self._lock:
            if job.stage is not Stage.READY:
                raise RefusedRequest(HTTPStatus.CONFLICT, "This is not waiting to be applied.")
            job.stage = Stage.APPLYING
        log.info("%s applies grading %s again", by or job.by, _what(job))
        regrade = partial(self._service.regrade, by=by or job.by)
        self._desk.submit(self._run, job, regrade, Stage.APPLIED)
        return job

    def close(self) -> None:
        """Start no more jobs."""
        self._desk.shutdown(wait=False, cancel_futures=True)

    def _run(self, job: RegradeJob, work: Callable[[str, str], list[Change]], then: Stage) -> None:
        try:
            found = work(job.assignment, job.student)
            job.changes = [one for one in found if one.before != one.after]
            job.kept = [one for one in found if one.before == one.after]
            job.stage = then
        except AutograderError as error:
            job.problem, job.stage = str(error), Stage.FAILED
        except Exception:
            log.exception("grading %s again failed", _what(job))
            job.problem = "Regrading failed; the service's log has the details."
            job.stage = Stage.FAILED


def _what(job: RegradeJob) -> str:
    return f"{job.assignment} of {job.student or 'all'}"


def regrade_json(job: RegradeJob) -> dict[str, Any]:
    """The documented JSON form of a job."""
    return {
        "id": job.id,
        "assignment": job.assignment,
        "student": job.student,
        "stage": str(job.stage),
        "changes": [asdict(change) for change in job.changes],
        "kept": [asdict(change) for change in job.kept],
        "problem": job.problem,
    }
