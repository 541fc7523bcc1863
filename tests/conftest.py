"""Wide tables of tests, and the last lines of every run: what was left out and what was skipped."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator

import pytest
from wide import leave_out, rows_to_leave_out

LONGEST = """
    differential/test_differential course/test_suites engine/test_classes course/test_class
    engine/test_doors hub/test_closed_hub hub/test_end_to_end hub/test_faults
    security/test_leaks security/test_hostile security/test_tiers course/test_cli
    hub/test_grader_thread existing/test_courses hub/test_crowd hub/test_browser
    hub/test_standing_marks hub/test_one_truth course/test_databases security/test_attacker
    engine/test_suite engine/test_kinds engine/test_odd_places course/test_cluster
    existing/test_marks engine/test_compiling engine/test_instructor_errors engine/test_starter
    hub/test_changes course/test_benchmarks course/test_pictures engine/test_control_flow
    hub/test_serve course/test_notebooks hub/test_lab hub/test_events course/test_formgrader
""".split()
"""Files that take longest: several processes are done soonest when they begin with these."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that runs wide tables whole."""
    parser.addoption(
        "--all", action="store_true", help="run every row of the tests that are marked as wide"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Thin out the wide tables of a run that is not asked for all; put the longest files first."""
    if not config.option.all:
        leave_out(config, items, rows_to_leave_out(items))
    ranks = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(f"{item.path.parent.name}/{item.path.stem}", len(ranks)))


@pytest.fixture(scope="session", autouse=True)
def folder_of_other_runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Runs of pytest that a test starts have a folder of their own.

    Each run closes the folder above its own to other accounts, also beneath a test that is just
    being another account in it.
    """
    tmp_path_factory.getbasetemp()  # this run's own stays where it is
    with tempfile.TemporaryDirectory(prefix="runs-") as folder:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
        yield
        del os.environ["PYTEST_DEBUG_TEMPROOT"]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Say it behind everything else, pytest's own last line included."""
    yield
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and not session.config.option.collectonly:
        if not session.config.option.all:
            reporter.write_line("Wide tables ran in part; --all runs every row.")
        reporter.write_line(skipped_line(reporter.stats.get("skipped", [])))


def skipped_line(reports: list[pytest.TestReport]) -> str:
    """How many tests were skipped, and for which reasons."""
    reasons = Counter(_reason(report) for report in reports)
    if not reasons:
        return "Skipped: nothing."
    told = "; ".join(f"{reason} ({count})" for reason, count in reasons.most_common())
    return f"Skipped: {reasons.total()} tests: {told}"


def _reason(report: pytest.TestReport) -> str:
    where = report.longrepr
    text = where[2] if isinstance(where, tuple) else str(where)
    return text.removeprefix("Skipped: ").strip()
