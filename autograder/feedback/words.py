"""The vocabulary of feedback: how verdicts, points and names are said, in one place.

Both the student's and the instructor's forms use these words. Nothing here knows a whole report,
HTML or the width of a terminal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from autograder.report import Booked, CheckResult, Report, Status, Verdict

_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Controls, terminal escapes, direction overrides and lone surrogates; not tab and newline."""


@dataclass(frozen=True)
class Mark:
    """How a verdict is said: never by its colour alone."""

    symbol: str
    words: str
    tone: str
    """A class of the style sheet: good, bad, calm, warn or ours."""

    def __str__(self) -> str:
        return f"{self.symbol} {self.words}"


MARKS: Mapping[Verdict, Mark] = MappingProxyType(
    {
        Verdict.PASSED: Mark("✓", "passed", "good"),
        Verdict.FAILED: Mark("✗", "not right yet", "bad"),
        Verdict.RAISED: Mark("!", "stopped with an error", "bad"),
        Verdict.TIMED_OUT: Mark("…", "took too long", "bad"),
        Verdict.OUT_OF_MEMORY: Mark("▲", "needed too much memory", "bad"),
        Verdict.FORBIDDEN: Mark("⊘", "not allowed here", "warn"),
        Verdict.NOT_DONE: Mark("○", "not done yet", "calm"),
        Verdict.BROKEN: Mark("?", "could not be marked, not your fault", "ours"),
    }
)

_HYPHEN = re.compile(r"(?<=\w)-(?=\w)")

HINT_KINDS = ("what differs", "a question", "the rule in words")
"""What each of a misconception's three hints offers, from general to near."""


def printable(text: str) -> str:
    """The text without characters that could steer a terminal or turn the reading direction.

    Each is replaced by U+FFFD, so that nothing vanishes unseen; tabs and newlines stay.
    """
    return _UNPRINTABLE.sub("\ufffd", text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """The printable text with every run of white space as one blank."""
    return " ".join(printable(text).split())


def number(value: float) -> str:
    """Points as people write them: at most two decimals, no trailing zeros."""
    digits = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if digits == "-0" else digits


def points_of(points: float, max_points: float) -> str:
    """`1.5 of 3 points`; `1 of 1 point`."""
    return f"{number(points)} of {worth(max_points)}"


def made_of(booked: Booked) -> str:
    """What a mark is made of, if a person or lateness had a part in it; else empty.

    >>> made_of(Booked(11, 12, True, automatic=8, manual=2.5, extra=1, penalty=0.5))
    '8 automatic + 2.5 by hand + 1 extra - 0.5 late'
    """
    parts = [(booked.manual, "+", "by hand"), (booked.extra, "+", "extra")]
    parts += [(booked.penalty, "-", "late")]
    told = [f"{sign} {number(points)} {words}" for points, sign, words in parts if points]
    return " ".join([f"{number(booked.automatic or 0)} automatic", *told]) if told else ""


def worth(points: float) -> str:
    """`3 points`; `1 point`."""
    return f"{number(points)} {'point' if points == 1 else 'points'}"


def earned(check: CheckResult) -> str:
    """The points of one check in words; a fault of ours is never said as a zero."""
    if check.verdict is Verdict.BROKEN:
        return "mark withheld"
    return points_of(check.points, check.max_points)


_ABSENT = re.compile(r"(There is no `\w+`): (the cell `[^`]*`|cell \d+) (.*)", re.DOTALL)


def said_once(checks: Iterable[CheckResult]) -> tuple[CheckResult, ...]:
    """The checks, each with what was not said of an exercise or a cell that does not run before."""
    told: set[tuple[str, str]] = set()
    shorter = []
    for check in checks:
        key, message = (check.grade_cell, check.message), check.message
        absent = _ABSENT.fullmatch(message)
        cell = ("", f"{absent[2]} {absent[3]}" if absent else "")
        if message and key in told:
            message = "The same as above."
        elif absent and cell in told:
            message = f"{absent[1]}: {absent[2]} does not run, see above."
        told |= {key, cell}
        shorter.append(replace(check, message=message))
    return tuple(shorter)


def percent(part: float, whole: float) -> float:
    """The part in percent of the whole, within [0, 100]; 0 when there is no whole."""
    return min(max(100.0 * part / whole, 0.0), 100.0) if whole > 0 else 0.0


def exercise_name(grade_cell: str) -> str:
    """The exercise as the student knows it: the grade cell without its `test_`."""
    return grade_cell.removeprefix("test_") or grade_cell


def spoken(name: str) -> str:
    """A misconception's name as a heading: `slope-forgotten` becomes `Slope forgotten`.

    Names of slips hold code, which stays as it is.
    """
    text = _HYPHEN.sub(" ", name).strip()
    if re.fullmatch(r"[\w ]+", text):
        text = text.replace("_", " ")
    return text[:1].upper() + text[1:]


def joined(names: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(names) < 2:
        return "".join(names)
    return ", ".join(names[:-1]) + " and " + names[-1]


def score_words(report: Report) -> str:
    """The mark in words; a mark that is withheld is never said as a number."""
    if report.score is None:
        return "mark withheld"
    return points_of(report.score, report.max_score)


def standing(report: Report) -> Mark:
    """How the notebook as a whole stands, in a word or two."""
    if report.status is Status.UNCLEAR:
        return Mark("?", "needs review", "warn")
    if report.withheld:
        return Mark("?", "mark withheld", "ours")
    if report.status is Status.UNREADABLE:
        return Mark("!", "unreadable", "warn")
    if report.status is Status.MISSING:
        return Mark("○", "missing", "calm")
    if report.checks and all(check.verdict is Verdict.NOT_DONE for check in report.checks):
        return Mark("○", "not done yet", "calm")
    if report.checks and all(check.passed for check in report.checks):
        return Mark("✓", "complete", "good")
    return Mark("◐", "in part", "calm")
