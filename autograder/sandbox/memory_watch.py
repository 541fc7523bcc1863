"""The memory that all processes of one submission hold, added up from outside.

Resource limits bound each process. Where no control group is writable, the grader inspects the
processes of the submission's pid namespace itself, many times a second, and ends it when they hold
too much together: their pages (shared ones divided among those that share them), their files in
memory, and what the kernel may keep for their open pipes and sockets. The bound has some slack:
between two looks a submission can take whatever the kernel hands out.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

LOOK_S = 0.05
"""Seconds between two looks while little is held."""
LOOK_SOON_S = 0.01
"""Seconds between two looks once more than half of the bound is held."""
DESCRIPTOR_MIB = 0.42
"""Memory that the kernel may keep for one end of a pair of sockets, with its usual settings."""
FREE_DESCRIPTORS = 32
"""Open files of a process that do not count: loaded libraries, standard streams, a database."""
_MIB = 1 << 20
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Unseen(Exception):
    """The processes of a submission cannot be inspected; the text says what cannot be read."""


def process_of(pidfd: int) -> int:
    """The number of a process in this namespace, whatever it is in its own; 0 if it ended."""
    for line in Path(f"/proc/self/fdinfo/{pidfd}").read_text().splitlines():
        if line.startswith("Pid:"):
            return max(int(line.split()[1]), 0)
    return 0


def held_mib(pid: int, folders: Iterable[str], enough_mib: float) -> float:
    """The memory that a submission's processes hold together.

    Adding up is quick as long as it stays below `enough_mib`; only above it are pages that several
    processes share divided among them, which takes longer. If some processes end meanwhile, shared
    pages count too much; so a first result above `enough_mib` needs a second one to confirm it.

    Args:
        pid: the first process of the submission's pid namespace.
        folders: where its file systems in memory are mounted.
        enough_mib: what it may hold; adding up stops above it. With 0, everything is added up.

    Raises:
        Unseen: there are processes, and what they hold cannot be read.
    """
    held = _held_at_a_look(pid, folders, enough_mib)
    return min(held, _held_at_a_look(pid, folders, enough_mib)) if held > enough_mib else held


def _held_at_a_look(pid: int, folders: Iterable[str], enough_mib: float) -> float:
    there = members(pid)
    beside = _files_mib(place_of(pid), folders) + _descriptors_mib(there)
    quick = beside + sum(map(_resident_mib, there))
    if quick <= enough_mib:
        return quick
    held = beside
    for one in there:
        held += _proportional_mib(one)
        if held > enough_mib > 0:
            break  # it may grow while it is added up, and this is already too much
    return held


def members(pid: int) -> list[str]:
    """The /proc folders of all processes in a process's pid namespace.

    Raises:
        Unseen: the namespace of a living process cannot be read.
    """
    place = place_of(pid)
    try:
        namespace = os.readlink(f"{place}/ns/pid")
    except FileNotFoundError:
        return []
    except OSError as error:
        if _field(place, "State") in ("Z", "X", ""):
            return []
        raise Unseen(f"{place}/ns/pid: {error.strerror}") from None
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):  # another's, or it ended meanwhile
                if os.readlink(f"/proc/{name}/ns/pid") == namespace:
                    found.append(place_of(int(name)))
    return found


def place_of(pid: int) -> str:
    """The /proc folder of a process, or of a thread that still runs if the first has ended."""
    first = f"/proc/{pid}"
    if _resident_mib(first) > 0:
        return first
    with contextlib.suppress(OSError):
        threads = [f"{first}/task/{number}" for number in os.listdir(f"{first}/task")]
        return next((thread for thread in threads if _resident_mib(thread) > 0), first)
    return first


def _resident_mib(place: str) -> float:
    with contextlib.suppress(OSError, IndexError):
        fields = Path(f"{place}/statm").read_text().split()
        return int(fields[1]) * _PAGE / _MIB
    return 0.0


def _proportional_mib(place: str) -> float:
    try:
        text = Path(f"{place}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    except OSError:
        return _resident_mib(place)
    kib = [int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")]
    return sum(kib) / 1024


def _files_mib(place: str, folders: Iterable[str]) -> float:
    """The size of the submission's file systems in memory."""
    total = 0
    for folder in folders:
        with contextlib.suppress(OSError):
            facts = os.statvfs(f"{place}/root{folder}")
            total += (facts.f_blocks - facts.f_bfree) * facts.f_frsize
    return total / _MIB


def _descriptors_mib(places: Iterable[str]) -> float:
    return sum(max(_open_files(one) - FREE_DESCRIPTORS, 0) for one in places) * DESCRIPTOR_MIB


def _open_files(place: str) -> int:
    """How many files a process has open; if that is not visible, how many it has room for."""
    try:
        return len(os.listdir(f"{place}/fd"))
    except PermissionError:
        return int(_field(place, "FDSize") or 0)
    except OSError:
        return 0


def _field(place: str, name: str) -> str:
    """A field of a process's status, which every account may read; empty if it ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"{place}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return line.split()[1]
    return ""
