"""Graders: each leases one attempt after the other and grades it in a warm worker of its own.

An error in a student's code becomes part of a report. A fault of the machine (no disk, no database,
no sandbox) or of the course puts the attempt back without counting a try. Any other fault counts,
and after a few of them the attempt needs review.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from autograder.errors import AutograderError, CourseError, NoJail
from autograder.report import Report
from autograder.sandbox.inside.policy import Tier
from autograder.service.settings import Service
from autograder.service.store.attempts import Attempt, Attempts, State
from autograder.service.store.tables import is_away
from autograder.service.workers.coordination import Coordination
from autograder.service.workers.live_course import course_stamp
from autograder.service.workers.warm_worker import WarmWorker, outcome

log = logging.getLogger("autograder.service")

LATER = 5.0
"""Polls until an attempt that a fault put back is taken up again."""
LEFT_OUT = 15.0
"""Polls until an assignment with unusable suites is tried again."""


class GraderThread(threading.Thread):
    """A thread that grades; a second thread renews its leases.

    Args:
        name: a name that no other grader of this service or another has.
        root: the course's folder.
        tier: the tier of isolation to use.
        settings: the course's settings.
        attempts: the store.
        coordination: of the service.
    """

    def __init__(
        self,
        name: str,
        root: Path,
        tier: Tier,
        settings: Service,
        attempts: Attempts,
        coordination: Coordination,
    ) -> None:
        self.holder = name
        super().__init__(name=self.holder, daemon=True)
        self._root, self._tier = root, tier
        self._settings, self._attempts, self._coordination = settings, attempts, coordination
        self._warm_worker: WarmWorker | None = None
        self._apart = False
        """Whether a worker serves one assignment only, since the suites of some are at fault."""
        self._left_out: set[str] = set()
        """Assignments that cannot be graded with the course as it is."""
        self._stamp: object = None
        self._again_s = 0.0
        self._held: int | None = None

    def run(self) -> None:
        """Grade until the service ends."""
        threading.Thread(target=self._keep_leases, name=f"{self.name}-lease", daemon=True).start()
        while not self._coordination.stopped:
            # Read before looking for work: a wake-up from now on ends the wait below at once.
            seen = self._coordination.count()
            found = False
            with self._coordination.watched("opening the course"):
                self._open_worker()
            with self._coordination.watched("taking the next attempt"):
                found = (self._warm_worker is not None or self._apart) and self._next()
            if not found:
                self._coordination.wait(seen, self._settings.poll_s)
        self._close_worker()

    def give_back(self) -> None:
        """Let another service have the attempt that is being graded, when this one ends."""
        held = self._held
        if held is not None:
            self._attempts.give_back(held, self.holder, counted=False)

    def _open_worker(self) -> None:
        """Have a worker for all assignments, unless they are graded apart.

        Raises:
            CourseError: the course contradicts itself.
        """
        self._close_stale_worker()
        if self._warm_worker is None and not self._apart:
            self._warm_worker = WarmWorker(self._root, self._tier)

    def _worker_for(self, assignment: str) -> WarmWorker:
        """The worker that grades an assignment.

        Raises:
            CourseError: the course contradicts itself, or the assignment is not built.
        """
        self._close_stale_worker()
        if (
            self._apart
            and self._warm_worker is not None
            and not self._warm_worker.serves(assignment)
        ):
            self._close_worker()
        if self._warm_worker is None:
            self._warm_worker = WarmWorker(
                self._root, self._tier, assignment if self._apart else ""
            )
        if not self._warm_worker.serves(assignment):
            raise CourseError(f"{assignment}: not built yet; run: autograder build")
        return self._warm_worker

    def _close_stale_worker(self) -> None:
        if self._warm_worker is not None and not self._warm_worker.fresh:
            self._close_worker()
        self._follow_course()

    def _follow_course(self) -> None:
        """Try assignments again when the course has changed, or after some time."""
        if not (self._apart or self._left_out):
            return
        stamp, now = course_stamp(self._root), time.monotonic()
        # Only a changed course may work as a whole again; time alone may cure one assignment.
        if stamp != self._stamp:
            self._apart = False
        if stamp != self._stamp or now >= self._again_s:
            self._left_out.clear()
            self._stamp = stamp
            self._again_s = now + LEFT_OUT * self._settings.poll_s

    def _close_worker(self) -> None:
        warm_worker, self._warm_worker = self._warm_worker, None
        if warm_worker is not None:
            warm_worker.close()

    def _next(self) -> bool:
        """Grade the next attempt; False if none was waiting."""
        attempt = self._attempts.lease(self.holder, self._settings.lease_s, self._left_out)
        if attempt is None:
            return False
        self._held = attempt.id
        try:
            # An activity per assignment: its fault stays reported while others are graded.
            with self._coordination.watched(f"grading: {attempt.assignment}"):
                self._settle(attempt)
        finally:
            self._held = None
            self._coordination.wake()
        return True

    def _settle(self, attempt: Attempt) -> None:
        """Grade an attempt and store the result, or put the attempt back."""
        try:
            reports = self._grade(attempt)
            fresh = self._warm_worker is not None and self._warm_worker.fresh
        except (NoJail, OSError, SQLAlchemyError):
            # The machine is at fault: every attempt would fail the same way.
            self._put_back(attempt, LATER, counted=False)
            raise
        except AutograderError:
            # The course is at fault: the attempt waits until that has changed, or for some time.
            self._leave_out(attempt.assignment)
            self._put_back(attempt, 0.0, counted=False)
            raise
        except Exception:
            # Nobody knows: the attempt itself may be the reason, so it does not get endless tries.
            self._close_worker()
            self._put_back(attempt, LATER, counted=True)
            raise
        if fresh:
            self._write_down(attempt, reports)
        else:
            # The course changed meanwhile, and everything may have been graded again.
            self._put_back(attempt, 0.0, counted=False)

    def _write_down(self, attempt: Attempt, reports: Sequence[Report]) -> None:
        """Finish an attempt, as soon as the database can be written to."""
        state, reason = outcome(reports)
        while not self._coordination.stopped:
            with self._coordination.watched("writing a mark"):
                try:
                    if not self._attempts.finish(attempt.id, self.holder, state, reports, reason):
                        log.warning("attempt %d was given to another grader meanwhile", attempt.id)
                    return
                except Exception as error:
                    if isinstance(error, SQLAlchemyError) and is_away(error):
                        raise  # `watched` records it, and the loop tries again.
                    log.exception("attempt %d cannot be written down", attempt.id)
                    self._put_back(attempt, LATER, counted=True)
                    return
            self._coordination.pause(self._settings.poll_s)

    def _grade(self, attempt: Attempt) -> list[Report]:
        warm_worker = self._worker_for(attempt.assignment)
        tasks = warm_worker.tasks(attempt, self._alike(attempt))
        if attempt.tries > self._settings.tries:
            log.error(
                "attempt %d was begun %d times without a result", attempt.id, attempt.tries - 1
            )
            return warm_worker.give_up(tasks)
        try:
            return warm_worker.grade(tasks)
        except (NoJail, OSError):
            self._close_worker()
            raise
        except AutograderError as error:
            self._close_worker()
            if self._apart:
                raise
            # One bad suite stops a worker for all assignments: try this assignment by itself.
            log.warning("assignments are graded apart: %s", error)
            self._apart, self._stamp = True, warm_worker.stamp
        return self._worker_for(attempt.assignment).grade(tasks)

    def _leave_out(self, assignment: str) -> None:
        """Leave an assignment out until the course has changed, or for some time."""
        if not self._left_out:
            self._stamp = course_stamp(self._root)
            self._again_s = time.monotonic() + LEFT_OUT * self._settings.poll_s
        self._left_out.add(assignment)

    def _alike(self, attempt: Attempt) -> list[Report]:
        """Reports on the same work submitted earlier: equal work gets the same inputs and mark."""
        same = [
            one
            for one in self._attempts.of(attempt.student, attempt.assignment)
            if one.key == attempt.key and one.state is State.DONE
        ]
        return self._attempts.reports(same[0].id) if same else []

    def _put_back(self, attempt: Attempt, polls: float, counted: bool) -> None:
        later_s = polls * self._settings.poll_s
        try:
            self._attempts.give_back(attempt.id, self.holder, later_s=later_s, counted=counted)
        except SQLAlchemyError:
            log.warning("attempt %d waits for its lease to run out", attempt.id)

    def _keep_leases(self) -> None:
        """Renew the lease of the attempt that is being graded, in good time."""
        while not self._coordination.stopped:
            held, began = self._held, time.monotonic()
            # Without an attempt this succeeds, so that no fault outlives the attempt it was about.
            with self._coordination.watched("keeping leases"):
                if held is not None:
                    self._attempts.renew(held, self.holder, self._settings.lease_s)
            spent_s = time.monotonic() - began
            self._coordination.pause(max(self._settings.lease_s / 4 - spent_s, 0.05))
