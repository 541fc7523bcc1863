"""Notebooks with tests cells, built in a few lines and run in the real sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.course.lab import Lab
from autograder.course.tests_cells import ChosenWay, KnownCell, TestsCells
from autograder.grading.submission import Submission, SubmittedCell
from autograder.grading.ways import with_ways
from autograder.grading.whole_notebook import mark_notebook
from autograder.remote.notebook_cells import Way
from autograder.remote.notebook_run import Jails
from autograder.report import CheckResult, Report, Status

HIDDEN = "### BEGIN HIDDEN TESTS\n", "### END HIDDEN TESTS\n"


def given(source: str) -> KnownCell:
    """A locked cell."""
    return KnownCell(
        f"given{abs(hash(source)) % 10**8}", True, source, source, source, is_locked=True
    )


def free(source: str) -> KnownCell:
    """A cell that nbgrader keeps nothing of."""
    return KnownCell("", True, source, source, source)


def solution(grade_id: str, solved: str, stub: str = "raise NotImplementedError()") -> KnownCell:
    """A solution cell."""
    return KnownCell(grade_id, True, stub, stub, solved, is_solution=True)


def checked(grade_id: str, visible: str, hidden: str = "", points: float = 1.0) -> KnownCell:
    """A tests cell; hidden lines stand below the visible ones."""
    source = f"{visible}\n{hidden}" if hidden else visible
    return KnownCell(grade_id, True, source, visible, source, points, is_grade=True, is_locked=True)


@dataclass(frozen=True)
class Trial:
    """A notebook, and the sandboxes to run it in."""

    jails: Jails
    known: TestsCells
    files: Mapping[str, bytes]

    @classmethod
    def of(cls, jails: Jails, *cells: KnownCell, files: Mapping[str, bytes] | None = None) -> Trial:
        """A notebook with the ways that are found for its tests cells."""
        files = files or {}
        return cls(jails, with_ways(TestsCells(cells, cell_s=2.0), jails, files), files)

    def way(self, name: str) -> str:
        """How a tests cell runs."""
        return self.known.ways[name].way

    def all_inside(self) -> Trial:
        """The same, with all tests cells in the student's process."""
        ways = dict.fromkeys(self.known.ways, ChosenWay(Way.INSIDE))
        return replace(self, known=replace(self.known, ways=ways))

    def submission(
        self, answers: Mapping[str, str], files: Mapping[str, bytes] | None = None
    ) -> Submission:
        """The solved notebook, with other sources for some cells; `+NAME` comes before NAME."""
        cells = []
        for cell in self.known.cells:
            if f"+{cell.grade_id}" in answers:
                cells.append(SubmittedCell(answers[f"+{cell.grade_id}"]))
            own = cell.solved if cell.is_solution else cell.released
            cells.append(
                SubmittedCell(answers.get(cell.grade_id, own), cell.grade_id, cell.is_code)
            )
        return Submission(tuple(cells), dict(files or {}))

    def report(
        self, answers: Mapping[str, str] | None = None, files: Mapping[str, bytes] | None = None
    ) -> Report:
        """The report on a submission."""
        nowhere = Path("trial.ipynb")
        masters = tuple(cell.as_master for cell in self.known.cells)
        lab = Lab("a", "n", nowhere, masters, nowhere, Path("no_suite.py"), self.known)
        blank = Report("a", "n", Status.GRADED, "full", lab.max_score, 0, cells=lab.solutions)
        submission = self.submission(answers or {}, files)
        return mark_notebook(lab, submission, self.jails, self.files, blank)

    def results(
        self, answers: Mapping[str, str] | None = None, files: Mapping[str, bytes] | None = None
    ) -> dict[str, CheckResult]:
        """What came of each tests cell."""
        return {check.name: check for check in self.report(answers, files).checks}

    def points(
        self, answers: Mapping[str, str] | None = None, files: Mapping[str, bytes] | None = None
    ) -> dict[str, float]:
        """The points of each tests cell."""
        return {name: check.points for name, check in self.results(answers, files).items()}
