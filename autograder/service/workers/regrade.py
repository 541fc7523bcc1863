"""Regrades attempts: first shows what would change, then, if wanted, writes the change.

A preview is kept, and applying it writes what was shown as long as the course and the attempts are
still the same; otherwise everything is graded anew.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from autograder.batch.tasks import Task, why_changed
from autograder.batch.writer import Change
from autograder.class_report.tally import why_a_person
from autograder.gradebook.gradebook import open_gradebook
from autograder.grading.standing import replaces
from autograder.report import Booked, Graded, Report
from autograder.sandbox.inside.policy import Tier
from autograder.service.settings import Service
from autograder.service.store.attempt import fates_of
from autograder.service.store.attempts import FINISHED, Attempt, Attempts
from autograder.service.store.contest import contest, gives_mark
from autograder.service.workers.live_course import LiveCourse, course_stamp
from autograder.service.workers.warm_worker import WarmWorker, outcome
from autograder.service.workers.write_lock import WriteLock

log = logging.getLogger("autograder.service")

PREVIEWS = 4
"""Most previews that are kept with all their reports; others are made anew when applied."""


@dataclass(frozen=True)
class _Graded:
    """The result of regrading."""

    stamp: tuple[tuple[str, int, int], ...]
    attempts: tuple[Attempt, ...]
    reports: Mapping[int, Sequence[Report]]
    """By attempt, the reports if they differ from before."""
    moves: Sequence[_Move]
    kept: list[Change]
    """Marks that stand although their work cannot be graded now."""
    before: Mapping[int, Sequence[Report]]
    """By attempt, the former reports."""


class Regrading:
    """Regrades with a worker of its own, which exists only while it is needed.

    Args:
        current: the course.
        settings: its settings.
        attempts: the store.
        write_lock: held while reports are replaced.
    """

    def __init__(
        self, current: LiveCourse, settings: Service, attempts: Attempts, write_lock: WriteLock
    ) -> None:
        self._current, self._root = current, current.read().root
        self._settings, self._attempts, self._write_lock = settings, attempts, write_lock
        self._previews: dict[tuple[str, str], _Graded] = {}
        self._one_at_a_time = threading.Lock()

    def preview(self, assignment: str, student: str, tier: Tier) -> list[Change]:
        """The changes to marks that regrading would make; nothing is written.

        Args:
            assignment: the assignment's name.
            student: the student's name; empty for everybody.
            tier: the tier of isolation to use.
        """
        with self._one_at_a_time:
            graded = self._grade(assignment, student, tier)
            self._previews.pop((assignment, student), None)
            self._previews[assignment, student] = graded
            for key in list(self._previews)[:-PREVIEWS]:
                del self._previews[key]
            return [change for _, change in self._changes(graded)] + graded.kept

    def apply(self, assignment: str, student: str, tier: Tier, by: str = "") -> list[Change]:
        """Write the changes, and return them.

        Args:
            assignment: the assignment's name.
            student: the student's name; empty for everybody.
            tier: the tier of isolation to use.
            by: who asks for it; recorded with what changes.
        """
        with self._one_at_a_time:
            graded = self._previews.pop((assignment, student), None)
            if graded is None or not self._holds(graded, assignment, student):
                graded = self._grade(assignment, student, tier)
            with self._write_lock:
                # Computed anew: somebody may have worked in formgrader since the preview.
                changes = self._changes(graded)
                # A mark may change although its report stays: then that is written again.
                rewritten = {move.new.id: graded.before[move.new.id] for move, _ in changes}
                for attempt_id, reports in {**rewritten, **graded.reports}.items():
                    state, reason = outcome(reports)
                    self._attempts.replace_reports(attempt_id, state, reports, reason, by)
            return [change for _, change in changes] + graded.kept

    def _holds(self, graded: _Graded, assignment: str, student: str) -> bool:
        same = graded.attempts == self._finished(assignment, student)
        return same and graded.stamp == course_stamp(self._root)

    def _finished(self, assignment: str, student: str) -> tuple[Attempt, ...]:
        found = self._attempts.of(student, assignment)
        return tuple(one for one in found if one.state in FINISHED)

    def _grade(self, assignment: str, student: str, tier: Tier) -> _Graded:
        attempts = self._finished(assignment, student)
        warm_worker = WarmWorker(self._root, tier, assignment)
        before: dict[int, list[Report]] = {}
        after: dict[int, list[Report]] = {}
        tasks: dict[int, list[Task]] = {}
        failed: dict[tuple[int, str], Report] = {}
        try:
            for attempt in attempts:
                known = before[attempt.id] = self._attempts.reports(attempt.id)
                try:
                    tasks[attempt.id] = warm_worker.tasks(attempt, known)
                except FileNotFoundError as error:
                    log.warning("%s: it keeps its mark", error)
                    after[attempt.id] = known
                else:
                    graded = warm_worker.grade(tasks[attempt.id])
                    after[attempt.id] = [_standing(one, known) for one in graded]
                    failed |= {
                        (attempt.id, one.notebook): one
                        for one in graded
                        if one not in after[attempt.id]
                    }
        finally:
            warm_worker.close()
        moves = self._moves(attempts, before, after, tasks)
        kept = _kept_marks(attempts, before, failed)
        new = {number: reports for number, reports in after.items() if reports != before[number]}
        return _Graded(warm_worker.stamp, attempts, new, moves, kept, before)

    def _moves(
        self,
        attempts: Sequence[Attempt],
        before: Mapping[int, Sequence[Report]],
        after: Mapping[int, Sequence[Report]],
        tasks: Mapping[int, Sequence[Task]],
    ) -> list[_Move]:
        """The notebooks that give marks, including those of attempts that count only afterwards."""
        return [
            _Move(old, new, report, known, tasks)
            for own in _by_student(attempts)
            for old, new in [_old_and_new(own, after, self._settings.keep)]
            if new is not None
            for report in after[new.id]
            for known in [_of(before[old.id], report.notebook) if old else None]
        ]

    def _changes(self, graded: _Graded) -> list[tuple[_Move, Change]]:
        """The changes to the gradebook's marks, given what it holds now."""
        foreseen = self._foreseen(graded.moves)
        return [(move, change) for move, mark in foreseen for change in move.change(mark)]

    def _foreseen(self, moves: Sequence[_Move]) -> list[tuple[_Move, tuple[Booked, Booked]]]:
        """The gradebook's mark of each notebook, now and after the change."""
        inbox = {
            (one.new.student, one.new.assignment): one.new.arrived.replace(tzinfo=None)
            for one in moves
        }
        with open_gradebook(self._current.read()) as book:
            known = [Graded(one.new.student, one.known or one.report) for one in moves]
            now = [one.booked for one in book.booked(known)]
            then = book.foresee([(one.new.student, one.report) for one in moves], inbox)
        return [
            (one, (_own(one.known, before), _own(one.report, after)))
            for one, before, after in zip(moves, now, then, strict=True)
        ]


@dataclass(frozen=True)
class _Move:
    """A notebook whose mark may change: from an attempt's report to another report."""

    old: Attempt | None
    new: Attempt
    report: Report
    known: Report | None
    tasks: Mapping[int, Sequence[Task]]

    def change(self, marks: tuple[Booked, Booked]) -> list[Change]:
        """The change of the mark; empty if it stays."""
        before, after = (mark.score for mark in marks)
        if before == after and self.known is not None:
            return []
        where = (self.new.student, self.report.assignment, self.report.notebook)
        return [Change(*where, before, after, self._why())]

    def _why(self) -> str:
        if self.old is None or self.new.id != self.old.id or self.known is None:
            return "another attempt counts now"
        if self.report == self.known:
            return "the gradebook is written anew"
        asked = {task.lab.name: task for task in self.tasks.get(self.new.id, ())}
        task = asked.get(self.report.notebook)
        return "the gradebook is written anew" if task is None else why_changed(task, self.known)


def _by_student(attempts: Sequence[Attempt]) -> list[list[Attempt]]:
    names = sorted({one.student for one in attempts})
    return [[one for one in attempts if one.student == name] for name in names]


def _of(reports: Sequence[Report], notebook: str) -> Report | None:
    return next((one for one in reports if one.notebook == notebook), None)


def _own(report: Report | None, booked: Booked | None) -> Booked:
    """The gradebook's mark, or the report's if the gradebook has none."""
    if booked is not None:
        return booked
    return Booked(None, 0.0) if report is None else Booked(report.score, report.max_score)


def _old_and_new(
    own: Sequence[Attempt], after: Mapping[int, Sequence[Report]], keep: str
) -> tuple[Attempt | None, Attempt | None]:
    """The student's attempt that gives the mark now, and the one that gives it afterwards."""
    return next((one for one in own if one.counts), None), _chosen(own, after, keep)


def _standing(report: Report, known: Sequence[Report]) -> Report:
    """The report that counts from now on; work that cannot be graded keeps its former report."""
    stored = _of(known, report.notebook)
    return report if stored is None or replaces(report, stored) else stored


def _kept_marks(
    attempts: Sequence[Attempt],
    before: Mapping[int, Sequence[Report]],
    failed: Mapping[tuple[int, str], Report],
) -> list[Change]:
    """The marks that count and stand although their work cannot be graded now."""
    kept = []
    for attempt in attempts:
        for report in before[attempt.id]:
            new = failed.get((attempt.id, report.notebook))
            if attempt.counts and new is not None:
                why = new.reason or why_a_person(new)
                where = (attempt.student, attempt.assignment, report.notebook)
                said = f"cannot be graded now, and the mark stands: {why}"
                kept.append(Change(*where, report.score, report.score, said))
    return kept


def _chosen(
    own: Sequence[Attempt], after: Mapping[int, Sequence[Report]], keep: str
) -> Attempt | None:
    """The student's attempt that gives the mark with these reports."""
    scored = [replace(one, score=_sum(after[one.id]), fates=fates_of(after[one.id])) for one in own]
    found = contest(scored, keep)
    return next((one for one in scored if gives_mark(found[one.id])), None)


def _sum(reports: Sequence[Report]) -> float | None:
    scores = [report.score for report in reports]
    return None if None in scores else sum(score for score in scores if score is not None)
