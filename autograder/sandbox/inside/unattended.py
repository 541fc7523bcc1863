"""Stands in for the person at the page and the terminal: nobody looks, and nobody answers.

Questions get an empty line, breakpoints are skipped, displayed objects are not drawn, and figures
go to memory. This module is loaded inside the sandbox only.
"""

from __future__ import annotations

import asyncio
import builtins
import functools
import getpass
import os
import pdb
import sys
from collections.abc import Callable
from typing import Any

import IPython
from IPython.core import debugger
from IPython.core import display as core_display
from IPython.core.async_helpers import get_asyncio_loop
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.formatters import DisplayFormatter
from IPython.display import display

TURNS = 5
"""How many turns tasks get between two cells."""


class Unseen(DisplayPublisher):  # type: ignore[misc]
    """Publishes displayed objects to nobody; a kernel would send them to the page."""

    def publish(self, *args: Any, **kwargs: Any) -> None:
        """Discard what is displayed."""

    def clear_output(self, wait: bool = False) -> None:
        """Do nothing: there is no output."""


class Undrawn(DisplayFormatter):  # type: ignore[misc]
    """Formats displayed objects only where a cell captures them: drawing a figure takes long."""

    def format(self, obj: Any, include: Any = None, exclude: Any = None) -> Any:
        """The forms of an object by MIME type; empty if nobody looks."""
        if isinstance(self.parent.display_pub, Unseen):
            return {}, {}
        return super().format(obj, include=include, exclude=exclude)


class Unshown(DisplayHook):  # type: ignore[misc]
    """Keeps a cell's last value as `_` and in `Out`, and neither formats nor prints it."""

    def write_output_prompt(self) -> None:
        """Print no cell number."""

    def compute_format_data(self, result: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Format nothing, since nothing is shown; where outputs are kept, tell the value."""
        if self.shell.outputs is not None:
            self.shell.outputs.show(result)
        return {}, {}

    def finish_displayhook(self) -> None:
        """Print no line end."""
        self._is_active = False


def stand_in_for_a_terminal(shell: Any) -> None:
    """Answer everything that would ask a person at a terminal, also for their login name."""
    builtins.input = shell.read_line
    getpass.getpass = shell.read_line
    os.getlogin = getpass.getuser
    # A forgotten breakpoint: a person at the keyboard would continue, so the cell does.
    sys.breakpointhook = lambda *args, **kwargs: shell.leave_out("breakpoint")
    pdb.set_trace = debugger.set_trace = IPython.embed = sys.breakpointhook


def stand_in_for_older_names() -> None:
    """Provide names where notebooks written for older versions of IPython import them from."""
    core_display.display = display
    for name in ("set_matplotlib_formats", "set_matplotlib_close"):
        if not hasattr(IPython.display, name):
            setattr(IPython.display, name, lambda *args, **kwargs: None)


def draw_to_memory(shell: Any) -> None:
    """Leave out any Matplotlib backend that cannot be loaded, however it is chosen.

    A kernel's own backend closes figures when their cell ends; a backend chosen by `use` does not.
    """

    def softly(choose: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(choose)
        def choose_softly(*args: Any, **kwargs: Any) -> None:
            try:
                choose(*args, **kwargs)
                shell.closes_figures &= choose.__name__ != "use"
            except (ImportError, ValueError):
                shell.leave_out("backend")

        return choose_softly

    _configure_inline(shell)
    for module, name in (("matplotlib", "use"), ("matplotlib.pyplot", "switch_backend")):
        if module in sys.modules:
            setattr(sys.modules[module], name, softly(getattr(sys.modules[module], name)))


def _configure_inline(shell: Any) -> None:
    """Make `%config InlineBackend` known from the first cell on, as in a kernel."""
    if "matplotlib_inline.config" in sys.modules:
        backend = sys.modules["matplotlib_inline.config"].InlineBackend.instance(parent=shell)
        backend.shell = shell
        shell.configurables.append(backend)


def close_figures() -> None:
    """Close the figures that a cell has drawn, as a kernel does after showing them."""
    known, inline = map(sys.modules.get, ("matplotlib._pylab_helpers", "matplotlib_inline.config"))
    if known is None or not known.Gcf.figs:
        return
    if inline is None or inline.InlineBackend.instance().close_figures:
        known.Gcf.destroy_all()


def use_shells_loop() -> Any:
    """Make the shell's event loop the one that a cell gets when it asks for one."""
    loop = get_asyncio_loop()
    asyncio.set_event_loop(loop)
    return loop


def let_tasks_go_on() -> None:
    """Let tasks that a cell has started go on, as a kernel's event loop does between cells."""
    loop = use_shells_loop()
    for _ in range(TURNS):
        loop.run_until_complete(asyncio.sleep(0))
