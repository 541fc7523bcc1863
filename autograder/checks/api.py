"""What a check calls: five functions for the author of a suite, and how a running check ends.

    assert_agrees(student.f, reference.f, *args)   one case: same answer as the reference
    assert_close(answer, expected, what="…")       one value that the check already holds
    numeric(answer, shape=(4, 3))                  an answer as a float array of that shape
    require(condition, "sentence")                 anything else, with its sentence
    award(0.5, "sentence")                         part of the points, with its sentence

This module knows nothing of pytest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from autograder.checks.compare import (
    NotNumbers,
    as_numbers,
    compare,
    looks_measured,
    require_comparable,
    shape_words,
)
from autograder.checks.kinds import as_crossed
from autograder.remote.calls import Answer, Call, Outcome, copy_arguments
from autograder.remote.objects import RemoteObject
from autograder.remote.student import RemoteFunction
from autograder.remote.time_limit import Allowance, TooMuchWork
from autograder.sandbox.inside.arguments import in_row, split


class Disagreement(Exception):
    """A check does not hold; the text is for the student."""


class Award(Disagreement):
    """A check holds in part; the text is for the student.

    Args:
        share: of the check's points, from 0 to 1.
        message: what is still wrong.
    """

    def __init__(self, share: float, message: str) -> None:
        super().__init__(message)
        self.share = share


CHECK_WORK_S = 4.0
"""Seconds of our own work on the answers of one check; a check that needs more fails."""
TOO_MUCH = (
    "The answer is too large or too deeply nested to be compared. Return an array of numbers."
)
MOSTLY = 0.7
"""The share of a check's cases that must look measured for the check to fail."""
MEASURED = (
    "The result is right only as far as a slope that is measured with secants is: derive it, and "
    "write down the formula."
)

running_check: ContextVar[Running] = ContextVar("running")
"""The check that is running now."""


def assert_agrees(
    student_function: RemoteFunction | RemoteObject,
    reference_function: Callable[..., Any],
    *args: Any,
    quiet: bool = False,
    derived: bool = False,
    **named: Any,
) -> None:
    """One case: the student's function must answer as the reference does.

    The check continues while the sandbox computes, and after a failed case, so that the diagnosis
    sees all cases. It fails at its end, with the message of the first failed case. Both functions
    get copies of the arguments; a case fails when the student's function changes one.

    Args:
        student_function: an attribute of the `student` fixture, or a method of an object.
        reference_function: the correct function, with the same arguments.
        args: plain values, arrays, generators or functions.
        named: the same, passed by name.
        quiet: whether a warning from NumPy, about overflow for example, fails the case.
        derived: whether the check fails when most of its answers are right only as far as a slope
            that is measured with secants; see `autograder.checks.compare.looks_measured`.
    """
    call = student_function._begin(*args, **named)
    row, names = in_row(args, named)
    own, by_name = split(copy_arguments(row), names)
    expected = as_crossed(reference_function(*own, **by_name))
    require_comparable(expected)
    running_check.get().agreements.append(
        _Agreement(student_function, call, expected, quiet, derived)
    )


@dataclass(frozen=True)
class _Agreement:
    """A call that is under way, and the answer that it should give."""

    function: RemoteFunction | RemoteObject
    call: Call
    expected: Any
    quiet: bool
    derived: bool

    def settle(self) -> Answer:
        """Wait for the answer."""
        return self.function._settle(self.call)

    def failure(self) -> Outcome | Disagreement | None:
        """What is wrong with the answer, if anything."""
        answer = self.settle()
        if answer.outcome is not None:
            return answer.outcome
        comparison = compare(answer.value, self.expected)
        message = comparison.message
        if comparison.agrees and answer.changed:
            message = "The result is right, but an argument is changed in place: work on a copy."
        elif comparison.agrees and self.quiet and answer.warned:
            message = "The result is right, but NumPy warns on the way: is something overflowing?"
        return Disagreement(message) if message else None

    def looks_measured(self) -> bool:
        """Whether an answer that agrees is as imprecise as a slope measured with secants."""
        return looks_measured(self.settle().value, self.expected)


class Running:
    """One check while it runs: its cases are compared once all calls are made."""

    def __init__(self, allowance: Allowance) -> None:
        self.agreements: list[_Agreement] = []
        self.allowance = allowance

    def failure(self) -> Outcome | Disagreement | None:
        """The failure of the first case that does not hold; None when all hold."""
        for agreement in self.agreements:
            agreement.settle()
        with self.working():
            failures = [agreement.failure() for agreement in self.agreements]
            failure = next((failure for failure in failures if failure is not None), None)
            return failure if failure is not None else self._measured()

    def _measured(self) -> Disagreement | None:
        """What is wrong with right answers that were measured where they had to be derived.

        Single precision may look so in a case or two, so most cases have to.
        """
        derived = [agreement for agreement in self.agreements if agreement.derived]
        measured = sum(agreement.looks_measured() for agreement in derived)
        return Disagreement(MEASURED) if measured > MOSTLY * len(derived) else None

    def ending(self) -> Outcome | Disagreement | None:
        """As `failure`, but answers that take too much work also count as a failure."""
        try:
            return self.failure()
        except Disagreement as problem:
            return problem

    @contextmanager
    def working(self) -> Iterator[None]:
        """Work on answers within the time and memory allowed for them.

        Raises:
            Disagreement: an answer takes more.
        """
        try:
            with self.allowance.spend(CHECK_WORK_S):
                yield
        except TooMuchWork:
            raise Disagreement(TOO_MUCH) from None


@contextmanager
def _working() -> Iterator[None]:
    """Work on an answer; within a check, on the check's allowance."""
    running = running_check.get(None)
    with running.working() if running is not None else nullcontext():
        yield


def assert_close(answer: Any, expected: Any, what: str = "the result") -> None:
    """A value that the check already holds must agree with the expected one.

    Raises:
        Disagreement: the values differ; the text names `what`, never a number.
        TypeError: the expected value cannot be compared; that is a fault of the suite.
    """
    expected = as_crossed(expected)
    require_comparable(expected)
    with _working():
        comparison = compare(answer, expected)
    if not comparison.agrees:
        raise Disagreement(f"{what[:1].upper()}{what[1:]}: {comparison.message}")


def numeric(answer: Any, shape: tuple[int, ...] | None = None) -> NDArray[np.float64]:
    """An answer as a finite float64 array; `shape`, if given, must be its exact shape.

    Raises:
        Disagreement: the answer is no such array; the text says what it is instead.
    """
    try:
        with _working():
            array = as_numbers(answer)
    except NotNumbers as problem:
        raise Disagreement(str(problem)) from None
    if shape is not None and array.shape != shape:
        raise Disagreement(shape_words(array.shape, shape))
    if not np.all(np.isfinite(array)):
        raise Disagreement("The result contains NaN or infinity.")
    return array


def award(share: float, message: str) -> NoReturn:
    """End the check with part of its points, and say what is still wrong.

    Cases of `assert_agrees` that do not hold still give no points.

    Args:
        share: of the check's points, from 0 to 1.
        message: a sentence for the student.

    Raises:
        Disagreement: always; it is an `Award`.
        ValueError: the share is no number from 0 to 1.
    """
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"a share of {share!r}: it must be from 0 to 1")
    raise Award(float(share), message)


def require(condition: bool | np.bool_, message: str) -> None:
    """Fail the check with `message`, a sentence for the student, unless `condition` holds.

    Raises:
        Disagreement: the condition does not hold.
    """
    if not condition:
        raise Disagreement(message)
