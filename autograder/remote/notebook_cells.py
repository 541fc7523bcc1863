"""The cells of a whole notebook as they run, and how each of them ended: plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

FRAME_FILES = 4 * 2**20
"""Bytes of files that are laid into a working folder with one message."""


class Way(StrEnum):
    """How a tests cell runs."""

    VALUE = "value"
    """In the tester; its verdict hangs on values alone."""
    HANDLE = "handle"
    """In the tester; its verdict hangs on what an object of the notebook itself answers, too."""
    INSIDE = "inside"
    """In the student's process."""


@dataclass(frozen=True)
class RunCell:
    """One code cell as it will be run."""

    label: str
    source: str
    way: Way | None = None
    """How it runs, if it is a tests cell; else it is a cell of the notebook."""
    public: frozenset[str] = frozenset()
    """Names that a tests cell binds where students can read it: what it binds to others stays in
    the tester."""

    @property
    def is_remote(self) -> bool:
        """Whether it runs in the tester."""
        return self.way not in (None, Way.INSIDE)


@dataclass(frozen=True)
class CellOutcome:
    """How a cell ended."""

    outputs: tuple[tuple[str, str], ...] = ()
    """What it put out, in order: kind (`stdout`, `stderr`, `result`, `error`) and text."""
    raised: Mapping[str, Any] | None = None
    """What the process says of the exception that ended it."""
    late: bool = False
    """Whether it took too long."""
    gone: bool = False
    """Whether the process ended in it."""
    faulty: bool = False
    """Whether the tester ended in it, which is our fault."""
    answers: int = 0
    """How often an object of the notebook itself answered the tests."""
    refusals: int = 0
    """How often it was asked, and only values count."""
    shadowed: tuple[str, ...] = ()
    """Names of the tests' own things that the notebook has given another meaning."""


@dataclass(frozen=True)
class Bounds:
    """How long a notebook may run."""

    cell_s: float
    """Seconds for one cell, as nbgrader's `Execute.timeout`."""
    notebook_s: float
    """Seconds for all cells together."""


def outcome_of(reply: dict[str, Any]) -> CellOutcome:
    """How a cell ended, from a reply in which nothing is trusted."""
    told = reply.get("outputs")
    pairs = [
        (str(one[0]), str(one[1]))
        for one in (told if isinstance(told, list) else [])
        if isinstance(one, list | tuple) and len(one) == 2
    ]
    counts = [reply.get(key) for key in ("answers", "refusals")]
    answers, refusals = (one if isinstance(one, int) else 0 for one in counts)
    raised = reply if "raised" in reply else None
    late, gone = "late" in reply, "ended" in reply
    shadowed = tuple(str(name) for name in reply.get("shadowed") or ())
    return CellOutcome(tuple(pairs), raised, late, gone, False, answers, refusals, shadowed)


def kind_of(frame: bytes) -> str:
    """What kind of message a frame is: `ask`, `reply` or `gone`; empty for one that is for us.

    The frame is not decoded: whoever gets it knows that another process wrote it.
    """
    for kind, beginning in _BEGINNINGS.items():
        if frame.startswith(beginning, 4):
            return kind
    return ""


_BEGINNINGS = {kind: f'["d", ["{kind}", '.encode() for kind in ("ask", "reply", "gone")}


def in_parts(files: Mapping[str, bytes]) -> list[dict[str, bytes]]:
    """Files in parts that fit into a message each."""
    parts: list[dict[str, bytes]] = [{}]
    size = 0
    for name, data in files.items():
        if parts[-1] and size + len(data) > FRAME_FILES:
            parts.append({})
            size = 0
        parts[-1][name] = data
        size += len(data)
    return parts
