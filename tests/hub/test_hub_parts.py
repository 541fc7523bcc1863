"""The two parts that the hub's configuration adds to JupyterHub, on a real hub.

Who may log in, and how services are kept: started again at once, behind a door that stays open, and
ended at once.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
import requests
from hub_marks import SCOPE, SCOPES, forget_marks, marks_for
from hub_owner import without
from hub_services import CALM_POLL_S, OFTEN, POLL_S
from hub_trial import HERE
from jupyterhub import orm, scopes
from jupyterhub.auth import DummyAuthenticator, PAMAuthenticator
from traitlets.config import Config

from .exchange import until
from .hub_process import free_ports, proxy_command

OWNER = "grader-course"


class Mapping(DummyAuthenticator):
    """Lets a person be known by another name, and decides about names as a coroutine."""

    async def check_blocked_users(self, username: str, authentication: Any = None) -> bool:
        """Nobody called mallory."""
        return username != "mallory"


def lets_in(authenticator: Any, name: str, **settings: object) -> bool:
    """Whether somebody with the right password is let in under a name."""
    config = Config({"DummyAuthenticator": {"allow_all": True, **settings}})
    made = without(OWNER, authenticator)(config=config)
    data = {"username": name, "password": "any"}
    return bool(asyncio.run(made.get_authenticated_user(None, data)))


@pytest.mark.parametrize(
    "authenticator", [DummyAuthenticator, "dummy", "jupyterhub.auth.DummyAuthenticator", Mapping]
)
def test_everybody_but_the_owner_is_let_in(authenticator):
    """Whatever the authenticator, which keeps its own settings and its own word on other names."""
    assert lets_in(authenticator, "ada")
    for name in (OWNER, OWNER.upper(), OWNER.title()):
        assert not lets_in(authenticator, name)
    assert not lets_in(authenticator, "ada", username_map={"ada": OWNER})
    assert lets_in(authenticator, "mallory") == (authenticator is not Mapping)
    assert not lets_in(authenticator, "ada", blocked_users={"ada"}) or authenticator is Mapping


def test_the_owner_is_kept_out_though_named_as_allowed():
    """Being a user whom the hub knows, or an administrator, makes no difference."""
    for settings in (
        {"allowed_users": {OWNER}},
        {"admin_users": {OWNER}, "allowed_users": {OWNER}},
    ):
        assert not lets_in(DummyAuthenticator, OWNER, allow_all=False, **settings)


@pytest.fixture
def server() -> Iterator[SimpleNamespace]:
    """A server of ada's, as a spawner's hooks get it, in JupyterHub's own tables."""
    if SCOPE not in scopes.scope_definitions:
        scopes.define_custom_scopes(SCOPES)
    db = orm.new_session_factory("sqlite:///:memory:")()
    user, course = orm.User(name="ada"), orm.Role(name="course", scopes=[SCOPE])
    db.add_all([user, course, orm.OAuthClient(identifier="jupyterhub")])
    user.roles.append(course)
    db.commit()
    yield SimpleNamespace(user=user, db=db, name="")
    db.close()


def test_who_is_in_no_course_gets_a_server_without_marks(server):
    """It starts all the same, and no token is made."""
    otto = orm.User(name="otto")
    server.db.add(otto)
    server.db.commit()
    assert marks_for(SimpleNamespace(user=otto, db=server.db, name=""), ["http://a/"]) == {}
    assert list(otto.api_tokens) == []


def test_a_server_has_one_token_for_marks_while_it_lives(server):
    """A restart replaces it, a stop takes it back; other tokens and other servers' stay."""

    def notes() -> list[str]:
        return sorted(token.note for token in server.user.api_tokens)

    server.user.new_api_token(note="of ada's own", scopes=["inherit"])
    second = SimpleNamespace(**{**vars(server), "name": "second"})
    marks_for(second, [])
    tokens = []
    for _ in range(2):
        given = marks_for(server, ["http://a/", "http://b/"])
        assert given["AUTOGRADER_MARKS_URLS"] == "http://a/ http://b/"
        tokens.append(given["AUTOGRADER_MARKS_TOKEN"])
    old, new = (orm.APIToken.find(server.db, token) for token in tokens)
    assert old is None
    assert list(new.scopes) == [SCOPE]
    before = "marks in JupyterLab, server "
    assert notes() == [f"{before}''", f"{before}'second'", "of ada's own"]
    forget_marks(server)
    assert notes() == [f"{before}'second'", "of ada's own"]


def test_what_is_no_authenticator_is_named():
    """The setting and its value."""
    assert issubclass(without(OWNER, "pam"), PAMAuthenticator)
    for wrong in ("pathlib.Path", 3):
        with pytest.raises(TypeError, match=r"hub\.authenticator"):
            without(OWNER, wrong)


SERVICE = """
import http.server, os, signal, socket, sys
from urllib.parse import urlsplit
for name in sys.argv[1:]:
    signal.signal(signal.Signals[name], signal.SIG_IGN)

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(os.getpid()).encode())

    def log_message(self, *args):
        pass

port = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"]).port
server = http.server.HTTPServer(("127.0.0.1", port), Handler, bind_and_activate=False)
if os.environ["JUPYTERHUB_SERVICE_NAME"] == "held":
    server.socket = socket.socket(fileno=os.dup(0))
else:
    server.server_bind()
    server.server_activate()
server.serve_forever()
"""
"""A service that ignores the signals that it is told."""

CONFIG = """
import sys
sys.path.insert(0, {here!r})
from hub_services import keep_promptly
keep_promptly({{"held": {held}}})
c = get_config()
c.JupyterHub.bind_url = "http://127.0.0.1:{public}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub}"
c.JupyterHub.db_url = "sqlite://"
c.JupyterHub.cookie_secret_file = "{folder}/cookie_secret"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy}"
c.ConfigurableHTTPProxy.command = {command!r}
c.ConfigurableHTTPProxy.pid_file = "{folder}/proxy.pid"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
run = [sys.executable, "{folder}/service.py"]
c.JupyterHub.services = [
    {{"name": "held", "url": "http://127.0.0.1:{held}", "command": [*run, "SIGINT"]}},
    {{"name": "deaf", "url": "http://127.0.0.1:{deaf}", "command": [*run, "SIGINT", "SIGTERM"]}},
]
"""


@dataclass
class Keeping:
    """A hub that keeps two services."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def ask(self, name: str) -> requests.Response:
        """What a service answers by way of the hub's proxy: the number of its process."""
        return requests.get(f"{self.url}/services/{name}/", timeout=60)

    def answers(self) -> bool:
        """Whether both services do."""
        try:
            return all(self.ask(name).status_code == 200 for name in ("held", "deaf"))
        except requests.RequestException:
            return False


@pytest.fixture
def keeping(tmp_path: Path) -> Iterator[Keeping]:
    """The hub, running; as from a shell in the background, with SIGINT ignored."""
    public, hub, proxy, held, deaf = free_ports(5)
    ports = {"public": public, "hub": hub, "proxy": proxy, "held": held, "deaf": deaf}
    (tmp_path / "service.py").write_text(SERVICE)
    config = tmp_path / "jupyterhub_config.py"
    config.write_text(
        CONFIG.format(here=str(HERE), folder=tmp_path, command=proxy_command(), **ports)
    )
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", str(config)],
            cwd=tmp_path,
            stdout=log,
            stderr=log,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        )
    made = Keeping(f"http://127.0.0.1:{public}", process, tmp_path / "log")
    try:
        until(lambda: made.answers() or process.poll() is not None, "the hub answers")
        assert process.poll() is None, made.log.read_text()
        yield made
    finally:
        children = psutil.Process(process.pid).children() if process.poll() is None else []
        process.kill()
        process.wait()
        for child in children:
            child.kill()


def test_killed_behind_an_open_door(keeping):
    """The next request is answered by the next process; nobody reads an error."""
    for _ in range(2):
        first = keeping.ask("held").text
        os.kill(int(first), signal.SIGKILL)
        answer = keeping.ask("held")
        assert answer.status_code == 200
        assert answer.text != first


def test_killed_without_a_door(keeping):
    """It is started again, sooner than JupyterHub would by itself."""
    first = keeping.ask("deaf").text
    os.kill(int(first), signal.SIGKILL)
    until(lambda: keeping.ask("deaf").status_code == 200, "it answers again", 25)
    assert keeping.ask("deaf").text != first


def test_the_hub_ends_whatever_its_services_ignore(keeping):
    """One is deaf to SIGINT and ends by SIGTERM; one is deaf to both and is killed."""
    services = [psutil.Process(int(keeping.ask(name).text)) for name in ("held", "deaf")]
    began = time.monotonic()
    keeping.process.send_signal(signal.SIGTERM)
    keeping.process.wait(60)
    assert time.monotonic() - began < 25  # By itself it would wait 30 s for each.
    assert not any(one.is_running() for one in services)
    assert "never died" not in keeping.log.read_text()


def test_one_that_keeps_dying_is_not_started_all_the_time(tmp_path):
    """After some starts in a minute it is looked after less often; others are not."""
    program = (
        "from jupyterhub.services import service\n"
        "from hub_services import keep_promptly\n"
        "keep_promptly({})\n"
        "make = lambda name: service._ServiceSpawner(_service_name=name).poll_interval\n"
        f"print([make('a') for _ in range({OFTEN})], make('b'))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"{[POLL_S] * (OFTEN - 1) + [CALM_POLL_S]} {POLL_S}"
