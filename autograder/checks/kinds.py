"""Answers that are no numbers: one row for each kind of value that a reference may give.

The words say in which way an answer differs. They never hold an expected value, an input, or
anything that an answer's author could have chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.sandbox.inside.wire import Unsendable

RETURNS_NONE = "It returns None. Is the `return` missing?"
Inner = Callable[[Any, Any], str]
"""Compares a part of an answer with what it should be: what differs, or an empty text."""


@dataclass(frozen=True)
class Kind:
    """One kind of value: how a reference's is known, and how an answer is compared with it."""

    name: str
    """What it is called, with its article."""
    types: tuple[type, ...]
    """Of the reference's value."""
    differs: Callable[[Any, Any, Inner], str]
    """What differs between an answer of the kind and the expected one; empty where nothing does."""
    answers: tuple[type, ...] = ()
    """Other types of answers that may be right."""

    def difference(self, answer: Any, expected: Any, inner: Inner) -> str:
        """What is wrong with an answer of whatever kind; empty where it is right."""
        if isinstance(answer, self.types + self.answers):
            return self.differs(answer, expected, inner)
        if answer is None:
            return RETURNS_NONE
        return f"It returns {name_of(answer)}, not {self.name}."


def kind_of(expected: Any) -> Kind | None:
    """The kind of a reference's value; None where it is numbers, or a tuple of values."""
    if isinstance(expected, list):
        return None if _is_numeric(expected) else _LIST
    if isinstance(expected, np.ndarray):
        return {"U": _TEXTS, "S": _TEXTS, "c": _COMPLEX}.get(expected.dtype.kind)
    return next((kind for kind in KINDS if isinstance(expected, kind.types)), None)


def name_of(answer: Any) -> str:
    """What an answer is, in words."""
    if isinstance(answer, Unsendable):
        return answer.words
    if isinstance(answer, np.random.Generator):
        return "a random generator"
    return next((words for types, words in _NAMES if isinstance(answer, types)), "an object")


_NAMES: tuple[tuple[tuple[type, ...], str], ...] = (
    ((bool, np.bool_), "True or False"),
    ((str,), "text"),
    ((int, float, np.number), "a number"),
    ((complex,), "a complex number"),
    ((bytes,), "bytes"),
    ((list,), "a list"),
    ((tuple,), "a tuple"),
    ((dict,), "a dict"),
    ((set, frozenset), "a set"),
    ((np.ndarray,), "an array"),
)


def _is_numeric(values: list[Any]) -> bool:
    try:
        return np.asarray(values).dtype.kind in "biuf"
    except ValueError:  # parts of different shapes
        return False


def _nothing(answer: Any, expected: Any, inner: Inner) -> str:
    return ""


def _truth(answer: Any, expected: Any, inner: Inner) -> str:
    if np.ndim(answer) or answer not in (0, 1):
        return f"It returns {name_of(answer)}, not True or False."
    same = bool(answer) == bool(expected)
    return "" if same else "It answers True where False is right, or the other way round."


def _text(answer: Any, expected: Any, inner: Inner) -> str:
    if answer == expected:
        return ""
    if answer.casefold() == expected.casefold():
        return "The text is right but for upper and lower case."
    if "".join(answer.split()) == "".join(expected.split()):
        return "The text is right but for spaces or the ends of lines."
    return "It is text, as asked for, and not the right one."


def _bytes(answer: Any, expected: Any, inner: Inner) -> str:
    return "" if answer == expected else "The bytes are not the right ones."


def _texts(answer: Any, expected: Any, inner: Inner) -> str:
    try:
        found = np.asarray(answer)
    except ValueError:
        return "It returns a list whose parts have different shapes."
    if found.dtype.kind != expected.dtype.kind:
        return "It returns something that is not an array of texts."
    if found.shape != expected.shape:
        return "The array of texts has the wrong shape."
    return "" if np.all(found == expected) else "Some of the texts are not the right ones."


def _complex(answer: Any, expected: Any, inner: Inner) -> str:
    try:
        found: NDArray[np.complex128] = np.asarray(answer, dtype=np.complex128)
    except (TypeError, ValueError, OverflowError):
        return "It returns something that is not complex numbers."
    if found.shape != np.shape(expected):
        return "The result has the wrong shape."
    if np.allclose(found, expected, rtol=1e-6, atol=1e-9, equal_nan=True):
        return ""
    if np.allclose(found, np.conj(expected), rtol=1e-6, atol=1e-9):
        return "The imaginary part has the wrong sign."
    return "The complex numbers are not the right ones."


def _list(answer: Any, expected: Any, inner: Inner) -> str:
    if isinstance(answer, np.ndarray) and not answer.ndim:
        return "It returns one value, not a list."
    if len(answer) != len(expected):
        return f"It returns {_size(len(answer), len(expected))} values than asked for."
    differences = (inner(*pair) for pair in zip(answer, expected, strict=True))
    first = next(filter(None, differences), "")
    return f"One of the values in the list: {first}" if first else ""


def _size(found: int, wanted: int) -> str:
    # The student chooses how many, so the number could carry a hidden input out.
    return "more" if found > wanted else "fewer"


def _dict(answer: Any, expected: Any, inner: Inner) -> str:
    if expected.keys() - answer.keys():
        return "A key is missing from the dict."
    if answer.keys() - expected.keys():
        return "The dict has a key that is not asked for."
    first = next(filter(None, (inner(answer[key], expected[key]) for key in expected)), "")
    return f"One of the values in the dict: {first}" if first else ""


def _set(answer: Any, expected: Any, inner: Inner) -> str:
    if expected - answer:
        return "An element is missing from the set."
    return "The set has an element that is not asked for." if answer - expected else ""


_ANY_SEQUENCE = (list, tuple, np.ndarray)
_NUMBER = (int, float, np.number)
_LIST = Kind("a list", _ANY_SEQUENCE, _list)
_TEXTS = Kind("an array of texts", _ANY_SEQUENCE, _texts)
_COMPLEX = Kind("complex numbers", (complex,), _complex, (*_NUMBER, *_ANY_SEQUENCE))
KINDS = (
    Kind("None", (type(None),), _nothing),
    Kind("True or False", (bool, np.bool_), _truth, (*_NUMBER, np.ndarray)),
    _COMPLEX,
    Kind("text", (str,), _text),
    Kind("bytes", (bytes,), _bytes),
    Kind("a dict", (dict,), _dict),
    Kind("a set", (set, frozenset), _set),
)
"""Kinds that a value's type alone tells."""
