"""Differential equations step by step: a reference, and answers as students wrote them.

The wrong answers were written from the exercise's text, before anybody looked at what the grader
can change in a reference. Each says which words of a name would be right.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.topics.answers import Answers

REFERENCE = '''
"""Euler, Runge and Kutta, and the equation of heat."""
import numpy as np


def euler_step(f, t, y, h):
    """One step of Euler's method: y + h f(t, y)."""
    return y + h * f(t, y)


def euler(f, y0, h, steps):
    """The values y_0 ... y_n (n + 1,) of Euler's method from t = 0."""
    values = [y0]
    for i in range(steps):
        values.append(euler_step(f, i * h, values[-1], h))
    return np.array(values)


def midpoint_step(f, t, y, h):
    """One step of the midpoint method."""
    half = y + h / 2 * f(t, y)
    return y + h * f(t + h / 2, half)


def rk4_step(f, t, y, h):
    """One step of the classic method of Runge and Kutta."""
    k1 = f(t, y)
    k2 = f(t + h / 2, y + h / 2 * k1)
    k3 = f(t + h / 2, y + h / 2 * k2)
    k4 = f(t + h, y + h * k3)
    return y + h * (k1 + 2 * k2 + 2 * k3 + k4) / 6


def heat_step(u, r):
    """One step of the equation of heat, (n,); the ends keep their temperature."""
    new = np.array(u, dtype=float)
    new[1:-1] = u[1:-1] + r * (u[2:] - 2 * u[1:-1] + u[:-2])
    return new


def energy(x, v, mass, stiffness):
    """The energy of an oscillator: kinetic and potential."""
    return mass * v**2 / 2 + stiffness * x**2 / 2


def order(coarse, fine):
    """The observed order of a method, from the errors with steps h and h / 2."""
    return np.log(coarse / fine) / np.log(2)
'''


def _decay(t: float, y: float) -> float:
    return -1.3 * y + t


def _logistic(t: float, y: float) -> float:
    return y * (2.0 - y) + 0.3 * t * t


def calls() -> dict[str, Sequence[tuple[object, ...]]]:
    """What each function is called with."""
    rng = np.random.default_rng(31)
    steps = [
        (f, t, y, h)
        for f, t, y, h in (
            (_decay, 0.4, 1.7, 0.3),
            (_logistic, 1.2, 0.6, 0.2),
            (_decay, 2.1, -0.8, 0.7),
            (_logistic, 0.3, 1.4, 0.5),
        )
    ]
    return {
        "euler_step": steps,
        "euler": [
            (_decay, 1.7, 0.3, 3),
            (_logistic, 0.6, 0.2, 5),
            (_decay, -0.8, 0.4, 2),
        ],
        "midpoint_step": steps,
        "rk4_step": steps,
        "heat_step": [(rng.uniform(0, 5, n), r) for n, r in ((6, 0.3), (9, 0.2), (5, 0.45))],
        "energy": [tuple(rng.uniform(0.5, 3, 4)) for _ in range(3)],
        "order": [(0.13, 0.031), (0.4, 0.23), (rng.uniform(0.5, 1, 3), rng.uniform(0.1, 0.4, 3))],
    }


wrong, right = Answers(), Answers()


@wrong.of("h")
def euler_step(f, t, y, h):
    """Forgets h."""
    return y + f(t, y)


@wrong.of("sign", "minus", "subtract")
def euler_step(f, t, y, h):
    """Backwards."""
    return y - h * f(t, y)


@wrong.of("y & left out", "y & missing", "y & without")
def euler_step(f, t, y, h):
    """Only the increment."""
    return h * f(t, y)


@wrong.of("exchang", "swap", "order", "t for y", "y for t", "`t`", "argument")
def euler_step(f, t, y, h):
    """The arguments exchanged."""
    return y + h * f(y, t)


@wrong.of("t", "h")
def euler_step(f, t, y, h):
    """At the next time."""
    return y + h * f(t + h, y)


@wrong.of("h & half", "half", "2")
def euler_step(f, t, y, h):
    """Half a step."""
    return y + h / 2 * f(t, y)


@wrong.of("bracket", "h", "y")
def euler_step(f, t, y, h):
    """The start times h, too."""
    return h * (y + f(t, y))


@wrong.of("start", "y0", "renewed", "first", "stale")
def euler(f, y0, h, steps):
    """Each step from the start."""
    values = [y0]
    for i in range(steps):
        values.append(y0 + h * f(i * h, y0))
    return np.array(values)


@wrong.of("y0", "start", "first", "left out")
def euler(f, y0, h, steps):
    """Without the start."""
    y, values = y0, []
    for i in range(steps):
        y = y + h * f(i * h, y)
        values.append(y)
    return np.array(values)


@wrong.of("round", "steps")
def euler(f, y0, h, steps):
    """One step too few."""
    values = [y0]
    for i in range(steps - 1):
        values.append(values[-1] + h * f(i * h, values[-1]))
    return np.array(values)


@wrong.of("last")
def euler(f, y0, h, steps):
    """Only the last value."""
    y = y0
    for i in range(steps):
        y += h * f(i * h, y)
    return y


@wrong.of("h")
def euler(f, y0, h, steps):
    """The number of the step for the time."""
    values = [y0]
    for i in range(steps):
        values.append(values[-1] + h * f(i, values[-1]))
    return np.array(values)


@wrong.of("h")
def euler(f, y0, h, steps):
    """Adds slopes without h."""
    values = [y0]
    for i in range(steps):
        values.append(values[-1] + f(i * h, values[-1]))
    return np.array(values)


@wrong.of("time", "0", "i", "zero")
def euler(f, y0, h, steps):
    """The time stands still."""
    values = [y0]
    for _ in range(steps):
        values.append(values[-1] + h * f(0, values[-1]))
    return np.array(values)


@wrong.of("1", "one", "i")
def euler(f, y0, h, steps):
    """The time is a step ahead."""
    values = [y0]
    for i in range(1, steps + 1):
        values.append(values[-1] + h * f(i * h, values[-1]))
    return np.array(values)


@wrong.of("t", "half", "h")
def midpoint_step(f, t, y, h):
    """The time stays."""
    half = y + h / 2 * f(t, y)
    return y + h * f(t, half)


@wrong.of("half", "2", "h")
def midpoint_step(f, t, y, h):
    """A whole step to the middle."""
    mid = y + h * f(t, y)
    return y + h * f(t + h / 2, mid)


@wrong.of("half", "2", "h")
def midpoint_step(f, t, y, h):
    """Half a step at the end."""
    half = y + h / 2 * f(t, y)
    return y + h / 2 * f(t + h / 2, half)


@wrong.of("y")
def midpoint_step(f, t, y, h):
    """Goes on from the middle."""
    half = y + h / 2 * f(t, y)
    return half + h * f(t + h / 2, half)


@wrong.of("y", "half", "stale", "middle")
def midpoint_step(f, t, y, h):
    """Does not use the middle's value."""
    return y + h * f(t + h / 2, y)


@wrong.of("6", "divi")
def rk4_step(f, t, y, h):
    """Forgets the six."""
    k1 = f(t, y)
    k2 = f(t + h / 2, y + h * k1 / 2)
    k3 = f(t + h / 2, y + h * k2 / 2)
    k4 = f(t + h, y + h * k3)
    return y + h * (k1 + 2 * k2 + 2 * k3 + k4)


@wrong.of("2", "twice", "doubled", "half")
def rk4_step(f, t, y, h):
    """Forgets the twos."""
    k1 = f(t, y)
    k2 = f(t + h / 2, y + h * k1 / 2)
    k3 = f(t + h / 2, y + h * k2 / 2)
    k4 = f(t + h, y + h * k3)
    return y + h / 6 * (k1 + k2 + k3 + k4)


@wrong.of("k1", "k2", "f(", "variable")
def rk4_step(f, t, y, h):
    """The third slope from the first."""
    k1 = f(t, y)
    k2 = f(t + h / 2, y + h * k1 / 2)
    k3 = f(t + h / 2, y + h * k1 / 2)
    k4 = f(t + h, y + h * k3)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


@wrong.of("half", "2", "h")
def rk4_step(f, t, y, h):
    """The last slope at half a step."""
    k1 = f(t, y)
    k2 = f(t + h / 2, y + h * k1 / 2)
    k3 = f(t + h / 2, y + h * k2 / 2)
    k4 = f(t + h, y + h / 2 * k3)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


@wrong.of("h")
def rk4_step(f, t, y, h):
    """Forgets h at the end."""
    k1 = f(t, y)
    k2 = f(t + h / 2, y + h * k1 / 2)
    k3 = f(t + h / 2, y + h * k2 / 2)
    k4 = f(t + h, y + h * k3)
    return y + (k1 + 2 * k2 + 2 * k3 + k4) / 6


@wrong.of("h")
def rk4_step(f, t, y, h):
    """Forgets h inside."""
    k1 = f(t, y)
    k2 = f(t + h / 2, y + k1 / 2)
    k3 = f(t + h / 2, y + k2 / 2)
    k4 = f(t + h, y + k3)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


@wrong.of("t")
def rk4_step(f, t, y, h):
    """The time stays."""
    k1 = f(t, y)
    k2 = f(t, y + h * k1 / 2)
    k3 = f(t, y + h * k2 / 2)
    k4 = f(t, y + h * k3)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


@wrong.of("2", "number", "factor")
def heat_step(u, r):
    """Forgets the two."""
    new = u.copy()
    for i in range(1, len(u) - 1):
        new[i] = u[i] + r * (u[i + 1] - u[i] + u[i - 1])
    return new


@wrong.of("old", "new", "place", "stale", "renewed")
def heat_step(u, r):
    """In place: the left neighbour is new already."""
    new = u.copy()
    for i in range(1, len(u) - 1):
        new[i] = new[i] + r * (new[i + 1] - 2 * new[i] + new[i - 1])
    return new


@wrong.of("end", "edge", "[1:-1]", "left out")
def heat_step(u, r):
    """Without the ends."""
    return u[1:-1] + r * (u[2:] - 2 * u[1:-1] + u[:-2])


@wrong.of("sign", "minus", "plus")
def heat_step(u, r):
    """A sign."""
    new = u.copy()
    new[1:-1] = u[1:-1] + r * (u[2:] + 2 * u[1:-1] + u[:-2])
    return new


@wrong.of("r")
def heat_step(u, r):
    """Forgets r."""
    new = u.copy()
    new[1:-1] = u[1:-1] + (u[2:] - 2 * u[1:-1] + u[:-2])
    return new


@wrong.of("sign", "minus", "subtract")
def heat_step(u, r):
    """Runs backwards in time."""
    new = u.copy()
    new[1:-1] -= r * (u[2:] - 2 * u[1:-1] + u[:-2])
    return new


@wrong.of("left out", "u[1:-1]", "old")
def heat_step(u, r):
    """Only the change."""
    new = u.copy()
    new[1:-1] = r * (u[2:] - 2 * u[1:-1] + u[:-2])
    return new


@wrong.of("0", "zero", "end")
def heat_step(u, r):
    """The ends become zero."""
    new = np.zeros(len(u))
    new[1:-1] = u[1:-1] + r * (u[2:] - 2 * u[1:-1] + u[:-2])
    return new


@wrong.of("u[:-2]", "u[2:]", "left out", "neighbour")
def heat_step(u, r):
    """Only the right neighbour."""
    new = u.copy()
    new[1:-1] = u[1:-1] + r * (u[2:] - u[1:-1])
    return new


@wrong.of("half", "2", "twice as large")
def energy(x, v, mass, stiffness):
    """No halves."""
    return mass * v**2 + stiffness * x**2


@wrong.of("sign", "minus", "subtract")
def energy(x, v, mass, stiffness):
    """The difference, as in a Lagrangian."""
    return 0.5 * mass * v**2 - 0.5 * stiffness * x**2


@wrong.of("exchang", "swap", "x for v", "v for x", "`x`", "mass")
def energy(x, v, mass, stiffness):
    """Position and speed exchanged."""
    return 0.5 * mass * x**2 + 0.5 * stiffness * v**2


@wrong.of("square", "power")
def energy(x, v, mass, stiffness):
    """The potential energy without a square."""
    return 0.5 * mass * v**2 + 0.5 * stiffness * x


@wrong.of("stiffness", "x", "left out")
def energy(x, v, mass, stiffness):
    """Only the kinetic energy."""
    return 0.5 * mass * v**2


@wrong.of("half", "2")
def energy(x, v, mass, stiffness):
    """One half only."""
    return 0.5 * mass * v**2 + stiffness * x**2


@wrong.of("mass")
def energy(x, v, mass, stiffness):
    """Forgets the mass."""
    return (v**2 + stiffness * x**2) / 2


@wrong.of("upside down", "exchang", "revers", "sign", "swap", "fine for coarse")
def order(coarse, fine):
    """The other way round."""
    return np.log(fine / coarse) / np.log(2)


@wrong.of("log")
def order(coarse, fine):
    """Forgets the second logarithm."""
    return np.log(coarse / fine) / 2


@wrong.of("log")
def order(coarse, fine):
    """Forgets the logarithms."""
    return coarse / fine / 2


@wrong.of("log(2)", "divi", "`log`", "2")
def order(coarse, fine):
    """Forgets to divide."""
    return np.log(coarse / fine)


@wrong.of("minus", "difference", "divi", "quotient", "subtract")
def order(coarse, fine):
    """The logarithm of the difference."""
    return np.log(coarse - fine) / np.log(2)


@wrong.of("h & sign", "h & minus", "h & subtract")
def euler_step(f, t, y, h):
    """Two slips: backwards, without h."""
    return y - f(t, y)


@wrong.of("half & stiffness", "half & square", "2 & square", "2 & power", "power & twice as large")
def energy(x, v, mass, stiffness):
    """Two slips: no halves, no square of the position."""
    return mass * v**2 + stiffness * x


@wrong.of("sign & 2", "minus & 2", "subtract & 2", "sign & factor")
def heat_step(u, r):
    """Two slips: backwards, without the two."""
    new = u.copy()
    new[1:-1] = u[1:-1] - r * (u[2:] - u[1:-1] + u[:-2])
    return new


@wrong.of("6 & h", "divi & h")
def rk4_step(f, t, y, h):
    """Two slips: no six, no h."""
    k1 = f(t, y)
    k2 = f(t + h / 2, y + h * k1 / 2)
    k3 = f(t + h / 2, y + h * k2 / 2)
    k4 = f(t + h, y + h * k3)
    return y + k1 + 2 * k2 + 2 * k3 + k4


@wrong.of("h & round", "h & steps")
def euler(f, y0, h, steps):
    """Two slips: no h, and one step too few."""
    values = [y0]
    for i in range(steps - 1):
        values.append(values[-1] + f(i * h, values[-1]))
    return np.array(values)


@right.of()
def euler(f, y0, h, steps):
    """With arrays."""
    y = np.empty(steps + 1)
    y[0] = y0
    t = 0.0
    for i in range(steps):
        y[i + 1] = y[i] + h * f(t, y[i])
        t += h
    return y


@right.of()
def heat_step(u, r):
    """With a convolution."""
    inner = np.convolve(u, [r, 1 - 2 * r, r], mode="valid")
    return np.concatenate([u[:1], inner, u[-1:]])


@right.of()
def order(coarse, fine):
    """By log2."""
    return np.log2(coarse) - np.log2(fine)


@right.of()
def rk4_step(f, t, y, h):
    """With the increments."""
    a = h * f(t, y)
    b = h * f(t + h / 2, y + a / 2)
    c = h * f(t + h / 2, y + b / 2)
    d = h * f(t + h, y + c)
    return y + a / 6 + b / 3 + c / 3 + d / 6


@wrong.of()
def rk4_step(f, t, y, h):
    """Noise."""
    return np.sin(1e3 * y + t) * h


@wrong.of()
def energy(x, v, mass, stiffness):
    """A constant."""
    return 9.81


@wrong.of()
def euler(f, y0, h, steps):
    """Nothing moves."""
    return np.full(steps + 1, y0)


@wrong.of()
def heat_step(u, r):
    """Noise."""
    return np.cos(77 * u) * r


@wrong.of()
def order(coarse, fine):
    """Another quantity."""
    return np.sqrt(coarse**3 + 0.1) - np.exp(fine)


@wrong.of()
def midpoint_step(f, t, y, h):
    """A stub."""
    return 0.0
