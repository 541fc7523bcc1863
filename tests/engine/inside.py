"""Small limits, and short ways to run a few lines of a student's code in a jail."""

from contextlib import contextmanager

import pytest

from autograder.errors import NoJail
from autograder.limits import Limits
from autograder.remote.cells import Cell
from autograder.remote.session import Session
from autograder.sandbox.supervisor import Jail

SMALL = Limits(
    call_wall_s=3.0,
    cell_wall_s=3.0,
    submission_wall_s=24.0,
    cpu_s=20,
    memory_mib=384,
    processes=24,
    file_mib=4,
    files=64,
    answer_mib=1,
    answer_elements=20_000,
    callbacks=50,
)
TOKEN = "TOY_COURSE_TOKEN"
"""An environment variable of the grader that no submission may see."""


def start_jail(tier, limits=SMALL):
    """Start a jail of that tier; skip, with the reason, where it does not hold."""
    try:
        return Jail(limits, tier)
    except NoJail as reason:
        pytest.skip(f"{tier} does not hold here: {reason}")


@contextmanager
def opened(there, *sources, files=None):
    """A session in a jail that has run these cells; the n-th is the solution of exercise n."""
    cells = [Cell(f"cell {n}", source, f"exercise {n}") for n, source in enumerate(sources, 1)]
    with Session(there, cells, files) as session:
        yield session


def ask(there, source, *args, name="f"):
    """The answer of one call of a function that `source` defines."""
    with opened(there, source) as session:
        return session.call(name, args, {})


def value_of(there, source, *args):
    """The value of one call that must come to an answer."""
    answer = ask(there, source, *args)
    if answer.outcome is not None:
        pytest.fail(f"{answer.outcome.verdict}: {answer.outcome.message}")
    return answer.value


def outcome_of(there, source, *args):
    """The outcome of one call that must not come to an answer."""
    answer = ask(there, source, *args)
    if answer.outcome is None:
        pytest.fail(f"it came to the answer {answer.value!r}")
    return answer.outcome
