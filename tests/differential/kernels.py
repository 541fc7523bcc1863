"""The judgement of a real kernel: the notebook run from top to bottom in a fresh ipykernel.

Errors are allowed, and a cell that hangs is interrupted. The visible tests of an exercise count at
their place in the notebook; tests that the student deleted run at the end, as the master has them.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import Empty

from jupyter_client import BlockingKernelClient, KernelManager

from .notebooks import Cell, Notebook

CELL_S = 30.0
"""Seconds after which a cell is interrupted, on a busy machine."""
STUCK_S = 10.0
"""Seconds that an interrupted kernel has to continue; else its other cells count as failed."""


def green_exercises(
    notebook: Notebook, folder: Path, demonstrations: bool, cell_s: float = CELL_S
) -> frozenset[str]:
    """The tests cells that pass in a fresh kernel, by grade_id of the master.

    Args:
        notebook: as the student submits it.
        folder: has the assignment's public files; the kernel gets copies.
        demonstrations: whether demonstration cells are run too.
        cell_s: seconds after which a cell is interrupted.
    """
    tests = {cell.grade_id: cell.source.strip() for cell in notebook.released if cell.is_tests}
    cells = [c for c in notebook.cells if c.kind == "code"]
    cells = [c for c in cells if demonstrations or not c.is_demonstration]
    known = {name for c in cells if (name := _tests_in(c, tests))}
    cells += [c for c in notebook.released if c.is_tests and c.grade_id not in known]
    ran = run([cell.source for cell in cells], folder, cell_s)
    return frozenset(name for name in tests if _is_green(name, tests[name], cells, ran))


def _tests_in(cell: Cell, tests: Mapping[str, str]) -> str:
    """Which tests a cell holds, by its name or, without metadata, by its source."""
    if cell.grade_id:
        return cell.grade_id if cell.grade_id in tests else ""
    return next((name for name, source in tests.items() if source == cell.source.strip()), "")


def _is_green(name: str, source: str, cells: Sequence[Cell], ran: Sequence[bool]) -> bool:
    """Whether some whole copy of the tests passes; where they were split, whether all pieces do."""
    pieces = [
        (cell.source.strip() == source, passed)
        for cell, passed in zip(cells, ran, strict=True)
        if _tests_in(cell, {name: source}) == name
    ]
    whole = [passed for is_whole, passed in pieces if is_whole]
    return any(whole) if whole else all(passed for _, passed in pieces)


def run(sources: Iterable[str], folder: Path, cell_s: float) -> list[bool]:
    """Run cells in a fresh kernel; for each, whether it came to its end without an error."""
    with tempfile.TemporaryDirectory() as room:
        there = shutil.copytree(folder, Path(room) / "work")
        manager = KernelManager()
        manager.start_kernel(
            extra_arguments=["--HistoryManager.enabled=False"],
            cwd=str(there),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            return _run_in(manager, list(sources), cell_s)
        finally:
            manager.shutdown_kernel(now=True)


def _run_in(manager: KernelManager, sources: list[str], cell_s: float) -> list[bool]:
    client = manager.blocking_client()
    client.start_channels(shell=True, iopub=False, stdin=False, hb=False, control=False)
    try:
        # Send all at once: the kernel runs them one after the other, as for "Run all".
        asked = [
            client.execute(source, allow_stdin=False, stop_on_error=False) for source in sources
        ]
        passed = dict(_replies(manager, client, asked[-1], cell_s))
        return [passed.get(message, False) for message in asked]
    finally:
        client.stop_channels()


def _replies(
    manager: KernelManager, client: BlockingKernelClient, last: str, cell_s: float
) -> Iterator[tuple[str, bool]]:
    """Each reply with whether it is good, until the last one is there or the kernel is stuck."""
    deadline, interrupted = time.monotonic() + cell_s, False
    while manager.is_alive():
        try:
            reply = client.get_shell_msg(timeout=1)
        except Empty:
            if time.monotonic() > deadline and interrupted:
                return
            if time.monotonic() > deadline:
                manager.interrupt_kernel()
                deadline, interrupted = time.monotonic() + STUCK_S, True
            continue
        message = reply["parent_header"]["msg_id"]
        yield message, reply["content"]["status"] == "ok"
        deadline, interrupted = time.monotonic() + cell_s, False
        if message == last:
            return


class Kernels:
    """Runs notebooks in fresh kernels, a few at a time; equal sequences of cells run once.

    Args:
        workers: how many kernels run at once.
    """

    def __init__(self, workers: int) -> None:
        self._pool = ThreadPoolExecutor(workers)
        self._begun: dict[object, Future[frozenset[str]]] = {}
        self.count = 0
        """The number of kernels that were started."""

    def begin(
        self, notebook: Notebook, folder: Path, demonstrations: bool, cell_s: float = CELL_S
    ) -> Future[frozenset[str]]:
        """A future of the exercises that are green."""
        key = (notebook.cells, folder, demonstrations)
        key = (tuple((c.source, c.kind, c.grade_id) for c in notebook.cells), *key[1:])
        if key not in self._begun:
            self.count += 1
            self._begun[key] = self._pool.submit(
                green_exercises, notebook, folder, demonstrations, cell_s
            )
        return self._begun[key]

    def close(self) -> None:
        """Let no more kernels start."""
        self._pool.shutdown(cancel_futures=True)
