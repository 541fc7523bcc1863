"""Who sends a request, and what they may do: one handler class for each privilege.

Every page, stream and API call has a handler that derives from `Anonymous`, `Student`, `OwnMarks`,
`Instructor` or `Metrics`. The class decides who may use it; no handler decides for itself. The hub
says who somebody is, its groups say what they are in this course (`identity`).

Answers to those who may not: a page sends a browser to the hub's login; a program, and a request
with an invalid token, gets 401; too few rights are 403; what belongs to somebody else is 404, as if
it were not there.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, ClassVar, TypeVar

from jupyterhub.services.auth import HubOAuth, HubOAuthCallbackHandler, HubOAuthenticated
from tornado.web import HTTPError, RequestHandler

from autograder.service.store.attempt import Attempt
from autograder.service.web.assets import filled
from autograder.service.web.context import ServiceContext
from autograder.service.web.http_error import WORDS, RefusedRequest
from autograder.service.web.identity import INSTRUCTORS, STUDENTS, Person
from autograder.service.web.web_compat import answers, came_by_token
from autograder.service.words import gap

Result = TypeVar("Result")

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

OWN_MARKS = "custom:marks:own"
"""The hub's scope that lets its holder read their own marks here, and do nothing else."""

_CLOSED = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class Handler(HubOAuthenticated, RequestHandler):  # type: ignore[misc]
    """What all handlers share: headers, errors, templates, methods."""

    program: ClassVar[bool] = False
    """Whether programs use this handler, which a login page would not help."""

    person: Person | None = None

    @property
    def context(self) -> ServiceContext:
        """What this process serves."""
        context: ServiceContext = self.settings["context"]
        return context

    @property
    def hub_auth(self) -> HubOAuth:
        """The hub, which knows people."""
        return self.context.auth

    def set_default_headers(self) -> None:
        """Forbid everything; a page allows what it needs."""
        self.clear_header("Server")
        self.set_header("Content-Security-Policy", _CLOSED)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("X-Frame-Options", "DENY")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Cache-Control", "no-store")

    @property
    def for_program(self) -> bool:
        """Whether a program will read the answer."""
        accepts = self.request.headers.get("Accept", "")
        asks_json = "application/json" in accepts and "text/html" not in accepts
        return self.program or asks_json or "Authorization" in self.request.headers

    def allowed_methods(self) -> list[str]:
        """The methods that this handler answers."""
        named = [method for method in ("GET", "POST") if answers(type(self), method)]
        return [*named, *(["HEAD"] if "GET" in named else []), "OPTIONS"]

    async def head(self, *args: str) -> None:
        """The headers of GET; tornado leaves the body out."""
        waiting = self.get(*args)
        if waiting is not None:
            await waiting

    def options(self, *args: str) -> None:
        """The methods that there are."""
        self.set_header("Allow", ", ".join(self.allowed_methods()))
        self.set_status(204)

    async def read(self, question: Callable[..., Result], *args: Any) -> Result:
        """Ask the store, or anything else that may be slow, without delaying other requests."""
        return await self.context.read(question, *args)

    def page(self, template: str, **values: Any) -> None:
        """Answer with a page, which may load our style sheet and our script, and nothing else."""
        nonce = secrets.token_urlsafe(16)
        self.set_header(
            "Content-Security-Policy",
            f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; "
            "img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'",
        )
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(filled(template, {**self._frame(nonce), "gap": gap, **values}))

    def _frame(self, nonce: str) -> dict[str, Any]:
        """The values that the frame of every page needs."""
        person = self.person
        return {
            "nonce": nonce,
            "prefix": self.context.prefix,
            "assets": self.context.assets,
            "course": self.context.service.course.title,
            "hub": self.hub_auth.hub_host + self.hub_auth.hub_prefix,
            "person": person.name if person else "",
            "teaches": person is not None and self.context.teaches(person),
            "path": self.request.path.removeprefix(self.context.prefix),
            "xsrf": self.xsrf_token.decode() if person else "",
            "lms": self.context.service.lti.used,
            "live": "",
            "channel": self._channel(person.name) if person else "",
        }

    def _channel(self, name: str) -> str:
        """The name of the channel between somebody's windows; no other user's page can know it."""
        secret: bytes = self.settings["cookie_secret"]
        return hmac.digest(secret, f"channel {name}".encode(), "sha256").hex()

    def json(self, value: Any, status: int = 200) -> None:
        """Answer with JSON."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(json.dumps(value, ensure_ascii=False) + "\n")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say what is wrong, as JSON for programs and a page for people; never what broke."""
        if status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            self.set_header("Allow", ", ".join(self.allowed_methods()))
        if status_code == HTTPStatus.UNAUTHORIZED:
            self.set_header("WWW-Authenticate", "token")
        _, error, _ = kwargs.get("exc_info", (None, None, None))
        told = error.words if isinstance(error, RefusedRequest) else ""
        text = told or WORDS.get(status_code, HTTPStatus(status_code).description)
        if self.for_program:
            self.json({"status": status_code, "message": text}, status_code)
            return
        self.page(
            "problem.html.j2", status=status_code, title=HTTPStatus(status_code).phrase, text=text
        )


class Anonymous(Handler):
    """For everybody, known or not."""


class Known(Handler):
    """For those whom the hub knows and lets into this service."""

    person: Person

    async def prepare(self) -> None:
        """Find out who sends the request, and refuse those who may not."""
        model = await self._model()
        if model is None:
            if self.request.method in ("GET", "HEAD") and not self.for_program:
                self.redirect(self.get_login_url())
                return
            raise RefusedRequest(HTTPStatus.UNAUTHORIZED)
        self.current_user, self.person = model, Person.of(model)
        if self.request.method not in SAFE_METHODS:
            self.check_xsrf_cookie()
        if not self.may(self.person):
            raise RefusedRequest(HTTPStatus.FORBIDDEN, self.why_not(self.person))

    async def _model(self) -> dict[str, Any] | None:
        """The hub's description of the sender; None when nobody is signed in.

        Raises:
            RefusedRequest: the token is invalid; a cookie came without the proof that one of our
                pages sent it; or the hub does not answer.
        """
        try:
            model: dict[str, Any] | None = await self.hub_auth.get_user(self, sync=False)
        except HTTPError as error:
            words = "The hub does not answer; try again in a minute."
            raise RefusedRequest(HTTPStatus.SERVICE_UNAVAILABLE, words) from error
        if "Authorization" in self.request.headers and not came_by_token(self):
            raise RefusedRequest(HTTPStatus.UNAUTHORIZED)
        if model is None and self.hub_auth.get_token(self):
            # Either the cookie is too old, or the hub's library ignored it because the token
            # against forged requests is missing, which deserves another answer.
            self.check_xsrf_cookie()
        return model

    def check_xsrf_cookie(self) -> None:
        """Refuse a request that another site, or another user's server, made a browser send."""
        try:
            super().check_xsrf_cookie()
        except HTTPError as error:
            words = "The request lacks the token of the page; reload the page."
            raise RefusedRequest(HTTPStatus.FORBIDDEN, words) from error

    def may(self, person: Person) -> bool:
        """Whether this person may use this handler.

        Nobody may without the scope that lets people into this service at all.
        """
        return bool(self.hub_auth.check_scopes(self.hub_auth.access_scopes, self.current_user))

    def why_not(self, person: Person) -> str:
        """The words for somebody who may not."""
        return WORDS[403]


class Student(Known):
    """For members of the course, about themselves; instructors are members too."""

    groups: ClassVar[tuple[str, ...]] = (STUDENTS, INSTRUCTORS)
    """Members of any of these groups of the course are let in."""

    def may(self, person: Person) -> bool:
        """Whether this is a user of the hub in one of the course's groups."""
        course_id = self.context.service.course.course_id
        return super().may(person) and person.belongs(self.groups, course_id)

    def why_not(self, person: Person) -> str:
        """Say who they are and who could help."""
        return (
            f"You are signed in as {person.name}, who may not see or do this. If you should be "
            "able to, ask an instructor of the course to add you to its group."
        )

    async def attempt_or_404(self, attempt_id: str) -> Attempt:
        """The attempt of that number, if it is their own or they teach.

        Raises:
            RefusedRequest: 404, both for no attempt and for one of somebody else.
        """
        attempt = await self.read(self.context.service.attempts.get, int(attempt_id))
        own = attempt is not None and attempt.student == self.person.name
        if attempt is None or not (own or self.context.teaches(self.person)):
            raise RefusedRequest(HTTPStatus.NOT_FOUND)
        return attempt


class OwnMarks(Student):
    """For members of the course about themselves; a token that opens nothing else will do.

    A user's JupyterLab has such a token. Whatever code runs there can read it, so it must not be
    able to do more than this.
    """

    scopes: ClassVar[frozenset[str]] = frozenset({OWN_MARKS})

    def may(self, person: Person) -> bool:
        """Whether this is one of the course's people, by either scope."""
        if not self.hub_auth.check_scopes(self.scopes, self.current_user):
            return super().may(person)
        return person.belongs(self.groups, self.context.service.course.course_id)


class Instructor(Student):
    """For those who teach the course, about everybody in it."""

    groups: ClassVar[tuple[str, ...]] = (INSTRUCTORS,)


class Metrics(Known):
    """For programs that watch this service: by a scope of the hub, or a token of our own."""

    program = True
    scopes: ClassVar[frozenset[str]] = frozenset({"read:metrics"})

    async def prepare(self) -> None:
        """Try the service's own token first: then the hub need not be asked."""
        given = self.request.headers.get("Authorization", "")
        wanted = self.context.metrics_token
        if wanted and hmac.compare_digest(given.encode(), f"Bearer {wanted}".encode()):
            return
        await super().prepare()

    def may(self, person: Person) -> bool:
        """Anybody with the scope, whatever their groups."""
        return bool(self.hub_auth.check_scopes(self.scopes, self.current_user))


class Callback(HubOAuthCallbackHandler, Anonymous):  # type: ignore[misc]
    """The end of a login: the hub sends the browser back to here."""


class NotFound(Anonymous):
    """For every address without a route."""

    def prepare(self) -> None:
        """Refuse every request."""
        raise RefusedRequest(HTTPStatus.NOT_FOUND)
