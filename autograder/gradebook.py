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
from datetime import UTC, datetime
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
            self._book: Any = NbGraderGradebook(database_url or course.database, course.course_id)
        self._penalties: Any = None
        if self._book.engine.dialect.name == "sqlite":
            self._share_sqlite()

    def _share_sqlite(self) -> None:
        """Let others read while we write, and wait for others that write."""
        from sqlalchemy import event

        def prepare(connection: Any, _: Any) -> None:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_S * 1000}")
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
        found = self._find_notebooks(reports)
        manuals = []
        try:
            for student, report in reports:
                notebook = found[student, report.assignment, report.notebook]
                for grade in notebook.grades:
                    if grade.cell.name in report.cells:
                        self._enter_score(grade, report)
                comments = _comments(report)
                for comment in notebook.comments:
                    comment.auto_comment = comments.get(comment.cell.name)
                self._enter_penalty(student, notebook)
                manuals.append(self._manual(notebook))
            self._book.db.commit()
        except BaseException:
            self._book.db.rollback()
            raise
        return manuals

    def _find_notebooks(
        self, reports: Sequence[tuple[str, Report]]
    ) -> dict[tuple[str, str, str], Any]:
        """nbgrader's rows of submitted notebooks with all that hangs on them, in few queries."""
        from nbgrader import api
        from sqlalchemy import select
        from sqlalchemy.orm import contains_eager, selectinload

        submitted, rows = api.SubmittedAssignment, api.SubmittedNotebook
        query = (
            select(rows)
            .join(rows.assignment)
            .join(submitted.assignment)
            .join(rows.notebook)
            .where(submitted.student_id.in_({student for student, _ in reports}))
            .where(api.Assignment.name.in_({report.assignment for _, report in reports}))
            .where(api.Notebook.name.in_({report.notebook for _, report in reports}))
            .options(
                contains_eager(rows.assignment).contains_eager(submitted.assignment),
                contains_eager(rows.notebook),
                selectinload(rows.grades).joinedload(api.Grade.cell),
                selectinload(rows.comments).joinedload(api.Comment.cell),
            )
            .execution_options(populate_existing=True)
        )
        found = {
            (row.assignment.student_id, row.assignment.assignment.name, row.notebook.name): row
            for row in self._book.db.scalars(query)
        }
        for student, report in reports:
            if (student, report.assignment, report.notebook) not in found:
                raise CourseError(
                    f"the gradebook holds no {report.notebook} of {student} in "
                    f"{report.assignment}; run: autograder build {report.assignment}"
                )
        return found

    def manual(self, student: str, report: Report) -> Manual:
        """What a person wrote, and the late penalty, for one notebook."""
        notebook = self._book.find_submission_notebook(report.notebook, report.assignment, student)
        return self._manual(notebook)

    @staticmethod
    def _enter_score(grade: Any, report: Report) -> None:
        score = None if report.withheld else report.cell_score(grade.cell.name)
        grade.auto_score = None if score is None else min(max(float(score), 0.0), grade.max_score)
        # As nbgrader does: a mark that a person has changed is shown to a person again.
        grade.needs_manual_grade = score is None or grade.manual_score is not None

    def _enter_penalty(self, student: str, notebook: Any) -> None:
        late_s = notebook.assignment.total_seconds_late
        notebook.late_submission_penalty = None
        if late_s <= 0:
            return
        # The notebook's score is computed by the database.
        self._book.db.flush()
        self._book.db.refresh(notebook)
        if self._penalties is None:
            self._penalties = _late_penalties(self._course)
        penalty = self._penalties.plugin_inst.late_submission_penalty(
            student, notebook.score, late_s
        )
        if penalty is not None:
            notebook.late_submission_penalty = self._penalties._check_late_penalty(
                notebook, penalty
            )

    @staticmethod
    def _manual(notebook: Any) -> Manual:
        comments = {
            comment.cell.name: comment.manual_comment
            for comment in notebook.comments
            if comment.manual_comment
        }
        return Manual(comments, float(notebook.late_submission_penalty or 0.0))


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
        place = (database_url or course.database).split("@")[-1]
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
