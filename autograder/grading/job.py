"""What a worker is asked for, as data, and the report on what no worker can grade."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from autograder.course.lab import Lab
from autograder.grading.by_hand import asks_for_all, asks_for_person
from autograder.grading.submission import Content
from autograder.report import Report, Status

READY = "ready"
"""What a worker says once it has started."""


@dataclass(frozen=True)
class Request:
    """Which exercises of a submission to grade, and with which random inputs."""

    seed: int = field(default_factory=lambda: secrets.randbits(32))
    """Seed of the random inputs, recorded in the report."""
    only: frozenset[str] | None = None
    """Grade cells to check, all by default; the results of the others come from `before`."""
    before: Report | None = field(default=None, compare=False)
    """An earlier report on the same submission."""


@dataclass(frozen=True)
class Job:
    """One notebook to be graded."""

    student: str
    assignment: str
    notebook: str
    content: Content = field(repr=False)
    request: Request = field(default_factory=Request)


def unreadable(lab: Lab, reason: str, tier: str, status: Status = Status.UNREADABLE) -> Report:
    """The report on a file that cannot be graded: no points, and the reason in one line."""
    asks = asks_for_person(lab, None) if status is Status.MISSING else asks_for_all(lab)
    names = (lab.assignment, lab.name, status, tier, lab.max_score, 0)
    return Report(*names, cells=lab.solutions, by_hand=asks, reason=reason)
