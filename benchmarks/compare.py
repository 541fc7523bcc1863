"""A class graded by this grader and by its peers on one machine, in one run, in turns.

    make bench                                  ways.py describes the ways
    python -m benchmarks.compare --whole        peers grade the largest class too; an hour and more
    python -m benchmarks.compare --students 2 --peers 2 --rounds 1 --ways ours,pytest,floor
    python -m benchmarks.compare --table        the last result as a table
    python -m benchmarks.compare --profile      where the time of `autograder grade` goes

Writes benchmarks/result.json and result.png. Peers are slow: they grade classes of --peers and ours
those of --students, and figures are by submission; --whole has all grade the same classes. Rounds
go through all ways forwards and backwards by turns, so that drift of the machine hits all alike.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from autograder.course.model import Course
from benchmarks.measure import Measured
from benchmarks.peers import ASSIGNMENT
from benchmarks.result import Found, plot, summarise, table
from benchmarks.stages import profile
from benchmarks.ways import PEERS, WAYS, Class

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "benchmarks" / "result.json"


def numbers(text: str) -> list[int]:
    """Positive numbers with commas between them, in order and each once."""
    found = sorted({int(part) for part in text.split(",") if part})
    if found and found[0] < 1:
        raise argparse.ArgumentTypeError(f"{text}: numbers from 1 on are needed")
    return found


def chosen_ways(text: str) -> list[str]:
    """Names of ways with commas between them; `ours` is always measured."""
    chosen = text.split(",")
    unknown = set(chosen) - set(WAYS)
    if unknown:
        raise argparse.ArgumentTypeError(
            f"no way named {', '.join(sorted(unknown))}; there are {', '.join(WAYS)}"
        )
    return [way for way in WAYS if way in chosen or way == "ours"]


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line, read."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--students", type=numbers, default=[20, 200], help="sizes of classes")
    parser.add_argument("--peers", type=numbers, default=[4, 20], help="sizes of peers' classes")
    parser.add_argument("--whole", action="store_true", help="peers grade all of --students")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--throughput", type=numbers, default=[1, 2, 4], help="ours with so many workers; '' for no"
    )
    parser.add_argument("--ways", type=chosen_ways, default=list(WAYS), help=",".join(WAYS))
    parser.add_argument("--table", action="store_true", help="print the last result and stop")
    parser.add_argument("--profile", action="store_true", help="where our own time goes, and stop")
    return parser.parse_args(arguments)


def sizes_of(way: str, chosen: argparse.Namespace) -> list[int]:
    """The sizes of the classes that a way grades."""
    sizes: list[int] = chosen.peers if way in PEERS and not chosen.whole else chosen.students
    return sizes


def compare(chosen: argparse.Namespace, scratch: Path) -> dict[str, object]:
    """Measure all that was chosen, in turns; what is written to result.json."""
    plan = [(way, size) for way in chosen.ways for size in sizes_of(way, chosen)]
    course = Course.load(ROOT)
    classes: dict[int, Class] = {}
    found: Found = {}
    for way, size in plan:
        if size not in classes:
            classes[size] = Class.make(course, scratch / str(size), size)
        say(f"prepare {way}, {size} submissions")
        classes[size].prepare(way)
        found.setdefault(way, {})[size] = Measured(size)
    throughput = {
        workers: {size: Measured(size) for size in chosen.students} for workers in chosen.throughput
    }
    turns = [(found[way][size], way, size, chosen.workers) for way, size in plan]
    turns += [
        (measured, "ours", size, workers)
        for workers, sizes in throughput.items()
        for size, measured in sizes.items()
    ]
    for number in range(chosen.rounds):
        for measured, way, size, workers in turns if number % 2 == 0 else reversed(turns):
            classes[size].measure(way, measured, workers)
            say(f"round {number + 1}: {way}, {size} submissions: {measured.wall_s[-1]:.1f} s")
    labs = classes[max(classes)].course.labs_of(ASSIGNMENT)
    about = {
        "rounds": chosen.rounds,
        "workers": chosen.workers,
        "whole": all(max(chosen.students) in sizes_of(way, chosen) for way in chosen.ways),
        "notebooks": len(labs),
        "exercises": sum(len(lab.exercises) for lab in labs),
    }
    return summarise(found, throughput, about)


def say(line: str) -> None:
    """Tell how far it is."""
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Measure, write the result and print it."""
    chosen = options()
    if chosen.table:
        print(table(json.loads(RESULT.read_text(encoding="utf-8"))))
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        if chosen.profile:
            folder, size = Path(scratch) / "class", chosen.students[-1]
            made = Class.make(Course.load(ROOT), folder, size)
            print(profile(made, chosen.workers))
            return
        result = compare(chosen, Path(scratch))
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    plot(result, RESULT.with_suffix(".png"))
    print(table(result))


if __name__ == "__main__":
    main()
