"""Runs the chosen cases once: in kernels in the background, and in one warm grader."""

from __future__ import annotations

import os
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from wide import leave_out

from autograder.authoring import samples
from autograder.authoring.demo import copy_course
from autograder.checks.catalogue import Example, load_catalogue
from autograder.course.lab import Lab
from autograder.course.model import Course
from autograder.grading.job import Job, Request
from autograder.grading.pool import WorkerPool
from autograder.grading.submission import parse
from autograder.report import Report
from autograder.sandbox.doctor import strongest

from .kernels import CELL_S, Kernels
from .notebooks import Notebook, read_cells
from .table import CASES, QUICK, WHOLE, Case

SHORT = {"cell_wall_s": 6.0, "submission_wall_s": 18.0, "own_cells_wall_s": 9.0}
"""Limits for cases with short clocks, which their own cells exceed."""
SHORT_CELL_S = 15.0
"""Seconds after which a kernel's cell is interrupted in these cases."""
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Outcome:
    """Both judges' results for one case."""

    exercises: frozenset[str]
    green: frozenset[str]
    """Tests cells that pass in the kernel."""
    report: Report

    @property
    def lost(self) -> frozenset[str]:
        """Exercises that are green in the kernel and lack points here."""
        cells = self.report.grade_cells()
        return frozenset(
            name
            for name in self.green
            if not cells.get(name) or any(c.points < c.max_points for c in cells[name])
        )

    @property
    def words(self) -> list[str]:
        """The grader's words on the exercises that lost points."""
        cells = self.report.grade_cells()
        said = [f"{c.name}: {c.verdict}: {c.message}" for n in self.lost for c in cells.get(n, [])]
        return [*said, *self.report.notes]


def solved(course: Course, lab: Lab, case: Case) -> Notebook:
    """The lab solved as a student would submit it: by the master's solutions or by variants."""
    released = read_cells(lab.release.read_bytes())
    sources = samples.with_examples(lab, _variants(course, lab, case.variants))
    return Notebook(read_cells(samples.notebook(lab, sources)), released)


def _variants(course: Course, lab: Lab, seed: int | None) -> list[Example]:
    """For each exercise with one tests cell, one of its variants or none; drawn from the seed."""
    if seed is None:
        return []
    draw, cells = random.Random(seed), lab.solutions
    alone = [n for n, solution in cells.items() if list(cells.values()).count(solution) == 1]
    known = load_catalogue(course.hidden, lab.assignment).variants
    choices = [[None, *(v for v in known if v.grade_cell == name)] for name in alone]
    return [chosen for among in choices if (chosen := draw.choice(among)) is not None]


def grade_all(course: Course, files: dict[str, tuple[Lab, bytes]]) -> dict[str, Report]:
    """Grade notebooks by the course's own way, in one warm worker; reports by name."""
    jobs = [
        Job(name, lab.assignment, lab.name, parse(data), Request(7))
        for name, (lab, data) in files.items()
    ]
    tier = strongest(course.require, course.limits)
    with WorkerPool(course, course.labs, tier, workers=1) as pool:
        return {job.student: report for job, report in pool.grade(jobs)}


def with_short_clocks(course: Course, folder: Path) -> Course:
    """A copy of the course whose limits are reached within seconds."""
    copied = copy_course(course, folder / "course")
    shutil.copytree(course.root / "release", copied.root / "release")
    with (copied.root / "course_config.py").open("a") as config:
        config.write(f"\nc.Grading.limits = {SHORT!r}\n")
    return Course.load(copied.root)


def public_files(course: Course, lab: Lab, folder: Path) -> Path:
    """A folder with the assignment's public files, for kernels to start in."""
    there = folder / lab.assignment
    if not there.exists():
        there.mkdir()
        for name, data in course.public_files(lab.assignment).items():
            (there / name).write_bytes(data)
    return there


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only the whole table holds; mark what the quick tests leave out.

    Of what is neither whole nor quick, a usual run takes every ninth case.
    """
    middle = [case.id for case in CASES if case.share not in (WHOLE, QUICK)]
    usual, left_out = {*middle[::9]}, set()
    for item in items:
        case = case_of(item)
        if case is not None and case.share == WHOLE and not config.option.all:
            left_out.add(item)
        elif case is not None and case.share != QUICK:
            item.add_marker("slow")
            table = "broken_rule" not in item.nodeid
            if table and case.id not in usual and not config.option.all:
                left_out.add(item)
    leave_out(config, items, left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many of the table's notebooks ran."""
    done = [r for key in ("passed", "failed") for r in terminalreporter.stats.get(key, ())]
    ran = sum("test_differential.py::test_what_the_kernel" in r.nodeid for r in done)
    if ran:
        terminalreporter.write_line(
            f"Edited notebooks, each run by a kernel and graded: {ran} of {len(CASES)} "
            "(--all runs them all)."
        )


def case_of(item: pytest.Item) -> Case | None:
    """The case that a test is about."""
    callspec = getattr(item, "callspec", None)
    case = callspec.params.get("case") if callspec else None
    return case if isinstance(case, Case) else None


@pytest.fixture(scope="session")
def outcomes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """Both judges' words on every case that was selected, by id."""
    cases = filter(None, map(case_of, request.session.items))
    chosen = {case.id: case for case in cases}
    course = Course.load(ROOT)
    labs = {lab.name: lab for lab in course.labs}
    made = {c.id: c.edited(solved(course, labs[c.lab], c)) for c in chosen.values()}
    folder = tmp_path_factory.mktemp("kernels")
    kernels = Kernels(workers=1 + (os.cpu_count() or 1))
    try:
        asked = {
            name: kernels.begin(
                notebook,
                public_files(course, labs[chosen[name].lab], folder),
                chosen[name].demonstrations,
                SHORT_CELL_S if chosen[name].short_clocks else CELL_S,
            )
            for name, notebook in made.items()
        }
        reports: dict[str, Report] = {}
        for short in (False, True):
            names = [name for name in made if chosen[name].short_clocks is short]
            files = {name: (labs[chosen[name].lab], made[name].to_bytes()) for name in names}
            room = tmp_path_factory.mktemp("submitted")
            if files:
                by = with_short_clocks(course, room) if short else course
                reports |= grade_all(by, files)
        return {
            name: Outcome(
                frozenset(e.grade_cell for e in labs[chosen[name].lab].exercises),
                asked[name].result(),
                reports[name],
            )
            for name in made
        }
    finally:
        kernels.close()
