"""Finished reports → the gradebook and the course's folders.

The gradebook first, then the `autograded/` notebook, the `feedback/` page and, last, the report
under `reports/`: a report on disk means that everything else is there.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from autograder.batch.tasks import Task
from autograder.class_report import class_page
from autograder.course.files import autograded_path, feedback_path, report_path, write_whole
from autograder.course.model import Course
from autograder.feedback import Manual, feedback_page
from autograder.gradebook.autograded import autograded_notebook, to_text
from autograder.gradebook.gradebook import Gradebook, open_gradebook
from autograder.grading.submission import Submission
from autograder.report import Graded, Report


def write_batch(
    course: Course,
    book: Gradebook,
    batch: Sequence[tuple[Task, Report]],
    decided: Collection[tuple[str, str]] = (),
) -> None:
    """Write reports to the gradebook, in one transaction, and to the course's folders.

    Args:
        course: the course.
        book: its open gradebook.
        batch: the reports.
        decided: see `Gradebook.record_all`.

    Raises:
        RowRefused: the gradebook refuses one of them; nothing is written.
        OSError: a file cannot be written; the gradebook holds all of them.
    """
    manuals = book.record_all([(task.student, report) for task, report in batch], decided)
    assignments = {task.lab.assignment for task, _ in batch}
    files = {assignment: course.public_files(assignment) for assignment in assignments}
    for student, assignment in dict.fromkeys((t.student, t.lab.assignment) for t, _ in batch):
        for name, data in files[assignment].items():
            path = course.folder("autograded") / student / assignment / name
            write_whole(path, data, course.groupshared)
    for (task, report), manual in zip(batch, manuals, strict=True):
        # A mark that stands keeps the notebook that earned it.
        if not report.doubt or report.digest == task.digest:
            content = None if task.reason else task.read(course.limits.notebook_mib)
            cells = content if isinstance(content, Submission) else None
            notebook = autograded_notebook(task.lab, cells, report)
            path = autograded_path(course, task.student, task.lab)
            write_whole(path, to_text(notebook).encode(), course.groupshared)
        write_page(course, task.student, report, manual)
        path = report_path(course, task.student, task.lab)
        write_whole(path, report.to_json().encode(), course.groupshared, durable=True)


def write_page(course: Course, student: str, report: Report, manual: Manual) -> None:
    """Write a student's feedback page."""
    page = feedback_page(report, student=student, course=course.title, manual=manual)
    path = feedback_path(course, student, report.assignment, report.notebook)
    write_whole(path, page.encode("utf-8", "replace"), course.groupshared)


def write_class_page(course: Course, graded: Sequence[Graded]) -> Path:
    """Write the class page from reports, with links to the students' pages."""
    path = course.root / "reports" / "class.html"

    def link(one: Graded) -> str:
        page = feedback_path(course, one.student, one.report.assignment, one.report.notebook)
        return os.path.relpath(page, path.parent)

    page = class_page(course.title, graded, link).encode("utf-8", "replace")
    write_whole(path, page, course.groupshared)
    return path


def booked(course: Course, graded: Sequence[Graded]) -> list[Graded]:
    """Reports with the marks that the gradebook holds of them: those are the marks that hold."""
    with open_gradebook(course) as book:
        return book.booked(graded)


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
