"""What the course's tests share: the course, a built copy of it, and graders that stay warm.

Nothing here writes into the course itself. Whatever is built, graded or broken is a copy in a
temporary folder.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from autograder.authoring import samples
from autograder.authoring.build import build
from autograder.authoring.demo import copy_course
from autograder.course.lab import Lab
from autograder.course.model import Course
from autograder.grading.job import Job, Request
from autograder.grading.pool import WorkerPool
from autograder.grading.submission import parse
from autograder.report import Report
from autograder.sandbox.doctor import strongest
from autograder.sandbox.inside.policy import Tier

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ("gradient_basic", "gradient", "multilayer", "backprop_basic", "backprop")
_LIMITS = re.compile(r"^c\.Grading\.limits = .*$", re.MULTILINE)


@dataclass(frozen=True)
class Ran:
    """A command that came to its end."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, read as JSON."""
        return json.loads(self.out)


def autograder(*arguments: object, course: Path | None = None, cwd: Path | None = None) -> Ran:
    """Run the `autograder` command as a shell would; `course` adds `--course`."""
    command = [sys.executable, "-m", "autograder", *map(str, arguments)]
    if course is not None:
        command += ["--course", str(course)]
    done = subprocess.run(
        command, cwd=cwd or course or ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def copy_of(course: Course, folder: Path) -> Course:
    """Copy a built course with its gradebook, its submissions and whatever else is there."""
    shutil.copytree(course.root, folder, symlinks=True)
    return Course.load(folder)


def lab_named(course: Course, name: str) -> Lab:
    """The notebook of that name."""
    return next(lab for lab in course.labs if lab.name == name)


def set_limits(course: Course, **limits: float) -> None:
    """Write other limits into a copied course's configuration."""
    assert course.root != ROOT
    path = course.root / "course_config.py"
    text, count = _LIMITS.subn(f"c.Grading.limits = {limits!r}", path.read_text())
    assert count == 1
    path.write_text(text)


def add_setting(course: Course, text: str) -> None:
    """Append lines to a copied course's configuration."""
    assert course.root != ROOT
    path = course.root / "course_config.py"
    path.write_text(f"{path.read_text()}\n{text}\n")


def notebook_of(lab: Lab, sources: Mapping[str, str]) -> bytes:
    """A student's notebook with these sources; one under "" is a cell of their own, put first."""
    data = samples.notebook(lab, {name: text for name, text in sources.items() if name})
    if "" not in sources:
        return data
    content = json.loads(data)
    own = {"cell_type": "code", "id": "my-own", "metadata": {}, "outputs": []}
    content["cells"].insert(0, {**own, "execution_count": None, "source": sources[""]})
    return json.dumps(content).encode()


@dataclass
class Desk:
    """Grades notebooks made of sources, several at once, in workers that stay warm."""

    course: Course
    pool: WorkerPool
    count: int = field(default=0)

    def grade_all(
        self, handed_in: Sequence[tuple[Lab, Mapping[str, str]]], seed: int = 7
    ) -> list[Report]:
        """The reports on notebooks with these sources by grade_id, in their order."""
        jobs = []
        for lab, sources in handed_in:
            self.count += 1
            cells = parse(notebook_of(lab, sources))
            jobs.append(Job(f"{self.count}", lab.assignment, lab.name, cells, Request(seed)))
        reports = dict(self.pool.grade(jobs))
        return [reports[job] for job in jobs]


@pytest.fixture(scope="session")
def course() -> Course:
    """The course as it is committed; read only."""
    return Course.load(ROOT)


@pytest.fixture(scope="session")
def tier(course: Course) -> Tier:
    """The strongest tier of isolation that holds on this machine."""
    return strongest(course.require, course.limits)


@pytest.fixture(scope="session")
def built(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A copy of the course, compiled anew; no test changes it."""
    copied = copy_course(course, tmp_path_factory.mktemp("built") / "course")
    build(copied)
    return copied


@pytest.fixture
def own_course(built: Course, tmp_path: Path) -> Course:
    """A built course of this test's own, to be changed at will."""
    return copy_of(built, tmp_path / "own")


@pytest.fixture(scope="session")
def desk(built: Course, tier: Tier) -> Iterator[Desk]:
    """A grader of single notebooks."""
    with WorkerPool(built, built.labs, tier, workers=2) as pool:
        yield Desk(built, pool)


@pytest.fixture(scope="session")
def references(course: Course) -> Callable[[str], Any]:
    """The reference module of an assignment."""
    from autograder.checks.catalogue import load_catalogue

    loaded = {name: load_catalogue(course.hidden, name).reference for name in course.assignments}
    return loaded.__getitem__
