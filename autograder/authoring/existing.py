"""Takes over an nbgrader course: what will happen to each of its cells, and the one setting."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from autograder.course.config import CONFIG, NBGRADER_CONFIG, load_config
from autograder.course.files import write_whole
from autograder.course.lab import Lab
from autograder.course.model import Course
from autograder.course.tests_cells import KnownCell, TestsCells
from autograder.remote.notebook_cells import Way

SETTING = 'c.Autograde.exporter_class = "autograder.nbgrader_plugin.SubmissionExporter"'
_WORDS = {
    Way.VALUE: "by value",
    Way.HANDLE: "by handle",
    Way.INSIDE: "inside",
}


@dataclass(frozen=True)
class Row:
    """How one cell will be graded."""

    assignment: str
    notebook: str
    grade_cell: str
    points: float
    how: str
    """`by value`, `by handle`, `inside`, `by hand`, `not graded`, or `hidden suite`."""
    why: str = ""

    @property
    def is_tests(self) -> bool:
        """Whether its points come from running it."""
        return self.how in _WORDS.values()

    @property
    def outside(self) -> bool:
        """Whether it runs outside a submission's process."""
        return self.how in (_WORDS[Way.VALUE], _WORDS[Way.HANDLE])

    def as_dict(self) -> dict[str, Any]:
        """The row as plain data."""
        return asdict(self)


def rows(course: Course) -> list[Row]:
    """What will happen to each graded cell of a course that was made ready."""
    return [row for lab in course.labs for row in _rows_of(lab)]


def _rows_of(lab: Lab) -> list[Row]:
    names = (lab.assignment, lab.name)
    if lab.tests_cells is None:
        return [Row(*names, one.grade_cell, one.points, "hidden suite") for one in lab.exercises]
    known = lab.tests_cells
    found = [_row(names, known, cell) for cell in known.cells if cell.is_tests or cell.by_hand]
    return found or [Row(*names, "", 0.0, "not graded", "it has no cell that nbgrader grades")]


def _row(names: tuple[str, str], known: TestsCells, cell: KnownCell) -> Row:
    about = (*names, cell.grade_id, cell.points)
    if cell.by_hand:
        return Row(*about, "by hand", "a task" if cell.is_task else "a manually graded answer")
    chosen = known.ways[cell.grade_id]
    why = "; ".join(filter(None, (chosen.why, chosen.lost)))
    return Row(*about, _WORDS[Way(chosen.way)], why)


def set_exporter(course: Course) -> Path | None:
    """Let nbgrader's own commands grade as this program does.

    Returns:
        The configuration that was changed; None where it has a setting of its own already.
    """
    config = load_config(course.root)
    if config.get("Autograde", {}).get("exporter_class") is not None:
        return None
    path = course.root / (CONFIG if (course.root / CONFIG).is_file() else NBGRADER_CONFIG)
    before = path.read_text(encoding="utf-8") if path.is_file() else "c = get_config()\n"
    said = "# nbgrader autograde and formgrader's button grade as `autograder grade` does."
    text = f"{before.rstrip()}\n\n{said}\n{SETTING}\n"
    write_whole(path, text.encode(), course.groupshared)
    return path
