"""The thread that writes while others grade: reports as they come, many in one transaction.

Where the gradebook or the file system refuses what is to be written for one student, that student's
report says so and the others are written. `records` knows what is written, and in which order.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue

from autograder.batch.records import write_batch, write_page
from autograder.batch.tasks import Task, signed
from autograder.batch.timestamps import NAME as TIMESTAMP
from autograder.batch.timestamps import read_arrival_time
from autograder.course.files import write_whole
from autograder.course.model import Course
from autograder.gradebook.gradebook import Gradebook, Refreshed, open_gradebook
from autograder.gradebook.transactions import RowRefused
from autograder.grading.job import unreadable
from autograder.report import Booked, Graded, Report, Status
from autograder.sandbox.beneath import Unreadable
from autograder.sandbox.reading import read_bytes

SECRET = "submission_secret.txt"
MOST_SECRET_MIB = 0.01
BATCH = 64
"""Reports that are written in one transaction, where so many have come."""
GATHER_S = 0.25
"""How long a report waits for the next one, so that they share a transaction."""
_OF_THE_MACHINE = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EIO,
    errno.ESTALE,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
}
"""Error numbers that have nothing to do with one student."""
Arriving = SimpleQueue[tuple[Task, Report] | None]


@dataclass(frozen=True)
class Change:
    """A mark that is another one than before."""

    student: str
    assignment: str
    notebook: str
    before: float | None
    after: float | None
    why: str


@dataclass(frozen=True)
class Remark:
    """Something about a submission that the instructor should know."""

    student: str
    assignment: str
    notebook: str
    """Empty where it is about the submission as a whole."""
    text: str
    needs_person: bool = False


class Desk:
    """Writes a class's reports, while others are graded; used by one thread.

    Args:
        course: the course.
        on_report: is told each report when it is written, with the mark that the gradebook holds
            now, and with the one that it held before.
        database_url: another gradebook than the course's.
    """

    def __init__(
        self,
        course: Course,
        on_report: Callable[[Task, Graded, Booked | None], None],
        database_url: str = "",
    ) -> None:
        self._course, self._on_report, self._database_url = course, on_report, database_url
        self._refused: dict[tuple[str, str], str] = {}
        """Why nothing can be written for a submission, by student and assignment."""
        self.remarks: list[Remark] = []
        self.changes: list[Change] = []
        """Marks that changed although nothing was graded."""
        self.held: list[Graded] = []
        """What was not graded again, with the marks that the gradebook holds."""

    def write_all(
        self,
        assignments: Sequence[str],
        todo: Sequence[Task],
        done: Sequence[Task],
        arriving: Arriving,
    ) -> None:
        """Write reports as they come, until None comes.

        Args:
            assignments: which are graded; they must be in the gradebook.
            todo: the tasks whose reports will come.
            done: those whose stored report holds.
            arriving: the reports.
        """
        with open_gradebook(self._course, self._database_url) as book:
            for assignment in assignments:
                book.require_assignment(assignment)
            if not book.common_dates().keys().isdisjoint(assignments):
                _ = book.late_penalties  # A plugin that cannot be loaded is told before any mark.
            self._enter(book, [*todo, *done])
            self._refresh(book, done)
            stored = [Graded(task.shown_student, task.before) for task in done if task.before]
            self.held = book.booked(stored)
            while batch := _next_batch(arriving):
                self._file(book, batch)

    def _file(self, book: Gradebook, batch: Sequence[tuple[Task, Report]]) -> None:
        """Write a batch, and tell of each report with its mark before and now."""
        stored = [Graded(task.shown_student, task.before or report) for task, report in batch]
        before = {
            (one.student, one.report.assignment, one.report.notebook): one.booked
            for one in book.booked(stored)
        }
        written = list(self._write(book, batch))
        now = book.booked([Graded(task.shown_student, report) for task, report in written])
        for (task, _), graded in zip(written, now, strict=True):
            report = graded.report
            was = before.get((graded.student, report.assignment, report.notebook))
            self._on_report(task, graded, was)

    def _enter(self, book: Gradebook, tasks: Sequence[Task]) -> None:
        """Enter all submissions with their time of arrival."""
        arrivals: dict[tuple[str, str], datetime | None] = {}
        due = book.common_dates()
        for task in tasks:
            key = task.student, task.lab.assignment
            if task.refusal:
                self._refused[key] = task.refusal
            elif key not in arrivals and key not in self._refused:
                arrivals[key] = self._arrival(*key, key[1] in due)
        self._refused |= book.enter_submissions(arrivals)

    def _arrival(self, student: str, assignment: str, matters: bool) -> datetime | None:
        """When a submission arrived; its time is copied to where nbgrader looks for it."""
        place = f"{student}/{assignment}"
        self._keep(student, assignment, SECRET, _secret(self._course.folder("submitted"), place))
        arrived = read_arrival_time(self._course.folder("submitted"), place)
        if arrived.problem:
            text = f"{TIMESTAMP}: {arrived.problem}"
            self.remarks.append(Remark(student, assignment, "", text, matters))
        if arrived.time is None:
            return None
        self._keep(student, assignment, TIMESTAMP, arrived.content)
        return arrived.time

    def _keep(self, student: str, assignment: str, name: str, content: bytes) -> None:
        """Put a file of the submission where nbgrader's later steps look for it."""
        for step in ("autograded", "feedback") if content else ():
            path = self._course.folder(step) / student / assignment / name
            try:
                if not path.is_file() or path.read_bytes() != content:
                    write_whole(path, content, self._course.groupshared)
            except OSError as error:
                self._refused[student, assignment] = self._own_fault(student, error)

    def _refresh(self, book: Gradebook, done: Sequence[Task]) -> None:
        """Bring the gradebook up to date where nothing is graded again.

        Due dates, extensions and the rules for lateness may have changed, and a gradebook that was
        made anew has no marks of what was graded before.
        """
        kept = [
            (task, task.before)
            for task in done
            if task.before and (task.student, task.lab.assignment) not in self._refused
        ]
        for start in range(0, len(kept), BATCH):
            part = kept[start : start + BATCH]
            pairs = [(task.student, report) for task, report in part]
            found = zip(part, book.refresh(pairs), strict=True)
            for (task, report), fresh in found:
                if isinstance(fresh, RowRefused):
                    self._remark(task, str(fresh))
                elif fresh is not None:
                    self._renew(task, report, fresh)

    def _renew(self, task: Task, report: Report, fresh: Refreshed) -> None:
        """Show on a student's page what is new in the gradebook, and note a mark that changed."""
        try:
            write_page(self._course, task.student, report, fresh.manual)
        except OSError as error:
            self._remark(task, self._own_fault(task.student, error))
        earned = fresh.manual.earned
        if earned is None or fresh.before == fresh.after:
            return
        names = (task.student, report.assignment, report.notebook)
        before, after = (max(earned - one, 0.0) for one in (fresh.before, fresh.after))
        why = "the due date, an extension or the time of arrival changed"
        self.changes.append(Change(*names, before, after, why))

    def _remark(self, task: Task, text: str) -> None:
        """Note what a person must mend for one student."""
        names = (task.shown_student, task.lab.assignment, task.lab.name)
        self.remarks.append(Remark(*names, text, needs_person=True))

    def _write(
        self, book: Gradebook, batch: Sequence[tuple[Task, Report]]
    ) -> Iterator[tuple[Task, Report]]:
        """Write a batch; where that fails for one of them, the others all the same."""
        fit = [one for one in batch if (one[0].student, one[0].lab.assignment) not in self._refused]
        for task, report in batch:
            reason = self._refused.get((task.student, task.lab.assignment))
            if reason is not None:
                yield task, _unwritten(task, report, reason)
        try:
            if fit:
                write_batch(self._course, book, fit)
        except RowRefused as refusal:
            yield from self._write_one_by_one(book, fit, str(refusal))
        except OSError as error:
            students = {task.student for task, _ in fit}
            reasons = {student: self._own_fault(student, error, False) for student in students}
            reason = next(filter(None, reasons.values()), "")
            if not reason:
                raise
            yield from self._write_one_by_one(book, fit, reason)
        else:
            yield from fit

    def _write_one_by_one(
        self, book: Gradebook, batch: Sequence[tuple[Task, Report]], reason: str
    ) -> Iterator[tuple[Task, Report]]:
        if len(batch) == 1:
            task, report = batch[0]
            yield task, _unwritten(task, report, reason)
            return
        for one in batch:
            yield from self._write(book, [one])

    def _own_fault(self, student: str, error: OSError, must: bool = True) -> str:
        """Why nothing can be written for one student, where only that student's folders fail.

        Raises:
            OSError: the fault is not this student's alone.
        """
        path = Path(os.fsdecode(error.filename or b""))
        steps = [self._course.folder(step) for step in ("autograded", "feedback")]
        for step in (*steps, self._course.root / "reports"):
            own = step / student
            its_own = path.is_relative_to(own) and os.path.lexists(own)
            if its_own and error.errno not in _OF_THE_MACHINE:
                return f"{path}: {error.strerror}; make it a folder that you may write"
        if must:
            raise error
        return ""


def _secret(folder: Path, place: str) -> bytes:
    """What nbgrader keeps beside a submission, so that only its student finds the feedback."""
    try:
        return read_bytes(folder, f"{place}/{SECRET}", MOST_SECRET_MIB)
    except Unreadable:
        return b""


def _unwritten(task: Task, report: Report, reason: str) -> Report:
    """The report in whose place nothing could be written."""
    status = Status.UNCLEAR if task.refusal else Status.BROKEN
    return signed(task, unreadable(task.lab, reason, report.tier, status))


def _next_batch(arriving: Arriving) -> list[tuple[Task, Report]]:
    """At least one report, and those that come soon after; none when no more will come."""
    batch: list[tuple[Task, Report]] = []
    try:
        while len(batch) < BATCH:
            item = arriving.get(timeout=GATHER_S if batch else None)
            if item is None:
                arriving.put(None)
                break
            batch.append(item)
    except Empty:
        pass
    return batch
