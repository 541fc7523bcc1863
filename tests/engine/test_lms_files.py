"""Files for the gradebook imports of four platforms: what goes in, what stays, who is who."""

from __future__ import annotations

import csv
import io
import json
import shutil
import unicodedata
import warnings

import pytest
import toy
from click.testing import CliRunner
from nbgrader.api import Gradebook as NbgraderBook
from schemas import faults

from autograder.cli import main
from autograder.course.model import Course
from autograder.gradebook.gradebook import open_gradebook
from autograder.report import CheckResult, Report, Status, Verdict
from autograder.service.store.written import marks_written


def grid(text):
    """A table, a row a line, its cells between semicolons."""
    return [line.split(";") for line in text.strip("\n").splitlines()]


PEOPLE = {
    "ada": ("Ada", "Lovelace", "Ada@example.edu", "00711"),
    "bela": ("Béla", "Bartók, Jr.", "bela@example.edu", "00712"),
    "chen": ("晨", "陈", "chen@example.edu", "00713"),
    "dora": ("", "", "", ""),
}


def put(book, student, assignment, **grades):
    """Give a submission its points: `cell=(automatic, manual, extra)`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbgrader's way to SQLAlchemy
        book.update_or_create_submission(assignment, student)
    for name, (automatic, manual, extra) in grades.items():
        grade = book.find_grade(name, "one", assignment, student)
        grade.auto_score, grade.manual_score, grade.extra_credit = automatic, manual, extra
    book.db.commit()


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """A course with two assignments of ten points, and four students with some marks."""
    there = Course.load(toy.write_course(tmp_path_factory.mktemp("marked") / "course"))
    with open_gradebook(there):
        pass
    with NbgraderBook(there.database, there.course_id) as book:
        for assignment in ("sorting", "trees"):
            book.add_assignment(assignment)
            book.add_notebook("one", assignment)
            for cell in ("a", "b"):
                book.add_grade_cell(cell, "one", assignment, max_score=5, cell_type="code")
        for name, (first, last, email, number) in PEOPLE.items():
            about = {"first_name": first, "last_name": last, "email": email}
            book.add_student(name, **about, lms_user_id=number)
        # 5 by hand in place of 1, 4 automatic, 1 extra, less 2.5 for lateness.
        put(book, "ada", "sorting", a=(1.0, 5.0, 1.0), b=(4.0, None, None))
        book.find_submission_notebook("one", "sorting", "ada").late_submission_penalty = 2.5
        put(book, "bela", "sorting", a=(0.0, None, None), b=(0.0, None, None))
        put(book, "chen", "sorting", a=(5.0, None, None), b=(None, None, None))
        put(book, "ada", "trees", a=(5.0, None, None), b=(2.25, None, None))
        put(book, "bela", "trees", a=(3.0, None, None), b=(3.0, None, None))
        book.db.commit()
    return there


@pytest.fixture
def course(marked, tmp_path):
    """A copy of it, to change."""
    return Course.load(shutil.copytree(marked.root, tmp_path / "course"))


def withhold(course, student, assignment):
    """Store a report whose mark the grader withholds."""
    check = CheckResult("test_a", "a", "A.", Verdict.BROKEN, 0.0, 5.0)
    report = Report(assignment, "one", Status.GRADED, "full", 10.0, 1, (check,))
    path = course.root / "reports" / student / assignment / "one.json"
    path.parent.mkdir(parents=True)
    path.write_text(report.to_json())


def run(course, *arguments, code=0):
    """What `autograder lms file` says."""
    said = CliRunner().invoke(main, ["lms", "file", *map(str, arguments), "--course", course.root])
    assert said.exit_code == code, said.output
    return said.output


def table(path, delimiter=",", encoding="utf-8"):
    """A written file as another program reads it."""
    text = path.read_bytes().decode(encoding)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def exported(tmp_path, rows, delimiter=",", encoding="utf-8"):
    """A file as a platform exports it."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    path = tmp_path / "exported.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    return path


CANVAS = grid(
    """
Student;ID;SIS User ID;SIS Login ID;Section;sorting (901);Trees (902);Quiz (903);\
Assignments Current Score;Final Score
;;;;;;Manual Posting;;;
    Points Possible;;;;;10.00;10.00;5.00;(read only);(read only)
Lovelace, Ada;5001;00711;ada;S1;;7.25;1;80;80
Bartók, Jr., Béla;5002;00712;BELA;S1;;;2;80;80
陈, 晨;5003;00713;chen;S1;4;;3;;
Student, Test;5009;;a1b2c3;S1;;;;;
"""
)
MOODLE = grid(
    """
First name;Last name;ID number;Institution;Department;Email address;\
Assignment: Sorting (Real);Assignment: Sorting (Percentage);trees (Real);\
Course total (Real);Last downloaded from this course
Ada;Lovelace;00711;;;ada@example.edu;-;-;7.25;7.25;1790000000
Béla;Bartók, Jr.;00712;;;bela@example.edu;-;-;-;-;1790000000
Eve;Else;9;;;eve@example.edu;-;-;-;-;1790000000
"""
)
BLACKBOARD = grid(
    """
Last Name;First Name;Username;Student ID;Last Access;Availability;\
Total [Total Pts: up to 20 Score] |100;Sorting [Total Pts: 10 Score] |101;\
Trees [Total Pts: 10 Score] |102
Lovelace;Ada;ada;00711;;Yes;7.25;;7.25
Bartók, Jr.;Béla;bela;00712;;Yes;0;;Needs Grading
陈;晨;chen;00713;;Yes;0;;
"""
)
BRIGHTSPACE = grid(
    """
OrgDefinedId;Username;Last Name;First Name;\
sorting Points Grade <Numeric MaxPoints:10 Weight:50>;sorting Grade Symbol;\
trees Points Grade <Numeric MaxPoints:10>;Calculated Final Grade Numerator;\
End-of-Line Indicator
#00711;#ada;Lovelace;Ada;;;7.25;7.25;#
#00712;#bela;Bartók, Jr.;Béla;;;;0;#
"""
)


@pytest.mark.parametrize(
    ("platform", "there", "form", "wanted"),
    [
        pytest.param(
            "canvas",
            CANVAS,
            {},
            grid(
                """
Student;ID;SIS User ID;SIS Login ID;Section;sorting (901);Trees (902)
    Points Possible;;;;;10.00;10.00
Lovelace, Ada;5001;00711;ada;S1;7.5;7.25
Bartók, Jr., Béla;5002;00712;BELA;S1;0;6
"""
            ),
            id="canvas",
        ),
        pytest.param(
            "moodle",
            MOODLE,
            {},
            grid(
                """
First name;Last name;ID number;Email address;Assignment: Sorting (Real);trees (Real);\
Last downloaded from this course
Ada;Lovelace;00711;ada@example.edu;7.5;7.25;1790000000
Béla;Bartók, Jr.;00712;bela@example.edu;0;6;1790000000
"""
            ),
            id="moodle",
        ),
        pytest.param(
            "blackboard",
            BLACKBOARD,
            {"delimiter": "\t", "encoding": "utf-16"},
            grid(
                """
Last Name;First Name;Username;Student ID;Sorting [Total Pts: 10 Score] |101;\
Trees [Total Pts: 10 Score] |102
Lovelace;Ada;ada;00711;7.5;7.25
Bartók, Jr.;Béla;bela;00712;0;Needs Grading
"""
            ),
            id="blackboard",
        ),
        pytest.param(
            "brightspace",
            BRIGHTSPACE,
            {"encoding": "utf-8-sig"},
            grid(
                """
OrgDefinedId;Username;sorting Points Grade <Numeric MaxPoints:10 Weight:50>;\
trees Points Grade <Numeric MaxPoints:10>;End-of-Line Indicator
#00711;#ada;7.5;7.25;#
#00712;#bela;0;6;#
"""
            ),
            id="brightspace",
        ),
    ],
)
def test_marks_are_filled_into_the_platforms_own_file(
    course, tmp_path, platform, there, form, wanted
):
    """Rows that change, the identifying columns and ours, in the file's own form; nothing else."""
    source, to = exported(tmp_path, there, **form), tmp_path / "import.csv"
    run(course, platform, "--from", source, "--to", to, code=1)
    assert table(to, **form) == wanted


@pytest.mark.parametrize(
    ("platform", "form", "wanted"),
    [
        pytest.param(
            "canvas",
            {},
            grid(
                """
Student;ID;SIS User ID;SIS Login ID;Section;sorting;trees
    Points Possible;;;;;10;10
Lovelace, Ada;;00711;ada;;7.5;7.25
Bartók, Jr., Béla;;00712;bela;;0;6
"""
            ),
            id="canvas",
        ),
        pytest.param(
            "moodle",
            {},
            grid(
                """
First name;Last name;ID number;Username;Email address;sorting;trees
Ada;Lovelace;00711;ada;Ada@example.edu;7.5;7.25
Béla;Bartók, Jr.;00712;bela;bela@example.edu;0;6
"""
            ),
            id="moodle",
        ),
        pytest.param(
            "blackboard",
            {"delimiter": "\t", "encoding": "utf-16"},
            grid(
                """
Last Name;First Name;Username;Student ID;sorting;trees
Lovelace;Ada;ada;00711;7.5;7.25
Bartók, Jr.;Béla;bela;00712;0;6
"""
            ),
            id="blackboard",
        ),
        pytest.param(
            "brightspace",
            {},
            grid(
                """
OrgDefinedId;Username;sorting Points Grade <Numeric MaxPoints:10>;\
trees Points Grade <Numeric MaxPoints:10>;End-of-Line Indicator
#00711;#ada;7.5;7.25;#
#00712;#bela;0;6;#
"""
            ),
            id="brightspace",
        ),
    ],
)
def test_a_new_file_has_the_platforms_columns(course, tmp_path, platform, form, wanted):
    """A row for each student with a mark; chen's waits for points by hand, dora has none."""
    to = tmp_path / "import.csv"
    run(course, platform, "--to", to, code=1)
    assert table(to, **form) == wanted


def test_a_withheld_mark_stays_empty_and_takes_none_away(course, tmp_path):
    """Neither a zero nor an empty cell over what the platform shows."""
    withhold(course, "bela", "sorting")
    said = run(course, "canvas", "--dry-run", code=1)
    assert "bela, sorting: left empty: withheld" in said
    rows = [list(row) for row in CANVAS]
    rows[4][5] = "9"
    to = tmp_path / "import.csv"
    said = run(course, "canvas", "--from", exported(tmp_path, rows), "--to", to, code=1)
    assert "bela, sorting: 9 stays on Canvas: withheld" in said
    assert "chen, sorting: 4 stays on Canvas: waits for points by hand" in said
    assert table(to)[3] == ["Bartók, Jr., Béla", "5002", "00712", "BELA", "S1", "9", "6"]


def test_a_mark_that_was_given_on_the_platform_stays(course, tmp_path):
    """Until it is asked to be overwritten; text in its place, such as “excused”, likewise."""
    rows = [list(row) for row in CANVAS]
    rows[3][5], rows[4][5] = "9,5", "EX"
    source, to = exported(tmp_path, rows), tmp_path / "import.csv"
    said = run(course, "canvas", "--from", source, "--to", to, code=1)
    assert "ada, sorting: 9,5 stays on Canvas, not 7.5: given on the platform, not by us" in said
    assert "bela, sorting: EX stays on Canvas, not 0" in said
    assert [row[5:] for row in table(to)[2:]] == [["EX", "6"]]
    run(course, "canvas", "--from", source, "--to", to, "--overwrite", code=1)
    assert [row[5:] for row in table(to)[2:]] == [["7.5", "7.25"], ["0", "6"]]


def test_a_mark_that_an_earlier_file_wrote_is_replaced(course, tmp_path):
    """What the platform has of us is ours, be it one file old or two; a dry run notes nothing."""
    source, to = exported(tmp_path, CANVAS), tmp_path / "import.csv"
    run(course, "canvas", "--from", source, "--dry-run", code=1)
    assert marks_written(course.database, "canvas") == {}
    run(course, "canvas", "--from", source, "--to", to, code=1)
    assert marks_written(course.database, "canvas")["ada", "trees"] == [7.25]
    with NbgraderBook(course.database, course.course_id) as book:
        put(book, "ada", "sorting", a=(1.0, 4.0, 0.0))
    rows = [list(row) for row in CANVAS]
    rows[3][5] = "7.50"
    source = exported(tmp_path, rows)
    said = run(course, "canvas", "--from", source, "--to", to, code=1)
    assert "ada, sorting: 7.50 → 5.5" in said
    with NbgraderBook(course.database, course.course_id) as book:
        put(book, "ada", "sorting", a=(1.0, 3.0, 0.0))
    said = run(course, "canvas", "--from", source, "--to", to, code=1)
    assert "ada, sorting: 7.50 → 4.5" in said
    rows[3][5] = "6.5"  # Nobody but an instructor there can have written this.
    source = exported(tmp_path, rows)
    assert "6.5 stays on Canvas" in run(course, "canvas", "--from", source, "--dry-run", code=1)
    assert marks_written(course.database, "moodle") == {}


def test_a_dry_run_tells_everything_and_writes_nothing(course, tmp_path):
    """Changes, both sides' unmatched people, and what has no column."""
    to = tmp_path / "import.csv"
    rows = [row[:5] + row[6:] for row in CANVAS]
    source = exported(tmp_path, rows)
    said = run(course, "canvas", "--from", source, "--to", to, "--dry-run", code=1)
    assert not to.exists()
    assert "sorting: no column there" in said
    assert "bela, trees: no mark → 6" in said
    assert "not on Canvas: dora: nobody there has the login name dora" in said
    assert "only on Canvas: Student, Test · 5009 · a1b2c3: no student has this login name" in said
    assert "1 marks would change, 1 are there already" in said


def test_the_json_follows_its_schema(course, tmp_path):
    """`--json` has the same facts for programs."""
    source = exported(tmp_path, CANVAS)
    told = json.loads(run(course, "canvas", "--from", source, "--dry-run", "--json", code=1))
    assert faults("lms", told) == []
    assert told["changes"][0] == {"student": "ada", "item": "sorting", "before": "", "after": "7.5"}
    assert set(told["students"]) == {"dora"}


@pytest.mark.parametrize(
    ("by", "column", "value"),
    [
        pytest.param("email", "Email address", "ADA@EXAMPLE.EDU", id="case"),
        pytest.param("number", "ID number", " 00711 ", id="blanks"),
        pytest.param("login", "Username", "ada", id="login"),
    ],
)
def test_students_are_matched_by_what_is_asked_for(course, tmp_path, by, column, value):
    """Case and blanks around it do not matter."""
    rows = [[column, "sorting"], [value, ""]]
    to = tmp_path / "import.csv"
    chosen = ("--match", by, "--assignment", "sorting")
    run(course, "moodle", "--from", exported(tmp_path, rows), "--to", to, *chosen, code=1)
    assert table(to)[1][1] == "7.5"


def test_the_identifying_column_may_have_another_title(course, tmp_path):
    """As in other languages; a column that another platform calculates is no column of marks."""
    rows = [["Vorname", "E-Mail-Adresse", "Aufgabe: trees (Punkte)"]]
    rows += [["Ada", "ada@example.edu", "-"]]
    to = tmp_path / "import.csv"
    source, only = exported(tmp_path, rows), ("--assignment", "trees")
    said = run(course, "moodle", "--from", source, "--to", to, *only, code=2)
    assert "no column “Email address”" in said
    run(course, "moodle", "--from", source, "--to", to, *only, "--key", "E-Mail-Adresse", code=1)
    assert table(to) == [["E-Mail-Adresse", rows[0][2]], ["ada@example.edu", "7.25"]]


def test_a_cell_without_a_mark_of_ours_stays_what_it_is(course, tmp_path):
    """Moodle's dash, a number below zero, an excuse: nothing of it becomes another text."""
    with NbgraderBook(course.database, course.course_id) as book:
        book.remove_submission("trees", "ada")
        book.remove_submission("trees", "bela")
    rows = [["Email address", "sorting", "trees"]]
    rows += [["ada@example.edu", "-", "-"], ["bela@example.edu", "-", "-2.5"]]
    to = tmp_path / "import.csv"
    with NbgraderBook(course.database, course.course_id) as book:
        put(book, "dora", "trees", a=(1.0, None, None), b=(1.0, None, None))
    run(course, "moodle", "--from", exported(tmp_path, rows), "--to", to, code=1)
    assert table(to)[1:] == [["ada@example.edu", "7.5", ""], ["bela@example.edu", "0", "-2.5"]]


def test_the_coding_of_accents_does_not_matter(course, tmp_path):
    """A name from macOS has its accents apart."""
    name = "bélá"
    with NbgraderBook(course.database, course.course_id) as book:
        book.add_student(unicodedata.normalize("NFD", name))
        put(
            book,
            unicodedata.normalize("NFD", name),
            "trees",
            a=(1.0,) * 2 + (0.0,),
            b=(1.0, 1.0, 0.0),
        )
    rows = [["Username", "trees"], [unicodedata.normalize("NFC", name), ""]]
    to = tmp_path / "import.csv"
    chosen = ("--match", "login", "--assignment", "trees")
    run(course, "moodle", "--from", exported(tmp_path, rows), "--to", to, *chosen, code=1)
    assert table(to)[1:] == [[name, "2"]]


def test_who_is_not_one_person_on_both_sides_is_nobody(course, tmp_path):
    """Two rows or two students with one address: neither gets the other's mark."""
    with NbgraderBook(course.database, course.course_id) as book:
        book.update_or_create_student("dora", email="bela@example.edu")
    rows = [["Email address", "trees"]]
    rows += [["ada@example.edu", ""], ["ada@example.edu ", ""], ["bela@example.edu", ""]]
    source, to = exported(tmp_path, rows), tmp_path / "import.csv"
    chosen = ("--assignment", "trees")
    said = run(course, "moodle", "--from", source, "--to", to, *chosen, code=1)
    assert "ada: several entries there have the e-mail address ada@example.edu" in said
    assert "bela: several students have the same e-mail address: bela, dora" in said
    assert table(to) == [["Email address", "trees"]]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_no_cell_of_a_file_is_a_formula(course, tmp_path, start):
    """Names become text; a row whose identifier would have to be changed is left out, and told."""
    evil = f'{start}HYPERLINK("http://x")'
    with NbgraderBook(course.database, course.course_id) as book:
        book.update_or_create_student("ada", last_name=evil, first_name="")
        book.update_or_create_student("bela", email=evil)
    to = tmp_path / "import.csv"
    said = run(course, "moodle", "--to", to, code=1)
    written = table(to)
    assert [row[1] for row in written[1:]] == ["'" + evil]
    assert "bela: its e-mail address begins like a formula" in said
    rows = [["First name", "ID number", "Email address", "trees"]]
    rows += [[evil, "1", "ada@example.edu", ""], ["Béla", evil, "bela@example.edu", ""]]
    with NbgraderBook(course.database, course.course_id) as book:
        book.update_or_create_student("bela", email="bela@example.edu")
    source = exported(tmp_path, rows)
    said = run(course, "moodle", "--from", source, "--to", to, "--assignment", "trees", code=1)
    assert table(to)[1:] == [["'" + evil, "1", "ada@example.edu", "7.25"]]
    assert "bela: its row there has a cell that begins like a formula" in said


def test_other_points_are_refused_or_converted(course, tmp_path):
    """7.25 of 10 would be a bad mark of 100."""
    rows = [list(row) for row in CANVAS]
    rows[2][6] = "100"
    rows[3][6] = ""
    source, to = exported(tmp_path, rows), tmp_path / "import.csv"
    said = run(course, "canvas", "--from", source, "--to", to, code=2)
    assert "trees has 10 points, “Trees (902)” has 100" in said
    run(course, "canvas", "--from", source, "--to", to, "--scale", code=1)
    assert [row[6] for row in table(to)[1:]] == ["100", "72.5", "60"]


def test_a_column_is_named_where_it_has_another_title(course, tmp_path):
    """By its title or its number; two columns of the same title are never guessed from."""
    rows = [list(row) for row in CANVAS]
    rows[0][6], rows[0][7] = "Bäume (902)", "Sorting (903)"
    source, to = exported(tmp_path, rows), tmp_path / "import.csv"
    assert "several columns" in run(course, "canvas", "--from", source, "--dry-run", code=2)
    columns = ("--column", "trees=bäume", "--column", "sorting=901")
    run(course, "canvas", "--from", source, "--to", to, *columns, code=1)
    assert table(to)[0][5:] == ["sorting (901)", "Bäume (902)"]
    columns = ("--column", "trees=901", "--column", "sorting=901")
    assert "same column" in run(course, "canvas", "--from", source, *columns, "--dry-run", code=2)
    said = run(course, "canvas", "--from", source, "--column", "tree=1", "--dry-run", code=2)
    assert "no such column of marks; there is: sorting, trees" in said


def test_each_notebook_can_have_a_column(course, tmp_path):
    """They are called by both names."""
    to = tmp_path / "import.csv"
    run(course, "moodle", "--to", to, "--notebooks", "--assignment", "trees")
    assert table(to)[0][5:] == ["trees/one"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "no header with columns", id="empty"),
        pytest.param(b"PK\x03\x04\x00\x00", "no table", id="excel"),
        pytest.param("Student,ID\nB\xe9la,1\n".encode("latin-1"), "neither UTF-8 nor", id="latin"),
        pytest.param(b"Student\nAda\n", "no header with columns", id="one-column"),
        pytest.param(b"Student,ID\nAda,1,2\n", "row 2 has 3 cells, the header 2", id="ragged"),
        pytest.param(b'Student,ID\n"Ada,1\n', "no table", id="open-quote"),
        pytest.param(b"Name,sorting\nAda,1\n", "no column “SIS Login ID”", id="no-identifier"),
    ],
)
def test_a_file_that_is_no_gradebook_is_named(course, tmp_path, content, words):
    """With the remedy."""
    source = tmp_path / "exported.csv"
    source.write_bytes(content)
    said = run(course, "canvas", "--from", source, "--dry-run", code=2)
    assert words in said
    assert "export" in said


def test_the_platforms_own_file_is_not_replaced(course, tmp_path):
    """It is what tells our marks from those that others gave."""
    source = exported(tmp_path, CANVAS)
    said = run(course, "canvas", "--from", source, "--to", source, code=2)
    assert "would replace the platform's own file" in said
    assert "--to FILE" in run(course, "canvas", code=2)


def test_a_forgotten_student_leaves_no_written_mark(course, tmp_path):
    """`forget` removes what was noted about files, too."""
    run(course, "moodle", "--to", tmp_path / "import.csv", code=1)
    assert ("ada", "trees") in marks_written(course.database, "moodle")
    arguments = ["forget", "ada", "--yes", "--course", str(course.root)]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    assert {student for student, _ in marks_written(course.database, "moodle")} == {"bela"}
