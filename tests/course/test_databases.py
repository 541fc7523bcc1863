"""Gradebooks on PostgreSQL and on SQLite: the same marks, and two graders at once."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import warnings
from datetime import datetime
from pathlib import Path

import pytest
from postgresql_server import running_server
from sqlalchemy.exc import SAWarning

from autograder.authoring.demo import CLASS, make_class
from autograder.course.model import Course
from autograder.gradebook.gradebook import open_gradebook

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
    built = autograder("build", ASSIGNMENT, "--unproven", course=copied.root)
    assert built.code == 0, built.err
    return Course.load(copied.root)


def both_at_once(course: Course) -> None:
    """Two graders over the same class at the same time; both must come to a good end."""
    command = [sys.executable, "-m", "autograder", "grade", ASSIGNMENT, "--force"]
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
        "book.execute('BEGIN EXCLUSIVE')\nprint('held', flush=True)\ntime.sleep(12)\n"
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


def rows_of(book, assignment, student):
    """What nbgrader's tables hold of a submission, without the numbers of rows."""
    submission = book._book.find_submission(assignment, student)
    return {
        "timestamp": submission.timestamp,
        "extension": submission.extension,
        "notebooks": {
            notebook.name: {
                "plain": (notebook.flagged, notebook.late_submission_penalty),
                "grades": sorted(
                    (g.name, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade)
                    for g in notebook.grades
                ),
                "comments": sorted(
                    (c.name, c.auto_comment, c.manual_comment) for c in notebook.comments
                ),
            }
            for notebook in submission.notebooks
        },
    }


def test_submissions_are_entered_as_nbgrader_does(built, tmp_path):
    """The same rows as `add_submission` makes; entered again, only the time of arrival is new."""
    course = copy_of(built, tmp_path / "course")
    first, later = datetime(2026, 3, 1, 12), datetime(2026, 3, 2, 13, 30)
    assignment, other = course.assignments[0], course.assignments[1]
    with open_gradebook(course) as book:
        book._book.add_student("theirs", first_name="T")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own relations
            book._book.add_submission(assignment, "theirs", timestamp=first)
        book._book.add_student("early", first_name="E")
        book.enter_submissions({("ours", assignment): first, ("early", other): None})
        theirs, ours = (rows_of(book, assignment, name) for name in ("theirs", "ours"))
        assert theirs["notebooks"]
        assert all(n["grades"] and n["comments"] for n in theirs["notebooks"].values())
        assert ours == theirs
        assert rows_of(book, other, "early")["timestamp"] is None
        assert book._book.find_student("early").first_name == "E"
        grade = book._book.find_submission(assignment, "ours").notebooks[0].grades[0]
        grade.manual_score = 1.0
        book._book.db.commit()
        book.enter_submissions({("ours", assignment): later, ("ours", other): later})
        again = rows_of(book, assignment, "ours")
        assert (again["timestamp"], rows_of(book, other, "ours")["timestamp"]) == (later, later)
        book.enter_submissions({("ours", assignment): None})
        assert rows_of(book, assignment, "ours") == again
        kept = [
            g.manual_score
            for n in book._book.find_submission(assignment, "ours").notebooks
            for g in n.grades
        ]
        assert kept.count(1.0) == 1
