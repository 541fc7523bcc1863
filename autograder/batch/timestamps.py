"""When a submission arrived: the time in its `timestamp.txt`, or why that says nothing.

The file is written by the student's own process, so it is believed only as far as lateness goes,
and what cannot be read is told to the instructor: it would count as in time.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dateutil import parser, tz  # type: ignore[import-untyped]

from autograder.sandbox.beneath import Absent, Unreadable
from autograder.sandbox.reading import inspect_folder, read_bytes

NAME = "timestamp.txt"
MOST_MIB = 0.001
"""What a time takes is far below."""
AHEAD = timedelta(hours=1)
"""How far a student's clock may be ahead."""
_DEFAULTS = (datetime(1999, 1, 2), datetime(2004, 5, 6))
"""What a text leaves out is taken from these; if they give different times, it is incomplete."""

_ZONE = re.compile(r"(?P<rest>.*\d) (?P<zone>[A-Za-z]{3,}(?:[/_+-][A-Za-z0-9]+)*)")
_NAMED = "TZ"
"""Stands for the zone that a text names, while it is parsed."""


@dataclass(frozen=True)
class Arrival:
    """When a submission arrived, as its `timestamp.txt` says."""

    time: datetime | None = None
    """In UTC, without time zone; None where it is not known."""
    content: bytes = b""
    """The file, as far as it may be copied."""
    problem: str = ""
    """What is wrong with the file, in words; empty where it is well, or where there is none."""


def read_arrival_time(folder: Path, place: str, now: datetime | None = None) -> Arrival:
    """When a submission arrived. A submission without the file has no time, and that is no fault.

    Args:
        folder: is trusted; everything beneath it is not.
        place: the submission's folder, as a path below it.
        now: the present, in UTC; the clock's by default.
    """
    try:
        inspect_folder(folder, place, 0)
    except Unreadable:
        return Arrival()  # Its notebooks say so.
    try:
        content = read_bytes(folder, f"{place}/{NAME}", MOST_MIB)
    except Absent:
        return Arrival()
    except Unreadable as reason:
        return Arrival(problem=f"{reason}; the submission counts as in time")
    try:
        time, problem = parse_time(content.decode("utf-8-sig"))
    except ValueError:
        return Arrival(None, content, "it holds no date and time; the submission counts as in time")
    latest = (now or datetime.now(UTC)).replace(tzinfo=None) + AHEAD
    if time > latest:
        problem = "its time lies in the future; somebody should check when this was submitted"
    return Arrival(time, content, problem)


def parse_time(text: str) -> tuple[datetime, str]:
    """A time as nbgrader writes it, or in any form that it reads, in UTC; and what is odd about it.

    Numeric offsets (`+0200`, `+02:00`) and the names of time zones are understood; without either
    it is UTC.

    Raises:
        ValueError: the text is not a whole date and time.
    """
    text, zone = text.strip(), None
    named = _ZONE.fullmatch(text)
    if named and (zone := tz.gettz(named["zone"])) is not None:
        text = f"{named['rest']} {_NAMED}"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", parser.UnknownTimezoneWarning)
        try:
            first, second = (
                parser.parse(text, default=one, tzinfos={_NAMED: zone}) for one in _DEFAULTS
            )
        except (ArithmeticError, AttributeError, LookupError, TypeError) as error:
            raise ValueError("it is no date") from error  # So the library tells of odd texts.
    if first != second:
        raise ValueError("the date is not complete")
    if first.tzinfo is not None:
        try:
            return first.astimezone(UTC).replace(tzinfo=None), ""
        except OverflowError as error:
            raise ValueError("it is no date in UTC") from error
    return (
        first,
        "it names a time zone that is not known here; it was read as UTC" if caught else "",
    )
