"""Compare an answer with the reference: shape first, then finiteness, then value, then relation.

`kinds` knows what is not a number. This module knows arrays and words, and nothing of students or
suites. The words never contain an expected value, an input, or anything that an answer's author
could have chosen.
"""

from __future__ import annotations

import numbers
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.checks.kinds import RETURNS_NONE, as_plain, crosses, kind_of, name_of
from autograder.checks.relation import ATOL, ATOL_SHORT, RTOL, RTOL_SHORT, relation
from autograder.sandbox.inside.codecs import OWN, Record
from autograder.sandbox.inside.wire import Unsendable, seen

MOST_DIMENSIONS = 4
"""Most dimensions that messages tell apart."""


_NO_NUMBERS = "It returns something that is not an array of numbers."
_NOT_COMPARED = (
    "the reference gives a value of type {}, which{}cannot be compared; compare what it holds, by "
    "assert_close or require"
)
_TOO_LARGE = "It returns numbers that are too large."


class NotNumbers(Exception):
    """The answer is not an array of real numbers; the text says what it is, for the student."""


@dataclass(frozen=True)
class Comparison:
    """Whether an answer agrees, and if not, in which way."""

    agrees: bool
    message: str = ""


def as_numbers(answer: Any) -> NDArray[np.float64]:
    """The answer as a float64 array.

    Raises:
        NotNumbers: the answer is something else; the text says what, and what is probably wrong.
    """
    answer = as_plain(seen(answer))
    if answer is None:
        raise NotNumbers(RETURNS_NONE)
    if isinstance(answer, Unsendable | OWN | dict | set | frozenset | np.random.Generator):
        raise NotNumbers(f"It returns {name_of(answer)}, not numbers.")
    return _float_array(answer)


def _float_array(answer: Any) -> NDArray[np.float64]:
    if _is_written(answer):
        # NumPy would give each entry as much memory as the longest text needs.
        return _written_numbers(answer, "It returns text, not numbers.")
    try:
        array = np.asarray(answer)
    except (MemoryError, OverflowError):
        raise NotNumbers(_TOO_LARGE) from None
    except ValueError:
        raise NotNumbers("It returns a list whose parts have different shapes.") from None
    if array.dtype == object:
        array = _written_numbers(answer, _NO_NUMBERS)
    if array.dtype.kind == "c":
        if not _is_real(array):
            raise NotNumbers("It returns complex numbers; real ones are asked for.")
        array = array.real
    if array.dtype.kind not in "biuf":
        raise NotNumbers(_NO_NUMBERS)
    return array.astype(np.float64)


def _is_written(answer: Any) -> bool:
    """Whether some of the numbers are text.

    Raises:
        NotNumbers: a list holds something that is not a number.
    """
    if isinstance(answer, list | tuple):
        return sum(map(_is_written_part, answer)) > 0
    return isinstance(answer, str | bytes) or getattr(answer, "dtype", np.dtype("f8")).kind in "US"


def _is_written_part(part: Any) -> bool:
    part = as_plain(part)
    if isinstance(part, numbers.Number | np.bool_):
        return False
    if part is None:
        raise NotNumbers("There is a None in the list that it returns. Is a `return` missing?")
    is_array = isinstance(part, np.ndarray) and part.dtype.kind in "biufcUS"
    if not is_array and not isinstance(part, list | tuple | str | bytes):
        raise NotNumbers(_NO_NUMBERS)
    return _is_written(part)


def _written_numbers(answer: Any, otherwise: str) -> NDArray[np.float64]:
    """The answer as floats, where numbers are text, or too large for NumPy's integers."""
    try:
        return np.asarray(answer, dtype=np.float64)
    except (MemoryError, OverflowError):
        raise NotNumbers(_TOO_LARGE) from None
    except (TypeError, ValueError):
        raise NotNumbers(otherwise) from None


def _is_real(array: NDArray[Any]) -> bool:
    """Whether the imaginary parts are no larger than rounding errors."""
    return bool((np.abs(array.imag) <= ATOL + RTOL * np.abs(array.real)).all())


def compare(answer: Any, expected: Any) -> Comparison:
    """Compare what a student's function returned with what the reference returned.

    Args:
        answer: any value that crossed the border.
        expected: a number, an array, text, or another of the `kinds`; tuples, lists and dicts
            are compared part by part.

    Raises:
        TypeError: the expected value is none of these.
    """
    answer = seen(answer)
    if isinstance(expected, tuple):
        return _compare_parts(answer, expected)
    kind = kind_of(expected)
    if kind is not None:
        difference = kind.difference(answer, expected, lambda *pair: compare(*pair).message)
        return Comparison(not difference, difference)
    wanted = _wanted_numbers(expected)
    try:
        found = as_numbers(answer)
    except NotNumbers as problem:
        return Comparison(False, str(problem))
    return _compare_arrays(found, wanted, *_tolerance(answer))


SECANT_NOISE = 1e-13, 1e-8
"""How far central secants of the usual widths are off, as a share of the largest number."""
MOST_DECIMALS = 13
"""An answer that is rounded to so many places or fewer owes its error to that."""


def looks_measured(answer: Any, expected: Any) -> bool:
    """Whether an answer that agrees is off by as much as a slope measured with secants is.

    Rounding errors of a formula are thousands of times smaller; those of single precision are
    larger, and an answer of that precision, or one that is rounded to some decimals, is not
    measured. A central secant of width s is off by about s² and by about 1e-16 / s.

    Args:
        answer: what the student's function returned, which agrees with `expected`.
        expected: the reference's value; tuples are looked at part by part.
    """
    answer = as_plain(seen(answer))
    if isinstance(expected, tuple):
        parts = list(answer) if isinstance(answer, list | tuple | np.ndarray) else []
        return any(map(looks_measured, parts, expected))
    if isinstance(answer, np.ndarray | np.generic) and answer.dtype.itemsize < 8:
        return False
    found, wanted = as_numbers(answer), _wanted_numbers(expected)
    largest = float(np.abs(wanted).max(initial=0.0))
    error = float(np.abs(found - wanted).max(initial=0.0))
    least, most = (share * largest for share in SECANT_NOISE)
    return least < error < most and not np.array_equal(found, found.round(MOST_DECIMALS))


def _wanted_numbers(expected: Any) -> NDArray[np.float64]:
    """The reference's value as an array.

    Raises:
        TypeError: it is no value that can be compared; that is a fault of the suite.
    """
    try:
        return np.asarray(expected, dtype=np.float64)
    except (TypeError, ValueError):
        kind = type(expected).__name__
        raise TypeError(_NOT_COMPARED.format(kind, " ")) from None


def require_comparable(expected: Any) -> None:
    """Make sure that answers can be compared with a reference's value.

    Raises:
        TypeError: they cannot; the text says what to do in the suite.
    """
    kind = kind_of(expected)
    if kind is not None and not crosses(expected):
        raise TypeError(_NOT_COMPARED.format(type(expected).__name__, ", in part, "))
    if isinstance(expected, Record):
        expected = vars(expected)
    parts = expected.values() if isinstance(expected, dict) else expected
    listed = isinstance(expected, list) and kind is not None
    if listed or isinstance(expected, dict | tuple | deque):
        for part in parts:
            require_comparable(part)
    elif kind is None:
        _wanted_numbers(expected)


def _tolerance(answer: Any) -> tuple[float, float]:
    exact = isinstance(answer, np.ndarray | np.generic) and answer.dtype.itemsize >= 8
    return (RTOL, ATOL) if exact or isinstance(answer, float) else (RTOL_SHORT, ATOL_SHORT)


def _compare_parts(answer: Any, expected: tuple[Any, ...]) -> Comparison:
    wanted = len(expected)
    answer = as_plain(answer)
    names = [getattr(one, "_fields", None) for one in (answer, expected)]
    if None not in names and names[0] != names[1]:
        return Comparison(False, "The fields of the tuple have other names than are asked for.")
    parts = list(answer) if isinstance(answer, list | tuple) else None
    if isinstance(answer, np.ndarray) and answer.ndim and len(answer) == wanted:
        parts = list(answer)
    if isinstance(answer, Unsendable) and answer.parts:
        parts = list(answer.parts)
    if answer is None:
        return Comparison(False, RETURNS_NONE)
    if parts is None:
        return Comparison(False, f"It should return {wanted} values, as a tuple.")
    if len(parts) != wanted:
        # The student chooses how many, so the number could carry a hidden input out.
        size = "more" if len(parts) > wanted else "fewer"
        return Comparison(False, f"It returns {size} values than the {wanted} asked for.")
    for number, (part, whole) in enumerate(zip(parts, expected, strict=True), start=1):
        comparison = compare(part, whole)
        if not comparison.agrees:
            where = f"Value {number} of {wanted}: {comparison.message}"
            return Comparison(False, where)
    return Comparison(True)


def _compare_arrays(
    found: NDArray[np.float64], wanted: NDArray[np.float64], rtol: float, atol: float
) -> Comparison:
    if found.shape != wanted.shape:
        return Comparison(False, shape_words(found.shape, wanted.shape))
    if not np.isfinite(found).all() and np.isfinite(wanted).all():
        what = "NaN (not a number)" if np.any(np.isnan(found)) else "infinity"
        return Comparison(False, f"The result contains {what}.")
    if _close(found, wanted, rtol, atol):
        return Comparison(True)
    return Comparison(False, relation(found, wanted))


def _close(
    found: NDArray[np.float64], wanted: NDArray[np.float64], rtol: float, atol: float
) -> bool:
    """The result of `numpy.allclose`, several times as fast in the usual case: all finite."""
    with np.errstate(all="ignore"):
        if (np.abs(found - wanted) <= atol + rtol * np.abs(wanted)).all():
            return bool(np.isfinite(found).all())
    return bool(np.allclose(found, wanted, rtol=rtol, atol=atol))


def shape_words(found: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """What is wrong with a shape, in words that do not reveal the sizes of hidden inputs."""
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
    if len(wanted) > MOST_DIMENSIONS:
        return "The shape differs: some axes of the result have the wrong length."
    sides = [axis for axis, (a, b) in enumerate(zip(found, wanted, strict=True)) if a != b]
    axes = " and ".join(f"axis {axis}" for axis in sides)
    return f"The shape differs: {axes} of the result has the wrong length."


def _dimensions(shape: tuple[int, ...]) -> str:
    if not shape:
        return "one number"
    if len(shape) > MOST_DIMENSIONS:
        return "an array with too many dimensions"
    return "a 1-D array" if len(shape) == 1 else f"an array with {len(shape)} dimensions"
