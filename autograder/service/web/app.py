"""The service as the hub starts it: its environment, its routes, its start and its end.

`serve` runs until the hub (or a person) ends it: SIGTERM and SIGINT close the streams, let running
answers finish, and stop the grading. `grading` decides what is graded, and when; the handlers
decide what is shown.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import hmac
import logging
import os
import signal
import socket
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jupyterhub.services.auth import HubOAuth
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from autograder.errors import CourseError
from autograder.service.grading import GradingService
from autograder.service.web.access import Handler, NotFound
from autograder.service.web.context import ServiceContext
from autograder.service.web.routes import routes

log = logging.getLogger("autograder.service")

METRICS_TOKEN = "AUTOGRADER_METRICS_TOKEN"
"""Environment variable: a bearer token for /metrics that is not the hub's."""
FORGET_S = 60
"""Seconds for which the hub's answer about a person is reused; a new group shows after this."""
CLOSING_S = 2.5
"""Seconds that running answers have to finish when the service is stopped."""
BODY_BYTES = 64 << 10


@dataclass(frozen=True)
class Place:
    """Where the hub wants this service: address, path and the hub's token for it."""

    host: str
    port: int
    prefix: str
    token: str
    public_url: str
    """Where browsers find it; empty where the hub does not say so."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Place:
        """The place that the hub's environment variables describe.

        Raises:
            CourseError: the hub did not start this process, or gave it no address.
        """
        names = ("JUPYTERHUB_API_TOKEN", "JUPYTERHUB_SERVICE_PREFIX", "JUPYTERHUB_SERVICE_URL")
        missing = [name for name in names if not environment.get(name)]
        if missing:
            raise CourseError(
                f"{', '.join(missing)} not set: JupyterHub starts this command and sets them; "
                "declare it in c.JupyterHub.services (see: autograder serve --help)"
            )
        token, prefix, address = (environment[name] for name in names)
        url = urlsplit(address)
        if url.hostname is None or url.port is None:
            raise CourseError(f"JUPYTERHUB_SERVICE_URL is {address!r}; give host and port")
        public_url = environment.get("JUPYTERHUB_PUBLIC_URL", "")
        return cls(url.hostname, url.port, prefix, token, public_url)

    @property
    def secure(self) -> bool:
        """Whether browsers reach it by TLS alone."""
        return self.public_url.startswith("https:")


def application(context: ServiceContext, place: Place) -> Application:
    """The tornado application: the routes under the hub's prefix, and no others."""
    # The secret is the same after a restart, so that nobody has to sign in again.
    secret = hmac.digest(place.token.encode(), b"autograder cookies", hashlib.sha256)
    return Application(
        routes(place.prefix),
        context=context,
        cookie_secret=secret,
        xsrf_cookie_kwargs={"httponly": True, "samesite": "Lax", "secure": place.secure},
        cross_origin_protection=True,
        default_handler_class=NotFound,
        log_function=log_request,
        login_url=place.prefix,
    )


def hub_auth() -> HubOAuth:
    """The hub, to identify people; its address comes from the environment that it gave us."""
    auth = HubOAuth(cache_max_age=FORGET_S, allow_token_in_url=False)
    auth.cookie_options = {"samesite": "Lax", **auth.cookie_options}
    return auth


def log_request(handler: Handler) -> None:
    """Log one line for a request, without the query, which may hold tokens and names."""
    status = handler.get_status()
    level = logging.INFO if status < 400 else logging.WARNING if status < 500 else logging.ERROR
    who = getattr(handler, "person", None)
    request = handler.request
    log.log(
        level,
        "%d %s %s (%s) %.0f ms",
        status,
        request.method,
        request.path,
        who.name if who else "-",
        1000 * request.request_time(),
    )


def serve(service: GradingService, environment: Mapping[str, str] = os.environ) -> None:
    """Grade on arrival and answer the hub's proxy until SIGTERM or SIGINT.

    Raises:
        CourseError: the environment is not that of a service of a hub, or something else listens
            where this service should.
    """
    place = Place.of(environment)
    try:
        door = held_door() or open_door(place)
        asyncio.run(_serve(service, place, door, environment.get(METRICS_TOKEN, "")))
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES):
            raise
        raise CourseError(f"{place.host}:{place.port}: {error.strerror}") from error


def held_door() -> socket.socket | None:
    """The socket on standard input, if the process that started this one listens on it for us.

    It is moved away from there, since workers and sandboxes inherit standard input.
    """
    try:
        if not stat.S_ISSOCK(os.fstat(0).st_mode):
            return None
    except OSError:
        return None  # There is no standard input.
    door = socket.socket(fileno=os.dup(0))
    if not door.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        door.close()
        return None
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    door.setblocking(False)
    return door


def open_door(place: Place) -> socket.socket:
    """A socket that listens where the hub wants this service.

    Raises:
        OSError: somebody else listens there, or it is no address of this machine.
    """
    [door, *_] = bind_sockets(place.port, place.host)
    return door


async def _serve(
    service: GradingService, place: Place, door: socket.socket, metrics_token: str
) -> None:
    context = ServiceContext(service, hub_auth(), place.prefix, metrics_token, place.public_url)
    server = HTTPServer(application(context, place), max_body_size=BODY_BYTES)
    ended = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    try:
        # Listen first, since the hub waits for that, and starting to grade takes a sandbox.
        server.add_socket(door)
        await asyncio.to_thread(service.start)
        log.info("serving %s on %s:%d", place.prefix, place.host, place.port)
        await ended.wait()
    finally:
        server.stop()
        context.watch.close()
        # Both at once: a hub may kill a service that takes longer than four seconds to end.
        await asyncio.gather(asyncio.to_thread(service.stop), _finish_answers(server, context))
        context.close()


async def _finish_answers(server: HTTPServer, context: ServiceContext) -> None:
    """Let streams and running answers finish, but not for ever."""
    try:
        async with asyncio.timeout(CLOSING_S):
            await context.streams.left(CLOSING_S)
            await server.close_all_connections()
    except TimeoutError:
        log.warning("some answers were not finished in %g s", CLOSING_S)
