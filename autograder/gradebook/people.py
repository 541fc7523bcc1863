"""The students as the gradebook's roster describes them: what other systems may know them by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Person:
    """One student of the gradebook; empty where the roster says nothing."""

    student: str
    """The name in the gradebook, which is also the login name on a hub."""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    number: str = ""
    """What nbgrader calls `lms_user_id`: the student's number, or the platform's identifier."""


def read_people(db: Any) -> list[Person]:
    """Everybody who is in the gradebook, by name.

    Args:
        db: a connection or session of SQLAlchemy, in the gradebook's database.
    """
    from nbgrader import api
    from sqlalchemy import select

    one = api.Student
    columns = (one.id, one.first_name, one.last_name, one.email, one.lms_user_id)
    rows = db.execute(select(*columns).order_by(one.id))
    return [Person(*("" if value is None else str(value) for value in row)) for row in rows]
