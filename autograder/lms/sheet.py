"""A platform's table as a file: read in whatever encoding it has, written in the same one.

Spreadsheets run a cell that begins like a formula, and students choose their own names. Such a
cell is written as text. Identifiers cannot be changed in this way, so rows whose identifier would
have to be are left out.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from autograder.class_report.csv_export import plain
from autograder.errors import CourseError

DELIMITERS = ",;\t"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
MOST_MIB = 64
"""A larger file is no gradebook."""


@dataclass(frozen=True)
class Sheet:
    """A table with a header."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """As many cells each as the header has."""
    delimiter: str = ","
    encoding: str = "utf-8"


def read_sheet(path: Path) -> Sheet:
    """The table in a file that a platform exported.

    Raises:
        CourseError: it is no table; the text names the file and the remedy.
        OSError: it cannot be read.
    """
    if path.stat().st_size > MOST_MIB << 20:
        raise CourseError(f"{path}: larger than {MOST_MIB} MiB; export the gradebook again")
    data = path.read_bytes()
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise CourseError(
            f"{path}: neither UTF-8 nor UTF-16; give the file as the platform exported it, or save "
            "it as “CSV UTF-8”"
        ) from None
    if "\0" in text:
        raise CourseError(f"{path}: no table; export the gradebook as CSV, not as a spreadsheet")
    return _parsed(path, text, encoding)


def _parsed(path: Path, text: str, encoding: str) -> Sheet:
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    try:
        found = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise CourseError(f"{path}: no table ({error}); export the gradebook again") from None
    lines = [line for line in found if any(cell.strip() for cell in line)]
    if not lines or len(lines[0]) < 2:
        raise CourseError(f"{path}: no header with columns; export the gradebook again")
    header = tuple(cell.strip() for cell in lines[0])
    for number, line in enumerate(lines[1:], 2):
        if len(line) > len(header) and any(cell.strip() for cell in line[len(header) :]):
            raise CourseError(
                f"{path}: row {number} has {len(line)} cells, the header {len(header)}; export the "
                "gradebook again"
            )
    width = len(header)
    rows = tuple(tuple((line + [""] * width)[:width]) for line in lines[1:])
    return Sheet(header, rows, delimiter, encoding)


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would run a cell; a number is none, even below zero."""
    return plain(cell) != cell and not _NUMBER.fullmatch(cell)


def _safe(cell: str) -> str:
    return plain(cell) if is_formula(cell) else cell


def sheet_bytes(sheet: Sheet) -> bytes:
    """The table as a file; every cell is quoted, and none is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=sheet.delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([_safe(cell) for cell in row] for row in (sheet.header, *sheet.rows))
    return text.getvalue().encode(sheet.encoding, "replace")
