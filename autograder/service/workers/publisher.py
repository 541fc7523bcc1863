"""The attempt that counts → the course's own folders and nbgrader's gradebook; feedback → students.

After this, `submitted/`, `autograded/`, `feedback/`, `reports/` and the gradebook hold the attempt
as if it had been collected and graded by hand. Everything here may be done twice, so whatever
breaks off is simply done again; the store remembers what is still to do.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from autograder.batch.records import write_batch
from autograder.course.files import feedback_path, write_whole
from autograder.course.model import Course
from autograder.feedback import Manual, feedback_page
from autograder.gradebook.book_marks import BookMark
from autograder.gradebook.gradebook import Gradebook, Refreshed
from autograder.gradebook.transactions import RowMissing, RowRefused
from autograder.report import Report
from autograder.service.settings import Service
from autograder.service.store.attempts import Attempt, Attempts
from autograder.service.store.marks import Marks, Snapshot
from autograder.service.store.tables import file_of, is_away
from autograder.service.words import aside
from autograder.service.workers.coordination import Coordination
from autograder.service.workers.feedback_release import FeedbackRelease
from autograder.service.workers.laying_out import collected_tasks, lay_out
from autograder.service.workers.live_course import LiveCourse
from autograder.service.workers.write_lock import WriteLock

log = logging.getLogger("autograder.service")

Dates = dict[tuple[str, str], datetime]
BATCH = 32
"""Attempts that go to the gradebook in one transaction."""


class Publisher(threading.Thread):
    """The one thread that owns the gradebook.

    Args:
        current: the course.
        settings: its settings.
        attempts: the store.
        coordination: how the threads wake each other and keep what fails.
        visible: what a student may see of an attempt at a time.
    """

    def __init__(
        self,
        current: LiveCourse,
        settings: Service,
        attempts: Attempts,
        coordination: Coordination,
        visible: Callable[[Attempt, datetime], str],
    ) -> None:
        super().__init__(name="publisher", daemon=True)
        self._current, self._settings, self._attempts = current, settings, attempts
        self._coordination, self._visible = coordination, visible
        self._course = current.read()
        self._release = FeedbackRelease(self._course)
        self._book: Gradebook | None = None
        self._file = file_of(self._course.database)
        self.due: Dates = {}
        """When assignments are due; see `Gradebook.due_dates`."""
        self.marks = Marks(attempts.book, self._course.database)
        self._dated: tuple[Course, Dates] | None = None
        """The course and the due dates that the penalties in the gradebook follow."""
        self._told: Snapshot | None = None
        """The gradebook as those who watch were last told of it."""
        self.write_lock = WriteLock(self._course.root)
        """Held while something is placed or released; whoever replaces reports needs it."""

    def run(self) -> None:
        """Place and release until the service ends."""
        while not self._coordination.stopped:
            seen, began = self._coordination.count(), time.monotonic()
            with self._coordination.watched("writing the gradebook"):
                self.place()
            with self._coordination.watched("following due dates"):
                self.follow_due_dates()
            with self._coordination.watched("reading the gradebook"):
                self.follow()
            with self._coordination.watched("releasing feedback"):
                self.release()
            # Who grades goes first in a rush; and then more is written at once, or need not be.
            self._coordination.pause(time.monotonic() - began)
            self._coordination.wait(seen, self._settings.poll_s)
        self._close_book()

    def _open_book(self) -> Gradebook:
        course, file = self._current.read(), file_of(self._course.database)
        if course is not self._course or file != self._file:
            # An open one would go on with a file that was moved away.
            self._close_book()
            self._course, self._file = course, file
        if self._book is None:
            self._book = Gradebook(self._course)
        return self._book

    def _close_book(self) -> None:
        book, self._book = self._book, None
        if book is not None:
            book.close()

    def place(self) -> None:
        """Write everything that counts and is not in the gradebook yet.

        Attempts at an assignment that the course does not have any more wait for it.
        """
        try:
            self.due = self._open_book().due_dates()
            with self.write_lock:
                there = set(self._course.assignments)
                waiting = [one for one in self._attempts.to_place() if one.assignment in there]
                for start in range(0, len(waiting), BATCH):
                    self._place_batch(waiting[start : start + BATCH])
        except Exception:
            self._close_book()
            raise

    def follow_due_dates(self) -> None:
        """Bring the penalties up to date when dates, extensions or the rules for them changed."""
        course, due = self._course, self.due
        if self._dated is not None and self._dated[0] is course and self._dated[1] == due:
            return
        with self.write_lock:
            self._refresh_penalties()
        self._dated = course, due

    def _refresh_penalties(self) -> None:
        pairs = [
            (attempt.student, report)
            for attempt in self._with_penalties()
            for report in self._attempts.reports(attempt.id)
        ]
        found = self._open_book().refresh(pairs) if pairs else []
        changed = {
            (student, report.assignment)
            for (student, report), fresh in zip(pairs, found, strict=True)
            if isinstance(fresh, Refreshed) and fresh.before != fresh.after
        }
        if changed:
            self.marks.expire()
            self._attempts.release_again(changed)
        for refusal in found:
            if isinstance(refusal, RowRefused) and not isinstance(refusal, RowMissing):
                raise refusal

    def _with_penalties(self) -> list[Attempt]:
        """The attempts in the gradebook that are late, or that a penalty was taken off."""
        penalised = {key[:2] for key, mark in self._open_book().marks().items() if mark.penalty}
        found = []
        for one in self._attempts.of():
            due = self.due.get((one.student, one.assignment), self.due.get(("", one.assignment)))
            late = due is not None and one.arrived > due
            there = one.counts and one.placed and one.assignment in self._course.assignments
            if there and (late or (one.student, one.assignment) in penalised):
                found.append(one)
        return found

    def follow(self) -> None:
        """Tell pages and students what somebody else changed in the gradebook, if anything."""
        before, now = self._told, self.marks.now()
        self._told = now
        if before is None or now is before:
            return
        changed = {
            key[:2]
            for key in before.marks.keys() | now.marks.keys()
            if _by_person(before.marks.get(key)) != _by_person(now.marks.get(key))
        }
        self._attempts.release_again(changed)

    def _place_batch(self, batch: Sequence[Attempt]) -> None:
        """Write a batch; where that fails for one of them, the others all the same."""
        try:
            self._write(batch)
        except Exception as error:
            if isinstance(error, OSError) or is_away(error):
                raise
            if len(batch) == 1:
                log.error("attempt %d cannot be written into the gradebook", batch[0].id)
                raise
            failed = None
            for attempt in batch:
                try:
                    self._write([attempt])
                except Exception as another:
                    failed = another
            if failed is not None:
                raise failed from None

    def _write(self, batch: Sequence[Attempt]) -> None:
        book, tasks = self._open_book(), []
        for attempt in batch:
            lay_out(self._course, attempt)
            tasks += collected_tasks(self._course, attempt, self._attempts.reports(attempt.id))
        refused = book.enter_submissions(
            {(one.student, one.assignment): one.arrived.replace(tzinfo=None) for one in batch}
        )
        decided = {(one.student, one.assignment) for one in batch if self._attempts.decided(one)}
        if refused:
            raise RowRefused(next(iter(refused.values())))
        write_batch(self._course, book, tasks, decided)
        self.marks.expire()
        for attempt in batch:
            self._attempts.placed(attempt)

    def release(self) -> None:
        """Give feedback to every student who may see it and does not have it."""
        now = datetime.now(UTC)
        failed = None
        with self.write_lock:
            unplaced = {one.id for one in self._attempts.to_place()}
            for attempt in self._attempts.to_release():
                if attempt.id in unplaced or self._visible(attempt, now) != "feedback":
                    continue
                try:
                    pages = self.pages(attempt)
                    self._release.release(attempt, pages)
                    self._keep_pages(attempt, pages)
                except Exception as error:
                    failed = error
                    continue
                self._attempts.released(attempt)
        if failed is not None:
            raise failed

    def _keep_pages(self, attempt: Attempt, pages: Mapping[str, str]) -> None:
        """Put the pages on the attempt that counts where nbgrader releases feedback from, too."""
        if attempt.counts and attempt.placed:
            for notebook, html in pages.items():
                where = (attempt.student, attempt.assignment, notebook)
                write_whole(feedback_path(self._course, *where), html.encode("utf-8", "replace"))

    def pages(self, attempt: Attempt) -> dict[str, str]:
        """The feedback pages on an attempt, by notebook."""
        pages = {}
        for report in self._attempts.reports(attempt.id):
            pages[report.notebook] = feedback_page(
                report,
                student=attempt.student,
                course=self._course.title,
                manual=manual_of(self._open_book(), attempt, report),
                aside="" if attempt.whole and not attempt.ruling else aside(attempt),
            )
        return pages


def manual_of(book: Gradebook, attempt: Attempt, report: Report) -> Manual:
    """What the gradebook adds to a notebook of the attempt that gives the mark.

    Args:
        book: the open gradebook.
        attempt: the attempt; the gradebook knows nothing of one that does not count, or that did
            not get there yet.
        report: on one of its notebooks.
    """
    if not (attempt.counts and attempt.placed):
        return Manual()
    return book.manual(attempt.student, report)


def _by_person(mark: BookMark | None) -> object:
    """What a person wrote into the gradebook, and what else only the gradebook knows."""
    if mark is None:
        return {}, {}, 0.0
    points = {name: (cell.manual, cell.extra) for name, cell in mark.cells.items()}
    changed = {name: given for name, given in points.items() if given != (None, None)}
    return changed, dict(mark.comments), mark.penalty
