"""A class graded from `submitted/` to marks: what `autograder grade` does, without its console.

For each notebook whose mark depends on something that changed: grade it by the pool of workers,
then write the gradebook, the `autograded/` notebook, the `feedback/` page and, last, the report
under `reports/`. So a report on disk means that everything else is there, and a run that was killed
is resumed by the next one. One thread writes, beside the grading: all reports that have come, in
one transaction. One bad submission is one row with a status; it never stops the others.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from autograder.batch.existing import made_ready
from autograder.batch.records import write_class_page
from autograder.batch.strays import Stray, find_strays, look_alikes
from autograder.batch.tasks import Task, Wanted, find_tasks, held_within, signed, why_changed
from autograder.batch.writer import Arriving, Change, Desk, Remark
from autograder.course.model import Course
from autograder.errors import CourseError
from autograder.grading.cluster import Cluster
from autograder.grading.job import Job, Request, unreadable
from autograder.grading.pool import WorkerPool
from autograder.grading.standing import settled
from autograder.grading.submission import Submission
from autograder.report import Booked, Graded, Report, Status
from autograder.sandbox.inside.policy import Tier
from autograder.sandbox.warm import WarmConnection

Reports = Generator[tuple[Task, Report], None, None]
MOST_HELD = 2**28
"""Characters of a class's notebooks that are held in memory; those beyond are read again."""


@dataclass
class Outcome:
    """What grading a class gave."""

    graded: list[Graded] = field(default_factory=list)
    skipped: list[Graded] = field(default_factory=list)
    """Unchanged since they were graded; their reports as stored."""
    changes: list[Change] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    """What the instructor should know of a submission: that a renamed notebook was graded, say."""
    strays: list[Stray] = field(default_factory=list)
    """What lies in `submitted/` and is no submission to the course."""
    class_page: Path | None = None

    @property
    def all(self) -> list[Graded]:
        """Every report of the class, new or stored, by student and notebook."""
        order = {(g.student, g.report.assignment, g.report.notebook): g for g in self.skipped}
        order |= {(g.student, g.report.assignment, g.report.notebook): g for g in self.graded}
        return [order[key] for key in sorted(order)]

    @property
    def needs_person(self) -> list[Graded]:
        """Those that a person should look at."""
        return [one for one in self.all if one.needs_person]

    @property
    def asks(self) -> bool:
        """Whether anything at all needs review."""
        remarked = any(remark.needs_person for remark in self.remarks)
        strayed = any(stray.needs_person for stray in self.strays)
        return bool(self.needs_person) or remarked or strayed

    def add(self, task: Task, graded: Graded, was: Booked | None) -> None:
        """Take in a new report, and note the change of a mark that was there before.

        Args:
            task: what was graded.
            graded: the new report, with the mark that the gradebook holds now.
            was: the mark that it held before.
        """
        self.graded.append(graded)
        before, report = task.before, graded.report
        if before is None or task.refusal:
            return
        old = before.score if was is None else was.score
        if old != graded.score:
            names = (task.student, report.assignment, report.notebook)
            self.changes.append(Change(*names, old, graded.score, why_changed(task, before)))

    def close(self, course: Course, desk: Desk) -> Outcome:
        """Take in what the desk found besides, and write the class page."""
        self.remarks += desk.remarks
        self.changes += desk.changes
        self.skipped = desk.held
        self.class_page = write_class_page(course, self.all)
        return self


def grade_class(
    course: Course,
    assignments: Sequence[str],
    tier: Tier,
    *,
    student: str = "",
    wanted: Wanted = lambda student, lab: True,
    force: bool = False,
    workers: int | None = None,
    cluster: Cluster | None = None,
    warm: WarmConnection | None = None,
    database_url: str = "",
    on_step: Callable[[str], None] = lambda line: None,
    on_tasks: Callable[[int, int], None] = lambda todo, skipped: None,
    on_report: Callable[[Graded], None] = lambda graded: None,
) -> Outcome:
    """Grade what lies in `submitted/` and changed since it was last graded.

    Args:
        course: the course, built.
        assignments: which; all of the course by default.
        tier: the tier of isolation to use.
        student: only this student's submissions.
        wanted: by student and notebook, whether it is to be graded.
        force: grade unchanged submissions again.
        workers: number of worker processes.
        cluster: grade there instead of on this machine.
        warm: the warm process that workers share; by default one of their own.
        database_url: another gradebook than the course's.
        on_step: is told what is done before the first submission is looked at.
        on_tasks: called with the numbers of notebooks to grade and of unchanged ones.
        on_report: called with each report when it is written, from another thread.

    Raises:
        CourseError: the course is not built, or there is nothing to grade.
    """
    chosen = list(assignments) or list(course.assignments)
    course = made_ready(course, chosen, tier, on_step, database_url)
    outcome, tasks = _look(course, chosen, student, tier, wanted, force)
    todo, done = _todo_and_done(tasks, force)
    on_tasks(len(todo), len(done))
    reports = _grade_all(course, todo, tier, workers, cluster, warm, force)
    desk = Desk(course, partial(_take, outcome, on_report), database_url)
    _write_beside(desk, chosen, done, todo, reports)
    return outcome.close(course, desk)


def _look(
    course: Course,
    assignments: Sequence[str],
    student: str,
    tier: Tier,
    wanted: Wanted,
    force: bool,
) -> tuple[Outcome, list[Task]]:
    """What lies in `submitted/`: what is to be said of it, and the notebooks that are wanted.

    Raises:
        CourseError: there are none.
    """
    strays = find_strays(course, student)
    found = (
        task for name in assignments for task in find_tasks(course, name, student, tier, wanted)
    )
    tasks = list(held_within(found, MOST_HELD, force))
    if not tasks:
        raise CourseError(_nothing_there(course, assignments, student, strays))
    return Outcome(strays=strays, remarks=_remarks(course, tasks)), tasks


def _take(
    outcome: Outcome,
    on_report: Callable[[Graded], None],
    task: Task,
    graded: Graded,
    was: Booked | None,
) -> None:
    outcome.add(task, graded, was)
    on_report(graded)


def _todo_and_done(tasks: Sequence[Task], force: bool) -> tuple[list[Task], list[Task]]:
    """What is to be graded, and what is unchanged since it was.

    What took longest last time goes first, so that no long one is left to run alone at the end.
    """
    todo = [task for task in tasks if force or not task.fresh]
    todo.sort(key=lambda task: task.before.wall_s if task.before else 0.0, reverse=True)
    return todo, [] if force else [task for task in tasks if task.fresh]


def _write_beside(
    desk: Desk,
    assignments: Sequence[str],
    done: Sequence[Task],
    todo: Sequence[Task],
    reports: Reports,
) -> None:
    """Write reports as they come: by one thread, which owns the database, while workers grade."""
    arriving: Arriving = SimpleQueue()
    # Closed here, whatever happens: the workers would else end some time, or with the program.
    with ThreadPoolExecutor(1, "writer") as writer, closing(reports):
        written = writer.submit(desk.write_all, assignments, todo, done, arriving)
        try:
            for task, report in reports:
                arriving.put((task, settled(report, task.before)))
                if written.done():
                    break
        finally:
            arriving.put(None)
        written.result()


def _remarks(course: Course, tasks: Sequence[Task]) -> list[Remark]:
    """What is to be said of students and submissions before any is graded."""
    doubles = [
        Remark(names, "", "", "their names look alike: are they one student?")
        for names in look_alikes(course)
    ]
    notes = [
        Remark(task.shown_student, task.lab.assignment, task.lab.name, task.note)
        for task in tasks
        if task.note
    ]
    return doubles + notes


def _nothing_there(
    course: Course, assignments: Sequence[str], student: str, strays: Sequence[Stray]
) -> str:
    """Why there is nothing to grade, and what there is instead."""
    where = course.folder("submitted")
    whose = f" of {student}" if student else ""
    remedy = "collect them (nbgrader collect), or put them into submitted/STUDENT/ASSIGNMENT/"
    known = [folder.name for folder in where.glob("*/")]
    if student and (near := difflib.get_close_matches(student, known, 1)):
        remedy = f"did you mean {near[0]}?"
    there = "".join(f"\n  submitted/{stray.place}: {stray.words}" for stray in strays[:20])
    return f"{where}: no submission{whose} for {', '.join(assignments)}; {remedy}{there}"


def _grade_all(
    course: Course,
    tasks: Sequence[Task],
    tier: Tier,
    workers: int | None,
    cluster: Cluster | None,
    warm: WarmConnection | None,
    force: bool,
) -> Reports:
    """Reports of all tasks, as they come; what could not be read needs no worker."""
    readable = []
    for task in tasks:
        if task.refusal or task.reason:
            status = Status.UNCLEAR if task.refusal else task.status
            report = unreadable(task.lab, task.refusal or task.reason, tier.name, status)
            yield task, signed(task, report)
        else:
            readable.append(task)
    if not readable:
        return
    under_way: dict[Job, Task] = {}

    def jobs() -> Iterator[Job]:
        for task in readable:
            job = job_of(task, course.limits.notebook_mib, force)
            under_way[job] = task
            yield job

    labs = list({task.lab.path: task.lab for task in readable}.values())
    count = min(workers or os.cpu_count() or 1, len(readable))
    with ExitStack() as stack:
        if cluster is not None:
            reports = cluster.grade(course, labs, tier, jobs())
        else:
            pool = stack.enter_context(WorkerPool(course, labs, tier, count, warm))
            reports = pool.grade(jobs())
        for job, report in reports:
            cells = job.content if isinstance(job.content, Submission) else None
            task = replace(under_way.pop(job), held=cells)
            yield task, signed(task, report)


def job_of(task: Task, most_mib: float, force: bool = False) -> Job:
    """What a worker needs to know; exercises that nothing touches keep their results."""
    job = Job(task.student, task.lab.assignment, task.lab.name, task.read(most_mib))
    before = task.before
    if force or before is None or before.digest != task.digest:
        return job
    # The same inputs again: a mark then changes by what changed, and not by chance.
    return replace(job, request=Request(before.seed, task.touched(), before))
