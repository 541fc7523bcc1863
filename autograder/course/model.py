"""What a course declares: its assignments, notebooks, grade cells and points.

Two places say it: `course_config.py` (which assignments, which grade cells, what they are worth,
which limits) and the master notebooks under `source/` (the cells themselves). This module reads
both and holds them against each other; unknown settings are errors. It runs nothing of a notebook.
"""

from __future__ import annotations

import ast
import difflib
import json
import math
import os
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from traitlets import Dict, Enum, TraitError, TraitType, Unicode
from traitlets.config import Config, Configurable, PyFileConfigLoader

from autograder.errors import CourseError
from autograder.limits import Limits
from autograder.sandbox.inside import policy

Section = TypeVar("Section", bound=Configurable)
CONFIG = "course_config.py"
_NOT_IN_NAMES = "*?[+/"
"""What nbgrader takes for a pattern, or for an end, in an assignment's name."""
DEMONSTRATION = "demonstration"
"""Tag of locked cells that grading does not run: training runs and plots."""
PRIVATE_NAMES = (
    "reference.py",
    "mistakes.py",
    "variants.py",
    "pictures.py",
    "misconceptions.py",
    "conftest.py",
)
"""Files of hidden suites, which must never lie where nbgrader would release them."""


class Grading(Configurable):  # type: ignore[misc]
    """The `c.Grading` section of `course_config.py`; the help texts are its reference."""

    assignments = Dict(
        help="The assignments, their notebooks, and the points of each grade cell: "
        '`{"lists": {"sorting": {"test_merge": 3}}}`. Assignments and notebooks have the names of '
        "their folders and files under `source/`; grade cells have the names of the tests cells.",
    ).tag(config=True)
    limits = Dict(
        help="Limits on one submission that differ from the defaults, by name: "
        '`{"call_wall_s": 5.0}`. `autograder/limits.py` has the names and the defaults.',
    ).tag(config=True)
    require = Enum(
        [tier.name for tier in policy.SANDBOXES],
        policy.REDUCED.name,
        help="The weakest tier of the sandbox in which submissions may be graded.",
    ).tag(config=True)
    title = Unicode("", help="The course's name, as pages show it.").tag(config=True)


class Kind(StrEnum):
    """What a cell of a master notebook is for."""

    TEXT = "text"
    FREE = "free"
    """A code cell without nbgrader metadata; students may change it."""
    GIVEN = "given"
    """A locked code cell: ours, and run when grading."""
    DEMONSTRATION = DEMONSTRATION
    SOLUTION = "solution"
    TESTS = "tests"


@dataclass(frozen=True)
class MasterCell:
    """One cell of a master notebook."""

    kind: Kind
    grade_id: str
    source: str
    points: float = 0.0
    by_hand: bool = False
    """Whether a person gives its points: a manually graded answer, or a task."""
    is_task: bool = False


@dataclass(frozen=True)
class Exercise:
    """A tests cell together with the solution cell that it tests."""

    grade_cell: str
    solution: str
    """grade_id of the solution cell."""
    points: float
    functions: tuple[str, ...]
    """Names of the functions that the solution cell defines."""


@dataclass(frozen=True)
class Lab:
    """One notebook of one assignment."""

    assignment: str
    name: str
    path: Path
    cells: tuple[MasterCell, ...]
    release: Path
    suite: Path

    @cached_property
    def exercises(self) -> tuple[Exercise, ...]:
        """The exercises, in the order of the notebook."""
        found, solution = [], None
        for cell in self.cells:
            if cell.kind is Kind.SOLUTION:
                solution = cell
            elif cell.kind is Kind.TESTS:
                if solution is None and not cell.points:
                    continue
                if solution is None:
                    raise CourseError(f"{self.path}: no solution cell before {cell.grade_id}")
                names = tuple(defined_functions(solution.source))
                found.append(Exercise(cell.grade_id, solution.grade_id, cell.points, names))
        return tuple(found)

    @property
    def solutions(self) -> dict[str, str]:
        """The solution cell of each grade cell."""
        return {exercise.grade_cell: exercise.solution for exercise in self.exercises}

    @property
    def needs_suite(self) -> bool:
        """Whether a program gives points here; all else is left to a person."""
        return any(exercise.points for exercise in self.exercises)

    @property
    def by_hand(self) -> tuple[MasterCell, ...]:
        """The cells whose points a person gives, in formgrader."""
        return tuple(cell for cell in self.cells if cell.by_hand)

    @property
    def idle(self) -> tuple[str, ...]:
        """Tests cells without points that test no solution: they show something, no more."""
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
        """Points of all its grade cells."""
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
        """Sources of the cells whose points a person gives as students get them, by grade_id.

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
    """Points by assignment, notebook and grade cell, as `course_config.py` says."""
    groupshared: bool = False
    """Whether instructors of one Unix group share the course: `c.CourseDirectory.groupshared`."""

    @classmethod
    def load(cls, root: Path) -> Course:
        """Read the course in folder `root`.

        Raises:
            CourseError: there is no course, or what it declares cannot be; the text names the
                file and the remedy.
        """
        root = root.resolve()
        config = load_config(root)
        settings = _settings(config, root / CONFIG)
        labs = [
            _read_lab(root, assignment, notebook)
            for assignment, notebooks in settings.assignments.items()
            for notebook in notebooks
        ]
        course_id = str(config.get("CourseDirectory", {}).get("course_id") or root.name)
        return cls(
            root,
            course_id,
            settings.title or course_id,
            _limits(settings.limits, root / CONFIG),
            settings.require,
            tuple(labs),
            settings.assignments,
            bool(config.get("CourseDirectory", {}).get("groupshared", False)),
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
            raise CourseError(
                f"there is no assignment {assignment!r}{hint} ({CONFIG} has: {known})"
            )
        return tuple(lab for lab in self.labs if lab.assignment == assignment)

    def public_files(self, assignment: str) -> dict[str, bytes]:
        """Files that are released beside the notebooks, by name."""
        folder = self.root / "source" / assignment
        return {
            path.name: path.read_bytes()
            for path in sorted(folder.iterdir())
            if path.is_file() and path.suffix != ".ipynb" and not path.name.startswith(".")
        }


def _sqlite_address(path: Path) -> str:
    """The address of an SQLite file, with what an address takes for its own signs written out."""
    return "sqlite:///" + str(path).replace("%", "%25").replace("?", "%3F")


class ConfigFile(PyFileConfigLoader):  # type: ignore[misc]
    """A configuration file by its own path, in which traitlets would expand `$` and `~`."""

    def _find_file(self) -> None:
        path = os.path.join(self.path, self.filename) if isinstance(self.path, str) else ""
        if os.path.isfile(path):
            self.full_filename = path
        else:
            super()._find_file()


def load_config(root: Path) -> Config:
    """The traitlets configuration of the course in `root`.

    Raises:
        CourseError: the file is missing or does not run.
    """
    if not (root / CONFIG).is_file():
        raise CourseError(
            f"{root / CONFIG}: not found; go to a course's folder or give --course DIR"
        )
    try:
        return ConfigFile(CONFIG, path=str(root)).load_config()
    except Exception as error:
        raise CourseError(f"{root / CONFIG}: {type(error).__name__}: {error}") from error


def _settings(config: Config, path: Path) -> Grading:
    settings = read_section(config, "Grading", Grading, path)
    _require_points(settings.assignments, path)
    if not settings.assignments:
        raise CourseError(f"{path}: c.Grading.assignments is empty; declare the assignments")
    return settings


def read_section(config: Config, name: str, kind: type[Section], path: Path) -> Section:
    """The settings of one section of a configuration.

    Args:
        config: the whole configuration.
        name: the section, as in `c.<name>`.
        kind: its settings and their meaning.
        path: the file, for messages.

    Raises:
        CourseError: a setting is unknown or its value cannot be.
    """
    section = config.get(name, {})
    known = kind.class_trait_names(config=True)
    for key in section:
        if key not in known:
            raise CourseError(f"{path}: c.{name}.{key} is unknown{_nearest(key, known)}")
    for other in config:
        if other != name and difflib.get_close_matches(other, [name], 1, 0.85):
            raise CourseError(f"{path}: c.{other} is unknown; did you mean c.{name}?")
    for key, value in section.items():
        try:
            kind(**{key: value})
        except TraitError:
            wanted = _wanted(kind.class_traits()[key])
            raise CourseError(f"{path}: c.{name}.{key} must be {wanted}, not {value!r}") from None
    settings: Section = kind(**section)
    return settings


def _wanted(setting: TraitType[Any, Any]) -> str:
    """What a setting may be, in words."""
    words = setting.info()
    least = getattr(setting, "min", None)
    return f"{words} from {least} on" if least is not None else words


def _require_points(assignments: dict[str, Any], path: Path) -> None:
    """Check that assignments are dicts of dicts of numbers from 0 on."""
    for assignment, notebooks in assignments.items():
        where = f"{path}: c.Grading.assignments[{assignment!r}]"
        odd = "".join(sorted(set(str(assignment)) & set(_NOT_IN_NAMES)))
        if odd or str(assignment).startswith("."):
            raise CourseError(
                f"{where}: nbgrader cannot work with an assignment whose name begins with a dot or "
                f"holds one of {_NOT_IN_NAMES}; rename it and its folders"
            )
        if not isinstance(notebooks, dict) or not notebooks:
            raise CourseError(f"{where} must map notebooks to their grade cells")
        for notebook, cells in notebooks.items():
            if not isinstance(cells, dict):
                raise CourseError(f"{where}[{notebook!r}] must map grade cells to points")
            for cell, points in cells.items():
                number = isinstance(points, int | float) and not isinstance(points, bool)
                if not number or not 0 <= points < math.inf:
                    raise CourseError(f"{where}[{notebook!r}]: {cell}: {points!r} are no points")


def _limits(overrides: dict[str, Any], path: Path) -> Limits:
    known = [limit.name for limit in fields(Limits)]
    for key, value in overrides.items():
        if key not in known:
            raise CourseError(f"{path}: limit {key!r} is unknown{_nearest(key, known)}")
        whole = isinstance(getattr(Limits(), key), int)
        kind = "whole number" if whole else "number"
        right = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if not right or not 0 < value < math.inf:
            raise CourseError(f"{path}: limit {key!r} must be a positive {kind}, not {value!r}")
    return Limits(**overrides)


def _nearest(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, 1)
    return f"; did you mean {near[0]}?" if near else f" (known: {', '.join(known)})"


def _read_lab(root: Path, assignment: str, notebook: str) -> Lab:
    path = root / "source" / assignment / f"{notebook}.ipynb"
    if not path.is_file():
        remedy = "write it, or take it out of c.Grading.assignments"
        if notebook.endswith(".ipynb"):
            remedy = f"declare it as {notebook.removesuffix('.ipynb')!r}"
        raise CourseError(f"{path}: not found, but {CONFIG} declares it; {remedy}")
    return Lab(
        assignment,
        notebook,
        path,
        read_master_cells(path),
        root / "release" / assignment / f"{notebook}.ipynb",
        root / "tests" / "hidden" / assignment / f"test_{notebook}.py",
    )


def read_master_cells(path: Path) -> tuple[MasterCell, ...]:
    """The cells of one of our own notebooks, in order.

    Raises:
        CourseError: the file is not a notebook of format 4.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return tuple(_master_cell(cell) for cell in cells)
    except (ValueError, KeyError, TypeError):
        raise CourseError(
            f"{path}: not a notebook of format 4; open it in JupyterLab and save it, or take it "
            "from your last copy"
        ) from None


def _master_cell(cell: dict[str, Any]) -> MasterCell:
    metadata = cell["metadata"].get("nbgrader")
    metadata = metadata if isinstance(metadata, dict) else {}
    source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
    kind = _kind(cell["cell_type"], metadata, cell["metadata"].get("tags", []))
    points = float(metadata.get("points") or 0.0)
    is_task = bool(metadata.get("task"))
    by_hand = is_task or bool(metadata.get("grade") and metadata.get("solution"))
    return MasterCell(kind, metadata.get("grade_id", ""), source, points, by_hand, is_task)


def _kind(cell_type: str, metadata: dict[str, Any], tags: list[str]) -> Kind:
    if cell_type != "code":
        return Kind.TEXT
    if metadata.get("solution"):
        return Kind.SOLUTION
    if metadata.get("grade"):
        return Kind.TESTS
    if DEMONSTRATION in tags:
        return Kind.DEMONSTRATION
    return Kind.GIVEN if metadata.get("locked") else Kind.FREE


def defined_functions(source: str) -> list[str]:
    """Names of the functions that a cell defines at its top level; none if it does not parse."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return []
    return [node.name for node in body if isinstance(node, ast.FunctionDef)]
