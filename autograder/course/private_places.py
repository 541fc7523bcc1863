"""The places that no submission may read: the course's, the exchange's, and those of this account.

The sandbox shows none of them anyway. They are listed so that a course that lies among Python's
packages, say, is found before any submission is graded.
"""

from __future__ import annotations

import os
import pwd

from jupyter_core.paths import jupyter_config_path
from traitlets.config import Config

from autograder.course.config import load_config, machine_config
from autograder.course.model import Course
from autograder.sandbox.inside import policy

EXCHANGE = "/usr/local/share/nbgrader/exchange"
"""The place of nbgrader's exchange unless a configuration sets another."""
_SQLITE = "sqlite:///"


def nbgrader_config(course: Course) -> Config:
    """nbgrader's configuration: the course's settings over the account's, over the machine's."""
    config = machine_config()
    config.merge(load_config(course.root))
    config.CourseDirectory.root = str(course.root)
    config.CourseDirectory.course_id = course.course_id
    return config


def private_places(course: Course | None = None) -> tuple[str, ...]:
    """The places that must not lie beneath anything that students' code can read.

    Args:
        course: its folder, gradebook and exchange are included; without one, the machine's only.
    """
    config = nbgrader_config(course) if course is not None else machine_config()
    found = {EXCHANGE, str(config.get("Exchange", {}).get("root") or EXCHANGE)}
    found |= {folder for folder in jupyter_config_path() if os.path.isdir(folder)}
    if course is not None:
        database = str(config.get("CourseDirectory", {}).get("db_url") or course.database)
        found |= {str(course.root), database.removeprefix(_SQLITE)}
    return tuple(sorted(path for path in found | homes() if path.startswith("/") and path != "/"))


def homes() -> set[str]:
    """Home folders of this account and of the machine's human users."""
    people = (one for one in pwd.getpwall() if one.pw_uid in policy.HOMES_OF_PEOPLE)
    return {one.pw_dir for one in people} | {os.path.expanduser("~")}
