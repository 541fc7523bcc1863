"""A demonstration class: named students whose submissions come from the course's own catalogue.

Nothing here is a fixed result: each submission is a real notebook, made of solutions, variants,
mistakes and unfinished cells, and is graded like any other.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring import samples
from autograder.checks.catalogue import Catalogue, Example, load_catalogue
from autograder.course.config import CONFIG
from autograder.course.lab import Lab
from autograder.course.model import Course
from autograder.course.notebook import grade_id_of

SEED = 20_260_907
"""Of the choice of mistakes and variants; the class is the same each time."""


@dataclass(frozen=True)
class Person:
    """A made-up student: how many slips a notebook holds, how many exercises are left."""

    name: str
    slips: int
    unfinished: int
    style: bool = False
    """Writes in a style of their own (variants) where there is one."""


CLASS = (
    Person("ada", 0, 0),
    Person("bela", 0, 0, style=True),
    Person("chidi", 1, 0),
    Person("dana", 1, 0, style=True),
    Person("emre", 2, 0),
    Person("fatima", 2, 1),
    Person("goran", 0, 2),
    Person("hana", 3, 1),
)
_HANGING = "    while True:\n        pass\n"


def copy_course(course: Course, folder: Path) -> Course:
    """A copy of a course in `folder`, without its submissions and marks."""
    if folder.exists() and any(folder.iterdir()) and not (folder / ".autograder-demo").is_file():
        raise FileExistsError(f"{folder}: not empty, and not made by the demonstration")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / ".autograder-demo").touch()
    for name in ("source", "tests/hidden"):
        shutil.copytree(
            course.root / name,
            folder / name,
            ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"),
        )
    for name in (CONFIG, "nbgrader_config.py"):
        if (course.root / name).is_file():
            shutil.copy(course.root / name, folder / name)
    return Course.load(folder)


def make_class(course: Course, people: tuple[Person, ...] = CLASS) -> int:
    """Write the class's submissions to `submitted/`; returns how many there are.

    Args:
        course: the course, built.
        people: the students.
    """
    rng = random.Random(SEED)
    catalogues = {name: load_catalogue(course.hidden, name) for name in course.assignments}
    count = 0
    for person in people:
        for assignment in course.assignments:
            folder = course.folder("submitted") / person.name / assignment
            folder.mkdir(parents=True)
            for lab in course.labs_of(assignment):
                sources = _sources(lab, catalogues[assignment], person, rng)
                (folder / f"{lab.name}.ipynb").write_bytes(samples.notebook(lab, sources))
            for name, data in course.public_files(assignment).items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(data)
            (folder / "timestamp.txt").write_text("2026-09-21 21:50:00 UTC")
            count += 1
    _damage(course, people[-1].name)
    return count


def _sources(lab: Lab, catalogue: Catalogue, person: Person, rng: random.Random) -> dict[str, str]:
    """What one student wrote into one notebook."""
    examples: dict[str, Example] = {}
    if person.style:
        examples = {e.grade_cell: e for e in _shuffled(catalogue.variants, lab, rng)}
    wrong = {e.grade_cell: e for e in _shuffled(catalogue.mistakes, lab, rng)}
    for cell in list(wrong)[: person.slips]:
        examples[cell] = wrong[cell]
    sources = samples.with_examples(lab, examples.values())
    for exercise in lab.exercises[len(lab.exercises) - person.unfinished :]:
        sources.pop(exercise.solution, None)
    return sources


def _shuffled(examples: tuple[Example, ...], lab: Lab, rng: random.Random) -> Iterator[Example]:
    own = [example for example in examples if example.grade_cell in lab.solutions]
    rng.shuffle(own)
    return iter(own)


def _damage(course: Course, student: str) -> None:
    """Two of the things that happen: an endless loop, and a file cut short.

    In a course of one notebook the endless loop is all.
    """
    first, last = course.labs[0], course.labs[-1]
    path = course.folder("submitted") / student / first.assignment / f"{first.name}.ipynb"
    content = json.loads(path.read_text(encoding="utf-8"))
    target = first.exercises[-1]
    for cell in content["cells"]:
        if grade_id_of(cell) == target.solution:
            begins = f"def {target.functions[0]}(*args):" if target.functions else "if True:"
            cell["source"] = f"{begins}\n{_HANGING}"
    path.write_text(json.dumps(content), encoding="utf-8")
    if last is first:
        return
    broken = course.folder("submitted") / student / last.assignment / f"{last.name}.ipynb"
    broken.write_bytes(broken.read_bytes()[:2000])
