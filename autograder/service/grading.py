"""The grading service of one course: what pages, health checks and the command line talk to.

It runs threads: one takes in what arrives, some grade, each with a worker process, and one writes
the gradebook and releases feedback. They pass work to each other through the store alone, so each
continues while another one cannot; `coordination` only wakes them and keeps what fails now.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from contextlib import closing
from datetime import datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from autograder.batch.writer import Change
from autograder.course.model import Course
from autograder.course.private_places import private_places
from autograder.feedback import feedback_page
from autograder.gradebook.gradebook import Gradebook, open_gradebook
from autograder.sandbox.doctor import strongest
from autograder.sandbox.inside.policy import Tier
from autograder.service.settings import Service, inbound_folder, read_settings
from autograder.service.store.attempts import Attempt, Attempts, State
from autograder.service.store.marks import Snapshot
from autograder.service.words import aside
from autograder.service.workers.coordination import Coordination
from autograder.service.workers.grader_thread import GraderThread
from autograder.service.workers.inbox import SETTLE_S, Inbox, Notices
from autograder.service.workers.live_course import LiveCourse
from autograder.service.workers.presence import Presence
from autograder.service.workers.publisher import Publisher, manual_of
from autograder.service.workers.regrade import Regrading

log = logging.getLogger("autograder.service")

GRACE_S = 2.5
"""How long gradings may take to end when the service does; a hub may kill it after five seconds."""
FEW_MIB = 64
"""Less free disk than this is told as a fault."""


class GradingService:
    """Grades a course's submissions as they arrive.

    Args:
        course: the course, built.
        settings: its settings, if not those of its `course_config.py`.
        tier: the tier of isolation; the strongest that holds by default.

    Raises:
        CourseError: a setting cannot be, or the gradebook cannot be opened.
    """

    def __init__(
        self, course: Course, settings: Service | None = None, tier: Tier | None = None
    ) -> None:
        self._current = LiveCourse(course)
        self.settings = settings or read_settings(course)
        with open_gradebook(course) as book:  # nbgrader makes the database, where there is none.
            due = book.due_dates()
        self.attempts = Attempts(course.database, self.settings.rules, self.settings.busy_s)
        self._coordination = Coordination()
        inbound = inbound_folder(course)
        self._inbox = Inbox(self._current, self.settings, self.attempts, inbound)
        self._publisher = Publisher(
            self._current, self.settings, self.attempts, self._coordination, self.visible
        )
        self._publisher.due = due
        self._regrading = Regrading(
            self._current, self.settings, self.attempts, self._publisher.write_lock
        )
        self._graders: list[GraderThread] = []
        self._threads: list[threading.Thread] = []
        self._presence = Presence(course.root)
        self._tier = tier
        self._arrived = threading.Event()

    @property
    def course(self) -> Course:
        """The course as it is now."""
        return self._current.read()

    def start(self) -> None:
        """Begin to take in and to grade.

        Raises:
            NoJail: no tier of isolation that the course admits holds here.
        """
        self._tier = self._tier_now()
        self._presence.show()
        shared = (self.course.root, self._tier, self.settings, self.attempts, self._coordination)
        self._graders = [
            GraderThread(f"{self._presence.name}.{number}", *shared)
            for number in range(self.settings.workers or os.cpu_count() or 1)
        ]
        watching = threading.Thread(target=self._watch, name="inbox", daemon=True)
        self._threads = [watching, self._publisher, *self._graders]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End; what is being graded and does not end soon waits for the next start."""
        self._coordination.stop()
        self._arrived.set()
        ends = time.monotonic() + GRACE_S
        for thread in self._threads:
            thread.join(max(ends - time.monotonic(), 0.0))
        for grader in self._graders:
            try:
                grader.give_back()
            except SQLAlchemyError as error:
                log.warning("a lease has to run out: %s", type(error).__name__)
        self.attempts.close()
        self._presence.close()

    def _watch(self) -> None:
        """Take in what arrives, until the service ends."""
        changed = self._arrived
        notices = Notices(self._inbox.inbound, changed)
        try:
            while not self._coordination.stopped:
                changed.clear()
                with self._coordination.watched("looking after other services"):
                    self._free_of_the_dead()
                with self._coordination.watched("reading the exchange"):
                    notices.follow()
                    if self._inbox.scan():
                        self._coordination.wake()
                if changed.wait(self.settings.poll_s):
                    self._coordination.pause(SETTLE_S)
        finally:
            notices.close()

    def wake(self) -> None:
        """Let the threads look for work now, since something was decided."""
        self._coordination.wake()

    def _free_of_the_dead(self) -> None:
        """Take up at once what services held that are dead."""
        for service in self._presence.dead():
            held = self.attempts.free(service)
            log.warning("another service of this course died over %d attempts", held)
            self._coordination.wake()

    def status(self) -> dict[str, Any]:
        """What is so now, without names or paths.

        Returns:
            `ok`, and what it is made of: `database`, `exchange` and `disk` (free MiB; null where
            it cannot be read), `workers` (alive and wanted), `queue`, `running`, `incomplete`,
            `not_in_gradebook`, and `faults`: what fails now, by activity, its kind and since when.
        """
        found: dict[str, Any] = {"database": True}
        try:
            queue = self.attempts.queue()
            found["running"] = sum(one.state is State.RUNNING for one in queue)
            found["queue"] = len(queue)
            found["not_in_gradebook"] = len(self.attempts.to_place())
        except SQLAlchemyError:
            found |= {"database": False, "queue": None, "running": None}
        found["exchange"] = os.access(self._inbox.inbound, os.R_OK | os.X_OK)
        try:
            found["disk"] = shutil.disk_usage(self.course.root).free >> 20
        except OSError:
            found["disk"] = None
        alive = sum(thread.is_alive() for thread in self._threads)
        found["workers"] = {
            "alive": sum(one.is_alive() for one in self._graders),
            "wanted": len(self._graders),
        }
        found["incomplete"] = len(self._inbox.incomplete)
        found["faults"] = [
            {"activity": activity.partition(":")[0], "kind": kind, "since": since}
            for activity, (kind, since) in self._coordination.faults.items()
        ]
        runs = bool(self._threads) and alive == len(self._threads)
        warm_worker = found["disk"] is not None and found["disk"] >= FEW_MIB
        whole = found["database"] and found["exchange"] and not found["faults"]
        return {"ok": bool(runs and warm_worker and whole), **found}

    def due(self, assignment: str, student: str = "") -> datetime | None:
        """When an assignment is due, with a student's extension, if one is named; UTC."""
        dates = self._publisher.due
        return dates.get((student, assignment), dates.get(("", assignment)))

    def marks(self) -> Snapshot:
        """The gradebook's marks as they are now, or were a moment ago.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the gradebook cannot be read.
        """
        return self._publisher.marks.now()

    def visible(self, attempt: Attempt, now: datetime) -> str:
        """What its student may see of an attempt: `feedback`, `marks` or `nothing`."""
        due = self.due(attempt.assignment, attempt.student)
        over = due is not None and now >= due
        return str(self.settings.after_due if over else self.settings.before_due)

    def feedback_html(
        self, attempt_id: int, notebook: str, back: str = "", lab: str = ""
    ) -> str | None:
        """The feedback page on one notebook of an attempt, as it would be released now.

        Args:
            attempt_id: which attempt.
            notebook: which of its notebooks.
            back: where the page leads back to; nowhere when empty.
            lab: where JupyterLab opens the notebook; no link when empty.

        Returns:
            The page; None where there is none.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database cannot be read now.
        """
        attempt = self.attempts.get(attempt_id)
        reports = [] if attempt is None else self.attempts.reports(attempt_id)
        report = next((one for one in reports if one.notebook == notebook), None)
        if attempt is None or report is None:
            return None
        course = self.course
        with closing(Gradebook(course)) as book:
            manual = manual_of(book, attempt, report)
        return feedback_page(
            report,
            student=attempt.student,
            course=course.title,
            manual=manual,
            back=back,
            lab=lab,
            aside=aside(attempt),
        )

    def preview_regrade(self, assignment: str, student: str = "") -> list[Change]:
        """What grading an assignment again would change in the marks; nothing is written.

        Args:
            assignment: which.
            student: the student's name; empty for everybody.

        Raises:
            AutograderError: the course cannot be graded by as it is now.
        """
        return self._regrading.preview(assignment, student, self._tier_now())

    def regrade(self, assignment: str, student: str = "") -> list[Change]:
        """Grade again and write what changes; arguments and errors as for `preview_regrade`."""
        changes = self._regrading.apply(assignment, student, self._tier_now())
        self._coordination.wake()
        return changes

    def _tier_now(self) -> Tier:
        if self._tier is not None:
            return self._tier
        private = private_places(self.course)
        return strongest(self.course.require, self.course.limits, private=private)
