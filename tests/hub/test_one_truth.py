"""The gradebook is the mark, on every page and in every export: manual scores, extra, penalties."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from engine import toy
from nbgrader.api import Gradebook

from autograder.class_report.csv_export import marks_csv
from autograder.service.store.attempt import Ruling
from autograder.service.web.attempt_view import attempt_json, look_at
from autograder.service.web.class_cells import Wanted
from autograder.service.web.class_grid import ClassGrid
from autograder.service.web.class_plots import panels
from autograder.service.web.class_view import Reports, counting

from .exchange import (
    LESS,
    MOST,
    WRONG,
    configure,
    feedback_html,
    serving,
    settled,
    spoil_the_reference,
    until,
)

WHERE = (toy.NOTEBOOK, toy.ASSIGNMENT)


def change(course, student: str, cell: str = "test_scale", **values) -> None:
    """What formgrader writes when an instructor types into a field."""
    with closing(Gradebook(course.database, course.course_id)) as book:
        grade = book.find_grade(cell, *WHERE, student)
        for name, value in values.items():
            setattr(grade, name, value)
        book.db.commit()


def comment(course, student: str, cell: str, text: str) -> None:
    """A comment in formgrader."""
    with closing(Gradebook(course.database, course.course_id)) as book:
        book.find_comment(cell, *WHERE, student).manual_comment = text
        book.db.commit()


def every_mark(service, student: str) -> dict[str, object]:
    """The mark of a student in each form in which the service gives it."""
    service._publisher.marks.expire()
    attempts = service.attempts.of()
    (one,) = [a for a in attempts if a.student == student and a.counts]
    reports, marks = Reports(service.attempts), service.marks()
    graded = reports.graded(counting(attempts), marks)
    grid = ClassGrid(service, reports, attempts, {}).shown([], (), Wanted(student=student))
    table = list(csv.DictReader(io.StringIO(marks_csv(graded))))
    (panel,) = panels([g for g in graded if g.student == student])
    return {
        "student": look_at(service, one, {}, teaches=False).score,
        "instructor": look_at(service, one, {}, teaches=True).score,
        "api and stream": attempt_json(look_at(service, one, {}, teaches=False))["score"],
        "class": grid.rows[0].total,
        "plots": panel.scores.mean,
        "marks.csv": float(next(r["score"] for r in table if r["student"] == student)),
    }


def on_page(service, student: str) -> str:
    """The feedback page of the attempt that counts."""
    (one,) = [a for a in service.attempts.of(student) if a.counts]
    return feedback_html(service, one.id)


def command(course, *words: str) -> str:
    """What a command prints."""
    run = [sys.executable, "-m", "autograder", *words, "--course", str(course.root)]
    return subprocess.run(run, capture_output=True, text=True, check=True).stdout


@pytest.mark.wide(rows=4)
@pytest.mark.parametrize(
    ("values", "mark"),
    [
        pytest.param({"manual_score": 3.0}, MOST - 1, id="lower"),
        pytest.param({"manual_score": 0.0}, MOST - 4, id="zero"),
        pytest.param({"manual_score": 4.5}, MOST + 0.5, id="above"),
        pytest.param({"extra_credit": 2.0}, MOST + 2, id="extra"),
        pytest.param({"extra_credit": -1.0}, MOST - 1, id="taken-off"),
        pytest.param({"manual_score": 1.0, "extra_credit": 0.5}, MOST - 2.5, id="both"),
        pytest.param({"manual_score": 4.0}, MOST, id="the-same"),
    ],
)
def test_what_a_person_writes_is_the_mark_everywhere(exchange, values, mark):
    """On pages, in the stream, in plots and in the table; and on the feedback page."""
    with serving(exchange.course) as service:
        exchange.hand_in("games")
        exchange.hand_in("mail")
        settled(service, 2)
        change(exchange.course, "games", **values)
        found = every_mark(service, "games")
        assert found == dict.fromkeys(found, mark)
        assert set(every_mark(service, "mail").values()) == {MOST}
        assert f"{mark:g} of {MOST} points" in on_page(service, "games")
        change(exchange.course, "games", manual_score=None, extra_credit=None)
        assert set(every_mark(service, "games").values()) == {MOST}
        assert "by a person" not in on_page(service, "games")


def test_commands_say_the_same(exchange):
    """`export`, `report` and its JSON; a command that grades anew changes no manual score."""
    with serving(exchange.course) as service:
        exchange.hand_in("games")
        settled(service, 1)
    change(exchange.course, "games", manual_score=1.0)
    comment(exchange.course, "games", "scale", "Look again.")
    rows = list(csv.DictReader(io.StringIO(command(exchange.course, "export"))))
    assert [row["score"] for row in rows] == [f"{MOST - 3}"]
    assert f"{MOST - 3}/{MOST}" in command(exchange.course, "report")
    assert json.loads(command(exchange.course, "report", "--json"))[0]["score"] == MOST - 3
    page = (exchange.course.root / "reports" / "class.html").read_text()
    assert f"{MOST - 3} of {MOST} points" in page
    outcome = json.loads(command(exchange.course, "grade", "--force", "--json"))
    assert outcome["changes"] == []
    assert outcome["reports"][0]["score"] == MOST - 3
    feedback = exchange.course.root / "feedback" / "games" / toy.ASSIGNMENT / f"{WHERE[0]}.html"
    assert f"{MOST - 3} of {MOST} points" in feedback.read_text()
    assert "Look again." in feedback.read_text()


LATE = """
from nbgrader.plugins import BasePlugin
class Late(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return 2.5
"""


def test_late_penalties_are_in_the_mark(exchange):
    """The plugin's penalty is off on every page, and stays off under a manual score."""
    (exchange.course.root / "late_plugin.py").write_text(LATE)
    course = configure(
        exchange.course,
        f"import sys; sys.path.insert(0, {str(exchange.course.root)!r})\n"
        "c.AssignLatePenalties.plugin_class = 'late_plugin.Late'",
    )
    due_in(course, -1)
    with serving(course) as service:
        exchange.hand_in("games")
        settled(service, 1)
        assert set(every_mark(service, "games").values()) == {MOST - 2.5}
        assert "leaves 7.5" in on_page(service, "games")
        change(course, "games", manual_score=0.0)
        assert set(every_mark(service, "games").values()) == {MOST - 4 - 2.5}
        moves = [(1, 0, 0), (-1, 0, 2.5), (-1, 2, 0), (1, 2, 0), (-3, 2, 2.5), (None, 0, 0)]
        for hours, longer, penalty in moves:
            due_in(course, hours, longer)
            mark = MOST - 4 - penalty
            until(lambda mark=mark: set(every_mark(service, "games").values()) == {mark}, "follows")
    due_in(course, -1)
    with serving(course) as service:  # The date was moved while nothing ran.
        until(lambda: set(every_mark(service, "games").values()) == {MOST - 6.5}, "follows")
        (page,) = (exchange.root / course.course_id / "feedback").rglob("*.html")
        until(lambda: "leaves 3.5" in page.read_text(), "the feedback is released again")


def due_in(course, hours: float | None, longer: float = 0.0) -> None:
    """Move the due date to some hours from now, or take it away; with an extension for games."""
    with closing(Gradebook(course.database, course.course_id)) as book:
        due = None if hours is None else datetime.now(UTC) + timedelta(hours=hours)
        book.find_assignment(toy.ASSIGNMENT).duedate = due and due.replace(tzinfo=None)
        if "games" in {one.id for one in book.students}:
            extension = timedelta(hours=longer) if longer else None
            book.find_submission(toy.ASSIGNMENT, "games").extension = extension
        book.db.commit()


def test_the_preview_of_a_regrade_counts_by_the_gradebook(exchange):
    """A cell that a person marked does not change; and a preview leaves no trace."""
    with serving(exchange.course) as service:
        exchange.hand_in("games")
        exchange.hand_in("mail")
        settled(service, 2)
        change(exchange.course, "games", "test_area", manual_score=2.0)
        assert service.preview_regrade(toy.ASSIGNMENT) == []
        spoil_the_reference(exchange)
        changes = service.preview_regrade(toy.ASSIGNMENT)
        assert {one.student for one in changes} <= {"games", "mail"}
        before = {one.student: one.before for one in changes}
        assert before.get("games", MOST - 1) == MOST - 1
        assert set(every_mark(service, "mail").values()) == {MOST}
        service.regrade(toy.ASSIGNMENT)
        settled(service, 2)
        after = {one.student: one.after for one in changes}
        for student, mark in after.items():
            assert set(every_mark(service, student).values()) == {mark}
        assert service.preview_regrade(toy.ASSIGNMENT) == []


def test_applying_a_regrade_writes_what_its_preview_said(exchange):
    """Also where only the gradebook differs; and formgrader may be used between the two."""
    with serving(exchange.course) as service:
        exchange.hand_in("games")
        exchange.hand_in("mail")
        settled(service, 2)
        change(exchange.course, "mail", auto_score=1.0)
        (told,) = service.preview_regrade(toy.ASSIGNMENT)
        assert (told.student, told.before, told.after) == ("mail", MOST - 3, MOST)
        assert told.why == "the gradebook is written anew"
        change(exchange.course, "mail", "test_area", manual_score=0.0)
        (done,) = service.regrade(toy.ASSIGNMENT)
        assert (done.before, done.after) == (MOST - 6, MOST - 3)
        settled(service, 2)
        assert set(every_mark(service, "mail").values()) == {MOST - 3}
        assert set(every_mark(service, "games").values()) == {MOST}
        assert service.preview_regrade(toy.ASSIGNMENT) == []


def test_another_attempt_shows_its_own_result(exchange):
    """What the gradebook holds is the mark of one attempt, and of no other."""
    with serving(exchange.course) as service:
        exchange.hand_in("games", WRONG)
        exchange.hand_in("games")
        first, second = settled(service, 2)
        change(exchange.course, "games", manual_score=1.0)
        service._publisher.marks.expire()
        old, new = (look_at(service, one, {}, teaches=False) for one in (first, second))
        assert (old.score, old.counts) == (LESS, False)
        assert (new.score, new.result, new.changed) == (MOST - 3, MOST, True)
        page = feedback_html(service, first.id)
        assert "does not give your mark" in page
        assert "does not give your mark" not in on_page(service, "games")


def test_a_damaged_file_that_a_person_marks(exchange):
    """Let count and marked in formgrader: its points stand everywhere, and nowhere a zero."""
    with serving(exchange.course) as service:
        folder = exchange.begin("games")
        exchange.write(folder, "games", {f"{toy.NOTEBOOK}.ipynb": b"[]"})
        exchange.complete(folder, "games")
        (one,) = settled(service, 1)
        assert f"0 of {MOST} points for now" in on_page(service, "games")
        service.attempts.rule(one.id, Ruling.COUNTS, "ines")
        change(exchange.course, "games", manual_score=3.0)
        settled(service, 1)
        assert set(every_mark(service, "games").values()) == {3.0}
        assert f"3 of {MOST} points" in on_page(service, "games")
        assert f"0 of {MOST}" not in on_page(service, "games")


def test_a_change_reaches_whoever_watches(exchange):
    """The version grows, so open pages look again; the feedback is released anew."""
    with serving(exchange.course) as service:
        exchange.hand_in("games")
        settled(service, 1)
        until(lambda: not service.attempts.to_release(), "released")
        released = exchange.root / exchange.course.course_id / "feedback"
        (page,) = released.rglob("*.html")
        version = service.attempts.version()
        comment(exchange.course, "games", "area", "Well done, by hand.")
        change(exchange.course, "games", manual_score=2.0)
        until(lambda: service.attempts.version() > version, "the streams see a new version")
        until(lambda: "Well done, by hand." in page.read_text(), "released again")
        until(lambda: f"{MOST - 2} of {MOST} points" in page.read_text(), "released again")
        still = service.attempts.version()
        service._publisher.follow()
        assert service.attempts.version() == still


def test_a_person_gives_a_mark_that_was_withheld(exchange):
    """With points for every cell it is the mark, and nobody has to look any more."""
    path = exchange.course.hidden / toy.ASSIGNMENT / "reference.py"
    text = path.read_text()
    path.write_text(text.replace("def area(sides):", "def area(sides):\n    raise OSError", 1))
    with serving(exchange.course) as service:
        exchange.hand_in("games")
        (one,) = settled(service, 1)
        assert look_at(service, one, {}, teaches=False).score is None
        for cell, points in toy.POINTS.items():
            change(exchange.course, "games", cell, manual_score=float(points))
        service._publisher.marks.expire()
        assert look_at(service, one, {}, teaches=False).score == MOST
        assert (
            "withheld" not in on_page(service, "games").partition("<main>")[2].partition("What")[0]
        )
