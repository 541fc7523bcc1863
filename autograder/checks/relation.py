"""How numbers of the right shape differ from the expected ones, if in a simple way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RTOL, ATOL = 1e-6, 1e-9
"""Tolerances for float64."""
RTOL_SHORT, ATOL_SHORT = 1e-5, 1e-7
"""Tolerances for float32, and for lists and tuples, whose precision is unknown."""


def relation(found: NDArray[np.float64], wanted: NDArray[np.float64]) -> str:
    """How the numbers differ, in words that hold none of them."""
    words = _relation(found, wanted)
    return words if found.ndim else _OF_ONE[words]


_OF_ONE = {
    "The numbers are nearly right: too imprecise, or rounded.": (
        "The number is nearly right: too imprecise, or rounded."
    ),
    "Every number has the wrong sign.": "The number has the wrong sign.",
    "Every number is zero.": "The number is zero.",
    "The shape is right, the numbers are not.": (
        "It is one number, as asked for, and not the right one."
    ),
}
"""By the message about many numbers, the message about a single one."""


def _relation(found: NDArray[np.float64], wanted: NDArray[np.float64]) -> str:
    """How numbers of the right shape differ from the expected ones, if in a simple way."""
    if np.allclose(found, wanted, rtol=1e-3, atol=1e-6):
        return "The numbers are nearly right: too imprecise, or rounded."
    if np.allclose(found, -wanted, rtol=RTOL, atol=ATOL):
        return "Every number has the wrong sign."
    square = found.ndim == 2 and found.shape[0] == found.shape[1] > 1
    if square and np.allclose(found.T, wanted, rtol=RTOL, atol=ATOL):
        return "The matrix is transposed."
    return _factor(found, wanted)


def _factor(found: NDArray[np.float64], wanted: NDArray[np.float64]) -> str:
    clear = np.abs(wanted) > 1e-9
    if found.size > 1 and np.any(clear) and np.allclose(found[~clear], 0, atol=1e-9):
        ratios = found[clear] / wanted[clear]
        if np.allclose(ratios, ratios[0], rtol=1e-5) and abs(ratios[0]) > 1e-9:
            return _factor_words(float(ratios[0]))
    if not np.any(found) and np.any(wanted):
        return "Every number is zero."
    if found.size > 1:
        right = int(np.sum(np.isclose(found, wanted, rtol=RTOL, atol=ATOL)))
        if right:
            return "Some of the numbers are right, others are not."
    return "The shape is right, the numbers are not."


def _factor_words(ratio: float) -> str:
    for value, words in (
        (2.0, "twice"),
        (0.5, "half"),
        (-2.0, "minus twice"),
        (-0.5, "minus half"),
    ):
        if np.isclose(ratio, value, rtol=1e-6):
            return f"Every number is {words} what it should be."
    size = "too large" if abs(ratio) > 1 else "too small"
    sign = " and has the wrong sign" if ratio < 0 else ""
    return (
        f"Every number is {size} by the same factor{sign}: "
        "is something multiplied, divided or averaged once too often, or not at all?"
    )
