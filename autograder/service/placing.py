"""The attempt that counts → the course's own folders and nbgrader's gradebook; feedback → students.

After this, `submitted/`, `autograded/`, `feedback/`, `reports/` and the gradebook hold the attempt
as if it had been collected and graded by hand. Everything here may be done twice, so whatever
breaks off is simply done again; the store remembers what is still to do.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy.exc import OperationalError

from autograder.errors import CourseError
from autograder.feedback import Manual, feedback_page
from autograder.gradebook import Gradebook
from autograder.marking import Task, find_task, write_batch, write_whole
from autograder.service.attempts import Attempt, Attempts
from autograder.service.current import CurrentCourse
from autograder.service.intake import SECRET, TIMESTAMP
from autograder.service.pen import Pen
from autograder.service.release import Release
from autograder.service.settings import Service
from autograder.service.signals import Signals
from autograder.service.tables import file_of
from autograder.verdict import Report

log = logging.getLogger("autograder.service")

BATCH = 32
"""Attempts that go to the gradebook in one transaction."""


class Placing(threading.Thread):
    """The one thread that owns the gradebook.

    Args:
        current: the course.
        settings: its settings.
        attempts: the store.
        signals: of the service.
        visible: what a student may see of an attempt at a time.
    """

    def __init__(
        self,
        current: CurrentCourse,
        settings: Service,
        attempts: Attempts,
        signals: Signals,
        visible: Callable[[Attempt, datetime], str],
    ) -> None:
        super().__init__(name="placing", daemon=True)
        self._current, self._settings, self._attempts = current, settings, attempts
        self._signals, self._visible = signals, visible
        self._course = current.read()
        self._release = Release(self._course)
        self._book: Gradebook | None = None
        self._file = file_of(self._course.database)
        self.due: dict[tuple[str, str], datetime] = {}
        """When assignments are due; see `Gradebook.due_dates`."""
        self.pen = Pen(self._course.root)
        """Held while something is placed or released; whoever replaces reports needs it."""

    def run(self) -> None:
        """Place and release until the service ends."""
        while not self._signals.stopped:
            seen, began = self._signals.count(), time.monotonic()
            with self._signals.watched("writing the gradebook"):
                self.place()
            with self._signals.watched("releasing feedback"):
                self.release()
            # Who grades goes first in a rush; and then more is written at once, or need not be.
            self._signals.pause(time.monotonic() - began)
            self._signals.wait(seen, self._settings.poll_s)
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
        """Write everything that counts and is not in the gradebook yet."""
        try:
            self.due = self._open_book().due_dates()
            with self.pen:
                waiting = self._attempts.to_place()
                for start in range(0, len(waiting), BATCH):
                    self._place_batch(waiting[start : start + BATCH])
        except Exception:
            self._close_book()
            raise

    def _place_batch(self, batch: Sequence[Attempt]) -> None:
        """Write a batch; where that fails for one of them, the others all the same."""
        try:
            self._write(batch)
        except (OSError, OperationalError):
            raise
        except Exception:
            if len(batch) == 1:
                log.error("attempt %d cannot be written into the gradebook", batch[0].id)
                raise
            failed = None
            for attempt in batch:
                try:
                    self._write([attempt])
                except Exception as error:
                    failed = error
            if failed is not None:
                raise failed from None

    def _write(self, batch: Sequence[Attempt]) -> None:
        book, tasks = self._open_book(), []
        for attempt in batch:
            self._lay_out(attempt)
            tasks += self._with_reports(attempt)
        book.enter_submissions(
            {(one.student, one.assignment): one.arrived.replace(tzinfo=None) for one in batch}
        )
        write_batch(self._course, book, tasks)
        for attempt in batch:
            self._attempts.placed(attempt)

    def _with_reports(self, attempt: Attempt) -> list[tuple[Task, Report]]:
        submitted = self._course.root / "submitted"
        place = f"{attempt.student}/{attempt.assignment}"
        labs = {lab.name: lab for lab in self._course.labs_of(attempt.assignment)}
        return [
            (
                find_task(
                    self._course,
                    labs[report.notebook],
                    attempt.student,
                    report.digests,
                    submitted,
                    f"{place}/{report.notebook}.ipynb",
                ),
                report,
            )
            for report in self._attempts.reports(attempt.id)
            if report.notebook in labs
        ]

    def _lay_out(self, attempt: Attempt) -> None:
        """Put the attempt where `nbgrader collect` would, with the time by the server's clock."""
        root, kept = self._course.root, self._course.root / attempt.folder
        place = f"{attempt.student}/{attempt.assignment}"
        staged = root / "submitted" / f".{attempt.student}+{attempt.assignment}.new"
        shutil.rmtree(staged, ignore_errors=True)
        shutil.copytree(kept, staged)
        arrived = attempt.arrived.astimezone(UTC)
        when = f"{arrived:%Y-%m-%d %H:%M:%S.%f} UTC".encode()
        (staged / TIMESTAMP).write_bytes(when)
        folder = root / "submitted" / place
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        staged.rename(folder)
        secret = (kept / SECRET).read_bytes()
        for step in ("autograded", "feedback"):
            write_whole(root / step / place / TIMESTAMP, when)
            write_whole(root / step / place / SECRET, secret)

    def release(self) -> None:
        """Give feedback to every student who may see it and does not have it."""
        now = datetime.now(UTC)
        failed = None
        with self.pen:
            unplaced = {one.id for one in self._attempts.to_place()}
            for attempt in self._attempts.to_release():
                if attempt.id in unplaced or self._visible(attempt, now) != "feedback":
                    continue
                try:
                    self._release.release(attempt, self.pages(attempt))
                except Exception as error:
                    failed = error
                    continue
                self._attempts.released(attempt)
        if failed is not None:
            raise failed

    def pages(self, attempt: Attempt) -> dict[str, str]:
        """The feedback pages on an attempt, by notebook."""
        pages = {}
        for report in self._attempts.reports(attempt.id):
            pages[report.notebook] = feedback_page(
                report,
                student=attempt.student,
                course=self._course.title,
                manual=manual_of(self._open_book(), attempt, report),
            )
        return pages


def manual_of(book: Gradebook, attempt: Attempt, report: Report) -> Manual:
    """What a person and the late rules added to a notebook of the attempt that gives the mark.

    Args:
        book: the open gradebook.
        attempt: the attempt; the gradebook knows nothing of one that does not count.
        report: on one of its notebooks.
    """
    if not attempt.counts:
        return Manual()
    try:
        return book.manual(attempt.student, report)
    except CourseError:
        return Manual()  # A person took the student out of the gradebook.
