"""What we need of tornado and JupyterHub beyond their documented interface does what we need.

When a new version breaks one of these tests, the place to mend is
`autograder/service/web/web_compat.py`.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from jupyterhub.services.auth import HubOAuth
from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import Application, RequestHandler

from autograder.service.web.web_compat import answers, came_by_token


class Reads(RequestHandler):
    """Answers GET."""

    def get(self):
        """Anything."""


class Writes(Reads):
    """Answers POST besides."""

    async def post(self):
        """Anything."""


class Connection:
    """What a request of tornado's asks of its connection."""

    def set_close_callback(self, callback):
        """Never closed."""


@pytest.mark.parametrize(
    ("handler", "methods"),
    [
        pytest.param(RequestHandler, set(), id="nothing"),
        pytest.param(Reads, {"GET"}, id="own"),
        pytest.param(Writes, {"GET", "POST"}, id="inherited"),
    ],
)
def test_tornado_marks_the_methods_that_a_class_does_not_define(handler, methods):
    """An undefined one is the one of `RequestHandler`, and refuses with 405."""
    every = {"GET", "POST", "PUT", "DELETE", "PATCH"}
    assert {method for method in every if answers(handler, method)} == methods, (
        "tornado no longer puts RequestHandler's own function where a class has no method"
    )


class HubsApi(BaseHTTPRequestHandler):
    """A hub that knows one token."""

    def do_GET(self):
        """Say whose token it is."""
        known = self.headers["Authorization"].split()[-1] == "good"
        body = json.dumps({"name": "ada", "scopes": []} if known else {"message": "no"}).encode()
        self.send_response(200 if known else 403)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture(scope="module")
def auth() -> Iterator[HubOAuth]:
    """JupyterHub's own library, which asks the hub above."""
    with HTTPServer(("127.0.0.1", 0), HubsApi) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield HubOAuth(
            api_url=f"http://127.0.0.1:{server.server_port}/hub/api",
            api_token="service",
            base_url="/services/grading/",
            oauth_client_id="service-grading",
        )
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("headers", "name", "by_token"),
    [
        pytest.param({"Authorization": "token good"}, "ada", True, id="token"),
        pytest.param({"Authorization": "Bearer good"}, "ada", True, id="bearer"),
        pytest.param({"Authorization": "token bad"}, None, False, id="token-that-does-not-hold"),
        pytest.param({}, None, False, id="nothing"),
    ],
)
def test_jupyterhub_notes_that_a_token_said_who_asks(auth, headers, name, by_token):
    """Only where the hub knows the token."""
    request = HTTPServerRequest(
        "GET", "/services/grading/", headers=HTTPHeaders(headers), connection=Connection()
    )
    handler = Reads(Application(cookie_secret="secret"), request)
    model = asyncio.run(auth.get_user(handler, sync=False))
    assert (model and model["name"]) == name
    assert came_by_token(handler) == by_token, (
        "JupyterHub no longer notes `_token_authenticated` in the handler"
    )
