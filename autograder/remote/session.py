"""The process of one submission: it runs the cells, and its functions can be called.

    with Session(jail, cells, files) as session:
        session.call("area", ([3.0, 4.0, 5.0],), {})     # a by-value call into the sandbox

Arguments go in by value and a plain value comes out. A function that is passed as an argument goes
in as a handle, and may be called back a bounded number of times. A process that dies or hangs is
replaced: the cells run again in a fresh fork, so that an endless loop in one exercise costs no
other exercise its points. `Session.run_to` runs only the first cells, so that a function can be
called as it is in the middle of the notebook.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType
from typing import Any

from autograder.errors import SuiteError
from autograder.limits import Limits
from autograder.remote.answers import TOO_LARGE, answer_of, ended
from autograder.remote.callbacks import reply_of
from autograder.remote.calls import (
    CALLED,
    READ,
    TIME_IS_UP,
    Answer,
    Call,
    Case,
    Deed,
    Outcome,
    copy_arguments,
)
from autograder.remote.cells import Asked, Cell, CellLog
from autograder.remote.clocks import LEAST_S, SPARE_S, Clocks
from autograder.remote.objects import LOST, Lost, keeps_objects
from autograder.remote.time_limit import Allowance
from autograder.report import Verdict
from autograder.sandbox.inside.channel import ClosedByPeer, DeadlinePassed
from autograder.sandbox.inside.wire import Uncrossable, WireError
from autograder.sandbox.supervisor import Jail
from autograder.sandbox.watcher import Inmate

HELD_FRAMES = 8
"""Most memory that the answers of one check may hold, as a multiple of the largest frame."""
PART_CALL_S = 3.0
"""Seconds for one call in a session that decides no mark."""
AHEAD_CALLS, AHEAD_BYTES = 16, 32_768
"""Most calls, and bytes of calls, under way at once: few enough that sending never blocks."""


MISSING, UNCALLABLE = -1, -2
"""What `Session.bound` returns for a name that is unbound, or bound to something uncallable."""


ASKED_NOTHING = Asked()


class Session:
    """The process of one submission: it runs the cells, and its functions can be called.

    Args:
        jail: where the code runs.
        cells: the cells to run, in order.
        files: public files of the assignment, by name, laid into the working folder.
        asked: names that `bound` will be asked about.
        upto: how many of the cells run at the beginning; all by default.
        after: the session that marked the same cells. This one gets part of its time, and leaves
            out the cells that hung there before any call.
    """

    log: CellLog
    """How the cells ended."""
    allowance: Allowance
    """Bounds our own work on this submission's answers."""
    _inmate: Inmate | None
    """The process; None before the first, and while one has to be replaced."""
    _ran: int
    """How many of the cells have run in this process, those left out included."""
    _called: bool
    """Whether this process has been called: from then on it may know hidden inputs."""
    _stood_in: set[str]
    """Functions that ours have stood in for in this process, which may have called ours and kept
    the answers."""
    _open_until: int | None
    """How many cells were wanted when a function was called for the first time."""
    _ahead: deque[Call]
    """Calls that are sent and not answered yet, in order."""
    _call: Call | None
    """The call that is being answered."""
    _held: int
    """Bytes of memory of the answers since the cases were last taken."""

    def __init__(
        self,
        jail: Jail,
        cells: Sequence[Cell],
        files: dict[str, bytes] | None = None,
        asked: Asked = ASKED_NOTHING,
        upto: int | None = None,
        after: Session | None = None,
    ) -> None:
        self._jail = jail
        self._open_until = None
        self._limits = jail.limits if after is None else after.part_of_rest()
        self.log = CellLog(cells, self._limits.cell_wall_s, in_part=after is not None)
        self._files = dict(files or {})
        self._asked = asked
        self._wanted = len(self.log.cells) if upto is None else upto
        self._inmate, self._ran, self._called = None, 0, False
        self._stood_in = set()
        self._clocks = Clocks(self._limits)
        self._brief_from = len(self.log.cells)
        """From this cell on, the student's own cells get no more time than a call."""
        self._hung: dict[tuple[object, ...], Outcome] = {}
        self._calls: list[Call] = []
        self._ahead = deque()
        self._held, self._call = 0, None
        self.allowance = Allowance(self._limits.checking_wall_s, self._limits.grader_mib)
        self._stack = ExitStack()
        if after is not None:
            self._take_over(after)

    def part_of_rest(self) -> Limits:
        """The limits of a session that decides no mark, in the time that this one has left over."""
        limits = self._limits
        return replace(
            limits,
            call_wall_s=min(limits.call_wall_s, PART_CALL_S),
            submission_wall_s=min(limits.submission_wall_s / 3, self._clocks.left_s),
            own_cells_wall_s=limits.own_cells_wall_s / 4,
            checking_wall_s=limits.checking_wall_s / 3,
        )

    def _take_over(self, other: Session) -> None:
        """Copy what another session recorded before its first call, and the calls that hung in it.

        From its first call on, hidden inputs may have steered it: how long a cell took after that,
        or that no time was left for it, must not decide what is said of the cell here.
        """
        timed_out = Verdict.TIMED_OUT
        self._hung = {way: how for way, how in other._hung.items() if how.verdict is timed_out}
        before = range(len(self.log.cells) if other._open_until is None else other._open_until)
        self._brief_from = len(before)
        self.log.take_over(other.log, before)

    @property
    def may_have_told(self) -> bool:
        """Whether own cells of the student ran after a call: their notes may tell what it saw."""
        first = self._wanted if self._open_until is None else self._open_until
        return any(cell.own for cell in self.log.cells[first : self._wanted])

    @property
    def answered(self) -> Call | None:
        """The call that is being answered."""
        return self._call

    @property
    def wanted(self) -> int:
        """How many of the cells the session was asked to run."""
        return self._wanted

    def __enter__(self) -> Session:
        if self._wanted:
            self._run_on()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def run_to(self, count: int) -> None:
        """Run the first `count` cells, as far as they have not run yet."""
        self._settle_all()
        self._wanted = max(self._wanted, count)
        if self._inmate is None or self._ran < self._wanted:
            self._run_on()

    def forget_answers(self, names: Sequence[str]) -> None:
        """Go on with a fresh process if functions of ours have stood in for one of the names.

        The old process may have called ours on inputs that it had seen, and kept the answers.
        """
        self._settle_all()
        if not self._stood_in.isdisjoint(names):
            self._stop()
            self._run_on()

    def bound(self, names: Sequence[str]) -> tuple[int, ...]:
        """For each name, the number of the cell that bound it last; or `MISSING`, or `UNCALLABLE`.

        The reply is not trusted: it only decides whether asking again is worth while.
        """
        self._settle_all()
        try:
            request = {"op": "bound", "names": tuple(names), "variables": self._asked.variables}
            said = self._ask(request, self._clocks.call_end())
        except WireError:
            self._stop()
            return (MISSING,) * len(names)
        numbers = said.get("bound")
        if not isinstance(numbers, list) or len(numbers) != len(names):
            return (MISSING,) * len(names)
        return tuple(n if isinstance(n, int) else MISSING for n in numbers)

    def take_cases(self) -> list[Case]:
        """The calls since the last `take_cases`, in order, each with its answer.

        Empty when the answers together take more memory than one answer may.
        """
        calls, self._calls = self._calls, []
        cases = [
            Case(one.function, one.args, self.settle(one), one.names, one.deed) for one in calls
        ]
        light = self._held <= self._limits.answer_mib << 20
        self._held = 0
        return cases if light else []

    def call(self, name: str, args: tuple[Any, ...], given: dict[str, Any]) -> Answer:
        """Call a function of the student and wait for its answer; arguments as for `begin`."""
        return self.settle(self.begin(name, args, given))

    def begin(
        self,
        name: str,
        args: tuple[Any, ...],
        given: dict[str, Any],
        names: tuple[str, ...] = (),
        deed: Deed = CALLED,
    ) -> Call:
        """Call a function of the student without waiting for the answer, which `settle` returns.

        Args:
            name: the function, or the one that the object in the first argument comes from.
            args: its arguments, copied now.
            given: functions of ours that stand in for the student's own during this call.
            names: of the last arguments, if they are passed by name.
            deed: what the call does, if it is no plain call of that function.

        Raises:
            Uncrossable: an argument does not cross; that is a fault of the suite.
        """
        call = Call(name, copy_arguments(args), given, names, deed)
        self._calls.append(call)
        if self._open_until is None:
            self._open_until = self._wanted
        try:
            if not self._sent_ahead(call):
                self._settle_all()
                call.answer = self._answer(call)
        except Uncrossable:
            self._calls.pop()  # It was not made, so no answer will come.
            raise
        return call

    def value(self, name: str) -> Answer:
        """The value of a variable of the notebook, as it is now."""
        call = Call(name, (), {}, (), READ)
        self._calls.append(call)
        call.answer = self._fetched(name, {"op": "value", "name": name}, "no_variable")
        return call.answer

    def file(self, name: str) -> Answer:
        """The bytes of a file in the submission's working folder, as it is now."""
        return self._fetched(name, {"op": "file", "name": name}, "no_file")

    def _fetched(self, name: str, request: dict[str, Any], missing: str) -> Answer:
        """What the notebook has under a name; a reply that it has nothing is called `missing`."""
        self._settle_all()
        if self._open_until is None:
            self._open_until = self._wanted

        def ask() -> dict[str, Any]:
            if self._inmate is None:
                self._run_on()
            reply = self._ask(request, self._clocks.call_end())
            return {missing: True} if "missing" in reply else reply

        return self._outcome_of(Call(name, (), {}), ask)

    def settle(self, call: Call) -> Answer:
        """The answer to a call that was begun."""
        if call.answer is None:
            self._settle_all()
        if call.answer is None:
            raise SuiteError("a call that was made to another submission")
        return call.answer

    def _sent_ahead(self, call: Call) -> bool:
        """Send a call without waiting for the answers to earlier ones; False where that cannot be.

        A call with callbacks needs the channel to itself; one that hung before is not made again.
        """
        if self._inmate is None or call.given or self._way(call) in self._hung:
            return False
        handles: list[Callable[..., Any]] = []
        try:
            frame = self._inmate.channel.frame(_request(call), handles)
        except Lost:
            return False
        call.size = len(frame)
        if handles or call.size > AHEAD_BYTES:
            return False
        under_way = sum(other.size for other in self._ahead)
        if len(self._ahead) >= AHEAD_CALLS or under_way + call.size > AHEAD_BYTES:
            self._settle_all()
            if self._inmate is None:
                return False
        self._called = True
        try:
            self._inmate.channel.send_frame(frame, deadline=self._clocks.call_end())
        except WireError:
            # The process is gone or stuck: settling the calls before this one finds out which.
            return False
        self._ahead.append(call)
        return True

    def _settle_all(self) -> None:
        """Receive the answers to all calls that are under way.

        When the process ends or hangs on one of them, those behind it are made again.
        """
        inmate = self._inmate
        while self._ahead:
            call = self._ahead.popleft()
            # A new process never received the calls that were sent to the old one.
            if inmate is not None and self._inmate is inmate:
                call.answer = self._outcome_of(call, lambda: self._reply([]))
            else:
                call.answer = self._answer(call)

    def _answer(self, call: Call) -> Answer:
        """Make one call and wait until it ends, however it ends."""
        hung = self._hung.get(self._way(call))
        if hung is not None:
            return ended(hung.verdict, hung.message)

        def ask() -> dict[str, Any]:
            if self._inmate is None:
                self._run_on()
            self._called = True
            self._stood_in |= call.given.keys()
            return self._ask(_request(call), self._clocks.call_end())

        return self._outcome_of(call, ask)

    def _outcome_of(self, call: Call, asked: Callable[[], dict[str, Any]]) -> Answer:
        """The answer to a call; a process that gives none is ended and later replaced."""
        name, self._call = call.label, call
        try:
            return self._told(name, asked())
        except Lost:
            return ended(Verdict.FAILED, f"`{name}` was not called: {LOST}")
        except DeadlinePassed:
            if self._clocks.over:
                self._stop()
                return ended(Verdict.TIMED_OUT, TIME_IS_UP)
            words = f"`{name}` takes too long: is there an endless loop?"
            return self._replace(call, Verdict.TIMED_OUT, words)
        except ClosedByPeer:
            words = f"`{name}` ended the whole Python process."
            return self._replace(call, Verdict.RAISED, words)
        except WireError:
            words = f"`{name}` gives an answer that cannot be read."
            return self._replace(call, Verdict.RAISED, words)

    def _way(self, call: Call) -> tuple[object, ...]:
        """The key of calls that end the same way, which includes how far the notebook has run."""
        return (self._wanted, *call.way)

    def _ask(self, request: dict[str, Any], deadline: float) -> dict[str, Any]:
        """Send a request, serve the callbacks it causes, and return the reply."""
        inmate = self._inmate
        if inmate is None:
            raise DeadlinePassed("no process, and no time left to start one")
        handles: list[Callable[..., Any]] = []
        inmate.channel.send(request, deadline=deadline, handles=handles)
        return self._reply(handles, deadline)

    def _reply(
        self, handles: list[Callable[..., Any]], deadline: float | None = None
    ) -> dict[str, Any]:
        """The next reply, after serving the callbacks that come before it."""
        inmate = self._inmate
        if inmate is None:
            raise DeadlinePassed("no process")
        deadline = self._clocks.call_end() if deadline is None else deadline
        return reply_of(inmate, handles, deadline, self._limits)

    def _told(self, name: str, reply: dict[str, Any]) -> Answer:
        """The answer in a reply, unless all answers together take too much memory."""
        if "value" in reply and self._holds_too_much():
            return ended(Verdict.FAILED, TOO_LARGE)
        return answer_of(name, reply, self.log, self._asked)

    def _holds_too_much(self) -> bool:
        """Add the last answer to the count; True when all of them together take too much memory."""
        if self._inmate is None:
            return False
        channel = self._inmate.channel
        self._held += channel.weight
        return self._held > HELD_FRAMES * channel.frame_bytes

    def _run_on(self) -> None:
        """Run the wanted cells; when a process hangs on one, a new process leaves it out."""
        while not self._clocks.over:
            if self._inmate is None:
                # Each new process starts from the first cell, on what is left of the clocks.
                self.log.leave_out_slow_cells(self._clocks.own_s)
                self._inmate = self._stack.enter_context(self._jail.fork())
                keeps_objects(self, self._inmate.channel)
            if self._run_cells():
                return
            self._stop()

    def _run_cells(self) -> bool:
        """Run the wanted cells that this process has not run; False when it must be replaced."""
        numbers = [n for n in range(self._ran, self._wanted) if n not in self.log.left_out]
        # One request carries all cells; the worker replies to it, then once after each cell.
        request = {
            "op": "notebook",
            "files": self._files if self._ran == 0 else {},
            "names": self._asked.functions + self._asked.variables,
            "own_s": self._clocks.own_s,
            "least_s": LEAST_S,
            "spare_s": SPARE_S,
            "cells": [(n, *self._as_sent(n)) for n in numbers],
        }
        fresh = self._ran == 0
        try:
            laid = self._ask(request, time.monotonic() + self._limits.cell_wall_s)
        except WireError:
            if fresh:
                raise
            return False  # the student's code ended it meanwhile
        if fresh and laid.get("done") is not True:
            raise WireError("the public files could not be laid into the working folder")
        if not all(self._run_cell(number) for number in numbers):
            return False
        self._ran = self._wanted
        return True

    def _as_sent(self, number: int) -> tuple[str, str, float, bool]:
        cell = self.log.cells[number]
        limit_s = self._limits.cell_wall_s if cell.is_extra else self._clocks.cell_s(own=False)
        if cell.is_extra and number >= self._brief_from:
            limit_s = min(limit_s, PART_CALL_S)
        return cell.label, cell.source, limit_s, cell.is_extra

    def _run_cell(self, number: int) -> bool:
        """Wait until one cell that was sent has ended; False when the process must be replaced."""
        extra, began = self.log.cells[number].is_extra, time.monotonic()
        try:
            reply = self._reply([], self._clocks.cell_end(extra))
        except DeadlinePassed:
            self.log.note_hanging(number, self._called)
            return False
        except WireError:
            # After a call, what the call left behind may have ended it: a fresh process decides.
            if not self._called:
                self.log.note_ending(number)
            return False
        finally:
            took_s = time.monotonic() - began
            self.log.took(number, took_s)
            self._clocks.charge(extra, took_s)
        return self.log.note_reply(number, reply, self._called, self._clocks.own_s)

    def _replace(self, call: Call, verdict: Verdict, words: str) -> Answer:
        """End a process that is gone or stuck, and remember not to make the call again."""
        self._hung[self._way(call)] = Outcome(verdict, words)
        self._stop()
        return ended(verdict, words)

    def _stop(self) -> None:
        self._inmate, self._ran, self._called = None, 0, False
        self._stood_in = set()
        self._stack.close()


def _request(call: Call) -> dict[str, Any]:
    return {
        "op": "call",
        "name": call.function,
        "args": call.args,
        "given": call.given,
        "names": call.names,
        "operation": call.deed.operation,
        "wants": str(call.deed.wants),
    }
