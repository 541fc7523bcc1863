"""The page of the feedback on one notebook of an attempt, beside the code that it is about.

The words are those of the page that students fetch in JupyterLab (`autograder.feedback`); this page
adds what only the service knows: the submitted code, what changed since the attempt before, and the
way to other attempts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from autograder.feedback.page import feedback_values
from autograder.report import Report
from autograder.service.store.attempt import FINISHED, Attempt
from autograder.service.web.access import Student
from autograder.service.web.http_error import RefusedRequest
from autograder.service.web.lab_links import notebook_address
from autograder.service.web.progress import what_changed
from autograder.service.web.submitted_code import compared
from autograder.service.words import aside


@dataclass(frozen=True)
class Beside:
    """Another page of feedback that a reader may want next."""

    words: str
    link: str


class Feedback(Student):
    """GET attempts/<id>/feedback/<notebook>: the feedback on one notebook, within the site."""

    async def get(self, attempt_id: str, notebook: str) -> None:
        """What is not shown yet is 404, as if it were not there."""
        attempt = await self.attempt_or_404(attempt_id)
        teaches = self.context.teaches(self.person)
        values = await self.read(self._values, attempt, notebook, teaches)
        if values is None:
            raise RefusedRequest(HTTPStatus.NOT_FOUND)
        self.page("feedback_page.html.j2", **values)

    def _values(self, attempt: Attempt, notebook: str, teaches: bool) -> dict[str, Any] | None:
        """What the page shows; None where the reader may not see it, or there is none."""
        service = self.context.service
        if not teaches and service.visible(attempt, datetime.now(UTC)) != "feedback":
            return None
        reports = self.context.reports.of(attempt) if attempt.state in FINISHED else ()
        report = next((one for one in reports if one.notebook == notebook), None)
        if report is None:
            return None
        course, store = service.course, service.attempts
        numbers = store.numbers(attempt.student, attempt.assignment)
        finished = [
            one
            for one in store.of(attempt.student, attempt.assignment, newest_first=False)
            if one.state in FINISHED
        ]
        place = next((n for n, one in enumerate(finished) if one.id == attempt.id), 0)
        before = finished[place - 1] if place else None
        after = finished[place + 1] if place + 1 < len(finished) else None
        own = attempt.student == self.person.name
        words = feedback_values(
            report,
            student="" if own else attempt.student,
            manual=service.manual(attempt, report),
            aside=aside(attempt),
            lab=notebook_address(self.context, attempt.assignment, notebook) if own else "",
        )
        return {
            **words,
            "attempt": attempt,
            "number": numbers.get(attempt.id),
            "own": own,
            "assignment_title": course.title_of(attempt.assignment),
            "notebook_title": course.title_of(attempt.assignment, notebook),
            "others": self._others(attempt, reports, notebook),
            "before": self._of(before, notebook, numbers),
            "after": self._of(after, notebook, numbers),
            "change": self._change(before, report),
            "code": self._code(attempt, before, report),
            "code_of": "Your code" if own else f"Code of {attempt.student}",
            "code_since": f"attempt {numbers.get(before.id)}" if before else "",
        }

    def _code(self, attempt: Attempt, before: Attempt | None, report: Report) -> dict[str, Any]:
        """The submitted code by grade cell, compared with that of the attempt before."""
        course, code = self.context.service.course, self.context.code
        known = None if before is None else code.of(course, before, report)
        return dict(compared(code.of(course, attempt, report), known or None))

    def _change(self, before: Attempt | None, report: Report) -> str:
        reports = () if before is None else self.context.reports.of(before)
        same = [one for one in reports if one.notebook == report.notebook]
        return what_changed(same, [report], "feedback") if same else ""

    def _link(self, attempt: Attempt, notebook: str) -> str:
        return f"{self.context.prefix}attempts/{attempt.id}/feedback/{quote(notebook, safe='')}"

    def _others(self, attempt: Attempt, reports: tuple[Report, ...], notebook: str) -> list[Beside]:
        """The feedback on the other notebooks of the attempt."""
        course = self.context.service.course
        return [
            Beside(
                course.title_of(attempt.assignment, one.notebook),
                self._link(attempt, one.notebook),
            )
            for one in reports
            if one.notebook != notebook
        ]

    def _of(self, attempt: Attempt | None, notebook: str, numbers: dict[int, int]) -> Beside | None:
        """The feedback on the same notebook of another attempt."""
        if attempt is None:
            return None
        names = {one.notebook for one in self.context.reports.of(attempt)}
        if notebook not in names:
            return None
        return Beside(f"Attempt {numbers.get(attempt.id)}", self._link(attempt, notebook))
