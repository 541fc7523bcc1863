"""The notebook that goes to `autograded/`: what the student wrote, and what the checks said.

Cells keep the student's order; every cell that is known by its grade_id gets type, metadata and,
where it is locked, source from the student version that we released, so nothing that a student
wrote into metadata survives. Tests cells show one line a check and end in a plain float, which is
what nbgrader reads a score from. Knows notebooks, not databases.
"""

from __future__ import annotations

import json
from typing import Any

from autograder.course.lab import Lab
from autograder.course.notebook import grade_id_of, nbgrader_metadata
from autograder.feedback import cell_lines
from autograder.gradebook.harmless import harmless
from autograder.grading.submission import Submission, SubmittedCell
from autograder.report import Report

Node = dict[str, Any]


def autograded_notebook(lab: Lab, submission: Submission | None, report: Report) -> Node:
    """The graded notebook, as nbformat 4.5 data.

    Args:
        lab: the notebook's lab; its student version must have been built.
        submission: what was handed in; None when it could not be read, and then the student
            version stands in for it.
        report: what grading said.
    """
    # Read anew each time, so every cell of it may be used as it is, once.
    released = json.loads(lab.release.read_text(encoding="utf-8"))
    ours = {grade_id_of(cell): cell for cell in released["cells"] if grade_id_of(cell)}
    cells = _student_cells(submission, ours) if submission else list(released["cells"])
    _put_back_missing(cells, released["cells"])
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = _outputs(cell, report), None
    return {
        "cells": cells,
        "metadata": released["metadata"],
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def to_text(notebook: Node) -> str:
    """The notebook as a file's text."""
    # Without indentation: it would cost ten times as much, for a file that programs read.
    return json.dumps(notebook, ensure_ascii=False, sort_keys=True) + "\n"


def _student_cells(submission: Submission, ours: dict[str, Node]) -> list[Node]:
    cells, seen = [], set()
    for cell in submission.cells:
        known = ours.get(cell.grade_id)
        if known is None or cell.grade_id in seen:
            node = _plain(cell.source, "code" if cell.is_code else "markdown")
            if not cell.is_code:
                _text(node, cell)
            cells.append(node)
            continue
        seen.add(cell.grade_id)
        node = known
        if not nbgrader_metadata(known).get("locked"):
            if node["cell_type"] == "code":
                node["source"] = cell.source
            else:
                _text(node, cell)
        cells.append(node)
    return cells


def _text(node: Node, cell: SubmittedCell) -> None:
    """Put a student's text into a text cell, with the pictures that they pasted into it."""
    node["source"] = harmless(cell.source, cell.pictures)
    node.pop("attachments", None)
    if cell.pictures:
        node["attachments"] = cell.pictures


def _plain(source: str, kind: str) -> Node:
    return {"cell_type": kind, "metadata": {}, "source": source}


def _put_back_missing(cells: list[Node], released: list[Node]) -> None:
    """Insert graded and locked cells that the student lost, each after the cell it followed."""
    present = {grade_id_of(cell) for cell in cells}
    before = ""
    for cell in released:
        name = grade_id_of(cell)
        if not name:
            continue
        if name not in present:
            places = [i for i, other in enumerate(cells) if before and grade_id_of(other) == before]
            cells.insert(places[0] + 1 if places else len(cells), cell)
        before = name


def _outputs(cell: Node, report: Report) -> list[Node]:
    """What a tests cell shows: its checks' lines, and its score as nbgrader reads it."""
    ours = nbgrader_metadata(cell)
    if not ours.get("grade") or ours.get("solution"):
        return []
    name = grade_id_of(cell)
    checks = report.grade_cells().get(name, [])
    text = cell_lines(checks) if checks else report.public_reason or "not checked"
    shown: Node = {"output_type": "stream", "name": "stdout", "text": text + "\n"}
    score = report.cell_score(name)
    if score is None:
        return [shown]
    result: Node = {
        "output_type": "execute_result",
        "execution_count": None,
        "metadata": {},
        "data": {"text/plain": repr(float(score))},
    }
    return [shown, result]
