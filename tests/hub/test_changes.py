"""What instructors do while the service runs: new assignments, broken checks, regrading."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from engine import toy

from autograder.course.model import Course
from autograder.errors import CourseError
from autograder.gradebook.gradebook import open_gradebook
from autograder.sandbox.doctor import strongest
from autograder.service.settings import read_settings
from autograder.service.store.attempt import Ruling
from autograder.service.store.attempts import FINISHED, State
from autograder.service.workers.coordination import Coordination
from autograder.service.workers.grader_thread import GraderThread
from autograder.service.workers.intake import SECRET, TIMESTAMP
from autograder.service.workers.live_course import LOOK_S, LiveCourse
from autograder.service.workers.warm_worker import WarmWorker

from .exchange import (
    LESS,
    MOST,
    SLOW,
    WRONG,
    Exchange,
    book_scores,
    configure,
    serving,
    settled,
    spoil_the_reference,
    tier,
    until,
)
from .small_class import register
from .test_inbox import few_descriptors

HALF = "half"
DECLARED = f"c.Grading.assignments[{HALF!r}] = {{{toy.NOTEBOOK!r}: {toy.POINTS!r}}}"


def add_assignment(course: Course) -> Course:
    """Another assignment, declared and written, and not built."""
    for above in ("source", "tests/hidden"):
        shutil.copytree(course.root / above / toy.ASSIGNMENT, course.root / above / HALF)
    return configure(course, DECLARED)


def build_it(course: Course) -> None:
    """What building leaves: the student version, and the assignment in the gradebook."""
    register(course, [HALF])
    (course.root / "release" / HALF).mkdir()
    for path in (course.root / "release" / toy.ASSIGNMENT).iterdir():
        shutil.copy(path, course.root / "release" / HALF / path.name)


def hand_in_half(exchange: Exchange, student: str) -> None:
    """Hand in the other assignment."""
    now = "2026-11-26 02:10:31.123456 UTC"
    folder = exchange.begin(student, name=f"{student}+{HALF}+{now}+x")
    exchange.write(folder, student, {f"{toy.NOTEBOOK}.ipynb": exchange.work({})})
    exchange.complete(folder, student)


def graded(service, assignment: str) -> list[str]:
    """Whose attempts at an assignment are graded."""
    return [one.student for one in service.attempts.of("", assignment) if one.state in FINISHED]


def grading_fails(service) -> bool:
    """Whether the status tells that something cannot be graded."""
    status = service.status()
    return not status["ok"] and "grading" in [one["activity"] for one in status["faults"]]


def test_a_half_made_assignment_holds_up_no_other(exchange):
    """Not built, then built with a broken suite, then whole: it waits, and the others do not."""
    with serving(exchange.course) as service:
        hand_in_half(exchange, "games")
        exchange.hand_in("games")
        settled(service, 1)
        course = add_assignment(exchange.course)
        until(lambda: service.attempts.of("", HALF), "the new assignment is known")
        until(lambda: grading_fails(service), "it cannot be graded yet")
        exchange.hand_in("mail")
        until(lambda: "mail" in graded(service, toy.ASSIGNMENT), "the other one is graded")
        suite = course.hidden / HALF / f"test_{toy.NOTEBOOK}.py"
        whole = suite.read_text()
        suite.write_text(whole + "\ndef (")
        build_it(course)
        exchange.hand_in("news")
        until(lambda: "news" in graded(service, toy.ASSIGNMENT), "the other one is graded")
        assert grading_fails(service)
        assert graded(service, HALF) == []
        suite.write_text(whole)
        settled(service, 4)
        until(lambda: service.status()["ok"], "the status is well")
        (late,) = service.attempts.of("", HALF)
        assert (late.score, late.tries) == (MOST, 1)
        assert {one.score for one in service.attempts.of()} == {MOST}


def test_a_new_room_may_be_without_an_assignment(exchange, store):
    """Opened between an assignment's declaration and its building, it says so and stays in use."""
    course = add_assignment(exchange.course)
    grader = GraderThread("one", course.root, tier(), read_settings(course), store, Coordination())
    try:
        with pytest.raises(CourseError, match=f"{HALF}: not built yet"):
            grader._worker_for(HALF)
        assert grader._worker_for(toy.ASSIGNMENT).serves(toy.ASSIGNMENT)
    finally:
        grader._close_worker()


def test_a_course_that_contradicts_itself_stays_as_it_was(exchange):
    """What is taken in does not depend on the moment at which somebody saves a file."""
    current = LiveCourse(exchange.course)
    path = exchange.course.root / "course_config.py"
    text = path.read_text()
    path.write_text(text + "\nc.Grading.assignments = {")
    current._looked_s -= 2 * LOOK_S
    assert current.read() is exchange.course
    path.write_text(text + "\nc.Grading.title = 'Renamed'")
    current._looked_s -= 2 * LOOK_S
    assert current.read().title == "Renamed"


def test_a_student_taken_out_of_the_gradebook(exchange):
    """Feedback is released all the same; who hands in again is in the gradebook again."""
    course = configure(
        exchange.course,
        "c.GradingService.before_due = 'nothing'\nc.GradingService.after_due = 'feedback'",
    )
    set_due(course, datetime.now(UTC) + timedelta(hours=1))
    with serving(course) as service:
        exchange.hand_in("games")
        settled(service, 1)
        with open_gradebook(course) as book:
            book._book.remove_student("games")
        set_due(course, datetime.now(UTC) - timedelta(hours=1))
        until(lambda: not service.attempts.to_release(), "released")
        until(lambda: service.status()["ok"], "nothing fails")
        assert book_scores(course) == {}
        exchange.hand_in("games", WRONG)
        settled(service, 2)
    assert book_scores(course) == {"games": LESS}


def test_an_assignment_taken_out_of_the_course(exchange):
    """What counts of it waits until it is back; everything else goes on, and nothing fails."""
    path = exchange.course.root / "course_config.py"
    text = path.read_text()
    for step in ("source", "release", "tests/hidden"):
        folder = exchange.course.root / step
        shutil.copytree(folder / toy.ASSIGNMENT, folder / "renamed")
    with serving(exchange.course) as service:
        exchange.hand_in("games")
        exchange.hand_in("games", WRONG)
        first, second = settled(service, 2)
        assert second.counts
        path.write_text(text.replace(f'"{toy.ASSIGNMENT}"', '"renamed"'))
        until(lambda: service.course.assignments == ("renamed",), "the course is followed")
        assert service.attempts.rule(first.id, Ruling.COUNTS, "ines") == ""
        service.wake()
        for _ in range(3):
            service._publisher.place()
        assert service.status()["faults"] == []
        assert service.status()["not_in_gradebook"] == 1
        path.write_text(text)
        settled(service, 2)
    assert book_scores(exchange.course) == {"games": MOST}


def set_due(course: Course, when: datetime) -> None:
    """Move the due date."""
    with open_gradebook(course) as book:
        book._book.find_assignment(toy.ASSIGNMENT).duedate = when.replace(tzinfo=None)
        book._book.db.commit()


def test_regrading_while_work_arrives(exchange):
    """What was graded meanwhile by the old checks is graded again, and the marks agree."""
    with serving(exchange.course) as service:
        exchange.hand_in("games", WRONG)
        settled(service, 1)
        exchange.hand_in("mail", SLOW)
        until(lambda: service.status()["running"], "it is graded by the old checks")
        spoil_the_reference(exchange)
        service.preview_regrade(toy.ASSIGNMENT)
        exchange.hand_in("news")
        settled(service, 3)
        service.regrade(toy.ASSIGNMENT)
        settled(service, 3)
        assert service.preview_regrade(toy.ASSIGNMENT) == []
        scores = {one.student: one.score for one in service.attempts.of()}
        assert scores["mail"] == scores["news"] < MOST
        assert book_scores(exchange.course) == scores


def test_a_copy_that_is_gone_costs_no_mark(exchange):
    """Graded again, such an attempt keeps its mark, and the others are graded."""
    with serving(exchange.course) as service:
        exchange.hand_in("games")
        exchange.hand_in("mail")
        settled(service, 2)
        spoil_the_reference(exchange)
        (gone,) = service.attempts.of("games")
        shutil.rmtree(exchange.course.root / gone.folder)
        changes = service.preview_regrade(toy.ASSIGNMENT)
        assert [one.student for one in changes] == ["mail"]
        assert service.regrade(toy.ASSIGNMENT) == changes
        assert service.attempts.get(gone.id).score == MOST


def test_a_disk_that_fails_costs_no_mark(exchange):
    """While no file can be opened, nothing is graded as if it were missing."""
    with serving(exchange.course) as service:
        exchange.hand_in("games")
        (attempt,) = settled(service, 1)
    assert {path.name for path in (exchange.course.root / attempt.folder).iterdir()} == {
        f"{toy.NOTEBOOK}.ipynb",
        SECRET,
        TIMESTAMP,
    }
    with closing(WarmWorker(exchange.course.root, strongest())) as warm_worker:
        with few_descriptors(0), pytest.raises(OSError, match="Too many open files"):
            warm_worker.tasks(attempt)
        (report,) = warm_worker.grade(warm_worker.tasks(attempt))
        assert report.score == MOST
        assert attempt.state is State.DONE
