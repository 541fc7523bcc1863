"""A class in which everybody but the honest hands in something bad, graded in one run.

Between any two bad submissions stands an honest one, which must get full marks whatever its
neighbours do. The bad ones hand in a file that is no notebook, a notebook with cells tampered with,
or an exercise (`hidden_input`, 3 of 15 points) that goes wrong in its own way.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.authoring import samples
from autograder.course.lab import Lab
from autograder.course.model import Course
from autograder.course.notebook import grade_id_of, nbgrader_metadata

from .conftest import autograder, copy_of, lab_named, set_limits

FULL, WITHOUT = 15.0, 12.0
"""Points of the notebook, with and without the exercise."""
CELL, TESTS = "hidden_input", "test_hidden_input"
Content = dict[str, Any]

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Bad:
    """One bad submission, and what grading must make of it."""

    name: str
    write: Callable[[Lab, Path], None]
    status: str = "graded"
    score: float = 0.0
    verdict: str = ""
    """Of the checks of the exercise; not looked at where empty."""
    words: str = ""
    """In the one line that says why."""


# Files -------------------------------------------------------------------------------------------


def bytes_of(data: bytes) -> Callable[[Lab, Path], None]:
    """A file with these bytes."""
    return lambda lab, path: path.write_bytes(data) and None


def version(major: int, minor: int) -> Callable[[Lab, Path], None]:
    """A right notebook that says it is of another version of the format."""

    def write(lab: Lab, path: Path) -> None:
        content = right(lab)
        content["nbformat"], content["nbformat_minor"] = major, minor
        path.write_text(json.dumps(content))

    return write


def large(lab: Lab, path: Path) -> None:
    """A right notebook, blown up to 30 MB by blanks."""
    path.write_text(json.dumps(right(lab)))
    with path.open("ab") as file:
        file.write(b" " * 30_000_000)


def link(lab: Lab, path: Path) -> None:
    """A symbolic link to somebody else's right notebook."""
    path.symlink_to(path.parents[2] / "s00" / lab.assignment / path.name)


def second_name(lab: Lab, path: Path) -> None:
    """A hard link to a right notebook elsewhere."""
    other = path.with_name("other.txt")
    other.write_text(json.dumps(right(lab)))
    os.link(other, path)


def renamed(lab: Lab, path: Path) -> None:
    """A right notebook under another name."""
    path.with_name("multilayer-final (2).ipynb").write_text(json.dumps(right(lab)))


def no_folder(lab: Lab, path: Path) -> None:
    """A file where the assignment's folder should be."""
    path.parent.rmdir()
    path.parent.write_text("here it is")


FILES = [
    Bad("text", bytes_of(b"my answers: 1, 2, 3"), "unreadable", words="not JSON"),
    Bad("cut-short", bytes_of(b'{"cells": [{"cell_'), "unreadable", words="not JSON"),
    Bad("latin-1", bytes_of('{"cells": "é"}'.encode("latin-1")), "unreadable", words="not UTF-8"),
    Bad("binary", bytes_of(bytes(range(256)) * 9), "unreadable", words="not UTF-8"),
    Bad("no-notebook", bytes_of(b'{"a": 1}'), "unreadable", words="not a Jupyter notebook"),
    Bad("number", bytes_of(b"5"), "unreadable", words="not a Jupyter notebook"),
    Bad("deep", bytes_of(b"[" * 200_000), "unreadable", words="nested too deeply"),
    Bad(
        "no-cells",
        bytes_of(b'{"nbformat": 4, "nbformat_minor": 5, "cells": 7}'),
        "unreadable",
        words="no list of cells",
    ),
    Bad("format-3", version(3, 0), "unreadable", words="old format"),
    Bad("format-5", version(5, 0), "unreadable", words="newer format"),
    Bad("format-4-9", version(4, 9), "unreadable", words="newer format"),
    Bad("large", large, "unreadable", words="at most 20 MiB"),
    Bad("empty", bytes_of(b""), "unreadable", words="empty"),
    Bad("folder", lambda lab, path: path.mkdir(), "unreadable", words="it is a folder"),
    Bad("symlink", link, "unreadable", words="symbolic link"),
    Bad("hard-link", second_name, "unreadable", words="hard link"),
    Bad("fifo", lambda lab, path: os.mkfifo(path), "unreadable", words="a pipe"),
    Bad("renamed", renamed, score=FULL),
    Bad("no-folder", no_folder, "unreadable", words="a file lies where a folder is expected"),
]


# Cells -------------------------------------------------------------------------------------------


def right(lab: Lab) -> Content:
    """The content of a right notebook."""
    content: Content = json.loads(samples.notebook(lab, samples.solutions(lab)))
    return content


def changed(change: Callable[[list[Content]], list[Content] | None]) -> Callable[..., None]:
    """A right notebook whose list of cells is changed, in place or by what is returned."""

    def write(lab: Lab, path: Path) -> None:
        content = right(lab)
        cells = change(content["cells"])
        content["cells"] = content["cells"] if cells is None else cells
        path.write_text(json.dumps(content))

    return write


def each(change: Callable[[Content], object]) -> Callable[..., None]:
    """A right notebook, every cell of nbgrader's changed."""

    def change_all(cells: list[Content]) -> None:
        for cell in cells:
            if grade_id_of(cell):
                change(cell)

    return changed(change_all)


def duplicated(cells: list[Content]) -> list[Content]:
    """Every cell twice; the second solutions are wrong."""
    again = json.loads(json.dumps(cells))
    for cell in again:
        if nbgrader_metadata(cell).get("solution"):
            cell["source"] = "def hidden_input(*args):\n    return 0\nforward = None\n"
    return cells + again


def rewritten_given(cell: Content) -> None:
    """Locked cells replaced by the student's own, which are wrong."""
    if cell["metadata"]["nbgrader"]["locked"]:
        cell["source"] = "np = None\ndef sigmoid(h):\n    return 7\nraise SystemExit"


CELLS = [
    Bad(
        "solution-deleted",
        changed(lambda cells: [cell for cell in cells if grade_id_of(cell) not in (CELL, TESTS)]),
        score=WITHOUT,
        verdict="FAILED",
        words="no function named `hidden_input`",
    ),
    Bad(
        "all-else-deleted",
        changed(lambda cells: [c for c in cells if nbgrader_metadata(c).get("solution")]),
        score=FULL,
    ),
    Bad("duplicated", changed(duplicated), score=FULL),
    Bad("moved", changed(lambda cells: cells[::-1]), score=FULL),
    Bad("retyped", each(lambda cell: cell.update(cell_type="markdown")), score=FULL),
    Bad("raw", each(lambda cell: cell.update(cell_type="raw")), score=FULL),
    Bad("points", each(lambda c: c["metadata"]["nbgrader"].update(points=1000)), score=FULL),
    Bad("negative", each(lambda c: c["metadata"]["nbgrader"].update(points=-5)), score=FULL),
    Bad(
        "tags",
        each(lambda c: c["metadata"].update(tags=["skip-execution", "demonstration"])),
        score=FULL,
    ),
    Bad("schema", each(lambda c: c["metadata"]["nbgrader"].update(schema_version=99)), score=FULL),
    Bad(
        "unlocked",
        each(lambda c: c["metadata"]["nbgrader"].update(locked=False, grade=False, solution=True)),
        score=FULL,
    ),
    Bad("own-metadata", each(lambda c: c["metadata"].update(nbgrader="mine")), score=FULL),
    Bad("no-metadata", each(lambda c: c.update(metadata=[])), score=FULL),
    Bad("given-rewritten", each(rewritten_given), score=FULL),
    Bad("extra-junk", changed(lambda cells: [None, 5, *cells, {"cell_type": 3}]), score=FULL),
    Bad(
        "untouched",
        lambda lab, path: path.write_bytes(lab.release.read_bytes()) and None,
        verdict="NOT_DONE",
        words="You have added nothing to its cell.",
    ),
]


# Code --------------------------------------------------------------------------------------------


def code(source: str) -> Callable[..., None]:
    """A right notebook but for the exercise, which has this source."""

    def write(lab: Lab, path: Path) -> None:
        path.write_bytes(samples.notebook(lab, {**samples.solutions(lab), CELL: source}))

    return write


def body(*lines: str) -> Callable[..., None]:
    """A right notebook but for the function's body."""
    return code("def hidden_input(x, weights):\n" + "".join(f"    {line}\n" for line in lines))


def graded(name: str, write: Callable[..., None], verdict: str, words: str = "") -> Bad:
    """A submission that loses the exercise and nothing else."""
    score = FULL if verdict == "PASSED" else WITHOUT
    return Bad(name, write, score=score, verdict=verdict, words=words)


CODE = [
    graded("missing", code("answer = 42"), "FAILED", "no function named `hidden_input`"),
    graded("uncallable", code("hidden_input = 5"), "FAILED", "not a function"),
    graded("few-arguments", code("def hidden_input(x):\n    return x"), "RAISED", "fewer arg"),
    graded(
        "many-arguments", code("def hidden_input(a, b, c):\n    return a"), "RAISED", "more arg"
    ),
    graded("exception", body("raise ValueError('17.5')"), "RAISED", "raises ValueError: a value"),
    graded(
        "own-exception", body("raise type('Mine', (Exception,), {})"), "RAISED", "raises `Mine`"
    ),
    graded("division", body("return 1 / 0"), "RAISED", "ZeroDivisionError"),
    graded("syntax", code("def hidden_input(x, weights)\n    return 1"), "RAISED", "SyntaxError"),
    graded(
        "stderr",
        body(
            "import sys, warnings",
            "warnings.warn('careful')",
            "print('careful', file=sys.stderr)",
            "return np.dot(x, weights)",
        ),
        "PASSED",
    ),
    graded(
        "flood",
        body("for _ in range(20_000):", "    print('x' * 200)", "return np.dot(x, weights)"),
        "PASSED",
    ),
    graded(
        "flood-in-cell",
        code(
            "for _ in range(100_000):\n    print('x' * 200)\n"
            "def hidden_input(x, weights):\n    return np.dot(x, weights)\n"
        ),
        "PASSED",
    ),
    graded("nan", body("return np.dot(x, weights) * np.nan"), "FAILED", "NaN"),
    graded("inf", body("return np.dot(x, weights) + np.inf"), "FAILED", "infinity"),
    graded("column", body("return np.dot(x, weights)[:, None]"), "FAILED", "column"),
    graded("scalar", body("return 1.5"), "FAILED", "one number"),
    graded("string", body("return 'half'"), "FAILED", "text"),
    graded("none", body("np.dot(x, weights)"), "FAILED", "returns None"),
    graded("complex", body("return np.dot(x, weights) + 1j"), "FAILED", "complex"),
    graded("real-complex", body("return np.dot(x, weights) + 0j"), "PASSED"),
    graded("function", body("return lambda: 1"), "FAILED", "not numbers"),
    graded("ragged", body("return [[1.0], [2.0, 3.0]]"), "FAILED", "different shapes"),
    graded(
        "changes-argument",
        body("h = np.dot(x, weights)", "x *= 2", "return h"),
        "FAILED",
        "changed in place",
    ),
    graded("endless", body("while True:", "    pass"), "TIMED_OUT", "endless loop"),
    graded(
        "stubborn",
        body(
            "while True:",
            "    try:",
            "        while True: pass",
            "    except BaseException: pass",
        ),
        "TIMED_OUT",
        "endless loop",
    ),
    graded(
        "endless-cell",
        code("while True:\n    pass\ndef hidden_input(): pass"),
        "TIMED_OUT",
        "takes too long",
    ),
    graded("exits", body("import os", "os._exit(0)"), "RAISED", "ended the whole Python process"),
    graded("exits-in-cell", code("def hidden_input(): pass\nimport os\nos._exit(0)"), "FORBIDDEN"),
    graded("sys-exit", body("import sys", "sys.exit(0)"), "RAISED", "SystemExit"),
    graded("recursion", body("return hidden_input(x, weights)"), "RAISED", "without end"),
    graded("memory", body("return np.ones(2_000_000_000)"), "OUT_OF_MEMORY", "more memory"),
    graded(
        "package",
        code("import a_package_that_is_not_there\ndef hidden_input(x, weights):\n    return 0"),
        "RAISED",
        "a_package_that_is_not_there",
    ),
    graded("not-done", body("raise NotImplementedError"), "NOT_DONE", "raises NotImpl"),
]
CLASS = {f"s{number:02}-{bad.name}": bad for number, bad in enumerate(FILES + CELLS + CODE)}
HONEST = [f"s{number:02}" for number in range(len(CLASS))]
"""By name, and so in the order of grading, an honest student stands before each bad one."""
every_bad = pytest.mark.parametrize("student", CLASS)


@pytest.fixture(scope="module")
def mixed_class(built, tmp_path_factory) -> Course:
    """The class handed in: honest and bad students by turns."""
    course = copy_of(built, tmp_path_factory.mktemp("bad") / "course")
    set_limits(course, call_wall_s=2.0, cell_wall_s=3.0, submission_wall_s=20.0)
    course = Course.load(course.root)
    lab = lab_named(course, "multilayer")
    honest = json.dumps(right(lab)).encode()
    for student in (*HONEST, *CLASS):
        folder = course.root / "submitted" / student / lab.assignment
        folder.mkdir(parents=True)
        path = folder / "multilayer.ipynb"
        if student in CLASS:
            CLASS[student].write(lab, path)
        else:
            path.write_bytes(honest)
    return course


@pytest.fixture(scope="module")
def run(mixed_class):
    """The class graded by one command."""
    ran = autograder("grade", "multilayer_perceptrons", "--json", course=mixed_class.root)
    assert ran.code in (0, 1), ran.err
    return ran


@pytest.fixture(scope="module")
def reports(run) -> dict[str, Content]:
    """The reports by student."""
    return {report["student"]: report for report in run.json["reports"]}


def reason_of(report: Content) -> str:
    """The one line that says why points are missing: of the file, or of the exercise."""
    if report["reason"]:
        return str(report["reason"])
    wrong = [check for check in report["checks"] if check["verdict"] != "PASSED"]
    return str(wrong[0]["message"]) if wrong else ""


def test_everybody_gets_a_report(reports, run):
    """The class is graded to its end, and files that cannot be read need a person."""
    assert set(reports) == {*HONEST, *CLASS}
    assert run.json["graded"] == len(reports)
    assert run.code == 1


def test_honest_students_get_full_marks(reports):
    """Nothing that the others hand in costs an honest student anything."""
    assert [s for s in HONEST if reports[s]["score"] != FULL or reports[s]["notes"]] == []


@every_bad
def test_status_and_score(reports, student):
    """Every bad submission has its status, and exactly the points of what is right in it."""
    bad, report = CLASS[student], reports[student]
    assert (report["status"], report["score"]) == (bad.status, bad.score), reason_of(report)


@every_bad
def test_verdict(reports, student):
    """The exercise has the verdict that fits; without a readable file there is none."""
    bad, report = CLASS[student], reports[student]
    verdicts = {c["verdict"] for c in report["checks"] if c["grade_cell"] == TESTS}
    if bad.status != "graded":
        assert report["checks"] == []
    elif bad.verdict:
        assert verdicts == {bad.verdict}
    else:
        assert verdicts == {"PASSED"}


@every_bad
def test_one_clear_line_says_why(reports, student):
    """Whoever loses points is told why in one line, in words."""
    bad, report = CLASS[student], reports[student]
    reason = reason_of(report)
    assert bad.words in reason
    assert bool(reason) == (report["score"] < FULL)
    assert len(reason.splitlines()) <= 1
    assert len(reason) < 300
    assert "Traceback" not in reason


def test_gradebook_has_everybody(mixed_class, reports):
    """Every submission is in the gradebook with its score, and no mark is withheld."""
    from nbgrader.api import Gradebook

    with Gradebook(mixed_class.database, mixed_class.course_id) as book:
        found = {
            submission.student.id: submission.score
            for submission in book.assignment_submissions("multilayer_perceptrons")
        }
    assert found == {student: report["score"] for student, report in reports.items()}


def test_pages_and_copies_are_there(mixed_class, reports):
    """Even an unreadable submission has a feedback page with its reason, and a graded copy."""
    for student, report in reports.items():
        place = f"{student}/multilayer_perceptrons/multilayer"
        assert (mixed_class.root / "autograded" / f"{place}.ipynb").is_file()
        page = (mixed_class.root / "feedback" / f"{place}.html").read_text(encoding="utf-8")
        if report["status"] != "graded":
            assert report["reason"].split(";")[0] in page


def test_people_are_told_line_by_line(mixed_class, reports, run):
    """A further run grades nothing, and lists everybody who needs a person, one line each."""
    ran = autograder("grade", "multilayer_perceptrons", course=mixed_class.root)
    lines = [line for line in ran.err.splitlines() if line.startswith("needs review: ")]
    asked = [line.removeprefix("needs review: ").split(",")[0] for line in lines]
    assert "graded 0" in ran.out
    assert sorted(asked) == [s for s in sorted(reports) if reports[s]["status"] == "unreadable"]
    assert ran.code == 1


def test_wrong_code_alone_needs_nobody(mixed_class, run):
    """A submission that is only wrong is graded, and the exit code is 0."""
    student = next(name for name in CLASS if name.endswith("-exits"))
    ran = autograder("grade", "--student", student, "--force", "--json", course=mixed_class.root)
    assert (ran.code, ran.json["graded"]) == (0, 1)
