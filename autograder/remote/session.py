"""The process of one submission: its cells run, its functions are called.

    with Session(jail, cells, files) as session:
        session.call("area", ([3.0, 4.0, 5.0],), {})     # a by-value call into the jail

Arguments go in by value, a plain value comes out; a function that is passed as an argument goes by
handle and is called back a bounded number of times. When the process dies or hangs it is replaced:
the cells are run again in a fresh fork, so that one exercise's endless loop costs no other exercise
its points. `Session.run_to` runs the cells as far as they are wanted, so that a function can be
called as it is in the middle of the notebook.
"""

from __future__ import annotations

import difflib
import re
import time
import unicodedata
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any

from autograder.errors import SuiteError
from autograder.limits import Limits
from autograder.remote.callbacks import answer_callback
from autograder.remote.calls import TIME_IS_UP, Answer, Call, Case, Outcome, copy_arguments
from autograder.remote.clocks import LEAST_S, SPARE_S, Clocks
from autograder.remote.exceptions import explain, left_out
from autograder.remote.phrases import names_in
from autograder.remote.time_limit import Allowance
from autograder.report import Verdict
from autograder.sandbox.inside.wire import KINDS, ClosedByPeer, DeadlinePassed, WireError
from autograder.sandbox.supervisor import Inmate, Jail

MOST_UNKNOWN_NAMES = 100
NEAR = 0.85
"""How alike two names are, of 1, when one may be the other misspelt."""
_UNKNOWN_NAME = re.compile(r"(?:global )?name '(\w{1,100})' is not defined")
_TOO_LONG = "it takes too long."
_SOMEWHERE = "A cell of yours"
"""The label of a cell that is told of without saying which it is."""
_NO_TIME_LEFT = "the time for cells of your own is used up."
HELD_FRAMES = 8
"""Of how many of the largest frames one check may hold the bytes, as answers."""
PART_CALL_S = 3.0
"""One call in a session that decides no mark."""
OVERDONE = "calls a function that it is given too often, or asks too much of it."
WHICH_CELL = "To see which, restart the kernel and run all cells."
DEFINE_IT = "Define it by `def`, under the name that the exercise has."
TOO_LARGE = "It returns an answer that is too large."
AHEAD_CALLS, AHEAD_BYTES = 16, 32_768
"""Calls that may be on their way at once: so few that sending them never waits for the jail."""


@dataclass(frozen=True)
class Cell:
    """One code cell as it will be run."""

    label: str
    source: str
    exercise: str | None = None
    """grade_id of the solution cell, for the cells that are one or define its functions."""
    own: bool = False
    """Whether the student added it: a failure in it becomes a note."""
    ours: bool = False
    """Whether it is a demonstration or a visible test of ours: what happens in it is not told."""
    refused: str = ""
    """Why it is not run at all, where it is over a limit."""

    @property
    def is_extra(self) -> bool:
        """Whether no mark needs it, so that it runs on the clock for such cells."""
        return self.own and self.exercise is None


@dataclass(frozen=True)
class CellFault:
    """A cell that did not run to its end, when the notebook was run."""

    label: str
    exercise: str | None
    verdict: Verdict
    message: str
    own: bool = False
    """Whether the student added the cell."""


MISSING, UNCALLABLE = -1, -2
"""What `Session.bound` says of a name that is bound to nothing, or to nothing callable."""


class Session:
    """The process of one submission: its cells run, its functions can be called.

    Args:
        jail: where the code runs.
        cells: the cells to run, in order.
        files: public files of the assignment, by name, laid into the working folder.
        functions: names whose bindings `bound` is asked for.
        upto: how many of the cells run at the beginning; all by default.
        after: the session of the same cells that marked them. This one gets a part of its time,
            and leaves out what hung there before any call.
    """

    allowance: Allowance
    """For our own work on what this submission answers."""
    unknown_names: set[str]
    """Names that cells or functions looked for and did not find."""
    misses: int
    """How often one of them was looked for."""
    _inmate: Inmate | None
    """The process; None before the first, and while one has to be replaced."""
    _ran: int
    """How many of the cells have run in this process, those left out included."""
    _called: bool
    """Whether this process has been called: from then on it may know hidden inputs."""
    _stood_in: set[str]
    """Functions that a function of ours has stood in for in this process: it may have asked ours
    for answers and kept them."""
    _open_until: int | None
    """How many cells were wanted when a function was called for the first time."""
    _names: set[str]
    """Names that stand in the notebook that was submitted, and so may be told."""
    _in_the_open: set[int]
    """Cells that did not run to their end before any call: no hidden input had a part in it."""
    _ahead: deque[Call]
    """Calls that are sent and not answered yet, in order."""
    _held: int
    """Bytes of memory that the answers take since the cases were last taken."""

    def __init__(
        self,
        jail: Jail,
        cells: Sequence[Cell],
        files: dict[str, bytes] | None = None,
        functions: Sequence[str] = (),
        upto: int | None = None,
        after: Session | None = None,
    ) -> None:
        self._jail = jail
        self._in_part = after is not None
        self._open_until = None
        self._limits = jail.limits if after is None else after.part_of_rest()
        self._cells = tuple(cells)
        self._files = dict(files or {})
        self._functions = tuple(functions)
        self._wanted = len(self._cells) if upto is None else upto
        self._inmate, self._ran, self._called = None, 0, False
        self._stood_in = set()
        self._clocks = Clocks(self._limits)
        self._faults: dict[int, CellFault] = {}
        self._names = names_in([cell.source for cell in self._cells if not cell.ours])
        self._remarks: dict[int, str] = {}
        self._left_out: set[int] = set()
        self._in_the_open = set()
        self._took_s: dict[int, float] = {}
        self._brief_from = len(self._cells)
        """The first of the cells of which the student's own get no more time than a call."""
        self._somewhere: tuple[str, ...] = ()
        """What the marked session told of cells without saying which."""
        for number, cell in enumerate(self._cells):
            if cell.refused:
                self._left_out.add(number)
                self._note(number, Verdict.FORBIDDEN, cell.refused, "is not run")
        self.unknown_names, self.misses = set(), 0
        self._hung: dict[tuple[object, ...], Outcome] = {}
        self._calls: list[Call] = []
        self._ahead = deque()
        self._held = 0
        self.allowance = Allowance(self._limits.checking_wall_s, self._limits.grader_mib)
        self._stack = ExitStack()
        if after is not None:
            self._take_over(after)

    def part_of_rest(self) -> Limits:
        """What a session may use that decides no mark, in the time that this one has left over."""
        limits = self._limits
        return replace(
            limits,
            call_wall_s=min(limits.call_wall_s, PART_CALL_S),
            submission_wall_s=min(limits.submission_wall_s / 3, self._clocks.left_s),
            own_cells_wall_s=limits.own_cells_wall_s / 4,
            checking_wall_s=limits.checking_wall_s / 3,
        )

    def _take_over(self, other: Session) -> None:
        """Take over what another one found out before it called a function, and what hung in it.

        From its first call on, it may have gone by hidden inputs: how long which cell took there,
        or that there was no time for it, must not decide what is told of it here.
        """
        timed_out = Verdict.TIMED_OUT
        self._hung = {way: how for way, how in other._hung.items() if how.verdict is timed_out}
        before = range(len(self._cells) if other._open_until is None else other._open_until)
        self._brief_from = len(before)
        late = {n for n, fault in other._faults.items() if fault.verdict is timed_out}
        self._left_out |= (other._left_out | late).intersection(before)
        self._faults |= {n: fault for n, fault in other._faults.items() if n in before}
        self._remarks |= {n: remark for n, remark in other._remarks.items() if n in before}
        self._somewhere = tuple(
            other._faults[n].message for n in sorted(late) if other._faults[n].label == _SOMEWHERE
        )

    @property
    def may_have_told(self) -> bool:
        """Whether own cells of the student ran behind a call: their notes may tell what it saw."""
        first = self._wanted if self._open_until is None else self._open_until
        return any(cell.own for cell in self._cells[first : self._wanted])

    @property
    def wanted(self) -> int:
        """How many of the cells were run."""
        return self._wanted

    @property
    def notes(self) -> tuple[str, ...]:
        """What happened in the student's own cells, one sentence each, in the order of them."""
        faults = dict.fromkeys(fault.message for fault in self.faults if fault.own)
        return (*dict.fromkeys((*faults, *self._somewhere)), *self.remarks)

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

    @property
    def faults(self) -> tuple[CellFault, ...]:
        """The cells that did not run to their end, in the order of the notebook."""
        return tuple(fault for _, fault in sorted(self._faults.items()))

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was left out of cells that went on, one sentence a cell."""
        return tuple(remark for _, remark in sorted(self._remarks.items()))

    def run_to(self, count: int) -> None:
        """Run the first `count` cells, as far as they have not run yet."""
        self._settle_all()
        self._wanted = max(self._wanted, count)
        if self._inmate is None or self._ran < self._wanted:
            self._run_on()

    def forget_answers(self, names: Sequence[str]) -> None:
        """Go on with a fresh process if functions of ours have stood in for one of the names.

        The old process may have asked them for the answers to inputs that it had seen.
        """
        self._settle_all()
        if not self._stood_in.isdisjoint(names):
            self._stop()
            self._run_on()

    def bound(self, names: Sequence[str]) -> tuple[int, ...]:
        """For each name, the cell that bound it last, by number; or `MISSING`, or `UNCALLABLE`.

        What the jail says is not trusted: it only tells whether asking again is worth while.
        """
        self._settle_all()
        try:
            said = self._ask({"op": "bound", "names": tuple(names)}, self._clocks.call_end())
        except WireError:
            self._stop()
            return (MISSING,) * len(names)
        numbers = said.get("bound")
        if not isinstance(numbers, list) or len(numbers) != len(names):
            return (MISSING,) * len(names)
        return tuple(n if isinstance(n, int) else MISSING for n in numbers)

    def take_cases(self) -> list[Case]:
        """The calls since this was last asked, in order, each with its answer.

        Answers that take more memory than one frame may have are let go, and their calls with them.
        """
        calls, self._calls = self._calls, []
        cases = [Case(call.function, call.args, self.settle(call)) for call in calls]
        light = self._held <= self._limits.answer_mib << 20
        self._held = 0
        return cases if light else []

    def call(self, name: str, args: tuple[Any, ...], given: dict[str, Any]) -> Answer:
        """Call a function of the student and wait for its answer; arguments as for `begin`."""
        return self.settle(self.begin(name, args, given))

    def begin(self, name: str, args: tuple[Any, ...], given: dict[str, Any]) -> Call:
        """Call a function of the student without waiting for the answer; `settle` has it.

        Args:
            name: the function.
            args: its arguments, which go by value, as they are now.
            given: functions of ours that stand in for the student's own during this call.
        """
        call = Call(name, copy_arguments(args), given)
        self._calls.append(call)
        if self._open_until is None:
            self._open_until = self._wanted
        if not self._sent_ahead(call):
            self._settle_all()
            call.answer = self._answer(call)
        return call

    def settle(self, call: Call) -> Answer:
        """The answer to a call that was begun; it is kept as a case for the diagnosis."""
        if call.answer is None:
            self._settle_all()
        if call.answer is None:
            raise SuiteError("a call that was made to another submission")
        return call.answer

    def _sent_ahead(self, call: Call) -> bool:
        """Send a call ahead of its turn, unless something about it has to be seen to first.

        A call with functions among its arguments is answered by turns, and so needs the channel for
        itself; one that hung before is not made again.
        """
        if self._inmate is None or call.given or self._way(call) in self._hung:
            return False
        handles: list[Callable[..., Any]] = []
        frame = self._inmate.channel.frame(_request(call), handles)
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
            # It is seen to when the calls before this one are settled.
            return False
        self._ahead.append(call)
        return True

    def _settle_all(self) -> None:
        """Receive the answers to all calls that are on their way.

        When the process ends or hangs over one of them, those behind it are made again.
        """
        inmate = self._inmate
        while self._ahead:
            call = self._ahead.popleft()
            if inmate is not None and self._inmate is inmate:
                call.answer = self._outcome_of(call, lambda: self._reply([]))
            else:
                call.answer = self._answer(call)

    def _answer(self, call: Call) -> Answer:
        """One call into the jail, to its end, whatever that is."""
        hung = self._hung.get(self._way(call))
        if hung is not None:
            return _ended(hung.verdict, hung.message)

        def ask() -> dict[str, Any]:
            if self._inmate is None:
                self._run_on()
            self._called = True
            self._stood_in |= call.given.keys()
            return self._ask(_request(call), self._clocks.call_end())

        return self._outcome_of(call, ask)

    def _outcome_of(self, call: Call, asked: Callable[[], dict[str, Any]]) -> Answer:
        """What comes of a call; a process that does not come to an answer is replaced."""
        name = call.function
        try:
            return self._told(name, asked())
        except DeadlinePassed:
            if self._clocks.over:
                self._stop()
                return _ended(Verdict.TIMED_OUT, TIME_IS_UP)
            words = f"`{name}` takes too long: is there an endless loop?"
            return self._replace(call, Verdict.TIMED_OUT, words)
        except ClosedByPeer:
            words = f"`{name}` ended the whole Python process."
            return self._replace(call, Verdict.RAISED, words)
        except WireError:
            words = f"`{name}` gives an answer that cannot be read."
            return self._replace(call, Verdict.RAISED, words)

    def _way(self, call: Call) -> tuple[object, ...]:
        """What tells a call from others that may end differently: also where the notebook is."""
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
        """The next reply; the callbacks before it are served."""
        inmate = self._inmate
        if inmate is None:
            raise DeadlinePassed("no process")
        deadline = self._clocks.call_end() if deadline is None else deadline
        left, refused = self._limits.callbacks, False
        allowance = Allowance(self._limits.callbacks_wall_s, self._limits.grader_mib)
        while True:
            reply = inmate.channel.receive(deadline=deadline)
            if not isinstance(reply, dict):
                raise WireError("a reply that is not a dict")
            if "callback" not in reply:
                return {"overdone": True} if refused and "raised" in reply else reply
            left -= 1
            began = time.monotonic()
            answer = answer_callback(inmate, allowance, handles, reply) if left >= 0 else None
            refused = refused or answer is None
            # What we do ourselves is on our own clock.
            deadline += time.monotonic() - began
            frame = answer or inmate.channel.frame({"refused": "too many calls, or too much work"})
            inmate.channel.send_frame(frame, deadline=deadline)

    def _told(self, name: str, reply: dict[str, Any]) -> Answer:
        """What a reply says, in our terms; anything malformed is just an odd answer."""
        if "value" in reply:
            if self._holds_too_much():
                return _ended(Verdict.FAILED, TOO_LARGE)
            changed = reply.get("changed")
            numbers = changed if isinstance(changed, list) else []
            warned = reply.get("warned")
            return Answer(
                reply["value"],
                tuple(number for number in numbers if isinstance(number, int)),
                isinstance(warned, int) and warned > 0,
            )
        if "missing" in reply:
            return Answer(outcome=self._missing(name))
        if "overdone" in reply:
            return _ended(Verdict.RAISED, f"`{name}` {OVERDONE}")
        if "uncallable" in reply:
            return _ended(
                Verdict.FAILED, f"`{name}` is not a function in your notebook. {DEFINE_IT}"
            )
        if "unsendable" in reply:
            return _ended(Verdict.FAILED, _unsendable(reply["unsendable"]))
        self._keep_unknown_name(reply)
        verdict, words, kind = explain(reply, names=self._names)
        return Answer(outcome=Outcome(verdict, f"`{name}` {words}", kind))

    def _holds_too_much(self) -> bool:
        """Count the answer that came last; whether all of them take too much memory with it."""
        if self._inmate is None:
            return False
        channel = self._inmate.channel
        self._held += channel.weight
        return self._held > HELD_FRAMES * channel.frame_bytes

    def _missing(self, name: str) -> Outcome:
        for number, fault in sorted(self._faults.items()):
            source = self._cells[number].source
            if fault.exercise is not None and name in function_names(source):
                message = f"There is no `{name}`: {_within_sentence(fault.message)}"
                return Outcome(fault.verdict, message)
        near = self._nearest(name)
        hint = f"It has `{near}`: use the name that is asked for." if near else DEFINE_IT
        words = f"Your notebook defines no function named `{name}`. {hint}"
        return Outcome(Verdict.FAILED, words)

    def _nearest(self, name: str) -> str:
        """A function of the notebook with nearly this name, which no exercise asks for."""
        sources = [cell.source for cell in self._cells if not cell.ours]
        own = set().union(*map(function_names, sources)).difference(self._functions)
        spelt = {one.lower(): one for one in sorted(own) if len(one) < 2 * len(name)}
        near = difflib.get_close_matches(name.lower(), spelt, 1, NEAR)
        return spelt[near[0]] if near else ""

    def _run_on(self) -> None:
        """Run the cells that are wanted; a process that hangs over one is replaced without it."""
        while not self._clocks.over:
            if self._inmate is None:
                self._leave_out_slow_cells()
                self._inmate = self._stack.enter_context(self._jail.fork())
            if self._run_cells():
                return
            self._stop()

    def _leave_out_slow_cells(self) -> None:
        """Leave out the slowest of the own cells for which not enough time is left once more."""
        while again := self._own_again():
            slowest = max(again, key=lambda number: self._took_s[number])
            if self._took_s[slowest] <= LEAST_S or self._again_s() <= self._clocks.own_s:
                return
            self._left_out.add(slowest)
            self._note(slowest, Verdict.TIMED_OUT, _NO_TIME_LEFT, "is left out")

    def _own_again(self) -> list[int]:
        """Numbers of the own cells that run again when the process is replaced."""
        ran = (number for number in self._took_s if self._cells[number].is_extra)
        return [number for number in ran if number not in self._left_out]

    def _again_s(self) -> float:
        """How long these took, together."""
        return sum(self._took_s[number] for number in self._own_again())

    def _run_cells(self) -> bool:
        """Run the cells that are wanted, go on where this process is; False when it must end."""
        numbers = [n for n in range(self._ran, self._wanted) if n not in self._left_out]
        request = {
            "op": "notebook",
            "files": self._files if self._ran == 0 else {},
            "functions": self._functions,
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
        cell = self._cells[number]
        limit_s = self._limits.cell_wall_s if cell.is_extra else self._clocks.cell_s(own=False)
        if cell.is_extra and number >= self._brief_from:
            limit_s = min(limit_s, PART_CALL_S)
        return cell.label, cell.source, limit_s, cell.is_extra

    def _run_cell(self, number: int) -> bool:
        """Wait for one cell that was sent to come to its end; False when it does not."""
        cell, began = self._cells[number], time.monotonic()
        try:
            reply = self._reply([], self._clocks.cell_end(cell.is_extra))
        except DeadlinePassed:
            self._left_out.add(number)
            self._note(number, Verdict.TIMED_OUT, _TOO_LONG)
            return False
        except WireError:
            if not self._called:
                self._left_out.add(number)
                self._note(number, Verdict.FORBIDDEN, "it ends the whole Python process.")
            return False
        finally:
            self._took_s[number] = time.monotonic() - began
            self._clocks.charge(cell.is_extra, self._took_s[number])
        return self._note_reply(number, reply)

    def _note_reply(self, number: int, reply: dict[str, Any]) -> bool:
        """Note how a cell ended; False when it has to run in a process that was never called.

        What a cell raises after its process was called may carry hidden inputs, or be for what the
        calls left behind. So the cells run again in a fresh process, and what it does there counts.
        """
        cell = self._cells[number]
        if (lacking := left_out(reply)) and not cell.ours and not self._called:
            self._remarks[number] = f"{cell.label}: while grading, {'; '.join(lacking)}."
        if "left_out" in reply:
            self._left_out.add(number)
            self._note(number, Verdict.TIMED_OUT, _NO_TIME_LEFT, "is left out")
        elif "late" in reply:
            whole_s = self._limits.cell_wall_s - LEAST_S
            whole = not cell.is_extra or self._took_s[number] >= whole_s
            self._note(number, Verdict.TIMED_OUT, _TOO_LONG if whole else _NO_TIME_LEFT)
        elif "raised" in reply and not cell.ours:
            self._keep_unknown_name(reply)
            if self._called and self._again_s() <= self._clocks.own_s:
                return False
            verdict, words, _ = explain(
                reply, text=not self._called, names=self._names, source=cell.source
            )
            self._note(number, verdict, f"it {words}")
        return True

    def _keep_unknown_name(self, reply: dict[str, Any]) -> None:
        """Keep the name that a NameError tells of: it may be bound by a cell that did not run."""
        text = reply.get("text")
        found = _UNKNOWN_NAME.match(text) if isinstance(text, str) else None
        if found and len(self.unknown_names) < MOST_UNKNOWN_NAMES:
            self.unknown_names.add(found[1])
            self.misses += 1

    def _note(
        self, number: int, verdict: Verdict, what: str, ends: str = "does not run to its end"
    ) -> None:
        cell = self._cells[number]
        if cell.ours or (self._in_part and verdict is Verdict.TIMED_OUT):
            return  # what takes too long only in a part of the time is nobody's fault
        if not self._called:
            self._in_the_open.add(number)
        # A cell that runs after calls may choose, by what they told, which of many runs too long.
        label = cell.label if number in self._in_the_open else _SOMEWHERE
        which = "" if number in self._in_the_open else f" {WHICH_CELL}"
        message = f"{label} {ends}: {what}{which}"
        self._faults[number] = CellFault(label, cell.exercise, verdict, message, cell.own)

    def _replace(self, call: Call, verdict: Verdict, words: str) -> Answer:
        """The process is gone or stuck: end it, and do not let this function do so again."""
        self._hung[self._way(call)] = Outcome(verdict, words)
        self._stop()
        return _ended(verdict, words)

    def _stop(self) -> None:
        self._inmate, self._ran, self._called = None, 0, False
        self._stood_in = set()
        self._stack.close()


def _request(call: Call) -> dict[str, Any]:
    return {"op": "call", "name": call.function, "args": call.args, "given": call.given}


def _ended(verdict: Verdict, message: str) -> Answer:
    return Answer(outcome=Outcome(verdict, message))


def _within_sentence(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _unsendable(why: Any) -> str:
    """The sentence for an answer that the worker could not encode."""
    if isinstance(why, str) and why == KINDS["too large"]:
        return TOO_LARGE
    return "It returns an object that raises an exception when it is read as a number."


def function_names(source: str) -> set[str]:
    """Names of the functions that a source defines, found without parsing or running it."""
    pattern = r"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)"
    return set(re.findall(pattern, as_spelt(source), flags=re.MULTILINE))


def as_spelt(source: str) -> str:
    """A source with its names as Python reads them: letters of other fonts are plain ones."""
    return source if source.isascii() else unicodedata.normalize("NFKC", source)
