"""Marks as a table for a learning-management system or a spreadsheet.

One row per student and notebook, with the gradebook's marks. A spreadsheet runs a cell that begins
like a formula, and students choose their own names, so such cells become plain text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from autograder.class_report.items import analyse
from autograder.class_report.tally import columns, in_column
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
    return _csv(COLUMNS, marks_rows(graded))


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


ITEM_COLUMNS = (
    "assignment",
    "notebook",
    "grade_cell",
    "check",
    "students",
    "share",
    "discrimination",
    "low",
    "high",
    "same_as",
    "misconception",
    "students_with_it",
    "advice",
    "reliability",
    "reliability_error",
    "mark_error",
)


def items_csv(graded: Sequence[Graded]) -> str:
    """The item analysis as CSV, a row for each check; what cannot be computed is empty."""
    return _csv(ITEM_COLUMNS, items_rows(graded))


def items_rows(graded: Sequence[Graded]) -> list[dict[str, Any]]:
    """The same as plain data; what cannot be computed is None."""
    rows = []
    for column in columns(graded):
        found = analyse(in_column(graded, column))
        for item in found.checks:
            low, high = item.interval or (None, None)
            values = (
                *(column.assignment, column.notebook, item.grade_cell, item.name, found.students),
                *(item.share, item.discrimination, low, high, list(item.same_as)),
                *(item.misconception or None, item.students, str(item.advice)),
                *(found.reliability, found.reliability_error, found.mark_error),
            )
            rows.append(dict(zip(ITEM_COLUMNS, values, strict=True)))
    return rows


def _csv(header: Sequence[str], rows: Iterable[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(header)
    writer.writerows([_shown(row[column]) for column in header] for row in rows)
    return text.getvalue()


def _shown(value: Any) -> str:
    """A value as a cell; numbers are never taken for formulas, even below zero."""
    if isinstance(value, list):
        return plain("; ".join(value))
    if isinstance(value, float | int):
        return f"{value:g}"
    return "" if value is None else plain(str(value))


def plain(cell: str) -> str:
    """The cell's text, marked as text if a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
