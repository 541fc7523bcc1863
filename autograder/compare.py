"""Compare an answer with the reference: shape first, then finiteness, then value, then relation.

Knows arrays and words, nothing of students or suites. The words never contain an expected value,
an input, or anything that an answer's author could have chosen.
"""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.wire import Unsendable

RTOL, ATOL = 1e-6, 1e-9
"""Tolerances for float64."""
RTOL_SHORT, ATOL_SHORT = 1e-5, 1e-7
"""Tolerances for float32, and for lists and tuples, whose precision cannot be told."""


class NotNumbers(Exception):
    """The answer is not an array of real numbers; the text says what it is, for the student."""


@dataclass(frozen=True)
class Comparison:
    """Whether an answer agrees, and if not, in which way."""

    agrees: bool
    kind: str = "agrees"
    """agrees, type, parts, shape, finite, sign, factor, transposed, precision or value."""
    message: str = ""


def as_numbers(answer: Any) -> NDArray[np.float64]:
    """The answer as a float64 array.

    Raises:
        NotNumbers: the answer is something else; the text tells what, and what is probably wrong.
    """
    if answer is None:
        raise NotNumbers("It returns None. Is the `return` missing?")
    if isinstance(answer, Unsendable):
        raise NotNumbers(f"It returns {answer.words}, not numbers.")
    if isinstance(answer, str | bytes):
        raise NotNumbers("It returns text, not numbers.")
    if isinstance(answer, dict | set):
        raise NotNumbers(f"It returns a {type(answer).__name__}, not numbers.")
    if isinstance(answer, np.random.Generator):
        raise NotNumbers("It returns a random generator, not numbers.")
    return _float_array(answer)


def _float_array(answer: Any) -> NDArray[np.float64]:
    if isinstance(answer, list | tuple):
        _require_numbers(answer)
    try:
        array = np.asarray(answer)
    except (MemoryError, OverflowError):
        raise NotNumbers("It returns an answer that is too large.") from None
    except ValueError:
        raise NotNumbers("It returns a list whose parts have different shapes.") from None
    if array.dtype == object:
        array = _from_objects(answer)
    if array.dtype.kind == "c":
        raise NotNumbers("It returns complex numbers; real ones are asked for.")
    if array.dtype.kind not in "biuf":
        raise NotNumbers("It returns something that is not an array of numbers.")
    return array.astype(np.float64)


def _require_numbers(parts: Sequence[Any]) -> None:
    """Refuse text and other things in a list before NumPy makes one array of everything."""
    for part in parts:
        if isinstance(part, list | tuple):
            _require_numbers(part)
        elif not isinstance(part, numbers.Number | np.bool_) and not (
            isinstance(part, np.ndarray) and part.dtype.kind in "biufc"
        ):
            raise NotNumbers("It returns something that is not an array of numbers.")


def _from_objects(answer: Any) -> NDArray[Any]:
    """Whole numbers too large for NumPy's integers, as floats; anything else is no number."""
    try:
        return np.array(answer, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise NotNumbers("It returns something that is not an array of numbers.") from None


def compare(answer: Any, expected: Any) -> Comparison:
    """Compare what a student's function returned with what the reference returned.

    Args:
        answer: any value that crossed the border.
        expected: a number, an array, or a tuple of them; a tuple is compared part by part.
    """
    if isinstance(expected, tuple):
        return _compare_parts(answer, expected)
    try:
        found = as_numbers(answer)
    except NotNumbers as problem:
        return Comparison(False, "type", str(problem))
    return _compare_arrays(found, np.asarray(expected, dtype=np.float64), *_tolerance(answer))


def _tolerance(answer: Any) -> tuple[float, float]:
    exact = isinstance(answer, np.ndarray | np.generic) and answer.dtype.itemsize >= 8
    return (RTOL, ATOL) if exact or isinstance(answer, float) else (RTOL_SHORT, ATOL_SHORT)


def _compare_parts(answer: Any, expected: tuple[Any, ...]) -> Comparison:
    wanted = len(expected)
    parts = list(answer) if isinstance(answer, list | tuple) else None
    if isinstance(answer, np.ndarray) and answer.ndim and len(answer) == wanted:
        parts = list(answer)
    if parts is None:
        return Comparison(False, "parts", f"It should return {wanted} values, as a tuple.")
    if len(parts) != wanted:
        return Comparison(
            False, "parts", f"It returns {len(parts)} values; {wanted} are asked for."
        )
    for number, (part, whole) in enumerate(zip(parts, expected, strict=True), start=1):
        comparison = compare(part, whole)
        if not comparison.agrees:
            where = f"Value {number} of {wanted}: {comparison.message}"
            return Comparison(False, comparison.kind, where)
    return Comparison(True)


def _compare_arrays(
    found: NDArray[np.float64], wanted: NDArray[np.float64], rtol: float, atol: float
) -> Comparison:
    if found.shape != wanted.shape:
        return Comparison(False, "shape", shape_words(found.shape, wanted.shape))
    if not np.isfinite(found).all() and np.isfinite(wanted).all():
        what = "NaN (not a number)" if np.any(np.isnan(found)) else "infinity"
        return Comparison(False, "finite", f"The result contains {what}.")
    if _close(found, wanted, rtol, atol):
        return Comparison(True)
    return _relation(found, wanted)


def _close(
    found: NDArray[np.float64], wanted: NDArray[np.float64], rtol: float, atol: float
) -> bool:
    """What `numpy.allclose` says, several times as fast where all is finite, as it mostly is."""
    with np.errstate(all="ignore"):
        if (np.abs(found - wanted) <= atol + rtol * np.abs(wanted)).all():
            return bool(np.isfinite(found).all())
    return bool(np.allclose(found, wanted, rtol=rtol, atol=atol))


def shape_words(found: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """What is wrong with a shape, told in kinds rather than in the sizes of hidden inputs."""
    if found == ():
        return f"It returns one number where {_dimensions(wanted)} is asked for."
    if wanted == ():
        return f"It returns {_dimensions(found)} where one number is asked for."
    if len(found) == len(wanted) == 2 and found == wanted[::-1]:
        return "The matrix is transposed: its rows and columns are swapped."
    if len(wanted) == 1 and found in ((*wanted, 1), (1, *wanted)):
        kind = "column" if found[1] == 1 else "row"
        return f"It returns a {kind} (2 dimensions) where a 1-D array is asked for."
    if len(found) != len(wanted):
        return f"It returns {_dimensions(found)} where {_dimensions(wanted)} is asked for."
    sides = [axis for axis, (a, b) in enumerate(zip(found, wanted, strict=True)) if a != b]
    axes = " and ".join(f"axis {axis}" for axis in sides)
    return f"The shape differs: {axes} of the result has the wrong length."


def _dimensions(shape: tuple[int, ...]) -> str:
    if not shape:
        return "one number"
    return "a 1-D array" if len(shape) == 1 else f"an array with {len(shape)} dimensions"


def _relation(found: NDArray[np.float64], wanted: NDArray[np.float64]) -> Comparison:
    """Shapes agree, numbers do not: say which simple relation they stand in, if any."""
    if np.allclose(found, wanted, rtol=1e-3, atol=1e-6):
        return Comparison(
            False, "precision", "The numbers are nearly right: too imprecise, or rounded."
        )
    if np.allclose(found, -wanted, rtol=RTOL, atol=ATOL):
        return Comparison(False, "sign", "Every number has the wrong sign.")
    square = found.ndim == 2 and found.shape[0] == found.shape[1] > 1
    if square and np.allclose(found.T, wanted, rtol=RTOL, atol=ATOL):
        return Comparison(False, "transposed", "The matrix is transposed.")
    return _factor(found, wanted)


def _factor(found: NDArray[np.float64], wanted: NDArray[np.float64]) -> Comparison:
    clear = np.abs(wanted) > 1e-9
    if found.size > 1 and np.any(clear) and np.allclose(found[~clear], 0, atol=1e-9):
        ratios = found[clear] / wanted[clear]
        if np.allclose(ratios, ratios[0], rtol=1e-5) and abs(ratios[0]) > 1e-9:
            return Comparison(False, "factor", _factor_words(float(ratios[0])))
    if not np.any(found) and np.any(wanted):
        return Comparison(False, "value", "Every number is zero.")
    if found.size > 1:
        right = int(np.sum(np.isclose(found, wanted, rtol=RTOL, atol=ATOL)))
        if right:
            return Comparison(False, "value", "Some of the numbers are right, others are not.")
    return Comparison(False, "value", "The shape is right, the numbers are not.")


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
