"""Reports → nbgrader's gradebook: the course's database, open.

Manual scores and comments are never touched. Late penalties are asked of the plugin that the course
has configured for nbgrader. What the tables hold is read and written by `entries`, `entering`,
`dates` and `book_marks`; here is what may be done with them, each in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from autograder.course.model import Course
from autograder.errors import CourseError
from autograder.feedback import Manual
from autograder.gradebook import dates, entering, nbgrader_compat
from autograder.gradebook.book_marks import BookMark, Key, read_marks
from autograder.gradebook.databases import in_words, patient, prepare_database, share_database
from autograder.gradebook.entries import (
    Entry,
    booked_of,
    find_entries,
    key_of,
    manual_of,
    write_rows,
)
from autograder.gradebook.lateness import LatePenalties, PenaltyFault
from autograder.gradebook.people import Person, read_people
from autograder.gradebook.transactions import RowRefused, committed, retried, rolled_back
from autograder.report import Booked, Graded, Report

Result = TypeVar("Result")
MOST_NAMED = 500
"""Students whose marks are asked for by name; of more of them, everybody's are read."""


@dataclass(frozen=True)
class Refreshed:
    """What is new in the gradebook about a report that holds."""

    before: float
    """The penalty so far."""
    after: float
    manual: Manual


class Gradebook:
    """The course's gradebook, open.

    Args:
        course: the course.
        database_url: another database than the course's.
    """

    def __init__(self, course: Course, database_url: str = "") -> None:
        self._course = course
        address = patient(database_url or course.database)
        prepare_database(address)
        self._book: Any = nbgrader_compat.open_book(address, course.course_id)
        if course.groupshared:
            share_database(address)
        self._penalties: LatePenalties | None = None
        if self._book.engine.dialect.name == "sqlite":
            self._share_sqlite()

    def _share_sqlite(self) -> None:
        """Let others read while we write."""
        from sqlalchemy import event

        def prepare(connection: Any, _: Any) -> None:
            connection.execute("PRAGMA journal_mode = WAL")

        event.listen(self._book.engine, "connect", prepare)
        self._book.db.remove()
        self._book.engine.dispose()

    def close(self) -> None:
        """Close the database."""
        self._book.close()

    def require_assignment(self, assignment: str) -> None:
        """Check that an assignment was built into this gradebook.

        Raises:
            CourseError: it was not; the text says what to run.
        """
        from nbgrader.api import MissingEntry

        try:
            there = self._book.find_assignment(assignment)
        except MissingEntry:
            missing = [assignment]
        else:
            names = {notebook.name for notebook in there.notebooks}
            labs = self._course.labs_of(assignment)
            missing = [lab.name for lab in labs if lab.name not in names]
        self._book.db.rollback()
        if missing:
            raise CourseError(
                f"{', '.join(missing)} is not in the gradebook; run: autograder build {assignment}"
            )

    def students(self) -> frozenset[str]:
        """The students that have been entered."""
        return frozenset(one.student for one in self.people())

    def people(self) -> list[Person]:
        """The students, by name, with what the roster says of them."""
        with rolled_back(self._book.db):
            return read_people(self._book.db)

    def forget(self, student: str) -> bool:
        """Remove a student with all submissions and marks; whether there was one of that name."""
        return entering.forget(self._book, student)

    def enter_submissions(
        self, arrivals: Mapping[tuple[str, str], datetime | None]
    ) -> dict[tuple[str, str], str]:
        """Make sure that students and submissions exist; see `entering.enter_submissions`."""
        return entering.enter_submissions(self._book, arrivals)

    def due_dates(self) -> dict[tuple[str, str], datetime]:
        """When assignments are due, with extensions; see `dates.due_dates`."""
        return dates.due_dates(self._book.db)

    def common_dates(self) -> dict[str, datetime]:
        """When assignments are due for all who have no extension, in UTC."""
        return dates.common_dates(self._book.db)

    def _again(self, step: Callable[[], Result]) -> Result:
        """Do a step that is one transaction; see `retried`."""
        return retried(self._book.db, step)

    def record_all(
        self, reports: Sequence[tuple[str, Report]], decided: Collection[tuple[str, str]] = ()
    ) -> list[Manual]:
        """Write reports with their scores, comments and late penalties, in one transaction.

        Args:
            reports: each with its student; the submissions have been entered.
            decided: students and assignments for which a person chose what counts: points that
                were there before do not stay.

        Returns:
            For each, what only the gradebook knows and the feedback page should show.
        """
        return self._again(lambda: self._record_all(reports, decided))

    def _record_all(
        self, reports: Sequence[tuple[str, Report]], decided: Collection[tuple[str, str]]
    ) -> list[Manual]:
        with committed(self._book.db):
            return self._write(reports, decided)

    def _write(
        self, reports: Sequence[tuple[str, Report]], decided: Collection[tuple[str, str]]
    ) -> list[Manual]:
        """Write reports within the transaction; see `record_all`."""
        entries = find_entries(self._book.db, reports)
        for one in entries:
            one.decided = (one.student, one.report.assignment) in decided
        write_rows(self._book.db, entries)
        return self._manuals(entries)

    def _manuals(self, entries: Sequence[Entry]) -> list[Manual]:
        """Write the penalties, and read what the gradebook then says of each notebook."""
        session = self._book.db
        for one in entries:
            self._enter_penalty(one)
        session.flush()
        marks = read_marks(session, {one.student for one in entries})
        return [
            manual_of(marks.get(key_of(one.student, one.report)), one.report) for one in entries
        ]

    def _enter_penalty(self, entry: Entry) -> None:
        """Write the penalty for lateness that the course's plugin gives."""
        from nbgrader import api

        if (entry.late_s <= 0 and entry.penalty is None) or entry.report.doubt:
            # A mark that stands in spite of a newer file keeps what was set off from it.
            return
        notebook = self._book.db.get(api.SubmittedNotebook, entry.id)
        notebook.late_submission_penalty = None
        if entry.late_s <= 0:
            return
        try:
            penalty = self.late_penalties.of(entry.student, notebook.score, entry.late_s)
        except PenaltyFault as fault:
            raise RowRefused(str(fault)) from fault
        notebook.late_submission_penalty = penalty

    @property
    def late_penalties(self) -> LatePenalties:
        """What lateness costs in this course.

        Raises:
            CourseError: the course's plugin for it cannot be loaded.
        """
        if self._penalties is None:
            self._penalties = LatePenalties(self._course)
        return self._penalties

    def refresh(self, reports: Sequence[tuple[str, Report]]) -> list[Refreshed | RowRefused | None]:
        """Give reports that hold the penalties of today, and their marks where they have none.

        Due dates and extensions may have changed since, and the gradebook may have been made anew.

        Args:
            reports: each with its student; the submissions have been entered.

        Returns:
            For each, what is new about it, or why that cannot be written; None where nothing is.
        """
        try:
            return [*self._again(lambda: self._refresh(reports))]
        except RowRefused as refusal:
            if len(reports) == 1:
                return [refusal]
            return [one for report in reports for one in self.refresh([report])]

    def _refresh(self, reports: Sequence[tuple[str, Report]]) -> list[Refreshed | None]:
        with committed(self._book.db):
            entries = find_entries(self._book.db, reports)
            bare = [one for one in entries if one.is_bare]
            write_rows(self._book.db, bare)
            before = [float(one.penalty or 0.0) for one in entries]
            manuals = self._manuals(entries)
        return [
            Refreshed(old, new.penalty, new)
            if one in bare or old != new.penalty or new.points or new.comments
            else None
            for one, old, new in zip(entries, before, manuals, strict=True)
        ]

    def foresee(
        self,
        reports: Sequence[tuple[str, Report]],
        arrivals: Mapping[tuple[str, str], datetime],
    ) -> list[Booked | None]:
        """The marks that the gradebook would hold after `record_all`; nothing is written.

        Args:
            reports: each with its student.
            arrivals: when what counts then arrived, UTC without time zone; penalties follow.

        Returns:
            For each report, the mark; None where the gradebook does not have the notebook.
        """
        session = self._book.db
        with rolled_back(session):
            students = {student for student, _ in reports}
            there = read_marks(session, students)
            known = [one for one in reports if key_of(*one) in there]
            entering.move(session, arrivals)
            self._write(known, ())
            after = read_marks(session, students)
            return [booked_of(after.get(key_of(*one)), one[1]) for one in reports]

    def marks(self, students: Collection[str] = ()) -> dict[Key, BookMark]:
        """The marks that hold, by student, assignment and notebook; see `read_marks`."""
        with rolled_back(self._book.db):
            return read_marks(self._book.db, students)

    def booked(self, graded: Sequence[Graded]) -> list[Graded]:
        """These reports with the marks that the gradebook holds of them."""
        students = {one.student for one in graded}
        marks = self.marks(students if len(students) <= MOST_NAMED else ())
        return [
            replace(one, booked=booked_of(marks.get(key_of(one.student, one.report)), one.report))
            for one in graded
        ]

    def manual(self, student: str, report: Report) -> Manual:
        """What only the gradebook knows of one notebook; nothing where it is not there."""
        with rolled_back(self._book.db):
            marks = read_marks(self._book.db, [student], report.assignment, report.notebook)
        return manual_of(marks.get(key_of(student, report)), report)


@contextmanager
def open_gradebook(course: Course, database_url: str = "") -> Iterator[Gradebook]:
    """The course's gradebook, closed again after the block.

    Raises:
        CourseError: the database cannot be opened, or fails meanwhile; the text says which, why,
            and what to do.
    """
    address = database_url or course.database
    with in_words(address):
        book = Gradebook(course, database_url)
        try:
            yield book
        finally:
            book.close()
