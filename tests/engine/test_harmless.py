"""A student's Markdown on an instructor's page: nothing runs, nothing loads, no word is lost."""

from __future__ import annotations

import html
import re
import shutil
import time

import pytest
from hostile_text import HARMLESS, HOSTILE, PIXEL
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from autograder.gradebook.harmless import harmless


def page_of(markdown: str, pictures: dict[str, dict[str, str]] | None = None) -> str:
    """What nbconvert makes of a text cell."""
    renderer = IPythonRenderer(escape=False, attachments=pictures or {})
    return str(MarkdownWithMath(renderer=renderer).render(markdown))


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_stays_as_it_is(text):
    """Markdown, formulas, tables, code, plain HTML and released pictures keep their look."""
    assert harmless(text) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_cleaning_again_changes_nothing(text):
    """What was made harmless is harmless."""
    once = harmless(text)
    assert harmless(once) == once


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("see [this](javascript:x) now", "see this now", id="link"),
        pytest.param("a <script>alert(1)</script> b", "alert(1)", id="script"),
        pytest.param("for x <y and y> z it holds", "<y and y> z", id="not-html-at-all"),
        pytest.param("<div onmouseover=x\nmy answer", "my answer", id="tag-without-end"),
        pytest.param("<!-- my answer", "my answer", id="comment-without-end"),
        pytest.param("```mermaid\ngraph TD; A-->B\n```", "A-->B", id="mermaid"),
        pytest.param("![graph](http://evil.test/x.png)", "graph", id="picture"),
        pytest.param("![](attachment:x.png) my answer", "my answer", id="lost-picture"),
        pytest.param("$\\href{javascript:x}{my answer}$", "my answer", id="formula"),
        pytest.param(
            "# My [answer](javascript:x)\n\n> quote\n\n$a<b$", "$a<b$", id="formula-stays"
        ),
        pytest.param("[" * 5000 + "my answer", "my answer", id="slow-to-render"),
        pytest.param("`" * 5000 + "my answer", "my answer", id="many-backticks"),
    ],
)
def test_no_word_is_lost(text, words):
    """Whatever is taken away, what a person would read stays on the page."""
    shown = html.unescape(re.sub(r"<(/?\w+)[^>]*>", "", page_of(harmless(text))))
    assert words in shown


def test_the_rest_of_a_text_keeps_its_look():
    """A bad link costs itself: heading, quote, list, table and emphasis are drawn as before."""
    text = "# Title\n\n> **bold**\n\n1. one\n\n| a |\n|---|\n| 1 |\n\n[x](javascript:y)"
    page = page_of(harmless(text))
    for element in ("<h1", "<blockquote>", "<strong>", "<ol>", "<table>"):
        assert element in page
    assert "javascript" not in page


def test_a_pasted_picture_stays():
    """A picture in the cell is shown; one that the cell does not hold is not looked for."""
    kept = {"mine.png": {"image/png": PIXEL}}
    text = "My proof: ![p](attachment:mine.png) ![q](attachment:lost.png)"
    page = page_of(harmless(text, kept), kept)
    assert f"data:image/png;base64,{PIXEL}" in page
    assert "lost.png" in page


@pytest.mark.parametrize(
    "piece",
    ["[", "![", "<", "&", "\\\\[", "\\begin{a}", "$", "`", "~", "*a ", "_", "<div>", "> ", "<!--"],
)
def test_no_text_takes_long(piece):
    """Text that would keep a renderer busy is shown as a block of code."""
    began = time.perf_counter()
    for count in (1_000, 3_000, 80_000):
        harmless(piece * count + "word " * 2_000)
    assert time.perf_counter() - began < 10


@pytest.fixture(scope="module")
def browser():
    """The Chromium of this machine."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs a browser: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    flags = ["--headless", "--no-sandbox", "--disable-gpu"]
    with sync_playwright() as playwright:
        there = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield there
        there.close()


@pytest.mark.slow
@pytest.mark.wide(rows=20)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_script_runs_and_no_request_leaves_in_a_browser(browser, text):
    """A hostile text on a page: opened, hovered and clicked; nothing happens."""
    troubles: list[str] = []
    sent: list[str] = []
    shown = "<!DOCTYPE html><main>" + page_of(harmless(text)) + "</main><p id=last>end</p>"

    def answer(route):
        url = route.request.url
        if url == "https://formgrader.test/x/":
            route.fulfill(body=shown, content_type="text/html; charset=utf-8")
            return
        sent.append(url)
        route.abort()

    page = browser.new_page()
    page.expose_function("alert", lambda *said: troubles.append(f"alert {said}"))
    page.on("dialog", lambda dialog: (troubles.append("dialog"), dialog.dismiss()))
    page.on("popup", lambda popup: troubles.append(f"popup {popup.url}"))
    page.route("**/*", answer)
    page.goto("https://formgrader.test/x/", wait_until="load")
    assert page.locator("#last").inner_text() == "end"
    page.evaluate(
        """() => document.querySelectorAll('main *').forEach(e => {
             e.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}));
             if (!e.href || !/^https?:|^mailto:/.test(e.getAttribute('href'))) e.click?.();
           })"""
    )
    page.close()
    assert not troubles
    assert not [url for url in sent if not re.match(r"https://formgrader.test/x/[\w.-]+$", url)]


def test_a_page_of_an_old_notebook_is_harmless_too():
    """Formgrader's exporter, configured as the course does, shows no raw HTML, output or script."""
    import nbformat.v4 as v4
    from nbconvert.exporters import HTMLExporter
    from traitlets.config import Config

    html = "<script src='http://evil.test/x.js'></script>"
    outputs = [
        v4.new_output("display_data", data={"text/html": html, "text/plain": "fine"}),
        v4.new_output("display_data", data={"image/svg+xml": f"<svg>{html}</svg>"}),
        v4.new_output("display_data", data={"application/javascript": "evil()"}),
        v4.new_output("execute_result", data={"text/markdown": html}),
        v4.new_output("execute_result", data={"text/latex": "$\\href{javascript:evil()}{x}$"}),
        v4.new_output("stream", text="printed"),
    ]
    cells = [
        v4.new_markdown_cell("[x](javascript:evil()) <b>my words</b>"),
        v4.new_raw_cell(html, metadata={"raw_mimetype": "text/html"}),
        v4.new_code_cell("1 < 2", outputs=outputs),
    ]
    config = Config()
    config.HTMLExporter.preprocessors = ["autograder.nbgrader_plugin.HarmlessCells"]
    config.HTMLExporter.template_name = "basic"
    page, _ = HTMLExporter(config=config).from_notebook_node(v4.new_notebook(cells=cells))
    for words in ("my words", "fine", "printed"):
        assert words in page
    for bad in ("javascript:", "evil()", "<script src='http", "<svg>"):
        assert bad not in page


def test_a_comment_that_quotes_a_student_is_harmless(toy_course, toy_lab, tmp_path):
    """nbgrader's feedback renders comments as Markdown; a check's line may hold their words."""
    from autograder.course.model import Course
    from autograder.gradebook.gradebook import open_gradebook
    from autograder.report import CheckResult, Report, Status, Verdict

    said = "raises ValueError: <img src=http://evil.test/x.png> [x](javascript:evil())"
    checks = (CheckResult("t", "test_area", "It holds.", Verdict.RAISED, 0.0, 3.0, said),)
    report = Report("toys", "shapes", Status.GRADED, "full", 10, 1, checks, toy_lab.solutions)
    shutil.copytree(toy_course.root, tmp_path / "course")
    with open_gradebook(Course.load(tmp_path / "course")) as book:
        book.enter_submissions({("eve", "toys"): None})
        book.record_all([("eve", report)])
        comment = book._book.find_comment("area", "shapes", "toys", "eve").auto_comment
    page = page_of(comment)
    assert "It holds." in page
    assert "src=" not in page.replace("&lt;img src=http", "")
    assert 'href="javascript' not in page
