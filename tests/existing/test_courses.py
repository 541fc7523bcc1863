"""nbgrader courses through the command line: compiled, taken over, graded, released."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook
from schemas import faults

from autograder.course.model import Course
from tests.existing.course import ASSIGNMENT, answers, cell, gradebook, submit, write_course
from tests.existing.exercises import EXERCISES

BIN = Path(sys.executable).parent
FEW = [one for one in EXERCISES if one.name in {"number", "class", "source", "reads_file"}]


def command(root: Path, *args: str, code: int = 0) -> str:
    """Run a program of the environment in a course; its output, or else its errors."""
    path = os.pathsep.join((str(BIN), os.environ["PATH"]))
    done = subprocess.run(
        [str(BIN / args[0]), *args[1:]],
        cwd=root,
        env={**os.environ, "PATH": path, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout[-1500:] + done.stderr[-1500:]
    return done.stdout or done.stderr


def points(root: Path, student: str) -> dict[str, Any]:
    """The automatic points of a student in the gradebook, by cell."""
    book = gradebook(root).items()
    return {name: row[0] for (who, name), row in book if who == student and len(row) > 1}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small nbgrader course that nobody had compiled, with a right submission."""
    root = write_course(tmp_path_factory.mktemp("built") / "course", FEW)
    command(root, "autograder", "build")
    submit(root, "ada", answers(FEW))
    return root


@pytest.fixture
def course(built: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(built, tmp_path / "course"))


def test_a_course_is_graded_as_it_is(course: Path) -> None:
    """Compiled, graded, regraded when a notebook changes, and not otherwise."""
    told = json.loads(command(course, "autograder", "grade", "--json"))
    (report,) = told["reports"]
    assert report["score"] == report["max_score"] == 8.0
    assert set(report["ways"].values()) == {"value", "handle", "inside"}
    again = json.loads(command(course, "autograder", "grade", "--json"))
    assert (again["graded"], again["unchanged"]) == (0, 1)
    path = course / "submitted" / "ada" / ASSIGNMENT / "kinds.ipynb"
    path.write_text(path.read_text().replace("return x * x", "return x + 6"))
    command(course, "autograder", "grade")
    assert points(course, "ada")["test_number"] == 0.0


def test_taking_over_says_what_will_happen(course: Path) -> None:
    """A row for each cell, the reason for those inside, and one setting for nbgrader."""
    rows = json.loads(command(course, "autograder", "init", "--from-nbgrader", "--json"))
    assert faults("cells", rows) == []
    hows = {row["grade_cell"]: row["how"] for row in rows}
    assert hows == {
        "test_number": "by value",
        "test_class": "by handle",
        "test_source": "inside",
        "test_reads_file": "by value",
    }
    assert all(row["why"] for row in rows if row["how"] == "inside")
    config = (course / "nbgrader_config.py").read_text()
    assert config.count("SubmissionExporter") == 1
    told = command(course, "autograder", "init", "--from-nbgrader")
    assert "3 of 4 tests cells are out of reach of submissions" in told
    assert (course / "nbgrader_config.py").read_text() == config
    command(course, "nbgrader", "autograde", ASSIGNMENT)
    assert set(points(course, "ada").values()) == {2.0}


def test_feedback_is_released_by_nbgrader(course: Path, tmp_path: Path) -> None:
    """`nbgrader generate_feedback` leaves our pages alone, and `release_feedback` finds them."""
    folder = course / "submitted" / "ada" / ASSIGNMENT
    (folder / "submission_secret.txt").write_text("secret")
    (folder / "timestamp.txt").write_text("2026-11-20 10:00:00.000000 UTC\n")
    exchange = tmp_path / "exchange"
    exchange.mkdir(mode=0o777)
    exchange.chmod(0o777)
    command(course, "autograder", "grade")
    page = course / "feedback" / "ada" / ASSIGNMENT / "kinds.html"
    before = page.read_text()
    command(course, "nbgrader", "generate_feedback", ASSIGNMENT)
    assert page.read_text() == before
    setting = [f"--Exchange.root={exchange}", "--CourseDirectory.course_id=c"]
    command(course, "nbgrader", "release_feedback", ASSIGNMENT, *setting)
    (released,) = exchange.glob("c/feedback/*.html")
    assert released.read_text() == before


def test_a_submission_reads_what_it_brings_along(course: Path) -> None:
    """Its own data and modules lie beside the notebook; the assignment's files are ours."""
    folder = course / "submitted" / "ada" / ASSIGNMENT
    (folder / "own").mkdir()
    (folder / "own" / "numbers.txt").write_text("9")
    (folder / "mine.py").write_text("def power(x):\n    return x * x\n")
    (folder / "helper.py").write_text("raise SystemExit")
    path = folder / "kinds.ipynb"
    own = (
        "import mine, helper\\n"
        "right = open('own/numbers.txt').read() == '9' and helper.FACTOR == 3\\n"
        "def square(x):\\n    return mine.power(x) if right else 0"
    )
    path.write_text(path.read_text().replace("def square(x):\\n    return x * x", own))
    command(course, "autograder", "grade")
    assert points(course, "ada")["test_number"] == 2.0


@pytest.mark.wide(rows=0)
def test_other_folder_names(tmp_path: Path) -> None:
    """`CourseDirectory` may give every step another folder; names may hold spaces and accents."""
    root = write_course(tmp_path / "course", FEW[:1])
    shutil.move(root / "source" / ASSIGNMENT, root / "source" / "Übung 1")
    shutil.move(root / "source", root / "masters")
    steps = {"source": "masters", "release": "out", "submitted": "in", "autograded": "graded"}
    lines = [f"c.CourseDirectory.{step}_directory = {name!r}" for step, name in steps.items()]
    (root / "nbgrader_config.py").write_text("\n".join(["c = get_config()", *lines]))
    command(root, "autograder", "build")
    folder = root / "in" / "zoë" / "Übung 1"
    shutil.copytree(root / "out" / "Übung 1", folder)
    told = json.loads(command(root, "autograder", "grade", "--json"))
    assert [one["score"] for one in told["reports"]] == [0.0]
    assert (root / "graded" / "zoë" / "Übung 1" / "kinds.ipynb").is_file()


@pytest.mark.wide(rows=0)
def test_a_notebook_with_nothing_to_grade(tmp_path: Path) -> None:
    """It is listed as not graded, and stops nobody."""
    root = write_course(tmp_path / "course", (), [cell("markdown", "Read this.")])
    rows = json.loads(command(root, "autograder", "init", "--from-nbgrader", "--json"))
    assert [row["how"] for row in rows] == ["not graded"]
    submit(root, "ada", {})
    command(root, "autograder", "grade")


@pytest.mark.wide(rows=0)
def test_old_metadata_are_refused_as_nbgrader_does(tmp_path: Path) -> None:
    """With the command that renews them; then the course is compiled."""
    root = write_course(tmp_path / "course", FEW[:1])
    path = root / "source" / ASSIGNMENT / "kinds.ipynb"
    path.write_text(path.read_text().replace('"schema_version": 3', '"schema_version": 1'))
    told = command(root, "autograder", "build", code=2)
    assert "nbgrader update source" in told
    assert "Traceback" not in told
    command(root, "nbgrader", "update", "source")
    command(root, "autograder", "build")


def test_other_kernels_are_refused_in_one_sentence(tmp_path: Path) -> None:
    """A notebook for R says so; one for another Python is Python all the same."""
    root = write_course(tmp_path / "course", FEW[:1])
    path = root / "source" / ASSIGNMENT / "kinds.ipynb"
    notebook = json.loads(path.read_text())
    notebook["metadata"]["kernelspec"] = {"name": "xpython", "display_name": "Python [Root]"}
    path.write_text(json.dumps(notebook))
    command(root, "autograder", "build")
    kernel = {"name": "ir", "language": "R", "display_name": "R 4"}
    notebook["metadata"]["kernelspec"] = kernel
    path.write_text(json.dumps(notebook))
    path = root / "release" / ASSIGNMENT / "kinds.ipynb"
    path.write_text(
        json.dumps({**json.loads(path.read_text()), "metadata": {"kernelspec": kernel}})
    )
    done = subprocess.run(
        [BIN / "autograder", "init", "--from-nbgrader"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "its kernel is 'R 4'; this grader runs Python only" in done.stderr


SUITE = '''"""Checks of one exercise; the others have tests cells."""

import pytest

from autograder.checks import assert_agrees


@pytest.mark.grade_cell("test_number")
@pytest.mark.points(2)
def test_it_squares(student, reference, rng):
    """It squares any number."""
    assert_agrees(student.square, reference.square, rng.uniform(2, 9))
'''


def test_a_suite_and_tests_cells_in_one_notebook(course: Path) -> None:
    """The suite gives the points of the cells that it has checks for; tests cells the others."""
    hidden = course / "tests" / "hidden" / ASSIGNMENT
    hidden.mkdir(parents=True)
    (hidden / "test_kinds.py").write_text(SUITE)
    (hidden / "reference.py").write_text("def square(x):\n    return x * x\n")
    (hidden / "mistakes.py").write_text(
        "from autograder.checks import Mistakes\n\nmistakes = Mistakes()\n"
    )
    submit(course, "eve", answers(FEW) | {"number": "def square(x):\n    return {3: 9, -4: 16}[x]"})
    (told,) = (
        one
        for one in json.loads(command(course, "autograder", "grade", "--json"))["reports"]
        if one["student"] == "eve"
    )
    earned = {check["grade_cell"]: check["points"] for check in told["checks"]}
    assert earned == {"test_number": 0.0, **dict.fromkeys(list(earned)[1:], 2.0)}
    assert set(told["ways"]) == set(earned) - {"test_number"}
    assert points(course, "eve") == earned


def test_a_folder_that_is_no_course(tmp_path: Path) -> None:
    """The message names what is missing."""
    done = subprocess.run(
        [BIN / "autograder", "grade"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "no course" in done.stderr
    assert "nbgrader_config.py" in done.stderr


def test_tests_cells_are_proven(course: Path) -> None:
    """`prove` says which tests cells do not give their points to the solution."""
    proof = json.loads(command(course, "autograder", "prove", "--json"))
    assert [row["kind"] for row in proof["rows"]] == ["tests"] * 4
    path = course / "source" / ASSIGNMENT / "kinds.ipynb"
    path.write_text(path.read_text().replace("square(3) == 9", "square(3) == 10"))
    command(course, "autograder", "build")
    told = command(course, "autograder", "prove", code=1)
    assert "the master's own solution earns 0 of 2 points" in told


@pytest.mark.wide(rows=0)
def test_a_demonstration_needs_a_catalogue(course: Path) -> None:
    """The message says what to do instead."""
    told = command(course, "autograder", "demo", code=2)
    assert "grade its own submissions: autograder grade" in told


def test_an_unbuilt_course_is_no_zero(tmp_path: Path, course: Path) -> None:
    """Its tests cells are unknown, not none: what grades a notebook builds the course first."""
    shutil.rmtree(course / "reports")
    labs = Course.load(course).labs
    assert [lab.tests_cells.cells for lab in labs if lab.tests_cells is not None] == [()]
    told = json.loads(
        command(course, "autograder", "check", "--json", f"submitted/ada/{ASSIGNMENT}/kinds.ipynb")
    )
    assert told["score"] == told["max_score"] == 8.0


def test_nothing_of_a_former_mark_is_lost(course: Path) -> None:
    """A person's points stay, and the cell is shown to a person again, as nbgrader does."""
    command(course, "autograder", "grade")
    with Gradebook(f"sqlite:///{course}/gradebook.db") as book:
        grade = book.find_grade("test_number", "kinds", ASSIGNMENT, "ada")
        grade.manual_score = 1.5
        book.db.commit()
    command(course, "autograder", "grade", "--force")
    row = gradebook(course)["ada", "test_number"]
    assert row[:2] == (2.0, 1.5)
    assert row[3] is True
    (marks,) = json.loads(command(course, "autograder", "export", "--json"))
    assert faults("export", [marks]) == []
    parts = marks["automatic"], marks["manual"], marks["extra"], marks["penalty"]
    assert (*parts, marks["score"], marks["max_score"]) == (6.0, 1.5, 0.0, 0.0, 7.5, 8.0)


def test_a_student_is_forgotten(course: Path) -> None:
    """Folders, marks and reports are gone; others' stay, and a second time there is nothing."""
    submit(course, "eve", {})
    command(course, "autograder", "grade")
    told = command(course, "autograder", "forget", "ada", "--yes")
    assert "submitted/ada" in told
    left = [path for path in course.rglob("*") if path.name == "ada"]
    assert left == []
    assert {who for who, _ in gradebook(course)} == {"eve"}
    command(course, "autograder", "forget", "ada", "--yes", code=2)
    command(course, "autograder", "forget", "../eve", "--yes", code=2)
    assert (course / "submitted" / "eve").is_dir()


@pytest.mark.wide(rows=0)
def test_a_tests_cell_becomes_a_check(course: Path) -> None:
    """Assertions on calls are asked of the reference; what has another form is listed."""
    told = command(course, "autograder", "convert", "test_number")
    assert told.count("assert_agrees(student.square, reference.square, ") == 2
    hidden = course / "tests" / "hidden" / ASSIGNMENT
    assert "def square(x):" in (hidden / "reference.py").read_text()
    command(course, "autograder", "convert", "test_class", code=2)
    (report,) = json.loads(command(course, "autograder", "grade", "--json"))["reports"]
    assert report["score"] == 8.0
    assert "test_number" not in report["ways"]
    command(course, "autograder", "convert", "test_number", code=2)
    command(course, "autograder", "convert", "no_such_cell", code=2)
