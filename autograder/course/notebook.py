"""The cells of our own notebooks, master or student version, and the purpose of each."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from autograder.errors import CourseError

DEMONSTRATION = "demonstration"
"""Tag of locked cells that grading does not run: training runs and plots."""


class Kind(StrEnum):
    """The purpose of a cell in a master notebook."""

    TEXT = "text"
    FREE = "free"
    """A code cell without nbgrader metadata; students may change it."""
    GIVEN = "given"
    """A locked code cell: ours, and run when grading."""
    DEMONSTRATION = DEMONSTRATION
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
    metadata = cell["metadata"].get("nbgrader")
    metadata = metadata if isinstance(metadata, dict) else {}
    source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
    kind = _kind(cell["cell_type"], metadata, cell["metadata"].get("tags", []))
    points = float(metadata.get("points") or 0.0)
    is_task = bool(metadata.get("task"))
    by_hand = is_task or bool(metadata.get("grade") and metadata.get("solution"))
    return MasterCell(kind, metadata.get("grade_id", ""), source, points, by_hand, is_task)


def _kind(cell_type: str, metadata: dict[str, Any], tags: list[str]) -> Kind:
    if cell_type != "code":
        return Kind.TEXT
    if metadata.get("solution"):
        return Kind.SOLUTION
    if metadata.get("grade"):
        return Kind.TESTS
    if DEMONSTRATION in tags:
        return Kind.DEMONSTRATION
    return Kind.GIVEN if metadata.get("locked") else Kind.FREE


def defined_functions(source: str) -> list[str]:
    """Names of the functions that a cell defines at its top level; none if it does not parse."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return []
    return [node.name for node in body if isinstance(node, ast.FunctionDef)]
