"""Where the time of `autograder grade` goes, by process, thread and stage.

The command is run as it is, from a cold start with all its workers, and each of its Python
processes samples its own stacks (sampled/sitecustomize.py), which slows it down by some percent.
A worker's waiting is booked under what it waits for: forks, cells or calls.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import autograder
from benchmarks.measure import run
from benchmarks.peers import ASSIGNMENT
from benchmarks.ways import Class

SAMPLED = Path(__file__).with_name("sampled")
PACKAGE = Path(autograder.__file__).parent

ANYWHERE = (
    ("import", "imports"),
    ("sandbox/doctor.run_canaries", "canaries: does the jail hold?"),
    ("grading/diagnosis.", "diagnosis"),
    ("checks/pictures.", "pictures"),
    ("sandbox/supervisor.Jail._launch", "jail started"),
    ("remote/session.Session._run_cells", "cells run, in the jail"),
)
"""Beginnings of names that decide wherever they are on the stack; the first that fits."""

INNERMOST = (
    ("sandbox/inside/wire.", "calls answered, in the jail"),
    ("remote/", "calls answered, in the jail"),
    ("sandbox/reading.", "submissions read"),
    ("sandbox/", "forks, their walls and their ends"),
    ("checks/suite.", "hidden checks and their reference"),
    ("checks/api.", "hidden checks and their reference"),
    ("checks/compare.", "answers compared"),
    ("checks/kinds.", "answers compared"),
    ("checks/relation.", "answers compared"),
    ("grading/submission.", "submissions read"),
    ("grading/worker._serve", "waits for work"),
    ("grading/pool.WorkerPool._ready", "waits for workers"),
    ("grading/pool.", "workers started and ended"),
    ("grading/worker.", "workers started and ended"),
    ("grading/", "marks"),
    ("batch/writer._next_batch", "waits for reports"),
    ("gradebook/autograded.", "autograded notebooks"),
    ("gradebook/", "gradebook"),
    ("feedback/", "feedback pages"),
    ("class_report/", "class page"),
    ("report.", "reports"),
    ("course/", "course, catalogue and digests read"),
    ("checks/", "course, catalogue and digests read"),
    ("batch/", "files found and written"),
    ("cli/", "command line and screen"),
    ("console.", "command line and screen"),
)
"""Beginnings of names, of which the innermost frame that has one decides; the first that fits."""


def stage_of(stack: list[str]) -> str | None:
    """The stage that a stack belongs to; none when nothing of ours is on it.

    Args:
        stack: module.function of each frame, from the inside out.
    """
    for beginning, stage in ANYWHERE:
        if any(frame.startswith(beginning) for frame in stack):
            return stage
    for frame in stack:
        for beginning, stage in INNERMOST:
            if frame.startswith(beginning):
                return stage
    return "other" if stack else None


def profile(pool: Class, workers: int) -> str:
    """Grade a class once, sampled; a table in Markdown."""
    into = pool.scratch / "samples"
    into.mkdir()
    paths = os.pathsep.join(filter(None, [str(SAMPLED), os.environ.get("PYTHONPATH")]))
    command = ["autograder", "grade", ASSIGNMENT, "--workers", str(workers)]
    environment = {"SAMPLES_INTO": str(into), "SAMPLES_OF": f"{PACKAGE}/", "PYTHONPATH": paths}
    run(command, pool.course.root, environment)
    return table(read_samples(into), pool.students, workers)


def read_samples(folder: Path) -> dict[str, Counter[str]]:
    """Seconds by stage for each kind of process and thread; those of all workers added up."""
    found: dict[str, Counter[str]] = {}
    for path in sorted(folder.glob("*.json")):
        role = path.stem.split("-")[0]
        for seconds, thread, *stack in json.loads(path.read_text(encoding="utf-8")):
            stage = stage_of(stack)
            if stage is not None:
                who = role if thread == "MainThread" else f"{role}, {thread.split('_')[0]}"
                found.setdefault(who, Counter())[stage] += seconds
    return found


def table(found: dict[str, Counter[str]], students: int, workers: int) -> str:
    """The stages in Markdown, for each process and thread the longest first."""
    lines = [
        f"{students} submissions, {workers} workers; workers' seconds are added up.",
        "",
        "| process | stage | s | ms a submission |",
        "|---|---|---|---|",
    ]
    for who, stages in found.items():
        for stage, seconds in stages.most_common():
            lines.append(f"| {who} | {stage} | {seconds:.2f} | {seconds / students * 1e3:.1f} |")
    return "\n".join(lines)
