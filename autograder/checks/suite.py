"""Hidden suites as pytest items, run against one student after the other.

A suite is plain pytest. Its items are collected once (`collection`) and run again for each
submission. A check sees `student` (remote functions), `reference` (the assignment's reference
module) and `rng` (seeded per submission and check), and fails through the functions of `api`. Any
other exception from a check is a fault of the suite: BROKEN, never a zero.
"""

from __future__ import annotations

import contextlib
import inspect
import sys
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from autograder.checks.api import Award, Disagreement, Running, running_check
from autograder.checks.pytest_compat import not_raised
from autograder.checks.suite_faults import FIXTURES, fault_line
from autograder.errors import SuiteError
from autograder.remote.calls import Answering, Case, Outcome
from autograder.remote.student import Student
from autograder.remote.time_limit import at_most
from autograder.report import CheckResult, Verdict

CHECK_WALL_S = 300.0
"""A check that takes longer is itself at fault: the calls that it makes are bounded."""


@dataclass(frozen=True)
class Check:
    """A collected check: what its markers and its docstring say."""

    item: pytest.Function
    name: str
    grade_cell: str
    title: str
    points: float
    asks: tuple[str, ...] | None
    """The fixtures of ours that it asks for; None when it needs more of pytest than these."""


@dataclass(frozen=True)
class CheckRun:
    """One check run once: its result, and the calls that it made."""

    result: CheckResult
    cases: tuple[Case, ...]
    private: str = ""
    """What went wrong in our own code; only for the instructor."""


class Suites:
    """Collected hidden suites, ready to run against any number of students."""

    def __init__(self, plugin: SuitePlugin, items: Sequence[pytest.Item]) -> None:
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
        session: Answering,
        student: Student,
        reference: ModuleType,
        seed: int,
    ) -> list[CheckRun]:
        """Run some checks against one student."""
        self._plugin.session, self._plugin.student = session, student
        self._plugin.reference, self._plugin.seed = reference, seed
        following = [*(check.item for check in checks[1:]), None][: len(checks)]
        return [
            self._run_check(check, after) for check, after in zip(checks, following, strict=True)
        ]

    def _run_check(self, check: Check, after: pytest.Item | None) -> CheckRun:
        plugin = self._plugin
        plugin.ending, plugin.fault = None, ""
        plugin.required_session().take_cases()
        # What a command prints may be read by a program; a reference may print as well.
        with contextlib.redirect_stdout(sys.stderr):
            if check.asks is not None:
                plugin.call(check)
            else:
                check.item.ihook.pytest_runtest_protocol(item=check.item, nextitem=after)
        cases = tuple(plugin.required_session().take_cases())
        verdict, message = _verdict(plugin.ending, plugin.fault)
        share = plugin.ending.share if isinstance(plugin.ending, Award) else 0.0
        earned = check.points * (1.0 if verdict is Verdict.PASSED else share)
        result = CheckResult(
            check.name, check.grade_cell, check.title, verdict, earned, check.points, message
        )
        return CheckRun(result, cases, plugin.fault)


def _verdict(ending: object, fault: str) -> tuple[Verdict, str]:
    if fault:
        return Verdict.BROKEN, "This check is broken; your mark is withheld until it is fixed."
    if isinstance(ending, Outcome):
        return ending.verdict, ending.message
    if isinstance(ending, Disagreement):
        return Verdict.FAILED, str(ending)
    if ending == "passed":
        return Verdict.PASSED, ""
    return Verdict.BROKEN, "This check did not run; your mark is withheld until it is fixed."


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


_OWN_FIXTURES = set(FIXTURES)
_OWN_MARKS = {"grade_cell", "points"}


def _asks(item: pytest.Function) -> tuple[str, ...] | None:
    """The fixtures of a check, if pytest would do no more than call its function with them."""
    asked = tuple(inspect.signature(item.obj).parameters)
    # `fixturenames` also lists what our own fixtures need themselves.
    own = set(item.fixturenames) - {"request"} <= _OWN_FIXTURES and set(asked) <= _OWN_FIXTURES
    marks = {mark.name for mark in item.iter_markers()}
    return asked if own and item.cls is None and marks <= _OWN_MARKS else None


class SuitePlugin:
    """Fixtures and hooks; holds the submission that is being graded."""

    def __init__(self, hidden: Path, only: Sequence[Path] = ()) -> None:
        self.hidden = hidden
        self.only = only
        self.session: Answering | None = None
        self.student: Student | None = None
        self.reference: ModuleType | None = None
        self.seed = 0
        self.ending: object = None
        self.fault = ""
        self.collect_errors: list[str] = []

    def required_session(self) -> Answering:
        """The session of the submission that is being graded."""
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
        """Random numbers that differ by submission and check, and can be repeated from the seed."""
        return self.rng(request.node.name)

    def rng(self, name: str) -> np.random.Generator:
        """The generator of the check of that name, for the submission that is being graded."""
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])

    def pytest_configure(self, config: pytest.Config) -> None:
        """Declare the two markers."""
        config.addinivalue_line("markers", "grade_cell(id): the tests cell that a check belongs to")
        config.addinivalue_line("markers", "points(n): what a check is worth")

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Collect only the wanted suites when a whole folder is collected."""
        if not self.only:
            return None
        return not any(
            path == collection_path or collection_path in path.parents for path in self.only
        )

    def pytest_exception_interact(
        self, call: pytest.CallInfo[Any], report: pytest.CollectReport | pytest.TestReport
    ) -> None:
        """Keep the reason why a file could not be collected."""
        if isinstance(report, pytest.CollectReport) and call.excinfo is not None:
            words = fault_line(call.excinfo.value, self.hidden)
            self.collect_errors.append(
                words if report.nodeid in words else f"{report.nodeid}: {words}"
            )

    def call(self, check: Check) -> None:
        """Run a check that asks only for fixtures of ours: a plain call of its function."""
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
            # What `pytest.skip` and `pytest.fail` raise is not an `Exception`.
            self.fault = fault_line(fault, self.hidden)

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Iterator[None]:
        """Run one check by pytest's protocol; its ending is kept, so pytest makes no traceback."""
        with self._judging():
            yield
        return True  # type: ignore[return-value]

    @contextmanager
    def _judging(self) -> Iterator[None]:
        """Keep how the check in the block ends; exceptions other than an outcome pass through."""
        running, raised = Running(self.required_session().allowance), None
        token = running_check.set(running)
        try:
            with at_most(CHECK_WALL_S):
                try:
                    yield
                except (Outcome, Disagreement) as ending:
                    raised = ending
                except pytest.fail.Exception as failure:
                    raised = not_raised(failure)
                self.ending = running.ending() or raised or "passed"
        finally:
            running_check.reset(token)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Treat what pytest itself reports as a failure or a skip as a fault of the suite."""
        report = yield
        if (report.failed or report.skipped) and not self.fault:
            raised = call.excinfo.value if call.excinfo else None
            self.fault = fault_line(raised, self.hidden) if raised else "pytest calls it a failure"
        return report
