"""What a course decides about grading on arrival: the `c.GradingService` section, and the exchange.

Where the exchange lies is nbgrader's own setting, which is looked for where nbgrader looks.
"""

from __future__ import annotations

from pathlib import Path

from traitlets import Bool, Enum, Float, Int, Unicode
from traitlets.config import Configurable

from autograder.course.config import CONFIG, load_config, read_section
from autograder.course.model import Course
from autograder.course.private_places import nbgrader_config
from autograder.gradebook.nbgrader_compat import exchange_root, fetches_by_course
from autograder.service.store.attempt import Rules

SECTION = "GradingService"
SHOWN = ("feedback", "marks", "nothing")


class Service(Configurable):  # type: ignore[misc]
    """The `c.GradingService` section of `course_config.py`; the help texts are its reference."""

    keep = Enum(
        ("latest", "best"),
        "latest",
        help="Which of a student's attempts gives the mark. The best attempt has the most points "
        "before any penalty for lateness.",
    ).tag(config=True)
    attempt_limit = Int(
        0, min=0, help="How many attempts are graded for each student and assignment; 0: all."
    ).tag(config=True)
    interval_s = Float(
        0.0,
        min=0.0,
        help="Least number of seconds between two attempts of a student in an assignment.",
    ).tag(config=True)
    before_due = Enum(
        SHOWN,
        "feedback",
        help="What students see before the due date: the feedback with the mark, only the marks, "
        "or nothing.",
    ).tag(config=True)
    after_due = Enum(
        SHOWN,
        "feedback",
        help="What students see after the due date. A student's extension moves it for that "
        "student.",
    ).tag(config=True)
    workers = Int(
        0, min=0, help="How many attempts are graded at once; 0: one for each processor."
    ).tag(config=True)
    poll_s = Float(
        2.0,
        min=0.05,
        help="Seconds between two looks at the exchange. Notices of the file system make the "
        "service look at once; this interval finds what they miss.",
    ).tag(config=True)
    lease_s = Float(
        60.0,
        min=0.5,
        help="Seconds after which another grader takes over an attempt when its grader has gone.",
    ).tag(config=True)
    tries = Int(
        3, min=1, help="How often grading an attempt is begun before the attempt needs review."
    ).tag(config=True)
    busy_s = Float(
        10.0,
        min=0.05,
        help="Seconds to wait while another program writes to an SQLite database.",
    ).tag(config=True)
    check_owner = Bool(
        True,
        help="Whether a submission must belong to its student's account. Turn this off only where "
        "all students have the same account number, as in containers. Anybody who can write to the "
        "exchange can then submit under any name.",
    ).tag(config=True)

    formgrader = Unicode(
        "../{course_id}/formgrader",
        help="Address of the course's formgrader, for links from the pages: as seen from the "
        "address of this service, or a whole one. `{course_id}` stands for the course. Empty: no "
        "links.",
    ).tag(config=True)

    @property
    def rules(self) -> Rules:
        """The rules on attempts."""
        return Rules(self.keep, self.attempt_limit, self.interval_s)


def read_settings(course: Course) -> Service:
    """The settings of a course.

    Raises:
        CourseError: a setting is unknown or its value cannot be.
    """
    return read_section(load_config(course.root), SECTION, Service, course.root / CONFIG)


def inbound_folder(course: Course) -> Path:
    """The folder of the exchange into which students hand in."""
    return exchange_root(nbgrader_config(course)) / course.course_id / "inbound"


def fetched_folder(course: Course) -> str:
    """Where nbgrader puts what a student fetches, beneath the folder of their JupyterLab.

    It ends with a slash, and is empty for that folder itself.
    """
    return f"{course.course_id}/" if fetches_by_course(nbgrader_config(course)) else ""
