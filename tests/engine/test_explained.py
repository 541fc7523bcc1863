"""Equal wrong answers are explained once: what is kept, and what is not."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.checks.catalogue import Catalogue, Misconception, Mistakes, load_catalogue
from autograder.grading import explained
from autograder.grading.explained import Explained
from autograder.remote.calls import Answer, Case, Outcome
from autograder.remote.time_limit import Allowance
from autograder.report import Verdict

REFERENCE = '''
import numpy as np


def work(force, way):
    """The work that a force does on its way."""
    return np.sum(force * way)


def power(force, way, time):
    """The work in a time."""
    return work(force, way) / time


def applied(function, start):
    return 2.0 * function(start)
'''
RNG = np.random.default_rng(8)
CALLS = [tuple(RNG.normal(size=(2, n))) for n in (3, 4, 6)]


@pytest.fixture
def catalogue(tmp_path) -> Catalogue:
    """A reference, and a mistake in its first function."""
    folder = tmp_path / "physics"
    folder.mkdir()
    (folder / "reference.py").write_text(REFERENCE)
    mistakes = Mistakes()

    @mistakes.of("test_work", Misconception("averaged-work", "You average.", ("a", "b", "c")))
    def work(force, way):
        return np.mean(force * way)

    return Catalogue(load_catalogue(tmp_path, "physics").reference, tuple(mistakes))


def answered(calls=CALLS, factor=1.0) -> list[Case]:
    """What a student's `work` gives who adds forces and ways."""
    return [Case("work", call, Answer(factor * float(np.sum(call[0])))) for call in calls]


def enough() -> Allowance:
    """Time for any explanation."""
    return Allowance(60.0, 512)


def used_up() -> Allowance:
    """An allowance of which nothing is left."""
    return Allowance(0.0, 512)


def test_equal_answers_are_explained_once(catalogue):
    """The same answers need no second explanation, and so no time."""
    kept = Explained(catalogue)
    first = kept.explain(answered(), (), enough())
    assert first is not None
    assert first.name == "factor left out: way"
    assert kept.explain(answered(), (), used_up()) is first


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(answered(factor=1.0 + 1e-12), id="another-last-digit"),
        pytest.param(answered(CALLS[:2]), id="fewer-calls"),
        pytest.param([*answered(), Case("power", (1.0,), Answer(1.0))], id="another-function"),
        pytest.param(
            [Case("work", call, Answer(np.float32(np.sum(call[0])))) for call in CALLS],
            id="another-type",
        ),
        pytest.param(
            [
                Case("work", call, Answer(outcome=Outcome(Verdict.RAISED, "", "ValueError")))
                for call in CALLS
            ],
            id="an-exception",
        ),
    ],
)
def test_other_answers_are_explained_anew(catalogue, other):
    """Nothing that was found for some answers is told of others."""
    kept = Explained(catalogue)
    assert kept.explain(answered(), (), enough()) is not None
    assert kept.explain(other, (), used_up()) is None


def test_what_has_no_digest_is_explained_each_time(catalogue):
    """A function among the arguments might be another one the next time."""
    cases = [Case("applied", (abs, value), Answer(4.0 * value)) for value in (0.3, 1.7, 2.9)]
    kept = Explained(catalogue)
    assert kept.explain(cases, (), enough()) is not None
    assert kept.explain(cases, (), used_up()) is None


def test_nothing_is_kept_where_time_was_up(catalogue):
    """Answers that could not be explained for want of time are explained when there is some."""
    kept = Explained(catalogue)
    assert kept.explain(answered(), (), used_up()) is None
    assert kept.explain(answered(), (), enough()) is not None


def test_what_was_not_asked_for_longest_makes_room(catalogue, monkeypatch):
    """No more explanations are kept than `MOST_KEPT`."""
    monkeypatch.setattr(explained, "MOST_KEPT", 2)
    kept = Explained(catalogue)
    for factor in (1.0, 2.0, 0.5):
        kept.explain(answered(factor=factor), (), enough())
    assert kept.explain(answered(factor=1.0), (), used_up()) is None
    assert kept.explain(answered(factor=0.5), (), used_up()) is not None


def test_a_mistake_keeps_its_name_in_later_exercises(catalogue):
    """A slip in an earlier function that is catalogued there has that name in later ones."""
    calls = [(*call, time) for call, time in zip(CALLS, (0.7, 1.9, 2.3), strict=True)]
    cases = [Case("power", (f, w, t), Answer(float(np.mean(f * w) / t))) for f, w, t in calls]
    found = Explained(catalogue).explain(cases, (), enough())
    assert found is not None
    assert found.name == "averaged-work"
