"""Fixtures of the engine's own tests: the toy course, built once, and one jail for each tier."""

import json
import os

import pytest
import toy
from inside import TOKEN, start_jail

from autograder.authoring.build import build
from autograder.course.model import Course
from autograder.grading.job import Job, Request
from autograder.grading.pool import WorkerPool
from autograder.grading.submission import read_submission
from autograder.sandbox.doctor import strongest
from autograder.sandbox.inside import policy


@pytest.fixture(scope="session", params=policy.SANDBOXES, ids=str)
def jail(request):
    """A jail with small limits, in each tier."""
    os.environ[TOKEN] = "secret"
    with start_jail(request.param) as there:
        yield there
    del os.environ[TOKEN]


@pytest.fixture(scope="session")
def tier():
    """The strongest tier that holds here."""
    return strongest()


@pytest.fixture(scope="session")
def strong_jail(tier):
    """One jail of the strongest tier, for what is the same in all of them."""
    with start_jail(tier) as there:
        yield there


@pytest.fixture(scope="session")
def toy_course(tmp_path_factory):
    """The toy course, built."""
    course = Course.load(toy.write_course(tmp_path_factory.mktemp("toys")))
    build(course)
    return course


@pytest.fixture(scope="session")
def toy_lab(toy_course):
    """The toy course's only lab."""
    return toy_course.labs[0]


@pytest.fixture(scope="session")
def toy_classroom(toy_course, tier):
    """One worker that grades the toy course."""
    with WorkerPool(toy_course, toy_course.labs, tier, workers=1) as pool:
        yield pool


@pytest.fixture
def mark(toy_lab, toy_classroom, tmp_path):
    """Grade a submission of `shapes`: sources by cell, a change of the notebook, or raw bytes."""

    def mark_one(sources=None, change=None, *, raw=None, seed=7):
        content = toy.handed_in(toy_lab.release, sources or {}, change)
        path = tmp_path / "shapes.ipynb"
        path.write_bytes(raw if raw is not None else json.dumps(content).encode())
        read = read_submission(tmp_path, path.name, 20)
        job = Job("ada", toy_lab.assignment, toy_lab.name, read, Request(seed))
        [(_, report)] = toy_classroom.grade([job])
        return report

    return mark_one
