"""Which of the reference's functions may stand in for a student's earlier, wrong ones.

An early slip costs its own points only: later checks run again with the reference's functions in
place of the wrong ones. Such a function must not be the answer itself. Whether it could be is
decided from the reference alone: the check is rehearsed with that function in place of the checked
one, with its arguments in any order. If the check then holds, the function stands in only for
arguments of the dimensions that its own exercise has; if those are the same, it does not stand in
at all. So `forward` of one record never answers for a whole batch, whatever is done to the
arguments, while a loop that calls it record by record is a correct answer.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from itertools import islice, permutations
from types import ModuleType
from typing import Any

import numpy as np

from autograder.checks.kinds import MOST
from autograder.checks.own_calls import performed
from autograder.checks.suite import Check, Suites
from autograder.course.lab import Exercise
from autograder.remote.calls import (
    CALLED,
    Answer,
    Call,
    Case,
    Deed,
    Outcome,
    copy_arguments,
)
from autograder.remote.exceptions import gist
from autograder.remote.objects import RemoteObject
from autograder.remote.student import Student
from autograder.remote.time_limit import Allowance, TookTooLong, at_most
from autograder.report import Verdict
from autograder.sandbox.inside.arguments import in_row
from autograder.sandbox.inside.wire import Unsendable, decode, encode

SEED = 0
MOST_ORDERS = 60
"""Most orders of the arguments that are tried."""
REHEARSAL_S = 1.0
Kinds = tuple[object, ...]
"""For each argument of a call, its number of dimensions, or what kind of value it is."""


class StandIns:
    """Decides for each check which of the reference's functions may stand in, and for which calls.

    Args:
        suites: the collected suites, which hold the checks.
        reference: the assignment's reference.
        exercises: the lab's exercises.
        checks: the lab's checks.
    """

    def __init__(
        self,
        suites: Suites,
        reference: ModuleType,
        exercises: Sequence[Exercise],
        checks: Sequence[Check],
    ) -> None:
        self._suites = suites
        self._reference = reference
        self._exercises = {exercise.grade_cell: exercise for exercise in exercises}
        self._checks = tuple(checks)
        self._asked: dict[str, frozenset[Kinds]] = {}
        self._solving: dict[tuple[str, str, str], frozenset[Kinds]] = {}

    def allowed(
        self, check: Check, functions: dict[str, Callable[..., Any]]
    ) -> dict[str, Callable[..., Any]]:
        """The functions that may stand in during a check, each restricted where it must be."""
        found = {}
        for name, function in functions.items():
            solving = self._solving_calls(check, name, function)
            asked = self._asked_calls(name)
            if not solving:
                found[name] = function
            elif not solving <= asked:
                found[name] = _only_for(function, asked)
        return found

    def _solving_calls(
        self, check: Check, name: str, function: Callable[..., Any]
    ) -> frozenset[Kinds]:
        """The kinds of calls by which a function alone makes a check hold; empty if it does not."""
        key = (check.grade_cell, check.name, name)
        if key not in self._solving:
            self._solving[key] = self._find_solving_calls(check, function)
        return self._solving[key]

    def _find_solving_calls(self, check: Check, function: Callable[..., Any]) -> frozenset[Kinds]:
        names = self._exercises[check.grade_cell].functions
        _, cases = self.rehearse(check, {})
        sizes = {len(case.args) for case in cases if case.function in names}
        for size in sizes:
            for order in _orders(function, size):
                calls: set[Kinds] = set()
                answer = _in_order(function, order, calls)
                if self.rehearse(check, dict.fromkeys(names, answer))[0]:
                    return frozenset(calls)
        return frozenset()

    def _asked_calls(self, name: str) -> frozenset[Kinds]:
        """The kinds of calls that the checks of a function's own exercise make."""
        if name not in self._asked:
            own = {cell for cell, e in self._exercises.items() if name in e.functions}
            checks = [check for check in self._checks if check.grade_cell in own]
            cases = [case for check in checks for case in self.rehearse(check, {})[1]]
            kinds = {_kinds(case.args) for case in cases if case.function == name}
            self._asked[name] = frozenset(kinds)
        return self._asked[name]

    def rehearse(
        self, check: Check, functions: dict[str, Callable[..., Any]]
    ) -> tuple[bool, Sequence[Case]]:
        """Whether a check holds for the reference with these functions, and the calls it made."""
        local = _Local(self._reference, functions)
        try:
            with at_most(REHEARSAL_S):
                [run] = self._suites.run([check], local, Student(local), self._reference, SEED)
        except TookTooLong:
            return False, ()
        return run.result.passed, run.cases


class _Local:
    """Answers calls with functions of ours, in this process, in place of a session."""

    def __init__(self, reference: ModuleType, functions: dict[str, Callable[..., Any]]) -> None:
        self._reference = reference
        self._functions = functions
        self._cases: list[Case] = []
        self._objects: list[Any] = []
        self._call = Call("", (), {})
        self.allowance = Allowance(REHEARSAL_S, 256)

    def begin(
        self,
        name: str,
        args: tuple[Any, ...],
        given: dict[str, Any],
        names: tuple[str, ...] = (),
        deed: Deed = CALLED,
    ) -> Call:
        """Make a call and wait for its answer."""
        call = self._call = Call(name, copy_arguments(args), given, names, deed)
        function = self._functions.get(name) or getattr(self._reference, name, None)
        call.answer = self._answer(
            lambda: performed(function, copy_arguments(self._ours(call.args)), names, deed)
        )
        self._cases.append(Case(name, call.args, call.answer, names, deed))
        return call

    def settle(self, call: Call) -> Answer:
        """The answer to a call, which already has it."""
        return call.answer or Answer()

    def value(self, name: str) -> Answer:
        """The value of a variable: the reference's."""
        return self._answer(lambda: getattr(self._reference, name))

    def file(self, name: str) -> Answer:
        """No file: a function of ours writes none that a check could read."""
        return Answer(outcome=Outcome(Verdict.FAILED, "", "FileNotFoundError"))

    def take_cases(self) -> list[Case]:
        """The calls since the last `take_cases`."""
        cases, self._cases = self._cases, []
        return cases

    def _answer(self, does: Callable[[], Any]) -> Answer:
        try:
            return Answer(self._crossed(does()))
        except TookTooLong:
            raise
        except Exception as error:
            raised = type(error).__name__
            return Answer(outcome=Outcome(Verdict.RAISED, "", raised, gist(raised, str(error))))

    def _crossed(self, value: Any) -> Any:
        """A value as it would come from a submission's process."""
        frame = encode(value, frame_bytes=MOST, elements=MOST, hold=self._hold)
        return decode(frame[4:], elements=MOST, generators=True, held=self._held)

    def _hold(self, thing: Any) -> int:
        self._objects.append(thing)
        return len(self._objects) - 1

    def _held(self, number: int, told: Unsendable, value: Any) -> RemoteObject:
        return RemoteObject(self, self, number, told, value, self._call.function, self._call.label)

    def _ours(self, value: Any) -> Any:
        """Arguments with the objects themselves in place of what stands for them."""
        if isinstance(value, RemoteObject):
            return self._objects[value._number]
        if type(value) in (list, tuple):
            return type(value)(map(self._ours, value))
        return value


def _orders(function: Callable[..., Any], size: int) -> Iterable[tuple[int, ...]]:
    """The orders in which a function could take the `size` arguments of a call."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return [tuple(range(size))]
    placed = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return islice(permutations(range(size), min(len(placed), size)), MOST_ORDERS)


def _in_order(
    function: Callable[..., Any], order: tuple[int, ...], calls: set[Kinds]
) -> Callable[..., Any]:
    """The function with its arguments in another order; it adds the kinds of calls to `calls`."""

    def answer(*args: Any, **named: Any) -> Any:
        row, _ = in_row(args, named)
        own = tuple(row[place] for place in order)
        calls.add(_kinds(own))
        return function(*own)

    return answer


def _only_for(function: Callable[..., Any], asked: frozenset[Kinds]) -> Callable[..., Any]:
    """The function, restricted to calls of these kinds."""

    def bounded(*args: Any, **named: Any) -> Any:
        row, _ = in_row(args, named)
        if _kinds(row) not in asked:
            raise ValueError("arguments that the function's own exercise does not have")
        return function(*args, **named)

    return bounded


def _kinds(args: Sequence[Any]) -> Kinds:
    return tuple(map(_kind, args))


def _kind(value: Any) -> object:
    if callable(value) or hasattr(value, "bit_generator"):
        return "function" if callable(value) else "generator"
    try:
        return np.ndim(value)
    except ValueError:
        return type(value).__name__
