"""Commands about the machine: which sandbox holds here, and the service of a JupyterHub."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autograder.cli.shared import (
    NO_JAIL_HOLDS,
    course_option,
    json_option,
    load,
    reported,
)
from autograder.console import (
    show_findings,
)

if TYPE_CHECKING:
    pass


@click.command()
@course_option
@json_option
def doctor(course_folder: Path, as_json: bool) -> None:
    """Show which sandbox holds here, and what to do if none does.

    The command starts each tier and tries to break out of it. In a course's folder, or with
    --course, it also checks whether submissions could read the course's files.
    """
    with reported():
        from autograder.course.config import CONFIG
        from autograder.course.model import Course
        from autograder.course.private_places import private_places
        from autograder.sandbox.doctor import describe

        given = (course_folder / CONFIG).is_file() or course_folder != Path()
        findings = describe(private_places(Course.load(course_folder) if given else None))
        if as_json:
            click.echo(json.dumps(findings))
        else:
            show_findings(findings)
        if findings["tier"] == "none" or not findings["reading"]:
            sys.exit(NO_JAIL_HOLDS)


@click.command()
@course_option
def serve(course_folder: Path) -> None:
    """Grade on arrival, as a service of JupyterHub.

    The hub starts this command and passes the address to listen on in environment variables. The
    course is the only thing to name here. In jupyterhub_config.py:

    \b
      c.JupyterHub.services = [{
          "name": "grading",
          "url": "http://127.0.0.1:18090",
          "command": ["autograder", "serve", "--course", "/srv/course"],
          "user": "grader",
          "oauth_no_confirm": True,
      }]
      c.JupyterHub.load_roles = [{
          "name": "grading-access",
          "groups": ["nbgrader-COURSE", "formgrade-COURSE"],
          "scopes": ["access:services!service=grading"],
      }]

    COURSE is c.CourseDirectory.course_id. The group nbgrader-COURSE holds the students, and
    formgrade-COURSE the instructors. Pages are under /services/grading/, health is under healthz,
    and metrics for Prometheus are under metrics. Metrics need a hub token with the scope
    read:metrics, or the bearer token in the environment variable AUTOGRADER_METRICS_TOKEN. SIGTERM
    and SIGINT stop it cleanly. c.GradingService in course_config.py says how it grades.

    The command needs an extra: pip install 'nbassay[hub]'
    """
    from autograder.gradebook.databases import in_words
    from autograder.service import logs

    with reported():
        logs.begin()
        with starting():
            app, grading = hub_modules()
            course = load(course_folder)
            with in_words(course.database):
                service = grading.GradingService(course)
        with in_words(course.database):
            app.serve(service)


@contextmanager
def starting() -> Iterator[None]:
    """Look for no garbage meanwhile, nor later in what was made: it stays as long as the process.

    For the service, whose pages wait for its start; the search takes a sixth of it.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def hub_modules() -> tuple[Any, Any]:
    """The service's modules, which need packages that the engine does without.

    Raises:
        AutograderError: they are not installed.
    """
    from autograder.errors import AutograderError

    try:
        from autograder.service import grading
        from autograder.service.web import app
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "autograder":
            raise
        raise AutograderError(
            f"{error.name} is not installed; run: pip install 'nbassay[hub]'"
        ) from None
    return app, grading
