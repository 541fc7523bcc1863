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
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from types import ModuleType
from typing import Any

import numpy as np

from autograder.checks.catalogue import Catalogue, Mistake
from autograder.checks.compare import NotNumbers, as_numbers
from autograder.checks.slip_places import Slip
from autograder.checks.slip_sites import Slips
from autograder.checks.slip_words import words_of
from autograder.checks.slips import JOINED, Found, Search
from autograder.grading.replay import Replay, answer_alike, gives, told, work
from autograder.remote.calls import CALLED, Answer, Case
from autograder.remote.time_limit import Allowance, TooMuchWork
from autograder.sandbox.inside.wire import Held

DIAGNOSIS_S = 8.0
"""Seconds for diagnosing one exercise's answers."""
WORK_ON_PAIRS, WORK_ON_EXAMPLES, WORK_ON_EFFECTS = 150_000, 25_000, 1_500
"""How many calls of functions, Python's and NumPy's, may be made for one exercise: for pairs of
slips; for slips in mistakes, and as many for those in variants; and for what one slip does."""
MOST_CALLS = 20
"""Calls between functions of the reference that are looked at to know a slip in one of them."""
FEW = 5
"""On how many calls two slips are compared."""
ENOUGH_NUMBERS = 3
"""How many different numbers answers must hold to be explained by a slip."""
ENOUGH_OF_TWO = 8
"""How often each must be among them where there are only two, as in answers of zeros and ones."""
MOST_NUMBERS = 1000
"""Numbers of one answer that are looked at for that."""


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
        return explanation(cases, mistakes, allowance, catalogue)
    except TooMuchWork:
        return None


def prepare(cases: Sequence[Case], mistakes: Sequence[Mistake], catalogue: Catalogue) -> None:
    """Do the work on an exercise that is the same for all submissions, and at nobody's cost."""
    names = {case.function for case in cases}
    for example in (*mistakes, *catalogue.variants):
        if example.name in names:
            catalogue.slips_in(example)


def explanation(
    cases: Sequence[Case],
    mistakes: Sequence[Mistake],
    allowance: Allowance,
    catalogue: Catalogue | None = None,
) -> Explanation | None:
    """What `explain` gives.

    Raises:
        TooMuchWork: the answers need more than the allowance.
    """
    with allowance.spend(DIAGNOSIS_S):
        reference = catalogue.reference if catalogue is not None else None
        mistake = _first(cases, mistakes, reference)
        if mistake is not None:
            return Explanation(mistake.name, mistake.misconception.name, mistake.function)
        return _by_slips(cases, mistakes, catalogue) if catalogue is not None else None


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


def _by_slips(
    cases: Sequence[Case], mistakes: Sequence[Mistake], catalogue: Catalogue
) -> Explanation | None:
    for name in dict.fromkeys(case.function for case in cases):
        own = [case for case in cases if case.function == name]
        right = catalogue.slips.functions.get(name)
        reference = getattr(catalogue.reference, name, None)
        if right is None or not answer_alike(right, reference, own):
            continue
        if gives(right, own) or not _tell_enough(own):
            continue
        return _by_slips_of(name, Trials(own, right), mistakes, catalogue)
    return None


class Trials:
    """Tries wrong versions of a function on the calls whose answers are to be explained.

    Args:
        cases: the calls.
        right: a right function, which does not give these answers.
    """

    def __init__(self, cases: Sequence[Case], right: Callable[..., Any]) -> None:
        self.cases, works = _telling_first(cases, right)
        self.work = works[0]
        self._few = sum(work <= WORK_ON_EFFECTS for work in accumulate(works[:FEW])) or 1
        self._right = self._given(right)

    def explains(self, version: Callable[..., Any]) -> bool:
        """Whether a version gives exactly these answers."""
        try:
            return gives(version, self.cases)
        except MemoryError:
            return False  # it would not have fitted into the student's sandbox, either

    def effect(self, version: Callable[..., Any]) -> str:
        """What a version gives in place of right answers; empty if it gives them, or none."""
        given = self._given(version)
        return "" if given == self._right else given

    def _given(self, version: Callable[..., Any]) -> str:
        replay = Replay(version)
        # An object that this version did not make, or one that grows without end.
        with contextlib.suppress(KeyError, MemoryError):
            return "\n".join(told(*replay.answer(case)) for case in self.cases[: self._few])
        return ""


def _telling_first(
    cases: Sequence[Case], right: Callable[..., Any]
) -> tuple[Sequence[Case], list[int]]:
    """The calls with a wrong answer first, of these the least work, and the work of each.

    Most slips are ruled out by the first call, so it should be one that rules out many. Work is
    counted in calls of functions and not in seconds, which are others every time.
    """
    works = [work(right, case) for case in cases]
    if any(case.deed != CALLED or isinstance(case.answer.value, Held) for case in cases):
        return cases, works  # what is done to an object depends on what was done before
    order = sorted(range(len(cases)), key=lambda i: (gives(right, [cases[i]]), works[i]))
    return [cases[i] for i in order], [works[i] for i in order]


def _by_slips_of(
    name: str, trials: Trials, mistakes: Sequence[Mistake], catalogue: Catalogue
) -> Explanation | None:
    """What explains the answers of one function that is not right."""
    known: tuple[str, ...] = ()
    search = Search(catalogue.slips, name, trials)
    found = search.one() or _in_a_variant(name, trials, catalogue)
    if found is None:
        known, found = _with_a_mistake(name, trials, mistakes, catalogue)
    unfinished = _are_arguments(trials.cases)
    if found is None and not unfinished:
        found = search.two(WORK_ON_PAIRS // trials.work)
    if found is None or (unfinished and found.family != "loop"):
        return None
    names = _names(found, name, trials, catalogue)
    if not names:
        return None
    return Explanation(name, JOINED.join(dict.fromkeys((*known, *names))), found.version)


def _with_a_mistake(
    name: str, trials: Trials, mistakes: Sequence[Mistake], catalogue: Catalogue
) -> tuple[tuple[str, ...], Found | None]:
    """A catalogued mistake with one more slip: its name, and the slip."""
    own = [mistake for mistake in mistakes if mistake.name == name]
    for mistake in own:
        slips = catalogue.slips_in(mistake)
        itself = slips.functions.get(name)
        if itself is not None and answer_alike(itself, mistake.function, trials.cases[:1]):
            most = WORK_ON_EXAMPLES // trials.work // len(own)
            found = Search(slips, name, trials).one(most)
            if found is not None and found.names:
                return (mistake.misconception.name,), found
    return (), None


def _in_a_variant(name: str, trials: Trials, catalogue: Catalogue) -> Found | None:
    """A slip in a right answer of another style, which may be written as students write it."""
    own = [variant for variant in catalogue.variants if variant.name == name]
    for variant in own:
        slips = catalogue.slips_in(variant)
        itself = slips.functions.get(name)
        if itself is not None and answer_alike(itself, variant.function, trials.cases[:1]):
            found = Search(slips, name, trials).one(WORK_ON_EXAMPLES // trials.work // len(own))
            if found is not None and found.names:
                return found
    return None


def _names(found: Found, name: str, trials: Trials, catalogue: Catalogue) -> list[str]:
    """The names of slips: a catalogued one where a slip in a function that `name` calls has one.

    Where several slips give the same answers and their sentences differ, they have a name only if
    it is the same catalogued one for all of them.
    """

    def known_as(slips: Sequence[Slip]) -> list[str]:
        """Of each slip; empty where it has none."""
        mistakes = (
            catalogued(slip, name, trials.cases, catalogue)
            if slip.function != name and slip in catalogue.slips.all
            else None
            for slip in slips
        )
        return [one.misconception.name if one is not None else "" for one in mistakes]

    if not found.names:
        only = set(known_as(found.slips[0]))
        return [*only] if len(only) == 1 and "" not in only else []
    names = []
    for told_as, slips in zip(found.names, found.slips, strict=True):
        likely = sorted(slips, key=lambda slip: words_of(slip).rank)
        names.append(next(filter(None, known_as(likely)), told_as))
    return names


def catalogued(
    slip: Slip, name: str, cases: Sequence[Case], catalogue: Catalogue
) -> Mistake | None:
    """The mistake in another exercise's function that a slip there amounts to.

    Args:
        slip: in a function of the reference.
        name: of a function that calls that one.
        cases: calls of the function `name`, which give the arguments of the other one.
        catalogue: the reference and the mistakes.
    """
    slips = catalogue.slips
    calls = arguments_between(slips, name, slip.function, cases[:FEW])
    version = slips.version(slip.function, [slip])
    asked = [Case(slip.function, args, Answer()) for args in calls[:MOST_CALLS]]
    answers = [(case, *Replay(version).answer(case)) for case in asked]
    given = [replace(case, answer=answer) for case, answer, raised in answers if not raised]
    if not given or gives(slips.functions[slip.function], given):
        return None
    likely = [mistake for mistake in catalogue.mistakes if mistake.name == slip.function]
    return next((mistake for mistake in likely if gives(mistake.function, given)), None)


def arguments_between(
    slips: Slips, name: str, other: str, cases: Sequence[Case]
) -> list[tuple[Any, ...]]:
    """The arguments with which the reference's function `name` calls `other` in some calls."""
    calls: list[tuple[Any, ...]] = []
    with slips.recorded(other, calls):
        for case in cases:
            if case.deed == CALLED and not any(isinstance(one, Held) for one in case.args):
                Replay(slips.functions[name]).answer(case)
    return calls


def _are_arguments(cases: Sequence[Case]) -> bool:
    """Whether a function returns one of its arguments on every call, as an unfinished one may.

    An array that has a number in every entry counts, too.
    """
    fewest = min(len(case.args) for case in cases)
    return any(
        all(_is_same(case.args[place], case.answer.value) for case in cases)
        for place in range(fewest)
    )


def _is_same(argument: Any, answer: Any) -> bool:
    try:
        numbers, answered = as_numbers(argument), as_numbers(answer)
    except NotNumbers:
        return False
    if numbers.ndim == 0:
        return bool(np.all(answered == numbers))
    return bool(np.array_equal(numbers, answered))


def _tell_enough(cases: Sequence[Case]) -> bool:
    """Whether answers have enough numbers of their own that no slip gives them by chance.

    Where all are exceptions, these must name the sizes that do not fit. Arrays of one easy
    number each, such as equal shares, may come from anything.
    """
    outcomes = [case.answer.outcome for case in cases]
    if all(outcomes):
        return any(outcome is not None and outcome.gist.endswith("]") for outcome in outcomes)
    found: Counter[float] = Counter()
    level = True
    for case in cases:
        value = case.answer.value
        for part in value if isinstance(value, tuple | list) else (value,):
            with contextlib.suppress(NotNumbers):
                numbers = as_numbers(part).ravel()[:MOST_NUMBERS]
                finite = [round(float(one), 9) for one in numbers if np.isfinite(one)]
                found.update(finite)
                level = level and len(finite) > 1 and len(set(finite)) == 1 and _is_easy(finite[0])
    several = len(found) > 1 and min(found.values()) >= ENOUGH_OF_TWO
    return not level and (len(found) >= ENOUGH_NUMBERS or several)


def _is_easy(number: float) -> bool:
    """Whether a number is whole, or an equal share."""
    return number == round(number) or (number > 0 and abs(1 / number - round(1 / number)) < 1e-6)


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
