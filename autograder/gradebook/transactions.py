"""One transaction of the gradebook: committed or rolled back, tried again, refused in words.

Several graders may write the same rows at once. A transaction that another one got in the way of is
tried again; what the database will never take is told in one line. Knows no tables.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from autograder.errors import CourseError
from autograder.gradebook.databases import is_odd_value

Result = TypeVar("Result")
TRIES = 5
"""How often a transaction is tried when another grader writes the same rows."""


class RowRefused(CourseError):
    """The gradebook refuses the rows of a student; those of others can be written."""


class RowMissing(RowRefused):
    """The gradebook has no row of a student's notebook."""


@contextmanager
def committed(session: Any) -> Iterator[None]:
    """Commit what the block wrote; roll it back where the block or the commit fails."""
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise


@contextmanager
def rolled_back(session: Any) -> Iterator[None]:
    """End the transaction of a block that only reads, or that only tries what it writes."""
    try:
        yield
    finally:
        session.rollback()


def retried(session: Any, step: Callable[[], Result]) -> Result:
    """Do a step that is one transaction; once more where another grader came in between.

    Raises:
        RowRefused: the rows cannot be written, now or later.
    """
    from sqlalchemy.exc import DataError, IntegrityError, OperationalError
    from sqlalchemy.orm.exc import StaleDataError

    for tried in range(1, TRIES + 1):
        try:
            return step()
        except (DataError, UnicodeError) as error:
            session.rollback()
            raise RowRefused(refusal_words(error)) from error
        except (ValueError, TypeError) as error:
            session.rollback()
            if not is_odd_value(error):
                raise
            raise RowRefused(refusal_words(error)) from error
        except (IntegrityError, OperationalError, StaleDataError) as error:
            session.rollback()
            if tried == TRIES and isinstance(error, OperationalError):
                raise
            if tried == TRIES:
                raise RowRefused(refusal_words(error)) from error
            time.sleep(0.1 * tried * (1 + random.random()))
    raise AssertionError("unreachable")


def refusal_words(error: Exception) -> str:
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
