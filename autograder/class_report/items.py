"""Item analysis: what each check tells about a class, and how reliable a notebook's mark is.

An item is a check that has points; its value is the points that it gave. Only notebooks count that
were graded whole: a withheld check is no zero. The formulas are those of classical test theory;
each function names its source. Small classes get wide intervals, and the words say so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from autograder.report import CheckResult, Graded, Report, Status, Verdict

FEW = 10
"""Below this many students, nothing is said of how a check separates them."""
Z = 1.959963984540054
"""The normal quantile of a two-sided interval of 95 %."""
WEAK = 0.3
"""A discrimination below which, surely, a check hardly separates strong from weak work."""
Matrix = NDArray[np.float64]


class Advice(StrEnum):
    """What to do about a check, in a sentence."""

    ALL_EARN = "Everybody earns it, so it tells nothing about who can do it."
    NONE_EARN = "Nobody earns it: is the exercise too hard, or the check at fault?"
    REVERSED = "Those who do well elsewhere fail it: look whether the check is right."
    SAME = "It always agrees with another check: one of the two would do."
    WEAK = "It hardly separates strong work from weak work."
    FEW = "There are too few students to say how well it separates them."
    GOOD = "It separates strong work from weak work."


@dataclass(frozen=True)
class Item:
    """One check over a class."""

    grade_cell: str
    name: str
    title: str
    share: float
    """Mean share of its points that students earn, from 0 to 1."""
    discrimination: float | None
    """Correlation of its points with those of all other checks; None where one of them is the same
    for everybody."""
    interval: tuple[float, float] | None
    """Interval of 95 % for the discrimination; None with fewer than four students."""
    same_as: tuple[str, ...]
    """Names of checks on which every student earns the same share as on this one."""
    misconception: str
    """The misconception most often behind lost points; empty if none was named."""
    students: int
    """How many of those who lost points show it."""
    advice: Advice


@dataclass(frozen=True)
class Analysis:
    """The checks of one notebook over a class."""

    students: int
    checks: tuple[Item, ...]
    reliability: float | None
    """Cronbach's alpha; None with fewer than two checks or students, or where all marks are one."""
    reliability_error: float | None
    """Its standard error."""
    mark_error: float | None
    """Standard error of measurement of the notebook's mark, in points."""


def analyse(graded: Sequence[Graded]) -> Analysis:
    """Analyse the checks of one notebook; reports that lack a check, or withhold one, are left out.

    Args:
        graded: the latest report of each student on that notebook.
    """
    rows = [_with_points(one.report) for one in graded if _counts(one)]
    keys = [[(check.grade_cell, check.name) for check in checks] for checks in rows]
    common = Counter(map(tuple, keys)).most_common(1)
    rows = [checks for checks, key in zip(rows, keys, strict=True) if tuple(key) == common[0][0]]
    if not rows:
        return Analysis(0, (), None, None, None)
    points = np.array([[check.points for check in checks] for checks in rows], dtype=float)
    most = np.array([check.max_points for check in rows[0]], dtype=float)
    alpha = cronbach_alpha(points)
    return Analysis(
        students=len(rows),
        checks=tuple(_item(n, rows, points, most) for n in range(points.shape[1])),
        reliability=alpha,
        reliability_error=alpha_error(points) if alpha is not None else None,
        mark_error=_mark_error(points, alpha),
    )


def _counts(one: Graded) -> bool:
    broken = any(check.verdict is Verdict.BROKEN for check in one.report.checks)
    return one.report.status is Status.GRADED and bool(_with_points(one.report)) and not broken


def _with_points(report: Report) -> list[CheckResult]:
    return [check for check in report.checks if check.max_points > 0]


def _item(n: int, rows: Sequence[Sequence[CheckResult]], points: Matrix, most: Matrix) -> Item:
    check = rows[0][n]
    value = discrimination(points, n)
    interval = fisher_interval(value, len(points)) if value is not None else None
    shares = points / most
    same = _same_as(shares, n)
    lost = [checks[n] for checks in rows if not checks[n].passed]
    named = Counter(one.misconception for one in lost if one.misconception).most_common(1)
    return Item(
        grade_cell=check.grade_cell,
        name=check.name,
        title=check.title,
        share=float(shares[:, n].mean()),
        discrimination=value,
        interval=interval,
        same_as=tuple(rows[0][other].name for other in same),
        misconception=named[0][0] if named else "",
        students=named[0][1] if named else 0,
        advice=_advice(shares[:, n], value, interval, bool(same)),
    )


def discrimination(points: Matrix, item: int) -> float | None:
    """Corrected item-total correlation: of an item with the sum of all others (Henrysson 1963).

    Args:
        points: students by items.
        item: its column.
    """
    own = points[:, item]
    rest = points.sum(axis=1) - own
    if len(points) < 2 or _is_constant(own) or _is_constant(rest):
        return None
    return float(np.clip(np.corrcoef(own, rest)[0, 1], -1.0, 1.0))


def fisher_interval(value: float, students: int) -> tuple[float, float] | None:
    """Interval of 95 % for a correlation, by Fisher's z (1921); None with fewer than four."""
    if students < 4:
        return None
    if abs(value) >= 1.0:
        return value, value
    middle, error = np.arctanh(value), Z / np.sqrt(students - 3)
    return float(np.tanh(middle - error)), float(np.tanh(middle + error))


def cronbach_alpha(points: Matrix) -> float | None:
    """Cronbach's alpha (1951) of students by items: k/(k-1) (1 - sum of variances / variance)."""
    students, items = points.shape
    total = points.sum(axis=1)
    if students < 2 or items < 2 or _is_constant(total):
        return None
    parts = points.var(axis=0, ddof=1).sum()
    return float(items / (items - 1) * (1 - parts / total.var(ddof=1)))


def alpha_error(points: Matrix) -> float:
    """Standard error of alpha, without the items' equality (van Zyl, Neudecker and Nel 2000)."""
    students, items = points.shape
    covariance = np.cov(points, rowvar=False)
    square = covariance @ covariance
    whole, trace = covariance.sum(), np.trace(covariance)
    spread = whole * (np.trace(square) + trace**2) - 2 * trace * square.sum()
    variance = 2 * spread / whole**3 * (items / (items - 1)) ** 2 / students
    return float(np.sqrt(max(variance, 0.0)))


def _mark_error(points: Matrix, alpha: float | None) -> float | None:
    """Standard error of measurement: s sqrt(1 - alpha), in points."""
    if alpha is None:
        return None
    return float(points.sum(axis=1).std(ddof=1) * np.sqrt(max(1.0 - alpha, 0.0)))


def _same_as(shares: Matrix, item: int) -> list[int]:
    """Other items on which every student earns the same share, where students differ at all."""
    own = shares[:, item]
    if len(own) < FEW or _is_constant(own):
        return []
    others = [n for n in range(shares.shape[1]) if n != item]
    return [n for n in others if np.array_equal(shares[:, n], own)]


def _advice(
    shares: NDArray[np.float64],
    value: float | None,
    interval: tuple[float, float] | None,
    same: bool,
) -> Advice:
    if _is_constant(shares):
        return Advice.NONE_EARN if shares[0] == 0 else Advice.ALL_EARN
    if len(shares) < FEW or value is None or interval is None:
        return Advice.FEW
    if interval[1] < 0:
        return Advice.REVERSED
    if same:
        return Advice.SAME
    if interval[0] > 0:
        return Advice.GOOD
    return Advice.WEAK if interval[1] < WEAK else Advice.FEW


def _is_constant(values: NDArray[np.float64]) -> bool:
    return bool(np.ptp(values) == 0)
