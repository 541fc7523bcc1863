"""The student's feedback: what the page and the text say, and what they never do."""

import re
import time
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from autograder.feedback import Manual, cell_lines, feedback_page, feedback_text
from autograder.feedback.words import MARKS, number, points_of, printable
from autograder.report import CheckResult, Named, Report, Status, Verdict

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&{{ 7*7 }}\x1b[31m\u202eevil"
VOID = {"meta", "br", "img", "rect", "line", "link"}


class Page(HTMLParser):
    """The elements of a page: every tag with its attributes and its depth in details."""

    def __init__(self, html):
        super().__init__()
        self.tags = []
        self.open = []
        self.text = []
        self.summaries = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        """Note an element that opens."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "summary":
            self.summaries.append(self.open.count("details"))

    def handle_startendtag(self, tag, attrs):
        """Note an element that closes itself."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        """Check that the innermost element closes."""
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data):
        """Keep text that is seen."""
        if "style" not in self.open:
            self.text.append(data)

    def words(self):
        """The visible text, white space collapsed."""
        return " ".join("".join(self.text).split())

    def names(self):
        """The tags that the page holds."""
        return {tag for tag, _ in self.tags}


def check(verdict, *, cell="test_area", points=0.0, title="It is exact.", **fields):
    """A check of two points."""
    return CheckResult("test_" + title[:5], cell, title, verdict, points, 2.0, **fields)


def report(*checks, **fields):
    """A graded report on the toy notebook."""
    known = {"assignment": "toys", "notebook": "shapes", "status": Status.GRADED, "tier": "full"}
    return Report(**{**known, "max_score": 10.0, "seed": 7, "checks": checks, **fields})


SIDES_ADDED = Named(
    "sides-added",
    "You add the sides.",
    ("Your area is too small.", "What is the area of a square?", "Multiply the two sides."),
    ("test_area", "test_volume"),
)


@pytest.fixture
def mixed():
    """A report with a misconception in two exercises, and one exercise that is not begun."""
    return report(
        check(Verdict.PASSED, cell="test_side", points=2.0, title="The side is its length."),
        check(Verdict.FAILED, message="Too small.", misconception="sides-added"),
        check(Verdict.FAILED, cell="test_volume", misconception="sides-added"),
        check(Verdict.NOT_DONE, cell="test_angle", title="The angle is in degrees."),
        misconceptions=(SIDES_ADDED,),
        notes=("Cell 3 raised NameError.",),
    )


def test_page_is_one_document_with_language_title_and_policy(mixed):
    """The page is a whole HTML document under a policy that allows nothing but its own style."""
    html = feedback_page(mixed, student="ana", course="Toys")
    page = Page(html)
    assert html.startswith("<!doctype html>")
    assert not page.open, "every element is closed"
    assert ("html", {"lang": "en"}) in page.tags
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert ("meta", {"http-equiv": "Content-Security-Policy", "content": policy}) in page.tags
    assert "<title>Feedback on shapes for ana</title>" in html


def test_page_loads_nothing_and_runs_nothing(mixed):
    """No script, no remote address, no imported style, no handler: the page works offline."""
    html = feedback_page(mixed, student="ana", course="Toys")
    page = Page(html)
    assert not page.names() & {"script", "link", "iframe", "object", "embed", "img", "form", "base"}
    assert not re.search(r"https?://|url\(|@import|javascript:", html)
    for _, attributes in page.tags:
        assert not any(name.startswith("on") or name == "src" for name in attributes)
        assert attributes.get("href", "#").startswith("#")


def test_links_lead_to_places_on_the_page(mixed):
    """Every link inside the page has its target, and no id is used twice."""
    page = Page(feedback_page(mixed))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    targets = {attributes["href"][1:] for _, attributes in page.tags if "href" in attributes}
    assert len(ids) == len(set(ids))
    assert targets
    assert targets <= set(ids)


def test_exercises_lead_into_the_notebook(mixed):
    """To its own cell, where the report knows it; without an address there is no link."""
    lab = "/hub/user-redirect/lab/tree/toys/shapes.ipynb"
    told = replace(mixed, cells={"test_area": "area/1 & 2"})
    links = {attributes.get("href") for _, attributes in Page(feedback_page(told, lab=lab)).tags}
    assert {one for one in links if one and one.startswith("/")} == {
        lab,
        f"{lab}?exercise=area/1%20%26%202",
    }
    assert "JupyterLab" not in feedback_page(told)


def test_headings_never_skip_a_level(mixed):
    """Headings go down one level at a time, from a single h1."""
    manual = Manual({"test_area": "Good.", "essay": "Fine."}, 1.0)
    levels = [
        int(tag[1])
        for tag, _ in Page(feedback_page(mixed, manual=manual)).tags
        if re.fullmatch(r"h[1-6]", tag)
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize(
    "place",
    ["student", "course", "message", "title", "grade_cell", "note", "reason", "words", "comment"],
)
def test_hostile_text_is_escaped_wherever_it_stands(place):
    """Markup, quotes, template braces and control characters of a student stay plain text."""
    text = {place: HOSTILE}
    failed = check(
        Verdict.FAILED,
        cell=text.get("grade_cell", "test_area"),
        title=text.get("title", "It is exact."),
        message=text.get("message", ""),
    )
    named = Named("odd", text.get("words", "w"), (text.get("words", "h"),), (failed.grade_cell,))
    html = feedback_page(
        report(
            failed,
            status=Status.UNREADABLE if place == "reason" else Status.GRADED,
            reason=text.get("reason", ""),
            notes=(text.get("note", ""),),
            misconceptions=(named,),
        ),
        student=text.get("student", ""),
        course=text.get("course", ""),
        manual=Manual({"test_area": text.get("comment", "")}),
    )
    page = Page(html)
    assert not page.names() & {"script", "img"}
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "{{ 7*7 }}" in page.words()
    assert "\x1b" not in html
    assert "\u202e" not in html


def test_lone_surrogate_does_not_stop_the_page_from_being_stored():
    """A text that UTF-8 cannot hold is shown with a replacement character."""
    html = feedback_page(report(check(Verdict.RAISED, message="bad \ud800 text")))
    assert "bad \ufffd text" in html.encode().decode()


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_is_a_symbol_and_words(verdict):
    """No verdict is told by its colour alone, in any form."""
    mark, result = MARKS[verdict], check(verdict)
    assert mark.words in Page(feedback_page(report(result))).words()
    assert f'aria-hidden="true">{mark.symbol}</span> {mark.words}' in feedback_page(report(result))
    assert f"{mark.symbol} {mark.words}" in feedback_text(report(result))
    assert f"{mark.symbol} {mark.words}" in cell_lines([result])


def test_symbols_and_words_tell_the_verdicts_apart():
    """No two verdicts share a symbol or words."""
    assert len({mark.symbol for mark in MARKS.values()}) == len(Verdict)
    assert len({mark.words for mark in MARKS.values()}) == len(Verdict)


def test_scores_stand_in_words_beside_their_bars(mixed):
    """Total and exercises show points in words; the bar beside them is hidden when read aloud."""
    page = Page(feedback_page(mixed))
    assert "Score: 2 of 10 points" in page.words()
    assert "side 2 of 2 points · ✓ complete" in page.words()
    bars = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert len(bars) == 5
    assert all(bar["aria-hidden"] == "true" for bar in bars)
    assert [a["width"] for tag, a in page.tags if tag == "rect" and a["class"] == "fill"] == [
        "20.0",
        "100.0",
        "0.0",
        "0.0",
        "0.0",
    ]


def test_misconception_is_said_once_with_all_its_places(mixed):
    """Its words stand on the page once; the checks refer to it and it refers to the exercises."""
    html = feedback_page(mixed)
    assert html.count("You add the sides.") == 1
    assert html.count('href="#idea-1"') == 2
    assert 'href="#exercise-2"' in html
    assert 'href="#exercise-3"' in html
    assert "Shows in area, volume." in Page(html).words()


def test_misconception_without_words_is_still_named():
    """A check may carry a name that the report does not explain; the name is said."""
    html = feedback_page(report(check(Verdict.FAILED, misconception="sides-added")))
    assert "This looks like: Sides added." in Page(html).words()


def test_hints_unfold_one_inside_the_other(mixed):
    """The second hint lies inside the first, the third inside the second; all start closed."""
    html = feedback_page(mixed)
    page = Page(html)
    assert page.summaries == [1, 2, 3]
    assert all("open" not in attributes for tag, attributes in page.tags if tag == "details")
    places = [html.index(hint) for hint in SIDES_ADDED.hints]
    assert places == sorted(places)
    assert "Hint 2 of 3: a question" in page.words()


def test_empty_hints_are_left_out():
    """A hint without text is no level, and without hints nothing unfolds."""
    named = Named("odd", "Words.", ("", "Only this.", ""), ("test_area",))
    failed = check(Verdict.FAILED, misconception="odd")
    assert Page(feedback_page(report(failed, misconceptions=(named,)))).summaries == [1]
    bare = Named("odd", "Words.", (), ("test_area",))
    assert not Page(feedback_page(report(failed, misconceptions=(bare,)))).summaries


def test_exercise_left_as_released_is_not_called_wrong():
    """Not done is told as not done yet, with what will be checked; nothing is called not right."""
    untouched = report(check(Verdict.NOT_DONE), check(Verdict.NOT_DONE, title="It is an area."))
    words = Page(feedback_page(untouched)).words()
    assert "not done yet" in words
    assert "It is an area. (2 points)" in words
    assert "Still to do: area." in words
    assert "wrong" not in words.lower()
    assert MARKS[Verdict.FAILED].words not in words


def test_withheld_notebook_is_no_fault_and_no_zero():
    """A fault of ours shows no number, and its cause stays with the instructor."""
    broken = report(status=Status.BROKEN, reason="suite at fault: KeyError in reference")
    words = Page(feedback_page(broken, manual=Manual(penalty=1.0))).words()
    assert "Your mark is withheld" in words
    assert "not your fault" in words
    assert "not a zero" in words
    assert "of 10 points" not in words
    assert "KeyError" not in words
    assert "KeyError" in feedback_text(broken)


def test_withheld_check_is_never_shown_as_a_zero():
    """One check at fault withholds its exercise's mark; the others keep their points."""
    part = report(
        check(Verdict.PASSED, cell="test_side", points=2.0), check(Verdict.BROKEN), tier="full"
    )
    words = Page(feedback_page(part)).words()
    assert "Part of your mark is withheld" in words
    assert "side 2 of 2 points" in words
    assert "area mark withheld" in words
    assert "0 of 2 points" not in words
    assert "0 of 2 points" not in feedback_text(part) + cell_lines(part.checks)


@pytest.mark.parametrize(
    ("status", "title"),
    [
        pytest.param(Status.UNREADABLE, "Your file could not be read", id="unreadable"),
        pytest.param(Status.MISSING, "This notebook was not submitted", id="missing"),
    ],
)
def test_file_that_cannot_be_graded_says_why_and_what_to_do(status, title):
    """The page names the state and the reason, and ends with what the student can do."""
    lost = report(status=status, reason="The file is empty.")
    words = Page(feedback_page(lost)).words()
    assert f"{title} The file is empty." in words
    assert "Score: 0 of 10 points" in words
    assert "submit" in words.split("What to do next")[1]
    assert title in feedback_text(lost)
    assert "Reason: The file is empty." in feedback_text(lost)


def test_run_without_isolation_carries_a_warning(mixed):
    """Tier none is a warning in both forms; the other tiers are not."""
    unsafe = mixed.with_(tier="none")
    assert "Unsafe: graded without a sandbox" in feedback_page(unsafe)
    assert "Unsafe: graded without a sandbox" in feedback_text(unsafe)
    assert "Unsafe" not in feedback_page(mixed.with_(tier="reduced"))


def test_comments_stand_with_their_exercises_and_the_penalty_with_the_score(mixed):
    """Manual comments appear where they belong; the penalty lowers the total, not below zero."""
    manual = Manual({"test_area": "Neat.", "essay": "Well argued."}, penalty=1.5)
    words = Page(feedback_page(mixed, manual=manual)).words()
    assert "Score: 0.5 of 10 points" in words
    assert "The late penalty of 1.5 points leaves 0.5." in words
    assert words.index("area 0 of 2") < words.index("Neat.") < words.index("volume 0 of 2")
    assert "More comments essay Comment from your instructor Well argued." in words
    assert "Score: 0 of 10 points" in Page(feedback_page(mixed, manual=Manual(penalty=9.0))).words()


@pytest.mark.parametrize(
    ("verdict", "advice"),
    [
        pytest.param(Verdict.RAISED, "read the last line of the error", id="raised"),
        pytest.param(Verdict.TIMED_OUT, "a loop that never ends", id="timed-out"),
        pytest.param(Verdict.OUT_OF_MEMORY, "an array that is much larger", id="out-of-memory"),
        pytest.param(Verdict.FORBIDDEN, "leave out what is not allowed", id="forbidden"),
        pytest.param(Verdict.FAILED, "compare your answer", id="failed"),
    ],
)
def test_next_step_fits_the_verdict(verdict, advice):
    """An unexplained result leads to a step that says what to look for, and to submitting again."""
    words = Page(feedback_page(report(check(verdict)))).words()
    assert advice in words.split("In area: ")[1]
    assert "submit again" in words


def test_next_steps_start_with_the_misconception(mixed):
    """What explains several exercises comes first, and those exercises are not listed again."""
    words = Page(feedback_page(mixed)).words()
    assert "Start with “Sides added”. It shows in area and volume." in words
    assert "In area:" not in words


def test_only_the_first_misconception_is_where_to_start(mixed):
    """A second misconception is what to go on to."""
    second = Named("units-mixed", "You mix units.", (), ("test_angle",))
    words = Page(feedback_page(mixed.with_(misconceptions=(SIDES_ADDED, second)))).words()
    assert words.count("Start with") == 1
    assert "Go on to “Units mixed”. It shows in angle." in words


def test_notebook_without_checks_says_so():
    """A notebook that only a person marks has a next step too."""
    words = Page(feedback_page(report())).words()
    assert "Nothing here is checked by a program." in words


def test_full_marks_need_no_repair():
    """When every check passed, the next step is to go on."""
    words = Page(feedback_page(report(check(Verdict.PASSED, points=2.0)))).words()
    assert "Every check passed." in words
    assert "submit again" not in words


def test_text_is_plain_and_narrow(mixed):
    """The text stays within 100 columns and holds no control character, whatever was written."""
    long = check(Verdict.RAISED, cell="test_long", message=HOSTILE * 20 + "x" * 300)
    text = feedback_text(mixed.with_(checks=(*mixed.checks, long)))
    assert max(map(len, text.splitlines())) <= 100
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert text.startswith("shapes (toys): 2 of 10 points\n")


def test_text_gives_the_first_hint_only(mixed):
    """The terminal shows the words and the first hint; the nearer ones are left to the page."""
    text = feedback_text(mixed)
    assert "Sides added (area and volume): You add the sides." in text
    assert SIDES_ADDED.hints[0] in text
    assert SIDES_ADDED.hints[1] not in text
    assert "Cell 3 raised NameError." in text


def test_cell_lines_are_one_line_a_check():
    """Mark, sentence, points and message share a line, even when the message had several."""
    lines = cell_lines(
        [check(Verdict.PASSED, points=2.0), check(Verdict.FAILED, message="Too\nsmall \x1b[31m.")]
    )
    assert lines.splitlines() == [
        "✓ passed | It is exact. | 2 of 2 points",
        "✗ not right yet | It is exact. | 0 of 2 points | Too small \ufffd[31m.",
    ]
    assert cell_lines([]) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-0.0, "0"), (10.0, "10"), (7.5, "7.5"), (1 / 3, "0.33"), (-0.001, "0")],
)
def test_points_are_written_as_people_write_them(value, text):
    """At most two decimals, no trailing zeros, no minus before a zero."""
    assert number(value) == text


def test_one_point_is_singular():
    """One point is a point."""
    assert points_of(0.5, 1.0) == "0.5 of 1 point"
    assert points_of(1.0, 3.0) == "1 of 3 points"


def test_printable_keeps_ordinary_text():
    """Accents, symbols, tabs and line breaks stay; Windows line ends become ordinary ones."""
    assert printable("ŷ − Σ\té\r\n日本") == "ŷ − Σ\té\n日本"


def test_page_is_filled_in_a_few_milliseconds(mixed):
    """Templates are compiled once, so a page takes less than 5 ms."""
    feedback_page(mixed)
    durations_s = []
    for _ in range(20):
        start = time.perf_counter()
        feedback_page(mixed)
        durations_s.append(time.perf_counter() - start)
    assert min(durations_s) < 0.005


def test_same_report_gives_the_same_page(mixed):
    """The page holds no clock and no random name, so unchanged work gives unchanged bytes."""
    assert feedback_page(mixed, student="ana") == feedback_page(mixed, student="ana")
