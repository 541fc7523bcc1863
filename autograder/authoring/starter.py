"""A new course, or a new assignment of one: small, and ready to be built, proven and changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.authoring import samples
from autograder.authoring.build import build
from autograder.authoring.proof import Proof
from autograder.authoring.prove import prove
from autograder.checks.catalogue import load_catalogue
from autograder.course.config import CONFIG
from autograder.course.model import Course
from autograder.errors import CourseError
from autograder.grading.context import prepared
from autograder.grading.grader import grade
from autograder.grading.submission import parse
from autograder.report import Report
from autograder.sandbox.inside.policy import Tier

ASSIGNMENT, NOTEBOOK = "growth", "interest"
_NO_NAME = set('/\\*?[]+<>"')
_TEXT = """\
# Interest

Interest earns interest: each year multiplies the balance of the year before."""
_SOLUTION = '''\
def grow(start, rates):
    """Balances after each year, (n,), for a start and n yearly rates (0.05 is five per cent)."""
    ### BEGIN SOLUTION
    return start * np.cumprod(1 + np.asarray(rates))
    ### END SOLUTION'''
_TESTS = "assert np.allclose(grow(100, [0.1, 0.2]), [110, 132])"


def write_course(root: Path, title: str = "") -> list[Path]:
    """Write a course of one assignment to a new or an empty folder; returns the files.

    Raises:
        CourseError: something lies in the folder.
        OSError: it cannot be written.
    """
    if root.exists() and not (root.is_dir() and not any(root.iterdir())):
        raise CourseError(f"{root}: not an empty folder; name a new one")
    name = root.resolve().name
    words = {"COURSE_ID": _quoted(name), "TITLE": _quoted(title or name)}
    root.mkdir(parents=True, exist_ok=True)
    written = [_write(root / name, _text(name, words)) for name in (CONFIG, "nbgrader_config.py")]
    return written + _write_files(root, ASSIGNMENT, NOTEBOOK)


def write_assignment(course: Course, assignment: str, notebook: str) -> list[Path]:
    """Add an assignment of one notebook to a course; returns the files, the configuration last.

    Raises:
        CourseError: it is there already, or its name or the notebook's cannot be one.
        OSError: it cannot be written.
    """
    for name in (assignment, notebook):
        possible = name.isprintable() and name.strip() == name and not set(name) & _NO_NAME
        if not (name and possible) or name.startswith("."):
            raise CourseError(f"{name!r} cannot be the name of an assignment or a notebook")
    for folder in ("source", "tests/hidden"):
        if (course.root / folder / assignment).exists():
            raise CourseError(f"{course.root / folder / assignment}: is there already")
    if assignment in course.assignments:
        raise CourseError(f"{CONFIG} declares {assignment} already")
    written = _write_files(course.root, assignment, notebook)
    added = {assignment: {notebook: {"test_grow": 3}}}
    config = course.root / CONFIG
    text = config.read_text(encoding="utf-8")
    line = f"c.Grading.assignments.update({json.dumps(added, ensure_ascii=False)})\n"
    config.write_text(f"{text.rstrip()}\n{line}", encoding="utf-8")
    return [*written, config]


@dataclass(frozen=True)
class Tried:
    """What came of building, proving and grading a new course."""

    proof: Proof
    example: Path
    """An answer that makes the catalogue's mistake."""
    report: Report


def try_out(course: Course, tier: Tier, on_step: Callable[[str], None]) -> Tried:
    """Build a new course, prove its suite, and grade an answer that makes its mistake.

    The answer lies in no student's folder, and no mark is kept: nbgrader would refuse to change a
    notebook that has marks.
    """
    [lab] = course.labs
    build(course, (), on_step, tier)
    proof = prove(course, (), tier=tier, seeds=(1,))
    mistake = load_catalogue(course.hidden, lab.assignment).mistakes[0]
    work = samples.notebook(lab, samples.with_examples(lab, [mistake]))
    example = course.root / "example" / f"{lab.name}.ipynb"
    example.parent.mkdir()
    example.write_bytes(work)
    with prepared(course, [lab], tier) as contexts:
        return Tried(proof, example, grade(contexts[lab.assignment, lab.name], parse(work)))


def _write_files(root: Path, assignment: str, notebook: str) -> list[Path]:
    master = nbformat.writes(_master()) + "\n"
    written = [_write(root / "source" / assignment / f"{notebook}.ipynb", master)]
    hidden = root / "tests" / "hidden" / assignment
    names = {name: name for name in ("reference.py", "mistakes.py", "variants.py")}
    names["test_suite.py"] = f"test_{notebook}.py"
    return written + [_write(hidden / to, _text(name, {})) for name, to in names.items()]


def _text(name: str, words: dict[str, str]) -> str:
    """One file of a new course, with the course's own words in it."""
    text = files("autograder.authoring").joinpath(f"starter/{name}.txt").read_text("utf-8")
    for word, own in words.items():
        text = text.replace(f'"{word}"', own)
    return text


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _master() -> nbformat.NotebookNode:
    """The master notebook, as nbgrader's *Create Assignment* sidebar would make it."""
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    cells = [
        new_markdown_cell(_TEXT, id="title"),
        _cell("imports", "import numpy as np"),
        _cell("grow", _SOLUTION, solution=True, locked=False),
        _cell("test_grow", _TESTS, grade=True, points=3),
    ]
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return new_notebook(cells=cells, metadata=metadata)


def _cell(name: str, source: str, **more: bool | int) -> nbformat.NotebookNode:
    kind = {"grade": False, "solution": False, "task": False, "locked": True, "schema_version": 3}
    kind |= more
    return new_code_cell(
        source, id=name.replace("_", "-"), metadata={"nbgrader": {**kind, "grade_id": name}}
    )
