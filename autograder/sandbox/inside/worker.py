"""Runs a student's cells and answers calls of the student's functions, inside the sandbox.

Everything in this process belongs to the student as soon as the first cell has run: the student's
code may rewrite this very module. So the grader trusts nothing here; this module only serves honest
work well. No check, answer or course is within its reach.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any
from warnings import catch_warnings, resetwarnings, simplefilter

import numpy as np

from autograder.sandbox.inside.arguments import in_row, split
from autograder.sandbox.inside.cells import Cells, raised
from autograder.sandbox.inside.channel import Channel
from autograder.sandbox.inside.countdown import interrupted
from autograder.sandbox.inside.figures import NoFigure, drawn_by
from autograder.sandbox.inside.operations import OF_ALL, OPERATIONS
from autograder.sandbox.inside.whole_notebook import WholeNotebook, lay
from autograder.sandbox.inside.wire import KINDS, WireError, encode

_UNCHANGEABLE = (int, float, bool, str, bytes, complex, type(None), np.float64)


def serve(channel: Channel, shell: Any) -> None:
    """Answer requests until the grader closes the channel."""
    interpreter = Interpreter(channel, shell)
    channel.send({"ready": True})
    while True:
        request = channel.receive(proxy=interpreter.proxy, generators=True)
        if channel.relayed:
            # Another submission's process wrote this: it may ask, and give no orders.
            request = {key: request[key] for key in ("ask", "left_s") if key in request}
        # A reply that cannot be encoded gets a reply in its place: the grader counts on one each.
        for answer in interpreter.answers(request):
            try:
                channel.send(answer)
            except WireError as error:
                channel.send({"unsendable": str(error)})
        interpreter.turn += 1


class Interpreter:
    """One student's namespace: runs cells in it, calls functions from it."""

    def __init__(self, channel: Channel, shell: Any) -> None:
        self.turn = 0
        """How many requests have been answered; a function of the grader is valid during one of
        them."""
        self._channel = channel
        self._shell = shell
        self._names: dict[str, Any] = shell.user_ns
        self._built_in = frozenset(vars(builtins))
        self._cells = Cells(shell)
        self._session: WholeNotebook | None = None
        """Set when a whole notebook runs, with its tests cells."""
        self._held = _Held()
        channel.hold, channel.held = self._held.hold, self._held.take
        self._bound: dict[str, tuple[Any, int]] = {}
        """By name, the value that it is bound to and the number of the cell that bound it."""

    def answers(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The replies to one request of the grader, each as soon as it is ready.

        A notebook's cells come in one request, with a reply for the files and one for each cell, so
        that neither side waits for the other between them.
        """
        match request:
            case {"op": "notebook", "files": files, "cells": cells}:
                for name, data in files.items():
                    lay(name, data)
                yield {"done": True}
                yield from self._run_cells(cells, request)
            case {"op": "begin", "environment": environment}:
                os.environ.update(environment)
                self._session = WholeNotebook(self._shell, self._cells, self._channel)
                yield {"done": True}
            case {"op": "bound", "names": names, "variables": variables}:
                yield {"bound": [self._binding(name, name in variables) for name in names]}
            case {"op": "cell", "source": source, "label": label}:
                yield self._cells.run(source, label)
            case {"op": "call", "given": given}:
                with self._in_place_of(given):
                    answer = self._call(request)
                yield answer
            case {"op": "value", "name": name}:
                value = self._look_up(name)
                yield {"missing": True} if value is self else {"value": value}
            case {"op": "file", "name": name}:
                yield _content(name, self._channel.frame_bytes)
            case _ if self._session is not None:
                yield from self._session.answers(request)
            case _:
                yield {"unsendable": "object"}

    def proxy(self, handle: int) -> Callable[..., Any]:
        """The function that stands here for a function of the grader."""

        turn = self.turn

        def given_function(*args: Any, **named: Any) -> Any:
            # A student may keep the function; after its call, the grader no longer answers it.
            if self.turn != turn:
                raise RuntimeError("this function belongs to an earlier call")
            row, names = in_row(args, named)
            # Nobody asks for what a callback hands over, so nothing of it is kept.
            self._channel.hold = None
            try:
                self._channel.send({"callback": handle, "args": row, "names": names})
            finally:
                self._channel.hold = self._held.hold
            reply = self._channel.receive()
            if "refused" in reply:
                raise RuntimeError(reply["refused"])
            return reply["value"]

        return given_function

    def _run_cells(
        self, cells: list[tuple[int, str, str, float, bool]], request: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """Run cells, each given as number, label, source, limit, and whether it is an own cell.

        A cell that takes too long is interrupted, as in a kernel: what it has bound stays.
        """
        own_s = request["own_s"]
        for number, label, source, limit_s, own in cells:
            # `own_s` may go below zero: each own cell still gets `least_s`, until `spare_s` is
            # used up as well.
            if own and own_s <= -request["spare_s"]:
                yield {"left_out": True}
                continue
            limit_s = min(limit_s, max(own_s, request["least_s"])) if own else limit_s
            began = monotonic()
            reply = interrupted(limit_s, functools.partial(self._cells.run, source, label))
            own_s -= monotonic() - began if own else 0.0
            self._note_bindings(number, request["names"])
            yield reply

    def _note_bindings(self, number: int, names: list[str]) -> None:
        for name in names:
            value = self._look_up(name)
            if name not in self._bound or self._bound[name][0] is not value:
                self._bound[name] = value, number

    def _binding(self, name: str, variable: bool) -> int:
        """The number of the cell that bound a name; -1 if unbound, -2 if no function."""
        value = self._look_up(name)
        if value is self:
            return -1
        return self._bound.get(name, (None, 0))[1] if variable or callable(value) else -2

    def _look_up(self, name: str) -> Any:
        """The value of a name in a cell, also of built-in names that were added; else `self`."""
        if name not in self._names and name not in self._built_in:
            return vars(builtins).get(name, self)
        return self._names.get(name, self)

    @contextmanager
    def _in_place_of(self, given: dict[str, Any]) -> Any:
        """Bind functions of the grader in place of the student's for one call."""
        own = {name: self._names[name] for name in given if name in self._names}
        self._names.update(given)
        try:
            yield
        finally:
            for name in given:
                self._names.pop(name, None)
            self._names.update(own)

    def _call(self, request: dict[str, Any]) -> dict[str, Any]:
        args, operation = request["args"], request["operation"]
        function = self._look_up(request["name"]) if not operation else _DONE[operation]
        if function is self:
            return {"missing": True}
        if not callable(function):
            return {"uncallable": True}
        before = [self._looks(argument) for argument in args]
        own, named = split(args, request["names"])
        with catch_warnings(record=True, module=warnings) as warned:
            _record_all()
            self._shell.in_call = True
            try:
                if request["wants"] == "value":
                    # Called here and not deeper down: the traceback tells whether the call fits.
                    value = function(*own, **named)
                else:
                    value = _GIVES[request["wants"]](functools.partial(function, *own, **named))
            except NoFigure:
                return {"no_figure": True}
            except BaseException as error:
                return raised(error)
            finally:
                self._shell.in_call = False
        # Deprecated names warn as well, which says nothing about the numbers.
        numeric = sum(issubclass(warning.category, RuntimeWarning) for warning in warned)
        after = [self._looks(argument) for argument in args]
        changed = [i for i, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
        return {"value": value, "changed": changed, "warned": numeric}

    def _looks(self, argument: Any) -> Any:
        """A form of an argument that shows afterwards whether the function changed it."""
        if type(argument) is np.ndarray:
            return argument.dtype.str, argument.shape, argument.tobytes()
        if type(argument) in _UNCHANGEABLE:
            return None
        if argument in self._held:
            return None  # the notebook's own, which its methods are meant to change
        if hasattr(argument, "bit_generator") or callable(argument):
            return None  # a generator is meant to advance, a function has nothing to change
        channel = self._channel
        try:
            return encode(argument, frame_bytes=channel.frame_bytes, elements=channel.elements)
        except WireError:
            return b"grown beyond what crosses"


class _Held:
    """The notebook's objects that do not cross, by number."""

    def __init__(self) -> None:
        self._objects: list[Any] = []
        self._numbers: dict[int, int] = {}

    def __contains__(self, thing: Any) -> bool:
        return id(thing) in self._numbers

    def hold(self, thing: Any) -> int:
        """The number of an object; the same object always has the same."""
        number = self._numbers.get(id(thing))
        if number is None:
            number = self._numbers[id(thing)] = len(self._objects)
            self._objects.append(thing)
        return number

    def take(self, number: int, told: Any, value: Any) -> Any:
        """The object of a number that the grader sends back."""
        return self._objects[number]


_DONE = {**OPERATIONS, **OF_ALL}
"""What can be done to an object, by the name of the operation."""


def _printed(call: Callable[[], Any]) -> str:
    """What a call prints."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        call()
    return text.getvalue()


_GIVES: dict[str, Callable[[Callable[[], Any]], Any]] = {"output": _printed, "figure": drawn_by}
"""By what the grader wants of a call besides its value, what gives it."""


def _content(name: str, most_bytes: int) -> dict[str, Any]:
    """The bytes of a file in the working folder."""
    try:
        with Path(name).open("rb") as file:
            data = file.read(most_bytes)
    except OSError:
        return {"missing": True}
    return {"value": data} if len(data) < most_bytes else {"unsendable": KINDS["too large"]}


def _record_all() -> None:
    """Record every warning, except those that the notebook turns into errors."""
    simplefilter("always", append=True)
    known = list(warnings.filters)
    resetwarnings()
    warnings.filters.extend(f if f[0] == "error" else ("always", *f[1:]) for f in known)  # type: ignore[attr-defined]


def silence() -> None:
    """Replace the text streams, whose buffers the warm process shares with every fork."""
    # They stay open as long as the process lives.
    sys.stdin = open(0, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
