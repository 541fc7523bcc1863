"""A class graded from `submitted/` to marks: what `autograder grade` does, without its screen.

For each notebook that changed since it was last graded: grade it in the classroom, write the
gradebook, the `autograded/` notebook, the `feedback/` page and the report under `reports/`, in this
order, so that a report on disk means that everything else is there. One bad submission is one row
with a status; it never stops the others.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.autograded import autograded_notebook, to_text
from autograder.classroom import Classroom, Job, lab_digest, submission_digest
from autograder.course import Course, Lab
from autograder.errors import CourseError
from autograder.feedback import feedback_page
from autograder.gradebook import Gradebook, open_gradebook, parse_timestamp
from autograder.grader import unreadable
from autograder.report import class_page
from autograder.submission import Submission, Unreadable, list_names, parse, read_bytes
from autograder.verdict import Graded, Report, Status


@dataclass(frozen=True)
class Task:
    """One notebook of one submission, as found on disk."""

    student: str
    lab: Lab
    data: bytes | None
    reason: str
    """Why there is no data, where there is none."""
    status: Status
    digest: str


@dataclass
class Outcome:
    """What grading a class gave."""

    graded: list[Graded] = field(default_factory=list)
    skipped: list[Graded] = field(default_factory=list)
    """Unchanged since they were graded; their reports as stored."""
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


def grade_class(
    course: Course,
    assignments: Sequence[str],
    tier: str,
    *,
    student: str = "",
    force: bool = False,
    workers: int | None = None,
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
        on_tasks: is told how many notebooks will be graded and how many are unchanged.
        on_report: is told each report as it comes.

    Raises:
        CourseError: the course is not built, or there is nothing to grade.
    """
    chosen = list(assignments) or list(course.assignments)
    labs = [lab for assignment in chosen for lab in course.labs_of(assignment)]
    digests = {lab.path: lab_digest(course, lab, tier) for lab in labs}
    tasks = [task for lab in labs for task in find_tasks(course, lab, student, digests[lab.path])]
    if not tasks:
        whose = f" of {student}" if student else ""
        raise CourseError(
            f"{course.root / 'submitted'}: no submission{whose} for {', '.join(chosen)}"
        )
    outcome = Outcome()
    todo = []
    for task in tasks:
        stored = None if force else stored_report(course, task)
        if stored is None:
            todo.append(task)
        else:
            outcome.skipped.append(Graded(task.student, stored))
    on_tasks(len(todo), len(outcome.skipped))
    with open_gradebook(course) as book:
        for assignment in chosen:
            book.require_assignment(assignment)
        _enter_submissions(course, book, todo)
        for task, report in _grade_all(course, todo, tier, workers):
            _write(course, book, task, report)
            graded = Graded(task.student, report)
            outcome.graded.append(graded)
            on_report(graded)
    outcome.class_page = write_class_page(course, outcome.all)
    return outcome


def find_tasks(course: Course, lab: Lab, student: str, digest: str) -> Iterator[Task]:
    """Every submission of one lab, in the order of the students' names."""
    submitted = course.root / "submitted"
    for name in [student] if student else _names(submitted):
        if os.path.lexists(submitted / name / lab.assignment):
            yield _find_task(course, lab, name, digest)


def _names(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(e.name for e in os.scandir(folder) if not e.name.startswith("."))


def _find_task(course: Course, lab: Lab, student: str, digest: str) -> Task:
    submitted = course.root / "submitted"
    name = f"{student}/{lab.assignment}/{lab.name}.ipynb"
    try:
        data = read_bytes(submitted, name, course.limits.notebook_mib)
    except Unreadable as problem:
        status, reason = Status.UNREADABLE, str(problem)
        if not os.path.lexists(submitted / name):
            others = list_names(submitted, f"{student}/{lab.assignment}")
            status, reason = Status.MISSING, _missing(others, lab)
        return Task(student, lab, None, reason, status, submission_digest(digest, reason.encode()))
    return Task(student, lab, data, "", Status.GRADED, submission_digest(digest, data))


def _missing(names: Sequence[str], lab: Lab) -> str:
    others = [name for name in names if name.endswith(".ipynb")]
    reason = f"there is no {lab.name}.ipynb in the submission"
    found = ", ".join(ascii(other)[1:-1][:60] for other in others[:5])
    return f"{reason}; there is {found}: was it renamed?" if others else reason


def stored_report(course: Course, task: Task) -> Report | None:
    """The report of an earlier grading, if it is of just this and everything of it is there."""
    path = report_path(course, task.student, task.lab)
    try:
        report = Report.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    there = _autograded(course, task.student, task.lab).is_file()
    return report if report.digest == task.digest and there and not report.withheld else None


def report_path(course: Course, student: str, lab: Lab) -> Path:
    """Where a report is kept; never released, since it holds the seed."""
    return course.root / "reports" / student / lab.assignment / f"{lab.name}.json"


def feedback_path(course: Course, student: str, assignment: str, notebook: str) -> Path:
    """Where a student's page lies; nbgrader releases what lies there."""
    return course.root / "feedback" / student / assignment / f"{notebook}.html"


def _autograded(course: Course, student: str, lab: Lab) -> Path:
    return course.root / "autograded" / student / lab.assignment / f"{lab.name}.ipynb"


def _enter_submissions(course: Course, book: Gradebook, tasks: Sequence[Task]) -> None:
    for student, assignment in dict.fromkeys((t.student, t.lab.assignment) for t in tasks):
        folder = course.root / "submitted"
        try:
            text = read_bytes(folder, f"{student}/{assignment}/timestamp.txt", 0.001)
        except Unreadable:
            book.enter_submission(student, assignment, None)
            continue
        book.enter_submission(student, assignment, parse_timestamp(text.decode("ascii", "replace")))
        for step in ("autograded", "feedback"):
            _write_bytes(course.root / step / student / assignment / "timestamp.txt", text)


def _grade_all(
    course: Course, tasks: Sequence[Task], tier: str, workers: int | None
) -> Iterator[tuple[Task, Report]]:
    """Reports of all tasks, as they come; what could not be read needs no worker."""
    jobs: dict[Job, Task] = {}
    for task in tasks:
        if task.data is None:
            report = unreadable(task.lab, task.reason, tier, task.status)
            yield task, report.with_(digest=task.digest)
        else:
            name = f"{task.student}/{task.lab.assignment}/{task.lab.name}.ipynb"
            folder = str(course.root / "submitted")
            job = Job(task.student, task.lab.assignment, task.lab.name, folder, name)
            jobs[job] = task
    if not jobs:
        return
    labs = list({task.lab.path: task.lab for task in jobs.values()}.values())
    count = min(workers or os.cpu_count() or 1, len(jobs))
    with Classroom(course, labs, tier, count) as classroom:
        for job, report in classroom.grade(jobs):
            yield jobs[job], report.with_(digest=jobs[job].digest)


def _write(course: Course, book: Gradebook, task: Task, report: Report) -> None:
    """Gradebook first, the report last: its presence says that the rest is there."""
    manual = book.record(task.student, report)
    notebook = autograded_notebook(task.lab, _parsed(task), report)
    autograded = _autograded(course, task.student, task.lab)
    _write_bytes(autograded, to_text(notebook).encode())
    for name, data in course.public_files(task.lab.assignment).items():
        _write_bytes(autograded.with_name(name), data)
    page = feedback_page(report, student=task.student, course=course.title, manual=manual)
    path = feedback_path(course, task.student, report.assignment, report.notebook)
    _write_bytes(path, page.encode("utf-8", "replace"))
    _write_bytes(report_path(course, task.student, task.lab), report.to_json().encode())


def _parsed(task: Task) -> Submission | None:
    if task.data is None:
        return None
    try:
        return parse(task.data)
    except Unreadable:
        return None


def _write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f".{path.name}.new")
    staged.write_bytes(data)
    staged.replace(path)


def write_class_page(course: Course, graded: Sequence[Graded]) -> Path:
    """Write the class page from reports, with links to the students' pages."""
    path = course.root / "reports" / "class.html"

    def link(one: Graded) -> str:
        page = feedback_path(course, one.student, one.report.assignment, one.report.notebook)
        return os.path.relpath(page, path.parent)

    _write_bytes(path, class_page(course.title, graded, link).encode("utf-8", "replace"))
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
