"""An nbgrader course's notebooks as its gradebook holds them: tests cells with their hidden lines.

nbgrader keeps the source of every cell that it knows when it compiles an assignment, before it
takes the hidden tests out, and grades by these sources and no others.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from traitlets.config import Config

from autograder.course.model import Lab
from autograder.course.notebook import grade_id_of, nbgrader_metadata
from autograder.course.tests_cells import KnownCell, TestsCells
from autograder.errors import CourseError


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


def stored_cells(book: Any, assignment: str) -> dict[str, dict[str, StoredCell]]:
    """What nbgrader's gradebook holds of an assignment's cells, by notebook and grade_id.

    Args:
        book: nbgrader's gradebook.
        assignment: must be in it.
    """
    found = {}
    for notebook in book.find_assignment(assignment).notebooks:
        graded = {cell.name: float(cell.max_score) for cell in notebook.grade_cells}
        tasks = {cell.name: float(cell.max_score) for cell in notebook.task_cells}
        solutions = {cell.name for cell in notebook.solution_cells}
        found[notebook.name] = {
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
    return found


def tests_cells_of(lab: Lab, stored: dict[str, StoredCell], config: Config) -> TestsCells:
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


def is_graded(path: Path) -> bool:
    """Whether a master notebook has anything that nbgrader grades."""
    try:
        return any(
            nbgrader_metadata(cell).get("grade") or nbgrader_metadata(cell).get("task")
            for cell in _cells(path)
        )
    except CourseError:
        return False
