"""Master notebooks → student versions, through nbgrader; refused when something does not fit.

nbgrader's own `GenerateAssignment` does the compiling. It runs twice in a copy of `source/`: first
against a scratch gradebook, so that the result can be inspected, then against the course's own, to
register the assignment; only then is `release/` replaced. A refusal changes nothing and lists
every reason with the cell's name.
"""

from __future__ import annotations

import fnmatch
import json
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from autograder.authoring.compiling import (
    compiler_of,
    functions_without_stub,
    modernise,
    reference_functions,
    removed_lines,
    said_by_nbgrader,
    surviving_marks,
)
from autograder.checks.collection import collected
from autograder.checks.suite import Suites
from autograder.course.config import CONFIG, load_config
from autograder.course.files import whole_folder, write_whole
from autograder.course.model import PRIVATE_NAMES, Course, Lab
from autograder.course.notebook import Kind, read_master_cells
from autograder.errors import BuildRefused, CourseError, SuiteError
from autograder.gradebook.databases import fault_words, in_words, prepare_database, share_database
from autograder.gradebook.nbgrader_compat import generate_assignment
from autograder.sandbox.inside.policy import Tier

_PRIVATE_PATTERNS = (*PRIVATE_NAMES, "test_*.py", "*.db", "*.sqlite*", "*_config.py")


def build(
    course: Course,
    assignments: Sequence[str] = (),
    said: Callable[[str], None] = lambda line: None,
    prove_in: Tier | None = None,
) -> list[Path]:
    """Compile assignments to `release/` and register them in the gradebook.

    Args:
        course: the course.
        assignments: which; all by default.
        said: is told each step.
        prove_in: the tier of isolation in which the suites are proven before anything is
            released; without it they are not. A proof is remembered until something changes.

    Returns:
        The student versions that were written.

    Raises:
        BuildRefused: something does not fit; `problems` names every cell.
    """
    chosen = list(assignments) or list(course.assignments)
    labs = [lab for assignment in chosen for lab in course.labs_of(assignment)]
    problems = [problem for lab in labs for problem in master_problems(course, lab)]
    problems += suite_problems(course, labs)
    if problems:
        raise BuildRefused(problems)
    with tempfile.TemporaryDirectory(prefix="autograder-build-") as folder:
        scratch = Path(folder)
        _compile(course, scratch, chosen, said)
        if prove_in is not None:
            _require_proof(course, scratch, chosen, prove_in, said)
        for assignment in chosen:
            said(f"registering {assignment} in the gradebook")
            _release(course, scratch, assignment)
    for lab in labs:
        if lab.by_hand:
            names = ", ".join(cell.grade_id for cell in lab.by_hand)
            said(f"{lab.name}: graded by a person, in formgrader: {names}")
    return [lab.release for lab in labs]


def _compile(
    course: Course, scratch: Path, assignments: Sequence[str], said: Callable[[str], None]
) -> None:
    """Compile assignments in a scratch folder, against a scratch gradebook.

    Raises:
        BuildRefused: something in a student version must not reach a student.
    """
    shutil.copytree(course.root / "source", scratch / "source")
    problems = []
    for assignment in assignments:
        said(f"compiling {assignment}")
        modernise(scratch / "source" / assignment)
        _generate(course, scratch, assignment, f"sqlite:///{scratch}/scratch.db")
        problems += release_problems(course, scratch / "release" / assignment, assignment)
    if problems:
        raise BuildRefused(problems)


def _release(course: Course, scratch: Path, assignment: str) -> None:
    """Register a compiled assignment in the gradebook, and put it in the place of the old one."""
    _generate(course, scratch, assignment, course.database)
    if course.groupshared:
        share_database(course.database)
    released = course.root / "release" / assignment
    with whole_folder(released, course.groupshared) as staged:
        shutil.copytree(scratch / "release" / assignment, staged, dirs_exist_ok=True)


def _require_proof(
    course: Course,
    scratch: Path,
    assignments: Sequence[str],
    tier: Tier,
    said: Callable[[str], None],
) -> None:
    """Prove the suites on the compiled notebooks, unless just these were proven before.

    Raises:
        BuildRefused: a row of the proof does not hold.
    """
    from autograder.authoring.prove import prove
    from autograder.course.fingerprint import course_digest

    shutil.copytree(course.hidden, scratch / "tests" / "hidden")
    shutil.copy(course.root / CONFIG, scratch / CONFIG)
    copied = Course.load(scratch)
    record = course.root / "reports" / "proven.json"
    proven = _read_record(record)
    problems = []
    for assignment in assignments:
        labs = copied.labs_of(assignment)
        digest = "".join(course_digest(copied, lab, tier)[:32] for lab in labs)
        if proven.get(assignment) == digest:
            continue
        said(f"proving {assignment}")
        with _told_of(course.root, scratch):
            proof = prove(copied, [assignment], tier=tier, seeds=(1,))
        problems += [
            f"tests/hidden/{assignment}: {row.title}: {row.problem}"
            for row in proof.rows
            if not row.holds
        ]
        proven[assignment] = digest
    if problems:
        raise BuildRefused(problems)
    write_whole(record, json.dumps(proven, indent=1).encode(), course.groupshared)


@contextmanager
def _told_of(root: Path, scratch: Path) -> Iterator[None]:
    """Say of the course in `root` what is found in its copy, which is gone when it is read."""
    try:
        yield
    except (CourseError, SuiteError) as error:
        raise CourseError(str(error).replace(str(scratch), str(root))) from None


def _read_record(path: Path) -> dict[str, str]:
    """Digests of the assignments that were proven; none where there is no readable record."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


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
    problems = [f"{where}: {problem}" for problem in compiler.problems(lab.path)]
    seen = set()
    solution = None
    for cell in lab.cells:
        if cell.grade_id and cell.grade_id in seen:
            problems.append(f"{where}: cell {cell.grade_id}: the grade_id occurs twice")
        seen.add(cell.grade_id)
        if cell.kind is Kind.SOLUTION:
            solution = cell
        if cell.kind is Kind.TESTS and solution is None and cell.points:
            problems.append(f"{where}: tests cell {cell.grade_id}: no solution cell before it")
        if any(mark in cell.source for mark in compiler.hidden_test_marks):
            problems.append(
                f"{where}: cell {cell.grade_id}: hidden tests in the notebook; they belong in "
                f"tests/hidden/{lab.assignment}/test_{lab.name}.py"
            )
    return problems


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
    problems = []
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


def _generate(course: Course, scratch: Path, assignment: str, db_url: str) -> None:
    """Run nbgrader's GenerateAssignment in the scratch copy against a gradebook."""
    config = load_config(course.root)
    config.CourseDirectory.root = str(scratch)
    config.CourseDirectory.db_url = db_url
    config.CourseDirectory.course_id = course.course_id
    config.NbGraderAPI.log_level = "ERROR"
    with in_words(db_url):
        prepare_database(db_url)
    outcome = generate_assignment(config, assignment)
    if not outcome["success"]:
        said = "\n".join(filter(None, (outcome.get("log"), outcome.get("error")))).strip()
        if "sqlalchemy" in said:
            raise CourseError(fault_words(db_url, Exception(said.rpartition("sqlalchemy")[2])))
        raise CourseError(
            f"source/{assignment}: nbgrader cannot compile it: {said_by_nbgrader(outcome)}"
        )


def tidy(path: Path) -> bool:
    """Rewrite a master notebook without outputs, in a stable form; True if it changed."""
    import nbformat

    before = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(before, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        for transient in ("execution", "collapsed", "scrolled", "ExecuteTime"):
            cell.metadata.pop(transient, None)
    notebook.metadata = {
        "kernelspec": {
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python"},
    }
    after = nbformat.writes(notebook, version=4).rstrip("\n") + "\n"
    if after != before:
        file = path.resolve()
        write_whole(file, after.encode(), mode=stat.S_IMODE(file.stat().st_mode), durable=True)
    return bool(after != before)
