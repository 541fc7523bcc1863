"""A class graded by the command line: marks, regrading, and nbgrader's own tools afterwards."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest

from autograder.authoring.demo import CLASS, make_class
from autograder.course.model import Course
from autograder.course.notebook import nbgrader_metadata

from .conftest import ROOT, add_setting, autograder, copy_of, lab_named, set_limits

PEOPLE = (CLASS[0], CLASS[3], CLASS[5], CLASS[7])
"""All right; a slip in a style of their own; slips and unfinished work; damaged files."""
ADA, DAMAGED = PEOPLE[0].name, PEOPLE[-1].name
SUBMITTED = "2026-09-21 21:50:00 UTC"

pytestmark = pytest.mark.slow


def nbgrader(course: Course, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the `nbgrader` command in a course's folder."""
    scripts = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": os.pathsep.join([scripts, os.environ.get("PATH", "")])}
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course.root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@contextmanager
def gradebook(course: Course):
    """nbgrader's own view of the course's gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(course.database, course.course_id) as book:
        yield book


def marks(course: Course) -> dict[tuple[str, str, str], tuple[float | None, bool]]:
    """Every grade in the gradebook: its automatic score, and whether it waits for a person."""
    with gradebook(course) as book:
        return {
            (submission.student.id, notebook.name, grade.name): (
                grade.auto_score,
                grade.needs_manual_grade,
            )
            for assignment in course.assignments
            for submission in book.assignment_submissions(assignment)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


def cell_scores(reports: list[dict]) -> dict[tuple[str, str, str], float]:
    """What the reports say of every grade cell."""
    scores = {}
    for report in reports:
        for cell in report["cells"]:
            points = [c["points"] for c in report["checks"] if c["grade_cell"] == cell]
            scores[report["student"], report["notebook"], cell] = float(sum(points))
    return scores


def row_of(reports: list[dict], student: str, notebook: str) -> dict:
    """One report of a class."""
    (found,) = [r for r in reports if (r["student"], r["notebook"]) == (student, notebook)]
    return found


@pytest.fixture(scope="module")
def handed_in(built, tmp_path_factory) -> Course:
    """The class before grading; no test changes it."""
    course = copy_of(built, tmp_path_factory.mktemp("class") / "handed-in")
    set_limits(course, call_wall_s=2.0, cell_wall_s=5.0, submission_wall_s=40.0)
    course = Course.load(course.root)
    make_class(course, PEOPLE)
    return course


@pytest.fixture(scope="module")
def first_run(handed_in, tmp_path_factory):
    """The class graded once: the course and what the command printed; no test changes it."""
    course = copy_of(handed_in, tmp_path_factory.mktemp("graded") / "graded")
    return course, autograder("grade", "--json", course=course.root)


@pytest.fixture
def graded(first_run, tmp_path) -> Course:
    """A graded class of this test's own."""
    return copy_of(first_run[0], tmp_path / "graded")


def test_everything_is_graded_and_a_person_is_asked(first_run):
    """All notebooks are graded; the damaged file needs a person, so the exit code is 1."""
    _, ran = first_run
    said = ran.json
    assert (ran.code, said["graded"], said["unchanged"]) == (1, 5 * len(PEOPLE), 0)
    reports = said["reports"]
    asked = [(r["student"], r["notebook"]) for r in reports if r["status"] != "graded"]
    assert asked == [(DAMAGED, "backprop")]
    assert "not JSON" in row_of(reports, DAMAGED, "backprop")["reason"]
    assert all(r["score"] == r["max_score"] for r in reports if r["student"] == ADA)
    assert all(0 < r["score"] < r["max_score"] for r in reports if r["student"] == PEOPLE[2].name)


def test_endless_loop_costs_one_exercise(first_run):
    """The endless loop is told as such, and other exercises keep their points."""
    report = row_of(first_run[1].json["reports"], DAMAGED, "gradient_basic")
    looped = [c for c in report["checks"] if c["verdict"] == "TIMED_OUT"]
    assert {c["grade_cell"] for c in looped} == {"test_weight_step_outputs"}
    assert report["score"] > 0


def test_gradebook_holds_the_reports_scores(first_run):
    """Every score is the report's, and those of a file that cannot be read wait for a person."""
    course, ran = first_run
    reports = ran.json["reports"]
    unread = {(r["student"], r["notebook"]) for r in reports if r["status"] == "unreadable"}
    scores = cell_scores(reports)
    wanted = {key: (score, key[:2] in unread) for key, score in scores.items()}
    found = marks(course)
    assert len(found) == len(PEOPLE) * sum(len(lab.exercises) for lab in course.labs)
    assert found == wanted


def test_totals_of_the_gradebook(first_run):
    """nbgrader adds the scores up as the reports do."""
    course, ran = first_run
    with gradebook(course) as book:
        for student in PEOPLE:
            for lab in course.labs:
                notebook = book.find_submission_notebook(lab.name, lab.assignment, student.name)
                report = row_of(ran.json["reports"], student.name, lab.name)
                assert notebook.score == pytest.approx(report["score"])
                assert notebook.max_score == report["max_score"]


def test_autograded_notebooks_and_pages_are_there(first_run):
    """Every notebook has a valid graded copy whose scores nbgrader can read, and a page."""
    from nbgrader.utils import determine_grade

    course, ran = first_run
    scores = cell_scores(ran.json["reports"])
    for report in ran.json["reports"]:
        place = f"{report['student']}/{report['assignment']}/{report['notebook']}"
        notebook = nbformat.read(course.root / "autograded" / f"{place}.ipynb", as_version=4)
        nbformat.validate(notebook)
        for cell in notebook.cells:
            about = nbgrader_metadata(cell)
            if about.get("grade"):
                score, points = determine_grade(cell)
                assert points == about["points"]
                assert score == scores[report["student"], report["notebook"], about["grade_id"]]
        page = (course.root / "feedback" / f"{place}.html").read_text(encoding="utf-8")
        assert "<html" in page


def test_second_run_grades_nothing(graded):
    """A run over an unchanged class grades nothing, and reports the same."""
    before = marks(graded)
    ran = autograder("grade", "--json", course=graded.root)
    assert (ran.json["graded"], ran.json["unchanged"]) == (0, 5 * len(PEOPLE))
    assert ran.code == 1
    assert marks(graded) == before


def test_force_grades_again(graded):
    """With --force, unchanged work is graded again, and gets the same scores."""
    before = marks(graded)
    ran = autograder("grade", "--force", "--student", ADA, "--json", course=graded.root)
    assert (ran.code, ran.json["graded"], ran.json["unchanged"]) == (0, 5, 0)
    assert marks(graded) == before


def test_what_took_longest_is_graded_first(graded):
    """The stored reports say how long each took."""
    took = {}
    for path in (graded.root / "reports" / ADA).glob("*/*.json"):
        took[path.stem] = json.loads(path.read_text())["wall_s"]
    assert len(set(took.values())) == 5
    ran = autograder(
        *("grade", "--force", "--student", ADA, "--workers", "1", "--json"), course=graded.root
    )
    told = [json.loads(line) for line in ran.err.splitlines() if line.startswith("{")]
    order = [line["notebook"] for line in told if "notebook" in line]
    assert order == sorted(took, key=took.__getitem__, reverse=True)


def test_changed_file_is_graded_again_alone(graded):
    """One changed notebook is graded again, and nothing else."""
    lab = lab_named(graded, "multilayer")
    path = graded.root / "submitted" / ADA / lab.assignment / "multilayer.ipynb"
    shutil.copy(lab.release, path)
    ran = autograder("grade", "--json", course=graded.root)
    assert (ran.json["graded"], ran.json["unchanged"]) == (1, 5 * len(PEOPLE) - 1)
    report = row_of(ran.json["reports"], ADA, "multilayer")
    assert report["score"] == 0
    assert {check["verdict"] for check in report["checks"]} == {"NOT_DONE"}
    found = [mark for key, mark in marks(graded).items() if key[:2] == (ADA, "multilayer")]
    assert found
    assert set(found) == {(0.0, False)}


def test_changed_check_regrades_its_own_exercise_alone(graded):
    """Only that exercise is checked again, the others keep results and inputs; changes are told."""
    suite = graded.root / "tests/hidden/multilayer_perceptrons/test_multilayer.py"
    text = suite.read_text(encoding="utf-8")
    head, tail = text.split('@pytest.mark.grade_cell("test_forward_batch")', 1)
    begin = tail.index('"""', tail.index("def ")) + 3
    end = tail.index('"""', begin) + 3
    body = "\n    assert_agrees(student.forward_batch, lambda *args: 0.0, reference.forward)\n"
    spoiled = f"{tail[:end]}{body}"
    suite.write_text(
        head + '@pytest.mark.grade_cell("test_forward_batch")' + spoiled, encoding="utf-8"
    )
    stored = graded.root / "reports" / ADA / "multilayer_perceptrons" / "multilayer.json"
    before = json.loads(stored.read_text(encoding="utf-8"))
    ran = autograder("grade", "--json", course=graded.root)
    assert ran.json["graded"] == len(PEOPLE), "the other notebooks of the class are unchanged"
    after = row_of(ran.json["reports"], ADA, "multilayer")
    assert after["seed"] == before["seed"]
    kept = [check for check in after["checks"] if check["grade_cell"] != "test_forward_batch"]
    assert kept == [c for c in before["checks"] if c["grade_cell"] != "test_forward_batch"]
    assert after["score"] == before["score"] - 2
    changes = {change["student"]: change for change in ran.json["changes"]}
    assert (changes[ADA]["before"], changes[ADA]["after"]) == (15.0, 13.0)
    assert changes[ADA]["why"] == "the checks of test_forward_batch changed"
    lines = [json.loads(line) for line in ran.err.splitlines() if line.startswith("{")]
    assert {line["student"] for line in lines} == {person.name for person in PEOPLE}


def test_layout_and_comments_of_a_suite_regrade_nothing(graded):
    """What changes no mark costs no grading."""
    suite = graded.root / "tests/hidden/multilayer_perceptrons/test_multilayer.py"
    suite.write_text("# A comment.\n\n" + suite.read_text(encoding="utf-8"), encoding="utf-8")
    ran = autograder("grade", "--json", course=graded.root)
    assert ran.json["graded"] == 0


def verdicts(course: Course) -> dict[tuple[str, str], list[tuple]]:
    """What every check of a class came to, by (student, notebook)."""
    found = {}
    for path in course.root.glob("reports/*/*/*.json"):
        report = json.loads(path.read_text(encoding="utf-8"))
        told = [(one["name"], one["verdict"], one["points"]) for one in report["checks"]]
        found[path.parent.parent.name, path.stem] = told
    return found


def test_killed_grading_goes_on_where_it_stopped(handed_in, first_run, tmp_path):
    """SIGKILL at any moment: what has a report is in the gradebook, and is not graded again.

    In the end all marks are those of a run in one piece, and by several workers instead of one.
    """
    course = copy_of(handed_in, tmp_path / "killed")
    alone = ("--workers", "1", "--json")
    command = [sys.executable, "-m", "autograder", "grade", *alone]
    running = subprocess.Popen(
        command, cwd=course.root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    first = json.loads(running.stderr.readline())
    running.kill()
    running.communicate()
    done = {
        (path.parent.parent.name, path.stem): json.loads(path.read_text(encoding="utf-8"))
        for path in course.root.glob("reports/*/*/*.json")
    }
    assert (first["student"], first["notebook"]) in done
    recorded = marks(course)
    for (student, notebook), report in done.items():
        for cell in report["cells"]:
            points = sum(c["points"] for c in report["checks"] if c["grade_cell"] == cell)
            assert recorded[student, notebook, cell][0] == points
    ran = autograder("grade", *alone, course=course.root)
    assert ran.json["unchanged"] == len(done)
    assert ran.json["graded"] == 5 * len(PEOPLE) - len(done)
    assert {(r["student"], r["notebook"]) for r in ran.json["reports"]} >= set(done)
    assert marks(course) == marks(first_run[0])
    assert verdicts(course) == verdicts(first_run[0])


def test_manual_marks_survive_a_regrade(graded):
    """A person's score and comment stay, win over the automatic ones, and are shown again."""
    where = ("multilayer", "multilayer_perceptrons", ADA)
    with gradebook(graded) as book:
        grade = book.find_grade("test_forward", *where)
        grade.manual_score = 1.5
        comment = book.find_comment("forward", *where)
        comment.manual_comment = "Talk to me about this one."
        book.db.commit()
    ran = autograder("grade", "--force", "--student", ADA, "--json", course=graded.root)
    assert ran.json["graded"] == 5
    with gradebook(graded) as book:
        grade = book.find_grade("test_forward", *where)
        assert (grade.auto_score, grade.manual_score, grade.score) == (4.0, 1.5, 1.5)
        assert grade.needs_manual_grade
        comment = book.find_comment("forward", *where)
        assert comment.comment == "Talk to me about this one."
        assert comment.auto_comment
        other = book.find_grade("test_forward_batch", *where)
        assert (other.score, other.needs_manual_grade) == (2.0, False)
    page = graded.root / "feedback" / ADA / where[1] / "multilayer.html"
    assert "Talk to me about this one." in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("due", "left"),
    [
        pytest.param("2026-09-21 20:00:00", 0.0, id="late"),
        pytest.param("2026-09-21 23:00:00", 15.0, id="in-time"),
    ],
)
def test_late_work_gets_nbgraders_penalty(handed_in, tmp_path, due, left):
    """The penalty of nbgrader's plugin is set off for late work, and for late work only."""
    course = copy_of(handed_in, tmp_path / "late")
    add_setting(course, 'c.LateSubmissionPlugin.penalty_method = "zero"')
    with gradebook(course) as book:
        book.update_or_create_assignment("multilayer_perceptrons", duedate=f"{due} UTC")
    ran = autograder(
        "grade", "multilayer_perceptrons", "--student", ADA, "--json", course=course.root
    )
    assert ran.code == 0, ran.err
    assert row_of(ran.json["reports"], ADA, "multilayer")["score"] == left
    with gradebook(course) as book:
        submission = book.find_submission("multilayer_perceptrons", ADA)
        notebook = submission.notebooks[0]
        assert notebook.score - (notebook.late_submission_penalty or 0.0) == left
        assert (submission.total_seconds_late > 0) == (left == 0.0)


def test_export_works(graded, first_run):
    """`nbgrader export` writes every submission's score."""
    done = nbgrader(graded, "export", "--to=grades.csv")
    assert done.returncode == 0, done.stderr
    with (graded.root / "grades.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = {(row["student_id"], row["assignment"]): float(row["score"]) for row in rows}
    wanted: dict[tuple[str, str], float] = {}
    for report in first_run[1].json["reports"]:
        key = (report["student"], report["assignment"])
        wanted[key] = wanted.get(key, 0.0) + report["score"]
    assert found == pytest.approx(wanted)


def test_generate_feedback_works(graded):
    """`nbgrader generate_feedback --force` makes its own pages from the graded notebooks."""
    done = nbgrader(graded, "generate_feedback", "gradient_descent", "--force")
    assert done.returncode == 0, done.stderr
    for student in PEOPLE:
        for name in ("gradient_basic", "gradient"):
            path = graded.root / "feedback" / student.name / "gradient_descent" / f"{name}.html"
            assert name in path.read_text(encoding="utf-8")
    page = graded.root / "feedback" / ADA / "gradient_descent" / "gradient_basic.html"
    assert "(Score: 20.0 / 20.0)" in " ".join(page.read_text(encoding="utf-8").split())


def test_nbgrader_autograde_gives_the_same_scores(handed_in, first_run, tmp_path):
    """`nbgrader autograde` fills a gradebook with the same scores, grade by grade."""
    course = copy_of(handed_in, tmp_path / "nbgrader")
    ours = marks(first_run[0])
    for assignment in course.assignments:
        done = nbgrader(course, "autograde", assignment)
        notebooks = {lab.name for lab in course.labs_of(assignment)}
        wanted = {key: mark for key, mark in ours.items() if key[1] in notebooks}
        found = {key: mark for key, mark in marks(course).items() if key[1] in notebooks}
        # Of one submission to it, a person must look at a file that was cut short.
        code = 1 if assignment == "backpropagation" else 0
        assert done.returncode == code, done.stderr[-3000:]
        assert found == wanted


def test_broken_check_withholds_the_mark_and_stops_nobody(handed_in, tmp_path):
    """A check that raises gives BROKEN: no score, a person is asked, the rest is graded."""
    course = copy_of(handed_in, tmp_path / "broken")
    suite = lab_named(course, "gradient").suite
    line = '    """With a single record, the step of an epoch is that record\'s own step."""\n'
    text = suite.read_text(encoding="utf-8")
    assert line in text
    suite.write_text(text.replace(line, f"{line}    raise KeyError('ours')\n"), encoding="utf-8")
    ran = autograder("grade", "gradient_descent", "--json", course=course.root)
    assert ran.code == 1
    reports = ran.json["reports"]
    row = row_of(reports, ADA, "gradient")
    assert row["score"] is None
    broken = [c for c in row["checks"] if c["verdict"] == "BROKEN"]
    assert [c["name"] for c in broken] == ["test_step_of_a_lone_record"]
    assert row["reason"]
    assert "ours" not in json.dumps(broken)
    assert row_of(reports, ADA, "gradient_basic")["score"] == 20
    found = marks(course)
    withheld = {mark for key, mark in found.items() if key[:2] == (ADA, "gradient")}
    assert withheld == {(None, True)}
    assert found[ADA, "gradient_basic", "test_sigmoid"] == (3.0, False)
    shutil.copy(ROOT / suite.relative_to(course.root), suite)
    mended = autograder("grade", "gradient_descent", "--student", ADA, "--json", course=course.root)
    assert mended.code == 0
    assert marks(course)[ADA, "gradient", "test_epoch_step"] == (7.0, False)
