"""The preprocessor that makes `nbgrader autograde` and formgrader use this project's grader.

Set in `course_config.py` in place of nbgrader's `Execute` and `SaveAutoGrades`. It reads the
submitted file itself, grades it in a worker process that lives as long as nbgrader's own process,
and writes the gradebook exactly as `autograder grade` does: one way, many doors.
"""

from __future__ import annotations

import atexit
from functools import cache
from pathlib import Path
from typing import Any

from nbgrader.preprocessors.base import NbGraderPreprocessor

from autograder.autograded import autograded_notebook
from autograder.classroom import Classroom, Job
from autograder.course import Course
from autograder.errors import AutograderError
from autograder.gradebook import open_gradebook
from autograder.sandbox.doctor import strongest
from autograder.submission import Unreadable, read_submission


class WithheldMark(Exception):
    """The grader itself is at fault: nbgrader must not record a mark for this submission."""


@cache
def _prepared(root: Path) -> tuple[Course, Classroom, str]:
    """The course in a folder with one worker for it, kept for the life of this process."""
    course = Course.load(root)
    tier = strongest(course.require, course.limits)
    classroom = Classroom(course, course.labs, tier, workers=1)
    atexit.register(classroom.close)
    return course, classroom, tier


class GradeNotebook(NbGraderPreprocessor):  # type: ignore[misc]
    """Grades one notebook, in place of executing it in a kernel."""

    def preprocess(self, nb: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The autograded notebook; its scores are in the gradebook already.

        Raises:
            WithheldMark: the fault is ours; nbgrader then leaves this submission ungraded.
        """
        import nbformat

        facts = resources["nbgrader"]
        # nbgrader's converters work from the course's root.
        course, classroom, _ = _prepared(Path.cwd())
        student, assignment, notebook = facts["student"], facts["assignment"], facts["notebook"]
        lab = next(lab for lab in course.labs_of(assignment) if lab.name == notebook)
        folder, name = course.root / "submitted", f"{student}/{assignment}/{notebook}.ipynb"
        job = Job(student, assignment, notebook, str(folder), name)
        try:
            (_, report) = next(iter(classroom.grade([job])))
        except AutograderError as error:
            raise WithheldMark(str(error)) from error
        if report.withheld:
            raise WithheldMark(f"{student}, {notebook}: {report.reason or 'a check is broken'}")
        with open_gradebook(course, facts["db_url"]) as book:
            book.record(student, report)
        try:
            submission = read_submission(folder, name, course.limits.notebook_mib)
        except Unreadable as problem:
            submission = None
            self.log.warning("%s: %s", name, problem)
        return nbformat.from_dict(autograded_notebook(lab, submission, report)), resources
