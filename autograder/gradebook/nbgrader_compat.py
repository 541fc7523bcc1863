"""What this program needs of nbgrader beyond its documented interface, all in one place.

Documented and used directly elsewhere: `nbgrader.api` (models, queries, `MissingEntry`), and, in
`nbgrader_plugin`, the classes that a plugin derives from. Everything else that belongs to nbgrader
is reached here: attributes that its documentation does not name, the columns of its tables, and
methods of its classes that we replace.

`tests/engine/test_nbgrader_compat.py` has a test for each of these names, which says what is gone
when a new version of nbgrader renames one. nbgrader is imported when it is needed: importing it
takes longer than grading a small class.
"""

from __future__ import annotations

import importlib.util
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from traitlets.config import Config

SLOW_GRAMMAR = "rfc3987_syntax"
"""The module with which jsonschema builds a grammar of web addresses at each start."""


SERVER_EXTENSIONS = ("assignment_list", "course_list", "formgrader", "validate_assignment")
"""What nbgrader itself imports of JupyterLab's server, whatever is wanted of it."""


_IMPORTING = threading.RLock()
"""Held meanwhile: what stands in for a module is seen by every thread."""


@contextmanager
def _quick_import() -> Iterator[None]:
    """Import nbgrader without what takes longer to import than a small class to grade.

    That is the grammar of web addresses, which no notebook is checked by, and nbgrader's extensions
    of JupyterLab's server. Both can be imported afterwards.
    """
    with _IMPORTING:
        if "nbgrader.api" in sys.modules:
            yield
            return
        names = [f"nbgrader.server_extensions.{name}" for name in SERVER_EXTENSIONS]
        stand_ins = {} if "nbgrader" in sys.modules else {name: ModuleType(name) for name in names}
        for module in stand_ins.values():
            module.load_jupyter_server_extension = None  # type: ignore[attr-defined]
        known = sys.modules.setdefault(SLOW_GRAMMAR, None)  # type: ignore[arg-type]
        sys.modules.update(stand_ins)
        try:
            yield
        finally:
            if known is None:
                sys.modules.pop(SLOW_GRAMMAR, None)
            for name in stand_ins:
                sys.modules.pop(name, None)


# The gradebook's database -------------------------------------------------------------------------


def open_book(address: str, course_id: str) -> Any:
    """nbgrader's own gradebook; used of it are `db` (a session), `engine` and `find_assignment`.

    Args:
        address: of the database, as SQLAlchemy writes it.
        course_id: of the course.
    """
    with _quick_import():
        from nbgrader.api import Gradebook

    return Gradebook(address, course_id)


def newest_version() -> str:
    """The version of the tables that this nbgrader makes, as its migrations name it.

    nbgrader asks a program for it, which is found only where a virtual environment is activated.
    The migrations are read and not loaded, because they import all of nbgrader.
    """
    package = importlib.util.find_spec("nbgrader")
    places = package.submodule_search_locations if package is not None else None
    told: dict[str, set[str]] = {"revision": set(), "down_revision": set()}
    for path in Path(next(iter(places or ()))).glob("alembic/versions/*.py"):
        # Several threads come here, and Python's parser is not safe among threads before 3.12.
        for name, value in _VERSION.findall(path.read_text(encoding="utf-8")):
            told[name] |= set(re.findall(r"\w+", value))
    (newest,) = told["revision"] - told["down_revision"]
    return newest


_VERSION = re.compile(r"^(revision|down_revision)\b[^=\n]*=\s*([^#\n]*)", re.MULTILINE)
"""A line of a migration that says which version it makes, or from which one."""


class CellTables(NamedTuple):
    """The tables that hold a notebook's cells and their marks, one row of each kind a cell."""

    grades: Any
    comments: Any
    cells: Any
    graded: Any
    """Beside `cells`, by the same number: what is more of a cell that checks grade."""
    tasks: Any
    """The same of a task."""

    @property
    def max_score(self) -> Any:
        """The points of a cell of either kind, by an outer join with `graded` and `tasks`."""
        from sqlalchemy import func

        return func.coalesce(self.graded.c.max_score, self.tasks.c.max_score, 0.0)


def cell_tables() -> CellTables:
    """The tables behind nbgrader's models.

    A query over the models would join all kinds of cells for each row.
    """
    from nbgrader import api
    from sqlalchemy import inspect

    models = (api.Grade, api.Comment, api.BaseCell, api.GradeCell, api.TaskCell)
    return CellTables(*(inspect(model).local_table for model in models))


def stored_kinds(*models: Any) -> list[str]:
    """What the column `BaseCell.type` holds for cells of these models."""
    from sqlalchemy import inspect

    return [str(inspect(model).polymorphic_identity) for model in models]


def new_id() -> str:
    """An identifier for a new row, as nbgrader makes them."""
    from nbgrader.api import new_uuid

    return str(new_uuid())


def late_penalty_plugin(config: Config) -> Any:
    """The plugin for late submissions that a course configures.

    Raises:
        Exception: whatever the plugin raises: it is foreign code.
    """
    from nbgrader.preprocessors import AssignLatePenalties

    rules = AssignLatePenalties(config=config)
    rules.init_plugin()
    return rules.plugin_inst


# The compiler -------------------------------------------------------------------------------------


class Clearing:
    """What nbgrader's preprocessors clear from a master notebook, as a course configures them.

    Args:
        config: the course's configuration.
        log: where they log; by default where nbgrader logs.
    """

    def __init__(self, config: Config, log: logging.Logger | None = None) -> None:
        from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearSolutions

        settings: dict[str, Any] = {"config": config, **({"log": log} if log else {})}
        self._solutions = ClearSolutions(**settings)
        self._hidden_tests = ClearHiddenTests(**settings)
        self._mark_schemes = ClearMarkScheme(**settings)

    @property
    def solution_marks(self) -> tuple[str, str]:
        """The delimiters of solutions; nbgrader spells them so."""
        rules = self._solutions
        return rules.begin_solution_delimeter, rules.end_solution_delimeter

    @property
    def hidden_test_marks(self) -> tuple[str, str]:
        """The delimiters of hidden tests."""
        rules = self._hidden_tests
        return rules.begin_test_delimeter, rules.end_test_delimeter

    @property
    def code_stubs(self) -> dict[str, str]:
        """What students find in place of a solution, by language."""
        return dict(self._solutions.code_stub)

    def clear(self, cell: Any, language: str) -> None:
        """Clear solutions and mark schemes from a cell.

        Raises:
            RuntimeError: nbgrader cannot; the text says why.
        """
        for rules in (self._solutions, self._mark_schemes):
            rules.preprocess_cell(cell, {"language": language}, 0)


def metadata_validator() -> Any:
    """What checks a cell's metadata (`validate_cell`) and renews them (`upgrade_cell_metadata`)."""
    from nbgrader.nbgraderformat import MetadataValidator

    return MetadataValidator()


def generate_assignment(config: Config, assignment: str) -> dict[str, Any]:
    """Compile an assignment; `success`, `log` and `error` of the answer say how it went."""
    from nbgrader.apps import NbGraderAPI

    outcome: dict[str, Any] = NbGraderAPI(config=config).generate_assignment(assignment)
    return outcome


# Autograding and the exchange ---------------------------------------------------------------------


def replace_conversion(converter: Any, convert: Callable[[], None]) -> None:
    """Let an nbgrader converter call our function instead of its own loop over the notebooks.

    nbgrader calls it once a run, in the course's folder, when the converter has its exporter.
    """
    converter.convert_notebooks = convert


@contextmanager
def between_hooks(converter: Any) -> Iterator[None]:
    """Run the hooks that the course configured for a converter before and after the block."""
    converter.run_pre_convert_hook()
    yield
    converter.run_post_convert_hook()


def exchange_root(config: Config) -> Path:
    """The exchange's folder, as nbgrader's configuration says."""
    from nbgrader.exchange.default import Exchange

    return Path(Exchange(config=config).root)


def fetches_by_course(config: Config) -> bool:
    """Whether a student's files of an assignment lie in a folder with the course's name."""
    from nbgrader.exchange.default import Exchange

    return bool(Exchange(config=config).path_includes_course)


def release_feedback(config: Config, root: str, student: str, assignment: str) -> None:
    """Release what lies in `root/feedback/student/assignment` by the course's exchange.

    Raises:
        nbgrader.exchange.ExchangeError: the exchange refuses.
        OSError: the exchange or the disk cannot be written.
    """
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.exchange import ExchangeFactory

    folders: Any = CourseDirectory(config=config)
    folders.root = root
    folders.directory_structure = "{nbgrader_step}/{student_id}/{assignment_id}"
    folders.feedback_directory = "feedback"
    folders.student_id, folders.assignment_id = student, assignment
    folders.student_id_exclude = ""
    factory = ExchangeFactory(config=config)
    factory.ReleaseFeedback(coursedir=folders, authenticator=None, config=config).start()


_NO_REASON = (
    "Traceback",
    "There was an error",
    "Please see the",
    "nbgrader.converters.base.NbGraderException: Please",
)
"""Lines of nbgrader's log that say that something failed, and not what."""


def said_by_nbgrader(outcome: dict[str, Any]) -> str:
    """Why nbgrader did not compile, in one line, without its traceback."""
    text = f"{outcome.get('log', '')}\n{outcome.get('error', '')}"
    if "nbgrader update" in text:
        return "its metadata are of an old nbgrader; keep a copy, then run: nbgrader update source"
    lines = [
        re.sub(r"^\[[^\]]*\]\s*", "", line).strip()
        for line in text.splitlines()
        if re.match(r"\[.*(ERROR|CRITICAL)|\S*(Error|Exception|Entry)\b.*: ", line)
    ]
    told = [line for line in lines if line and not line.startswith(_NO_REASON)]
    return told[-1] if told else "it gives no reason"
