"""An nbgrader course's notebooks as its gradebook holds them: tests cells with their hidden lines.

nbgrader keeps the source of every cell that it knows when it compiles an assignment, before it
takes the hidden tests out, and grades by these sources and no others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from traitlets.config import Config

from autograder.course.config import load_config
from autograder.course.lab import Lab
from autograder.course.model import Course
from autograder.course.notebook import grade_id_of
from autograder.course.tests_cells import KnownCell, TestsCells
from autograder.errors import CourseError
from autograder.gradebook.databases import in_words, prepare_database
from autograder.gradebook.nbgrader_compat import (
    generate_assignment,
    open_book,
    said_by_nbgrader,
)


@dataclass(frozen=True)
class StoredCell:
    """What the gradebook holds of one cell."""

    is_code: bool
    source: str
    is_locked: bool
    points: float
    is_grade: bool
    is_solution: bool
    is_task: bool


class CompiledCourse:
    """A course as nbgrader compiled it.

    Args:
        course: the course.
        book: nbgrader's gradebook, open.
        address: of its database.
    """

    def __init__(self, course: Course, book: Any, address: str) -> None:
        self._course, self._book, self._address = course, book, address
        self._config = load_config(course.root)

    def holds(self, assignment: str) -> bool:
        """Whether all notebooks of an assignment are compiled."""
        stored, labs = self._stored(assignment), self._course.labs_of(assignment)
        return all(lab.name in stored and lab.release.is_file() for lab in labs)

    def compile(self, assignment: str) -> None:
        """Let nbgrader compile an assignment in the course's own folder, as its command does.

        Raises:
            CourseError: nbgrader cannot.
        """
        config = Config(self._config)
        config.CourseDirectory.root = str(self._course.root)
        config.CourseDirectory.db_url = self._address
        config.CourseDirectory.course_id = self._course.course_id
        config.NbGraderAPI.log_level = "ERROR"
        outcome = generate_assignment(config, assignment)
        self._book.db.expire_all()
        if not outcome["success"]:
            why = said_by_nbgrader(outcome)
            where = self._course.folder("source") / assignment
            raise CourseError(f"{where}: nbgrader cannot compile it: {why}")

    def tests_cells(self, assignment: str) -> dict[str, TestsCells]:
        """The cells of an assignment's notebooks whose points come from tests cells.

        Raises:
            CourseError: one of the notebooks cannot be read, or is not for Python.
        """
        stored, labs = self._stored(assignment), self._course.labs_of(assignment)
        chosen = [lab for lab in labs if lab.tests_cells is not None]
        missing = [lab.name for lab in chosen if lab.name not in stored]
        if missing:
            raise CourseError(
                f"{', '.join(missing)}: not in the gradebook after compiling {assignment}; "
                "run: nbgrader generate_assignment, and read what it says"
            )
        return {lab.name: _tests_cells_of(lab, stored[lab.name], self._config) for lab in chosen}

    def _stored(self, assignment: str) -> dict[str, dict[str, StoredCell]]:
        """What the gradebook holds of an assignment's cells, by notebook and grade_id."""
        from nbgrader.api import MissingEntry

        try:
            notebooks = self._book.find_assignment(assignment).notebooks
            return {notebook.name: _cells_in(notebook) for notebook in notebooks}
        except MissingEntry:
            return {}
        finally:
            self._book.db.rollback()


@contextmanager
def compiled_course(course: Course, database_url: str = "") -> Iterator[CompiledCourse]:
    """A course with its gradebook, open during the block.

    Args:
        course: the course.
        database_url: another gradebook than the course's.

    Raises:
        CourseError: the database cannot be opened, or fails meanwhile.
    """
    address = database_url or course.database
    with in_words(address):
        prepare_database(address)
        book = open_book(address, course.course_id)
        try:
            yield CompiledCourse(course, book, address)
        finally:
            book.close()


def _cells_in(notebook: Any) -> dict[str, StoredCell]:
    """What the gradebook holds of the cells of one notebook, by grade_id."""
    graded = {cell.name: float(cell.max_score) for cell in notebook.grade_cells}
    tasks = {cell.name: float(cell.max_score) for cell in notebook.task_cells}
    solutions = {cell.name for cell in notebook.solution_cells}
    return {
        cell.name: StoredCell(
            cell.cell_type == "code",
            cell.source or "",
            bool(cell.locked),
            graded.get(cell.name, tasks.get(cell.name, 0.0)),
            cell.name in graded,
            cell.name in solutions,
            cell.name in tasks,
        )
        for cell in notebook.source_cells
    }


def _tests_cells_of(lab: Lab, stored: dict[str, StoredCell], config: Config) -> TestsCells:
    """The cells of a notebook, from its student version, the gradebook and the master notebook.

    Args:
        lab: the notebook.
        stored: what the gradebook holds of its cells.
        config: nbgrader's configuration for the course.

    Raises:
        CourseError: one of the notebooks cannot be read, or is not for Python.
    """
    solved = {grade_id_of(cell): _source(cell) for cell in _cells(lab.path) if grade_id_of(cell)}
    cells = tuple(_known(cell, stored, solved) for cell in _cells(lab.release))
    execute, ignore = config.get("Execute", {}), config.get("IgnorePattern", {})
    kept = config.get("Autograde", {}).get("exclude_overwriting", {})
    return TestsCells(
        cells,
        float(execute.get("timeout", 30) or 30),
        str(ignore.get("pattern", "")) if ignore.get("enabled", False) else "",
        tuple(kept.get(lab.assignment, ())),
    )


def _known(
    cell: dict[str, Any], stored: dict[str, StoredCell], solved: dict[str, str]
) -> KnownCell:
    grade_id, released = grade_id_of(cell), _source(cell)
    row = stored.get(grade_id)
    if row is None:
        return KnownCell("", cell["cell_type"] == "code", released, released, released)
    return KnownCell(
        grade_id,
        row.is_code,
        row.source,
        released,
        solved.get(grade_id, released),
        row.points,
        row.is_grade,
        row.is_solution,
        row.is_locked,
        row.is_task,
    )


def _cells(path: Path) -> list[dict[str, Any]]:
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells: list[dict[str, Any]] = notebook["cells"]
        kernel = notebook.get("metadata", {}).get("kernelspec", {})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise CourseError(
            f"{path}: not a notebook of format 4; compile the assignment again"
        ) from None
    language = str(kernel.get("language") or "python").casefold()
    if "python" not in language:
        name = kernel.get("display_name") or language
        raise CourseError(f"{path}: its kernel is {name!r}; this grader runs Python only")
    return cells


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)
