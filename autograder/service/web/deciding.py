"""An instructor's decision about an attempt: let it count, set it aside, take that back.

The page's form and programs decide in the same way; the store records who decided and when.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from urllib.parse import quote

from autograder.service.store.attempt import Attempt, Ruling
from autograder.service.web.access import Instructor
from autograder.service.web.api import json_body
from autograder.service.web.attempt_view import attempt_json, look_at
from autograder.service.web.http_error import RefusedRequest

log = logging.getLogger("autograder.service")


class Decides(Instructor):
    """What the page's form and the API share."""

    async def decide(self, attempt_id: str, ruling: str) -> Attempt:
        """Store a decision, and return the attempt as it is then.

        Raises:
            RefusedRequest: there is no such attempt, or the decision is impossible.
        """
        attempt = await self.attempt_or_404(attempt_id)
        if ruling not in list(Ruling):
            words = "The decision must be `counts`, `aside`, or empty to take an earlier one back."
            raise RefusedRequest(HTTPStatus.BAD_REQUEST, words)
        store = self.context.service.attempts
        against = await self.read(store.rule, attempt.id, Ruling(ruling), self.person.name)
        if against:
            raise RefusedRequest(HTTPStatus.CONFLICT, against)
        what = ruling or "as by the ordinary rule"
        log.info("%s decides on attempt %d: %s", self.person.name, attempt.id, what)
        self.context.service.wake()
        return await self.attempt_or_404(attempt_id)


class DecidePage(Decides):
    """POST attempts/<id>/decide: `ruling` in the form; then the attempt's page again."""

    def get(self, attempt_id: str) -> None:
        """Redirect to the attempt: a browser comes here when the form's answer is reloaded."""
        self.redirect(f"{self.context.prefix}attempts/{attempt_id}", status=HTTPStatus.SEE_OTHER)

    async def post(self, attempt_id: str) -> None:
        """The form holds `ruling`; `then` is `student` where the page of the student asked."""
        attempt = await self.decide(attempt_id, self.get_body_argument("ruling"))
        place = f"attempts/{attempt.id}"
        if self.get_body_argument("then", "") == "student":
            place = f"class/students/{quote(attempt.student, safe='')}"
        self.redirect(f"{self.context.prefix}{place}", status=HTTPStatus.SEE_OTHER)


class DecideApi(Decides):
    """POST api/attempts/<id>/ruling: `ruling` in the JSON body; answers with the attempt."""

    program = True

    async def post(self, attempt_id: str) -> None:
        asked = json_body(self.request.body, ("ruling",), all_of=True)
        attempt = await self.decide(attempt_id, asked["ruling"])
        ahead = await self.read(self.context.ahead)
        self.json(
            attempt_json(await self.read(look_at, self.context.service, attempt, ahead, True))
        )
