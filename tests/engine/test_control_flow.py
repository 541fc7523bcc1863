"""Control flows forward: between a command and `grade` there is nothing but the way there."""

import json
import shutil
import sys
import threading
from collections import Counter

import pytest
import toy

from autograder.batch import run
from autograder.batch.run import grade_class
from autograder.cli import main
from autograder.course.model import Course
from autograder.grading import context, grader, submission
from autograder.sandbox import reading
from autograder.sandbox.doctor import strongest


def functions_above_grade(arguments):
    """Names of the functions of ours that are running when `grade` is called, outermost first."""
    found = []

    def look(frame, event, _):
        if event == "call" and frame.f_code is grader.grade.__code__ and not found:
            while frame is not None:
                if "/autograder/" in frame.f_code.co_filename:
                    found.append(frame.f_code.co_name)
                frame = frame.f_back

    sys.setprofile(look)
    try:
        main(arguments, standalone_mode=False)
    finally:
        sys.setprofile(None)
    return found[::-1]


def test_a_command_comes_to_grade_by_no_detour(toy_course, toy_lab):
    """`autograder check` reads the file and grades it; nothing calls it back from below."""
    arguments = ["check", str(toy_lab.release), "--course", str(toy_course.root), "--json"]
    assert functions_above_grade(arguments) == ["check", "_checked", "grade_content", "grade"]


STUDENTS = ("ada", "bela", "cleo")


@pytest.fixture
def small_class(toy_course, tmp_path):
    """The toy course with three right submissions."""
    root = shutil.copytree(toy_course.root, tmp_path / "course")
    course = Course.load(root)
    right = json.dumps(toy.handed_in(course.labs[0].release, toy.solved(), None))
    for student in STUDENTS:
        folder = root / "submitted" / student / toy.ASSIGNMENT
        folder.mkdir(parents=True)
        (folder / "shapes.ipynb").write_text(right)
    return course


def readings(course, tier, **options):
    """How often this program reads each notebook while it grades, in all of its threads."""
    found = Counter()

    def look(frame, event, _):
        if event == "call" and frame.f_code is reading.read_bytes.__code__:
            found[frame.f_locals["name"]] += 1

    threading.setprofile(look)
    sys.setprofile(look)
    try:
        outcome = grade_class(course, [], tier, workers=1, **options)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    notebooks = {name: count for name, count in found.items() if name.endswith(".ipynb")}
    return outcome, notebooks


def test_each_notebook_is_read_once(small_class, tier):
    """From `submitted/` to the page; workers get its cells, and no file's name."""
    files = [f"{student}/{toy.ASSIGNMENT}/shapes.ipynb" for student in STUDENTS]
    outcome, found = readings(small_class, tier)
    assert [one.score for one in outcome.all] == [10.0] * 3
    assert found == dict.fromkeys(files, 1)
    assert readings(small_class, tier)[1] == dict.fromkeys(files, 1)
    assert readings(small_class, tier, force=True)[1] == dict.fromkeys(files, 1)


def test_what_memory_should_not_hold_is_read_again(small_class, tier, monkeypatch):
    """When its turn comes; the marks are the same."""
    notebook = small_class.root / "submitted" / STUDENTS[0] / toy.ASSIGNMENT / "shapes.ipynb"
    monkeypatch.setattr(run, "MOST_HELD", submission.parse(notebook.read_bytes()).size)
    outcome, found = readings(small_class, tier)
    assert [one.score for one in outcome.all] == [10.0] * 3
    assert sorted(found.values()) == [1, 2, 2]


def graded_by(course, check, answers, tmp_path):
    """The one check's result on the toy notebook, with the suite's first check replaced."""
    root = shutil.copytree(course.root, tmp_path / "awarding")
    suite = root / "tests" / "hidden" / toy.ASSIGNMENT / "test_shapes.py"
    suite.write_text(check)
    loaded = Course.load(root)
    (lab,) = loaded.labs
    with context.prepared(loaded, [lab], strongest()) as contexts:
        prepared = contexts[lab.assignment, lab.name]
        notebook = json.dumps(toy.handed_in(lab.release, answers, None)).encode()
        report = grader.grade_content(prepared, submission.content_of(notebook))
    return report.checks[0]


AWARDING = '''
import pytest

from autograder.checks import award, require


@pytest.mark.grade_cell("{cell}")
@pytest.mark.points({points})
def test_in_part(student, reference):
    """It is right in part."""
    {body}
'''


@pytest.mark.parametrize(
    ("body", "share", "message"),
    [
        ("award(0.5, 'The second half is missing.')", 0.5, "The second half is missing."),
        ("award(1, 'Well done.')", 1.0, "Well done."),
        ("award(0, 'Nothing of it.')", 0.0, "Nothing of it."),
        ("award(2, 'Too much.')", 0.0, "broken"),
        ("require(student.value('np').__name__ == 'numpy', 'x')", 0.0, "a module"),
        ("student.value('nowhere')", 0.0, "no variable named `nowhere`"),
    ],
)
def test_a_check_gives_part_of_its_points(toy_course, tmp_path, body, share, message):
    """`award` ends a check with a share; `student.value` reads a variable."""
    cell = toy_course.labs[0].exercises[0]
    check = AWARDING.format(cell=cell.grade_cell, points=cell.points, body=body)
    result = graded_by(toy_course, check, toy.solved(), tmp_path)
    assert result.points == share * cell.points
    if message != "a module":
        assert message in result.message
