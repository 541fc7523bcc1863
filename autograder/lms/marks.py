"""What the gradebook's marks are for another system: one for each student and column there.

Manual points, extra credit and penalties are in them, as everywhere. A mark that is not complete
is empty, never a zero and never a part of the points. It is not complete where the grader
withholds it, and where a person has still to give points.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from autograder.gradebook.book_marks import BookMark, Key

WITHHELD = "withheld"
BY_HAND = "waits for points by hand"


@dataclass(frozen=True, order=True)
class Item:
    """What has a column of its own on the platform: an assignment, or one notebook of it."""

    assignment: str
    notebook: str = ""

    @classmethod
    def of(cls, text: str) -> Item:
        """The item of that `str`."""
        assignment, _, notebook = text.partition("/")
        return cls(assignment, notebook)

    def __str__(self) -> str:
        return f"{self.assignment}/{self.notebook}" if self.notebook else self.assignment


@dataclass(frozen=True)
class Mark:
    """One student's mark in one column."""

    score: float | None
    """None while it is not complete."""
    max_score: float
    waits: str = ""
    """Why it is not complete."""


Marks = dict[tuple[str, Item], Mark]
"""By student and column."""


def marks_of(
    book: Mapping[Key, BookMark], withheld: Collection[Key], by_notebook: bool = False
) -> Marks:
    """The marks for another system; students who submitted nothing have none.

    Args:
        book: the gradebook's marks.
        withheld: notebooks whose mark the grader withholds until a person has a part in it.
        by_notebook: whether each notebook has a column, and not only each assignment.
    """
    parts: dict[tuple[str, Item], list[Mark]] = {}
    for key, held in book.items():
        student, assignment, notebook = key
        item = Item(assignment, notebook if by_notebook else "")
        if held.cells:
            parts.setdefault((student, item), []).append(_mark(held, key in withheld))
    return {place: _whole(found) for place, found in parts.items()}


def _mark(held: BookMark, withheld: bool) -> Mark:
    score = held.score(withheld)
    if score is None:
        return Mark(None, held.max_score, WITHHELD)
    if any(cell.points is None and cell.max_score > 0 for cell in held.cells.values()):
        return Mark(None, held.max_score, BY_HAND)
    return Mark(score, held.max_score)


def _whole(parts: Iterable[Mark]) -> Mark:
    """The mark of an assignment, which is complete when that of every notebook is."""
    parts = list(parts)
    most = sum(part.max_score for part in parts)
    waits = next((part.waits for part in parts if part.waits), "")
    score = None if waits else sum(part.score or 0.0 for part in parts)
    return Mark(score, most, waits)


def items_of(marks: Marks, assignments: Iterable[str]) -> list[Item]:
    """The columns, in the order of the course's assignments, and those of no assignment last."""
    order = {name: number for number, name in enumerate(assignments)}
    found = {item for _, item in marks}
    return sorted(found, key=lambda item: (order.get(item.assignment, len(order)), item))


def points_of(marks: Marks, item: Item) -> float:
    """The points that a column can earn."""
    return max((mark.max_score for (_, of), mark in marks.items() if of == item), default=0.0)
