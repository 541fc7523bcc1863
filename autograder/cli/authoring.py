"""Commands for a course's author: `init`, `new`, `build` and `prove`."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from autograder.cli.shared import (
    NEEDS_PERSON,
    course_option,
    each_sandbox,
    json_option,
    load,
    reported,
    require_option,
)
from autograder.console import bar, show_cells, show_proof, show_report, shown, spinner


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), required=False)
@click.option("--title", default="", help="The course's name, as pages show it.")
@click.option(
    "--from-nbgrader",
    is_flag=True,
    help="FOLDER is an nbgrader course: say what grading will do with each of its cells, and let "
    "nbgrader autograde and formgrader's button grade so, too.",
)
@require_option
@json_option
def init(
    folder: Path | None, title: str, from_nbgrader: bool, require: str | None, as_json: bool
) -> None:
    """Make a new course in FOLDER, or take over an nbgrader course.

    The course has one assignment with one notebook, its hidden suite, a mistake and a variant. The
    command builds it, proves the suite, and grades an answer that makes the mistake, so that you
    see what a student would read. Then change its files, and build again.

    With --from-nbgrader, the command compiles what is not compiled yet, tries each tests cell, and
    prints a table: whether the cell runs outside a submission's process (by value, or by handle),
    inside it, is graded by hand, or is not graded. It adds one setting to nbgrader_config.py.
    """
    if from_nbgrader:
        _take_over(folder or Path(), require, as_json)
        return
    if folder is None:
        raise click.UsageError("say in which folder: autograder init FOLDER")
    with reported():
        from autograder.authoring import starter

        written = starter.write_course(folder, title)
        course = load(folder)
        with spinner("making the course") as said:
            for attempt in each_sandbox(course):
                with attempt as tier:
                    tried = starter.try_out(course, tier, said)
        for path in written:
            click.echo(f"wrote {shown(path.absolute())}")
        show_proof(tried.proof, show_all=False)
        example = tried.example.relative_to(course.root)
        click.echo(f"\n{example} makes a mistake. Its student would read:\n")
        show_report(tried.report, course, None, as_json=False)
        click.echo(f"next: cd {shlex.quote(str(folder))}; change the files, then")
        click.echo(f"      autograder build; autograder check {example}")


def _take_over(folder: Path, require: str | None, as_json: bool) -> None:
    """Make an nbgrader course ready, and say what will happen to each of its cells."""
    with reported():
        from autograder.authoring import existing
        from autograder.batch.existing import made_ready

        course = load(folder)
        with spinner("reading the course") as said:
            for attempt in each_sandbox(course, require):
                with attempt as tier:
                    ready = made_ready(course, course.assignments, tier, said)
        rows = existing.rows(ready)
        added = existing.set_exporter(ready)
        if as_json:
            click.echo(json.dumps([row.as_dict() for row in rows], ensure_ascii=False))
            return
        show_cells(rows)
        if added is not None:
            click.echo(f"added to {shown(added)}: {existing.SETTING}")
        click.echo("next: autograder grade, or as ever nbgrader autograde")


@click.command()
@click.argument("assignment")
@click.option(
    "--notebook", default="", help="The name of its notebook.  [default: the assignment's]"
)
@course_option
def new(assignment: str, notebook: str, course_folder: Path) -> None:
    """Add a new ASSIGNMENT to the course.

    It gets one notebook with one exercise, and a hidden suite for it. The command declares it at
    the end of course_config.py. Change its files, then build.
    """
    with reported():
        from autograder.authoring import starter

        course = load(course_folder)
        for path in starter.write_assignment(course, assignment, notebook or assignment):
            click.echo(f"wrote {shown(path)}")
        click.echo(f"next: autograder build {shlex.quote(assignment)}")


@click.command()
@click.argument("cell")
@click.option(
    "--notebook", default="", help="The notebook, where several have a cell of that name."
)
@course_option
def convert(cell: str, notebook: str, course_folder: Path) -> None:
    """Write a hidden check from the tests CELL of an nbgrader course.

    Assertions on calls become comparisons with the master's solution, which goes to reference.py.
    Such a check gets a diagnosis: add mistakes, and a mark comes with the name of a misconception.
    The tests cell stays in the notebook; its points then come from the check.
    """
    with reported():
        from autograder.authoring.convert import convert as convert_cell

        course = load(course_folder)
        done = convert_cell(course, cell, notebook)
        for path in done.written:
            click.echo(f"wrote {shown(path)}")
        click.echo(f"\n{done.check}")
        for line in done.left:
            click.echo(f"not converted: {line}")
        click.echo("next: autograder grade")


@click.command()
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
        from autograder.batch.existing import made_ready

        course = load(course_folder)
        if tidy:
            for lab in course.labs:
                if builder.tidy(lab.path):
                    click.echo(f"tidied {lab.path}", err=True)
            course = load(course_folder)
        chosen = list(assignments) or list(course.assignments)
        by_tests = [name for name in chosen if any(lab.tests_cells for lab in course.labs_of(name))]
        by_suite = [name for name in chosen if name not in by_tests]
        with spinner("building") as said:
            for attempt in each_sandbox(course) if by_tests or not unproven else ():
                with attempt as tier:
                    written = (
                        builder.build(course, by_suite, said, None if unproven else tier)
                        if by_suite
                        else []
                    )
                    made_ready(course, by_tests, tier, said, again=True)
            if unproven and not by_tests:
                written = builder.build(course, by_suite, said)
        written += [lab.release for name in by_tests for lab in course.labs_of(name)]
        if as_json:
            click.echo(json.dumps({"released": [str(path) for path in written]}))
        else:
            for path in written:
                click.echo(f"released {path.relative_to(course.root)}")


@click.command()
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
        from autograder.batch.existing import made_ready

        course = load(course_folder)
        with bar("proving", quiet=as_json) as progress:

            def on_row(count: int, row: Any) -> None:
                progress(total=count) if row is None else progress(done=1)

            chosen = range(1, seeds + 1)
            for attempt in each_sandbox(course, require):
                with attempt as tier:
                    course = made_ready(course, assignments or course.assignments, tier)
                    proof = run_proof(course, assignments, tier=tier, seeds=chosen, on_row=on_row)
        if as_json:
            click.echo(json.dumps(proof.as_dict(), ensure_ascii=False))
        else:
            show_proof(proof, show_all)
        if not proof.holds:
            sys.exit(NEEDS_PERSON)
