"""What is worth saying about one report, in the order in which a student should read it.

The page and the text are two forms of this. It knows nothing of HTML or terminals, and it judges
nothing: verdicts, points and misconceptions are taken as the report gives them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from autograder.feedback.plot import Plot, plot
from autograder.feedback.words import (
    HINT_KINDS,
    exercise_name,
    number,
    percent,
    points_of,
    said_once,
    spoken,
    worth,
)
from autograder.report import CheckResult, Named, Report, Verdict


@dataclass(frozen=True)
class Manual:
    """What the gradebook adds to a report: comments by grade cell, a person's points, lateness."""

    comments: Mapping[str, str] = field(default_factory=dict)
    penalty: float = 0.0
    """Points taken off the notebook's score; the score never falls below 0."""
    points: Mapping[str, float] = field(default_factory=dict)
    """Of the grade cells in whose points a person had a part."""
    earned: float | None = None
    """Points of the notebook before the penalty; None while they are withheld."""
    max_score: float | None = None
    """Points that it can earn; None where the gradebook does not have it, and `earned` neither."""

    @property
    def booked(self) -> bool:
        """Whether the gradebook has the notebook."""
        return self.max_score is not None


@dataclass(frozen=True)
class Exercise:
    """One exercise with its checks."""

    grade_cell: str
    anchor: str
    checks: tuple[CheckResult, ...]
    score: float | None
    comment: str = ""
    section: str = ""
    """The heading of the notebook under which it stands."""
    cell: str = ""
    """grade_id of its solution cell."""
    plots: tuple[Plot, ...] = ()
    automatic: float | None = None
    """What the checks gave, where a person changed the score."""
    by_person: bool = False

    @property
    def name(self) -> str:
        """The exercise as the student knows it."""
        return exercise_name(self.grade_cell)

    @property
    def max_score(self) -> float:
        """Points that the exercise can earn."""
        return float(sum(check.max_points for check in self.checks))

    @property
    def percent(self) -> float:
        """Share of the points earned, for the bar."""
        return percent(self.score or 0.0, self.max_score)

    @property
    def verdicts(self) -> frozenset[Verdict]:
        """The different verdicts of its checks."""
        return frozenset(check.verdict for check in self.checks)

    @property
    def complete(self) -> bool:
        """True when every check passed."""
        return self.verdicts == {Verdict.PASSED}

    @property
    def not_done(self) -> bool:
        """True when the student left the exercise as released."""
        return self.verdicts == {Verdict.NOT_DONE}

    @property
    def score_words(self) -> str:
        """Its points in words."""
        if self.score is None:
            return "mark withheld"
        return points_of(self.score, self.max_score)


@dataclass(frozen=True)
class Hint:
    """One level of a misconception's hints."""

    label: str
    text: str


@dataclass(frozen=True)
class Idea:
    """A misconception as the page tells it: once, with all the places where it shows."""

    name: str
    anchor: str
    title: str
    words: str
    hints: tuple[Hint, ...]
    places: tuple[str, ...]
    """Grade cells."""


def exercises(report: Report, manual: Manual) -> list[Exercise]:
    """The report's exercises in the order of the notebook; nothing is said twice of them."""
    once = replace(report, checks=said_once(report.checks))
    return [
        Exercise(
            grade_cell=cell,
            anchor=f"exercise-{position}",
            checks=tuple(checks),
            score=manual.points.get(cell, report.cell_score(cell)),
            automatic=report.cell_score(cell) if cell in manual.points else None,
            by_person=cell in manual.points,
            comment=manual.comments.get(cell, ""),
            section=report.sections.get(cell, ""),
            cell=report.cells.get(cell, ""),
            plots=tuple(
                found
                for picture in report.pictures
                if picture.grade_cell == cell and (found := plot(picture)) is not None
            ),
        )
        for position, (cell, checks) in enumerate(once.grade_cells().items(), start=1)
    ]


def other_comments(report: Report, manual: Manual) -> list[tuple[str, str]]:
    """Comments on grade cells that no check belongs to: exercise and comment."""
    checked = report.grade_cells()
    return [
        (exercise_name(cell), comment)
        for cell, comment in manual.comments.items()
        if cell not in checked and comment
    ]


def ideas(report: Report) -> list[Idea]:
    """The report's misconceptions, ready to be told."""
    return [
        Idea(
            name=named.name,
            anchor=f"idea-{position}",
            title=spoken(named.name),
            words=named.words,
            hints=_hints(named),
            places=named.grade_cells,
        )
        for position, named in enumerate(report.misconceptions, start=1)
    ]


def _hints(named: Named) -> tuple[Hint, ...]:
    """The hints that hold text, each with a label that says what it offers."""
    texts = [text for text in named.hints if text]
    kinds = HINT_KINDS if len(texts) == len(HINT_KINDS) else ("",) * len(texts)
    return tuple(
        Hint(f"Hint {level} of {len(texts)}" + (f": {kind}" if kind else ""), text)
        for level, (kind, text) in enumerate(zip(kinds, texts, strict=True), start=1)
    )


def earned_score(report: Report, manual: Manual) -> float | None:
    """The score before the penalty; None while the mark is withheld."""
    return manual.earned if manual.booked else report.score


def final_score(report: Report, manual: Manual) -> float | None:
    """The score after the penalty; None while the mark is withheld."""
    earned = earned_score(report, manual)
    return None if earned is None else max(earned - max(manual.penalty, 0.0), 0.0)


def max_score(report: Report, manual: Manual) -> float:
    """Points that the notebook can earn."""
    return report.max_score if manual.max_score is None else manual.max_score


def penalty_words(report: Report, manual: Manual) -> str:
    """How lateness changed the score; empty when it did not."""
    score, earned = final_score(report, manual), earned_score(report, manual)
    if manual.penalty <= 0 or score is None or earned is None:
        return ""
    return (
        f"Your work earned {points_of(earned, max_score(report, manual))}. The late penalty of "
        f"{worth(manual.penalty)} leaves {number(score)}."
    )
