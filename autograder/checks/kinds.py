"""Answers that are no numbers: one row for each kind of value that a reference may give.

The words say in which way an answer differs. They never hold an expected value, an input, or
anything that an answer's author could have chosen.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import fractions
import math
import pathlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.checks.figures import figures_differ
from autograder.checks.tables import (
    is_frame,
    is_series,
    is_sparse,
    series_differ,
    sparse_differ,
    tables_differ,
)
from autograder.sandbox.inside.codecs import OWN, Member, Record
from autograder.sandbox.inside.figures import Figure, is_figure
from autograder.sandbox.inside.wire import Unsendable, decode, encode

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
    knows: Callable[[Any], bool] | None = None
    """Whether a value is of the kind, where types do not tell."""

    def has(self, value: Any) -> bool:
        """Whether a value is of the kind."""
        return isinstance(value, self.types) if self.knows is None else self.knows(value)

    def difference(self, answer: Any, expected: Any, inner: Inner) -> str:
        """What is wrong with an answer of whatever kind; empty where it is right."""
        answer = answer if self.has(answer) else as_plain(answer)
        if self.has(answer) or isinstance(answer, self.answers):
            return self.differs(answer, expected, inner)
        if answer is None:
            return RETURNS_NONE
        return f"It returns {name_of(answer)}, not {self.name}."


def kind_of(expected: Any) -> Kind | None:
    """The kind of a reference's value; None where it is numbers, or a tuple of values."""
    if isinstance(expected, list):
        return None if _is_numeric(expected) else _LIST
    if isinstance(expected, np.ma.MaskedArray):
        return _MASKED
    if isinstance(expected, np.ndarray | np.void | np.datetime64 | np.timedelta64):
        return _OF_DTYPES.get(expected.dtype.kind)
    return next((kind for kind in KINDS if kind.has(expected)), None)


def name_of(answer: Any) -> str:
    """What an answer is, in words."""
    if isinstance(answer, Unsendable):
        return answer.words
    of_packages = (kind for kind in KINDS if kind.knows is not None and kind.has(answer))
    found = next(of_packages, None)
    if found is not None:
        return found.name
    return next((words for types, words in _NAMES if isinstance(answer, types)), "an object")


def as_crossed(expected: Any) -> Any:
    """A reference's value as it would come from a submission: a dataclass by its fields, say."""
    return _crossed(expected) if _holds_own(expected) else expected


def crosses(expected: Any) -> bool:
    """Whether a value of one of the kinds would still be of that kind if a submission gave it."""
    return kind_of(_crossed(expected)) is kind_of(expected)


def _crossed(value: Any) -> Any:
    return decode(encode(value, frame_bytes=MOST, elements=MOST)[4:], elements=MOST)


MOST = 1 << 28
"""Most bytes, and elements, of a reference's value."""


def _holds_own(value: Any) -> bool:
    """Whether there is a dataclass, or a member of an enumeration, in a value."""
    if isinstance(value, list | tuple | set | frozenset | deque):
        return any(map(_holds_own, value))
    if isinstance(value, dict):
        return any(map(_holds_own, value)) or any(map(_holds_own, value.values()))
    if isinstance(value, int | float | str | type | OWN):
        return False
    return isinstance(value, enum.Enum) or dataclasses.is_dataclass(value) or is_figure(value)


def as_plain(answer: Any) -> Any:
    """An answer of a kind that nobody asked for, as the list or the array that it stands on."""
    if isinstance(answer, deque):
        return list(answer)
    if is_frame(answer) or is_series(answer):
        return np.asarray(answer)
    if is_sparse(answer):
        return answer.toarray() if math.prod(answer.shape) <= MOST_DENSE else answer
    if isinstance(answer, np.ma.MaskedArray):
        return np.asarray(answer)
    if isinstance(answer, np.ndarray) and answer.dtype.names and len(answer.dtype.names) == 1:
        return answer[answer.dtype.names[0]]
    return answer


MOST_DENSE = 1 << 20
"""Most entries of a sparse matrix that is read as an array."""
_NAMES: tuple[tuple[tuple[type, ...], str], ...] = (
    ((np.random.Generator,), "a random generator"),
    ((datetime.datetime,), "a date with a time"),
    ((datetime.date,), "a date"),
    ((datetime.time,), "a time"),
    ((datetime.timedelta,), "a duration"),
    ((pathlib.PurePath,), "a path"),
    ((Member,), "a member of an enumeration"),
    ((Record,), "an object with fields"),
    ((Figure,), "a figure"),
    ((fractions.Fraction,), "a fraction"),
    ((decimal.Decimal,), "a decimal number"),
    ((deque,), "a deque"),
    ((np.ma.MaskedArray,), "a masked array"),
    ((np.datetime64, np.timedelta64), "dates"),
    ((np.void,), "records"),
    ((bool, np.bool_), "True or False"),
    ((str,), "text"),
    ((int, float, np.number), "a number"),
    ((complex,), "a complex number"),
    ((bytes, bytearray), "bytes"),
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
    return "" if bytes(answer) == expected else "The bytes are not the right ones."


def _exact(words: str) -> Callable[[Any, Any, Inner], str]:
    """Compares exactly; the words say what the answer is not."""

    def differs(answer: Any, expected: Any, inner: Inner) -> str:
        same = type(answer) is type(expected) and answer == expected
        return "" if same else f"It is not the right {words}."

    return differs


def _ratio(answer: Any, expected: Any, inner: Inner) -> str:
    """An exact number; one that is rounded anyway is compared as other numbers are."""
    if isinstance(answer, fractions.Fraction | decimal.Decimal | int):
        return "" if answer == expected else "It is an exact number, and not the right one."
    return inner(answer, float(expected))


def _path(answer: Any, expected: Any, inner: Inner) -> str:
    same = pathlib.PurePath(answer) == expected
    return "" if same else "It is not the right path."


def _member(answer: Any, expected: Any, inner: Inner) -> str:
    return "" if answer.name == expected.name else "It is another member of the enumeration."


def _fields(answer: Any, expected: Any, inner: Inner) -> str:
    own, wanted = vars(answer), vars(expected)
    if wanted.keys() - own.keys():
        return "A field is missing from the object."
    if own.keys() - wanted.keys():
        return "The object has a field that is not asked for."
    first = next(filter(None, (inner(own[name], wanted[name]) for name in wanted)), "")
    return f"One of the fields: {first}" if first else ""


def _masked(answer: Any, expected: Any, inner: Inner) -> str:
    if np.shape(answer) != np.shape(expected):
        return "The masked array has the wrong shape."
    if not np.array_equal(np.ma.getmaskarray(answer), np.ma.getmaskarray(expected)):
        return "The mask hides other entries than it should."
    return inner(np.asarray(answer.compressed()), np.asarray(expected.compressed()))


def _records(answer: Any, expected: Any, inner: Inner) -> str:
    names = answer.dtype.names
    if names is None or set(names) != set(expected.dtype.names):
        return "The records have other fields than are asked for."
    differences = (inner(answer[name], expected[name]) for name in expected.dtype.names)
    first = next(filter(None, differences), "")
    return f"One of the fields: {first}" if first else ""


def _dates(answer: Any, expected: Any, inner: Inner) -> str:
    if answer.dtype.kind != expected.dtype.kind:
        return "It returns an array that does not hold dates or durations as asked for."
    if np.shape(answer) != np.shape(expected):
        return "The array has the wrong shape."
    same = (answer == expected) | (np.isnat(answer) & np.isnat(expected))
    return "" if np.all(same) else "Some of the dates or durations are not the right ones."


def _deque(answer: Any, expected: Any, inner: Inner) -> str:
    difference = _list(list(answer), list(expected), inner)
    return difference.replace("in the list", "in the deque")


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
_MASKED = Kind("a masked array", (np.ma.MaskedArray,), _masked)
_RECORDS = Kind("records", (np.ndarray, np.void), _records)
_DATES = Kind("dates", (np.ndarray, np.datetime64, np.timedelta64), _dates)
_OF_DTYPES = {
    "U": _TEXTS,
    "S": _TEXTS,
    "c": _COMPLEX,
    "V": _RECORDS,
    "m": _DATES,
    "M": _DATES,
}
"""Kinds of arrays, by the kind of their dtype."""
KINDS = (
    Kind("None", (type(None),), _nothing),
    Kind("True or False", (bool, np.bool_), _truth, (*_NUMBER, np.ndarray)),
    _COMPLEX,
    Kind("text", (str,), _text),
    Kind("bytes", (bytes, bytearray), _bytes),
    Kind("a dict", (dict,), _dict),
    Kind("a set", (set, frozenset), _set),
    Kind("a deque", (deque,), _deque),
    Kind("a fraction", (fractions.Fraction,), _ratio, (object,)),
    Kind("a decimal number", (decimal.Decimal,), _ratio, (object,)),
    Kind("a date with a time", (datetime.datetime,), _exact("date and time")),
    Kind("a date", (datetime.date,), _exact("date")),
    Kind("a time", (datetime.time,), _exact("time")),
    Kind("a duration", (datetime.timedelta,), _exact("duration")),
    Kind("a path", (pathlib.PurePath,), _path),
    Kind("a member of an enumeration", (Member,), _member),
    Kind("an object with fields", (Record,), _fields),
    Kind("a figure", (Figure,), figures_differ),
    Kind("a table", (), tables_differ, knows=is_frame),
    Kind("a series", (), series_differ, knows=is_series),
    Kind("a sparse matrix", (), sparse_differ, knows=is_sparse),
)
"""Kinds that a value's type alone tells."""
