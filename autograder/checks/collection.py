"""Collects hidden suites by pytest, once, and hands them to whoever grades with them."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from autograder.checks.suite import SuitePlugin, Suites
from autograder.errors import SuiteError

Result = TypeVar("Result")

_EXPANDED = ("[", "::", "$")
"""What pytest takes in a path for a test's parameters, a test's name or a variable.

Where a course's path holds it, pytest gets only paths below the course, and its folder as `.`.
"""


_HIDDEN = Path("tests", "hidden")
"""Where a course keeps its suites."""
_UNNEEDED = ("cacheprovider", "terminal", "faulthandler", "junitxml", "logging", "warnings")
"""Plugins of pytest that have nothing to do here."""


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
    if not suites:
        # Without a file to collect, pytest would collect whatever lies here.
        return body(Suites(SuitePlugin(body, root / _HIDDEN), ()))
    home = Path.cwd()
    if any(sign in str(path) for path in suites for sign in _EXPANDED):
        plugin = SuitePlugin(_called_in(home, body), root / _HIDDEN, suites)
        code = _run_pytest(plugin, root, root, ".", [str(_HIDDEN)])
    else:
        plugin = SuitePlugin(body, root / _HIDDEN)
        code = _run_pytest(plugin, root, home, str(root), list(map(str, suites)))
    if plugin.problem is not None:
        raise plugin.problem
    if plugin.finished:
        # What pytest thinks of single checks, as its exit code tells it, is in their results.
        result: Result = plugin.result
        return result
    errors = "; ".join(plugin.collect_errors) or f"pytest ends with {code!r}"
    raise SuiteError(f"the hidden suites cannot be run: {errors}")


def _run_pytest(
    plugin: SuitePlugin, root: Path, start: Path, rootdir: str, arguments: Sequence[str]
) -> int | pytest.ExitCode:
    """Run pytest in the folder `start` with this plugin and as little else as can be."""
    options = ["-c", os.devnull, f"--rootdir={rootdir}", f"--confcutdir={root / _HIDDEN}", "-s"]
    options += ["--import-mode=importlib", "--disable-plugin-autoload", "--assert=plain"]
    options += [f"-pno:{name}" for name in _UNNEEDED]
    home = Path.cwd()
    _forget_suites()
    with _environment_without("PYTEST_ADDOPTS", "PYTEST_PLUGINS"), warnings.catch_warnings():
        # A misspelt marker is told in our own words.
        warnings.simplefilter("ignore", pytest.PytestWarning)
        os.chdir(start)
        try:
            return pytest.main([*options, *arguments], plugins=[plugin])
        finally:
            os.chdir(home)
            _forget_suites()


def _called_in(home: Path, body: Callable[[Suites], Result]) -> Callable[[Suites], Result]:
    """The same function, called with that working directory."""

    def call(suites: Suites) -> Result:
        os.chdir(home)
        return body(suites)

    return call


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
