"""Verdicts, check results and reports: the result of grading one notebook, as plain frozen data.

A `Report` goes to JSON and back without loss. `FORMAT` is the version of that JSON, which is what
crosses processes, machines and sessions. Nothing here knows how a verdict was reached.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

FORMAT = 1


class Verdict(StrEnum):
    """How one hidden check ended."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    RAISED = "RAISED"
    TIMED_OUT = "TIMED_OUT"
    OUT_OF_MEMORY = "OUT_OF_MEMORY"
    FORBIDDEN = "FORBIDDEN"
    NOT_DONE = "NOT_DONE"
    """The student left the exercise as it was released."""
    BROKEN = "BROKEN"
    """Suite, sandbox or engine at fault: the mark is withheld, never a zero."""


class Status(StrEnum):
    """How the grading of one notebook ended as a whole."""

    GRADED = "graded"
    UNREADABLE = "unreadable"
    """The file is not a notebook that can be graded; it scores 0 and needs review."""
    MISSING = "missing"
    """The submission holds no file for this notebook; it scores 0."""
    UNCLEAR = "unclear"
    """It is unclear which file is the notebook; the mark waits for an instructor to decide."""
    BROKEN = "broken"
    """The mark is withheld: the fault is not the student's."""


@dataclass(frozen=True)
class CheckResult:
    """One hidden check: its line, its verdict and its points."""

    name: str
    """Name of the check's function in the suite."""
    grade_cell: str
    title: str
    """The sentence that the student sees: first line of the check's docstring."""
    verdict: Verdict
    points: float
    max_points: float
    message: str = ""
    """What differs, in words; never an expected value, an input or a path."""
    misconception: str | None = None
    """Name in the course's catalogue."""
    given: bool = False
    """Whether it passed with correct functions in place of earlier, wrong ones; not shown."""

    @property
    def passed(self) -> bool:
        """Whether the check holds."""
        return self.verdict is Verdict.PASSED


@dataclass(frozen=True)
class Named:
    """A misconception that explains a report's wrong answers, and its grade cells."""

    name: str
    words: str
    hints: tuple[str, ...]
    grade_cells: tuple[str, ...]

    def __reduce__(self) -> tuple[Any, ...]:
        """Unpickle to the object that all reports with the same words share."""
        return _named, (self.name, self.words, self.hints, self.grade_cells)


@dataclass(frozen=True)
class Curve:
    """Points of a picture, all finite, in the units of its axes."""

    name: str
    style: str
    """`line`, `dots` or `path`."""
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Picture:
    """What a student's function does, drawn; made from visible inputs only."""

    title: str
    alt: str
    """What there is to see, for those who cannot."""
    x_label: str
    y_label: str
    curves: tuple[Curve, ...]
    grade_cell: str = ""


@dataclass(frozen=True)
class Report:
    """What one notebook of one submission is worth, and why."""

    assignment: str
    notebook: str
    status: Status
    tier: str
    max_score: float
    seed: int
    checks: tuple[CheckResult, ...] = ()
    cells: dict[str, str] = field(default_factory=dict)
    """Every grade cell of the notebook, with the solution cell that it tests."""
    by_hand: dict[str, bool] = field(default_factory=dict)
    """Every other cell with points in the gradebook, and whether an instructor must mark it: a
    manually graded answer left as released needs nobody."""
    reason: str = ""
    """Why the status is not `graded`: one clear line."""
    doubt: str = ""
    """Why an instructor should review a mark that stands all the same: one clear line."""
    notes: tuple[str, ...] = ()
    """What happened on the way and is worth telling the student: a cell that raised, say."""
    misconceptions: tuple[Named, ...] = ()
    pictures: tuple[Picture, ...] = ()
    sections: dict[str, str] = field(default_factory=dict)
    """By grade cell, the notebook's heading above the exercise."""
    ways: dict[str, str] = field(default_factory=dict)
    """By tests cell, how it ran: `value`, `handle` or `inside`; empty with a hidden suite."""
    unanswered: tuple[str, ...] = ()
    """Solution cells that were left as released, in a notebook with tests cells."""
    digest: str = ""
    """Hash of what was submitted."""
    digests: dict[str, str] = field(default_factory=dict)
    """By grade cell, hash of everything else that its mark depends on; see `course.fingerprint`."""
    wall_s: float = 0.0

    @property
    def score(self) -> float | None:
        """Points earned, a plain float in [0, max_score]; None while the mark is withheld."""
        if self.withheld:
            return None
        return min(max(float(sum(check.points for check in self.checks)), 0.0), self.max_score)

    @property
    def withheld(self) -> bool:
        """True when there is no mark yet: a fault of ours, or an instructor has still to decide."""
        return self.status in (Status.BROKEN, Status.UNCLEAR) or any(
            check.verdict is Verdict.BROKEN for check in self.checks
        )

    @property
    def needs_person(self) -> bool:
        """True when an instructor should review the mark before anybody relies on it."""
        return self.withheld or self.status is Status.UNREADABLE or bool(self.doubt)

    @property
    def public_reason(self) -> str:
        """Why there is no mark, in words for the student: nothing about the inside of a suite."""
        if self.withheld and self.status is not Status.UNCLEAR:
            return (
                "The mark is withheld: the grader is at fault, not you. Your instructor can see it."
            )
        return self.reason

    def grade_cells(self) -> dict[str, list[CheckResult]]:
        """The check results by grade cell, in the order of the notebook."""
        cells: dict[str, list[CheckResult]] = {}
        for check in self.checks:
            cells.setdefault(check.grade_cell, []).append(check)
        return cells

    def cell_score(self, grade_cell: str) -> float | None:
        """Points of one grade cell: a plain float, or None while that cell's mark is withheld."""
        checks = self.grade_cells().get(grade_cell, [])
        if self.status in (Status.BROKEN, Status.UNCLEAR) or any(
            c.verdict is Verdict.BROKEN for c in checks
        ):
            return None
        return float(sum(check.points for check in checks))

    def named(self) -> list[str]:
        """Names of the misconceptions found, each once, in order of appearance."""
        found = [check.misconception for check in self.checks if check.misconception]
        return list(dict.fromkeys(found))

    def with_(self, **changes: Any) -> Report:
        """A copy with some fields replaced."""
        return replace(self, **changes)

    def as_dict(self) -> dict[str, Any]:
        """The documented JSON form, as plain data."""
        fields = asdict(self)
        fields.pop("checks")
        fields.pop("misconceptions")
        return {
            "format": FORMAT,
            **fields,
            "score": self.score,
            "checks": [asdict(check) for check in self.checks],
            "misconceptions": [asdict(named) for named in self.misconceptions],
        }

    def to_json(self) -> str:
        """The documented JSON form, as text."""
        return json.dumps(self.as_dict(), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Report:
        """The report that `as_dict` described.

        Raises:
            ValueError: the data is of another format, or no report at all.
        """
        found = fields.get("format") if isinstance(fields, dict) else None
        if found != FORMAT:
            raise ValueError(f"a report of format {found!r}, not {FORMAT}")
        try:
            return cls._from_fields(fields)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a report: {type(error).__name__}: {error}") from None

    @classmethod
    def _from_fields(cls, fields: dict[str, Any]) -> Report:
        known = {key: value for key, value in fields.items() if key not in ("format", "score")}
        known["status"] = Status(known["status"])
        known["notes"] = tuple(known["notes"])
        known["unanswered"] = tuple(known.get("unanswered", ()))
        known["checks"] = tuple(
            CheckResult(**{**check, "verdict": Verdict(check["verdict"])})
            for check in known["checks"]
        )
        known["misconceptions"] = tuple(
            _named(n["name"], n["words"], tuple(n["hints"]), tuple(n["grade_cells"]))
            for n in known["misconceptions"]
        )
        known["pictures"] = tuple(map(_picture, known.get("pictures", ())))
        return cls(**known)

    @classmethod
    def from_json(cls, text: str) -> Report:
        """The report that `to_json` wrote."""
        return cls.from_dict(json.loads(text))


@lru_cache(maxsize=4096)
def _named(name: str, words: str, hints: tuple[str, ...], places: tuple[str, ...]) -> Named:
    """One shared object for the same words: a class holds each by the thousand."""
    return Named(name, words, hints, places)


def _picture(fields: dict[str, Any]) -> Picture:
    curves = tuple(
        Curve(c["name"], c["style"], tuple((float(x), float(y)) for x, y in c["points"]))
        for c in fields["curves"]
    )
    return Picture(**{**fields, "curves": curves})


@dataclass(frozen=True)
class Booked:
    """The gradebook's mark for one notebook, with everything that makes it up."""

    score: float | None
    """None while it is withheld."""
    max_score: float
    by_person: bool = False
    """Whether an instructor gave some of the points."""
    automatic: float | None = None
    """Points of the cells whose points a program gave; None where that is not known."""
    manual: float | None = None
    """Points of the cells whose points an instructor gave."""
    extra: float | None = None
    """Points that an instructor gave on top."""
    penalty: float | None = None
    """Points taken off for lateness."""


@dataclass(frozen=True)
class Graded:
    """A report, with its student and the mark that the gradebook holds."""

    student: str
    report: Report
    booked: Booked | None = None
    """The gradebook's mark; None where the gradebook was not read, or has none."""

    @property
    def score(self) -> float | None:
        """The mark: the gradebook's, or else the report's own; None while it is withheld."""
        return self.report.score if self.booked is None else self.booked.score

    @property
    def max_score(self) -> float:
        """Points that the notebook can earn."""
        return self.report.max_score if self.booked is None else self.booked.max_score

    @property
    def needs_person(self) -> bool:
        """True when an instructor should review it; not once one has given the withheld mark."""
        mark = self.booked
        given = mark is not None and mark.by_person and mark.score is not None
        return self.report.needs_person and not (self.report.withheld and given)

    @property
    def why(self) -> str:
        """Why an instructor should review it, in words for the instructor."""
        return self.report.reason or self.report.doubt or "a check is broken"
