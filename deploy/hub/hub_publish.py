"""Release assignments through nbgrader's exchange; `setup` runs this as the course's owner.

    python hub_publish.py COURSE_ID [ASSIGNMENT…]

Run it in the course's folder; it releases all assignments by default. Assignments whose files in
the exchange equal those in release/ are skipped; the names of the others are printed.
"""

from __future__ import annotations

import filecmp
import sys
from collections.abc import Sequence
from pathlib import Path

from nbgrader.apps import NbGraderAPI

from autograder.course.config import CONFIG
from autograder.course.model import Course
from autograder.course.private_places import nbgrader_config
from autograder.service.settings import inbound_folder
from autograder.service.workers.inbox import close_to_others


def publish(course: Course, assignments: Sequence[str]) -> None:
    """Release the assignments that differ from their copies in the exchange."""
    config = nbgrader_config(course)
    config.ExchangeReleaseAssignment.force = True
    config.NbGraderAPI.log_level = "ERROR"
    # Only users' servers ask the hub.
    config.Authenticator.plugin_class = "nbgrader.auth.NoAuthPlugin"
    outbound = inbound_folder(course).parent / "outbound"
    api = NbGraderAPI(config=config)
    for assignment in assignments or course.assignments:
        if same(course.root / "release" / assignment, outbound / assignment):
            continue
        outcome = api.release_assignment(assignment)
        if not outcome["success"]:
            sys.exit(f"{outcome.get('log') or ''}{outcome.get('error') or ''}")
        print(assignment)
    if inbound_folder(course).is_dir():
        close_to_others(inbound_folder(course))


def same(one: Path, other: Path) -> bool:
    """Whether two folders hold the same files."""
    names = sorted(path.name for path in one.iterdir())
    if not other.is_dir() or names != sorted(path.name for path in other.iterdir()):
        return False
    _, different, unreadable = filecmp.cmpfiles(one, other, names, shallow=False)
    return not different and not unreadable


if __name__ == "__main__":
    course_id, *chosen = sys.argv[1:]
    here = Course.load(Path())
    if here.course_id != course_id:
        sys.exit(f"hub.toml calls the course {course_id!r}, {CONFIG} calls it {here.course_id!r}")
    publish(here, chosen)
