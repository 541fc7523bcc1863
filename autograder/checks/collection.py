"""Collects hidden suites with pytest, once, for as long as they are used."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, chdir, contextmanager
from pathlib import Path

import pytest

from autograder.checks.pytest_compat import open_session
from autograder.checks.suite import SuitePlugin, Suites
from autograder.checks.suite_faults import fault_line
from autograder.errors import SuiteError

_EXPANDED = ("[", "::", "$")
"""Signs in a path that pytest reads as a test's parameters, a test's name or a variable.

If a course's path contains one, pytest gets only paths below the course, and its folder as `.`.
"""


_HIDDEN = Path("tests", "hidden")
"""Where a course keeps its suites."""
_UNNEEDED = ("cacheprovider", "terminal", "faulthandler", "junitxml", "logging", "warnings")
"""Plugins of pytest that collecting and running checks does not need."""


@contextmanager
def collected(root: Path, suites: Sequence[Path]) -> Iterator[Suites]:
    """Collect suite files, and keep pytest's session open for the length of the block.

    Args:
        root: the course's folder; nothing above it is read.
        suites: the `test_<notebook>.py` files to collect.

    Raises:
        SuiteError: a file is missing, does not import, or holds checks that are not marked.
    """
    for path in suites:
        if not path.is_file():
            raise SuiteError(f"{path}: the hidden suite is missing")
    hidden = root / _HIDDEN
    if not suites:
        # Without a file to collect, pytest would collect whatever is in the current folder.
        yield Suites(SuitePlugin(hidden), ())
        return
    if any(sign in str(path) for path in suites for sign in _EXPANDED):
        plugin = SuitePlugin(hidden, suites)
        session = _pytest_session(plugin, root, [*_options(hidden, "."), str(_HIDDEN)])
    else:
        plugin = SuitePlugin(hidden)
        arguments = [*_options(hidden, str(root)), *map(str, suites)]
        session = _pytest_session(plugin, Path.cwd(), arguments)
    with session as items:
        if plugin.collect_errors:
            raise SuiteError("\n".join(plugin.collect_errors))
        yield Suites(plugin, items)


def _options(hidden: Path, rootdir: str) -> list[str]:
    """Options that make pytest do as little as possible besides collecting."""
    options = ["-c", os.devnull, f"--rootdir={rootdir}", f"--confcutdir={hidden}", "-s"]
    options += ["--import-mode=importlib", "--disable-plugin-autoload", "--assert=plain"]
    return [*options, *(f"-pno:{name}" for name in _UNNEEDED)]


@contextmanager
def _pytest_session(
    plugin: SuitePlugin, folder: Path, arguments: Sequence[str]
) -> Iterator[list[pytest.Item]]:
    """The items that pytest collects in a folder; its session ends with the block.

    This is what `pytest.main` does, without its loop over the items: the loop is the caller's.

    Raises:
        SuiteError: pytest cannot collect at all.
    """
    with ExitStack() as stack:
        stack.enter_context(_environment_without("PYTEST_ADDOPTS", "PYTEST_PLUGINS"))
        stack.enter_context(warnings.catch_warnings())
        # A misspelt marker is reported in our own words.
        warnings.simplefilter("ignore", pytest.PytestWarning)
        _forget_suites()
        stack.callback(_forget_suites)
        try:
            with chdir(folder):
                session = open_session(arguments, plugin, stack)
                session.config.hook.pytest_sessionstart(session=session)
                stack.callback(_finish, session)
                session.config.hook.pytest_collection(session=session)
        except (Exception, SystemExit, pytest.fail.Exception) as error:
            words = "; ".join(plugin.collect_errors) or fault_line(error, plugin.hidden)
            raise SuiteError(f"the hidden suites cannot be run: {words}") from error
        yield session.items


def _finish(session: pytest.Session) -> None:
    """Tear down what fixtures of the suites have set up."""
    session.config.hook.pytest_sessionfinish(session=session, exitstatus=pytest.ExitCode.OK)


def _forget_suites() -> None:
    """Forget imported suites: another course's, or an edited one, may have the same name."""
    for name in [name for name in sys.modules if name.startswith("tests.hidden")]:
        del sys.modules[name]


@contextmanager
def _environment_without(*names: str) -> Iterator[None]:
    """Hide variables through which a shell could change what pytest collects."""
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)
