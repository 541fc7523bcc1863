"""Gradebooks on PostgreSQL and on SQLite: the same marks, and two graders at once."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from postgresql_server import running_server

from autograder.course import Course
from autograder.demo import CLASS, make_class

from .conftest import add_setting, autograder, copy_of
from .test_class import gradebook, marks

PEOPLE = CLASS[:6]
ASSIGNMENT = "multilayer_perceptrons"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server():
    """The address of an empty database on a PostgreSQL server of our own."""
    with running_server() as address:
        yield address


@pytest.fixture(scope="module")
def handed_in(built, tmp_path_factory) -> Course:
    """A class of whole submissions before grading; no test changes it."""
    course = copy_of(built, tmp_path_factory.mktemp("databases") / "handed-in")
    make_class(course, PEOPLE)
    shutil.rmtree(course.root / "submitted" / PEOPLE[-1].name)
    return Course.load(course.root)


def with_database(course: Course, folder: Path, address: str) -> Course:
    """A copy of the course whose gradebook lies there, with the assignment built into it."""
    copied = copy_of(course, folder)
    for old in copied.root.glob("gradebook.db*"):
        old.unlink()
    if address:
        add_setting(copied, f"c.CourseDirectory.db_url = {address!r}")
    built = autograder("build", "--unproven", course=copied.root)
    assert built.code == 0, built.err
    return Course.load(copied.root)


def both_at_once(course: Course) -> None:
    """Two graders over the same class at the same time; both must come to a good end."""
    command = [sys.executable, "-m", "autograder.cli", "grade", ASSIGNMENT, "--force"]
    running = [
        subprocess.Popen(
            command, cwd=course.root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for one in running:
        _, said = one.communicate(timeout=200)
        assert one.returncode == 0, said


def counted(course: Course) -> dict[tuple[str, str, str], int]:
    """How often each grade cell of each student is in the gradebook."""
    found: dict[tuple[str, str, str], int] = {}
    with gradebook(course) as book:
        for submission in book.assignment_submissions(ASSIGNMENT):
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    key = (submission.student.id, notebook.name, grade.name)
                    found[key] = found.get(key, 0) + 1
    return found


def test_the_same_marks_on_both_with_two_graders_at_once(handed_in, server, tmp_path):
    """SQLite and PostgreSQL hold the same marks, each once, whoever wrote them, however often."""
    found = {}
    for name, address in (("sqlite", ""), ("postgresql", server)):
        course = with_database(handed_in, tmp_path / name, address)
        both_at_once(course)
        found[name] = {key: mark for key, mark in marks(course).items() if key[1] == "multilayer"}
        assert set(counted(course).values()) == {1}
        alone = autograder("grade", ASSIGNMENT, "--force", "--json", course=course.root)
        assert alone.code == 0, alone.err
        again = {key: mark for key, mark in marks(course).items() if key[1] == "multilayer"}
        assert again == found[name]
    assert found["sqlite"] == found["postgresql"]
    assert len(found["sqlite"]) == 6 * (len(PEOPLE) - 1)
    assert None not in {score for score, _ in found["sqlite"].values()}


def test_a_locked_database_is_waited_for(handed_in, tmp_path):
    """Somebody holds the SQLite file for some seconds: grading waits, and no mark is lost."""
    course = with_database(handed_in, tmp_path / "locked", "")
    hold = (
        "import sqlite3, sys, time\n"
        "book = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "book.execute('BEGIN EXCLUSIVE')\nprint('held', flush=True)\ntime.sleep(8)\n"
        "book.execute('COMMIT')\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(course.root / "gradebook.db")], stdout=subprocess.PIPE
    )
    assert holder.stdout.readline() == b"held\n"
    began = time.monotonic()
    ran = autograder("grade", ASSIGNMENT, "--json", course=course.root)
    assert ran.code == 0, ran.err
    assert time.monotonic() - began > 2, "the database was not held when it was needed"
    assert ran.json["graded"] == len(PEOPLE) - 1
    holder.wait()
