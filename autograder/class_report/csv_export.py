"""Marks as a table for a learning-management system or a spreadsheet.

One row per student and notebook, with the gradebook's marks. A spreadsheet runs a cell that begins
like a formula, and students choose their own names, so such cells become plain text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from autograder.report import Graded

COLUMNS = ("student", "assignment", "notebook", "status", "score", "max_score", "misconceptions")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def marks_csv(graded: Iterable[Graded]) -> str:
    """The marks as CSV; a withheld mark is an empty cell, never a zero."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for one in graded:
        report = one.report
        score = "" if one.score is None else f"{one.score:g}"
        names = [report.assignment, report.notebook, str(report.status)]
        cells = [one.student, *names, score, f"{one.max_score:g}", "; ".join(report.named())]
        writer.writerow(map(plain, cells))
    return text.getvalue()


def plain(cell: str) -> str:
    """The cell's text, marked as text if a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
