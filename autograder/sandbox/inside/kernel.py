"""The shell that a notebook's cells run in: IPython's, made to behave as a notebook's kernel does.

A kernel never ends a cell over `!pip install`, `%autosave` or an extension that is not installed on
the machine it was written on; neither may this shell, which has no terminal, no network and, in one
tier, no second process. What cannot be done is left out: the shell says so in one line, remembers
the kind of thing for the grader, and the cell goes on. Loaded inside the jail only.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from IPython.core import page
from IPython.core.compilerop import CachingCompiler
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.text import LSString, SList
from traitlets import Type
from traitlets.config import Config

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
"""How long one shell line may run, in a tier that runs it."""

MOST_QUESTIONS = 20
"""How often `input()` gives a cell an empty line: some ask until they get another."""

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
"""What can be left out of a cell, by kind, and the line that the shell says then."""

_INSTALLS = re.compile(
    r"^\s*(sudo\s+)?(\S*/)?(pip[\d.]*|conda|mamba|micromamba|uv|poetry|pixi|apt|apt-get|brew|npm"
    r"|jupyter|jupyter-\w+)(\s|$)|\s-m\s+(pip|ensurepip|jupyter\w*|conda)\b"
)
"""Shell lines that install something or start a server: without a network they only wait."""
_INSTALLERS = {"pip", "conda", "mamba", "micromamba", "uv"}
_NO_MEANING = set(
    """
    autosave clear cls connect_info debug ed edit gui killbgscripts less man more notebook pastebin
    pdb qtconsole store subshell
    """.split()
)
"""Line magics of a kernel that need its browser, a terminal, a network or another session."""
_RUN_CODE = {"time", "timeit", "prun", "run", "rerun", "macro", "capture", "code_wrap"}
"""Magics that run the student's code, whose exceptions are the student's."""
_NOT_PYTHON = {"R", "ai", "bigquery", "cython", "julia", "matlab", "octave", "skip", "sql"}
"""Cell magics of common extensions whose cells hold something else, or are not to be run."""


_STARTS_TASK = re.compile(r"\b(create_task|ensure_future|get_running_loop)\(")
_PROMPT = re.compile(r"\s*In *\[\d+\]:")
_KINDS = {
    **dict.fromkeys(("load_ext", "reload_ext", "unload_ext"), "extension"),
    **dict.fromkeys(
        "! bash perl pypy python python2 python3 ruby script sh sx system".split(), "shell"
    ),
}
"""What is left out when a magic fails, where it is not the magic itself."""


def needs_loop(source: str) -> bool:
    """Whether a cell starts tasks without an event loop of its own."""
    return bool(_STARTS_TASK.search(source)) and "asyncio.run(" not in source


def _once(line: str) -> str:
    """Options of `timeit` that measure once: for seconds, many notebooks would only wait."""
    options = re.match(r"(\s*-\w+(\s+\d+)?(?=\s))*", line)
    chosen = options is not None and re.search(r"-\w*[nr]", options[0])
    return line if chosen else f"-n1 -r1 {line}"


class NamingCompiler(CachingCompiler):  # type: ignore[misc]
    """Names code after its cell and the line it begins at, so that lines can be told as shown.

    IPython leaves out blank lines at the beginning of a cell, and a magic runs its cell's body by
    itself: `<name+2>` is code whose first line is the third of the cell.
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
        """Kinds of what was left out since the last look, of `SAID`."""
        self.in_call = False
        """Whether a function is being called, not a cell run."""
        self.closes_figures = True
        """Whether figures are closed at the end of their cell."""
        self._asked = 0
        self._has_tasks = False
        super().__init__(**settings)
        self._own_transformers = self._transformers()

    def leave_out(self, kind: str) -> None:
        """Say that something of that kind is left out, and remember it."""
        print(SAID[kind])
        if kind not in self.left_out:
            self.left_out.append(kind)

    def take_left_out(self) -> list[str]:
        """The kinds of what was left out since this was last asked."""
        kinds, self.left_out, self._asked = self.left_out, [], 0
        return kinds

    def begin_cell(self, source: str) -> None:
        """Take note of what a cell may begin that goes on behind it."""
        if "asyncio" in source and not self._has_tasks:
            self._has_tasks = True
            use_shells_loop()

    def end_cell(self) -> None:
        """What a kernel does when a cell has ended: close its figures, let tasks go on."""
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
        """What a shell line prints; nothing where it is left out."""
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
        """Run a line magic; one that is unknown, has no meaning here or fails is left out."""
        if magic_name in _INSTALLERS:
            return self.leave_out("install")
        if magic_name in _NO_MEANING or self.find_line_magic(magic_name) is None:
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
        one_line = "\n" not in source.strip()
        return bool(hooked or one_line or needs_loop(source) or _PROMPT.match(source))

    def _hooks(self) -> tuple[object, ...]:
        """What acts on each cell, where there is any."""
        callbacks = self.events.callbacks
        return (
            self.ast_transformers,
            self.custom_exceptions,
            self.ast_node_interactivity != "last_expr",
            *(callbacks[event] for event in callbacks if event != "shell_initialized"),
        )

    def _transformers(self) -> list[object]:
        """What changes the text of a cell before it is compiled."""
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
        """Run a line magic that is written as one string, as older notebooks do."""
        name, _, line = arg_s.lstrip("%").partition(" ")
        return self.run_line_magic(name, line.strip(), _stack_depth=2)

    def run_cell_magic(self, magic_name: str, line: str, cell: str) -> Any:
        """Run a cell magic; where it is unknown, the cell is run as the Python that it may be."""
        line = _once(line) if magic_name == "timeit" else line
        if magic_name != "debug" and self.find_cell_magic(magic_name) is not None:
            with self._softly(magic_name):
                return super().run_cell_magic(magic_name, line, cell)
            return None
        self.leave_out("magic")
        if magic_name not in _NOT_PYTHON and self._is_python(cell):
            self.run_cell(cell).raise_error()
        return None

    @contextmanager
    def _softly(self, magic_name: str) -> Iterator[None]:
        """Leave a magic out that fails; what the student's own code raises in it goes on."""
        try:
            yield
        except UsageError:
            self.leave_out("magic")
        except Exception as error:
            missing = type(error) is Exception and "not found" in str(error)
            if magic_name in _RUN_CODE and not (magic_name == "run" and missing):
                raise
            self.leave_out(_KINDS.get(magic_name, "magic"))

    def _is_python(self, cell: str) -> bool:
        try:
            self.compile.ast_parse(self.transform_cell(cell))
        except (SyntaxError, ValueError):
            return False
        return True

    def enable_gui(self, gui: Any = None) -> None:
        """There is no window, so there is no event loop of one either."""

    def enable_matplotlib(self, gui: str | None = None) -> tuple[Any, Any]:
        """Choose the inline backend; one that needs a window or a widget is left out."""
        self.closes_figures = gui in (None, "inline", "auto")
        if gui in (None, "inline", "agg", "auto"):
            chosen: tuple[Any, Any] = super().enable_matplotlib("agg" if gui != "inline" else gui)
            return chosen
        self.leave_out("backend")
        return None, "agg"

    def ask_exit(self) -> None:
        """In a cell, `exit()` is left out, as a kernel ends only after it; a call ends here."""
        if self.in_call:
            raise SystemExit("exit")
        self.leave_out("exit")

    def read_line(self, prompt: object = "", stream: object = None) -> str:
        """Stand in for `input()`: nobody answers.

        Raises:
            EOFError: a function that is called asks, or a cell does not stop asking; the first
                times, a cell gets an empty line.
        """
        self._asked += 1
        if self.in_call or self._asked > MOST_QUESTIONS:
            raise EOFError("nobody answers while grading")
        self.leave_out("input")
        return ""

    def init_display_formatter(self) -> None:
        """Objects are drawn only where a cell captures what it displays."""
        self.display_formatter = Undrawn(parent=self)
        self.configurables.append(self.display_formatter)

    def init_hooks(self) -> None:
        """Help texts go to the page below the notebook, which nobody sees."""
        super().init_hooks()
        self.set_hook("show_in_pager", page.as_hook(lambda *args, **kwargs: None), 99)

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        """Keep the exception for `%tb`; drawing it would take longer than most cells."""
        sys.last_type, sys.last_value, sys.last_traceback = sys.exc_info()

    def showsyntaxerror(self, *args: Any, **kwargs: Any) -> None:
        """The same for a cell that does not parse."""
        self.showtraceback()

    def _format_exception_for_storage(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {}


KernelShell.__name__ = "ZMQInteractiveShell"
"""Notebooks ask by this name whether they run in a notebook."""


def make_shell(ipython_dir: str) -> KernelShell:
    """The shell that every submission starts from; made once, before the forks."""
    settings = Config()
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.ipython_dir = ipython_dir
    settings.InteractiveShell.colors = "nocolor"
    # Libraries look for this section to know that they run in a notebook.
    settings.IPKernelApp.connection_file = ""
    shell: KernelShell = KernelShell.instance(config=settings)
    shell.user_ns["__name__"] = "__main__"
    for name in _NO_MEANING - {*shell.magics_manager.magics["line"]}:
        # Known, so that they are taken for magics without their sign, too.
        shell.register_magic_function(shell.leave_out, "line", name)
    # `get_ipython` is a built-in of modules, too, for as long as a kernel lives.
    shell.builtin_trap.__enter__()
    stand_in_for_a_terminal(shell)
    stand_in_for_older_names()
    draw_to_memory(shell)
    return shell
