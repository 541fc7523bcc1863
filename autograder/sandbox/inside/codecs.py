"""How values that are no plain data cross the border: taken apart and put together, one row a kind.

Both paths use the table. A tests cell and a notebook (`peer`) exchange instances of exactly these
types; an instance of a subclass stays where it is, since its own `==` may be what a test is about.
The answers and arguments of hidden suites (`wire`) also cross as the base that they stand on, and
by their parts: see `STRUCTURES`. This module runs on both sides, so it imports the standard
library and NumPy alone; other packages only where a value of theirs comes.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import fractions
import importlib
import keyword
import pathlib
import re
import zoneinfo
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from autograder.sandbox.inside.figures import Figure, apart, is_figure, together
from autograder.sandbox.inside.tables import (
    frame_of,
    of_frame,
    of_series,
    pandas_kind,
    series_of,
)

DTYPE = re.compile(r"[<>|=]?(b1|[iu][1248]|f[248]|f16|c8|c16|c32|[US][1-9][0-9]{0,5})")
"""Types of arrays that are sent as they are."""
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


def is_changeable(value: Any) -> bool:
    """Whether a value that crosses as a copy could be changed in place."""
    kind = type(value)
    return kind in (list, dict, set, np.ndarray) or pandas_kind(kind) != ""


def become(old: Any, new: Any) -> None:
    """Change a value in place into what the other side made of its copy."""
    if type(old) is not type(new):
        return
    if isinstance(old, list):
        old[:] = new
    elif isinstance(old, dict | set):
        old.clear()
        old.update(new)
    elif isinstance(old, np.ndarray):
        if old.shape == new.shape:
            old[...] = new
    elif pandas_kind(type(old)):
        old._update_inplace(new)
        if pandas_kind(type(old)) == "Series":
            old.name = new.name


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


def _of_masked(value: Any) -> Any:
    return np.asarray(value.data), np.ma.getmaskarray(value)


def _masked(parts: Any) -> Any:
    data, mask = parts
    return np.ma.MaskedArray(data, mask=mask)


def _of_time(value: Any) -> Any:
    """A date with a time, or a time, with its zone; None where the zone is of a kind of its own."""
    zone = value.tzinfo
    if type(zone) not in (type(None), datetime.timezone, zoneinfo.ZoneInfo):
        return None
    fixed = type(zone) is datetime.timezone
    of_zone = zone.utcoffset(None) if fixed else getattr(zone, "key", None)
    return value.replace(tzinfo=None).isoformat(), of_zone, value.fold


def _timed(kind: Any) -> Coder:
    """Puts a date with a time, or a time, together again."""

    def timed(parts: Any) -> Any:
        text, zone, fold = parts
        if isinstance(zone, datetime.timedelta):
            zone = datetime.timezone(zone)
        elif zone is not None:
            zone = zoneinfo.ZoneInfo(zone)
        return kind.fromisoformat(text).replace(tzinfo=zone, fold=fold)

    return timed


def _of_records(value: Any) -> Any:
    """A structured array, field by field."""
    return list(value.dtype.names), [value[name] for name in value.dtype.names]


def _records(parts: Any) -> Any:
    names, columns = parts
    wholes = [np.asarray(one) for one in columns]
    shape = wholes[0].shape
    inner = [(str(n), w.dtype, w.shape[len(shape) :]) for n, w in zip(names, wholes, strict=True)]
    made = np.empty(shape, dtype=inner)
    for name, whole in zip(names, wholes, strict=True):
        made[name] = whole
    return made


def _of_sparse(value: Any) -> Any:
    entries = value.tocoo()
    return (
        value.format,
        list(value.shape),
        [np.asarray(one) for one in entries.coords],
        entries.data,
    )


def _sparse(parts: Any) -> Any:
    """An array of SciPy's in its format; by coordinates if that would cost much memory."""
    form, shape, coordinates, data = parts
    coo_array = importlib.import_module("scipy.sparse").coo_array
    made = coo_array((data, tuple(coordinates)), shape=tuple(shape))
    small = max(shape, default=0) <= MOST_ROWS and form in ("csr", "csc", "lil", "dok")
    return made.asformat(form) if small else made


MOST_ROWS = 1 << 20
"""Longest side of a sparse matrix that may be kept by rows or columns."""


@dataclasses.dataclass(frozen=True)
class Member:
    """A member of an enumeration of the other side, by its name."""

    enumeration: str
    name: str


def _of_member(value: Any) -> Any:
    if isinstance(value, Member):
        return value.enumeration, value.name
    return type(value).__name__, value.name or ""  # a combination of flags has none


class Record:
    """An instance of a dataclass of the other side: its fields, as attributes."""

    def __init__(self, fields: dict[str, Any]) -> None:
        vars(self).update(fields)


@lru_cache(maxsize=256)
def _tuple_class(fields: tuple[str, ...]) -> Any:
    """The class of tuples with these names of fields.

    Raises:
        ValueError: they are no names, or too many.
    """
    right = all(name.isidentifier() and not keyword.iskeyword(name) for name in fields)
    if not right or len(fields) > MOST_FIELDS:
        raise ValueError("names of fields that are no names")
    return namedtuple("Fields", fields)


MOST_FIELDS = 64
"""Most fields of a named tuple."""


def _of_dataclass(value: Any) -> Any:
    names = [field.name for field in dataclasses.fields(value)]
    return {name: getattr(value, name) for name in names if hasattr(value, name)}


def _is_named_tuple(value: Any) -> bool:
    names = getattr(type(value), "_fields", None)
    return isinstance(value, tuple) and isinstance(names, tuple) and len(names) == len(value)


def _is_dataclass(value: Any) -> bool:
    return isinstance(value, Record) or dataclasses.is_dataclass(value)


def _is_sparse(value: Any) -> bool:
    return type(value).__module__.startswith("scipy.sparse") and hasattr(value, "tocoo")


def _mapping(parts: Any) -> dict[Any, Any]:
    """Parts that are a dict: the hashes of anything else might be chosen to collide."""
    if not isinstance(parts, dict):
        raise TypeError("no dict")
    return parts


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
    (datetime.time, _of_time, _timed(datetime.time)),
    (datetime.datetime, _of_time, _timed(datetime.datetime)),
    (pathlib.PosixPath, str, pathlib.PosixPath),
    (deque, lambda d: (list(d), d.maxlen), lambda p: deque(*p)),
    (OrderedDict, dict, lambda p: OrderedDict(_mapping(p))),
    (Counter, dict, lambda p: Counter(_mapping(p))),
    (defaultdict, _default_of, lambda p: defaultdict(_DEFAULTS[p[0]], _mapping(p[1]))),
    (np.ndarray, _of_objects, _array),
    (np.matrix, np.asarray, np.asmatrix),
    (np.ma.MaskedArray, _of_masked, _masked),
]
CODECS: dict[tuple[str, str], Coder] = {
    (kind.__module__, kind.__qualname__): coder for kind, coder, _ in _TABLE
}
"""By module and name of a type, how its values are taken apart."""
DECODERS: dict[str, Coder] = {kind.__qualname__: decoder for kind, _, decoder in _TABLE}
for _place in ("pandas", "pandas.core.frame", "pandas.core.series"):
    # Which of these a class of pandas names as its module depends on the version.
    CODECS |= {(_place, "DataFrame"): of_frame, (_place, "Series"): of_series}
DECODERS |= {"DataFrame": frame_of, "Series": series_of}
"""By name of a type, how its values are put together again."""

OWN = Member | Record | Figure
"""Values that stand for an object which stays with its side."""
STRUCTURES: dict[str, tuple[Callable[[Any], bool], Coder, Coder]] = {
    "figure": (is_figure, apart, together),
    "member": (
        lambda value: isinstance(value, enum.Enum | Member),
        _of_member,
        lambda parts: Member(*map(str, parts)),
    ),
    "fields": (
        _is_named_tuple,
        lambda value: (list(value._fields), list(value)),
        lambda parts: _tuple_class(tuple(parts[0]))(*parts[1]),
    ),
    "record": (
        _is_dataclass,
        lambda value: vars(value) if isinstance(value, Record) else _of_dataclass(value),
        lambda parts: Record({str(name): value for name, value in parts.items()}),
    ),
    "records": (
        lambda value: isinstance(value, np.ndarray | np.void) and value.dtype.names is not None,
        _of_records,
        _records,
    ),
    "sparse": (_is_sparse, _of_sparse, _sparse),
}
"""By name, values that are known by their parts: how, and how these are taken apart and put
together. Only hidden suites use them: between a tests cell and a notebook, identity counts."""


def taken_apart(value: Any) -> tuple[str, Any] | None:
    """The name of a value's row, and its parts; None where it has no row or does not cross."""
    if isinstance(value, type):
        return None
    for name, (knows, coder, _) in STRUCTURES.items():
        if knows(value):
            return name, coder(value)
    for kind in type(value).__mro__:
        found = CODECS.get((kind.__module__, kind.__qualname__))
        if found is not None:
            parts = found(value)
            return None if parts is None else (kind.__qualname__, parts)
    return None


def put_together(name: str, parts: Any) -> Any:
    """The value of a row from its parts; nothing in them is trusted.

    Raises:
        ImportError: it is of a package that is not there.
        Exception: whatever wrong parts cause.
    """
    decoder = STRUCTURES[name][2] if name in STRUCTURES else DECODERS[name]
    return decoder(parts)
