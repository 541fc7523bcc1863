"""A whole notebook, run as nbgrader runs it: every cell in order, tests cells in their place.

    outcomes = NotebookRun(jails, cells, files, bounds).run()

A tests cell runs in the student's process (*inside*), or in a tester process, to which the names of
the notebook are remote: this module relays between the two, and believes neither. A process that
ends or hangs is replaced, and the cells above run again in a new one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from autograder.remote.notebook_cells import (
    Bounds,
    CellOutcome,
    RunCell,
    Way,
    in_parts,
    kind_of,
    outcome_of,
)
from autograder.sandbox.inside.channel import ClosedByPeer, DeadlinePassed
from autograder.sandbox.inside.shared_state import is_no_code
from autograder.sandbox.inside.wire import WireError
from autograder.sandbox.supervisor import Jail
from autograder.sandbox.watcher import Inmate

GRACE_S = 2.0
"""Seconds that an interrupted cell has to end by itself, before its process is killed."""
ENVIRONMENT = {"NBGRADER_EXECUTION": "autograde"}


@dataclass(frozen=True)
class Jails:
    """The sandboxes of the two sides."""

    student: Jail
    tester: Jail


@dataclass
class _Side:
    """One of the two processes."""

    inmate: Inmate
    stack: ExitStack = field(default_factory=ExitStack)


class NotebookRun:
    """One run of a notebook; see the module's docstring.

    Args:
        jails: where the cells run.
        cells: the code cells, in order.
        files: the files in the working folder of the student's process, by path.
        given: the assignment's own, which the tester gets, too; of the others only data.
        known: see `tester.Tester`.
        bounds: how long it may take.
    """

    imported: dict[str, list[str]]
    """By name that tests use, the module that the notebook imports it from and its name there."""

    def __init__(
        self,
        jails: Jails,
        cells: Sequence[RunCell],
        files: Mapping[str, bytes],
        given: Mapping[str, bytes],
        known: Mapping[str, Any],
        bounds: Bounds,
    ) -> None:
        self._jails, self._cells, self._bounds = jails, cells, bounds
        self._files, self._known = files, {**known, "files": tuple(given)}
        self._given = {n: d for n, d in files.items() if is_no_code(n)} | dict(given)
        self._end = time.monotonic() + bounds.notebook_s
        self._student: _Side | None = None
        self._tester: _Side | None = None
        self._left_out: set[int] = set()
        """Cells that ended or hung the process, and do not run in the next one."""
        self._fresh = True
        """Whether the tester does not know this process of the student's yet."""
        self._news: dict[str, Any] | None = None
        """What is new about the student's names, if it is known without asking."""
        self._tells = False
        """Whether the student's process tells what is new by itself, after its last reply."""
        self.imported = {}

    def __enter__(self) -> NotebookRun:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop_student()
        self._stop_tester()

    def run(self) -> list[CellOutcome]:
        """Run all cells, and say of each how it ended."""
        return [self._run(number) for number in range(len(self._cells))]

    def _run(self, number: int) -> CellOutcome:
        if time.monotonic() >= self._end:
            return CellOutcome(late=True)
        cell = self._cells[number]
        if self._student is None:
            self._start_student(number)
        if cell.is_remote:
            return self._run_remote(cell)
        return self._run_own(number, self._cells[number + 1 : number + 2])

    # The student's process ------------------------------------------------------------------------

    def _start_student(self, upto: int) -> None:
        """Start a process and run the cells above, as far as they belong to it."""
        self._student = self._start(self._jails.student, self._files)
        self._fresh = True
        for number in range(upto):
            cell = self._cells[number]
            if number not in self._left_out and not cell.is_remote:
                self._run_own(number)
                if self._student is None:
                    self._start_student(upto)
                    return

    def _run_own(self, number: int, following: Sequence[RunCell] = ()) -> CellOutcome:
        """Run a cell in the student's process; `following` is the cell that runs next, if any."""
        cell, side, limit_s = self._cells[number], self._student, self._limit_s()
        self._news = None
        if side is None:
            return CellOutcome(gone=True)
        self._tells = any(one.is_remote for one in following)
        about = {"source": cell.source, "label": cell.label, "limit_s": limit_s}
        request = {"op": "run", **about, "tells": self._tells}
        try:
            deadline = time.monotonic() + limit_s + GRACE_S
            side.inmate.channel.send(request, deadline=deadline)
            return outcome_of(self._conversation(side, deadline))
        except DeadlinePassed:
            self._left_out.add(number)
            self._stop_student()
            return CellOutcome(late=True)
        except WireError:
            self._left_out.add(number)
            self._stop_student()
            return CellOutcome(gone=True)

    def _stop_student(self) -> None:
        if self._student is not None:
            self._student.stack.close()
            self._student = None

    # The tester -----------------------------------------------------------------------------------

    def _run_remote(self, cell: RunCell) -> CellOutcome:
        """Run a tests cell in the tester, and let the student's process answer for its names."""
        student, limit_s = self._student, self._limit_s()
        if student is None:
            return CellOutcome(gone=True)
        try:
            news = self._news if self._news is not None else self._ask_news(student, limit_s)
        except WireError:
            self._stop_student()
            return CellOutcome(gone=True)
        self._news, fresh = {}, self._fresh
        self._fresh = False
        about = {"source": cell.source, "label": cell.label, "limit_s": limit_s}
        request = {
            "op": "tests",
            **about,
            "values_only": cell.way is Way.VALUE,
            "public": tuple(cell.public),
            "news": news,
            "fresh": fresh,
        }
        try:
            tester = self._tester or self._start_tester()
            deadline = time.monotonic() + 2 * limit_s + 2 * GRACE_S
            tester.inmate.channel.send(request, deadline=deadline)
            reply = self._conversation(tester, deadline)
        except WireError:
            self._stop_tester()
            return CellOutcome(faulty=True)
        self._write_through(reply)
        self.imported |= reply.get("imported") or {}
        return outcome_of(reply)

    def _ask_news(self, student: _Side, limit_s: float) -> dict[str, Any]:
        """What is new about the names of the student's process."""
        if self._tells:
            self._tells = False
            reply = self._conversation(student, time.monotonic() + limit_s + GRACE_S)
        else:
            reply = self._tell(student, {"op": "names"}, limit_s)
        news = reply.get("news")
        return news if isinstance(news, dict) else {}

    def _write_through(self, reply: dict[str, Any]) -> None:
        """Bind in the student's process what the tests cell bound, for the cells below it."""
        if self._student is None or not reply.get("news"):
            return
        try:
            self._tell(self._student, {"op": "bind", "news": reply["news"]}, self._bounds.cell_s)
        except WireError:
            self._stop_student()

    def _start_tester(self) -> _Side:
        self._tester = self._start(self._jails.tester, self._given)
        self._tell(self._tester, {"op": "tester", "known": self._known})
        return self._tester

    def _stop_tester(self) -> None:
        if self._tester is not None:
            self._tester.stack.close()
            self._tester = None

    # Both -----------------------------------------------------------------------------------------

    def _start(self, jail: Jail, files: Mapping[str, bytes]) -> _Side:
        stack = ExitStack()
        side = _Side(stack.enter_context(jail.fork()), stack)
        self._tell(side, {"op": "begin", "environment": ENVIRONMENT})
        for part in in_parts(files):
            self._tell(side, {"op": "files", "files": part})
        return side

    def _tell(self, side: _Side, request: dict[str, Any], limit_s: float = 20.0) -> dict[str, Any]:
        deadline = time.monotonic() + limit_s + GRACE_S
        side.inmate.channel.send(request, deadline=deadline)
        return self._conversation(side, deadline)

    def _conversation(self, side: _Side, deadline: float) -> dict[str, Any]:
        """The reply of one side to us, after relaying what the two say to each other meanwhile.

        Raises:
            WireError: that side ended, does not answer, or says what it may not say now.
        """
        speaker, asking = side, list[_Side]()
        while True:
            try:
                frame = speaker.inmate.channel.receive_frame(deadline)
                kind = kind_of(frame)
                if kind == "" and speaker is side:
                    return _reply_in(speaker, frame)
                if kind != "ask" and (not asking or asking[-1] is speaker):
                    raise WireError("an answer that nobody waits for")
            except WireError as error:
                if speaker is side:
                    raise
                self._tell_gone(side, error, deadline)
                speaker, asking = side, []
                continue
            if kind == "ask":
                asking.append(speaker)
            else:
                asking.pop()
            speaker = self._relay(frame, speaker, deadline)

    def _relay(self, frame: bytes, speaker: _Side, deadline: float) -> _Side:
        """Hand a message to the other side, which speaks next."""
        other = self._tester if speaker is not self._tester else self._student
        try:
            if other is None:
                raise ClosedByPeer("the other side is gone")
            other.inmate.channel.relay(frame, deadline=deadline)
        except WireError as error:
            if speaker is self._student:
                raise
            self._tell_gone(speaker, error, deadline)
            return speaker
        return other

    def _tell_gone(self, side: _Side, error: WireError, deadline: float) -> None:
        """Stop the student's process, and tell the tester why it does not answer."""
        self._stop_student()
        late = not isinstance(error, ClosedByPeer)
        side.inmate.channel.send({"gone": "late" if late else "ended"}, deadline=deadline)

    def _limit_s(self) -> float:
        return max(min(self._bounds.cell_s, self._end - time.monotonic()), 0.1)


def _reply_in(side: _Side, frame: bytes) -> dict[str, Any]:
    reply = side.inmate.channel.value_of(frame)
    if not isinstance(reply, dict):
        raise WireError("a reply that is not a dict")
    return reply
