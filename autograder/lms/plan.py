"""What is to be written for a platform, and what came of it, as plain data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from autograder.lms.marks import Item
from autograder.lms.platforms import Platform
from autograder.lms.sheet import Sheet

NEAR = 0.00501
"""Marks that differ by less are the same: platforms export two decimals."""
FORMULA = "its {} begins like a formula, which a spreadsheet would run; write this mark by hand"


@dataclass(frozen=True)
class Wish:
    """What is to be written, and how students and columns are found."""

    platform: Platform
    match: str
    """One of `platforms.KEYS`."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Titles on the platform, by `str(item)`; the item's own name where none is given."""
    scale: bool = False
    """Whether marks are converted where the platform's column has other points."""
    overwrite: bool = False
    """Whether our marks go over marks that others gave on the platform."""
    key_title: str = ""
    """The title of the column that identifies students, where the platform has another one."""

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The columns by which students are matched."""
        return (self.key_title,) if self.key_title else self.platform.keys[self.match]

    @property
    def kept_columns(self) -> tuple[str, ...]:
        """The columns of the platform's file that go back with the marks."""
        return (*self.platform.kept, *self.key_columns)

    @property
    def identifying(self) -> set[str]:
        """All columns that may identify a student."""
        known = (column for columns in self.platform.keys.values() for column in columns)
        return {*known, *self.key_columns}


@dataclass(frozen=True)
class Change:
    """One cell that the import changes."""

    student: str
    item: Item
    before: str
    after: str


@dataclass(frozen=True)
class Stays:
    """One cell that the import leaves as it is, although the gradebook has something else."""

    student: str
    item: Item
    there: str
    ours: str
    why: str


@dataclass
class Filling:
    """A file for a platform's import, and what is to be known about it."""

    sheet: Sheet
    columns: dict[Item, str] = field(default_factory=dict)
    """The title of each column on the platform."""
    missing: list[Item] = field(default_factory=list)
    """What has no column in the platform's file."""
    changes: list[Change] = field(default_factory=list)
    stays: list[Stays] = field(default_factory=list)
    same: list[Change] = field(default_factory=list)
    """Cells that have our mark already."""
    students: dict[str, str] = field(default_factory=dict)
    """Students who cannot be written, and why."""
    without_row: int = 0
    """How many of them have a mark."""
    others: dict[str, str] = field(default_factory=dict)
    """Rows of the platform's file that are no student of the gradebook, and why."""
    empty: int = 0
    """Cells of the file that hold no mark."""


def number_text(value: float) -> str:
    """A mark as every platform reads it: a decimal point, at most four digits behind it."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def number_in(text: str) -> float | None:
    """The number in a platform's cell; None where it holds none. A decimal comma is one, too."""
    if not re.fullmatch(r"\d+(?:[.,]\d+)?", text.strip()):
        return None
    return float(text.strip().replace(",", "."))
