"""Tables and series of pandas as plain parts: columns with their types, index and names.

This module runs on both sides. It imports pandas only where a value of pandas comes.
"""

from __future__ import annotations

import importlib
import re
from typing import Any

import numpy as np


def pandas_kind(kind: type) -> str:
    """`DataFrame` or `Series` for pandas' own class of that name; else empty."""
    own = kind.__module__.partition(".")[0] == "pandas"
    return kind.__name__ if own and kind.__name__ in ("DataFrame", "Series") else ""


def _pandas() -> Any:
    """Pandas, which this package does not need: where it is missing, no frame comes."""
    return importlib.import_module("pandas")


def _of_index(index: Any) -> Any:
    """A pandas index; None for kinds that do not cross."""
    kind = type(index).__name__
    if kind == "RangeIndex":
        return "range", (index.start, index.stop, index.step), index.name
    if kind == "MultiIndex":
        return "multi", [tuple(row) for row in index.tolist()], list(index.names)
    if kind not in ("Index", "DatetimeIndex", "CategoricalIndex"):
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
    if kind == "multi":
        _require_few(content)
        return pd.MultiIndex.from_tuples(content, names=name)
    index = pd.Index(_column(content), name=name)
    if freq and freq[0] is not None:
        index.freq = str(freq[0])
    return index


MOST_HASHED = 10_000
"""Most values of which pandas makes a table of hashes: these can be chosen to collide."""


def _require_few(values: Any) -> None:
    if len(values) > MOST_HASHED:
        raise ValueError("too many values in an index")


_WITH_GAPS = re.compile(r"str|string|boolean|U?Int(8|16|32|64)|Float(32|64)")
"""Pandas' own types of columns whose values are plain, or missing."""


def _of_column(values: Any) -> Any:
    """The values of a column or an index with their type; None for types that do not cross."""
    dtype = values.dtype
    if isinstance(dtype, np.dtype):
        return "", np.asarray(values)
    if _WITH_GAPS.fullmatch(str(dtype)):
        missing = values.isna()
        pairs = zip(values.tolist(), missing, strict=True)
        return str(dtype), [None if gone else value for value, gone in pairs]
    zone = getattr(dtype, "tz", None)
    if zone is not None:
        return "zone", np.asarray(values, dtype=f"M8[{dtype.unit}]"), str(zone)
    if str(dtype) == "category":
        held = getattr(values, "cat", values)
        categories = _of_column(held.categories)
        codes = np.asarray(held.codes, dtype=np.int64)
        return None if categories is None else ("category", categories, codes, held.ordered)
    return None


def _column(content: Any) -> Any:
    pd = _pandas()
    dtype, values, *more = content
    if dtype == "zone":
        return pd.DatetimeIndex(values).tz_localize("UTC").tz_convert(more[0]).array
    if dtype == "category":
        codes, ordered = more
        _require_few(values[1])
        kind = pd.CategoricalDtype(_column(values), bool(ordered))
        return pd.Categorical.from_codes(codes, dtype=kind)
    return pd.array(values, dtype=dtype) if _WITH_GAPS.fullmatch(dtype) else values


def of_frame(frame: Any) -> Any:
    """The parts of a DataFrame; None where one of them does not cross."""
    index, columns = _of_index(frame.index), _of_index(frame.columns)
    values = [_of_column(frame.iloc[:, place]) for place in range(frame.shape[1])]
    return None if index is None or columns is None or None in values else (index, columns, values)


def frame_of(parts: Any) -> Any:
    """The DataFrame of these parts."""
    pd = _pandas()
    index, columns, values = parts
    rows = _index(index)
    data = {place: pd.Series(_column(one), index=rows) for place, one in enumerate(values)}
    frame = pd.DataFrame(data, index=rows)
    frame.columns = _index(columns)
    return frame


def of_series(series: Any) -> Any:
    """The parts of a Series; None where one of them does not cross."""
    index, values = _of_index(series.index), _of_column(series)
    return None if index is None or values is None else (index, values, series.name)


def series_of(parts: Any) -> Any:
    """The Series of these parts."""
    pd = _pandas()
    index, values, name = parts
    return pd.Series(_column(values), index=_index(index), name=name)
