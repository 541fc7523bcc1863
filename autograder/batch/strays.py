"""What lies below `submitted/` and is no submission, so that no work is left aside in silence.

Students' folders and what is in them are looked at, and names that look alike. Grades nothing.
"""

from __future__ import annotations

import difflib
import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from autograder.batch.file_names import bears_name, is_archive, shown_name
from autograder.batch.submission_folder import labs_within
from autograder.course.model import Course


@dataclass(frozen=True)
class Stray:
    """Something below `submitted/` that is no submission to an assignment of the course."""

    place: str
    """Its path below `submitted/`, fit to be shown."""
    words: str
    """What it is, and what to do."""
    needs_person: bool = False
    """Whether it is a student's work that would be left aside."""


def find_strays(course: Course, student: str = "") -> list[Stray]:
    """What lies below `submitted/` and is no submission to an assignment of the course.

    Args:
        course: the course.
        student: only this one's; everybody's by default.
    """
    submitted, strays = course.folder("submitted"), list[Stray]()
    for name in names_in(submitted):
        path = submitted / name
        if student and name != student:
            continue
        if path.is_symlink():
            if any(lies_there(path / assignment) for assignment in course.assignments):
                continue  # Its notebooks say so.
            strays.append(Stray(shown_name(name), "a link, which is not followed", True))
        elif path.is_dir():
            strays += _strays_of(course, submitted, name)
        else:
            strays.append(_stray(course, submitted, name, "a file where students' folders are"))
    return strays if student or not submitted.is_dir() else strays + _hidden(course, submitted)


def _hidden(course: Course, submitted: Path) -> list[Stray]:
    """Folders that begin with a dot, which are not looked at, although they hold a submission."""
    return [
        Stray(shown_name(entry.name), "begins with a dot, so it is skipped; rename it", True)
        for entry in os.scandir(submitted)
        if entry.name.startswith(".")
        and not entry.name.endswith(".new")
        and any(lies_there(submitted / entry.name / name) for name in course.assignments)
    ]


def _strays_of(course: Course, submitted: Path, student: str) -> list[Stray]:
    """What lies in a student's folder and is no assignment of the course."""
    if not os.access(submitted / student, os.R_OK | os.X_OK):
        return []  # Every assignment of this student says so.
    strays = []
    for name in names_in(submitted / student):
        if name in course.assignments or name == "__MACOSX":
            continue
        near = difflib.get_close_matches(name.casefold(), course.assignments, 1)
        hint = f"; is it {near[0]}?" if near else ""
        words = f"no assignment of this course{hint}"
        strays.append(_stray(course, submitted, f"{student}/{name}", words))
    return strays


def _stray(course: Course, submitted: Path, place: str, words: str) -> Stray:
    """A stray, and whether it holds work for an assignment to which nothing was submitted."""
    student, _, name = place.partition("/")
    labs = labs_within(course, submitted, place)
    lost = [lab for lab in labs if not lies_there(submitted / student / lab.assignment)]
    if lost:
        words += f"; it holds the exercises of {lost[0].name}: move it to {lost[0].assignment}"
    elif meant := _may_be_meant(course, submitted / student, name):
        words += f"; nothing else was submitted to {meant}, so look into it"
        return Stray(shown_name(place), words, True)
    return Stray(shown_name(place), words, bool(lost))


def _may_be_meant(course: Course, folder: Path, name: str) -> str:
    """The assignment to which something by this name was meant to be submitted, if any.

    A packed or damaged notebook does not show its exercises; then its name must do.
    """
    for lab in course.labs if name else ():
        named = bears_name(name, lab.assignment) or bears_name(name, lab.name)
        if (named or is_archive(name)) and not lies_there(folder / lab.assignment):
            return lab.assignment
    return ""


def look_alikes(course: Course) -> list[str]:
    """Students' folders whose names differ only in case, or in how accents are composed."""
    groups: dict[str, list[str]] = {}
    for name in names_in(course.folder("submitted")):
        groups.setdefault(unicodedata.normalize("NFKC", name).casefold(), []).append(name)
    return [", ".join(map(shown_name, names)) for names in groups.values() if len(names) > 1]


def names_in(folder: Path) -> list[str]:
    """What lies in a folder and does not begin with a dot, by name."""
    if not folder.is_dir():
        return []
    return sorted(e.name for e in os.scandir(folder) if not e.name.startswith("."))


def lies_there(path: Path) -> bool:
    """Whether there is something, also where it may not be looked at."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True
