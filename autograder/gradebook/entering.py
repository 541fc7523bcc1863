"""Students and submissions → nbgrader's tables, many in one transaction.

The rows are those of nbgrader's own `add_submission`, written for many submissions at once: one by
one they take longer than grading. Knows no marks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from autograder.gradebook import nbgrader_compat
from autograder.gradebook.transactions import RowRefused, committed, retried

Arrivals = Mapping[tuple[str, str], datetime | None]
"""By student and assignment, the time of arrival (UTC, without time zone) where it is known."""
Rows = dict[Any, list[dict[str, Any]]]
"""New rows by table, in order of reference."""
MOST_AT_ONCE = 500
"""Submissions that are entered in one transaction."""


def enter_submissions(book: Any, arrivals: Arrivals) -> dict[tuple[str, str], str]:
    """Make sure that students and submissions exist.

    Args:
        book: nbgrader's gradebook.
        arrivals: what arrived.

    Returns:
        Those that the database refuses, each with the reason; the others are entered.
    """
    todo = list(arrivals.items())
    refused: dict[tuple[str, str], str] = {}
    for start in range(0, len(todo), MOST_AT_ONCE):
        _enter_part(book, dict(todo[start : start + MOST_AT_ONCE]), refused)
    return refused


def _enter_part(book: Any, arrivals: Arrivals, refused: dict[tuple[str, str], str]) -> None:
    """Enter some; where one of them is refused, the others one by one."""
    try:
        retried(book.db, lambda: _enter(book, arrivals))
    except RowRefused as reason:
        if len(arrivals) == 1:
            refused[next(iter(arrivals))] = str(reason)
            return
        for key, arrived in arrivals.items():
            _enter_part(book, {key: arrived}, refused)


def _enter(book: Any, arrivals: Arrivals) -> None:
    from nbgrader import api
    from sqlalchemy import insert, update

    with committed(book.db):
        rows, again = _rows_to_enter(book, arrivals)
        for table, values in rows.items():
            if values:
                book.db.execute(insert(table), values)
        if again:
            book.db.execute(update(api.SubmittedAssignment), again)


def _rows_to_enter(book: Any, arrivals: Arrivals) -> tuple[Rows, list[dict[str, Any]]]:
    """New rows by table, in order of reference, and the new times of submissions."""
    from nbgrader import api

    known, there, placed = _entered(book.db, {student for student, _ in arrivals})
    assignments = {name: book.find_assignment(name) for _, name in dict.fromkeys(arrivals)}
    tables = (api.SubmittedAssignment, api.SubmittedNotebook, api.Grade, api.Comment)
    rows: Rows = {table: [] for table in (api.Student, *tables)}
    new = dict.fromkeys(student for student, _ in arrivals if student not in known)
    rows[api.Student] = [{"id": student} for student in new]
    again = []
    for (student, name), arrived in arrivals.items():
        assignment = assignments[name]
        number = there.get((student, assignment.id))
        if number is None:
            _add_submission(rows, assignment, student, arrived)
            continue
        if arrived is not None:
            again.append({"id": number, "timestamp": arrived})
        for notebook in assignment.notebooks:
            if (number, notebook.id) not in placed:
                _add_notebook(rows, notebook, number)
    asked = [there[s, assignments[n].id] for s, n in arrivals if (s, assignments[n].id) in there]
    for table, row in _lost_rows(book.db, asked):
        rows[table].append(row)
    return rows, again


def _entered(
    session: Any, students: set[str]
) -> tuple[set[str], dict[tuple[str, str], str], set[tuple[str, str]]]:
    """Which students, submissions and notebooks of submissions are there already."""
    from nbgrader import api
    from sqlalchemy import select

    submitted, part = api.SubmittedAssignment, api.SubmittedNotebook
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


def _lost_rows(session: Any, submissions: Sequence[str]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Rows of single cells that notebooks of these submissions should have and have not."""
    from nbgrader import api
    from sqlalchemy import and_, select

    part, cell = api.SubmittedNotebook, api.BaseCell
    for table, kind in ((api.Grade, api.GradeCell), (api.Comment, api.SolutionCell)):
        kinds = nbgrader_compat.stored_kinds(kind, api.TaskCell)
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


def _add_submission(rows: Rows, assignment: Any, student: str, arrived: datetime | None) -> None:
    """Add the rows of a new submission."""
    from nbgrader import api

    number = nbgrader_compat.new_id()
    about = {"id": number, "assignment_id": assignment.id, "student_id": student}
    rows[api.SubmittedAssignment].append({**about, "timestamp": arrived})
    for notebook in assignment.notebooks:
        _add_notebook(rows, notebook, number)


def _add_notebook(rows: Rows, notebook: Any, submission: str) -> None:
    """Add the rows of one notebook of a submission."""
    from nbgrader import api

    place = nbgrader_compat.new_id()
    about = {"id": place, "assignment_id": submission, "notebook_id": notebook.id}
    rows[api.SubmittedNotebook].append(about)
    for cell in (*notebook.grade_cells, *notebook.task_cells):
        rows[api.Grade].append({"cell_id": cell.id, "notebook_id": place})
    for cell in (*notebook.solution_cells, *notebook.task_cells):
        rows[api.Comment].append({"cell_id": cell.id, "notebook_id": place})


def move(session: Any, arrivals: Mapping[tuple[str, str], datetime]) -> None:
    """Give submissions other times of arrival, within the transaction."""
    from nbgrader import api
    from sqlalchemy import select, update

    submitted = api.SubmittedAssignment
    for (student, name), when in arrivals.items():
        assignment = select(api.Assignment.id).where(api.Assignment.name == name)
        query = update(submitted).where(submitted.student_id == student)
        query = query.where(submitted.assignment_id == assignment.scalar_subquery())
        options = {"synchronize_session": False}
        session.execute(query.values(timestamp=when), execution_options=options)


def forget(book: Any, student: str) -> bool:
    """Remove a student with all submissions and marks; whether there was one of that name."""
    from nbgrader.api import MissingEntry

    try:
        book.remove_student(student)
    except MissingEntry:
        book.db.rollback()
        return False
    return True
