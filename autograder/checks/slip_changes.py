"""What can go wrong at a place of a formula, and what compiled functions call for it.

A change is a kind and an argument. Each table says which kinds a place of its sort has. The helpers
compute what a place gives: the right value, unless a slip is on there.
"""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import numpy as np

Change = tuple[str, str]
"""The kind of a change, and what belongs to it: another name, number, function or axis."""
_On = Mapping[int, Change]

MOST_ROUNDS = 10_000
"""After so many rounds, a loop with a condition and a slip counts as endless."""
CONVERTERS = {
    "np.asarray",
    "np.array",
    "np.atleast_1d",
    "numpy.asarray",
    "numpy.array",
    "float",
    "list",
    "tuple",
}
"""Calls that give their argument in another form, and say nothing of the formula."""
OF_FACTOR = {
    "factor": ("left out", "squared"),
    "divisor": ("not divided", "divided twice"),
}
OF_PRODUCT = ("sign", "doubled", "halved")
OF_TERM = ("term left out",)
OF_ARGUMENT = ("zero",)
OF_PARAMETER = ("square for it", "root for it")
OF_RETURNED = ("percent", "square of it", "root of it", "size of it", "rest to 1", "1 too many")
OF_SHAPE = (
    *("extra row", "extra column", "flat", "transposed", "summed", "averaged", "backwards"),
    *("no first entry", "no last entry", "no ends", "only last entry", "only first entry"),
)
OF_ROUNDS = ("only the first", "only the last", "without the first", "without the last")
OF_SIZE = ("divided by size", "multiplied by size")
OF_WHOLE = ("argument added", "argument taken away")
BINARY = {
    "Mult": ("dot", "outer", "plus", "over", "turned over"),
    "Div": ("times", "turned over", "less"),
    "Add": ("minus",),
    "Sub": ("added", "reversed", "second only"),
    "MatMult": ("elementwise", "sides swapped", "outer", "first transposed", "second transposed"),
    "Outer": ("elementwise", "sides swapped", "dot"),
    "Pow": ("not raised", "absolute"),
    "Larger": ("other extreme", "largest of all", "plus"),
    "Smaller": ("other extreme", "smallest of all", "plus"),
}
NUMPY_BINARY = {
    "dot": "MatMult",
    "matmul": "MatMult",
    "outer": "Outer",
    "add": "Add",
    "subtract": "Sub",
    "multiply": "Mult",
    "divide": "Div",
    "power": "Pow",
    "maximum": "Larger",
    "minimum": "Smaller",
}
"""Functions of NumPy's, and the operation whose slips they have."""
REDUCTIONS: dict[str, Callable[..., Any]] = {
    "sum": np.sum,
    "mean": np.mean,
    "max": np.max,
    "min": np.min,
    "median": np.median,
    "prod": np.prod,
    "std": np.std,
    "var": np.var,
    "argmax": np.argmax,
    "argmin": np.argmin,
    "linalg.norm": np.linalg.norm,
    "cumsum": np.cumsum,
}
_SUMMARIES = ("sum", "mean", "max", "min", "median")
OTHER_REDUCTIONS = {
    **{name: tuple(one for one in _SUMMARIES if one != name) for name in _SUMMARIES},
    "prod": ("sum",),
    "std": ("var", "mean"),
    "var": ("std", "mean"),
    "argmax": ("argmin", "max"),
    "argmin": ("argmax", "min"),
    "linalg.norm": ("sum",),
    "cumsum": ("sum",),
}
"""What students write in place of a sum, a mean and the like."""
OTHER_FUNCTIONS = {
    "log": ("log2", "log10", "exp"),
    "log2": ("log", "log10"),
    "log10": ("log", "log2"),
    "exp": ("exp2", "log"),
    "sqrt": ("square",),
    "square": ("sqrt",),
    "sin": ("cos",),
    "cos": ("sin",),
    "zeros": ("ones",),
    "ones": ("zeros",),
    "floor": ("ceil", "round"),
    "ceil": ("floor", "round"),
    "round": ("floor", "ceil"),
}
"""What students write in place of a function of NumPy's."""

_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "Mult": operator.mul,
    "Div": operator.truediv,
    "FloorDiv": operator.floordiv,
    "Mod": operator.mod,
    "Add": operator.add,
    "Sub": operator.sub,
    "MatMult": operator.matmul,
    "Pow": operator.pow,
    "Gt": operator.gt,
    "Lt": operator.lt,
    "GtE": operator.ge,
    "LtE": operator.le,
    "Eq": operator.eq,
    "NotEq": operator.ne,
    "BitAnd": operator.and_,
    "BitOr": operator.or_,
    "BitXor": operator.xor,
    "LShift": operator.lshift,
    "RShift": operator.rshift,
    **{f"np.{name}": getattr(np, name) for name in NUMPY_BINARY},
}
_OTHER_SIDE = {"Gt": "Lt", "Lt": "Gt", "GtE": "LtE", "LtE": "GtE", "Eq": "NotEq", "NotEq": "Eq"}
_CHANGED_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "dot": np.dot,
    "outer": np.outer,
    "plus": operator.add,
    "added": operator.add,
    "minus": operator.sub,
    "over": operator.truediv,
    "turned over": lambda a, b: b / a,
    "times": operator.mul,
    "elementwise": operator.mul,
    "reversed": lambda a, b: b - a,
    "second only": lambda a, b: b,
    "less": operator.sub,
    "first transposed": lambda a, b: np.dot(np.transpose(a), b),
    "second transposed": lambda a, b: np.dot(a, np.transpose(b)),
    "not raised": lambda a, b: a,
    "absolute": lambda a, b: np.abs(a),
    "largest of all": lambda a, b: max(np.max(a), np.max(b)),
    "smallest of all": lambda a, b: min(np.min(a), np.min(b)),
}
_CHANGED_VALUE: dict[str, Callable[[Any], Any]] = {
    "left out": lambda value: 1.0,
    "not divided": lambda value: 1.0,
    "term left out": lambda value: 0.0,
    "sign": operator.neg,
    "doubled": lambda value: 2.0 * value,
    "halved": lambda value: 0.5 * value,
    "squared": lambda value: value * value,
    "divided twice": lambda value: value * value,
    "transposed": np.transpose,
    "only the first": lambda rounds: list(rounds)[:1],
    "only the last": lambda rounds: list(rounds)[-1:],
    "without the first": lambda rounds: list(rounds)[1:],
    "without the last": lambda rounds: list(rounds)[:-1],
    "extra row": lambda value: np.asarray(value)[None],
    "extra column": lambda value: np.asarray(value)[..., None],
    "flat": np.ravel,
    "summed": np.sum,
    "averaged": np.mean,
    "square for it": np.square,
    "root for it": np.sqrt,
    "counter": lambda rounds: range(rounds.start + 1, rounds.stop + 1),
    "percent": lambda value: 100.0 * value,
    "square of it": np.square,
    "root of it": np.sqrt,
    "rooted": np.sqrt,
    "size of it": np.abs,
    "rest to 1": lambda value: 1.0 - value,
    "1 too many": lambda value: value + 1,
    "index more": lambda value: value + 1,
    "index fewer": lambda value: value - 1,
    "1 more": lambda value: value + 1,
    "1 fewer": lambda value: value - 1,
    "backwards": lambda value: np.asarray(value)[::-1],
    "no first entry": lambda value: np.asarray(value)[1:],
    "no last entry": lambda value: np.asarray(value)[:-1],
    "no ends": lambda value: np.asarray(value)[1:-1],
    "only first entry": lambda value: np.asarray(value)[0],
    "only last entry": lambda value: np.asarray(value)[-1],
    "zeros": np.zeros_like,
    "complement": lambda value: 1 - value,
}


def other_numbers(number: float) -> list[float]:
    """Numbers that are written in place of another one."""
    if isinstance(number, int):
        return [n for n in (number - 1, number + 1) if n >= 0]
    found = (1.0, 2.0 * number, 0.5 * number, -number)
    return [one for one in dict.fromkeys(found) if one != number]


def _value(place: int, on: _On, value: Any) -> Any:
    change = on.get(place)
    if change is None:
        return value
    kind, about = change
    return value + int(about) if kind == "rounds" else _CHANGED_VALUE[kind](value)


_WITH_ARGUMENT: dict[str, Callable[[Any, Any], Any]] = {
    "argument added": lambda value, argument: value + np.asarray(argument),
    "argument taken away": lambda value, argument: value - np.asarray(argument),
    "divided by size": lambda value, argument: value / len(argument),
    "multiplied by size": lambda value, argument: value * len(argument),
}


def _scaled(value: Any, factor: float) -> Any:
    return tuple(part * factor for part in value) if isinstance(value, tuple) else value * factor


def _returned(place: int, on: _On, value: Any, arguments: Callable[[], Mapping[str, Any]]) -> Any:
    change = on.get(place)
    if change is None:
        return value
    kind, about = change
    if kind == "other size":
        right, wrong = (len(arguments()[name]) for name in about.split())
        return _scaled(value, right / wrong)
    if kind == "swapped parts":
        return tuple(reversed(value))
    parts = value if isinstance(value, tuple) else (value,)
    if kind in _WITH_ARGUMENT:
        argument = arguments()[about]
        changed = tuple(_WITH_ARGUMENT[kind](part, argument) for part in parts)
    else:
        changed = tuple(map(_CHANGED_VALUE[kind], parts))
    return changed if isinstance(value, tuple) else changed[0]


def _number(place: int, on: _On, number: Any) -> Any:
    change = on.get(place)
    return number if change is None else type(number)(float(change[1]))


def _binary(place: int, on: _On, operation: str, first: Any, second: Any) -> Any:
    change = on.get(place)
    if change is None:
        return _OPERATIONS[operation](first, second)
    kind = change[0]
    if kind == "comparison":
        return _OPERATIONS[_OTHER_SIDE[operation]](first, second)
    if kind == "sides swapped":
        return _OPERATIONS[operation](second, first)
    if kind == "other extreme":
        return (np.minimum if operation == "np.maximum" else np.maximum)(first, second)
    return _CHANGED_BINARY[kind](first, second)


def _applied(
    place: int, on: _On, function: Any, others: Callable[[], Mapping[str, Any]], *args: Any
) -> Any:
    change = on.get(place)
    if change is None:
        return function(*args)
    kind, about = change
    if kind == "not applied":
        return args[0]
    if kind == "argument alone":
        return args[int(about)]
    if kind == "arguments swapped":
        swapped, (i, j) = list(args), map(int, about.split())
        swapped[i], swapped[j] = swapped[j], swapped[i]
        return function(*swapped)
    if kind == "other function":
        return getattr(np, about)(*args)
    if kind == "applied twice":
        return function(function(*args))
    other = others()[about]
    return function(other(*args)) if kind == "applied after" else other(*args)


def _reduced(
    place: int,
    on: _On,
    axis_place: int,
    how: str,
    name: str,
    arguments: Callable[[], Mapping[str, Any]],
    value: Any,
    *axes: Any,
    **options: Any,
) -> Any:
    if place not in on and axis_place not in on:
        if how == "method":
            return getattr(value, name)(*axes, **options)
        function = getattr(builtins, name) if how == "builtin" else REDUCTIONS[name]
        return function(value, *axes, **options)
    value = list(value) if hasattr(value, "__next__") else value
    if axes:
        options["axis"] = axes[0]
    if axis_place in on:
        options |= _AXES[on[axis_place]]
    kind, about = on.get(place, ("reduction", name))
    if kind in _OF_REDUCED:
        return _OF_REDUCED[kind](value)
    if kind == "averaged over":
        return np.sum(value, **options) / len(arguments()[about])
    if kind == "averaged along":
        return np.sum(value, **options) / np.shape(arguments()[about])[1]
    if kind == "mean by one less":
        summed, averaged = np.sum(value, **options), np.mean(value, **options)
        return summed / (np.size(value) / np.size(averaged) - 1)
    if kind == "without option":
        del options[about]
    elif kind == "by one less":
        options["ddof"] = 1 - options.get("ddof", 0)
    function = REDUCTIONS[about if kind == "reduction" else name]
    if "ddof" in options and function not in (np.std, np.var):
        del options["ddof"]
    return function(value, **options)


_AXES: dict[Change, dict[str, Any]] = {
    ("axis", "None"): {"axis": None},
    **{("axis", str(axis)): {"axis": axis} for axis in (0, 1)},
    **{("axis kept", str(axis)): {"axis": axis, "keepdims": True} for axis in (0, 1)},
}
_OF_REDUCED: dict[str, Callable[[Any], Any]] = {
    "not reduced": np.asarray,
    "roots reduced": lambda value: np.sum(np.sqrt(np.sum(value, axis=-1))),
}


def _rounds(place: int, on: _On, value: Any) -> Any:
    """What a loop goes over. A slip may be that the loop appends to it, and so would never end."""
    return _value(place, on, list(value) if on and isinstance(value, list) else value)


def _again(place: int, on: MutableMapping[int, Any]) -> None:
    """Count the rounds of a loop with a condition; break it off where a slip makes it endless."""
    if on:
        on[-1 - place] = on.get(-1 - place, 0) + 1
        if on[-1 - place] > MOST_ROUNDS:
            raise RuntimeError("endless loop")


def _argument(place: int, on: _On, value: Any, others: Callable[[], Mapping[str, Any]]) -> Any:
    change = on.get(place)
    if change is None:
        return value
    kind, about = change
    return 0.0 * value if kind == "zero" else value + others()[about]


def _converted(_place: int, on: _On, convert: Callable[[Any], Any], value: Any) -> Any:
    """A conversion; with a slip, what it cannot convert stays as it is."""
    if not on:
        return convert(value)
    try:
        return convert(value)
    except (TypeError, ValueError):
        return value


def _entry(place: int, on: _On, value: Any, index: Any, others: Callable[[], Any]) -> Any:
    change = on.get(place)
    if change is None:
        return value[index]
    kind, about = change
    if kind == "not indexed":
        return value
    if kind == "index itself":
        return index
    return others()[about]


def _length(place: int, on: _On, value: Any, others: Callable[[], Mapping[str, Any]]) -> int:
    change = on.get(place)
    if change is None:
        return len(value)
    kind, about = change
    if kind in _CHANGED_VALUE:
        return int(_CHANGED_VALUE[kind](len(value)))
    if about == "1":
        return int(np.shape(value)[1])
    return int(np.size(value)) if about == "size" else len(others()[about])


def _fitting(other: Any, value: Any) -> Any:
    """What is used by mistake, if it can stand there at all.

    Raises:
        TypeError: it is a list where there is none; it might be put into itself.
    """
    if isinstance(other, list) and not isinstance(value, list):
        raise TypeError("a list does not fit")
    return other


def _slice(*bounds: Any) -> slice:
    return slice(*bounds)


_CALLED = (
    *(_value, _returned, _number, _binary, _applied, _reduced, _converted, _entry, _slice),
    *(_argument, _rounds, _again, _length, _fitting),
)
HELPERS = {one.__name__: one for one in _CALLED}
"""What compiled functions call, by name."""
