"""The command line: arguments and exit codes; no decisions.

Exit codes: 0 done; 1 some submission needs review (or a proof does not hold); 2 usage or
configuration; 4 refused, because no sandbox holds here. Everything heavy is imported where it is
used, so that `--help` answers at once.
"""

from __future__ import annotations

import gc
import io
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autograder import __version__
from autograder.console import (
    bar,
    row_of,
    show_findings,
    show_outcome,
    show_proof,
    show_report,
    show_table,
    shown,
    spinner,
)

if TYPE_CHECKING:
    from autograder.batch.run import Outcome
    from autograder.course.model import Course
    from autograder.grading.cluster import Cluster
    from autograder.report import Graded
    from autograder.sandbox.doctor import Attempt
    from autograder.sandbox.inside.policy import Tier

NEEDS_PERSON, USAGE, NO_JAIL_HOLDS = 1, 2, 4

course_option = click.option(
    "--course",
    "course_folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The course's folder, which holds course_config.py.  [default: this folder]",
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


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="autograder")
def main() -> None:
    """Build, prove, grade and explain notebook labs of NumPy functions.

    \b
    An instructor's evening:
      autograder build            compile source/ to release/, register in the gradebook
      autograder prove            show that the checks reject every mistake and nothing else
      autograder grade            submitted/ -> gradebook, autograded/, feedback/
      autograder report           show the class, write the class page
      autograder export           write the marks as CSV
      autograder serve            grade on a JupyterHub, as students submit

    \b
    To try things out:
      autograder check NOTEBOOK   grade one file, no gradebook
      autograder demo             make a whole class and grade it
      autograder doctor           show which sandbox holds on this machine

    Exit codes: 0 done; 1 some submission needs review; 2 wrong usage or configuration; 4 refused,
    no sandbox holds here.
    """
    # A student's name that the terminal cannot show ends no command.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sandbox_log = logging.getLogger("autograder.sandbox")
    sandbox_log.setLevel(logging.INFO)
    if not sandbox_log.hasHandlers():  # the service has set up a log of its own
        sandbox_log.addHandler(logging.StreamHandler())


@main.command()
@click.argument("assignments", nargs=-1)
@course_option
@click.option("--tidy", is_flag=True, help="Strip outputs from the master notebooks first.")
@click.option(
    "--unproven",
    is_flag=True,
    help="Release without proving the suites, for a draft that students do not get yet.",
)
@json_option
def build(
    assignments: tuple[str, ...], course_folder: Path, tidy: bool, unproven: bool, as_json: bool
) -> None:
    """Compile master notebooks to student versions.

    nbgrader compiles the notebooks, and the gradebook registers them. When something is
    inconsistent, or when a suite fails its proof, the command writes nothing and lists every
    problem with its cell. A suite that was proven is not proven again until it changes. Without
    ASSIGNMENTS, all are built.
    """
    with reported():
        from autograder.authoring import build as builder

        course = load(course_folder)
        if tidy:
            for lab in course.labs:
                if builder.tidy(lab.path):
                    click.echo(f"tidied {lab.path}", err=True)
            course = load(course_folder)
        with spinner("building") as said:
            if unproven:
                written = builder.build(course, assignments, said)
            else:
                for attempt in each_sandbox(course):
                    with attempt as tier:
                        written = builder.build(course, assignments, said, tier)
        if as_json:
            click.echo(json.dumps({"released": [str(path) for path in written]}))
        else:
            for path in written:
                click.echo(f"released {path.relative_to(course.root)}")


@main.command()
@click.argument("assignments", nargs=-1)
@course_option
@click.option(
    "--seeds",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    help="Repeat the proof with this many seeds.",
)
@click.option("--all", "show_all", is_flag=True, help="Show every row, not only those that fail.")
@require_option
@json_option
def prove(
    assignments: tuple[str, ...],
    course_folder: Path,
    seeds: int,
    show_all: bool,
    require: str | None,
    as_json: bool,
) -> None:
    """Prove that the hidden suites mark correctly.

    The solutions and every variant must pass. Every mistake must be rejected under its name. An
    unfinished notebook must pass no check. The exit code is 1 when a row does not hold. Without
    ASSIGNMENTS, all are proven.
    """
    with reported():
        from autograder.authoring.prove import prove as run_proof

        course = load(course_folder)
        with bar("proving", quiet=as_json) as progress:

            def on_row(count: int, row: Any) -> None:
                progress(total=count) if row is None else progress(done=1)

            chosen = range(1, seeds + 1)
            for attempt in each_sandbox(course, require):
                with attempt as tier:
                    proof = run_proof(course, assignments, tier=tier, seeds=chosen, on_row=on_row)
        if as_json:
            click.echo(json.dumps(proof.as_dict(), ensure_ascii=False))
        else:
            show_proof(proof, show_all)
        if not proof.holds:
            sys.exit(NEEDS_PERSON)


@main.command()
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
        from autograder.batch.recognising import identify
        from autograder.grading.context import Request, prepared
        from autograder.grading.grader import grade_content
        from autograder.grading.submission import read_submission

        course = load(course_folder)
        path = notebook.absolute()
        content = read_submission(path.parent, path.name, course.limits.notebook_mib)
        lab = identify(course, content, path, assignment, lab_name)
        request = Request() if seed is None else Request(seed)
        for attempt in each_sandbox(course, require, unsafe):
            with attempt as tier, prepared(course, [lab], tier) as contexts:
                context = contexts[lab.assignment, lab.name]
                report = grade_content(context, content, request)
        show_report(report, course, feedback, as_json)
        if report.needs_person:
            sys.exit(NEEDS_PERSON)


@main.command()
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
                with attempt as tier:
                    outcome = run_grading(course, tier, *chosen, workers=workers, as_json=as_json)
        show_outcome(course, outcome, as_json)
        if outcome.asks:
            sys.exit(NEEDS_PERSON)


@main.command()
@course_option
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default="demo",
    show_default=True,
    help="Folder for the copy of the course. It is made anew each time.",
)
@unsafe_option
def demo(course_folder: Path, into: Path, unsafe: bool) -> None:
    """Make a class from the course's own mistakes, and grade it.

    Each student has the solutions, some of them replaced by variants and mistakes from the
    catalogue.
    """
    with reported():
        from autograder.authoring import build as builder
        from autograder.authoring.demo import copy_course, make_class

        course = load(course_folder)
        copied = copy_course(course, into.absolute())
        with spinner("building the student versions") as said:
            for attempt in each_sandbox(copied, unsafe=unsafe):
                with attempt as tier:
                    builder.build(copied, (), said, tier if tier.isolates else None)
        count = make_class(copied)
        click.echo(f"{count} submissions made in {shown(copied.root / 'submitted')}")
        for attempt in each_sandbox(copied, unsafe=unsafe):
            with attempt as tier:
                outcome = run_grading(copied, tier)
        show_outcome(copied, outcome, as_json=False)


@main.command()
@course_option
@json_option
def report(course_folder: Path, as_json: bool) -> None:
    """Show the class, and write the class page.

    There is one row for each student and notebook. It has the gradebook's mark, the misconceptions
    that were named, and whether the submission needs review.
    """
    with reported():
        from autograder.batch.records import booked, stored_reports, write_class_page

        course = load(course_folder)
        graded = booked(course, stored_reports(course))
        if as_json:
            rows = [row_of(one) for one in graded]
            click.echo(json.dumps(rows, ensure_ascii=False))
            return
        if not graded:
            click.echo("nothing is graded yet; run: autograder grade", err=True)
        show_table(graded)
        click.echo(f"class page: {shown(write_class_page(course, graded))}")


@main.command()
@course_option
@click.option(
    "--to",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The CSV file to write.  [default: the standard output]",
)
def export(course_folder: Path, to: Path | None) -> None:
    """Write the marks of the class as CSV.

    There is one row for each student and notebook, with the gradebook's mark.
    """
    with reported():
        from autograder.batch.records import booked, stored_reports
        from autograder.class_report.csv_export import marks_csv

        course = load(course_folder)
        text = marks_csv(booked(course, stored_reports(course)))
        if to is None:
            click.echo(text, nl=False)
        else:
            to.write_text(text, encoding="utf-8", errors="replace")
            click.echo(f"wrote {shown(to)}", err=True)


@main.command()
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


@main.command()
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


# What the commands share --------------------------------------------------------------------------


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
    """The course in a folder."""
    from autograder.course.model import Course

    return Course.load(folder)


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


def run_grading(
    course: Course,
    tier: Tier,
    assignments: tuple[str, ...] = (),
    student: str = "",
    force: bool = False,
    workers: int | None = None,
    as_json: bool = False,
    cluster: Cluster | None = None,
) -> Outcome:
    """Grade a class with a progress bar that counts by status, or with a line of JSON a report."""
    from collections import Counter

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
            on_tasks=lambda todo, skipped: progress(total=todo),
            on_report=on_report,
        )


if __name__ == "__main__":
    main()
