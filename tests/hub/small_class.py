"""A class of four in a real store: two assignments, graded by the real grader once.

ada is right, bela has some ideas wrong, goran left exercises out, hana's file is cut short. What
they handed in stands in the store in every state that an attempt can be in.
"""

from __future__ import annotations

import secrets
import shutil
import uuid
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from autograder.authoring import samples
from autograder.authoring.demo import copy_course
from autograder.checks.catalogue import load_catalogue
from autograder.course.config import CONFIG
from autograder.course.lab import Lab
from autograder.course.model import Course
from autograder.gradebook.databases import prepare_database
from autograder.gradebook.gradebook import open_gradebook
from autograder.report import Report
from autograder.sandbox.doctor import strongest
from autograder.service.store.attempt import Attempt, State
from autograder.service.store.attempts import Attempts
from autograder.service.workers.intake import SECRET, TIMESTAMP
from autograder.service.workers.warm_worker import WarmWorker, outcome

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENTS = ("gradient_descent", "multilayer_perceptrons")
DUE = {
    "gradient_descent": datetime(2099, 12, 24, 18, 0),
    "multilayer_perceptrons": datetime(2026, 1, 15, 18, 0),
}
"""UTC, without saying so, as nbgrader has it. The second is over."""
EXTENDED = ("bela", "multilayer_perceptrons", timedelta(days=365 * 80))
"""Who has more time, for which assignment, and how much."""
STUDENTS = ("ada", "bela", "goran", "hana")


SETTINGS = """
c.Exchange.root = {exchange!r}
c.GradingService.workers = 1
# The tests move attempts by themselves: the service looks for work at its start, and when told.
c.GradingService.poll_s = 3600.0
"""


def make_course(folder: Path) -> Course:
    """A copy of this course as it is when built, with an empty exchange beside it."""
    copied = copy_course(Course.load(ROOT), folder)
    shutil.copytree(ROOT / "release", folder / "release")
    exchange = folder.with_name("exchange")
    (exchange / copied.course_id / "inbound").mkdir(parents=True)
    with (folder / CONFIG).open("a") as config:
        config.write(SETTINGS.format(exchange=str(exchange)))
    register(copied)
    extend(copied)
    return Course.load(folder)


def register(course: Course, assignments: Sequence[str] = ()) -> None:
    """Enter assignments into the gradebook, as compiling them would in many times the time."""
    prepare_database(course.database)
    with closing(Gradebook(course.database, course.course_id)) as book:
        for assignment in assignments or course.assignments:
            book.add_assignment(assignment, duedate=DUE.get(assignment))
            for lab in course.labs_of(assignment):
                where = (lab.name, assignment)
                book.add_notebook(*where)
                for one in lab.exercises:
                    book.update_or_create_solution_cell(one.solution, *where)
                    book.add_grade_cell(
                        one.grade_cell, *where, max_score=one.points, cell_type="code"
                    )


def extend(course: Course) -> None:
    """Give one student more time, as formgrader does."""
    student, assignment, longer = EXTENDED
    with open_gradebook(course) as book:
        book.enter_submissions({(student, assignment): None})
        book._book.grant_extension(assignment, student, days=longer.days)


def handed_in(course: Course, student: str, lab: Lab) -> bytes:
    """What a student hands in for one notebook."""
    catalogue = load_catalogue(course.hidden, lab.assignment)
    wrong = {example.grade_cell: example for example in catalogue.mistakes}
    own = [wrong[cell] for cell in lab.solutions if cell in wrong]
    sources = samples.with_examples(lab, own[:3] if student == "bela" else ())
    if student == "goran":
        for exercise in lab.exercises[2:]:
            del sources[exercise.solution]
    data = samples.notebook(lab, sources)
    return data[:2000] if student == "hana" else data


def lay_out(course: Course, student: str, assignment: str) -> str:
    """Keep what a student hands in where the service does; the folder beneath the course's root."""
    place = f"attempts/{student}/{assignment}/work"
    folder = course.root / place
    if not folder.is_dir():
        folder.mkdir(parents=True)
        for lab in course.labs_of(assignment):
            (folder / f"{lab.name}.ipynb").write_bytes(handed_in(course, student, lab))
        (folder / SECRET).write_text(secrets.token_hex(64))
        (folder / TIMESTAMP).write_text("2026-09-21 21:50:00 UTC")
    return place


def grade(course: Course) -> dict[tuple[str, str], list[Report]]:
    """The reports on everybody's work, by student and assignment, as the service makes them."""
    warm_worker = WarmWorker(course.root, strongest(course.require, course.limits))
    with closing(warm_worker):
        return {
            (student, assignment): warm_worker.grade(
                warm_worker.tasks(_kept(course, student, assignment))
            )
            for student in STUDENTS
            for assignment in ASSIGNMENTS
        }


def _kept(course: Course, student: str, assignment: str) -> Attempt:
    """An attempt that is not in the store, for grading what was kept of it."""
    folder, now = lay_out(course, student, assignment), datetime.now(UTC)
    none: dict[str, Any] = {"started": None, "finished": None, "score": None, "max_score": None}
    known = {"key": "", "timestamp": "", "tries": 1, "reason": "", "counts": False}
    return Attempt(
        id=0,
        student=student,
        assignment=assignment,
        arrived=now,
        folder=folder,
        state=State.RUNNING,
        **none,
        **known,
    )


class Desk:
    """Moves attempts through the real store, as the service's own graders do.

    Args:
        course: the course.
        store: its store.
    """

    OWNER = "desk"

    def __init__(self, course: Course, store: Attempts) -> None:
        self._course, self._store = course, store

    def arrive(
        self,
        student: str,
        assignment: str,
        ago: timedelta = timedelta(),
        folder: Path | None = None,
    ) -> int:
        """Hand something in, `ago` before now; the attempt's number.

        Args:
            student: the student's name.
            assignment: to which assignment.
            ago: how long before now it arrived.
            folder: that holds our copy; by default the one with the student's work.
        """
        kept = lay_out(self._course, student, assignment)
        attempt, new = self._store.arrive(
            uuid.uuid4().hex,
            student,
            assignment,
            arrived=datetime.now(UTC) - ago,
            folder=str(folder.relative_to(self._course.root)) if folder else kept,
        )
        assert new
        return attempt.id

    def refuse(self, student: str, assignment: str, reason: str) -> int:
        """Hand something in that is not taken; the attempt's number."""
        source = uuid.uuid4().hex
        now = datetime.now(UTC)
        attempt, _ = self._store.arrive(source, student, assignment, arrived=now, refused=reason)
        return attempt.id

    def begin(self, number: int) -> None:
        """Begin to grade an attempt, whoever would be next."""
        others = []
        while (attempt := self._store.lease(self.OWNER, 300)) is not None:
            if attempt.id == number:
                break
            others.append(attempt.id)
        assert attempt is not None, "it does not wait"
        for other in others:
            self._store.give_back(other, self.OWNER, counted=False)

    def end(self, number: int, reports: Sequence[Report]) -> None:
        """Write down what grading it gave."""
        state, reason = outcome(reports)
        assert self._store.finish(number, self.OWNER, state, reports, reason)

    def grade(self, number: int, reports: Sequence[Report]) -> None:
        """From waiting to finished."""
        self.begin(number)
        self.end(number, reports)


def fill(desk: Desk, reports: Mapping[tuple[str, str], list[Report]]) -> dict[str, int]:
    """Put the class into the store.

    Returns:
        The number of each student's latest graded attempt at the first assignment; of an earlier
        and worse one of ada's, "earlier"; of one that was not taken, "refused".
    """
    first, _ = ASSIGNMENTS
    numbers = {"earlier": desk.arrive("ada", first, timedelta(hours=30))}
    desk.grade(numbers["earlier"], reports["goran", first])
    for hours, ((student, assignment), graded) in enumerate(reports.items()):
        number = desk.arrive(student, assignment, timedelta(hours=20 - hours))
        desk.grade(number, graded)
        if assignment == first:
            numbers[student] = number
    numbers["refused"] = desk.refuse("goran", first, "Only 2 attempts are graded. <b>Ask.</b>")
    return numbers
