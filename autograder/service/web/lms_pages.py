"""What was sent to the learning-management system and what waits; the keys that it reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from autograder.feedback.words import number
from autograder.lms.keys import public_keys
from autograder.service.store.outbox import Letter
from autograder.service.web.access import Anonymous, Instructor

MOST = 200
"""Rows of one table on the page; `autograder lms status` shows all."""


@dataclass(frozen=True)
class Row:
    """One mark, in words."""

    student: str
    item: str
    mark: str
    state: str
    at: datetime | None


class LmsPage(Instructor):
    """GET class/lms: what was sent to the platform, and what waits and why."""

    async def get(self) -> None:
        self.page("lms.html.j2", **await self.read(self._values))

    def _values(self) -> dict[str, Any]:
        service = self.context.service
        letters = service.outbox.letters()
        odd = [one for one in letters if one.open or one.fault]
        settled = [one for one in letters if not one.open and not one.fault]
        settled.sort(key=lambda one: -(one.sent_at or 0.0))
        return {
            "used": service.lti.used,
            "issuer": service.lti.issuer,
            "away": service.sending_stopped,
            "waiting": sum(one.open for one in letters),
            "odd": [_row(one) for one in odd[:MOST]],
            "odd_count": len(odd),
            "settled": [_row(one) for one in settled[:MOST]],
            "settled_count": len(settled),
        }


def _row(one: Letter) -> Row:
    mark = (
        one.waits or "pending"
        if one.score is None
        else f"{number(one.score)} of {number(one.most)}"
    )
    state = one.fault or ("waits" if one.open else "sent")
    at = None if one.sent_at is None else datetime.fromtimestamp(one.sent_at, UTC)
    return Row(one.student, one.item, mark, state, at)


class KeySet(Anonymous):
    """GET lti/jwks.json: the public keys by which the platform knows this course."""

    program = True

    async def get(self) -> None:
        self.json(await self.read(public_keys, self.context.service.course.root))
