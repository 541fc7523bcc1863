"""What a class's grid is made of, as plain frozen data: signs, cells, rows, and their order.

`class_grid` fills it. It knows nothing of the store, of HTML or HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class Sign(StrEnum):
    """What there is to see of one student at one assignment; several may hold."""

    MISSING = "nothing_submitted"
    LATE = "late"
    REVIEW = "needs_review"
    WAITING = "waiting"
    REFUSED = "refused"
    ASKED = "asked"
    SUBMITTED = "submitted"


SIGN_WORDS: Mapping[Sign, str] = {
    Sign.MISSING: "nothing submitted",
    Sign.LATE: "late",
    Sign.REVIEW: "needs review",
    Sign.WAITING: "being graded",
    Sign.REFUSED: "refused",
    Sign.ASKED: "asked to submit again",
    Sign.SUBMITTED: "submitted",
}


@dataclass(frozen=True)
class Column:
    """One notebook of an assignment."""

    assignment: str
    notebook: str
    title: str
    max_score: float

    @property
    def key(self) -> str:
        """What a query calls it."""
        return f"{self.assignment}/{self.notebook}"


@dataclass(frozen=True)
class Entry:
    """One student's mark for one notebook."""

    words: str
    score: float | None
    link: str
    """Of the feedback, below the service's prefix; empty where there is none."""


@dataclass(frozen=True)
class Cell:
    """One student at one assignment."""

    assignment: str
    signs: frozenset[Sign]
    entries: tuple[Entry, ...]
    """In the order of the notebooks."""
    attempts: int
    latest: int | None
    """Number of the latest attempt; None where nothing was submitted."""

    @property
    def told(self) -> list[Sign]:
        """The signs that a table says beside the mark."""
        quiet = (Sign.SUBMITTED, Sign.MISSING)
        return [sign for sign in Sign if sign in self.signs and sign not in quiet]

    @property
    def score(self) -> float:
        """The points of its notebooks together."""
        return sum(entry.score or 0.0 for entry in self.entries)


@dataclass(frozen=True)
class Row:
    """One student."""

    student: str
    cells: tuple[Cell, ...]
    on_hub: bool
    """Whether the hub's group has this student; true where that is not known."""

    @property
    def total(self) -> float:
        """All points together."""
        return sum(cell.score for cell in self.cells)

    @property
    def signs(self) -> frozenset[Sign]:
        """Everything that holds at any of the assignments."""
        return frozenset(sign for cell in self.cells for sign in cell.signs)


@dataclass(frozen=True)
class Summary:
    """One assignment over the class."""

    assignment: str
    title: str
    due: datetime | None
    students: int
    counts: Mapping[Sign, int]
    average: str
    """Mean of the marks of those who have one, in words; empty while nobody has."""


@dataclass(frozen=True)
class Wanted:
    """Which part of the class to show, and how; an empty field matches everything."""

    assignment: str = ""
    state: str = ""
    student: str = ""
    """Part of a name."""
    sort: str = "student"
    """`student`, `total`, or a column's key."""
    descending: bool = False
    page: int = 1

    def lets_through(self, row: Row) -> bool:
        """Whether a student matches."""
        named = self.student.casefold() in row.student.casefold()
        return named and (not self.state or self.state in row.signs)


@dataclass(frozen=True)
class Grid:
    """One page of the class."""

    titles: tuple[tuple[str, str, int], ...]
    """Name, title and number of notebooks of each assignment."""
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    summaries: tuple[Summary, ...]
    found: int
    page: int
    pages: int

    @property
    def several(self) -> set[str]:
        """The assignments with several notebooks."""
        return {name for name, _, count in self.titles if count > 1}

    @property
    def max_score(self) -> float:
        """What all columns are worth."""
        return sum(column.max_score for column in self.columns)


def in_order(rows: list[Row], wanted: Wanted, columns: Sequence[Column]) -> list[Row]:
    """The rows in the order that is wanted; those without a mark come last in either direction."""
    if wanted.sort == "student":
        return sorted(rows, key=lambda row: row.student, reverse=wanted.descending)
    keys = [column.key for column in columns]

    def value(row: Row) -> float | None:
        if wanted.sort == "total":
            return row.total
        entries = [entry for cell in row.cells for entry in cell.entries]
        return entries[keys.index(wanted.sort)].score

    if wanted.sort != "total" and wanted.sort not in keys:
        return in_order(rows, replace(wanted, sort="student"), columns)
    with_mark = [row for row in rows if value(row) is not None]
    without = [row for row in rows if value(row) is None]
    with_mark.sort(key=lambda row: value(row) or 0.0, reverse=wanted.descending)
    return with_mark + without
