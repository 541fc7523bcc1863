"""What a student reads: own assignments, attempts, marks, feedback; and what everybody may load.

An instructor reads the page of any attempt; a student only their own, and only what is shown yet.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import quote

from autograder.errors import CourseError
from autograder.feedback.words import Mark, score_words, standing
from autograder.service.access import Anonymous, Student
from autograder.service.attempt import Attempt
from autograder.service.refusal import Refusal
from autograder.service.view import RECENT, Seen, look_at
from autograder.verdict import Report

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
KEPT_S = 365 * 24 * 3600


@dataclass(frozen=True)
class Assigned:
    """One assignment on a student's own page."""

    name: str
    due: datetime | None
    latest: Seen | None
    counting: Seen | None


@dataclass(frozen=True)
class Marked:
    """One notebook of an attempt, as its page lists it."""

    name: str
    standing: Mark
    score: str
    reason: str
    link: str
    """Where its feedback is; empty when it is not shown."""


class Own(Student):
    """What pages about one's own attempts share."""

    def own_attempts(self, assignment: str, most: int) -> list[Attempt]:
        """The latest attempts of whoever asks, the latest first, and the one that counts."""
        return self.site.service.attempts.recent(self.person.name, assignment, most)

    def newest(self) -> int:
        """The number of the newest attempt that the stream of whoever asks tells of."""
        attempts = self.site.service.attempts.of(self.person.name, limit=RECENT)
        return max((attempt.id for attempt in attempts), default=0)

    def own_due(self, assignment: str) -> datetime | None:
        """When the assignment is due for whoever asks, an extension of theirs included."""
        return self.site.service.due(assignment, self.person.name)


class Home(Own):
    """GET: one's own assignments, with due dates and marks."""

    async def get(self) -> None:
        """Show them."""
        newest = await self.read(self.newest)
        assigned = await self.read(self._assigned)
        self.page("home.html.j2", assignments=assigned, newest=newest, live="events")

    def _assigned(self) -> list[Assigned]:
        service, ahead = self.site.service, self.site.ahead()
        found = []
        for name in service.course.assignments:
            own = self.own_attempts(name, most=1)
            built = all(lab.release.is_file() for lab in service.course.labs_of(name))
            if not own and not built:
                continue
            seen = [look_at(service, attempt, ahead, teaches=False) for attempt in own]
            counting = next((one for one in seen if one.counts), None)
            found.append(Assigned(name, self.own_due(name), seen[0] if seen else None, counting))
        return found


class Assignment(Own):
    """GET assignments/<name>: one's own attempts at one assignment."""

    async def get(self, name: str) -> None:
        """Show them, and which of them counts and why."""
        service = self.site.service
        try:
            service.course.labs_of(name)
        except CourseError:
            raise Refusal(HTTPStatus.NOT_FOUND) from None
        newest = await self.read(self.newest)
        attempts = await self.read(self.own_attempts, name, RECENT)
        ahead = await self.read(self.site.ahead)
        self.page(
            "assignment.html.j2",
            assignment=name,
            when=await self.read(self.own_due, name),
            limit=service.settings.attempt_limit,
            keep=service.settings.keep,
            attempts=[look_at(service, one, ahead, teaches=False) for one in attempts],
            newest=newest,
            live="events",
        )


class AttemptPage(Student):
    """GET attempts/<id>: one attempt, its notebooks and marks."""

    async def get(self, attempt_id: str) -> None:
        """Show as much of it as this person may see."""
        attempt = await self.attempt_or_404(attempt_id)
        teaches = self.site.teaches(self.person)
        ahead = await self.read(self.site.ahead)
        seen = await self.read(look_at, self.site.service, attempt, ahead, teaches)
        own = attempt.student == self.person.name
        self.page(
            "attempt.html.j2",
            seen=seen,
            own=own,
            notebooks=await self.read(self._notebooks, seen, teaches),
            live="events" if own else "class/events",
        )

    def _notebooks(self, seen: Seen, teaches: bool) -> list[Marked]:
        if seen.shows == "nothing":
            return []
        reports = self.site.service.attempts.reports(seen.id)
        return [self._marked(seen, report, teaches) for report in reports]

    def _marked(self, seen: Seen, report: Report, teaches: bool) -> Marked:
        place = f"{self.site.prefix}attempts/{seen.id}/feedback/{quote(report.notebook, safe='')}"
        return Marked(
            name=report.notebook,
            standing=standing(report),
            score=score_words(report),
            reason=report.reason if teaches else report.public_reason,
            link=place if seen.shows == "feedback" else "",
        )


class Feedback(Student):
    """GET attempts/<id>/feedback/<notebook>: the feedback page of one notebook."""

    async def get(self, attempt_id: str, notebook: str) -> None:
        """Serve it under a policy that lets its own style in and nothing else."""
        service = self.site.service
        attempt = await self.attempt_or_404(attempt_id)
        teaches = self.site.teaches(self.person)
        shows = await self.read(service.visible, attempt, datetime.now(UTC))
        html = None
        if teaches or shows == "feedback":
            back = f"{self.site.prefix}attempts/{attempt.id}"
            html = await self.read(service.feedback_html, attempt.id, notebook, back)
        if html is None:
            raise Refusal(HTTPStatus.NOT_FOUND)
        self.set_header("Content-Security-Policy", feedback_policy(html))
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(html.encode("utf-8", "replace"))


def feedback_policy(html: str) -> str:
    """A policy under which a feedback page shows as it is: its own style, by hash, and no more."""
    digests = [hashlib.sha256(style.encode()).digest() for style in _STYLE.findall(html)]
    allowed = [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests] or ["'none'"]
    return (
        f"default-src 'none'; style-src {' '.join(allowed)}; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'; sandbox"
    )


class Slash(Anonymous):
    """GET the prefix without its slash, as people type it."""

    def get(self) -> None:
        """Lead to the first page."""
        self.redirect(self.site.prefix, permanent=True)


class AssetFile(Anonymous):
    """GET static/<version>/<name>: the style sheet or the script; the same for everybody."""

    def get(self, version: str, name: str) -> None:
        """Serve it, to be kept: another version has another address."""
        found = self.site.assets.get(name)
        if found is None or version != self.site.assets.version:
            raise Refusal(HTTPStatus.NOT_FOUND)
        content_type, content = found
        self.set_header("Content-Type", content_type)
        self.set_header("Cache-Control", f"public, max-age={KEPT_S}, immutable")
        self.finish(content)
