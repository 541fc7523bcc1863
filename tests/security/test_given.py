"""No points for calling what stands in for an earlier function; honest work keeps its points."""

from __future__ import annotations

import pytest

from autograder.authoring import samples
from autograder.course.model import Course
from autograder.report import Report, Verdict
from tests.security.corpus import ATTACKS, MULTILAYER
from tests.security.corpus import as_bytes as attack_as_bytes
from tests.security.test_leaks import Grades, course, grades, lab_named

__all__ = ["course", "grades"]

WRONG = """
def forward(x, weights_input_hidden, weights_hidden_output):
    return np.zeros(weights_input_hidden.shape[1]), np.zeros(weights_hidden_output.shape[1])
"""
LOOP = """
def forward_batch(features, a, b):
    rows = [forward(x, a, b) for x in features]
    return np.array([h for h, _ in rows]), np.array([o for _, o in rows])
"""
PIECES = """
def forward_batch(features, a, b):
    half = len(features) // 2 + 1
    parts = [forward(features[:half], a, b), forward(features[half:], a, b)]
    return tuple(np.concatenate([p[k] for p in parts]) for k in (0, 1))
"""


def batch(course: Course, grades: Grades, source: str, **others: str) -> Report:
    """The report on a notebook whose `forward` is wrong."""
    lab = lab_named(course, MULTILAYER)
    sources = {**samples.solutions(lab), "forward": WRONG, "forward_batch": source, **others}
    (report,) = grades(lab, samples.notebook(lab, sources), (5,))
    return report


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("def forward_batch(*args):\n    return forward(*args)", id="handed-on"),
        pytest.param(
            "def forward_batch(f, a, b):\n    return forward(f * 2, a / 2, b)", id="scaled"
        ),
        pytest.param(
            "def forward_batch(f, a, b):\n"
            "    return tuple(part[::-1] for part in forward(f[::-1], a, b))",
            id="turned",
        ),
        pytest.param(PIECES, id="in-pieces"),
    ],
)
def test_forward_does_not_answer_for_a_whole_batch(
    source: str, course: Course, grades: Grades
) -> None:
    """The right `forward` stands in for one record at a time."""
    report = batch(course, grades, source)
    assert report.cell_score("test_forward_batch") == 0.0


def test_a_loop_over_records_keeps_its_points(course: Course, grades: Grades) -> None:
    """Whoever calls the earlier function record by record has done this exercise."""
    report = batch(course, grades, LOOP)
    checks = report.grade_cells()["test_forward_batch"]
    assert {check.verdict for check in checks} == {Verdict.PASSED}
    assert all("Right, once" in check.message for check in checks)


def test_a_batch_that_is_built_of_earlier_parts_keeps_its_points(
    course: Course, grades: Grades
) -> None:
    """Earlier functions that are no answer by themselves may be called with whole tables."""
    source = (
        "def forward_batch(f, a, b):\n"
        "    hidden = sigmoid(hidden_input(f, a))\n"
        "    return hidden, sigmoid(hidden_input(hidden, b))"
    )
    wrong = "def hidden_input(x, weights):\n    return x @ weights + 1"
    report = batch(course, grades, source, hidden_input=wrong)
    assert report.cell_score("test_forward_batch") == 2.0


@pytest.mark.parametrize("way", ["bound-again", "tested-again"])
def test_what_stood_in_is_no_help_with_its_own_check(
    way: str, course: Course, grades: Grades
) -> None:
    """A function that is checked later has no process that could ask ours for its answers."""
    attack = next(attack for attack in ATTACKS if attack.name == f"keeps-answers-{way}")
    lab = lab_named(course, attack.lab)
    (report,) = grades(lab, attack_as_bytes(attack, lab, {}), (5,))
    assert report.score == 0.0
