"""Master notebooks → student versions, through nbgrader; refused when something does not fit.

nbgrader's own `GenerateAssignment` does the compiling. It runs twice in a copy of `source/`: first
against a scratch gradebook, so that the result can be inspected, then against the course's own, to
register the assignment; only then is `release/` replaced. A refusal changes nothing and lists
every reason with the cell's name.
"""

from __future__ import annotations

import json
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from autograder.authoring.compiling import (
    modernise,
)
from autograder.authoring.inspection import (
    master_problems,
    release_problems,
    suite_problems,
)
from autograder.course.config import CONFIG, load_config
from autograder.course.files import whole_folder, write_whole
from autograder.course.model import Course
from autograder.errors import BuildRefused, CourseError, SuiteError
from autograder.gradebook.databases import fault_words, in_words, prepare_database, share_database
from autograder.gradebook.nbgrader_compat import generate_assignment, said_by_nbgrader
from autograder.sandbox.inside.policy import Tier


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
    shutil.copytree(course.folder("source"), scratch / "source")
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
    released = course.folder("release") / assignment
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
    from autograder.authoring.proof import and_more
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
            f"{row.place}: {row.title}{and_more(more)}: {row.problem}" for row, more in proof.faults
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
