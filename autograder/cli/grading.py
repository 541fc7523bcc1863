"""Commands that grade: one file, a class, a class made for a demonstration."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.shared import (
    NEEDS_PERSON,
    course_option,
    each_sandbox,
    json_option,
    load,
    reported,
    require_option,
    unsafe_option,
)
from autograder.console import (
    bar,
    row_of,
    show_outcome,
    show_report,
    shown,
    spinner,
)

if TYPE_CHECKING:
    from autograder.batch.run import Outcome
    from autograder.course.model import Course
    from autograder.grading.cluster import Cluster
    from autograder.report import Graded, Report
    from autograder.sandbox.inside.policy import Tier
    from autograder.sandbox.warm import WarmConnection, WarmProcess


@click.command()
@click.argument("notebook", type=click.Path(path_type=Path))
@click.option("--assignment", help="The assignment, if the file's name does not say it.")
@click.option(
    "--as",
    "lab_name",
    help="Which notebook of the course this is, if neither name nor content tells.",
)
@course_option
@click.option(
    "--seed",
    type=int,
    help="Seed of the random inputs, to reproduce an earlier mark. The report has it.",
)
@click.option(
    "--feedback",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the student's page to this file.",
)
@require_option
@unsafe_option
@json_option
def check(
    notebook: Path,
    assignment: str | None,
    lab_name: str | None,
    course_folder: Path,
    seed: int | None,
    feedback: Path | None,
    require: str | None,
    unsafe: bool,
    as_json: bool,
) -> None:
    """Grade one notebook file, without a gradebook.

    The file's name says which notebook of the course it is; if not, its exercises do.
    """
    with reported():
        from autograder.sandbox.warm import WarmProcess

        course = load(course_folder)
        for attempt in each_sandbox(course, require, unsafe):
            with attempt as tier, WarmProcess(tier) as warm:
                course, report = _checked(course, notebook, assignment, lab_name, seed, warm)
        show_report(report, course, feedback, as_json)
        if report.needs_person:
            sys.exit(NEEDS_PERSON)


def _checked(
    course: Course,
    notebook: Path,
    assignment: str | None,
    lab_name: str | None,
    seed: int | None,
    warm: WarmProcess,
) -> tuple[Course, Report]:
    """The course, made ready, and the report on one file; `warm` loads while this is imported."""
    from autograder.batch.existing import made_ready
    from autograder.batch.recognising import identify
    from autograder.grading.context import prepared
    from autograder.grading.grader import grade_content
    from autograder.grading.job import Request
    from autograder.grading.submission import read_submission

    path = notebook.absolute()
    content = read_submission(path.parent, path.name, course.limits.notebook_mib)
    lab = identify(course, content, path, assignment, lab_name)
    course = made_ready(course, [lab.assignment], warm.tier)
    lab = course.lab(lab.assignment, lab.name)
    with prepared(course, [lab], warm.tier, warm=warm) as contexts:
        context = contexts[lab.assignment, lab.name]
        request = Request() if seed is None else Request(seed)
        return course, grade_content(context, content, request)


@click.command()
@click.argument("assignments", nargs=-1)
@course_option
@click.option("--student", default="", help="Grade only this student's submissions.")
@click.option("--force", is_flag=True, help="Grade unchanged submissions again.")
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    help="How many processes grade.  [default: one for each processor]",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Grade on a Dask cluster at tls://HOST:PORT or tcp://127.0.0.1:PORT. This machine writes "
    "the marks.",
)
@require_option
@unsafe_option
@json_option
def grade(
    assignments: tuple[str, ...],
    course_folder: Path,
    student: str,
    force: bool,
    workers: int | None,
    scheduler: str | None,
    require: str | None,
    unsafe: bool,
    as_json: bool,
) -> None:
    """Grade the submissions in submitted/.

    Marks go to the gradebook, graded notebooks to autograded/, and the students' pages to
    feedback/. An exercise keeps its mark while its cells and its checks stay the same. Marks that
    changed are listed with the reason. The command is safe to interrupt: finished marks are kept,
    and the next run resumes. Without ASSIGNMENTS, all are graded.

    With --json, the error stream gets one line for each report as soon as it is written, and the
    standard output gets one object for the whole class at the end.
    """
    with reported():
        course = load(course_folder)

        chosen = (assignments, student, force)
        if scheduler:
            from autograder.grading.cluster import Cluster

            with Cluster(scheduler) as cluster:
                tier = cluster.tier(require or course.require)
                outcome = run_grading(course, tier, *chosen, as_json=as_json, cluster=cluster)
        else:
            for attempt in each_sandbox(course, require, unsafe):
                with attempt as tier, loading(tier) as warm:
                    outcome = run_grading(
                        course, tier, *chosen, workers=workers, as_json=as_json, warm=warm
                    )
        show_outcome(course, outcome, as_json)
        if outcome.asks:
            sys.exit(NEEDS_PERSON)


@click.command()
@course_option
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default="demo",
    show_default=True,
    help="Folder for the copy of the course. It is made anew each time.",
)
@unsafe_option
@json_option
def demo(course_folder: Path, into: Path, unsafe: bool, as_json: bool) -> None:
    """Make a class from the course's own mistakes, and grade it.

    Each student has the solutions, some of them replaced by variants and mistakes from the
    catalogue. With --json, the output is that of grade --json.
    """
    with reported():
        from autograder.authoring import build as builder
        from autograder.authoring.demo import copy_course, make_class
        from autograder.errors import CourseError

        course = load(course_folder)
        if course.as_is:
            raise CourseError(
                f"{course.root}: a demonstration is made of the mistakes in hidden suites; this "
                "course declares no assignments, so grade its own submissions: autograder grade"
            )
        copied = copy_course(course, into.absolute())
        with spinner("building the student versions") as said:
            for attempt in each_sandbox(copied, unsafe=unsafe):
                with attempt as tier:
                    builder.build(copied, (), said, tier if tier.isolates else None)
        count = make_class(copied)
        click.echo(f"{count} submissions made in {shown(copied.root / 'submitted')}", err=as_json)
        for attempt in each_sandbox(copied, unsafe=unsafe):
            with attempt as tier, loading(tier) as warm:
                outcome = run_grading(copied, tier, as_json=as_json, warm=warm)
        show_outcome(copied, outcome, as_json)


@contextmanager
def loading(tier: Tier) -> Iterator[WarmConnection]:
    """Load what grading takes in other processes, while this one finds out what there is to grade.

    Yields:
        The warm process.
    """
    from autograder.grading import fork_server
    from autograder.sandbox.warm import WarmProcess

    fork_server.start()  # before the other, which takes a while to be started
    with WarmProcess(tier) as warm:
        yield warm


def run_grading(
    course: Course,
    tier: Tier,
    assignments: tuple[str, ...] = (),
    student: str = "",
    force: bool = False,
    workers: int | None = None,
    as_json: bool = False,
    cluster: Cluster | None = None,
    warm: WarmConnection | None = None,
) -> Outcome:
    """Grade a class with a progress bar that counts by status, or with a line of JSON a report."""
    from autograder.batch.run import grade_class

    counts: Counter[str] = Counter()
    with bar("grading", quiet=as_json) as progress:

        def on_report(graded: Graded) -> None:
            report = graded.report
            counts["needs review" if graded.needs_person else str(report.status)] += 1
            progress(done=1, said=", ".join(f"{n} {status}" for status, n in counts.items()))
            if as_json:
                click.echo(json.dumps(row_of(graded), ensure_ascii=False), err=True)

        return grade_class(
            course,
            assignments,
            tier,
            student=student,
            force=force,
            workers=workers,
            cluster=cluster,
            warm=warm,
            on_step=lambda line: progress(said=line),
            on_tasks=lambda todo, skipped: progress(total=todo),
            on_report=on_report,
        )
