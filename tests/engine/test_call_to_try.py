"""A call to try: short, of numbers that no check has, and one that a wrong function gets wrong."""

import ast

import numpy as np
import pytest

from autograder.grading.call_to_try import MOST_NUMBERS, call_to_try


def mean_of(x):
    """The right function."""
    return np.mean(x)


def sum_of(x):
    """A wrong one."""
    return np.sum(x)


def parts_of(said):
    """The call and the answer of a sentence."""
    _, call, between, answer, end = said.split("`")
    assert (between, end) == (": it should give ", ".")
    return call, answer


def test_the_call_can_be_pasted_and_gives_what_is_said():
    """What a student reads is right, and wrong for the function that they wrote."""
    calls = [(np.array([0.123456, 2.3, 4.1]),), (np.arange(40.0),)]
    call, answer = parts_of(call_to_try("mean_of", mean_of, sum_of, calls))
    assert eval(call, {"np": np, "mean_of": mean_of}) == pytest.approx(float(answer), rel=1e-3)
    assert eval(call, {"np": np, "mean_of": sum_of}) != pytest.approx(float(answer), rel=1e-3)


def test_no_value_of_a_check_is_told():
    """Only kinds and shapes are taken from the checks' calls."""
    rng = np.random.default_rng(1)
    calls = [
        (rng.normal(size=(2, 3)), float(rng.normal()), 7, rng.normal(size=3)) for _ in range(4)
    ]

    def right(a, b, n, c):
        return a @ c * b + n

    def wrong(a, b, n, c):
        return a @ c + b + n

    call, _ = parts_of(call_to_try("f", right, wrong, calls))
    told = {node.value for node in ast.walk(ast.parse(call)) if isinstance(node, ast.Constant)}
    numbers = {float(one) for one in told if isinstance(one, int | float)}
    hidden = {abs(float(one)) for args in calls for arg in args for one in np.ravel(arg)}
    assert not numbers & hidden
    assert all(round(one, 1) == one for one in numbers)


@pytest.mark.parametrize(
    ("right", "wrong", "calls"),
    [
        pytest.param(mean_of, mean_of, [(np.ones(3),)], id="no-difference"),
        pytest.param(mean_of, sum_of, [], id="no-calls"),
        pytest.param(mean_of, sum_of, [()], id="no-arguments"),
        pytest.param(mean_of, sum_of, [(np.ones(MOST_NUMBERS + 1),)], id="long"),
        pytest.param(mean_of, sum_of, [(np.ones((2, 2, 2)),)], id="three-axes"),
        pytest.param(mean_of, sum_of, [(np.empty(0),)], id="empty"),
        pytest.param(mean_of, sum_of, [("text",)], id="text"),
        pytest.param(mean_of, sum_of, [([1.0, 2.0],)], id="list"),
        pytest.param(mean_of, sum_of, [(np.array([True, False]),)], id="truth"),
        pytest.param(mean_of, sum_of, [(np.array([1j, 2j]),)], id="complex"),
        pytest.param(mean_of, sum_of, [(print,)], id="function"),
        pytest.param(mean_of, sum_of, [(np.random.default_rng(1),)], id="generator"),
        pytest.param(lambda x: 1 / 0, sum_of, [(np.ones(3),)], id="right-one-raises"),
        pytest.param(lambda x: "text", sum_of, [(np.ones(3),)], id="answers-text"),
        pytest.param(lambda x: np.nan, sum_of, [(np.ones(3),)], id="answers-nothing"),
        pytest.param(lambda x: np.ones(99), sum_of, [(np.ones(3),)], id="long-answer"),
    ],
)
def test_nothing_is_said_where_there_is_no_short_call(right, wrong, calls):
    """Where no short call of numbers shows a difference, nothing is said."""
    assert call_to_try("f", right, wrong, calls) == ""


@pytest.mark.parametrize(
    ("right", "wrong", "args"),
    [
        pytest.param(lambda x: x, lambda x: 1 / 0, (np.ones(3),), id="wrong-one-raises"),
        pytest.param(lambda x: (x, x[0]), lambda x: (x, x[1]), (np.ones(3),), id="two-parts"),
        pytest.param(lambda x: x[:, None], lambda x: x, (np.ones(3),), id="another-shape"),
        pytest.param(lambda n: 2**n, lambda n: n**2, (3,), id="whole-number"),
        pytest.param(
            lambda y, x: y @ x, lambda y, x: y * x, (np.array([0, 1, 1]), np.ones(3)), id="0-1"
        ),
        pytest.param(lambda x: float(x), lambda x: -x, (np.float64(0.3),), id="numpy-number"),
    ],
)
def test_a_call_is_found(right, wrong, args):
    """Numbers, vectors, matrices and whole numbers; a wrong shape and an error show, too."""
    said = call_to_try("f", right, wrong, [args])
    assert parts_of(said)[0].startswith("f(")
    assert said == call_to_try("f", right, wrong, [args]), "the same call for everybody"
