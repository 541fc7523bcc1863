"""Runs a student's cells and answers calls of the student's functions, inside the jail.

Everything in this process belongs to the student as soon as the first cell has run: it may rewrite
this very module. So nothing here is trusted by the grader; it only keeps honest work comfortable.
Imports: the standard library, NumPy, IPython and `wire`; no check, answer or course is in reach.
"""

from __future__ import annotations

import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from autograder.errors import WireError
from autograder.wire import Channel, Unsendable, encode

TEXT = 300
"""Characters of an exception's text that are passed on."""
_UNCHANGEABLE = (int, float, bool, str, bytes, complex, type(None), np.float64)


def make_shell(ipython_dir: str) -> Any:
    """The IPython shell that every submission starts from; made once, before the forks."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    settings = Config()
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.ipython_dir = ipython_dir
    settings.InteractiveShell.cache_size = 0
    settings.InteractiveShell.colors = "nocolor"
    shell = InteractiveShell.instance(config=settings)
    shell.enable_gui = lambda gui=None: None
    shell.user_ns.update({"__name__": "__main__"})
    return shell


def serve(channel: Channel, shell: Any) -> None:
    """Answer requests until the grader closes the channel."""
    interpreter = Interpreter(channel, shell)
    channel.send({"ready": True})
    while True:
        request = channel.receive(proxy=interpreter.proxy, generators=True)
        for answer in interpreter.answers(request):
            try:
                channel.send(answer)
            except WireError as error:
                channel.send({"unsendable": str(error)})


class Interpreter:
    """One student's namespace: runs cells in it, calls functions from it."""

    def __init__(self, channel: Channel, shell: Any) -> None:
        self._channel = channel
        self._shell = shell
        self._names: dict[str, Any] = shell.user_ns

    def answers(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The replies to one request of the grader, each as soon as it is there.

        A notebook's cells come in one request, with a reply for the files and one for each cell, so
        that neither side waits for the other between them.
        """
        match request:
            case {"op": "notebook", "files": files, "cells": cells}:
                for path, data in files.items():
                    Path(path).write_bytes(data)
                yield {"done": True}
                for label, source in cells:
                    yield self._run_cell(source, label)
            case {"op": "cell", "source": source, "label": label}:
                yield self._run_cell(source, label)
            case {"op": "call", "name": name, "args": args, "given": given}:
                with self._in_place_of(given):
                    answer = self._call(name, args)
                yield answer
            case {"op": "value", "name": name}:
                yield {"value": self._names[name]} if name in self._names else {"missing": True}
            case _:
                yield {"unsendable": "object"}

    def proxy(self, handle: int) -> Callable[..., Any]:
        """The function that stands here for a function of the grader's."""

        def given_function(*args: Any) -> Any:
            self._channel.send({"callback": handle, "args": args})
            reply = self._channel.receive()
            if "refused" in reply:
                raise RuntimeError(reply["refused"])
            return reply["value"]

        return given_function

    def _run_cell(self, source: str, label: str) -> dict[str, Any]:
        """Run one cell: plainly where it is plain Python, by IPython where it has magics."""
        filename = f"<{label}>"
        try:
            code = compile(source, filename, "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return self._run_ipython_cell(source, filename)
        try:
            exec(code, self._names)
        except BaseException as error:
            return raised(error, filename)
        return {"done": True}

    def _run_ipython_cell(self, source: str, filename: str) -> dict[str, Any]:
        result = self._shell.run_cell(source, store_history=False, silent=True)
        error = result.error_before_exec or result.error_in_exec
        return raised(error, filename) if error is not None else {"done": True}

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

    def _call(self, name: str, args: tuple[Any, ...]) -> dict[str, Any]:
        if name not in self._names:
            return {"missing": True}
        function = self._names[name]
        if not callable(function):
            return {"uncallable": True}
        before = [self._looks(argument) for argument in args]
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                value = function(*args)
            except BaseException as error:
                return raised(error)
        after = [self._looks(argument) for argument in args]
        changed = [i for i, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
        return {"value": value, "changed": changed, "warned": len(warned)}

    def _looks(self, argument: Any) -> Any:
        """What an argument looks like, to see afterwards whether the function changed it."""
        if type(argument) is np.ndarray:
            return argument.dtype.str, argument.shape, argument.tobytes()
        if type(argument) in _UNCHANGEABLE:
            return None
        if hasattr(argument, "bit_generator") or callable(argument):
            return None  # a generator is meant to advance, a function has nothing to change
        channel = self._channel
        try:
            return encode(argument, frame_bytes=channel.frame_bytes, elements=channel.elements)
        except WireError:
            return b"grown beyond what crosses"


def raised(error: BaseException, filename: str = "") -> dict[str, Any]:
    """How an exception is told: the built-in type it is or derives from, its text and its line."""
    names = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"]
    try:
        text = str(error)[:TEXT]
    except BaseException:
        text = ""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if filename and frame.filename == filename]
    line = lines[-1] if lines else getattr(error, "lineno", None)
    return {
        "raised": names[0] if names else "BaseException",
        "text": text,
        "line": line if isinstance(line, int) else None,
        "errno": getattr(error, "errno", None) if isinstance(error, OSError) else None,
    }


def silence() -> None:
    """Replace the text streams, whose buffers the warm process shares with every fork."""
    # They are meant to stay open for as long as the process lives.
    sys.stdin = open(0, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115


__all__ = ["Interpreter", "Unsendable", "make_shell", "raised", "serve", "silence"]
