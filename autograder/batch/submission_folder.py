"""A submission's folder, read: which of its files is which notebook, and their contents.

`matching` is the rule; here it is applied to what lies on disk. Not more is read than is sensible.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from autograder.batch.file_names import (
    expected_name,
    is_like_a_notebook,
    notebook_names,
    worth_naming,
)
from autograder.batch.matching import Match, match_files, status_of
from autograder.batch.recognising import recognise
from autograder.course.lab import Lab
from autograder.course.model import Course
from autograder.grading.submission import Content, Submission, content_of
from autograder.report import Status
from autograder.sandbox.beneath import Absent, Unreadable
from autograder.sandbox.reading import list_files, read_bytes

MOST_READ = 20
"""Files of one submission that are looked into, besides those with the expected names."""
MOST_READ_MIB = 64.0
"""What these may have together."""
MOST_BESIDE = 500
"""Files beside a notebook that its cells may read."""
_PERHAPS_A_NOTEBOOK = {"", ".json", ".txt"}
"""Endings under which browsers save a notebook."""


@dataclass(frozen=True)
class Found:
    """The notebooks of one submission, as it lies on disk."""

    matches: tuple[Match, ...]
    contents: dict[str, bytes] = field(repr=False)
    """Contents of the files that were read, by path."""
    cells: dict[str, Submission] = field(repr=False)
    """The cells of those that are notebooks."""
    beside: dict[str, bytes] = field(default_factory=dict, repr=False)
    """The other files, by path, where a notebook's cells may read them."""


def find_notebooks(
    course: Course, assignment: str, folder: Path, place: str, owner: int | None = None
) -> Found:
    """Read a submission's folder, and tell which file is which notebook.

    A folder that cannot be read gives every notebook that reason.

    Args:
        course: the course, built.
        assignment: to which it was submitted.
        folder: is trusted; everything beneath it is not.
        place: the submission's folder, as a path below it.
        owner: account number that the files must belong to; see `read_bytes`.
    """
    labs = course.labs_of(assignment)
    try:
        names = list_files(folder, place)
    except Unreadable as problem:
        status = status_of(problem)
        told = f"the folder of the submission: {problem}"
        return Found(tuple(Match(lab, status=status, reason=told) for lab in labs), {}, {})
    reader = _Reader(folder, place, course.limits.notebook_mib, owner)
    wanted = notebook_names(course, assignment, names)
    reader.read([expected_name(lab) for lab in labs])
    reader.read([name for name in wanted if name not in reader.files])
    others = set(names) - set(wanted) - set(course.public_files(assignment))
    matches = match_files(course.labs, assignment, reader.files, worth_naming(others))
    perhaps = [name for name in worth_naming(others) if _suffix(name) in _PERHAPS_A_NOTEBOOK]
    if perhaps and any(match.status is not Status.GRADED for match in matches):
        others -= set(reader.read(perhaps, notebooks_only=True))
        matches = match_files(course.labs, assignment, reader.files, worth_naming(others))
    cells = {name: file for name, file in reader.files.items() if isinstance(file, Submission)}
    runs_whole = any(lab.tests_cells is not None for lab in labs)
    beside = read_beside(folder, place, names) if runs_whole else {}
    return Found(tuple(matches), reader.contents, cells, beside)


def read_beside(folder: Path, place: str, names: Iterable[str] | None = None) -> dict[str, bytes]:
    """The files of a submission that are no notebooks, by path, as far as there is room for them.

    Args:
        folder: is trusted; everything beneath it is not.
        place: the submission's folder, as a path below it.
        names: of the files; those that are there by default.
    """
    found: dict[str, bytes] = {}
    left = int(MOST_READ_MIB * 2**20 / 2)
    for name in sorted(list_files(folder, place) if names is None else names):
        if len(found) >= MOST_BESIDE or left <= 0:
            break
        if name.endswith((".ipynb", "/")) or name.startswith(".") or "/." in name:
            continue
        with suppress(Unreadable):
            found[name] = read_bytes(folder, f"{place}/{name}", left / 2**20)
            left -= len(found[name])
    return found


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.casefold() if not name.endswith("/") else "/"


class _Reader:
    """Reads files of one submission, not more of them than is sensible."""

    def __init__(self, folder: Path, place: str, most_mib: float, owner: int | None) -> None:
        self._folder, self._place, self._most_mib, self._owner = folder, place, most_mib, owner
        self._left_mib, self._left = MOST_READ_MIB, MOST_READ
        self.files: dict[str, Content] = {}
        self.contents: dict[str, bytes] = {}

    def read(self, names: Iterable[str], notebooks_only: bool = False) -> list[str]:
        """Read files; returns the names of those that are taken for notebooks."""
        taken = []
        for name in names:
            content = self._read(name)
            if isinstance(content, Absent):
                continue
            if isinstance(content, Submission) or not notebooks_only:
                self.files[name] = content
                taken.append(name)
        return taken

    def _read(self, name: str) -> Content:
        if self._left <= 0 or self._left_mib <= 0:
            return Unreadable("too many files lie beside the notebook; this one was not read")
        try:
            data = read_bytes(self._folder, f"{self._place}/{name}", self._most_mib, self._owner)
            self._left -= 1
            self._left_mib -= len(data) / 2**20
        except Unreadable as problem:
            return problem
        content = content_of(data)
        if isinstance(content, Submission):
            self.contents[name] = data
        return content


def labs_within(course: Course, folder: Path, place: str) -> list[Lab]:
    """The labs of a course whose exercises something holds that is no submission to it.

    Args:
        course: the course.
        folder: is trusted; everything beneath it is not.
        place: a file or a folder, as a path below it.
    """
    try:
        names = [name for name in list_files(folder, place) if is_like_a_notebook(name)]
        above = place
    except Unreadable:
        above, _, name = place.rpartition("/")
        names = [name] if is_like_a_notebook(name) else []
    reader = _Reader(folder, above or ".", course.limits.notebook_mib, None)
    reader.read(worth_naming(names)[:MOST_READ])
    found = [
        recognise(course.labs, cells, name)
        for name, cells in reader.files.items()
        if isinstance(cells, Submission)
    ]
    return [lab for lab in course.labs if lab in found]
