"""The class report: what is counted, who comes first, and what the page never does."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from autograder.class_report import class_page, class_rows
from autograder.class_report.tally import distribution, pass_rates, ranking
from autograder.report import Booked, CheckResult, Graded, Named, Report, Status, Verdict

HOSTILE = "<script>alert(1)</script>\"'&{{ 7*7 }}\x1b[31m\u202eevil"
SIDES_ADDED = Named("sides-added", "They add the sides.", ("h",), ("test_area",))


class Page(HTMLParser):
    """The tags and the visible text of a page."""

    def __init__(self, html):
        super().__init__()
        self.tags = []
        self.text = []
        self.in_style = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        """Note an element that opens."""
        self.tags.append((tag, dict(attrs)))
        self.in_style = tag == "style"

    def handle_data(self, data):
        """Keep text that is seen."""
        if not self.in_style:
            self.text.append(data)

    def words(self):
        """The visible text, white space collapsed."""
        return " ".join("".join(self.text).split())

    def all(self, tag):
        """The attributes of every element of that name."""
        return [attributes for name, attributes in self.tags if name == tag]


def check(verdict, points=0.0, **fields):
    """The one check of the toy notebook."""
    return CheckResult("test_exact", "test_area", "It is exact.", verdict, points, 10.0, **fields)


def graded(student, *checks, notebook="shapes", **fields):
    """A student's report on a toy notebook."""
    known = {"assignment": "toys", "status": Status.GRADED, "tier": "full", "max_score": 10.0}
    return Graded(
        student, Report(**{**known, "notebook": notebook, "seed": 1, "checks": checks, **fields})
    )


@pytest.fixture
def toys():
    """Five students: right, misled, not begun, missing, and one whose mark is withheld."""
    misled = check(Verdict.FAILED, misconception="sides-added")
    return [
        graded("bea", misled, misconceptions=(SIDES_ADDED,)),
        graded("ana", check(Verdict.PASSED, 10.0)),
        graded("cem", check(Verdict.NOT_DONE)),
        graded("dan", status=Status.MISSING, reason="no file"),
        graded("eva", check(Verdict.BROKEN, message="the suite raised KeyError")),
        graded("bea", misled, notebook="solids", misconceptions=(SIDES_ADDED,)),
    ]


def link(one):
    """Where a feedback page lies."""
    return f"feedback/{one.student}/{one.report.notebook}.html"


def test_page_loads_nothing_and_runs_nothing(toys):
    """No script, no remote address, and a policy that allows nothing but the page's own style."""
    html = class_page("Toys", toys, link)
    page = Page(html)
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert {"http-equiv": "Content-Security-Policy", "content": policy} in page.all("meta")
    assert page.all("html") == [{"lang": "en"}]
    for tag in ("script", "link", "img", "iframe", "object", "form"):
        assert not page.all(tag)
    assert not re.search(r"https?://|url\(|@import", html)


def test_tables_have_captions_and_scopes(toys):
    """Every table says what it holds, and every header cell says what it heads."""
    page = Page(class_page("Toys", toys, link))
    assert len(page.all("table")) == len(page.all("caption")) > 3
    assert {header["scope"] for header in page.all("th")} == {"row", "col"}
    assert all("scope" in header for header in page.all("th"))


def test_headings_never_skip_a_level(toys):
    """Headings go down one level at a time, from a single h1."""
    page = Page(class_page("Toys", toys))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_whoever_needs_a_person_comes_first_with_the_reason(toys):
    """Withheld and unreadable submissions stand above every mark, each with its reason."""
    toys.append(graded("fay", status=Status.UNREADABLE, reason="The file is not JSON."))
    words = Page(class_page("Toys", toys, link)).words()
    top = words[: words.index("Score, state and misconceptions")]
    assert "2 submissions to look at" in top
    assert "test_exact: the suite raised KeyError" in top
    assert "The file is not JSON." in top
    assert "ana" not in top


def test_nobody_needs_a_person_is_said():
    """A class in order says so, and so does an empty one."""
    words = Page(class_page("Toys", [graded("ana", check(Verdict.PASSED, 10.0))])).words()
    assert "Nothing: every submission was graded." in words
    assert "there are no submissions yet" in Page(class_page("Toys", [])).words()


def test_table_shows_score_state_and_misconceptions(toys):
    """Each cell says score and state in words; a withheld mark is no number."""
    words = Page(class_page("Toys", toys)).words()
    marks = words[words.index("Score, state and misconceptions") :]
    assert "ana 10 of 10 points ✓ complete" in marks
    assert "bea 0 of 10 points ◐ in part Sides added" in marks
    assert "cem 0 of 10 points ○ not done yet" in marks
    assert "dan 0 of 10 points ○ missing" in marks
    assert "eva mark withheld" in marks
    assert "not graded" in marks


def test_links_lead_to_the_feedback_pages(toys):
    """Each report links to where the caller says its page lies; without links there are none."""
    hrefs = {a["href"] for a in Page(class_page("Toys", toys, link)).all("a")}
    assert "feedback/bea/solids.html" in hrefs
    assert all(a["href"].startswith("#") for a in Page(class_page("Toys", toys)).all("a"))


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "http://[bad"]
)
def test_link_of_another_scheme_is_left_out(toys, address):
    """A student's name cannot turn a link into something that runs."""
    page = Page(class_page("Toys", toys, lambda one: address))
    assert all(a["href"].startswith("#") for a in page.all("a"))


@pytest.mark.parametrize("place", ["student", "course", "reason", "misconception", "title"])
def test_hostile_text_is_escaped_wherever_it_stands(place):
    """Markup and control characters of a student stay plain text, in attributes too."""
    text = {place: HOSTILE}
    failed = CheckResult(
        "t",
        "test_a",
        text.get("title", "T."),
        Verdict.FAILED,
        0.0,
        1.0,
        misconception=text.get("misconception"),
    )
    reason = text.get("reason", "")
    status = Status.UNREADABLE if reason else Status.GRADED
    one = graded(text.get("student", "ana"), failed, reason=reason, status=status)
    html = class_page(text.get("course", "Toys"), [one], link)
    assert not Page(html).all("script")
    assert "&lt;script&gt;" in html
    assert "{{ 7*7 }}" in html
    assert "\x1b" not in html
    assert "\u202e" not in html


def test_unsafe_marks_are_counted_in_a_warning(toys):
    """Reports of tier none raise a warning on the page."""
    assert "Unsafe" not in class_page("Toys", toys)
    unsafe = graded("gil", check(Verdict.PASSED, 10.0), tier="none")
    assert "1 of these reports" in Page(class_page("Toys", [*toys, unsafe])).words()


def test_later_report_replaces_an_earlier_one():
    """Of two reports on the same student and notebook the later one counts."""
    pair = [graded("ana", check(Verdict.FAILED)), graded("ana", check(Verdict.PASSED, 10.0))]
    words = Page(class_page("Toys", pair)).words()
    assert "1 student, 1 notebook" in words
    assert "1 of 1 (100 %)" in words


def test_ranking_counts_each_student_once(toys):
    """The most frequent misconception comes first; two notebooks of one student count once."""
    other = check(Verdict.FAILED, misconception="units-mixed")
    toys += [graded("gil", other), graded("hal", other)]
    first, second = ranking(toys)
    assert (first.name, first.students) == ("units-mixed", 2)
    assert (second.name, second.students, second.words) == ("sides-added", 1, "They add the sides.")
    assert second.grade_cells == ("test_area",)


def test_pass_rate_leaves_out_what_is_withheld(toys):
    """A check at fault says nothing about the class; work not begun is counted apart."""
    (rate,) = pass_rates(one for one in toys if one.report.notebook == "shapes")
    assert (rate.passed, rate.not_done, rate.marked) == (1, 1, 3)
    assert "1 of 3 (33 %), 1 not done yet" in Page(class_page("Toys", toys)).words()


def test_pass_rate_of_a_check_withheld_for_all_is_no_number():
    """When a check was at fault for everyone there is no rate to show."""
    words = Page(class_page("Toys", [graded("eva", check(Verdict.BROKEN))])).words()
    assert "withheld for everyone" in words
    assert "No score to show yet." in words


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((8.0, 0.0, 0.0, 0.0), ""),
        ((8.0, 2.5, 0.0, 0.0), "8 automatic + 2.5 by hand"),
        ((0.0, 0.0, 1.0, 0.5), "0 automatic + 1 extra - 0.5 late"),
        ((None, None, None, None), ""),
    ],
)
def test_a_mark_says_what_it_is_made_of(parts, words):
    """Where a person or lateness had a part in it."""
    one = replace(
        graded("ana", check(Verdict.PASSED, 10.0)), booked=Booked(9.0, 12.0, True, *parts)
    )
    page = Page(class_page("toys", [one]))
    assert "9 of 12 points" in page.words()
    assert [entry for entry in page.all("div") if entry.get("class") == "parts"] == (
        [{"class": "parts"}] if words else []
    )
    assert words in page.words()


def test_distribution_leaves_out_what_was_not_graded(toys):
    """Missing and withheld work is not mixed into the scores as zeros."""
    scores = distribution([one for one in toys if one.report.notebook == "shapes"])
    assert scores.counts == (2, 0, 0, 0, 0, 0, 0, 0, 0, 1)
    assert (scores.counted, scores.left_out, scores.median) == (3, 2, 0.0)
    assert distribution([]) is None


@pytest.mark.parametrize(
    ("points", "column"), [(0.0, 0), (0.9, 0), (1.0, 1), (5.0, 5), (9.9, 9), (10.0, 9)]
)
def test_distribution_sorts_scores_into_tenths(points, column):
    """A score on a border belongs to the higher tenth; full marks belong to the last."""
    scores = distribution([graded("ana", check(Verdict.FAILED, points))])
    assert scores.counts.index(1) == column


def test_distribution_survives_a_notebook_without_points():
    """A notebook worth nothing divides by nothing."""
    free = graded("ana", max_score=0.0)
    assert distribution([free]).counted == 1
    assert "0 of 0 points" in Page(class_page("Toys", [free])).words()


def test_pictures_of_distributions_are_told_in_words(toys):
    """The histogram carries its numbers as a label for those who do not see it."""
    pictures = [a for a in Page(class_page("Toys", toys)).all("svg") if a.get("role") == "img"]
    assert "0 to 10 %: 2" in pictures[0]["aria-label"]
    assert "90 to 100 %: 1" in pictures[0]["aria-label"]


def test_rows_are_plain_and_by_student(toys):
    """The rows for the command line hold student, notebook, score and misconceptions."""
    assert class_rows(toys) == [
        ("ana", "shapes", "10/10", ""),
        ("bea", "shapes", "0/10", "sides-added"),
        ("bea", "solids", "0/10", "sides-added"),
        ("cem", "shapes", "0/10", ""),
        ("dan", "shapes", "0/10 (missing)", ""),
        ("eva", "shapes", "withheld", ""),
    ]


def test_rows_hold_no_control_characters():
    """A student's name cannot steer the terminal or break the row."""
    ((student, *_),) = class_rows([graded("a\x1b[2J\nb")])
    assert student == "a\ufffd[2J b"
