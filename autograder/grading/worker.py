"""A worker process: it holds the hidden suites and a sandbox, and grades what it is sent.

The process that workers are forked from has loaded this module; the program that starts them has
not (`pool`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from autograder.course.model import Course
from autograder.errors import AutograderError, NoJail, os_fault_words
from autograder.grading.context import Contexts, prepared
from autograder.grading.grader import grade_content
from autograder.grading.job import READY, Job
from autograder.sandbox.inside.policy import Tier
from autograder.sandbox.warm import WarmConnection


def work(
    parent: Connection,
    warm: WarmConnection,
    environment: Mapping[str, str],
    root: str,
    names: Sequence[tuple[str, str]],
    tier: Tier,
) -> None:
    """The main function of a worker: prepare once, then grade until the parent hangs up."""
    # What it was forked from has the environment of an earlier time.
    os.environ.clear()
    os.environ.update(environment)
    try:
        course = Course.load(Path(root))
        labs = [lab for lab in course.labs if (lab.assignment, lab.name) in set(names)]
        with prepared(course, labs, tier, warm=warm) as contexts:
            _serve(parent, contexts)
    except OSError as error:
        with suppress(OSError):
            parent.send(AutograderError(os_fault_words(error)))
    except AutograderError as error:
        with suppress(OSError):
            # Send only the text: some subclasses hold things that cannot be sent.
            parent.send(
                NoJail(str(error)) if isinstance(error, NoJail) else AutograderError(str(error))
            )


def _serve(connection: Connection, contexts: Contexts) -> None:
    # Whoever sends a large job before that waits, and others with it.
    connection.send(READY)
    while True:
        try:
            job: Job = connection.recv()
        except EOFError:
            return
        context = contexts[job.assignment, job.notebook]
        report = grade_content(context, job.content, job.request)
        try:
            connection.send(report)
        except BrokenPipeError:
            return  # Nobody waits for it any more.
