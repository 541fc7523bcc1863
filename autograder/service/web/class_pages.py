"""The instructor's pages: the class, the queue, attempts that need review, frequent mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from autograder.class_report import tally
from autograder.class_report.csv_export import marks_csv
from autograder.service.store.attempt import Attempt, State
from autograder.service.web.access import Instructor
from autograder.service.web.attempt_view import look_at
from autograder.service.web.class_plots import panels
from autograder.service.web.class_view import NOTHING, Filter, class_rows, counting, need_person
from autograder.service.web.http_error import RefusedRequest


class OfClass(Instructor):
    """What these pages share."""

    def attempts(self, assignment: str = "") -> list[Attempt]:
        """All attempts of the class, the newest first."""
        return self.context.service.attempts.of("", assignment)

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
        names = self.context.service.course.assignments
        self.page(template, assignments=names, live="class/events", **values)


class ClassPage(OfClass):
    """GET class: one row for each student and assignment; filters are in the query."""

    async def get(self) -> None:
        wanted = Filter(
            self.assignment_asked(),
            self.get_query_argument("state", ""),
            self.get_query_argument("student", ""),
            _page(self.get_query_argument("page", "1")),
        )
        members = await self.context.members()
        self.show("class.html.j2", await self.read(self._values, wanted, members))

    def _values(self, wanted: Filter, members: frozenset[str]) -> dict[str, Any]:
        context = self.context
        newest = context.service.attempts.version()
        attempts = self.attempts()
        roster = {*context.service.marks().students, *members}
        shown = class_rows(
            context.service, context.reports, context.ahead(), attempts, wanted, roster
        )
        query = {"assignment": wanted.assignment, "state": wanted.state, "student": wanted.student}
        return {
            "wanted": wanted,
            "shown": shown,
            "states": [*map(str, State), NOTHING],
            "query": urlencode(query),
            "newest": newest,
        }


def _page(text: str) -> int:
    """The number of a page, 1 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 1


class QueuePage(OfClass):
    """GET class/queue: attempts that wait, run or need review."""

    async def get(self) -> None:
        self.show("queue.html.j2", await self.read(self._values))

    def _values(self) -> dict[str, Any]:
        service, ahead = self.context.service, self.context.ahead()
        newest = service.attempts.version()

        def seen(attempts: Sequence[Attempt]) -> list[Any]:
            return [look_at(service, attempt, ahead, teaches=True) for attempt in attempts]

        return {
            "queue": seen(service.attempts.queue()),
            "waiting": seen(need_person(self.attempts())),
            "newest": newest,
        }


class InsightPage(OfClass):
    """GET class/insight: scores, checks and misconceptions; of one assignment, or of all."""

    async def get(self) -> None:
        self.show("insight.html.j2", await self.read(self._values, self.assignment_asked()))

    def _values(self, assignment: str) -> dict[str, Any]:
        newest = self.context.service.attempts.version()
        counted = counting(self.attempts(assignment))
        graded = self.context.reports.graded(counted, self.context.service.marks())
        return {
            "assignment": assignment,
            "students": len({one.student for one in graded}),
            "panels": panels(graded),
            "ranking": tally.ranking(graded),
            "newest": newest,
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
