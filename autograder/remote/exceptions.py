"""Turns an exception that the sandbox reports into a verdict and words that give nothing away.

The worker that sends a reply shares its process with the student's code, so nothing in a reply is
trusted. An exception's text may carry hidden inputs, so the words come from a list of ours.
"""

from __future__ import annotations

import builtins
import re
import sys
from collections.abc import Collection
from typing import Any

from autograder.remote.phrases import advice, may_be_told, newer_python, phrase
from autograder.report import Verdict

_FORBIDDEN_ERRNO = {1, 13, 30, 38}
"""EPERM, EACCES, EROFS, ENOSYS: the errors by which the sandbox refuses."""


def explain(
    reply: dict[str, Any],
    *,
    text: bool = False,
    names: Collection[str] = (),
    source: str = "",
) -> tuple[Verdict, str, str]:
    """Verdict, words and exception type for a reply that reports an exception.

    Args:
        reply: what the worker sent; nothing in it is trusted.
        text: whether the exception's own text may be shown: only when it was raised before any
            hidden input went in.
        names: names in the student's notebook, which the words may show.
        source: the source of the cell that raised it, to find which Python it needs.
    """
    kind = _builtin_exception(reply.get("raised"))
    said = str(reply.get("text", ""))[:300] if isinstance(reply.get("text"), str) else ""
    said = said.encode("utf-8", "replace").decode()
    if kind == "NotImplementedError":
        return Verdict.NOT_DONE, "raises NotImplementedError, or calls something that does.", kind
    if kind == "MemoryError":
        return Verdict.OUT_OF_MEMORY, "needs more memory than a submission may use.", kind
    if kind == "RecursionError":
        return Verdict.RAISED, "calls itself without end (RecursionError).", kind
    number = reply.get("errno")
    if isinstance(number, int) and number in _FORBIDDEN_ERRNO:
        words = f"does something{_place(reply, text)} that is not allowed while grading."
        return Verdict.FORBIDDEN, words, kind
    told = phrase(kind, said, names, by_call=reply.get("by_call") is True)
    if text and said.strip() and kind != "SystemExit":
        told = ": ".join(filter(None, (" ".join(said.split()), advice(kind, said))))
    words = f"raises {_called(reply, kind, names)}{_place(reply, text)}"
    return Verdict.RAISED, words + _ending(told, kind, source), kind


def gist(kind: str, said: str, by_call: bool = False) -> str:
    """What tells an exception from others of its type: the operation, and sizes that do not fit.

    It is the same however the operation is written (`np.dot`, `@`). It decides whether two
    exceptions are equal and is shown to nobody.

    Args:
        kind: the built-in type.
        said: its text, which is not trusted.
        by_call: whether the call of the function itself raised it.
    """
    told = phrase(kind, said, (), by_call=by_call)
    for pattern in _SIZES:
        found = re.search(pattern, said)
        if found:
            return f"{told} {sorted(re.findall('[0-9]+', ' '.join(found.groups())))}"
    return told


_SIZES = (
    r"not aligned: (\d+).*!= (\d+)",
    r"\(size (\d+) is different from (\d+)\)",
    r"shapes ((?:\([\d,]*\) ?)+)",
    r"shape ((?:\([\d,]*\)))",
)
"""How NumPy tells the sizes that do not fit."""


def _called(reply: dict[str, Any], kind: str, names: Collection[str]) -> str:
    """The exception's own name where it stands in the notebook, else its built-in type."""
    own = reply.get("own")
    return f"`{own}`" if isinstance(own, str) and may_be_told(own, names) else kind


def _place(reply: dict[str, Any], text: bool) -> str:
    line = reply.get("line")
    return f" in line {line}" if text and type(line) is int and 0 < line < 100_000 else ""


def _ending(told: str, kind: str, source: str) -> str:
    """The rest of a sentence about an exception, and the Python that a source needs."""
    running = sys.version_info[:2]
    newer = newer_python(source, running) if kind == "SyntaxError" else ""
    told = f": {told}" if told else ""
    ending = told if told.endswith((".", "?", "!")) else f"{told}."
    if not newer:
        return ending
    ours = ".".join(map(str, running))
    return f"{ending} The grader runs Python {ours}; this syntax needs Python {newer}."


LEFT_OUT = {
    "breakpoint": "breakpoints are skipped, since nobody could answer",
    "backend": "figures are drawn to memory, not by a backend with windows or widgets",
    "exit": "`exit()` and `quit()` have no effect in a cell",
    "extension": "an extension of IPython that it loads is not installed here",
    "input": "nobody answers `input()`; it gives an empty line",
    "install": "nothing is installed",
    "magic": "a magic that it uses has no effect",
    "shell": "its shell lines do not run to their end",
}
"""By kind, in words: what the sandbox may skip in a cell that goes on."""


def left_out(reply: dict[str, Any]) -> list[str]:
    """What was skipped in a cell, in words of ours; unknown kinds are ignored."""
    kinds = reply.get("softened")
    if not isinstance(kinds, list):
        return []
    told = {kind for kind in kinds if isinstance(kind, str)}
    return [words for kind, words in LEFT_OUT.items() if kind in told]


def _builtin_exception(name: Any) -> str:
    kind = getattr(builtins, name, None) if isinstance(name, str) else None
    if isinstance(kind, type) and issubclass(kind, BaseException):
        return kind.__name__
    return "an exception"
