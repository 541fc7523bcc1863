"""The course as it is on disk now, for a service that outlives changes to the course.

An instructor adds an assignment or fixes a check while the service runs. Taking in, grading and
writing follow the change; while the files contradict each other, the former course stays in use.
"""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from autograder.course.config import CONFIG, NBGRADER_CONFIG
from autograder.course.model import Course
from autograder.course.tests_cells import TESTS_CELLS
from autograder.errors import CourseError

log = logging.getLogger("autograder.service")

_GRADED_BY = (
    "source/*/*",
    "release/*/*.ipynb",
    "tests/hidden/*.py",
    "tests/hidden/*/*.py",
    f"{TESTS_CELLS}/*.json",
    CONFIG,
    NBGRADER_CONFIG,
)
"""Files that a mark depends on."""
LOOK_S = 0.5
"""Seconds between two looks at the files."""
PARSING = threading.Lock()
"""Held while parsing: Python 3.11 counts the depth of syntax trees over all threads, and fails."""


class LiveCourse:
    """The course as it is, or as it last was while it contradicts itself; for several threads.

    Args:
        course: the course as first read.
    """

    def __init__(self, course: Course) -> None:
        self._course = course
        self._stamp = course_stamp(course.root)
        self._looked_s = time.monotonic()
        self._lock = threading.Lock()
        _read_exercises(course)

    def read(self) -> Course:
        """The course; the same object as long as nothing changes."""
        with self._lock:
            if time.monotonic() - self._looked_s >= LOOK_S:
                self._look()
                self._looked_s = time.monotonic()
            return self._course

    def _look(self) -> None:
        try:
            stamp = course_stamp(self._course.root)
            if stamp == self._stamp:
                return
            self._course = load_whole(self._course.root)
            self._stamp = stamp
            log.info("the course changed, and is followed")
        except (CourseError, OSError) as error:
            log.debug("the course stays as it was: %s", error)


def load_whole(root: Path) -> Course:
    """The course in `root`, with its cells parsed, so that no thread has to parse them later.

    Raises:
        CourseError: the course contradicts itself, as it may while somebody works on it.
    """
    with PARSING:
        course = Course.load(root)
        _read_exercises(course)
    return course


def _read_exercises(course: Course) -> None:
    for lab in course.labs:
        _ = lab.exercises


def course_stamp(root: Path) -> tuple[tuple[str, int, int], ...]:
    """Names, sizes and times of the files that marks depend on; changes when any of them does."""
    found = []
    for pattern in _GRADED_BY:
        for path in root.glob(pattern):
            status = path.stat()
            found.append((str(path), status.st_size, status.st_mtime_ns))
    return tuple(sorted(found))
