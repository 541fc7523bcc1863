"""Every attempt of every student, durably: what arrived, what is being graded, what came of it.

An attempt is leased to whoever grades it. A lease that runs out, since its holder died, puts the
attempt back among those that wait; a holder whose attempt was given to another one in the meantime
cannot write any more. So nothing is lost and nothing is counted twice, whoever is killed when.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from math import ceil
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from autograder.gradebook.book_marks import BookMark, Key, read_marks, read_students
from autograder.report import Report
from autograder.service.store import rulings, tables
from autograder.service.store.attempt import (
    FINISHED,
    Allowance,
    Attempt,
    Rules,
    Ruling,
    State,
    allowance,
    attempt_of,
)
from autograder.service.store.fair_queue import serving_order
from autograder.service.store.rulings import Ruled
from autograder.service.store.tables import attempts as table
from autograder.service.store.tables import change, open_engine

__all__ = ["FINISHED", "Attempt", "Attempts", "Rules", "State"]

CLOCK_S = 60.0
"""By so much the clocks of two graders may differ."""
ANOTHERS = (
    "Its submission_secret.txt is that of another student's submission. Submit again in JupyterLab "
    "(Nbgrader, Assignment List, Submit): each submission gets a secret of its own."
)
MOST_REASON = 4_000
"""Characters of a reason that are kept."""
_UNFINISHED = (State.WAITING, State.RUNNING)


class Attempts:
    """The store of attempts; safe for several threads and several processes.

    Every method may raise SQLAlchemy's errors while the database cannot be reached, and has then
    changed nothing.

    Args:
        database_url: the course's database, as SQLAlchemy writes it.
        rules: which attempts are graded and count.
        busy_s: how long to wait for another writer to an SQLite file.
    """

    def __init__(self, database_url: str, rules: Rules | None = None, busy_s: float = 10.0) -> None:
        self._engine = open_engine(database_url, busy_s)
        self._rules = rules or Rules()

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

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
            student: whose.
            assignment: of which assignment.
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
        return self._enter(told, folder, secret, _kept(refused))

    def _enter(
        self, told: Mapping[str, Any], folder: str, secret: str, refused: str
    ) -> tuple[Attempt, bool]:
        """Enter an attempt, unless its name or its secret is known by now."""
        student = told["student"]
        with change(self._engine) as db:
            row = db.execute(select(table).where(table.c.source == told["source"])).one_or_none()
            same = _with_secret(db, secret)
            if row is not None or (same is not None and same.student == student):
                return attempt_of(row or same), False
            reason = ANOTHERS if same is not None else refused
            reason = reason or self._too_much(db, student, told["assignment"], told["arrived"])
            new = _insert(db, told, folder, reason)
            if secret and same is None:
                _note_secret(db, secret, new.id)
            return attempt_of(new), True

    def without_secret(self) -> list[Attempt]:
        """Attempts that were taken in before secrets were noted; of them there is a copy."""
        noted = select(tables.secrets.c.attempt)
        return self._found(select(table).where(table.c.folder != "", table.c.id.not_in(noted)))

    def note_secrets(self, found: Mapping[int, str]) -> None:
        """Note the hashes of secrets by attempt; the earliest of several with one hash has it."""
        with change(self._engine) as db:
            for attempt_id, secret in sorted(found.items()):
                if _with_secret(db, secret) is None:
                    _note_secret(db, secret, attempt_id)

    def _by_source(self, source: str) -> Attempt | None:
        with self._engine.connect() as db:
            row = db.execute(select(table).where(table.c.source == source)).one_or_none()
        return attempt_of(row) if row else None

    def _too_much(self, db: Connection, student: str, assignment: str, moment: float) -> str:
        """Why the rules let no further attempt be graded; empty where they do."""
        rules = self._rules
        times = _taken(db, student, assignment)
        if rules.attempt_limit and len(times) >= rules.attempt_limit:
            return (
                f"Only {rules.attempt_limit} attempts at this assignment are graded, and this one "
                "came after them. Write to your instructor if it should count."
            )
        nearest_s = min((abs(moment - other) for other in times), default=rules.interval_s)
        if nearest_s < rules.interval_s:
            return (
                f"Attempts are graded at least {rules.interval_s:g} s apart; this one came "
                f"{ceil(rules.interval_s - nearest_s)} s too soon. Submit it again."
            )
        return ""

    def allowance(self, student: str, assignment: str) -> Allowance:
        """What the rules leave a student at an assignment now."""
        with self._engine.connect() as db:
            return allowance(_taken(db, student, assignment), self._rules, time.time())

    def known_sources(self) -> set[str]:
        """Names in the exchange of all that has been taken in or refused."""
        with self._engine.connect() as db:
            return set(db.scalars(select(table.c.source)))

    def lease(self, owner: str, lease_s: float, leave_out: Collection[str] = ()) -> Attempt | None:
        """The attempt to be graded next, for `owner` alone until the lease runs out.

        Args:
            owner: a name that no other grader has.
            lease_s: how long; see `renew`.
            leave_out: assignments of which nothing is wanted.

        Returns:
            The attempt, `tries` counted up; None when nothing waits.
        """
        now = time.time()
        wanted = _ready(now) & table.c.assignment.not_in(leave_out)
        with self._engine.connect() as db:
            if db.scalar(select(func.count()).where(wanted)) == 0:
                return None
        with change(self._engine) as db:
            order = _order(db, now, wanted)
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
        query = update(table).where(_held(attempt_id, owner))
        with self._engine.begin() as db:
            return db.execute(query.values(lease_until=time.time() + lease_s)).rowcount == 1

    def free(self, service: str) -> int:
        """Let what the graders of a dead service hold be taken up at once; returns how many."""
        held = table.c.owner.startswith(f"{service}.", autoescape=True)
        query = update(table).where(held & (table.c.state == State.RUNNING))
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
            query = update(table).where(_held(attempt_id, owner))
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
            query = update(table).where(_held(attempt_id, owner)).values(owner="")
            if db.execute(query).rowcount != 1:
                return False
            db.execute(update(table).where(table.c.id == attempt_id).values(finished=time.time()))
            self._write(db, attempt_id, state, reports, reason)
        return True

    def replace_reports(
        self, attempt_id: int, state: State, reports: Sequence[Report], reason: str = ""
    ) -> bool:
        """Write down what grading an attempt again gave; False unless it is finished."""
        with change(self._engine) as db:
            found = db.scalar(select(table.c.state).where(table.c.id == attempt_id))
            if found not in FINISHED:
                return False
            self._write(db, attempt_id, state, reports, reason)
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
        marks |= {"reason": _kept(reason), "placed": False, "released": False, **facts}
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

    def rulings(self, attempt_id: int) -> list[Ruled]:
        """What was decided about an attempt, the latest last."""
        with self._engine.connect() as db:
            return rulings.history(db, attempt_id)

    def decided(self, attempt: Attempt) -> bool:
        """Whether an instructor decided anything about the attempts of which this is one."""
        with self._engine.connect() as db:
            return rulings.decided(db, attempt.student, attempt.assignment)

    def of(
        self,
        student: str = "",
        assignment: str = "",
        newest_first: bool = True,
        limit: int | None = None,
    ) -> list[Attempt]:
        """Attempts by time of arrival; of everybody, and everything, where no name is given."""
        query = select(table).order_by(*_by_arrival(newest_first)).limit(limit)
        if student:
            query = query.where(table.c.student == student)
        if assignment:
            query = query.where(table.c.assignment == assignment)
        return self._found(query)

    def recent(self, student: str, assignment: str, most: int) -> list[Attempt]:
        """A student's latest attempts at an assignment, the latest first, and the one that counts.

        Args:
            student: whose.
            assignment: at which assignment.
            most: how many; one that counts and came earlier is added to them.
        """
        latest = self.of(student, assignment, limit=most)
        if len(latest) < most or any(one.counts for one in latest):
            return latest
        same = (table.c.student == student) & (table.c.assignment == assignment)
        return latest + self._found(select(table).where(same, table.c.counts))

    def get(self, attempt_id: int) -> Attempt | None:
        """The attempt of that number."""
        found = self._found(select(table).where(table.c.id == attempt_id))
        return found[0] if found else None

    def reports(self, attempt_id: int) -> list[Report]:
        """What grading the attempt gave, one for each notebook; none while it is not finished."""
        stored = tables.reports
        query = select(stored.c.report).where(stored.c.attempt == attempt_id)
        with self._engine.connect() as db:
            texts = db.scalars(query.order_by(stored.c.position)).all()
        return [Report.from_json(text) for text in texts]

    def queue(self) -> list[Attempt]:
        """What is being graded, then what waits, in the order in which it will be served.

        What was begun by a grader that is gone waits.
        """
        now = time.time()
        waits = or_(table.c.state == State.WAITING, _ready(now))
        runs = _runs(now)
        with self._engine.connect() as db:
            running = db.execute(select(table).where(runs).order_by(table.c.started)).all()
            waiting = [attempt_of(row) for row in _order(db, now, waits)]
        return [
            *map(attempt_of, running),
            *(replace(attempt, state=State.WAITING) for attempt in waiting),
        ]

    def to_place(self) -> list[Attempt]:
        """Attempts that give the mark, which the gradebook does not have yet."""
        return self._found(select(table).where(table.c.counts, table.c.placed.is_(False)))

    def placed(self, attempt: Attempt) -> None:
        """Note that the gradebook and the course's folders hold this attempt, and no other one."""
        same = (table.c.student == attempt.student) & (table.c.assignment == attempt.assignment)
        with change(self._engine) as db:
            db.execute(update(table).where(same).values(placed=table.c.id == attempt.id))

    def to_release(self) -> list[Attempt]:
        """Finished attempts whose feedback does not lie in the exchange yet."""
        query = select(table).where(table.c.state.in_(FINISHED), table.c.released.is_(False))
        return self._found(query.order_by(table.c.finished))

    def released(self, attempt: Attempt) -> None:
        """Note that the feedback on this attempt lies in the exchange."""
        with change(self._engine) as db:
            db.execute(update(table).where(table.c.id == attempt.id).values(released=True))

    def book(self) -> tuple[dict[Key, BookMark], list[str]]:
        """What the gradebook beside this store says: everybody's marks, and who is in it."""
        with self._engine.connect() as db:
            return read_marks(db), read_students(db)

    def release_again(self, students: Collection[tuple[str, str]]) -> None:
        """Note that the gradebook changed; release anew the feedback on the attempts that count.

        Args:
            students: with the assignments at which the feedback tells of the change.
        """
        with change(self._engine) as db:
            for student, assignment in students:
                same = (table.c.student == student) & (table.c.assignment == assignment)
                db.execute(update(table).where(same, table.c.counts).values(released=False))

    def version(self) -> int:
        """A number that grows with every change."""
        with self._engine.connect() as db:
            return int(db.execute(select(tables.version.c.number)).scalar_one())

    def _found(self, query: Any) -> list[Attempt]:
        with self._engine.connect() as db:
            return [attempt_of(row) for row in db.execute(query)]


def _insert(db: Connection, told: Mapping[str, Any], folder: str, reason: str) -> Row[Any]:
    """Write the row of a new attempt; one with a reason is refused, and of it there is no copy."""
    if reason:
        state = {"state": State.REFUSED, "folder": "", "finished": time.time()}
    else:
        state = {"state": State.WAITING, "folder": folder, "finished": None}
    values = {**told, **state, "reason": reason}
    return db.execute(insert(table).values(values).returning(table)).one()


def _with_secret(db: Connection, secret: str) -> Row[Any] | None:
    noted = tables.secrets
    query = select(table).join(noted, noted.c.attempt == table.c.id)
    return db.execute(query.where(noted.c.digest == secret)).one_or_none()


def _note_secret(db: Connection, secret: str, attempt_id: int) -> None:
    noted = tables.secrets
    db.execute(delete(noted).where(noted.c.digest == secret))  # of an attempt that is gone
    db.execute(insert(noted).values(digest=secret, attempt=attempt_id))


def _taken(db: Connection, student: str, assignment: str) -> Sequence[float]:
    """When a student's attempts at an assignment arrived that were not refused."""
    same = (table.c.student == student) & (table.c.assignment == assignment)
    query = select(table.c.arrived).where(same, table.c.state != State.REFUSED)
    return db.scalars(query).all()


def _ready(now: float) -> Any:
    """What may be leased: waits and is due, or was leased to somebody who is gone."""
    waits = (table.c.state == State.WAITING) & (table.c.not_before <= now)
    gone = (table.c.state == State.RUNNING) & (table.c.lease_until < now)
    return or_(waits, gone, table.c.state.in_(_UNFINISHED) & _begun_later(now))


def _runs(now: float) -> Any:
    """What is being graded."""
    held = (table.c.state == State.RUNNING) & (table.c.lease_until >= now)
    return held & ~_begun_later(now)


def _begun_later(now: float) -> Any:
    """What was begun in the future: the clock was put back, and no time in its row holds."""
    return func.coalesce(table.c.started, 0.0) > now + CLOCK_S


def _held(attempt_id: int, owner: str) -> Any:
    return (table.c.id == attempt_id) & (table.c.owner == owner) & (table.c.state == State.RUNNING)


def _order(db: Connection, now: float, waits: Any) -> list[Row[Any]]:
    rows = db.execute(select(table).where(waits)).all()
    running = select(table.c.student, func.count()).where(_runs(now)).group_by(table.c.student)
    served = select(table.c.student, func.max(table.c.started)).group_by(table.c.student)
    begun = {who: min(when, now) for who, when in db.execute(served) if when is not None}
    runs_now = {student: count for student, count in db.execute(running)}  # noqa: C416 - rows
    return serving_order(rows, runs_now, begun)


def _by_arrival(newest_first: bool) -> tuple[Any, Any]:
    columns = table.c.arrived, table.c.id
    return (columns[0].desc(), columns[1].desc()) if newest_first else columns


def _kept(reason: str) -> str:
    """A reason as it is stored: what a student's file has a part in may be long and odd."""
    reason = _storable(reason).replace("\0", "\N{REPLACEMENT CHARACTER}")
    return reason if len(reason) <= MOST_REASON else f"{reason[:MOST_REASON]} …"


def _storable(text: str) -> str:
    """The text without halves of characters, which no database takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
