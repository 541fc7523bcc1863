"""Which values cross between a tester and a notebook as values, and how: one row a kind.

Only instances of exactly these types cross; an instance of a subclass is held by handle, since its
own `==` may be what a test is about. This module is loaded inside the sandbox only.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import pathlib
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.sandbox.inside.wire import DTYPE

PLAIN = {type(None), bool, int, float, complex, str, bytes}
"""Types whose values are sent as they are."""


def is_array(value: Any) -> bool:
    """Whether a value is an array or a scalar of NumPy's own, of a type that crosses."""
    kind = type(value)
    if kind is not np.ndarray and not (issubclass(kind, np.generic) and _is_numpys(kind)):
        return False
    return DTYPE.fullmatch(value.dtype.str) is not None


def _is_numpys(kind: type) -> bool:
    return kind.__module__.partition(".")[0] == "numpy"


Coder = Callable[[Any], Any]
"""From a value to its parts; None where it does not cross after all."""


def _of_objects(value: Any) -> Any:
    """An array of objects, of dates or of durations."""
    if value.dtype == object:
        return "O", list(value.shape), value.ravel().tolist()
    if value.dtype.kind in "mM":
        return value.dtype.str, list(value.shape), value.astype(np.int64).ravel().tolist()
    return None


def _array(parts: Any) -> Any:
    dtype, shape, items = parts
    if dtype == "O":
        made = np.empty(len(items), dtype=object)
        for place, item in enumerate(items):
            made[place] = item
        return made.reshape(shape)
    if str(dtype)[1:2] not in "mM":
        raise ValueError("no array")
    return np.array(items, dtype=np.int64).astype(dtype).reshape(shape)


def _default_of(value: Any) -> Any:
    """A dict with a default, where that is a built-in type."""
    made = value.default_factory
    known = {
        None: "",
        int: "int",
        float: "float",
        list: "list",
        dict: "dict",
        set: "set",
        str: "str",
    }
    return (known[made], dict(value)) if made in known else None


_DEFAULTS = {
    "": None,
    "int": int,
    "float": float,
    "list": list,
    "dict": dict,
    "set": set,
    "str": str,
}
_TABLE: list[tuple[type, Coder, Coder]] = [
    (bytearray, bytes, lambda p: bytearray(memoryview(p))),
    (range, lambda r: (r.start, r.stop, r.step), lambda p: range(*p)),
    (slice, lambda s: (s.start, s.stop, s.step), lambda p: slice(*p)),
    (type(...), lambda _: (), lambda _: ...),
    (fractions.Fraction, lambda f: (f.numerator, f.denominator), lambda p: fractions.Fraction(*p)),
    (decimal.Decimal, str, decimal.Decimal),
    (datetime.date, lambda d: d.isoformat(), datetime.date.fromisoformat),
    (
        datetime.timedelta,
        lambda d: (d.days, d.seconds, d.microseconds),
        lambda p: datetime.timedelta(*p),
    ),
    (
        datetime.time,
        lambda t: t.isoformat() if t.tzinfo is None else None,
        datetime.time.fromisoformat,
    ),
    (
        datetime.datetime,
        lambda d: d.isoformat() if d.tzinfo is None else None,
        datetime.datetime.fromisoformat,
    ),
    (pathlib.PosixPath, str, pathlib.PosixPath),
    (deque, lambda d: (list(d), d.maxlen), lambda p: deque(*p)),
    (OrderedDict, lambda d: list(d.items()), OrderedDict),
    (Counter, dict, Counter),
    (defaultdict, _default_of, lambda p: defaultdict(_DEFAULTS[p[0]], p[1])),
    (np.ndarray, _of_objects, _array),
]
CODECS: dict[tuple[str, str], Coder] = {
    (kind.__module__, kind.__qualname__): coder for kind, coder, _ in _TABLE
}
"""By module and name of a type, how its values are taken apart."""
DECODERS: dict[str, Coder] = {kind.__qualname__: decoder for kind, _, decoder in _TABLE}
"""By name of a type, how its values are put together again."""
