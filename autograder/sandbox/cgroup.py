"""Memory and process limits on everything inside one wall, where control groups may be written.

Resource limits bound each process; a control group bounds all of a submission's processes
together. One group holds one warm process and the single fork that it has at a time, so nothing
needs to be made or moved per submission. Works on both versions of the interface, by trying;
without write access there is no group, and `Jail.layers` says so.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
WARM_MIB = 512
"""What the warm process itself may take of the group's memory."""
WARM_PROCESSES = 8
"""How many processes of the wall itself are in the group."""
_numbers = itertools.count()


class Group:
    """A control group, made; `add` a process before it starts others, `remove` it in the end."""

    def __init__(self, memory_mib: int, processes: int) -> None:
        name = f"autograder-{os.getpid()}-{next(_numbers)}"
        limits = {
            "memory": str((memory_mib + WARM_MIB) << 20),
            "pids": str(processes + WARM_PROCESSES),
        }
        unified = (ROOT / "cgroup.controllers").exists()
        self._folders: list[Path] = []
        try:
            for controller, limit in limits.items():
                folder = ROOT / name if unified else ROOT / controller / name
                self._make(folder, _file(controller, unified), limit)
            if unified:
                self._folders = [ROOT / name]
        except OSError:
            self.remove()
            raise

    def _make(self, folder: Path, file: str, limit: str) -> None:
        folder.mkdir(exist_ok=True)
        self._folders.append(folder)
        (folder / file).write_text(limit)
        for swap in ("memory.swap.max", "memory.memsw.limit_in_bytes"):
            if file.startswith("memory") and (folder / swap).exists():
                with contextlib.suppress(OSError):
                    (folder / swap).write_text("0" if swap == "memory.swap.max" else limit)

    def add(self, pid: int) -> None:
        """Put a process, and so all that it will start, into the group."""
        for folder in self._folders:
            (folder / "cgroup.procs").write_text(str(pid))

    def remove(self) -> None:
        """Remove the group; its processes must have ended, or be about to."""
        for folder in self._folders:
            for _ in range(50):
                try:
                    folder.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.02)
        self._folders = []


def _file(controller: str, unified: bool) -> str:
    if controller == "pids":
        return "pids.max"
    return "memory.max" if unified else "memory.limit_in_bytes"


def make_group(memory_mib: int, processes: int) -> Group | None:
    """A group with these limits, or None where control groups may not be written."""
    try:
        return Group(memory_mib, processes)
    except OSError:
        return None
