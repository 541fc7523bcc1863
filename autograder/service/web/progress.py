"""A student's way through an assignment: attempts with their numbers, and what each one changed.

It compares reports. It knows nothing of HTML or HTTP, and tells nothing that its reader may not
see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.feedback.words import exercise_name, number, worth
from autograder.report import Report
from autograder.service.store.attempt import FINISHED, Attempt
from autograder.service.web.attempt_view import AttemptView
from autograder.service.web.class_view import Reports

MOST_NAMED = 4
"""Exercises that are named of those that changed."""


@dataclass(frozen=True)
class Step:
    """One attempt of several."""

    seen: AttemptView
    number: int | None
    """1 for the first; None for one that was refused."""
    notebooks: tuple[str, ...]
    """The notebooks with feedback that the reader may open."""
    change: str
    """What changed since the attempt before; empty if there is nothing to compare."""


def steps(
    attempts: Sequence[Attempt],
    seen: Sequence[AttemptView],
    numbers: dict[int, int],
    reports: Reports,
) -> list[Step]:
    """The attempts of one student at one assignment, each with what it changed.

    Args:
        attempts: the latest first.
        seen: the same as their reader may see them.
        numbers: by attempt, the number that the student knows it by.
        reports: the reports on attempts.
    """
    found = []
    for position, (attempt, view) in enumerate(zip(attempts, seen, strict=True)):
        before = next((one for one in attempts[position + 1 :] if one.state in FINISHED), None)
        own = reports.of(attempt) if attempt.state in FINISHED else ()
        change = ""
        if before is not None and own:
            change = what_changed(reports.of(before), own, view.shows)
        notebooks = tuple(one.notebook for one in own) if view.shows == "feedback" else ()
        found.append(Step(view, numbers.get(attempt.id), notebooks, change))
    return found


def what_changed(before: Sequence[Report], after: Sequence[Report], shows: str) -> str:
    """What an attempt changed in what the checks gave, in words; empty if that is not shown.

    Args:
        before: the reports on the attempt before.
        after: on the attempt.
        shows: what the reader may see: `feedback`, `marks` or `nothing`.
    """
    if shows == "nothing":
        return ""
    if [one.digest for one in before] == [one.digest for one in after] and before[0].digest:
        return "the same work as before"
    old, new = _points(before), _points(after)
    if None in (*old.values(), *new.values()) or old.keys() != new.keys():
        return ""
    moved = {cell: (old[cell] or 0.0, new[cell] or 0.0) for cell in new if old[cell] != new[cell]}
    if not moved:
        return "other work, the same points"
    gained = sum(now - then for then, now in moved.values())
    sign = "+" if gained > 0 else "\N{MINUS SIGN}" if gained < 0 else "±"
    words = f"{sign}{worth(abs(gained))}"
    if shows != "feedback":
        return words
    named = [
        f"{exercise_name(cell)} {number(then)} → {number(now)}"
        for (_, cell), (then, now) in list(moved.items())[:MOST_NAMED]
    ]
    more = len(moved) - len(named)
    return f"{words}: {', '.join([*named, *([f'{more} more'] if more else [])])}"


def _points(reports: Sequence[Report]) -> dict[tuple[str, str], float | None]:
    """The points of each exercise, by notebook and grade cell."""
    return {
        (report.notebook, cell): report.cell_score(cell)
        for report in reports
        for cell in report.grade_cells()
    }
