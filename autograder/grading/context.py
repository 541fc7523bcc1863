"""What grading a lab needs, prepared once and used for many submissions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from autograder.checks.catalogue import Catalogue
from autograder.checks.suite import Check, Suites
from autograder.course.model import Exercise, Lab
from autograder.errors import SuiteError
from autograder.grading.stand_ins import StandIns
from autograder.sandbox.supervisor import Jail


@dataclass(frozen=True)
class GradingContext:
    """What grading a lab needs, prepared once."""

    lab: Lab
    catalogue: Catalogue
    suites: Suites
    jail: Jail
    files: dict[str, bytes]

    @property
    def checks(self) -> list[Check]:
        """The lab's hidden checks, in the order of its grade cells."""
        order = [exercise.grade_cell for exercise in self.lab.exercises]
        if not self.lab.needs_suite:
            return []
        checks = self.suites.checks(self.lab.suite)
        unknown = {check.grade_cell for check in checks} - set(order)
        if unknown:
            raise SuiteError(f"{self.lab.suite}: no tests cell named {', '.join(sorted(unknown))}")
        return sorted(checks, key=lambda check: order.index(check.grade_cell))

    @cached_property
    def stand_ins(self) -> StandIns:
        """Which of the reference's functions may stand in for a student's, check by check."""
        reference = self.catalogue.reference
        return StandIns(self.suites, reference, self.lab.exercises, self.checks)

    def functions(self, exercises: Sequence[Exercise]) -> dict[str, Callable[..., Any]]:
        """Reference functions of some exercises, by name."""
        names = [name for exercise in exercises for name in exercise.functions]
        found = ((name, getattr(self.catalogue.reference, name, None)) for name in names)
        return {name: function for name, function in found if function is not None}
