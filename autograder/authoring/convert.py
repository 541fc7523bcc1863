"""Writes a hidden check from a tests cell: what it asserts of calls is asked of the reference, too.

    assert area(3) == 9          becomes     assert_agrees(student.area, reference.area, 3)

The master's solution becomes the reference. Assertions of another form are listed, and left to the
instructor. The tests cell stays in the notebook; its points then come from the suite.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.course.bindings import definitions, imported_names
from autograder.course.files import write_whole
from autograder.course.lab import Lab
from autograder.course.model import Course
from autograder.course.notebook import defined_classes, defined_functions
from autograder.course.tests_cells import KnownCell, TestsCells
from autograder.errors import CourseError
from autograder.sandbox.inside.names import words_of

_MISTAKES = '''"""What students with a wrong idea compute, and what they should read then."""

from autograder.checks import Mistakes

mistakes = Mistakes()
'''
_SUITE = '''"""Hidden checks: each compares a submission with the reference."""

import numpy as np
import pytest

from autograder.checks import assert_agrees
'''
_COMPARISONS = {"allclose", "isclose", "array_equal", "assert_allclose", "assert_almost_equal"}
_COMPARISONS |= {"assert_array_equal", "assertEqual", "assertAlmostEqual", "assert_equal"}


@dataclass(frozen=True)
class Converted:
    """What became of a tests cell."""

    written: tuple[Path, ...]
    check: str
    """The check, as it was written."""
    left: tuple[str, ...]
    """Lines of the tests cell that were not converted."""


def convert(course: Course, cell_name: str, notebook: str = "") -> Converted:
    """Write a hidden check from a tests cell of an nbgrader course.

    Args:
        course: the course, built.
        cell_name: the grade_id of the tests cell.
        notebook: in which notebook, where several have a cell of that name.

    Raises:
        CourseError: there is no such cell, or nothing in it can be converted.
    """
    lab, tests, cell = _found(course, cell_name, notebook)
    solution = _solution_above(tests, cell)
    solved = solution.solved if solution is not None else ""
    functions = {*defined_functions(solved)} - {*defined_classes(solved)}
    calls, left = _calls(cell.source, functions)
    if solution is None or not calls:
        why = "no assertion in it compares a call of a function of the solution above it"
        raise CourseError(f"{lab.path}: {cell_name}: {why}; write the check by hand")
    if lab.suite.is_file() and f'"{cell_name}"' in lab.suite.read_text(encoding="utf-8"):
        raise CourseError(f"{lab.suite}: has a check for {cell_name} already")
    check = _check(cell, calls)
    written = [
        _add(course, lab.suite, _SUITE, check),
        _add(course, lab.suite.parent / "reference.py", "", _reference(tests, solution, lab)),
        _add(course, lab.suite.parent / "mistakes.py", _MISTAKES, ""),
    ]
    return Converted(tuple(written), check, tuple(left))


def _found(course: Course, name: str, notebook: str) -> tuple[Lab, TestsCells, KnownCell]:
    places = [
        (lab, lab.tests_cells, cell)
        for lab in course.labs
        if lab.tests_cells is not None and (not notebook or lab.name == notebook)
        for cell in lab.tests_cells.tests
        if cell.grade_id == name
    ]
    if not places:
        raise CourseError(f"no notebook has a tests cell named {name!r}; is the course built?")
    if len(places) > 1:
        names = ", ".join(lab.name for lab, _, _ in places)
        raise CourseError(f"several notebooks have a tests cell named {name!r}: {names}; say which")
    return places[0]


def _solution_above(tests: TestsCells, cell: KnownCell) -> KnownCell | None:
    above = tests.cells[: tests.cells.index(cell)]
    solutions = [one for one in above if one.is_solution and one.is_code]
    return solutions[-1] if solutions else None


def _calls(source: str, functions: set[str]) -> tuple[list[ast.Call], list[str]]:
    """The calls that tests compare with something, and the lines that are of another form."""
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError):
        return [], source.splitlines()
    calls, left = list[ast.Call](), list[str]()
    known: dict[str, ast.expr] = {}
    for statement in statements:
        written_out = _WrittenOut(known).visit(statement)
        name = _assigned(written_out)
        call = _compared(written_out, functions)
        if name and isinstance(written_out, ast.Assign) and _needs_no_names(written_out.value):
            known[name] = written_out.value
        elif call is not None:
            calls.append(call)
        elif not isinstance(statement, ast.Import | ast.ImportFrom):
            left.append(ast.unparse(statement))
    return calls, left


class _WrittenOut(ast.NodeTransformer):
    """Replaces each name by the expression that was assigned to it."""

    def __init__(self, known: dict[str, ast.expr]) -> None:
        self._known = known

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """The expression that the name stands for."""
        return self._known.get(node.id, node) if isinstance(node.ctx, ast.Load) else node


def _assigned(statement: ast.stmt) -> str:
    """The name that a plain assignment binds; empty for anything else."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        return target.id if isinstance(target, ast.Name) else ""
    return ""


def _compared(statement: ast.stmt, functions: set[str]) -> ast.Call | None:
    """The call of a student's function that a statement compares; None if it has another form."""
    test: ast.expr | None = None
    if isinstance(statement, ast.Assert):
        test = statement.test
    elif isinstance(statement, ast.Expr):
        test = statement.value
    for side in _sides(test):
        if (
            isinstance(side, ast.Call)
            and isinstance(side.func, ast.Name)
            and side.func.id in functions
            and _is_closed(side)
        ):
            return side
    return None


def _sides(test: ast.expr | None) -> Iterator[ast.expr]:
    """What a test compares with each other."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
        yield from (test.left, test.comparators[0])
    elif isinstance(test, ast.Call):
        name = getattr(test.func, "attr", getattr(test.func, "id", ""))
        if name in _COMPARISONS:
            yield from test.args[:2]
    elif isinstance(test, ast.Call | ast.Name):
        yield test


def _is_closed(call: ast.Call) -> bool:
    """Whether a call's arguments need no names but NumPy's."""
    inner = [*call.args, *(keyword.value for keyword in call.keywords)]
    starred = any(isinstance(one, ast.Starred) for one in inner)
    return not starred and all(map(_needs_no_names, inner))


def _needs_no_names(value: ast.expr) -> bool:
    names = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
    return names <= {"np", "numpy"}


def _check(cell: KnownCell, calls: list[ast.Call]) -> str:
    title = next(
        (line.strip("# ").strip() for line in cell.released.splitlines() if line.startswith("#")),
        f"The tests of {cell.grade_id}",
    )
    lines = []
    for call in calls:
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        arguments = [ast.unparse(one) for one in (*call.args, *call.keywords)]
        joined = ", ".join([f"student.{name}", f"reference.{name}", *arguments])
        lines.append(f"    assert_agrees({joined})")
    points = f"{cell.points:g}"
    name = cell.grade_id.replace("-", "_")
    function = name if name.startswith("test") else f"test_{name}"
    return "\n".join(
        [
            f'@pytest.mark.grade_cell("{cell.grade_id}")',
            f"@pytest.mark.points({points})",
            f"def {function}(student, reference):",
            f'    """{title.rstrip(".")}."""',
            *lines,
            "",
        ]
    )


def _reference(tests: TestsCells, solution: KnownCell, lab: Lab) -> str:
    """What the reference needs of a notebook, as far as it is not there yet."""
    path = lab.suite.parent / "reference.py"
    there = path.read_text(encoding="utf-8") if path.is_file() else ""
    above = tests.cells[: tests.cells.index(solution)]
    sources = [cell.solved if cell.is_solution else cell.source for cell in above if cell.is_code]
    pieces = [text for source in sources for text in definitions(source)]
    own = definitions(solution.solved)
    used = words_of("\n".join(own))
    imports = [
        text
        for text in pieces
        if text.startswith(("import ", "from ")) and used & set(imported_names(text))
    ]
    return "\n\n".join(text for text in dict.fromkeys((*imports, *own)) if text not in there)


def _add(course: Course, path: Path, beginning: str, text: str) -> Path:
    """Add text at the end of a file, which is made where it is missing."""
    before = path.read_text(encoding="utf-8") if path.is_file() else beginning
    parts = [part.strip("\n") for part in (before, text) if part.strip()]
    write_whole(path, ("\n\n\n".join(parts) + "\n").encode(), course.groupshared)
    return path
