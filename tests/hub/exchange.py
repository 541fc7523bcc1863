"""A small course with its exchange, and students who hand in as nbgrader does.

Students are accounts that every Debian has, so their files can really belong to them; the folders
are made by the same steps in the same order as `nbgrader submit` makes them. Where the tests do not
run as root, everything belongs to whoever runs them, and the check of owners is off.
"""

from __future__ import annotations

import functools
import json
import os
import pwd
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from engine import toy

from autograder.authoring.build import build
from autograder.course.model import Course
from autograder.feedback import feedback_page
from autograder.gradebook.gradebook import Gradebook, open_gradebook
from autograder.sandbox.doctor import strongest
from autograder.sandbox.inside.policy import Tier
from autograder.service.grading import GradingService
from autograder.service.store.attempts import FINISHED, Attempt, Attempts
from autograder.service.words import aside

AS_ROOT = os.getuid() == 0
STUDENTS = ("games", "mail", "news", "backup", "man", "lp")
MOST = sum(toy.POINTS.values())
LESS = MOST - toy.POINTS["test_area"]
WRONG = {"area": "def area(sides):\n    return 0.0\n"}
SLOW = {"area": "import time\n" + toy.AREA.replace("    ###", "    time.sleep(1.0)\n    ###", 1)}
"""Right, but takes some seconds."""
SHORT_S = {"poll_s": 0.2, "lease_s": 20.0, "busy_s": 5.0, "workers": 2}

SERVICE = """
import sys, signal
from pathlib import Path
from autograder.course.model import Course
from autograder.service.grading import GradingService
if __name__ == "__main__":
    service = GradingService(Course.load(Path(sys.argv[1])))
    service.start()
    signal.sigwait({signal.SIGTERM})
    service.stop()
"""


@dataclass(frozen=True)
class Exchange:
    """The exchange of one course."""

    course: Course

    @property
    def root(self) -> Path:
        """nbgrader's `c.Exchange.root`."""
        return self.course.root.parent / "exchange"

    @property
    def inbound(self) -> Path:
        """Where students hand in."""
        return self.root / self.course.course_id / "inbound"

    def begin(
        self, student: str, owner: str = "", name: str = "", assignment: str = toy.ASSIGNMENT
    ) -> Path:
        """A new folder of a submission, still empty; returns where it is."""
        now = time.strftime("%Y-%m-%d %H:%M:%S") + f".{time.time_ns() % 1_000_000:06d} UTC"
        folder = self.inbound / (name or f"{student}+{assignment}+{now}+{secrets.token_hex(6)}")
        folder.mkdir()
        self._give(folder, owner or student)
        return folder

    def write(self, folder: Path, student: str, files: dict[str, bytes]) -> None:
        """Write a student's files into it."""
        for name, content in files.items():
            (folder / name).write_bytes(content)
            (folder / name).chmod(0o644)
            self._give(folder / name, student)

    def complete(self, folder: Path, student: str) -> None:
        """The last steps of handing in."""
        timestamp = folder.name.split("+")[2].encode()
        ends = {"timestamp.txt": timestamp, "submission_secret.txt": secrets.token_hex(64).encode()}
        self.write(folder, student, {k: v for k, v in ends.items() if not (folder / k).exists()})
        folder.chmod(0o755)
        folder.chmod(0o777)

    def hand_in(self, student: str, sources: dict[str, str] | None = None, **owner: str) -> Path:
        """Hand in solved work with some sources changed."""
        folder = self.begin(student, **owner)
        who = owner.get("owner", student)
        self.write(folder, who, {f"{toy.NOTEBOOK}.ipynb": self.work(sources or {})})
        self.complete(folder, who)
        return folder

    def work(self, sources: dict[str, str]) -> bytes:
        """A solved notebook with some sources changed."""
        release = self.course.labs[0].release
        return json.dumps(toy.handed_in(release, {**toy.solved(), **sources}, None)).encode()

    @staticmethod
    def _give(path: Path, student: str) -> None:
        if AS_ROOT:
            account = pwd.getpwnam(student)
            os.chown(path, account.pw_uid, account.pw_gid)


@pytest.fixture(scope="session")
def built_toys(tmp_path_factory) -> Path:
    """The toy course, built; no test changes it."""
    root = toy.write_course(tmp_path_factory.mktemp("built") / "toys")
    build(Course.load(root))
    return root


@pytest.fixture
def exchange(built_toys, tmp_path) -> Exchange:
    """A course of this test's own with an empty exchange, as nbgrader makes it."""
    return make_exchange(built_toys, tmp_path / "course")


def make_exchange(built: Path, root: Path) -> Exchange:
    """A copy of a built course in `root`, and beside it its exchange."""
    shutil.copytree(built, root, dirs_exist_ok=True)
    settings = "".join(f"c.GradingService.{k} = {v!r}\n" for k, v in SHORT_S.items())
    settings += f"c.Exchange.root = {str(root.parent / 'exchange')!r}\n"
    if not AS_ROOT:
        settings += "c.GradingService.check_owner = False\n"
    (root / "course_config.py").write_text(toy.CONFIG + settings)
    (root / "nbgrader_config.py").write_text("load_subconfig('course_config.py')\n")
    made = Exchange(Course.load(root))
    made.inbound.mkdir(parents=True)
    made.inbound.chmod(0o2733)
    made.root.chmod(0o1777)
    return made


def configure(course: Course, text: str) -> Course:
    """Append lines to the course's configuration."""
    path = course.root / "course_config.py"
    path.write_text(f"{path.read_text()}\n{text}\n")
    return Course.load(course.root)


@functools.cache
def tier() -> Tier:
    """The strongest tier of isolation that holds here; finding out takes seconds."""
    return strongest()


@contextmanager
def serving(course: Course) -> Iterator[GradingService]:
    """The service, running."""
    service = GradingService(course, tier=tier())
    service.start()
    try:
        yield service
    finally:
        service.stop()


def until(holds: Callable[[], object], what: str, most_s: float = 90.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + most_s
    while not holds():
        assert time.monotonic() < end, f"not within {most_s:g} s: {what}"
        time.sleep(0.05)


def settled(service: GradingService, count: int) -> list[Attempt]:
    """The attempts, once there are so many, all graded, and the gradebook has them."""

    def done() -> bool:
        found = service.attempts.of()
        finished = [one for one in found if one.state in FINISHED]
        return len(found) == count == len(finished) and not service.attempts.to_place()

    until(done, f"{count} attempts graded; there are {service.attempts.of()}")
    return service.attempts.of(newest_first=False)


def book_scores(course: Course) -> dict[str, float]:
    """What nbgrader's gradebook says, by student."""
    with open_gradebook(course) as book:
        return scores_in(book)


def scores_in(book: Gradebook) -> dict[str, float]:
    """Scores by student in an open gradebook."""
    found = {}
    for submission in book._book.assignment_submissions(toy.ASSIGNMENT):
        assert submission.student.id not in found
        found[submission.student.id] = submission.score
    return found


@contextmanager
def process(course: Course, folder: Path):
    """The service in a process of its own; ended in the end, if it is still there."""
    script = folder / "serve.py"
    script.write_text(SERVICE)
    running = subprocess.Popen([sys.executable, str(script), str(course.root)])
    try:
        yield running
    finally:
        running.terminate()
        running.wait(60)


@pytest.fixture
def store(exchange):
    """The course's store, as another process sees it."""
    found = Attempts(exchange.course.database, busy_s=30)
    yield found
    found.close()


def all_done(store: Attempts, count: int) -> bool:
    """Whether there are so many attempts, all of them finished and in the gradebook."""
    found = store.of()
    finished = [one for one in found if one.state in FINISHED]
    return len(finished) == len(found) == count and not store.to_place()


def spoil_the_reference(exchange: Exchange) -> None:
    """Change what is right, so that right work is wrong from now on."""
    path = exchange.course.hidden / toy.ASSIGNMENT / "reference.py"
    head = "def area(sides):"
    path.write_text(path.read_text().replace(head, f"{head}\n    return 0.0", 1))


def feedback_html(service: GradingService, attempt_id: int, notebook: str = toy.NOTEBOOK) -> str:
    """The feedback on one notebook of an attempt, with what the gradebook adds now."""
    attempt = service.attempts.get(attempt_id)
    assert attempt is not None
    (report,) = [one for one in service.attempts.reports(attempt_id) if one.notebook == notebook]
    return feedback_page(
        report,
        student=attempt.student,
        course=service.course.title,
        manual=service.manual(attempt, report),
        aside=aside(attempt),
    )
