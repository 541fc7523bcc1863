"""What a course declares: its assignments, notebooks, grade cells and points.

Two sources declare it: `course_config.py` (which assignments, which grade cells, what they are
worth, which limits; read by `config`) and the master notebooks under `source/` (the cells
themselves; read by `notebook`). This module combines both. A course that declares no assignments
is an nbgrader course as it is: each folder under `source/` is an assignment, and where there is no
hidden suite, points come from the tests cells (`tests_cells`). It runs nothing of a notebook.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from pathlib import Path

from autograder.course import assignment_files
from autograder.course.config import CONFIG, load_config, read_grading, read_limits
from autograder.course.folders import Folders, read_folders
from autograder.course.lab import (
    Lab,
    declared_of,
    found_assignments,
    in_words,
    read_lab,
    read_labs,
)
from autograder.errors import CourseError
from autograder.limits import Limits

PRIVATE_NAMES = (
    "reference.py",
    "mistakes.py",
    "variants.py",
    "pictures.py",
    "misconceptions.py",
    "conftest.py",
)
"""Files of hidden suites, which must never lie where nbgrader would release them."""


@dataclass(frozen=True)
class Course:
    """A course folder: its configuration and its labs."""

    root: Path
    course_id: str
    title: str
    limits: Limits
    require: str
    labs: tuple[Lab, ...]
    declared: dict[str, dict[str, dict[str, float]]] = field(repr=False)
    """Points by assignment, notebook and grade cell, from `course_config.py`."""
    groupshared: bool = False
    """Whether instructors of one Unix group share the course: `c.CourseDirectory.groupshared`."""
    folders: Folders = field(default_factory=Folders)
    """The names of its folders."""
    as_is: bool = False
    """Whether it declares no assignments: then its notebooks say it all, as for nbgrader."""

    @classmethod
    def load(cls, root: Path) -> Course:
        """Read the course in folder `root`.

        Raises:
            CourseError: there is no course, or its declarations are invalid; the text names the
                file and the remedy.
        """
        root = root.resolve()
        config = load_config(root)
        settings = read_grading(config, root / CONFIG)
        folders = read_folders(config)
        if settings.assignments:
            labs = [
                read_lab(root, folders, assignment, notebook)
                for assignment, notebooks in settings.assignments.items()
                for notebook in notebooks
            ]
        else:
            labs = [
                lab
                for name in found_assignments(root, folders)
                for lab in read_labs(root, folders, name)
            ]
        if not labs:
            raise CourseError(
                f"{root / folders.source}: no assignment; each is a folder of notebooks there"
            )
        course_id = str(config.get("CourseDirectory", {}).get("course_id") or root.name)
        return cls(
            root,
            course_id,
            settings.title or course_id,
            read_limits(settings.limits, root / CONFIG),
            settings.require,
            tuple(labs),
            settings.assignments or declared_of(labs),
            bool(config.get("CourseDirectory", {}).get("groupshared", False)),
            folders,
            not settings.assignments,
        )

    @property
    def assignments(self) -> tuple[str, ...]:
        """Names of the assignments, in the order of the configuration."""
        return tuple(self.declared)

    @property
    def database(self) -> str:
        """The address of the course's gradebook."""
        configured = load_config(self.root).get("CourseDirectory", {}).get("db_url")
        return str(configured) if configured else _sqlite_address(self.root / "gradebook.db")

    @property
    def hidden(self) -> Path:
        """The folder of the hidden suites."""
        return self.root / "tests" / "hidden"

    def labs_of(self, assignment: str) -> tuple[Lab, ...]:
        """The notebooks of one assignment.

        Raises:
            CourseError: there is no such assignment.
        """
        if assignment not in self.declared:
            near = difflib.get_close_matches(assignment, self.declared, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            known = ", ".join(self.declared)
            where = self.folders.source + "/" if self.as_is else CONFIG
            raise CourseError(f"there is no assignment {assignment!r}{hint} ({where} has: {known})")
        return tuple(lab for lab in self.labs if lab.assignment == assignment)

    def title_of(self, assignment: str, notebook: str = "") -> str:
        """What people call an assignment, or one of its notebooks.

        A notebook is called by its first heading. So is an assignment with one notebook; one with
        several is called by its name in words, and so is what the course does not have any more.
        """
        labs = [lab for lab in self.labs if lab.assignment == assignment]
        named = [lab for lab in labs if lab.name == notebook] if notebook else labs
        return named[0].title if len(named) == 1 else in_words(notebook or assignment)

    def lab(self, assignment: str, notebook: str) -> Lab:
        """One notebook of an assignment.

        Raises:
            CourseError: there is none of that name.
        """
        for lab in self.labs_of(assignment):
            if lab.name == notebook:
                return lab
        raise CourseError(f"{assignment} has no notebook {notebook!r}")

    def public_files(self, assignment: str) -> dict[str, bytes]:
        """Files that are released beside the notebooks, by path below the assignment's folder."""
        return assignment_files.released(self.folder("source") / assignment, self.folders.ignored)

    def folder(self, step: str) -> Path:
        """The folder of a step of nbgrader's: `source`, `release`, `submitted` and so on."""
        return self.root / str(getattr(self.folders, step))


def _sqlite_address(path: Path) -> str:
    """The address of an SQLite file, with the signs that have a meaning in addresses escaped."""
    return "sqlite:///" + str(path).replace("%", "%25").replace("?", "%3F")
