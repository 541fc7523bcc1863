"""What a mark depends on, as hashes: a submission whose hashes are the same is not graded again.

A mark of an exercise depends on the submission, on its own checks and mistakes, and on what all
exercises share: the rest of the suite's files, the given cells and public files, the limits, the
tier and this engine's version. Comments and layout in the suite's files do not count.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from pathlib import Path

from autograder import __version__
from autograder.course.lab import Lab
from autograder.course.model import Course
from autograder.course.notebook import Kind
from autograder.sandbox.inside.policy import Tier

_MARKERS = {"grade_cell", "of"}
"""Decorators whose first argument names the exercise that a function belongs to."""
_NOT_MARKING = {"variants.py", "pictures.py"}
"""Files of a hidden suite that prove or illustrate it, and have no part in a mark."""


def submission_digest(data: bytes) -> str:
    """Hash of a submitted file, or of the reason why there is none."""
    return hashlib.sha256(data).hexdigest()


def exercise_digests(course: Course, lab: Lab, tier: Tier) -> dict[str, str]:
    """By grade cell, the hash of everything but the submission that its mark depends on.

    Args:
        course: the course, built.
        lab: which notebook.
        tier: the tier of isolation that it will be graded in.
    """
    own: dict[str, list[str]] = {exercise.grade_cell: [] for exercise in lab.exercises}
    shared = [__version__, tier.name, repr(sorted(course.limits.as_dict().items()))]
    for path in _marking_files(course, lab):
        for cell, text in _pieces(path):
            own.get(cell, shared).append(text)
    shared += [cell.source for cell in lab.cells if cell.kind in (Kind.GIVEN, Kind.TOOL)]
    shared += [
        name + submission_digest(data) for name, data in course.public_files(lab.assignment).items()
    ]
    shared += [cell.grade_id + lab.blanks.get(cell.grade_id, "") for cell in lab.by_hand]
    if lab.tests_cells is not None:
        # A tests cell depends on all cells above it.
        tests = lab.tests_cells
        shared += [tests.digest, repr(sorted(tests.ways.items()))]
    for exercise in lab.exercises:
        stub = lab.stubs.get(exercise.solution, "")
        own[exercise.grade_cell] += [repr(exercise.points), repr(exercise.names), stub]
    common = _hash(shared)
    return {cell: _hash([common, *texts]) for cell, texts in own.items()}


def course_digest(course: Course, lab: Lab, tier: Tier) -> str:
    """Hash of everything that the proof of a lab's suite depends on."""
    parts = [__version__, tier.name, repr(sorted(course.limits.as_dict().items()))]
    hidden = [
        *sorted((course.hidden / lab.assignment).glob("*.py")),
        *sorted(course.hidden.glob("*.py")),
    ]
    files = [path.read_bytes() for path in (*hidden, lab.path, lab.release) if path.is_file()]
    files += course.public_files(lab.assignment).values()
    return _hash([*parts, *map(submission_digest, files)])


def _marking_files(course: Course, lab: Lab) -> list[Path]:
    """The hidden files that affect the lab's marks; of the suites, only its own."""
    beside = sorted((course.hidden / lab.assignment).glob("*.py"))
    others = [path for path in beside if path.name.startswith("test_") and path != lab.suite]
    left_out = {*others, *(path for path in beside if path.name in _NOT_MARKING)}
    return [path for path in (*beside, *sorted(course.hidden.glob("*.py"))) if path not in left_out]


def _pieces(path: Path) -> Iterable[tuple[str, str]]:
    """The top-level statements of a file, each with its grade cell, or empty if it has none."""
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return [("", text)]
    return [(_grade_cell(node), ast.dump(node)) for node in body]


def _grade_cell(node: ast.stmt) -> str:
    """The grade cell that a decorator of a function names; empty where none does."""
    for call in getattr(node, "decorator_list", []):
        marker = getattr(getattr(call, "func", None), "attr", "")
        if marker in _MARKERS and call.args and isinstance(call.args[0], ast.Constant):
            return str(call.args[0].value)
    return ""


def _hash(texts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
    return digest.hexdigest()
