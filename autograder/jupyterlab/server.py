"""GET nbassay/marks on a user's own server: the user's marks, as the grading services tell them.

The browser may not ask a service by itself: pages of other users' servers have the same origin, so
the service answers no script that comes with nothing but a cookie. This server asks with a token of
its own. The hub gave it for reading the user's own marks, so whatever code the user runs here, and
finds the token, can do no more than that.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from jupyter_server.base.handlers import APIHandler
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.web import HTTPError, authenticated

URLS, TOKEN = "AUTOGRADER_MARKS_URLS", "AUTOGRADER_MARKS_TOKEN"
"""Environment variables: addresses of services, separated by blanks; the hub's token for them."""
PATH = "nbassay/marks"
OPTION = "nbassayMarks"
"""In the configuration of JupyterLab's page: the path to ask; absent where there is no service."""
WAIT_S = 10.0
NOT_A_MEMBER = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)


@dataclass(frozen=True)
class Services:
    """The grading services of a hub, as a user's server reaches them."""

    urls: tuple[str, ...]
    token: str = field(repr=False)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Services | None:
        """The services that the environment names; None where there are none.

        Raises:
            ValueError: an address is none; the text names the variable.
        """
        urls, token = environment.get(URLS, "").split(), environment.get(TOKEN, "")
        for url in urls:
            place = urlsplit(url)
            if place.scheme not in ("http", "https") or not place.hostname:
                raise ValueError(f"{URLS}: {url!r} is no address of a service")
        if not (urls and token):
            return None
        return cls(tuple(f"{url.rstrip('/')}/" for url in urls), token)

    async def marks(self) -> list[dict[str, Any]]:
        """What each service says that knows the user as one of its course's people.

        Raises:
            HTTPError: 503, a service does not answer, or does not take the token.
        """
        found = await asyncio.gather(*map(self._ask, self.urls))
        return [one for one in found if one is not None]

    async def _ask(self, url: str) -> dict[str, Any] | None:
        """What one service says; None where the user is not in its course."""
        request = HTTPRequest(
            f"{url}api/own",
            headers={"Authorization": f"token {self.token}", "Accept": "application/json"},
            connect_timeout=WAIT_S,
            request_timeout=WAIT_S,
            follow_redirects=False,
        )
        try:
            answer = await AsyncHTTPClient().fetch(request)
            told: dict[str, Any] = json.loads(answer.body)
        except HTTPClientError as error:
            if error.code in NOT_A_MEMBER:
                return None
            raise _unreachable() from error
        except (OSError, ValueError) as error:
            raise _unreachable() from error
        return told


def _unreachable() -> HTTPError:
    return HTTPError(HTTPStatus.SERVICE_UNAVAILABLE, reason="Marks cannot be read now")


class MarksHandler(APIHandler):
    """GET: `{"courses": […]}`, each as `autograder/schemas/own.schema.json` says."""

    def initialize(self, services: Services) -> None:
        """Take the services to ask."""
        self._services = services

    @authenticated
    async def get(self) -> None:
        """Ask every service; whoever may use this server may read its user's marks."""
        self.set_header("Cache-Control", "no-store")
        self.finish({"courses": await self._services.marks()})


def load(server: ServerApp) -> None:
    """Add the address, and tell JupyterLab's page; nothing where the environment names no service.

    Args:
        server: the user's server, as it starts.
    """
    services = Services.of(os.environ)
    if services is None:
        return
    app = server.web_app
    app.settings.setdefault("page_config_data", {})[OPTION] = PATH
    address = url_path_join(app.settings["base_url"], PATH)
    handlers = [(address, MarksHandler, {"services": services})]
    app.add_handlers(".*$", handlers)  # type: ignore[no-untyped-call]
