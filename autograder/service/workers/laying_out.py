"""The attempt that counts → the course's own folders, as if it had been collected by hand."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC

from autograder.batch.tasks import Task, tasks_of
from autograder.course.files import whole_folder, write_whole
from autograder.course.model import Course
from autograder.report import Report
from autograder.service.store.attempt import Attempt
from autograder.service.workers.intake import SECRET, TIMESTAMP


def lay_out(course: Course, attempt: Attempt) -> None:
    """Put the attempt where `nbgrader collect` would, with the time by the server's clock."""
    root, kept = course.root, course.root / attempt.folder
    place = f"{attempt.student}/{attempt.assignment}"
    arrived = attempt.arrived.astimezone(UTC)
    when = f"{arrived:%Y-%m-%d %H:%M:%S.%f} UTC".encode()
    with whole_folder(root / "submitted" / place) as staged:
        shutil.copytree(kept, staged, dirs_exist_ok=True)
        (staged / TIMESTAMP).write_bytes(when)
    secret = (kept / SECRET).read_bytes()
    for step in ("autograded", "feedback"):
        write_whole(root / step / place / TIMESTAMP, when)
        write_whole(root / step / place / SECRET, secret)


def collected_tasks(
    course: Course, attempt: Attempt, reports: Sequence[Report]
) -> list[tuple[Task, Report]]:
    """The notebooks of an attempt that was laid out, each with its report."""
    by_notebook = {report.notebook: report for report in reports}
    digests = {name: report.digests for name, report in by_notebook.items()}
    tasks = tasks_of(
        course,
        attempt.assignment,
        attempt.student,
        # A notebook may have come to the assignment later: it has no report, and waits.
        {lab.name: digests.get(lab.name, {}) for lab in course.labs_of(attempt.assignment)},
        course.folder("submitted"),
        f"{attempt.student}/{attempt.assignment}",
        {},
    )
    return [(one, by_notebook[one.lab.name]) for one in tasks if one.lab.name in by_notebook]
