"""The cells of our own notebooks, master or student version, and any cell's grade_id."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from autograder.errors import CourseError

DEMONSTRATION = "demonstration"
"""Tag of locked cells that grading does not run: training runs and plots."""
TOOL = "tool"
"""Tag of locked cells whose functions students check their work with; none works in grading."""


class Kind(StrEnum):
    """The purpose of a cell in a master notebook."""

    TEXT = "text"
    FREE = "free"
    """A code cell without nbgrader metadata; students may change it."""
    GIVEN = "given"
    """A locked code cell: ours, and run when grading."""
    DEMONSTRATION = DEMONSTRATION
    TOOL = TOOL
    """A locked code cell whose functions raise an exception when a submission is graded."""
    SOLUTION = "solution"
    TESTS = "tests"


@dataclass(frozen=True)
class MasterCell:
    """One cell of a master notebook."""

    kind: Kind
    grade_id: str
    source: str
    points: float = 0.0
    by_hand: bool = False
    """Whether an instructor gives its points: a manually graded answer, or a task."""
    is_task: bool = False


def nbgrader_metadata(cell: Mapping[str, Any]) -> dict[str, Any]:
    """What nbgrader keeps in a cell; empty where it keeps nothing, or where that cannot be."""
    metadata = cell.get("metadata")
    kept = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return kept if isinstance(kept, dict) else {}


def grade_id_of(cell: Mapping[str, Any]) -> str:
    """The cell's grade_id; empty where it has none, or one that is no text.

    Args:
        cell: of any notebook, whoever wrote it.
    """
    grade_id = nbgrader_metadata(cell).get("grade_id")
    return grade_id if isinstance(grade_id, str) else ""


def read_master_cells(path: Path) -> tuple[MasterCell, ...]:
    """The cells of one of our own notebooks, in order.

    Raises:
        CourseError: the file is not a notebook of format 4.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return tuple(_master_cell(cell) for cell in cells)
    except (ValueError, KeyError, TypeError):
        raise CourseError(
            f"{path}: not a notebook of format 4; open it in JupyterLab and save it, or take it "
            "from your last copy"
        ) from None


def _master_cell(cell: dict[str, Any]) -> MasterCell:
    metadata = nbgrader_metadata(cell)
    source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
    kind = _kind(cell["cell_type"], metadata, cell["metadata"].get("tags", []))
    points = float(metadata.get("points") or 0.0)
    is_task = bool(metadata.get("task"))
    by_hand = is_task or bool(metadata.get("grade") and metadata.get("solution"))
    return MasterCell(kind, grade_id_of(cell), source, points, by_hand, is_task)


def _kind(cell_type: str, metadata: dict[str, Any], tags: list[str]) -> Kind:
    if cell_type != "code":
        return Kind.TEXT
    if metadata.get("solution"):
        return Kind.SOLUTION
    if metadata.get("grade"):
        return Kind.TESTS
    if DEMONSTRATION in tags:
        return Kind.DEMONSTRATION
    if TOOL in tags and metadata.get("locked"):
        return Kind.TOOL
    return Kind.GIVEN if metadata.get("locked") else Kind.FREE


def defined_functions(source: str) -> list[str]:
    """Functions and classes that a cell defines at its top level; none if it does not parse."""
    return [n.name for n in _body(source) if isinstance(n, ast.FunctionDef | ast.ClassDef)]


def defined_classes(source: str) -> list[str]:
    """Classes that a cell defines at its top level; none if it does not parse."""
    return [n.name for n in _body(source) if isinstance(n, ast.ClassDef)]


def assigned_variables(source: str) -> list[str]:
    """Variables that a cell assigns at its top level, in order; none if it does not parse."""
    statements = (n for n in _body(source) if isinstance(n, ast.Assign | ast.AnnAssign))
    names = (n for one in statements for n in ast.walk(one) if isinstance(n, ast.Name))
    return [*dict.fromkeys(name.id for name in names if isinstance(name.ctx, ast.Store))]


def without_answers(source: str) -> str:
    """The source of a tool as grading runs it: each of its functions raises a `RuntimeError`.

    A function that measures what an exercise asks for would otherwise earn the exercise's points.
    """
    body = _body(source)
    for node in body:
        if isinstance(node, ast.FunctionDef):
            node.body = ast.parse(f'raise RuntimeError("{node.name!r} {TOOL_WORDS}")').body
    return ast.unparse(ast.Module(body, []))


TOOL_WORDS = "is a tool for checking and does not work while a submission is graded"


def _body(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError):
        return []
