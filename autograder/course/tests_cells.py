"""The tests cells of an nbgrader course's notebooks, and the way in which each of them runs.

nbgrader's gradebook holds the cells of an assignment as they were compiled, hidden lines included.
What grading needs of them is kept in `reports/tests_cells/ASSIGNMENT.json`, so that a process that
grades reads neither the database nor the master notebook.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder.course.bindings import imported_modules
from autograder.course.notebook import Kind, MasterCell

FORMAT = 1
TESTS_CELLS = "reports/tests_cells"
"""The folder of the records, below the course's."""


@dataclass(frozen=True)
class KnownCell:
    """One cell of a notebook, as it was compiled."""

    grade_id: str
    """Empty for a cell that nbgrader keeps nothing of."""
    is_code: bool
    source: str
    """As nbgrader grades it: of a tests cell, with its hidden lines."""
    released: str
    """As students get it."""
    solved: str
    """As the master notebook has it."""
    points: float = 0.0
    is_grade: bool = False
    is_solution: bool = False
    is_locked: bool = False
    is_task: bool = False

    @property
    def is_tests(self) -> bool:
        """Whether its points come from running it."""
        return self.is_grade and not self.is_solution and self.is_code

    @property
    def by_hand(self) -> bool:
        """Whether an instructor gives its points."""
        return self.is_task or (self.is_grade and not self.is_tests)

    @property
    def as_master(self) -> MasterCell:
        """The same as a cell of a master notebook; of a tests cell, only what students can read."""
        if not self.is_code:
            kind = Kind.TEXT
        elif self.is_solution:
            kind = Kind.SOLUTION
        elif self.is_grade:
            kind = Kind.TESTS
        else:
            kind = Kind.GIVEN if self.is_locked else Kind.FREE
        source = self.solved if self.is_solution else self.source
        source = self.released if self.is_tests else source
        return MasterCell(kind, self.grade_id, source, self.points, self.by_hand, self.is_task)


@dataclass(frozen=True)
class ChosenWay:
    """The way in which a tests cell runs, and why it is not a better one."""

    way: str
    """One of `remote.notebook_run.Way`."""
    why: str = ""
    lost: str = ""
    """How many of its points the master's own solution earns, if not all."""


@dataclass(frozen=True)
class TestsCells:
    """A notebook whose points come from tests cells."""

    __test__ = False

    cells: tuple[KnownCell, ...]
    """All of them, in the order of the student version."""
    cell_s: float = 30.0
    """Seconds that a cell may run: nbgrader's `Execute.timeout`."""
    ignore: str = ""
    """What nbgrader's `IgnorePattern` leaves out of error streams; empty where it is off."""
    overwrite_not: tuple[str, ...] = ()
    """Files of the assignment that a student's own version replaces."""
    ways: Mapping[str, ChosenWay] = field(default_factory=dict)
    """By grade_id, how a tests cell runs."""
    trusted: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """By name that tests use, what the notebook imports under it: the module and its name there."""
    expected: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """The same for names that only solution cells import: a student's may be something else."""
    built_in: tuple[str, ...] = ()
    """Names of built-in things that the notebook itself defines anew."""
    found_for: str = ""
    """Hash of what the ways were found out from; empty while they are not."""

    @property
    def digest(self) -> str:
        """Hash of everything but the ways, which are found out from it."""
        return hashlib.sha256(json.dumps(self._given(), sort_keys=True).encode()).hexdigest()

    def cell(self, grade_id: str) -> KnownCell | None:
        """The cell of that grade_id, if there is one."""
        known = (cell for cell in self.cells if grade_id and cell.grade_id == grade_id)
        return next(known, None)

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules that its cells import."""
        sources = (cell.solved if cell.is_solution else cell.source for cell in self.cells)
        found = (module for source in sources for module in imported_modules(source))
        return tuple(sorted(set(found)))

    @property
    def tests(self) -> tuple[KnownCell, ...]:
        """The tests cells."""
        return tuple(cell for cell in self.cells if cell.is_tests)

    def with_digest(self, found_for: str) -> TestsCells:
        """The same, with what its ways were found out from."""
        return replace(self, found_for=found_for)

    def _given(self) -> dict[str, Any]:
        names = ("cell_s", "ignore", "overwrite_not")
        return {"cells": [asdict(cell) for cell in self.cells]} | {
            name: getattr(self, name) for name in names
        }

    def as_dict(self) -> dict[str, Any]:
        """All of it, as plain data."""
        return {
            **self._given(),
            "ways": {name: asdict(chosen) for name, chosen in self.ways.items()},
            "trusted": {name: list(where) for name, where in self.trusted.items()},
            "expected": {name: list(where) for name, where in self.expected.items()},
            "built_in": list(self.built_in),
            "found_for": self.found_for,
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> TestsCells:
        """What `as_dict` described.

        Raises:
            KeyError, TypeError: it did not.
        """
        return cls(
            tuple(KnownCell(**cell) for cell in fields["cells"]),
            float(fields["cell_s"]),
            fields["ignore"],
            tuple(fields["overwrite_not"]),
            {name: ChosenWay(**chosen) for name, chosen in fields["ways"].items()},
            {name: (where[0], where[1]) for name, where in fields["trusted"].items()},
            {name: (where[0], where[1]) for name, where in fields["expected"].items()},
            tuple(fields["built_in"]),
            fields["found_for"],
        )


def record_path(root: Path, assignment: str) -> Path:
    """Where the tests cells of an assignment are kept."""
    return root / TESTS_CELLS / f"{assignment}.json"


def read_record(root: Path, assignment: str) -> dict[str, TestsCells]:
    """The tests cells of an assignment, by notebook; none where there is no record that fits."""
    try:
        record = json.loads(record_path(root, assignment).read_text(encoding="utf-8"))
        if record["format"] != FORMAT:
            return {}
        return {name: TestsCells.from_dict(one) for name, one in record["notebooks"].items()}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def record_text(notebooks: Mapping[str, TestsCells]) -> str:
    """The tests cells of an assignment, as `read_record` reads them."""
    told = {name: one.as_dict() for name, one in notebooks.items()}
    return json.dumps({"format": FORMAT, "notebooks": told}, ensure_ascii=False, indent=1) + "\n"
