"""A measured slope earns no points where it has to be derived; no right answer looks measured."""

import numpy as np
import pytest

from autograder.authoring import samples
from autograder.checks.compare import looks_measured
from autograder.report import Verdict

from .conftest import lab_named

BY_TOOL = {
    "gradient_basic": {
        "error_term": "def error_term(x, target, weights):\n"
        "    return -numerical_gradient(lambda h: 0.5 * (target - sigmoid(h)) ** 2, x @ weights)\n",
        "weight_step": "def weight_step(x, target, weights, learning_rate):\n"
        "    E = lambda w: 0.5 * (target - sigmoid(np.dot(x, w))) ** 2\n"
        "    return -learning_rate * numerical_gradient(E, weights)\n",
        "weight_step_outputs": "def weight_step_outputs(x, targets, weights, learning_rate):\n"
        "    E = lambda w: 0.5 * np.sum((targets - sigmoid(np.dot(x, w))) ** 2)\n"
        "    return -learning_rate * numerical_gradient(E, weights)\n",
    },
    "gradient": {
        "epoch_step": "def epoch_step(features, targets, weights, learning_rate):\n"
        "    E = lambda w: 0.5 * np.mean((targets - sigmoid(np.dot(features, w))) ** 2)\n"
        "    return -learning_rate * numerical_gradient(E, weights)\n",
    },
    "backprop_basic": {
        "backprop_step": "def backprop_step(x, target, w, W, learning_rate):\n"
        "    E = lambda w, W: 0.5 * (target - sigmoid(sigmoid(x @ w) @ W)) ** 2\n"
        "    return (w - learning_rate * numerical_gradient(lambda v: E(v, W), w),\n"
        "            W - learning_rate * numerical_gradient(lambda V: E(w, V), W))\n",
    },
}
"""By notebook and solution cell, a function that hands the exercise to the given tool."""


@pytest.mark.parametrize("name", BY_TOOL)
def test_the_given_tool_is_no_solution(built, desk, name):
    """A solution that calls `numerical_gradient` earns nothing, and the report says why."""
    lab = lab_named(built, name)
    sources = {**samples.solutions(lab), **BY_TOOL[name]}
    [report] = desk.grade_all([(lab, sources)])
    cells = {cell for cell, solution in lab.solutions.items() if solution in BY_TOOL[name]}
    lost = [check for check in report.checks if check.grade_cell in cells]
    assert {check.verdict for check in lost} == {Verdict.RAISED}
    assert all("`numerical_gradient` is a tool" in check.message for check in lost)
    others = [check for check in report.checks if check.grade_cell not in cells]
    own = [check for check in others if check.verdict is Verdict.PASSED]
    assert own, "exercises without a slope keep their points"


def test_a_changed_tool_is_no_solution_either(built, desk):
    """Neither the tool under another name nor a copy of it earns the points of a derivative."""
    lab = lab_named(built, "gradient_basic")
    tool = lab.cell("given_numerical_gradient").source
    step = BY_TOOL["gradient_basic"]["weight_step"]
    renamed = step.replace("numerical_gradient(", "measured(")
    own = {
        "another name": {"weight_step": "measured = numerical_gradient\n" + renamed},
        "a copy": {
            "": tool.replace("def numerical_gradient", "def measured"),
            "weight_step": renamed,
        },
        "pasted": {"weight_step": tool + "\n\n" + step},
    }
    made = [(lab, {**samples.solutions(lab), **sources}) for sources in own.values()]
    for report in desk.grade_all(made):
        checks = [check for check in report.checks if check.grade_cell == "test_weight_step"]
        assert {check.verdict for check in checks} <= {Verdict.FAILED, Verdict.RAISED}, checks


RIGHT = {
    "single precision": "def weight_step(x, target, weights, learning_rate):\n"
    "    x, weights = np.float32(x), np.float32(weights)\n"
    "    o = np.float32(sigmoid(x @ weights))\n"
    "    return learning_rate * (target - o) * o * (1 - o) * x\n",
    "rounded": "def weight_step(x, target, weights, learning_rate):\n"
    "    o = sigmoid(np.dot(x, weights))\n"
    "    return np.round(learning_rate * (target - o) * o * (1 - o) * np.asarray(x), 10)\n",
    "by logarithms": "def weight_step(x, target, weights, learning_rate):\n"
    "    h = np.dot(x, weights)\n"
    "    slope = np.exp(-np.logaddexp(0, h) - np.logaddexp(0, -h))\n"
    "    return learning_rate * (target - sigmoid(h)) * slope * np.asarray(x)\n",
    "complex step": "def weight_step(x, target, weights, learning_rate):\n"
    "    E = lambda w: 0.5 * (target - 1 / (1 + np.exp(-np.dot(x, w)))) ** 2\n"
    "    nudges = 1e-30j * np.eye(len(weights))\n"
    "    return np.array([-learning_rate * E(weights + n).imag / 1e-30 for n in nudges])\n",
}


def test_right_steps_of_any_precision_pass(built, desk):
    """Single precision, rounded answers and other exact ways to a step keep every point."""
    lab = lab_named(built, "gradient_basic")
    made = [(lab, {**samples.solutions(lab), "weight_step": source}) for source in RIGHT.values()]
    typed = (
        "def sigmoid(h):\n    h = np.clip(h, -500, 500)\n    return 1 / (1 + 2.718281828 ** -h)\n\n"
        "def sigmoid_prime(h):\n    return sigmoid(h) * (1 - sigmoid(h))\n"
    )
    made.append((lab, {**samples.solutions(lab), "sigmoid": typed}))
    for report in desk.grade_all(made):
        lost = [(check.name, check.message) for check in report.checks if not check.passed]
        assert lost == []


@pytest.mark.parametrize(
    "body",
    [
        "return [h] * 3",
        "return 'text'",
        "return None",
        "return {}",
        "raise OSError",
        "return h > 0",
    ],
)
def test_an_odd_sigmoid_costs_its_own_points_only(built, desk, body):
    """Whatever the submission's sigmoid gives, a step that does not need it is right."""
    lab = lab_named(built, "gradient_basic")
    step = RIGHT["by logarithms"].replace("sigmoid(h)", "1 / (1 + np.exp(-h))")
    sources = {**samples.solutions(lab), "weight_step": step}
    sources["sigmoid"] = f"def sigmoid(h):\n    {body}\n"
    [report] = desk.grade_all([(lab, sources)])
    assert not report.withheld
    assert report.cell_score("test_weight_step") == 5


def test_only_the_noise_of_a_secant_looks_measured():
    """Central secants look measured; rounding errors and single precision do not."""
    rng = np.random.default_rng(5)
    for _ in range(200):
        weights, centre = rng.normal(size=3), rng.normal(size=3)
        exact = np.cos(weights) * centre
        width = rng.choice([1e-4, 1e-5, 1e-6])
        secant = (np.sin(weights + width) - np.sin(weights - width)) / (2 * width) * centre
        assert looks_measured(secant, exact)
        assert looks_measured((centre, secant), (centre, exact))
        assert not looks_measured(exact * (1 + 4e-16), exact)
        assert not looks_measured(exact.astype(np.float32), exact)
        assert not looks_measured(secant.round(10), exact)
    assert not looks_measured(0.0, 0.0)
    assert not looks_measured([], np.zeros(0))
