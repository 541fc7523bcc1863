"""The counts of a class as shapes in a picture's own units, which a template draws as SVG.

Small multiples: one panel a notebook, all of the same size and with the same axes, so that they
compare at a glance. It counts nothing; `class_report.tally` does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autograder.class_report import tally
from autograder.class_report.items import Analysis, analyse
from autograder.class_report.page import Dot, dots
from autograder.class_report.tally import BINS, Column, Distribution, PassRate
from autograder.feedback.axis import Axis, Tick
from autograder.feedback.words import exercise_name
from autograder.report import Graded

LEFT, RIGHT, TOP, BOTTOM = 44.0, 268.0, 12.0, 118.0
"""Edges of a distribution's axes."""
ROW, NAMES = 18.0, 130.0
"""Height of a check's row, and where its bar begins."""
MOST_TICKS = 4
"""Most parts into which the axis of students is divided."""


@dataclass(frozen=True)
class Bar:
    """One bar of a picture."""

    x: float
    y: float
    width: float
    height: float
    label: str
    """The bar's meaning, in words."""


@dataclass(frozen=True)
class Rate:
    """One check's row: its name, its bar and its number."""

    name: str
    title: str
    middle: float
    bar: Bar
    share: str


@dataclass(frozen=True)
class Panel:
    """The drawing for one notebook."""

    column: Column
    title: str
    scores: Distribution | None
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    """Ticks of the axis of students, which all panels share."""
    rates: tuple[Rate, ...]
    rates_height: float
    counts: tuple[PassRate, ...]


@dataclass(frozen=True)
class Analysed:
    """What the checks of one notebook tell, with its picture."""

    column: Column
    title: str
    analysis: Analysis
    dots: tuple[Dot, ...]


def _own_name(assignment: str, notebook: str) -> str:
    return notebook


def analyses(
    graded: Sequence[Graded], title_of: Callable[[str, str], str] = _own_name
) -> list[Analysed]:
    """The item analysis of each notebook of these reports; arguments as for `panels`."""
    found = []
    for column in sorted(tally.columns(graded)):
        analysis = analyse(tally.in_column(graded, column))
        found.append(Analysed(column, title_of(*column), analysis, tuple(dots(analysis))))
    return found


def panels(
    graded: Sequence[Graded], title_of: Callable[[str, str], str] = _own_name
) -> list[Panel]:
    """One panel for each notebook of these reports, in the order of their names.

    Args:
        graded: the reports.
        title_of: what people call a notebook of an assignment; by default its name.
    """
    columns = sorted(tally.columns(graded))
    found = {column: tally.in_column(graded, column) for column in columns}
    scores = {column: tally.distribution(found[column]) for column in columns}
    most = max((max(one.counts) for one in scores.values() if one), default=0)
    students = Axis(0.0, max(most, 1), BOTTOM, TOP)
    return [
        _panel(column, title_of(*column), scores[column], tally.pass_rates(found[column]), students)
        for column in columns
    ]


def _panel(
    column: Column,
    title: str,
    scores: Distribution | None,
    counts: Sequence[PassRate],
    students: Axis,
) -> Panel:
    rates = tuple(_rate(position, rate) for position, rate in enumerate(counts))
    height = ROW * len(rates) + 34
    bars = tuple(_bars(scores.counts, students)) if scores else ()
    ticks = students.ticks(MOST_TICKS, least=1.0)
    return Panel(column, title, scores, bars, ticks, rates, height, tuple(counts))


def _bars(counts: Sequence[int], students: Axis) -> list[Bar]:
    wide = (RIGHT - LEFT) / BINS
    return [
        Bar(
            x=round(LEFT + wide * position + 1, 1),
            y=students.at(count),
            width=round(wide - 2, 1),
            height=round(BOTTOM - students.at(count), 1),
            label=f"{100 // BINS * position} to {100 // BINS * (position + 1)} %: {count}",
        )
        for position, count in enumerate(counts)
    ]


def _rate(position: int, rate: PassRate) -> Rate:
    share = rate.passed / rate.marked if rate.marked else 0.0
    words = f"{rate.passed} of {rate.marked}" if rate.marked else "withheld"
    top = ROW * position + 3
    bar = Bar(NAMES, top, round((RIGHT - NAMES) * share, 1), ROW - 6, words)
    name = exercise_name(rate.grade_cell)
    return Rate(name, rate.title, top + ROW / 2, bar, words)
