"""What the commands share: options, exit codes, errors in one clear text, the sandboxes to try."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from autograder.course.model import Course
    from autograder.sandbox.doctor import Attempt

NEEDS_PERSON, USAGE, NO_JAIL_HOLDS = 1, 2, 4

course_option = click.option(
    "--course",
    "course_folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The course's folder, which holds course_config.py.  [default: this folder, or the "
    "nearest one above it that is a course]",
)
unsafe_option = click.option(
    "--unsafe",
    is_flag=True,
    help="Run students' code without a sandbox where none holds. Use this only for code that you "
    "trust: it can read and change whatever you can. Each mark records it.",
)
require_option = click.option(
    "--require",
    type=click.Choice(["full", "reduced"]),
    help="Refuse to run students' code in a weaker sandbox than this.  [default: the course's]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


@contextmanager
def reported() -> Iterator[None]:
    """Turn our own exceptions, and the system's, into one clear text and the right exit code."""
    from autograder.errors import AutograderError, BuildRefused, NoJail, os_fault_words

    try:
        yield
    except BuildRefused as error:
        click.echo("not released:", err=True)
        for problem in error.problems:
            click.echo(f"  {problem}", err=True)
        sys.exit(USAGE)
    except NoJail as error:
        click.echo(f"refused: {error}", err=True)
        sys.exit(NO_JAIL_HOLDS)
    except AutograderError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(USAGE)
    except OSError as error:
        click.echo(f"error: {os_fault_words(error)}", err=True)
        sys.exit(USAGE)
    except KeyboardInterrupt:
        click.echo("interrupted; finished marks are saved, run again to continue", err=True)
        sys.exit(130)


def load(folder: Path) -> Course:
    """The course in a folder; without --course, also that in a folder above this one.

    Reading a course runs its configuration. So a course above this folder is taken only if it
    belongs to this account or to root.
    """
    from autograder.course.config import CONFIG, NBGRADER_CONFIG, is_course
    from autograder.course.model import Course

    if folder == Path() and not is_course(Path()):
        for above in Path.cwd().parents:
            owners = set()
            for name in (CONFIG, NBGRADER_CONFIG):
                with suppress(OSError):
                    owners.add((above / name).stat().st_uid)
            if owners and owners <= {0, os.geteuid()}:
                return Course.load(above)
    return Course.load(folder)


def each_sandbox(
    course: Course, require: str | None = None, unsafe: bool = False
) -> Iterator[Attempt]:
    """The tiers to try, from the strongest; `doctor.each_tier` says how they are used.

    With `unsafe`, no isolation at all is the last of them.
    """
    from autograder.course.private_places import private_places
    from autograder.errors import NoJail
    from autograder.sandbox.doctor import Attempt, each_tier, require_privacy, require_reading
    from autograder.sandbox.inside.policy import NONE

    require_reading()
    try:
        require_privacy(private_places(course))
        yield from each_tier(require or course.require)
        return
    except NoJail:
        if not unsafe:
            raise
    click.echo("warning: --unsafe: no sandbox holds here; students' code runs as you", err=True)
    last = Attempt(NONE)
    yield last
    if last.refusal is not None:
        raise last.refusal
