"""The pytest plugin that runs hidden suites against students.

A suite is plain pytest. It is collected once, by `with_suites`, and its items are run again for
each submission. A check sees `student` (remote functions), `reference` (the assignment's reference
module) and `rng` (seeded per submission and check), and speaks through four functions:

    assert_agrees(student.f, reference.f, *args)   one case: same answer as the reference
    assert_close(answer, expected, what="…")       one value that the check already holds
    numeric(answer, shape=(4, 3))                  an answer as a float array of that shape
    require(condition, "sentence")                 anything else, with its sentence

Whatever else escapes from a check is a fault of the suite: BROKEN, never a zero.
"""

from __future__ import annotations

import inspect
import os
import sys
import traceback
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import numpy as np
import pytest
from numpy.typing import NDArray

from autograder.compare import NotNumbers, as_numbers, compare, shape_words
from autograder.deadline import at_most
from autograder.errors import SuiteError
from autograder.student import (
    Call,
    Case,
    Outcome,
    RemoteFunction,
    Session,
    Student,
    copy_arguments,
)
from autograder.verdict import CheckResult, Verdict

Result = TypeVar("Result")


class Disagreement(Exception):
    """A check does not hold; the text is for the student."""


CHECK_WALL_S = 300.0
"""A check that takes longer is at fault itself: the calls that it makes are bounded."""

_running: ContextVar[_Running] = ContextVar("running")
"""The check that runs just now."""


def assert_agrees(
    student_function: RemoteFunction,
    reference_function: Callable[..., Any],
    *args: Any,
    quiet: bool = False,
) -> None:
    """One case: the student's function must answer as the reference does.

    The check goes on while the jail computes, and after a failed case, so that the diagnosis sees
    all of them; it fails at its end with what the first one told. Both functions get copies; an
    argument that comes back changed fails the case.

    Args:
        student_function: an attribute of the `student` fixture.
        reference_function: takes the same arguments and is right.
        args: plain values, arrays, generators or functions.
        quiet: whether a warning (of overflow, say) fails the case.
    """
    call = student_function.begin(*args)
    expected = reference_function(*copy_arguments(args))
    _running.get().agreements.append(_Agreement(student_function, call, expected, quiet))


@dataclass(frozen=True)
class _Agreement:
    """A call that is under way, with what it has to answer."""

    function: RemoteFunction
    call: Call
    expected: Any
    quiet: bool

    def failure(self) -> Outcome | Disagreement | None:
        """What is wrong with the answer, if anything."""
        answer = self.function.settle(self.call)
        if answer.outcome is not None:
            return answer.outcome
        comparison = compare(answer.value, self.expected)
        message = comparison.message
        if comparison.agrees and answer.changed:
            message = "The result is right, but an argument is changed in place: work on a copy."
        elif comparison.agrees and self.quiet and answer.warned:
            message = "The result is right, but NumPy warns on the way: is something overflowing?"
        return Disagreement(message) if message else None


class _Running:
    """One check while it runs: its agreements are looked at when all their calls are made."""

    def __init__(self) -> None:
        self.agreements: list[_Agreement] = []

    def failure(self) -> Outcome | Disagreement | None:
        """What the first case that does not hold told; None when all hold."""
        failures = [agreement.failure() for agreement in self.agreements]
        return next((failure for failure in failures if failure is not None), None)


def assert_close(answer: Any, expected: Any, what: str = "the result") -> None:
    """One value that a check already holds must agree with the expected one.

    Raises:
        Disagreement: it does not; the text names `what`, never a number.
    """
    comparison = compare(answer, expected)
    if not comparison.agrees:
        raise Disagreement(f"{what[:1].upper()}{what[1:]}: {comparison.message}")


def numeric(answer: Any, shape: tuple[int, ...] | None = None) -> NDArray[np.float64]:
    """An answer as a finite float64 array, of exactly `shape` where one is given.

    Raises:
        Disagreement: it is not one; the text says what it is instead.
    """
    try:
        array = as_numbers(answer)
    except NotNumbers as problem:
        raise Disagreement(str(problem)) from None
    if shape is not None and array.shape != shape:
        raise Disagreement(shape_words(array.shape, shape))
    if not np.all(np.isfinite(array)):
        raise Disagreement("The result contains NaN or infinity.")
    return array


def require(condition: bool | np.bool_, message: str) -> None:
    """Fail the check with `message`, a sentence for the student, unless `condition` holds.

    Raises:
        Disagreement: it does not hold.
    """
    if not condition:
        raise Disagreement(message)


@dataclass(frozen=True)
class Check:
    """A collected check: what its markers and its docstring say."""

    item: pytest.Function
    name: str
    grade_cell: str
    title: str
    points: float
    asks: tuple[str, ...] | None
    """Our fixtures that it asks for; None when it needs more of pytest than these."""


@dataclass(frozen=True)
class CheckRun:
    """One check run once: its result, and the calls that it made."""

    result: CheckResult
    cases: tuple[Case, ...]
    private: str = ""
    """What went wrong in our own code, for the instructor's eyes only."""


class Suites:
    """Collected hidden suites, ready to be run against any number of students."""

    def __init__(self, plugin: _Plugin, items: Sequence[pytest.Item]) -> None:
        self._plugin = plugin
        self._by_path: dict[Path, list[Check]] = {}
        for item in items:
            if isinstance(item, pytest.Function):
                self._by_path.setdefault(item.path, []).append(_read_check(item))

    def checks(self, path: Path) -> list[Check]:
        """The checks of one suite file, in its order.

        Raises:
            SuiteError: the file holds no check.
        """
        checks = self._by_path.get(path.resolve(), [])
        if not checks:
            raise SuiteError(f"{path}: there is no hidden check in it")
        return checks

    def run(
        self,
        checks: Sequence[Check],
        session: Session,
        student: Student,
        reference: ModuleType,
        seed: int,
    ) -> list[CheckRun]:
        """Run some checks against one student."""
        self._plugin.session, self._plugin.student = session, student
        self._plugin.reference, self._plugin.seed = reference, seed
        following = [*(check.item for check in checks[1:]), None]
        return [
            self._run_check(check, after) for check, after in zip(checks, following, strict=True)
        ]

    def _run_check(self, check: Check, after: pytest.Item | None) -> CheckRun:
        plugin = self._plugin
        plugin.ending, plugin.fault = None, ""
        plugin.required_session().take_cases()
        if check.asks is not None:
            plugin.call(check)
        else:
            check.item.ihook.pytest_runtest_protocol(item=check.item, nextitem=after)
        cases = tuple(plugin.required_session().take_cases())
        verdict, message = _verdict(plugin.ending, plugin.fault)
        earned = check.points if verdict is Verdict.PASSED else 0.0
        result = CheckResult(
            check.name, check.grade_cell, check.title, verdict, earned, check.points, message
        )
        return CheckRun(result, cases, plugin.fault)


def _verdict(ending: object, fault: str) -> tuple[Verdict, str]:
    if fault:
        return Verdict.BROKEN, "This check is broken; your mark is withheld until it is mended."
    if isinstance(ending, Outcome):
        return ending.verdict, ending.message
    if isinstance(ending, Disagreement):
        return Verdict.FAILED, str(ending)
    if ending == "passed":
        return Verdict.PASSED, ""
    return Verdict.BROKEN, "This check did not run; your mark is withheld until it is mended."


def _read_check(item: pytest.Function) -> Check:
    grade_cell = item.get_closest_marker("grade_cell")
    points = item.get_closest_marker("points")
    doc = (item.function.__doc__ or "").strip()
    where = f"{item.path}: {item.name}"
    if grade_cell is None or len(grade_cell.args) != 1:
        raise SuiteError(
            f'{where}: say which tests cell it belongs to: @pytest.mark.grade_cell("…")'
        )
    if points is None or len(points.args) != 1:
        raise SuiteError(f"{where}: say what it is worth: @pytest.mark.points(2)")
    if not doc:
        raise SuiteError(f"{where}: write the sentence that the student reads, as its docstring")
    worth = points.args[0]
    if isinstance(worth, bool) or not isinstance(worth, int | float) or not 0 < worth < 1e6:
        raise SuiteError(f"{where}: what it is worth must be a positive number, not {worth!r}")
    title = doc.splitlines()[0]
    return Check(item, item.name, str(grade_cell.args[0]), title, float(worth), _asks(item))


_OWN_FIXTURES = {"student", "reference", "rng"}
_OWN_MARKS = {"grade_cell", "points"}


def _asks(item: pytest.Function) -> tuple[str, ...] | None:
    """The fixtures of a check, if calling its function with them is all that pytest would do."""
    asked = tuple(inspect.signature(item.obj).parameters)
    # What our own fixtures need in their turn is in the list of names, too.
    own = set(item.fixturenames) - {"request"} <= _OWN_FIXTURES and set(asked) <= _OWN_FIXTURES
    marks = {mark.name for mark in item.iter_markers()}
    return asked if own and item.cls is None and marks <= _OWN_MARKS else None


class _Plugin:
    """Fixtures and hooks; holds the submission that is graded just now."""

    def __init__(self, body: Callable[[Suites], Any]) -> None:
        self.body = body
        self.session: Session | None = None
        self.student: Student | None = None
        self.reference: ModuleType | None = None
        self.seed = 0
        self.ending: object = None
        self.fault = ""
        self.result: Any = None
        self.finished = False
        self.problem: Exception | None = None
        self.collect_errors: list[str] = []

    def required_session(self) -> Session:
        """The session of the submission that is graded just now."""
        if self.session is None:
            raise SuiteError("no submission is being graded")
        return self.session

    @pytest.fixture(name="student")
    def student_fixture(self) -> Student | None:
        """The submission's functions, as remote functions."""
        return self.student

    @pytest.fixture(name="reference")
    def reference_fixture(self) -> ModuleType | None:
        """The assignment's `reference.py`."""
        return self.reference

    @pytest.fixture(name="rng")
    def rng_fixture(self, request: pytest.FixtureRequest) -> np.random.Generator:
        """Random numbers that differ by submission and check, and can be had again by the seed."""
        return self.rng(request.node.name)

    def rng(self, name: str) -> np.random.Generator:
        """The generator of the check of that name, for the submission that is graded just now."""
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])

    def pytest_configure(self, config: pytest.Config) -> None:
        """Declare the two markers."""
        config.addinivalue_line("markers", "grade_cell(id): the tests cell that a check belongs to")
        config.addinivalue_line("markers", "points(n): what a check is worth")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep what could not be collected."""
        if report.failed:
            self.collect_errors.append(f"{report.nodeid}: {report.longreprtext.strip()[-1500:]}")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of running each item once: hand the collected items to the body."""
        try:
            if self.collect_errors:
                raise SuiteError(
                    "a hidden suite does not collect:\n" + "\n".join(self.collect_errors)
                )
            self.result = self.body(Suites(self, session.items))
            self.finished = True
        except Exception as error:
            self.problem = error
        return True

    def call(self, check: Check) -> None:
        """Run a check that asks for nothing but our own fixtures: a plain call of its function."""
        fixtures: dict[str, Callable[[], Any]] = {
            "student": lambda: self.student,
            "reference": lambda: self.reference,
            "rng": lambda: self.rng(check.name),
        }
        try:
            with self._judging():
                check.item.obj(*(fixtures[name]() for name in check.asks or ()))
        except KeyboardInterrupt:
            raise
        except BaseException as fault:
            # Skipping and failing by pytest's own means are no Exceptions.
            self.fault = "".join(traceback.format_exception(fault))[-3000:]

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Iterator[None]:
        """Run one check by pytest's protocol; what it found is kept, so no traceback is drawn."""
        with self._judging():
            yield
        return True  # type: ignore[return-value]

    @contextmanager
    def _judging(self) -> Iterator[None]:
        """Keep how the check in the block ends; anything but an outcome of its own goes on up."""
        running, raised = _Running(), None
        token = _running.set(running)
        try:
            with at_most(CHECK_WALL_S):
                try:
                    yield
                except (Outcome, Disagreement) as ending:
                    raised = ending
                self.ending = running.failure() or raised or "passed"
        finally:
            _running.reset(token)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Anything that pytest itself calls a failure is a fault of the suite."""
        if report.failed or report.skipped:
            self.fault = self.fault or report.longreprtext[-3000:] or "the check was skipped"


def with_suites(root: Path, suites: Sequence[Path], body: Callable[[Suites], Result]) -> Result:
    """Collect suite files once, call `body` with them, and return what it returns.

    Args:
        root: the course's folder; nothing above it is read.
        suites: the `test_<notebook>.py` files to collect.
        body: what to do with the collected suites.

    Raises:
        SuiteError: a file is missing, does not import, or holds checks that are not marked.
    """
    for path in suites:
        if not path.is_file():
            raise SuiteError(f"{path}: the hidden suite is missing")
    plugin = _Plugin(body)
    _forget_suites()
    hidden = root / "tests" / "hidden"
    options = ["-c", os.devnull, f"--rootdir={root}", f"--confcutdir={hidden}", "-s"]
    options += ["--import-mode=importlib", "--disable-plugin-autoload", "--assert=plain"]
    for unneeded in (
        "cacheprovider",
        "terminal",
        "faulthandler",
        "junitxml",
        "logging",
        "warnings",
    ):
        options += ["-p", f"no:{unneeded}"]
    with _environment_without("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        code = pytest.main([*options, *map(str, suites)], plugins=[plugin])
    _forget_suites()
    if plugin.problem is not None:
        raise plugin.problem
    if plugin.finished:
        # What pytest thinks of single checks, as its exit code tells it, is in their results.
        result: Result = plugin.result
        return result
    errors = "; ".join(plugin.collect_errors) or f"pytest ends with {code!r}"
    raise SuiteError(f"the hidden suites cannot be run: {errors}")


def _forget_suites() -> None:
    """Forget imported suites: another course's, or an edited one, may bear the same name."""
    for name in [name for name in sys.modules if name.startswith("tests.hidden")]:
        del sys.modules[name]


@contextmanager
def _environment_without(*names: str) -> Iterator[None]:
    """Hide variables with which a shell could change what pytest collects."""
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


__all__ = [
    "Check",
    "CheckRun",
    "Disagreement",
    "Suites",
    "assert_agrees",
    "assert_close",
    "numeric",
    "require",
    "with_suites",
]
