"""What a command shows on the screen: progress, tables and words, or JSON; no decisions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from autograder.batch.run import Outcome
    from autograder.course.model import Course
    from autograder.report import Graded, Report


@contextmanager
def bar(label: str, quiet: bool) -> Iterator[Any]:
    """A progress bar on the error stream: call it with `total=` once and `done=` per step.

    It shows the steps done, the steps per second, the time left, and the last `said=` text.
    """
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    hidden = quiet or not console.is_terminal
    with Progress(*_columns(), console=console, disable=hidden) as progress:
        task = progress.add_task(label, total=None, said="")

        def step(total: int | None = None, done: int = 0, said: str = "") -> None:
            if total is not None:
                progress.update(task, total=total)
            if said:
                progress.update(task, said=said)
            progress.advance(task, done)

        yield step


def _columns() -> tuple[Any, ...]:
    """The columns of a progress bar."""
    from rich.progress import (
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        """Steps a second."""

        def render(self, task: Any) -> Text:
            """The speed of the last seconds, once there is one."""
            return Text(f"{task.speed:.1f}/s" if task.speed else "")

    label_and_bar = Progress.get_default_columns()[:2]
    spinner, rate, rest = SpinnerColumn(), Rate(), TimeRemainingColumn()
    said = TextColumn("{task.fields[said]}")
    return (spinner, *label_and_bar, MofNCompleteColumn(), rate, rest, said)


@contextmanager
def spinner(label: str) -> Iterator[Any]:
    """A spinner on the error stream; call the value that it yields with a line to show."""
    from rich.console import Console

    with Console(stderr=True).status(label) as status:
        yield lambda line: status.update(f"{label}: {line}")


def shown(path: Path) -> str:
    """A path as a person would type it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def show_report(report: Report, course: Course, feedback: Path | None, as_json: bool) -> None:
    """Print one report, and write its page where asked."""
    from autograder.feedback import feedback_page, feedback_text

    if feedback is not None:
        page = feedback_page(report, course=course.title)
        feedback.write_text(page, encoding="utf-8", errors="replace")
    click.echo(report.to_json() if as_json else feedback_text(report))


def show_outcome(course: Course, outcome: Outcome, as_json: bool) -> None:
    """Print a graded class."""
    from autograder.course.files import feedback_path
    from autograder.feedback.words import one_line
    from autograder.gradebook.databases import place_of

    if as_json:
        rows = [row_of(one) for one in outcome.all]
        counts = {"graded": len(outcome.graded), "unchanged": len(outcome.skipped)}
        told = {
            "changes": [asdict(change) for change in outcome.changes],
            "remarks": [asdict(remark) for remark in outcome.remarks],
            "strays": [asdict(stray) for stray in outcome.strays],
        }
        click.echo(json.dumps({**counts, **told, "reports": rows}, ensure_ascii=False))
        return
    show_table(outcome.all)
    click.echo(f"graded {len(outcome.graded)}, unchanged {len(outcome.skipped)}")
    for change in outcome.changes:
        before, after = (
            "withheld" if score is None else f"{score:g}" for score in (change.before, change.after)
        )
        place = f"{change.student}, {change.notebook}"
        click.echo(f"changed mark:  {place}: {before} -> {after} ({change.why})")
    click.echo(f"gradebook:     {place_of(course.database)}")
    if outcome.all:
        one = max(outcome.all, key=lambda g: len(g.report.misconceptions))
        page = feedback_path(course, one.student, one.report.assignment, one.report.notebook)
        click.echo(f"feedback page: {shown(page)}")
    if outcome.class_page is not None:
        click.echo(f"class page:    {shown(outcome.class_page)}")
    show_remarks(outcome)
    for one in outcome.needs_person:
        where = f"{one.student}, {one.report.notebook}"
        click.echo(one_line(f"needs review: {where}: {one.why}"), err=True)


def show_remarks(outcome: Outcome) -> None:
    """Print what else the instructor should know, one line each."""
    from autograder.feedback.words import one_line

    for remark in outcome.remarks:
        place = remark.notebook or remark.assignment
        where = f"{remark.student}, {place}" if place else remark.student
        begin = "needs review" if remark.needs_person else "note"
        click.echo(one_line(f"{begin}: {where}: {remark.text}"), err=True)
    for stray in outcome.strays:
        begin = "needs review" if stray.needs_person else "not graded"
        click.echo(one_line(f"{begin}: submitted/{stray.place}: {stray.words}"), err=True)


def row_of(one: Graded) -> dict[str, Any]:
    """One student's report as plain data, with the mark that the gradebook holds."""
    mark = {"score": one.score, "max_score": one.max_score}
    return {"student": one.student, **one.report.as_dict(), **mark}


def show_table(graded: list[Graded]) -> None:
    """Print the class as a table: student, notebook, score, misconceptions."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from autograder.class_report import class_rows

    table = Table("student", "notebook", "score", "misconceptions named")
    table.columns[2].justify = "right"
    for row in class_rows(graded):
        table.add_row(*map(escape, row))
    console = Console()
    console = console if console.is_terminal else Console(width=120)
    console.print(table)


def show_cells(rows: list[Any]) -> None:
    """Print what grading will do with each cell of an nbgrader course."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("assignment", "notebook", "cell", "points", "how it is graded", "why")
    table.columns[3].justify = "right"
    for row in rows:
        cells = (row.assignment, row.notebook, row.grade_cell, f"{row.points:g}", row.how, row.why)
        table.add_row(*map(escape, cells))
    console = Console()
    (console if console.is_terminal else Console(width=160)).print(table)
    tests = [row for row in rows if row.is_tests]
    outside = sum(row.outside for row in tests)
    if tests:
        click.echo(f"{outside} of {len(tests)} tests cells are out of reach of submissions")


def show_proof(proof: Any, show_all: bool) -> None:
    """Print a proof: the rows that fail (or all), and the counts."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("", "notebook", "exercise", "kind", "what", "rejected by / problem")
    for row in proof.rows:
        if show_all or not row.holds:
            last = row.problem or ", ".join(row.rejected_by)
            cells = (row.notebook, row.grade_cell, row.kind, row.name, last)
            table.add_row("ok" if row.holds else "✗", *map(escape, cells))
    if table.row_count:
        console = Console()
        (console if console.is_terminal else Console(width=160)).print(table)
    for row in proof.rows:
        if row.kind == "slips" and "not:" in row.name:
            click.echo(f"note: {row.notebook}, {row.grade_cell}: {row.name}")
    said = proof.as_dict()
    click.echo(
        f"mistakes: {said['rejected']} of {said['mistakes']} rejected, {said['named']} named; "
        f"variants: {said['passed']} of {said['variants']} passed; "
        + ("the proof holds" if proof.holds else "THE PROOF DOES NOT HOLD")
    )


def show_findings(findings: dict[str, Any]) -> None:
    """Print what the doctor found."""
    click.echo(
        f"tier: {findings['tier']}   ({findings['machine']}, Landlock {findings['landlock']})"
    )
    way = findings["reading"] or "not at all: nothing can be graded here"
    click.echo(f"submissions are opened: {way}")
    for tier, layers in findings["layers"].items():
        grouped = "with" if findings["control_group"][tier] else "without"
        click.echo(f"\n{tier} ({grouped} a control group for memory and processes):")
        for name, held in layers.items():
            click.echo(f"  {'holds  ' if held else 'FAILS  '} {name}")
        if tier in findings["reasons"]:
            click.echo(f"  {findings['reasons'][tier]}")
    for remark in findings["remarks"]:
        click.echo(f"\n! {remark['what']}: {remark['where']}\n  Remedy: {remark['remedy']}.")
    if findings["tier"] != "full":
        click.echo(
            "\nFor the full tier: apt-get install bubblewrap; unprivileged user namespaces must be "
            "allowed (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, and "
            "AppArmor's restriction on some systems), or run as root."
        )
