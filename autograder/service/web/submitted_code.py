"""What a student wrote: the code of an attempt by exercise, and how it differs from another.

It reads our copies, which never change. What is in them is text and stays text: nothing is run, and
whatever cannot be read is simply not there.
"""

from __future__ import annotations

import difflib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from autograder.batch.submission_folder import find_notebooks
from autograder.course.model import Course
from autograder.errors import CourseError
from autograder.grading.submission import Submission, content_of
from autograder.report import Report
from autograder.sandbox.beneath import Unreadable
from autograder.sandbox.reading import read_bytes
from autograder.service.store.attempt import Attempt
from autograder.service.workers.intake import ATTEMPTS

KEPT = 200
"""Most notebooks whose code is kept in memory."""
MOST = 20_000
"""Characters of one exercise's code that a page shows."""
MOST_LINES = 600
"""Most lines of two versions that are compared."""


@dataclass(frozen=True)
class Line:
    """One line of a comparison: `+` new, `-` gone, or a blank for one that stayed."""

    sign: str
    text: str


@dataclass(frozen=True)
class Code:
    """The code of one exercise."""

    source: str
    changes: tuple[Line, ...] = ()
    """What changed since another attempt; empty if nothing did, or nothing can be compared."""
    is_new: bool = False
    """Whether it differs from the other attempt."""


class SubmittedCode:
    """The code of attempts; the most recently used is kept."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, str], Mapping[str, str]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, course: Course, attempt: Attempt, report: Report) -> Mapping[str, str]:
        """The code of each exercise in one notebook of an attempt, by grade cell.

        Args:
            course: the course.
            attempt: the attempt.
            report: on that notebook; it names the exercises' solution cells.
        """
        key = (attempt.id, report.notebook)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = _sources(_cells(course, attempt, report.notebook), report)
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found


def compared(own: Mapping[str, str], before: Mapping[str, str] | None) -> dict[str, Code]:
    """The code by grade cell, each with what changed since another attempt.

    Args:
        own: of the attempt.
        before: of the other attempt; None where there is none.
    """
    if before is None:
        return {cell: Code(source) for cell, source in own.items()}
    return {
        cell: Code(source, _changes(before.get(cell, ""), source), source != before.get(cell, ""))
        for cell, source in own.items()
    }


def _cells(course: Course, attempt: Attempt, notebook: str) -> Submission | None:
    """The cells of one notebook of an attempt; None if there is nothing to read."""
    if not attempt.folder:
        return None
    most_mib = course.limits.notebook_mib
    place = attempt.folder.removeprefix(f"{ATTEMPTS}/")
    try:
        content = content_of(
            read_bytes(course.root / ATTEMPTS, f"{place}/{notebook}.ipynb", most_mib)
        )
    except Unreadable:
        content = None
    if isinstance(content, Submission):
        return content
    return _renamed(course, attempt, notebook, place)


def _renamed(course: Course, attempt: Attempt, notebook: str, place: str) -> Submission | None:
    """The same for a file that its student renamed."""
    try:
        found = find_notebooks(course, attempt.assignment, course.root / ATTEMPTS, place)
    except (CourseError, Unreadable, OSError):
        return None
    files = {match.lab.name: match.name for match in found.matches}
    return found.cells.get(files.get(notebook) or "")


def _sources(cells: Submission | None, report: Report) -> dict[str, str]:
    if cells is None:
        return {}
    found = {}
    for grade_cell, solution in report.cells.items():
        pieces = cells.pieces(solution) if solution else []
        if pieces:
            source = "\n\n".join(piece.rstrip() for piece in pieces)
            found[grade_cell] = source if len(source) <= MOST else f"{source[:MOST]}\n…"
    return found


def _changes(before: str, after: str) -> tuple[Line, ...]:
    old, new = before.splitlines(), after.splitlines()
    if old == new or len(old) + len(new) > MOST_LINES:
        return ()
    return tuple(
        Line(text[0], text[2:]) for text in difflib.ndiff(old, new) if not text.startswith("?")
    )
