"""Hidden suites: collected once, run per student, and whose fault it is when a check fails."""

import re
from types import ModuleType

import numpy as np
import pytest
from inside import opened

from autograder.checks.collection import collected
from autograder.errors import SuiteError
from autograder.remote.student import Student
from autograder.report import Verdict

HEAD = """
import numpy as np
import pytest
from autograder.checks import assert_agrees, assert_close, numeric, require

SEEN = []

def double(x):
    return 2 * np.asarray(x)
"""
MARKS = '@pytest.mark.grade_cell("test_f")\n@pytest.mark.points(2)\n'
RIGHT = "def f(x):\n    return x + x\n"


def a_check(body, name="test_it", doc='"""It doubles."""', marks=MARKS):
    """Source of one hidden check."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"\n{marks}def {name}(student, reference, rng):\n    {doc}\n{lines}"


@pytest.fixture
def suite(tmp_path):
    """Write a hidden suite and do something with it, collected."""

    def collect(source, body=lambda suites, path: suites.checks(path)):
        # A name of its own for each test, so that no module of an earlier one stands in its way.
        path = tmp_path / "tests" / "hidden" / tmp_path.name / "test_f.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEAD + source)
        with collected(tmp_path, [path]) as suites:
            return body(suites, path)

    return collect


@pytest.fixture
def run(suite, strong_jail):
    """Run all checks of a suite against a student's source."""

    def run_all(checks, source=RIGHT, seed=1):
        with opened(strong_jail, source) as session:
            student = Student(session)
            return suite(
                checks,
                lambda suites, path: suites.run(
                    suites.checks(path), session, student, ModuleType("reference"), seed
                ),
            )

    return run_all


def test_a_check_is_what_its_markers_and_docstring_say(suite):
    """Name, grade cell, points and the student's line are read once, when collecting."""
    doc = '"""First line.\n\n    More.\n    """'
    [check] = suite(a_check("pass", doc=doc))
    assert (check.name, check.grade_cell, check.points, check.title) == (
        "test_it",
        "test_f",
        2.0,
        "First line.",
    )


@pytest.mark.parametrize(
    ("source", "words"),
    [
        pytest.param("1 / 0", "ZeroDivisionError", id="raises-on-import"),
        pytest.param("def test_(:", "SyntaxError", id="syntax"),
        pytest.param("raise SystemExit(3)", "SystemExit", id="ends-python"),
        pytest.param("pytest.exit('enough')", "enough", id="ends-pytest"),
        pytest.param("import no_such_package", "no_such_package", id="package"),
        pytest.param("", "no hidden check", id="empty"),
        pytest.param(
            a_check("pass", marks="@pytest.mark.points(1)\n"), "which tests cell", id="no-cell"
        ),
        pytest.param(
            a_check("pass", marks='@pytest.mark.grade_cell("a")\n'), "worth", id="no-points"
        ),
        pytest.param(
            a_check("pass", marks="@pytest.mark.grade_cell\n@pytest.mark.points(1)\n"),
            "which tests cell",
            id="cell-without-a-name",
        ),
        pytest.param(
            a_check("pass", marks=MARKS.replace("2", '"two"')), "worth", id="points-in-words"
        ),
        pytest.param(a_check("pass", doc=""), "docstring", id="no-docstring"),
    ],
)
def test_a_suite_at_fault_is_named(suite, source, words):
    """A suite that cannot be used is a SuiteError of one line that names the file."""
    with pytest.raises(SuiteError, match=r"test_f\.py") as told:
        suite(source)
    assert words in str(told.value)
    assert "\n" not in str(told.value)


def test_two_courses_with_suites_of_one_name_are_two(tmp_path):
    """A process that has read one course's suite reads another's, or a changed one, afresh."""
    found = []
    for course in ("one", "two"):
        path = tmp_path / course / "tests" / "hidden" / "toys" / "test_f.py"
        path.parent.mkdir(parents=True)
        path.write_text(HEAD + a_check("pass", name=f"test_{course}"))
        with collected(tmp_path / course, [path]) as suites:
            checks = suites.checks(path)
        found += [check.name for check in checks]
    assert found == ["test_one", "test_two"]


def test_a_missing_suite_is_named(tmp_path):
    """A suite file that is not there is a SuiteError."""
    gone = [tmp_path / "test_gone.py"]
    with pytest.raises(SuiteError, match=r"test_gone\.py"), collected(tmp_path, gone):
        pass


def test_a_fault_of_the_body_leaves_as_it_is(suite):
    """What the caller's own code raises is not told as a fault of the suite."""

    def body(suites, path):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        suite(a_check("pass"), body)


def test_options_for_other_test_runs_do_not_select_checks(suite, monkeypatch):
    """PYTEST_ADDOPTS of whoever runs the grader leaves every hidden check in place."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k test_one")
    names = [check.name for check in suite(a_check("pass", "test_one") + a_check("pass", "test_b"))]
    assert names == ["test_one", "test_b"]


@pytest.mark.parametrize(
    ("body", "verdict", "message"),
    [
        pytest.param("assert_agrees(student.f, double, [1.0, 2.0])", "FAILED", "shape", id="shape"),
        pytest.param("assert_agrees(student.f, double, np.ones(2))", "PASSED", "", id="agrees"),
        pytest.param(
            "assert_agrees(student.g, double, 1.0)", "FAILED", "no function", id="missing"
        ),
        pytest.param("student.g(1)", "FAILED", "no function", id="called-directly"),
        pytest.param("require(True, 'no')", "PASSED", "", id="require-holds"),
        pytest.param("require(False, 'It is not so.')", "FAILED", "It is not so.", id="require"),
        pytest.param("numeric(student.f('a'))", "FAILED", "text", id="numeric"),
        pytest.param(
            "numeric(student.f(1.0), shape=(2,))", "FAILED", "one number", id="shape-asked"
        ),
        pytest.param("numeric(float('nan'))", "FAILED", "NaN", id="numeric-nan"),
        pytest.param("assert_close(3.0, 2.0, what='the sum')", "FAILED", "The sum:", id="close"),
        pytest.param("pass", "PASSED", "", id="nothing-asked"),
    ],
)
def test_what_a_check_finds_is_the_students(run, body, verdict, message):
    """A check that speaks through the suite's functions passes or fails the student."""
    [one] = run(a_check(body))
    assert one.result.verdict == verdict
    assert message in one.result.message
    assert one.result.points == (2.0 if verdict == "PASSED" else 0.0)
    assert one.private == ""


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("raise ValueError('ours')", id="raises"),
        pytest.param("assert student.f(1) == 3", id="bare-assert"),
        pytest.param("assert_agrees(student.f, lambda x: 1 / 0, 1.0)", id="reference-raises"),
        pytest.param("reference.no_such_function", id="reference-lacks-it"),
        pytest.param("pytest.fail('ours')", id="pytest-fail"),
        pytest.param("pytest.skip('ours')", id="pytest-skip"),
        pytest.param("raise SystemExit(0)", id="system-exit"),
        pytest.param("student.f(1) + None", id="odd-operation"),
    ],
)
def test_whatever_else_leaves_a_check_is_ours(run, body):
    """A bare exception breaks the check: no points, no blame, the reason kept private."""
    [one] = run(a_check(body))
    assert one.result.verdict is Verdict.BROKEN
    assert "withheld" in one.result.message
    assert "ours" not in one.result.message
    assert re.match(r"tests/hidden/\S+/test_f\.py, line \d+: \w+", one.private), one.private
    assert "\n" not in one.private


def test_a_check_with_an_unknown_fixture_is_ours(run):
    """A fixture that does not exist breaks the check, and the reason says which there are."""
    [one] = run(a_check("pass").replace("rng):", "no_such_fixture):"))
    assert one.result.verdict is Verdict.BROKEN
    assert one.private == (
        "there is no 'no_such_fixture'; a check may ask for student, reference, rng"
    )


def test_a_fault_that_pytest_finds_is_told_like_any_other(run):
    """Checks that need more of pytest than our fixtures have their faults in one line, too."""
    checks = a_check("1 / 0", marks=f"{MARKS}@pytest.mark.parametrize('n', [1])\n")
    [one] = run(checks.replace("rng):", "rng, n):"))
    assert one.result.verdict is Verdict.BROKEN
    assert re.fullmatch(r"tests/hidden/\S+, line \d+: ZeroDivisionError: .*", one.private)


def test_a_broken_check_leaves_the_next_one_alone(run):
    """Checks are run one by one; a fault in the first says nothing of the second."""
    first, second = run(a_check("1 / 0", "test_a") + a_check("require(True, '')", "test_b"))
    assert (first.result.verdict, second.result.verdict) == (Verdict.BROKEN, Verdict.PASSED)


def test_the_first_of_several_failed_cases_is_told(run):
    """All cases of a check are tried, for the diagnosis; the message is the first one's."""
    body = (
        "assert_agrees(student.f, double, np.ones(2))\n"
        "assert_agrees(student.f, lambda x: -2 * x, np.ones(2))\n"
        "assert_agrees(student.f, lambda x: 4 * x, np.ones(2))"
    )
    [one] = run(a_check(body))
    assert one.result.message == "Every number has the wrong sign."
    assert len(one.cases) == 3


def test_failed_cases_count_before_a_later_requirement(run):
    """A requirement that fails after a failed case does not hide what failed first."""
    body = "assert_agrees(student.f, lambda x: -2 * x, np.ones(2))\nrequire(False, 'later')"
    [one] = run(a_check(body))
    assert one.result.message == "Every number has the wrong sign."


def test_each_check_has_its_own_cases(run):
    """Calls that one check made are not counted for the next."""
    first, second = run(
        a_check("student.f(1)", "test_a") + a_check("student.f(2); student.f(3)", "test_b")
    )
    assert [len(first.cases), len(second.cases)] == [1, 2]


def test_a_changed_argument_fails_the_case(run):
    """A right result with an argument changed in place is told as such."""
    body = "assert_agrees(student.f, double, np.ones(2))"
    [one] = run(a_check(body), "def f(x):\n    x += x\n    return x\n")
    assert "changed in place" in one.result.message


def test_a_quiet_check_hears_warnings(run):
    """With quiet=True, a right result that warns of its numbers fails; without, it passes."""
    source = (
        "import warnings\ndef f(x):\n    warnings.warn('loud', RuntimeWarning)\n    return x + x\n"
    )
    loud, quiet = run(
        a_check("assert_agrees(student.f, double, np.ones(2))", "test_a")
        + a_check("assert_agrees(student.f, double, np.ones(2), quiet=True)", "test_b"),
        source,
    )
    assert (loud.result.verdict, quiet.result.verdict) == (Verdict.PASSED, Verdict.FAILED)
    assert "warns" in quiet.result.message


SECANT = (
    "import numpy as np\ndef f(x):\n    return ((x + 1e-5) ** 3 - (x - 1e-5) ** 3) / 2e-5 * np.pi\n"
)


def test_a_derived_answer_must_not_be_measured(run):
    """With derived=True, most cases that look measured fail the check; without, they pass."""
    cube = "lambda x: 3 * np.pi * x ** 2"
    points = ("np.ones(2) / 3", "np.ones(3) / 7", "np.full(2, 1.7)")
    cases = [f"assert_agrees(student.f, {cube}, {point}" for point in points]
    free, derived = run(
        a_check("\n".join(f"{case})" for case in cases), "test_a")
        + a_check("\n".join(f"{case}, derived=True)" for case in cases), "test_b"),
        SECANT,
    )
    assert (free.result.verdict, derived.result.verdict) == (Verdict.PASSED, Verdict.FAILED)
    assert "derive it" in derived.result.message


def test_reference_and_student_get_copies_of_one_generator(run):
    """A generator handed to both is in the same state for both."""
    body = "assert_agrees(student.f, lambda rng: rng.normal(size=3), rng)"
    [one] = run(a_check(body), "def f(rng):\n    return rng.normal(size=3)\n")
    assert one.result.verdict is Verdict.PASSED


def test_inputs_can_be_had_again_by_the_seed(run):
    """The same seed gives a check the same inputs; another seed or check gives others."""
    checks = a_check("student.f(rng.normal())", "test_a")
    checks += a_check("student.f(rng.normal())", "test_b")

    def drawn(seed):
        return [one.cases[0].args[0] for one in run(checks, seed=seed)]

    assert drawn(5) == drawn(5)
    assert len({*drawn(5), *drawn(6)}) == 4


def test_a_suite_is_imported_once_for_many_students(suite, strong_jail):
    """Two runs of a collected suite share one import, and nothing of the first student."""
    source = a_check("SEEN.append(1)\nrequire(student.f(1) == 2, str(len(SEEN)))")

    def both(suites, path):
        results = []
        for student_source in ("def f(x): return 0", "def f(x): return 2"):
            with opened(strong_jail, student_source) as session:
                [one] = suites.run(
                    suites.checks(path), session, Student(session), ModuleType("reference"), 1
                )
                results.append(one.result)
        return results

    first, second = suite(source, both)
    assert (first.verdict, first.message) == (Verdict.FAILED, "1")
    assert second.verdict is Verdict.PASSED
    assert np.isclose(second.points, 2.0)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("assert_agrees(student.f, double, 1.0)", id="agrees"),
        pytest.param("assert_close(student.f(1.0), 2.0)", id="close"),
        pytest.param("numeric(student.f(1.0))", id="numeric"),
    ],
)
def test_answers_that_take_too_much_work_fail_their_check(suite, strong_jail, body):
    """A submission cannot make a check BROKEN by answers that are slow to compare."""
    with opened(strong_jail, RIGHT) as session:
        session.allowance.left_s = 0.0
        [one] = suite(
            a_check(body),
            lambda suites, path: suites.run(
                suites.checks(path), session, Student(session), ModuleType("reference"), 1
            ),
        )
    assert one.result.verdict is Verdict.FAILED
    assert "too large or too deeply nested" in one.result.message
