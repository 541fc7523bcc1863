"""Marks as a table for a learning-management system or a spreadsheet.

One row per student and notebook, with the gradebook's marks. A spreadsheet runs a cell that begins
like a formula, and students choose their own names, so such cells become plain text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from autograder.report import Graded

PARTS = ("automatic", "manual", "extra", "penalty")
"""What the gradebook's mark is made of; empty where the gradebook does not have the notebook."""
COLUMNS = (
    "student",
    "assignment",
    "notebook",
    "status",
    *PARTS,
    "score",
    "max_score",
    "misconceptions",
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def marks_csv(graded: Iterable[Graded]) -> str:
    """The marks as CSV; a withheld mark is an empty cell, never a zero."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for row in marks_rows(graded):
        cells = {**row, "misconceptions": "; ".join(row["misconceptions"])}
        writer.writerow([plain(_cell(cells[column])) for column in COLUMNS])
    return text.getvalue()


def marks_rows(graded: Iterable[Graded]) -> list[dict[str, Any]]:
    """The same as plain data; a withheld mark is None."""
    return [
        {
            "student": one.student,
            "assignment": one.report.assignment,
            "notebook": one.report.notebook,
            "status": str(one.report.status),
            **{part: getattr(one.booked, part) if one.booked else None for part in PARTS},
            "score": one.score,
            "max_score": one.max_score,
            "misconceptions": one.report.named(),
        }
        for one in graded
    ]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float | int) else str(value)


def plain(cell: str) -> str:
    """The cell's text, marked as text if a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
