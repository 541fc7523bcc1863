"""The README's test command: what it installs, what it says of the rest, and its last line."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from .conftest import ROOT

SKIPPING = """
import pytest

def test_done(): pass
@pytest.mark.parametrize("n", [1, 2])
def test_browser(n): pytest.skip("needs a browser")
@pytest.mark.skipif(True, reason="needs root")
def test_root(): pass
"""


def last_line(folder: Path, *options: str) -> str:
    """The last line of a run of the tests in a folder, with what all our tests share."""
    for shared in ("conftest.py", "wide.py"):
        shutil.copy(ROOT / "tests" / shared, folder)
    (folder / "test_some.py").write_text(SKIPPING)
    command = [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", *options, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    return done.stdout.rstrip().splitlines()[-1]


def test_the_last_line_says_what_was_skipped(tmp_path: Path) -> None:
    """The reasons stand in one line, each with its count, also behind several processes."""
    expected = "Skipped: 3 tests: needs a browser (2); needs root (1)"
    assert last_line(tmp_path) == expected
    assert last_line(tmp_path, "--numprocesses", "2") == expected


def test_the_last_line_says_that_nothing_was_skipped(tmp_path: Path) -> None:
    """A run without skips says so."""
    assert last_line(tmp_path, "-k", "done") == "Skipped: nothing."


def test_what_may_not_be_installed_is_said_once(tmp_path: Path) -> None:
    """Without apt-get the missing packages stand in one line with the remedy; nothing fails."""
    for name in ("bash", "id", "env"):
        (tmp_path / name).symlink_to(shutil.which(name) or "")
    done = subprocess.run(
        [ROOT / ".ci" / "install", "bubblewrap", "chromium"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    [line] = done.stdout.splitlines()
    assert line.startswith("Not installed: bubblewrap chromium ")
    assert line.endswith("sudo apt-get install bubblewrap chromium")


def test_the_debian_packages_stand_in_one_place() -> None:
    """Neither the Makefile nor the continuous integration lists packages of its own."""
    for name in ("Makefile", ".ci/run"):
        text = (ROOT / name).read_text().replace("[cluster,hub,postgresql]", "")  # our own extras
        assert ".ci/install" in text
        assert "chromium" not in text
        assert "postgresql" not in text
        assert "apt-get install -y" not in text
