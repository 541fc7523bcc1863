"""The same course, graded by nbgrader and by this grader: each grade, flag and comment is the same.

The notebook holds every exercise of `exercises.txt`, cells that a person grades, and a task. The
class answers right, wrong, not at all, and oddly.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.existing.course import (
    ASSIGNMENT,
    answers,
    cell,
    gradebook,
    submit,
    write_course,
)
from tests.existing.exercises import EXERCISES

BIN = Path(sys.executable).parent
BY_HAND = [
    cell(
        "code",
        "### BEGIN SOLUTION\nused = 1\n### END SOLUTION",
        "by_code",
        grade=True,
        solution=True,
        points=3,
    ),
    cell("markdown", "Why?", "by_text", grade=True, solution=True, points=2),
    cell("markdown", "Draw.", "drawn", task=True, locked=True, points=2),
]
Notebook = dict[str, Any]


def named(notebook: Notebook, name: str) -> dict[str, Any]:
    """A cell of a notebook by its grade_id."""
    found: dict[str, Any] = next(
        one
        for one in notebook["cells"]
        if one["metadata"].get("nbgrader", {}).get("grade_id") == name
    )
    return found


def lost(notebook: Notebook) -> None:
    """Tests, an answer and given cells are gone."""
    gone = {"test_number", "test_class", "imports", "by_text", "tuple"}
    notebook["cells"] = [
        one
        for one in notebook["cells"]
        if one["metadata"].get("nbgrader", {}).get("grade_id") not in gone
    ]


def edited(notebook: Notebook) -> None:
    """Locked cells and tests have other sources and points."""
    for name in ("test_number", "test_list", "given_given_helper", "imports"):
        named(notebook, name)["source"] = "pass"
    named(notebook, "test_text")["metadata"]["nbgrader"]["points"] = 99
    named(notebook, "test_dict")["metadata"]["nbgrader"]["locked"] = False
    named(notebook, "by_code")["source"] = "used = 2"
    named(notebook, "by_text")["source"] = "Because."


def moved(notebook: Notebook) -> None:
    """Solutions stand below their tests."""
    cells = notebook["cells"]
    for name in ("number", "class", "plot"):
        one = named(notebook, name)
        cells.remove(one)
        cells.append(one)


def broken(notebook: Notebook) -> None:
    """Cells raise, exit, forget everything, do not parse, ask, and take too long."""
    named(notebook, "number")["source"] = "def square(x)\n    return x"
    named(notebook, "by_text")["source"] = "x"
    named(notebook, "list")["source"] = "raise SystemExit"
    named(notebook, "dict")["source"] = "name = input('? ')\ndef count(word):\n    return {}"
    named(notebook, "tuple")["source"] = "while True:\n    pass"
    named(notebook, "raises")["source"] = "def root(x):\n    while True:\n        pass"
    named(notebook, "closure")["source"] = "%reset -f\n%nonsense"
    named(notebook, "recursion")["source"] = "fact = 3"


def own(notebook: Notebook) -> None:
    """Cells of the student's own stand between ours, and shadow names that tests use."""
    plain = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    for place, source in ((3, "first = last = numbers = a = 0"), (40, "%matplotlib inline\n1/0")):
        notebook["cells"].insert(place, {**plain, "id": f"own-{place}", "source": source})


STUDENTS: dict[str, tuple[int | None, Callable[[Notebook], None] | None]] = {
    "solved": (None, None),
    "wrong": (0, None),
    "broken": (None, broken),
    "wrong_again": (1, None),
    "wrong_once_more": (2, None),
    "lost": (None, lost),
    "edited": (None, edited),
    "moved": (0, moved),
    "own": (None, own),
    "blank": (None, None),
}
"""By name, which wrong answers they give, and what else they do to their notebook."""
USUAL = {"solved", "wrong", "broken"}


def run(root: Path, *command: str, allowed: tuple[int, ...] = (0,)) -> None:
    """Run one of the environment's programs in a course."""
    path = {"PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(root.parent)}
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]], cwd=root, env=path, capture_output=True, check=False
    )
    assert done.returncode in allowed, done.stderr.decode()[-2000:]


@pytest.fixture(scope="module")
def books(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> tuple[dict[Any, Any], dict[Any, Any], Path]:
    """What nbgrader's gradebook holds after nbgrader, and after this grader."""
    root = tmp_path_factory.mktemp("marks") / "course"
    write_course(root, more=BY_HAND, config="c.Execute.timeout = 3\n")
    run(root, "nbgrader", "generate_assignment", ASSIGNMENT, "--create")
    chosen = (
        STUDENTS if request.config.option.all else {k: STUDENTS[k] for k in STUDENTS if k in USUAL}
    )
    for name, (which, change) in chosen.items():
        path = submit(root, name, {} if name == "blank" else answers(EXERCISES, which))
        if change is not None:
            notebook = json.loads(path.read_text())
            change(notebook)
            path.write_text(json.dumps(notebook))
    beside = root.with_name("nbgraders")
    shutil.copytree(root, beside)
    run(beside, "nbgrader", "autograde", ASSIGNMENT, "--create")
    run(root, "autograder", "grade", allowed=(0, 1))
    return gradebook(beside), gradebook(root), root


def test_each_grade_flag_and_comment_is_nbgraders(
    books: tuple[dict[Any, Any], dict[Any, Any], Path],
) -> None:
    """To the cell, for the whole class."""
    theirs, ours, _ = books
    unlike = {key: (theirs.get(key), ours.get(key)) for key in theirs | ours}
    assert {key: two for key, two in unlike.items() if two[0] != two[1]} == {}
    assert len(theirs) > 150 * len(USUAL)


def test_most_tests_cells_are_out_of_reach(
    books: tuple[dict[Any, Any], dict[Any, Any], Path],
) -> None:
    """Nine of ten run outside, and three of four compare nothing but values."""
    record = json.loads((books[2] / "reports" / "tests_cells" / f"{ASSIGNMENT}.json").read_text())
    (notebook,) = record["notebooks"].values()
    ways = [chosen["way"] for chosen in notebook["ways"].values()]
    assert ways.count("inside") <= 0.1 * len(ways)
    assert ways.count("value") >= 0.75 * len(ways)
    assert all(one["why"] for one in notebook["ways"].values() if one["way"] == "inside")


def test_pages_show_no_hidden_line(books: tuple[dict[Any, Any], dict[Any, Any], Path]) -> None:
    """Neither the students' pages nor the graded notebooks have one."""
    root = books[2]
    hidden = [line for one in EXERCISES for line in one.hidden.splitlines() if line]
    files = [*root.glob("feedback/*/*/*.html"), *root.glob("autograded/*/*/*.ipynb")]
    assert len(files) >= 2 * len(USUAL)
    for path in files:
        text = path.read_text()
        assert not [line for line in hidden if line in text], path
