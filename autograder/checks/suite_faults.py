"""A fault of an instructor's own module in one line: the file, the line in it, and what is wrong.

Suites, references, mistakes and pictures belong to the course. If one of them is at fault, its
author reads which line of theirs it is, and nothing about the machinery around it.
"""

from __future__ import annotations

import traceback
from pathlib import Path
from types import ModuleType

from autograder.errors import SuiteError

FIXTURES = ("student", "reference", "rng")
"""The fixtures that a check may ask for."""


def fault_line(fault: BaseException, hidden: Path) -> str:
    """The text of an exception, after the line nearest to it in a file below `hidden`.

    Args:
        fault: an exception from importing a hidden module, or from calling one of its functions.
        hidden: the folder `tests/hidden` of the course.
    """
    if isinstance(fault.__cause__, SyntaxError | ImportError):
        fault = fault.__cause__  # pytest wraps what an import raises
    place = _place(fault, hidden.resolve())
    return f"{place}: {_words(fault)}" if place else _words(fault)


def _place(fault: BaseException, hidden: Path) -> str:
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(fault.__traceback__)]
    if isinstance(fault, SyntaxError) and fault.filename:
        frames.append((fault.filename, fault.lineno))
    for name, line in reversed(frames):
        path = Path(name)
        if path.is_relative_to(hidden):
            return f"{path.relative_to(hidden.parent.parent)}, line {line}"
    return ""


def _words(fault: BaseException) -> str:
    """The exception in words, with a remedy where one is clear."""
    import pytest  # takes long, and a program that only asks for reports has no faults of suites

    if isinstance(fault, pytest.FixtureLookupError):
        return f"there is no {fault.argname!r}; a check may ask for {', '.join(FIXTURES)}"
    said = fault.msg if isinstance(fault, SyntaxError) else str(fault)
    line = next(iter(said.strip().splitlines()), "")
    if isinstance(fault, SuiteError):
        return line  # in our own words already
    if isinstance(fault, AttributeError) and isinstance(fault.obj, ModuleType):
        package, _, module = fault.obj.__name__.rpartition(".")
        if package.startswith("_hidden_"):
            return f"{module}.py has no {fault.name}"
    words = f"{type(fault).__name__}: {line}" if line else type(fault).__name__
    if isinstance(fault, AssertionError):
        words += "; use require(condition, sentence) where the student may be at fault"
    return words[:500]
