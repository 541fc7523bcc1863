"""A class graded in six ways on one machine, in one run, in turns.

    make bench                                      (some twenty minutes on two cores)
    python benchmarks/compare.py --students 2 --sizes 4 --rounds 1 --ways ours,pytest,floor

    ours      `autograder grade` from a cold start, everything included: jail, hidden suites,
              diagnosis, gradebook, autograded notebooks, feedback pages, class page
    nbgrader  `nbgrader autograde` and `nbgrader generate_feedback`, stock, on the same notebooks,
              with the same checks as hidden tests
    bare      the same, with the demonstration cells (plots, long trainings) taken out beforehand,
              as ours leaves them out by itself
    otter     `otter run` for each notebook, same checks as test files
    pytest    one pytest process for each submission, same checks as a test module, demonstration
              cells left out, no isolation
    floor     what cannot be left out: fork, jail, the student's cells, one call of each function
              for each case; no suite, comparison or mark; as many workers, their start left out

Peers are slow, so they grade a class of --students, and ours each of --sizes; figures are by
submission. Writes benchmarks/result.json and a plot; --table prints the last result as a table.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parent))
import peers

from autograder.course import Course
from autograder.grader import plan
from autograder.sandbox import policy
from autograder.sandbox.supervisor import Jail
from autograder.student import Session
from autograder.submission import read_submission

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "benchmarks" / "result.json"
OTTER = ROOT / "benchmarks" / ".venv-otter"
SAMPLE_S = 0.25


@dataclass
class Measured:
    """One way's figures for one class, over the rounds."""

    students: int
    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    peak_mib: list[float] = field(default_factory=list)
    single_s: list[float] = field(default_factory=list)
    """By submission (ours: by notebook), where a way tells them apart."""

    @property
    def each_s(self) -> list[float]:
        """Seconds of wall time by submission."""
        return [wall / self.students for wall in self.wall_s]


class Tree:
    """CPU time and peak memory (PSS) of everything that the block starts."""

    def __enter__(self) -> Tree:
        self.peak_mib = 0.0
        self._stop = threading.Event()
        self._cpu = self._cpu_s()
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()
        self._began = time.perf_counter()
        return self

    def __exit__(self, *exception: object) -> None:
        self.wall_s = time.perf_counter() - self._began
        self._stop.set()
        self._sampler.join()
        self.cpu_s = self._cpu_s() - self._cpu

    @staticmethod
    def _cpu_s() -> float:
        """CPU seconds that the whole machine has spent on programs: the run has it to itself."""
        times = psutil.cpu_times()
        return float(times.user + times.system + times.nice)

    def _sample(self) -> None:
        me = psutil.Process()
        while not self._stop.wait(SAMPLE_S):
            total = 0
            for process in me.children(recursive=True):
                try:
                    total += process.memory_full_info().pss
                except (psutil.Error, OSError):
                    continue
            self.peak_mib = max(self.peak_mib, total / 2**20)


def run(command: list[str], cwd: Path, **environment: str) -> None:
    """Run a command that must succeed, quietly."""
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, "PATH": paths, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(
            f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr[-2000:]}"
        )


class Ways:
    """The ways of grading, prepared for one class."""

    def __init__(self, course: Course, scratch: Path, students: int, options: Any) -> None:
        self.course = peers.make_class(course, scratch / f"class-{students}", students)
        self.students = students
        self.workers = options.workers
        self.scratch = scratch
        self.calls = peers.record(self.course, policy.FULL)

    def prepare(self, way: str) -> None:
        """Everything that a way needs once, and that is not measured."""
        if way in ("nbgrader", "bare"):
            stock = self.scratch / way
            peers.nbgrader_course(self.course, stock, self.calls, way == "nbgrader")
            run(["nbgrader", "generate_assignment", peers.ASSIGNMENT, "--force"], stock)
        elif way == "pytest":
            text = peers.pytest_module(self.calls)
            (self.scratch / "test_submission.py").write_text(text, encoding="utf-8")
        elif way == "otter":
            self._prepare_otter()

    def _prepare_otter(self) -> None:
        if not (OTTER / "bin" / "otter").exists():
            run([sys.executable, "-m", "venv", str(OTTER)], ROOT)
            packages = ["otter-grader>=6,<8", "matplotlib", "numpy"]
            run([str(OTTER / "bin" / "pip"), "install", "--quiet", *packages], ROOT)
        for lab in self.course.labs_of(peers.ASSIGNMENT):
            folder = self.scratch / f"otter-{lab.name}"
            peers.otter_tests(folder / "tests", lab.name, self.calls[lab.name])
            files = [str(p) for p in lab.path.parent.glob("*.csv")]
            # An empty environment file: otherwise otter looks for conda.
            (folder / "requirements.txt").write_text("numpy\nmatplotlib\n", encoding="utf-8")
            run(
                [str(OTTER / "bin/otter"), "generate", "-t", "tests", "--no-environment", *files],
                folder,
            )

    def ours(self, measured: Measured) -> None:
        """Our own command, from a cold start."""
        for name in ("reports", "autograded", "feedback"):
            shutil.rmtree(self.course.root / name, ignore_errors=True)
        with Tree() as tree:
            command = ["autograder", "grade", peers.ASSIGNMENT, "--workers", str(self.workers)]
            run(command, self.course.root)
        _take(measured, tree)
        for path in self.course.root.glob("reports/*/*/*.json"):
            measured.single_s.append(json.loads(path.read_text(encoding="utf-8"))["wall_s"])

    def nbgrader(self, measured: Measured) -> None:
        """nbgrader's own two commands."""
        self._nbgrader(self.scratch / "nbgrader", measured)

    def bare(self, measured: Measured) -> None:
        """The same on notebooks without demonstration cells."""
        self._nbgrader(self.scratch / "bare", measured)

    def _nbgrader(self, stock: Path, measured: Measured) -> None:
        for name in ("autograded", "feedback"):
            shutil.rmtree(stock / name, ignore_errors=True)
        with Tree() as tree:
            run(["nbgrader", "autograde", peers.ASSIGNMENT], stock)
            run(["nbgrader", "generate_feedback", peers.ASSIGNMENT], stock)
        graded = list(stock.glob("feedback/*/*/*.html"))
        if len(graded) != self.students * len(self.course.labs_of(peers.ASSIGNMENT)):
            raise RuntimeError(f"nbgrader graded {len(graded)} notebooks only")
        _take(measured, tree)

    def pytest(self, measured: Measured) -> None:
        """A pytest process for each submission."""
        with Tree() as tree:
            for folder in self._submissions():
                began = time.perf_counter()
                test = str(self.scratch / "test_submission.py")
                quiet = ["-q", "-p", "no:cacheprovider", "--tb=short"]
                run(
                    [sys.executable, "-m", "pytest", *quiet, test],
                    folder,
                    SUBMISSION=str(folder),
                    MPLBACKEND="agg",
                )
                measured.single_s.append(time.perf_counter() - began)
        _take(measured, tree)

    def otter(self, measured: Measured) -> None:
        """An otter process for each notebook."""
        with Tree() as tree:
            for folder in self._submissions():
                began = time.perf_counter()
                for lab in self.course.labs_of(peers.ASSIGNMENT):
                    archive = next((self.scratch / f"otter-{lab.name}").glob("*.zip"))
                    notebook = str(folder / f"{lab.name}.ipynb")
                    run(
                        [str(OTTER / "bin/otter"), "run", "-a", str(archive), notebook],
                        self.scratch,
                    )
                measured.single_s.append(time.perf_counter() - began)
        _take(measured, tree)

    def floor(self, measured: Measured) -> None:
        """Forks, cells and calls alone, in as many processes as ours has workers."""
        context = multiprocessing.get_context("spawn")
        students = [str(path.parent.name) for path in self._submissions()]
        ready = context.Barrier(self.workers + 1)
        shares = [students[n :: self.workers] for n in range(self.workers)]
        calls = {
            name: [(call.function, tuple(map(_sendable, call.args))) for call in own]
            for name, own in self.calls.items()
        }
        arguments = [(str(self.course.root), share, calls, ready) for share in shares]
        processes = [context.Process(target=work_floor, args=args) for args in arguments]
        for process in processes:
            process.start()
        ready.wait()
        with Tree() as tree:
            for process in processes:
                process.join()
        _take(measured, tree)

    def _submissions(self) -> list[Path]:
        return sorted(self.course.root.glob(f"submitted/*/{peers.ASSIGNMENT}"))


def _take(measured: Measured, tree: Tree) -> None:
    measured.wall_s.append(tree.wall_s)
    measured.cpu_s.append(tree.cpu_s)
    measured.peak_mib.append(tree.peak_mib)


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
        ready.wait()
        for student in students:
            for lab in course.labs_of(peers.ASSIGNMENT):
                name = f"{student}/{peers.ASSIGNMENT}/{lab.name}.ipynb"
                submission = read_submission(course.root / "submitted", name, 20)
                with Session(jail, plan(lab, submission), files) as session:
                    begun = [session.begin(name, args, {}) for name, args in calls[lab.name]]
                    for call in begun:
                        session.settle(call)


def ratio(over: list[float], under: list[float]) -> dict[str, float]:
    """How much longer one takes than the other: median, and the extremes over all rounds."""
    return {
        "median": statistics.median(over) / statistics.median(under),
        "min": min(over) / max(under),
        "max": max(over) / min(under),
    }


def summarise(found: dict[str, dict[int, Measured]], options: Any) -> dict[str, Any]:
    """What is written to result.json."""
    whole = max(found["ours"])
    ours = found["ours"][whole].each_s
    result: dict[str, Any] = {
        "machine": {
            "cores": os.cpu_count(),
            "kernel": platform.release(),
            "processor": platform.machine(),
            "python": platform.python_version(),
        },
        "rounds": options.rounds,
        "workers": options.workers,
        "notebooks": len(Course.load(ROOT).labs_of(peers.ASSIGNMENT)),
        "ways": {
            way: {str(size): asdict(measured) for size, measured in sizes.items()}
            for way, sizes in found.items()
        },
    }
    for way in ("nbgrader", "bare", "otter", "pytest"):
        if way in found:
            peer = found[way][max(found[way])]
            result[f"ratio_{way}_wall"] = ratio(peer.each_s, ours)
    if "floor" in found:
        result["ratio_floor_wall"] = ratio(ours, found["floor"][max(found["floor"])].each_s)
    return result


def table(result: dict[str, Any]) -> str:
    """The figures as a table for people, in Markdown."""
    lines = [
        "| way | submissions | wall s | ms a submission | CPU ms a submission | peak MiB "
        "| p50 / p95 ms | ours is faster by |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for way, sizes in result["ways"].items():
        for size, figures in sizes.items():
            count = figures["students"]
            wall, cpu = (statistics.median(figures[key]) for key in ("wall_s", "cpu_s"))
            single = sorted(figures["single_s"])
            middle, late = (
                (single[len(single) // 2] * 1e3, single[len(single) * 95 // 100] * 1e3)
                if single
                else (0.0, 0.0)
            )
            spread = f"{middle:.0f} / {late:.0f}" if single else ""
            own = result.get(f"ratio_{way}_wall") if way != "floor" else None
            factor = f"{own['median']:.0f} ({own['min']:.0f} to {own['max']:.0f})" if own else ""
            lines.append(
                f"| {way} | {size} | {wall:.1f} | {wall / count * 1e3:.0f} "
                f"| {cpu / count * 1e3:.0f} | {max(figures['peak_mib']):.0f} "
                f"| {spread} | {factor} |"
            )
    if "ratio_floor_wall" in result:
        floor = result["ratio_floor_wall"]
        lines.append(
            f"\nOurs takes {floor['median']:.2f} times the floor ({floor['min']:.2f} to "
            f"{floor['max']:.2f})."
        )
    return "\n".join(lines)


def plot(result: dict[str, Any], path: Path) -> None:
    """Throughput by size of the class, one line a way."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4))
    for way, sizes in result["ways"].items():
        counts = [figures["students"] for figures in sizes.values()]
        rates = [
            figures["students"] / statistics.median(figures["wall_s"]) for figures in sizes.values()
        ]
        axes.plot(counts, rates, "o-", label=way)
    axes.set(xscale="log", yscale="log", xlabel="submissions", ylabel="submissions a second")
    axes.legend()
    figure.savefig(path)


def main() -> None:
    """Measure, and write the result."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--students", type=int, default=6, help="size of the peers' class")
    parser.add_argument("--sizes", default="20,200", help="sizes of the classes that ours grades")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--ways", default="ours,nbgrader,bare,otter,pytest,floor")
    parser.add_argument("--table", action="store_true", help="print the last result and stop")
    options = parser.parse_args()
    if options.table:
        print(table(json.loads(RESULT.read_text(encoding="utf-8"))))
        return
    chosen = options.ways.split(",")
    sizes = {way: [options.students] for way in chosen}
    sizes["ours"] = sizes["floor"] = [int(size) for size in options.sizes.split(",")]
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        prepared: dict[int, Ways] = {}
        for size in sorted({size for way in chosen for size in sizes[way]}):
            (Path(scratch) / str(size)).mkdir()
            prepared[size] = Ways(Course.load(ROOT), Path(scratch) / str(size), size, options)
        found: dict[str, dict[int, Measured]] = {}
        for way in chosen:
            for size in sizes[way]:
                prepared[size].prepare(way)
                found.setdefault(way, {})[size] = Measured(size)
        for turn in range(options.rounds):
            for way in chosen:
                for size in sizes[way]:
                    print(
                        f"round {turn + 1}: {way}, {size} submissions", file=sys.stderr, flush=True
                    )
                    measure: Callable[[Measured], None] = getattr(prepared[size], way)
                    measure(found[way][size])
    result = summarise(found, options)
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    plot(result, RESULT.with_suffix(".png"))
    print(table(result))


if __name__ == "__main__":
    main()
