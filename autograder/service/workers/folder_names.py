"""Reads the name of a folder in the exchange: the student, the assignment and the time in it.

nbgrader writes `student+assignment+time+random letters`, and splits names at plus signs. Students
write to the exchange, so it may hold any name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from autograder.batch.tasks import why_no_student
from autograder.batch.timestamps import parse_time

_STUDENT = re.compile(r"(?![.\s-])[^/*?\[\]]{1,64}(?<!\s)")
"""A name that is no hidden file, option or pattern: nbgrader finds folders by pattern."""
_OFFSET = re.compile(r"\d{1,2}(:?\d\d)?")
"""The part after the plus sign in a time such as `2026-11-26 05:10:31 +0300`."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d[ T]")


class NotTaken(Exception):
    """It is not a submission to this course; the text is for the log."""


@dataclass(frozen=True)
class Named:
    """The parts of the name of a folder in the exchange."""

    student: str
    assignment: str
    timestamp: str


def read_name(name: str, assignments: Collection[str]) -> Named:
    """The parts of a folder's name: `student+assignment+time`, with or without random letters.

    The student and the time may contain plus signs themselves, so the name is split at an
    assignment of the course: the last one that a time follows.

    Args:
        name: the folder's name.
        assignments: the course's assignments.

    Raises:
        NotTaken: it is not such a name, or the assignment is not the course's.
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
    """The parts of the name, for each place where the assignment stands in it."""
    at = name.find(f"+{assignment}+")
    while at >= 0:
        yield Named(name[:at], assignment, _time_of(name[at + len(assignment) + 2 :]))
        at = name.find(f"+{assignment}+", at + 1)


def _time_of(rest: str) -> str:
    """The time at the end of a name, without random letters; empty if there is none."""
    head, _, tail = rest.rpartition("+")
    text = rest if not head or _OFFSET.fullmatch(tail) else head
    try:
        parse_time(text)
    except ValueError:
        return ""
    return text


def may_be_student(name: str) -> bool:
    """Whether a student may have that name: every folder, pattern and page must accept it."""
    return not why_no_student(name) and _STUDENT.fullmatch(name) is not None


def _require_student(student: str) -> None:
    if not may_be_student(student):
        raise NotTaken(
            f"{ascii(student)[:80]} cannot be the name of a student: 1 to 64 letters, digits and "
            'signs, none of them one of / * ? [ ] < > ", no dot, hyphen or blank in front'
        )


def shown(name: str) -> str:
    """The name of a folder in the exchange, fit for a log.

    The part after the last plus sign is left out: its random letters keep others from opening the
    folder.
    """
    head, _, tail = name.rpartition("+")
    if not head:
        return "a folder whose name holds no plus sign, or nothing in front of it"
    return ascii(name if _DATE.match(tail) else head)[:200]
