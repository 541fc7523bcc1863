"""The class at a glance: students by notebooks, with marks, totals, and who has to do what.

Every student of the roster has a row, also one who submitted nothing. It knows nothing of HTML or
HTTP, and decides no mark: the gradebook's marks are shown, and what the checks gave where the
gradebook does not have an attempt yet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from statistics import mean
from urllib.parse import quote

from autograder.feedback.words import number
from autograder.service.grading import GradingService
from autograder.service.store.attempt import FINISHED, Attempt, Fate, Ruling, State
from autograder.service.store.requests import Request
from autograder.service.web.class_cells import (
    Cell,
    Column,
    Entry,
    Grid,
    Row,
    Sign,
    Summary,
    Wanted,
    in_order,
)
from autograder.service.web.class_view import Reports

ROWS = 200
"""Rows on one page of the class."""
Pair = tuple[str, str]
"""A student and an assignment."""


class ClassGrid:
    """Makes the grid of a class.

    Args:
        service: has the course, the due dates and the marks.
        reports: the reports on attempts.
        attempts: all of the class, the newest first.
        requests: open requests to submit again, by student and assignment.
    """

    def __init__(
        self,
        service: GradingService,
        reports: Reports,
        attempts: Iterable[Attempt],
        requests: Mapping[Pair, Request],
    ) -> None:
        self._service, self._reports, self._requests = service, reports, requests
        self._marks, self._course = service.marks(), service.course
        self._groups: dict[Pair, list[Attempt]] = {}
        for attempt in attempts:
            self._groups.setdefault((attempt.student, attempt.assignment), []).append(attempt)

    def students(self, roster: Iterable[str]) -> list[str]:
        """Everybody in the class, by name: the roster, and whoever submitted."""
        return sorted({*roster, *(student for student, _ in self._groups)})

    def shown(self, roster: Iterable[str], members: Collection[str], wanted: Wanted) -> Grid:
        """One page of the class.

        Args:
            roster: the students of gradebook and hub.
            members: those in the hub's group; empty where that is not known.
            wanted: what to show.
        """
        names = [wanted.assignment] if wanted.assignment else self.assignments()
        columns = [column for name in names for column in self._columns(name)]
        everybody = [
            Row(
                student,
                tuple(self.cell(student, name) for name in names),
                self._on(student, members),
            )
            for student in self.students(roster)
        ]
        rows = in_order([row for row in everybody if wanted.lets_through(row)], wanted, columns)
        pages = max(1, -(-len(rows) // ROWS))
        page = min(max(wanted.page, 1), pages)
        return Grid(
            titles=tuple(
                (name, self._course.title_of(name), len(self._columns(name))) for name in names
            ),
            columns=tuple(columns),
            rows=tuple(rows[(page - 1) * ROWS : page * ROWS]),
            summaries=tuple(
                self._summary(name, [row.cells[place] for row in everybody])
                for place, name in enumerate(names)
            ),
            found=len(rows),
            page=page,
            pages=pages,
        )

    def assignments(self) -> list[str]:
        """The assignments that are built, or to which somebody submitted."""
        submitted = {assignment for _, assignment in self._groups}
        return [
            name
            for name in self._course.assignments
            if name in submitted or all(lab.release.is_file() for lab in self._course.labs_of(name))
        ]

    def cell(self, student: str, assignment: str) -> Cell:
        """One student at one assignment."""
        group = self._groups.get((student, assignment), [])
        counts = next((one for one in group if one.counts), None)
        entries = tuple(self._entry(counts, lab.name) for lab in self._course.labs_of(assignment))
        signs = frozenset(self._signs(student, assignment, group, counts))
        latest = group[0].id if group else None
        return Cell(assignment, signs, entries, len(group), latest)

    def max_score(self, assignment: str) -> float:
        """What an assignment is worth."""
        return sum(column.max_score for column in self._columns(assignment))

    def _columns(self, assignment: str) -> list[Column]:
        return [
            Column(
                assignment,
                lab.name,
                lab.title,
                lab.max_score + sum(cell.points for cell in lab.by_hand),
            )
            for lab in self._course.labs_of(assignment)
        ]

    @staticmethod
    def _on(student: str, members: Collection[str]) -> bool:
        return not members or student in members

    def _signs(
        self, student: str, assignment: str, group: Sequence[Attempt], counts: Attempt | None
    ) -> Iterable[Sign]:
        taken = [one for one in group if one.state is not State.REFUSED]
        yield Sign.SUBMITTED if taken else Sign.MISSING
        due = self._service.due(assignment, student)
        judged = counts or (taken[0] if taken else None)
        if judged is not None and due is not None and judged.arrived > due:
            yield Sign.LATE
        if taken and taken[0].state in (State.WAITING, State.RUNNING):
            yield Sign.WAITING
        if _asks(group):
            yield Sign.REVIEW
        if group and group[0].state is State.REFUSED:
            yield Sign.REFUSED
        if (student, assignment) in self._requests:
            yield Sign.ASKED

    def _entry(self, attempt: Attempt | None, notebook: str) -> Entry:
        if attempt is None:
            return Entry("–", None, "")
        fate = dict(attempt.fates).get(notebook)
        if fate is None:
            return Entry("–", None, "")
        mark = self._marks.notebook(attempt, notebook, fate is Fate.WITHHELD)
        score = mark.score if mark is not None else self._checked(attempt, notebook)
        link = f"attempts/{attempt.id}/feedback/{quote(notebook, safe='')}"
        return Entry("withheld" if score is None else number(score), score, link)

    def _checked(self, attempt: Attempt, notebook: str) -> float | None:
        """What the checks gave, while the gradebook does not have the attempt."""
        reports = self._reports.of(attempt)
        return next((one.score for one in reports if one.notebook == notebook), None)

    def _summary(self, assignment: str, cells: Sequence[Cell]) -> Summary:
        marked = [
            cell.score for cell in cells if any(entry.score is not None for entry in cell.entries)
        ]
        return Summary(
            assignment,
            self._course.title_of(assignment),
            self._service.due(assignment),
            len(cells),
            {sign: sum(sign in cell.signs for cell in cells) for sign in Sign},
            number(mean(marked)) if marked else "",
        )


def _asks(group: Sequence[Attempt]) -> bool:
    """Whether an instructor has something to decide, which no later attempt settles."""
    for attempt in group:
        if attempt.asks:
            return True
        if attempt.state in FINISHED and attempt.ruling is not Ruling.ASIDE:
            return False
    return False
