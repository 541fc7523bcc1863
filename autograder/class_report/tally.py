"""Counts over the reports of a class: misconceptions, pass rates, scores.

Pure functions from reports to plain frozen data. No count treats a withheld mark as a zero. Nothing
here knows how a count is shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean, median
from typing import NamedTuple

from autograder.feedback.words import MARKS, one_line
from autograder.report import CheckResult, Graded, Report, Status, Verdict

BINS = 10
"""Columns of a distribution: tenths of the notebook's points."""


class Column(NamedTuple):
    """A notebook of an assignment: one column of the class table."""

    assignment: str
    notebook: str


@dataclass(frozen=True)
class Frequency:
    """How many students show one misconception, and where."""

    name: str
    words: str
    students: int
    grade_cells: tuple[str, ...]


@dataclass(frozen=True)
class PassRate:
    """How the class did on one check; withheld results are left out of `marked`."""

    grade_cell: str
    title: str
    passed: int
    not_done: int
    marked: int


@dataclass(frozen=True)
class Distribution:
    """The scores of one notebook; submissions without a mark are only counted."""

    counts: tuple[int, ...]
    """Students by tenth of the points; the last tenth includes full marks."""
    median: float
    mean: float
    max_score: float
    left_out: int

    @property
    def counted(self) -> int:
        """Students whose score is in the distribution."""
        return sum(self.counts)


def columns(graded: Iterable[Graded]) -> list[Column]:
    """The notebooks, in the order in which they first appear."""
    return list(dict.fromkeys(column_of(one) for one in graded))


def column_of(one: Graded) -> Column:
    """The notebook that this report is about."""
    return Column(one.report.assignment, one.report.notebook)


def in_column(graded: Iterable[Graded], column: Column) -> list[Graded]:
    """The reports about one notebook."""
    return [one for one in graded if column_of(one) == column]


def ranking(graded: Sequence[Graded]) -> list[Frequency]:
    """The misconceptions of the class, the most frequent first; a student counts once for each."""
    holders: dict[str, set[str]] = {}
    places: dict[str, dict[str, None]] = {}
    words: dict[str, str] = {}
    for one in graded:
        for name, cells, said in _signs(one.report):
            holders.setdefault(name, set()).add(one.student)
            places.setdefault(name, {}).update(dict.fromkeys(cells))
            words[name] = said or words.get(name, "")
    found = [
        Frequency(name, words[name], len(students), tuple(places[name]))
        for name, students in holders.items()
    ]
    return sorted(found, key=lambda frequency: (-frequency.students, frequency.name))


def _signs(report: Report) -> Iterable[tuple[str, tuple[str, ...], str]]:
    """Every sign of a misconception in one report: its name, where, and its words if known."""
    for named in report.misconceptions:
        yield named.name, named.grade_cells, named.words
    for check in report.checks:
        if check.misconception:
            yield check.misconception, (check.grade_cell,), ""


def misconceptions(report: Report) -> list[str]:
    """Names of the misconceptions that one report shows, each once."""
    return list(dict.fromkeys(name for name, _, _ in _signs(report)))


def pass_rates(graded: Iterable[Graded]) -> list[PassRate]:
    """How the class did on each check of a notebook, in the notebook's order."""
    results: dict[tuple[str, str], list[CheckResult]] = {}
    for one in graded:
        for check in one.report.checks:
            results.setdefault((check.grade_cell, check.name), []).append(check)
    return [_pass_rate(checks) for checks in results.values()]


def _pass_rate(checks: list[CheckResult]) -> PassRate:
    verdicts = Counter(check.verdict for check in checks)
    return PassRate(
        grade_cell=checks[0].grade_cell,
        title=checks[0].title,
        passed=verdicts[Verdict.PASSED],
        not_done=verdicts[Verdict.NOT_DONE],
        marked=len(checks) - verdicts[Verdict.BROKEN],
    )


def distribution(graded: Sequence[Graded]) -> Distribution | None:
    """The scores of one notebook that checks or an instructor gave; None when there are none."""
    scores = [
        (one.score, one.max_score)
        for one in graded
        if (one.report.status is Status.GRADED or _marked_by_person(one)) and one.score is not None
    ]
    if not scores:
        return None
    tenths = Counter(_tenth(score, whole) for score, whole in scores)
    return Distribution(
        counts=tuple(tenths[position] for position in range(BINS)),
        median=median(score for score, _ in scores),
        mean=mean(score for score, _ in scores),
        max_score=max(whole for _, whole in scores),
        left_out=len(graded) - len(scores),
    )


def _marked_by_person(one: Graded) -> bool:
    return one.booked is not None and one.booked.by_person


def _tenth(score: float, whole: float) -> int:
    """The column that a score falls into."""
    return min(int(BINS * score / whole), BINS - 1) if whole > 0 else 0


def why_a_person(report: Report) -> str:
    """Why it needs review, on one line: the report's reason, else the checks at fault."""
    if report.reason or report.doubt:
        return one_line(report.reason or report.doubt)
    broken = [check for check in report.checks if check.verdict is Verdict.BROKEN]
    told = [f"{check.name}: {check.message or MARKS[check.verdict].words}" for check in broken]
    return one_line("; ".join(told)) or "no reason was recorded"
