"""The documentation: links lead somewhere, and what it quotes is what the pages say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

import autograder.checks
from autograder.feedback import feedback_page
from autograder.feedback.words import MARKS
from autograder.grading.telling import GIVEN_EARLIER
from autograder.report import CheckResult, Named, Report, Status, Verdict
from autograder.service import words
from autograder.service.store.attempt import Attempt, Fate, State, Why

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "docs"
TEMPLATES = ROOT / "autograder/service/web/templates"
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(path for path in SITE.rglob("*.md") if "_build" not in path.parts),
    *sorted((ROOT / "deploy").rglob("*.md")),
]
STUDENTS = (SITE / "student.md").read_text(encoding="utf-8")


def parsed(text: str) -> list[Token]:
    """A Markdown text as a repository page reads it."""
    return MarkdownIt("commonmark").enable("table").parse(text)


def inline(tokens: list[Token]) -> Iterator[Token]:
    """The pieces of all lines."""
    for token in tokens:
        yield from token.children or ()


def targets(text: str) -> list[str]:
    """Where the links and pictures of a page lead."""
    found = (token.attrs.get("href") or token.attrs.get("src") for token in inline(parsed(text)))
    return [unquote(str(target)) for target in found if target]


def anchors(text: str) -> set[str]:
    """The names that a repository page gives to headings."""
    tokens, seen, found = parsed(text), Counter[str](), set()
    for opened, content in pairwise(tokens):
        if opened.type != "heading_open":
            continue
        said = "".join(piece.content for piece in content.children or ()).lower()
        name = re.sub(r"[^\w\- ]", "", said).replace(" ", "-")
        found.add(f"{name}-{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return found


def broken(page: Path, text: str) -> list[str]:
    """Relative links of a page that lead to no file, or to no heading of it."""
    relative = [target for target in targets(text) if not re.match(r"[a-z]+:", target)]
    return [target for target in relative if not leads_somewhere(page, text, target)]


def leads_somewhere(page: Path, text: str, target: str) -> bool:
    """Whether a relative link of a page has its file, and its heading if it names one."""
    name, _, anchor = target.partition("#")
    path = page.parent / name
    if not name or not anchor:
        return path.exists() and (not anchor or anchor in anchors(text))
    return path.is_file() and anchor in anchors(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    """A link that leads nowhere is named with its page."""
    assert broken(page, page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("[a](missing.md)", id="no-file"),
        pytest.param("[a](student.md#nowhere)", id="no-heading-there"),
        pytest.param("[a](#nowhere)", id="no-heading-here"),
        pytest.param("![a](missing.png)", id="no-picture"),
    ],
)
def test_a_broken_link_is_noticed(link: str) -> None:
    """A missing file, heading or picture is found; links in code are none."""
    assert len(broken(SITE / "index.md", f"# Here\n\n{link}, [b](#here), `{link}`\n")) == 1


def test_headings_have_the_anchors_of_a_repository_page() -> None:
    """Case, marks, code and repetition are treated as repository pages treat them."""
    text = "# 1. Write, then *run*\n## `c.Grading`\n## Same\n## Same\n"
    assert anchors(text) == {"1-write-then-run", "cgrading", "same", "same-1"}


def test_the_reference_of_checks_has_all_that_an_author_imports() -> None:
    """Each exported name has its entry, and no entry is of something else but `student`'s."""
    page = (SITE / "reference/checks.md").read_text(encoding="utf-8")
    entries = re.findall(r"^\.\. auto(?:class|function):: (\w+)$", page, flags=re.MULTILINE)
    of_student = ["Student", "Figure", "Axes", "Line", "Bars", "Points"]
    assert sorted(entries) == sorted([*autograder.checks.__all__, *of_student])


# What students read ---------------------------------------------------------------------------


def column(text: str, heading: str) -> list[str]:
    """The first column of the table below a heading of a page."""
    section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+) \|", section, flags=re.MULTILINE)
    return [row for row in rows[1:] if not set(row) <= {"-"}]


def quoted(text: str) -> list[str]:
    """What a page quotes, each on one line."""
    return [" ".join(words.split()) for words in re.findall(r"“([^”]*)”", text)]


def a_report(*verdicts: Verdict) -> Report:
    """A report with a check of each verdict, and a misconception with its hints."""
    checks = tuple(
        CheckResult(f"test_{verdict}", f"test_{verdict}", "It is right.", verdict, 0.0, 1.0)
        for verdict in verdicts
    )
    named = Named("sides-added", "You add the sides.", ("One.", "Two?", "Three."), ())
    known = {"tier": "full", "max_score": 9.0, "seed": 1, "misconceptions": (named,)}
    return Report("toys", "shapes", Status.GRADED, checks=checks, **known)


def an_attempt(state: State, *fates: Fate, why: str = "") -> Attempt:
    """An attempt that has come so far."""
    now = datetime(2026, 11, 2, tzinfo=UTC)
    done = tuple((f"notebook{number}", fate) for number, fate in enumerate(fates))
    facts = (1, "ada", "toys", "key", now, "", "", state, 1, None, None, None, None, "", True)
    return Attempt(*facts, why=why, fates=done)


def standings() -> set[str]:
    """Every way in which the service says how far an attempt is."""
    earned = an_attempt(State.DONE, Fate.EARNED)
    found = {words.standing(an_attempt(state), None, "feedback").words for state in State}
    found -= {words.standing(an_attempt(State.WAITING), None, "feedback").words}
    found |= {words.standing(an_attempt(State.WAITING), ahead, "marks").words for ahead in (0, 3)}
    odd = (replace(earned, fates=(*earned.fates, ("other", Fate.UNGRADED))),)
    odd += (an_attempt(State.DONE, Fate.UNGRADED),)
    found |= {words.standing(attempt, None, "feedback").words for attempt in odd}
    return found | {words.standing(earned, None, "nothing").words}


def page_words() -> str:
    """All that a feedback page and the service's pages say, as they say it."""
    html = feedback_page(a_report(*Verdict)) + feedback_page(a_report(Verdict.PASSED))
    html += "".join(path.read_text(encoding="utf-8") for path in sorted(TEMPLATES.glob("*.j[2s]")))
    said = re.sub(r"<style.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL)
    known = [words.why(an_attempt(State.DONE, why=why)) for why in Why]
    return " ".join([*unescape(said).split(), GIVEN_EARLIER, *known, *standings()])


def unsaid(text: str, said: str) -> list[str]:
    """What a page quotes and no page says."""
    return [
        words for words in quoted(text) if not re.search(rf"(?<!\w){re.escape(words)}(?!\w)", said)
    ]


def test_students_read_every_verdict_in_the_pages_words() -> None:
    """The table of verdicts has the words of the feedback page, all of them and no others."""
    assert sorted(column(STUDENTS, "Read the feedback")) == sorted(
        mark.words for mark in MARKS.values()
    )


def test_students_read_every_state_in_the_pages_words() -> None:
    """The table of states has the words of the service's pages, all of them and no others."""
    assert sorted(column(STUDENTS, "Submit")) == sorted(standings())


def test_what_the_students_page_quotes_is_what_pages_say() -> None:
    """Each quotation is word for word what stands on some page."""
    assert len(quoted(STUDENTS)) > 4
    assert unsaid(STUDENTS, page_words()) == []


def test_a_word_that_no_page_says_is_noticed() -> None:
    """A quotation that differs in one word is found, and so is half a word."""
    text = "You read “what\ndiffers”, “what is different”, “a quest”."
    assert unsaid(text, page_words()) == ["what is different", "a quest"]
