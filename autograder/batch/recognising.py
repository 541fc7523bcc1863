"""Which notebook of the course a file is: the exercises in it say so.

They are known by their grade_ids, or by their functions where no grade_id is left.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from autograder.batch.file_names import bears_name
from autograder.course.lab import Lab
from autograder.course.model import Course
from autograder.course.notebook import Kind
from autograder.errors import CourseError
from autograder.grading.submission import Content, Submission, code_words
from autograder.sandbox.beneath import Unreadable


def recognise(labs: Sequence[Lab], cells: Submission, name: str = "") -> Lab | None:
    """The lab whose exercises a notebook holds; None where that is not clear.

    Args:
        labs: those that it may be an attempt at.
        cells: the notebook's.
        name: of its file; decides where several labs fit equally well.
    """
    held = shares(labs, cells)
    fitting = [lab for lab, share in zip(labs, held, strict=True) if share > 0]
    if len(fitting) != 1:
        most = max(held, default=0.0)
        fitting = [lab for lab, share in zip(labs, held, strict=True) if share == most >= 0.5]
    if len(fitting) > 1:
        fitting = [lab for lab in fitting if bears_name(name, lab.name)]
    return fitting[0] if len(fitting) == 1 else None


def identify(
    course: Course, content: Content, path: Path, assignment: str | None, name: str | None
) -> Lab:
    """The lab that a file is an attempt at.

    Args:
        course: the course.
        content: what reading the file gave.
        path: the file.
        assignment: the assignment that it was submitted to, where that is known.
        name: of the notebook, where that is known; else the file's name or its exercises say it.

    Raises:
        CourseError: no lab fits, or several do.
    """
    labs = course.labs_of(assignment) if assignment else course.labs
    known = ", ".join(lab.name for lab in labs)
    named = [lab for lab in labs if lab.name == (name or path.stem)]
    if len(named) == 1:
        return named[0]
    if name:
        raise CourseError(f"there is no notebook {name!r} (known: {known})")
    if isinstance(content, Unreadable):
        raise CourseError(f"{path}: {content}")
    lab = recognise(labs, content, path.name)
    if lab is None:
        raise CourseError(f"{path}: which notebook is it? Say --as NAME (known: {known})")
    return lab


def shares(labs: Sequence[Lab], cells: Submission) -> list[float]:
    """Which part of each lab's exercises a notebook holds, by its grade_ids if any is a lab's."""
    by_ids = [_share_by_ids(lab, cells) for lab in labs]
    if any(by_ids):
        return by_ids
    by_functions = [_share_by_functions(lab, cells) for lab in labs]
    return [share if share >= 0.5 else 0.0 for share in by_functions]


def holds_some(lab: Lab, cells: Submission) -> bool:
    """Whether anything of a lab's exercises is in a notebook."""
    return bool(_share_by_ids(lab, cells) or _share_by_functions(lab, cells))


def _share_by_ids(lab: Lab, cells: Submission) -> float:
    """Which part of a lab's exercises a notebook holds, by their grade_ids."""
    present = {cell.grade_id for cell in cells.cells if cell.grade_id}
    wanted = [{one.solution, one.grade_cell} for one in lab.exercises]
    wanted = wanted or [{cell.grade_id} for cell in lab.cells if cell.grade_id]
    return sum(bool(ids & present) for ids in wanted) / len(wanted) if wanted else 0.0


def _share_by_functions(lab: Lab, cells: Submission) -> float:
    """The same by the functions that the exercises ask for."""
    text = "\n".join(cell.source for cell in cells.cells if cell.is_code)
    wanted = [one.functions for one in lab.exercises if one.functions]
    found = [all(_binds(text, name) for name in names) for names in wanted]
    return sum(found) / len(found) if found else 0.0


def _binds(source: str, name: str) -> bool:
    """Whether a source seems to bind a name: by def, class, assignment or `as`."""
    word = re.escape(name)
    pattern = rf"\b(?:def|class|as|for)\s+{word}\b|\b{word}\s*(?::[^=\n]+)?=(?!=)"
    return re.search(pattern, source) is not None


def begun_exercises(lab: Lab, cells: Submission) -> frozenset[str]:
    """The exercises of which something is no longer as released, by their grade cells."""
    released = {code_words(text) for text in lab.stubs.values()}
    released |= {code_words(cell.source) for cell in lab.cells if cell.kind is not Kind.SOLUTION}
    ours = {cell.grade_id: cell.kind for cell in lab.cells if cell.grade_id}
    written: dict[str, list[str]] = {}
    for cell in cells.cells:
        kind = ours.get(cell.grade_id, Kind.FREE)
        tokens = code_words(cell.source)
        if kind in (Kind.SOLUTION, Kind.FREE) and tokens and tokens not in released:
            place = cell.grade_id if kind is Kind.SOLUTION else ""
            written.setdefault(place, []).append(cell.source)
    elsewhere = "\n".join(written.get("", []))
    return frozenset(
        one.grade_cell
        for one in lab.exercises
        if one.solution in written or any(_binds(elsewhere, name) for name in one.names)
    )
