"""The code cells of a notebook as they run, and the log of how they ended."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.remote.clocks import LEAST_S
from autograder.remote.exceptions import explain, left_out
from autograder.remote.phrases import names_in
from autograder.report import Verdict

MOST_UNKNOWN_NAMES = 100
WHICH_CELL = "To see which, restart the kernel and run all cells."
_UNKNOWN_NAME = re.compile(r"(?:global )?name '(\w{1,100})' is not defined")
_TOO_LONG = "it ran too long."
_STOPPED = "was stopped"
_SOMEWHERE = "A cell of yours"
"""The label in a message that must not say which cell it is about."""
_NO_TIME_LEFT = "the time for cells of your own is used up."
_ENDS_PYTHON = "it ends the whole Python process."


@dataclass(frozen=True)
class Cell:
    """One code cell as it will be run."""

    label: str
    source: str
    exercise: str | None = None
    """grade_id of the solution cell, if this cell is one or defines its functions."""
    own: bool = False
    """Whether the student added it: a failure in it becomes a note."""
    ours: bool = False
    """Whether it is a demonstration or a visible test of ours: the notes do not mention it."""
    refused: str = ""
    """Why it is not run, where it exceeds a limit; else empty."""

    @property
    def is_extra(self) -> bool:
        """Whether no mark depends on it, so that it runs on the clock for own cells."""
        return self.own and self.exercise is None


@dataclass(frozen=True)
class CellFault:
    """A cell that did not run to its end."""

    label: str
    exercise: str | None
    verdict: Verdict
    message: str
    own: bool = False
    """Whether the student added the cell."""


class CellLog:
    """How the cells of one session ended: faults, remarks, times, and the cells left out.

    Args:
        cells: the cells, in order.
        cell_wall_s: seconds that one of them may take.
        in_part: whether the session has only part of the time; then no cell is blamed for it.
    """

    left_out: set[int]
    """Cells that are not run, by number."""
    unknown_names: set[str]
    """Names that cells or functions looked for and did not find."""
    misses: int
    """How often cells or functions looked for one of them."""
    names: set[str]
    """Names in the submitted notebook, which messages may therefore show."""
    _in_the_open: set[int]
    """Cells that failed before any call, so that no hidden input had a part in it."""
    _somewhere: tuple[str, ...]
    """Messages of the marking session that do not say which cell they are about."""

    def __init__(self, cells: Sequence[Cell], cell_wall_s: float, in_part: bool) -> None:
        self.cells = tuple(cells)
        self._whole_s = cell_wall_s - LEAST_S
        self._in_part = in_part
        self.names = names_in([cell.source for cell in self.cells if not cell.ours])
        self.left_out, self.unknown_names, self.misses = set(), set(), 0
        self._in_the_open, self._somewhere = set(), ()
        self._faults: dict[int, CellFault] = {}
        self._remarks: dict[int, str] = {}
        self._took_s: dict[int, float] = {}
        for number, cell in enumerate(self.cells):
            if cell.refused:
                self.left_out.add(number)
                self._note(number, Verdict.FORBIDDEN, cell.refused, "is not run")

    @property
    def faults(self) -> tuple[CellFault, ...]:
        """The cells that did not run to their end, in the order of the notebook."""
        return tuple(fault for _, fault in sorted(self._faults.items()))

    @property
    def notes(self) -> tuple[str, ...]:
        """What happened in the student's own cells, one sentence each: faults, then remarks."""
        faults = dict.fromkeys(fault.message for fault in self.faults if fault.own)
        return (*dict.fromkeys((*faults, *self._somewhere)), *self.remarks)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was skipped inside cells that went on, one sentence per cell."""
        return tuple(remark for _, remark in sorted(self._remarks.items()))

    def take_over(self, other: CellLog, before: Iterable[int]) -> None:
        """Copy what another session of the same cells recorded about some of them."""
        numbers = set(before)
        late = {n for n, fault in other._faults.items() if fault.verdict is Verdict.TIMED_OUT}
        self.left_out |= (other.left_out | late) & numbers
        self._faults |= {n: fault for n, fault in other._faults.items() if n in numbers}
        self._remarks |= {n: remark for n, remark in other._remarks.items() if n in numbers}
        self._somewhere = tuple(
            other._faults[n].message for n in sorted(late) if other._faults[n].label == _SOMEWHERE
        )

    def fault_in_definition(self, function: str) -> CellFault | None:
        """The first fault of an exercise's cell that defines a function; None if there is none."""
        for number, fault in sorted(self._faults.items()):
            names = function_names(self.cells[number].source)
            if fault.exercise is not None and function in names:
                return fault
        return None

    def took(self, number: int, seconds: float) -> None:
        """Record how long a cell took."""
        self._took_s[number] = seconds

    def own_again_s(self) -> float:
        """How long the student's own cells will take to run again in another process."""
        return sum(self._took_s[number] for number in self._own_again())

    def leave_out_slow_cells(self, own_s: float) -> None:
        """Leave out the slowest own cells until the others can run again in `own_s` seconds."""
        while again := self._own_again():
            slowest = max(again, key=lambda number: self._took_s[number])
            if self._took_s[slowest] <= LEAST_S or self.own_again_s() <= own_s:
                return
            self.left_out.add(slowest)
            self._note(slowest, Verdict.TIMED_OUT, _NO_TIME_LEFT, "is left out")

    def _own_again(self) -> list[int]:
        ran = (number for number in self._took_s if self.cells[number].is_extra)
        return [number for number in ran if number not in self.left_out]

    def note_hanging(self, number: int, called: bool) -> None:
        """Record a cell that could not be interrupted: it is not run again."""
        self.left_out.add(number)
        self._note(number, Verdict.TIMED_OUT, _TOO_LONG, _STOPPED, called)

    def note_ending(self, number: int) -> None:
        """Record a cell that ended the process before any call: it is not run again."""
        self.left_out.add(number)
        self._note(number, Verdict.FORBIDDEN, _ENDS_PYTHON)

    def note_reply(self, number: int, reply: dict[str, Any], called: bool, own_s: float) -> bool:
        """Record how a cell ended; False when the cells must run again in a fresh process.

        An exception raised after the process was called may carry hidden inputs, or be due to what
        the calls left behind. So the cells run again in a fresh process, and what happens there
        counts.

        Args:
            number: the cell's number.
            reply: what the process says; nothing in it is trusted.
            called: whether the process was called before.
            own_s: seconds that are left for the student's own cells.
        """
        cell = self.cells[number]
        if (lacking := left_out(reply)) and not cell.ours and not called:
            self._remarks[number] = f"{cell.label}: while grading, {'; '.join(lacking)}."
        if "left_out" in reply:
            self.left_out.add(number)
            self._note(number, Verdict.TIMED_OUT, _NO_TIME_LEFT, "is left out", called)
        elif "late" in reply:
            whole = not cell.is_extra or self._took_s[number] >= self._whole_s
            words = _TOO_LONG if whole else _NO_TIME_LEFT
            self._note(number, Verdict.TIMED_OUT, words, _STOPPED, called)
        elif "raised" in reply and not cell.ours:
            self.keep_unknown_name(reply)
            if called and self.own_again_s() <= own_s:
                return False
            verdict, words, _ = explain(
                reply, text=not called, names=self.names, source=cell.source
            )
            self._note(number, verdict, f"it {words}", called=called)
        return True

    def keep_unknown_name(self, reply: dict[str, Any]) -> None:
        """Keep the name in a NameError: a cell that did not run may define it."""
        text = reply.get("text")
        found = _UNKNOWN_NAME.match(text) if isinstance(text, str) else None
        if found and len(self.unknown_names) < MOST_UNKNOWN_NAMES:
            self.unknown_names.add(found[1])
            self.misses += 1

    def _note(
        self,
        number: int,
        verdict: Verdict,
        what: str,
        ends: str = "does not run to its end",
        called: bool = False,
    ) -> None:
        cell = self.cells[number]
        if cell.ours or (self._in_part and verdict is Verdict.TIMED_OUT):
            return  # too slow for part of the time is nobody's fault
        if not called:
            self._in_the_open.add(number)
        # After calls, which of many cells runs too long may be a message about hidden inputs.
        label = cell.label if number in self._in_the_open else _SOMEWHERE
        which = "" if number in self._in_the_open else f" {WHICH_CELL}"
        message = f"{label} {ends}: {what}{which}"
        self._faults[number] = CellFault(label, cell.exercise, verdict, message, cell.own)


@dataclass(frozen=True)
class Asked:
    """The names that a notebook's exercises ask for."""

    functions: tuple[str, ...] = ()
    """Of functions, and of classes."""
    classes: frozenset[str] = frozenset()
    """Those of the functions that are classes."""
    variables: tuple[str, ...] = ()


def function_names(source: str) -> set[str]:
    """Names of the functions and classes that a source defines, found without parsing it."""
    pattern = r"^[ \t]*(?:(?:async[ \t]+)?def|class)[ \t]+(\w+)"
    return set(re.findall(pattern, as_spelt(source), flags=re.MULTILINE))


def as_spelt(source: str) -> str:
    """A source with its names as Python reads them: letters in other fonts become plain ones."""
    return source if source.isascii() else unicodedata.normalize("NFKC", source)
