"""An nbgrader course as it is, graded by nbgrader and by this grader, in turns, in one run.

    python -m benchmarks.classic [--students 30] [--rounds 1] [--exercises 84]

The course is that of `tests/existing`: one notebook with tests cells of every kind, which was
compiled before, as it is when a class submits. Times are those of the whole command, its start
included. Prints whether the two give the same marks, cell by cell, and what it costs to run the
tests cells outside the submissions' processes instead of inside.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from autograder.course.tests_cells import record_path
from tests.existing.course import ASSIGNMENT, answers, gradebook, submit, write_course
from tests.existing.exercises import EXERCISES

BIN = Path(sys.executable).parent
NBGRADER, OUTSIDE, INSIDE = "nbgrader", "ours", "ours, all inside"


def run(root: Path, *command: str) -> float:
    """Seconds that a command takes in a course's folder."""
    began = time.perf_counter()
    path = os.pathsep.join((str(BIN), os.environ["PATH"]))
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=root,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)}: {done.stderr[-2000:]}")
    return time.perf_counter() - began


def make_course(root: Path, students: int, exercises: int) -> None:
    """Write a course with a class that gives right and wrong answers, compiled by both."""
    chosen = EXERCISES[:exercises]
    write_course(root, chosen)
    run(root, "nbgrader", "generate_assignment", ASSIGNMENT, "--create")
    for number in range(students):
        which = (None, 0, 1, 2)[number % 4]
        submit(root, f"student{number:03}", answers(chosen, which))
    run(root, "autograder", "init", "--from-nbgrader", "--json")
    (root / "nbgrader_config.py").write_text("c = get_config()\n")


def all_inside(root: Path) -> None:
    """Let every tests cell run in the student's process."""
    path = record_path(root, ASSIGNMENT)
    record = json.loads(path.read_text())
    for notebook in record["notebooks"].values():
        notebook["ways"] = {name: {"way": "inside", "why": ""} for name in notebook["ways"]}
    path.write_text(json.dumps(record))


WAYS: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    NBGRADER: (lambda root: None, ("nbgrader", "autograde", ASSIGNMENT, "--create")),
    OUTSIDE: (lambda root: None, ("autograder", "grade")),
    INSIDE: (all_inside, ("autograder", "grade")),
}


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--exercises", type=int, default=len(EXERCISES))
    asked = parser.parse_args()
    took: dict[str, list[float]] = {name: [] for name in WAYS}
    books = {}
    with tempfile.TemporaryDirectory(prefix="classic-") as folder:
        master = Path(folder) / "master"
        make_course(master, asked.students, asked.exercises)
        for turn in range(asked.rounds):
            for name in list(WAYS) if turn % 2 == 0 else list(reversed(WAYS)):
                root = Path(folder) / "course"
                shutil.copytree(master, root)
                prepare, command = WAYS[name]
                prepare(root)
                took[name].append(run(root, *command))
                books[name] = gradebook(root)
                shutil.rmtree(root)
                print(f"{name}: {took[name][-1]:.1f} s", file=sys.stderr, flush=True)
    theirs = books[NBGRADER]
    print(f"{asked.students} students, {asked.exercises} tests cells, {os.cpu_count()} cores\n")
    print("| way | wall s | times as fast as nbgrader | same as nbgrader's |")
    print("|---|---|---|---|")
    slowest = statistics.median(took[NBGRADER])
    for name, seconds in took.items():
        same = sum(books[name].get(key) == value for key, value in theirs.items())
        middle = statistics.median(seconds)
        ratio = slowest / middle
        print(f"| {name} | {middle:.1f} | {ratio:.1f} | {same} of {len(theirs)} |")
    cost = statistics.median(took[OUTSIDE]) / statistics.median(took[INSIDE])
    print(f"\noutside costs {cost:.2f} times inside")


if __name__ == "__main__":
    main()
