"""A class graded from `submitted/` to marks: what `autograder grade` does, without its screen.

For each notebook whose mark depends on something that changed: grade it in the classroom, write the
gradebook, the `autograded/` notebook, the `feedback/` page and the report under `reports/`, in this
order, so that a report on disk means that everything else is there: whenever this program is
killed, the next run takes up where it stopped. Reports are written by one thread beside the
grading, as many at once as have come, in one transaction. One bad submission is one row with a
status; it never stops the others.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue

from autograder.autograded import autograded_notebook, to_text
from autograder.classroom import Classroom, Job
from autograder.cluster import Cluster
from autograder.course import Course, Lab
from autograder.digest import exercise_digests, submission_digest
from autograder.errors import CourseError
from autograder.feedback import feedback_page
from autograder.gradebook import Gradebook, open_gradebook, parse_timestamp
from autograder.grader import unreadable
from autograder.report import class_page
from autograder.submission import (
    Submission,
    Unreadable,
    list_names,
    read_bytes,
    read_submission,
)
from autograder.verdict import Graded, Report, Status, Verdict

BATCH = 64
"""Reports that are written in one transaction, where so many have come."""
GATHER_S = 0.25
"""How long a report waits for the next one, so that they share a transaction."""


@dataclass(frozen=True)
class Task:
    """One notebook of one submission, as found on disk."""

    student: str
    lab: Lab
    reason: str
    """Why the file cannot be graded; empty where it can."""
    status: Status
    digest: str
    digests: dict[str, str]
    folder: Path
    """The folder that is trusted; `name` is opened beneath it without following links."""
    name: str
    before: Report | None = None
    """The report of an earlier grading, where there is one and it is whole."""

    @property
    def fresh(self) -> bool:
        """Whether the earlier report still says what grading would say."""
        before = self.before
        return before is not None and (before.digest, before.digests) == (self.digest, self.digests)

    def touched(self) -> frozenset[str]:
        """The grade cells to be checked again: those that changed, and what may hang on them.

        An exercise that is not right by itself may owe its marks to how an earlier one went.
        """
        before = self.before
        if (
            before is None
            or before.digest != self.digest
            or set(before.digests) != set(self.digests)
        ):
            return frozenset(self.digests)
        results, touched = before.grade_cells(), set[str]()
        for cell, digest in self.digests.items():
            whole = all(
                result.verdict is Verdict.PASSED and not result.message
                for result in results.get(cell, [])
            )
            if before.digests[cell] != digest or (touched and not whole):
                touched.add(cell)
        return frozenset(touched)


@dataclass(frozen=True)
class Change:
    """A mark that is another one than before."""

    student: str
    assignment: str
    notebook: str
    before: float | None
    after: float | None
    why: str


@dataclass
class Outcome:
    """What grading a class gave."""

    graded: list[Graded] = field(default_factory=list)
    skipped: list[Graded] = field(default_factory=list)
    """Unchanged since they were graded; their reports as stored."""
    changes: list[Change] = field(default_factory=list)
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
        return [one for one in self.all if one.report.needs_person]

    def add(self, task: Task, report: Report) -> Graded:
        """Take in a new report, and note the change of a mark that was there before."""
        graded = Graded(task.student, report)
        self.graded.append(graded)
        before = task.before
        if before is not None and before.score != report.score:
            names = (task.student, report.assignment, report.notebook)
            self.changes.append(
                Change(*names, before.score, report.score, why_changed(task, before))
            )
        return graded


def why_changed(task: Task, before: Report) -> str:
    """Why a notebook was graded again, in words."""
    if before.digest != task.digest:
        return "another submission"
    changed = [cell for cell, digest in task.digests.items() if before.digests.get(cell) != digest]
    if not changed:
        return "graded again with other random inputs"
    if len(changed) == len(task.digests):
        return "the reference, what the checks share, the limits or the grader changed"
    return f"the checks of {', '.join(changed)} changed"


def grade_class(
    course: Course,
    assignments: Sequence[str],
    tier: str,
    *,
    student: str = "",
    force: bool = False,
    workers: int | None = None,
    cluster: Cluster | None = None,
    on_tasks: Callable[[int, int], None] = lambda todo, skipped: None,
    on_report: Callable[[Graded], None] = lambda graded: None,
) -> Outcome:
    """Grade what lies in `submitted/` and changed since it was last graded.

    Args:
        course: the course, built.
        assignments: which; all of the course by default.
        tier: the tier of isolation to use.
        student: only this student's submissions.
        force: grade unchanged submissions again.
        workers: number of worker processes.
        cluster: grade there instead of on this machine.
        on_tasks: is told how many notebooks will be graded and how many are unchanged.
        on_report: is told each report when it is written; called from another thread.

    Raises:
        CourseError: the course is not built, or there is nothing to grade.
    """
    chosen = list(assignments) or list(course.assignments)
    labs = [lab for assignment in chosen for lab in course.labs_of(assignment)]
    tasks = [
        task
        for lab in labs
        for task in find_tasks(course, lab, student, exercise_digests(course, lab, tier))
    ]
    if not tasks:
        whose = f" of {student}" if student else ""
        raise CourseError(
            f"{course.root / 'submitted'}: no submission{whose} for {', '.join(chosen)}"
        )
    outcome = Outcome()
    todo = [task for task in tasks if force or not task.fresh]
    # Longest first where it is known, so that no long one is left to run alone at the end.
    todo.sort(key=lambda task: task.before.wall_s if task.before else 0.0, reverse=True)
    done = [] if force else [task for task in tasks if task.fresh]
    outcome.skipped = [Graded(task.student, task.before) for task in done if task.before]
    on_tasks(len(todo), len(done))
    arriving: SimpleQueue[tuple[Task, Report] | None] = SimpleQueue()
    # All writing is done by one thread, which owns the database, while the workers grade.
    with ThreadPoolExecutor(1, "writer") as desk:
        written = desk.submit(_write_all, course, chosen, todo, arriving, outcome, on_report)
        try:
            for task_and_report in _grade_all(course, todo, tier, workers, cluster, force):
                arriving.put(task_and_report)
                if written.done():
                    break
        finally:
            arriving.put(None)
        written.result()
    outcome.class_page = write_class_page(course, outcome.all)
    return outcome


def find_tasks(course: Course, lab: Lab, student: str, digests: dict[str, str]) -> Iterator[Task]:
    """Every submission of one lab, in the order of the students' names."""
    submitted = course.root / "submitted"
    for name in [student] if student else _names(submitted):
        if os.path.lexists(submitted / name / lab.assignment):
            path = f"{name}/{lab.assignment}/{lab.name}.ipynb"
            before = _stored(course, name, lab)
            yield find_task(course, lab, name, digests, submitted, path, before)


def _names(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(e.name for e in os.scandir(folder) if not e.name.startswith("."))


def find_task(
    course: Course,
    lab: Lab,
    student: str,
    digests: dict[str, str],
    folder: Path,
    name: str,
    before: Report | None = None,
) -> Task:
    """One notebook of a submission, as it lies on disk.

    Args:
        course: the course.
        lab: which notebook.
        student: whose.
        digests: of its exercises.
        folder: is trusted; everything beneath it is not.
        name: path of the notebook below the folder.
        before: the report of an earlier grading.
    """
    make = partial(Task, student, lab, digests=digests, folder=folder, name=name, before=before)
    try:
        data = read_bytes(folder, name, course.limits.notebook_mib)
    except Unreadable as problem:
        status, reason = Status.UNREADABLE, str(problem)
        if not os.path.lexists(folder / name):
            others = list_names(folder, name.rpartition("/")[0])
            status, reason = Status.MISSING, _missing(others, lab)
        return make(reason, status, submission_digest(reason.encode()))
    return make("", Status.GRADED, submission_digest(data))


def _missing(names: Sequence[str], lab: Lab) -> str:
    others = [name for name in names if name.endswith(".ipynb")]
    reason = f"there is no {lab.name}.ipynb in the submission"
    found = ", ".join(ascii(other)[1:-1][:60] for other in others[:5])
    return f"{reason}; there is {found}: was it renamed?" if others else reason


def _stored(course: Course, student: str, lab: Lab) -> Report | None:
    """The report of an earlier grading, if everything of it is there and it gave a mark."""
    try:
        text = report_path(course, student, lab).read_text(encoding="utf-8")
        report = Report.from_json(text)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    there = _autograded(course, student, lab).is_file()
    return report if there and not report.withheld else None


def report_path(course: Course, student: str, lab: Lab) -> Path:
    """Where a report is kept; never released, since it holds the seed."""
    return course.root / "reports" / student / lab.assignment / f"{lab.name}.json"


def feedback_path(course: Course, student: str, assignment: str, notebook: str) -> Path:
    """Where a student's page lies; nbgrader releases what lies there."""
    return course.root / "feedback" / student / assignment / f"{notebook}.html"


def _autograded(course: Course, student: str, lab: Lab) -> Path:
    return course.root / "autograded" / student / lab.assignment / f"{lab.name}.ipynb"


def _write_all(
    course: Course,
    assignments: Sequence[str],
    tasks: Sequence[Task],
    arriving: SimpleQueue[tuple[Task, Report] | None],
    outcome: Outcome,
    on_report: Callable[[Graded], None],
) -> None:
    """Write reports as they come, until None comes."""
    with open_gradebook(course) as book:
        for assignment in assignments:
            book.require_assignment(assignment)
        _enter_submissions(course, book, tasks)
        while batch := _next_batch(arriving):
            write_batch(course, book, batch)
            for task, report in batch:
                on_report(outcome.add(task, report))


def _next_batch(
    arriving: SimpleQueue[tuple[Task, Report] | None],
) -> list[tuple[Task, Report]]:
    """At least one report, and those that come soon after; none when no more will come."""
    batch: list[tuple[Task, Report]] = []
    try:
        while len(batch) < BATCH:
            item = arriving.get(timeout=GATHER_S if batch else None)
            if item is None:
                arriving.put(None)
                break
            batch.append(item)
    except Empty:
        pass
    return batch


def _enter_submissions(course: Course, book: Gradebook, tasks: Sequence[Task]) -> None:
    arrivals: dict[tuple[str, str], datetime | None] = {}
    for student, assignment in dict.fromkeys((t.student, t.lab.assignment) for t in tasks):
        arrivals[student, assignment] = None
        folder = course.root / "submitted"
        try:
            text = read_bytes(folder, f"{student}/{assignment}/timestamp.txt", 0.001)
        except Unreadable:
            continue
        arrivals[student, assignment] = parse_timestamp(text.decode("ascii", "replace"))
        for step in ("autograded", "feedback"):
            write_whole(course.root / step / student / assignment / "timestamp.txt", text)
    book.enter_submissions(arrivals)


def _grade_all(
    course: Course,
    tasks: Sequence[Task],
    tier: str,
    workers: int | None,
    cluster: Cluster | None,
    force: bool,
) -> Iterator[tuple[Task, Report]]:
    """Reports of all tasks, as they come; what could not be read needs no worker."""
    jobs: dict[Job, Task] = {}
    for task in tasks:
        if task.reason:
            report = unreadable(task.lab, task.reason, tier, task.status)
            yield task, signed(task, report)
        else:
            jobs[job_of(task, force)] = task
    if not jobs:
        return
    labs = list({task.lab.path: task.lab for task in jobs.values()}.values())
    if cluster is not None:
        for job, report in cluster.grade(course, labs, tier, jobs):
            yield jobs[job], signed(jobs[job], report)
        return
    count = min(workers or os.cpu_count() or 1, len(jobs))
    with Classroom(course, labs, tier, count) as classroom:
        for job, report in classroom.grade(jobs):
            yield jobs[job], signed(jobs[job], report)


def job_of(task: Task, force: bool = False) -> Job:
    """What a worker needs to know; exercises that nothing touches keep their results."""
    names = (task.student, task.lab.assignment, task.lab.name)
    job = Job(*names, str(task.folder), task.name)
    before = task.before
    if force or before is None or before.digest != task.digest:
        return job
    # The same inputs again: a mark then changes by what changed, and not by chance.
    return replace(job, seed=before.seed, only=task.touched(), before=before)


def signed(task: Task, report: Report) -> Report:
    """The report with what it depends on, so that the next run knows whether it still holds."""
    return report.with_(digest=task.digest, digests=task.digests)


def write_batch(course: Course, book: Gradebook, batch: Sequence[tuple[Task, Report]]) -> None:
    """Gradebook first, the report last: its presence says that the rest is there."""
    manuals = book.record_all([(task.student, report) for task, report in batch])
    assignments = {task.lab.assignment for task, _ in batch}
    files = {assignment: course.public_files(assignment) for assignment in assignments}
    for student, assignment in dict.fromkeys((t.student, t.lab.assignment) for t, _ in batch):
        for name, data in files[assignment].items():
            write_whole(course.root / "autograded" / student / assignment / name, data)
    for (task, report), manual in zip(batch, manuals, strict=True):
        notebook = autograded_notebook(task.lab, _submission(course, task), report)
        write_whole(_autograded(course, task.student, task.lab), to_text(notebook).encode())
        page = feedback_page(report, student=task.student, course=course.title, manual=manual)
        path = feedback_path(course, task.student, report.assignment, report.notebook)
        write_whole(path, page.encode("utf-8", "replace"))
        write_whole(report_path(course, task.student, task.lab), report.to_json().encode())


def _submission(course: Course, task: Task) -> Submission | None:
    """What was submitted, read once more: a class's notebooks together are too much to hold."""
    try:
        return read_submission(task.folder, task.name, course.limits.notebook_mib)
    except Unreadable:
        return None


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    staged = path.with_name(f".{path.name}.new")
    try:
        staged.write_bytes(data)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        staged.write_bytes(data)
    staged.replace(path)


def write_class_page(course: Course, graded: Sequence[Graded]) -> Path:
    """Write the class page from reports, with links to the students' pages."""
    path = course.root / "reports" / "class.html"

    def link(one: Graded) -> str:
        page = feedback_path(course, one.student, one.report.assignment, one.report.notebook)
        return os.path.relpath(page, path.parent)

    write_whole(path, class_page(course.title, graded, link).encode("utf-8", "replace"))
    return path


def stored_reports(course: Course) -> list[Graded]:
    """Every report that is kept for the course."""
    found = []
    for path in sorted((course.root / "reports").glob("*/*/*.json")):
        try:
            report = Report.from_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError):
            continue
        found.append(Graded(path.parent.parent.name, report))
    return found
