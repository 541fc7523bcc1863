"""Every attempt of every student, durably: what arrived, what is being graded, what came of it.

The grader of an attempt holds a lease on it. When a lease expires because its holder died, the
attempt waits again; a holder whose attempt went to another grader can no longer write. So nothing
is lost and nothing counts twice, no matter which process is killed.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from autograder.report import Report
from autograder.service.store import arrivals, requests, rulings, tables
from autograder.service.store.attempt import FINISHED, Attempt, Rules, Ruling, State, attempt_of
from autograder.service.store.attempt_reader import AttemptReader
from autograder.service.store.leases import held, in_order, ready
from autograder.service.store.tables import attempts as table
from autograder.service.store.tables import change

__all__ = ["FINISHED", "Attempt", "Attempts", "Rules", "State"]

MOST_REASON = 4_000
"""Characters of a reason that are kept."""


class Attempts(AttemptReader):
    """The store of attempts; safe for several threads and several processes.

    Every method may raise SQLAlchemy's errors while the database cannot be reached, and has then
    changed nothing.
    """

    def arrive(
        self,
        source: str,
        student: str,
        assignment: str,
        *,
        arrived: datetime,
        key: str = "",
        timestamp: str = "",
        folder: str = "",
        secret: str = "",
        refused: str = "",
    ) -> tuple[Attempt, bool]:
        """Take in what arrived, once, however often it arrives and under whatever name.

        Every submission has a secret of its own. Who has it already is the same submission, renamed
        or copied; another student's is refused, since feedback is found by the secret.

        Args:
            source: its name in the exchange, which no other submission has.
            student: the student's name.
            assignment: the assignment that it was submitted to.
            arrived: when, by the server's clock, with time zone.
            key: hash of the notebooks.
            timestamp: what nbgrader wrote.
            folder: of our copy, beneath the course's root.
            secret: hash of nbgrader's secret, which no other submission has.
            refused: why it is not taken in; empty where it is.

        Returns:
            The attempt, and whether it is a new one.
        """
        known = self._by_source(source)
        if known is not None:
            return known, False
        told: dict[str, Any] = {"source": source, "student": student, "assignment": assignment}
        told |= {"key": key, "arrived": arrived.timestamp(), "timestamp": timestamp}
        with change(self._engine) as db:
            return arrivals.enter(db, told, folder, secret, _kept(refused), self._rules)

    def note_secrets(self, found: Mapping[int, str]) -> None:
        """Note the hashes of secrets by attempt; the earliest of several with one hash has it."""
        with change(self._engine) as db:
            for attempt_id, secret in sorted(found.items()):
                if arrivals.with_secret(db, secret) is None:
                    arrivals.note_secret(db, secret, attempt_id)

    def lease(self, owner: str, lease_s: float, leave_out: Collection[str] = ()) -> Attempt | None:
        """The attempt to be graded next, for `owner` alone until the lease runs out.

        Args:
            owner: a name that no other grader has.
            lease_s: how long; see `renew`.
            leave_out: assignments that this grader does not grade.

        Returns:
            The attempt, `tries` counted up; None when nothing waits.
        """
        now = time.time()
        wanted = ready(now) & table.c.assignment.not_in(leave_out)
        with self._engine.connect() as db:
            if db.scalar(select(func.count()).where(wanted)) == 0:
                return None
        with change(self._engine) as db:
            order = in_order(db, now, wanted)
            if not order:
                return None
            row = order[0]
            started = {"started": now, "lease_until": now + lease_s, "tries": row.tries + 1}
            query = update(table).where(table.c.id == row.id)
            db.execute(query.values(state=State.RUNNING, owner=owner, **started))
            return attempt_of(db.execute(select(table).where(table.c.id == row.id)).one())

    def renew(self, attempt_id: int, owner: str, lease_s: float) -> bool:
        """Hold a lease for longer, from now on; False when it is another's by now.

        Nothing changes that anybody is shown, so the version stays.
        """
        query = update(table).where(held(attempt_id, owner))
        with self._engine.begin() as db:
            return db.execute(query.values(lease_until=time.time() + lease_s)).rowcount == 1

    def free(self, service: str) -> int:
        """Let what the graders of a dead service hold be taken up at once; returns how many."""
        its_own = table.c.owner.startswith(f"{service}.", autoescape=True)
        query = update(table).where(its_own & (table.c.state == State.RUNNING))
        with change(self._engine) as db:
            return db.execute(query.values(lease_until=0.0)).rowcount

    def give_back(
        self, attempt_id: int, owner: str, *, later_s: float = 0.0, counted: bool = True
    ) -> bool:
        """Let an attempt wait again.

        Args:
            attempt_id: which.
            owner: who holds it.
            later_s: how long nobody should take it up.
            counted: whether this try counts; not where a fault of the machine ended it.
        """
        with change(self._engine) as db:
            query = update(table).where(held(attempt_id, owner))
            tries = table.c.tries if counted else table.c.tries - 1
            waits = {"not_before": time.time() + later_s, "owner": "", "tries": tries}
            return db.execute(query.values(state=State.WAITING, **waits)).rowcount == 1

    def finish(
        self,
        attempt_id: int,
        owner: str,
        state: State,
        reports: Sequence[Report],
        reason: str = "",
    ) -> bool:
        """Write down what came of an attempt; False when it is another's by now.

        Args:
            attempt_id: which.
            owner: who holds it.
            state: DONE or NEEDS_PERSON.
            reports: one for each notebook.
            reason: why a person should look, for instructors.
        """
        with change(self._engine) as db:
            query = update(table).where(held(attempt_id, owner)).values(owner="")
            if db.execute(query).rowcount != 1:
                return False
            db.execute(update(table).where(table.c.id == attempt_id).values(finished=time.time()))
            self._write(db, attempt_id, state, reports, reason)
        return True

    def replace_reports(
        self,
        attempt_id: int,
        state: State,
        reports: Sequence[Report],
        reason: str = "",
        by: str = "",
    ) -> bool:
        """Write down what grading an attempt again gave; False unless it is finished.

        Args:
            attempt_id: which.
            state: DONE or NEEDS_PERSON.
            reports: one for each notebook.
            reason: why a person should look, for instructors.
            by: who asked for it; recorded with what it changed.
        """
        before_after = select(table.c.state, table.c.score).where(table.c.id == attempt_id)
        with change(self._engine) as db:
            row = db.execute(before_after).one_or_none()
            if row is None or row.state not in FINISHED:
                return False
            self._write(db, attempt_id, state, reports, reason)
            now = db.execute(before_after).one()
            if now.score != row.score:
                rulings.note_regrade(db, attempt_id, by, row.score, now.score)
        return True

    def _write(
        self,
        db: Connection,
        attempt_id: int,
        state: State,
        reports: Sequence[Report],
        reason: str,
    ) -> None:
        scores = [report.score for report in reports]
        whole = [score for score in scores if score is not None]
        marks: dict[str, Any] = {
            "score": sum(whole) if scores and len(whole) == len(scores) else None,
            "max_score": sum(report.max_score for report in reports) if reports else None,
        }
        query = update(table).where(table.c.id == attempt_id)
        facts = rulings.facts_of(reports)
        facts["told"] = _kept(facts["told"])
        marks |= {"reason": _kept(reason), "written": time.time(), **facts}
        marks |= {"placed": False, "released": False}
        db.execute(query.values(state=state, **marks))
        db.execute(delete(tables.reports).where(tables.reports.c.attempt == attempt_id))
        for position, report in enumerate(reports):
            text = {"notebook": report.notebook, "report": _storable(report.to_json())}
            where = {"attempt": attempt_id, "position": position}
            db.execute(insert(tables.reports).values(**where, **text))
        one = db.execute(select(table).where(table.c.id == attempt_id)).one()
        rulings.choose(db, one.student, one.assignment, self._rules.keep)

    def rule(self, attempt_id: int, ruling: Ruling, by: str) -> str:
        """Let an attempt count or set it aside; who did so and when is recorded.

        Args:
            attempt_id: which.
            ruling: what is decided; `NONE` takes an earlier decision back.
            by: who decides.

        Returns:
            Why that cannot be; empty where it was done.
        """
        with change(self._engine) as db:
            row = db.execute(select(table).where(table.c.id == attempt_id)).one_or_none()
            if row is None:
                return "There is no such attempt."
            return rulings.rule(db, attempt_of(row), ruling, by, self._rules.keep)

    def ask_again(self, student: str, assignment: str, by: str, words: str = "") -> None:
        """Ask a student to submit again; who did so and when is recorded.

        Args:
            student: the student's name.
            assignment: at which assignment.
            by: who asks.
            words: what the student reads.
        """
        with change(self._engine) as db:
            requests.ask(db, student, assignment, by, _storable(words).replace("\0", ""))

    def placed(self, attempt: Attempt) -> None:
        """Note that the gradebook and the course's folders hold this attempt, and no other one."""
        same = (table.c.student == attempt.student) & (table.c.assignment == attempt.assignment)
        with change(self._engine) as db:
            db.execute(update(table).where(same).values(placed=table.c.id == attempt.id))

    def released(self, attempt: Attempt) -> None:
        """Note that the feedback on this attempt lies in the exchange."""
        with change(self._engine) as db:
            db.execute(update(table).where(table.c.id == attempt.id).values(released=True))

    def release_again(self, students: Collection[tuple[str, str]]) -> None:
        """Note that the gradebook changed; release anew the feedback on the attempts that count.

        Args:
            students: with the assignments at which the feedback tells of the change.
        """
        with change(self._engine) as db:
            for student, assignment in students:
                same = (table.c.student == student) & (table.c.assignment == assignment)
                db.execute(update(table).where(same, table.c.counts).values(released=False))


def _kept(reason: str) -> str:
    """A reason as it is stored: what a student's file has a part in may be long and odd."""
    reason = _storable(reason).replace("\0", "\N{REPLACEMENT CHARACTER}")
    return reason if len(reason) <= MOST_REASON else f"{reason[:MOST_REASON]} …"


def _storable(text: str) -> str:
    """The text without halves of characters, which no database takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
