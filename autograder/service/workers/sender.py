"""Brings the gradebook's marks to the platform, by LTI 1.3.

Three steps, again and again: note in the outbox what the gradebook says now, find out who is who on
the platform, and send what waits. Each step begins from what is stored, so it does not matter when
this process dies. One service of a course sends; the file lock of a dead one is free at once.

A mark is sent once for each change. When a request may have arrived although no answer came, the
platform is asked what it has before the mark is sent again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection
from urllib.parse import quote

from autograder.lms.marks import Item
from autograder.lms.scores import Platform, PlatformAway, Refused, Score, Stale
from autograder.lms.settings import Lti
from autograder.service.store.outbox import STEP_S, Letter, Outbox
from autograder.service.workers.sent_marks import Roster, Source, read_roster, wanted_marks

ROSTER_S, ASK_AGAIN_S = 600.0, 60.0
"""Seconds after which the platform's members are read again; the second, when one is unknown."""
LOOK_S = 30.0
"""Seconds after which the gradebook is looked at even if nothing seems to have changed there."""
BATCH = 200
"""Marks that are sent before the gradebook is looked at again."""
FIRST_WAIT_S = 1.0
"""The first pause after a failure; each further one is twice as long."""
NEAR = 0.00501
"""Points that differ by less are the same: platforms round."""
UNKNOWN = "no member of the course on the platform"
KEEPS = "the platform keeps a mark that is not older, and not ours"


class Sender:
    """Sends what waits in the outbox.

    Args:
        settings: how the platform is reached.
        outbox: the course's.
        platform: the platform.
        source: where marks come from.
        stopped: whether to end soon.
    """

    def __init__(
        self,
        settings: Lti,
        outbox: Outbox,
        platform: Platform,
        source: Source,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._settings, self._outbox, self._platform = settings, outbox, platform
        self._source, self._stopped = source, stopped
        self._roster = Roster()
        self._asked_s = self._looked_s = float("-inf")
        self._seen: tuple[object, int] | None = None
        self._away_tries = 0
        self.away = ""
        """Why the platform serves nobody now; empty while it does."""
        self.try_at = float("-inf")
        """When it is asked again, by the monotonic clock."""

    def step(self) -> bool:
        """Note what is new, and send what is due; whether there is more to do at once."""
        self._note()
        if time.monotonic() < self.try_at:
            return False
        due = self._outbox.letters(due=time.time(), most=BATCH)
        if not due:
            return False
        try:
            self._know({letter.student for letter in due})
            again = self._send(due)
        except (PlatformAway, Refused) as fault:
            self._wait(fault)
            return False
        return again or len(due) == BATCH

    def _note(self) -> None:
        """Note in the outbox what the gradebook says, if it may say something new."""
        book, version = self._source.book(), self._source.version()
        same = self._seen is not None and self._seen[0] is book and self._seen[1] == version
        if same and time.monotonic() - self._looked_s < LOOK_S:
            return
        now = time.time()
        self._outbox.want(wanted_marks(self._source, self._settings.notebooks, now), now)
        self._seen, self._looked_s = (book, version), time.monotonic()

    def _know(self, students: set[str]) -> None:
        """Read the platform's members, where they are old or one of the students is unknown."""
        known = students <= self._roster.users.keys()
        if time.monotonic() - self._asked_s < (ROSTER_S if known else ASK_AGAIN_S):
            return
        self._roster = read_roster(self._platform, self._outbox, self._settings.match)
        self._asked_s = time.monotonic()

    def _send(self, due: Collection[Letter]) -> bool:
        """Send these; whether one of them has to be looked at again.

        Raises:
            PlatformAway: the platform serves nobody now.
        """
        again = False
        for letter in due:
            if self._stopped():
                return False
            user = self._roster.users.get(letter.student)
            try:
                if user is None:
                    raise Refused(self._roster.students.get(letter.student, UNKNOWN))
                again |= not self._deliver(letter, user)
            except (Refused, PlatformAway) as fault:
                pause_s = min(FIRST_WAIT_S * 2.0**letter.tries, self._settings.longest_wait_s)
                self._outbox.failed(letter, str(fault), time.time() + pause_s)
                if isinstance(fault, PlatformAway):
                    raise
            else:
                self.away, self._away_tries = "", 0
        return again

    def _wait(self, fault: Exception) -> None:
        """Leave the platform alone for a while, each time for longer; not all services at once."""
        pause_s = min(FIRST_WAIT_S * 2.0**self._away_tries, self._settings.longest_wait_s)
        self.away, self._away_tries = str(fault), min(self._away_tries + 1, 20)
        self.try_at = time.monotonic() + pause_s * (0.5 + random.random() / 2)

    def _deliver(self, letter: Letter, user: str) -> bool:
        """Send one mark; whether that is settled."""
        address = self._platform.line_item(Item.of(letter.item), letter.most)
        if letter.uncertain:
            if letter.score is not None and self._has(address, user, letter.score, letter.most):
                self._outbox.arrived(letter)
                return True
            # The gradebook may say something else by now.
            self._outbox.not_there(letter)
            self._seen = None
            return False
        try:
            self._post(address, user, letter, letter.stamp)
        except Stale:
            self._settle(address, user, letter)
        else:
            self._outbox.arrived(letter)
        return True

    def _post(self, address: str, user: str, letter: Letter, stamp: float) -> None:
        comment = self._comment(letter)
        self._outbox.begin(letter, stamp)
        try:
            self._platform.send(address, Score(user, letter.score, letter.most, stamp, comment))
        except Refused:
            self._outbox.not_there(letter)
            raise

    def _settle(self, address: str, user: str, letter: Letter) -> None:
        """The platform has a mark that it takes for newer: is it ours?"""
        try:
            found = self._platform.result(address, user)
        except Refused:
            self._outbox.arrived(letter, fault=KEEPS)
            return
        if _same(found, letter.score, letter.most):
            self._outbox.arrived(letter)
            return
        if found is not None and not _same(found, letter.sent_score, letter.sent_most):
            self._outbox.arrived(letter, fault=KEEPS)
            return
        try:
            # What it has is our own, earlier mark, stamped by its clock when it came.
            self._post(address, user, letter, max(time.time(), letter.stamp + STEP_S))
        except Stale:
            self._outbox.arrived(letter, fault=KEEPS)
        else:
            self._outbox.arrived(letter)

    def _has(self, address: str, user: str, score: float, most: float) -> bool:
        """Whether the platform shows a mark; False where it does not tell."""
        try:
            return _same(self._platform.result(address, user), score, most)
        except Refused:
            return False

    def _comment(self, letter: Letter) -> str:
        """What the student reads beside the mark."""
        assignment = Item.of(letter.item).assignment
        words = "A person will give this mark." if letter.score is None else ""
        base = self._settings.service_url.rstrip("/")
        if base and self._source.shown(assignment, letter.student) == "feedback":
            words = f"{words} Feedback: {base}/assignments/{quote(assignment)}".strip()
        return words


def _same(found: tuple[float, float] | None, score: float | None, most: float | None) -> bool:
    """Whether what a platform shows is a mark of ours, in whatever points."""
    if found is None or score is None or not most:
        return False
    points, of = found
    return abs(points * most / of - score) < NEAR
