"""The shell that a notebook's cells run in: IPython's, made to behave as a notebook's kernel does.

A student's own kernel never ends a cell because of `!pip install`, `%autosave` or a missing
extension. Neither may this shell, which has no terminal, no network and, in one tier, no second
process. It leaves out what it cannot do: it says so in one line, remembers the kind of thing for
the grader, and lets the cell go on. This module is loaded inside the sandbox only.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from IPython.core import page
from IPython.core.autocall import IPyAutocall
from IPython.core.compilerop import CachingCompiler
from IPython.core.error import StdinNotImplementedError, UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.macro import Macro
from IPython.utils.text import LSString, SList
from traitlets import Type
from traitlets.config import Config

from autograder.sandbox.inside.outputs import Outputs
from autograder.sandbox.inside.unattended import (
    Undrawn,
    Unseen,
    Unshown,
    close_figures,
    draw_to_memory,
    let_tasks_go_on,
    stand_in_for_a_terminal,
    stand_in_for_older_names,
    use_shells_loop,
)

SHELL_S = 8.0
"""Seconds that one shell line may run, in a tier that runs it."""

MOST_QUESTIONS = 20
"""How often `input()` gives a cell an empty line: some cells ask until they get another answer."""

SAID = {
    "breakpoint": "nobody answers here: breakpoints are not stopped at",
    "backend": "this backend draws in a window or a widget; figures are drawn to memory here",
    "exit": "exit() and quit() have no effect in a cell",
    "extension": "this extension is not installed here",
    "input": "nobody answers: input() gives an empty line",
    "install": "nothing is installed while grading",
    "magic": "this magic has no effect here",
    "shell": "shell lines are not run here",
}
"""The kinds of things that can be left out of a cell, and the line that the shell then prints."""

_INSTALLS = re.compile(
    r"^\s*(sudo\s+)?(\S*/)?(pip[\d.]*|conda|mamba|micromamba|uv|poetry|pixi|apt|apt-get|brew|npm"
    r"|jupyter|jupyter-\w+)(\s|$)|\s-m\s+(pip|ensurepip|jupyter\w*|conda)\b"
)
"""Shell lines that install something or start a server: without a network they would only wait."""
_INSTALLERS = {"pip", "conda", "mamba", "micromamba", "uv"}
_NO_MEANING = set(
    """
    autosave clear cls connect_info debug ed edit gui killbgscripts less man more notebook pastebin
    pdb qtconsole store subshell
    """.split()
)
"""Line magics that need the kernel's browser, a terminal, a network or another session."""
_RUN_CODE = {"time", "timeit", "prun", "run", "rerun", "macro", "capture", "code_wrap"}
"""Magics that run the student's code; their exceptions are the student's own."""
_NOT_PYTHON = {"R", "ai", "bigquery", "cython", "julia", "matlab", "octave", "skip", "sql"}
"""Cell magics of common extensions whose cells are not Python, or are not meant to run."""


_STARTS_TASK = re.compile(r"\b(create_task|ensure_future|get_running_loop)\(")
_FIRST_WORD = re.compile(r"[\w.]*")
_PROMPT = re.compile(r"\s*In *\[\d+\]:")
_KINDS = {
    **dict.fromkeys(("load_ext", "reload_ext", "unload_ext"), "extension"),
    **dict.fromkeys(
        "! bash perl pypy python python2 python3 ruby script sh sx system".split(), "shell"
    ),
}
"""By magic, what is left out when it fails, if that is not the magic itself."""


def needs_loop(source: str) -> bool:
    """Whether a cell starts tasks without an event loop of its own."""
    return bool(_STARTS_TASK.search(source)) and "asyncio.run(" not in source


def _once(line: str) -> str:
    """Options that make `timeit` measure once; otherwise many notebooks would wait for seconds."""
    options = re.match(r"(\s*-\w+(\s+\d+)?(?=\s))*", line)
    chosen = options is not None and re.search(r"-\w*[nr]", options[0])
    return line if chosen else f"-n1 -r1 {line}"


class NamingCompiler(CachingCompiler):  # type: ignore[misc]
    """Names code after its cell and its first line, so that tracebacks show the editor's lines.

    IPython removes blank lines at the beginning of a cell, and a magic runs its cell's body by
    itself: `<name+2>` is code that begins in the third line of the cell.
    """

    def __init__(self) -> None:
        super().__init__()
        self.name = "cell"
        self.source = ""

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        """The file name under which code is compiled and kept for tracebacks."""
        code = raw_code.strip()
        start = self.source.find(code) if code else -1
        if start < 0:
            return f"<{self.name}, code {number}>"
        before = self.source.count("\n", 0, start)
        return f"<{self.name}+{before}>" if before else f"<{self.name}>"


class KernelShell(InteractiveShell):  # type: ignore[misc]
    """IPython's shell without a terminal; see the module's docstring."""

    compiler_class = Type(NamingCompiler)
    displayhook_class = Type(Unshown)
    display_pub_class = Type(Unseen)
    kernel = None

    def __init__(self, **settings: Any) -> None:
        self.left_out: list[str] = []
        """Kinds of things, from `SAID`, that were left out since the last `take_left_out`."""
        self.in_call = False
        """Whether a call is running, and not a cell."""
        self.closes_figures = True
        """Whether figures are closed at the end of their cell."""
        self.outputs: Outputs | None = None
        """What cells put out, where that is kept; then they also fail as in a kernel, with magics
        that are unknown and questions that nobody answers."""
        self._asked = 0
        self._has_tasks = False
        super().__init__(**settings)
        self._own_transformers = self._transformers()

    def leave_out(self, kind: str) -> None:
        """Print that something of that kind is left out, and remember it."""
        print(SAID[kind])
        if kind not in self.left_out:
            self.left_out.append(kind)

    def take_left_out(self) -> list[str]:
        """The kinds of things that were left out since the last `take_left_out`."""
        kinds, self.left_out, self._asked = self.left_out, [], 0
        return kinds

    def begin_cell(self, source: str) -> None:
        """Prepare for tasks that a cell may start and that go on after it."""
        if "asyncio" in source and not self._has_tasks:
            self._has_tasks = True
            use_shells_loop()

    def end_cell(self) -> None:
        """Do what a kernel does when a cell has ended: close its figures, let tasks go on."""
        if self.closes_figures:
            close_figures()
        if self._has_tasks:
            let_tasks_go_on()

    def system(self, cmd: str) -> None:
        """Run a shell line where a second process is allowed; otherwise leave it out."""
        _, code = self._run_shell(self.var_expand(cmd, depth=1), None)
        self.user_ns["_exit_code"] = code

    system_piped = system_raw = system

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        """The output of a shell line; empty if the line is left out."""
        line = self.var_expand(cmd, depth=depth + 1)
        text, self.user_ns["_exit_code"] = self._run_shell(line, subprocess.PIPE)
        return SList(text.splitlines()) if split else LSString(text)

    def _run_shell(self, line: str, stdout: int | None) -> tuple[str, int]:
        if _INSTALLS.search(line):
            self.leave_out("install")
            return "", 0
        try:
            done = subprocess.run(
                line,
                shell=True,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.STDOUT,
                timeout=SHELL_S,
                check=False,
            )
        except (OSError, ValueError, subprocess.SubprocessError):
            self.leave_out("shell")
            return "", 1
        return (done.stdout or b"").decode(errors="replace"), done.returncode

    def run_line_magic(self, magic_name: str, line: str, _stack_depth: int = 1) -> Any:
        """Run a line magic; one that is unknown, meaningless here or fails is left out."""
        if magic_name in _INSTALLERS:
            return self.leave_out("install")
        unknown = self.find_line_magic(magic_name) is None
        if magic_name in _NO_MEANING or (unknown and self.outputs is None):
            return self.leave_out("magic")
        line = _once(line) if magic_name == "timeit" else line
        with self._softly(magic_name):
            return super().run_line_magic(magic_name, line, _stack_depth + 1)

    def needs_shell(self, source: str) -> bool:
        """Whether a cell that parses as Python may still mean something else to IPython.

        A single line may be a magic without its sign, a prompt may have been pasted, and an
        extension such as `autoreload`, or the student, may want to act on each cell.
        """
        hooked = any(self._hooks()) or self._transformers() != self._own_transformers
        return bool(
            hooked or self._may_be_magic(source) or needs_loop(source) or _PROMPT.match(source)
        )

    def _hooks(self) -> tuple[object, ...]:
        """The hooks that act on each cell and want to know about it, if any."""
        callbacks = self.events.callbacks
        return (
            self.ast_transformers,
            self.custom_exceptions,
            self.ast_node_interactivity != "last_expr",
            self.prefilter_manager.transformers,
            callbacks["pre_run_cell"],
            callbacks["post_run_cell"],
        )

    def _may_be_magic(self, source: str) -> bool:
        """Whether a source is a single line that IPython may read as a command without its sign."""
        line = source.strip()
        if "\n" in line:
            return False
        word = _FIRST_WORD.match(line)[0]  # type: ignore[index]  # it also matches nothing
        manager = self.magics_manager
        own = isinstance(self.user_ns.get(word), IPyAutocall | Macro)
        magic = word.partition(".")[0] in manager.magics["line"] or word in manager.lazy_magics
        return bool(not line or own or magic or self.autocall)

    def _transformers(self) -> list[object]:
        """The functions that change the text of a cell before it is compiled."""
        manager = self.input_transformer_manager
        return [
            *manager.cleanup_transforms,
            *manager.line_transforms,
            *self.input_transformers_post,
        ]

    def should_run_async(self, raw_cell: str, **known: Any) -> bool:
        """Whether a cell needs a running event loop, which a kernel always has."""
        return needs_loop(raw_cell) or bool(super().should_run_async(raw_cell, **known))

    def magic(self, arg_s: str) -> Any:
        """Run a line magic that is written as one string, as in older notebooks."""
        name, _, line = arg_s.lstrip("%").partition(" ")
        return self.run_line_magic(name, line.strip(), _stack_depth=2)

    def run_cell_magic(self, magic_name: str, line: str, cell: str) -> Any:
        """Run a cell magic; if it is unknown, run the cell as Python, if it is that."""
        line = _once(line) if magic_name == "timeit" else line
        if magic_name != "debug" and self.find_cell_magic(magic_name) is not None:
            with self._softly(magic_name):
                return super().run_cell_magic(magic_name, line, cell)
            return None
        if self.outputs is not None:
            return super().run_cell_magic(magic_name, line, cell)
        self.leave_out("magic")
        if magic_name not in _NOT_PYTHON and self._is_python(cell):
            self.run_cell(cell).raise_error()
        return None

    @contextmanager
    def _softly(self, magic_name: str) -> Iterator[None]:
        """Leave out a magic that fails, but let exceptions of the student's own code pass."""
        try:
            yield
        except UsageError:
            if self.outputs is not None:
                raise
            self.leave_out("magic")
        except Exception as error:
            missing = type(error) is Exception and "not found" in str(error)
            own = magic_name in _RUN_CODE and not (magic_name == "run" and missing)
            if own or (self.outputs is not None and _KINDS.get(magic_name) != "shell"):
                raise
            self.leave_out(_KINDS.get(magic_name, "magic"))

    def _is_python(self, cell: str) -> bool:
        try:
            self.compile.ast_parse(self.transform_cell(cell))
        except (SyntaxError, ValueError):
            return False
        return True

    def enable_gui(self, gui: Any = None) -> None:
        """Do nothing: there is no window, and so no event loop of a window."""

    def enable_matplotlib(self, gui: str | None = None) -> tuple[Any, Any]:
        """Choose the inline backend; one that needs a window or a widget is left out."""
        self.closes_figures = gui in (None, "inline", "auto")
        if gui in (None, "inline", "agg", "auto"):
            chosen: tuple[Any, Any] = super().enable_matplotlib("agg" if gui != "inline" else gui)
            return chosen
        self.leave_out("backend")
        return None, "agg"

    def ask_exit(self) -> None:
        """Leave `exit()` out of a cell, since a kernel ends only after the cell; end a call.

        Raises:
            SystemExit: a function that was called asks to exit.
        """
        if self.in_call:
            raise SystemExit("exit")
        self.leave_out("exit")

    def read_line(self, prompt: object = "", stream: object = None) -> str:
        """Stand in for `input()`: nobody answers, so a cell gets an empty line.

        Raises:
            EOFError: a function that was called asks, or a cell has asked too often.
            StdinNotImplementedError: as in a kernel that nbgrader starts.
        """
        if self.outputs is not None:
            raise StdinNotImplementedError("input was requested, and nobody answers")
        self._asked += 1
        if self.in_call or self._asked > MOST_QUESTIONS:
            raise EOFError("nobody answers while grading")
        self.leave_out("input")
        return ""

    def init_display_formatter(self) -> None:
        """Format objects only where a cell captures what it displays."""
        self.display_formatter = Undrawn(parent=self)
        self.configurables.append(self.display_formatter)

    def init_hooks(self) -> None:
        """Discard help texts: a kernel shows them in a pane of the page, which nobody sees here."""
        super().init_hooks()
        self.set_hook("show_in_pager", page.as_hook(lambda *args, **kwargs: None), 99)

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        """Keep the exception for `%tb`; formatting it would take longer than most cells."""
        sys.last_type, sys.last_value, sys.last_traceback = sys.exc_info()
        if self.outputs is not None:
            # A kernel sends it past everything that captures output.
            self.outputs.fail(sys.exc_info()[1])

    def showsyntaxerror(self, *args: Any, **kwargs: Any) -> None:
        """The same for a cell that does not parse."""
        self.showtraceback()

    def _format_exception_for_storage(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {}


KernelShell.__name__ = "ZMQInteractiveShell"
"""Notebooks test for this name to find out whether they run in a notebook."""


def make_shell(ipython_dir: str) -> KernelShell:
    """The shell that every submission starts from; made once, before the forks."""
    settings = Config()
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.ipython_dir = ipython_dir
    settings.InteractiveShell.colors = "nocolor"
    # Libraries look for this section to find out whether they run in a notebook.
    settings.IPKernelApp.connection_file = ""
    shell: KernelShell = KernelShell.instance(config=settings)
    shell.user_ns["__name__"] = "__main__"
    for name in _NO_MEANING - {*shell.magics_manager.magics["line"]}:
        # Registered, so that they count as magics even without their `%`.
        shell.register_magic_function(shell.leave_out, "line", name)
    # As in a kernel, `get_ipython` is also a built-in name in modules.
    shell.builtin_trap.__enter__()
    stand_in_for_a_terminal(shell)
    stand_in_for_older_names()
    draw_to_memory(shell)
    return shell
