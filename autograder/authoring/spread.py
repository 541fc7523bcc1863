"""Which misconceptions are known in every exercise where they can show.

A mistake in one exercise's function is also a mistake in each later function that uses it, or that
does the same in its own lines. Here the mistake is made there with a slip of the reference that
amounts to it, the checks run in this process, and the diagnosis says what it would tell a student.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.authoring.mutation import scored
from autograder.checks.catalogue import Catalogue, Mistake
from autograder.checks.slip_places import Slip
from autograder.checks.suite import Check
from autograder.course.lab import Exercise
from autograder.grading.context import GradingContext
from autograder.grading.diagnosis import arguments_between, explain
from autograder.grading.replay import Replay, told
from autograder.remote.calls import Answer, Case
from autograder.remote.time_limit import Allowance

TO_COMPARE = 6
"""Calls on which a slip and a mistake are compared."""
ENOUGH_SLIPS = 2
"""Slips that are tried for a misconception: some give the numbers of another one, too."""
EXPLAINING_S, EXPLAINING_MIB = 20.0, 1024


@dataclass(frozen=True)
class Spread:
    """What an exercise makes of the misconceptions of the exercises that it builds on."""

    exercise: str
    """The grade cell."""
    named: tuple[str, ...]
    otherwise: tuple[tuple[str, str], ...]
    """Misconceptions that get another name, and that name."""
    unnamed: tuple[str, ...]

    @property
    def words(self) -> str:
        """All of it in one line."""
        count = len(self.named) + len(self.otherwise) + len(self.unnamed)
        other = ", ".join(f"{name} (as {said})" for name, said in self.otherwise)
        parts = (
            f"{len(self.named)} of {count} misconceptions of earlier exercises named",
            f"by another name: {other}" if other else "",
            f"not named: {', '.join(self.unnamed)}" if self.unnamed else "",
        )
        return "; ".join(filter(None, parts))


def builds_on_others(context: GradingContext, exercise: Exercise) -> bool:
    """Whether an exercise has a function that calls one with catalogued mistakes."""
    slips, mistaken = context.catalogue.slips, {m.name for m in context.catalogue.mistakes}
    return any(slips.uses[name] - {name} & mistaken for name in scored(context, exercise))


def spreads(context: GradingContext) -> Iterator[Spread]:
    """What each exercise of a notebook that builds on others makes of their misconceptions."""
    for exercise in context.lab.exercises:
        checks = [check for check in context.checks if check.grade_cell == exercise.grade_cell]
        if checks and builds_on_others(context, exercise):
            yield _spread(context, exercise, checks)


def _spread(context: GradingContext, exercise: Exercise, checks: list[Check]) -> Spread:
    catalogue = context.catalogue
    own = [m for m in catalogue.mistakes if m.grade_cell == exercise.grade_cell]
    said: dict[str, str] = {}
    tried: Counter[str] = Counter()
    for name in scored(context, exercise):
        passed, cases = _rehearsed(context, checks, name, getattr(catalogue.reference, name))
        for slip, mistake in _equal(catalogue, name, cases) if passed else ():
            wanted = mistake.misconception.name
            if said.get(wanted) == wanted or tried[wanted] == ENOUGH_SLIPS:
                continue
            version = catalogue.slips.version(name, [slip])
            passed, answered = _rehearsed(context, checks, name, version)
            if not passed:
                tried[wanted] += 1
                allowance = Allowance(EXPLAINING_S, EXPLAINING_MIB)
                found = explain(answered, own, allowance, catalogue)
                said[wanted] = found.name if found is not None else said.get(wanted, "")
    return Spread(
        exercise.grade_cell,
        tuple(name for name, one in said.items() if one == name),
        tuple((name, one) for name, one in said.items() if one not in ("", name)),
        tuple(name for name, one in said.items() if not one),
    )


def _rehearsed(
    context: GradingContext, checks: list[Check], name: str, version: Callable[..., Any]
) -> tuple[bool, list[Case]]:
    """Whether all checks pass with a version of a function, and the calls that they make."""
    passed, found = True, list[Case]()
    for check in checks:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            one, cases = context.stand_ins.rehearse(check, {name: version})
        passed = passed and one
        found += [case for case in cases if case.function == name]
    return passed, found


def _equal(
    catalogue: Catalogue, name: str, cases: Sequence[Case]
) -> Iterator[tuple[Slip, Mistake]]:
    """Slips in functions that a function calls, and the mistakes there that they amount to."""
    slips = catalogue.slips
    for other in sorted(slips.uses[name] - {name}):
        calls = arguments_between(slips, name, other, cases)[:TO_COMPARE]
        mistakes: dict[str, Mistake] = {}
        for mistake in catalogue.mistakes:
            if mistake.name == other:
                mistakes.setdefault(_given(mistake.function, other, calls), mistake)
        right = _given(slips.functions[other], other, calls)
        for slip in slips.all:
            if slip.function == other and calls:
                given = _given(slips.version(other, [slip]), other, calls)
                if given not in ("", right) and given in mistakes:
                    yield slip, mistakes[given]


def _given(version: Callable[..., Any], name: str, calls: Sequence[tuple[Any, ...]]) -> str:
    """What a function gives for some arguments; empty if it gives no numbers for one of them."""
    given = [told(*Replay(version).answer(Case(name, args, Answer()))) for args in calls]
    return "\n".join(given) if all(given) else ""
