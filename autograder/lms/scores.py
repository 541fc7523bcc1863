"""What is told to a platform and heard from it, whatever protocol carries it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from autograder.lms.marks import Item
from autograder.lms.platforms import EMAIL, LOGIN


class PlatformAway(Exception):
    """The platform cannot be reached, or serves nothing now; later it may."""


class Refused(Exception):
    """The platform does not take this request, whatever it does with others."""


class Stale(Exception):
    """The platform has a mark that is not older."""


@dataclass(frozen=True)
class Member:
    """One member of the course on the platform."""

    user: str
    """The platform's identifier."""
    name: str
    email: str
    number: str
    """The institution's identifier (`lis_person_sourcedid`)."""

    def known_by(self, by: str) -> tuple[str, ...]:
        """What a student of the gradebook may be known by here."""
        if by == EMAIL:
            return (self.email,)
        return (self.email, self.user) if by == LOGIN else (self.number, self.user)


@dataclass(frozen=True)
class Score:
    """A mark as it is sent."""

    user: str
    points: float | None
    """None: there is no mark yet, a person has to give it."""
    most: float
    stamp: float
    """Seconds since 1970; a platform keeps the latest."""
    comment: str


class Platform(Protocol):
    """A platform that takes marks, as `lti.LtiPlatform` does; methods raise the faults above."""

    def members(self) -> list[Member]:
        """The members of the course who are active."""

    def line_item(self, item: Item, most: float) -> str:
        """The address of our column, made where there is none."""

    def send(self, line_item: str, score: Score) -> None:
        """Send a mark."""

    def result(self, line_item: str, user: str) -> tuple[float, float] | None:
        """The points that the platform shows, and of how many; None without a mark."""
