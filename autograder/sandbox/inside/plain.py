"""Which values cross between a tester and a notebook as values, and how: one row a kind.

Only instances of exactly these types cross; an instance of a subclass is held by handle, since its
own `==` may be what a test is about. This module is loaded inside the sandbox only.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import importlib
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


def is_changeable(value: Any) -> bool:
    """Whether a value that crosses as a copy could be changed in place."""
    kind = type(value)
    return kind in (list, dict, set, np.ndarray) or _pandas_kind(kind) != ""


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
    elif _pandas_kind(type(old)):
        old._update_inplace(new)
        if _pandas_kind(type(old)) == "Series":
            old.name = new.name


def _pandas_kind(kind: type) -> str:
    """`DataFrame` or `Series` for pandas' own class of that name; else empty."""
    own = kind.__module__.partition(".")[0] == "pandas"
    return kind.__name__ if own and kind.__name__ in ("DataFrame", "Series") else ""


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


def _pandas() -> Any:
    """Pandas, which this package does not need: where it is missing, no frame comes."""
    return importlib.import_module("pandas")


def _of_index(index: Any) -> Any:
    """A pandas index; None for kinds that do not cross."""
    if type(index).__name__ == "RangeIndex":
        return "range", (index.start, index.stop, index.step), index.name
    if type(index).__name__ not in ("Index", "DatetimeIndex"):
        return None
    column = _of_column(index)
    if column is None:
        return None
    return "index", column, index.name, getattr(index, "freqstr", None)


def _index(parts: Any) -> Any:
    pd = _pandas()
    kind, content, name, *freq = parts
    if kind == "range":
        return pd.RangeIndex(*content, name=name)
    index = pd.Index(_column(content), name=name)
    if freq and freq[0] is not None:
        index.freq = str(freq[0])
    return index


def _of_column(values: Any) -> Any:
    """The values of a column or an index with their type; None for types that do not cross."""
    dtype = values.dtype
    if isinstance(dtype, np.dtype):
        return "", np.asarray(values)
    if str(dtype) in ("str", "string"):
        missing = values.isna()
        pairs = zip(values.tolist(), missing, strict=True)
        return str(dtype), [None if gone else value for value, gone in pairs]
    return None


def _column(content: Any) -> Any:
    pd = _pandas()
    dtype, values = content
    return pd.array(values, dtype=str(dtype)) if dtype in ("str", "string") else values


def _of_frame(frame: Any) -> Any:
    index, columns = _of_index(frame.index), _of_index(frame.columns)
    values = [_of_column(frame.iloc[:, place]) for place in range(frame.shape[1])]
    return None if index is None or columns is None or None in values else (index, columns, values)


def _frame(parts: Any) -> Any:
    pd = _pandas()
    index, columns, values = parts
    rows = _index(index)
    data = {place: pd.Series(_column(one), index=rows) for place, one in enumerate(values)}
    frame = pd.DataFrame(data, index=rows)
    frame.columns = _index(columns)
    return frame


def _of_series(series: Any) -> Any:
    index, values = _of_index(series.index), _of_column(series)
    return None if index is None or values is None else (index, values, series.name)


def _series(parts: Any) -> Any:
    pd = _pandas()
    index, values, name = parts
    return pd.Series(_column(values), index=_index(index), name=name)


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
    CODECS |= {(_place, "DataFrame"): _of_frame, (_place, "Series"): _of_series}
DECODERS |= {"DataFrame": _frame, "Series": _series}
"""By name of a type, how its values are put together again."""
