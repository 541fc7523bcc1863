"""Commands that show the marks of a class: `report` and `export`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from autograder.cli.shared import (
    course_option,
    json_option,
    load,
    reported,
)
from autograder.console import (
    row_of,
    show_table,
    shown,
)


@click.command()
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


@click.command()
@course_option
@click.option(
    "--to",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write.  [default: the standard output]",
)
@click.option("--items", is_flag=True, help="Write the item analysis in place of the marks.")
@json_option
def export(course_folder: Path, to: Path | None, items: bool, as_json: bool) -> None:
    """Write the marks of the class as CSV, or as JSON.

    There is one row for each student and notebook, with the gradebook's mark and what it is made
    of: automatic points, manual points, extra credit, and the penalty for lateness.

    With --items, there is one row for each check: the share of the class that earns it, how well it
    separates strong from weak work, the misconception behind lost points, and what to do.
    """
    with reported():
        from autograder.batch.records import booked, stored_reports
        from autograder.class_report.csv_export import items_csv, items_rows, marks_csv, marks_rows

        course = load(course_folder)
        graded = booked(course, stored_reports(course))
        if as_json:
            rows = items_rows(graded) if items else marks_rows(graded)
            text = json.dumps(rows, ensure_ascii=False) + "\n"
        else:
            text = items_csv(graded) if items else marks_csv(graded)
        if to is None:
            click.echo(text, nl=False)
        else:
            to.write_text(text, encoding="utf-8", errors="replace")
            click.echo(f"wrote {shown(to)}", err=True)


@click.command()
@click.argument("student")
@course_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(student: str, course_folder: Path, yes: bool) -> None:
    """Remove everything that the course keeps of a STUDENT.

    That is the submissions, the graded notebooks, the pages, the reports, the marks in the
    gradebook, and what the service has stored. What lies in the exchange stays there.
    """
    with reported():
        import shutil

        from autograder.batch.records import booked, stored_reports, write_class_page
        from autograder.batch.tasks import why_no_student
        from autograder.errors import CourseError
        from autograder.gradebook.gradebook import open_gradebook
        from autograder.service.store.forgetting import forget as forget_attempts

        course = load(course_folder)
        if why_no_student(student) or "/" in student or student.startswith("."):
            raise CourseError(f"{student!r} cannot be a student's name")
        steps = [course.folder(step) for step in ("submitted", "autograded", "feedback")]
        folders = [step / student for step in (*steps, course.root / "reports")]
        there = [folder for folder in folders if folder.is_dir()]
        if not yes:
            click.confirm(f"remove {student} from {course.course_id}, with all marks?", abort=True)
        with open_gradebook(course) as book:
            known = book.forget(student)
        copies = [course.root / place for place in forget_attempts(course.database, student)]
        there += [folder for folder in copies if folder.is_dir()]
        for folder in there:
            shutil.rmtree(folder)
            click.echo(f"removed {shown(folder)}")
        if not known and not there:
            raise CourseError(f"nothing is kept of {student!r}")
        write_class_page(course, booked(course, stored_reports(course)))
