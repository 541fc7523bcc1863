"""Where attempts are graded: a worker that stays warm, with the course as it was at its start.

When the course changes on disk, the room is no longer fresh, and a new one must be opened.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from autograder.classroom import Classroom, broken_report
from autograder.course import CONFIG, Course, Lab
from autograder.digest import exercise_digests
from autograder.errors import CourseError
from autograder.grader import unreadable
from autograder.marking import Task, find_task, job_of, signed
from autograder.service.attempts import Attempt, State
from autograder.service.intake import ATTEMPTS
from autograder.verdict import Report

_GRADED_BY = ("source/*/*", "release/*/*.ipynb", "tests/hidden/*.py", "tests/hidden/*/*.py", CONFIG)
"""Files that a mark depends on."""
_parsing = threading.Lock()
"""Python 3.11 counts the depth of syntax trees of all threads together, and stumbles over it."""


class Room:
    """One warm worker with everything it needs; for one thread at a time.

    Args:
        root: the course's folder.
        tier: the tier of isolation to use.

    Raises:
        CourseError: the course contradicts itself, as it may while somebody works on it, or
            nothing of it is built.
    """

    def __init__(self, root: Path, tier: str) -> None:
        self._stamp = course_stamp(root)
        self._tier = tier
        with _parsing:
            self.course = Course.load(root)
            # A course may be given out week by week: what is not built yet keeps nobody waiting.
            built = [lab for lab in self.course.labs if lab.release.is_file()]
            if not built:
                raise CourseError(f"{root}: nothing is built yet; run: autograder build")
            self._digests = {lab.path: exercise_digests(self.course, lab, tier) for lab in built}
        self._classroom = Classroom(self.course, built, tier, 1)
        self._classroom.start()

    def close(self) -> None:
        """End the worker."""
        self._classroom.close()

    @property
    def fresh(self) -> bool:
        """Whether the course on disk is still the one that this room grades by."""
        return course_stamp(self.course.root) == self._stamp

    def tasks(self, attempt: Attempt, before: Sequence[Report] = ()) -> list[Task]:
        """The notebooks of an attempt, each with its earlier report where there is one.

        Raises:
            CourseError: the assignment has not been built.
        """
        folder = self.course.root / ATTEMPTS
        place = attempt.folder.removeprefix(f"{ATTEMPTS}/")
        earlier = {report.notebook: report for report in before if not report.withheld}
        return [
            find_task(
                self.course,
                lab,
                attempt.student,
                self._digests_of(lab),
                folder,
                f"{place}/{lab.name}.ipynb",
                earlier.get(lab.name),
            )
            for lab in self.course.labs_of(attempt.assignment)
        ]

    def _digests_of(self, lab: Lab) -> dict[str, str]:
        if lab.path not in self._digests:
            raise CourseError(f"{lab.release}: not built yet; run: autograder build")
        return self._digests[lab.path]

    def grade(self, tasks: Sequence[Task]) -> list[Report]:
        """The reports on the notebooks of one attempt; what is fresh is not graded again.

        Raises:
            AutograderError: the tier does not hold, or the course's suites cannot be used.
        """
        reports: dict[str, Report] = {}
        jobs = {}
        for task in tasks:
            if task.fresh and task.before is not None:
                reports[task.lab.name] = task.before
            elif task.reason:
                found = unreadable(task.lab, task.reason, self._tier, task.status)
                reports[task.lab.name] = signed(task, found)
            else:
                jobs[job_of(task)] = task
        for job, report in self._classroom.grade(jobs):
            reports[job.notebook] = signed(jobs[job], report)
        return [reports[task.lab.name] for task in tasks]

    def give_up(self, tasks: Sequence[Task]) -> list[Report]:
        """Reports that withhold the marks of an attempt whose grading never came to its end."""
        return [
            signed(task, broken_report(self.course, job_of(task), self._tier)) for task in tasks
        ]


def outcome(reports: Sequence[Report]) -> tuple[State, str]:
    """The state in which reports leave an attempt, and why a person should look, if one should."""
    asking = [report for report in reports if report.needs_person]
    reasons = [f"{one.notebook}: {one.reason or 'a check is at fault'}" for one in asking]
    return (State.NEEDS_PERSON if asking else State.DONE), "; ".join(reasons)


def course_stamp(root: Path) -> tuple[tuple[str, int, int], ...]:
    """Changes when any file does that marks depend on: names, sizes and times of change."""
    found = []
    for pattern in _GRADED_BY:
        for path in root.glob(pattern):
            status = path.stat()
            found.append((str(path), status.st_size, status.st_mtime_ns))
    return tuple(sorted(found))
