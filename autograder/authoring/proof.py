"""The rows of a proof, and what they say together."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One sample and what grading it gave."""

    assignment: str
    notebook: str
    kind: str
    """solution, cells, untouched, stub, variant, mistake, slips, known, picture, check or tests."""
    grade_cell: str
    name: str
    """Function and style of a variant, misconception of a mistake, name of a check, or how many
    slips of the reference the checks of an exercise reject, or how many misconceptions of the
    exercises that it builds on are named there."""
    holds: bool
    rejected_by: tuple[str, ...] = ()
    named: str | None = None
    problem: str = ""

    @property
    def place(self) -> str:
        """Where its problem is to be mended: in the master notebook, or in the hidden suite."""
        if self.kind in ("cells", "tests"):
            return f"source/{self.assignment}/{self.notebook}.ipynb"
        return f"tests/hidden/{self.assignment}"

    @property
    def title(self) -> str:
        """What was graded, in words."""
        kind = self.kind if self.grade_cell else ""  # The other names say what they are.
        parts = (f"{self.notebook}:" if self.notebook else "", self.grade_cell, kind, self.name)
        return " ".join(filter(None, parts))


@dataclass(frozen=True)
class Proof:
    """All rows, and the counts that matter."""

    rows: tuple[Row, ...]

    @property
    def holds(self) -> bool:
        """True when every row does."""
        return all(row.holds for row in self.rows)

    @property
    def faults(self) -> list[tuple[Row, int]]:
        """Rows that do not hold, the first for each problem, and how many more have the same."""
        first: dict[tuple[str, str, str], Row] = {}
        counts: Counter[tuple[str, str, str]] = Counter()
        for row in self.rows:
            if not row.holds:
                problem = row.assignment, row.notebook, row.problem
                first.setdefault(problem, row)
                counts[problem] += 1
        return [(row, counts[problem] - 1) for problem, row in first.items()]

    def as_dict(self) -> dict[str, Any]:
        """The documented JSON form."""
        mistakes = [row for row in self.rows if row.kind == "mistake"]
        variants = [row for row in self.rows if row.kind == "variant"]
        return {
            "mistakes": len(mistakes),
            "rejected": sum(bool(row.rejected_by) for row in mistakes),
            "named": sum(row.named == row.name.split(": ")[1] for row in mistakes),
            "variants": len(variants),
            "passed": sum(row.holds for row in variants),
            "holds": self.holds,
            "rows": [asdict(row) for row in self.rows],
        }


def and_more(count: int) -> str:
    """How many more rows have the same problem; empty where none has."""
    return f" (and {count} more row{'s' * (count > 1)})" if count else ""
