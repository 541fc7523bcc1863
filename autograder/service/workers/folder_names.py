"""The name of a folder in the exchange: whose submission it says to be, to what, and when.

nbgrader writes `student+assignment+time+random letters`, and takes names apart at plus signs.
Students write the exchange, so any name may lie there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from autograder.batch.tasks import why_no_student
from autograder.batch.timestamps import parse_time

_STUDENT = re.compile(r"(?![.\s-])[^/*?\[\]]{1,64}(?<!\s)")
"""A student's folder is not hidden, no option, and no pattern: nbgrader looks folders up by one."""
_OFFSET = re.compile(r"\d{1,2}(:?\d\d)?")
"""What follows the plus sign in a time such as `2026-11-26 05:10:31 +0300`."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d[ T]")


class NotTaken(Exception):
    """It is no submission to this course; the text is for the log."""


@dataclass(frozen=True)
class Named:
    """What the name of a folder in the exchange says."""

    student: str
    assignment: str
    timestamp: str


def read_name(name: str, assignments: Collection[str]) -> Named:
    """What a folder's name says: `student+assignment+time`, and random letters or none.

    The student and the time may hold plus signs themselves, so the name is taken apart at an
    assignment of the course, the last one that a time follows.

    Args:
        name: of the folder.
        assignments: of the course.

    Raises:
        NotTaken: it is no such name, or of another course's assignment.
    """
    if not name.isprintable():
        raise NotTaken("its name holds bytes that are not UTF-8, or a control character")
    splits = [split for assignment in assignments for split in _splits(name, assignment)]
    for named in sorted(splits, key=lambda split: len(split.student), reverse=True):
        if named.timestamp:
            _require_student(named.student)
            return named
    if splits:
        raise NotTaken("its name holds no date and time that can be read")
    parts = name.rsplit("+", 3)
    if len(parts) < 3:
        raise NotTaken("its name is not user+assignment+time, as nbgrader gives")
    raise NotTaken(f"the course has no assignment {ascii(parts[1])[:60]}")


def _splits(name: str, assignment: str) -> Iterator[Named]:
    """The name taken apart wherever the assignment stands in it."""
    at = name.find(f"+{assignment}+")
    while at >= 0:
        yield Named(name[:at], assignment, _time_of(name[at + len(assignment) + 2 :]))
        at = name.find(f"+{assignment}+", at + 1)


def _time_of(rest: str) -> str:
    """The time that a name ends with, without random letters; empty where it is none."""
    head, _, tail = rest.rpartition("+")
    text = rest if not head or _OFFSET.fullmatch(tail) else head
    try:
        parse_time(text)
    except ValueError:
        return ""
    return text


def may_be_student(name: str) -> bool:
    """Whether a student may have that name: one that every folder, pattern and page takes."""
    return not why_no_student(name) and _STUDENT.fullmatch(name) is not None


def _require_student(student: str) -> None:
    if not may_be_student(student):
        raise NotTaken(
            f"{ascii(student)[:80]} cannot be the name of a student: 1 to 64 letters, digits and "
            'signs, none of them one of / * ? [ ] < > ", no dot, hyphen or blank in front'
        )


def shown(name: str) -> str:
    """The name of a folder in the exchange as it may stand in a log.

    It lacks what follows the last plus sign: the random letters there keep others from opening the
    folder.
    """
    head, _, tail = name.rpartition("+")
    if not head:
        return "a folder whose name holds no plus sign, or nothing in front of it"
    return ascii(name if _DATE.match(tail) else head)[:200]
