"""A course that is not this course: triangles and lists, one notebook, four exercises.

`write_course` writes it to a folder, with `course_config.py`, the master notebook `shapes`, a
public file and the hidden suite. Tests change single cells by `notebook_with` and hand in
submissions by `handed_in`.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from autograder.course.notebook import grade_id_of

Node = dict[str, Any]

ASSIGNMENT, NOTEBOOK = "toys", "shapes"
POINTS = {"test_area": 3, "test_scale": 4, "test_fold": 2, "test_draw": 1}

CONFIG = f'''
c = get_config()
c.Grading.title = "Toys"
c.Grading.assignments = {{"{ASSIGNMENT}": {{"{NOTEBOOK}": {POINTS!r}}}}}
c.Grading.limits = {{
    "call_wall_s": 3.0, "cell_wall_s": 4.0, "submission_wall_s": 20.0,
    "own_cells_wall_s": 4.0, "memory_mib": 512,
    "answer_mib": 2, "answer_elements": 50_000, "callbacks": 200,
}}
c.CourseDirectory.course_id = "toycourse"
'''

IMPORTS = """\
import numpy as np

CORNERS = np.loadtxt("corners.csv", delimiter=",")
"""

AREA = '''\
def area(sides):
    """Area of a triangle, from its three sides."""
    ### BEGIN SOLUTION
    a, b, c = sides
    half_around = (a + b + c) / 2
    return np.sqrt(half_around * (half_around - a) * (half_around - b) * (half_around - c))
    ### END SOLUTION
'''

SCALE = '''\
def scale(points, factor):
    """The corners of a triangle, stretched from the origin, and its area then."""
    ### BEGIN SOLUTION
    stretched = factor * points
    edges = stretched - np.roll(stretched, 1, axis=0)
    return stretched, area(np.hypot(edges[:, 0], edges[:, 1]))
    ### END SOLUTION
'''

FOLD = '''\
def fold(function, start, steps):
    """The value after `steps` applications of `function`, from `start` on."""
    ### BEGIN SOLUTION
    value_so_far = start
    for _ in range(steps):
        value_so_far = function(value_so_far)
    return value_so_far
    ### END SOLUTION
'''

DRAW = '''\
def draw(n, rng):
    """n numbers from the standard normal distribution."""
    ### BEGIN SOLUTION
    return rng.standard_normal(size=n)
    ### END SOLUTION
'''

REFERENCE = '''\
"""Right answers."""

import numpy as np


def area(sides):
    a, b, c = sides
    cosine = (a**2 + b**2 - c**2) / (2 * a * b)
    return a * b * np.sqrt(1 - cosine**2) / 2


def scale(points, factor):
    (ax, ay), (bx, by), (cx, cy) = points = points * factor
    return points, abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) / 2


def fold(function, start, steps):
    return start if steps == 0 else fold(function, function(start), steps - 1)


def draw(n, rng):
    return np.array([rng.standard_normal() for _ in range(n)])
'''

MISTAKES = '''\
"""Wrong answers."""

import numpy as np

from autograder.checks import Misconception, Mistakes

mistakes = Mistakes()

RIGHT_ANGLE = Misconception(
    "right-angle-assumed", "You take the triangle for a right-angled one.", ("one", "two", "three")
)
ONE_STEP_SHORT = Misconception("one-step-short", "One step is missing.", ("one", "two", "three"))
ADDED = Misconception("factor-added", "You add the factor.", ("one", "two", "three"))
GLOBAL_DICE = Misconception("other-dice", "You use other random numbers.", ("one", "two", "three"))


@mistakes.of("test_area", RIGHT_ANGLE)
def area(sides):
    return sides[0] * sides[1] / 2


@mistakes.of("test_scale", ADDED)
def scale(points, factor):
    stretched = points + factor
    edges = stretched - np.roll(stretched, 1, axis=0)
    a, b, c = np.hypot(edges[:, 0], edges[:, 1])
    return stretched, np.sqrt((a+b+c) * (b+c-a) * (a+c-b) * (a+b-c)) / 4


@mistakes.of("test_fold", ONE_STEP_SHORT)
def fold(function, start, steps):
    for _ in range(steps - 1):
        start = function(start)
    return start


@mistakes.of("test_draw", GLOBAL_DICE)
def draw(n, rng):
    return np.zeros(n)
'''

VARIANTS = '''\
"""Right answers in other styles."""

import numpy as np

from autograder.checks import Variants

variants = Variants()


@variants.of("test_area", "Heron without a square root of a product")
def area(sides):
    a, b, c = (float(side) for side in sides)
    return ((a + b + c) * (b + c - a) * (a + c - b) * (a + b - c)) ** 0.5 / 4


@variants.of("test_fold", "a while loop")
def fold(function, start, steps):
    while steps:
        start, steps = function(start), steps - 1
    return start
'''

SUITE = '''\
"""Hidden checks of `shapes`."""

import numpy as np
import pytest

from autograder.checks import assert_agrees


@pytest.mark.grade_cell("test_area")
@pytest.mark.points(1)
def test_right_angle(student, reference):
    """A right-angled triangle has half the area of its rectangle."""
    assert_agrees(student.area, reference.area, [3.0, 4.0, 5.0])


@pytest.mark.grade_cell("test_area")
@pytest.mark.points(2)
def test_any_triangle(student, reference, rng):
    """Any other triangle is measured by all three of its sides."""
    for _ in range(2):
        assert_agrees(student.area, reference.area, 5.0 + rng.uniform(size=3))


@pytest.mark.grade_cell("test_scale")
@pytest.mark.points(4)
def test_stretched(student, reference, rng):
    """Every corner is multiplied, and the area is that of the stretched triangle."""
    corners = np.array([[0.0, 1.0], [4.0, 2.0], [1.0, 7.0]]) + rng.uniform(size=(3, 2))
    assert_agrees(student.scale, reference.scale, corners, rng.uniform(2.0, 3.0))


@pytest.mark.grade_cell("test_fold")
@pytest.mark.points(2)
def test_steps(student, reference, rng):
    """The function is applied exactly as often as asked."""
    summand = rng.uniform(1.0, 2.0)
    for steps in (0, 1, 4):
        assert_agrees(student.fold, reference.fold, lambda x: 2 * x + summand, 1.0, steps)


@pytest.mark.grade_cell("test_draw")
@pytest.mark.points(1)
def test_uses_the_generator(student, reference, rng):
    """The numbers come from the generator that is handed in."""
    assert_agrees(student.draw, reference.draw, 5, rng)
'''

HIDDEN = {
    "reference.py": REFERENCE,
    "mistakes.py": MISTAKES,
    "variants.py": VARIANTS,
    f"test_{NOTEBOOK}.py": SUITE,
}


def text(source: str) -> Node:
    """A text cell."""
    return {"cell_type": "markdown", "id": "", "metadata": {}, "source": source}


def code(source: str, grade_id: str = "", **flags: Any) -> Node:
    """A code cell; `flags` are nbgrader's, or `tags`."""
    metadata: Node = {"tags": flags.pop("tags")} if "tags" in flags else {}
    if grade_id:
        metadata["nbgrader"] = {
            "grade_id": grade_id,
            "schema_version": 3,
            "task": False,
            **{name: flags.get(name, False) for name in ("grade", "locked", "solution")},
        }
        if "points" in flags:
            metadata["nbgrader"]["points"] = flags["points"]
    cell = {"cell_type": "code", "id": "", "metadata": metadata, "source": source}
    return {**cell, "execution_count": None, "outputs": []}


def solution(name: str, source: str) -> Node:
    """The solution cell of an exercise."""
    return code(source, name, solution=True)


def graded(name: str, source: str = "print('try it')\n", points: float | None = None) -> Node:
    """The tests cell of an exercise."""
    worth = POINTS.get(name, 1) if points is None else points
    return code(source, name, grade=True, locked=True, points=worth)


def notebook(cells: Iterable[Node]) -> Node:
    """Cells as a notebook of format 4.5."""
    cells = [{**copy.deepcopy(cell), "id": f"c{number}"} for number, cell in enumerate(cells)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def shapes() -> Node:
    """The master notebook."""
    return notebook(
        [
            text("# Shapes"),
            code(IMPORTS, "imports", locked=True),
            solution("area", AREA),
            graded("test_area"),
            code("played_with = area", ""),
            code("shown = 1\nraise SystemExit('a demonstration was run')", "show", locked=True)
            | {"metadata": _demonstration()},
            solution("scale", SCALE),
            graded("test_scale"),
            solution("fold", FOLD),
            graded("test_fold"),
            solution("draw", DRAW),
            graded("test_draw"),
        ]
    )


def _demonstration() -> Node:
    cell = code("", "show", locked=True, tags=["demonstration"])
    return cell["metadata"]


def write_course(
    root: Path,
    master: Node | None = None,
    config: str = CONFIG,
    hidden: dict[str, str] | None = None,
) -> Path:
    """Write a toy course to `root`, with parts of it replaced."""
    source, checks = root / "source" / ASSIGNMENT, root / "tests" / "hidden" / ASSIGNMENT
    source.mkdir(parents=True, exist_ok=True)
    checks.mkdir(parents=True, exist_ok=True)
    (root / "course_config.py").write_text(config, encoding="utf-8")
    (source / f"{NOTEBOOK}.ipynb").write_text(json.dumps(master or shapes()), encoding="utf-8")
    (source / "corners.csv").write_text("0,0\n4,0\n0,3\n", encoding="utf-8")
    for name, content in (HIDDEN if hidden is None else hidden).items():
        (checks / name).write_text(content, encoding="utf-8")
    return root


def cell_of(content: Node, grade_id: str) -> Node:
    """The cell with that grade_id."""
    return next(cell for cell in content["cells"] if grade_id_of(cell) == grade_id)


def place_of(content: Node, grade_id: str) -> int:
    """Where the cell with that grade_id stands."""
    return content["cells"].index(cell_of(content, grade_id))


def handed_in(release: Path, sources: dict[str, str], change: Callable[[Node], Any] | None) -> Node:
    """The student version with some cells written and, at the end, something else done to it."""
    content: Node = json.loads(release.read_text(encoding="utf-8"))
    for grade_id, source in sources.items():
        cell_of(content, grade_id)["source"] = source
    if change is not None:
        change(content)
    return content


def solved() -> dict[str, str]:
    """Right sources of all solution cells."""
    return {"area": AREA, "scale": SCALE, "fold": FOLD, "draw": DRAW}
