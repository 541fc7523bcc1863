"""The same class and the same tests in the form that each way of grading wants.

The hidden suite is run once on the master's own solution, and the calls that it makes are written
down with the reference's answers: as hidden tests in notebooks for nbgrader, as test files for
otter, as a test module for plain pytest. So every way checks the same functions on the same inputs.
What only this grader looks at (arguments changed in place, an earlier slip that costs once) is not
in the peers' tests, so a few exercises come out differently.
"""

from __future__ import annotations

import ast
import inspect
import json
import random
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from autograder.authoring import samples
from autograder.authoring.build import build
from autograder.authoring.demo import copy_course
from autograder.checks.catalogue import Example, load_catalogue
from autograder.checks.relation import ATOL, RTOL
from autograder.course.lab import Lab
from autograder.course.model import Course
from autograder.course.notebook import DEMONSTRATION, grade_id_of
from autograder.errors import SuiteError
from autograder.grading.context import GradingContext, prepared
from autograder.grading.plan import plan
from autograder.grading.submission import parse
from autograder.remote.calls import copy_arguments
from autograder.remote.session import Session
from autograder.remote.student import Student
from autograder.sandbox.inside.policy import Tier

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
            sources = samples.with_examples(lab, examples.values())
            for exercise in lab.exercises[len(lab.exercises) - rng.choice([0, 0, 0, 1, 2]) :]:
                sources.pop(exercise.solution, None)
            (place / f"{lab.name}.ipynb").write_bytes(samples.notebook(lab, sources))
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


def record(course: Course, tier: Tier) -> dict[str, list[Recorded]]:
    """The calls of every hidden check of the assignment, by notebook.

    Raises:
        SuiteError: the master's own solution does not pass.
    """
    with prepared(course, course.labs_of(ASSIGNMENT), tier) as contexts:
        return {context.lab.name: _record(context) for context in contexts.values()}


def _record(context: GradingContext) -> list[Recorded]:
    notebook = parse(samples.notebook(context.lab, samples.solutions(context.lab)))
    reference = context.catalogue.reference
    with Session(context.jail, plan(context.lab, notebook).cells, context.files) as session:
        runs = context.suites.run(context.checks, session, Student(session), reference, SEED)
    recorded = []
    for check, run in zip(context.checks, runs, strict=True):
        if not run.result.passed:
            raise SuiteError(f"{check.name}: the master's solution does not pass: {run.private}")
        for case in run.cases:
            expected = getattr(reference, case.function)(*copy_arguments(case.args))
            recorded.append(Recorded(check.grade_cell, case.function, case.args, expected))
    return recorded


def assertions(calls: Iterable[Recorded]) -> str:
    """Source that makes these calls and asserts their answers, for whoever has the functions.

    Raises:
        ValueError: an argument or answer cannot be written down as source.
    """
    handed: list[Callable[..., Any]] = []
    lines: list[str] = []
    for call in calls:
        handed += [arg for arg in call.args if callable(arg) and arg not in handed]
        args = ", ".join(map(_literal, call.args))
        parts = call.expected if isinstance(call.expected, tuple) else (call.expected,)
        found = "_found" if isinstance(call.expected, tuple) else "(_found,)"
        wanted = "".join(f"{_literal(part)}, " for part in parts)
        lines += [
            f"_found = {call.function}({args})",
            f"for _a, _b in zip({found}, ({wanted}), strict=True):",
            "    assert np.shape(_a) == np.shape(_b), 'the shape is not right'",
            f"    assert np.allclose(_a, _b, rtol={RTOL}, atol={ATOL}), 'the numbers differ'",
        ]
    return "\n".join(["import numpy as np", *map(inspect.getsource, handed), *lines]) + "\n"


def _literal(value: Any) -> str:
    if callable(value):
        return str(value.__name__)
    plain = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
    text = repr(plain)
    try:
        ast.literal_eval(text)
    except ValueError as error:
        raise ValueError(f"{text[:60]}: cannot be written down for the peers") from error
    return (
        f"np.array({text}, dtype={str(value.dtype)!r})" if isinstance(value, np.ndarray) else text
    )


def copy_submissions(course: Course, folder: Path, *, demonstrations: bool) -> None:
    """Copy the class's submissions; demonstration cells (plots, trainings) go along on request."""
    shutil.copytree(course.root / "submitted", folder)
    if not demonstrations:
        _leave_out_demonstrations(folder.glob(f"*/{ASSIGNMENT}/*.ipynb"))


def _leave_out_demonstrations(paths: Iterable[Path]) -> None:
    for path in paths:
        _edit(path, lambda cell: None if _is_demonstration(cell) else cell)


def nbgrader_course(
    course: Course, folder: Path, calls: dict[str, list[Recorded]], *, demonstrations: bool
) -> None:
    """The class as a stock nbgrader course with the same checks as hidden tests in its cells."""
    source = folder / "source" / ASSIGNMENT
    shutil.copytree(course.root / "source" / ASSIGNMENT, source)
    copy_submissions(course, folder / "submitted", demonstrations=demonstrations)
    (folder / "nbgrader_config.py").write_text(
        'c = get_config()\nc.CourseDirectory.course_id = "bench"\n', encoding="utf-8"
    )
    for name, own in calls.items():
        _edit(source / f"{name}.ipynb", partial(_with_hidden_tests, calls=own))
    if not demonstrations:
        _leave_out_demonstrations(source.glob("*.ipynb"))


def _with_hidden_tests(cell: dict[str, Any], calls: list[Recorded]) -> dict[str, Any]:
    name = grade_id_of(cell)
    own = [call for call in calls if call.grade_cell == name]
    if not own:
        return cell
    hidden = f"\n### BEGIN HIDDEN TESTS\n{assertions(own)}### END HIDDEN TESTS\n"
    return {**cell, "source": _text(cell["source"]) + hidden}


def _is_demonstration(cell: dict[str, Any]) -> bool:
    return DEMONSTRATION in cell["metadata"].get("tags", [])


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
