"""The instructor's page of one student: all attempts, what came of them, and what can be done."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urljoin

from autograder.service.store.attempt import FINISHED, Attempt, Ruling
from autograder.service.store.requests import MOST_WORDS, Request
from autograder.service.store.rulings import Regraded, Ruled
from autograder.service.web.access import Instructor
from autograder.service.web.attempt_view import RECENT, look_at
from autograder.service.web.class_cells import SIGN_WORDS, Cell
from autograder.service.web.class_grid import ClassGrid
from autograder.service.web.class_pages import OfClass
from autograder.service.web.http_error import RefusedRequest
from autograder.service.web.progress import Step, steps
from autograder.service.web.student_pages import Marked, Own
from autograder.service.words import Due, due_words

log = logging.getLogger("autograder.service")


@dataclass(frozen=True)
class Tried:
    """One attempt as the instructor reads it."""

    step: Step
    notebooks: tuple[Marked, ...]
    decided: bool
    """Whether it is graded, so that an instructor can decide about it."""
    asks: bool
    """Whether it waits for a decision."""
    ruling: Ruling
    rulings: tuple[Ruled, ...]
    regrades: tuple[Regraded, ...]


@dataclass(frozen=True)
class Course:
    """One assignment of the student."""

    name: str
    title: str
    due: Due | None
    cell: Cell
    max_score: float
    tried: tuple[Tried, ...]
    requests: tuple[Request, ...]
    formgrader: str
    """Where formgrader shows this work; empty where there is no link."""


class StudentPage(OfClass, Own):
    """GET class/students/<name>: everything that one student submitted."""

    async def get(self, student: str) -> None:
        """Everybody in the class has a page, also those who submitted nothing."""
        members = await self.context.members()
        self.show("student.html.j2", await self.read(self._values, student, members))

    def _values(self, student: str, members: frozenset[str]) -> dict[str, Any]:
        """What the page shows.

        Raises:
            RefusedRequest: 404, this student is not in the class.
        """
        service = self.context.service
        version, grid, now = service.attempts.version(), self.grid(), datetime.now(UTC)
        everybody = grid.students({*service.marks().students, *members})
        if student not in everybody:
            raise RefusedRequest(HTTPStatus.NOT_FOUND)
        place, ahead = everybody.index(student), self.context.ahead()
        courses = [self._of(grid, student, name, ahead, now) for name in grid.assignments()]
        return {
            "courses": courses,
            "total": sum(one.cell.score for one in courses),
            "max_score": sum(one.max_score for one in courses),
            "student": student,
            "before": everybody[place - 1] if place else "",
            "after": everybody[place + 1] if place + 1 < len(everybody) else "",
            "position": (place + 1, len(everybody)),
            "signs": SIGN_WORDS,
            "most_words": MOST_WORDS,
            "version": version,
        }

    def _of(
        self, grid: ClassGrid, student: str, name: str, ahead: dict[int, int], now: datetime
    ) -> Course:
        service = self.context.service
        attempts = service.attempts.recent(student, name, RECENT)
        seen = [look_at(service, one, ahead, teaches=True) for one in attempts]
        numbers = service.attempts.numbers(student, name)
        found = steps(attempts, seen, numbers, self.context.reports)
        return Course(
            name=name,
            title=service.course.title_of(name),
            due=due_words(service.due(name, student), now, settled=bool(attempts)),
            cell=grid.cell(student, name),
            max_score=grid.max_score(name),
            tried=tuple(self._tried(one, step) for one, step in zip(attempts, found, strict=True)),
            requests=tuple(service.attempts.requests(student, name)),
            formgrader=self._formgrader(student, name) if attempts else "",
        )

    def _tried(self, attempt: Attempt, step: Step) -> Tried:
        store = self.context.service.attempts
        return Tried(
            step,
            self.marks_of(attempt, step.seen, teaches=True),
            attempt.state in FINISHED,
            attempt.asks,
            attempt.ruling,
            tuple(store.rulings(attempt.id)),
            tuple(store.regrades(attempt.id)),
        )

    def _formgrader(self, student: str, assignment: str) -> str:
        """The address of a student's work in formgrader; empty where the course has no link."""
        service = self.context.service
        setting = service.settings.formgrader
        if not setting:
            return ""
        course_id = quote(service.course.course_id, safe="")
        place = urljoin(self.context.prefix, setting.replace("{course_id}", course_id))
        names = "/".join(quote(name, safe="") for name in (student, assignment))
        return f"{place.rstrip('/')}/manage_students/{names}"


class AskPage(Instructor):
    """POST class/students/<name>/ask: ask the student to submit again; then the page again."""

    def get(self, student: str) -> None:
        """Redirect to the student: a browser comes here when the form's answer is reloaded."""
        self._back(student)

    async def post(self, student: str) -> None:
        """The form holds `assignment`, and `words` for the student."""
        members = await self.context.members()
        if student not in members and not await self.read(self._is_known, student):
            raise RefusedRequest(HTTPStatus.NOT_FOUND)
        assignment = self.get_body_argument("assignment", "")
        if assignment not in self.context.service.course.assignments:
            raise RefusedRequest(HTTPStatus.NOT_FOUND, "There is no such assignment.")
        words = self.get_body_argument("words", "")
        if len(words) > MOST_WORDS:
            raise RefusedRequest(
                HTTPStatus.BAD_REQUEST, f"Write at most {MOST_WORDS} characters to the student."
            )
        ask = self.context.service.attempts.ask_again
        await self.read(ask, student, assignment, self.person.name, words)
        log.info("%s asks %s to submit %s again", self.person.name, student, assignment)
        self._back(student)

    def _is_known(self, student: str) -> bool:
        """Whether the gradebook has this student, or they submitted something."""
        service = self.context.service
        return student in service.marks().students or bool(service.attempts.of(student, limit=1))

    def _back(self, student: str) -> None:
        place = f"{self.context.prefix}class/students/{quote(student, safe='')}"
        self.redirect(place, status=HTTPStatus.SEE_OTHER)
