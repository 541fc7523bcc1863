"""A platform on loopback: `lti1p3platform` checks requests and speaks the protocol, and we store.

It can be made to fail as platforms do: requests are lost, answered by errors, or done without an
answer. Like Moodle it refuses a mark that is not newer by whole seconds.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from lti1p3platform.exceptions import LineItemNotFoundException
from lti1p3platform.ltiplatform import LTI1P3PlatformConfAbstract
from lti1p3platform.membership import Context
from lti1p3platform.registration import Registration
from lti1p3platform.request import Request
from lti1p3platform.response import generate_next_link
from lti1p3platform.score import UpdateScoreStatus
from lti1p3platform.service_connector import (
    AssignmentsGradesService,
    NamesRoleProvisioningService,
)

CLIENT, ISSUER = "tool-17", "https://lms.example.edu"


def key_pair() -> tuple[str, str]:
    """A private and a public key as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


@dataclass
class Storage:
    """What the platform knows."""

    members: list[dict[str, Any]] = field(default_factory=list)
    line_items: dict[str, dict[str, Any]] = field(default_factory=dict)
    results: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    """By line item and user: the score that holds."""
    taken: list[tuple[str, str, float | None, str]] = field(default_factory=list)
    """Line item, user, points and stamp of every score that was taken."""
    stale: list[tuple[str, str, float | None, str]] = field(default_factory=list)
    """The same of those that were refused as not newer."""
    lock: threading.RLock = field(default_factory=threading.RLock)


class Config(LTI1P3PlatformConfAbstract):
    """The platform's keys, and those that the tool publishes now."""

    def init_platform_config(self, **given: Any) -> None:
        """Keep what the platform was made with."""
        self._given = given
        self.get_registration()

    def get_registration_by_params(self, **kwargs: Any) -> Registration:
        """The one tool that is registered."""
        private, public = self._given["keys"]
        found = Registration().set_iss(ISSUER).set_client_id(CLIENT)
        found.set_platform_private_key(private).set_platform_public_key(public)
        return found.set_tool_key_set(self._given["tool_keys"]())


class WebRequest(Request):
    """A request as the library wants it."""

    def build_metadata(self, request: Any) -> Any:
        """It is in the library's form already."""
        return request


def seconds(stamp: str) -> int:
    """The whole seconds of a time stamp."""
    return int(datetime.fromisoformat(stamp).timestamp())


class Grades(AssignmentsGradesService):
    """Line items, scores and results of the storage."""

    storage: Storage
    base: str

    def find_lineitems(self, page=1, limit=None, **wanted):
        """All of them, two a page, whatever was asked for: platforms may ignore filters."""
        found, start = list(self.storage.line_items.values()), 2 * (int(page) - 1)
        return {"content": found[start : start + 2], "has_next": len(found) > start + 2}

    def find_lineitem(self, line_item_id):
        """One of them."""
        try:
            return self.storage.line_items[line_item_id]
        except KeyError:
            raise LineItemNotFoundException from None

    def create_lineitem(self, creation_data):
        """A new one."""
        number = str(len(self.storage.line_items) + 1)
        made = {**creation_data, "id": f"{self.base}/lineitems/{number}"}
        self.storage.line_items[number] = made
        return made

    def update_lineitem(self, update_data):
        """Nobody asks for this."""
        raise NotImplementedError

    def delete_lineitem(self, line_item_id):
        """Nobody asks for this."""
        raise NotImplementedError

    def update_score(self, line_item_id, score):
        """Take a score, if it is newer than the one that is there."""
        self.find_lineitem(line_item_id)
        place = line_item_id, str(score["userId"])
        facts = (*place, score.get("scoreGiven"), score["timestamp"])
        before = self.storage.results.get(place)
        if before is not None and seconds(before["timestamp"]) >= seconds(score["timestamp"]):
            self.storage.stale.append(facts)
            return UpdateScoreStatus.OLD_TIMESTAMP
        self.storage.taken.append(facts)
        self.storage.results[place] = score
        return UpdateScoreStatus.SUCCESS

    def get_results(self, line_item_id, page=1, limit=None, user_id=None):
        """The scores that hold."""
        self.find_lineitem(line_item_id)
        found = [
            {
                "id": f"{self.base}/lineitems/{of}/results/{user}",
                "userId": user,
                "resultScore": score["scoreGiven"],
                "resultMaximum": score["scoreMaximum"],
            }
            for (of, user), score in self.storage.results.items()
            if of == line_item_id and user_id in (None, user) and "scoreGiven" in score
        ]
        return {"content": found, "has_next": False}


class Names(NamesRoleProvisioningService):
    """The members of the storage."""

    storage: Storage

    def get_member_data_page(self, page=1, limit=None, role=None, since=None):
        """All of them."""
        return {"content": self.storage.members, "has_next": False}

    def get_context_by_id(self):
        """The course."""
        return Context("c1", "c1", "Course")


class Platform:
    """The platform, listening.

    Args:
        tool_keys: the key set that the tool publishes now.
    """

    def __init__(self, tool_keys: Callable[[], dict[str, Any]]) -> None:
        self.storage, self.keys, self._tool_keys = Storage(), key_pair(), tool_keys
        self.faults = 0.0
        """The share of requests that fail."""
        self.stale_status = 409
        """The status of answers to marks that are not newer; Open edX uses 400."""
        self.dice = random.Random(7)
        self.requests = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def reset(self, tool_keys: Callable[[], dict[str, Any]]) -> None:
        """Forget everything, and take another tool's keys."""
        self.storage, self._tool_keys = Storage(), tool_keys
        self.faults, self.stale_status, self.requests = 0.0, 409, 0

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        platform = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                self._answer()

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                platform.requests += 1
                fate = platform.dice.random() / platform.faults if platform.faults else 1.0
                if fate < 0.3:  # The request is lost.
                    self.close_connection = True
                    return
                if fate < 0.6:
                    self._say(503, {"error": "busy"})
                    return
                with platform.storage.lock:
                    status, answer, headers = platform.answer(self, body)
                if fate < 1.0:  # The answer is lost.
                    self.close_connection = True
                    return
                self._say(status, answer, headers)

            def _say(self, status: int, answer: Any, headers: Any = None) -> None:
                data = b"" if answer is None else json.dumps(answer).encode()
                self.send_response(status)
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        return Handler

    def answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, Any, Any]:
        """Status, body and headers of the answer to a request."""
        url = urlsplit(handler.path)
        query: dict[str, Any] = dict(parse_qsl(url.query))
        if "page" in query:
            query["page"] = int(query["page"])  # The library adds one to it.
        config = Config(keys=self.keys, tool_keys=self._tool_keys)
        if url.path == "/token":
            try:
                return 200, config.get_access_token(dict(parse_qsl(body.decode()))), None
            except Exception as error:
                return 401, {"error": str(error)}, None
        if url.path == "/jwks":
            return 200, config.get_jwks(), None
        about = {"method": handler.command, "headers": dict(handler.headers), "get_data": query}
        about |= {"form_data": {}, "path": url.path, "content_type": ""}
        about["json"] = json.loads(body) if body else {}
        request = WebRequest(about)
        parts = url.path.strip("/").split("/")
        if parts == ["members"]:
            names = Names(request, config, f"{self.base}/members")
            names.storage = self.storage
            said = names.handle_resp(names.handle_get_members)
        else:
            grades = Grades(request, config, f"{self.base}/lineitems")
            grades.storage, grades.base = self.storage, self.base
            posts = handler.command == "POST"
            if parts == ["lineitems"]:
                does = grades.handle_create_lineitem if posts else grades.handle_get_lineitems
                said = grades.handle_resp(does)
            else:
                does = grades.handle_update_score if posts else grades.handle_get_results
                said = grades.handle_resp(does, line_item_id=parts[1])
        if said.code == 409 and self.stale_status == 400:
            return 400, {"timestamp": ["only to a later point in time"]}, None
        if not 200 <= said.code < 300:
            return said.code, {"error": said.message}, None
        result = said.result
        # The library hands a page where the specification wants its content.
        content = result["content"] if isinstance(result, dict) and "content" in result else result
        after = result.get("next") if isinstance(result, dict) else None
        return said.code, content, {"Link": generate_next_link(after)} if after else None
