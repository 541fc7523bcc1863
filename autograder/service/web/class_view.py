"""A class as the store knows it: one row for each student and assignment, filtered; and its counts.

`class_report.tally` counts; this module groups and filters. It knows nothing of HTML or HTTP, and
decides no mark.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from autograder.class_report import tally
from autograder.report import Graded, Report
from autograder.service.grading import GradingService
from autograder.service.store.attempt import FINISHED, Attempt, Ruling
from autograder.service.store.attempts import Attempts
from autograder.service.store.marks import Snapshot
from autograder.service.web.attempt_view import AttemptView, look_at

NOTHING = "nothing_submitted"
"""The filter's name for the state of a row without any attempt."""
ROWS = 200
"""Rows on one page of the class."""
KEPT = 2_000
"""Most attempts whose reports are kept in memory, about 20 KiB each."""


@dataclass(frozen=True)
class Filter:
    """Which rows to show; an empty field matches everything."""

    assignment: str = ""
    state: str = ""
    student: str = ""
    """Part of a name."""
    page: int = 1

    def lets_through(self, student: str, assignment: str, latest: Attempt | None) -> bool:
        """Whether a row with this latest attempt, or None, matches."""
        state = NOTHING if latest is None else str(latest.state)
        return (
            self.assignment in ("", assignment)
            and self.state in ("", state)
            and self.student.casefold() in student.casefold()
        )


@dataclass(frozen=True)
class Row:
    """One student at one assignment."""

    student: str
    assignment: str
    latest: AttemptView | None
    """None if nothing was submitted."""
    counting: AttemptView | None
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
    """The reports of attempts; the most recently used are kept while their attempts do not change.

    Args:
        attempts: the store.
        most: how many attempts' reports are kept.
    """

    def __init__(self, attempts: Attempts, most: int = KEPT) -> None:
        self._attempts, self._most = attempts, most
        self._kept: OrderedDict[int, tuple[Attempt, tuple[Report, ...]]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, attempt: Attempt) -> tuple[Report, ...]:
        """The reports of one attempt, one for each notebook."""
        with self._lock:
            kept = self._kept.get(attempt.id)
            if kept is not None and kept[0] == attempt:
                self._kept.move_to_end(attempt.id)
                return kept[1]
        reports = tuple(self._attempts.reports(attempt.id))
        with self._lock:
            self._kept[attempt.id] = (attempt, reports)
            self._kept.move_to_end(attempt.id)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return reports

    def graded(self, attempts: Iterable[Attempt], marks: Snapshot) -> list[Graded]:
        """The reports on these attempts, each with its student and the gradebook's mark."""
        return [
            marks.graded(one, Graded(one.student, report))
            for one in attempts
            for report in self.of(one)
        ]


def counting(attempts: Iterable[Attempt]) -> list[Attempt]:
    """The attempts that give marks, by student and assignment."""
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
    roster: Iterable[str] = (),
) -> Rows:
    """One page of the rows that a filter matches, by student and assignment.

    Args:
        service: decides what is shown when.
        reports: the reports on the attempts that count.
        ahead: the places in the queue.
        attempts: all attempts, the newest first.
        wanted: the filter, with the page.
        roster: the students in the class; each has a row for every assignment that is built.
    """
    built = [
        name
        for name in service.course.assignments
        if all(lab.release.is_file() for lab in service.course.labs_of(name))
    ]
    groups: dict[tuple[str, str], list[Attempt]] = {
        (student, name): [] for student in roster for name in built
    }
    for attempt in attempts:
        groups.setdefault((attempt.student, attempt.assignment), []).append(attempt)
    found = [key for key in sorted(groups) if wanted.lets_through(*key, _first(groups[key]))]
    pages = max(1, -(-len(found) // ROWS))
    page = min(max(wanted.page, 1), pages)
    shown = found[(page - 1) * ROWS : page * ROWS]
    rows = tuple(_row(service, reports, ahead, key, groups[key]) for key in shown)
    return Rows(rows, len(found), page, pages)


def _first(group: Sequence[Attempt]) -> Attempt | None:
    return group[0] if group else None


def _row(
    service: GradingService,
    reports: Reports,
    ahead: Mapping[int, int],
    key: tuple[str, str],
    group: Sequence[Attempt],
) -> Row:
    latest, counts = _first(group), next((attempt for attempt in group if attempt.counts), None)
    names = (
        [n for report in reports.of(counts) for n in tally.misconceptions(report)] if counts else []
    )
    return Row(
        student=key[0],
        assignment=key[1],
        latest=look_at(service, latest, ahead, teaches=True) if latest else None,
        counting=look_at(service, counts, ahead, teaches=True) if counts else None,
        attempts=len(group),
        misconceptions=tuple(dict.fromkeys(names)),
    )


def need_person(attempts: Iterable[Attempt]) -> list[Attempt]:
    """The attempts that an instructor has to decide about, the oldest first.

    A later attempt of the same student at the same assignment makes a decision unnecessary.

    Args:
        attempts: of the class, the newest first.
    """
    settled: set[tuple[str, str]] = set()
    found = []
    for attempt in attempts:
        key = (attempt.student, attempt.assignment)
        if attempt.asks and key not in settled:
            found.append(attempt)
        if attempt.state in FINISHED and attempt.ruling is not Ruling.ASIDE:
            settled.add(key)
    return found[::-1]
