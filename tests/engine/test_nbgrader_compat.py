"""What we need of nbgrader beyond its documented interface is there, and does what we need.

When a new nbgrader breaks one of these tests, its message names what is gone; the only place to
mend is `autograder/gradebook/nbgrader_compat.py` (and `nbgrader_plugin`, for what it derives from).
"""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nbformat
import pytest
import toy
from traitlets.config import Config

from autograder.course.model import Course
from autograder.gradebook import nbgrader_compat

NAMES = [
    ("nbgrader.api", "Gradebook", "db engine find_assignment close", "open_book"),
    ("nbgrader.api", "", "new_uuid", "new_id"),
    ("nbgrader.api", "Grade", "auto_score manual_score extra_credit needs_manual_grade", "tables"),
    ("nbgrader.api", "Grade", "cell_id notebook_id", "tables"),
    ("nbgrader.api", "Comment", "auto_comment manual_comment cell_id notebook_id", "tables"),
    ("nbgrader.api", "BaseCell", "name type notebook_id", "tables"),
    ("nbgrader.api", "GradeCell", "max_score", "CellTables.max_score"),
    ("nbgrader.api", "TaskCell", "max_score", "CellTables.max_score"),
    ("nbgrader.api", "Notebook", "grade_cells solution_cells task_cells", "entering"),
    ("nbgrader.api", "Assignment", "name duedate notebooks", "dates"),
    ("nbgrader.api", "SubmittedAssignment", "student_id assignment_id timestamp", "entering"),
    ("nbgrader.api", "SubmittedAssignment", "extension assignment", "dates"),
    ("nbgrader.api", "SubmittedNotebook", "late_submission_penalty score", "entries"),
    ("nbgrader.preprocessors", "AssignLatePenalties", "init_plugin plugin_inst", "penalties"),
    (
        "nbgrader.preprocessors",
        "ClearSolutions",
        "begin_solution_delimeter end_solution_delimeter code_stub preprocess_cell",
        "Clearing",
    ),
    (
        "nbgrader.preprocessors",
        "ClearHiddenTests",
        "begin_test_delimeter end_test_delimeter",
        "Clearing",
    ),
    ("nbgrader.preprocessors", "ClearMarkScheme", "preprocess_cell", "Clearing"),
    (
        "nbgrader.nbgraderformat",
        "MetadataValidator",
        "schema_version validate_cell upgrade_cell_metadata",
        "metadata_validator",
    ),
    ("nbgrader.apps", "NbGraderAPI", "generate_assignment", "generate_assignment"),
    (
        "nbgrader.converters",
        "Autograde",
        "convert_notebooks run_pre_convert_hook run_post_convert_hook",
        "replace_conversion, between_hooks",
    ),
    ("nbgrader.converters", "Autograde", "create_student force coursedir", "nbgrader_plugin"),
    ("nbgrader.converters.base", "", "NbGraderException", "nbgrader_plugin"),
    ("nbgrader.preprocessors.base", "", "NbGraderPreprocessor", "nbgrader_plugin"),
    ("nbgrader.exchange.default", "Exchange", "root", "exchange_root"),
    ("nbgrader.exchange.default", "Exchange", "path_includes_course", "fetches_by_course"),
    ("nbgrader.exchange", "ExchangeFactory", "ReleaseFeedback", "release_feedback"),
    (
        "nbgrader.coursedir",
        "CourseDirectory",
        "root directory_structure feedback_directory student_id assignment_id student_id_exclude",
        "release_feedback",
    ),
]
"""Module, class, the names that we use of it, and what needs them."""


@pytest.mark.parametrize(
    ("module", "owner", "name", "user"),
    [
        pytest.param(module, owner, name, user, id=f"{owner or module}.{name}")
        for module, owner, names, user in NAMES
        for name in names.split()
    ],
)
def test_a_name_that_we_need_is_there(module, owner, name, user, book):
    """Each name by itself, so that the message says which one is gone and who needs it."""
    place = importlib.import_module(module)
    if owner:
        assert hasattr(place, owner), f"nbgrader has no {module}.{owner} any more ({user})"
        # What `Gradebook` has is set when it is made.
        place = book if owner == "Gradebook" else getattr(place, owner)
    assert hasattr(place, name), f"nbgrader has no {owner or module}.{name} any more ({user})"


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """nbgrader's own gradebook, new and empty."""
    from autograder.gradebook.databases import prepare_database

    address = f"sqlite:///{tmp_path_factory.mktemp('book') / 'gradebook.db'}"
    prepare_database(address)
    opened = nbgrader_compat.open_book(address, "toys")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def filled(book):
    """The gradebook with a cell of each kind, and a submission of `ada`."""
    book.add_assignment("one")
    book.add_notebook("sheet", "one")
    book.add_grade_cell("checked", "sheet", "one", max_score=3, cell_type="code")
    book.add_solution_cell("written", "sheet", "one")
    book.add_task_cell("told", "sheet", "one", max_score=5, cell_type="markdown")
    book.add_student("ada")
    book.add_submission("one", "ada")
    return book


def in_a_new_process(*lines):
    """What a program prints that Python runs from its beginning."""
    command = [sys.executable, "-c", "\n".join(lines)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_nbgrader_is_imported_without_the_slow_grammar(tmp_path):
    """With our import it is left out, and can be imported later; with a plain one it is there."""
    address = f"sqlite:///{tmp_path / 'book.db'}"
    left_out = in_a_new_process(
        "import sys",
        "from autograder.gradebook import databases, nbgrader_compat",
        f"databases.prepare_database({address!r})",
        f"nbgrader_compat.open_book({address!r}, 'toys').close()",
        "print('nbgrader.api' in sys.modules, nbgrader_compat.SLOW_GRAMMAR in sys.modules)",
        "__import__(nbgrader_compat.SLOW_GRAMMAR)",
    )
    assert left_out == ["True", "False"]
    grammar = nbgrader_compat.SLOW_GRAMMAR
    plain = in_a_new_process("import nbgrader.api, sys", f"print({grammar!r} in sys.modules)")
    assert plain == ["True"], (
        f"nbgrader does not import {grammar} any more: drop it from _quick_import"
    )


def test_nbgrader_is_imported_without_its_server_extensions(tmp_path):
    """With our import they are left out, and can be imported later."""
    address = f"sqlite:///{tmp_path / 'book.db'}"
    names = [f"nbgrader.server_extensions.{name}" for name in nbgrader_compat.SERVER_EXTENSIONS]
    left_out = in_a_new_process(
        "import importlib, sys",
        "from autograder.gradebook import databases, nbgrader_compat",
        f"databases.prepare_database({address!r})",
        f"nbgrader_compat.open_book({address!r}, 'toys').close()",
        f"print(any(name in sys.modules for name in {names!r}))",
        f"print(all(importlib.import_module(name).__file__ for name in {names!r}))",
    )
    assert left_out == ["False", "True"]
    plain = in_a_new_process(
        "import nbgrader, sys", f"print(all(name in sys.modules for name in {names!r}))"
    )
    assert plain == ["True"], "nbgrader does not import them any more: drop them from _quick_import"


def test_the_newest_version_is_what_nbgrader_says_itself(monkeypatch):
    """nbgrader asks the program `alembic`, which lies beside this Python."""
    from nbgrader.api import get_alembic_version

    scripts = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{scripts}{os.pathsep}{os.environ['PATH']}")
    assert nbgrader_compat.newest_version() == get_alembic_version()


def test_a_database_that_says_its_version_is_not_given_another(book):
    """nbgrader then calls no program, and the row that was there stays the only one."""
    from sqlalchemy import text

    versions = book.db.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    book.db.rollback()
    assert versions == [nbgrader_compat.newest_version()]


def test_the_points_of_cells_are_in_the_tables_beside_them(filled):
    """By the same number as in the table of all cells; a solution cell has none."""
    from sqlalchemy import select

    tables = nbgrader_compat.cell_tables()
    query = (
        select(tables.cells.c.name, tables.max_score)
        .outerjoin(tables.graded, tables.graded.c.id == tables.cells.c.id)
        .outerjoin(tables.tasks, tables.tasks.c.id == tables.cells.c.id)
    )
    assert dict(map(tuple, filled.db.execute(query))) == {"checked": 3, "written": 0, "told": 5}


def test_the_kinds_are_those_that_the_database_holds(filled):
    """As nbgrader itself has stored them."""
    from nbgrader import api
    from sqlalchemy import select

    cells = nbgrader_compat.cell_tables().cells
    stored = dict(map(tuple, filled.db.execute(select(cells.c.name, cells.c.type))))
    kinds = nbgrader_compat.stored_kinds(api.GradeCell, api.SolutionCell, api.TaskCell)
    assert [stored[name] for name in ("checked", "written", "told")] == kinds


def test_a_submission_of_nbgraders_own_has_the_rows_that_we_write(filled):
    """A grade for each checked cell and task, a comment for each solution and task."""
    rows = filled.find_submission_notebook("sheet", "one", "ada")
    assert sorted(grade.name for grade in rows.grades) == ["checked", "told"]
    assert sorted(comment.name for comment in rows.comments) == ["told", "written"]


def test_identifiers_are_new_each_time_and_like_nbgraders(filled):
    """As long as those that nbgrader has written."""
    first, second = nbgrader_compat.new_id(), nbgrader_compat.new_id()
    assert first != second
    assert len(first) == len(filled.find_student("ada").submissions[0].id)


def test_the_plugin_for_lateness_is_the_configured_one():
    """It is made, and takes a student, a score and seconds."""
    config = Config()
    config.AssignLatePenalties.plugin_class = f"{__name__}.Halves"
    config.Halves.part = 0.25
    plugin = nbgrader_compat.late_penalty_plugin(config)
    assert plugin.late_submission_penalty("ada", 8.0, 60.0) == 2.0
    default = nbgrader_compat.late_penalty_plugin(Config())
    assert default.late_submission_penalty("ada", 8.0, 60.0) is None


def _plugin_class():
    from nbgrader.plugins import BasePlugin
    from traitlets import Float

    class Halves(BasePlugin):
        """Takes a part of the score."""

        part = Float(0.5).tag(config=True)

        def late_submission_penalty(self, student_id, score, total_seconds_late):
            return score * self.part

    return Halves


Halves = _plugin_class()


def test_what_is_cleared_is_what_the_course_configures():
    """Delimiters and stub are read from the configuration, and used for clearing."""
    config = Config()
    config.ClearSolutions.begin_solution_delimeter = "FROM HERE"
    config.ClearSolutions.end_solution_delimeter = "TO HERE"
    config.ClearSolutions.code_stub = {"python": "..."}
    config.ClearHiddenTests.begin_test_delimeter = "HIDE"
    config.ClearHiddenTests.end_test_delimeter = "SHOW"
    rules = nbgrader_compat.Clearing(config)
    assert rules.solution_marks == ("FROM HERE", "TO HERE")
    assert rules.hidden_test_marks == ("HIDE", "SHOW")
    assert rules.code_stubs == {"python": "..."}
    cell = nbformat.from_dict(toy.solution("area", "x = 1\n# FROM HERE\nx = 2\n# TO HERE"))
    rules.clear(cell, "python")
    assert cell.source == "x = 1\n..."


def test_a_solution_without_its_end_is_refused_by_nbgrader():
    """By the exception whose text `compiling` puts into words."""
    cell = nbformat.from_dict(toy.solution("area", "### BEGIN SOLUTION\nx = 2"))
    with pytest.raises(RuntimeError, match=r"(?i)no end solution statement"):
        nbgrader_compat.Clearing(Config()).clear(cell, "python")


def test_old_metadata_are_brought_to_the_version_that_validates():
    """From the oldest version on; what has none of the keys is refused."""
    validator = nbgrader_compat.metadata_validator()
    cell = nbformat.from_dict(toy.graded("test_area", points=2))
    cell.metadata["nbgrader"] = {"grade": True, "grade_id": "test_area", "points": 2}
    cell.metadata["nbgrader"] |= {"locked": True, "solution": False, "schema_version": 1}
    validator.upgrade_cell_metadata(cell)
    assert cell.metadata["nbgrader"]["schema_version"] == validator.schema_version
    validator.validate_cell(cell)
    del cell.metadata["nbgrader"]["grade_id"]
    with pytest.raises(Exception, match="grade_id"):
        validator.validate_cell(cell)


def test_compiling_answers_with_success_or_with_a_log(tmp_path):
    """Both in a folder of its own, with a gradebook of its own."""
    config = Config()
    config.CourseDirectory.root = str(toy.write_course(tmp_path))
    config.CourseDirectory.db_url = f"sqlite:///{tmp_path / 'book.db'}"
    from autograder.gradebook.databases import prepare_database

    prepare_database(config.CourseDirectory.db_url)
    assert nbgrader_compat.generate_assignment(config, toy.ASSIGNMENT)["success"]
    assert (tmp_path / "release" / toy.ASSIGNMENT / f"{toy.NOTEBOOK}.ipynb").is_file()
    outcome = nbgrader_compat.generate_assignment(config, "nothing")
    assert not outcome["success"]
    assert "nothing" in outcome["log"] + (outcome.get("error") or "")


def test_a_converter_calls_what_stands_in_the_place_of_its_loop(tmp_path):
    """Once, in the course's folder, between the hooks."""
    from nbgrader.converters import Autograde
    from nbgrader.coursedir import CourseDirectory

    course, said = toy.write_course(tmp_path), []
    submitted = course / "submitted" / "ada" / toy.ASSIGNMENT
    submitted.mkdir(parents=True)
    shutil.copy(course / "source" / toy.ASSIGNMENT / f"{toy.NOTEBOOK}.ipynb", submitted)
    folders = CourseDirectory(root=str(course), assignment_id=toy.ASSIGNMENT)
    converter = Autograde(coursedir=folders)
    converter.pre_convert_hook = lambda **_: said.append("before")
    converter.post_convert_hook = lambda **_: said.append("after")

    def convert():
        with nbgrader_compat.between_hooks(converter):
            said.append(Path.cwd())

    nbgrader_compat.replace_conversion(converter, convert)
    converter.start()
    assert said == ["before", course.resolve(), "after"]
    assert not (course / "autograded").exists()


def test_the_exchange_lies_where_the_configuration_says():
    """And somewhere on this machine where it says nothing."""
    config = Config()
    config.Exchange.root = "/srv/of/this/course"
    assert nbgrader_compat.exchange_root(config) == Path("/srv/of/this/course")
    assert nbgrader_compat.exchange_root(Config()).is_absolute()


@pytest.mark.parametrize("included", [True, False])
def test_where_students_fetch_is_as_configured(included):
    """With the course's name, or without, which is nbgrader's default."""
    config = Config()
    assert not nbgrader_compat.fetches_by_course(config)
    config.Exchange.path_includes_course = included
    assert nbgrader_compat.fetches_by_course(config) == included


def test_feedback_is_released_from_a_folder_that_is_not_the_courses(tmp_path):
    """The page lies in the exchange, alone."""
    course = Course.load(toy.write_course(tmp_path / "course"))
    stage, exchange = tmp_path / "stage", tmp_path / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    folder = stage / "feedback" / "ada" / toy.ASSIGNMENT
    folder.mkdir(parents=True)
    when = f"{datetime.now(UTC) - timedelta(hours=1):%Y-%m-%d %H:%M:%S.%f} UTC"
    (folder / "timestamp.txt").write_text(when)
    (folder / "submission_secret.txt").write_text("s" * 64)
    (folder / f"{toy.NOTEBOOK}.html").write_text("<p>well done</p>")
    config = Config()
    config.CourseDirectory.root, config.CourseDirectory.course_id = str(course.root), "toys"
    config.Exchange.root = str(exchange)
    nbgrader_compat.release_feedback(config, str(stage), "ada", toy.ASSIGNMENT)
    released = list((exchange / "toys" / "feedback").iterdir())
    assert [page.read_text() for page in released] == ["<p>well done</p>"]
