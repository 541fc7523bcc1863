"""One story on a real hub: a student betters a mark, an instructor regrades, another stays outside.

Real accounts with passwords, real servers as those accounts, the real exchange, a real browser. The
tests are chapters: each goes on from where the one before it ended.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect

from autograder import specimen
from autograder.course import Course

from .browsing import PHONE, WIDE, Watched, browser, watch  # noqa: F401
from .jupyterlab import ACT_MS, JupyterLab, log_in
from .real_hub import (
    ASSIGNMENT,
    COURSE,
    NOTEBOOK,
    ROOT,
    Person,
    Trial,
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


@dataclass
class Story:
    """What earlier chapters left for later ones."""

    home_page: Page | None = None
    """The student's page of the service, left open."""
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
    [lab] = Course.load(ROOT).labs_of(ASSIGNMENT)
    return specimen.solutions(lab)


def begins(source: str) -> str:
    """What its cell is known by."""
    return source.split("(")[0] + "("


def test_a_student_hands_in_and_betters_the_mark(trial, enter, story, snap):
    """From the login to a full mark, which shows without a reload; feedback comes home."""
    ada = people(trial, "student")[0]
    page = enter(ada, trial.url)
    lab = JupyterLab(page)
    lab.open_assignment_list()
    lab.fetch(ASSIGNMENT)
    lab.open_notebook(ASSIGNMENT, NOTEBOOK)
    solved = right()
    lab.write(begins(solved["init_weights"]), solved["init_weights"])
    lab.write(begins(WRONG["hidden_input"]), WRONG["hidden_input"])
    assert "failed" in lab.validate()

    own, troubles = marks_page(trial, page.context)
    story.home_page = own
    card = own.locator(".card", has_text=ASSIGNMENT)
    expect(card).to_contain_text("Nothing handed in yet.")
    lab.submit(ASSIGNMENT)
    expect(card).to_contain_text("2 of 15 points", timeout=ACT_MS)
    expect(card.locator(".state")).to_contain_text("graded")
    snap(own, "home")
    read_feedback(trial, page.context, story, snap)

    lab.fetch_feedback(ASSIGNMENT)
    fetched = home(ada.name) / COURSE / ASSIGNMENT / "feedback"
    [feedback] = fetched.glob(f"*/{NOTEBOOK}.html")
    assert feedback.stat().st_uid == home(ada.name).stat().st_uid
    assert "A sigmoid too many" in feedback.read_text()

    lab.show_notebook(NOTEBOOK)
    for source in solved.values():
        lab.write(begins(source), source)
    assert "Success" in lab.validate()
    lab.submit(ASSIGNMENT)
    expect(card).to_contain_text("15 of 15 points", timeout=ACT_MS)
    assert own.evaluate("window.stayed")
    assert troubles == []
    assert json.loads(gradebook_scores(trial)) == {ada.name: 15.0}
    own.get_by_role("link", name=ASSIGNMENT).click()
    expect(own.locator(".attempt")).to_have_count(2)
    expect(own.locator(".counting")).to_contain_text("15 of 15 points")
    snap(own, "assignment")
    own.go_back()
    own.evaluate("window.stayed = true")
    # The exercises are the course's, the class is the instructor's: not on a student's server.
    assert page.request.get(f"{trial.url}/user/{ada.name}/formgrader").status == 404


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
    page.locator(".card", has_text=ASSIGNMENT).get_by_role("link").first.click()
    page.locator(".attempt").first.get_by_role("link").click()
    story.attempts.append(int(page.url.rsplit("/", 1)[1]))
    snap(page, "attempt")
    page.get_by_role("link", name=f"Feedback on {NOTEBOOK}").click()
    expect(page.locator("h1")).to_have_text(f"Feedback on {NOTEBOOK}")
    expect(page.get_by_text("Sigmoid too many")).to_be_visible()
    snap(page, "feedback")
    page.close()


def test_an_instructor_regrades(trial, enter, story, snap):
    """The class, formgrader, and a check made stricter: seen first, then applied, shown at once."""
    ada, imre = people(trial, "student")[0], people(trial, "instructor")[0]
    page = enter(imre, trial.service("grading", "class"))
    row = page.get_by_role("row", name=ada.name)
    expect(row).to_contain_text("15 of 15 points")
    expect(row).to_contain_text("(2 attempts)")
    snap(page, "class")
    for name in ("queue", "insight"):
        page.goto(trial.service("grading", f"class/{name}"))
        snap(page, name)
    formgrader = page.context.new_page()
    formgrader.goto(trial.service(COURSE, "formgrader"))
    submissions = formgrader.get_by_role("row", name=ASSIGNMENT)
    expect(submissions).to_contain_text("1", timeout=ACT_MS)
    formgrader.screenshot(path=None)

    make_stricter(trial)
    page.goto(trial.service("grading", "class/regrade"))
    snap(page, "regrade")
    page.get_by_label("Assignment").select_option(ASSIGNMENT)
    page.get_by_label("Student").fill(ada.name)
    page.get_by_role("button", name="Preview the changes").click()
    status = page.get_by_role("status")
    expect(status).to_contain_text("1 mark would change", timeout=ACT_MS)
    expect(page.get_by_role("row", name=ada.name)).to_contain_text("15 → 14")
    assert json.loads(gradebook_scores(trial)) == {ada.name: 15.0}
    snap(page, "preview")
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
