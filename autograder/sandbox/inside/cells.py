"""Runs the cells of a notebook one after the other, as its kernel would, inside the sandbox.

Cells that are plain Python are compiled and executed here, several times as fast as by IPython and
with the same traces: future statements stay in effect, `In`, `Out`, `_` and their like are kept,
and the source can be looked up. All other cells go to the shell.
"""

from __future__ import annotations

import ast
import contextlib
import os
import re
import sys
import traceback
from types import CodeType
from typing import Any

TEXT = 300
"""Most characters of an exception's text that are passed on."""
_TIMED = ("<timed exec>", "<timed eval>", "<unknown>")
"""IPython's names for the code below `%%time`; the last one is for code that does not parse."""
_TOKENS = "<tokenize>"
"""Python's name for a source with inconsistent indentation, which IPython finds out first."""
_BLANK = re.compile(r"\A([^\S\n]*\n)+")
"""Blank lines at the beginning of a cell, which IPython removes."""


class Cells:
    """The cells that a submission runs, and the state that a kernel keeps of them."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._compiler = shell.compile
        self._count = 0
        self._source = ""
        put_folder_on_path()
        sys.displayhook = self._keep

    def run(self, source: str, label: str) -> dict[str, Any]:
        """Run one cell; the reply says how it ended and what was left out of it."""
        self._count = self._shell.execution_count
        self._source = source
        compiler = self._compiler
        compiler.name, compiler.source = f"{label} [{self._count}]", source
        try:
            self._shell.begin_cell(source)
            if self._shell.outputs is not None:
                self._shell.outputs.begin()
            error = self._run(source)
            self._shell.end_cell()
        except BaseException as failure:  # nested too deeply, or our names were replaced
            error = failure
        forget_folder()
        reply = {"done": True} if error is None else raised(error, compiler.name, source)
        softened = self._shell.take_left_out()
        return {**reply, "softened": softened} if softened else reply

    def _run(self, source: str) -> BaseException | None:
        """Run one cell: directly if it is plain Python, by IPython if it has magics."""
        compiler = self._compiler
        if self._shell.needs_shell(source):
            return self._run_by_shell(source)
        code = _BLANK.sub("", source)
        filename = compiler.get_code_name(source, code, self._count)
        flags = compiler.flags
        try:
            parts = _parts(compiler.ast_parse(code, filename))
            compiled = [compiler(part, filename, _mode(part)) for part in parts]
        except (SyntaxError, ValueError):
            compiler.flags = flags
            return self._run_by_shell(source)
        compiler.cache(code, self._count, source)
        return self._run_plainly(source, compiled)

    def _run_plainly(self, source: str, compiled: list[CodeType]) -> BaseException | None:
        self._shell.history_manager.store_inputs(self._count, source, source)
        self._shell.execution_count = self._count + 1
        if self._shell.displayhook.prompt_count != self._count:
            # An older IPython counts a cell only after it has run.
            self._shell.execution_count = self._count
        events = self._shell.events
        try:
            events.trigger("pre_execute")
            try:
                for code in compiled:
                    exec(code, self._shell.user_ns)
            finally:
                events.trigger("post_execute")
        except BaseException as error:
            return error
        finally:
            self._shell.execution_count = self._count + 1
        return None

    def _run_by_shell(self, source: str) -> BaseException | None:
        try:
            result = self._shell.run_cell(source, store_history=True, silent=False)
        except BaseException as error:
            return error
        ended: BaseException | None = result.error_before_exec or result.error_in_exec
        unclosed = isinstance(ended, SyntaxError) and ended.msg == "incomplete input"
        return _what_is_missing(source) or ended if unclosed else ended

    def _keep(self, value: Any) -> None:
        """Keep the value of a cell's last expression as `_` and in `Out`."""
        hook = self._shell.displayhook
        if value is not None and not (";" in self._source and hook.quiet()):
            hook.update_user_ns(value)
            if self._shell.outputs is not None:
                self._shell.outputs.show(value)


def _what_is_missing(source: str) -> SyntaxError | None:
    """Python's own error for a cell that ends too early, which says more than IPython's."""
    try:
        compile(source, "<unknown>", "exec", dont_inherit=True)
    except SyntaxError as error:
        return error
    return None


def _parts(tree: ast.Module) -> list[ast.Module | ast.Interactive]:
    """A cell's statements, with the last one apart if it is an expression with a value."""
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = ast.Interactive([tree.body[-1]])
        return [ast.Module(tree.body[:-1], tree.type_ignores), last]
    return [tree]


def _mode(part: ast.Module | ast.Interactive) -> str:
    return "exec" if isinstance(part, ast.Module) else "single"


def put_folder_on_path() -> None:
    """Let cells import modules from the working folder, after the standard library, as a kernel."""
    if "" not in sys.path:
        places = [n for n, path in enumerate(sys.path) if path.endswith("-packages")]
        sys.path.insert(places[0] if places else len(sys.path), "")


def forget_folder() -> None:
    """Make Python look at the folder anew, so that a module just written by a cell is found."""
    with contextlib.suppress(OSError):  # the folder itself may be gone
        sys.path_importer_cache.pop(os.getcwd(), None)


def raised(error: BaseException, name: str = "", source: str = "") -> dict[str, Any]:
    """The reply for an exception: its built-in type or base type, its text and its line.

    Args:
        error: what was raised.
        name: the name of the cell's code; without it, no line is given.
        source: the cell's source.
    """
    kinds = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"]
    text, own = "", type(error).__name__
    try:
        said = _syntax_words(error, name, source) if isinstance(error, SyntaxError) else error
        text = str(said)[:TEXT]
    except BaseException:
        pass
    return {
        "raised": kinds[0] if kinds else "BaseException",
        "own": own[:TEXT] if own not in kinds else "",
        "text": text,
        "line": _line_of(error, name, source) if name else None,
        "errno": getattr(error, "errno", None) if isinstance(error, OSError) else None,
        # Whether the call itself raised it, because the arguments do not fit the function.
        "by_call": error.__traceback__ is not None and error.__traceback__.tb_next is None,
    }


def _syntax_words(error: SyntaxError, name: str, source: str) -> str:
    """The text of a syntax error, with line numbers counted in the cell."""
    before = _lines_before(error.filename or "", name, source) or 0
    return re.sub(r"\bon line (\d+)", lambda line: f"on line {int(line[1]) + before}", error.msg)


def _line_of(error: BaseException, name: str, source: str) -> int | None:
    """The line of the cell, as an editor counts, where an exception was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [(frame.filename, frame.lineno) for frame in frames]
    if isinstance(error, SyntaxError):
        places.append((error.filename or "", error.lineno))
    lines = [
        line + before
        for file, line in places
        if line is not None and (before := _lines_before(file, name, source)) is not None
    ]
    return lines[-1] if lines else None


def _lines_before(file: str, name: str, source: str) -> int | None:
    """How many lines of the cell stand before the code in `file`; None for code of another cell."""
    if file == _TOKENS:
        blank = _BLANK.match(source)
        return blank[0].count("\n") if blank else 0
    if file in _TIMED:
        magic = source.lstrip().startswith("%%")
        return source[: source.find("%%")].count("\n") + 1 if magic else 0
    if not file.startswith(f"<{name}"):
        return None
    before = file.removeprefix(f"<{name}").rstrip(">").removeprefix("+")
    return int(before) if before.isdigit() else 0 if not before else None
