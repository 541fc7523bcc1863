"""Reads `course_config.py`: assignments, points, limits; unknown settings are errors."""

from __future__ import annotations

import difflib
import math
import os
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from jupyter_core.paths import jupyter_config_path
from traitlets import Dict, Enum, TraitError, TraitType, Unicode
from traitlets.config import Config, Configurable, PyFileConfigLoader

from autograder.errors import CourseError
from autograder.limits import Limits
from autograder.sandbox.inside import policy

Section = TypeVar("Section", bound=Configurable)
CONFIG = "course_config.py"
NBGRADER_CONFIG = "nbgrader_config.py"
_NOT_IN_NAMES = "*?[+/"
"""Signs in an assignment's name that nbgrader reads as a pattern or as the end of the name."""


class Grading(Configurable):  # type: ignore[misc]
    """The `c.Grading` section of `course_config.py`; the help texts are its reference."""

    assignments = Dict(
        help="The assignments, their notebooks, and the points of each grade cell: "
        '`{"lists": {"sorting": {"test_merge": 3}}}`. Assignments and notebooks have the names of '
        "their folders and files under `source/`; grade cells have the names of the tests cells. "
        "Without this setting, the notebooks say it all: each folder under `source/` is an "
        "assignment, as in any nbgrader course.",
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


class ConfigFile(PyFileConfigLoader):  # type: ignore[misc]
    """A configuration file, found by its exact path: traitlets would expand `$` and `~` in it."""

    def _find_file(self) -> None:
        path = os.path.join(self.path, self.filename) if isinstance(self.path, str) else ""
        if os.path.isfile(path):
            self.full_filename = path
        else:
            super()._find_file()


def is_course(folder: Path) -> bool:
    """Whether a folder is a course's: this grader's, or one that nbgrader alone was used for."""
    if (folder / CONFIG).is_file() or (folder / NBGRADER_CONFIG).is_file():
        return True
    return (folder / "source").is_dir() and (folder / "gradebook.db").is_file()


def load_config(root: Path) -> Config:
    """The traitlets configuration of the course in `root`.

    Without a `course_config.py` it is nbgrader's: the course's over the account's, over the
    machine's.

    Raises:
        CourseError: `root` is no course, or a configuration does not run.
    """
    if (root / CONFIG).is_file():
        return _load(root, CONFIG)
    if not is_course(root):
        raise CourseError(
            f"{root}: no course: there is no {CONFIG}, and no {NBGRADER_CONFIG}; go to a course's "
            "folder or give --course DIR"
        )
    config = machine_config()
    if (root / NBGRADER_CONFIG).is_file():
        config.merge(_load(root, NBGRADER_CONFIG))
    return config


def machine_config() -> Config:
    """nbgrader's configuration from the machine and this account, without a course.

    Raises:
        CourseError: a configuration does not run.
    """
    config = Config()
    for folder in reversed(jupyter_config_path()):
        if (Path(folder) / NBGRADER_CONFIG).is_file():
            config.merge(_load(Path(folder), NBGRADER_CONFIG))
    return config


def _load(folder: Path, name: str) -> Config:
    try:
        return ConfigFile(name, path=str(folder)).load_config()
    except Exception as error:  # a configuration is a program, and may raise anything
        raise CourseError(f"{folder / name}: {type(error).__name__}: {error}") from error


def read_grading(config: Config, path: Path) -> Grading:
    """The section `c.Grading` of a configuration.

    Raises:
        CourseError: a setting is unknown or has an impossible value.
    """
    settings = read_section(config, "Grading", Grading, path)
    _require_points(settings.assignments, path)
    return settings


def read_section(config: Config, name: str, kind: type[Section], path: Path) -> Section:
    """The settings of one section of a configuration.

    Args:
        config: the whole configuration.
        name: the section, as in `c.<name>`.
        kind: its settings and their meaning.
        path: the file, for messages.

    Raises:
        CourseError: a setting is unknown or has an impossible value.
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
    """The values that a setting accepts, in words."""
    words = setting.info()
    least = getattr(setting, "min", None)
    return f"{words} from {least} on" if least is not None else words


def _require_points(assignments: dict[str, Any], path: Path) -> None:
    """Require that the assignments are dicts of dicts of non-negative numbers.

    Raises:
        CourseError: they are not, or nbgrader cannot work with an assignment's name.
    """
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
                    wanted = f"points must be a number from 0 on, not {points!r}"
                    raise CourseError(f"{where}[{notebook!r}]: {cell}: {wanted}")


def read_limits(overrides: dict[str, Any], path: Path) -> Limits:
    """The limits of a course: the defaults, with the course's own values in their place.

    Raises:
        CourseError: a limit is unknown, or not a positive number.
    """
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
