"""The student's pages: own assignments, attempts, marks, feedback; and files for everybody.

An instructor may read the page of any attempt; a student only their own, and only what is shown
yet.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import quote

from autograder.course.model import Course
from autograder.errors import CourseError
from autograder.feedback.words import Mark, points_of, standing
from autograder.grading.standing import is_earned
from autograder.report import Graded
from autograder.service.store.attempt import FINISHED, Allowance, Attempt, Ruling
from autograder.service.store.rulings import Ruled
from autograder.service.web.access import Anonymous, Student
from autograder.service.web.attempt_view import RECENT, AttemptView, look_at
from autograder.service.web.http_error import RefusedRequest
from autograder.service.web.lab_links import notebook_address

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
KEPT_S = 365 * 24 * 3600


@dataclass(frozen=True)
class Assigned:
    """One assignment on a student's own page."""

    name: str
    due: datetime | None
    latest: AttemptView | None
    counting: AttemptView | None
    allowance: Allowance


@dataclass(frozen=True)
class Marked:
    """One notebook of an attempt, as its page lists it."""

    name: str
    standing: Mark
    score: str
    reason: str
    link: str
    """The address of its feedback; empty if that is not shown."""


@dataclass(frozen=True)
class Decisions:
    """The decisions of instructors about an attempt."""

    now: Ruling
    history: tuple[Ruled, ...]


class Own(Student):
    """What pages about one's own attempts share."""

    def own_attempts(self, assignment: str, most: int) -> list[Attempt]:
        """The reader's latest attempts, the latest first, and the one that counts."""
        return self.context.service.attempts.recent(self.person.name, assignment, most)

    def newest(self) -> int:
        """The number of the newest attempt in the reader's stream."""
        attempts = self.context.service.attempts.of(self.person.name, limit=RECENT)
        return max((attempt.id for attempt in attempts), default=0)

    def allowance(self, assignment: str) -> Allowance:
        """What the rules allow the reader to submit."""
        return self.context.service.attempts.allowance(self.person.name, assignment)

    def own_due(self, assignment: str) -> datetime | None:
        """When the assignment is due for the reader, including an extension."""
        return self.context.service.due(assignment, self.person.name)


class Home(Own):
    """GET: one's own assignments, with due dates and marks."""

    async def get(self) -> None:
        newest = await self.read(self.newest)
        assigned = await self.read(self._assigned)
        self.page("home.html.j2", assignments=assigned, newest=newest, live="events")

    def _assigned(self) -> list[Assigned]:
        service, ahead = self.context.service, self.context.ahead()
        found = []
        for name in service.course.assignments:
            own = self.own_attempts(name, most=1)
            if not own and not is_offered(service.course, name):
                continue
            seen = [look_at(service, attempt, ahead, teaches=False) for attempt in own]
            counting = next((one for one in seen if one.counts), None)
            latest = seen[0] if seen else None
            left = self.allowance(name)
            found.append(Assigned(name, self.own_due(name), latest, counting, left))
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
        attempts = await self.read(self.own_attempts, name, RECENT)
        ahead = await self.read(self.context.ahead)
        self.page(
            "assignment.html.j2",
            assignment=name,
            when=await self.read(self.own_due, name),
            allowance=await self.read(self.allowance, name),
            keep=service.settings.keep,
            attempts=[look_at(service, one, ahead, teaches=False) for one in attempts],
            newest=newest,
            live="events",
        )


class AttemptPage(Student):
    """GET attempts/<id>: one attempt, its notebooks and marks, as far as the reader may see."""

    async def get(self, attempt_id: str) -> None:
        attempt = await self.attempt_or_404(attempt_id)
        teaches = self.context.teaches(self.person)
        ahead = await self.read(self.context.ahead)
        seen = await self.read(look_at, self.context.service, attempt, ahead, teaches)
        own = attempt.student == self.person.name
        self.page(
            "attempt.html.j2",
            seen=seen,
            own=own,
            asks=teaches and attempt.asks,
            decisions=await self.read(self._decisions, attempt) if teaches else None,
            notebooks=await self.read(self._notebooks, attempt, seen, teaches),
            live="events" if own else "class/events",
        )

    def _decisions(self, attempt: Attempt) -> Decisions | None:
        """What an instructor decided and may decide; None while it is not graded."""
        if attempt.state not in FINISHED:
            return None
        return Decisions(attempt.ruling, tuple(self.context.service.attempts.rulings(attempt.id)))

    def _notebooks(self, attempt: Attempt, seen: AttemptView, teaches: bool) -> list[Marked]:
        if seen.shows == "nothing":
            return []
        service = self.context.service
        marks, reports = service.marks(), service.attempts.reports(seen.id)
        graded = [marks.graded(attempt, Graded(seen.student, report)) for report in reports]
        return [self._marked(seen, one, teaches) for one in graded]

    def _marked(self, seen: AttemptView, one: Graded, teaches: bool) -> Marked:
        report = one.report
        place = (
            f"{self.context.prefix}attempts/{seen.id}/feedback/{quote(report.notebook, safe='')}"
        )
        return Marked(
            name=report.notebook,
            standing=standing(report),
            score=mark_words(one, seen.counts),
            reason=report.reason if teaches else report.public_reason,
            link=place if seen.shows == "feedback" else "",
        )


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


class Feedback(Student):
    """GET attempts/<id>/feedback/<notebook>: the feedback page of one notebook."""

    async def get(self, attempt_id: str, notebook: str) -> None:
        service = self.context.service
        attempt = await self.attempt_or_404(attempt_id)
        teaches = self.context.teaches(self.person)
        shows = await self.read(service.visible, attempt, datetime.now(UTC))
        html = None
        if teaches or shows == "feedback":
            back = f"{self.context.prefix}attempts/{attempt.id}"
            own = attempt.student == self.person.name
            place = (self.context, attempt.assignment, notebook)
            lab = await self.read(notebook_address, *place) if own else ""
            html = await self.read(service.feedback_html, attempt.id, notebook, back, lab)
        if html is None:
            raise RefusedRequest(HTTPStatus.NOT_FOUND)
        self.set_header("Content-Security-Policy", feedback_policy(html))
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(html.encode("utf-8", "replace"))


def feedback_policy(html: str) -> str:
    """A policy that allows a feedback page its own style, by hash, and nothing else."""
    digests = [hashlib.sha256(style.encode()).digest() for style in _STYLE.findall(html)]
    allowed = [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests] or ["'none'"]
    return (
        f"default-src 'none'; style-src {' '.join(allowed)}; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'; sandbox"
    )


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
