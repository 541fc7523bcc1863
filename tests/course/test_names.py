"""Mistakes that students make in the labs in words of their own: each has its name there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from autograder.checks.catalogue import load_catalogue
from autograder.grading.explained import Explained
from autograder.remote.calls import Answer, Case
from autograder.remote.time_limit import Allowance
from tests.course.conftest import ROOT

RNG = np.random.default_rng(4)


def f(h):
    """The sigmoid."""
    return 1 / (1 + np.exp(-h))


def of_records(*shapes):
    """Features, targets, weights and a learning rate for one unit."""
    for n, d, rate in shapes:
        x, y = RNG.normal(size=(n, d)), RNG.integers(0, 2, n).astype(float)
        yield x, y, RNG.normal(size=d), rate


def of_networks(*shapes):
    """Features, targets, both weight arrays, a learning rate and a number of epochs."""
    for n, d, m, rate, epochs in shapes:
        x, y = RNG.normal(size=(n, d)), RNG.integers(0, 2, n).astype(float)
        yield x, y, RNG.normal(size=(d, m)), RNG.normal(size=m), rate, epochs


UNITS = list(of_records((5, 3, 0.5), (7, 4, 0.3), (4, 2, 0.8)))
NETWORKS = list(of_networks((5, 3, 2, 0.5, 2), (7, 4, 3, 0.3, 1), (6, 2, 4, 0.8, 3)))
SINGLE = [(x[0], float(y[0]), w, rate) for x, y, w, rate in UNITS]
CALLS = {
    "error_term": [args[:3] for args in SINGLE],
    "weight_step": SINGLE,
    "epoch_step": UNITS,
    "one unit's train": [(*args, epochs) for args, epochs in zip(UNITS, (1, 3, 2), strict=True)],
    "backprop_step": [(x[0], float(y[0]), w, v, rate) for x, y, w, v, rate, _ in NETWORKS],
    "backward_pass": [(x, y, f(x @ w), f(f(x @ w) @ v), v) for x, y, w, v, *_ in NETWORKS],
    "a network's train": NETWORKS,
}


def with_slope(slope: Callable[..., object]) -> dict[str, Callable[..., object]]:
    """Both functions of one unit, with an error term of their own."""
    return {
        "error_term": lambda x, y, w: slope(y - f(x @ w), f(x @ w)),
        "weight_step": lambda x, y, w, rate: rate * slope(y - f(x @ w), f(x @ w)) * x,
    }


def epoch_without_rate_and_mean(x, y, w, _rate):
    """The sum of the error terms times the inputs."""
    return ((y - f(x @ w)) * f(x @ w) * (1 - f(x @ w))) @ x


def epoch_by_features(x, y, w, rate):
    """Divided by the number of features."""
    return rate * epoch_without_rate_and_mean(x, y, w, rate) / x.shape[1]


def train_from_zeros(x, y, w, rate, epochs):
    """The weights that are handed in are not used."""
    w = np.zeros(len(w))
    for _ in range(epochs):
        w = w + rate * epoch_without_rate_and_mean(x, y, w, rate) / len(x)
    return w


def terms(x, y, w, v):
    """Hidden outputs and both error terms of records."""
    hidden = f(x @ w)
    output = f(hidden @ v)
    last = (y - output) * output * (1 - output)
    return hidden, last, np.multiply.outer(last, v) * hidden * (1 - hidden)


def step_by_hidden_terms(x, y, w, v, rate):
    """The last layer moves by the hidden layer's terms."""
    hidden, _, first = terms(x, y, w, v)
    return w + rate * np.outer(x, first), v + rate * first * hidden


def backward_by_hidden_terms(x, y, hidden, output, v):
    """The last layer moves by the hidden layer's terms."""
    last = (y - output) * output * (1 - output)
    first = np.outer(last, v) * hidden * (1 - hidden)
    return x.T @ first / len(x), np.mean(first * hidden, axis=0)


def train_by_inputs(x, y, w, v, rate, epochs):
    """Divided by the number of inputs."""
    for _ in range(epochs):
        hidden, last, first = terms(x, y, w, v)
        w, v = w + rate * x.T @ first / x.shape[1], v + rate * last @ hidden / x.shape[1]
    return w, v


@pytest.mark.parametrize(
    ("lab", "cell", "calls", "function", "names"),
    [
        *(
            pytest.param(
                "gradient_descent", f"test_{name}", name, wrong, {says}, id=f"{name}-{what}"
            )
            for what, slope, says in (
                ("value", lambda e, o: e * o, "value-for-slope"),
                ("rest", lambda e, o: e * (1 - o), "slope-mistyped"),
                ("brackets", lambda e, o: e * o * 1 - o, "slope-mistyped"),
            )
            for name, wrong in with_slope(slope).items()
        ),
        pytest.param(
            "gradient_descent",
            "test_epoch_step",
            "epoch_step",
            epoch_without_rate_and_mean,
            {"learning-rate-forgotten", "sum for mean"},
            id="rate-and-mean",
        ),
        pytest.param(
            "gradient_descent",
            "test_epoch_step",
            "epoch_step",
            epoch_by_features,
            {"wrong-count"},
            id="wrong-count",
        ),
        pytest.param(
            "gradient_descent",
            "test_train",
            "one unit's train",
            train_from_zeros,
            {"start-ignored"},
            id="start-ignored",
        ),
        pytest.param(
            "backpropagation",
            "test_backprop_step",
            "backprop_step",
            step_by_hidden_terms,
            {"other-layers-error-term"},
            id="backprop-step",
        ),
        pytest.param(
            "backpropagation",
            "test_backward_pass",
            "backward_pass",
            backward_by_hidden_terms,
            {"other-layers-error-term"},
            id="backward-pass",
        ),
        pytest.param(
            "backpropagation",
            "test_train",
            "a network's train",
            train_by_inputs,
            {"wrong-count"},
            id="network-wrong-count",
        ),
    ],
)
def test_a_mistake_is_known_in_every_exercise(lab, cell, calls, function, names):
    """A misconception keeps its name where it is made in a later exercise's own lines."""
    catalogue = load_catalogue(ROOT / "tests" / "hidden", lab)
    name = calls.rpartition(" ")[2]
    cases = [Case(name, args, Answer(function(*args))) for args in CALLS[calls]]
    mistakes = [one for one in catalogue.mistakes if one.grade_cell == cell]
    found = Explained(catalogue).explain(cases, mistakes, Allowance(60.0, 512))
    assert found is not None
    assert set(found.name.split(" with ")) == names
