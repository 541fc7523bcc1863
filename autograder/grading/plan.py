"""Decides which cells of a submission run, in which order, and where each exercise is checked.

The student's own kernel is the judge: a function that answers correctly in a fresh kernel, run from
top to bottom as far as its tests cell, answers correctly here. So every code cell of the student
runs in its place, including every piece of a cell that was split or pasted, and an exercise is
checked when all cells above its tests cell have run. This module runs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from autograder.course.lab import Exercise, Lab
from autograder.course.notebook import Kind, MasterCell, without_answers
from autograder.grading.source_names import (
    bound_names,
    is_part,
    is_same_code,
    may_bind,
    mentions,
    outer_names,
)
from autograder.grading.submission import Submission, SubmittedCell, code_words
from autograder.remote.cells import Cell, function_names

_SHOWN = (Kind.DEMONSTRATION, Kind.TESTS)
"""Cells of ours that show something; they run only where the student's code needs them."""
_GIVEN = (Kind.GIVEN, Kind.TOOL)
"""Cells of ours that always run, in place of what the student made of them."""

_ASKS = re.compile(
    r"\bNameError\b|\b(globals|locals|vars|dir|exists|isfile)\(|\b(user_ns|__main__)\b"
    r"|\b(In|Out|_oh|_ih)\s*[\[.]|\b_i?\d+\b|\b(gcf|gca|get_fignums)\("
)
"""Code that asks which names, outputs, figures or files there are."""


@dataclass(frozen=True)
class Plan:
    """The cells to run, in order, and the places where exercises are checked."""

    cells: tuple[Cell, ...]
    places: dict[str, tuple[int, ...]]
    """By grade cell, how many cells stand above its tests, one number for each place where the
    tests stand; the number of all cells if no code cell holds them."""
    untouched: frozenset[str]
    """Grade cells of the exercises that are as released and whose names no other cell may bind."""
    stubs: frozenset[str]
    """Grade cells of the exercises whose solution cells are as released."""
    changed: bool = False
    """Whether the student changed a locked cell, or turned a given one into text."""

    def stops(self, exercises: Sequence[Exercise]) -> list[tuple[int, Exercise]]:
        """The places at which to check the exercises, in the order of the notebook."""
        stops = [(place, e) for e in exercises for place in self.places[e.grade_cell]]
        return sorted(stops, key=lambda stop: stop[0])

    def may_see(self, names: Collection[str]) -> bool:
        """Whether the student's cells may behave differently where the names are bound.

        They may if they bind one of the names outside of any function, or ask which names there
        are.
        """
        theirs = [c.source for c in self.cells if c.exercise or (c.own and not c.ours)]
        asks = any(_ASKS.search(source) for source in theirs)
        return asks or any(not outer_names(s).isdisjoint(names) for s in theirs)

    def may_bind_behind(self, exercise: Exercise, names: Collection[str]) -> bool:
        """Whether a cell below the exercise's tests cell may bind one of the names."""
        place = min(self.places[exercise.grade_cell])
        return any(may_bind(cell.source, names) for cell in self.cells[place:])


def plan(lab: Lab, submission: Submission, *, shown: bool = False, tools: bool = False) -> Plan:
    """Decide which cells run, in which order, and where exercises are checked.

    Args:
        lab: the notebook as the master has it.
        submission: the notebook as submitted.
        shown: whether our demonstrations and visible tests also run, in their places, and given
            cells as the student left them.
        tools: whether the course's tools for checking work, as they do for students.
    """
    planner = _Planner(lab, submission, shown, tools)
    planner.place_all()
    places = {e.grade_cell: planner.places_of(e) for e in lab.exercises}
    stubs = [e for e in lab.exercises if _is_as_released(lab, submission, e)]
    untouched = [e for e in stubs if not _is_bound_elsewhere(lab, submission, e)]
    return Plan(
        tuple(planner.cells),
        places,
        frozenset(e.grade_cell for e in untouched),
        frozenset(e.grade_cell for e in stubs),
        planner.changed,
    )


class _Planner:
    """Takes the cells of one submission in order, and restores the given cells that are missing."""

    def __init__(self, lab: Lab, submission: Submission, shown: bool, tools: bool) -> None:
        self.cells: list[Cell] = []
        self._places: dict[str, list[int]] = {}
        self._as_text: set[str] = set()
        """Tests cells that appear as text somewhere; a kernel does not run them there."""
        self._tests = {c.grade_id: code_words(c.source) for c in lab.cells if c.kind is Kind.TESTS}
        self._functions = {e.grade_cell: e.names for e in lab.exercises}
        self._lab, self._submission = lab, submission
        self._shown, self._tools = shown, tools
        self._known = {cell.grade_id: cell for cell in lab.cells if cell.grade_id}
        self._solution_of = {name: e.solution for e in lab.exercises for name in e.functions}
        self._seen: set[str] = set()
        self._lost = _lost_cells(lab, submission)
        self.changed = False

    @cached_property
    def _written(self) -> set[str]:
        """The names that code cells bind, not counting cells that are as released."""
        released = {code_words(stub) for stub in self._lab.stubs.values()}
        released |= {code_words(cell.source) for cell in self._lab.cells if cell.kind in _SHOWN}
        sources = [cell.source for cell in self._submission.cells if cell.is_code]
        written = [source for source in sources if code_words(source) not in released]
        return {n for source in written for n in function_names(source) | outer_names(source)}

    def places_of(self, exercise: Exercise) -> tuple[int, ...]:
        """For each place where an exercise is checked, how many cells stand above it."""
        places = set(self._places.get(exercise.grade_cell, []))
        if not places or exercise.grade_cell in self._as_text:
            places.add(len(self.cells))
        return tuple(sorted(places))

    def place_all(self) -> None:
        """Take every cell in order."""
        self._restore(-1)
        for number, cell in enumerate(self._submission.cells):
            self._take(number, cell)
            self._seen.add(cell.grade_id)
            self._restore(number)

    def _restore(self, number: int) -> None:
        lost = self._lost.get(number, [])
        self.cells += [Cell(cell.grade_id, self._source(cell)) for cell in lost]

    def _source(self, cell: MasterCell) -> str:
        """What runs of a locked cell."""
        out_of_use = cell.kind is Kind.TOOL and not self._tools
        return without_answers(cell.source) if out_of_use else cell.source

    def _take(self, number: int, cell: SubmittedCell) -> None:
        known = self._known.get(cell.grade_id)
        if known is None or known.kind in (Kind.TEXT, Kind.FREE):
            self._add_own(number, cell)
        elif known.kind is Kind.SOLUTION:
            self._add_solution(number, cell)
        else:
            self._add_ours(number, cell, known)

    def _add_ours(self, number: int, cell: SubmittedCell, known: MasterCell) -> None:
        """Add a locked cell, as the master has it.

        With `shown`, the student's own version of it also runs, after the master's.
        """
        given, again = known.kind in _GIVEN, known.grade_id in self._seen
        changed = not is_same_code(cell.source, known.source)
        self.changed |= changed if cell.is_code else given
        if known.kind is Kind.TESTS:
            self._check_here(known.grade_id)
            self._as_text |= set() if cell.is_code else {known.grade_id}
        if (self._shown and not cell.is_code) or not (given or self._shown):
            return
        if not again and (given or not changed):
            source = self._source(known)
            self.cells.append(Cell(known.grade_id, source, own=not given, ours=not given))
        if self._shown and (again or changed):
            self._add_own(number, cell)

    def _check_here(self, grade_id: str) -> None:
        self._places.setdefault(grade_id, []).append(len(self.cells))

    def _add_solution(self, number: int, cell: SubmittedCell) -> None:
        """Add a piece of a solution; one turned into text counts unless other code replaces it."""
        if not cell.is_code and not self._written.isdisjoint(function_names(cell.source)):
            return
        piece = f" (cell {number + 1})" if cell.grade_id in self._seen else ""
        label = f"The cell `{cell.grade_id}`{piece}"
        planned = Cell(label, cell.source, exercise=cell.grade_id, refused=cell.refused)
        self._add_with_tests(cell, planned)

    def _add_with_tests(self, cell: SubmittedCell, planned: Cell) -> None:
        """Add a cell; if it holds tests of ours, their exercises are checked there.

        A cell that lost its grade_id in another editor, or was merged or split, still holds them or
        a part of them. Code above the tests in the same cell has then run.
        """
        words = code_words(cell.source) if cell.is_code else ""
        for name in self._tests:
            if self._calls_as_in(name, cell.source, words):
                self._check_here(name)
        self.cells.append(planned)
        for name, tests in self._tests.items():
            if tests and tests != words and tests in words:
                self._check_here(name)

    def _calls_as_in(self, tests: str, source: str, words: str) -> bool:
        """Whether a source is tests of ours, or part of them that calls the tested functions."""
        whole = self._tests[tests]
        if words == whole:
            return bool(words)
        part = bool(words) and f" {words} " in f" {whole} "
        return part and mentions(source, self._functions.get(tests, ()))

    def _add_own(self, number: int, cell: SubmittedCell) -> None:
        """Add a student's own cell; one that defines an exercise's function is a solution too."""
        if not cell.is_code:
            return
        defined = (self._solution_of.get(name) for name in function_names(cell.source))
        exercise = next((solution for solution in defined if solution), None)
        label = f"cell {number + 1}"
        planned = Cell(label, cell.source, exercise, own=True, refused=cell.refused)
        self._add_with_tests(cell, planned)


def _lost_cells(lab: Lab, submission: Submission) -> dict[int, list[MasterCell]]:
    """The given cells that the student deleted, by the number of the cell after which each goes.

    A given cell may need the given cells before it (imports, say) and the exercises that it calls,
    so it goes after all of these; -1 is the top of the notebook.
    """
    first: dict[str, int] = {}
    for number, submitted in enumerate(submission.cells):
        first.setdefault(submitted.grade_id, number)
    lost: dict[int, list[MasterCell]] = {}
    behind, solutions = -1, {e.solution: e.names for e in lab.exercises}
    for cell in lab.cells:
        if cell.kind not in _GIVEN:
            continue
        if cell.grade_id in first:
            behind = max(behind, first[cell.grade_id])
            continue
        called = [
            s for s, names in solutions.items() if s in first and mentions(cell.source, names)
        ]
        behind = max([behind, *(first[solution] for solution in called)])
        lost.setdefault(behind, []).append(cell)
    return lost


def _is_as_released(lab: Lab, submission: Submission, exercise: Exercise) -> bool:
    """Whether an exercise's solution cell exists, and no piece of it has more than the stub."""
    stub = lab.stubs.get(exercise.solution)
    pieces = submission.pieces(exercise.solution)
    if stub is None or not pieces:
        return False
    return all(is_same_code(piece, stub) or is_part(piece, stub) for piece in pieces)


def _is_bound_elsewhere(lab: Lab, submission: Submission, exercise: Exercise) -> bool:
    """Whether a cell that is not as released may bind one of the exercise's names."""
    # The master's solutions are not released, so a student may have written the same code.
    locked = (cell.source for cell in lab.cells if cell.kind is not Kind.SOLUTION)
    released = {code_words(source) for source in (*locked, *lab.stubs.values())}
    return any(
        may_bind(cell.source, exercise.names) and code_words(cell.source) not in released
        for cell in submission.cells
        if cell.is_code and cell.grade_id != exercise.solution
    )


def shown_names(lab: Lab, submission: Submission) -> set[str]:
    """The names that our demonstrations and visible tests bind, as released or as submitted."""
    shown = [cell for cell in lab.cells if cell.kind in _SHOWN]
    ids = {cell.grade_id for cell in shown}
    sources = [cell.source for cell in shown]
    sources += [cell.source for cell in submission.cells if cell.grade_id in ids]
    return {name for source in sources for name in bound_names(source)}
