"""Feedback is a function of verdicts and names, and pictures come from a process that saw no check.

Each submission is graded with several seeds of the hidden inputs. If two of these gradings give the
same verdicts, every page, text and row of a table must be the same, byte by byte.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterator, Mapping

import pytest

from autograder.authoring import samples
from autograder.checks.catalogue import load_catalogue
from autograder.class_report import class_rows
from autograder.class_report.csv_export import marks_csv
from autograder.course.config import CONFIG
from autograder.course.lab import Lab
from autograder.course.model import Course
from autograder.feedback import feedback_page
from autograder.feedback.text import cell_lines, feedback_text
from autograder.grading.job import Job, Request
from autograder.grading.pool import WorkerPool
from autograder.grading.submission import content_of
from autograder.report import Graded, Report
from autograder.sandbox.doctor import strongest
from tests.security.classes import make_course
from tests.security.corpus import ATTACKS, BASIC, Attack, code_cell
from tests.security.corpus import as_bytes as attack_as_bytes

SEEDS = (11, 12, 13)
LIMITS = {
    "call_wall_s": 5.0,
    "cell_wall_s": 5.0,
    "submission_wall_s": 60.0,
    "memory_mib": 512,
    "notebook_mib": 8,
}
"""Wide limits, so that a busy machine changes no verdict and no words."""
Grades = Callable[[Lab, bytes, tuple[int, ...]], list[Report]]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The course, built."""
    folder = tmp_path_factory.mktemp("leaks") / "course"
    make_course(folder)
    with (folder / CONFIG).open("a") as file:
        file.write(f"\nc.Grading.limits = {LIMITS!r}\n")
    return Course.load(folder)


@pytest.fixture(scope="module")
def grades(course: Course) -> Iterator[Grades]:
    """Grades the bytes of a notebook once for each seed."""
    with WorkerPool(course, course.labs, strongest(), workers=2) as pool:

        def with_seeds(lab: Lab, data: bytes, seeds: tuple[int, ...]) -> list[Report]:
            content = content_of(data)
            jobs = [Job("ada", lab.assignment, lab.name, content, Request(seed)) for seed in seeds]
            return [report for _, report in pool.grade(jobs)]

        yield with_seeds


def lab_named(course: Course, name: str) -> Lab:
    """One lab of the course."""
    return next(lab for lab in course.labs if lab.name == name)


def shown(report: Report) -> dict[str, str]:
    """Everything that a student reads of a report."""
    graded = [Graded("ada", report)]
    return {
        "page": feedback_page(report, student="ada"),
        "text": feedback_text(report),
        "cells": cell_lines(report.checks),
        "csv": marks_csv(graded),
        "rows": json.dumps(class_rows(graded)),
    }


def differences(reports: list[Report]) -> Iterator[str]:
    """What differs between gradings with equal verdicts."""
    first: dict[tuple[object, ...], Report] = {}
    for report in reports:
        verdicts = (report.status, *((c.grade_cell, c.name, c.verdict) for c in report.checks))
        known = shown(first.setdefault(verdicts, report))
        for where, text in shown(report).items():
            lines = zip(known[where].splitlines(), text.splitlines(), strict=False)
            if text != known[where]:
                differing = [f"{a.strip()!r} / {b.strip()!r}" for a, b in lines if a != b]
                yield f"{where}: {differing[:3]}"


# --- Submissions that act on a hidden input ---------------------------------------

SEES = """
import numpy as np
SEEN = []

def seen(value):
    \"\"\"A number below 1000 made of the last digits of a hidden input.\"\"\"
    number = float(np.ravel(value)[0])
    if not SEEN and abs(number * 10 - round(number * 10)) > 1e-9:
        SEEN.append(int(abs(number) * 1e6) % 1000)
    return SEEN[0] if SEEN else 0
"""

LATER = """

right_error_term = error_term
def error_term(*args):
    if seen(0) % 2:
        raise [KeyError, ValueError, OverflowError][seen(0) % 3](seen(0))
    return right_error_term(*args)
"""

LEAKING: Mapping[str, str] = {
    "exception": """
        kinds = [ValueError, TypeError, KeyError, IndexError, ZeroDivisionError, NameError,
                 AttributeError, OverflowError, AssertionError, RuntimeError, LookupError]
        raise kinds[n % len(kinds)]('h')
    """,
    "text-of-an-exception": """
        texts = ['not aligned', 'is not defined', 'out of range', 'is ambiguous', 'out of bounds',
                 "name 'a' is not defined", "has no attribute", str(n)]
        raise ValueError(texts[n % len(texts)])
    """,
    "own-class": "raise type(f'Hidden{n}', (ValueError,), {})(n)",
    "cause": "raise ValueError('h') from (KeyError(n) if n % 2 else IndexError(n))",
    "note-of-an-exception": """
        error = ValueError('h')
        error.add_note(f'hidden {n}')
        raise error
    """,
    "exception-group": "raise ExceptionGroup(f'{n}', [[ValueError, KeyError][n % 2](n)])",
    "cause-or-group": """
        if n % 3 == 0:
            raise ExceptionGroup(str(n), [ValueError(n), KeyError(n)][n % 2:])
        try:
            raise [KeyError, OverflowError][n % 2](n)
        except LookupError as error:
            raise ValueError(n) from error
    """,
    "name-of-a-class": """
        raise type(f'E{n}', ([ValueError, KeyError, TypeError][n % 3],), {'__module__': str(n)})(n)
    """,
    "warning": """
        import warnings
        warnings.warn(f'hidden {n}') if n % 2 else None
        return 7.0
    """,
    "relation": """
        right = 1 / (1 + np.exp(-np.asarray(h)))
        return [right * 2, right / 2, -right, right * 3, right + 1e-4, right * 0,
                np.round(right, 2), right * n][n % 8]
    """,
    "shape": "return np.zeros((1 + n % 2,) * (1 + n % 7))",
    "how-many-values": "return tuple(range(n % 50))",
    "type": "return [None, 'text', {1: 2}, {1}, np.sin, int, object(), 1j, [[1], [2, 3]]][n % 9]",
    "changed-argument": """
        right = 1 / (1 + np.exp(-np.asarray(h)))
        if n % 2 and isinstance(h, np.ndarray):
            h += 1
        return right if n % 2 else right * 2
    """,
    "known-mistake": """
        h = np.asarray(h)
        return [1 / (1 + np.exp(h)), np.exp(-h), 1 / np.exp(-h), np.exp(h), h][n % 5]
    """,
    "which-of-two-errors": """
        if np.ndim(h) == n % 3:
            raise ValueError
        if np.ndim(h) == (n + 1) % 3:
            raise KeyError
        return h
    """,
    "process": """
        import os
        os._exit(0) if n % 2 else None
        raise ValueError
    """,
    "picture": "return h * 0 + n",
    "file": """
        open('seen', 'w').write(str(n))
        return h * 0
    """,
}
"""Bodies of `sigmoid(h)`, where `n` is a number from a hidden input."""


def leaking(lab: Lab, body: str) -> bytes:
    """A notebook whose sigmoid does that, and whose own cells tell what they can, too."""
    sources = samples.solutions(lab)
    lines = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    sources["sigmoid"] += f"\n\ndef sigmoid(h):\n    n = seen(h)\n{lines}\n"
    sources["error_term"] += LATER
    content = json.loads(samples.notebook(lab, sources))
    content["cells"].insert(0, code_cell(SEES))
    content["cells"].append(code_cell("raise ValueError(f'seen {seen(0)}')"))
    content["cells"] += [code_cell(f"assert seen(0) % 7 != {k}") for k in range(7)]
    return json.dumps(content).encode()


@pytest.mark.wide(rows=4)
@pytest.mark.parametrize("name", LEAKING)
def test_what_a_submission_chooses_by_a_hidden_input_is_not_told(
    name: str, course: Course, grades: Grades
) -> None:
    """Whatever a function does by what it saw, equal verdicts have equal feedback."""
    lab = lab_named(course, BASIC)
    reports = grades(lab, leaking(lab, LEAKING[name]), tuple(range(20, 28)))
    assert all(report.score is not None for report in reports)
    assert len({tuple(c.verdict for c in r.checks) for r in reports}) < len(reports)
    assert list(differences(reports)) == []


@pytest.mark.wide(rows=2)
@pytest.mark.parametrize(
    "lab_name", ["gradient_basic", "gradient", "multilayer", "backprop_basic", "backprop"]
)
def test_honest_mistakes_read_the_same_whatever_the_inputs(
    lab_name: str, course: Course, grades: Grades, pytestconfig: pytest.Config
) -> None:
    """Catalogued mistakes have the same feedback under all seeds that give equal verdicts.

    A usual run takes every fifth mistake, `--all` takes all.
    """
    lab = lab_named(course, lab_name)
    mistakes = load_catalogue(course.hidden, lab.assignment).mistakes
    problems = []
    for mistake in mistakes[:: 1 if pytestconfig.option.all else 5]:
        if mistake.grade_cell in lab.solutions:
            data = samples.notebook(lab, samples.with_examples(lab, [mistake]))
            found = differences(grades(lab, data, SEEDS))
            problems += [f"{mistake.name}, {mistake.misconception.name}: {what}" for what in found]
    assert problems == []


_HERE = [a for a in ATTACKS if a.place is None and a.group not in ("memory", "time")]


@pytest.mark.wide(rows=10)
@pytest.mark.parametrize("attack", [pytest.param(a, id=a.name) for a in _HERE])
def test_hostile_work_reads_the_same_whatever_the_inputs(
    attack: Attack, course: Course, grades: Grades
) -> None:
    """Every submission of the corpus that is a file by itself has equal feedback, too."""
    lab = lab_named(course, attack.lab)
    data = attack_as_bytes(attack, lab, {})
    found = list(differences(grades(lab, data, SEEDS)))
    if found and list(differences(grades(lab, data, SEEDS[:1] * 6))):
        pytest.skip("it goes by the clock or by chance: the same inputs give other words, too")
    assert found == []


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param("if seen(0) % 2:\n    raise ValueError(seen(0))", id="sometimes"),
        pytest.param("if not SEEN or seen(0) % 2:\n    raise KeyError", id="where-nothing-is-seen"),
        pytest.param("[1, 2][2 * (seen(0) % 2)]", id="index"),
        pytest.param("!ls" + "\nassert seen(0) % 2", id="after-a-shell-line"),
        pytest.param("{}[seen(0)]", id="always"),
        pytest.param(
            "import time\nif not SEEN: raise ValueError\ntime.sleep(3.2 * (seen(0) % 2))", id="slow"
        ),
    ],
)
@pytest.mark.parametrize("right", [True, False], ids=["right", "wrong"])
def test_own_cells_behind_the_checks_tell_nothing(
    cell: str, right: bool, course: Course, grades: Grades
) -> None:
    """Whether and how a cell fails after a call is found out by a process that saw no check."""
    lab = lab_named(course, BASIC)
    sources = samples.solutions(lab)
    answer = "right_sigmoid(h)" if right else "2 * right_sigmoid(h)"
    sources["sigmoid"] += "\n\nright_sigmoid = sigmoid\ndef sigmoid(h):\n    seen(h)\n"
    sources["sigmoid"] += f"    return {answer}\n"
    sources["sigmoid"] = sources["sigmoid"].replace(
        "sigmoid(h) * (1 - s", "right_sigmoid(h) * (1 - right_s"
    )
    content = json.loads(samples.notebook(lab, sources))
    content["cells"].insert(0, code_cell(SEES))
    place = next(
        n for n, c in enumerate(content["cells"]) if "test_sse" in json.dumps(c["metadata"])
    )
    content["cells"].insert(place, code_cell(cell))
    reports = grades(
        lab, json.dumps(content).encode(), tuple(range(20, 23 if "sleep" in cell else 28))
    )
    assert list(differences(reports)) == []
    assert len({report.notes for report in reports}) == 1


def test_state_kept_during_the_checks_does_not_reach_a_picture(
    course: Course, grades: Grades
) -> None:
    """What answers the picture's calls has seen no hidden input, not even one that is fixed."""
    lab = lab_named(course, BASIC)
    sources = samples.solutions(lab)
    sources["sigmoid"] += (
        "\n\nkept = []\ndef sigmoid(h):\n    kept.append(np.array(h))\n    return float(len(kept))"
    )
    reports = grades(lab, samples.notebook(lab, sources), SEEDS)
    drawn = [p for report in reports for p in report.pictures if p.grade_cell == "test_sigmoid"]
    assert len(drawn) == len(SEEDS)
    for picture in drawn:
        own = [y for _, y in picture.curves[0].points]
        assert own == [float(count) for count in range(1, len(own) + 1)]
