"""Makes the assignments of an nbgrader course ready to be graded, without a change to them.

What is not compiled yet is compiled by nbgrader. The tests cells are then taken from its gradebook,
and tried on the master's own solution, to find out which of them can run outside a submission's
process. The result is kept, and made anew when a notebook, a file beside it or this grader changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from traitlets.config import Config

from autograder import __version__
from autograder.course.config import load_config
from autograder.course.files import write_whole
from autograder.course.model import Course, Lab
from autograder.course.tests_cells import TestsCells, read_record, record_path, record_text
from autograder.errors import CourseError
from autograder.gradebook.compiled import StoredCell, stored_cells, tests_cells_of
from autograder.gradebook.databases import in_words, prepare_database
from autograder.gradebook.nbgrader_compat import generate_assignment, open_book
from autograder.grading.ways import with_ways
from autograder.remote.notebook_run import Jails
from autograder.sandbox.inside.policy import Tier
from autograder.sandbox.supervisor import Jail


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
    address = database_url or course.database
    config = load_config(course.root)
    with in_words(address):
        prepare_database(address)
        book = open_book(address, course.course_id)
        try:
            with ExitStack() as stack:
                finder = _Finder(course, tier, stack, said)
                for name in wanted:
                    if again:
                        _compile(course, name, config, address, said)
                    _make_ready(course, name, book, config, address, finder)
        finally:
            book.close()
    return Course.load(course.root)


def _make_ready(
    course: Course, assignment: str, book: Any, config: Config, address: str, finder: _Finder
) -> None:
    labs = [lab for lab in course.labs_of(assignment) if lab.tests_cells is not None]
    stored = _stored(book, assignment)
    if any(lab.name not in stored or not lab.release.is_file() for lab in labs):
        _compile(course, assignment, config, address, finder.said)
        stored = _stored(book, assignment)
    known = {
        lab.name: tests_cells_of(lab, stored[lab.name], config)
        for lab in labs
        if lab.name in stored
    }
    missing = [lab.name for lab in labs if lab.name not in known]
    if missing:
        raise CourseError(
            f"{', '.join(missing)}: not in the gradebook after compiling {assignment}; "
            "run: nbgrader generate_assignment, and read what it says"
        )
    before = read_record(course.root, assignment)
    found = {lab.name: finder.find(lab, known[lab.name], before.get(lab.name)) for lab in labs}
    text = record_text(found)
    path = record_path(course.root, assignment)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_whole(path, text.encode(), course.groupshared)


def _stored(book: Any, assignment: str) -> dict[str, dict[str, StoredCell]]:
    from nbgrader.api import MissingEntry

    try:
        return stored_cells(book, assignment)
    except MissingEntry:
        return {}
    finally:
        book.db.rollback()


def _compile(
    course: Course, assignment: str, config: Config, address: str, said: Callable[[str], None]
) -> None:
    """Let nbgrader compile an assignment in the course's own folder, as its command does.

    Raises:
        CourseError: nbgrader cannot.
    """
    said(f"compiling {assignment}")
    config = Config(config)
    config.CourseDirectory.root = str(course.root)
    config.CourseDirectory.db_url = address
    config.CourseDirectory.course_id = course.course_id
    config.NbGraderAPI.log_level = "ERROR"
    outcome = generate_assignment(config, assignment)
    if not outcome["success"]:
        lines = str(outcome.get("error") or outcome.get("log") or "").strip().splitlines()
        why = lines[-1] if lines else "it does not say why"
        raise CourseError(
            f"{course.folder('source') / assignment}: nbgrader cannot compile it: {why}"
        )


class _Finder:
    """Finds the ways of tests cells; its sandboxes are started when the first is needed."""

    def __init__(
        self, course: Course, tier: Tier, stack: ExitStack, said: Callable[[str], None]
    ) -> None:
        self._course, self._tier, self._stack, self.said = course, tier, stack, said
        self._jails: Jails | None = None
        self._files: dict[str, dict[str, bytes]] = {}

    def find(self, lab: Lab, tests: TestsCells, before: TestsCells | None) -> TestsCells:
        """The notebook with the ways of its tests cells: those found before, if they still hold."""
        files = self._files_of(lab.assignment)
        digest = _digest(tests, files, self._tier)
        if before is not None and before.found_for == digest:
            return before
        found = with_ways(tests, self._started(), files, lambda line: self._say(lab, line))
        return found.with_digest(digest)

    def _say(self, lab: Lab, line: str) -> None:
        self.said(f"{lab.assignment}, {lab.name}: {line}")

    def _files_of(self, assignment: str) -> dict[str, bytes]:
        if assignment not in self._files:
            self._files[assignment] = self._course.public_files(assignment)
        return self._files[assignment]

    def _started(self) -> Jails:
        if self._jails is None:
            first, second = (
                self._stack.enter_context(Jail(self._course.limits, self._tier)) for _ in range(2)
            )
            self._jails = Jails(first, second)
        return self._jails


def _digest(tests: TestsCells, files: dict[str, bytes], tier: Tier) -> str:
    """Hash of everything that the ways depend on."""
    digest = hashlib.sha256(f"{__version__} {tier} {tests.digest}".encode())
    for name, data in sorted(files.items()):
        digest.update(hashlib.sha256(name.encode() + b"\0" + data).digest())
    return digest.hexdigest()
