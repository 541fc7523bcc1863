"""Which misconception explains the answers: the mistake or slip that gives exactly the same.

This module knows the catalogue and the calls that were made, and nothing of notebooks. A mistake
explains an exercise's answers when it gives the same value (or raises the same kind of error, or
changes the same arguments) on *every* recorded call of its function. The catalogue's mistakes come
first, then a slip in the reference, then a mistake with a slip, then two slips. The module is asked
only about exercises with a failed check.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import textwrap
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

import numpy as np

from autograder.checks.catalogue import Catalogue, Mistake
from autograder.checks.compare import NotNumbers, as_numbers, compare
from autograder.checks.kinds import as_crossed, kind_of
from autograder.checks.own_calls import performed
from autograder.checks.slips import JOINED, explaining, explaining_pair
from autograder.remote.calls import CALLED, READ, Answer, Case, Outcome, copy_arguments
from autograder.remote.exceptions import gist
from autograder.remote.time_limit import Allowance, TookTooLong, TooMuchWork
from autograder.report import Verdict
from autograder.sandbox.inside.wire import Held, Unsendable, seen

RTOL, ATOL = 1e-6, 1e-9
DIAGNOSIS_S = 4.0
"""Seconds for diagnosing one exercise's answers."""
ENOUGH_NUMBERS = 3
"""How many different numbers answers must hold to be explained by a slip."""
MOST_NUMBERS = 1000
"""Numbers of one answer that are looked at for that."""
HUGE, RTOL_HUGE = 1e6, 1e-2
_COMPARABLE = {Verdict.FAILED, Verdict.RAISED}


@dataclass(frozen=True)
class Explanation:
    """What explains an exercise's answers."""

    function: str
    """The function that gave them."""
    name: str
    """Of the misconception; see `Catalogue.misconception`."""
    version: Callable[..., Any] = field(compare=False)
    """A function that gives the same answers."""


def explain(
    cases: Sequence[Case],
    mistakes: Sequence[Mistake],
    allowance: Allowance,
    catalogue: Catalogue | None = None,
) -> Explanation | None:
    """What gives exactly these answers, if something does.

    Args:
        cases: every call that was recorded while an exercise was checked.
        mistakes: the exercise's mistakes, in the catalogue's order.
        allowance: for the work; answers that need more than it are explained by nothing.
        catalogue: the reference and its slips; without it, only mistakes are looked at.
    """
    try:
        with allowance.spend(DIAGNOSIS_S):
            reference = catalogue.reference if catalogue is not None else None
            mistake = _first(cases, mistakes, reference)
            if mistake is not None:
                return Explanation(mistake.name, mistake.misconception.name, mistake.function)
            return _by_slips(cases, mistakes, catalogue) if catalogue is not None else None
    except TooMuchWork:
        return None


def _first(
    cases: Sequence[Case], mistakes: Sequence[Mistake], reference: ModuleType | None
) -> Mistake | None:
    for mistake in mistakes:
        own = [case for case in cases if case.function == mistake.name]
        if not own or _says_nothing(own, mistake, reference):
            continue
        if gives(mistake.function, own):
            return mistake
    return None


def gives(function: Callable[..., Any], cases: Sequence[Case]) -> bool:
    """Whether a function answers every call as the student's did."""
    return all(map(_Replay(function).gives, cases))


def _by_slips(
    cases: Sequence[Case], mistakes: Sequence[Mistake], catalogue: Catalogue
) -> Explanation | None:
    for name in dict.fromkeys(case.function for case in cases):
        own = [case for case in cases if case.function == name]
        right = catalogue.slips.functions.get(name)
        reference = getattr(catalogue.reference, name, None)
        if right is None or not _answer_alike(right, reference, own):
            continue
        if gives(right, own) or not _tell_enough(own):
            continue
        return _by_slips_of(name, _telling_first(own, right), mistakes, catalogue)
    return None


def _answer_alike(
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
        answer, raised = _Replay(second).answer(case)
        if raised is not None:
            kind, said = raised
            answer = Answer(outcome=Outcome(Verdict.RAISED, "", kind, said))
        answered.append(replace(case, answer=answer))
    return gives(first, answered)


def _telling_first(cases: Sequence[Case], right: Callable[..., Any]) -> Sequence[Case]:
    """The calls with a wrong answer first, and of these the quickest; the answer is the same.

    Most slips are ruled out by the first call, so it should be one that rules out many.
    """
    if any(case.deed != CALLED or isinstance(case.answer.value, Held) for case in cases):
        return cases  # what is done to an object depends on what was done before
    order = []
    for case in cases:
        began = time.perf_counter()
        is_right = gives(right, [case])
        order.append((is_right, time.perf_counter() - began))
    return [cases[place] for place in sorted(range(len(cases)), key=order.__getitem__)]


def _by_slips_of(
    name: str, cases: Sequence[Case], mistakes: Sequence[Mistake], catalogue: Catalogue
) -> Explanation | None:
    """What explains the answers of one function that is not right."""

    def explains(function: Callable[..., Any]) -> bool:
        return gives(function, cases)

    known: tuple[str, ...] = ()
    found = explaining(catalogue.slips, name, explains)
    for mistake in mistakes if found is None else ():
        itself = catalogue.slips_in(mistake).functions.get(name)
        same = itself is not None and _answer_alike(itself, mistake.function, cases)
        if found is None and mistake.name == name and same:
            found = explaining(catalogue.slips_in(mistake), name, explains)
            known = (mistake.misconception.name,)
    if found is None and not _are_arguments(cases):
        known = ()
        found = explaining_pair(catalogue.slips, name, explains)
    if found is None or not found.names:
        return None
    return Explanation(name, JOINED.join((*known, *found.names)), found.version)


def _are_arguments(cases: Sequence[Case]) -> bool:
    """Whether the answers are what was handed in, as of a function that is hardly begun."""
    fewest = min(len(case.args) for case in cases)
    return any(
        all(_is_same(case.args[place], case.answer.value) for case in cases)
        for place in range(fewest)
    )


def _is_same(argument: Any, answer: Any) -> bool:
    try:
        return bool(np.array_equal(as_numbers(argument), as_numbers(answer)))
    except NotNumbers:
        return False


def _tell_enough(cases: Sequence[Case]) -> bool:
    """Whether answers have enough numbers of their own that no slip gives them by chance.

    Where all are exceptions, these must name the sizes that do not fit.
    """
    outcomes = [case.answer.outcome for case in cases]
    if all(outcomes):
        return any(outcome is not None and outcome.gist.endswith("]") for outcome in outcomes)
    found: set[float] = set()
    for case in cases:
        value = case.answer.value
        for part in value if isinstance(value, tuple | list) else (value,):
            with contextlib.suppress(NotNumbers):
                numbers = as_numbers(part).ravel()[:MOST_NUMBERS]
                found |= {round(float(one), 9) for one in numbers if np.isfinite(one)}
    return len(found) >= ENOUGH_NUMBERS


def _says_nothing(cases: Sequence[Case], mistake: Mistake, reference: ModuleType | None) -> bool:
    """Whether no answer of the calls could tell the mistake from a right function."""
    if reference is None or can_be_named(mistake, reference):
        return False
    return all(case.deed == CALLED and not case.answer.changed for case in cases)


def can_be_named(mistake: Mistake, reference: ModuleType) -> bool:
    """Whether what a function returns can tell the mistake from a right answer.

    It cannot where neither returns or raises anything: functions that write files, say.
    """
    right = getattr(reference, mistake.name, None)
    return any(map(_gives_values, (mistake.function, right)))


def _gives_values(function: Any) -> bool:
    """Whether a function returns a value or raises, or has no source that could tell."""
    if function is None:
        return False
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return True
    kinds = (ast.Return, ast.Yield, ast.YieldFrom, ast.Lambda, ast.Raise)
    return any(
        isinstance(node, kinds) and getattr(node, "value", node) is not None
        for node in ast.walk(tree)
    )


class _Replay:
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
