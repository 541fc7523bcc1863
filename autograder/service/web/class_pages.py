"""The instructor's pages: the class, the queue, attempts that need review, frequent mistakes.

`one_student` has the page of one student.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from autograder.class_report import tally
from autograder.class_report.csv_export import marks_csv
from autograder.service.store.attempt import Attempt
from autograder.service.store.requests import open_requests
from autograder.service.web.access import Instructor
from autograder.service.web.attempt_view import look_at
from autograder.service.web.class_cells import SIGN_WORDS, Sign, Wanted
from autograder.service.web.class_grid import ClassGrid
from autograder.service.web.class_plots import analyses, panels
from autograder.service.web.class_view import counting, need_person
from autograder.service.web.http_error import RefusedRequest


class OfClass(Instructor):
    """What these pages share."""

    def attempts(self, assignment: str = "") -> list[Attempt]:
        """All attempts of the class, the newest first."""
        found = self.context.everybody.attempts()
        return [one for one in found if assignment in ("", one.assignment)]

    def grid(self) -> ClassGrid:
        """The class as it is now."""
        store, attempts = self.context.service.attempts, self.attempts()
        asked = open_requests(store.requests(), attempts)
        return ClassGrid(self.context.service, self.context.reports, attempts, asked)

    def assignment_asked(self) -> str:
        """The assignment in the query, empty for all.

        Raises:
            RefusedRequest: there is no such assignment.
        """
        name = self.get_query_argument("assignment", "")
        if name and name not in self.context.service.course.assignments:
            raise RefusedRequest(HTTPStatus.NOT_FOUND)
        return name

    def show(self, template: str, values: dict[str, Any]) -> None:
        """Show a page that updates when something in the class changes."""
        course = self.context.service.course
        titles = {name: course.title_of(name) for name in course.assignments}
        self.page(template, titles=titles, live="class/events", **values)


class ClassPage(OfClass):
    """GET class: students by notebooks; filters and order are in the query."""

    async def get(self) -> None:
        state = self.get_query_argument("state", "")
        wanted = Wanted(
            self.assignment_asked(),
            state if state in list(Sign) else "",
            self.get_query_argument("student", ""),
            self.get_query_argument("sort", "student"),
            self.get_query_argument("order", "") == "desc",
            _page(self.get_query_argument("page", "1")),
        )
        members = await self.context.members()
        self.show("class.html.j2", await self.read(self._values, wanted, members))

    def _values(self, wanted: Wanted, members: frozenset[str]) -> dict[str, Any]:
        version = self.context.service.attempts.version()
        roster = {*self.context.service.marks().students, *members}
        grid = self.grid()
        return {
            "wanted": wanted,
            "grid": grid.shown(roster, members, wanted),
            "names": grid.assignments(),
            "signs": SIGN_WORDS,
            "link": partial(_query, wanted),
            "version": version,
        }


def _query(wanted: Wanted, **changes: Any) -> str:
    """The query of the class's page with some parts changed; empty parts are left out."""
    one = replace(wanted, **{"page": 1, **changes})
    parts = {
        "assignment": one.assignment,
        "state": one.state,
        "student": one.student,
        "sort": "" if one.sort == "student" else one.sort,
        "order": "desc" if one.descending else "",
        "page": one.page if one.page > 1 else "",
    }
    return urlencode({name: value for name, value in parts.items() if value})


def _page(text: str) -> int:
    """The number of a page, 1 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 1


class QueuePage(OfClass):
    """GET class/queue: attempts that wait, run or need review."""

    async def get(self) -> None:
        self.show("queue.html.j2", await self.read(self._values))

    def _values(self) -> dict[str, Any]:
        service, ahead = self.context.service, self.context.ahead()
        version = service.attempts.version()

        def seen(attempts: Sequence[Attempt]) -> list[Any]:
            return [look_at(service, attempt, ahead, teaches=True) for attempt in attempts]

        return {
            "queue": seen(service.attempts.queue()),
            "waiting": seen(need_person(self.attempts())),
            "version": version,
        }


class InsightPage(OfClass):
    """GET class/insight: scores, checks and misconceptions; of one assignment, or of all."""

    async def get(self) -> None:
        self.show("insight.html.j2", await self.read(self._values, self.assignment_asked()))

    def _values(self, assignment: str) -> dict[str, Any]:
        version = self.context.service.attempts.version()
        counted = counting(self.attempts(assignment))
        graded = self.context.reports.graded(counted, self.context.service.marks())
        course = self.context.service.course
        return {
            "assignment": assignment,
            "students": len({one.student for one in graded}),
            "panels": panels(graded, course.title_of),
            "analyses": analyses(graded, course.title_of),
            "ranking": tally.ranking(graded),
            "version": version,
        }


class MarksFile(OfClass):
    """GET class/marks.csv: the marks of the attempts that count, as a download."""

    async def get(self) -> None:
        text = await self.read(self._marks, self.assignment_asked())
        name = self.context.service.course.course_id.encode("ascii", "replace").decode()
        safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in name)
        self.set_header("Content-Type", "text/csv; charset=utf-8")
        self.set_header("Content-Disposition", f'attachment; filename="{safe}-marks.csv"')
        self.finish(text)

    def _marks(self, assignment: str) -> str:
        counted = counting(self.attempts(assignment))
        return marks_csv(self.context.reports.graded(counted, self.context.service.marks()))
