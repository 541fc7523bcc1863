"""Marks in a real JupyterLab: a user's own server, its page in Chromium, and the real service.

The server gets the two environment variables that the hub's configuration gives to each. A
JupyterLab without them shows nothing of all this.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from hub_trial import HERE
from playwright.sync_api import Browser, Page, expect
from tornado.web import HTTPError

from autograder.jupyterlab.server import TOKEN, URLS, Services

from .browsing import WIDE, browser  # noqa: F401
from .exchange import until
from .hub_process import free_ports
from .jupyterlab import ACT_MS, JupyterLab
from .small_class import ASSIGNMENTS

FIRST, SECOND = ASSIGNMENTS
NOTEBOOK = "multilayer"
PACKAGE = Path(sys.modules[Services.__module__].__file__ or "").parent
LABEXTENSION, NAME = PACKAGE / "labextension", "nbassay-marks"
CALM_S = 4
"""Seconds in which a JupyterLab that nothing happens in does not ask."""


@dataclass(frozen=True)
class Server:
    """A Jupyter server that runs."""

    url: str
    secret: str = field(repr=False)

    def get(self, path: str, known: bool = True) -> requests.Response:
        """What it answers, to somebody who may use it or to nobody it knows."""
        headers = {"Authorization": f"token {self.secret}"} if known else {}
        return requests.get(self.url + path, headers=headers, timeout=30, allow_redirects=False)

    def answers(self) -> bool:
        """Whether it has started."""
        try:
            return self.get("api/status").status_code == 200
        except requests.RequestException:
            return False


@contextmanager
def serving(home: Path, more: Mapping[str, str]) -> Iterator[Server]:
    """A Jupyter server with the extension as the wheel installs it, for the length of the block."""
    config = home / "config"
    (home / "share" / "labextensions").mkdir(parents=True)
    (home / "share" / "labextensions" / NAME).symlink_to(LABEXTENSION)
    (config / "jupyter_server_config.d").mkdir(parents=True)
    shutil.copy(PACKAGE / "jupyter_server_config.json", config / "jupyter_server_config.d")
    [port], secret = free_ports(1), secrets.token_hex(16)
    options = ["--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"]
    options += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")},
        "HOME": str(home),
        "JUPYTER_TOKEN": secret,
        "JUPYTER_PATH": str(home / "share"),
        "JUPYTER_CONFIG_PATH": f"{config}:{HERE / 'jupyter' / 'common'}",
        **more,
    }
    with (home / "log").open("wb") as log:
        command = [sys.executable, "-m", "jupyterlab", *options]
        process = subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=log)
    try:
        server = Server(f"http://127.0.0.1:{port}/", secret)
        until(lambda: server.answers() or process.poll() is not None, "JupyterLab answers")
        assert process.poll() is None, (home / "log").read_text()
        yield server
    finally:
        process.terminate()
        process.wait(30)


@dataclass
class Looked:
    """A window with JupyterLab, what it complained of, and what it asked this extension for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @classmethod
    def at(cls, browser: Browser, server: Server, path: str = "lab") -> Looked:
        """Open a window of a new browser, and JupyterLab in it."""
        page = browser.new_context(viewport=WIDE).new_page()
        looked = cls(page)
        page.on("console", looked._note)
        page.on("pageerror", lambda error: looked.complaints.append(str(error)))
        page.on("request", lambda request: looked.asked.append(request.url))
        page.goto(f"{server.url}{path}{'&' if '?' in path else '?'}token={server.secret}")
        JupyterLab(page)
        return looked

    def _note(self, message) -> None:
        if message.type in ("warning", "error"):
            self.complaints.append(message.text)

    @property
    def questions(self) -> int:
        """How often it asked for marks."""
        return sum("nbassay/marks" in url for url in self.asked)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A JupyterLab that knows of no service."""
    with serving(tmp_path_factory.mktemp("plain"), {}) as server:
        yield server


@pytest.fixture(scope="module")
def belas(small_hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Bela's, with a fetched assignment."""
    home = tmp_path_factory.mktemp("bela")
    shutil.copytree(small_hub.course.root / "release" / SECOND, home / SECOND)
    marks = {URLS: small_hub.prefix, TOKEN: small_hub.lab_tokens["other"]}
    with serving(home, marks) as server:
        yield server


def test_without_a_service_it_is_silent(plain, browser):
    """No entry, no panel, no question, and nothing to complain of."""
    looked = Looked.at(browser, plain)
    expect(looked.page.locator(".jp-LauncherCard").first).to_be_visible()
    expect(looked.page.get_by_text("Marks", exact=True)).to_have_count(0)
    expect(looked.page.locator(f".{NAME}, .{NAME}-status")).to_have_count(0)
    assert any(NAME in url for url in looked.asked), "the extension is not there at all"
    assert looked.questions == 0
    assert looked.complaints == []
    assert plain.get("nbassay/marks").status_code == 404


def test_no_browser_keeps_an_old_version(plain):
    """The files have no versions in their names, so each is asked for again."""
    names = [path.relative_to(LABEXTENSION) for path in LABEXTENSION.rglob("*.*s")]
    assert len(names) > 3
    for name in names:
        answer = plain.get(f"lab/extensions/{NAME}/{name}")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache"), name


def test_a_server_answers_with_its_users_marks_alone(belas, small_hub):
    """To those who may use the server; the token for the service is in no answer."""
    answer = belas.get("nbassay/marks")
    assert [course["student"] for course in answer.json()["courses"]] == ["bela"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert belas.get("nbassay/marks", known=False).status_code == 403
    for path in ("nbassay/marks", "lab"):
        assert small_hub.lab_tokens["other"] not in belas.get(path).text


def test_services_that_do_not_answer(small_hub):
    """Where the user is in no course there is nothing to show; all else is said to be a fault."""

    def asked(url: str, token: str) -> list[str] | int:
        services = Services.of({URLS: url, TOKEN: token})
        try:
            # In another thread, since this one has the browser's loop.
            with ThreadPoolExecutor(1) as threads:
                told = threads.submit(lambda: asyncio.run(services.marks())).result()
        except HTTPError as error:
            return error.status_code
        return [one["student"] for one in told]

    url, [closed] = small_hub.prefix, free_ports(1)
    tokens = small_hub.lab_tokens
    assert asked(f"{url} {url.rstrip('/')}", tokens["student"]) == ["ada", "ada"]
    assert asked(url, tokens["outsider"]) == []
    assert asked(url, small_hub.tokens["bad"]) == 503
    assert asked(f"{url} http://127.0.0.1:{closed}/", tokens["student"]) == 503
    assert asked(f"{small_hub.hub.url}/hub/login?", tokens["student"]) == 503


def test_services_as_the_environment_names_them():
    """Both variables or nothing; what is no address is named."""
    assert Services.of({}) is None
    assert Services.of({URLS: "http://hub/services/grading/"}) is None
    assert Services.of({TOKEN: "x"}) is None
    with pytest.raises(ValueError, match=f"{URLS}: 'grading' is no address"):
        Services.of({URLS: "grading", TOKEN: "x"})


def test_from_a_submission_to_its_mark(belas, browser, small_hub, reports):
    """The running attempt in the status line, the notice, the panel; and what was refused."""
    looked, desk = Looked.at(browser, belas), small_hub.desk
    page = looked.page
    page.locator(".jp-LauncherCard", has_text="Marks").click()
    panel, status = page.locator(f".{NAME}"), page.locator(f".{NAME}-status")
    card = panel.locator("article", has_text=SECOND)
    expect(card).to_be_visible()
    expect(panel.locator("article", has_text=FIRST)).to_contain_text("due")
    again = panel.get_by_role("button", name="Look again")

    number = desk.arrive("bela", SECOND)
    again.click()
    expect(status).to_have_text(f"{SECOND}: waiting, next in the queue")
    desk.begin(number)
    expect(status).to_have_text(f"{SECOND}: being graded")
    desk.end(number, reports["bela", SECOND])
    notices = page.locator(".jp-toastContainer, .Toastify").locator(".jp-toast-message")
    expect(notices).to_have_text([f"{NOTEBOOK}: 8 of 15 points, 2 ideas to look at"])
    expect(status).to_have_text("Marks")
    expect(card.locator(".total")).to_have_text("8 of 15 points")
    link = card.get_by_role("link", name=f"Feedback on {NOTEBOOK}")
    expect(link).to_have_attribute(
        "href", f"{belas.url}services/grading/attempts/{number}/feedback/{NOTEBOOK}"
    )

    desk.refuse("bela", SECOND, "It is <b>too</b> soon")
    again.click()
    expect(notices).to_have_count(2)
    expect(notices.filter(has_text="It is <b>too</b> soon. This submission is not")).to_be_visible()
    expect(card).to_contain_text("It is <b>too</b> soon")
    expect(card.locator(".total")).to_have_text("8 of 15 points")

    questions = looked.questions
    page.wait_for_timeout(CALM_S * 1000)
    assert looked.questions <= questions + 1
    page.reload()
    JupyterLab(page)
    expect(panel.locator("article", has_text=SECOND)).to_have_count(1)
    expect(notices).to_have_count(0)
    assert looked.complaints == []


def test_a_link_leads_to_the_exercise(belas, browser, small_hub):
    """The notebook opens, and the cell that the link names is the active one."""
    [lab] = small_hub.course.labs_of(SECOND)
    last = lab.exercises[-1].solution
    looked = Looked.at(browser, belas, f"lab/tree/{SECOND}/{NOTEBOOK}.ipynb?exercise={last}")
    active = looked.page.locator(".jp-Notebook-cell.jp-mod-active")
    expect(active).to_contain_text(f"def {last}(", timeout=ACT_MS)
    expect(active).to_be_in_viewport(timeout=ACT_MS)
