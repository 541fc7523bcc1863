"""The pages in a real Chromium: nothing is refused by their policy, what changes shows by itself.

Every page that is opened here is watched: a line in the console, an error of the script, a request
to elsewhere fails the test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from .browsing import PHONE, WIDE, Watched, browser, watch  # noqa: F401
from .small_class import ASSIGNMENTS

BASIC = "Gradient descent on one unit"
STUDENT_PAGES = (
    "",
    "assignments/gradient_descent",
    "assignments/backpropagation",
    "attempts/{own}",
    "attempts/{own}/feedback/gradient_basic",
)
CLASS_PAGES = (
    "class",
    "class?assignment=gradient_descent&state=late&student=a&sort=total",
    "class/students/ada",
    "class/students/hana",
    "attempts/{damaged}/feedback/gradient_basic",
    "class/queue",
    "class/insight",
    "class/regrade",
    "attempts/{own}",
)


@pytest.fixture
def window(browser: Browser, small_hub) -> Iterator[Any]:
    """Open windows of people who are signed in; in the end, nothing may have gone wrong in them."""
    opened: list[tuple[BrowserContext, Watched]] = []

    def open_window(role: str, **options: Any) -> Watched:
        context = browser.new_context(**{"viewport": WIDE, "color_scheme": "light", **options})
        context.add_cookies(cookies_of(small_hub.sessions[role]))
        watched = Watched(context.new_page(), small_hub.prefix)
        watch(watched, small_hub.hub.url)
        opened.append((context, watched))
        return watched

    yield open_window
    troubles = [trouble for _, watched in opened for trouble in watched.troubles]
    for context, _ in opened:
        context.close()
    assert troubles == []


def cookies_of(session: Any) -> list[dict[str, Any]]:
    """The cookies of a session that went through the hub's login, for a browser."""
    names = ("name", "value", "path")
    return [
        {**{name: getattr(cookie, name) for name in names}, "domain": "127.0.0.1"}
        for cookie in session.cookies
        if cookie.name != "_xsrf"
    ]


@pytest.mark.parametrize("size", [pytest.param(WIDE, id="wide"), pytest.param(PHONE, id="phone")])
@pytest.mark.parametrize(
    ("role", "paths"), [("student", STUDENT_PAGES), ("instructor", CLASS_PAGES)]
)
def test_pages_show_under_their_policy_and_fit(window, small_hub, role, paths, size):
    """No page is wider than its window, no console has anything to say, axe finds nothing."""
    watched = window(role, viewport=size, color_scheme="dark" if size == PHONE else "light")
    axe = Axe()
    for path in paths:
        numbers = small_hub.numbers
        page = watched.open(path.format(own=numbers["ada"], damaged=numbers["hana"]))
        expect(page.locator("h1")).to_have_count(1)
        assert watched.has_no_sideways_scroll(), path
        # Style and script were let in by the policy: one colours, the other puts times in order.
        assert page.evaluate("getComputedStyle(document.body).maxWidth") != "none"
        # What is folded is looked at, too.
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        found = axe.run(page).response
        assert found["passes"], path
        faults = [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]]
        assert faults == [], path


def test_feedback_is_one_click_away_and_unfolds(window, small_hub):
    """From the first page; hints unfold one after the other, also without a script."""
    watched = window("other", viewport=PHONE, java_script_enabled=False)
    page = watched.open("")
    page.get_by_role("link", name=f"Feedback on {BASIC}").click()
    expect(page.locator("h1")).to_have_text(f"Feedback on {BASIC}")
    code = page.locator(".code > pre").first
    expect(code).to_contain_text("return 1 - sigmoid(h)")
    hint = page.locator("details").first
    expect(hint.locator("p").first).to_be_hidden()
    hint.locator("summary").first.press("Enter")
    expect(hint.locator("p").first).to_be_visible()
    page.get_by_role("link", name="Attempt", exact=False).first.click()
    expect(page.get_by_role("link", name=f"Feedback on {BASIC}")).to_be_visible()


def test_dark_and_light_are_the_readers_choice(window):
    """The pages follow what the browser says its user prefers."""
    colour = "getComputedStyle(document.body).backgroundColor"
    shades = {
        scheme: window("student", color_scheme=scheme).open("").evaluate(colour)
        for scheme in ("light", "dark")
    }
    assert shades["light"] == "rgb(255, 255, 255)"
    assert shades["dark"] != shades["light"]


def test_an_attempt_moves_on_without_a_reload(window, small_hub, reports):
    """Waiting behind another one, next in the queue, being graded, graded with its mark."""
    desk = small_hub.desk
    before = desk.arrive("ada", ASSIGNMENTS[1])  # whose turn is longer ago
    number = desk.arrive("bela", ASSIGNMENTS[1])
    page = window("other").open(f"attempts/{number}")
    page.evaluate("window.stayed = true")
    state = page.locator("#now")
    expect(state).to_contain_text("1 ahead in the queue")
    desk.grade(before, reports["ada", ASSIGNMENTS[1]])
    expect(state).to_contain_text("next in the queue")
    desk.begin(number)
    expect(state).to_contain_text("being graded")
    desk.end(number, reports["bela", ASSIGNMENTS[1]])
    expect(state).to_contain_text("graded")
    expect(page.locator(".total")).to_contain_text("8 of 15 points")
    expect(page.get_by_role("link", name="Feedback on Multilayer perceptrons")).to_be_visible()
    assert page.evaluate("window.stayed")


def test_a_new_attempt_shows_by_itself(window, small_hub, reports):
    """The list of attempts grows while the page is open, and keeps the focus where it was."""
    page = window("other").open(f"assignments/{ASSIGNMENTS[0]}")
    page.evaluate("window.stayed = true")
    rows = page.locator(".attempt")
    count = rows.count()
    first = rows.last.get_by_role("link")
    first.focus()
    number = small_hub.desk.arrive("bela", ASSIGNMENTS[0])
    expect(rows).to_have_count(count + 1)
    expect(rows.first).to_contain_text("waiting")
    expect(rows.last.get_by_role("link")).to_be_focused()
    small_hub.desk.grade(number, reports["bela", ASSIGNMENTS[0]])
    expect(rows.first).to_contain_text("counts: your latest")
    assert page.evaluate("window.stayed")


def hide(page: Page, hidden: bool) -> None:
    """Tell a window that it is hidden, or shown again, as its browser does."""
    page.evaluate(
        """(hidden) => {
            Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def test_seven_windows_share_one_stream(window, small_hub, reports):
    """A browser has six connections to a host; seven windows work, and the hub does beside them."""
    first = window("other")
    windows = [first.page, *(first.page.context.new_page() for _ in range(6))]
    streams: list[str] = []

    def count(request: Any) -> None:
        if "/events" in request.url:
            streams.append(request.url)

    for page in windows:
        page.on("request", count)
        page.goto(f"{small_hub.prefix}assignments/{ASSIGNMENTS[1]}", timeout=15_000)
    rows = first.page.locator(".attempt").count()
    number = small_hub.desk.arrive("bela", ASSIGNMENTS[1])
    for page in windows:
        expect(page.locator(".attempt")).to_have_count(rows + 1)
    small_hub.desk.grade(number, reports["bela", ASSIGNMENTS[1]])
    for page in windows:
        expect(page.locator(".attempt").first).to_contain_text("8 of 15 points")
        expect(page.locator("#said")).to_contain_text("graded, 8 of 15 points.")
    assert len(streams) == 1
    assert windows[6].goto(f"{small_hub.hub.url}/hub/home", timeout=15_000)

    # Who listens for all leaves; another window takes over.
    windows[0].close()
    later = small_hub.desk.arrive("bela", ASSIGNMENTS[1])
    for page in windows[1:6]:
        expect(page.locator(".attempt")).to_have_count(rows + 2)

    # Hidden windows neither listen nor ask; shown again, they know what they missed.
    for page in windows[1:6]:
        hide(page, True)
    windows[1].wait_for_timeout(500)  # what is under way comes to its end
    asked: list[str] = []
    for page in windows[1:6]:
        page.on("request", lambda request: asked.append(request.url))
    small_hub.desk.grade(later, reports["bela", ASSIGNMENTS[1]])
    windows[1].wait_for_timeout(1500)
    assert asked == []
    hide(windows[3], False)
    expect(windows[3].locator(".attempt").first).to_contain_text("8 of 15 points")


def test_a_browser_without_locks_asks(window, small_hub, reports):
    """As where the connection is not safe: no stream, and the page is fetched every few seconds."""
    page = window("other").page
    page.add_init_script("Object.defineProperty(navigator, 'locks', { value: undefined });")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{small_hub.prefix}assignments/{ASSIGNMENTS[1]}")
    rows = page.locator(".attempt").count()
    number = small_hub.desk.arrive("bela", ASSIGNMENTS[1])
    expect(page.locator(".attempt")).to_have_count(rows + 1, timeout=15_000)
    assert not [url for url in asked if "/events" in url]
    small_hub.desk.grade(number, reports["bela", ASSIGNMENTS[1]])


def test_a_page_that_is_not_live_says_so(window):
    """While the computer is offline, and no longer."""
    watched = window("student")
    page = watched.open("")
    sign = page.locator("#sign")
    expect(sign).to_be_empty()
    page.context.set_offline(True)
    expect(sign).to_contain_text("Not live: this computer is offline.")
    page.context.set_offline(False)
    expect(sign).to_be_empty()
    # What the browser writes into its console about the lost connection.
    watched.troubles[:] = [one for one in watched.troubles if "ERR_INTERNET" not in one]


def test_the_instructors_queue_is_live_too(window, small_hub, reports):
    """Who hands in shows in the queue, and leaves it when graded."""
    page = window("instructor").open("class/queue")
    row = page.get_by_role("region", name="Queue").get_by_role("row", name="hana")
    expect(row).to_have_count(0)
    number = small_hub.desk.arrive("hana", ASSIGNMENTS[1])
    expect(row).to_have_count(1)
    small_hub.desk.grade(number, reports["hana", ASSIGNMENTS[1]])
    expect(row).to_have_count(0)


def test_times_are_the_readers_own(window, small_hub):
    """The server writes UTC; the script shows the reader's zone and keeps UTC as the title."""
    page = window("student", timezone_id="Asia/Tokyo", locale="en-GB").open("")
    time = page.locator("time").first
    expect(time).to_have_attribute("title", re.compile(" UTC$"))
    text = page.evaluate(
        "new Date(document.querySelector('time').dateTime).toLocaleString(undefined, "
        "{dateStyle: 'medium', timeStyle: 'short'})"
    )
    expect(time).to_have_text(text)


def test_filters_by_keyboard(window):
    """From the top of the page with Tab, letters and Enter only; every stop can be seen."""
    page = window("instructor").open("class")
    keys = page.keyboard
    keys.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    keys.press("Enter")
    keys.press("Tab")
    tab_to(page, page.get_by_label("Assignment", exact=True))
    keys.type("grad")
    keys.press("Tab")
    expect(page.get_by_label("State", exact=True)).to_be_focused()
    keys.press("Tab")
    student = page.get_by_label("Student", exact=True)
    expect(student).to_be_focused()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    keys.type("bel")
    keys.press("Enter")
    page.wait_for_url("**student=bel")
    rows = page.get_by_role("region", name="Marks").locator("tbody tr")
    expect(rows).to_have_count(1)
    expect(page.get_by_label("Student", exact=True)).to_have_value("bel")
    tab_to(page, page.get_by_role("link", name="bela", exact=True))
    keys.press("Enter")
    expect(page.locator("h1")).to_have_text("bela")
    tab_to(page, page.get_by_label("What the student reads"))
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until the focus is there."""
    for _ in range(80):
        if wanted.evaluate("(one) => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail("Tab does not lead there")


def test_without_script_pages_say_the_same(window, small_hub):
    """Marks, states, filters and links are all in what the server sends."""
    page = window("student", java_script_enabled=False).open("")
    expect(page.locator(".card").first).to_contain_text("40 of 40 points")
    page.get_by_role("link", name="Gradient descent", exact=True).click()
    page.get_by_role("link", name="Attempt 2").first.click()
    expect(page.get_by_role("link", name=f"Feedback on {BASIC}")).to_be_visible()


def test_a_regrade_is_previewed_before_it_is_applied(window, small_hub):
    """The form, the list of what would change, and nothing changed so far."""
    page = window("instructor").open("class/regrade")
    page.get_by_label("Assignment").select_option(ASSIGNMENTS[0])
    page.get_by_label("Student").fill("goran")
    page.get_by_role("button", name="Preview the changes").click()
    expect(page.get_by_role("status")).to_contain_text("would change", timeout=30_000)
