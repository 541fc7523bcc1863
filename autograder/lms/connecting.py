"""The platform of a course, where the course has one and the packages for it are there."""

from __future__ import annotations

from importlib import import_module

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
    need_packages()
    from autograder.lms.lti import LtiPlatform

    return LtiPlatform(settings, course.root, course.course_id)


def need_packages() -> None:
    """Require the packages for LTI 1.3.

    Raises:
        CourseError: one is missing; the text says how to install them.
    """
    for name in ("cryptography", "pylti1p3", "requests"):
        try:
            import_module(name)
        except ImportError:
            raise CourseError(
                f"LTI 1.3 needs the package {name}, which is missing; install what it needs: "
                "pip install 'nbassay[lti]'"
            ) from None
