"""The points of a tests cell, beside nbgrader's own rule."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import pytest
from nbformat import NotebookNode
from nbgrader.utils import determine_grade

from autograder.checks.cells import mark_of, result_of
from autograder.course.tests_cells import KnownCell
from autograder.remote.notebook_cells import CellOutcome
from autograder.report import Verdict

VALUES = """
0 0.0 0.5 1 1.5 2 2.0 -1 -0.5 nan inf -inf True False None '0.5' "2" [1] (0.5,'x') np.float64(0.5)
1_0 1e0 1e-3 +1 0x1 ١ 1,5 text <object> {} 00.5 .5 5.
""".split()
KINDS: list[tuple[str, str]] = [
    ("stdout", "told\n"),
    ("stderr", "note\n"),
    ("error", "ValueError"),
    ("result", "0.5"),
    ("result", "text"),
    ("result", "2.0"),
]


def as_nbgrader_has_it(kind: str, text: str) -> NotebookNode:
    """One output of a cell, as nbformat writes it."""
    if kind in ("stdout", "stderr"):
        return NotebookNode(output_type="stream", name=kind, text=text)
    if kind == "error":
        return NotebookNode(output_type="error", ename=text, evalue="", traceback=[])
    data = {"text/plain": text}
    return NotebookNode(output_type="execute_result", data=data, metadata={}, execution_count=1)


def nbgraders(outputs: list[tuple[str, str]], points: float) -> Any:
    """What nbgrader gives; `over` where it stops at the whole notebook."""
    about = {"grade": True, "solution": False, "points": points, "grade_id": "t"}
    cell = NotebookNode(
        cell_type="code",
        source="",
        metadata=NotebookNode(nbgrader=NotebookNode(about)),
        outputs=[as_nbgrader_has_it(*one) for one in outputs],
    )
    try:
        return determine_grade(cell)[0]
    except ValueError:
        return "over"


def ours(outputs: list[tuple[str, str]], points: float) -> Any:
    """The same by our rule."""
    marked = mark_of(CellOutcome(tuple(outputs)), points)
    return "over" if marked.over is not None else marked.points


@pytest.mark.parametrize("value", VALUES)
def test_a_last_value(value: str) -> None:
    """Any last value gives what it gives with nbgrader."""
    for points in (2.0, 0.0):
        assert ours([("result", value)], points) == nbgraders([("result", value)], points)


def test_the_first_output_that_says_something_decides() -> None:
    """All sequences of up to three outputs give what they give with nbgrader."""
    for length in range(4):
        for outputs in itertools.product(KINDS, repeat=length):
            assert ours([*outputs], 2.0) == nbgraders([*outputs], 2.0), outputs


def test_more_than_the_maximum_is_the_maximum_and_is_told() -> None:
    """nbgrader stops at the student's whole notebook."""
    marked = mark_of(CellOutcome((("result", "5"),)), 2.0)
    assert (marked.points, marked.over) == (2.0, 5.0)


@pytest.mark.parametrize("outcome", [CellOutcome(late=True), CellOutcome(gone=True)])
def test_a_cell_that_does_not_end_gives_nothing(outcome: CellOutcome) -> None:
    """A time limit, or the end of the process."""
    assert mark_of(outcome, 2.0).points == 0.0


def test_an_ignored_pattern_does_not_count() -> None:
    """`IgnorePattern` takes streams out that match it."""
    outcome = CellOutcome((("stderr", "a FutureWarning\n"), ("result", "1.0")))
    assert mark_of(outcome, 2.0, "FutureWarning").points == 1.0
    assert mark_of(outcome, 2.0, "other").points == 0.0


TESTS = KnownCell(
    "t",
    True,
    "# The sum is right\nassert f(1) == 2, 'f(1) is wrong'\nassert f(99) == 100, 'secret 100'",
    "# The sum is right\nassert f(1) == 2, 'f(1) is wrong'\n",
    "",
    2.0,
    is_grade=True,
)


def raised(line: int, text: str, kind: str = "AssertionError") -> CellOutcome:
    """A tests cell that raised in a line."""
    return CellOutcome(raised={"raised": kind, "text": text, "line": line})


def test_what_students_can_read_is_shown() -> None:
    """The line of a visible test, its message, and the first comment as title."""
    result = result_of(TESTS, raised(2, "f(1) is wrong"))
    assert (result.verdict, result.title) == (Verdict.FAILED, "The sum is right")
    assert "f(1) is wrong" in result.message
    assert "assert f(1) == 2" in result.message


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("assert f(1) == 2", "`assert f(1) == 2` does not hold: said"),
        ("check(f)", "`check(f)` fails: said"),
        ("raise AssertionError('said')", "said"),
    ],
)
def test_a_visible_failure_in_words(line: str, message: str) -> None:
    """An assertion does not hold, a call fails, and what is raised speaks for itself."""
    cell = KnownCell("t", True, line, line, "", 1.0, is_grade=True)
    assert result_of(cell, raised(1, "said")).message == message


@pytest.mark.parametrize("kind", ["AssertionError", "ValueError", "NameError", "KeyError"])
def test_what_students_cannot_read_is_not_shown(kind: str) -> None:
    """Neither a hidden line, nor its message, nor a value in it."""
    message = result_of(TESTS, raised(3, "secret 100", kind)).message
    assert "hidden test" in message
    assert not {"99", "100", "secret"} & set(message.replace("'", " ").split())


PUBLIC = KnownCell(
    "t",
    True,
    "assert f(1) == 2\nassert f(9) == 81  # public: Try larger numbers.\n"
    "for n in (4, 5):\n    assert (\n        f(n)\n        == n * n  # public: Try a few.\n    )\n"
    "assert f(7) == 49, 'secret'\n%time\n",
    "assert f(1) == 2\n",
    "",
    1.0,
    is_grade=True,
)


@pytest.mark.parametrize("kind", ["AssertionError", "ValueError"])
@pytest.mark.parametrize(
    ("line", "message"),
    [
        (2, "Try larger numbers."),
        (4, "Try a few."),
        (5, "Try a few."),
        (6, "Try a few."),
        (8, "hidden test"),
        (99, "hidden test"),
    ],
)
def test_an_author_may_say_something_of_a_hidden_line(kind: str, line: int, message: str) -> None:
    """By a comment beside it, which is not what the assertion says."""
    plain = dataclasses.replace(PUBLIC, source=PUBLIC.source.replace("%time\n", ""))
    told = result_of(plain, raised(line, "secret 81", kind)).message
    assert message in told
    assert "secret" not in told
    if line == 2:
        assert result_of(PUBLIC, raised(line, "secret 81", kind)).message == message


def test_what_is_printed_is_shown_only_without_hidden_tests() -> None:
    """A hidden line may print what it expects."""
    told = CellOutcome(
        (("stdout", "expected 100"), ("error", "AssertionError")),
        {
            "raised": "AssertionError",
            "text": "",
            "line": 2,
        },
    )
    assert "expected" not in result_of(TESTS, told).message
    open_cell = KnownCell("t", True, TESTS.released, TESTS.released, "", 2.0, is_grade=True)
    assert "It prints: expected 100" in result_of(open_cell, told).message


def test_a_fault_of_ours_is_no_zero() -> None:
    """The mark is withheld when the tester ended."""
    assert result_of(TESTS, CellOutcome(faulty=True)).verdict is Verdict.BROKEN
