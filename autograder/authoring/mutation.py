"""How many wrong versions of the reference a suite rejects: its mutation score, by exercise.

The wrong versions are the slips of `checks.slips`, one at a time. They run in this process, with
the reference's functions for everything else. A version that answers every call of the checks as
the reference does is no wrong version there, and does not count. A function that goes round a loop
is tried in one more version: it goes on from where its last call ended. Unless the checks call it
twice with arguments of the same shapes, nobody would see that.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.checks.slip_words import words_of
from autograder.checks.suite import Check
from autograder.course.lab import Exercise
from autograder.grading.context import GradingContext
from autograder.grading.replay import gives

REMEMBERS = "remembers between calls"
"""What a version is called that goes on from its last answer."""


@dataclass(frozen=True)
class Score:
    """What a suite makes of an exercise's slips."""

    exercise: str
    """The grade cell."""
    rejected: int
    accepted: tuple[str, ...]
    """Names of the slips that no check rejects, although they change an answer."""

    @property
    def words(self) -> str:
        """The score in one line."""
        count = self.rejected + len(self.accepted)
        names = ", ".join(dict.fromkeys(self.accepted))
        return f"{self.rejected} of {count} slips rejected" + (f"; not: {names}" if names else "")


def scores(context: GradingContext) -> Iterator[Score]:
    """The score of each exercise of a notebook that has checks and functions of the reference."""
    for exercise in context.lab.exercises:
        checks = [check for check in context.checks if check.grade_cell == exercise.grade_cell]
        if checks and scored(context, exercise):
            yield _score(context, exercise, checks)


def scored(context: GradingContext, exercise: Exercise) -> list[str]:
    """The functions of an exercise in which slips can be made."""
    slips = context.catalogue.slips
    return [name for name in exercise.functions if slips.of(name) and name in slips.functions]


def _score(context: GradingContext, exercise: Exercise, checks: list[Check]) -> Score:
    slips, rejected, accepted = context.catalogue.slips, 0, []
    for name in scored(context, exercise):
        for slip in slips.of(name):
            outcome = _outcome(context, checks, name, slips.version(name, [slip]))
            rejected += outcome is True
            if outcome is False:
                accepted.append(f"{name}: {words_of(slip).name}")
        places = _renewed(context, name)
        if places:
            version = remembering(getattr(context.catalogue.reference, name), places)
            outcome = _outcome(context, checks, name, version)
            rejected += outcome is True
            accepted += [] if outcome else [f"{name}: {REMEMBERS}"]
    return Score(exercise.grade_cell, rejected, tuple(accepted))


def _renewed(context: GradingContext, name: str) -> list[int]:
    """The places of a function's parameters that are where its loop begins."""
    slips = context.catalogue.slips
    if not any(slip.function == name and slip.change[0] == "kept" for slip in slips.all):
        return []  # no loop renews anything
    starts = {
        slip.what for slip in slips.all if slip.function == name and slip.change[0] == "zeros"
    }
    parameters = slips.functions[name].__code__.co_varnames
    count = slips.functions[name].__code__.co_argcount
    return [place for place, one in enumerate(parameters[:count]) if one in starts]


def remembering(function: Callable[..., Any], places: Sequence[int]) -> Callable[..., Any]:
    """A function that goes on from its last answer, as one that keeps it in a global variable.

    Args:
        function: a right one.
        places: of the arguments with which it begins. What was answered last, or the end of it,
            takes the place of those that have its shape.
    """
    last: list[Any] = []

    def version(*args: Any, **named: Any) -> Any:
        given, left = list(args), list(last)
        for place in places:
            kept = [one for one in left if place < len(given) and _fits(one, given[place])]
            if kept:
                given[place] = kept[0]
                left = [one for one in left if one is not kept[0]]
        answer = function(*given, **named)
        parts = answer if isinstance(answer, tuple) else (answer,)
        last[:] = [*parts, *(one[-1] for one in parts if np.ndim(one) and len(one))]
        return answer

    version.__name__ = function.__name__
    return version


def _fits(answer: Any, argument: Any) -> bool:
    is_number = isinstance(answer, np.ndarray | np.floating | float)
    return is_number and np.shape(answer) == np.shape(argument)


def _outcome(
    context: GradingContext, checks: list[Check], name: str, version: Callable[..., Any]
) -> bool | None:
    """Whether a wrong version is rejected; None where it answers as the reference does."""
    right = getattr(context.catalogue.reference, name)
    alike = True
    for check in checks:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            passed, cases = context.stand_ins.rehearse(check, {name: version})
        if not passed:
            return True
        own = [case for case in cases if case.function == name]
        alike = alike and gives(right, own)
    return None if alike else False
