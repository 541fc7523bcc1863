"""Everything that grading a lab needs, prepared once and used for many submissions."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from autograder.checks.catalogue import Catalogue, load_catalogue
from autograder.checks.collection import collected
from autograder.checks.suite import Check, Suites
from autograder.course.lab import Exercise, Lab
from autograder.course.model import Course
from autograder.course.private_places import private_places
from autograder.errors import CourseError, SuiteError
from autograder.grading.explained import Explained
from autograder.grading.stand_ins import StandIns
from autograder.limits import Limits
from autograder.sandbox.doctor import require_canaries, require_privacy
from autograder.sandbox.inside.policy import Tier
from autograder.sandbox.supervisor import Jail
from autograder.sandbox.warm import WarmConnection, WarmProcess

GRADER_MIB = 4096
"""Memory that a grading process may add to what it starts with; beyond it, the report is BROKEN."""


@dataclass(frozen=True)
class GradingContext:
    """Everything that grading a lab needs, prepared once."""

    lab: Lab
    catalogue: Catalogue
    suites: Suites
    jail: Jail
    files: dict[str, bytes]
    tester: Jail | None = None
    """Where tests cells run; None where no notebook has any."""

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

    @cached_property
    def explained(self) -> Explained:
        """What explains wrong answers; the same answers are explained once."""
        return Explained(self.catalogue)

    def functions(self, exercises: Sequence[Exercise]) -> dict[str, Callable[..., Any]]:
        """Reference functions of some exercises, by name."""
        names = [name for exercise in exercises for name in exercise.functions]
        found = ((name, getattr(self.catalogue.reference, name, None)) for name in names)
        # A class of ours would make objects that do not cross.
        return {name: one for name, one in found if one is not None and not isinstance(one, type)}


Contexts = dict[tuple[str, str], GradingContext]
"""Grading contexts by assignment and notebook."""


@contextmanager
def prepared(
    course: Course,
    labs: Sequence[Lab],
    tier: Tier,
    limits: Limits | None = None,
    warm: WarmConnection | None = None,
) -> Iterator[Contexts]:
    """Prepare labs for grading in this process, for the length of the block.

    Args:
        course: the course.
        labs: which labs.
        tier: the tier of isolation.
        limits: other limits than the course's.
        warm: the warm process to fork from; by default one of its own.

    Raises:
        CourseError: a notebook is not built.
        SuiteError: a suite or a catalogue cannot be used.
        NoJail: the tier does not hold here.
    """
    with ExitStack() as stack:
        # It loads while this process prepares the rest.
        warm = stack.enter_context(warm or WarmProcess(tier))
        warm.load(imported_modules(labs))
        catalogues = _load_catalogues(course, labs)
        files = {name: course.public_files(name) for name in catalogues}
        private = private_places(course)
        if tier.isolates:
            require_privacy(private)
        tested = [lab.suite for lab in labs if lab.needs_suite]
        limits = limits or course.limits
        jail = stack.enter_context(Jail(limits, tier, warm))
        has_tests = any(lab.tests_cells is not None for lab in labs)
        tester = stack.enter_context(Jail(limits, tier, warm)) if has_tests else None
        stack.enter_context(_bounded_memory())
        require_canaries(jail, private)
        suites = stack.enter_context(collected(course.root, tested))
        yield {
            (lab.assignment, lab.name): GradingContext(
                lab, catalogues[lab.assignment], suites, jail, files[lab.assignment], tester
            )
            for lab in labs
        }


def imported_modules(labs: Sequence[Lab]) -> list[str]:
    """The modules that the tests cells of some labs import, sorted."""
    tests = [lab.tests_cells for lab in labs if lab.tests_cells is not None]
    return sorted({module for one in tests for module in one.modules})


@contextmanager
def _bounded_memory() -> Iterator[None]:
    """Bound the memory that this process may add: it works on answers and callbacks itself."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + (GRADER_MIB << 20)
    if before[1] != resource.RLIM_INFINITY:
        most = min(most, before[1])
    resource.setrlimit(resource.RLIMIT_AS, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _load_catalogues(course: Course, labs: Sequence[Lab]) -> dict[str, Catalogue]:
    """Catalogues by assignment; an empty one where an instructor gives all points.

    Raises:
        CourseError: a notebook is not built, which is no fault of a single submission.
        SuiteError: a catalogue cannot be used.
    """
    for lab in labs:
        _ = lab.released
        if lab.tests_cells is not None and not lab.tests_cells.cells:
            raise CourseError(f"{lab.path}: not built yet; run: autograder build {lab.assignment}")
    tested = {lab.assignment for lab in labs if lab.needs_suite}
    return {
        name: load_catalogue(course.hidden, name) if name in tested else Catalogue()
        for name in {lab.assignment for lab in labs}
    }
