"""Which catalogued mistake gives exactly these answers, and which do not."""

import time
from dataclasses import replace

import numpy as np
import pytest

from autograder.checks.catalogue import Misconception, Mistakes, load_catalogue
from autograder.errors import SuiteError
from autograder.grading.diagnosis import explain
from autograder.remote.calls import Answer, Case, Outcome
from autograder.remote.exceptions import gist
from autograder.remote.time_limit import Allowance
from autograder.report import Verdict

PLENTY = Allowance(wall_s=60.0, memory_mib=512)

mistakes = Mistakes()


def idea(name):
    """A misconception."""
    return Misconception(name, "You do so.", ("a", "b", "c"))


@mistakes.of("test_f", idea("negated"))
def f(x):
    """The sign is lost."""
    return -np.asarray(x)


@mistakes.of("test_f", idea("in-place"))
def f(x):  # noqa: F811  a mistake carries the name of the function it stands in for
    """The argument is changed."""
    x *= 2
    return x


@mistakes.of("test_f", idea("dot-of-columns"))
def f(x):  # noqa: F811
    """An operation that raises."""
    return x @ np.zeros(99)


@mistakes.of("test_f", idea("nothing-returned"))
def f(x):  # noqa: F811
    """No value."""


@mistakes.of("test_f", idea("two-parts"))
def f(x):  # noqa: F811
    """A tuple."""
    return x, x.sum()


@mistakes.of("test_f", idea("divided-by-almost-nothing"))
def f(x):  # noqa: F811
    """A quotient that is mostly rounding."""
    return x / 1e-17


@mistakes.of("test_g", idea("other-function"))
def g(x):
    """A mistake of another function."""
    return x


X, Y = np.array([1.0, 2.0]), np.array([3.0, -4.0])


SIZES, OTHER = (
    gist("ValueError", f"shapes (2,) and ({n},) not aligned: 2 (dim 0) != {n} (dim 0)")
    for n in (99, 3)
)


def case(value, x=X, changed=(), function="f"):
    """A call with the answer that it got."""
    return Case(function, (x.copy(),), Answer(value, changed))


def ended(verdict, raised="", said="", x=X):
    """A call that came to no answer."""
    return Case("f", (x.copy(),), Answer(outcome=Outcome(verdict, "words", raised, said)))


@pytest.mark.parametrize(
    ("cases", "name"),
    [
        pytest.param([case(-X), case(-Y, Y)], "negated", id="all-calls"),
        pytest.param([case((-X).tolist())], "negated", id="as-a-list"),
        pytest.param([case(-X * (1 + 1e-9))], "negated", id="rounding"),
        pytest.param([case(-X), case(Y, Y)], None, id="all-but-one-call"),
        pytest.param([case(2 * X, changed=(0,))], "in-place", id="changed-argument"),
        pytest.param([case(2 * X)], None, id="same-value-without-the-change"),
        pytest.param([case(-X, changed=(0,))], None, id="change-that-the-mistake-lacks"),
        pytest.param(
            [ended(Verdict.RAISED, "ValueError", SIZES)], "dot-of-columns", id="same-error"
        ),
        pytest.param([ended(Verdict.RAISED, "ValueError", OTHER)], None, id="other-sizes"),
        pytest.param([ended(Verdict.RAISED, "ValueError")], None, id="other-operation"),
        pytest.param([ended(Verdict.RAISED, "TypeError")], None, id="other-error"),
        pytest.param([ended(Verdict.TIMED_OUT)], None, id="timed-out"),
        pytest.param([ended(Verdict.OUT_OF_MEMORY, "MemoryError")], None, id="memory"),
        pytest.param([case(None)], "nothing-returned", id="none"),
        pytest.param([case((X, 3.0))], "two-parts", id="parts"),
        pytest.param([case((X, 3.0, 1.0))], None, id="too-many-parts"),
        pytest.param([case(X[:, None] * -1)], None, id="other-shape"),
        pytest.param([case(X / 1.001e-17)], "divided-by-almost-nothing", id="huge"),
        pytest.param([case("text")], None, id="text"),
        pytest.param([case(-X, function="h")], None, id="other-function"),
        pytest.param([], None, id="no-calls"),
        pytest.param([case(-X), case(X, function="h")], "negated", id="among-other-functions"),
    ],
)
def test_a_mistake_explains_all_answers_or_none(cases, name):
    """A mistake is named when it gives the same on every call of its function."""
    found = explain(cases, list(mistakes), PLENTY)
    assert (found.name if found else None) == name


def test_the_first_of_two_that_explain_is_named():
    """Where two mistakes give the same answers, the catalogue's order decides."""
    both = list(mistakes)[:1] * 2
    other = replace(both[1], misconception=idea("other"))
    found = explain([case(-X)], [both[0], other], PLENTY)
    assert found is not None
    assert found.name == "negated"


def test_explaining_leaves_the_recorded_arguments_alone():
    """A mistake that changes its argument does not change the case."""
    recorded = case(2 * X, changed=(0,))
    explain([recorded], list(mistakes), PLENTY)
    assert np.array_equal(recorded.args[0], X)


def test_work_on_answers_ends_when_its_time_is_used_up():
    """Answers that would take too long to look at are explained by no mistake."""

    def slow(x):
        while True:
            x = -x

    endless = replace(next(iter(mistakes)), function=slow)
    began = time.monotonic()
    assert (
        explain([replace(case(-X), function=endless.name)], [endless], Allowance(0.2, 64)) is None
    )
    assert time.monotonic() - began < 2.0


def test_the_toy_catalogue_loads(toy_course):
    """Reference, mistakes and variants are read with names, cells and sources."""
    catalogue = load_catalogue(toy_course.hidden, "toys")
    assert catalogue.reference.area([3.0, 4.0, 5.0]) == pytest.approx(6.0)
    assert [m.name for m in catalogue.mistakes] == ["area", "scale", "fold", "draw"]
    assert catalogue.mistakes[0].source.startswith("def area(sides):")
    assert catalogue.variants[1].note == "a while loop"
    assert catalogue.misconception("other-dice").words == "You use other random numbers."
    assert catalogue.misconception("unheard-of") is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(None, "missing", id="missing"),
        pytest.param("1 / 0", "ZeroDivisionError", id="raises"),
        pytest.param("def f(:", "SyntaxError", id="syntax"),
    ],
)
def test_a_reference_at_fault_is_named(tmp_path, content, words):
    """A catalogue that does not load is a SuiteError that names the file."""
    (tmp_path / "toys").mkdir()
    if content is not None:
        (tmp_path / "toys" / "reference.py").write_text(content)
    with pytest.raises(SuiteError, match=r"reference\.py") as told:
        load_catalogue(tmp_path, "toys")
    assert words in str(told.value)


def test_mistakes_and_variants_may_be_missing(tmp_path):
    """A first draft has a reference only."""
    (tmp_path / "toys").mkdir()
    (tmp_path / "toys" / "reference.py").write_text("")
    catalogue = load_catalogue(tmp_path, "toys")
    assert (catalogue.mistakes, catalogue.variants) == ((), ())
