"""What lateness costs: the points that the course's own nbgrader plugin takes off, checked.

The plugin is foreign code. What it raises, and what is no number of points, is a fault of the
course that is told in one line; it is never written into a gradebook. Knows no tables.
"""

from __future__ import annotations

import math
from typing import Any

from autograder.course.config import CONFIG, load_config
from autograder.course.model import Course
from autograder.errors import CourseError
from autograder.gradebook.nbgrader_compat import late_penalty_plugin


class PenaltyFault(CourseError):
    """The plugin gives no penalty for one submission; the text says whose, why, and what to do."""


class LatePenalties:
    """The plugin for late submissions that a course configures for nbgrader.

    Raises:
        CourseError: it cannot be loaded.
    """

    def __init__(self, course: Course) -> None:
        self._where = course.root / CONFIG
        try:
            self._plugin: Any = late_penalty_plugin(load_config(course.root))
        except CourseError:
            raise
        except (Exception, SystemExit) as error:
            raise CourseError(
                f"{self._where}: the plugin for late submissions cannot be loaded "
                f"({_words(error)}); check c.AssignLatePenalties.plugin_class and "
                "c.LateSubmissionPlugin"
            ) from error

    def of(self, student: str, score: float, late_s: float) -> float | None:
        """Points that lateness costs, from 0 to the score, as nbgrader bounds them.

        Args:
            student: the student's name.
            score: points of the notebook.
            late_s: seconds after the due date.

        Returns:
            The points; None where the plugin says nothing.

        Raises:
            PenaltyFault: the plugin fails, or what it returns is no number.
        """
        try:
            penalty = self._plugin.late_submission_penalty(student, score, late_s)
            points = None if penalty is None else _points(penalty)
        except (Exception, SystemExit) as error:
            raise PenaltyFault(
                f"{self._where}: the plugin for late submissions gives no penalty for this "
                f"student ({_words(error)}); fix it, then grade again"
            ) from error
        return None if points is None else min(max(points, 0.0), score)


def _points(penalty: Any) -> float:
    """A penalty as a number; text is none, although it may spell one."""
    if isinstance(penalty, str | bytes) or math.isnan(points := float(penalty)):
        raise TypeError(f"{penalty!r} is no number of points")
    return points


def _words(error: BaseException) -> str:
    """An error of the course's own code, in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
