"""What the platform is to have, and who is who there; read anew whenever it may have changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from autograder.gradebook.book_marks import BookMark, Key
from autograder.lms.marks import marks_of
from autograder.lms.matching import match
from autograder.lms.scores import Platform
from autograder.service.store.attempt import Attempt, Fate
from autograder.service.store.outbox import Cell, Outbox, Wanted


@dataclass(frozen=True)
class Source:
    """Where marks come from, and what students may see of them."""

    book: Callable[[], Mapping[Key, BookMark]]
    """The gradebook's marks; the same object while nothing changes."""
    attempts: Callable[[], Collection[Attempt]]
    version: Callable[[], int]
    """A number that grows with each change of the attempts."""
    shown: Callable[[str, str], str]
    """What a student may see of an assignment now: `feedback`, `marks` or `nothing`."""


def wanted_marks(source: Source, by_notebook: bool, now: float) -> dict[Cell, Wanted]:
    """What the platform is to have now; nothing that students may not see yet."""
    counting = {
        (one.student, one.assignment): one for one in source.attempts() if one.counts and one.placed
    }
    withheld = {
        (*place, notebook)
        for place, attempt in counting.items()
        for notebook, fate in attempt.fates
        if fate is Fate.WITHHELD
    }
    found: dict[Cell, Wanted] = {}
    for (student, item), mark in marks_of(source.book(), withheld, by_notebook).items():
        if mark.max_score <= 0 or source.shown(item.assignment, student) == "nothing":
            continue
        attempt = counting.get((student, item.assignment))
        arrived = now if attempt is None else attempt.arrived.timestamp()
        found[student, str(item)] = Wanted(mark.score, mark.max_score, mark.waits, arrived)
    return found


@dataclass
class Roster:
    """Who is who on the platform."""

    users: Mapping[str, str] = field(default_factory=dict)
    """The platform's identifier of each student."""
    students: Mapping[str, str] = field(default_factory=dict)
    """Students who are not on the platform, and why."""
    others: Mapping[str, str] = field(default_factory=dict)
    """Members of the platform who are no student here, and why."""


def read_roster(platform: Platform, outbox: Outbox, by: str) -> Roster:
    """Match the gradebook's students with the platform's members.

    Raises:
        PlatformAway, Refused: the platform does not tell them.
    """
    members = platform.members()

    def words(number: int) -> str:
        one = members[number]
        return " · ".join(part for part in (one.name, one.email, one.user) if part)

    matched = match(outbox.people(), [one.known_by(by) for one in members], by, words)
    users = {student: members[number].user for student, number in matched.pairs.items()}
    return Roster(users, matched.students, {words(n): why for n, why in matched.others.items()})
