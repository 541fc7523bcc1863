"""Reports → nbgrader's gradebook. The only module that touches its database.

Scores go in as plain finite floats in [0, points]; a withheld mark goes in as no score at all, and
is flagged for a person. Manual scores and comments are never touched. Late penalties are asked of
the plugin that the course has configured for nbgrader.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from autograder.course.model import Course
from autograder.errors import CourseError
from autograder.feedback import Manual, cell_lines
from autograder.gradebook.book_marks import BookMark, Key, read_marks
from autograder.gradebook.databases import (
    in_words,
    is_odd_value,
    number_of,
    patient,
    prepare_database,
    share_database,
)
from autograder.gradebook.harmless import harmless
from autograder.gradebook.lateness import LatePenalties, PenaltyFault
from autograder.grading.standing import is_earned
from autograder.report import Booked, Graded, Report

Result = TypeVar("Result")
TRIES = 5
"""How often a transaction is tried when another grader writes the same rows."""
ENTERED = 500
"""Submissions that are entered in one transaction."""
NO_RESPONSE = "No response."
"""What nbgrader itself says of an exercise that was left as released."""


class RowRefused(CourseError):
    """The gradebook refuses the rows of a student; those of others can be written."""


class RowMissing(RowRefused):
    """The gradebook has no row of a student's notebook."""


class Gradebook:
    """The course's gradebook, open.

    Args:
        course: the course.
        database_url: another database than the course's.
    """

    def __init__(self, course: Course, database_url: str = "") -> None:
        with _without_grammar():
            from nbgrader.api import Gradebook as NbGraderGradebook

        self._course = course
        address = patient(database_url or course.database)
        prepare_database(address)
        self._book: Any = NbGraderGradebook(address, course.course_id)
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
        from nbgrader import api
        from sqlalchemy import select

        try:
            return frozenset(self._book.db.scalars(select(api.Student.id)))
        finally:
            self._book.db.rollback()

    def enter_submissions(
        self, arrivals: Mapping[tuple[str, str], datetime | None]
    ) -> dict[tuple[str, str], str]:
        """Make sure that students and submissions exist, many in one transaction.

        The rows are those of nbgrader's own `add_submission`, written for many submissions at
        once: one by one they take longer than grading.

        Args:
            arrivals: by student and assignment, the time of arrival (UTC, without time zone) where
                it is known.

        Returns:
            Those that the database refuses, each with the reason; the others are entered.
        """
        todo = list(arrivals.items())
        refused: dict[tuple[str, str], str] = {}
        for start in range(0, len(todo), ENTERED):
            self._enter_part(dict(todo[start : start + ENTERED]), refused)
        return refused

    def _enter_part(
        self,
        arrivals: Mapping[tuple[str, str], datetime | None],
        refused: dict[tuple[str, str], str],
    ) -> None:
        """Enter some; where one of them is refused, the others one by one."""
        try:
            self._again(lambda: self._enter(arrivals))
        except RowRefused as reason:
            if len(arrivals) == 1:
                refused[next(iter(arrivals))] = str(reason)
                return
            for key, arrived in arrivals.items():
                self._enter_part({key: arrived}, refused)

    def _enter(self, arrivals: Mapping[tuple[str, str], datetime | None]) -> None:
        from nbgrader import api
        from sqlalchemy import insert, update

        session = self._book.db
        try:
            rows, again = self._rows_to_enter(arrivals)
            for table, values in rows.items():
                if values:
                    session.execute(insert(table), values)
            if again:
                session.execute(update(api.SubmittedAssignment), again)
            session.commit()
        except BaseException:
            session.rollback()
            raise

    def _rows_to_enter(
        self, arrivals: Mapping[tuple[str, str], datetime | None]
    ) -> tuple[dict[Any, list[dict[str, Any]]], list[dict[str, Any]]]:
        """New rows by table, in order of reference, and the new times of submissions."""
        from nbgrader import api

        known, there, placed = self._entered({student for student, _ in arrivals})
        assignments = {
            name: self._book.find_assignment(name) for _, name in dict.fromkeys(arrivals)
        }
        tables = (api.SubmittedAssignment, api.SubmittedNotebook, api.Grade, api.Comment)
        rows: dict[Any, list[dict[str, Any]]] = {table: [] for table in (api.Student, *tables)}
        new = dict.fromkeys(student for student, _ in arrivals if student not in known)
        rows[api.Student] = [{"id": student} for student in new]
        again = []
        for (student, name), arrived in arrivals.items():
            assignment = assignments[name]
            number = there.get((student, assignment.id))
            if number is None:
                _add_rows(rows, assignment, student, arrived)
                continue
            if arrived is not None:
                again.append({"id": number, "timestamp": arrived})
            for notebook in assignment.notebooks:
                if (number, notebook.id) not in placed:
                    _add_notebook(rows, notebook, number)
        asked = [
            there[s, assignments[n].id] for s, n in arrivals if (s, assignments[n].id) in there
        ]
        for table, row in self._lost_rows(asked):
            rows[table].append(row)
        return rows, again

    def _lost_rows(self, submissions: Sequence[str]) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Rows of single cells that notebooks of these submissions should have and have not."""
        from nbgrader import api
        from sqlalchemy import and_, select

        session, part, cell = self._book.db, api.SubmittedNotebook, api.BaseCell
        for table, kind in ((api.Grade, api.GradeCell), (api.Comment, api.SolutionCell)):
            kinds = [one.__mapper__.polymorphic_identity for one in (kind, api.TaskCell)]
            same = and_(table.cell_id == cell.id, table.notebook_id == part.id)
            query = (
                select(part.id, cell.id)
                .join(cell, cell.notebook_id == part.notebook_id)
                .outerjoin(table, same)
                .where(part.assignment_id.in_(submissions), cell.type.in_(kinds))
                .where(table.id.is_(None))
            )
            for notebook, name in session.execute(query):
                yield table, {"cell_id": name, "notebook_id": notebook}

    def _entered(
        self, students: set[str]
    ) -> tuple[set[str], dict[tuple[str, str], str], set[tuple[str, str]]]:
        """Which students, submissions and notebooks of submissions are there already."""
        from nbgrader import api
        from sqlalchemy import select

        session, submitted, part = self._book.db, api.SubmittedAssignment, api.SubmittedNotebook
        known = set(session.scalars(select(api.Student.id).where(api.Student.id.in_(students))))
        submissions = select(submitted.id, submitted.student_id, submitted.assignment_id).where(
            submitted.student_id.in_(students)
        )
        there = {
            (student, assignment): number
            for number, student, assignment in session.execute(submissions)
        }
        notebooks = select(part.assignment_id, part.notebook_id).where(
            part.assignment_id.in_(there.values())
        )
        return known, there, {(row[0], row[1]) for row in session.execute(notebooks)}

    def due_dates(self) -> dict[tuple[str, str], datetime]:
        """When assignments are due, in UTC, by student and assignment.

        The student is empty for the date that holds for all who have no extension.
        """
        from nbgrader import api
        from sqlalchemy import select

        session, submitted = self._book.db, api.SubmittedAssignment
        extended = (
            select(submitted.student_id, api.Assignment.name, submitted.extension)
            .join(submitted.assignment)
            .where(submitted.extension.is_not(None))
        )
        dates = self.common_dates()
        due = {("", name): when for name, when in dates.items()}
        try:
            for student, name, longer in session.execute(extended):
                if name in dates:
                    due[student, name] = dates[name] + longer
        finally:
            session.rollback()
        return due

    def common_dates(self) -> dict[str, datetime]:
        """When assignments are due for all who have no extension, in UTC."""
        from nbgrader import api
        from sqlalchemy import select

        try:
            rows = self._book.db.execute(select(api.Assignment.name, api.Assignment.duedate))
            return {name: _utc(when) for name, when in rows if when is not None}
        finally:
            self._book.db.rollback()

    def _again(self, step: Callable[[], Result]) -> Result:
        """Do a step that is one transaction; once more where another grader came in between.

        Raises:
            RowRefused: the rows cannot be written, now or later.
        """
        from nbgrader.api import InvalidEntry
        from sqlalchemy.exc import DataError, IntegrityError, OperationalError
        from sqlalchemy.orm.exc import StaleDataError

        for tried in range(1, TRIES + 1):
            try:
                return step()
            except (DataError, UnicodeError) as error:
                self._book.db.rollback()
                raise RowRefused(_refusal(error)) from error
            except (ValueError, TypeError) as error:
                self._book.db.rollback()
                if not is_odd_value(error):
                    raise
                raise RowRefused(_refusal(error)) from error
            except (InvalidEntry, IntegrityError, OperationalError, StaleDataError) as error:
                self._book.db.rollback()
                if tried == TRIES and isinstance(error, OperationalError):
                    raise
                if tried == TRIES:
                    raise RowRefused(_refusal(error)) from error
                time.sleep(0.1 * tried * (1 + random.random()))
        raise AssertionError("unreachable")

    def record(self, student: str, report: Report) -> Manual:
        """Write one report's scores, comments and late penalty; see `record_all`."""
        return self.record_all([(student, report)])[0]

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
        session = self._book.db
        try:
            entries = self._find_entries(reports)
            bare = [one for one in entries if one.is_bare]
            self._write_rows(bare)
            before = [float(one.penalty or 0.0) for one in entries]
            manuals = self._manuals(entries)
            session.commit()
        except BaseException:
            session.rollback()
            raise
        return [
            Refreshed(old, new.penalty, new)
            if one in bare or old != new.penalty or new.points or new.comments
            else None
            for one, old, new in zip(entries, before, manuals, strict=True)
        ]

    def _record_all(
        self, reports: Sequence[tuple[str, Report]], decided: Collection[tuple[str, str]]
    ) -> list[Manual]:
        session = self._book.db
        try:
            manuals = self._write(reports, decided)
            session.commit()
        except BaseException:
            session.rollback()
            raise
        return manuals

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
        try:
            students = {student for student, _ in reports}
            there = read_marks(session, students)
            known = [one for one in reports if _key(*one) in there]
            self._move(arrivals)
            self._write(known, ())
            after = read_marks(session, students)
            return [booked_of(after.get(_key(*one)), one[1]) for one in reports]
        finally:
            session.rollback()

    def _move(self, arrivals: Mapping[tuple[str, str], datetime]) -> None:
        """Give submissions other times of arrival, within the transaction."""
        from nbgrader import api
        from sqlalchemy import select, update

        submitted = api.SubmittedAssignment
        for (student, name), when in arrivals.items():
            assignment = select(api.Assignment.id).where(api.Assignment.name == name)
            query = update(submitted).where(submitted.student_id == student)
            query = query.where(submitted.assignment_id == assignment.scalar_subquery())
            options = {"synchronize_session": False}
            self._book.db.execute(query.values(timestamp=when), execution_options=options)

    def _write(
        self, reports: Sequence[tuple[str, Report]], decided: Collection[tuple[str, str]]
    ) -> list[Manual]:
        """Write reports within the transaction; see `record_all`."""
        entries = self._find_entries(reports)
        for one in entries:
            one.decided = (one.student, one.report.assignment) in decided
        self._write_rows(entries)
        return self._manuals(entries)

    def _manuals(self, entries: Sequence[_Entry]) -> list[Manual]:
        """Write the penalties, and read what the gradebook then says of each notebook."""
        session = self._book.db
        for one in entries:
            self._enter_penalty(one)
        session.flush()
        marks = read_marks(session, {one.student for one in entries})
        return [manual_of(marks.get(_key(one.student, one.report)), one.report) for one in entries]

    def marks(self, students: Collection[str] = ()) -> dict[Key, BookMark]:
        """The marks that hold, by student, assignment and notebook; see `read_marks`."""
        try:
            return read_marks(self._book.db, students)
        finally:
            self._book.db.rollback()

    def booked(self, graded: Sequence[Graded]) -> list[Graded]:
        """These reports with the marks that the gradebook holds of them."""
        students = {one.student for one in graded}
        marks = self.marks(students if len(students) <= ENTERED else ())
        return [
            replace(one, booked=booked_of(marks.get(_key(one.student, one.report)), one.report))
            for one in graded
        ]

    def _write_rows(self, entries: Sequence[_Entry]) -> None:
        """Write scores and comments."""
        from nbgrader import api
        from sqlalchemy import update

        session = self._book.db
        scores = [score for one in entries for score in one.scores()]
        comments = [comment for one in entries for comment in one.comments()]
        for table, values in ((api.Grade, scores), (api.Comment, comments)):
            if values:
                session.execute(update(table), values)
        # Scores are computed by the database, so what was read before is out of date.
        session.expire_all()

    def _find_entries(self, reports: Sequence[tuple[str, Report]]) -> list[_Entry]:
        """What nbgrader's tables hold of these notebooks, in three queries.

        Raises:
            RowMissing: one of them is not there.
        """
        found = {}
        for student, assignment, name, number, penalty, *times in self._book.db.execute(
            _notebooks_query(reports)
        ):
            found[student, assignment, name] = number, penalty, _late_s(*times)
        entries = []
        for student, report in reports:
            key = _key(student, report)
            if key not in found:
                raise RowMissing(
                    f"the gradebook holds no row for {report.notebook} of this submission; "
                    "run autograder build, then grade again"
                )
            entries.append(_Entry(student, report, *found[key]))
        self._find_cells({entry.id: entry for entry in entries})
        return entries

    def _find_cells(self, entries: Mapping[str, _Entry]) -> None:
        """Add to the entries, by their numbers, what is there of their cells."""
        from nbgrader import api
        from sqlalchemy import func, select

        cells, graded, tasks = (
            kind.__table__ for kind in (api.BaseCell, api.GradeCell, api.TaskCell)
        )
        grades, comments = api.Grade.__table__, api.Comment.__table__
        most = func.coalesce(graded.c.max_score, tasks.c.max_score, 0.0).label("max_score")
        query = (
            select(
                grades.c.notebook_id,
                grades.c.id,
                cells.c.name,
                grades.c.auto_score,
                grades.c.manual_score,
                most,
            )
            .join(cells, grades.c.cell_id == cells.c.id)
            .outerjoin(graded, graded.c.id == cells.c.id)
            .outerjoin(tasks, tasks.c.id == cells.c.id)
            .where(grades.c.notebook_id.in_(entries))
        )
        for row in self._book.db.execute(query):
            for value in (row.auto_score, row.manual_score, row.max_score):
                number_of(value, row.name)
            entries[row.notebook_id].grade_rows.append(row)
        query = (
            select(comments.c.notebook_id, comments.c.id, cells.c.name, comments.c.manual_comment)
            .join(cells, comments.c.cell_id == cells.c.id)
            .where(comments.c.notebook_id.in_(entries))
        )
        for row in self._book.db.execute(query):
            entries[row.notebook_id].comment_rows.append(row)

    def manual(self, student: str, report: Report) -> Manual:
        """What only the gradebook knows of one notebook; nothing where it is not there."""
        try:
            marks = read_marks(self._book.db, [student], report.assignment, report.notebook)
        finally:
            self._book.db.rollback()
        return manual_of(marks.get(_key(student, report)), report)

    def _enter_penalty(self, entry: _Entry) -> None:
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


@dataclass(frozen=True)
class Refreshed:
    """What is new in the gradebook about a report that holds."""

    before: float
    """The penalty so far."""
    after: float
    manual: Manual


@dataclass
class _Entry:
    """A report, and what the gradebook holds of its notebook."""

    student: str
    report: Report
    id: str
    penalty: float | None
    late_s: float
    grade_rows: list[Any] = field(default_factory=list)
    comment_rows: list[Any] = field(default_factory=list)
    decided: bool = False
    """Whether a person chose that this report counts."""

    def scores(self) -> Iterator[dict[str, Any]]:
        """The new values of the rows of grades."""
        for row in self.grade_rows:
            if row.name in self.report.by_hand:
                yield self._score_by_hand(row)
            if row.name not in self.report.cells:
                continue
            score = self._score(row)
            yield {
                "id": row.id,
                "auto_score": None if score is None else min(max(float(score), 0.0), row.max_score),
                # As nbgrader does: a mark that a person has changed is shown to a person again.
                "needs_manual_grade": self.report.needs_person
                or self._keeps(row)
                or row.manual_score is not None,
            }

    @property
    def is_bare(self) -> bool:
        """Whether the gradebook lacks a mark that the report gives."""
        own = [row for row in self.grade_rows if row.name in self.report.cells]
        return any(row.auto_score is None and self._score(row) is not None for row in own)

    def _score_by_hand(self, row: Any) -> dict[str, Any]:
        """A cell that no check is for: no points yet, or none where nothing was answered."""
        asks = self.report.by_hand[row.name]
        return {
            "id": row.id,
            "auto_score": None if asks else 0.0,
            "needs_manual_grade": asks or row.manual_score is not None,
        }

    def _keeps(self, row: Any) -> bool:
        """Whether a row keeps the points that it holds, since the report gives none."""
        earned = is_earned(self.report) or self.decided
        return not earned and (row.auto_score or 0.0) > 0

    def _score(self, row: Any) -> float | None:
        if self._keeps(row):
            return float(row.auto_score)
        return None if self.report.withheld else self.report.cell_score(row.name)

    def comments(self) -> Iterator[dict[str, Any]]:
        """The new values of the rows of comments."""
        texts = _comments(self.report)
        for row in self.comment_rows:
            yield {"id": row.id, "auto_comment": texts.get(row.name)}


def _notebooks_query(reports: Sequence[tuple[str, Report]]) -> Any:
    """Rows of at least these notebooks: student, assignment, notebook; number and penalty of the
    row; when it arrived and was due, and the student's extension.
    """
    from nbgrader import api
    from sqlalchemy import select

    submitted, rows = api.SubmittedAssignment, api.SubmittedNotebook
    names = submitted.student_id, api.Assignment.name, api.Notebook.name
    times = submitted.timestamp, api.Assignment.duedate, submitted.extension
    return (
        select(*names, rows.id, rows.late_submission_penalty, *times)
        .select_from(rows)
        .join(submitted, rows.assignment_id == submitted.id)
        .join(api.Assignment, submitted.assignment_id == api.Assignment.id)
        .join(api.Notebook, rows.notebook_id == api.Notebook.id)
        .where(submitted.student_id.in_({student for student, _ in reports}))
        .where(api.Assignment.name.in_({report.assignment for _, report in reports}))
        .where(api.Notebook.name.in_({report.notebook for _, report in reports}))
    )


def _key(student: str, report: Report) -> Key:
    return student, report.assignment, report.notebook


def booked_of(mark: BookMark | None, report: Report) -> Booked | None:
    """The gradebook's mark of the notebook that a report is about; None where it has none."""
    return (
        None
        if mark is None
        else Booked(mark.score(report.withheld), mark.max_score, mark.by_person)
    )


def manual_of(mark: BookMark | None, report: Report) -> Manual:
    """What only the gradebook knows and the feedback page on a report should show."""
    if mark is None:
        return Manual()
    changed = {name: cell.points or 0.0 for name, cell in mark.cells.items() if cell.by_person}
    return Manual(
        dict(mark.comments), mark.penalty, changed, mark.earned(report.withheld), mark.max_score
    )


def _refusal(error: Exception) -> str:
    """Why rows are refused, in words."""
    said = str(getattr(error, "orig", None) or error).casefold()
    if "too long" in said:
        return "the name of the student's folder is too long for the gradebook; shorten it"
    if isinstance(error, UnicodeError) or "nul" in said or "utf" in said:
        return "the name of the student's folder cannot be stored as text; rename it"
    if is_odd_value(error):
        return (
            f"the gradebook holds a value for this student that is no date or number ({error}); "
            "look at the student in formgrader, or put back a copy"
        )
    return (
        "the gradebook refuses what is to be written for this student, since it contradicts rows "
        "that are there; look at the student in formgrader"
    )


def _late_s(arrived: datetime | None, due: datetime | None, longer: timedelta | None) -> float:
    """Seconds after the due date, with a student's extension; 0 where there is none."""
    if arrived is None or due is None:
        return 0.0
    return max(0.0, (_utc(arrived) - _utc(due) - (longer or timedelta())).total_seconds())


def _utc(when: datetime) -> datetime:
    """A stored time in UTC; where others than nbgrader wrote it, it may have a time zone."""
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def _add_rows(
    rows: dict[Any, list[dict[str, Any]]], assignment: Any, student: str, arrived: datetime | None
) -> None:
    """Add a new submission's rows to those of each of nbgrader's tables, in order of reference."""
    from nbgrader import api

    number = api.new_uuid()
    rows.setdefault(api.SubmittedAssignment, []).append(
        {
            "id": number,
            "assignment_id": assignment.id,
            "student_id": student,
            "timestamp": arrived,
        }
    )
    for notebook in assignment.notebooks:
        _add_notebook(rows, notebook, number)


def _add_notebook(rows: dict[Any, list[dict[str, Any]]], notebook: Any, submission: str) -> None:
    """Add the rows of one notebook of a submission."""
    from nbgrader import api

    tables = (api.SubmittedNotebook, api.Grade, api.Comment)
    notebooks, grades, comments = (rows.setdefault(table, []) for table in tables)
    place = api.new_uuid()
    notebooks.append({"id": place, "assignment_id": submission, "notebook_id": notebook.id})
    for cell in (*notebook.grade_cells, *notebook.task_cells):
        grades.append({"cell_id": cell.id, "notebook_id": place})
    for cell in (*notebook.solution_cells, *notebook.task_cells):
        comments.append({"cell_id": cell.id, "notebook_id": place})


def _comments(report: Report) -> dict[str, str]:
    """By solution cell: the lines of its checks, as nbgrader shows them beside the solution."""
    comments: dict[str, list[str]] = {}
    checks = report.grade_cells()
    for grade_cell, solution in report.cells.items():
        lines = cell_lines(checks.get(grade_cell, []))
        if not lines and solution in report.by_hand:
            continue
        comments.setdefault(solution, []).append(lines or report.public_reason or NO_RESPONSE)
    for name, asks in report.by_hand.items():
        if not asks:
            comments.setdefault(name, []).append(NO_RESPONSE)
    # nbgrader's feedback renders comments as Markdown, and a check's line may quote the student.
    return {solution: harmless("\n".join(lines)) for solution, lines in comments.items()}


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


@contextmanager
def _without_grammar() -> Iterator[None]:
    """Import nbgrader without the grammar of web addresses that jsonschema builds at each start.

    It takes longer than grading a small class, and no notebook is checked by it.
    """
    name = "rfc3987_syntax"
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]
