"""Makes a submission's calls again with a function of ours, and compares the answers."""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograder.checks.compare import NotNumbers, as_numbers, compare
from autograder.checks.kinds import as_crossed, kind_of
from autograder.checks.own_calls import performed
from autograder.remote.calls import READ, Answer, Case, Outcome, copy_arguments
from autograder.remote.exceptions import gist
from autograder.remote.time_limit import TookTooLong
from autograder.report import Verdict
from autograder.sandbox.inside.wire import Held, Unsendable, seen

RTOL, ATOL = 1e-6, 1e-9
HUGE, RTOL_HUGE = 1e6, 1e-2
_COMPARABLE = {Verdict.FAILED, Verdict.RAISED}


def gives(function: Callable[..., Any], cases: Sequence[Case]) -> bool:
    """Whether a function answers every call as the student's did."""
    return all(map(Replay(function).gives, cases))


def answer_alike(
    first: Callable[..., Any], second: Callable[..., Any] | None, cases: Sequence[Case]
) -> bool:
    """Whether two functions of ours answer every call alike.

    A function that was rewritten for slips and does not answer as it did before would explain
    answers that it cannot explain.
    """
    if second is None:
        return False
    answered = []
    for case in cases:
        if any(isinstance(one, Held) for one in case.args):
            return False  # an object of a submission's
        answer, raised = Replay(second).answer(case)
        if raised is not None:
            kind, said = raised
            answer = Answer(outcome=Outcome(Verdict.RAISED, "", kind, said))
        answered.append(replace(case, answer=answer))
    return gives(first, answered)


def work(function: Callable[..., Any], case: Case) -> int:
    """How many calls of functions, Python's and NumPy's, one call of a function takes."""
    count = 1

    def note(_frame: object, event: str, _about: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        with contextlib.suppress(KeyError):  # an object that this function did not make
            Replay(function).answer(case)
    finally:
        sys.setprofile(before)
    return count


def told(answer: Answer, raised: tuple[str, str] | None = None) -> str:
    """An answer's numbers as a text that is equal for equal ones; empty for everything else."""
    if raised:
        return ""
    parts = answer.value if isinstance(answer.value, tuple | list) else (answer.value,)
    try:
        numbers = [as_numbers(part) for part in parts]
    except NotNumbers:
        return ""
    texts = (f"{one.shape}: {' '.join(f'{x:.8g}' for x in one.ravel())}" for one in numbers)
    return "; ".join((*texts, str(answer.changed)))


class Replay:
    """Makes a submission's calls again with a mistaken function or class."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._objects: dict[int, Any] = {}
        """Our objects, by the identity of what stands for the submission's."""

    def gives(self, case: Case) -> bool:
        """Whether the mistaken function answers a call exactly as the student's function did."""
        outcome = case.answer.outcome
        if outcome is not None and outcome.verdict not in _COMPARABLE:
            return False
        try:
            answer, raised = self.answer(case)
        except KeyError:
            return False  # an object that this function did not make
        return self.is_given(case, answer, raised)

    def is_given(self, case: Case, answer: Answer, raised: tuple[str, str] | None) -> bool:
        """Whether an answer or an exception of ours is what came of the student's call."""
        outcome = case.answer.outcome
        if raised:
            return outcome is not None and (outcome.raised, outcome.gist) == raised
        return outcome is None and self._same(answer, case.answer)

    def answer(self, case: Case) -> tuple[Answer, tuple[str, str] | None]:
        """Make a call: the answer, or the type and the gist of the exception that it raises."""
        held = {i: self._objects[id(a)] for i, a in enumerate(case.args) if isinstance(a, Held)}
        own = tuple(held.get(i, one) for i, one in enumerate(copy_arguments(case.args)))
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                value = (
                    self._value(case)
                    if case.deed == READ
                    else performed(self._function, own, case.names, case.deed)
                )
            except (TookTooLong, MemoryError):
                raise
            except Exception as error:
                return Answer(), (type(error).__name__, gist(type(error).__name__, str(error)))
        pairs = enumerate(zip(case.args, own, strict=True))
        changed = [i for i, (a, b) in pairs if i not in held and not _equal(a, b)]
        return Answer(value, tuple(changed)), None

    def _value(self, case: Case) -> Any:
        """What a variable is: the function or class itself, or what the function gives for it."""
        itself = isinstance(seen(case.answer.value), Unsendable)
        return self._function if itself else self._function()

    def _same(self, mine: Answer, theirs: Answer) -> bool:
        return mine.changed == theirs.changed and self._agree(mine.value, theirs.value)

    def _agree(self, mine: Any, theirs: Any) -> bool:
        """Whether two answers have the same value, parts and shapes included."""
        if isinstance(theirs, Held):
            self._objects[id(theirs)] = mine
            known = theirs._value
            return known is None or compare(known, as_crossed(mine)).agrees
        if isinstance(mine, tuple | list) and isinstance(theirs, tuple | list):
            return len(mine) == len(theirs) and all(map(self._agree, mine, theirs))
        mine = as_crossed(mine)
        if kind_of(mine) is not None:
            return compare(theirs, mine).agrees
        if theirs is None:
            return False
        try:
            a, b = as_numbers(mine), as_numbers(theirs)
        except NotNumbers:
            return False
        if a.shape != b.shape:
            return False
        # Dividing by almost zero gives a huge number, mostly rounding: only its size means
        # anything.
        rtol = np.where(np.abs(b) > HUGE, RTOL_HUGE, RTOL)
        return bool(np.all(np.isclose(a, b, rtol=rtol, atol=ATOL, equal_nan=True)))


def _equal(a: Any, b: Any) -> bool:
    """Whether an argument is unchanged; generators and functions count as unchanged."""
    if callable(a) or hasattr(a, "bit_generator"):
        return True
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(_equal, a, b))
    return bool(np.array_equal(np.asarray(a), np.asarray(b), equal_nan=_is_float(a)))


def _is_float(value: Any) -> bool:
    return bool(np.asarray(value).dtype.kind in "fc")
