"""Commands that show the marks of a class: `report` and `export`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    pass


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
