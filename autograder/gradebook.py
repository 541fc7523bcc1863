"""Reports → nbgrader's gradebook. The only module that touches its database.

Scores go in as plain finite floats in [0, points]; a withheld mark goes in as no score at all, and
is flagged for a person. Manual scores and comments are never touched. Late penalties are asked of
the plugin that the course has configured for nbgrader.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from autograder.course import Course, load_config
from autograder.errors import CourseError
from autograder.feedback import Manual, cell_lines
from autograder.verdict import Report

Result = TypeVar("Result")
BUSY_S = 60
"""How long to wait for another program that writes to the same SQLite file."""
TRIES = 5
"""How often a transaction is tried in whose way another grader gets by writing the same rows."""
ENTERED = 500
"""Submissions that are entered in one transaction."""
NO_RESPONSE = "No response."
"""What nbgrader itself says of an exercise that was left as released."""


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
        with scripts_on_path():
            address = _patient(database_url or course.database)
            self._book: Any = NbGraderGradebook(address, course.course_id)
        self._penalties: Any = None
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
            self._book.find_assignment(assignment)
        except MissingEntry:
            raise CourseError(
                f"{assignment} is not in the gradebook; run: autograder build {assignment}"
            ) from None

    def enter_submissions(self, arrivals: Mapping[tuple[str, str], datetime | None]) -> None:
        """Make sure that students and submissions exist, many in one transaction.

        The rows are those of nbgrader's own `add_submission`, written for many submissions at
        once: one by one they take longer than grading.

        Args:
            arrivals: by student and assignment, the time of arrival (UTC, without time zone) where
                it is known.
        """
        todo = list(arrivals.items())
        for start in range(0, len(todo), ENTERED):
            part = dict(todo[start : start + ENTERED])
            self._again(lambda part=part: self._enter(part))  # type: ignore[misc]

    def _enter(self, arrivals: Mapping[tuple[str, str], datetime | None]) -> None:
        from nbgrader import api
        from sqlalchemy import insert, select, update

        session, submitted = self._book.db, api.SubmittedAssignment
        assignments = {
            name: self._book.find_assignment(name) for _, name in dict.fromkeys(arrivals)
        }
        students = list(dict.fromkeys(student for student, _ in arrivals))
        known = set(session.scalars(select(api.Student.id).where(api.Student.id.in_(students))))
        there = {
            (student, assignment): number
            for number, student, assignment in session.execute(
                select(submitted.id, submitted.student_id, submitted.assignment_id).where(
                    submitted.student_id.in_(students)
                )
            )
        }
        rows: dict[Any, list[dict[str, Any]]] = {
            api.Student: [{"id": student} for student in students if student not in known]
        }
        again = []
        for (student, name), arrived in arrivals.items():
            assignment = assignments[name]
            number = there.get((student, assignment.id))
            if number is None:
                _add_rows(rows, assignment, student, arrived)
            elif arrived is not None:
                again.append({"id": number, "timestamp": arrived})
        try:
            for table, values in rows.items():
                if values:
                    session.execute(insert(table), values)
            if again:
                session.execute(update(submitted), again)
            session.commit()
        except BaseException:
            session.rollback()
            raise

    def due_dates(self) -> dict[tuple[str, str], datetime]:
        """When assignments are due, in UTC, by student and assignment.

        The student is empty for the date that holds for all who have no extension.
        """
        from nbgrader import api
        from sqlalchemy import select

        session, submitted = self._book.db, api.SubmittedAssignment
        dates = select(api.Assignment.name, api.Assignment.duedate)
        extended = (
            select(submitted.student_id, api.Assignment.name, submitted.extension)
            .join(submitted.assignment)
            .where(submitted.extension.is_not(None))
        )
        try:
            due = {("", name): when for name, when in session.execute(dates) if when is not None}
            for student, name, longer in session.execute(extended):
                if ("", name) in due:
                    due[student, name] = due["", name] + longer
        finally:
            session.rollback()
        return {key: when.replace(tzinfo=UTC) for key, when in due.items()}

    def _again(self, step: Callable[[], Result]) -> Result:
        """Do a step that is one transaction; once more where another grader came in between."""
        from nbgrader.api import InvalidEntry
        from sqlalchemy.exc import IntegrityError, OperationalError
        from sqlalchemy.orm.exc import StaleDataError

        for tried in range(1, TRIES + 1):
            try:
                return step()
            except (InvalidEntry, IntegrityError, OperationalError, StaleDataError):
                self._book.db.rollback()
                if tried == TRIES:
                    raise
                time.sleep(0.1 * tried * (1 + random.random()))
        raise AssertionError("unreachable")

    def record(self, student: str, report: Report) -> Manual:
        """Write one report's scores, comments and late penalty; see `record_all`."""
        return self.record_all([(student, report)])[0]

    def record_all(self, reports: Sequence[tuple[str, Report]]) -> list[Manual]:
        """Write reports with their scores, comments and late penalties, in one transaction.

        Args:
            reports: each with its student; the submissions have been entered.

        Returns:
            For each, what only the gradebook knows and the feedback page should show.
        """
        return self._again(lambda: self._record_all(reports))

    def _record_all(self, reports: Sequence[tuple[str, Report]]) -> list[Manual]:
        from nbgrader import api
        from sqlalchemy import update

        session = self._book.db
        try:
            entries = self._find_entries(reports)
            scores = [score for one in entries for score in one.scores()]
            comments = [comment for one in entries for comment in one.comments()]
            for table, values in ((api.Grade, scores), (api.Comment, comments)):
                if values:
                    session.execute(update(table), values)
            # Scores are computed by the database, so what was read before is out of date.
            session.expire_all()
            penalties = [self._enter_penalty(one) for one in entries]
            session.commit()
        except BaseException:
            session.rollback()
            raise
        return [one.manual(penalty) for one, penalty in zip(entries, penalties, strict=True)]

    def _find_entries(self, reports: Sequence[tuple[str, Report]]) -> list[_Entry]:
        """What nbgrader's tables hold of these notebooks, in three queries.

        Raises:
            CourseError: one of them is not there.
        """
        from nbgrader import api
        from sqlalchemy import select

        submitted, rows = api.SubmittedAssignment, api.SubmittedNotebook
        query = (
            select(
                rows.id,
                rows.late_submission_penalty,
                submitted.student_id,
                submitted.timestamp,
                submitted.extension,
                api.Assignment.name,
                api.Assignment.duedate,
                api.Notebook.name,
            )
            .select_from(rows)
            .join(submitted, rows.assignment_id == submitted.id)
            .join(api.Assignment, submitted.assignment_id == api.Assignment.id)
            .join(api.Notebook, rows.notebook_id == api.Notebook.id)
            .where(submitted.student_id.in_({student for student, _ in reports}))
            .where(api.Assignment.name.in_({report.assignment for _, report in reports}))
            .where(api.Notebook.name.in_({report.notebook for _, report in reports}))
        )
        found = {}
        for (
            number,
            penalty,
            student,
            arrived,
            longer,
            assignment,
            due,
            name,
        ) in self._book.db.execute(query):
            late_s = _late_s(arrived, due, longer)
            found[student, assignment, name] = number, penalty, late_s
        entries = []
        for student, report in reports:
            key = student, report.assignment, report.notebook
            if key not in found:
                raise CourseError(
                    f"the gradebook holds no {report.notebook} of {student} in "
                    f"{report.assignment}; run: autograder build {report.assignment}"
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
            select(grades.c.notebook_id, grades.c.id, cells.c.name, grades.c.manual_score, most)
            .join(cells, grades.c.cell_id == cells.c.id)
            .outerjoin(graded, graded.c.id == cells.c.id)
            .outerjoin(tasks, tasks.c.id == cells.c.id)
            .where(grades.c.notebook_id.in_(entries))
        )
        for row in self._book.db.execute(query):
            entries[row.notebook_id].grade_rows.append(row)
        query = (
            select(comments.c.notebook_id, comments.c.id, cells.c.name, comments.c.manual_comment)
            .join(cells, comments.c.cell_id == cells.c.id)
            .where(comments.c.notebook_id.in_(entries))
        )
        for row in self._book.db.execute(query):
            entries[row.notebook_id].comment_rows.append(row)

    def manual(self, student: str, report: Report) -> Manual:
        """What a person wrote, and the late penalty, for one notebook."""
        (entry,) = self._find_entries([(student, report)])
        self._book.db.rollback()
        return entry.manual(entry.penalty)

    def _enter_penalty(self, entry: _Entry) -> float | None:
        """Write the penalty for lateness that the course's plugin gives, and return it."""
        from nbgrader import api

        if entry.late_s <= 0 and entry.penalty is None:
            return None
        notebook = self._book.db.get(api.SubmittedNotebook, entry.id)
        notebook.late_submission_penalty = None
        if entry.late_s > 0:
            if self._penalties is None:
                self._penalties = _late_penalties(self._course)
            penalty = self._penalties.plugin_inst.late_submission_penalty(
                entry.student, notebook.score, entry.late_s
            )
            if penalty is not None:
                notebook.late_submission_penalty = self._penalties._check_late_penalty(
                    notebook, penalty
                )
        written: float | None = notebook.late_submission_penalty
        return written


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

    def scores(self) -> Iterator[dict[str, Any]]:
        """The new values of the rows of grades."""
        for row in self.grade_rows:
            if row.name not in self.report.cells:
                continue
            score = None if self.report.withheld else self.report.cell_score(row.name)
            yield {
                "id": row.id,
                "auto_score": None if score is None else min(max(float(score), 0.0), row.max_score),
                # As nbgrader does: a mark that a person has changed is shown to a person again.
                "needs_manual_grade": score is None or row.manual_score is not None,
            }

    def comments(self) -> Iterator[dict[str, Any]]:
        """The new values of the rows of comments."""
        texts = _comments(self.report)
        for row in self.comment_rows:
            yield {"id": row.id, "auto_comment": texts.get(row.name)}

    def manual(self, penalty: float | None) -> Manual:
        """What only the gradebook knows and the feedback page should show."""
        comments = {row.name: row.manual_comment for row in self.comment_rows if row.manual_comment}
        return Manual(comments, float(penalty or 0.0))


def _patient(address: str) -> str:
    """The address of a database; an SQLite file is waited for, from the first look at it on."""
    from sqlalchemy import make_url

    url = make_url(address)
    if url.get_backend_name() != "sqlite" or "timeout" in url.query:
        return address
    return url.update_query_dict({"timeout": str(BUSY_S)}).render_as_string(hide_password=False)


def _late_s(arrived: datetime | None, due: datetime | None, longer: timedelta | None) -> float:
    """Seconds after the due date, with a student's extension; 0 where there is none."""
    if arrived is None or due is None:
        return 0.0
    return max(0.0, (arrived - due - (longer or timedelta())).total_seconds())


def _add_rows(
    rows: dict[Any, list[dict[str, Any]]], assignment: Any, student: str, arrived: datetime | None
) -> None:
    """Add a new submission's rows to those of each of nbgrader's tables, in order of reference."""
    from nbgrader import api

    number = api.new_uuid()
    tables = (api.SubmittedAssignment, api.SubmittedNotebook, api.Grade, api.Comment)
    submissions, notebooks, grades, comments = (rows.setdefault(table, []) for table in tables)
    submissions.append(
        {
            "id": number,
            "assignment_id": assignment.id,
            "student_id": student,
            "timestamp": arrived,
        }
    )
    for notebook in assignment.notebooks:
        place = api.new_uuid()
        notebooks.append({"id": place, "assignment_id": number, "notebook_id": notebook.id})
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
        comments.setdefault(solution, []).append(lines or report.public_reason or NO_RESPONSE)
    return {solution: "\n".join(lines) for solution, lines in comments.items()}


def _late_penalties(course: Course) -> Any:
    """nbgrader's preprocessor for late penalties, with the plugin that the course configured."""
    from nbgrader.preprocessors import AssignLatePenalties

    penalties = AssignLatePenalties(config=load_config(course.root))
    penalties.init_plugin()
    return penalties


def place_of(address: str) -> str:
    """Where a database is, for people to read: a file's path, or an address without password."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(address)
    except ArgumentError:
        return address.rpartition("@")[2]
    return str(url.database) if url.get_backend_name() == "sqlite" else str(url)


@contextmanager
def open_gradebook(course: Course, database_url: str = "") -> Iterator[Gradebook]:
    """The course's gradebook, closed again after the block.

    Raises:
        CourseError: the database cannot be opened; the text says which.
    """
    from sqlalchemy.exc import SQLAlchemyError

    try:
        book = Gradebook(course, database_url)
    except SQLAlchemyError as error:
        place = place_of(database_url or course.database)
        raise CourseError(f"the gradebook {place} cannot be opened: {error}") from None
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


@contextmanager
def scripts_on_path() -> Iterator[None]:
    """Let nbgrader find `alembic`, which it calls by name, where this Python's scripts are.

    Without an activated virtual environment it would not, and a new database could not be made.
    """
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join(filter(None, (str(Path(sys.executable).parent), before)))
    try:
        yield
    finally:
        os.environ["PATH"] = before


def parse_timestamp(text: str) -> datetime | None:
    """The time in a `timestamp.txt`, as nbgrader reads it; None when it is not one."""
    from nbgrader.utils import parse_utc

    try:
        moment: datetime = parse_utc(text.strip())
    except (ValueError, OverflowError, TypeError):
        return None
    return moment
