"""Memory and process limits on all of one sandbox, where control groups are writable.

Resource limits bound each process; a control group bounds all of a submission's processes together.
One group holds one keeper and the single fork that it has at a time, so nothing needs to be made or
moved per submission. Both versions of the interface work. Without write access there is no
group, and `Jail.grouped` is False.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
WARM_MIB = 512
"""Memory in the group that is for what the keeper and a fork copy of the warm process."""
WARM_PROCESSES = 8
"""Processes in the group that are the sandbox's own."""
_numbers = itertools.count()


class Group:
    """A control group: `take` puts a process into it, `remove` removes it in the end."""

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

    def take(self, pid: int) -> None:
        """Move a process into the group; what it forks from now on is in it, too.

        Raises:
            OSError: the kernel refuses.
        """
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


def _sweep() -> None:
    """Remove empty groups that killed graders left behind; a group in use cannot be removed."""
    for folder in (*ROOT.glob("autograder-*"), *ROOT.glob("*/autograder-*")):
        owner = folder.name.split("-")[1]
        if owner.isdigit() and not Path("/proc", owner).exists():
            with contextlib.suppress(OSError):
                folder.rmdir()


def make_group(memory_mib: int, processes: int, keeper: int) -> Group | None:
    """A group with these limits and a sandbox's keeper; None where groups are not writable."""
    _sweep()
    try:
        group = Group(memory_mib, processes)
    except OSError:
        return None
    try:
        group.take(keeper)
    except OSError:
        group.remove()
        return None
    return group
