"""What may stand in for an earlier, wrong function: nothing that is the answer itself."""

import json

import pytest
import toy

from autograder.authoring.build import build
from autograder.course.model import Course
from autograder.grading.job import Job, Request
from autograder.grading.pool import WorkerPool
from autograder.grading.submission import parse
from autograder.report import Verdict

POINTS = {"test_total": 1, "test_totals": 2, "test_mean": 2, "test_spread": 2, "test_sum": 1}
CONFIG = toy.CONFIG.replace(repr(toy.POINTS), repr(POINTS))

SOLUTIONS = {
    "total": "def total(x, w):\n    return float(np.sum(x * w))",
    "totals": "def totals(table, w):\n    return np.array([total(row, w) for row in table])",
    "mean": "def mean(x):\n    return total(x, np.ones(len(x))) / len(x)",
    "spread": "def spread(x):\n    return max(x) - min(x)",
    "sum": "def weighted_sum(x, w):\n    return w @ x",
}
REFERENCE = '''"""Right answers."""
import numpy as np

def total(x, w):
    return np.asarray(x) @ np.asarray(w)

def totals(table, w):
    return table @ w

def mean(x):
    return np.mean(x)

def spread(x):
    return np.ptp(x)

def weighted_sum(x, w):
    return np.dot(x, w)
'''
SUITE = '''"""Hidden checks."""
import numpy as np
import pytest
from autograder.checks import assert_agrees, assert_close, numeric


@pytest.mark.grade_cell("test_total")
@pytest.mark.points(1)
def test_one(student, reference, rng):
    """One record."""
    for size in (3, 5):
        assert_agrees(student.total, reference.total, rng.normal(size=size), rng.normal(size=size))


@pytest.mark.grade_cell("test_totals")
@pytest.mark.points(1)
def test_many(student, reference, rng):
    """Many records."""
    assert_agrees(student.totals, reference.totals, rng.normal(size=(4, 3)), rng.normal(size=3))


@pytest.mark.grade_cell("test_totals")
@pytest.mark.points(1)
def test_one_row(student, reference, rng):
    """One row, checked in another way."""
    table, w = rng.normal(size=(1, 3)), rng.normal(size=3)
    assert_close(numeric(student.totals(table, w), shape=(1,)), table @ w)


@pytest.mark.grade_cell("test_mean")
@pytest.mark.points(2)
def test_mean_of_all(student, reference, rng):
    """The mean."""
    assert_agrees(student.mean, reference.mean, rng.normal(size=6))


@pytest.mark.grade_cell("test_spread")
@pytest.mark.points(2)
def test_spread_of_all(student, reference, rng):
    """The spread."""
    assert_agrees(student.spread, reference.spread, rng.normal(size=6))


@pytest.mark.grade_cell("test_sum")
@pytest.mark.points(1)
def test_the_same_again(student, reference, rng):
    """The first exercise once more, under another name."""
    x, w = rng.normal(size=(2, 4))
    assert_agrees(student.weighted_sum, reference.weighted_sum, x, w)
'''
WRONG_TOTAL = "def total(x, w):\n    return 1.0"


def _notebook():
    cells = [toy.code("import numpy as np", "imports", locked=True)]
    for name, source in SOLUTIONS.items():
        head, body = source.split("\n", 1)
        marked = f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
        cells += [
            toy.solution(name, marked),
            toy.graded(f"test_{name}", points=POINTS[f"test_{name}"]),
        ]
    return toy.notebook(cells)


@pytest.fixture(scope="module")
def grade_sources(tmp_path_factory, tier):
    """Grade the solutions with some of them replaced, and `total` wrong."""
    root = tmp_path_factory.mktemp("sums")
    hidden = {"reference.py": REFERENCE, f"test_{toy.NOTEBOOK}.py": SUITE}
    course = Course.load(toy.write_course(root, _notebook(), CONFIG, hidden))
    build(course)
    (lab,) = course.labs
    with WorkerPool(course, [lab], tier, workers=1) as pool:

        def grade_one(**sources):
            wanted = {**SOLUTIONS, "total": WRONG_TOTAL, **sources}
            content = toy.handed_in(lab.release, wanted, None)
            cells = parse(json.dumps(content).encode())
            job = Job("ada", lab.assignment, lab.name, cells, Request(3))
            [(_, report)] = pool.grade([job])
            assert not report.withheld, report.reason
            return {check.name: check for check in report.checks}

        yield grade_one


def test_work_that_builds_on_an_earlier_slip_keeps_its_points(grade_sources):
    """A loop over records and a quotient are the student's own, whatever they call."""
    checks = grade_sources()
    passed = {name for name, check in checks.items() if check.verdict is Verdict.PASSED}
    assert passed == set(checks) - {"test_one"}
    assert checks["test_many"].given
    assert not checks["test_spread_of_all"].given


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("def totals(table, w):\n    return total(table, w)", id="called"),
        pytest.param("def totals(*a):\n    return total(*a)", id="handed-on"),
        pytest.param("totals = lambda t, w: total(t, w)", id="lambda"),
        pytest.param("def totals(t, w):\n    return total(t.tolist(), list(w))", id="as-lists"),
        pytest.param("def totals(t, w):\n    return total(t * 2, w / 2)", id="scaled"),
        pytest.param("def totals(t, w):\n    return total(t[::-1], w)[::-1]", id="turned"),
        pytest.param("def totals(t, w):\n    return total(t[:, ::-1], w[::-1])", id="mirrored"),
        pytest.param("def totals(t, w):\n    return total(w, t.T)", id="other-order"),
        pytest.param(
            "def totals(t, w):\n    return total(np.vstack([t, t]), w)[:len(t)]", id="padded"
        ),
        pytest.param(
            "def totals(t, w):\n    return np.concatenate([total(t[:1], w), total(t[1:], w)])",
            id="in-pieces",
        ),
        pytest.param("def totals(t, w):\n    return total(t[None], w)[0]", id="one-more-axis"),
        pytest.param("def totals(t, w):\n    return total(t, w[:, None])[:, 0]", id="as-column"),
        pytest.param("def totals(t, w):\n    return total", id="returned"),
        pytest.param(
            "kept = []\ndef totals(t, w):\n    kept.append(total)\n    return kept[0](t, w)",
            id="kept",
        ),
        pytest.param(
            "def totals(t, w):\n"
            "    try:\n        return total(t, w)\n"
            "    except RuntimeError:\n        return total(t.ravel(), np.resize(w, t.size))",
            id="tried-again",
        ),
    ],
)
def test_a_function_that_stands_in_is_not_the_answer(grade_sources, source):
    """No transformation of a check's own arguments makes the earlier function the answer to it."""
    checks = grade_sources(totals=source)
    assert checks["test_many"].verdict is not Verdict.PASSED
    assert checks["test_mean_of_all"].verdict is Verdict.PASSED


def test_an_exercise_that_is_an_earlier_one_is_not_answered_by_it(grade_sources):
    """Where an earlier function answers a check as it is asked, it does not stand in at all."""
    alias = "def weighted_sum(x, w):\n    return total(x, w)"
    assert grade_sources(sum=alias)["test_the_same_again"].verdict is Verdict.FAILED


def test_a_right_earlier_function_may_be_called_in_any_way(grade_sources):
    """The student's own function is the student's own, whatever it is used for."""
    own = {"total": "def total(x, w):\n    return np.asarray(x) @ w"}
    checks = grade_sources(**own, totals="def totals(t, w):\n    return total(t, w)")
    assert {check.verdict for check in checks.values()} == {Verdict.PASSED}
