"""From handing in to the mark on the student's page, on a real JupyterHub, and by hand beside it.

    python -m benchmarks.hub [--alone 20] [--flood 200] [--students 50] [--within 60] [--by-hand 3]

Submissions of `gradient_descent` (two notebooks) are written into nbgrader's exchange by the steps
of `nbgrader submit`. The clock starts before the first of them and stops when the stream of events
that keeps a student's page current brings the mark: through the hub's proxy, one stream for each
student. First one student hands in again and again, waiting for each mark. Another does the same
with the page open in Chromium, where the clock stops when the page shows the mark. Then many hand
in within some seconds, once evenly and once all at the same time; then the same submission goes
through nbgrader's four commands. Results go to `benchmarks/hub.json`, a table to the screen.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import requests
from playwright.sync_api import sync_playwright

from autograder.authoring import samples
from autograder.authoring.build import build
from autograder.authoring.demo import copy_course
from autograder.checks.catalogue import load_catalogue
from autograder.course.config import CONFIG
from autograder.course.model import Course
from autograder.service.store.attempts import Attempts, State
from autograder.service.workers.intake import SECRET, TIMESTAMP

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "deploy" / "hub"))  # the hub's own modules are flat
from tests.hub.browsing import FLAGS  # noqa: E402
from tests.hub.hub_process import Hub, start_hub  # noqa: E402 - it needs the path

ASSIGNMENT = "gradient_descent"
MOST_S = 600.0
"""No mark is waited for longer."""
COMMANDS = {
    "collect": ("--update",),
    "autograde": ("--force",),
    "generate_feedback": ("--force",),
    "release_feedback": (),
}
"""nbgrader's, each with the option by which it does its work again."""
SETTINGS = """
c.Exchange.root = {exchange!r}
c.GradingService.check_owner = False
"""


class Class:
    """A course with its exchange, and different notebooks to hand in.

    Args:
        folder: for course and exchange.
    """

    def __init__(self, folder: Path) -> None:
        self.exchange = folder / "exchange"
        course = copy_course(Course.load(ROOT), folder / "course")
        with (course.root / CONFIG).open("a") as config:
            config.write(SETTINGS.format(exchange=str(self.exchange)))
        self.inbound = self.exchange / course.course_id / "inbound"
        self.inbound.mkdir(parents=True)
        build(course, (), lambda _: None, None)
        self.course = Course.load(course.root)
        self._rng = random.Random(1)
        self._catalogue = load_catalogue(course.hidden, ASSIGNMENT)

    def work(self) -> dict[str, bytes]:
        """Notebooks with some mistakes, as those of another student."""
        files = {}
        for lab in self.course.labs_of(ASSIGNMENT):
            own = [one for one in self._catalogue.mistakes if one.grade_cell in lab.solutions]
            chosen = {
                one.grade_cell: one for one in self._rng.sample(own, self._rng.choice([0, 2]))
            }
            sources = samples.with_examples(lab, chosen.values())
            files[f"{lab.name}.ipynb"] = samples.notebook(lab, sources)
        return files

    def hand_in(self, student: str, files: dict[str, bytes]) -> float:
        """Hand in as nbgrader does; the time in s at which that began."""
        began = time.time()
        now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f} UTC"
        folder = self.inbound / f"{student}+{ASSIGNMENT}+{now}+{secrets.token_hex(6)}"
        folder.mkdir()
        ends = {TIMESTAMP: now.encode(), SECRET: secrets.token_hex(64).encode()}
        for name, content in {**files, **ends}.items():
            (folder / name).write_bytes(content)
        folder.chmod(0o777)
        return began


class Page(threading.Thread):
    """What keeps one student's page current: a stream of events, which begins again when it ends.

    Args:
        hub: the hub.
        student: whose page.
    """

    def __init__(self, hub: Hub, student: str) -> None:
        super().__init__(daemon=True)
        self._address = f"{hub.prefix}events"
        self._headers = {"Authorization": f"token {hub.token(student)}"}
        self.marks: dict[int, float] = {}
        """When the mark of each attempt was there, by its number; s since 1970."""
        self.listens = threading.Event()
        self.closed = False

    def run(self) -> None:
        """Listen until the page is closed."""
        while not self.closed:
            try:
                with requests.get(
                    self._address, headers=self._headers, stream=True, timeout=60
                ) as answer:
                    answer.raise_for_status()
                    self._read(answer)
            except requests.RequestException:
                time.sleep(0.1)  # A browser would come back, too.

    def _read(self, answer: requests.Response) -> None:
        # Without a size, a line is there as soon as it has come; the stubs do not know that.
        lines: Iterator[str] = answer.iter_lines(chunk_size=None, decode_unicode=True)  # type: ignore[call-overload]
        for line in lines:
            self.listens.set()
            if self.closed:
                return
            if line.startswith("data:"):
                attempt = json.loads(line.removeprefix("data:"))
                if attempt.get("score") is not None:
                    self.marks.setdefault(attempt["id"], time.time())

    def wait(self, count: int) -> None:
        """Wait for so many marks.

        Raises:
            TimeoutError: they do not come.
        """
        ends = time.monotonic() + MOST_S
        while len(self.marks) < count:
            if time.monotonic() > ends:
                raise TimeoutError(f"{len(self.marks)} marks of {count}")
            time.sleep(0.002)


SEEN = """
window.marks = {};
const look = () => {
  for (const row of document.querySelectorAll(".attempt")) {
    const number = row.querySelector("[data-attempt]").dataset.attempt;
    if (row.querySelector(".score")) window.marks[number] ??= Date.now() / 1000;
  }
};
const live = document.getElementById("live");
new MutationObserver(look).observe(live, { childList: true, subtree: true });
look();
"""
"""Notes in a page when the mark of each attempt was there."""


class Window:
    """A student's page in a real browser, which updates by its own script.

    Args:
        browser: Chromium.
        hub: the hub.
        student: whose page.
    """

    def __init__(self, browser: Any, hub: Hub, student: str) -> None:
        session, _ = hub.sign_in(student)
        context = browser.new_context()
        cookies = [one for one in session.cookies if one.name != "_xsrf"]
        context.add_cookies(
            [
                {"name": one.name, "value": one.value, "path": one.path, "domain": "127.0.0.1"}
                for one in cookies
            ]
        )
        self._page = context.new_page()
        self._page.goto(f"{hub.prefix}assignments/{ASSIGNMENT}")
        self._page.evaluate(SEEN)

    @property
    def marks(self) -> dict[int, float]:
        """When the mark of each attempt was on the page, by its number; s since 1970."""
        return {int(number): when for number, when in self._page.evaluate("window.marks").items()}

    def wait(self, count: int) -> None:
        """Wait until the page shows so many marks.

        Raises:
            TimeoutError: they do not come.
        """
        # Not by `wait_for_function`, which the page's policy forbids.
        ends = time.monotonic() + MOST_S
        while len(self.marks) < count:
            if time.monotonic() > ends:
                raise TimeoutError(f"{len(self.marks)} marks of {count}")
            time.sleep(0.02)


@contextmanager
def open_window(hub: Hub, student: str) -> Iterator[Window | None]:
    """A student's page in Chromium; None where there is no Chromium."""
    path = shutil.which("chromium")
    if path is None:
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield Window(browser, hub, student)
        finally:
            browser.close()


@contextmanager
def open_pages(hub: Hub, students: Sequence[str]) -> Iterator[dict[str, Page]]:
    """Everybody's page, listening."""
    pages = {student: Page(hub, student) for student in students}
    for page in pages.values():
        page.start()
    for page in pages.values():
        page.listens.wait(60)
    try:
        yield pages
    finally:
        for page in pages.values():
            page.closed = True


def alone(made: Class, page: Page | Window, student: str, count: int) -> list[float]:
    """Latencies in s of submissions that one student hands in one after the other."""
    found = []
    for number in range(count):
        began = made.hand_in(student, made.work())
        page.wait(number + 1)
        found.append(max(page.marks.values()) - began)
    return found


def flood(made: Class, pages: dict[str, Page], count: int, within_s: float) -> list[float]:
    """Latencies in s of submissions by all students in turns within some seconds."""
    known = {student: set(page.marks) for student, page in pages.items()}
    work = [made.work() for _ in range(count)]
    students = [list(pages)[number % len(pages)] for number in range(count)]
    handed_in: dict[str, list[float]] = {student: [] for student in pages}
    began = time.monotonic()
    for number, (student, files) in enumerate(zip(students, work, strict=True)):
        time.sleep(max(began + within_s * number / count - time.monotonic(), 0.0))
        handed_in[student].append(made.hand_in(student, files))
    found = []
    for student, page in pages.items():
        page.wait(len(known[student]) + len(handed_in[student]))
        # Attempts are numbered in the order in which they were handed in.
        numbers = sorted(page.marks.keys() - known[student])
        times = zip(handed_in[student], numbers, strict=True)
        found += [page.marks[number] - when for when, number in times]
    return found


def verify(course: Course, expected: int) -> None:
    """Check that every attempt has its mark, once.

    Raises:
        RuntimeError: something was lost, doubled, or graded twice.
    """
    with closing(Attempts(course.database)) as store:
        found = store.of()
    students = {one.student for one in found}
    good = all(one.state is State.DONE and one.tries == 1 for one in found)
    if not good or len(found) != expected or sum(one.counts for one in found) != len(students):
        raise RuntimeError(f"{len(found)} attempts of {expected}: {found}")


def by_hand(made: Class, student: str, times: int) -> dict[str, list[float]]:
    """Wall times in s of nbgrader's commands for one submission, and of all together."""
    found: dict[str, list[float]] = {name: [] for name in (*COMMANDS, "together")}
    for _ in range(times):
        made.hand_in(student, made.work())
        for name, more in COMMANDS.items():
            command = [sys.executable, "-m", "nbgrader", name, ASSIGNMENT, "--student", student]
            began = time.perf_counter()
            subprocess.run([*command, *more], cwd=made.course.root, check=True, capture_output=True)
            found[name].append(time.perf_counter() - began)
        found["together"].append(sum(found[name][-1] for name in COMMANDS))
    return found


def summary(times: Sequence[float]) -> dict[str, float]:
    """Number, median, 95th percentile and longest of some times."""
    p95 = quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else times[0]
    return {"n": len(times), "p50": median(times), "p95": p95, "max": max(times)}


def measure(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Everything, in an empty folder; times in s by what was measured."""
    (folder / "hub").mkdir()
    made = Class(folder / "served")
    students = [f"s{number:03}" for number in range(options.students)]
    name = made.course.course_id
    groups = {f"nbgrader-{name}": ["alone", "viewer", *students], f"formgrade-{name}": ["teacher"]}
    hub = start_hub(folder / "hub", made.course.root, groups)
    found: dict[str, Any] = {"cores": os.cpu_count(), "load_before": os.getloadavg()[0]}
    try:
        with open_pages(hub, ["alone"]) as pages:
            times = alone(made, pages["alone"], "alone", options.alone)
        found["alone"] = {"first": times[0], **summary(times)}
        with open_window(hub, "viewer") as window:
            shown = alone(made, window, "viewer", options.alone) if window else []
        found["on the page"] = summary(shown) if shown else None
        with open_pages(hub, students) as pages:
            evenly = flood(made, pages, options.flood, options.within)
            at_once = flood(made, pages, options.flood, 0.0)
        found["flood"] = summary(evenly)
        found["at once"] = summary(at_once)
        verify(made.course, options.alone + len(shown) + 2 * options.flood)
        print(json.dumps(found), file=sys.stderr, flush=True)
    finally:
        hub.stop()
    beside = Class(folder / "by-hand")
    commands = by_hand(beside, "alone", options.by_hand)
    found["by hand"] = {name: summary(times) for name, times in commands.items()}
    return found


def table(found: dict[str, Any], options: argparse.Namespace) -> str:
    """The results in Markdown."""
    flooding = f"{options.flood} of {options.students} students"
    rows = {
        "one student alone": found["alone"],
        "one student alone, on the open page": found["on the page"],
        f"{flooding}, within {options.within:g} s": found["flood"],
        f"{flooding}, all at once": found["at once"],
        "by hand: nbgrader's four commands": found["by hand"]["together"],
    }
    lines = ["| submitted → mark, s | n | p50 | p95 | max |", "|---|---|---|---|---|"]
    for name, one in rows.items():
        if one is None:
            continue
        lines.append(
            f"| {name} | {one['n']} | {one['p50']:.2f} | {one['p95']:.2f} | {one['max']:.2f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in {"alone": 20, "flood": 200, "students": 50, "by-hand": 3}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--within", type=float, default=60.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="autograder-hub-") as folder:
        found = measure(Path(folder), options)
    (ROOT / "benchmarks" / "hub.json").write_text(json.dumps(found, indent=1))
    print(table(found, options))


if __name__ == "__main__":
    main()
