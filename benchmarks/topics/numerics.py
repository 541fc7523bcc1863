"""Newton's method and the trapezoid rule: a reference, and answers as students wrote them.

The wrong answers were written from the exercise's text, before anybody looked at what the grader
can change in a reference. Each says which words of a name would be right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.topics.answers import Answers

REFERENCE = '''
"""Newton's method and the trapezoid rule."""
import numpy as np


def newton_step(x, value, slope):
    """One step of Newton's method (Raphson 1690): x - f(x) / f'(x)."""
    return np.asarray(x, dtype=float) - np.asarray(value, dtype=float) / np.asarray(slope)


def newton(f, df, start, steps):
    """Newton's method: the point after so many steps."""
    x = float(start)
    for _ in range(steps):
        x = x - f(x) / df(x)
    return x


def trapezoid(y, h):
    """The integral of equally spaced values: h (y_0 / 2 + y_1 + ... + y_n / 2)."""
    y = np.asarray(y, dtype=float)
    ends = (y[0] + y[-1]) / 2
    return float(h * (ends + np.sum(y[1:-1])))


def trapezoid_error(exact, y, h):
    """The relative error of the trapezoid rule."""
    return abs(trapezoid(y, h) - exact) / abs(exact)
'''


def _square(x: float) -> float:
    return x * x - 2.0


def _double(x: float) -> float:
    return 2.0 * x


def _cube(x: float) -> float:
    return x**3 - x - 2.0


def _cubes_slope(x: float) -> float:
    return 3.0 * x * x - 1.0


def calls() -> dict[str, Sequence[tuple[object, ...]]]:
    """What each function is called with."""
    rng = np.random.default_rng(5)
    return {
        "newton_step": [
            tuple(rng.uniform(0.5, 3.0, 3)),
            tuple(rng.uniform(0.5, 3.0, 3)),
            tuple(rng.uniform(-3.0, 3.0, (3, 4))),
        ],
        "newton": [
            (_square, _double, 1.3, 1),
            (_square, _double, 2.7, 2),
            (_cube, _cubes_slope, 1.9, 2),
            (_cube, _cubes_slope, 2.3, 3),
        ],
        "trapezoid": [
            (rng.uniform(-2, 3, n), h) for n, h in ((5, 0.3), (8, 0.7), (4, 1.7), (6, 0.4))
        ],
        "trapezoid_error": [
            (float(rng.uniform(1, 3)), rng.uniform(1, 3, n), h)
            for n, h in ((5, 0.3), (8, 0.7), (4, 1.7), (6, 0.4))
        ],
    }


wrong, right = Answers(), Answers()


@wrong.of("sign", "subtract", "wrong way")
def newton_step(x, value, slope):
    """Adds the quotient."""
    return x + value / slope


@wrong.of("times", "multipl")
def newton_step(x, value, slope):
    """Multiplies by the slope."""
    return x - value * slope


@wrong.of("slope for value", "upside down")
def newton_step(x, value, slope):
    """Turns the quotient over."""
    return x - slope / value


@wrong.of("left out: x", "taken away", "term")
def newton_step(x, value, slope):
    """Gives the step, not the new point."""
    return -value / slope


@wrong.of("slope")
def newton_step(x, value, slope):
    """Forgets the slope."""
    return x - value


@wrong.of("slope", "twice")
def newton_step(x, value, slope):
    """Divides by the slope twice, as in a formula for double roots got wrong."""
    return x - value / slope**2


@wrong.of("doubled", "twice")
def newton_step(x, value, slope):
    """Takes twice the step."""
    return x - 2 * value / slope


@wrong.of("brack", "value", "x")
def newton_step(x, value, slope):
    """Forgets the order of operations."""
    return (x - value) / slope


@wrong.of("round", "first")
def newton(f, df, start, steps):
    """Returns in the loop."""
    x = start
    for _ in range(steps):
        x = x - f(x) / df(x)
        return x
    return x


@wrong.of("round")
def newton(f, df, start, steps):
    """Counts from one."""
    x = start
    for _ in range(1, steps):
        x = x - f(x) / df(x)
    return x


@wrong.of("round")
def newton(f, df, start, steps):
    """Makes one step more."""
    x = start
    for _ in range(steps + 1):
        x -= f(x) / df(x)
    return x


@wrong.of("start")
def newton(f, df, start, steps):
    """Evaluates at the start in every step."""
    x = start
    for _ in range(steps):
        x = x - f(start) / df(start)
    return x


@wrong.of("start")
def newton(f, df, start, steps):
    """Keeps the slope of the start, as in the simplified method."""
    x = start
    slope = df(start)
    for _ in range(steps):
        x = x - f(x) / slope
    return x


@wrong.of("sign", "subtract", "wrong way")
def newton(f, df, start, steps):
    """Adds the step."""
    x = start
    for _ in range(steps):
        x += f(x) / df(x)
    return x


@wrong.of("f for", "df", "upside down")
def newton(f, df, start, steps):
    """Turns the quotient over."""
    x = start
    for _ in range(steps):
        x = x - df(x) / f(x)
    return x


@wrong.of("start", "renewed", "first round")
def newton(f, df, start, steps):
    """Throws the step away."""
    x = start
    for _ in range(steps):
        y = x - f(x) / df(x)
    return y


@wrong.of("ends", "half", "number", "divided", "y[0]")
def trapezoid(y, h):
    """The rectangle rule on all points: the ends are not halved."""
    return h * np.sum(y)


@wrong.of("h")
def trapezoid(y, h):
    """Forgets h."""
    return (y[0] + y[-1]) / 2 + sum(y[1:-1])


@wrong.of("y[0]", "y[-1]", "left out")
def trapezoid(y, h):
    """Forgets the ends."""
    return h * np.sum(y[1:-1])


@wrong.of("sum", "left out")
def trapezoid(y, h):
    """Only the ends."""
    return h * (y[0] + y[-1]) / 2


@wrong.of("mean")
def trapezoid(y, h):
    """The mean of the inner points."""
    return h * ((y[0] + y[-1]) / 2 + np.mean(y[1:-1]))


@wrong.of("half", "halved")
def trapezoid(y, h):
    """Halves everything."""
    return h / 2 * ((y[0] + y[-1]) / 2 + np.sum(y[1:-1]))


@wrong.of("h", "twice")
def trapezoid(y, h):
    """Squares the width."""
    return h * h * ((y[0] + y[-1]) / 2 + np.sum(y[1:-1]))


@wrong.of("number", "index")
def trapezoid(y, h):
    """Starts the inner sum one point too late."""
    return h * ((y[0] + y[-1]) / 2 + np.sum(y[2:-1]))


@wrong.of("minus", "sign")
def trapezoid(y, h):
    """Subtracts the last end."""
    return h * ((y[0] - y[-1]) / 2 + np.sum(y[1:-1]))


@wrong.of("divid", "quotient")
def trapezoid(y, h):
    """Divides by the width."""
    return ((y[0] + y[-1]) / 2 + np.sum(y[1:-1])) / h


@wrong.of("exact")
def trapezoid_error(exact, y, h):
    """The absolute error."""
    inner = (y[0] + y[-1]) / 2 + np.sum(y[1:-1])
    return abs(h * inner - exact)


@wrong.of("trapezoid", "exact")
def trapezoid_error(exact, y, h):
    """Relative to the approximation."""
    rule = h * ((y[0] + y[-1]) / 2 + np.sum(y[1:-1]))
    return abs(rule - exact) / abs(rule)


@wrong.of("abs", "sign")
def trapezoid_error(exact, y, h):
    """With its sign, and the other way round."""
    rule = h * ((y[0] + y[-1]) / 2 + np.sum(y[1:-1]))
    return (exact - rule) / abs(exact)


@wrong.of("sign", "subtract", "slope")
def newton_step(x, value, slope):
    """Two slips: adds, and forgets the slope."""
    return x + value


@wrong.of("h", "mean")
def trapezoid(y, h):
    """Two slips: forgets h, and takes the mean."""
    return (y[0] + y[-1]) / 2 + np.mean(y[1:-1])


@wrong.of("round", "sign", "subtract")
def newton(f, df, start, steps):
    """Two slips: adds the step, and one round too few."""
    x = start
    for _ in range(steps - 1):
        x = x + f(x) / df(x)
    return x


@right.of()
def newton_step(x, value, slope):
    """One number at a time."""
    if np.ndim(x):
        return np.array([a - b / c for a, b, c in zip(x, value, slope, strict=True)])
    return x - value / slope


@right.of()
def newton(f, df, start, steps):
    """Recursively."""
    return newton_of(f, df, start - f(start) / df(start), steps - 1) if steps else start


def newton_of(f: Any, df: Any, x: float, steps: int) -> float:
    """Further steps."""
    while steps:
        x, steps = x - f(x) / df(x), steps - 1
    return x


@right.of()
def trapezoid(y, h):
    """As a sum of strips."""
    return sum(h * (a + b) / 2 for a, b in zip(y[:-1], y[1:], strict=True))


@wrong.of()
def trapezoid(y, h):
    """A constant."""
    return 1.0


@wrong.of()
def newton_step(x, value, slope):
    """Noise."""
    return np.sin(1e3 * x + value) + slope


@wrong.of()
def trapezoid(y, h):
    """Noise."""
    return np.cos(np.prod(y)) * h


@wrong.of()
def newton(f, df, start, steps):
    """Bisection with another answer."""
    return start + 0.1 * steps**0.5
