"""The same class and the same tests in the form that each way of grading wants.

The hidden suite is run once on the master's own solution, and the calls that it makes are written
down with the reference's answers: as hidden tests in notebooks for nbgrader, as test files for
otter, as a test module for plain pytest. So every way checks the same functions on the same inputs.
"""

from __future__ import annotations

import inspect
import json
import random
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder import specimen
from autograder.build import build
from autograder.catalogue import Example, load_catalogue
from autograder.classroom import run_benches
from autograder.course import DEMONSTRATION, Course, Lab
from autograder.demo import copy_course
from autograder.grader import Bench, plan
from autograder.student import Session, Student
from autograder.submission import parse

ASSIGNMENT = "gradient_descent"
SEED = 1


@dataclass(frozen=True)
class Recorded:
    """One call that a hidden check makes, with the answer that it wants."""

    grade_cell: str
    function: str
    args: tuple[Any, ...]
    expected: Any


def make_class(course: Course, folder: Path, students: int) -> Course:
    """A copy of the course in `folder` with a class made of variants and mistakes, built."""
    copied = copy_course(course, folder)
    build(copied, (), lambda _: None, None)
    copied = Course.load(folder)
    rng = random.Random(SEED)
    catalogue = load_catalogue(copied.hidden, ASSIGNMENT)
    for number in range(students):
        place = folder / "submitted" / f"s{number:04d}" / ASSIGNMENT
        place.mkdir(parents=True)
        for lab in copied.labs_of(ASSIGNMENT):
            examples = _chosen(catalogue.variants, lab, rng, rng.choice([0, 9]))
            examples |= _chosen(catalogue.mistakes, lab, rng, rng.choice([0, 0, 1, 1, 2, 3]))
            sources = specimen.with_examples(lab, examples.values())
            for exercise in lab.exercises[len(lab.exercises) - rng.choice([0, 0, 0, 1, 2]) :]:
                sources.pop(exercise.solution, None)
            (place / f"{lab.name}.ipynb").write_bytes(specimen.notebook(lab, sources))
        for name, data in copied.public_files(ASSIGNMENT).items():
            (place / name).write_bytes(data)
    return copied


def _chosen(
    examples: Iterable[Example], lab: Lab, rng: random.Random, most: int
) -> dict[str, Example]:
    own = [example for example in examples if example.grade_cell in lab.solutions]
    rng.shuffle(own)
    by_cell = {example.grade_cell: example for example in own}
    return dict(list(by_cell.items())[:most])


def record(course: Course, tier: str) -> dict[str, list[Recorded]]:
    """The calls of every hidden check of the assignment, by notebook."""

    def body(benches: dict[tuple[str, str], Bench]) -> dict[str, list[Recorded]]:
        return {bench.lab.name: _record(bench) for bench in benches.values()}

    found: dict[str, list[Recorded]] = run_benches(course, course.labs_of(ASSIGNMENT), tier, body)
    return found


def _record(bench: Bench) -> list[Recorded]:
    notebook = parse(specimen.notebook(bench.lab, specimen.solutions(bench.lab)))
    reference = bench.catalogue.reference
    with Session(bench.jail, plan(bench.lab, notebook), bench.files) as session:
        runs = bench.suites.run(bench.checks, session, Student(session), reference, SEED)
    return [
        Recorded(
            check.grade_cell,
            case.function,
            case.args,
            getattr(reference, case.function)(*case.args),
        )
        for check, run in zip(bench.checks, runs, strict=True)
        for case in run.cases
    ]


def assertions(calls: Iterable[Recorded]) -> str:
    """Source that makes these calls and asserts their answers, for whoever has the functions."""
    handed, lines = [], []
    for call in calls:
        handed += [arg for arg in call.args if callable(arg) and arg not in handed]
        args = ", ".join(map(_literal, call.args))
        wanted = call.expected if isinstance(call.expected, tuple) else (call.expected,)
        found = "_found" if isinstance(call.expected, tuple) else "(_found,)"
        lines.append(f"_found = {call.function}({args})")
        lines.append(
            f"for _a, _b in zip({found}, ({''.join(_literal(w) + ', ' for w in wanted)})):"
        )
        lines.append("    assert np.shape(_a) == np.shape(_b), 'the shape is not right'")
        lines.append("    assert np.allclose(_a, _b, rtol=1e-6, atol=1e-9), 'the numbers differ'")
    return "\n".join(["import numpy as np", *map(inspect.getsource, handed), *lines]) + "\n"


def _literal(value: Any) -> str:
    if callable(value):
        return str(value.__name__)
    if isinstance(value, np.ndarray):
        return f"np.array({value.tolist()!r})"
    return repr(value.item() if isinstance(value, np.generic) else value)


def nbgrader_course(
    course: Course, folder: Path, calls: dict[str, list[Recorded]], demonstrations: bool
) -> None:
    """The class as a stock nbgrader course with the same checks as hidden tests in its cells."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(course.root / "source" / ASSIGNMENT, folder / "source" / ASSIGNMENT)
    shutil.copytree(course.root / "submitted", folder / "submitted")
    (folder / "nbgrader_config.py").write_text(
        'c = get_config()\nc.CourseDirectory.course_id = "bench"\n', encoding="utf-8"
    )
    for lab in course.labs_of(ASSIGNMENT):
        path = folder / "source" / ASSIGNMENT / f"{lab.name}.ipynb"
        _edit(path, lambda cell, own=calls[lab.name]: _with_hidden_tests(cell, own))
    if not demonstrations:
        for path in folder.glob(f"*/**/{ASSIGNMENT}/*.ipynb"):
            _edit(path, _unless_demonstration)


def _with_hidden_tests(cell: dict[str, Any], calls: list[Recorded]) -> dict[str, Any]:
    name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
    own = [call for call in calls if call.grade_cell == name]
    if not own:
        return cell
    hidden = f"\n### BEGIN HIDDEN TESTS\n{assertions(own)}### END HIDDEN TESTS\n"
    return {**cell, "source": _text(cell["source"]) + hidden}


def _unless_demonstration(cell: dict[str, Any]) -> dict[str, Any] | None:
    return None if DEMONSTRATION in cell["metadata"].get("tags", []) else cell


def _edit(path: Path, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    content["cells"] = [new for cell in content["cells"] if (new := change(cell)) is not None]
    path.write_text(json.dumps(content), encoding="utf-8")


def _text(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


PYTEST_MODULE = """
import json, os, pathlib
import numpy as np
import pytest

def namespace(notebook):
    path = pathlib.Path(os.environ["SUBMISSION"], notebook + ".ipynb")
    names = {}
    for cell in json.loads(path.read_text())["cells"]:
        about, tags = cell["metadata"].get("nbgrader", {}), cell["metadata"].get("tags", [])
        if cell["cell_type"] == "code" and not about.get("grade") and "demonstration" not in tags:
            try:
                exec("".join(cell["source"]), names)
            except Exception:
                pass
    return names

NAMES = {}

@pytest.fixture
def names(request):
    notebook = request.param
    if notebook not in NAMES:
        NAMES[notebook] = namespace(notebook)
    return NAMES[notebook]
"""


def pytest_module(calls: dict[str, list[Recorded]]) -> str:
    """A test module that grades the submission in the folder that SUBMISSION names."""
    text = PYTEST_MODULE
    for notebook, own in calls.items():
        for cell in dict.fromkeys(call.grade_cell for call in own):
            source = assertions(call for call in own if call.grade_cell == cell)
            text += f"\n@pytest.mark.parametrize('names', [{notebook!r}], indirect=True)\n"
            text += f"def test_{notebook}_{cell}(names):\n    exec({source!r}, dict(names))\n"
    return text


def otter_tests(folder: Path, notebook: str, calls: list[Recorded]) -> None:
    """Test files of otter's own format, one an exercise, in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for cell in dict.fromkeys(call.grade_cell for call in calls):
        own = [call for call in calls if call.grade_cell == cell]
        names = ", ".join(dict.fromkeys(call.function for call in own))
        body = "".join(f"    {line}\n" for line in assertions(own).splitlines())
        (folder / f"{notebook}_{cell}.py").write_text(
            "OK_FORMAT = False\n\nfrom otter.test_files import test_case\n\n"
            f"name = {f'{notebook}_{cell}'!r}\npoints = 1\n\n\n"
            f"@test_case(points=1, hidden=True)\ndef test_it({names}):\n{body}",
            encoding="utf-8",
        )
