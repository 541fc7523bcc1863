"""How many wrong versions of the reference a suite rejects: its mutation score, by exercise.

The wrong versions are the slips of `checks.slips`, one at a time. They run in this process, with
the reference's functions for everything else. A version that answers every call of the checks as
the reference does is no wrong version there, and does not count.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.checks.slip_words import words_of
from autograder.checks.suite import Check
from autograder.course.lab import Exercise
from autograder.grading.context import GradingContext
from autograder.grading.replay import gives


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
    return Score(exercise.grade_cell, rejected, tuple(accepted))


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
