"""Marks as CSV: what a spreadsheet gets to see."""

import csv
import io

import pytest

from autograder.class_report.csv_export import COLUMNS, marks_csv, marks_rows, plain
from autograder.report import Booked, CheckResult, Graded, Report, Status, Verdict


def report(verdict=Verdict.PASSED, status=Status.GRADED):
    """A report on one notebook with a single check."""
    points = 2.0 if verdict is Verdict.PASSED else 0.0
    check = CheckResult("test_a", "test_area", "The area.", verdict, points, 2.0, "", "sides-added")
    return Report("lists", "shapes", status, "full", 2.0, 1, (check,))


def rows(*graded):
    """The table, read back as a spreadsheet would."""
    return list(csv.reader(io.StringIO(marks_csv(graded), newline="")))


def test_one_row_per_student_and_notebook():
    """The header and the values stand in the documented order."""
    table = rows(Graded("ada", report()))
    assert table[0] == list(COLUMNS)
    parts = ["", "", "", ""]
    assert table[1] == ["ada", "lists", "shapes", "graded", *parts, "2", "2", "sides-added"]


def test_the_parts_of_the_gradebooks_mark():
    """Automatic points, manual ones and extra credit, less the penalty, make the score."""
    booked = Booked(3.5, 4.0, True, 1.0, 2.0, 1.0, 0.5)
    (row,) = marks_rows([Graded("ada", report(), booked)])
    parts = [row[name] for name in ("automatic", "manual", "extra", "penalty", "score")]
    assert parts == [1.0, 2.0, 1.0, 0.5, 3.5]
    assert rows(Graded("ada", report(), booked))[1][4:10] == ["1", "2", "1", "0.5", "3.5", "4"]


def test_a_withheld_mark_is_empty_and_not_zero():
    """A fault of ours must not look like a mark."""
    table = rows(Graded("ada", report(Verdict.BROKEN)), Graded("bo", report(Verdict.FAILED)))
    assert [row[COLUMNS.index("score")] for row in table[1:]] == ["", "0"]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_name_that_begins_like_a_formula_is_made_text(name):
    """Spreadsheets run such cells; a quote in front makes them text."""
    assert plain(name) == "'" + name
    assert rows(Graded(name, report()))[1][0] == "'" + name


def test_an_ordinary_name_stays_as_it_is():
    """Only what could be a formula is touched."""
    assert plain("ada-lovelace=x") == "ada-lovelace=x"
