"""One way, many doors: `autograder grade`, `nbgrader autograde` and NbGraderAPI do the same."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import odd_files
import pytest
import toy

from autograder.authoring.build import build
from autograder.course.model import Course

pytestmark = pytest.mark.slow

NBGRADER = "\nc.Autograde.exporter_class = 'autograder.nbgrader_plugin.SubmissionExporter'\n"
API = """
import sys
from nbgrader.apps import NbGraderAPI
from traitlets.config import PyFileConfigLoader
api = NbGraderAPI(config=PyFileConfigLoader("nbgrader_config.py", path=".").load_config())
for student in sys.argv[1:]:
    told = api.autograde("toys", student)
    print(student, told["success"], told.get("error", "").strip().splitlines()[-1:])
"""


@dataclass(frozen=True)
class Ran:
    """A command that came to its end."""

    code: int
    said: str


def run(course: Course, *command: str) -> Ran:
    """Run a command in the course's folder, with this Python's scripts on the path."""
    scripts = str(Path(sys.executable).parent)
    path = os.pathsep.join([scripts, os.environ.get("PATH", "")])
    done = subprocess.run(
        command,
        cwd=course.root,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=550,
        check=False,
    )
    return Ran(done.returncode, done.stdout + done.stderr)


def autograder(course: Course, *arguments: str) -> Ran:
    """The `autograder` command."""
    return run(course, sys.executable, "-m", "autograder", *arguments)


def nbgrader(course: Course, *arguments: str) -> Ran:
    """The `nbgrader` command."""
    return run(course, sys.executable, "-m", "nbgrader", *arguments)


def write_course(root: Path) -> Course:
    """The toy course, set up for nbgrader and built."""
    toy.write_course(root, config=toy.CONFIG + NBGRADER)
    (root / "nbgrader_config.py").write_text('load_subconfig("course_config.py")\n')
    course = Course.load(root)
    build(course)
    return course


def copied(course: Course, to: Path) -> Course:
    """The course before anything was submitted, again."""
    shutil.copytree(course.root, to)
    return Course.load(to)


def marks(course: Course) -> dict[tuple[str, str], tuple[float | None, float | None, bool]]:
    """Every grade of the gradebook: auto, manual, and whether a person must look."""
    from nbgrader.api import Gradebook

    with Gradebook(course.database, course.course_id) as book:
        return {
            (submission.student.id, grade.name): (
                grade.auto_score,
                grade.manual_score,
                bool(grade.needs_manual_grade),
            )
            for submission in book.assignment_submissions(toy.ASSIGNMENT)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


def penalties(course: Course) -> dict[str, float | None]:
    """Late penalties by student."""
    from nbgrader.api import Gradebook

    with Gradebook(course.database, course.course_id) as book:
        return {
            submission.student.id: submission.late_submission_penalty
            for submission in book.assignment_submissions(toy.ASSIGNMENT)
        }


def tree(course: Course, step: str) -> dict[str, bytes]:
    """Every file below a folder of the course; a link is its target's name, a pipe is its kind."""
    found = {}
    for folder, _, names in os.walk(course.root / step):
        for name in names:
            path = Path(folder, name)
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                data = os.fsencode(path.readlink()).replace(os.fsencode(course.root), b"")
            else:
                # Nobody reads 200 MB without content, and a pipe would be waited for.
                small = stat.S_ISREG(mode) and path.stat().st_size < 10**8
                data = path.read_bytes() if small else f"{mode:o}".encode()
            found[os.fspath(path.relative_to(course.root))] = data
    return found


def needing(course: Course) -> set[str]:
    """Students whom the gradebook shows to a person."""
    return {student for (student, _), (_, _, asks) in marks(course).items() if asks}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The toy course, without any submission."""
    return write_course(tmp_path_factory.mktemp("doors") / "plain")


@pytest.fixture(scope="module")
def both(plain, tmp_path_factory):
    """The class of all kinds, graded through each of the two commands."""
    root = tmp_path_factory.mktemp("both")
    ours, theirs = copied(plain, root / "ours"), copied(plain, root / "theirs")
    for course in (ours, theirs):
        odd_files.write_class(course.root, course.labs[0].release)
    return (
        (ours, autograder(ours, "grade", "toys")),
        (theirs, nbgrader(theirs, "autograde", "toys")),
    )


def test_both_doors_end_well_with_a_person_asked(both):
    """Both come to their end with exit code 1, name who needs a person, and show no traceback."""
    (_, ours), (_, theirs) = both
    assert (ours.code, theirs.code) == (1, 1), theirs.said[-3000:]
    for ran in (ours, theirs):
        assert "Traceback" not in ran.said
    told = [set(re.findall(r"[Nn]eeds review: (.*), shapes: ", ran.said)) for ran in (ours, theirs)]
    assert told[0] == told[1] != set()


def test_both_doors_give_the_same_marks(both):
    """Grade by grade, and every student has a row."""
    (ours, _), (theirs, _) = both
    assert marks(theirs) == marks(ours)
    students = {student for student, _ in marks(ours)}
    assert students == {*odd_files.KINDS, *odd_files.HONEST, *odd_files.NAMES}
    assert needing(theirs) == needing(ours) != set()


@pytest.mark.parametrize("step", ["autograded", "feedback", "submitted"])
def test_both_doors_write_the_same_files(both, step):
    """Byte by byte; what was submitted stays as it was."""
    (ours, _), (theirs, _) = both
    assert tree(theirs, step) == tree(ours, step)


def test_honest_neighbours_lose_nothing(both):
    """Honest students get all points, first, last and in the middle."""
    for course, _ in both:
        given = marks(course)
        for student in (*odd_files.HONEST, *odd_files.NAMES):
            for name, points in toy.POINTS.items():
                assert given[student, name] == (points, None, False)


def test_nothing_foreign_lies_in_autograded(both):
    """No link, no file of a student's beside the notebook, and nothing that a link points to."""
    for course, _ in both:
        for name, data in tree(course, "autograded").items():
            assert not (course.root / name).is_symlink()
            assert odd_files.SECRET.encode() not in data
            assert Path(name).name in ("shapes.ipynb", "corners.csv", "timestamp.txt")
        assert not list((course.root / "autograded").rglob("page.html"))


def test_every_graded_notebook_is_what_nbgrader_reads(both):
    """Each is a valid notebook of format 4 with valid metadata, for formgrader and feedback."""
    import nbformat
    from nbgrader.nbgraderformat import MetadataValidator

    (_, _), (theirs, _) = both
    for path in (theirs.root / "autograded").rglob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        MetadataValidator().validate_nb(notebook)


def test_a_second_run_of_either_door_grades_nothing(both):
    """Both doors know what the other graded; a file that gave no mark is looked at again."""
    (ours, _), (theirs, _) = both
    before = [tree(course, "autograded") for course in (ours, theirs)]
    given = marks(ours)
    nbgrader(ours, "autograde", "toys")
    again = autograder(theirs, "grade", "toys")
    reports = [
        json.loads(path.read_text()) for path in (theirs.root / "reports").glob("*/*/*.json")
    ]
    without_mark = sum(report["score"] is None for report in reports)
    assert f"graded {without_mark}," in again.said
    assert [tree(course, "autograded") for course in (ours, theirs)] == before
    assert marks(ours) == marks(theirs) == given


def test_nbgrader_makes_its_own_feedback_of_it(both):
    """`nbgrader generate_feedback` renders every graded notebook."""
    (_, _), (theirs, _) = both
    shutil.rmtree(theirs.root / "feedback")
    ran = nbgrader(theirs, "generate_feedback", "toys")
    assert ran.code == 0, ran.said[-3000:]
    pages = {path.parent.parent.name for path in (theirs.root / "feedback").rglob("*.html")}
    assert pages == {student for student, _ in marks(theirs)}


FEW = ("empty", "schema-99", "twice", "link-secret", "missing", "beside-link", "stamp-words")


@pytest.fixture(scope="module")
def few(plain, tmp_path_factory):
    """A small class, graded by `autograder grade`, with a manual score and comment of Ada's."""
    from nbgrader.api import Gradebook

    course = copied(plain, tmp_path_factory.mktemp("few") / "course")
    kinds = {name: odd_files.KINDS[name] for name in FEW}
    late = {"late": odd_files.stamp(b"2030-01-02 03:04:05 UTC")}
    odd_files.write_class(course.root, course.labs[0].release, kinds | late)
    config = course.root / "course_config.py"
    config.write_text(config.read_text() + LATE)
    (course.root / "penalties.py").write_text(PENALTIES)
    with Gradebook(course.database, course.course_id) as book:
        book.update_or_create_assignment(toy.ASSIGNMENT, duedate="2029-01-01 00:00:00 UTC")
    assert autograder(course, "grade", "toys").code == 1
    with Gradebook(course.database, course.course_id) as book:
        place = (toy.NOTEBOOK, toy.ASSIGNMENT, "000-honest")
        book.find_grade("test_area", *place).manual_score = 1.5
        book.find_grade("test_fold", *place).extra_credit = 0.5
        book.find_comment("area", *place).manual_comment = "Well done."
        book.db.commit()
    return course


LATE = """
import sys
sys.path.insert(0, ".")
c.AssignLatePenalties.plugin_class = "penalties.Half"
"""
PENALTIES = """
from nbgrader.plugins import LateSubmissionPlugin


class Half(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return score / 2
"""


@pytest.mark.wide(rows=0)
def test_the_api_of_formgraders_button_grades_likewise(few):
    """Student by student, with force: the same marks; a bad file is an error of its own only."""
    before, pages = marks(few), tree(few, "autograded")
    given = {key: row for key, row in before.items() if key != ("000-honest", "test_area")}
    ran = run(few, sys.executable, "-c", API, "zzz-honest", "empty", "twice", "000-honest", "late")
    assert "zzz-honest True" in ran.said, ran.said
    assert "twice True" in ran.said
    assert "empty False" in ran.said
    assert "must look at the submissions of empty" in ran.said
    after = marks(few)
    assert {key: after[key] for key in given} == given
    assert tree(few, "autograded") == pages


def test_what_a_person_wrote_survives(few):
    """Manual score, extra credit, comment and late penalty are there after `nbgrader autograde`."""
    from nbgrader.api import Gradebook

    ran = nbgrader(few, "autograde", "toys", "--force")
    assert ran.code == 1
    assert marks(few)["000-honest", "test_area"] == (3, 1.5, True)
    assert penalties(few)["late"] == 5
    with Gradebook(few.database, few.course_id) as book:
        place = (toy.NOTEBOOK, toy.ASSIGNMENT, "000-honest")
        assert book.find_grade("test_fold", *place).extra_credit == 0.5
        assert book.find_comment("area", *place).manual_comment == "Well done."


def test_a_damaged_resubmission_leaves_the_mark(few):
    """Through nbgrader's door too: mark and autograded notebook stay, and a person is asked."""
    path = few.root / "submitted" / "mid-honest" / toy.ASSIGNMENT / odd_files.FILE
    right, before = path.read_bytes(), tree(few, "autograded/mid-honest")
    path.write_bytes(b"hello")
    ran = nbgrader(few, "autograde", "toys", "--student", "mid-honest", "--force")
    assert ran.code == 1
    assert marks(few)["mid-honest", "test_area"] == (3, None, True)
    assert tree(few, "autograded/mid-honest") == before
    path.write_bytes(right)
    ran = nbgrader(few, "autograde", "toys", "--student", "mid-honest")
    assert ran.code == 0, ran.said
    assert marks(few)["mid-honest", "test_area"] == (3, None, False)


def test_nbgraders_own_choices_hold(few):
    """--student, --notebook and an unknown assignment do what they do in nbgrader."""
    assert nbgrader(few, "autograde", "toys", "--student", "z*", "--force").code == 0
    assert nbgrader(few, "autograde", "toys", "--notebook", "other").code == 1
    ran = nbgrader(few, "autograde", "nothing")
    assert ran.code == 1
    assert "Traceback" not in ran.said


@pytest.mark.wide(rows=0)
def test_an_older_configuration_still_grades(few):
    """A course that still names the preprocessor gets the same marks."""
    config = few.root / "course_config.py"
    old = "c.Autograde.autograde_preprocessors = ['autograder.nbgrader_plugin.GradeNotebook']\n"
    config.write_text(config.read_text().replace(NBGRADER, "\n" + old))
    ran = nbgrader(few, "autograde", "toys", "--student", "zzz-honest", "--force")
    assert ran.code == 0, ran.said
    assert "SubmissionExporter" in ran.said
    assert marks(few)["zzz-honest", "test_area"] == (3, None, False)


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        pytest.param("ada", True, id="plain"),
        pytest.param("Ada O'Brien-Müller, M.Sc. (2)", True, id="signs"),
        pytest.param("李 & 王", True, id="letters"),
        pytest.param("<img src=x onerror=alert(1)>", False, id="html"),
        pytest.param('" onmouseover="alert(1)', False, id="attribute"),
        pytest.param("ada\nbob", False, id="two-lines"),
        pytest.param("\x1b[31mada", False, id="control"),
        pytest.param("caf\udce9", False, id="not-utf8"),
    ],
)
def test_a_folders_name_that_is_html_is_no_student(name, fits):
    """Formgrader writes names into its pages as they are."""
    from autograder.batch.tasks import why_no_student

    assert (why_no_student(name) == "") is fits
