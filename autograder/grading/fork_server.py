"""The process that workers are forked from: it has the grader's modules loaded.

It is multiprocessing's own. A program that will grade starts it first (`start`), so that it loads
on one processor while the program reads the class on another.
"""

from __future__ import annotations

import multiprocessing
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from typing import Any


def context() -> ForkServerContext:
    """How workers are made."""
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(["autograder.grading.worker"])
    return made


def start() -> None:
    """Start the process, if it does not run yet, without waiting for it."""
    context()
    forkserver.ensure_running()


def work(*args: Any) -> None:
    """What a worker runs (`worker.work`): only the process that it is forked from has loaded it."""
    from autograder.grading.worker import work as work_here

    work_here(*args)
