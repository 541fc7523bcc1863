"""Item analysis on simulated classes: planted dead, double and reversed checks are found again."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from autograder.class_report import class_page
from autograder.class_report.csv_export import ITEM_COLUMNS, items_csv, items_rows
from autograder.class_report.items import (
    FEW,
    Advice,
    alpha_error,
    analyse,
    cronbach_alpha,
    discrimination,
    fisher_interval,
)
from autograder.report import CheckResult, Graded, Report, Status, Verdict
from tests.schemas import faults

SOUND = 10


def simulated(students: int, seed: int = 1) -> np.ndarray:
    """Points of a class: sound checks of all difficulties, and then a dead one, one that nobody
    earns, the third once more, and a reversed one."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=students)
    hard = np.linspace(-1.2, 1.2, SOUND)
    chance = 1 / (1 + np.exp(-2.0 * (ability[:, None] - hard)))
    sound = (rng.random((students, SOUND)) < chance).astype(float)
    reversed_one = (rng.random(students) < 1 / (1 + np.exp(2.5 * ability))).astype(float)
    planted = (np.ones(students), np.zeros(students), sound[:, 3], reversed_one)
    return np.column_stack([sound, *planted])


def class_of(points: np.ndarray, most: float = 1.0, **fields: object) -> list[Graded]:
    """The reports of a class with these points, students by checks."""
    known = {"assignment": "toys", "notebook": "shapes", "status": Status.GRADED, "tier": "full"}
    return [
        Graded(
            f"student{number:04}",
            Report(
                **{
                    **known,
                    "max_score": most * len(row),
                    "seed": 1,
                    "checks": tuple(result(n, value, most) for n, value in enumerate(row)),
                    **fields,
                }
            ),
        )
        for number, row in enumerate(points)
    ]


def result(number: int, value: float, most: float = 1.0) -> CheckResult:
    """One check of one student."""
    passed = value >= most
    return CheckResult(
        f"test_{number}",
        f"test_exercise{number}",
        f"It is right, number {number}.",
        Verdict.PASSED if passed else Verdict.FAILED,
        float(value) * most,
        most,
        misconception=None if passed else ("slip-a" if number % 2 else "slip-b"),
    )


@pytest.mark.parametrize("students", [30, 200, 2000])
def test_planted_checks_are_found(students):
    """In classes of any size, each planted check gets its advice, and no sound one the worst."""
    found = analyse(class_of(simulated(students)))
    assert found.students == students
    advice = [item.advice for item in found.checks]
    dead, impossible, twin, reversed_one = advice[SOUND:]
    assert dead is Advice.ALL_EARN
    assert impossible is Advice.NONE_EARN
    assert twin is Advice.SAME
    assert advice[3] is Advice.SAME
    assert found.checks[3].same_as == (f"test_{SOUND + 2}",)
    assert reversed_one is Advice.REVERSED
    sound = set(advice[:SOUND]) - {Advice.SAME}
    assert sound <= {Advice.GOOD, Advice.FEW}, sound
    if students >= 200:
        assert sound == {Advice.GOOD}


def test_a_check_that_chance_decides_is_weak():
    """A check that has nothing to do with the others hardly separates anybody."""
    rng = np.random.default_rng(4)
    points = np.column_stack([simulated(2000)[:, :SOUND], rng.integers(0, 2, 2000)])
    assert analyse(class_of(points)).checks[-1].advice is Advice.WEAK


@pytest.mark.parametrize("students", [30, 200, 2000])
@pytest.mark.parametrize("parts", [1, 4])
def test_figures_are_those_of_other_packages(students, parts):
    """Correlations and intervals are SciPy's and pandas'; alpha is Hoyt's, by variance."""
    rng = np.random.default_rng(9)
    points = simulated(students) * rng.integers(0, parts + 1, (students, SOUND + 4)) / parts
    points[:, :2] += rng.normal(size=(students, 2)) * 0.01
    table = pd.DataFrame(points)
    for item in range(points.shape[1]):
        rest = table.drop(columns=item).sum(axis=1)
        own = discrimination(points, item)
        if table[item].nunique() == 1:
            assert own is None
            continue
        assert own == pytest.approx(table[item].corr(rest), abs=1e-12)
        theirs = stats.pearsonr(table[item], rest)
        assert own == pytest.approx(theirs.statistic, abs=1e-12)
        interval = theirs.confidence_interval(0.95)
        assert fisher_interval(own, students) == pytest.approx((interval.low, interval.high))
    # Hoyt (1941): alpha from the mean squares of students and of what is left.
    n, k = points.shape
    whole = ((points - points.mean()) ** 2).sum()
    between = k * ((points.mean(axis=1) - points.mean()) ** 2).sum()
    across = n * ((points.mean(axis=0) - points.mean()) ** 2).sum()
    left = (whole - between - across) / ((n - 1) * (k - 1))
    assert cronbach_alpha(points) == pytest.approx(1 - left / (between / (n - 1)))


def test_the_error_of_alpha_is_how_much_it_varies():
    """Over many simulated classes, alpha varies as its standard error says."""
    rng = np.random.default_rng(2)
    alphas, errors = [], []
    for _ in range(400):
        ability = rng.normal(size=(150, 1))
        points = ability + rng.normal(size=(150, 6))
        alphas.append(cronbach_alpha(points))
        errors.append(alpha_error(points))
    assert np.mean(errors) == pytest.approx(np.std(alphas), rel=0.15)


def test_the_error_of_a_mark_is_that_of_its_parallel():
    """The standard error of measurement is how far a mark lies from the ability behind it."""
    rng = np.random.default_rng(3)
    ability = rng.normal(size=(3000, 1))
    found = analyse(class_of(ability + rng.normal(size=(3000, 8)), most=1.0))
    assert found.mark_error == pytest.approx(np.sqrt(8), rel=0.05)


@pytest.mark.parametrize(
    "points",
    [
        pytest.param(np.zeros((0, 3)), id="nobody"),
        pytest.param(np.ones((1, 3)), id="one-student"),
        pytest.param(np.ones((2, 1)), id="one-check"),
        pytest.param(np.ones((40, 3)), id="all-right"),
        pytest.param(np.zeros((40, 3)), id="all-wrong"),
        pytest.param(np.eye(3), id="three-students"),
        pytest.param(np.repeat([[1.0, 0.0], [0.0, 1.0]], 20, axis=0), id="opposites"),
        pytest.param(np.repeat([[1.0, 1.0], [0.0, 0.0]], 20, axis=0), id="twins"),
    ],
)
def test_any_class_is_analysed(points):
    """Empty, tiny, and odd classes: no fault, no false word, a page and an export."""
    graded = class_of(points)
    found = analyse(graded)
    assert found.students == len(points)
    assert faults("items", items_rows(graded)) == []
    assert "<html" in class_page("Toys", graded)
    if len(points) < FEW:
        told = {item.advice for item in found.checks}
        assert told <= {Advice.FEW, Advice.ALL_EARN, Advice.NONE_EARN}
        assert all(item.same_as == () for item in found.checks)


def test_what_is_withheld_does_not_count():
    """Withheld checks, missing notebooks and checks without points are left out: no zero."""
    points = simulated(40)
    graded = class_of(points)
    broken = [
        Graded(
            "eve",
            graded[0].report.with_(
                checks=(*graded[0].report.checks[:-1], with_verdict(graded[0], Verdict.BROKEN))
            ),
        ),
        Graded("max", graded[0].report.with_(status=Status.MISSING, checks=())),
    ]
    assert analyse([*graded, *broken]) == analyse(graded)
    free = CheckResult("test_free", "test_free", "Free.", Verdict.FAILED, 0.0, 0.0)
    with_free = [
        Graded(one.student, one.report.with_(checks=(*one.report.checks, free))) for one in graded
    ]
    assert analyse(with_free) == analyse(graded)


def with_verdict(one: Graded, verdict: Verdict) -> CheckResult:
    """The last check of a report with another verdict."""
    last = one.report.checks[-1]
    return CheckResult(last.name, last.grade_cell, last.title, verdict, 0.0, last.max_points)


def test_a_check_that_was_added_meanwhile_leaves_old_reports_out():
    """Reports of an older suite have other checks: those of most students count."""
    points = simulated(40)
    old = class_of(points[:5, :-1])
    new = class_of(points[5:])
    assert analyse([*old, *new]) == analyse(new)


def test_the_misconception_behind_lost_points_is_told():
    """Each check names the misconception that most of those who fail it show."""
    found = analyse(class_of(simulated(40)))
    item = found.checks[SOUND + 1]
    assert (item.misconception, item.students) == ("slip-a", 40)
    assert found.checks[SOUND].misconception == ""


def test_the_page_and_the_export_say_it():
    """The class page has a sentence for each check, and a picture; CSV has the same."""
    graded = class_of(simulated(60))
    page = class_page("Toys", graded)
    for advice in (Advice.ALL_EARN, Advice.NONE_EARN, Advice.SAME, Advice.REVERSED):
        assert str(advice).split(":")[0] in page
    assert "Cronbach" in page
    assert 2 <= page.count("<circle") <= SOUND + 1, "the twins share a place"
    assert ">4, 13</text>" in page
    rows = list(csv.DictReader(io.StringIO(items_csv(graded))))
    assert len(rows) == SOUND + 4
    assert tuple(rows[0]) == ITEM_COLUMNS
    assert rows[-1]["advice"] == Advice.REVERSED
    assert float(rows[-1]["discrimination"]) < 0
    assert rows[SOUND]["discrimination"] == ""
