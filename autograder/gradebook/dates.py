"""When assignments are due, as nbgrader's tables say, and how late a submission came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from autograder.gradebook.transactions import rolled_back


def due_dates(session: Any) -> dict[tuple[str, str], datetime]:
    """When assignments are due, in UTC, by student and assignment.

    The student is empty for the date that holds for all who have no extension.
    """
    from nbgrader import api
    from sqlalchemy import select

    submitted = api.SubmittedAssignment
    extended = (
        select(submitted.student_id, api.Assignment.name, submitted.extension)
        .join(submitted.assignment)
        .where(submitted.extension.is_not(None))
    )
    dates = common_dates(session)
    due = {("", name): when for name, when in dates.items()}
    with rolled_back(session):
        for student, name, longer in session.execute(extended):
            if name in dates:
                due[student, name] = dates[name] + longer
    return due


def common_dates(session: Any) -> dict[str, datetime]:
    """When assignments are due for all who have no extension, in UTC."""
    from nbgrader import api
    from sqlalchemy import select

    with rolled_back(session):
        rows = session.execute(select(api.Assignment.name, api.Assignment.duedate))
        return {name: _utc(when) for name, when in rows if when is not None}


def late_s(arrived: datetime | None, due: datetime | None, longer: timedelta | None) -> float:
    """Seconds after the due date, with a student's extension; 0 where there is none."""
    if arrived is None or due is None:
        return 0.0
    return max(0.0, (_utc(arrived) - _utc(due) - (longer or timedelta())).total_seconds())


def _utc(when: datetime) -> datetime:
    """A stored time in UTC; where others than nbgrader wrote it, it may have a time zone."""
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
