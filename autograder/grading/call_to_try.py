"""A call to try, with small round numbers, on which a wrong function shows that it is wrong.

The numbers are made here: they have the kinds and shapes of a check's arguments, and none of its
values. So a student may read the call and the right answer to it.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autograder.checks.compare import NotNumbers, as_numbers
from autograder.remote.time_limit import TookTooLong

TRIES = 5
"""How many sets of numbers are tried."""
MOST_NUMBERS = 16
"""Most numbers that all arguments of a call to try may have together, or its answer."""
_ERROR = "an error"
DIGITS = 4
"""Significant digits of the answer that a student reads; a wrong answer must differ in them."""


def call_to_try(
    name: str,
    right: Callable[..., Any],
    wrong: Callable[..., Any],
    calls: Iterable[Sequence[Any]],
) -> str:
    """A sentence with a call and its right answer; empty where there is no short one.

    Args:
        name: of the function.
        right: the reference's function.
        wrong: one that gives the student's answers.
        calls: arguments of recorded calls, of which only kinds and shapes are taken.
    """
    small = sorted(filter(_is_small, calls), key=_size)
    for number in range(TRIES if small else 0):
        rng = np.random.default_rng([zlib.crc32(name.encode()), number])
        args = [_alike(one, rng) for one in small[-1 if number % 2 else 0]]
        answer, other = _answer(right, args), _answer(wrong, args)
        if answer not in ("", _ERROR) and answer != other:
            given = ", ".join(map(_spelt, args))
            return f"Try `{name}({given})`: it should give `{answer}`."
    return ""


def _is_small(args: Sequence[Any]) -> bool:
    return bool(args) and all(map(_may_stand, args)) and _size(args) <= MOST_NUMBERS


def _may_stand(argument: Any) -> bool:
    """Whether an argument is a number or a small array of numbers."""
    if isinstance(argument, bool | np.bool_):
        return False
    if isinstance(argument, int | float | np.integer | np.floating):
        return True
    numbers = isinstance(argument, np.ndarray) and argument.dtype.kind in "fiu"
    return numbers and argument.size > 0 and argument.ndim <= 2


def _size(args: Sequence[Any]) -> int:
    return sum(np.size(one) for one in args)


def _alike(argument: Any, rng: np.random.Generator) -> Any:
    """Other numbers of the same kind, shape and range, with one digit behind the point."""
    values = np.asarray(argument)
    if values.dtype.kind in "iu":
        is_mask = values.size > 1 and np.isin(values, (0, 1)).all()
        least, most = (0, 2) if is_mask else (1, 4)
        whole = rng.integers(least, most, values.shape)
        return whole if values.ndim else int(whole)
    if values.size > 1 and np.isin(values, (0.0, 1.0)).all():
        found = rng.integers(0, 2, values.shape).astype(float)
    else:
        least = 1 if (values > 0).all() else -20
        most = 10 if (np.abs(values) < 1).all() else 20
        found = rng.integers(least, most, values.shape) / 10
        found = np.where(found == 0, 0.5, found)
    return found if values.ndim else float(found)


def _spelt(argument: Any) -> str:
    """An argument as a student writes it; arrays as NumPy's, so that they can be pasted."""
    if not isinstance(argument, np.ndarray):
        return repr(argument)
    return f"np.array({argument.tolist()})"


def _answer(function: Callable[..., Any], args: Sequence[Any]) -> str:
    """The answer in few digits; empty if there is none, or no short one."""
    own = tuple(one.copy() if isinstance(one, np.ndarray) else one for one in args)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            value = function(*own)
        parts = value if isinstance(value, tuple) else (value,)
        told = [_told(as_numbers(part)) for part in parts]
    except NotNumbers:
        return ""
    except (TookTooLong, MemoryError):
        raise
    except Exception:
        return _ERROR
    if not all(told):
        return ""
    return f"({', '.join(told)})" if isinstance(value, tuple) else told[0]


def _told(numbers: np.ndarray[Any, Any]) -> str:
    if numbers.size > MOST_NUMBERS or not np.isfinite(numbers).all():
        return ""
    rounded = np.vectorize(lambda one: float(f"{one:.{DIGITS}g}"), otypes=[float])(numbers)
    return str((rounded + 0.0).tolist())
