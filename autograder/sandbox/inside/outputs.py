"""What a cell puts out, as its kernel would send it: streams, the value of its last line, an error.

nbgrader reads a tests cell's points from these, the first of them that says something. This module
is loaded inside the sandbox only.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import warnings
from typing import Any

from IPython.core.formatters import DisplayFormatter

MOST_TEXT = 20_000
"""Most characters that are kept of one stream's text."""
MOST_OUTPUTS = 200


class Outputs:
    """The outputs of the cell that runs, in order.

    Args:
        shell: the shell that runs it. Its display hook tells the value of a last line.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._told: list[list[str]] = []
        # A library, or a program that a cell starts, may write past Python's own streams.
        self._beneath = tempfile.TemporaryFile()  # noqa: SIM115  open while the process lives
        os.dup2(self._beneath.fileno(), 2)
        self._read = 0
        sys.stdout, sys.stderr = Stream(self, "stdout"), Stream(self, "stderr")

    def write(self, stream: str, text: str) -> None:
        """Add to a stream; what follows directly on the same stream is one output with it."""
        if self._told and self._told[-1][0] == stream:
            last = self._told[-1]
            last[1] += text[: max(0, MOST_TEXT - len(last[1]))]
        elif text and len(self._told) < MOST_OUTPUTS:
            self._told.append([stream, text[:MOST_TEXT]])

    def show(self, value: Any) -> None:
        """Add the value of a last line, as the kernel writes it; nothing if it displays itself."""
        formatter = self._shell.display_formatter
        try:
            forms, _ = DisplayFormatter.format(formatter, value, include=("text/plain",))
        except Exception as error:
            self.fail(error)
            return
        if "text/plain" in forms and len(self._told) < MOST_OUTPUTS:
            self._told.append(["result", forms["text/plain"][:MOST_TEXT]])

    def fail(self, error: BaseException | None) -> None:
        """Add an exception that was shown, whether or not it ended the cell."""
        self._told.append(["error", type(error).__name__])

    def begin(self) -> None:
        """Show each warning once for each cell, as in a kernel, and not once for all."""
        with warnings.catch_warnings():
            pass  # entering it makes Python forget which warnings it has shown

    def take(self) -> list[list[str]]:
        """The outputs since the last `take`, each as its kind and its text."""
        self._read_beneath()
        told, self._told = self._told, []
        return told

    def _read_beneath(self) -> None:
        size = os.fstat(self._beneath.fileno()).st_size
        if size > self._read:
            text = os.pread(self._beneath.fileno(), MOST_TEXT, self._read)
            self._read = size
            self.write("stderr", text.decode(errors="replace"))


class Stream(io.TextIOBase):
    """One of Python's own streams, whose text becomes an output of the cell."""

    def __init__(self, outputs: Outputs, name: str) -> None:
        self._outputs, self._name = outputs, name

    @property
    def name(self) -> str:
        """As libraries that look for a terminal expect it."""
        return f"<{self._name}>"

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """As libraries that look for it expect."""
        return "UTF-8"

    def writable(self) -> bool:
        """It takes text."""
        return True

    def write(self, text: str) -> int:
        """Add text to the cell's outputs."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        self._outputs.write(self._name, text)
        return len(text)

    def fileno(self) -> int:
        """The descriptor beneath, for programs that a cell starts."""
        return 1 if self._name == "stdout" else 2
