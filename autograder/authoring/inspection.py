"""What is wrong with an assignment, before students see it: one line for each problem.

The master notebooks, the hidden suites and the student versions are held against each other and
against `course_config.py`.
"""

from __future__ import annotations

import ast
import difflib
import fnmatch
from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.authoring.compiling import (
    compiler_of,
    functions_without_stub,
    reference_functions,
    removed_lines,
    surviving_marks,
)
from autograder.authoring.suite_source import source_problems
from autograder.checks.collection import collected
from autograder.checks.suite import Suites
from autograder.course.lab import Lab
from autograder.course.model import PRIVATE_NAMES, Course
from autograder.course.notebook import Kind, MasterCell, read_master_cells

_PRIVATE_PATTERNS = (*PRIVATE_NAMES, "test_*.py", "*.db", "*.sqlite*", "*_config.py")


def master_problems(course: Course, lab: Lab) -> list[str]:
    """What in a master notebook disagrees with itself or with `course_config.py`."""
    where = f"{lab.path.relative_to(course.root)}"
    declared = course.declared[lab.assignment][lab.name]
    tests = {cell.grade_id: cell.points for cell in lab.cells if cell.kind is Kind.TESTS}
    found = tests | {cell.grade_id: cell.points for cell in lab.by_hand}
    problems = [
        f"{where}: tests cell {name}: {found[name]:g} points, but course_config.py says {points:g}"
        for name, points in declared.items()
        if name in found and found[name] != points
    ]
    problems += [
        f"{where}: tests cell {name}: course_config.py declares it, the notebook has none"
        for name in declared
        if name not in found
    ]
    problems += [
        f"{where}: tests cell {name}: course_config.py does not declare it"
        for name, points in tests.items()
        if name not in declared and points
    ]
    return problems + _cell_problems(where, course, lab)


def _cell_problems(where: str, course: Course, lab: Lab) -> list[str]:
    compiler = compiler_of(course)
    marks = (*compiler.solution_marks, *compiler.hidden_test_marks)
    problems = [f"{where}: {problem}" for problem in compiler.problems(lab.path)]
    seen = set()
    solution = None
    for cell in lab.cells:
        if cell.grade_id and cell.grade_id in seen:
            problems.append(f"{where}: cell {cell.grade_id}: the grade_id occurs twice")
        seen.add(cell.grade_id)
        if cell.kind is Kind.SOLUTION:
            solution = cell
        if cell.kind in (Kind.SOLUTION, Kind.TESTS):
            problems += [
                f"{where}: cell {cell.grade_id}: {said}" for said in _misspelt(cell, marks)
            ]
        if cell.kind is Kind.TESTS and solution is not None and cell.points:
            told = [f"{where}: cell {solution.grade_id}: {said}" for said in _no_python(solution)]
            problems += [problem for problem in told if problem not in problems]
        if cell.kind is Kind.TESTS and solution is None and cell.points:
            problems.append(f"{where}: tests cell {cell.grade_id}: no solution cell before it")
        if any(mark in cell.source for mark in compiler.hidden_test_marks):
            problems.append(
                f"{where}: cell {cell.grade_id}: hidden tests in the notebook; they belong in "
                f"tests/hidden/{lab.assignment}/test_{lab.name}.py"
            )
    return problems


def _no_python(cell: MasterCell) -> Iterator[str]:
    """Where a solution cell is not plain Python: no mistake could be put in its place."""
    try:
        ast.parse(cell.source)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        text = cell.source.splitlines()[line - 1].strip()
        yield f"line {line} is no plain Python: {text}"


def _misspelt(cell: MasterCell, marks: Sequence[str]) -> Iterator[str]:
    """Comments that look like a delimiter which the cell lacks, so that nothing is cut there."""
    lacking = {mark.upper(): mark for mark in marks if mark not in cell.source}
    for line in map(str.strip, cell.source.splitlines()):
        if not line.startswith("#") or any(mark in line for mark in marks):
            continue
        near = difflib.get_close_matches(line.strip("# ").upper(), lacking, 1, 0.85)
        if near:
            mark = lacking[near[0]].strip("# ")
            yield f"{line!r} is no delimiter; did you mean '### {mark}'?"


def suite_problems(course: Course, labs: Sequence[Lab]) -> list[str]:
    """Where the hidden suites disagree with the notebooks about grade cells and points."""
    tested = [lab for lab in labs if _has_tests(lab)]
    missing = [lab for lab in tested if not lab.suite.is_file()]
    problems = [
        f"{lab.path.relative_to(course.root)}: no hidden suite; write "
        f"{lab.suite.relative_to(course.root)}"
        for lab in missing
    ]
    if problems:
        return problems
    problems = [problem for lab in tested for problem in source_problems(course, lab)]
    if problems:
        return problems
    with collected(course.root, [lab.suite for lab in tested]) as suites:
        return [problem for lab in tested for problem in _points_problems(course, lab, suites)]


def _has_tests(lab: Lab) -> bool:
    """Whether the notebook has a tests cell with points, well placed or not."""
    return any(cell.kind is Kind.TESTS and cell.points for cell in lab.cells)


def _points_problems(course: Course, lab: Lab, suites: Suites) -> list[str]:
    where = f"{lab.suite.relative_to(course.root)}"
    points: dict[str, float] = {}
    for check in suites.checks(lab.suite):
        points[check.grade_cell] = points.get(check.grade_cell, 0.0) + check.points
    cells = {cell.grade_id: cell.points for cell in lab.cells if cell.kind is Kind.TESTS}
    problems = [
        f"{where}: tests cell {name}: there is no hidden check for it"
        for name in cells
        if name not in points and cells[name]
    ]
    problems += [
        f"{where}: {name}: the notebook has no such tests cell"
        for name in points
        if name not in cells
    ]
    problems += [
        f"{where}: tests cell {name}: its checks are worth {points[name]:g} points together, "
        f"the notebook says {cells[name]:g}"
        for name in points
        if name in cells and abs(points[name] - cells[name]) > 1e-9
    ]
    return problems


def release_problems(course: Course, folder: Path, assignment: str) -> list[str]:
    """What in a compiled assignment must not reach a student."""
    declared = {lab.path.name for lab in course.labs_of(assignment)}
    problems = [
        f"source/{assignment}/{path.name}: course_config.py does not declare it; add it to "
        f"c.Grading.assignments[{assignment!r}], with {{}} for its points if it has none, or move "
        "it out of source/"
        for path in sorted(folder.glob("*.ipynb"))
        if path.name not in declared
    ]
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        where = f"release/{assignment}/{path.relative_to(folder)}"
        if path.suffix != ".ipynb":
            problems += _file_problems(course, path, where)
    for lab in course.labs_of(assignment):
        where = f"release/{assignment}/{lab.name}.ipynb"
        problems += _leak_problems(course, lab, folder / f"{lab.name}.ipynb", where)
    return problems


def _file_problems(course: Course, path: Path, where: str) -> list[str]:
    private = any(fnmatch.fnmatch(path.name, pattern) for pattern in _PRIVATE_PATTERNS)
    data = path.read_bytes()
    hidden = [p for p in course.hidden.rglob("*.py") if p.is_file()]
    if private or (data.strip() and any(data == p.read_bytes() for p in hidden)):
        return [
            f"{where}: would be released, but should stay hidden; move it out of source/ or "
            "append it to c.CourseDirectory.ignore"
        ]
    return []


def _leak_problems(course: Course, lab: Lab, release: Path, where: str) -> list[str]:
    compiler, cells = compiler_of(course), read_master_cells(release)
    marks = (*compiler.solution_marks, *compiler.hidden_test_marks)
    graded = reference_functions(course.hidden / lab.assignment / "reference.py")
    solutions = {cell.grade_id for cell in lab.cells if cell.kind is Kind.SOLUTION}
    lines = removed_lines(lab, {c.grade_id: c.source for c in cells if c.grade_id in solutions})
    problems = []
    for cell in cells:
        name = cell.grade_id or cell.source.strip().splitlines()[:1]
        if cell.kind is not Kind.TEXT and surviving_marks(cell.source, marks):
            problems.append(f"{where}: cell {name}: a BEGIN/END marker survives")
        if cell.kind is Kind.TEXT:
            continue
        for line in cell.source.splitlines():
            if line.strip() in lines:
                problems.append(
                    f"{where}: cell {name}: a line of a solution survives: {line.strip()}"
                )
        if cell.kind is Kind.SOLUTION:
            problems += [
                f"{where}: solution cell {name}: {function} has no stub, so students would get it "
                "finished; put its body between the solution's delimiters"
                for function in functions_without_stub(cell.source, graded, compiler.stub_lines)
            ]
    return problems
