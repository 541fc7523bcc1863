"""Many submissions: a pool of worker processes, each with a sandbox and the course's suites.

A worker is a process of ours that holds the hidden suites and asks its sandbox for forks; no
student's code runs in it. The parent hands out one notebook at a time and takes results as they
come. If a worker dies, its job goes to another worker; if that dies too, the job is reported as
BROKEN. This module does not know where results go (gradebook, files), nor how a worker grades
(`worker`): a program that uses it loads none of that.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait

from autograder.course.lab import Lab
from autograder.course.model import Course
from autograder.errors import AutograderError
from autograder.grading import fork_server
from autograder.grading.job import READY, Job, unreadable
from autograder.report import Report, Status
from autograder.sandbox.inside.policy import Tier
from autograder.sandbox.warm import WarmConnection, WarmProcess

START_S = 120.0
"""Seconds that a worker may take to start, on a busy machine."""


@dataclass
class _Worker:
    """A worker process as its parent sees it."""

    process: multiprocessing.process.BaseProcess
    connection: Connection
    job: Job | None = None
    ready: bool = False
    """Whether it has started, and waits for what is sent."""
    deadline: float = 0.0
    """When its job must be done, on the monotonic clock."""


class WorkerPool:
    """A bounded pool of workers for one course.

    Args:
        course: the course.
        labs: the labs that will be graded.
        tier: the tier of isolation to use.
        workers: how many processes; by default one for each processor.
        warm: the warm process that they share; by default one of the pool's own.
    """

    def __init__(
        self,
        course: Course,
        labs: Sequence[Lab],
        tier: Tier,
        workers: int | None = None,
        warm: WarmConnection | None = None,
    ) -> None:
        self._context = fork_server.context()
        self._start_args = (str(course.root), [(lab.assignment, lab.name) for lab in labs], tier)
        self._course = course
        self._tier = tier
        self._size = workers or os.cpu_count() or 1
        self._workers: list[_Worker] = []
        self._warm = warm
        self._own = ExitStack()

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def start(self) -> None:
        """Start all workers at once, so that the first job does not wait for them."""
        while len(self._workers) < self._size:
            self._hire()

    def close(self) -> None:
        """End all workers and their sandboxes."""
        for worker in self._workers:
            worker.connection.close()
        for worker in self._workers:
            worker.process.join(5)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._workers.clear()
        self._own.close()
        self._warm = None

    def grade(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Report]]:
        """Grade jobs, and yield each with its report as soon as it is ready, in any order.

        Raises:
            NoJail: the tier does not hold here.
            AutograderError: the course's suites cannot be used.
        """
        waiting, again = iter(jobs), deque[Job]()
        repeated: set[Job] = set()
        while self._hand_out(again, waiting):
            for worker in self._ready():
                job, answer = worker.job, self._answer(worker)
                if job is None or answer == READY:
                    continue
                if isinstance(answer, Report):
                    yield job, answer
                    continue
                self._workers.remove(worker)
                if job in repeated:
                    yield job, broken_report(self._course, job, self._tier)
                else:
                    repeated.add(job)
                    again.append(job)

    def _hand_out(self, again: deque[Job], waiting: Iterator[Job]) -> bool:
        """Give each idle worker a job, as long as there are some; False when all are done.

        What waits is taken one by one, so that it need not all be in memory at once.
        """
        idle = [worker for worker in self._workers if worker.job is None]
        while idle or len(self._workers) < self._size:
            job = again.popleft() if again else next(waiting, None)
            if job is None:
                break
            worker = idle.pop() if idle else self._hire()
            worker.job = job
            worker.deadline = time.monotonic() + self._most_s()
            if worker.ready:
                self._send(worker)
        return any(worker.job for worker in self._workers)

    @staticmethod
    def _send(worker: _Worker) -> None:
        """Send a worker its job; one that died is found out when its answer is awaited."""
        with suppress(OSError):
            worker.connection.send(worker.job)

    def _hire(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        with self._connected() as warm, theirs:
            process = self._context.Process(
                target=fork_server.work,
                args=(theirs, warm, dict(os.environ), *self._start_args),
                daemon=True,
            )
            process.start()
        worker = _Worker(process, ours)
        self._workers.append(worker)
        return worker

    def _connected(self) -> WarmConnection:
        """A worker's connection to the warm process; where that is gone, to a new one."""
        if self._warm is None or not self._warm.alive:
            self._own.close()
            self._warm = self._own.enter_context(WarmProcess(self._tier))
        return self._warm.connect()

    def _most_s(self) -> float:
        """Seconds after which a job is given up; the worker itself enforces its limits."""
        return START_S + 4 * self._course.limits.submission_wall_s

    def _ready(self) -> list[_Worker]:
        """The workers that answered or died; those that are overdue are killed first."""
        busy = {worker.connection: worker for worker in self._workers if worker.job}
        while True:
            next_s = min(worker.deadline for worker in busy.values()) - time.monotonic()
            ready = wait(list(busy), max(next_s, 0.0))
            if ready:
                return [busy[connection] for connection in ready]  # type: ignore[index]
            for worker in busy.values():
                if worker.deadline <= time.monotonic():
                    worker.process.kill()
                    worker.deadline += START_S

    def _answer(self, worker: _Worker) -> Report | str | None:
        """The report that a worker sent, or that it is ready for its job; None when it died.

        Raises:
            AutograderError: the worker reports a fault that concerns the whole batch.
        """
        try:
            answer = worker.connection.recv()
        except (EOFError, OSError):
            worker.process.join(5)
            return None
        if answer == READY:
            worker.ready = True
            worker.deadline = time.monotonic() + self._most_s()
            self._send(worker)
            return READY
        worker.job = None
        if isinstance(answer, AutograderError):
            raise answer
        report: Report = answer
        return report


def broken_report(course: Course, job: Job, tier: Tier) -> Report:
    """The report on a notebook on which grading processes died: withheld, and for review."""
    lab = next(lab for lab in course.labs_of(job.assignment) if lab.name == job.notebook)
    reason = "the grading process crashed twice on this submission; it needs review"
    return unreadable(lab, reason, tier.name, Status.BROKEN)
