"""The student's pages: own assignments, attempts and marks; and files for everybody.

An instructor may read the page of any attempt; a student only their own, and only what is shown
yet. `feedback_pages` has the page of one notebook's feedback.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from autograder.course.model import Course
from autograder.errors import CourseError
from autograder.feedback.words import Mark, points_of, standing
from autograder.grading.standing import is_earned
from autograder.report import Graded
from autograder.service.store.attempt import FINISHED, Allowance, Attempt, Ruling
from autograder.service.store.requests import Request, open_requests
from autograder.service.store.rulings import Regraded, Ruled
from autograder.service.web.access import Anonymous, Student
from autograder.service.web.attempt_view import RECENT, AttemptView, look_at
from autograder.service.web.http_error import RefusedRequest
from autograder.service.web.progress import Step, steps
from autograder.service.words import Due, NextStep, Prospects, due_words, next_step, result

KEPT_S = 365 * 24 * 3600


@dataclass(frozen=True)
class Marked:
    """One notebook of an attempt, as pages list it."""

    name: str
    title: str
    standing: Mark
    score: str
    reason: str
    link: str
    """The address of its feedback; empty if that is not shown."""


@dataclass(frozen=True)
class Assigned:
    """One assignment on a student's own pages."""

    name: str
    title: str
    due: Due | None
    latest: Step | None
    counting: AttemptView | None
    result: Mark | None
    """What stands out of the mark."""
    notebooks: tuple[Marked, ...]
    """Of the attempt that counts."""
    allowance: Allowance
    next: NextStep | None
    request: Request | None
    """An instructor asks for another attempt, and none has come since."""


@dataclass(frozen=True)
class Decisions:
    """The decisions of instructors about an attempt, and what regrading changed."""

    now: Ruling
    history: tuple[Ruled, ...]
    regrades: tuple[Regraded, ...]


class Own(Student):
    """What pages about one's own attempts share."""

    def show_live(self, template: str, **values: Any) -> None:
        """Show a page that updates when something of its reader's changes."""
        live = "class/events" if self.context.teaches(self.person) else "events"
        self.page(template, live=live, **values)

    def marks_of(self, attempt: Attempt, seen: AttemptView, teaches: bool) -> tuple[Marked, ...]:
        """The notebooks of an attempt, as far as the reader may see them."""
        if seen.shows == "nothing" or attempt.state not in FINISHED:
            return ()
        marks, reports = self.context.service.marks(), self.context.reports.of(attempt)
        graded = [marks.graded(attempt, Graded(seen.student, report)) for report in reports]
        return tuple(self._marked(seen, one, teaches) for one in graded)

    def _marked(self, seen: AttemptView, one: Graded, teaches: bool) -> Marked:
        report, course = one.report, self.context.service.course
        place = (
            f"{self.context.prefix}attempts/{seen.id}/feedback/{quote(report.notebook, safe='')}"
        )
        return Marked(
            name=report.notebook,
            title=course.title_of(seen.assignment, report.notebook),
            standing=standing(report),
            score=mark_words(one, seen.counts),
            reason=report.reason if teaches else report.public_reason,
            link=place if seen.shows == "feedback" else "",
        )

    def assigned(
        self, name: str, ahead: Mapping[int, int], most: int = RECENT
    ) -> tuple[Assigned, list[Step]]:
        """An assignment as its reader finds it now, with their latest attempts.

        Args:
            name: of the assignment.
            ahead: the places in the queue.
            most: how many attempts.
        """
        service, reader, now = self.context.service, self.person.name, datetime.now(UTC)
        store = service.attempts
        attempts = store.recent(reader, name, most)
        seen = [look_at(service, attempt, ahead, teaches=False) for attempt in attempts]
        found = steps(attempts, seen, store.numbers(reader, name), self.context.reports)
        counting = next((one for one in seen if one.counts and one.shows != "nothing"), None)
        mark = result(counting.score, counting.max_score) if counting else None
        given = next((one for one in attempts if counting and one.id == counting.id), None)
        left, due = store.allowance(reader, name), service.due(name, reader)
        shows = seen[0].shows if seen else "nothing"
        asked = open_requests(store.requests(reader, name), attempts)
        after_due = str(service.settings.after_due)
        prospects = Prospects(left, due, now, after_due, bool(asked))
        settled = bool(mark and mark.tone == "good") and not asked
        return (
            Assigned(
                name=name,
                title=service.course.title_of(name),
                due=due_words(due, now, settled or (bool(attempts) and not prospects.again)),
                latest=found[0] if found else None,
                counting=counting,
                result=mark,
                notebooks=self.marks_of(given, counting, False) if given and counting else (),
                allowance=left,
                next=next_step(attempts[0] if attempts else None, shows, mark, prospects),
                request=asked.get((reader, name)),
            ),
            found,
        )

    def newest(self) -> dict[str, int]:
        """What the page knows of: the store's version, and the reader's newest attempt."""
        store = self.context.service.attempts
        version = store.version()
        attempts = store.of(self.person.name, limit=RECENT)
        newest = max((attempt.id for attempt in attempts), default=0)
        return {"version": version, "newest": newest}


class Home(Own):
    """GET: one's own assignments, with due dates, marks, and links to the feedback."""

    async def get(self) -> None:
        newest = await self.read(self.newest)
        self.show_live("home.html.j2", assignments=await self.read(self._assigned), **newest)

    def _assigned(self) -> list[Assigned]:
        service, ahead = self.context.service, self.context.ahead()
        found = []
        for name in service.course.assignments:
            one, attempts = self.assigned(name, ahead, most=2)
            if attempts or is_offered(service.course, name):
                found.append(one)
        return found


def is_offered(course: Course, assignment: str) -> bool:
    """Whether an assignment is built, so that there is something to submit."""
    return all(lab.release.is_file() for lab in course.labs_of(assignment))


class Assignment(Own):
    """GET assignments/<name>: one's own attempts at it; which of them counts, and why."""

    async def get(self, name: str) -> None:
        service = self.context.service
        try:
            service.course.labs_of(name)
        except CourseError:
            raise RefusedRequest(HTTPStatus.NOT_FOUND) from None
        newest = await self.read(self.newest)
        ahead = await self.read(self.context.ahead)
        one, attempts = await self.read(self.assigned, name, ahead)
        keep = service.settings.keep
        self.show_live("assignment.html.j2", one=one, attempts=attempts, keep=keep, **newest)


class AttemptPage(Own):
    """GET attempts/<id>: one attempt, its notebooks and marks, as far as the reader may see."""

    async def get(self, attempt_id: str) -> None:
        attempt = await self.attempt_or_404(attempt_id)
        self.show_live("attempt.html.j2", **await self.read(self._values, attempt))

    def _values(self, attempt: Attempt) -> dict[str, Any]:
        service, teaches = self.context.service, self.context.teaches(self.person)
        store = service.attempts
        version = store.version()
        around = store.recent(attempt.student, attempt.assignment, RECENT)
        here = next((n for n, one in enumerate(around) if one.id == attempt.id), None)
        shown = around[here:] if here is not None else [attempt]
        ahead = self.context.ahead()
        seen = [look_at(service, one, ahead, teaches) for one in shown]
        numbers = store.numbers(attempt.student, attempt.assignment)
        [step, *_] = steps(shown, seen, numbers, self.context.reports)
        return {
            "step": step,
            "seen": seen[0],
            "title": service.course.title_of(attempt.assignment),
            "result": result(seen[0].score, seen[0].max_score),
            "own": attempt.student == self.person.name,
            "asks": teaches and attempt.asks,
            "decisions": self._decisions(attempt) if teaches else None,
            "notebooks": self.marks_of(attempt, seen[0], teaches),
            "version": version,
        }

    def _decisions(self, attempt: Attempt) -> Decisions | None:
        """What an instructor decided and may decide; None while it is not graded."""
        if attempt.state not in FINISHED:
            return None
        store = self.context.service.attempts
        history, regrades = store.rulings(attempt.id), store.regrades(attempt.id)
        return Decisions(attempt.ruling, tuple(history), tuple(regrades))


def mark_words(one: Graded, counts: bool) -> str:
    """The mark of one notebook in words; an ungraded one has none if its attempt does not count.

    Args:
        one: the report, with the gradebook's mark if there is one.
        counts: whether its attempt gives the mark.
    """
    if one.score is None:
        return "mark withheld"
    if not counts and not is_earned(one.report):
        return "not graded"
    return points_of(one.score, one.max_score)


class Slash(Anonymous):
    """GET the prefix without its slash, as people type it: redirects to the first page."""

    def get(self) -> None:
        self.redirect(self.context.prefix, permanent=True)


class AssetFile(Anonymous):
    """GET static/<version>/<name>: a style sheet or script; another version has another address."""

    def get(self, version: str, name: str) -> None:
        found = self.context.assets.get(name)
        if found is None or version != self.context.assets.version:
            raise RefusedRequest(HTTPStatus.NOT_FOUND)
        content_type, content = found
        self.set_header("Content-Type", content_type)
        self.set_header("Cache-Control", f"public, max-age={KEPT_S}, immutable")
        self.finish(content)
