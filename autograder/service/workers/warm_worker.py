"""A grading process that stays warm, with the course as it was when the process started.

When the course changes on disk, the worker is no longer fresh, and a new one must be opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from autograder.batch.run import job_of
from autograder.batch.tasks import Task, signed, tasks_of
from autograder.course.fingerprint import exercise_digests
from autograder.course.lab import Lab
from autograder.course.model import Course
from autograder.errors import CourseError
from autograder.grading.job import Job, unreadable
from autograder.grading.pool import WorkerPool, broken_report
from autograder.grading.standing import is_earned
from autograder.report import Report, Status
from autograder.sandbox.inside.policy import Tier
from autograder.service.store.attempts import Attempt, State
from autograder.service.workers.intake import ATTEMPTS
from autograder.service.workers.live_course import PARSING, course_stamp, load_whole


class WarmWorker:
    """One warm worker with everything it needs; for one thread at a time.

    Args:
        root: the course's folder.
        tier: the tier of isolation to use.
        assignment: the only assignment to grade here; if empty, all that are built.

    Raises:
        CourseError: the course contradicts itself, as it may while somebody works on it, or nothing
            of it is built.
    """

    def __init__(self, root: Path, tier: Tier, assignment: str = "") -> None:
        self.stamp = course_stamp(root)
        """The stamp of the course that it grades by."""
        self._tier = tier
        self.course = load_whole(root)
        labs = _built(self.course, assignment)
        with PARSING:
            self._digests = {lab.path: exercise_digests(self.course, lab, tier) for lab in labs}
        self._served = {lab.assignment for lab in labs}
        self._classroom = WorkerPool(self.course, labs, tier, 1)
        self._classroom.start()

    def serves(self, assignment: str) -> bool:
        """Whether submissions of this assignment can be graded here."""
        return assignment in self._served

    def close(self) -> None:
        """End the worker."""
        self._classroom.close()

    @property
    def fresh(self) -> bool:
        """Whether the course on disk is still the one that this worker grades by."""
        return course_stamp(self.course.root) == self.stamp

    def tasks(self, attempt: Attempt, before: Sequence[Report] = ()) -> list[Task]:
        """The notebooks of an attempt, each with its earlier report if there is one.

        Raises:
            FileNotFoundError: our copy of it is gone.
            OSError: it cannot be read now.
        """
        if not attempt.folder or not (self.course.root / attempt.folder).is_dir():
            raise FileNotFoundError(f"the copy of attempt {attempt.id} is gone")
        tasks = tasks_of(
            self.course,
            attempt.assignment,
            attempt.student,
            {lab.name: self._digests[lab.path] for lab in self.course.labs_of(attempt.assignment)},
            self.course.root / ATTEMPTS,
            attempt.folder.removeprefix(f"{ATTEMPTS}/"),
            {report.notebook: report for report in before if not report.withheld},
        )
        for task in tasks:
            # No student loses points because a disk of ours fails.
            if task.status is Status.BROKEN:
                raise OSError(f"attempt {attempt.id}: {task.lab.name}: {task.reason}")
        return tasks

    def grade(self, tasks: Sequence[Task]) -> list[Report]:
        """The reports on an attempt's notebooks; those with a current report are not regraded.

        Raises:
            AutograderError: the tier does not hold, or the course's suites cannot be used.
        """
        reports: dict[str, Report] = {}
        jobs = {}
        for task in tasks:
            if task.fresh and task.before is not None:
                reports[task.lab.name] = task.before
            elif task.reason:
                found = unreadable(task.lab, task.reason, self._tier.name, task.status)
                reports[task.lab.name] = signed(task, found)
            else:
                jobs[self._job_of(task)] = task
        for job, report in self._classroom.grade(jobs):
            reports[job.notebook] = signed(jobs[job], report)
        return [reports[task.lab.name] for task in tasks]

    def give_up(self, tasks: Sequence[Task]) -> list[Report]:
        """Reports that withhold the marks of an attempt whose grading never finished."""
        return [
            signed(task, broken_report(self.course, self._job_of(task), self._tier))
            for task in tasks
        ]

    def _job_of(self, task: Task) -> Job:
        return job_of(task, self.course.limits.notebook_mib)


def outcome(reports: Sequence[Report]) -> tuple[State, str]:
    """The state of an attempt with these reports, and why it needs review, if it does.

    It needs review if a file cannot be read, a fault of ours withholds a mark, or no notebook of
    the attempt could be graded: nobody gets a zero for such an attempt without a look at it.
    """
    nothing = not any(is_earned(report) for report in reports)
    asking = [report for report in reports if report.needs_person or nothing]
    reasons = [f"{one.notebook}: {one.reason or 'a check is at fault'}" for one in asking]
    return (State.NEEDS_PERSON if asking else State.DONE), "; ".join(reasons)


def _built(course: Course, assignment: str) -> list[Lab]:
    """The labs of the assignments that are built: a half-made assignment holds up no other."""
    named = [assignment] if assignment else course.assignments
    built = [name for name in named if all(lab.release.is_file() for lab in course.labs_of(name))]
    if not built:
        raise CourseError(f"{', '.join(named)}: not built yet; run: autograder build")
    return [lab for lab in course.labs if lab.assignment in built]
