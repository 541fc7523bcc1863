"""What a tests cell that has run is worth: nbgrader's rule, to the point.

Of what a cell puts out, the first thing that says something decides. An exception or anything on
the error stream gives no points; the value of the last line, if it is a number from 0 on, is the
points; everything else, and nothing at all, gives all points (`nbgrader.utils.determine_grade`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.course.tests_cells import KnownCell
from autograder.remote.exceptions import explain
from autograder.remote.notebook_cells import CellOutcome
from autograder.report import CheckResult, Verdict

MOST_PRINTED = 1_000
"""Most characters of what tests print that a student is shown."""
_PUBLIC = re.compile(r"#\s*public:\s*(\S.*)$", re.IGNORECASE)
"""A comment in a hidden line: its text is for the student when the line fails."""
_HIDDEN = "A hidden test of this exercise fails."
_TOO_LONG = "It takes too long: is there an endless loop?"
_ENDED = "The Python process ends while the tests run."
_OBJECT = (
    "The tests compare values, and one of yours is an object of a class of its own. Return plain "
    "numbers, text, lists or arrays."
)


@dataclass(frozen=True)
class Marked:
    """The points of a tests cell."""

    points: float
    decided: str
    """By what: `error`, `stderr`, `result`, or `nothing`."""
    over: float | None = None
    """The points that the tests gave, if those are more than the cell has."""


def mark_of(outcome: CellOutcome, most: float, ignore: str = "") -> Marked:
    """The points that nbgrader would give.

    Args:
        outcome: how the cell ended.
        most: the points of the cell.
        ignore: what of an error stream does not count, as a regular expression.
    """
    for kind, text in outcome.outputs:
        if kind == "error":
            return Marked(0.0, "error")
        if kind == "stderr" and not (ignore and re.search(ignore, text)):
            return Marked(0.0, "stderr")
        if kind == "result":
            return _partial(text, most)
    if outcome.raised or outcome.late or outcome.gone:
        return Marked(0.0, "error")
    return Marked(most, "nothing")


def _partial(text: str, most: float) -> Marked:
    try:
        points = float(text)
    except ValueError:
        return Marked(most, "result")
    if points > most:
        # nbgrader would stop at the whole notebook.
        return Marked(most, "result", over=points)
    return Marked(points if points >= 0.0 else most, "result")


def result_of(cell: KnownCell, outcome: CellOutcome, ignore: str = "") -> CheckResult:
    """A tests cell as one check of a report.

    Args:
        cell: the tests cell.
        outcome: how it ended.
        ignore: see `mark_of`.
    """
    marked = mark_of(outcome, cell.points, ignore)
    verdict, message = _verdict(cell, outcome, marked)
    if outcome.faulty:
        marked = Marked(0.0, "error")
    return CheckResult(
        cell.grade_id,
        cell.grade_id,
        _title(cell),
        verdict,
        marked.points,
        cell.points,
        message,
    )


def _verdict(cell: KnownCell, outcome: CellOutcome, marked: Marked) -> tuple[Verdict, str]:
    if outcome.faulty:
        return Verdict.BROKEN, "The process that runs the tests ended."
    if outcome.late:
        return Verdict.TIMED_OUT, _TOO_LONG
    if outcome.gone:
        return Verdict.FORBIDDEN, _ENDED
    if outcome.refusals and marked.points < cell.points:
        return Verdict.FAILED, _OBJECT
    if outcome.raised and marked.decided == "error":
        return _raised(cell, outcome)
    printed = _printed(cell, outcome)
    if marked.decided == "stderr":
        return (
            Verdict.FAILED,
            f"A warning or an error message comes up while the tests run. {printed}",
        )
    if marked.points < cell.points:
        return Verdict.FAILED, f"The tests give part of the points. {printed}".strip()
    return Verdict.PASSED, ""


def _raised(cell: KnownCell, outcome: CellOutcome) -> tuple[Verdict, str]:
    """What the exception says; only what a student can read in the cell anyway, or may."""
    reply = dict(outcome.raised or {})
    line = _line(cell, reply)
    shown = line is not None and line in _lines(cell.released)
    public = "" if shown else _public_text(cell, reply)
    if public:
        return Verdict.FAILED, public
    asserted = reply.get("raised") == "AssertionError"
    if asserted:
        text = str(reply.get("text") or "").strip()
        if not shown:
            return Verdict.FAILED, _HIDDEN
        statement = _one_line(line or "")
        ends = "does not hold" if statement.startswith("assert") else "fails"
        said = f": {_one_line(text)}" if text else "."
        message = f"`{statement}` {ends}{said}"
        if text and statement.startswith("raise"):
            message = _one_line(text)
        return Verdict.FAILED, f"{message} {_printed(cell, outcome)}".strip()
    verdict, words, _ = explain(reply, text=shown)
    where = f"`{_one_line(line or '')}`" if shown else "A hidden test"
    return verdict, f"{where} {words}"


def _line(cell: KnownCell, reply: dict[str, object]) -> str | None:
    number = reply.get("line")
    lines = cell.source.splitlines()
    if isinstance(number, int) and 0 < number <= len(lines):
        return lines[number - 1].strip()
    return None


def _public_text(cell: KnownCell, reply: dict[str, object]) -> str:
    """What the author lets students read of a hidden line that fails; see `_PUBLIC`."""
    number = reply.get("line")
    if not isinstance(number, int):
        return ""
    lines = cell.source.splitlines()
    first, last = _statement_at(cell.source, number)
    found = (_PUBLIC.search(line) for line in lines[first - 1 : last])
    return next((_one_line(text[1]) for text in found if text), "")


def _statement_at(source: str, number: int) -> tuple[int, int]:
    """The first and the last line of the statement at a line."""
    try:
        nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt)]
    except (SyntaxError, ValueError):  # a magic, say
        return number, number
    spans = [(node.lineno, node.end_lineno or node.lineno) for node in nodes]
    around = [(first, last) for first, last in spans if first <= number <= last]
    return min(around, key=lambda span: span[1] - span[0], default=(number, number))


def _lines(source: str) -> set[str]:
    return {line.strip() for line in source.splitlines()}


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]


def _printed(cell: KnownCell, outcome: CellOutcome) -> str:
    """What the cell printed, if students can read all of the cell."""
    if cell.released.strip() != cell.source.strip():
        return ""
    text = "".join(text for kind, text in outcome.outputs if kind in ("stdout", "stderr")).strip()
    return f"It prints: {text[:MOST_PRINTED]}" if text else ""


def _title(cell: KnownCell) -> str:
    """The first comment of the tests that students can read; else the cell's name."""
    for line in cell.released.splitlines():
        words = line.strip().lstrip("#").strip().strip("\"'").strip()
        if line.strip().startswith(("#", '"', "'")) and words and "HIDDEN TESTS" not in words:
            return words[:200]
    return cell.grade_id


def names_of_hidden(cells: Sequence[KnownCell]) -> list[str]:
    """The tests cells that hold lines which students do not get."""
    return [cell.grade_id for cell in cells if cell.released.strip() != cell.source.strip()]
