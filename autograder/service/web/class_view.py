"""A class as the store knows it: the reports that count, and the attempts that ask for a person.

`class_report.tally` counts, `class_grid` shows students by notebooks. It knows nothing of HTML or
HTTP, and decides no mark.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable

from autograder.report import Graded, Report
from autograder.service.store.attempt import FINISHED, Attempt, Ruling
from autograder.service.store.attempts import Attempts
from autograder.service.store.marks import Snapshot

KEPT = 2_000
"""Most attempts whose reports are kept in memory, about 20 KiB each."""


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


class Everybody:
    """All attempts, read anew only after a change of the store.

    Args:
        attempts: the store.
    """

    def __init__(self, attempts: Attempts) -> None:
        self._attempts = attempts
        self._kept: tuple[int, list[Attempt]] = (-1, [])

    def attempts(self) -> list[Attempt]:
        """Everybody's, the newest first; nobody may change the list."""
        version = self._attempts.version()  # First: what is read after it is at least as new.
        kept = self._kept
        if kept[0] != version:
            self._kept = kept = (version, self._attempts.of())
        return kept[1]


def counting(attempts: Iterable[Attempt]) -> list[Attempt]:
    """The attempts that give marks, by student and assignment."""
    return sorted(
        (attempt for attempt in attempts if attempt.counts),
        key=lambda attempt: (attempt.student, attempt.assignment),
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
