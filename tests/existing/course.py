"""An nbgrader course made of `exercises`, and a class that gives right and wrong answers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from tests.existing.exercises import EXERCISES, Exercise

ASSIGNMENT, NOTEBOOK = "kinds", "kinds"
IMPORTS = (
    "import numpy as np\nimport pandas as pd\nimport matplotlib\nmatplotlib.use('agg')\n"
    "import matplotlib.pyplot as plt\nnp.random.seed(7)"
)
FILES = {
    "data/points.csv": "1,2\n3,4\n",
    "helper.py": "FACTOR = 3\n\n\ndef triple(x):\n    return FACTOR * x\n",
}
Node = dict[str, Any]


def cell(kind: str, source: str, grade_id: str = "", **flags: Any) -> Node:
    """A cell of a notebook, with nbgrader's metadata if it has a grade_id."""
    node: Node = {"cell_type": kind, "metadata": {}, "source": source, "id": f"c-{grade_id}"[:60]}
    if kind == "code":
        node |= {"outputs": [], "execution_count": None}
    if grade_id:
        plain = {"grade": False, "solution": False, "locked": False, "task": False}
        node["metadata"]["nbgrader"] = {
            **plain,
            "grade_id": grade_id,
            "schema_version": 3,
            **flags,
        }
    return node


def cells_of(exercise: Exercise) -> list[Node]:
    """The cells of one exercise, as the master notebook has them."""
    tests = exercise.tests
    if exercise.hidden:
        tests += f"\n### BEGIN HIDDEN TESTS\n{exercise.hidden}\n### END HIDDEN TESTS"
    solved = f"### BEGIN SOLUTION\n{exercise.solved}\n### END SOLUTION"
    given = [cell("code", exercise.given, f"given_{exercise.name}", locked=True)]
    return [
        *(given if exercise.given else []),
        cell("code", solved, exercise.name, solution=True),
        cell(
            "code",
            tests,
            f"test_{exercise.name}",
            grade=True,
            locked=True,
            points=exercise.points,
        ),
    ]


def write_course(
    root: Path,
    exercises: Iterable[Exercise] = EXERCISES,
    more: Iterable[Node] = (),
    config: str = "",
    files: Mapping[str, str] = FILES,
) -> Path:
    """Write an nbgrader course with one assignment of one notebook."""
    folder = root / "source" / ASSIGNMENT
    folder.mkdir(parents=True)
    cells = [cell("code", IMPORTS, "imports", locked=True)]
    for exercise in exercises:
        cells += cells_of(exercise)
    write_notebook(folder / f"{NOTEBOOK}.ipynb", [*cells, *more])
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    # nbclient gives up after 4 s without output, which a busy machine needs at times.
    patience = "c.Execute.iopub_timeout = 60\n"
    (root / "nbgrader_config.py").write_text(f"c = get_config()\n{patience}{config}")
    return root


def write_notebook(path: Path, cells: Iterable[Node]) -> None:
    """Write a notebook for Python."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    notebook = {"cells": [*cells], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook))


def submit(root: Path, student: str, answers: Mapping[str, str]) -> Path:
    """Submit the released notebook with these sources, by grade_id."""
    folder = root / "submitted" / student / ASSIGNMENT
    shutil.copytree(root / "release" / ASSIGNMENT, folder)
    path = folder / f"{NOTEBOOK}.ipynb"
    notebook = json.loads(path.read_text())
    for node in notebook["cells"]:
        name = node["metadata"].get("nbgrader", {}).get("grade_id")
        node["source"] = answers.get(name, node["source"])
    path.write_text(json.dumps(notebook))
    return path


def answers(exercises: Iterable[Exercise], which: int | None = None) -> dict[str, str]:
    """Right answers; with a number, the wrong ones of that number where there are some."""
    return {
        one.name: one.wrong[which] if which is not None and which < len(one.wrong) else one.solved
        for one in exercises
    }


def gradebook(root: Path) -> dict[tuple[str, str], tuple[Any, ...]]:
    """What the gradebook holds: by student and cell, grades and comments."""
    found: dict[tuple[str, str], tuple[Any, ...]] = {}
    with Gradebook(f"sqlite:///{root}/gradebook.db") as book:
        for submission in book.assignment_submissions(ASSIGNMENT):
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    scores = grade.auto_score, grade.manual_score, grade.max_score
                    flags = bool(grade.needs_manual_grade), grade.failed_tests
                    found[submission.student.id, grade.name] = (*scores, *flags)
                for comment in notebook.comments:
                    key = submission.student.id, f"comment on {comment.name}"
                    found[key] = (comment.auto_comment,)
    return found
