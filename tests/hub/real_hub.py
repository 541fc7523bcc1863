"""A whole hub on this machine while a test module runs: accounts, PAM, exchange, both services.

It is the trial that `make hub` runs, with one assignment released. Everything is gone afterwards.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_trial import CACHE, Person, Trial

ASSIGNMENT, NOTEBOOK = "multilayer_perceptrons", "multilayer"


def why_not() -> str:
    """Why there can be no such hub here; empty where there can."""
    if os.getuid() != 0 or shutil.which("apt-get") is None:
        return "makes accounts, starts servers as them: needs root on Debian or Ubuntu"
    if not os.access(CACHE.parent, os.W_OK):
        return f"{CACHE.parent} cannot be written"
    missing = [name for name in ("node", "npm", "chromium") if shutil.which(name) is None]
    return f"not installed: {' '.join(missing)}" if missing else ""


@pytest.fixture(scope="module")
def trial(request: pytest.FixtureRequest) -> Iterator[Trial]:
    """The hub, running."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    failed = request.session.testsfailed
    with Trial([ASSIGNMENT], quiet=True) as made:
        made.start()
        yield made
        if request.session.testsfailed > failed:
            print(made.last_words())


def people(trial: Trial, role: str) -> list[Person]:
    """Those of a role."""
    return [person for person in trial.people if person.role == role]


def home(name: str) -> Path:
    """The home of an account."""
    return Path(pwd.getpwnam(name).pw_dir)


def course_folder(trial: Trial) -> Path:
    """The course, in its owner's home."""
    return trial.settings.course_folder


def run_as(trial: Trial, name: str, program: str, *arguments: str) -> str:
    """Run a Python program as an account, as its owner could in a terminal of JupyterLab.

    Returns:
        What it printed.
    """
    account = pwd.getpwnam(name)
    done = subprocess.run(
        [str(trial.settings.places.scripts / "python"), "-c", program, *arguments],
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=[],
        cwd=account.pw_dir,
        env={"HOME": account.pw_dir, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


SCORES = f"""
from nbgrader.api import Gradebook
import json, sys
with Gradebook(sys.argv[1]) as book:
    found = book.assignment_submissions({ASSIGNMENT!r})
    print(json.dumps({{one.student.id: one.score for one in found}}))
"""


def gradebook_scores(trial: Trial) -> dict[str, float]:
    """The scores in nbgrader's gradebook by student; read by the course's owner."""
    database = f"sqlite:///{course_folder(trial) / 'gradebook.db'}"
    found: dict[str, float] = json.loads(
        run_as(trial, trial.settings.course.owner, SCORES, database)
    )
    return found


REFUSED = """
import os, sys
for path in sys.argv[1:]:
    try:
        os.listdir(path) if os.path.isdir(path) else open(path).close()
    except PermissionError:
        continue
    print(path)
"""


def open_to(trial: Trial, name: str, *paths: Path) -> list[str]:
    """Which of these folders and files an account can list or read."""
    return run_as(trial, name, REFUSED, *map(str, paths)).split()
