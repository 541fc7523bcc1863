"""The platform of a course, where the course has one and the packages for it are there."""

from __future__ import annotations

from autograder.course.config import CONFIG
from autograder.course.model import Course
from autograder.errors import CourseError
from autograder.lms.scores import Platform
from autograder.lms.settings import SECTION, Lti


def connect(settings: Lti, course: Course) -> Platform:
    """The course's platform; nothing is asked of it yet.

    Raises:
        CourseError: the course has none, or the packages for it are missing.
    """
    if not settings.used:
        raise CourseError(
            f"{course.root / CONFIG}: no c.{SECTION}: the course has no platform; see docs/lms.md"
        )
    try:
        from autograder.lms.lti import LtiPlatform
    except ImportError as error:
        raise CourseError(
            f"c.{SECTION} needs packages that are missing ({error.name}); install them: "
            "pip install 'nbassay[lti]'"
        ) from None
    return LtiPlatform(settings, course.root, course.course_id)
