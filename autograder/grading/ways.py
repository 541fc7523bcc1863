"""Finds out how each tests cell of a notebook runs, by trying it on the master's own solution.

A tests cell runs outside the student's process wherever it then says the same: of the solution, and
of the notebook as it was released. Where it says something else (it deletes the student's name,
looks at its source, draws into its figure), it runs inside; so do the tests cells above that
define what it uses.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from autograder.checks.cells import mark_of
from autograder.course.bindings import bound_names, imported_names
from autograder.course.tests_cells import ChosenWay, KnownCell, TestsCells
from autograder.grading.whole_notebook import as_tests, bounds_of, known_to_tester
from autograder.remote.notebook_cells import CellOutcome, RunCell, Way
from autograder.remote.notebook_run import Jails, NotebookRun
from autograder.sandbox.inside.names import words_of

MOST_ROUNDS = 8
_BY_HANDLE = "its verdict hangs on what an object of the notebook answers"
_BY_STATE = "its verdict hangs on the notebook's random state, too"
_FOR_OTHERS = "it defines what {} uses, which runs inside"
_SOLUTION_EARNS = "the master's own solution earns {:g} of {:g} points"
_UNLIKE_SOLUTION = "outside the notebook's process it does not give its points to the solution"
_UNLIKE_STUB = "outside the notebook's process it gives other points to the released notebook"

Outcomes = dict[str, CellOutcome]


def with_ways(
    tests: TestsCells,
    jails: Jails,
    given: Mapping[str, bytes],
    said: Callable[[str], None] = lambda line: None,
) -> TestsCells:
    """The same notebook, with the way of each of its tests cells.

    Args:
        tests: the notebook.
        jails: where its cells run.
        given: the assignment's own files, by path.
        said: is told each step.
    """
    return _Search(tests, jails, given, said).find() if tests.tests else tests


class _Search:
    def __init__(
        self,
        tests: TestsCells,
        jails: Jails,
        given: Mapping[str, bytes],
        said: Callable[[str], None],
    ) -> None:
        self._jails, self._given, self._said = jails, given, said
        self._names = [cell.grade_id for cell in tests.tests]
        self._ways = dict.fromkeys(self._names, ChosenWay(Way.HANDLE))
        self._tests = replace(tests, built_in=tuple(sorted(_rebound(tests.cells))))
        self._imported: dict[str, list[str]] = {}
        self._lost: dict[str, str] = {}

    def find(self) -> TestsCells:
        inside = dict.fromkeys(self._names, ChosenWay(Way.INSIDE))
        wanted = [
            (solved, self._run(solved, inside), why)
            for solved, why in ((True, _UNLIKE_SOLUTION), (False, _UNLIKE_STUB))
        ]
        self._note_solution(wanted[0][1])
        self._run(True, self._ways, learning=True)
        self._trust()
        for _ in range(MOST_ROUNDS):
            unlike = [self._unlike(*one) for one in wanted]
            if not any(unlike):
                break
        self._prefer_values()
        for _ in range(MOST_ROUNDS):
            unlike = [self._unlike(*one) for one in wanted]
            if not any(unlike):
                return self._chosen(self._ways)
        return self._chosen(dict.fromkeys(self._names, ChosenWay(Way.INSIDE, _UNLIKE_SOLUTION)))

    def _chosen(self, ways: Mapping[str, ChosenWay]) -> TestsCells:
        told = {name: replace(one, lost=self._lost.get(name, "")) for name, one in ways.items()}
        return replace(self._tests, ways=told)

    def _note_solution(self, outcomes: Outcomes) -> None:
        """Note which tests cells do not give all their points to the master's own solution."""
        for cell in self._tests.tests:
            points = mark_of(outcomes[cell.grade_id], cell.points, self._tests.ignore).points
            if points < cell.points:
                self._lost[cell.grade_id] = _SOLUTION_EARNS.format(points, cell.points)

    def _unlike(self, solved: bool, inside: Outcomes, why: str) -> bool:
        """Move the tests cells inside that say something else outside; whether there were any."""
        outside = self._run(solved, self._ways)
        unlike = [name for name in self._names if not self._same(name, inside, outside)]
        for name in unlike:
            if self._ways[name].way == Way.INSIDE:
                # It lacks what a cell above defines in the tester.
                self._take_along(name)
            elif self._ways[name].way == Way.VALUE:
                self._ways[name] = ChosenWay(Way.HANDLE, _BY_STATE)
            else:
                self._ways[name] = ChosenWay(Way.INSIDE, _reason(why, outside[name]))
        return bool(unlike)

    def _take_along(self, name: str) -> None:
        """Move the tests cells inside that define what a cell uses which runs inside."""
        cells = {cell.grade_id: cell for cell in self._tests.tests}
        used = words_of(cells[name].source)
        for above in self._names[: self._names.index(name)]:
            if self._ways[above].way != Way.INSIDE and used & bound_names(cells[above].source):
                self._ways[above] = ChosenWay(Way.INSIDE, _FOR_OTHERS.format(name))
                self._take_along(above)

    def _prefer_values(self) -> None:
        """Let only values count where the solution's verdict hangs on nothing else."""
        outcomes = self._run(True, self._ways)
        for name, chosen in self._ways.items():
            if chosen.way == Way.HANDLE:
                by_value = outcomes[name].answers == 0
                self._ways[name] = (
                    ChosenWay(Way.VALUE) if by_value else ChosenWay(Way.HANDLE, _BY_HANDLE)
                )

    def _same(self, name: str, one: Outcomes, other: Outcomes) -> bool:
        cell = next(cell for cell in self._tests.tests if cell.grade_id == name)
        if other[name].faulty:
            return False
        marks = [mark_of(one[name], cell.points, self._tests.ignore) for one in (one, other)]
        return marks[0] == marks[1]

    def _trust(self) -> None:
        """Keep what the notebook's given and tests cells import: no student decides what it is."""
        ours = (cell for cell in self._tests.cells if cell.is_code and not cell.is_solution)
        names = {name for cell in ours for name in imported_names(cell.source)}
        found = {name: (where[0], where[1]) for name, where in self._imported.items()}
        trusted = {name: where for name, where in found.items() if name in names}
        expected = {name: where for name, where in found.items() if name not in names}
        self._tests = replace(self._tests, trusted=trusted, expected=expected)

    def _run(self, solved: bool, ways: Mapping[str, ChosenWay], learning: bool = False) -> Outcomes:
        self._said("trying its tests cells")
        tests = replace(self._tests, ways=ways)
        cells: list[RunCell] = []
        places: dict[str, int] = {}
        for number, cell in enumerate(tests.cells):
            if not cell.is_code:
                continue
            if cell.is_tests:
                places[cell.grade_id] = len(cells)
                cells.append(as_tests(tests, cell, cell.source, cell.grade_id))
                continue
            source = cell.solved if solved and not cell.is_locked else cell.source
            cells.append(RunCell(f"Cell {number + 1}", source))
        known, bounds = known_to_tester(tests, learning), bounds_of(tests)
        with NotebookRun(self._jails, cells, self._given, self._given, known, bounds) as run:
            outcomes = run.run()
        self._imported |= run.imported
        return {name: outcomes[place] for name, place in places.items()}


def _reason(why: str, outcome: CellOutcome) -> str:
    """Why a cell runs inside, with what went wrong outside."""
    raised = outcome.raised or {}
    kind, text = raised.get("own") or raised.get("raised"), str(raised.get("text") or "")
    return f"{why}: {kind}{': ' + text if text else ''}"[:300] if kind else why


def _rebound(cells: Sequence[KnownCell]) -> set[str]:
    """Names of built-in things that a notebook defines itself."""
    sources = [cell.solved if cell.is_solution else cell.source for cell in cells if cell.is_code]
    return {name for source in sources for name in bound_names(source) if hasattr(builtins, name)}
