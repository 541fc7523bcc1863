"""Makes the assignments of an nbgrader course ready to be graded, without a change to them.

What is not compiled yet is compiled by nbgrader. The tests cells are then taken from its gradebook,
and tried on the master's own solution, to find out which of them can run outside a submission's
process. The result is kept, and made anew when a notebook, a file beside it or this grader changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack

from autograder import __version__
from autograder.course.files import write_whole
from autograder.course.lab import Lab
from autograder.course.model import Course
from autograder.course.tests_cells import TestsCells, read_record, record_path, record_text
from autograder.gradebook.compiled import compiled_course
from autograder.grading.ways import with_ways
from autograder.remote.notebook_run import Jails
from autograder.sandbox.inside.policy import Tier
from autograder.sandbox.supervisor import Jail
from autograder.sandbox.warm import WarmProcess


def made_ready(
    course: Course,
    assignments: Sequence[str],
    tier: Tier,
    said: Callable[[str], None] = lambda line: None,
    database_url: str = "",
    again: bool = False,
) -> Course:
    """The course, with the tests cells of these assignments and the way of each.

    Args:
        course: the course; one that declares its assignments is returned as it is.
        assignments: which.
        tier: of the sandbox in which the tests cells are tried.
        said: is told each step.
        database_url: another gradebook than the course's.
        again: whether to compile assignments that are compiled already.

    Raises:
        CourseError: an assignment cannot be compiled or read.
    """
    wanted = [
        name
        for name in assignments
        if any(lab.tests_cells is not None for lab in course.labs_of(name))
    ]
    if not wanted:
        return course
    with compiled_course(course, database_url) as compiled, ExitStack() as stack:
        finder = _Finder(course, tier, stack, said)
        for name in wanted:
            if again or not compiled.holds(name):
                said(f"compiling {name}")
                compiled.compile(name)
            finder.keep(name, compiled.tests_cells(name))
    return Course.load(course.root)


class _Finder:
    """Finds the ways of tests cells; its sandboxes are started when the first is needed."""

    def __init__(
        self, course: Course, tier: Tier, stack: ExitStack, said: Callable[[str], None]
    ) -> None:
        self._course, self._tier, self._stack, self._said = course, tier, stack, said
        self._jails: Jails | None = None
        self._files: dict[str, dict[str, bytes]] = {}

    def keep(self, assignment: str, known: Mapping[str, TestsCells]) -> None:
        """Keep the tests cells of an assignment, each with its way."""
        before = read_record(self._course.root, assignment)
        labs = {lab.name: lab for lab in self._course.labs_of(assignment)}
        found = {
            name: self._find(labs[name], tests, before.get(name)) for name, tests in known.items()
        }
        text, path = record_text(found), record_path(self._course.root, assignment)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            write_whole(path, text.encode(), self._course.groupshared)

    def _find(self, lab: Lab, tests: TestsCells, before: TestsCells | None) -> TestsCells:
        """The notebook with the ways of its tests cells: those found before, if they still hold."""
        files = self._files_of(lab.assignment)
        digest = _digest(tests, files, self._tier)
        if before is not None and before.found_for == digest:
            return before
        found = with_ways(
            tests, self._started(tests.modules), files, lambda line: self._say(lab, line)
        )
        return found.with_digest(digest)

    def _say(self, lab: Lab, line: str) -> None:
        self._said(f"{lab.assignment}, {lab.name}: {line}")

    def _files_of(self, assignment: str) -> dict[str, bytes]:
        if assignment not in self._files:
            self._files[assignment] = self._course.public_files(assignment)
        return self._files[assignment]

    def _started(self, modules: Sequence[str]) -> Jails:
        if self._jails is None:
            warm = self._stack.enter_context(WarmProcess(self._tier))
            warm.load(modules)
            first, second = (
                self._stack.enter_context(Jail(self._course.limits, self._tier, warm))
                for _ in range(2)
            )
            self._jails = Jails(first, second)
        return self._jails


def _digest(tests: TestsCells, files: dict[str, bytes], tier: Tier) -> str:
    """Hash of everything that the ways depend on."""
    digest = hashlib.sha256(f"{__version__} {tier} {tests.digest}".encode())
    for name, data in sorted(files.items()):
        digest.update(hashlib.sha256(name.encode() + b"\0" + data).digest())
    return digest.hexdigest()
