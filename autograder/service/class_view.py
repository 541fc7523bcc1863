"""A class as the store knows it: one row a student and assignment, filtered; and its counts.

Counting is `report.tally`'s business, grouping and filtering is done here. It knows nothing of
HTML or HTTP, and decides no mark.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from autograder.report import tally
from autograder.service.attempt import Attempt, State
from autograder.service.attempts import Attempts
from autograder.service.grading import GradingService
from autograder.service.view import Seen, look_at
from autograder.verdict import Graded, Report

ROWS = 200
"""Rows on one page of the class."""


@dataclass(frozen=True)
class Filter:
    """Which rows to show; an empty field lets everything through."""

    assignment: str = ""
    state: str = ""
    student: str = ""
    """Part of a name."""
    page: int = 1

    def lets_through(self, attempt: Attempt) -> bool:
        """Whether the latest attempt of a row is one of those asked for."""
        return (
            self.assignment in ("", attempt.assignment)
            and self.state in ("", str(attempt.state))
            and self.student.casefold() in attempt.student.casefold()
        )


@dataclass(frozen=True)
class Row:
    """One student at one assignment."""

    latest: Seen
    counting: Seen | None
    attempts: int
    misconceptions: tuple[str, ...]


@dataclass(frozen=True)
class Rows:
    """One page of the class."""

    rows: tuple[Row, ...]
    found: int
    page: int
    pages: int


class Reports:
    """The reports of attempts, kept while they stay as they are.

    Args:
        attempts: the store.
    """

    def __init__(self, attempts: Attempts) -> None:
        self._attempts = attempts
        self._kept: dict[int, tuple[Attempt, tuple[Report, ...]]] = {}
        self._lock = threading.Lock()

    def of(self, attempt: Attempt) -> tuple[Report, ...]:
        """The reports of one attempt, one for each notebook."""
        kept = self._kept.get(attempt.id)
        if kept is not None and kept[0] == attempt:
            return kept[1]
        reports = tuple(self._attempts.reports(attempt.id))
        with self._lock:
            self._kept[attempt.id] = (attempt, reports)
        return reports

    def graded(self, attempts: Iterable[Attempt]) -> list[Graded]:
        """The reports of these attempts with whose they are."""
        return [Graded(one.student, report) for one in attempts for report in self.of(one)]

    def keep_only(self, attempts: Iterable[Attempt]) -> None:
        """Forget all others."""
        numbers = {attempt.id for attempt in attempts}
        with self._lock:
            self._kept = {number: kept for number, kept in self._kept.items() if number in numbers}


def counting(attempts: Iterable[Attempt]) -> list[Attempt]:
    """Those that give marks, by student and assignment."""
    return sorted(
        (attempt for attempt in attempts if attempt.counts),
        key=lambda attempt: (attempt.student, attempt.assignment),
    )


def class_rows(
    service: GradingService,
    reports: Reports,
    ahead: Mapping[int, int],
    attempts: Sequence[Attempt],
    wanted: Filter,
) -> Rows:
    """The rows that a filter lets through, by student and assignment, one page of them.

    Args:
        service: knows what is shown when.
        reports: of the attempts that count.
        ahead: the places in the queue.
        attempts: all attempts, the newest first.
        wanted: the filter, with the page.
    """
    groups: dict[tuple[str, str], list[Attempt]] = {}
    for attempt in attempts:
        groups.setdefault((attempt.student, attempt.assignment), []).append(attempt)
    found = [groups[key] for key in sorted(groups) if wanted.lets_through(groups[key][0])]
    pages = max(1, -(-len(found) // ROWS))
    page = min(max(wanted.page, 1), pages)
    shown = found[(page - 1) * ROWS : page * ROWS]
    rows = tuple(_row(service, reports, ahead, group) for group in shown)
    return Rows(rows, len(found), page, pages)


def _row(
    service: GradingService, reports: Reports, ahead: Mapping[int, int], group: Sequence[Attempt]
) -> Row:
    counts = next((attempt for attempt in group if attempt.counts), None)
    names = (
        [n for report in reports.of(counts) for n in tally.misconceptions(report)] if counts else []
    )
    return Row(
        latest=look_at(service, group[0], ahead, teaches=True),
        counting=look_at(service, counts, ahead, teaches=True) if counts else None,
        attempts=len(group),
        misconceptions=tuple(dict.fromkeys(names)),
    )


def need_person(attempts: Iterable[Attempt]) -> list[Attempt]:
    """The attempts that a person has to look at, the oldest first.

    One that was followed by a better one of the same student needs nobody any more.
    """
    settled: set[tuple[str, str]] = set()
    found = []
    for attempt in attempts:
        key = (attempt.student, attempt.assignment)
        if attempt.state is State.NEEDS_PERSON and key not in settled:
            found.append(attempt)
        if attempt.state in (State.DONE, State.NEEDS_PERSON):
            settled.add(key)
    return found[::-1]
