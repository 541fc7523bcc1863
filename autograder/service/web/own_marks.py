"""GET api/own: everything that a student's JupyterLab shows of the student's own work, as JSON.

JupyterLab's server asks with a token of the narrow scope, so the answer holds nothing of others,
and nothing that the student may not see yet; an instructor's own work is no exception.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from autograder.report import Graded
from autograder.service.store.attempt import Attempt
from autograder.service.store.marks import Snapshot
from autograder.service.web.access import OwnMarks
from autograder.service.web.attempt_view import AttemptView, attempt_json, look_at
from autograder.service.web.student_pages import is_offered, mark_words

SHOWN = 3
"""The latest attempts at an assignment that are told; the one that counts is told besides."""


class OwnMarksApi(OwnMarks):
    """GET api/own: one's own assignments, with due dates, attempts and marks."""

    program = True

    async def get(self) -> None:
        self.json(await self.read(self._own))

    def _own(self) -> dict[str, Any]:
        course, ahead = self.context.service.course, self.context.ahead()
        marks = self.context.service.marks()
        found = (self._assignment(name, ahead, marks) for name in course.assignments)
        return {
            "course": course.title,
            "student": self.person.name,
            "address": self.context.public_url,
            "assignments": [one for one in found if one is not None],
        }

    def _assignment(
        self, name: str, ahead: dict[int, int], marks: Snapshot
    ) -> dict[str, Any] | None:
        """One assignment; None where there is nothing to submit and nothing was."""
        service, student = self.context.service, self.person.name
        attempts = service.attempts.recent(student, name, SHOWN)
        if not attempts and not is_offered(service.course, name):
            return None
        allowance = service.attempts.allowance(student, name)
        return {
            "assignment": name,
            "page": f"assignments/{quote(name, safe='')}",
            "due": _moment(service.due(name, student)),
            "limit": allowance.limit,
            "left": allowance.left if allowance.limit else None,
            "next_at": _moment(allowance.next_at),
            "attempts": [self._attempt(one, ahead, marks) for one in attempts],
        }

    def _attempt(self, attempt: Attempt, ahead: dict[int, int], marks: Snapshot) -> dict[str, Any]:
        seen = look_at(self.context.service, attempt, ahead, teaches=False)
        shown = [] if seen.shows == "nothing" else self.context.reports.of(attempt)
        graded = [marks.graded(attempt, Graded(attempt.student, report)) for report in shown]
        return {
            **attempt_json(seen),
            "mark": seen.score_words,
            "page": f"attempts/{seen.id}",
            "notebooks": [notebook_json(seen, one) for one in graded],
        }


def notebook_json(seen: AttemptView, one: Graded) -> dict[str, Any]:
    """One notebook of an attempt: its mark in words, and where its feedback is.

    Args:
        seen: the attempt, as its student may see it.
        one: the report, with the gradebook's mark if there is one.
    """
    feedback = seen.shows == "feedback"
    told = mark_words(one, seen.counts)
    if feedback:
        told += ideas_words(len(one.report.misconceptions))
    name = one.report.notebook
    place = f"attempts/{seen.id}/feedback/{quote(name, safe='')}"
    return {"notebook": name, "words": told, "feedback": place if feedback else ""}


def ideas_words(count: int) -> str:
    """How many misconceptions the feedback names, behind a mark; empty for none."""
    if not count:
        return ""
    return ", one idea to look at" if count == 1 else f", {count} ideas to look at"


def _moment(when: datetime | None) -> str | None:
    return when.isoformat() if when else None
