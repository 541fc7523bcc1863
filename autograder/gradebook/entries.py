"""A report beside what nbgrader's tables hold of its notebook, and what is written from it there.

Scores are plain finite floats in [0, points]; a withheld mark is no score at all, and is flagged
for a person. Manual scores and a person's comments are never touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.feedback import Manual, cell_lines
from autograder.gradebook import nbgrader_compat
from autograder.gradebook.book_marks import BookMark, Key
from autograder.gradebook.databases import number_of
from autograder.gradebook.dates import late_s
from autograder.gradebook.harmless import harmless
from autograder.gradebook.transactions import RowMissing
from autograder.grading.standing import is_earned
from autograder.report import Booked, Report

NO_RESPONSE = "No response."
"""What nbgrader itself says of an exercise that was left as released."""


@dataclass
class Entry:
    """A report, and what the gradebook holds of its notebook."""

    student: str
    report: Report
    id: str
    penalty: float | None
    late_s: float
    grade_rows: list[Any] = field(default_factory=list)
    comment_rows: list[Any] = field(default_factory=list)
    decided: bool = False
    """Whether a person chose that this report counts."""

    def scores(self) -> Iterator[dict[str, Any]]:
        """The new values of the rows of grades."""
        for row in self.grade_rows:
            if row.name in self.report.by_hand:
                yield self._score_by_hand(row)
            if row.name not in self.report.cells:
                continue
            score = self._score(row)
            yield {
                "id": row.id,
                "auto_score": None if score is None else min(max(float(score), 0.0), row.max_score),
                # As nbgrader does: a mark that a person has changed is shown to a person again.
                "needs_manual_grade": self._asks_for_all
                or self._keeps(row)
                or row.manual_score is not None,
            }

    @property
    def _asks_for_all(self) -> bool:
        """Whether a person should look at each cell; of a tests cell, nbgrader's rule decides."""
        report = self.report
        return report.withheld if report.ways else report.needs_person

    @property
    def is_bare(self) -> bool:
        """Whether the gradebook lacks a mark that the report gives."""
        own = [row for row in self.grade_rows if row.name in self.report.cells]
        return any(row.auto_score is None and self._score(row) is not None for row in own)

    def _score_by_hand(self, row: Any) -> dict[str, Any]:
        """A cell that no check is for: no points yet, or none where nothing was answered."""
        asks = self.report.by_hand[row.name]
        return {
            "id": row.id,
            "auto_score": None if asks else 0.0,
            "needs_manual_grade": asks or row.manual_score is not None,
        }

    def _keeps(self, row: Any) -> bool:
        """Whether a row keeps the points that it holds, since the report gives none."""
        earned = is_earned(self.report) or self.decided
        return not earned and (row.auto_score or 0.0) > 0

    def _score(self, row: Any) -> float | None:
        if self._keeps(row):
            return float(row.auto_score)
        return None if self.report.withheld else self.report.cell_score(row.name)

    def comments(self) -> Iterator[dict[str, Any]]:
        """The new values of the rows of comments."""
        texts = _comments(self.report)
        for row in self.comment_rows:
            yield {"id": row.id, "auto_comment": texts.get(row.name)}


def _comments(report: Report) -> dict[str, str]:
    """By solution cell: the lines of its checks, as nbgrader shows them beside the solution."""
    comments: dict[str, list[str]] = {name: [NO_RESPONSE] for name in report.unanswered}
    checks = report.grade_cells()
    for grade_cell, solution in report.cells.items():
        if grade_cell in report.ways:
            continue  # As nbgrader has it: what tests cells say stands on the student's page.
        lines = cell_lines(checks.get(grade_cell, []))
        if not lines and solution in report.by_hand:
            continue
        comments.setdefault(solution, []).append(lines or report.public_reason or NO_RESPONSE)
    for name, asks in report.by_hand.items():
        if not asks and not report.ways:
            comments.setdefault(name, []).append(NO_RESPONSE)
    # nbgrader's feedback renders comments as Markdown, and a check's line may quote the student.
    return {solution: harmless("\n".join(lines)) for solution, lines in comments.items()}


def key_of(student: str, report: Report) -> Key:
    """By what the gradebook knows the notebook that a report is about."""
    return student, report.assignment, report.notebook


def find_entries(session: Any, reports: Sequence[tuple[str, Report]]) -> list[Entry]:
    """What nbgrader's tables hold of these notebooks, in three queries.

    Raises:
        RowMissing: one of them is not there.
    """
    found = {}
    for student, assignment, name, number, penalty, *times in session.execute(
        _notebooks_query(reports)
    ):
        found[student, assignment, name] = number, penalty, late_s(*times)
    entries = []
    for student, report in reports:
        key = key_of(student, report)
        if key not in found:
            raise RowMissing(
                f"the gradebook holds no row for {report.notebook} of this submission; "
                "run autograder build, then grade again"
            )
        entries.append(Entry(student, report, *found[key]))
    _find_cells(session, {entry.id: entry for entry in entries})
    return entries


def _notebooks_query(reports: Sequence[tuple[str, Report]]) -> Any:
    """Rows of at least these notebooks: student, assignment, notebook; number and penalty of the
    row; when it arrived and was due, and the student's extension.
    """
    from nbgrader import api
    from sqlalchemy import select

    submitted, rows = api.SubmittedAssignment, api.SubmittedNotebook
    names = submitted.student_id, api.Assignment.name, api.Notebook.name
    times = submitted.timestamp, api.Assignment.duedate, submitted.extension
    return (
        select(*names, rows.id, rows.late_submission_penalty, *times)
        .select_from(rows)
        .join(submitted, rows.assignment_id == submitted.id)
        .join(api.Assignment, submitted.assignment_id == api.Assignment.id)
        .join(api.Notebook, rows.notebook_id == api.Notebook.id)
        .where(submitted.student_id.in_({student for student, _ in reports}))
        .where(api.Assignment.name.in_({report.assignment for _, report in reports}))
        .where(api.Notebook.name.in_({report.notebook for _, report in reports}))
    )


def _find_cells(session: Any, entries: Mapping[str, Entry]) -> None:
    """Add to the entries, by their numbers, what is there of their cells."""
    for row in session.execute(_grades_query(entries)):
        for value in (row.auto_score, row.manual_score, row.max_score):
            number_of(value, row.name)
        entries[row.notebook_id].grade_rows.append(row)
    for row in session.execute(_comments_query(entries)):
        entries[row.notebook_id].comment_rows.append(row)


def _grades_query(entries: Mapping[str, Entry]) -> Any:
    from sqlalchemy import select

    tables = nbgrader_compat.cell_tables()
    grades = tables.grades.c
    scores = grades.auto_score, grades.manual_score, tables.max_score.label("max_score")
    return (
        select(grades.notebook_id, grades.id, tables.cells.c.name, *scores)
        .join(tables.cells, grades.cell_id == tables.cells.c.id)
        .outerjoin(tables.graded, tables.graded.c.id == tables.cells.c.id)
        .outerjoin(tables.tasks, tables.tasks.c.id == tables.cells.c.id)
        .where(grades.notebook_id.in_(entries))
    )


def _comments_query(entries: Mapping[str, Entry]) -> Any:
    from sqlalchemy import select

    tables = nbgrader_compat.cell_tables()
    comments, cells = tables.comments.c, tables.cells.c
    return (
        select(comments.notebook_id, comments.id, cells.name, comments.manual_comment)
        .join(tables.cells, comments.cell_id == cells.id)
        .where(comments.notebook_id.in_(entries))
    )


def write_rows(session: Any, entries: Sequence[Entry]) -> None:
    """Write scores and comments."""
    from nbgrader import api
    from sqlalchemy import update

    scores = [score for one in entries for score in one.scores()]
    comments = [comment for one in entries for comment in one.comments()]
    for table, values in ((api.Grade, scores), (api.Comment, comments)):
        if values:
            session.execute(update(table), values)
    # Scores are computed by the database, so what was read before is out of date.
    session.expire_all()


def booked_of(mark: BookMark | None, report: Report) -> Booked | None:
    """The gradebook's mark of the notebook that a report is about; None where it has none."""
    return None if mark is None else mark.booked(report.withheld)


def manual_of(mark: BookMark | None, report: Report) -> Manual:
    """What only the gradebook knows and the feedback page on a report should show."""
    if mark is None:
        return Manual()
    changed = {name: cell.points or 0.0 for name, cell in mark.cells.items() if cell.by_person}
    return Manual(
        dict(mark.comments), mark.penalty, changed, mark.earned(report.withheld), mark.max_score
    )
