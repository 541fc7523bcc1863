"""A new course and a new assignment: they build, are proven, and can be changed at once."""

import json
import os
import subprocess
import sys

import nbformat
import pytest

from autograder.authoring.starter import write_assignment, write_course
from autograder.course.model import Course
from autograder.errors import CourseError

pytestmark = pytest.mark.slow


def autograder(*arguments, cwd, code=0):
    """Run a command; what it prints, or on which line it refuses."""
    command = [sys.executable, "-m", "autograder", *map(str, arguments)]
    ran = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == code, ran.stdout + ran.stderr
    return ran.stdout if code == 0 else ran.stderr


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A new course with a name of its own, and what `init` printed."""
    folder = tmp_path_factory.mktemp("new")
    said = autograder("init", "Größe & Maß", "--title", 'Sizes "and" measures', cwd=folder)
    return folder / "Größe & Maß", said


def test_a_new_course_is_proven_and_shows_what_a_student_reads(made):
    """Its proof holds, its example is named as the mistake that it makes, and no mark is kept."""
    root, said = made
    assert "mistakes: 1 of 1 rejected, 1 named; variants: 1 of 1 passed; the proof holds" in said
    assert "Interest not compounded (grow)" in said
    assert "cd 'Größe & Maß'" in said
    course = Course.load(root)
    assert (course.title, course.course_id) == ('Sizes "and" measures', "Größe & Maß")
    assert not (root / "submitted").exists()
    assert json.loads(autograder("report", "--json", cwd=root)) == []


def test_a_new_course_can_be_changed_at_once(made):
    """Nothing that `init` did stands in the way of another exercise."""
    root, _ = made
    path = root / "source" / "growth" / "interest.ipynb"
    master = nbformat.read(path, as_version=4)
    master.cells[-1].metadata.nbgrader.points = 4
    master.cells.append(nbformat.v4.new_code_cell("len([1])", id="own"))
    nbformat.write(master, path)
    hidden = root / "tests" / "hidden" / "growth" / "test_interest.py"
    for file in (root / "course_config.py", hidden):
        text = file.read_text(encoding="utf-8")
        text = text.replace('"test_grow": 3', '"test_grow": 4').replace("points(3)", "points(4)")
        file.write_text(text, encoding="utf-8")
    assert "released" in autograder("build", cwd=root)
    report = json.loads(autograder("check", "example/interest.ipynb", "--json", cwd=root))
    assert report["max_score"] == 4


def test_a_new_assignment_is_proven_with_the_others(made):
    """It is declared, built and proven; the course is found from a folder below it."""
    root, _ = made
    said = autograder("new", "second one", "--notebook", "nb", cwd=root / "source")
    assert "next: autograder build 'second one'" in said
    assert "released release/second one/nb.ipynb" in autograder("build", cwd=root / "source")
    proof = autograder("prove", "second one", "--seeds", "1", cwd=root / "tests" / "hidden")
    assert "1 of 1 rejected, 1 named; variants: 1 of 1 passed; the proof holds" in proof
    told = autograder("new", "growth", cwd=root, code=2)
    assert "is there already" in told


@pytest.mark.parametrize(
    "name",
    ["", " ", ".hidden", "a+b", "a/b", "../up", "a*", "a?", "[a]", "a\nb", "<b>", 'a"b', " a"],
)
def test_a_name_that_cannot_be_one_is_refused(tmp_path, name):
    """nbgrader would read it as a pattern, or pages as HTML; nothing is written."""
    write_course(tmp_path / "course")
    before = sorted(tmp_path.rglob("*"))
    course = Course.load(tmp_path / "course")
    for names in ((name, "nb"), ("next", name)):
        with pytest.raises(CourseError, match="cannot be the name"):
            write_assignment(course, *names)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    """A file in its place, a course, or anything else: one line says what to do."""
    (tmp_path / "file").write_text("kept")
    (tmp_path / "empty").mkdir()
    for root in (tmp_path, tmp_path / "file"):
        with pytest.raises(CourseError, match="name a new one"):
            write_course(root)
    assert (tmp_path / "file").read_text() == "kept"
    assert Course.load(write_course(tmp_path / "empty")[0].parent).assignments == ("growth",)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file to another account")
def test_another_accounts_course_above_is_not_run(tmp_path):
    """Reading a course runs its configuration, and anybody may put one into /tmp."""
    (tmp_path / "course_config.py").write_text("open('ran', 'w')")
    os.chown(tmp_path / "course_config.py", 65534, 65534)
    below = tmp_path / "below"
    below.mkdir()
    assert "no course" in autograder("report", cwd=below, code=2)
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()")
    assert "no course" in autograder("report", cwd=below, code=2)
    assert not (below / "ran").exists()
