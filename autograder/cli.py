"""The command line: arguments and exit codes; no decisions.

Exit codes: 0 done; 1 some submission needs a person (or a proof does not hold); 2 usage or
configuration; 4 refused, because no jail holds on this machine. Everything heavy is imported where
it is used, so that `--help` answers at once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from autograder import __version__
from autograder.screen import (
    bar,
    show_findings,
    show_outcome,
    show_proof,
    show_report,
    show_table,
    shown,
    spinner,
)

if TYPE_CHECKING:
    from autograder.cluster import Cluster
    from autograder.course import Course, Lab
    from autograder.marking import Outcome
    from autograder.verdict import Graded, Report

Result = TypeVar("Result")

NEEDS_PERSON, USAGE, NO_JAIL_HOLDS = 1, 2, 4

course_option = click.option(
    "--course",
    "course_folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The course's folder (where course_config.py lies).  [default: this folder]",
)
unsafe_option = click.option(
    "--unsafe",
    is_flag=True,
    help="Run students' code without a jail where none holds. Only for code that you trust: it "
    "can read and change whatever you can. Stored with each mark.",
)
require_option = click.option(
    "--require",
    type=click.Choice(["full", "reduced"]),
    help="Refuse to run students' code in a weaker jail than this.  [default: the course's]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="autograder")
def main() -> None:
    """Build, prove, grade and explain notebook labs of NumPy functions.

    \b
    An instructor's evening:
      autograder build            compile source/ to release/, register in the gradebook
      autograder prove            show that every check catches what it should, and nothing else
      autograder grade            submitted/ -> gradebook, autograded/, feedback/
      autograder report           the class page
      autograder export           the marks as CSV
      autograder serve            all of this on a JupyterHub, as students hand in

    \b
    To try things out:
      autograder check NOTEBOOK   grade one file, no gradebook
      autograder demo             a whole class, made and graded
      autograder doctor           which jail holds on this machine

    Exit codes: 0 done; 1 some submission needs a person; 2 usage or configuration; 4 refused,
    no jail holds here.
    """


@main.command()
@click.argument("assignments", nargs=-1)
@course_option
@click.option("--tidy", is_flag=True, help="First strip outputs from the master notebooks.")
@click.option(
    "--unproven",
    is_flag=True,
    help="Release without proving the suites: for a draft that students do not get yet.",
)
@json_option
def build(
    assignments: tuple[str, ...], course_folder: Path, tidy: bool, unproven: bool, as_json: bool
) -> None:
    """Compile master notebooks to student versions through nbgrader.

    Nothing is written when something does not fit, or when the hidden suites do not prove: every
    problem is listed with its cell. What was proven is not proven again until it changes.
    """
    with reported():
        from autograder import build as builder

        course = load(course_folder)
        if tidy:
            for lab in course.labs:
                if builder.tidy(lab.path):
                    click.echo(f"tidied {lab.path}", err=True)
            course = load(course_folder)
        with spinner("building") as said:

            def run_build(tier: str | None) -> list[Path]:
                return builder.build(course, assignments, said, tier)

            written = run_build(None) if unproven else in_jail(course, None, False, run_build)
        if as_json:
            click.echo(json.dumps({"released": [str(path) for path in written]}))
        else:
            for path in written:
                click.echo(f"released {path.relative_to(course.root)}")


@main.command()
@click.argument("assignments", nargs=-1)
@course_option
@click.option("--seeds", default=3, show_default=True, help="Repeat with this many seeds.")
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
    """Prove the hidden suites: right solutions pass, every mistake is rejected and named.

    Exit code 1 when a row does not hold.
    """
    with reported():
        from autograder.prove import prove as run_proof

        course = load(course_folder)
        with bar("proving", quiet=as_json) as progress:

            def on_row(count: int, row: Any) -> None:
                progress(total=count) if row is None else progress(done=1)

            def proven(tier: str) -> Any:
                chosen = range(1, seeds + 1)
                return run_proof(course, assignments, tier=tier, seeds=chosen, on_row=on_row)

            proof = in_jail(course, require, False, proven)
        if as_json:
            click.echo(json.dumps(proof.as_dict(), ensure_ascii=False))
        else:
            show_proof(proof, show_all)
        if not proof.holds:
            sys.exit(NEEDS_PERSON)


@main.command()
@click.argument("notebook", type=click.Path(path_type=Path))
@click.option("--assignment", help="The assignment, where the file's name does not tell it.")
@click.option("--as", "lab_name", help="The notebook that it is an attempt at, likewise.")
@course_option
@click.option("--seed", type=int, help="Seed of the random inputs, from an earlier report.")
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

    The lab is told by the file's name, else by the exercises in it.
    """
    with reported():
        from autograder.classroom import run_benches
        from autograder.grader import grade_file

        course = load(course_folder)
        path = notebook.absolute()
        lab = identify(course, path, assignment, lab_name)

        def graded(benches: Any) -> Any:
            return grade_file(benches[lab.assignment, lab.name], path.parent, path.name, seed)

        def checked(tier: str) -> Report:
            found: Report = run_benches(course, [lab], tier, graded)
            return found

        report = in_jail(course, require, unsafe, checked)
        show_report(report, course, feedback, as_json)
        if report.needs_person:
            sys.exit(NEEDS_PERSON)


@main.command()
@click.argument("assignments", nargs=-1)
@course_option
@click.option("--student", default="", help="Only this student's submissions.")
@click.option("--force", is_flag=True, help="Grade unchanged submissions again.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes.  [default: processors]")
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Grade on a Dask cluster: tls://HOST:PORT, or tcp://127.0.0.1:PORT. The marks are written "
    "here.",
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
    """Grade submitted/ into the gradebook, autograded/ and feedback/.

    Exercises of which neither the submission nor the checks changed since they were graded keep
    their marks. However this command is stopped, no finished mark is lost, and the next run goes on
    from there. Marks that changed are listed with the reason.

    With --json, each report is one line on the error stream as soon as it is written, and the whole
    class one object on the standard output in the end.
    """
    with reported():
        course = load(course_folder)

        def graded(tier: str, cluster: Cluster | None = None) -> Outcome:
            return run_grading(course, assignments, tier, student, force, workers, as_json, cluster)

        if scheduler:
            from autograder.cluster import Cluster

            with Cluster(scheduler) as cluster:
                outcome = graded(cluster.tier(require or course.require), cluster)
        else:
            outcome = in_jail(course, require, unsafe, graded)
        show_outcome(course, outcome, as_json)
        if outcome.needs_person:
            sys.exit(NEEDS_PERSON)


@main.command()
@course_option
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="Folder for the copy of the course; made anew each time.",
)
@unsafe_option
def demo(course_folder: Path, into: Path, unsafe: bool) -> None:
    """Make a class from the course's own solutions, variants and mistakes, and grade it."""
    with reported():
        from autograder import build as builder
        from autograder.demo import copy_course, make_class

        course = load(course_folder)
        copied = copy_course(course, into.absolute())
        with spinner("building the student versions") as said:

            def run_build(tier: str) -> list[Path]:
                return builder.build(copied, (), said, None if tier == "none" else tier)

            in_jail(copied, None, unsafe, run_build)
        count = make_class(copied)
        click.echo(f"{count} submissions made in {shown(copied.root / 'submitted')}")

        def graded(tier: str) -> Outcome:
            return run_grading(copied, (), tier, "", False, None, as_json=False)

        outcome = in_jail(copied, None, unsafe, graded)
        show_outcome(copied, outcome, as_json=False)


@main.command()
@course_option
@json_option
def report(course_folder: Path, as_json: bool) -> None:
    """Show the class: scores, misconceptions, who needs a person; writes the class page."""
    with reported():
        from autograder.marking import stored_reports, write_class_page

        course = load(course_folder)
        graded = stored_reports(course)
        if as_json:
            rows = [{"student": one.student, **one.report.as_dict()} for one in graded]
            click.echo(json.dumps(rows, ensure_ascii=False))
            return
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
    """Write the class's marks as CSV: one row per student and notebook."""
    with reported():
        from autograder.export import marks_csv
        from autograder.marking import stored_reports

        text = marks_csv(stored_reports(load(course_folder)))
        if to is None:
            click.echo(text, nl=False)
        else:
            to.write_text(text, encoding="utf-8", errors="replace")
            click.echo(f"wrote {shown(to)}", err=True)


@main.command()
@json_option
def doctor(as_json: bool) -> None:
    """Find out, by trying, which jail holds on this machine, and what to do if none does."""
    with reported():
        from autograder.sandbox.doctor import describe

        findings = describe()
        if as_json:
            click.echo(json.dumps(findings))
        else:
            show_findings(findings)
        if findings["tier"] == "none":
            sys.exit(NO_JAIL_HOLDS)


@main.command()
@course_option
def serve(course_folder: Path) -> None:
    """Grade on arrival and show marks, as a managed service of JupyterHub.

    The hub starts this command and tells it by environment variables where to listen; nothing has
    to be given here but the course. In jupyterhub_config.py:

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

    Members of the group nbgrader-COURSE are the students, of formgrade-COURSE the instructors;
    COURSE is c.CourseDirectory.course_id. Pages are under /services/grading/, health under
    healthz, Prometheus' numbers under metrics (a hub token with the scope read:metrics, or the
    bearer token in the environment variable AUTOGRADER_METRICS_TOKEN). SIGTERM and SIGINT stop it
    cleanly. How it grades: the section c.GradingService of course_config.py; docs/service.md.

    Needs the extra: pip install 'notebook-autograder[hub]'
    """
    import logging

    with reported():
        app, grading = hub_modules()
        course = load(course_folder)
        form = "%(asctime)s %(levelname)s %(name)s: %(message)s"
        logging.basicConfig(level=logging.INFO, format=form)
        app.serve(grading.GradingService(course))


# What the commands share --------------------------------------------------------------------------


@contextmanager
def reported() -> Iterator[None]:
    """Turn our own exceptions into one clear text and the right exit code."""
    from autograder.errors import AutograderError, BuildRefused, NoJail

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
    except (AutograderError, FileExistsError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(USAGE)
    except KeyboardInterrupt:
        click.echo("stopped; what is graded is kept, the next run goes on from here", err=True)
        sys.exit(130)


def load(folder: Path) -> Course:
    """The course in a folder."""
    from autograder.course import Course

    return Course.load(folder)


def hub_modules() -> tuple[Any, Any]:
    """The service's modules, which need packages that the engine does without.

    Raises:
        AutograderError: they are not installed.
    """
    from autograder.errors import AutograderError

    try:
        from autograder.service import app, grading
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "autograder":
            raise
        raise AutograderError(
            f"{error.name} is not installed; run: pip install 'notebook-autograder[hub]'"
        ) from None
    return app, grading


def in_jail(
    course: Course, require: str | None, unsafe: bool, body: Callable[[str], Result]
) -> Result:
    """Call `body` with the strongest tier that holds, or with none where that is asked for."""
    from autograder.errors import NoJail
    from autograder.sandbox.doctor import in_strongest

    try:
        return in_strongest(require or course.require, body)
    except NoJail:
        if not unsafe:
            raise
    click.echo("warning: --unsafe: no jail holds here; students' code runs as you", err=True)
    return body("none")


def identify(course: Course, path: Path, assignment: str | None, lab_name: str | None) -> Lab:
    """The lab that a file is an attempt at: as told, by its name, or by the exercises in it."""
    from autograder.errors import CourseError
    from autograder.submission import Unreadable, read_submission

    labs = course.labs_of(assignment) if assignment else course.labs
    wanted = lab_name or path.stem
    named = [lab for lab in labs if lab.name == wanted]
    if len(named) == 1:
        return named[0]
    if lab_name:
        known = ", ".join(lab.name for lab in labs)
        raise CourseError(f"there is no notebook {lab_name!r} (known: {known})")
    try:
        cells = read_submission(path.parent, path.name, course.limits.notebook_mib).cells
    except Unreadable as problem:
        raise CourseError(f"{path}: {problem}") from None
    present = {cell.grade_id for cell in cells if cell.grade_id}
    counts = {lab: len(present & set(lab.solutions)) / len(lab.solutions) for lab in labs}
    best = max(counts, key=lambda lab: counts[lab])
    if list(counts.values()).count(counts[best]) > 1 or counts[best] < 0.5:
        known = ", ".join(lab.name for lab in labs)
        raise CourseError(f"{path}: which notebook is it? Say --as NAME (known: {known})")
    return best


def run_grading(
    course: Course,
    assignments: tuple[str, ...],
    tier: str,
    student: str,
    force: bool,
    workers: int | None,
    as_json: bool,
    cluster: Cluster | None = None,
) -> Outcome:
    """Grade a class with a progress bar that counts by status, or with a line of JSON a report."""
    from collections import Counter

    from autograder.marking import grade_class

    counts: Counter[str] = Counter()
    with bar("grading", quiet=as_json) as progress:

        def on_report(graded: Graded) -> None:
            report = graded.report
            counts["needs a person" if report.needs_person else str(report.status)] += 1
            progress(done=1, said=", ".join(f"{n} {status}" for status, n in counts.items()))
            if as_json:
                line = {"student": graded.student, **report.as_dict()}
                click.echo(json.dumps(line, ensure_ascii=False), err=True)

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
