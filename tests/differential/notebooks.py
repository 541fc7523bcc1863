"""A notebook as the edits see it: cells in order, plain and unchangeable.

It knows how a submitted file is read and written, and which cells are solutions, tests or
demonstrations. It does not know the grader.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from autograder.course.notebook import nbgrader_metadata


@dataclass(frozen=True)
class Cell:
    """One cell; without metadata it is one that the student added."""

    source: str
    kind: str = "code"
    nbgrader: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()

    @property
    def grade_id(self) -> str:
        """Name of the cell in the master notebook; empty for the student's own."""
        return str(self.nbgrader.get("grade_id", ""))

    @property
    def is_solution(self) -> bool:
        """Whether it is the cell of an exercise."""
        return bool(self.nbgrader.get("solution"))

    @property
    def is_tests(self) -> bool:
        """Whether it holds visible checks."""
        return bool(self.nbgrader.get("grade")) and not self.is_solution

    @property
    def is_demonstration(self) -> bool:
        """Whether it only shows something."""
        return "demonstration" in self.tags


@dataclass(frozen=True)
class Notebook:
    """A student's notebook: its cells, and the cells as they were released."""

    cells: tuple[Cell, ...]
    released: tuple[Cell, ...]
    lines: bool = False
    """Whether sources are written as lists of lines, as Jupyter does, or as one text."""
    byte_order_mark: bool = False

    def place(self, grade_id: str) -> int:
        """Where the first cell with that grade_id stands."""
        return next(i for i, cell in enumerate(self.cells) if cell.grade_id == grade_id)

    def cell(self, grade_id: str) -> Cell:
        """The first cell with that grade_id."""
        return self.cells[self.place(grade_id)]

    def stub(self, grade_id: str) -> Cell:
        """The cell as it was released."""
        return next(cell for cell in self.released if cell.grade_id == grade_id)

    def with_cells(self, cells: list[Cell] | tuple[Cell, ...]) -> Notebook:
        """The same notebook with other cells."""
        return replace(self, cells=tuple(cells))

    def to_bytes(self) -> bytes:
        """The file that the student submits."""
        content = {
            "cells": [_written(n, cell, self.lines) for n, cell in enumerate(self.cells)],
            "metadata": {"kernelspec": {"display_name": "Python 3", "name": "python3"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        mark = b"\xef\xbb\xbf" if self.byte_order_mark else b""
        return mark + json.dumps(content, ensure_ascii=False, indent=1).encode()


Edit = Callable[[Notebook], Notebook]


@dataclass(frozen=True)
class Subject:
    """The exercise that an edit is about."""

    solution: str
    tests: str
    name: str
    """The exercise's function; the last one where its cell defines several."""
    call: str
    """A call of the function, as its visible checks make it."""


def read_cells(content: bytes) -> tuple[Cell, ...]:
    """The cells of a notebook file."""
    cells = json.loads(content)["cells"]
    return tuple(
        Cell(
            "".join(cell["source"]),
            cell["cell_type"],
            nbgrader_metadata(cell),
            tuple(cell["metadata"].get("tags", ())),
        )
        for cell in cells
    )


def subjects(notebook: Notebook) -> list[Subject]:
    """The notebook's exercises, one for each solution cell, in order."""
    found = []
    for place, cell in enumerate(notebook.cells):
        if cell.is_solution:
            tests = next(c for c in notebook.cells[place:] if c.is_tests)
            names = [n.name for n in ast.parse(cell.source).body if isinstance(n, ast.FunctionDef)]
            found.append(
                Subject(cell.grade_id, tests.grade_id, names[-1], _call_of(tests, names[-1]))
            )
    return found


def _call_of(tests: Cell, name: str) -> str:
    """The first call of a function in its tests, which hand it to `check` with its arguments."""
    calls = [node for node in ast.walk(ast.parse(tests.source)) if isinstance(node, ast.Call)]
    checked = next(c for c in calls if name in map(ast.unparse, c.args[1:2]))
    return f"{name}({', '.join(map(ast.unparse, checked.args[2:]))})"


def _written(number: int, cell: Cell, lines: bool) -> dict[str, Any]:
    metadata: dict[str, Any] = {"nbgrader": dict(cell.nbgrader)} if cell.nbgrader else {}
    if cell.tags:
        metadata["tags"] = list(cell.tags)
    source: Any = cell.source.splitlines(keepends=True) if lines else cell.source
    written = {"cell_type": cell.kind, "id": f"c{number}", "metadata": metadata, "source": source}
    if cell.kind == "code":
        written |= {"execution_count": None, "outputs": []}
    return written
