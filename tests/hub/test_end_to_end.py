"""One story on a real hub: a student betters a mark, an instructor regrades, another stays outside.

Real accounts with passwords, real servers as those accounts, the real exchange, a real browser. The
tests are chapters: each goes on from where the one before it ended.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
import requests
from hub_trial import CHECKOUT, COURSE, Person, Trial
from playwright.sync_api import Browser, BrowserContext, Page, expect

from autograder.authoring import samples
from autograder.course.model import Course

from .browsing import PHONE, WIDE, Watched, browser, watch  # noqa: F401
from .jupyterlab import ACT_MS, JupyterLab, log_in
from .real_hub import (
    ASSIGNMENT,
    NOTEBOOK,
    course_folder,
    gradebook_scores,
    home,
    open_to,
    people,
    run_as,
    trial,  # noqa: F401
)

SHOTS = "AUTOGRADER_SCREENSHOTS"
WRONG = {"hidden_input": "def hidden_input(x, weights):\n    return sigmoid(np.dot(x, weights))"}
TITLE = "Multilayer perceptrons"
TOLD = "You return the sigmoid of the sums."
"""What the feedback says about it."""


@dataclass
class Story:
    """What earlier chapters left for later ones."""

    home_page: Page | None = None
    """The student's page of the service, left open."""
    lab: JupyterLab | None = None
    """The student's JupyterLab, left open."""
    attempts: list[int] = field(default_factory=list)


@pytest.fixture(scope="module")
def story() -> Story:
    """Begins empty."""
    return Story()


@pytest.fixture(scope="module")
def snap(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Page, str], None]:
    """Takes pictures of a page, wide and as on a phone, and finds it no wider than either."""
    folder = Path(os.environ.get(SHOTS) or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        for size, window in (("wide", WIDE), ("phone", PHONE)):
            page.set_viewport_size(window)
            page.screenshot(path=folder / f"{name}-{size}.png", full_page=True)
            assert Watched(page, "").has_no_sideways_scroll(), f"{name}, {size}"
        page.set_viewport_size(WIDE)

    return take


@pytest.fixture(scope="module")
def enter(browser: Browser, trial: Trial) -> Iterator[Callable[[Person, str], Page]]:
    """Opens a browser for somebody, at an address behind the hub's login."""
    opened: list[BrowserContext] = []

    def open_browser(person: Person, url: str) -> Page:
        context = browser.new_context(viewport=WIDE, color_scheme="light")
        opened.append(context)
        page = context.new_page()
        page.goto(url)
        log_in(page, person.name, person.password)
        return page

    yield open_browser
    for context in opened:
        context.close()


def right() -> dict[str, str]:
    """The master's own solutions, by solution cell."""
    [lab] = Course.load(CHECKOUT).labs_of(ASSIGNMENT)
    return samples.solutions(lab)


def begins(source: str) -> str:
    """What its cell is known by."""
    return source.split("(")[0] + "("


def test_a_student_hands_in_and_betters_the_mark(trial, enter, story, snap):
    """From the login to a full mark, which shows without a reload; feedback comes home."""
    ada = people(trial, "student")[0]
    page = enter(ada, trial.url)
    lab = story.lab = JupyterLab(page)
    expect(page.locator(".jp-LauncherCard", has_text="Marks")).to_be_visible()
    lab.open_assignment_list()
    lab.fetch(ASSIGNMENT)
    lab.open_notebook(ASSIGNMENT, NOTEBOOK)
    solved = right()
    lab.write(begins(solved["init_weights"]), solved["init_weights"])
    lab.write(begins(WRONG["hidden_input"]), WRONG["hidden_input"])
    assert "failed" in lab.validate()

    own, troubles = marks_page(trial, page.context)
    story.home_page = own
    card = own.locator(".card", has_text=TITLE)
    expect(card).to_contain_text("Nothing submitted yet.")
    with graders_stopped(trial):
        lab.submit(ASSIGNMENT)
        expect(lab.status).to_have_text(f"{ASSIGNMENT}: being graded", timeout=ACT_MS)
    read_marks_in_lab(lab)
    expect(card).to_contain_text("2 of 15 points", timeout=ACT_MS)
    expect(card.locator(".state")).to_contain_text("graded")
    snap(own, "home")
    read_feedback(trial, page.context, story, snap)

    lab.fetch_feedback(ASSIGNMENT)
    fetched = home(ada.name) / COURSE / ASSIGNMENT / "feedback"
    [feedback] = fetched.glob(f"*/{NOTEBOOK}.html")
    assert feedback.stat().st_uid == home(ada.name).stat().st_uid
    assert TOLD in feedback.read_text()

    lab.show_notebook(NOTEBOOK)
    for source in solved.values():
        lab.write(begins(source), source)
    assert "Success" in lab.validate()
    lab.submit(ASSIGNMENT)
    expect(card).to_contain_text("15 of 15 points", timeout=ACT_MS)
    assert own.evaluate("window.stayed")
    assert troubles == []
    assert gradebook_scores(trial) == {ada.name: 15.0}
    own.get_by_role("link", name=TITLE, exact=True).click()
    expect(own.locator(".attempt")).to_have_count(2)
    expect(own.locator(".counting")).to_contain_text("15 of 15 points")
    snap(own, "assignment")
    own.go_back()
    own.evaluate("window.stayed = true")
    # A student's server has no formgrader.
    assert page.request.get(f"{trial.url}/user/{ada.name}/formgrader").status == 404


@contextmanager
def graders_stopped(trial: Trial) -> Iterator[None]:
    """Stop the processes that grade, so that what is submitted meanwhile stays under way."""
    hub = psutil.Process(trial.pid)
    [service] = [one for one in hub.children(recursive=True) if "serve" in one.cmdline()]
    graders = service.children(recursive=True)
    assert graders
    try:
        for one in graders:
            one.suspend()
        yield
    finally:
        for one in graders:
            one.resume()


def read_marks_in_lab(lab: JupyterLab) -> None:
    """A notice in the student's JupyterLab, the panel, the feedback, and back to the exercise."""
    told = f"{NOTEBOOK}: 2 of 15 points, one idea to look at"
    expect(lab.notice(told)).to_be_visible(timeout=ACT_MS)
    panel = lab.open_marks()
    expect(panel).to_contain_text(told)
    with lab.page.expect_popup() as opened:
        panel.get_by_role("link", name=f"Feedback on {NOTEBOOK}").click()
    page = opened.value
    expect(page.get_by_text(TOLD).first).to_be_visible()
    page.get_by_role("link", name="Go to hidden_input in JupyterLab").click()
    again = JupyterLab(page)
    expect(again.active_cell()).to_contain_text(WRONG["hidden_input"][-10:], timeout=ACT_MS)
    expect(again.active_cell()).to_be_in_viewport(timeout=ACT_MS)
    page.close()


def marks_page(trial: Trial, context: BrowserContext) -> tuple[Page, list[str]]:
    """The service's first page in a new window that notes what should not happen in it."""
    watched = Watched(context.new_page(), trial.service("grading"))
    watch(watched, trial.url)
    page = watched.open("")
    page.evaluate("window.stayed = true")
    return page, watched.troubles


def read_feedback(trial, context, story, snap):
    """The page of the attempt, and from it the feedback that names the misconception."""
    page = context.new_page()
    page.goto(trial.service("grading"))
    page.locator(".card", has_text=TITLE).get_by_role("link").first.click()
    page.locator(".attempt").first.get_by_role("link").click()
    story.attempts.append(int(page.url.rsplit("/", 1)[1]))
    snap(page, "attempt")
    page.get_by_role("link", name=f"Feedback on {TITLE}").click()
    expect(page.locator("h1")).to_have_text(f"Feedback on {TITLE}")
    code = page.locator(".code > pre")
    expect(code.filter(has_text="return sigmoid(np.dot(x, weights))")).to_be_visible()
    expect(page.get_by_text(TOLD).first).to_be_visible()
    snap(page, "feedback")
    page.close()


def test_an_instructor_regrades(trial, enter, story, snap):
    """The class, formgrader, and a check made stricter: seen first, then applied, shown at once."""
    ada, imre = people(trial, "student")[0], people(trial, "instructor")[0]
    page = enter(imre, trial.service("grading", "class"))
    row = page.get_by_role("row", name=ada.name)
    expect(row.get_by_role("link", name="15")).to_be_visible()
    row.get_by_role("link", name=ada.name, exact=True).click()
    expect(page.locator(".attempt")).to_have_count(2)
    snap(page, "student")
    page.go_back()
    snap(page, "class")
    hub = page.context.new_page()
    hub.goto(f"{trial.url}/hub/home")
    hub.get_by_role("button", name="Services").click()
    for name in ("Formgrader", "Marks"):
        expect(hub.get_by_role("link", name=name, exact=True)).to_be_visible()
    hub.close()
    for name in ("queue", "insight"):
        page.goto(trial.service("grading", f"class/{name}"))
        snap(page, name)
    formgrader = page.context.new_page()
    formgrader.goto(trial.service(COURSE, "formgrader"))
    submissions = formgrader.get_by_role("row", name=ASSIGNMENT)
    expect(submissions.get_by_role("link", name="1")).to_be_visible(timeout=ACT_MS)

    make_stricter(trial)
    page.goto(trial.service("grading", "class/regrade"))
    snap(page, "regrade")
    page.get_by_label("Assignment").select_option(ASSIGNMENT)
    page.get_by_label("Student").fill(ada.name)
    page.get_by_role("button", name="Preview the changes").click()
    status = page.get_by_role("status")
    expect(status).to_contain_text("1 mark would change", timeout=ACT_MS)
    expect(page.get_by_role("row", name=ada.name)).to_contain_text("15 → 14")
    assert gradebook_scores(trial) == {ada.name: 15.0}
    snap(page, "preview")
    applying = page.locator("form.ask").get_attribute("action")
    assert page.request.post(f"{trial.url}{applying}").status == 403  # Nothing shows it is ours.
    page.get_by_role("button", name="Apply these changes").click()
    expect(status).to_contain_text("1 mark changed", timeout=ACT_MS)
    assert story.home_page is not None
    expect(story.home_page.locator(".card")).to_contain_text("14 of 15 points", timeout=ACT_MS)
    assert story.home_page.evaluate("window.stayed")


STRICTER = """
import pathlib, sys
path = pathlib.Path(sys.argv[1])
text = path.read_text()
assert text.count("spread < 1.03") == 1
path.write_text(text.replace("spread < 1.03", "spread < 0.5"))
"""


def make_stricter(trial: Trial) -> None:
    """Change a hidden check of the course, as its owner, so that it holds for nobody."""
    suite = course_folder(trial) / "tests" / "hidden" / ASSIGNMENT / f"test_{NOTEBOOK}.py"
    run_as(trial, trial.settings.course.owner, STRICTER, str(suite))


def test_another_student_sees_nothing_of_it(trial, enter, story):
    """Not on pages, not by a token, not in the exchange, not in a terminal."""
    ada, bela = people(trial, "student")
    page = enter(bela, trial.service("grading"))
    expect(page.locator(".card")).to_contain_text("Nothing submitted yet.")
    [attempt] = story.attempts
    for path, status in {
        f"attempts/{attempt}": 404,
        f"attempts/{attempt}/feedback/{NOTEBOOK}": 404,
        "class": 403,
        "class/queue": 403,
        "class/insight": 403,
        "class/marks.csv": 403,
        "class/regrade": 403,
    }.items():
        assert page.goto(trial.service("grading", path)).status == status, path
    for url in (trial.service(COURSE, "formgrader"), f"{trial.url}/user/{ada.name}/lab"):
        assert page.goto(url).status in (403, 404), url

    # The button does nothing before the page's scripts have come.
    page.goto(f"{trial.url}/hub/token", wait_until="networkidle")
    page.get_by_role("button", name="Request new API token").click()
    shown = page.locator("#token-result")
    expect(shown).not_to_be_empty()
    token = shown.inner_text().strip()
    for method, path, status in (
        ("GET", "api/attempts", 200),
        ("GET", f"api/attempts?student={ada.name}", 404),
        ("GET", f"api/attempts/{attempt}", 404),
        ("POST", "api/regrade", 403),
    ):
        answer = asked(trial, method, path, token)
        assert answer.status_code == status, (path, answer.text)
    assert asked(trial, "GET", "api/attempts", token).json() == {"attempts": []}

    owned, inbound = course_folder(trial), trial.settings.places.exchange / COURSE / "inbound"
    closed = [home(ada.name), owned, owned / "gradebook.db", owned / "tests" / "hidden"]
    assert open_to(trial, bela.name, inbound, trial.settings.places.state, *closed) == []
    assert open_to(trial, bela.name, home(bela.name)) == [str(home(bela.name))]


def asked(trial: Trial, method: str, path: str, token: str) -> requests.Response:
    """What the service's API answers to the bearer of a token."""
    headers = {"Authorization": f"token {token}"}
    body = {"assignment": ASSIGNMENT, "student": ""} if method == "POST" else None
    url = trial.service("grading", path)
    return requests.request(method, url, headers=headers, json=body, timeout=60)


FORGE = """
import pathlib, sys
inbound, student, assignment, notebook, original, how = sys.argv[1:]
when = "2026-01-01 00:00:00.000000 UTC"
folder = pathlib.Path(inbound, f"{student}+{assignment}+{when}+forged")
folder.mkdir()
work = folder / f"{notebook}.ipynb"
if how == "link":
    work.symlink_to(original)
else:
    work.write_bytes(pathlib.Path(original).read_bytes())
(folder / "timestamp.txt").write_text(when)
(folder / "submission_secret.txt").write_text("0123456789abcdef" * 4)
folder.chmod(0o777)
"""


def test_what_is_forged_is_refused(trial, enter, story):
    """Work in another's name and a link to a closed file change no mark, and the page says so."""
    ada, bela = people(trial, "student")
    exchange = trial.settings.places.exchange / COURSE
    page = enter(bela, trial.service("grading", f"assignments/{ASSIGNMENT}"))
    rows = page.locator(".attempt")
    where = (str(exchange / "inbound"),)
    file = f"{ASSIGNMENT}/{NOTEBOOK}.ipynb"
    what = (ASSIGNMENT, NOTEBOOK)
    released, master = exchange / "outbound" / file, course_folder(trial) / "source" / file
    run_as(trial, bela.name, FORGE, *where, ada.name, *what, str(released), "copy")
    expect(rows).to_have_count(1, timeout=ACT_MS)
    expect(rows.first).to_contain_text(f"named as {ada.name}'s")
    run_as(trial, bela.name, FORGE, *where, bela.name, *what, str(master), "link")
    expect(rows).to_have_count(2, timeout=ACT_MS)
    expect(rows.first).to_contain_text("link")
    expect(rows.locator(".score")).to_have_count(0)
    assert gradebook_scores(trial) == {ada.name: 14.0}
    assert story.home_page is not None
    expect(story.home_page.locator(".card")).to_contain_text("14 of 15 points")


TOO_LARGE = """
import os, sys
os.truncate(sys.argv[1], 1 << 25)
"""


def test_a_refused_submission_is_told_where_it_was_submitted(trial, story):
    """A notebook that is too large: nbgrader lists it as submitted, the notice says refused."""
    ada = people(trial, "student")[0]
    notebook = home(ada.name) / COURSE / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
    run_as(trial, ada.name, TOO_LARGE, str(notebook))
    assert story.lab is not None
    story.lab.submit(ASSIGNMENT)
    told = f"{ASSIGNMENT}: refused. {NOTEBOOK}.ipynb"
    expect(story.lab.notice(told)).to_be_visible(timeout=ACT_MS)
    panel = story.lab.open_marks()
    expect(panel).to_contain_text("changes no mark")
    expect(panel.locator(".total").first).to_have_text("14 of 15 points")


def test_what_a_server_asks_with_reads_own_marks_only(trial):
    """Code that a student runs finds the token; it opens nothing else of the service or the hub."""
    ada, bela = people(trial, "student")
    account = home(ada.name).stat().st_uid
    servers = [one for one in psutil.process_iter() if one.uids().real == account]
    [environment] = {
        (told.get("AUTOGRADER_MARKS_TOKEN"), told.get("JUPYTERHUB_API_TOKEN"))
        for told in (one.environ() for one in servers)
        if "AUTOGRADER_MARKS_TOKEN" in told
    }
    token, other = environment
    assert token != other
    own = asked(trial, "GET", "api/own", token)
    assert own.json()["student"] == ada.name
    for path in ("api/attempts", "events", "class", ""):
        assert asked(trial, "GET", path, token).status_code == 403, path
    headers = {"Authorization": f"token {token}"}
    closed = ("hub/api/users", f"hub/api/users/{bela.name}", f"hub/api/users/{ada.name}/tokens")
    for place in closed:
        answer = requests.get(f"{trial.url}/{place}", headers=headers, timeout=60)
        assert answer.status_code in (403, 404), place
    server = requests.get(f"{trial.url}/user/{ada.name}/api/contents", headers=headers, timeout=60)
    assert server.status_code == 403
    # The server's other token, which may do more with the server, does not open the service.
    assert asked(trial, "GET", "api/own", other).status_code == 403
