"""The instructor's pages for regrading: choose, see what would change, apply it or not."""

from __future__ import annotations

from http import HTTPStatus

from autograder.service.web.access import Instructor


class RegradePage(Instructor):
    """GET class/regrade: the form; POST: begin to find out what regrading changes."""

    async def get(self) -> None:
        chosen = {name: self.get_query_argument(name, "") for name in ("assignment", "student")}
        names = await self.read(self._handed_in)
        self.page("regrade.html.j2", assignments=names, chosen=chosen)

    def _handed_in(self) -> dict[str, str]:
        """Name and title of the assignments with attempts that can be regraded."""
        service = self.context.service
        known = {attempt.assignment for attempt in service.attempts.of()}
        course = service.course
        return {name: course.title_of(name) for name in course.assignments if name in known}

    async def post(self) -> None:
        assignment = self.get_body_argument("assignment", "")
        student = self.get_body_argument("student", "")
        begun = await self.read(
            self.context.regrade_jobs.begin, self.person.name, assignment, student
        )
        self.redirect(f"{self.context.prefix}class/regrade/{begun.id}", status=HTTPStatus.SEE_OTHER)


class RegradeJobPage(Instructor):
    """GET class/regrade/<id>: what would change; POST: apply it."""

    def get(self, number: str) -> None:
        job = self.context.regrade_jobs.get(int(number))
        # The browser loads the page again until the result is there.
        if job.stage.under_way:
            self.set_header("Refresh", "2")
        title = self.context.service.course.title_of(job.assignment)
        self.page("regrade_job.html.j2", job=job, title=title)

    def post(self, number: str) -> None:
        job = self.context.regrade_jobs.apply(int(number), self.person.name)
        self.redirect(f"{self.context.prefix}class/regrade/{job.id}", status=HTTPStatus.SEE_OTHER)
