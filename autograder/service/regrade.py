"""Grading again what was graded: first what would change, then, if wanted, the change.

A preview is kept, and applying it writes what was shown, so long as the course and the attempts are
still the same ones; otherwise it is graded anew.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.marking import Change, Task, why_changed
from autograder.service.attempt import counting
from autograder.service.attempts import FINISHED, Attempt, Attempts
from autograder.service.current import course_stamp
from autograder.service.pen import Pen
from autograder.service.room import Room, outcome
from autograder.service.settings import Service
from autograder.verdict import Report

log = logging.getLogger("autograder.service")


@dataclass(frozen=True)
class _Graded:
    """What grading again gave."""

    stamp: tuple[tuple[str, int, int], ...]
    attempts: tuple[Attempt, ...]
    reports: Mapping[int, Sequence[Report]]
    """By attempt, for those that were graded again."""
    changes: list[Change]


class Regrading:
    """Grades again in a room of its own, which is open only as long as it lasts.

    Args:
        root: the course's folder.
        settings: its settings.
        attempts: the store.
        pen: held while reports are replaced.
    """

    def __init__(self, root: Path, settings: Service, attempts: Attempts, pen: Pen) -> None:
        self._root, self._settings, self._attempts, self._pen = root, settings, attempts, pen
        self._previews: dict[tuple[str, str], _Graded] = {}
        self._one_at_a_time = threading.Lock()

    def preview(self, assignment: str, student: str, tier: str) -> list[Change]:
        """What would change in the marks; nothing is written.

        Args:
            assignment: which.
            student: whose; everybody's where it is empty.
            tier: the tier of isolation to use.
        """
        with self._one_at_a_time:
            graded = self._grade(assignment, student, tier)
            self._previews[assignment, student] = graded
            return graded.changes

    def apply(self, assignment: str, student: str, tier: str) -> list[Change]:
        """Write what changes; arguments as for `preview`. Returns the changes."""
        with self._one_at_a_time:
            graded = self._previews.pop((assignment, student), None)
            if graded is None or not self._holds(graded, assignment, student):
                graded = self._grade(assignment, student, tier)
            with self._pen:
                for attempt_id, reports in graded.reports.items():
                    state, reason = outcome(reports)
                    self._attempts.replace_reports(attempt_id, state, reports, reason)
            return graded.changes

    def _holds(self, graded: _Graded, assignment: str, student: str) -> bool:
        same = graded.attempts == self._finished(assignment, student)
        return same and graded.stamp == course_stamp(self._root)

    def _finished(self, assignment: str, student: str) -> tuple[Attempt, ...]:
        found = self._attempts.of(student, assignment)
        return tuple(one for one in found if one.state in FINISHED)

    def _grade(self, assignment: str, student: str, tier: str) -> _Graded:
        attempts = self._finished(assignment, student)
        room = Room(self._root, tier, assignment)
        before: dict[int, list[Report]] = {}
        after: dict[int, list[Report]] = {}
        tasks: dict[int, list[Task]] = {}
        try:
            for attempt in attempts:
                known = before[attempt.id] = self._attempts.reports(attempt.id)
                try:
                    tasks[attempt.id] = room.tasks(attempt, known)
                except FileNotFoundError as error:
                    log.warning("%s: it keeps its mark", error)
                    after[attempt.id] = known
                else:
                    after[attempt.id] = room.grade(tasks[attempt.id])
        finally:
            room.close()
        changes = self._changes(attempts, before, after, tasks)
        new = {number: reports for number, reports in after.items() if reports != before[number]}
        return _Graded(room.stamp, attempts, new, changes)

    def _changes(
        self,
        attempts: Sequence[Attempt],
        before: Mapping[int, Sequence[Report]],
        after: Mapping[int, Sequence[Report]],
        tasks: Mapping[int, Sequence[Task]],
    ) -> list[Change]:
        """How the marks change that count, also where another attempt counts afterwards."""
        changes = []
        for student in sorted({one.student for one in attempts}):
            own = [one for one in attempts if one.student == student]
            old = next((one for one in own if one.counts), None)
            scored = [replace(one, score=_sum(after[one.id])) for one in own]
            new = counting(scored, self._settings.keep)
            earlier = {r.notebook: r for r in before[old.id]} if old else {}
            asked = {task.lab.name: task for task in tasks.get(new.id, ())}
            for report in after[new.id]:
                known = earlier.get(report.notebook)
                if known is not None and known.score == report.score:
                    continue
                why = "another attempt is the best one now"
                if old is not None and new.id == old.id and known is not None:
                    why = why_changed(asked[report.notebook], known)
                score = known.score if known else None
                changes.append(
                    Change(student, report.assignment, report.notebook, score, report.score, why)
                )
        return changes


def _sum(reports: Sequence[Report]) -> float | None:
    scores = [report.score for report in reports]
    return None if None in scores else sum(score for score in scores if score is not None)
