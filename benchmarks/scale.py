"""How grading scales: time and memory for classes of several sizes, against a straight line.

    python -m benchmarks.scale [--sizes 100,1000,10000]

A submission here is one notebook (`multilayer`), made from variants and mistakes. The cost model
(so much to start, so much for each submission) is taken from the two smallest classes; what it
predicts for the others stands beside what was measured.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from autograder.authoring import samples
from autograder.authoring.build import build
from autograder.authoring.demo import copy_course
from autograder.checks.catalogue import Example, load_catalogue
from autograder.course.model import Course

ROOT = Path(__file__).resolve().parent.parent
ASSIGNMENT, NOTEBOOK = "multilayer_perceptrons", "multilayer"
DIFFERENT = 200
"""Different notebooks; larger classes repeat them."""


def make_class(course: Course, students: int) -> None:
    """Write the class's submissions."""
    (lab,) = course.labs_of(ASSIGNMENT)
    catalogue = load_catalogue(course.hidden, ASSIGNMENT)
    rng = random.Random(1)
    notebooks = []
    for _ in range(min(DIFFERENT, students)):
        examples: dict[str, Example] = {e.grade_cell: e for e in rng.sample(catalogue.variants, 3)}
        examples |= {e.grade_cell: e for e in rng.sample(catalogue.mistakes, rng.choice([0, 1, 2]))}
        sources = samples.with_examples(lab, examples.values())
        notebooks.append(samples.notebook(lab, sources))
    for number in range(students):
        folder = course.root / "submitted" / f"s{number:06d}" / ASSIGNMENT
        folder.mkdir(parents=True)
        (folder / f"{NOTEBOOK}.ipynb").write_bytes(notebooks[number % len(notebooks)])


def grade(course: Course) -> tuple[float, float, float]:
    """Wall time in s, peak memory of the grading program and of its whole tree, in MiB (PSS)."""
    command = [sys.executable, "-m", "autograder", "grade", ASSIGNMENT]
    began = time.perf_counter()
    running = subprocess.Popen(command, cwd=course.root, stdout=subprocess.DEVNULL)
    own = whole = 0.0
    me = psutil.Process(running.pid)
    while running.poll() is None:
        time.sleep(0.5)
        try:
            first = me.memory_full_info().pss
            rest = sum(child.memory_full_info().pss for child in me.children(recursive=True))
        except (psutil.Error, OSError):
            continue
        own, whole = max(own, first / 2**20), max(whole, (first + rest) / 2**20)
    return time.perf_counter() - began, own, whole


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="100,1000,10000")
    sizes = [int(size) for size in parser.parse_args().sizes.split(",")]
    found = {}
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="scale-") as folder:
            course = copy_course(Course.load(ROOT), Path(folder) / "course")
            build(course, (), lambda _: None, None)
            make_class(course, size)
            found[size] = grade(course)
            print(f"{size}: {found[size][0]:.1f} s", file=sys.stderr, flush=True)
    small, next_one = sizes[0], sizes[1]
    each = (found[next_one][0] - found[small][0]) / (next_one - small)
    start = found[small][0] - small * each
    print(f"{os.cpu_count()} cores: {start:.1f} s to start, {each * 1e3:.1f} ms a submission\n")
    print("| submissions | wall s | predicted s | a second | program MiB | whole tree MiB |")
    print("|---|---|---|---|---|---|")
    for size, (wall, own, whole) in found.items():
        row = f"| {size} | {wall:.1f} | {start + each * size:.1f} | {size / wall:.1f} "
        print(row + f"| {own:.0f} | {whole:.0f} |")
    print(json.dumps({"start_s": start, "each_s": each, "sizes": found}))


if __name__ == "__main__":
    main()
