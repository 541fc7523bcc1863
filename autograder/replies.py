"""What a reply from the jail tells of an exception: a verdict, and words that give nothing away.

A reply is what the worker sent, which lives with the student's code: nothing in it is trusted. What
an exception says may carry hidden inputs, so it is told in words from a list of ours.
"""

from __future__ import annotations

import builtins
import errno
import re
from importlib.machinery import PathFinder
from typing import Any

from autograder.sandbox.supervisor import LIBRARY
from autograder.verdict import Verdict

_NO_MODULE = re.compile(r"No module named '(\w+)")
_FORBIDDEN_ERRNO = {1, 13, 30, 38}
"""EPERM, EACCES, EROFS, ENOSYS: what the jail's walls answer."""

_KNOWN_TEXTS = (
    ("not aligned", "the inner sizes of a product do not agree"),
    ("mismatch in its core dimension", "the inner sizes of a product do not agree"),
    ("could not be broadcast together", "two arrays of shapes that do not fit are combined"),
    ("required positional argument", "it takes more arguments than the exercise gives it"),
    ("positional argument", "it takes fewer arguments than the exercise gives it"),
    ("is not defined", "a name is used that does not exist"),
    ("is ambiguous", "an array is used where one truth value is needed"),
    ("not subscriptable", "something that is not an array or list is indexed"),
    ("out of bounds", "an index lies outside the array"),
    ("out of range", "an index lies outside the list"),
    ("invalid index to scalar", "a single number is indexed like an array"),
    ("converted to Python scalars", "an array is used where one number is needed"),
    ("only length-1 arrays", "an array is used where one number is needed"),
    ("setting an array element with a sequence", "an array is put where one number belongs"),
    ("unsupported operand type", "an operation on values that do not go together"),
    ("has no attribute", "an attribute or method that does not exist is used"),
)
"""What an exception's text may be told as: a fixed list, since the text itself may carry inputs."""


def explain(reply: dict[str, Any], *, text: bool = False) -> tuple[Verdict, str, str]:
    """Verdict, words and exception type for a reply that tells of an exception.

    Args:
        reply: what the worker sent; nothing in it is trusted.
        text: whether the exception's own text may be shown: only when it was raised before any
            hidden input went in.
    """
    kind = _builtin_exception(reply.get("raised"))
    said = str(reply.get("text", ""))[:300] if isinstance(reply.get("text"), str) else ""
    said = said.encode("utf-8", "replace").decode()
    if kind == "NotImplementedError":
        return Verdict.NOT_DONE, "is not done yet, or calls something that is not.", kind
    if kind == "MemoryError":
        return Verdict.OUT_OF_MEMORY, "needs more memory than a submission may use.", kind
    if kind == "RecursionError":
        return Verdict.RAISED, "calls itself without end (RecursionError).", kind
    number = reply.get("errno")
    if isinstance(number, int) and number in _FORBIDDEN_ERRNO:
        return Verdict.FORBIDDEN, "does something that is not allowed while grading.", kind
    line = reply.get("line")
    where = f" in line {line}" if text and isinstance(line, int) and 0 < line < 100_000 else ""
    if text:
        return Verdict.RAISED, f"raises {kind}{where}: {' '.join(said.split())}", kind
    known = next((words for pattern, words in _KNOWN_TEXTS if pattern in said), "")
    return Verdict.RAISED, f"raises {kind}: {known}." if known else f"raises {kind}.", kind


def lacks_library(reply: dict[str, Any]) -> bool:
    """Whether a reply tells that Python's modules, or files beside them, could not be read."""
    text, number = reply.get("text"), reply.get("errno")
    if "raised" not in reply or not isinstance(text, str):
        return False
    if isinstance(number, int) and number == errno.EACCES:
        return any(place in text for place in LIBRARY)
    module = _NO_MODULE.match(text)
    return module is not None and PathFinder.find_spec(module[1]) is not None


def _builtin_exception(name: Any) -> str:
    kind = getattr(builtins, name, None) if isinstance(name, str) else None
    if isinstance(kind, type) and issubclass(kind, BaseException):
        return kind.__name__
    return "an exception"
