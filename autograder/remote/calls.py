"""Calls of a student's functions and their answers, as plain values.

This module knows no process: a session answers the calls, or functions of ours in a rehearsal.
"""

from __future__ import annotations

import builtins
import copy
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Protocol

import numpy as np

from autograder.remote.time_limit import Allowance
from autograder.report import Verdict
from autograder.sandbox.inside.wire import Held, cells

TIME_IS_UP = "The time for the whole notebook is used up."


class Outcome(Exception):
    """A call that returned no value: the verdict, and a sentence for the student."""

    def __init__(self, verdict: Verdict, message: str, raised: str = "", gist: str = "") -> None:
        Exception.__init__(self, message)  # Below, the next class may ask for other arguments.
        self.verdict = verdict
        self.message = message
        self.raised = raised
        """The built-in exception type that the student's function raised; else empty."""
        self.gist = gist
        """What tells the exception from others of its type; see `exceptions.gist`."""

    def as_raised(self) -> Outcome:
        """The same outcome, as an exception that also is of the built-in type that was raised.

        So `pytest.raises(ValueError)` in a check means what it says.
        """
        return _outcomes_of(self.raised)(self.verdict, self.message, self.raised, self.gist)


@cache
def _outcomes_of(name: str) -> type[Outcome]:
    """The class of outcomes that also are of a built-in exception type; `Outcome` for no type."""
    kind = getattr(builtins, name, None)
    if not isinstance(kind, type) or not issubclass(kind, Exception):
        return Outcome
    # A group is made of its exceptions, of which nothing crosses.
    return Outcome if issubclass(kind, BaseExceptionGroup) else type(name, (Outcome, kind), {})


@dataclass(frozen=True)
class Answer:
    """The answer to one call: a value and which arguments it changed, or an outcome."""

    value: Any = None
    changed: tuple[int, ...] = ()
    warned: bool = False
    outcome: Outcome | None = None


class Wants(StrEnum):
    """What a call asks for."""

    VALUE = "value"
    """What the function returns."""
    OUTPUT = "output"
    """What it prints."""
    FIGURE = "figure"
    """The figure that it returns or, if it returns none, draws."""


@dataclass(frozen=True)
class Deed:
    """What a call does, apart from its arguments."""

    operation: str = ""
    """What is done to the first argument, an object of the submission: one of `OPERATIONS` or
    `OF_ALL`; empty where a function is called by its name."""
    label: str = ""
    """What students know as called, where that is not the function: a method, say."""
    wants: Wants = Wants.VALUE


CALLED = Deed()
"""A function is called by its name, for its value."""
READ = Deed("value")
"""Nothing is called: a variable is read."""


@dataclass(frozen=True)
class Case:
    """One call with its answer, kept for the diagnosis."""

    function: str
    """The function or class that was called, or that the first argument comes from."""
    args: tuple[Any, ...]
    answer: Answer
    names: tuple[str, ...] = ()
    """Of the last arguments, if they were passed by name."""
    deed: Deed = CALLED


@dataclass
class Call:
    """One call that was made; it has its answer once the session has settled it."""

    function: str
    args: tuple[Any, ...]
    given: dict[str, Callable[..., Any]]
    names: tuple[str, ...] = ()
    """Of the last arguments, if they are passed by name."""
    deed: Deed = CALLED
    answer: Answer | None = None
    size: int = 0
    """Bytes of the request, while it is on its way."""

    @property
    def label(self) -> str:
        """What students know as called."""
        return self.deed.label or self.function

    @property
    def way(self) -> tuple[str, ...]:
        """The key of calls that end the same way: the function, and the names with stand-ins."""
        deed = (self.deed.operation, self.deed.label, self.deed.wants)
        return (self.function, *deed, *sorted(self.given))


class Answering(Protocol):
    """What answers the calls of a check: a session, or functions of ours in a rehearsal."""

    allowance: Allowance

    def begin(
        self,
        name: str,
        args: tuple[Any, ...],
        given: dict[str, Any],
        names: tuple[str, ...] = (),
        deed: Deed = CALLED,
    ) -> Call:
        """Make a call without waiting for its answer."""

    def settle(self, call: Call) -> Answer:
        """The answer to a call that was begun."""

    def value(self, name: str) -> Answer:
        """The value of a variable."""

    def file(self, name: str) -> Answer:
        """The bytes of a file in the submission's working folder."""

    def take_cases(self) -> list[Case]:
        """The calls since the last `take_cases`."""


def size_of(value: Any) -> int:
    """The size of a value in numbers; text and large integers count by their length."""
    if isinstance(value, np.ndarray | np.generic):
        return cells(value.shape) * max(value.dtype.itemsize // 16, 1)
    if isinstance(value, dict):
        return 1 + sum(map(size_of, value)) + sum(map(size_of, value.values()))
    if isinstance(value, list | tuple | set | frozenset):
        return 1 + sum(map(size_of, value))
    if isinstance(value, str | bytes):
        return 1 + len(value) // 8
    return 1 + value.bit_length() // 64 if isinstance(value, int) else 1


def copy_arguments(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Copies that the other party may change without changing ours; functions stay the same."""
    return tuple(map(_copy, args))


def _copy(value: Any) -> Any:
    if type(value) is np.ndarray and value.dtype != object:
        return value.copy(order="K")
    if type(value) in (int, float, bool, str, np.float64) or callable(value):
        return value
    if isinstance(value, Held):
        return value
    if type(value) in (list, tuple):
        return type(value)(map(_copy, value))
    if type(value) is dict:
        return {key: _copy(one) for key, one in value.items()}
    try:
        return copy.deepcopy(value)
    except Exception:
        return value  # a module, say, which does not cross: whoever sends it says so
