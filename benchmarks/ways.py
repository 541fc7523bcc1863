"""The ways of grading a class, each prepared once and then run as often as it is measured.

ours      `autograder grade` from a cold start, everything included: jail, hidden suites,
          diagnosis, gradebook, autograded notebooks, feedback pages, class page
nbgrader  `nbgrader autograde` and `nbgrader generate_feedback`, stock, with the same checks as
          hidden tests in the notebooks, as they are handed in
bare      the same without demonstration cells (plots, trainings), which ours does not run either
otter     otter's own API over all submissions in one process, same checks as test files, without
          demonstration cells
pytest    one pytest process for each submission, same checks as a test module, no isolation
floor     what cannot be left out: fork, jail, the student's cells, one call of each function
          for each case; no suite, comparison or mark; as many workers, their start left out
"""

from __future__ import annotations

import json
import multiprocessing
import re
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.course.model import Course
from autograder.grading.plan import plan
from autograder.grading.submission import parse
from autograder.remote.session import Session
from autograder.sandbox.inside import policy
from autograder.sandbox.supervisor import Jail
from benchmarks import peers
from benchmarks.measure import Measured, Tree, run

OTTER = Path(__file__).resolve().parent / ".venv-otter"
OTTER_PACKAGES = ("otter-grader>=6,<8", "ipykernel>=6,<8", "matplotlib>=3.8,<4", "numpy>=2,<3")
NBGRADER = ("nbgrader", "bare")
PEERS = (*NBGRADER, "otter", "pytest")
WAYS = ("ours", *PEERS, "floor")
START_S = 300.0
"""How long the floor's processes may take to be ready."""


@dataclass(frozen=True)
class Class:
    """One class in every form that the ways want, in a folder of its own."""

    course: Course
    """A built copy of the course with the class's submissions."""
    scratch: Path
    students: int
    calls: dict[str, list[peers.Recorded]]

    @classmethod
    def make(cls, course: Course, scratch: Path, students: int) -> Class:
        """Make the class; the same one each time for the same number of students."""
        scratch.mkdir(parents=True)
        copied = peers.make_class(course, scratch / "ours", students)
        return cls(copied, scratch, students, peers.record(copied, policy.FULL))

    def prepare(self, way: str) -> None:
        """Everything that a way needs once, and that is not measured."""
        if way in NBGRADER:
            stock = self.scratch / way
            peers.nbgrader_course(self.course, stock, self.calls, demonstrations=way == "nbgrader")
            run(["nbgrader", "generate_assignment", peers.ASSIGNMENT, "--force"], stock)
            _keep_gradebook(stock)
        elif way == "ours":
            _keep_gradebook(self.course.root)
        elif way == "pytest":
            text = peers.pytest_module(self.calls)
            (self.scratch / "test_submission.py").write_text(text, encoding="utf-8")
        elif way == "otter":
            self._prepare_otter()

    def _prepare_otter(self) -> None:
        require_otter()
        submitted = self.scratch / "otter"
        peers.copy_submissions(self.course, submitted, demonstrations=False)
        for lab in self.course.labs_of(peers.ASSIGNMENT):
            folder = self.scratch / f"otter-{lab.name}"
            peers.otter_tests(folder / "tests", lab.name, self.calls[lab.name])
            for name, content in self.course.public_files(peers.ASSIGNMENT).items():
                (folder / name).write_bytes(content)
            files = list(self.course.public_files(peers.ASSIGNMENT))
            command = [str(OTTER / "bin/otter"), "generate", "-t", "tests", "--no-environment"]
            run([*command, *files], folder)
        jobs = [
            [(str(folder / f"{name}.ipynb"), str(self._archive(name))) for name in self.calls]
            for folder in sorted(submitted.glob(f"*/{peers.ASSIGNMENT}"))
        ]
        (self.scratch / "otter.json").write_text(json.dumps(jobs), encoding="utf-8")

    def _archive(self, notebook: str) -> Path:
        return next((self.scratch / f"otter-{notebook}").glob("*.zip"))

    def measure(self, way: str, measured: Measured, workers: int) -> None:
        """Grade the class once, and add what it took."""
        if way == "ours":
            self._ours(measured, workers)
        elif way == "floor":
            self._floor(measured, workers)
        elif way in NBGRADER:
            self._nbgrader(self.scratch / way, measured)
        elif way == "otter":
            self._otter(measured)
        else:
            self._pytest(measured)

    def _ours(self, measured: Measured, workers: int) -> None:
        _as_before(self.course.root, "reports", "autograded", "feedback")
        with Tree() as tree:
            command = ["autograder", "grade", peers.ASSIGNMENT, "--workers", str(workers)]
            run(command, self.course.root)
        single_s: dict[str, float] = defaultdict(float)
        right = 0
        for path in self.course.root.glob("reports/*/*/*.json"):
            report = json.loads(path.read_text(encoding="utf-8"))
            single_s[path.parts[-3]] += report["wall_s"]
            right += _exercises_right(report["checks"])
        measured.take(tree, right, list(single_s.values()))

    def _nbgrader(self, stock: Path, measured: Measured) -> None:
        _as_before(stock, "autograded", "feedback")
        with Tree() as tree:
            began_s = time.time()
            run(["nbgrader", "autograde", peers.ASSIGNMENT], stock)
            between_s = time.time()
            run(["nbgrader", "generate_feedback", peers.ASSIGNMENT], stock)
        autograded = _times_between(stock.glob("autograded/*/*/*.ipynb"), began_s)
        feedback = _times_between(stock.glob("feedback/*/*/*.html"), between_s)
        if len(autograded) != self.students or len(feedback) != self.students:
            raise RuntimeError(f"nbgrader graded {len(feedback)} of {self.students} submissions")
        single_s = [autograded[name] + feedback[name] for name in autograded]
        measured.take(tree, _cells_right(stock / "gradebook.db"), single_s)

    def _otter(self, measured: Measured) -> None:
        grader = str(Path(__file__).with_name("otter_class.py"))
        with Tree() as tree:
            python = str(OTTER / "bin" / "python")
            said = run([python, grader, str(self.scratch / "otter.json")], self.scratch)
        found = json.loads(said.splitlines()[-1])
        measured.take(tree, sum(right for _, right in found), [took for took, _ in found])

    def _pytest(self, measured: Measured) -> None:
        module = str(self.scratch / "test_submission.py")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", module]
        right, single_s = 0, []
        with Tree() as tree:
            for folder in self._submissions():
                began = time.perf_counter()
                about = {"SUBMISSION": str(folder), "MPLBACKEND": "agg"}
                said = run(command, folder, about, codes=(0, 1))
                single_s.append(time.perf_counter() - began)
                passed = re.search(r"(\d+) passed", said)
                right += int(passed[1]) if passed else 0
        measured.take(tree, right, single_s)

    def _floor(self, measured: Measured, workers: int) -> None:
        context = multiprocessing.get_context("spawn")
        ready = context.Barrier(workers + 1)
        names = [folder.parent.name for folder in self._submissions()]
        calls = {
            name: [(call.function, tuple(map(_sendable, call.args))) for call in own]
            for name, own in self.calls.items()
        }
        root = str(self.course.root)
        processes = [
            context.Process(target=work_floor, args=(root, names[n::workers], calls, ready))
            for n in range(workers)
        ]
        for process in processes:
            process.start()
        ready.wait(START_S)
        with Tree() as tree:
            for process in processes:
                process.join()
        if any(process.exitcode for process in processes):
            raise RuntimeError("a process of the floor failed")
        measured.take(tree, 0, [])

    def _submissions(self) -> list[Path]:
        return sorted(self.course.root.glob(f"submitted/*/{peers.ASSIGNMENT}"))


def require_otter() -> None:
    """Make otter's own environment, unless one of just these packages is there."""
    made_of = OTTER / "packages.txt"
    packages = "\n".join(OTTER_PACKAGES)
    if made_of.is_file() and made_of.read_text(encoding="utf-8") == packages:
        return
    run([sys.executable, "-m", "venv", "--clear", str(OTTER)], OTTER.parent)
    run([str(OTTER / "bin/pip"), "install", "--quiet", *OTTER_PACKAGES], OTTER.parent)
    made_of.write_text(packages, encoding="utf-8")


def _keep_gradebook(folder: Path) -> None:
    shutil.copy(folder / "gradebook.db", folder / "gradebook.before")


def _as_before(folder: Path, *made: str) -> None:
    """Every round starts from a gradebook that has seen no submission, and from no results."""
    for name in made:
        shutil.rmtree(folder / name, ignore_errors=True)
    for path in folder.glob("gradebook.db*"):
        path.unlink()
    shutil.copy(folder / "gradebook.before", folder / "gradebook.db")


def _exercises_right(checks: Iterable[dict[str, Any]]) -> int:
    verdicts: dict[str, set[str]] = defaultdict(set)
    for check in checks:
        verdicts[check["grade_cell"]].add(check["verdict"])
    return sum(found == {"PASSED"} for found in verdicts.values())


def _cells_right(gradebook: Path) -> int:
    """Tests cells with full marks in a stock gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{gradebook}") as book:
        submissions = book.assignment_submissions(peers.ASSIGNMENT)
        notebooks = [notebook for one in submissions for notebook in one.notebooks]
        grades = [grade for notebook in notebooks for grade in notebook.grades]
        return sum(grade.auto_score == grade.max_score for grade in grades)


def _times_between(files: Iterable[Path], began_s: float) -> dict[str, float]:
    """Seconds by student, from when their last file was written to when the one before's was."""
    last: dict[str, float] = defaultdict(float)
    for path in files:
        student = path.parts[-3]
        last[student] = max(last[student], path.stat().st_mtime)
    times: dict[str, float] = {}
    for student, ended_s in sorted(last.items(), key=lambda item: item[1]):
        times[student], began_s = ended_s - began_s, ended_s
    return times


def _sendable(argument: Any) -> Any:
    """An argument that another process can be handed: functions become one of this module's."""
    return halved if callable(argument) else argument


def halved(weights: Any) -> Any:
    """A gradient, for whoever asks for one."""
    return 0.5 * weights


def work_floor(root: str, students: list[str], calls: dict[str, Any], ready: Any) -> None:
    """One process of the floor: its share of the class, once all are ready."""
    course = Course.load(Path(root))
    files = course.public_files(peers.ASSIGNMENT)
    with Jail(course.limits, policy.FULL) as jail:
        ready.wait(START_S)
        for student in students:
            for lab in course.labs_of(peers.ASSIGNMENT):
                name = f"{student}/{peers.ASSIGNMENT}/{lab.name}.ipynb"
                submission = parse((course.root / "submitted" / name).read_bytes())
                with Session(jail, plan(lab, submission).cells, files) as session:
                    begun = [session.begin(name, args, {}) for name, args in calls[lab.name]]
                    for call in begun:
                        session.settle(call)
