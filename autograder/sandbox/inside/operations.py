"""What can be done to an object, by the special method that does it: Python's own operations.

This module runs on both sides, so it imports the standard library alone.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

OPERATIONS: dict[str, Callable[..., Any]] = {
    "__abs__": abs,
    "__add__": operator.add,
    "__and__": operator.and_,
    "__bool__": bool,
    "__complex__": complex,
    "__contains__": operator.contains,
    "__delitem__": operator.delitem,
    "__divmod__": divmod,
    "__enter__": lambda thing: type(thing).__enter__(thing),
    "__eq__": operator.eq,
    "__exit__": lambda thing, *error: type(thing).__exit__(thing, *error),
    "__float__": float,
    "__floordiv__": operator.floordiv,
    "__format__": format,
    "__ge__": operator.ge,
    "__getitem__": operator.getitem,
    "__gt__": operator.gt,
    "__iadd__": operator.iadd,
    "__index__": operator.index,
    "__int__": int,
    "__invert__": operator.invert,
    "__isub__": operator.isub,
    "__iter__": iter,
    "__le__": operator.le,
    "__len__": len,
    "__lshift__": operator.lshift,
    "__lt__": operator.lt,
    "__matmul__": operator.matmul,
    "__mod__": operator.mod,
    "__mul__": operator.mul,
    "__ne__": operator.ne,
    "__neg__": operator.neg,
    "__next__": next,
    "__or__": operator.or_,
    "__pos__": operator.pos,
    "__pow__": pow,
    "__radd__": lambda thing, other: other + thing,
    "__reversed__": reversed,
    "__rfloordiv__": lambda thing, other: other // thing,
    "__rmatmul__": lambda thing, other: other @ thing,
    "__rmod__": lambda thing, other: other % thing,
    "__rmul__": lambda thing, other: other * thing,
    "__round__": round,
    "__rpow__": lambda thing, other: other**thing,
    "__rshift__": operator.rshift,
    "__rsub__": lambda thing, other: other - thing,
    "__rtruediv__": lambda thing, other: other / thing,
    "__setitem__": operator.setitem,
    "__sub__": operator.sub,
    "__truediv__": operator.truediv,
    "__xor__": operator.xor,
}
"""What an object can do besides having attributes, if its class says so."""
OF_ALL: dict[str, Callable[..., Any]] = {
    "__call__": lambda thing, *args, **named: thing(*args, **named),
    "__delattr__": delattr,
    "__getattribute__": getattr,
    "__repr__": repr,
    "__setattr__": setattr,
    "__str__": str,
}
"""What can be done to every object, or to one that is called."""
