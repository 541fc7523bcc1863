"""The same for programs, as JSON: attempts, one attempt with its notebooks, regrading.

Every call is asked for who makes it like a page is; whoever may not is told so as JSON.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from autograder.feedback.words import standing
from autograder.service.access import Instructor, Student
from autograder.service.attempt import Attempt
from autograder.service.recounts import recount_json
from autograder.service.refusal import Refusal
from autograder.service.view import attempt_json, look_at

MOST = 1000
"""Attempts in one answer."""


class AttemptsApi(Student):
    """GET api/attempts: one's own, or for an instructor everybody's; the newest first."""

    program = True

    async def get(self) -> None:
        """`student` and `assignment` in the query choose."""
        teaches = self.site.teaches(self.person)
        student = self.get_query_argument("student", "")
        if not teaches:
            if student not in ("", self.person.name):
                raise Refusal(HTTPStatus.NOT_FOUND)
            student = self.person.name
        assignment = self.get_query_argument("assignment", "")
        self.json({"attempts": await self.read(self._attempts, student, assignment, teaches)})

    def _attempts(self, student: str, assignment: str, teaches: bool) -> list[dict[str, Any]]:
        service, ahead = self.site.service, self.site.ahead()
        found = service.attempts.of(student, assignment, limit=MOST)
        return [attempt_json(look_at(service, attempt, ahead, teaches)) for attempt in found]


class AttemptApi(Student):
    """GET api/attempts/<id>: one attempt with what may be seen of its notebooks."""

    program = True

    async def get(self, attempt_id: str) -> None:
        """Answer with it."""
        attempt = await self.attempt_or_404(attempt_id)
        self.json(await self.read(self._attempt, attempt, self.site.teaches(self.person)))

    def _attempt(self, attempt: Attempt, teaches: bool) -> dict[str, Any]:
        service = self.site.service
        seen = look_at(service, attempt, self.site.ahead(), teaches)
        reports = [] if seen.shows == "nothing" else service.attempts.reports(attempt.id)
        notebooks = [
            {
                "notebook": report.notebook,
                "status": str(report.status),
                "words": standing(report).words,
                "score": report.score,
                "max_score": report.max_score,
                "reason": report.reason if teaches else report.public_reason,
            }
            for report in reports
        ]
        return {**attempt_json(seen), "notebooks": notebooks}


class RegradeApi(Instructor):
    """POST api/regrade: begin to grade one or all again; nothing changes before it is applied."""

    program = True

    async def post(self) -> None:
        """The body is JSON: `assignment`, `student` (empty for all)."""
        asked = json_body(self.request.body)
        assignment, student = asked.get("assignment", ""), asked.get("student", "")
        if not isinstance(assignment, str) or not isinstance(student, str):
            raise Refusal(HTTPStatus.BAD_REQUEST, "assignment and student are strings")
        recount = self.site.recounts.begin(self.person.name, assignment, student)
        self.set_header("Location", f"{self.site.prefix}api/regrade/{recount.id}")
        self.json(recount_json(recount), HTTPStatus.ACCEPTED)


class RecountApi(Instructor):
    """GET api/regrade/<id>: how far it is and what would change; POST: apply it."""

    program = True

    async def get(self, number: str) -> None:
        """Answer with it."""
        self.json(recount_json(self.site.recounts.get(int(number))))

    async def post(self, number: str) -> None:
        """Let the previewed changes come true."""
        self.json(recount_json(self.site.recounts.apply(int(number))), HTTPStatus.ACCEPTED)


def json_body(body: bytes) -> dict[str, Any]:
    """The object in a request's body.

    Raises:
        Refusal: it is none.
    """
    try:
        asked = json.loads(body)
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise Refusal(HTTPStatus.BAD_REQUEST, "the body must be a JSON object")
    return asked
