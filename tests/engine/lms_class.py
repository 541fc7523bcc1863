"""A class with marks in the gradebook and attempts in the store, made quickly for any size."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from engine import toy
from engine.lti_platform import CLIENT, ISSUER
from nbgrader.api import Gradebook as NbgraderBook
from sqlalchemy import insert, text

from autograder.course.model import Course
from autograder.gradebook.gradebook import open_gradebook
from autograder.service.store import tables
from autograder.service.store.attempts import Attempts

ASSIGNMENT, MOST = "sorting", 10.0
START = datetime(2026, 10, 1, 12, tzinfo=UTC).timestamp()

CONFIG = """
c.LTI.issuer = {issuer!r}
c.LTI.client_id = {client!r}
c.LTI.token_url = "{base}/token"
c.LTI.lineitems_url = "{base}/lineitems"
c.LTI.memberships_url = "{base}/members"
c.LTI.match = "login"
c.LTI.timeout_s = 5.0
c.LTI.longest_wait_s = 0.05
c.LTI.service_url = "https://hub.example.edu/services/marks/"
c.GradingService.poll_s = 0.05
"""


def make_class(root: Path, base: str, students: int, notebooks: int = 1, more: str = "") -> Course:
    """A course that sends to a platform; each student's work arrived at a second of its own."""
    root.mkdir(exist_ok=True)
    folder = toy.write_course(root)
    with (folder / "course_config.py").open("a") as file:
        file.write(CONFIG.format(issuer=ISSUER, client=CLIENT, base=base) + more)
    course = Course.load(folder)
    with open_gradebook(course) as book:
        with NbgraderBook(course.database, course.course_id) as nbgrader:
            nbgrader.add_assignment(ASSIGNMENT)
            for number in range(notebooks):
                nbgrader.add_notebook(f"n{number}", ASSIGNMENT)
                nbgrader.add_grade_cell(
                    "a", f"n{number}", ASSIGNMENT, max_score=MOST, cell_type="code"
                )
        book.enter_submissions(
            {(f"s{number}", ASSIGNMENT): datetime(2026, 10, 1) for number in range(students)}
        )
    Attempts(course.database).close()
    for number in range(students):
        submit(course, f"s{number}", START + number, notebooks)
    return course


def submit(course: Course, student: str, arrived: float, notebooks: int = 1) -> None:
    """Store an attempt that counts and is in the gradebook, as the service leaves it."""
    names = [f"n{number}" for number in range(notebooks)]
    fates = "[" + ", ".join(f'["{name}", "earned"]' for name in names) + "]"
    engine = tables.open_engine(course.database, 5.0)
    with tables.change(engine) as db:
        where = {"student": student, "assignment": ASSIGNMENT}
        db.execute(text("UPDATE autograder_attempt SET counts = 0 WHERE student = :student"), where)
        about = {"source": f"{student}+{arrived}", "key": "", "timestamp": "", "folder": ""}
        done = {"state": "done", "counts": True, "placed": True, "why": "latest", "fates": fates}
        db.execute(insert(tables.attempts).values(**where, **about, **done, arrived=arrived))
    engine.dispose()


def mark(course: Course, marks: dict[tuple[str, str], float | None], column="auto_score") -> None:
    """Write points into the gradebook, by student and notebook, as any program may."""
    engine = tables.open_engine(course.database, 5.0)
    with engine.begin() as db:
        for (student, notebook), points in marks.items():
            db.execute(
                text(
                    f"UPDATE grade SET {column} = :points, needs_manual_grade = 0 "
                    "WHERE notebook_id IN (SELECT sn.id FROM submitted_notebook sn "
                    "JOIN submitted_assignment sa ON sa.id = sn.assignment_id "
                    "JOIN notebook n ON n.id = sn.notebook_id "
                    "WHERE sa.student_id = :student AND n.name = :notebook)"
                ),
                {"points": points, "student": student, "notebook": notebook},
            )
    engine.dispose()
