"""One notebook of an assignment, its exercises, and how both are read from a course's folder."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from autograder.course.config import CONFIG
from autograder.course.folders import Folders
from autograder.course.notebook import (
    Kind,
    MasterCell,
    assigned_variables,
    defined_classes,
    defined_functions,
    read_master_cells,
)
from autograder.course.tests_cells import TestsCells, read_record
from autograder.errors import CourseError

_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(.*?)[ \t#]*")


@dataclass(frozen=True)
class Exercise:
    """A tests cell together with the solution cell that it tests."""

    grade_cell: str
    solution: str
    """grade_id of the solution cell."""
    points: float
    functions: tuple[str, ...]
    """Names of the functions and classes that the solution cell defines."""
    classes: tuple[str, ...] = ()
    """Those of them that are classes."""
    variables: tuple[str, ...] = ()
    """Names of the variables that it assigns, if it defines no functions."""

    @property
    def names(self) -> tuple[str, ...]:
        """What the exercise asks for: its functions and classes, or else its variables."""
        return self.functions or self.variables


@dataclass(frozen=True)
class Lab:
    """One notebook of one assignment."""

    assignment: str
    name: str
    path: Path
    cells: tuple[MasterCell, ...]
    release: Path
    suite: Path
    tests_cells: TestsCells | None = None
    """Its tests cells, in a course that declares no assignments. They give the points of those
    cells for which the hidden suite, if there is one, has no check."""
    heading: str = ""
    """Its first heading, as plain text; empty if it has none."""

    @property
    def title(self) -> str:
        """What people call it: its heading, or else its name in words."""
        return self.heading or in_words(self.name)

    @cached_property
    def exercises(self) -> tuple[Exercise, ...]:
        """The exercises, in the order of the notebook."""
        found, solution = [], None
        for cell in self.cells:
            if cell.kind is Kind.SOLUTION:
                solution = cell
            elif cell.kind is Kind.TESTS:
                if solution is None and self.tests_cells is not None:
                    found.append(Exercise(cell.grade_id, "", cell.points, ()))
                    continue
                if solution is None and not cell.points:
                    continue
                if solution is None:
                    raise CourseError(f"{self.path}: no solution cell before {cell.grade_id}")
                names = tuple(defined_functions(solution.source))
                variables = () if names else tuple(assigned_variables(solution.source))
                classes = tuple(defined_classes(solution.source))
                own = (cell.grade_id, solution.grade_id, cell.points)
                found.append(Exercise(*own, names, classes, variables))
        return tuple(found)

    @property
    def solutions(self) -> dict[str, str]:
        """The solution cell of each grade cell."""
        return {exercise.grade_cell: exercise.solution for exercise in self.exercises}

    @property
    def needs_suite(self) -> bool:
        """Whether a hidden suite gives points here."""
        if self.tests_cells is not None and not self.suite.is_file():
            return False
        return any(exercise.points for exercise in self.exercises)

    @property
    def by_hand(self) -> tuple[MasterCell, ...]:
        """The cells whose points an instructor gives, in formgrader."""
        return tuple(cell for cell in self.cells if cell.by_hand)

    @property
    def idle(self) -> tuple[str, ...]:
        """Tests cells without points that test no solution: they only show something."""
        tested = self.solutions
        return tuple(
            cell.grade_id
            for cell in self.cells
            if cell.kind is Kind.TESTS and cell.grade_id not in tested
        )

    @cached_property
    def sections(self) -> dict[str, str]:
        """By grade cell, the nearest heading above its solution cell, as plain text."""
        found, heading, above = {}, "", {}
        for cell in self.cells:
            if cell.kind is Kind.TEXT:
                lines = [line for line in cell.source.splitlines() if line.startswith("#")]
                heading = lines[-1].lstrip("# ").strip().replace("`", "") if lines else heading
            above[cell.grade_id] = heading
        for exercise in self.exercises:
            found[exercise.grade_cell] = above.get(exercise.solution, "")
        return found

    @property
    def max_score(self) -> float:
        """Points of all its exercises; those that an instructor gives are not included."""
        return float(sum(exercise.points for exercise in self.exercises))

    @cached_property
    def stubs(self) -> dict[str, str]:
        """Sources of the solution cells as students get them, by grade_id.

        Raises:
            CourseError: the student version has not been built.
        """
        return {cell.grade_id: cell.source for cell in self.released if cell.kind is Kind.SOLUTION}

    @cached_property
    def blanks(self) -> dict[str, str]:
        """Released sources of the cells whose points an instructor gives, by grade_id.

        Raises:
            CourseError: the student version has not been built.
        """
        return {cell.grade_id: cell.source for cell in self.released if cell.by_hand}

    @cached_property
    def released(self) -> tuple[MasterCell, ...]:
        """The cells of the student version.

        Raises:
            CourseError: the student version has not been built.
        """
        if not self.release.is_file():
            raise CourseError(f"{self.release}: not built yet; run: autograder build")
        return read_master_cells(self.release)

    def cell(self, grade_id: str) -> MasterCell | None:
        """The cell of that grade_id, if there is one."""
        return next((cell for cell in self.cells if cell.grade_id == grade_id), None)


def in_words(name: str) -> str:
    """A name of a file or folder as people write it.

    >>> in_words("linear_models-2")
    'Linear models 2'
    """
    words = " ".join(name.replace("_", " ").replace("-", " ").split()) or name
    return words[:1].upper() + words[1:]


def first_heading(cells: tuple[MasterCell, ...]) -> str:
    """The first heading of the text cells, without its marks; empty if there is none."""
    for cell in cells:
        fenced = False
        for line in cell.source.splitlines() if cell.kind is Kind.TEXT else ():
            fenced ^= line.lstrip().startswith(("```", "~~~"))
            found = None if fenced else _HEADING.fullmatch(line)
            if found:
                return re.sub(r"[`*]|\[([^]]*)\]\([^)]*\)", r"\1", found[1]).strip()
    return ""


def found_assignments(root: Path, folders: Folders) -> list[str]:
    """The folders that are assignments of a course that declares none: those with notebooks."""
    source = root / folders.source
    below = sorted(source.iterdir()) if source.is_dir() else []
    there = (one for one in below if one.is_dir() and not one.name.startswith("."))
    return [one.name for one in there if any(one.glob("*.ipynb"))]


def read_labs(root: Path, folders: Folders, assignment: str) -> list[Lab]:
    """The notebooks of an assignment that nobody declared."""
    record = read_record(root, assignment)
    paths = sorted((root / folders.source / assignment).glob("*.ipynb"))
    labs = (read_lab(root, folders, assignment, path.stem) for path in paths)
    return [_with_tests_cells(lab, record.get(lab.name)) for lab in labs]


def _with_tests_cells(lab: Lab, tests: TestsCells | None) -> Lab:
    """A lab with its tests cells; empty ones while it has not been built."""
    if tests is None:
        return replace(lab, tests_cells=TestsCells(()))
    return replace(lab, cells=tuple(one.as_master for one in tests.cells), tests_cells=tests)


def declared_of(labs: list[Lab]) -> dict[str, dict[str, dict[str, float]]]:
    """What a configuration would declare of these notebooks."""
    declared: dict[str, dict[str, dict[str, float]]] = {}
    for lab in labs:
        points = {c.grade_id: c.points for c in lab.cells if c.kind is Kind.TESTS}
        declared.setdefault(lab.assignment, {})[lab.name] = points
    return declared


def read_lab(root: Path, folders: Folders, assignment: str, notebook: str) -> Lab:
    """One notebook of a course.

    Raises:
        CourseError: there is no such notebook, or it cannot be read.
    """
    path = root / folders.source / assignment / f"{notebook}.ipynb"
    if not path.is_file():
        remedy = "write it, or take it out of c.Grading.assignments"
        if notebook.endswith(".ipynb"):
            remedy = f"declare it as {notebook.removesuffix('.ipynb')!r}"
        raise CourseError(f"{path}: not found, but {CONFIG} declares it; {remedy}")
    cells = read_master_cells(path)
    return Lab(
        assignment,
        notebook,
        path,
        cells,
        root / folders.release / assignment / f"{notebook}.ipynb",
        root / "tests" / "hidden" / assignment / f"test_{notebook}.py",
        heading=first_heading(cells),
    )
