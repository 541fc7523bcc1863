"""Exercises as public nbgrader courses have them: a solution, its tests, and some wrong answers.

They stand in `exercises.txt`: a line `# === NAME POINTS` begins an exercise, and lines like
`# --- solved` begin its parts. Each exercise is a kind of test that was met in public courses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).with_name("exercises.txt")


@dataclass(frozen=True)
class Exercise:
    """One solution cell and the tests cell below it."""

    name: str
    points: float
    solved: str
    tests: str
    hidden: str
    """Tests that students do not get."""
    given: str
    """A locked cell above the solution; empty where there is none."""
    wrong: tuple[str, ...]


def _exercise(text: str) -> Exercise:
    head, _, body = text.partition("\n")
    name, points = head.split()
    parts: dict[str, list[str]] = {}
    for part in re.split(r"^# --- ", body, flags=re.MULTILINE)[1:]:
        kind, _, source = part.partition("\n")
        parts.setdefault(kind, []).append(source.rstrip("\n"))
    solved, tests, hidden, given = (
        "\n".join(parts.get(kind, ())) for kind in ("solved", "tests", "hidden", "given")
    )
    return Exercise(
        name, float(points), solved, tests, hidden, given, tuple(parts.get("wrong", ()))
    )


EXERCISES = [
    _exercise(text)
    for text in re.split(r"^# === ", TABLE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
]
"""All of them, in the order in which they stand in the notebook."""
