"""Tables, series and sparse matrices: what differs between an answer and what it should be.

Known by the package that their type comes from, so that neither pandas nor SciPy need be there. As
in `kinds`, the words hold nothing that is expected and nothing that an answer's author chose.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Inner = Callable[[Any, Any], str]


def is_frame(value: Any) -> bool:
    """Whether a value is a DataFrame of pandas."""
    return _is_of(value, "pandas") and getattr(value, "ndim", 0) == 2


def is_series(value: Any) -> bool:
    """Whether a value is a Series or an Index of pandas."""
    return _is_of(value, "pandas") and getattr(value, "ndim", 0) == 1


def is_sparse(value: Any) -> bool:
    """Whether a value is a sparse matrix or array of SciPy."""
    return _is_of(value, "scipy") and hasattr(type(value), "tocoo")


def _is_of(value: Any, package: str) -> bool:
    return type(value).__module__.partition(".")[0] == package


def tables_differ(answer: Any, expected: Any, inner: Inner) -> str:
    """What differs between two frames: columns, index, types, then values; see `kinds.Kind`."""
    found, wanted = list(answer.columns), list(expected.columns)
    if found != wanted:
        same = sorted(map(str, found)) == sorted(map(str, wanted))
        return _ORDER if same else "The table has other columns than are asked for."
    if len(answer) != len(expected):
        return _size("rows", len(answer), len(expected))
    if not _same_index(answer.index, expected.index):
        return "The index of the table is not the right one."
    for place in range(len(wanted)):
        difference = _columns_differ(answer.iloc[:, place], expected.iloc[:, place], inner)
        if difference:
            return f"One of the columns: {difference}"
    return ""


def series_differ(answer: Any, expected: Any, inner: Inner) -> str:
    """What differs between two series: name, index, type, then values; see `kinds.Kind`."""
    if len(answer) != len(expected):
        return _size("values", len(answer), len(expected))
    own, wanted = (getattr(one, "index", None) for one in (answer, expected))
    if wanted is not None and (own is None or not _same_index(own, wanted)):
        return "The index of the series is not the right one."
    if expected.name is not None and answer.name != expected.name:
        return "The series has another name than is asked for."
    return _columns_differ(answer, expected, inner)


def _columns_differ(answer: Any, expected: Any, inner: Inner) -> str:
    """What differs between the values of two columns; where a value is missing, it is in both."""
    if _family(answer.dtype) != _family(expected.dtype):
        return "Its values have another type (dtype) than they should."
    gaps, wanted = np.asarray(answer.isna()), np.asarray(expected.isna())
    if not np.array_equal(gaps, wanted):
        return "Values are missing in other places than they should."
    if _family(expected.dtype) in _NUMBERS:
        pair = (np.asarray(one[~gaps], dtype=np.float64) for one in (answer, expected))
        return inner(*pair)
    same = answer[~gaps].tolist() == expected[~gaps].tolist()
    return "" if same else "Some of its values are not the right ones."


_NUMBERS = ("integers", "floats", "truth")


def _family(dtype: Any) -> str:
    """Types that are the same but for their size; text is text, however it is kept."""
    kind = str(getattr(dtype, "kind", "O"))
    if str(dtype) in ("category",):
        return "category"
    if kind in "iu":
        return "integers"
    return {"f": "floats", "b": "truth", "M": "dates", "m": "durations"}.get(kind, "objects")


def _same_index(own: Any, wanted: Any) -> bool:
    return len(own) == len(wanted) and own.tolist() == wanted.tolist()


def sparse_differ(answer: Any, expected: Any, inner: Inner) -> str:
    """What differs between two sparse matrices, whatever their formats; see `kinds.Kind`."""
    if answer.shape != expected.shape:
        return "The sparse matrix has the wrong shape."
    (places, found), (wanted_places, wanted) = map(_entries, (answer, expected))
    if not np.array_equal(places, wanted_places):
        return "Other entries of the sparse matrix are different from zero than should be."
    return inner(found, wanted)


def _entries(matrix: Any) -> tuple[Any, Any]:
    """The places of the entries that are not zero, in order, and their values."""
    entries = matrix.tocoo().copy()
    entries.sum_duplicates()
    kept = np.flatnonzero(entries.data)
    return np.array([np.asarray(one)[kept] for one in entries.coords]), entries.data[kept]


_ORDER = "The columns of the table are right, but not in the order that is asked for."


def _size(what: str, found: int, wanted: int) -> str:
    return f"It has {'more' if found > wanted else 'fewer'} {what} than it should."
