"""What nbgrader's gradebook says of the students' notebooks: the marks that hold, as plain data.

Points that a checker gave, points that a person put in their place, extra credit, the penalty for
lateness and a person's comments are read here by plain queries, so that the service can ask through
its own connection. Nothing is written, and nothing here knows reports or pages.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.gradebook.databases import number_of
from autograder.gradebook.nbgrader_compat import cell_tables
from autograder.report import Booked

Key = tuple[str, str, str]
"""Student, assignment and notebook."""


@dataclass(frozen=True)
class CellMark:
    """One graded cell in the gradebook."""

    max_score: float
    automatic: float | None = None
    manual: float | None = None
    extra: float | None = None

    @property
    def points(self) -> float | None:
        """The points that hold, as nbgrader counts them; None while there are none."""
        given = self.automatic if self.manual is None else self.manual
        return None if given is None else given + (self.extra or 0.0)

    @property
    def by_person(self) -> bool:
        """Whether a person had a part in the points."""
        return self.manual is not None or bool(self.extra)


@dataclass(frozen=True)
class BookMark:
    """One student's notebook in the gradebook."""

    cells: Mapping[str, CellMark] = field(default_factory=dict)
    comments: Mapping[str, str] = field(default_factory=dict)
    """What a person wrote, by cell."""
    penalty: float = 0.0
    """Points taken off for lateness."""

    @property
    def by_person(self) -> bool:
        """Whether a person had a part in the points."""
        return any(cell.by_person for cell in self.cells.values())

    @property
    def max_score(self) -> float:
        """Points that the notebook can earn."""
        return float(sum(cell.max_score for cell in self.cells.values()))

    def earned(self, withheld: bool = False) -> float | None:
        """Points before the penalty.

        Args:
            withheld: whether the grader withholds the mark: then it is None until a person had a
                part in it, and every cell has points.
        """
        points = [cell.points for cell in self.cells.values()]
        if withheld and (None in points or not self.by_person):
            return None
        return float(sum(one for one in points if one is not None))

    def score(self, withheld: bool = False) -> float | None:
        """The mark that holds: after the penalty, never below 0; see `earned`."""
        earned = self.earned(withheld)
        return None if earned is None else max(earned - max(self.penalty, 0.0), 0.0)

    def booked(self, withheld: bool = False) -> Booked:
        """The mark with what it is made of; see `earned`."""
        cells = self.cells.values()
        return Booked(
            self.score(withheld),
            self.max_score,
            self.by_person,
            float(sum(cell.automatic or 0.0 for cell in cells if cell.manual is None)),
            float(sum(cell.manual or 0.0 for cell in cells)),
            float(sum(cell.extra or 0.0 for cell in cells)),
            max(self.penalty, 0.0),
        )


def read_marks(
    db: Any, students: Collection[str] = (), assignment: str = "", notebook: str = ""
) -> dict[Key, BookMark]:
    """The gradebook's marks by student, assignment and notebook.

    Args:
        db: a connection or session of SQLAlchemy, in the gradebook's database.
        students: only theirs; everybody's where none is named.
        assignment: only of this assignment.
        notebook: only of this notebook.
    """
    chosen = (students, assignment, notebook)
    cells: dict[Key, dict[str, CellMark]] = {}
    comments: dict[Key, dict[str, str]] = {}
    for one, of, name, cell, *stored in db.execute(_grades(*chosen)):
        automatic, manual, extra, most = (
            number_of(value, f"{one}, {name}, {cell}") for value in stored
        )
        mark = CellMark(most or 0.0, automatic, manual, extra)
        cells.setdefault((one, of, name), {})[cell] = mark
    for *key, name, comment in db.execute(_comments(*chosen)):
        comments.setdefault((key[0], key[1], key[2]), {})[name] = comment
    return {
        (one, of, name): BookMark(
            cells.get((one, of, name), {}),
            comments.get((one, of, name), {}),
            number_of(penalty, f"{one}, {name}, late penalty") or 0.0,
        )
        for one, of, name, penalty in db.execute(_notebooks(*chosen))
    }


def read_students(db: Any) -> list[str]:
    """Everybody who is in the gradebook, by name."""
    from nbgrader import api
    from sqlalchemy import select

    return list(db.scalars(select(api.Student.id).order_by(api.Student.id)))


def _notebooks(students: Collection[str], assignment: str, notebook: str) -> Any:
    from nbgrader import api

    return _chosen((api.SubmittedNotebook.late_submission_penalty,), students, assignment, notebook)


def _grades(students: Collection[str], assignment: str, notebook: str) -> Any:
    from nbgrader import api

    tables = cell_tables()
    grades, cells, graded, tasks = tables.grades, tables.cells, tables.graded, tables.tasks
    points = grades.c.auto_score, grades.c.manual_score, grades.c.extra_credit
    columns = (cells.c.name, *points, tables.max_score)
    return (
        _chosen(columns, students, assignment, notebook)
        .join(grades, grades.c.notebook_id == api.SubmittedNotebook.id)
        .join(cells, grades.c.cell_id == cells.c.id)
        .outerjoin(graded, graded.c.id == cells.c.id)
        .outerjoin(tasks, tasks.c.id == cells.c.id)
    )


def _comments(students: Collection[str], assignment: str, notebook: str) -> Any:
    from nbgrader import api

    comments, cells = cell_tables().comments, cell_tables().cells
    return (
        _chosen((cells.c.name, comments.c.manual_comment), students, assignment, notebook)
        .join(comments, comments.c.notebook_id == api.SubmittedNotebook.id)
        .join(cells, comments.c.cell_id == cells.c.id)
        .where(comments.c.manual_comment.is_not(None), comments.c.manual_comment != "")
    )


def _chosen(
    columns: tuple[Any, ...], students: Collection[str], assignment: str, notebook: str
) -> Any:
    """The notebooks that are asked for, with these columns behind their keys."""
    from nbgrader import api
    from sqlalchemy import select

    submitted, rows = api.SubmittedAssignment, api.SubmittedNotebook
    query = (
        select(submitted.student_id, api.Assignment.name, api.Notebook.name, *columns)
        .select_from(rows)
        .join(submitted, rows.assignment_id == submitted.id)
        .join(api.Assignment, submitted.assignment_id == api.Assignment.id)
        .join(api.Notebook, rows.notebook_id == api.Notebook.id)
    )
    if students:
        query = query.where(submitted.student_id.in_(students))
    for column, name in ((api.Assignment.name, assignment), (api.Notebook.name, notebook)):
        query = query.where(column == name) if name else query
    return query
