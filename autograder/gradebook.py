"""Reports → nbgrader's gradebook. The only module that touches its database.

Scores go in as plain finite floats in [0, points]; a withheld mark goes in as no score at all, and
is flagged for a person. Manual scores and comments are never touched. Late penalties are asked of
the plugin that the course has configured for nbgrader.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.course import Course, load_config
from autograder.errors import CourseError
from autograder.feedback import Manual, cell_lines
from autograder.verdict import Report

NO_RESPONSE = "No response."
"""What nbgrader itself says of an exercise that was left as released."""


class Gradebook:
    """The course's gradebook, open.

    Args:
        course: the course.
        database_url: another database than the course's.
    """

    def __init__(self, course: Course, database_url: str = "") -> None:
        from nbgrader.api import Gradebook as NbGraderGradebook

        self._course = course
        with scripts_on_path():
            self._book: Any = NbGraderGradebook(database_url or course.database, course.course_id)
        self._penalties: Any = None

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

    def enter_submission(self, student: str, assignment: str, timestamp: datetime | None) -> None:
        """Make sure that student and submission exist, with the time of arrival where known."""
        from sqlalchemy.exc import SAWarning

        known = {} if timestamp is None else {"timestamp": timestamp}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own relations
            self._book.update_or_create_student(student)
            self._book.update_or_create_submission(assignment, student, **known)

    def record(self, student: str, report: Report) -> Manual:
        """Write one report's scores, comments and late penalty, in one transaction.

        Returns:
            What only the gradebook knows and the feedback page should show.
        """
        notebook = self._book.find_submission_notebook(report.notebook, report.assignment, student)
        for grade in notebook.grades:
            if grade.cell.name in _cells(report):
                self._enter_score(grade, report)
        comments = _comments(report)
        for comment in notebook.comments:
            comment.auto_comment = comments.get(comment.cell.name)
        self._book.db.flush()
        self._book.db.refresh(notebook)
        self._enter_penalty(student, notebook)
        self._book.db.commit()
        return self._manual(notebook)

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


def _cells(report: Report) -> set[str]:
    return set(report.cells)


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
