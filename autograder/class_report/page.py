"""The instructor's page: a class in one HTML file that needs no other file.

Submissions that need review come first. The page loads nothing and runs no script. Counts come from
`tally`; `templates/` decides how they look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from autograder.class_report import tally
from autograder.class_report.items import Analysis, analyse
from autograder.class_report.tally import BINS, Column, Distribution, PassRate
from autograder.feedback.templating import fill
from autograder.feedback.words import Mark, made_of, points_of, score_words, standing
from autograder.report import Graded
from autograder.sandbox.inside import policy

_SCHEMES = ("", "http", "https", "file")
_PLOT_HEIGHT = 80.0
"""Height of a distribution's tallest column, in the picture's own units."""


@dataclass(frozen=True)
class Cell:
    """One student's notebook as the table shows it."""

    student: str
    notebook: str
    score: str
    made_of: str
    """What the gradebook's mark is made of, if not of automatic points alone."""
    standing: Mark
    misconceptions: tuple[str, ...]
    link: str
    reason: str


@dataclass(frozen=True)
class Bar:
    """One column of a distribution's picture, in the picture's own units."""

    label: str
    count: int
    height: float


@dataclass(frozen=True)
class Dot:
    """Checks at one place in the picture of an item analysis, in the picture's own units."""

    label: str
    x: float
    y: float


@dataclass(frozen=True)
class NotebookCount:
    """The counts for one notebook."""

    column: Column
    scores: Distribution | None
    bars: tuple[Bar, ...]
    pass_rates: list[PassRate]
    analysis: Analysis
    dots: tuple[Dot, ...]


def class_page(
    course: str, graded: Sequence[Graded], links: Callable[[Graded], str] | None = None
) -> str:
    """One self-contained HTML page about a class.

    Args:
        course: the course's name.
        graded: the reports; of two about the same student and notebook, the later one counts.
        links: where a report's feedback page lies, relative to this page; no links without it.

    Returns:
        A whole HTML document, to be stored as UTF-8.
    """
    latest = list({(one.student, tally.column_of(one)): one for one in graded}.values())
    columns = tally.columns(latest)
    cells = {(one.student, tally.column_of(one)): _cell(one, links) for one in latest}
    values = {
        "course": course,
        "students": sorted({one.student for one in latest}),
        "columns": columns,
        "cells": cells,
        "waiting": [_cell(one, links) for one in _by_student(latest) if one.needs_person],
        "unsafe": sum(map(_is_unsafe, latest)),
        "ranking": tally.ranking(latest),
        "counts": [_count(column, tally.in_column(latest, column)) for column in columns],
    }
    return fill("autograder.class_report", "class.html.j2", values)


def _is_unsafe(one: Graded) -> bool:
    """Whether students' code ran without a sandbox."""
    return one.report.tier == policy.NONE.name and bool(one.report.checks)


def _by_student(graded: Sequence[Graded]) -> list[Graded]:
    return sorted(graded, key=lambda one: one.student)


def _cell(one: Graded, links: Callable[[Graded], str] | None) -> Cell:
    report = one.report
    return Cell(
        student=one.student,
        notebook=report.notebook,
        score=_score_words(one),
        made_of=made_of(one.booked) if one.booked is not None and one.score is not None else "",
        standing=standing(report),
        misconceptions=tuple(tally.misconceptions(report)),
        link=_safe(links(one)) if links else "",
        reason=tally.why_a_person(report) if one.needs_person else "",
    )


def _score_words(one: Graded) -> str:
    if one.booked is None or one.score is None:
        return score_words(one.report)
    return points_of(one.score, one.max_score)


def _safe(link: str) -> str:
    """The link if it leads to a page, else empty: a name must not smuggle in another scheme."""
    try:
        return link if urlsplit(link.strip()).scheme.lower() in _SCHEMES else ""
    except ValueError:
        return ""


def _count(column: Column, graded: Sequence[Graded]) -> NotebookCount:
    scores = tally.distribution(graded)
    bars = _bars(scores.counts) if scores else ()
    analysis = analyse(graded)
    return NotebookCount(
        column, scores, bars, tally.pass_rates(graded), analysis, tuple(dots(analysis))
    )


def dots(analysis: Analysis) -> Iterator[Dot]:
    """Where the checks stand: to the right those that many earn, at the top those that separate."""
    places: dict[tuple[float, float], list[str]] = {}
    for number, item in enumerate(analysis.checks, start=1):
        if item.discrimination is not None:
            place = round(45 + 340 * item.share, 1), round(85 - 70 * item.discrimination, 1)
            places.setdefault(place, []).append(str(number))
    for (x, y), numbers in places.items():
        yield Dot(", ".join(numbers), x, y)


def _bars(counts: tuple[int, ...]) -> tuple[Bar, ...]:
    tallest = max(*counts, 1)
    width = 100 // BINS
    return tuple(
        Bar(f"{width * position} to {width * (position + 1)} %", n, _PLOT_HEIGHT * n / tallest)
        for position, n in enumerate(counts)
    )
