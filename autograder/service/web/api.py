"""The API for programs, as JSON: attempts, one attempt with its notebooks, regrading.

Calls are authorised as pages are; a refusal is JSON.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from autograder.feedback.words import standing
from autograder.report import Graded
from autograder.service.store.attempt import Attempt
from autograder.service.web.access import Instructor, Student
from autograder.service.web.attempt_view import attempt_json, look_at
from autograder.service.web.http_error import RefusedRequest
from autograder.service.web.regrade_jobs import regrade_json

MOST = 1000
"""Most attempts in one answer."""


class AttemptsApi(Student):
    """GET api/attempts: one's own attempts, or for an instructor everybody's; the newest first."""

    program = True

    async def get(self) -> None:
        """Filter by `student` and `assignment` in the query."""
        teaches = self.context.teaches(self.person)
        student = self.get_query_argument("student", "")
        if not teaches:
            if student not in ("", self.person.name):
                raise RefusedRequest(HTTPStatus.NOT_FOUND)
            student = self.person.name
        assignment = self.get_query_argument("assignment", "")
        self.json({"attempts": await self.read(self._attempts, student, assignment, teaches)})

    def _attempts(self, student: str, assignment: str, teaches: bool) -> list[dict[str, Any]]:
        service, ahead = self.context.service, self.context.ahead()
        found = service.attempts.of(student, assignment, limit=MOST)
        return [attempt_json(look_at(service, attempt, ahead, teaches)) for attempt in found]


class AttemptApi(Student):
    """GET api/attempts/<id>: one attempt, with as much of its notebooks as the sender may see."""

    program = True

    async def get(self, attempt_id: str) -> None:
        attempt = await self.attempt_or_404(attempt_id)
        self.json(await self.read(self._attempt, attempt, self.context.teaches(self.person)))

    def _attempt(self, attempt: Attempt, teaches: bool) -> dict[str, Any]:
        service = self.context.service
        seen = look_at(service, attempt, self.context.ahead(), teaches)
        reports = [] if seen.shows == "nothing" else service.attempts.reports(attempt.id)
        marks = service.marks()
        graded = [marks.graded(attempt, Graded(attempt.student, report)) for report in reports]
        notebooks = [_notebook(one, teaches) for one in graded]
        return {**attempt_json(seen), "notebooks": notebooks}


def _notebook(one: Graded, teaches: bool) -> dict[str, Any]:
    """The documented JSON form of one notebook of an attempt."""
    report = one.report
    return {
        "notebook": report.notebook,
        "status": str(report.status),
        "words": standing(report).words,
        "score": one.score,
        "max_score": one.max_score,
        "result": report.score,
        "reason": report.reason if teaches else report.public_reason,
    }


class RegradeApi(Instructor):
    """POST api/regrade: begin to regrade one student or all; nothing changes until applied."""

    program = True

    async def post(self) -> None:
        """The body is JSON: `assignment`, `student` (empty for everybody)."""
        asked = json_body(self.request.body, ("assignment", "student"))
        begin, by = self.context.regrade_jobs.begin, self.person.name
        job = await self.read(begin, by, asked["assignment"], asked["student"])
        self.set_header("Location", f"{self.context.prefix}api/regrade/{job.id}")
        self.json(regrade_json(job), HTTPStatus.ACCEPTED)


class RegradeJobApi(Instructor):
    """GET api/regrade/<id>: its progress and what would change; POST: apply it."""

    program = True

    async def get(self, number: str) -> None:
        self.json(regrade_json(self.context.regrade_jobs.get(int(number))))

    async def post(self, number: str) -> None:
        job = self.context.regrade_jobs.apply(int(number), self.person.name)
        self.json(regrade_json(job), HTTPStatus.ACCEPTED)


def json_body(body: bytes, names: tuple[str, ...], *, all_of: bool = False) -> dict[str, str]:
    """The object in a request's body: a text for each of these names; empty for a missing one.

    Args:
        body: the request's body.
        names: the names that the object may hold.
        all_of: whether it must hold each of them.

    Raises:
        RefusedRequest: 400, the body is something else; the words say what.
    """
    try:
        asked = json.loads(body, object_pairs_hook=_each_name_once)
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        raise RefusedRequest(
            HTTPStatus.BAD_REQUEST,
            f"The body must be a JSON object with {_list(names)}, each at most once.",
        )
    if all_of and not set(names) <= set(asked):
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, f"The body must hold {_list(names)}.")
    unknown = sorted(set(asked) - set(names))
    if unknown:
        # A misspelt `student` must not select everybody.
        said = ascii(unknown[0])[:60]
        raise RefusedRequest(
            HTTPStatus.BAD_REQUEST, f"The body holds {said}, which is unknown; give {_list(names)}."
        )
    found = {name: asked.get(name, "") for name in names}
    for name, value in found.items():
        if not isinstance(value, str):
            raise RefusedRequest(HTTPStatus.BAD_REQUEST, f"`{name}` must be a string.")
    return found


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these pairs.

    Raises:
        ValueError: a name appears twice, so that its value is ambiguous.
    """
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _list(names: tuple[str, ...]) -> str:
    return " and ".join(f"`{name}`" for name in names)
