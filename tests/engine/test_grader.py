"""One submission to one report: what each way of handing in the toy notebook is worth."""

import json

import pytest
import toy

from autograder.feedback import feedback_text
from autograder.report import Status, Verdict

DEF = "def fold(function, start, steps): "
WRONG_AREA = "def area(sides):\n    return sides[0] * sides[1] / 2\n"


def verdicts(report):
    """The verdicts by check."""
    return {check.name: str(check.verdict) for check in report.checks}


def remove(*grade_ids):
    """A change that deletes cells."""
    return lambda content: [content["cells"].remove(toy.cell_of(content, g)) for g in grade_ids]


def edit(grade_id, /, **fields):
    """A change of one cell's fields."""
    return lambda content: toy.cell_of(content, grade_id).update(fields)


def relabel(grade_id, /, **fields):
    """A change of one cell's nbgrader metadata."""
    return lambda content: toy.cell_of(content, grade_id)["metadata"]["nbgrader"].update(fields)


def append(*cells):
    """A change that adds cells at the end."""
    return lambda content: content["cells"].extend(
        {**c, "id": f"x{n}"} for n, c in enumerate(cells)
    )


def insert(place, *cells):
    """A change that adds cells somewhere."""
    return lambda content: content["cells"].__setitem__(slice(place, place), list(cells))


def reverse(content):
    """All cells in the opposite order."""
    content["cells"].reverse()


def everywhere(content):
    """Hostile metadata in every cell and in the notebook."""
    for cell in content["cells"]:
        cell["metadata"]["tags"] = ["skip-execution", "raises-exception", "demonstration"]
        cell["outputs"] = [{"output_type": "hostile"}]
    content["metadata"] = {"kernelspec": {"name": "bash"}}


def test_the_right_solution_has_full_marks(mark):
    """The master's own solution passes every check."""
    report = mark(toy.solved())
    assert (report.status, report.score, report.max_score) == (Status.GRADED, 10.0, 10.0)
    assert type(report.score) is float
    assert len(report.checks) == 5
    assert (report.assignment, report.notebook, report.seed) == ("toys", "shapes", 7)


def test_the_student_version_is_not_done(mark):
    """As released, every check is NOT_DONE and the score is 0."""
    report = mark()
    assert set(verdicts(report).values()) == {"NOT_DONE"}
    assert report.score == 0.0
    assert not report.withheld


def test_comments_and_blank_lines_do_not_make_work(mark, toy_lab):
    """A stub with a comment added is still not done."""
    report = mark({"area": toy_lab.stubs["area"] + "\n\n# I will do this later\n"})
    assert verdicts(report)["test_right_angle"] == "NOT_DONE"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(remove("imports"), id="imports-lost"),
        pytest.param(remove("show"), id="demonstration-lost"),
        pytest.param(remove(*toy.POINTS), id="tests-lost"),
        pytest.param(reverse, id="reversed"),
        pytest.param(everywhere, id="hostile-metadata"),
        pytest.param(edit("imports", source="raise SystemExit"), id="imports-changed"),
        pytest.param(edit("test_area", source="import os; os._exit(1)"), id="tests-changed"),
        pytest.param(edit("area", cell_type="markdown"), id="solution-retyped"),
        pytest.param(edit("test_area", cell_type="raw"), id="tests-retyped"),
        pytest.param(relabel("test_area", points=0), id="points-taken"),
        pytest.param(relabel("test_area", points=1e9), id="points-added"),
        pytest.param(relabel("area", solution=False, grade=True, locked=True), id="flags"),
        pytest.param(relabel("area", schema_version=99), id="schema-version"),
        pytest.param(append(toy.solution("area", WRONG_AREA)), id="duplicated-afterwards"),
        pytest.param(append(toy.graded("test_area")), id="tests-duplicated"),
        pytest.param(append(toy.code("1 / 0")), id="cell-that-raises"),
        pytest.param(append(toy.code("def more(: pass")), id="cell-that-does-not-parse"),
        pytest.param(append(toy.code("'\ud800'")), id="half-a-character"),
        pytest.param(append(toy.code("\0")), id="null-character"),
        pytest.param(append(toy.code("-" * 100_000 + "1")), id="source-nested-deeply"),
        pytest.param(append(toy.text("# Notes")), id="text"),
        pytest.param(append(toy.code("expected, tol = 1, 1e99")), id="names-of-tests"),
        pytest.param(insert(0, toy.code("%%time\nx = 1")), id="magic-first"),
        pytest.param(insert(0, toy.code("import os; os._exit(0)")), id="process-ended-first"),
    ],
)
def test_nothing_around_the_solutions_changes_the_mark(mark, change):
    """Right solutions have full marks whatever happened to the other cells."""
    report = mark(toy.solved(), change)
    assert report.score == report.max_score == 10.0


def test_locked_cells_run_as_the_master_has_them(mark):
    """A changed import cell does not change what the functions see."""
    report = mark(toy.solved(), edit("imports", source="CORNERS = None\nimport math as np"))
    assert report.score == 10.0


def test_a_second_cell_with_the_same_grade_id_counts_too(mark):
    """A right cell that was pasted below a wrong one is run, and earns the points."""
    report = mark({**toy.solved(), "area": WRONG_AREA}, append(toy.solution("area", toy.AREA)))
    assert report.score == 10.0


def test_a_deleted_solution_costs_its_own_points(mark):
    """Without the solution cell its function is missing, and only its points are lost."""
    report = mark(toy.solved(), remove("fold"))
    assert verdicts(report)["test_steps"] == "FAILED"
    assert report.score == 8.0


def test_an_early_slip_costs_once(mark):
    """A function that builds on a wrong one earns its points, and the student is told why."""
    report = mark({**toy.solved(), "area": WRONG_AREA})
    [stretched] = [check for check in report.checks if check.name == "test_stretched"]
    assert stretched.verdict is Verdict.PASSED
    assert "earlier exercise" in stretched.message
    assert report.score == 8.0


def test_an_early_endless_loop_costs_once(mark):
    """An early function that never returns does not take the later one with it."""
    report = mark({**toy.solved(), "area": "def area(sides):\n    while True: pass\n"})
    assert verdicts(report)["test_right_angle"] == "TIMED_OUT"
    assert report.score == 7.0


def test_a_later_slip_is_not_excused(mark):
    """A wrong later function stays wrong with the right earlier one."""
    wrong = "def scale(points, factor):\n    return points, area([3, 4, 5])\n"
    report = mark({**toy.solved(), "scale": wrong, "area": WRONG_AREA})
    assert verdicts(report)["test_stretched"] == "FAILED"


def test_a_misconception_is_named_with_its_place(mark):
    """A catalogued mistake is named on the checks that it fails, with words and hints."""
    report = mark({**toy.solved(), "area": WRONG_AREA})
    by_name = {check.name: check for check in report.checks}
    assert by_name["test_right_angle"].verdict is Verdict.PASSED
    assert by_name["test_any_triangle"].misconception == "right-angle-assumed"
    [named] = report.misconceptions
    assert (named.name, named.grade_cells) == ("right-angle-assumed", ("test_area",))
    assert named.hints == ("one", "two", "three")


@pytest.mark.parametrize(
    ("source", "verdict"),
    [
        pytest.param(DEF + "return None", "FAILED", id="none"),
        pytest.param(DEF + "return 'x'", "FAILED", id="text"),
        pytest.param(DEF + "1 / 0", "RAISED", id="raises"),
        pytest.param("def fold(f): return 1", "RAISED", id="signature"),
        pytest.param("fold = 3", "FAILED", id="not-a-function"),
        pytest.param(DEF + "raise NotImplementedError", "NOT_DONE", id="stub"),
        pytest.param(DEF + "import os; os._exit(0)", "RAISED", id="exit"),
        pytest.param(DEF + "return bytearray(10**10)", "OUT_OF_MEMORY", id="memory"),
        pytest.param(DEF + "open('/etc/passwd', 'w')", "FORBIDDEN", id="forbidden"),
        pytest.param(DEF + "\n    while True: pass", "TIMED_OUT", id="loop"),
        pytest.param("import no_such_package\n" + DEF + "pass", "RAISED", id="package"),
        pytest.param("while True: pass\ndef fold(): pass", "TIMED_OUT", id="cell-hangs"),
        pytest.param("def fold(:", "RAISED", id="syntax"),
    ],
)
def test_what_a_function_does_is_a_verdict_of_its_own_check(mark, source, verdict):
    """Each way to fail has its verdict, and the other exercises keep their points."""
    report = mark({**toy.solved(), "fold": source})
    assert verdicts(report)["test_steps"] == verdict
    assert report.score == 8.0


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param("{'raised': 'OSError', 'errno': [1]}", id="error-number"),
        pytest.param("{'value': 1, 'warned': __import__('numpy').zeros(2)}", id="warned"),
    ],
)
def test_a_forged_reply_does_not_withhold_the_mark(mark, reply):
    """A submission cannot make the grader's own code fail: its answers are only wrong."""
    forge = (
        "import sys\ndef fold(function, start, steps):\n    frame = sys._getframe()\n"
        "    while 'interpreter' not in frame.f_locals: frame = frame.f_back\n"
        f"    frame.f_locals['channel'].send({reply})\n"
    )
    report = mark({**toy.solved(), "fold": forge})
    assert verdicts(report)["test_steps"] in ("FAILED", "RAISED")
    assert not report.withheld


def test_a_function_may_change_nothing_that_it_is_given(mark):
    """A right result with a changed argument fails, and says so."""
    source = toy.SCALE.replace(
        "stretched = factor * points", "points *= factor\n    stretched = points"
    )
    report = mark({**toy.solved(), "scale": source})
    [check] = [check for check in report.checks if check.name == "test_stretched"]
    assert check.verdict is Verdict.FAILED
    assert "changed in place" in check.message


def test_an_unreadable_file_is_a_report(mark):
    """A file that is no notebook scores 0, says why, and asks for a person."""
    report = mark(raw=b"not a notebook")
    assert (report.status, report.score, report.checks) == (Status.UNREADABLE, 0.0, ())
    assert "not JSON" in report.reason
    assert report.needs_person


def test_an_empty_notebook_scores_nothing(mark):
    """A notebook without cells is graded: every function is missing."""
    report = mark(raw=json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": []}).encode())
    assert report.status is Status.GRADED
    assert report.score == 0.0


def test_the_same_seed_gives_the_same_report(mark):
    """Grading again with the recorded seed gives the same report, time aside."""
    sources = {**toy.solved(), "area": WRONG_AREA}
    first, again = mark(sources, seed=3), mark(sources, seed=3)
    assert first.with_(wall_s=0.0) == again.with_(wall_s=0.0)


def test_own_cells_that_fail_are_noted(mark):
    """What a student's own cell raised becomes a note, and costs no points."""
    report = mark(toy.solved(), insert(2, toy.code("raise ValueError('mine')")))
    assert any("ValueError" in note and "mine" in note for note in report.notes)
    assert report.score == 10.0


# --- Cells over the limit -----------------------------------------------------------------------

LONG = "\n# " + "x" * 300_000


def test_an_own_cell_that_is_too_long_costs_no_points_and_is_told(mark):
    """The cell is left out with a note; everything else is graded."""
    report = mark(toy.solved(), insert(1, toy.code("import os" + LONG)))
    assert report.score == report.max_score
    assert any("is not run: it has more than 256 KiB" in note for note in report.notes)


def test_a_pasted_picture_costs_no_points_and_no_note(mark):
    """A text cell is never run, however long it is."""
    report = mark(toy.solved(), insert(1, toy.text(f"![p](data:image/png;base64,{LONG[3:]})")))
    assert report.score == report.max_score
    assert report.notes == ()


def test_a_solution_cell_that_is_too_long_costs_its_own_exercise(mark):
    """Only that exercise is lost, with the reason; the notebook is graded."""
    report = mark({**toy.solved(), "fold": toy.FOLD + LONG})
    assert report.status is Status.GRADED
    lost = [check for check in report.checks if check.verdict is not Verdict.PASSED]
    assert {check.grade_cell for check in lost} == {"test_fold"}
    assert "There is no `fold`: the cell `fold` is not run: it has more than" in lost[0].message


# --- Words --------------------------------------------------------------------------------------


def test_a_syntax_error_is_told_once(mark):
    """The first check of a cell that does not run says why; the others refer to it."""
    report = mark({**toy.solved(), "area": "def area(sides):\n\n    return (1 +\n"})
    text = " ".join(feedback_text(report).split())
    assert text.count("'(' was never closed") == 1
    assert "The same as above." in text
    first, *_ = [check.message for check in report.checks if check.grade_cell == "test_area"]
    assert first == (
        "There is no `area`: the cell `area` does not run to its end: "
        "it raises SyntaxError in line 3: '(' was never closed."
    )


def test_the_students_own_name_is_told(mark):
    """A name that is used and defined nowhere is named, as the student wrote it."""
    report = mark({**toy.solved(), "fold": DEF + "return start_value"})
    [message] = [check.message for check in report.checks if check.grade_cell == "test_fold"]
    assert message == (
        "`fold` raises NameError: the name `start_value` is used, and nothing defines it."
    )


@pytest.mark.parametrize(
    ("source", "words"),
    [
        pytest.param("", "You have added nothing to its cell.", id="emptied"),
        pytest.param(
            "\n\ndef area(sides):\n    a = 1\n  b = 2\n",
            "IndentationError in line 5: unindent does not match",
            id="indented-by-no-rule",
        ),
        pytest.param(
            "async def area(sides):\n    return 6.0\n", "It returns a coroutine", id="coroutine"
        ),
        pytest.param(
            "def area(sides):\n    import os\n    os._exit(0)\n",
            "`area` ended the whole Python process.",
            id="process-ended",
        ),
        pytest.param(
            "def area(sides):\n    raise NoTriangle\nclass NoTriangle(Exception): pass\n",
            "`area` raises `NoTriangle`: a `raise` is reached, in it or in what it calls.",
            id="own-exception",
        ),
        pytest.param("def heron(sides):\n    return 6.0\n", "Define it by `def`", id="renamed"),
    ],
)
def test_each_check_of_an_exercise_says_what_is_so(mark, source, words):
    """The words are true of every check, of the first as of those behind it."""
    report = mark({**toy.solved(), "area": source})
    messages = [check.message for check in report.checks if check.grade_cell == "test_area"]
    assert len(messages) == 2
    assert all(words in message for message in messages), messages


def test_what_a_cell_leaves_out_is_a_note(mark):
    """Shell lines and magics cost no points, and the student reads what was not done."""
    report = mark(toy.solved(), insert(1, toy.code("!pip install numpy\n%autosave 5\nx = 1")))
    assert report.score == report.max_score
    assert report.notes == (
        "cell 2: while grading, nothing is installed; a magic that it uses has no effect.",
    )
