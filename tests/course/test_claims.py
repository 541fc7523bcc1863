"""What the notebooks' prose says: every number in it is computed here, from the references."""

import re

import numpy as np
import pytest

from autograder.course.notebook import Kind

from .conftest import lab_named

NUMBER = re.compile(r"(?<![\w.])\d+\.\d{2,}(?:e[−-]?\d+)?(?![\w.]*\.\w)")
"""A number with two decimals or more; others are told by sentences, which `CLAIMS` holds."""


def prose_of(lab):
    """All text of a notebook, without addresses."""
    texts = [cell.source for cell in lab.cells if cell.kind is Kind.TEXT]
    return re.sub(r"\]\(http[^)]*\)", "]", "\n".join(texts)).replace("−", "-")


def sigmoid(h):
    """The sigmoid, written independently of the references."""
    return 1 / (1 + np.exp(-np.asarray(h, dtype=float)))


def slope(h):
    """Its slope."""
    return sigmoid(h) * (1 - sigmoid(h))


def gradient_basic(reference):
    """The numbers of the first notebook."""
    yield from (sigmoid([-2, 0.8, 2]), slope([-2, 0, 0.8, 2]))
    for targets, outputs in (
        ([0.5], [0.9]),
        ([1, 0], [0.8, 0.1]),
        ([[1, 0], [0, 1], [1, 1]], [[0.8, 0.1], [0.3, 0.6], [0.9, 0.4]]),
    ):
        yield reference.sum_of_squared_errors(targets, outputs)
    errors = np.array([0.1, 0.1, 0.1, 0.9])
    yield from ((errors**2)[-1], (errors**2).sum())
    for x, w, y, rate in (
        ([1, 2, 3, 4], [0.5, -0.5, 0.3, 0.1], 0.5, 0.5),
        ([0.1, 0.3], [-0.8, 0.5], 0.2, 0.5),
    ):
        h = np.dot(x, w)
        yield from (h, sigmoid(h), y - sigmoid(h), slope(h))
        yield from (reference.error_term(x, y, w), reference.weight_step(x, y, w, rate))
    yield from (2 * (1 - 2 * rate) ** 10 for rate in (0.01, 0.1, 0.9, 1.1))
    x, y = np.array([0.5, -1, 2]), np.array([0.9, 0.2])
    w = np.array([[0.4, -0.3], [-0.6, 0.1], [0.2, 0.5]])
    yield from (x @ w, sigmoid(x @ w), (y - sigmoid(x @ w)) * slope(x @ w))
    yield reference.weight_step_outputs(x, y, w, 0.4)
    yield from (0.01, 0.001)  # two learning rates


def multilayer(reference):
    """The numbers of the third notebook."""
    legacy = np.random.RandomState(42)
    inputs = legacy.randn(4)
    first, last = legacy.normal(0, 0.1, (4, 3)), legacy.normal(0, 0.1, (3, 2))
    features = np.vstack([inputs, legacy.randn(4, 4)])
    hidden, output = reference.forward(inputs, first, last)
    yield from (inputs @ first, hidden, hidden @ last, output)
    yield from reference.forward_batch(features, first, last)


NUMBERS = {"gradient_basic": gradient_basic, "multilayer": multilayer}
ASSIGNMENT = {
    "gradient_basic": "gradient_descent",
    "gradient": "gradient_descent",
    "multilayer": "multilayer_perceptrons",
    "backprop_basic": "backpropagation",
    "backprop": "backpropagation",
}


def is_printed(text, numbers):
    """Whether a number as printed is one of these, rounded or cut to its digits."""
    value = float(text)
    if "e" in text:
        return bool(np.any(np.isclose(numbers, value, rtol=1e-8, atol=0)))
    unit = 10.0 ** -len(text.partition(".")[2])
    return bool(np.any(np.abs(np.abs(numbers) - value) <= 0.5001 * unit))


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_in_the_text_is_computed(course, references, name):
    """A number that stands in the text comes out of the reference or of a formula above."""
    found = NUMBERS[name](references(ASSIGNMENT[name]))
    numbers = np.concatenate([np.ravel(one).astype(float) for one in found])
    printed = NUMBER.findall(prose_of(lab_named(course, name)))
    assert len(printed) > 20
    assert [text for text in printed if not is_printed(text, numbers)] == []


def spread(deviation):
    """Outputs of 50 hidden units with 400 inputs, for start weights of a standard deviation."""
    rng = np.random.default_rng(4)
    records = rng.normal(size=(400, 400))
    return sigmoid(records @ (deviation * np.random.default_rng(6).normal(size=(400, 50))))


def bump(t):
    """The small network with the sigmoid in its hidden layer, and without."""
    w, last = np.array([[4.0, 3.0, 0.0], [6.0, -5.0, 22.0]]), np.array([8.0, -8.0, -4.0])
    sums = np.column_stack([t, np.ones_like(t)]) @ w
    return sigmoid(sigmoid(sums) @ last), sigmoid(sums @ last)


T = np.linspace(-3, 3, 2001)
STEP = np.outer([0.5, -1, 2], [0.0233887, -0.1044106])
CLAIMS = [
    ("gradient_basic", "three quarters of the sum of absolute values (0.9 of 1.2)",
     0.9 / 1.2 == 0.75),
    ("gradient_basic", "96 % of the sum of squares (0.81 of 0.84)", round(0.81 / 0.84, 2) == 0.96),
    ("gradient_basic", "nearly 0 beyond $\\pm 5$", slope(5) < 0.01),
    ("gradient_basic", "Rate 0.5 jumps to the bottom at once", 2 * (1 - 2 * 0.5) == 0),
    ("gradient_basic", "Rate 1.0 bounces between 2 and -2", 2 * (1 - 2 * 1.0) == -2),
    ("gradient_basic", "has the largest steps in both columns", np.abs(STEP)[2].min() > 0
     and (np.argmax(np.abs(STEP), axis=0) == 2).all()),
    ("multilayer", "nearly all outputs crowd at 0 and at 1",
     np.mean(np.abs(spread(1.0) - 0.5) > 0.45) > 0.85),
    ("multilayer", "all of them sit at one\nhalf", np.abs(spread(0.001) - 0.5).max() < 0.05),
    ("multilayer", "in a broad hill around one half", np.percentile(spread(0.05), 5) < 0.2
     and np.percentile(spread(0.05), 95) > 0.8),
    ("multilayer", "rises near $t = -1.5$", abs(T[np.argmax(bump(T)[0] > 0.5)] + 1.5) < 0.05),
    ("multilayer", "falls again near $t = 1.7$",
     abs(T[T > 0][np.argmax(bump(T[T > 0])[0] < 0.5)] - 1.7) < 0.05),
    ("multilayer", "one step from 0 up to 1 is\nleft, at $t = 0$",
     abs(T[np.argmax(bump(T)[1] > 0.5)]) < 0.01),
]  # fmt: skip


@pytest.mark.parametrize(("name", "sentence", "holds"), CLAIMS)
def test_claims_hold(course, name, sentence, holds):
    """What a sentence says can be computed, and the sentence stands in the text."""
    assert sentence.replace("−", "-") in prose_of(lab_named(course, name))
    assert holds
