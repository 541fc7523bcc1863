"""One submission's functions, as remote functions of the grader.

    with Session(jail, cells, files) as session:
        student = Student(session)
        student.area([3.0, 4.0, 5.0])     # a by-value call into the jail

Arguments go in by value, a plain value comes out; a function that is passed as an argument goes by
handle and is called back a bounded number of times. A call that does not come to an answer raises
`Outcome`, which carries the verdict. When the process dies or hangs it is replaced: the cells are
run again in a fresh fork, so that one exercise's endless loop costs no other exercise its points.
"""

from __future__ import annotations

import copy
import re
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np

from autograder.deadline import TookTooLong, at_most
from autograder.errors import JailError, SuiteError, WireError
from autograder.replies import explain, lacks_library
from autograder.sandbox.supervisor import Inmate, Jail
from autograder.verdict import Verdict
from autograder.wire import ClosedByPeer, DeadlinePassed

CALLBACK_ELEMENTS = 8_192
"""Numbers in the arguments of one callback, which is computed in the grader."""
AHEAD_CALLS, AHEAD_BYTES = 16, 32_768
"""Calls that may be on their way at once: so few that sending them never waits for the jail."""


class Outcome(Exception):
    """A call did not come to an answer: the verdict, and a sentence for the student."""

    def __init__(self, verdict: Verdict, message: str, raised: str = "") -> None:
        super().__init__(message)
        self.verdict = verdict
        self.message = message
        self.raised = raised
        """The built-in exception type that the student's function raised, if one."""


@dataclass(frozen=True)
class Cell:
    """One code cell as it will be run."""

    label: str
    source: str
    exercise: str | None = None
    """grade_id of the solution cell, for the cells that are one."""


@dataclass(frozen=True)
class Answer:
    """What one call gave: a value and the arguments it changed, or an outcome."""

    value: Any = None
    changed: tuple[int, ...] = ()
    warned: bool = False
    outcome: Outcome | None = None


@dataclass(frozen=True)
class Case:
    """One call with its answer, kept for the diagnosis."""

    function: str
    args: tuple[Any, ...]
    answer: Answer


@dataclass
class Call:
    """One call that is made; its answer is there once the session has settled it."""

    function: str
    args: tuple[Any, ...]
    given: dict[str, Callable[..., Any]]
    answer: Answer | None = None
    size: int = 0
    """Bytes of the request, while it is on its way."""

    @property
    def way(self) -> tuple[str, ...]:
        """What tells this call from others that may end differently."""
        return (self.function, *sorted(self.given))


@dataclass(frozen=True)
class CellFault:
    """A cell that did not run to its end, when the notebook was run."""

    label: str
    exercise: str | None
    verdict: Verdict
    message: str


class Session:
    """The process of one submission: its cells run, its functions can be called.

    Args:
        jail: where the code runs.
        cells: the cells to run, in order, before any call.
        files: public files of the assignment, by name, laid into the working folder.
    """

    def __init__(
        self, jail: Jail, cells: Sequence[Cell], files: dict[str, bytes] | None = None
    ) -> None:
        self._jail = jail
        self._limits = jail.limits
        self._cells = tuple(cells)
        self._files = dict(files or {})
        self._inmate: Inmate | None = None
        self._faults: dict[str, CellFault] = {}
        self._left_out: set[str] = set()
        self._hung: dict[tuple[str, ...], Verdict] = {}
        self._calls: list[Call] = []
        self._ahead: deque[Call] = deque()
        """Calls that are sent and not answered yet, in order."""
        self._stack = ExitStack()
        self._deadline = time.monotonic() + self._limits.submission_wall_s

    def __enter__(self) -> Session:
        self._start()
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
        """The cells that did not run to their end."""
        return tuple(self._faults.values())

    def take_cases(self) -> list[Case]:
        """The calls since this was last asked, in order, each with its answer."""
        calls, self._calls = self._calls, []
        return [Case(call.function, call.args, self.settle(call)) for call in calls]

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
        if self._inmate is None or call.given or call.way in self._hung:
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
        try:
            self._inmate.channel.send_frame(frame, deadline=self._call_deadline())
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
        if call.way in self._hung:
            did = f"`{call.function}` did not come to an end before."
            return _ended(self._hung[call.way], did)

        def ask() -> dict[str, Any]:
            if self._inmate is None and time.monotonic() < self._deadline:
                self._start()
            return self._ask(_request(call), self._call_deadline())

        return self._outcome_of(call, ask)

    def _outcome_of(self, call: Call, asked: Callable[[], dict[str, Any]]) -> Answer:
        """What comes of a call; a process that does not come to an answer is replaced."""
        name = call.function
        try:
            return self._told(name, asked())
        except DeadlinePassed:
            self._replace(call.way, Verdict.TIMED_OUT)
            if time.monotonic() >= self._deadline:
                return _ended(Verdict.TIMED_OUT, "The time for the whole notebook is used up.")
            return _ended(Verdict.TIMED_OUT, f"`{name}` takes too long: is there an endless loop?")
        except ClosedByPeer:
            self._replace(call.way, Verdict.RAISED)
            return _ended(Verdict.RAISED, f"`{name}` ended the whole Python process.")
        except WireError:
            self._replace(call.way, Verdict.RAISED)
            return _ended(Verdict.RAISED, f"`{name}` gives an answer that cannot be read.")

    def _call_deadline(self) -> float:
        return min(time.monotonic() + self._limits.call_wall_s, self._deadline)

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
        """The next reply; the callbacks before it are served.

        Raises:
            JailError: the code needs a module that this jail's account cannot read.
        """
        inmate = self._inmate
        if inmate is None:
            raise DeadlinePassed("no process")
        deadline = self._call_deadline() if deadline is None else deadline
        left = self._limits.callbacks
        while True:
            reply = inmate.channel.receive(deadline=deadline)
            if not isinstance(reply, dict):
                raise WireError("a reply that is not a dict")
            if "callback" not in reply:
                if self._jail.closed and lacks_library(reply):
                    raise JailError(
                        f"the submission needs what lies below {self._jail.closed}, which only "
                        "root can read; install Python where everybody can read it"
                    )
                return reply
            left -= 1
            answer = {"refused": "too many calls"}
            if left >= 0:
                answer = _call_back(handles, reply, deadline - time.monotonic())
            inmate.channel.send(answer, deadline=deadline)

    def _told(self, name: str, reply: dict[str, Any]) -> Answer:
        """What a reply says, in our terms; anything malformed is just an odd answer."""
        if "value" in reply:
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
        if "uncallable" in reply:
            return _ended(Verdict.FAILED, f"`{name}` is not a function in your notebook.")
        if "unsendable" in reply:
            return _ended(Verdict.FAILED, "It returns an answer that is too large.")
        verdict, words, kind = explain(reply)
        return Answer(outcome=Outcome(verdict, f"`{name}` {words}", kind))

    def _missing(self, name: str) -> Outcome:
        for fault in self._faults.values():
            if fault.exercise is not None and name in self._names_in(fault.label):
                message = f"There is no `{name}`: {fault.message}"
                return Outcome(fault.verdict, message)
        return Outcome(Verdict.FAILED, f"Your notebook defines no function named `{name}`.")

    def _names_in(self, label: str) -> set[str]:
        return {
            name
            for cell in self._cells
            if cell.label == label
            for name in function_names(cell.source)
        }

    def _start(self) -> None:
        """Start a process and run the cells in it; one that hangs is left out the next time."""
        while True:
            self._inmate = self._stack.enter_context(self._jail.fork())
            if self._run_cells():
                return
            self._stop()
            if time.monotonic() >= self._deadline:
                return

    def _run_cells(self) -> bool:
        """Run all cells that are not left out; False when the process has to be replaced."""
        cells = [cell for cell in self._cells if cell.label not in self._left_out]
        request = {
            "op": "notebook",
            "files": self._files,
            "cells": [(cell.label, cell.source) for cell in cells],
        }
        if self._ask(request, time.monotonic() + self._limits.cell_wall_s) != {"done": True}:
            raise WireError("the public files could not be laid into the working folder")
        return all(self._run_cell(cell) for cell in cells)

    def _run_cell(self, cell: Cell) -> bool:
        """Wait for one cell that was sent to come to its end; False when it does not."""
        deadline = min(time.monotonic() + self._limits.cell_wall_s, self._deadline)
        try:
            reply = self._reply([], deadline)
        except DeadlinePassed:
            self._leave_out(cell, Verdict.TIMED_OUT, "it takes too long.")
            return False
        except WireError:
            self._leave_out(cell, Verdict.FORBIDDEN, "it ends the whole Python process.")
            return False
        if "raised" in reply:
            verdict, words, _ = explain(reply, text=True)
            self._note(cell, verdict, f"it {words}")
        return True

    def _leave_out(self, cell: Cell, verdict: Verdict, what: str) -> None:
        self._left_out.add(cell.label)
        self._note(cell, verdict, what)

    def _note(self, cell: Cell, verdict: Verdict, what: str) -> None:
        message = f"{cell.label} does not run to its end: {what}"
        self._faults[cell.label] = CellFault(cell.label, cell.exercise, verdict, message)

    def _replace(self, way: tuple[str, ...], verdict: Verdict) -> None:
        """The process is gone or stuck: end it, and do not let this function do so again."""
        self._hung[way] = verdict
        self._stop()

    def _stop(self) -> None:
        self._inmate = None
        self._stack.close()


class Student:
    """What a hidden check sees of a submission: its functions, as attributes.

    Args:
        session: the submission's process.
        given: functions that stand in for the student's own, by name.
    """

    def __init__(
        self, session: Session, given: dict[str, Callable[..., Any]] | None = None
    ) -> None:
        self._session = session
        self._given = dict(given or {})

    def __getattr__(self, name: str) -> RemoteFunction:
        if name.startswith("_"):
            raise AttributeError(name)
        return RemoteFunction(self._session, name, self._given)

    def given(self, **functions: Callable[..., Any]) -> Student:
        """The same student with functions of ours in place of its own, by name."""
        return Student(self._session, {**self._given, **functions})


def forget_calls(student: Student) -> None:
    """Drop the calls that were made so far: nobody will diagnose them."""
    student._session.take_cases()


class RemoteFunction:
    """A student's function: call it with values, get a value or an `Outcome`."""

    def __init__(self, session: Session, name: str, given: dict[str, Callable[..., Any]]) -> None:
        self._session = session
        self._given = {key: value for key, value in given.items() if key != name}
        self.__name__ = name

    def __call__(self, *args: Any) -> Any:
        """The plain value that the student's function returns.

        Raises:
            Outcome: it did not come to an answer.
        """
        answer = self.answer(*args)
        if answer.outcome is not None:
            raise answer.outcome
        return answer.value

    def answer(self, *args: Any) -> Answer:
        """The whole answer, an outcome included."""
        return self._session.call(self.__name__, args, self._given)

    def begin(self, *args: Any) -> Call:
        """Make a call without waiting for its answer."""
        return self._session.begin(self.__name__, args, self._given)

    def settle(self, call: Call) -> Answer:
        """The answer to a call that was begun."""
        return self._session.settle(call)


def _request(call: Call) -> dict[str, Any]:
    return {"op": "call", "name": call.function, "args": call.args, "given": call.given}


def _ended(verdict: Verdict, message: str) -> Answer:
    return Answer(outcome=Outcome(verdict, message))


def _call_back(
    handles: list[Callable[..., Any]], reply: dict[str, Any], left_s: float
) -> dict[str, Any]:
    """Call a function of ours for the student's; what it raises is told without its text."""
    handle, args = reply.get("callback"), reply.get("args")
    if not isinstance(handle, int) or not 0 <= handle < len(handles):
        return {"refused": "no such function"}
    if not isinstance(args, tuple | list):
        return {"refused": "arguments that are not a tuple"}
    if sum(map(size_of, args)) > CALLBACK_ELEMENTS:
        return {"refused": "the arguments are too large"}
    try:
        with at_most(left_s):
            return {"value": handles[handle](*args)}
    except TookTooLong:
        return {"refused": "too much work"}
    except Exception as error:
        return {"refused": f"{type(error).__name__}: the arguments do not fit"}


def size_of(value: Any) -> int:
    """How many numbers a value holds, or stands for."""
    if isinstance(value, np.ndarray):
        return int(value.size)
    if isinstance(value, list | tuple):
        return sum(map(size_of, value))
    return 1


def function_names(source: str) -> set[str]:
    """Names of the functions that a source defines, found without parsing or running it."""
    pattern = r"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)"
    return set(re.findall(pattern, source, flags=re.MULTILINE))


def copy_arguments(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments that the other party may change without changing ours; functions stay the same."""
    return tuple(map(_copy, args))


def _copy(value: Any) -> Any:
    if type(value) is np.ndarray and value.dtype != object:
        return value.copy(order="K")
    if type(value) in (int, float, bool, str, np.float64) or callable(value):
        return value
    return copy.deepcopy(value)
