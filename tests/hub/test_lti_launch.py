"""Login by launch from a platform, as docs/lms.md sets it up: only a fresh, genuine launch gets in.

The hub is JupyterHub's own application with `jupyterhub-ltiauthenticator`, without its proxy; the
platform is `lti1p3platform`'s.
"""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
import requests
from engine.lti_platform import CLIENT, ISSUER, Config, Platform, key_pair
from jupyterhub.app import JupyterHub
from lti1p3platform.message_launch import LTIAdvantageMessageLaunchAbstract
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from traitlets.config import Config as Settings

DOCS = Path(__file__).parents[2] / "docs" / "lms.md"
LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"


def documented_settings(platform: Platform) -> Settings:
    """What docs/lms.md shows, with this platform's addresses."""
    shown = re.search(r"```python\n(c\.JupyterHub.*?)```", DOCS.read_text(), re.DOTALL)
    assert shown is not None
    settings = Settings()
    exec(shown[1], {"c": settings})
    assert settings.LTI13Authenticator.issuer == ISSUER
    settings.LTI13Authenticator.client_id = [CLIENT]
    settings.LTI13Authenticator.jwks_endpoint = f"{platform.base}/jwks"
    return settings


class Hub:
    """JupyterHub's application, listening."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        settings.JupyterHub.db_url = f"sqlite:///{folder}/hub.sqlite"
        settings.JupyterHub.cookie_secret = b"0" * 32
        settings.JupyterHub.cleanup_servers = False
        settings.ConfigurableHTTPProxy.auth_token = "none"
        settings.ConfigurableHTTPProxy.pid_file = f"{folder}/proxy.pid"
        self._settings, self._ready = settings, threading.Event()
        self.base = ""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()
        assert self._ready.wait(60)

    async def _run(self) -> None:
        self._ends, self._loop = asyncio.Event(), asyncio.get_running_loop()
        app = JupyterHub(config=self._settings)
        await app.initialize([])
        sockets = bind_sockets(0, "127.0.0.1")
        server = HTTPServer(app.tornado_application)
        server.add_sockets(sockets)
        self.base = f"http://127.0.0.1:{sockets[0].getsockname()[1]}/hub"
        self._ready.set()
        await self._ends.wait()
        server.stop()
        app.db.close()
        JupyterHub.clear_instance()

    def close(self) -> None:
        """Listen no more."""
        self._loop.call_soon_threadsafe(self._ends.set)
        self._thread.join()


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """A platform."""
    there = Platform(lambda: {"keys": []})
    yield there
    there.close()


@pytest.fixture(scope="module")
def hub(platform, tmp_path_factory) -> Iterator[Hub]:
    """A hub that this platform may launch."""
    there = Hub(documented_settings(platform), tmp_path_factory.mktemp("hub"))
    yield there
    there.close()


class Launch(LTIAdvantageMessageLaunchAbstract):
    """The platform's message, as its library makes it."""

    def render_launch_form(self, launch_data, **kwargs):
        """The form's fields."""
        return launch_data


def begin(hub: Hub, platform: Platform) -> tuple[requests.Session, dict[str, str]]:
    """A browser that the platform sent to the hub, and what the hub asks the platform."""
    browser = requests.Session()
    target = f"{hub.base}/lti13/oauth_callback"
    asks = {"iss": ISSUER, "login_hint": "u7", "target_link_uri": target, "client_id": CLIENT}
    answer = browser.get(
        f"{hub.base}/lti13/oauth_login", params=asks, allow_redirects=False, timeout=20
    )
    assert answer.status_code == 302, answer.text
    return browser, dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def message(platform: Platform, asked: dict[str, str], keys=None, lasts_s=300) -> dict[str, str]:
    """The platform's answer, signed by its key or by another one."""
    config = Config(keys=keys or platform.keys, tool_keys=lambda: {"keys": []})
    config.get_registration().set_deployment_id("1").set_launch_url(asked["redirect_uri"])
    launch = Launch(SimpleNamespace(get_data=asked, form_data={}), config)
    launch.set_user_data("u7", [LEARNER], "Ada Lovelace", "Ada@example.edu")
    launch.set_resource_link_claim("link-1")
    launch.set_id_token_expiration(lasts_s)
    launch.set_ags(f"{platform.base}/lineitems")
    found = launch.lti_launch()
    return {"id_token": found["id_token"], "state": found["state"]}


def arrive(hub: Hub, browser: requests.Session, form: dict[str, str]) -> int:
    """The status of the hub's answer to the form; 302 lets the student in."""
    answer = browser.post(
        f"{hub.base}/lti13/oauth_callback", data=form, allow_redirects=False, timeout=20
    )
    if answer.status_code == 302:
        assert any(name.startswith("jupyterhub-hub-login") for name in browser.cookies.get_dict())
    return answer.status_code


def changed(form: dict[str, str], platform: Platform, **claims: object) -> dict[str, str]:
    """The form with other claims, signed by the platform."""
    kept = jwt.decode(form["id_token"], options={"verify_signature": False})
    headers = jwt.get_unverified_header(form["id_token"])
    token = jwt.encode({**kept, **claims}, platform.keys[0], "RS256", headers)
    return {**form, "id_token": token}


def test_a_genuine_launch_gets_in_once(hub, platform):
    """Played again in the same browser or in another one, it is refused."""
    browser, asked = begin(hub, platform)
    form = message(platform, asked)
    assert arrive(hub, browser, form) == 302
    assert arrive(hub, browser, form) == 400
    assert arrive(hub, requests.Session(), form) == 400
    another, _ = begin(hub, platform)
    assert arrive(hub, another, form) == 400


def test_a_forged_launch_is_refused(hub, platform):
    """Another key, no signature, or claims changed after signing."""
    browser, asked = begin(hub, platform)
    form = message(platform, asked, keys=key_pair())
    assert arrive(hub, browser, form) == 400
    browser, asked = begin(hub, platform)
    form = message(platform, asked)
    claims = jwt.decode(form["id_token"], options={"verify_signature": False})
    bare = jwt.encode({**claims, "email": "eve@example.edu"}, None, "none")
    assert arrive(hub, browser, {**form, "id_token": bare}) == 400
    browser, asked = begin(hub, platform)
    form = message(platform, asked)
    head, _, sign = form["id_token"].split(".")
    body = jwt.encode({**claims, "email": "eve@example.edu"}, "x" * 32, "HS256").split(".")[1]
    assert arrive(hub, browser, {**form, "id_token": f"{head}.{body}.{sign}"}) == 400


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"exp": 1_700_000_000}, id="expired"),
        pytest.param({"iat": 1_700_000_000}, id="issued-long-ago"),
        pytest.param({"iss": "https://evil.example.edu"}, id="another-platform"),
        pytest.param({"aud": "tool-18", "azp": "tool-18"}, id="for-another-tool"),
        pytest.param({"nonce": "0" * 64}, id="another-nonce"),
    ],
)
def test_a_launch_that_is_not_for_now_and_here_is_refused(hub, platform, claims):
    """Although the platform signed it."""
    browser, asked = begin(hub, platform)
    form = message(platform, asked)
    assert arrive(hub, browser, changed(form, platform, **claims)) in (400, 401)
    browser, asked = begin(hub, platform)
    form = message(platform, asked)
    assert arrive(hub, browser, changed(form, platform, now=time.time())) == 302
