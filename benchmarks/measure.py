"""What a way of grading costs: wall time, CPU time and memory of everything that it starts.

This module knows nothing of grading. CPU time is that of the processes below this one, so other
programs on the machine are not in it (they still slow it down). The kernel accounts a process to
its parent when it is waited for. What ends with its pid namespace, as everything in a jail does, is
never waited for by anyone outside: such a tree is read while it lives.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

SAMPLE_S = 0.25
"""How often memory is looked at: a shorter peak may be missed."""


@dataclass
class Measured:
    """One way's figures for one class, one entry a round."""

    students: int
    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    peak_mib: list[float] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    """How many exercises of the class came out right: a run that tested nothing shows."""
    single_s: list[float] = field(default_factory=list)
    """Seconds by submission, of all rounds, where a way tells them apart."""

    @property
    def each_s(self) -> list[float]:
        """Seconds of wall time by submission."""
        return [wall / self.students for wall in self.wall_s]

    def take(self, tree: Tree, right: int, single_s: list[float]) -> None:
        """Add what one round gave."""
        self.wall_s.append(tree.wall_s)
        self.cpu_s.append(tree.cpu_s)
        self.peak_mib.append(tree.peak_mib)
        self.right.append(right)
        self.single_s += single_s


class Tree:
    """Wall time, CPU time and peak memory (PSS) of all processes below this one, over a block.

    Whatever the block starts must have ended, and been waited for, when it is left. What was
    started before is counted from the beginning of the block.
    """

    def __enter__(self) -> Tree:
        self.peak_mib = 0.0
        self._walled_s: dict[psutil.Process, float] = {}
        self._stop = threading.Event()
        self._before_s = self._cpu_s()
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()
        self._began = time.perf_counter()
        return self

    def __exit__(self, *exception: object) -> None:
        self.wall_s = time.perf_counter() - self._began
        self._stop.set()
        self._sampler.join()
        self.cpu_s = self._cpu_s() - self._before_s

    def _sample(self) -> None:
        while not self._stop.wait(SAMPLE_S):
            self.peak_mib = max(self.peak_mib, _memory_mib())
            self._cpu_s()

    def _cpu_s(self) -> float:
        """CPU seconds so far of all that has ended, all that runs, and all behind walls."""
        open_s, walled_s = _running_s()
        for first, used_s in walled_s.items():
            self._walled_s[first] = max(used_s, self._walled_s.get(first, 0.0))
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return ended.ru_utime + ended.ru_stime + open_s + sum(self._walled_s.values())


def _running_s() -> tuple[float, dict[psutil.Process, float]]:
    """CPU seconds of what runs below this process, and by first process of each walled tree.

    A wall is another pid namespace; one inside another is part of it. Parents come before their
    children, so that a child that ends meanwhile is counted once.
    """
    me = os.getpid()
    open_s, walled_s = 0.0, defaultdict[psutil.Process, float](float)
    outside, behind = {me}, dict[int, psutil.Process]()
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error, OSError):
            parent, used_s = process.ppid(), sum(process.cpu_times()[:4])
            # Fails for what has ended and waits to be accounted to its parent.
            if _namespace(process.pid) == _namespace(me):
                outside.add(process.pid)
                open_s += used_s
            elif parent in outside or parent in behind:
                first = behind[process.pid] = behind.get(parent, process)
                walled_s[first] += used_s
    return open_s, walled_s


def _namespace(pid: int) -> str:
    return os.readlink(f"/proc/{pid}/ns/pid")


def _memory_mib() -> float:
    total = 0
    for process in psutil.Process().children(recursive=True):
        # One that has ended since it was listed uses none.
        with suppress(psutil.Error, OSError):
            total += process.memory_full_info().pss
    return total / 2**20


def run(
    command: list[str],
    cwd: Path,
    environment: dict[str, str] | None = None,
    codes: tuple[int, ...] = (0,),
) -> str:
    """Run a command, with this Python's own commands first on its path; what it printed.

    Args:
        command: the command and its arguments.
        cwd: where to run it.
        environment: what to add to this process's own environment.
        codes: the exit codes that are no failure.

    Raises:
        RuntimeError: it ends with another code than one of `codes`.
    """
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, "PATH": paths, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in codes:
        said = (done.stdout + done.stderr)[-2000:]
        raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}\n{said}")
    return done.stdout


def quantile(values: list[float], share: float) -> float:
    """The value below which this share (0 to 1) of the values lies."""
    if len(values) < 2:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[round(share * 100) - 1]
