"""Commands that bring marks to a learning-management system: `lms file`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autograder.cli.lti import COMMANDS
from autograder.cli.shared import NEEDS_PERSON, course_option, json_option, load, reported
from autograder.console import shown

if TYPE_CHECKING:
    from autograder.course.model import Course
    from autograder.lms.marks import Item
    from autograder.lms.plan import Filling, Wish

PLATFORM_NAMES = ("canvas", "moodle", "blackboard", "brightspace")


@click.group()
def lms() -> None:
    """Bring the marks to a learning-management system.

    `lms file` writes a file for its import. The other commands are about LTI 1.3, by which the
    service sends each mark by itself.
    """


@lms.command()
@click.argument("platform", type=click.Choice(PLATFORM_NAMES))
@course_option
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The gradebook file that the platform exported, to fill in.  [default: a new file from "
    "the gradebook's list of students]",
)
@click.option(
    "--to",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write for the import.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be written; write nothing.")
@click.option(
    "--match",
    "by",
    type=click.Choice(["email", "login", "number"]),
    help="What students are known by on both sides: the e-mail address of the gradebook, its "
    "student name, or its number (lms_user_id).  [default: email for moodle, else login]",
)
@click.option(
    "--assignment", "assignments", multiple=True, help="Only this assignment; may be repeated."
)
@click.option("--notebooks", is_flag=True, help="A column for each notebook, ASSIGNMENT/NOTEBOOK.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="ASSIGNMENT=TITLE",
    help="The title or the number of an assignment's column there, where it has another name; may "
    "be repeated.",
)
@click.option(
    "--key",
    default="",
    metavar="TITLE",
    help="The title of the column that identifies students, where the platform has another one, "
    "as in other languages.",
)
@click.option(
    "--scale", is_flag=True, help="Convert marks where the platform's column has other points."
)
@click.option(
    "--overwrite", is_flag=True, help="Write over marks that somebody gave on the platform, too."
)
@json_option
def file(
    platform: str,
    course_folder: Path,
    source: Path | None,
    to: Path | None,
    dry_run: bool,
    by: str | None,
    assignments: tuple[str, ...],
    notebooks: bool,
    columns: tuple[str, ...],
    key: str,
    scale: bool,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Write a file for the gradebook import of PLATFORM.

    It has the gradebook's marks with manual points, extra credit and penalties. A mark that is
    withheld, or that waits for points by hand, stays empty.

    With --from, marks are filled into the gradebook file that the platform exported: only rows in
    which something changes are written. A mark that somebody gave on the platform stays, and is
    listed; what an earlier file of this command wrote is replaced by a newer mark.

    Exit code 1: a mark could not be written; the output says which, and why.
    """
    with reported():
        from autograder.errors import CourseError
        from autograder.lms.plan import Wish
        from autograder.lms.platforms import PLATFORMS
        from autograder.lms.sheet import sheet_bytes

        if to is None and not dry_run:
            raise CourseError("give the file to write with --to FILE, or look first with --dry-run")
        if to is not None and source is not None and to.resolve() == source.resolve():
            raise CourseError(f"{shown(to)}: --to would replace the platform's own file")
        course, there = load(course_folder), PLATFORMS[platform]
        titles = _titles(columns)
        wish = Wish(there, by or there.match, titles, scale, overwrite, key)
        filling = _filling(course, wish, source, assignments, notebooks)
        if to is not None and not dry_run:
            from autograder.course.files import write_whole

            write_whole(to, sheet_bytes(filling.sheet))
            _note(course, platform, filling)
        if as_json:
            click.echo(json.dumps(_plain(filling, platform), ensure_ascii=False))
        else:
            _show(filling, there.title, there.advice, to, dry_run, new=source is None)
        if filling.stays or filling.missing or filling.without_row:
            sys.exit(NEEDS_PERSON)


for _command in COMMANDS:
    lms.add_command(_command)


def _titles(columns: tuple[str, ...]) -> dict[str, str]:
    """The titles of `--column`, by item."""
    from autograder.errors import CourseError

    odd = next((one for one in columns if not all(one.partition("=")[::2])), None)
    if odd is not None:
        raise CourseError(f"--column {odd!r}: write it as ASSIGNMENT=TITLE")
    return {one.partition("=")[0]: one.partition("=")[2] for one in columns}


def _filling(
    course: Course, wish: Wish, source: Path | None, assignments: tuple[str, ...], notebooks: bool
) -> Filling:
    from autograder.batch.records import stored_reports
    from autograder.errors import CourseError
    from autograder.gradebook.gradebook import open_gradebook
    from autograder.lms.filling import fill
    from autograder.lms.marks import items_of, marks_of
    from autograder.lms.new_file import new_file
    from autograder.lms.sheet import read_sheet
    from autograder.service.store.written import marks_written

    withheld = {
        (one.student, one.report.assignment, one.report.notebook)
        for one in stored_reports(course)
        if one.report.withheld
    }
    with open_gradebook(course) as book:
        people, marks = book.people(), marks_of(book.marks(), withheld, notebooks)
    items = _chosen(items_of(marks, course.assignments), assignments)
    unknown = [name for name in wish.columns if name not in {str(item) for item in items}]
    if unknown:
        known = ", ".join(str(item) for item in items)
        raise CourseError(f"--column {unknown[0]}: no such column of marks; there is: {known}")
    if source is None:
        return new_file(wish, people, marks, items)
    written = marks_written(course.database, wish.platform.name)
    return fill(wish, read_sheet(source), people, marks, items, written)


def _chosen(items: list[Item], assignments: tuple[str, ...]) -> list[Item]:
    """The items of the assignments that were asked for.

    Raises:
        CourseError: nothing is marked there yet.
    """
    from autograder.errors import CourseError

    known = {item.assignment for item in items}
    for name in assignments:
        if name not in known:
            words = ", ".join(sorted(known)) or "nothing"
            raise CourseError(f"--assignment {name}: no marks in the gradebook; there is: {words}")
    if not items:
        raise CourseError("the gradebook has no marks yet; run: autograder grade")
    return [item for item in items if not assignments or item.assignment in assignments]


def _note(course: Course, platform: str, filling: Filling) -> None:
    """Note the marks of the file, so that a later file knows them as ours."""
    from autograder.service.store.written import note_written

    cells = {(one.student, str(one.item)): float(one.after) for one in filling.changes}
    cells |= {(one.student, str(one.item)): float(one.after) for one in filling.same}
    note_written(course.database, platform, cells)


def _plain(filling: Filling, platform: str) -> dict[str, Any]:
    """What `--json` prints; `schemas/lms.schema.json` describes it."""

    def cell(one: Any, *names: str) -> dict[str, str]:
        return {"student": one.student, "item": str(one.item)} | {
            name: getattr(one, name) for name in names
        }

    return {
        "platform": platform,
        "columns": {str(item): title for item, title in filling.columns.items()},
        "missing": [str(item) for item in filling.missing],
        "changes": [cell(one, "before", "after") for one in filling.changes],
        "same": [cell(one, "before", "after") for one in filling.same],
        "stays": [cell(one, "there", "ours", "why") for one in filling.stays],
        "students": filling.students,
        "others": filling.others,
    }


def _show(
    filling: Filling, title: str, advice: str, to: Path | None, dry_run: bool, new: bool
) -> None:
    """Tell what was written, or would be; and what was not."""
    from autograder.feedback.words import one_line

    def say(text: str) -> None:
        click.echo(one_line(text))

    for item, column in filling.columns.items():
        say(f"{item} → “{column}”")
    for item in filling.missing:
        say(f"{item}: no column there; make it on {title} and export again, or name it: --column")
    changes = filling.changes if dry_run else [one for one in filling.changes if one.before]
    for one in changes:
        say(f"{one.student}, {one.item}: {one.before or 'no mark'} → {one.after}")
    for stays in filling.stays:
        there = f"{stays.there} stays on {title}" if stays.there else "left empty"
        ours = f", not {stays.ours}" if stays.ours else ""
        say(f"{stays.student}, {stays.item}: {there}{ours}: {stays.why}")
    for student, why in filling.students.items():
        say(f"not on {title}: {student}: {why}")
    for row, why in filling.others.items():
        say(f"only on {title}: {row}: {why}")
    if filling.empty and new:
        say(
            "some cells are empty; where the platform has a mark there, an empty cell may take it "
            "away: use --from, or one --assignment at a time"
        )
    verb = "would change" if dry_run else "change"
    say(f"{len(filling.changes)} marks {verb}, {len(filling.same)} are there already")
    if to is not None and not dry_run:
        click.echo(f"wrote {shown(to)}; import: {advice}")
