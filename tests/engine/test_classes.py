"""Classes in which much is odd, graded in one run: nobody stops the others, and no zero is silent.

An honest student stands beside every odd one, and keeps full marks.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import toy
from postgresql_server import running_server

from autograder.course.model import Course

FULL = 10.0
NO_PERSON, PERSON, USAGE = 0, 1, 2

pytestmark = pytest.mark.slow


class Class:
    """A built toy course with a class that tests lay out and grade."""

    def __init__(self, root):
        self.root = root
        released = root / "release" / "toys" / "shapes.ipynb"
        self.stub = released.read_bytes()
        self.right = json.dumps(toy.handed_in(released, toy.solved(), None)).encode()
        part = {"area": toy.AREA}
        self.part = json.dumps(toy.handed_in(released, part, None)).encode()

    def lay(self, student, files=None, assignment="toys"):
        """Lay out a submission; a right notebook under its own name by default."""
        folder = os.path.join(os.fsencode(self.root / "submitted"), os.fsencode(student))
        folder = os.path.join(folder, os.fsencode(assignment))
        os.makedirs(folder, exist_ok=True)
        for name, content in ({"shapes.ipynb": self.right} if files is None else files).items():
            path = os.path.join(folder, os.fsencode(name))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            Path(os.fsdecode(path)).write_bytes(content)
        return Path(os.fsdecode(folder))

    def run(self, *arguments, code=None, **options):
        """Run a command of the course; never a traceback."""
        command = [sys.executable, "-m", "autograder", *map(str, arguments)]
        ran = subprocess.run(
            [*command, "--course", str(self.root)],
            capture_output=True, cwd="/", timeout=300, check=False, **options,
        )  # fmt: skip
        ran.said = ran.stderr.decode("utf-8", "replace")
        assert "Traceback" not in ran.said
        assert "sqlalche" not in ran.said
        if code is not None:
            assert ran.returncode == code, ran.said
        return ran

    def grade(self, *arguments, code=None):
        """Grade the class; the outcome as data, with the reports by student."""
        ran = self.run("grade", "--json", *arguments, code=code)
        assert ran.returncode in (NO_PERSON, PERSON), ran.said
        found = json.loads(ran.stdout)
        found["by"] = {report["student"]: report for report in found["reports"]}
        return found

    def complaint(self, *arguments):
        """The one line with which a command refuses."""
        ran = self.run(*arguments, code=USAGE)
        lines = [line for line in ran.said.splitlines() if line]
        assert len(lines) == 1, ran.said
        return lines[0]

    @property
    def database(self):
        """The gradebook's address."""
        return Course.load(self.root).database

    @contextmanager
    def book(self):
        """nbgrader's own view of the gradebook."""
        from nbgrader.api import Gradebook

        with Gradebook(self.database, "toycourse") as book:
            yield book

    def scores(self):
        """What the gradebook holds, by student."""
        with self.book() as book:
            found = book.assignment_submissions("toys")
            return {one.student.id: one.score for one in found}

    def set(self, line):
        """Add a line to the course's configuration."""
        with (self.root / "course_config.py").open("a") as file:
            file.write(f"\n{line}\n")


@pytest.fixture
def toys(toy_course, tmp_path):
    """A class of one's own, without submissions."""
    shutil.copytree(toy_course.root, tmp_path / "course")
    return Class(tmp_path / "course")


@pytest.fixture(scope="module")
def server():
    """The address of a PostgreSQL database of our own."""
    with running_server() as address:
        yield address


# --- Names ----------------------------------------------------------------------------------------

ODD_NAMES = [
    "zo\u00eb", "zoe\u0308", "Ada", "ada", "a\nb", "a\tb", "a\x01b", "a\x7fb", "x" * 128, '"q\'',
    "<b>", "$(id)", "-rf", "=1+1", " lead", "trail ", "a%20b", "a[1]?*", "\u202egnp", "\U0001f600",
    "'; DROP TABLE student; --", "a+b", "NUL", "null", "*", "%s", "{0}", "\u2028", "\ufeffa",
]  # fmt: skip
NO_NAMES = ["a\nb", "a\tb", "a\x01b", "a\x7fb", "\"q'", "<b>", "\u2028", "\u202egnp", "\ufeffa"]
"""Names that pages would take for HTML or for the end of a line."""
NOT_UTF_8 = [b"\xff\xfe", b"caf\xe9", b"\xed\xa0\x80", b"a\xffb"]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_no_name_stops_the_class(toys, kind, request):
    """Whatever folders are called, every student with a storable name keeps full marks.

    A name that is not UTF-8, that pages would take for something else, or that is too long for the
    database is a row of its own with a reason.
    """
    if kind == "postgresql":
        address = request.getfixturevalue("server")
        toys.set(f"c.CourseDirectory.db_url = {address!r}")
        toys.run("build", "--unproven", code=0)
    for name in (*ODD_NAMES, *NOT_UTF_8, "y" * 250):
        toys.lay(name)
    found = toys.grade(code=PERSON)
    refused = [report for report in found["reports"] if report["score"] is None]
    names = {report["student"] for report in refused}
    too_long = {"y" * 250} if kind == "postgresql" else set()
    not_utf_8 = {"\\xff\\xfe", "caf\\xe9", "\\xed\\xa0\\x80", "a\\xffb"}
    assert names == {*not_utf_8, *NO_NAMES, *too_long}
    for report in refused:
        words = {**dict.fromkeys(too_long, "too long"), **dict.fromkeys(not_utf_8, "is not UTF-8")}
        assert words.get(report["student"], "a control character") in report["reason"]
    honest = [*(set(ODD_NAMES) - set(NO_NAMES)), *({"y" * 250} - too_long)]
    assert {name: found["by"][name]["score"] for name in honest} == dict.fromkeys(honest, FULL)
    assert toys.scores() == dict.fromkeys(honest, FULL)
    again = toys.run("grade", code=PERSON)
    assert "needs review: caf\\xe9" in again.said
    assert b"zo\xc3\xab" in again.stdout
    assert "Ada, ada: their names look alike" in again.said


@pytest.mark.wide(rows=1)
@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_cannot_show_a_name_ends_nothing(toys, encoding):
    """Names are written as far as the terminal can; marks are kept."""
    for name in ("zo\u00eb", "\U0001f600", b"caf\xe9"):
        toys.lay(name)
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    toys.run("grade", env=environment, code=PERSON)
    assert toys.scores() == {"zo\u00eb": FULL, "\U0001f600": FULL}


def test_what_is_no_folder_is_a_row_or_is_named(toys):
    """A file or link that stands where a folder belongs is named; the honest student is graded."""
    toys.lay("ada")
    toys.lay("bob").rename(toys.root / "submitted" / "bob" / "away")
    (toys.root / "submitted" / "bob" / "toys").write_text("here it is")
    (toys.root / "submitted" / "eve").symlink_to("ada")
    (toys.root / "submitted" / "readme.txt").write_text("x")
    (toys.root / "submitted" / "zed.ipynb").write_bytes(toys.right)
    toys.lay(".fay")
    found = toys.grade(code=PERSON)
    status = {student: report["status"] for student, report in found["by"].items()}
    assert status == {"ada": "graded", "bob": "unreadable", "eve": "unreadable"}
    assert found["by"]["ada"]["score"] == FULL
    strays = {stray["place"]: stray for stray in found["strays"]}
    assert set(strays) == {"bob/away", "readme.txt", "zed.ipynb", ".fay"}
    assert strays["zed.ipynb"]["needs_person"]
    assert "holds the exercises of shapes" in strays["zed.ipynb"]["words"]


def test_rows_that_contradict_each_other_stop_nobody_else(toys):
    """A trigger refuses one student's rows: that one needs a person, the others are written."""
    for name in ("ada", "bob", "cyd", "dan"):
        toys.lay(name)
    with toys.book() as book:
        from sqlalchemy import text

        refuse = "CREATE TRIGGER {0} BEFORE {1} BEGIN SELECT RAISE(ABORT, 'refused'); END"
        entered = "INSERT ON submitted_assignment WHEN NEW.student_id = 'bob'"
        book.db.execute(text(refuse.format("no_bob", entered)))
        book.db.commit()
    found = toys.grade(code=PERSON)
    assert {name: found["by"][name]["score"] for name in ("ada", "cyd", "dan")} == {
        "ada": FULL, "cyd": FULL, "dan": FULL,
    }  # fmt: skip
    assert found["by"]["bob"]["score"] is None
    assert "the gradebook refuses" in found["by"]["bob"]["reason"]
    assert toys.scores() == {"ada": FULL, "cyd": FULL, "dan": FULL}


def test_lost_rows_of_submissions_are_put_back(toys):
    """Without the rows of a notebook, of its cells or of one cell: they come again, with marks."""
    from nbgrader.api import Comment, Grade

    students = ["ada", "bob", "cyd", "dan"]
    for student in students:
        toys.lay(student)
    toys.grade(code=NO_PERSON)
    with toys.book() as book:
        of = {s: book.find_submission_notebook("shapes", "toys", s) for s in students}
        for student in ("bob", "cyd"):
            for kind in (Grade, Comment):
                book.db.query(kind).filter(kind.notebook_id == of[student].id).delete()
        book.db.delete(of["bob"])
        book.db.delete(of["dan"].grades[0])
        book.db.commit()
    assert toys.scores() != dict.fromkeys(students, FULL)
    toys.grade(code=NO_PERSON)
    assert toys.scores() == dict.fromkeys(students, FULL)


def test_a_gradebook_made_anew_gets_the_stored_marks(toys):
    """Reports that hold are written again where the gradebook has no mark."""
    toys.lay("ada")
    toys.grade(code=NO_PERSON)
    for path in toys.root.glob("gradebook.db*"):
        path.unlink()
    toys.run("build", "--unproven", code=0)
    assert toys.grade(code=NO_PERSON)["unchanged"] == 1
    assert toys.scores() == {"ada": FULL}


@pytest.mark.wide(rows=1)
@pytest.mark.parametrize("step", ["autograded", "feedback", "reports"])
def test_one_students_folder_that_cannot_be_written_stops_nobody_else(toys, step):
    """A file lies where the student's folder should be: that one needs a person."""
    for name in ("ada", "bob", "cyd"):
        toys.lay(name)
    (toys.root / step).mkdir()
    (toys.root / step / "bob").write_text("in the way")
    found = toys.grade(code=PERSON)
    assert {name: found["by"][name]["score"] for name in found["by"]} == {
        "ada": FULL, "bob": None, "cyd": FULL,
    }  # fmt: skip
    assert f"{step}/bob" in found["by"]["bob"]["reason"]


# --- Notebooks ------------------------------------------------------------------------------------


def test_renamed_and_misplaced_notebooks_are_graded_with_a_note(toys):
    """Each keeps full marks; the student's page and the instructor's screen say what was graded."""
    places = {
        "s1": {"shapes (1).ipynb": toys.right},
        "s2": {"shapes-Copy1.ipynb": toys.right},
        "s3": {"shapes.IPYNB": toys.right},
        "s4": {"shapes.ipynb.txt": toys.right},
        "s5": {"inner/shapes.ipynb": toys.right},
        "s6": {".ipynb_checkpoints/shapes-checkpoint.ipynb": toys.right},
        "s7": {"shapes.ipynb": toys.stub, "shapes-Copy1.ipynb": toys.right},
        "s8": {"shapes.ipynb": toys.part[:500], "shapes-Copy1.ipynb": toys.right},
        "s9": {"shapes": toys.right},
        "t1": {b"\xff.ipynb": toys.right},
    }
    for student, files in places.items():
        toys.lay(student, files)
        toys.lay(f"{student}-honest")
    found = toys.grade(code=NO_PERSON)
    assert {report["score"] for report in found["reports"]} == {FULL}
    assert {remark["student"] for remark in found["remarks"]} == set(places)
    for student in places:
        (note,) = found["by"][student]["notes"]
        assert "was graded" in note
        page = toys.root / "feedback" / student / "toys" / "shapes.html"
        assert "was graded" in page.read_text(encoding="utf-8")
        graded = toys.root / "autograded" / student / "toys" / "shapes.ipynb"
        assert "half_around" in graded.read_text(encoding="utf-8")
        assert found["by"][f"{student}-honest"]["notes"] == []
    again = toys.run("grade", code=NO_PERSON)
    assert "graded 0, unchanged 20" in again.stdout.decode()
    assert "note: s1, shapes: shapes (1).ipynb was graded as shapes.ipynb" in again.said


def test_what_cannot_be_told_apart_needs_a_person_and_keeps_the_mark(toys):
    """Two different copies: no mark at first; later the mark that was earned stands."""
    toys.lay("ada")
    two = {"a.ipynb": toys.right, "b.ipynb": toys.part}
    place = toys.lay("bob", two)
    found = toys.grade(code=PERSON)
    assert (found["by"]["bob"]["status"], found["by"]["bob"]["score"]) == ("unclear", None)
    assert found["by"]["ada"]["score"] == FULL
    shutil.rmtree(place)
    toys.lay("bob", {"shapes.ipynb": toys.part})
    toys.grade(code=NO_PERSON)
    earned = toys.scores()["bob"]
    assert 0 < earned < FULL
    (place / "shapes.ipynb").unlink()
    toys.lay("bob", two)
    found = toys.grade(code=PERSON)
    assert found["by"]["bob"]["score"] == earned
    assert "several files may be shapes.ipynb" in found["by"]["bob"]["doubt"]
    assert toys.scores() == {"ada": FULL, "bob": earned}


def test_the_name_corrected_later_takes_the_note_away(toys):
    """The same bytes under the right name are graded again, since the note no longer holds."""
    place = toys.lay("ada", {"x.ipynb": toys.right})
    assert toys.grade(code=NO_PERSON)["by"]["ada"]["notes"]
    (place / "x.ipynb").rename(place / "shapes.ipynb")
    assert toys.grade(code=NO_PERSON)["by"]["ada"]["notes"] == []


def test_folders_of_no_assignment_are_named(toys):
    """What may be a student's only work needs a person; all else is only named.

    That is a folder with the exercises, or, in the assignment's place, a packed or damaged file.
    """
    toys.lay("ada")
    toys.lay("ada", {"old.ipynb": toys.right}, assignment="last year")
    toys.lay("bob", assignment="Toys")
    packed = ("toys.zip", "Toys (1).tar.gz", "homework.7z", "shapes.ipynb", "shapes-Copy1.json")
    for student in ("cyd", "ada"):
        for name in (*packed, "notes.txt"):
            path = toys.root / "submitted" / student / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"PK")
    found = toys.grade(code=PERSON)
    strays = {stray["place"]: stray for stray in found["strays"]}
    asked = {place for place, stray in strays.items() if stray["needs_person"]}
    assert asked == {"bob/Toys", *(f"cyd/{name}" for name in packed)}
    assert "nothing else was submitted to toys" in strays["cyd/toys.zip"]["words"]
    assert strays["ada/last year"]["needs_person"] is False
    assert "is it toys?" in strays["bob/Toys"]["words"]
    shutil.rmtree(toys.root / "submitted" / "ada")
    said = toys.run("grade", code=USAGE).said
    assert "no submission" in said
    assert "bob/Toys: no assignment of this course" in said


# --- Time -----------------------------------------------------------------------------------------

LATE, TIMELY = "2026-03-02 10:00:00.123456 UTC", "2026-02-27 10:00:00 +0100"


def penalties(toys):
    """Points that lateness costs, by student."""
    with toys.book() as book:
        found = book.assignment_submissions("toys")
        return {one.student.id: one.late_submission_penalty for one in found}


def set_due(toys, due):
    """Move the due date."""
    with toys.book() as book:
        book.update_or_create_assignment("toys", duedate=due)


def test_moved_due_dates_and_extensions_change_penalties_at_the_next_run(toys):
    """Nothing is graded again; the run lists every changed penalty, and the pages show it."""
    toys.set('c.LateSubmissionPlugin.penalty_method = "zero"')
    for name, when in (("ada", TIMELY), ("bob", LATE), ("cyd", LATE)):
        toys.lay(name, {"shapes.ipynb": toys.right, "timestamp.txt": when.encode()})
    toys.grade(code=NO_PERSON)
    assert penalties(toys) == {"ada": 0, "bob": 0, "cyd": 0}
    set_due(toys, "2026-03-01 00:00:00 UTC")
    found = toys.grade(code=NO_PERSON)
    assert (found["graded"], len(found["changes"])) == (0, 2)
    assert {(c["student"], c["before"], c["after"]) for c in found["changes"]} == {
        ("bob", FULL, 0.0), ("cyd", FULL, 0.0),
    }  # fmt: skip
    assert penalties(toys) == {"ada": 0, "bob": FULL, "cyd": FULL}
    page = toys.root / "feedback" / "bob" / "toys" / "shapes.html"
    assert "late penalty" in page.read_text(encoding="utf-8")
    with toys.book() as book:
        book.grant_extension("toys", "bob", days=3)
    assert [c["student"] for c in toys.grade()["changes"]] == ["bob"]
    assert penalties(toys) == {"ada": 0, "bob": 0, "cyd": FULL}
    assert "late penalty" not in page.read_text(encoding="utf-8")
    set_due(toys, "2026-04-01 00:00:00 UTC")
    assert [c["student"] for c in toys.grade()["changes"]] == ["cyd"]
    assert toys.grade()["changes"] == []


def link_to_another(path):
    """The time of another student."""
    path.symlink_to(path.parents[2] / "ada" / "toys" / "timestamp.txt")


FUTURE = f"{datetime.now(UTC) + timedelta(days=3):%Y-%m-%d %H:%M:%S} UTC"


@pytest.mark.wide(rows=2)
@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "holds no date and time", id="empty"),
        pytest.param(b"yesterday", "holds no date and time", id="words"),
        pytest.param(b"10:30", "holds no date and time", id="time-only"),
        pytest.param(b"\xff\xfe\0", "holds no date and time", id="not-text"),
        pytest.param(b"2026-02-30 10:00:00 UTC", "holds no date and time", id="no-such-day"),
        pytest.param(b"9" * 400, "holds no date and time", id="number"),
        pytest.param(b"2026-01-01 " * 90_000, "at most", id="huge"),
        pytest.param(link_to_another, "symbolic link", id="link"),
        pytest.param(os.mkfifo, "not a regular file", id="pipe"),
        pytest.param(lambda path: path.mkdir(), "a folder", id="folder"),
        pytest.param(FUTURE.encode(), "in the future", id="future"),
    ],
)
def test_a_time_that_cannot_be_believed_is_told(toys, content, words):
    """The mark is kept, and where there is a due date a person is asked to look."""
    toys.lay("ada", {"shapes.ipynb": toys.right, "timestamp.txt": TIMELY.encode()})
    path = toys.lay("bob") / "timestamp.txt"
    content(path) if callable(content) else path.write_bytes(content)
    found = toys.grade(code=NO_PERSON)
    ((student, text),) = [(one["student"], one["text"]) for one in found["remarks"]]
    assert student == "bob"
    assert words in text
    set_due(toys, "2027-03-01 00:00:00 UTC")
    assert toys.grade(code=PERSON)["remarks"][0]["needs_person"]
    assert toys.scores() == {"ada": FULL, "bob": FULL}


PLUGIN = """
import sys
from nbgrader.plugins import LateSubmissionPlugin


class Odd(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return {
            "raises": lambda: {}[student_id], "exits": sys.exit, "text": lambda: "2",
            "nan": lambda: float("nan"), "list": lambda: [1], "nothing": lambda: None,
            "below": lambda: -3, "huge": lambda: float("inf"), "yes": lambda: True,
        }.get(student_id, lambda: 2.5)()
"""
FAILING = {"raises", "exits", "text", "nan", "list"}


def test_a_late_penalty_that_fails_costs_nobody_else(toys):
    """The course's own plugin fails for some: they need a person, with the reason; marks stay."""
    (toys.root / "penalties.py").write_text(PLUGIN)
    toys.set(f"import sys\nsys.path.insert(0, {str(toys.root)!r})")
    toys.set('c.AssignLatePenalties.plugin_class = "penalties.Odd"')
    late = {"shapes.ipynb": toys.right, "timestamp.txt": LATE.encode()}
    costs = {"ada": 2.5, "nothing": 0, "below": 0, "huge": FULL, "yes": 1}
    for name in (*costs, *FAILING):
        toys.lay(name, late)
    toys.lay("in-time", late | {"timestamp.txt": TIMELY.encode()})
    toys.grade(code=NO_PERSON)
    set_due(toys, "2026-03-01 00:00:00 UTC")
    found = toys.grade(code=PERSON)
    assert {one["student"] for one in found["remarks"] if one["needs_person"]} == FAILING
    forced = toys.grade("--force", code=PERSON)
    assert {name for name, one in forced["by"].items() if one["score"] is None} == FAILING
    assert "KeyError" in forced["by"]["raises"]["reason"]
    assert penalties(toys) == {**dict.fromkeys(FAILING, 0), **costs, "in-time": 0}
    assert set(toys.scores().values()) == {FULL}


@pytest.mark.wide(rows=1)
@pytest.mark.parametrize(
    "line",
    [
        pytest.param('c.LateSubmissionPlugin.penalty_method = "half"', id="method"),
        pytest.param('c.AssignLatePenalties.plugin_class = "no.such.Plugin"', id="no-module"),
        pytest.param('c.AssignLatePenalties.plugin_class = "collections.deque"', id="no-plugin"),
    ],
)
def test_a_late_penalty_that_cannot_be_loaded_is_one_line(toys, line):
    """Before any mark is written, where there is a due date."""
    toys.lay("ada")
    set_due(toys, "2026-03-01 00:00:00 UTC")
    toys.set(line)
    assert "the plugin for late submissions cannot be loaded" in toys.complaint("grade")


ODD_ROWS = {
    "extension": "UPDATE submitted_assignment SET extension = 'a week' WHERE student_id = 'bob'",
    "time": "UPDATE submitted_assignment SET timestamp = 'noon' WHERE student_id = 'bob'",
}


@pytest.mark.wide(rows=1)
@pytest.mark.parametrize("row", ODD_ROWS)
def test_a_stored_value_of_another_kind_stops_nobody_else(toys, row):
    """SQLite holds anything that somebody wrote: that student needs a person, others are graded."""
    for name in ("ada", "bob", "cyd"):
        toys.lay(name)
    set_due(toys, "2026-03-01 00:00:00 UTC")
    toys.grade(code=NO_PERSON)
    with sqlite3.connect(toys.root / "gradebook.db") as book:
        book.execute(ODD_ROWS[row])
    found = toys.grade("--force", code=PERSON)
    assert {name: one["score"] for name, one in found["by"].items()} == {
        "ada": FULL, "bob": None, "cyd": FULL,
    }  # fmt: skip
    assert "no date or number" in found["by"]["bob"]["reason"]


@pytest.mark.wide(rows=1)
@pytest.mark.parametrize("date", ["", "tomorrow", "5"])
def test_a_due_date_that_is_none_is_one_line(toys, date):
    """It concerns everybody, so the gradebook has to be mended first."""
    toys.lay("ada")
    with sqlite3.connect(toys.root / "gradebook.db") as book:
        book.execute("UPDATE assignment SET duedate = ?", (date,))
    assert "a value in it is not of its column's kind" in toys.complaint("grade")


def test_a_due_date_with_a_time_zone_is_that_moment(toys):
    """Other programs than nbgrader write dates with their zones."""
    toys.set('c.LateSubmissionPlugin.penalty_method = "zero"')
    for name, when in (("ada", "2026-02-28 22:59:59 UTC"), ("bob", "2026-02-28 23:00:01 UTC")):
        toys.lay(name, {"shapes.ipynb": toys.right, "timestamp.txt": when.encode()})
    with sqlite3.connect(toys.root / "gradebook.db") as book:
        book.execute("UPDATE assignment SET duedate = '2026-03-01 00:00:00+01:00'")
    toys.grade(code=NO_PERSON)
    assert penalties(toys) == {"ada": 0, "bob": FULL}


@pytest.mark.wide(rows=2)
@pytest.mark.parametrize("column", ["auto_score", "manual_score", "extra_credit"])
@pytest.mark.parametrize("value", ["'many'", "1e999"])
def test_a_stored_score_that_is_no_number_is_one_line(toys, column, value):
    """The line names the student and the cell; nothing is written over it."""
    toys.lay("ada")
    toys.grade(code=NO_PERSON)
    with sqlite3.connect(toys.root / "gradebook.db") as book:
        book.execute(
            f"UPDATE grade SET {column} = {value} WHERE cell_id = "
            "(SELECT id FROM base_cell WHERE name = 'test_area')"
        )
    assert "ada, shapes, test_area: " in toys.complaint("report")
