"""Grades a notebook whose points come from its tests cells: every cell runs, as nbgrader does it.

Which cells run, and with which sources, are nbgrader's rules: a locked cell runs as it was
compiled, whatever the student made of it; of cells with the same grade_id the last one counts; a
tests cell that is gone gives no points, and asks for a person.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from autograder.checks.cells import mark_of, result_of
from autograder.course.bindings import bound_names, definitions
from autograder.course.lab import Lab
from autograder.course.tests_cells import KnownCell, TestsCells
from autograder.grading.submission import Submission
from autograder.remote.exceptions import explain
from autograder.remote.notebook_cells import Bounds, CellOutcome, RunCell, Way
from autograder.remote.notebook_run import Jails, NotebookRun
from autograder.report import Report
from autograder.sandbox.inside.names import words_of

WHOLE_CELLS = 10
"""How many cells may use up their time before a notebook is ended."""
INSIDE = Way.INSIDE.value


@dataclass(frozen=True)
class Planned:
    """The code cells of a submission as they run, and which of them are tests cells."""

    cells: tuple[RunCell, ...]
    tests: dict[int, KnownCell]
    """By number, the tests cell that a cell is."""
    own: tuple[int, ...]
    """The numbers of cells that are the student's."""
    twice: tuple[str, ...] = ()
    """The grade_ids of cells that stand more than once."""


def plan_notebook(tests: TestsCells, submission: Submission) -> Planned:
    """The cells of a submission as nbgrader would run them."""
    last = {cell.grade_id: place for place, cell in enumerate(submission.cells) if cell.grade_id}
    known = {cell.grade_id: cell for cell in tests.cells if cell.grade_id}
    cells: list[RunCell] = []
    found: dict[int, KnownCell] = {}
    own = []
    for place, cell in enumerate(submission.cells):
        same = known.get(cell.grade_id) if last.get(cell.grade_id) == place else None
        if not (same.is_code if same is not None else cell.is_code):
            continue
        label = f"Cell {place + 1}" + (f" ({same.grade_id})" if same is not None else "")
        if same is not None and same.is_tests:
            found[len(cells)] = same
            source = same.source if same.is_locked else cell.source
            cells.append(as_tests(tests, same, source, label))
            continue
        locked = same is not None and same.is_locked
        if not locked:
            own.append(len(cells))
        cells.append(RunCell(label, same.source if same is not None and locked else cell.source))
    ids = [cell.grade_id for cell in submission.cells if cell.grade_id in known]
    twice = tuple(dict.fromkeys(name for name in ids if ids.count(name) > 1))
    return Planned(tuple(cells), found, tuple(own), twice)


def as_tests(tests: TestsCells, cell: KnownCell, source: str, label: str) -> RunCell:
    """A tests cell as it runs."""
    chosen = tests.ways.get(cell.grade_id)
    way = Way(chosen.way) if chosen else Way.INSIDE
    return RunCell(label, source, way, frozenset(_public(cell)))


def _public(cell: KnownCell) -> set[str]:
    """The names that a tests cell binds in lines that students can read, and only there."""
    shown = {line.strip() for line in cell.released.splitlines()}
    hidden = (line.strip() for line in cell.source.splitlines() if line.strip() not in shown)
    return bound_names(cell.released) - {word for line in hidden for word in words_of(line)}


def known_to_tester(tests: TestsCells, learning: bool = False) -> dict[str, object]:
    """What the tester is told of a notebook; see `tester.Tester`."""
    locked = (cell for cell in tests.cells if cell.is_code and cell.is_locked and not cell.is_tests)
    free = [cell.solved for cell in tests.cells if cell.is_code and not cell.is_locked]
    return {
        "trusted": {name: tuple(where) for name, where in tests.trusted.items()},
        "expected": {name: tuple(where) for name, where in tests.expected.items()},
        "built_in": tests.built_in,
        "given": [text for cell in locked for text in definitions(cell.source)],
        "students": tuple(sorted(set().union(*map(bound_names, free)))),
        "learning": learning,
    }


def bounds_of(tests: TestsCells) -> Bounds:
    """How long a notebook may run."""
    return Bounds(tests.cell_s, WHOLE_CELLS * tests.cell_s)


def mark_notebook(
    lab: Lab,
    submission: Submission,
    jails: Jails,
    given: Mapping[str, bytes],
    report: Report,
    checked: Collection[str] = (),
) -> Report:
    """The report with the marks of a notebook's tests cells.

    Args:
        lab: the notebook; it has tests cells.
        submission: what was submitted.
        jails: where its cells run.
        given: the assignment's own files, by path.
        report: before any cell has run; what it has of other cells stays.
        checked: tests cells whose points a hidden suite gives.
    """
    tests = lab.tests_cells or TestsCells(())
    planned = plan_notebook(tests, submission)
    files = {**given, **submission.files}
    files |= {name: data for name, data in given.items() if name not in tests.overwrite_not}
    known, bounds = known_to_tester(tests), bounds_of(tests)
    with NotebookRun(jails, planned.cells, files, given, known, bounds) as run:
        outcomes = run.run()
    results = {
        cell.grade_id: result_of(cell, outcomes[number], tests.ignore)
        for number, cell in planned.tests.items()
        if cell.grade_id not in checked
    }
    wanted = [cell.grade_id for cell in tests.tests if cell.grade_id not in checked]
    lost = [name for name in wanted if name not in results]
    found = tuple(results[name] for name in wanted if name in results)
    return report.with_(
        checks=(*(check for check in report.checks if check.grade_cell in checked), *found),
        cells={name: cell for name, cell in report.cells.items() if name not in lost},
        by_hand={**report.by_hand, **dict.fromkeys(lost, True)},
        ways={name: _way_of(tests, name) for name in results},
        unanswered=tuple(_unanswered(tests, submission)),
        notes=(*report.notes, *_notes(planned, outcomes)),
        doubt=_doubt(planned, outcomes, tests.ignore),
    )


def _way_of(tests: TestsCells, name: str) -> str:
    chosen = tests.ways.get(name)
    return chosen.way if chosen else INSIDE


def _unanswered(tests: TestsCells, submission: Submission) -> list[str]:
    """The solution cells that are as they were released."""
    found = []
    for cell in tests.cells:
        pieces = submission.pieces(cell.grade_id) if cell.is_solution else []
        if pieces and pieces[-1] == cell.released:
            found.append(cell.grade_id)
    return found


def _notes(planned: Planned, outcomes: Sequence[CellOutcome]) -> list[str]:
    """What came of the student's own cells that did not run to their end."""
    told = []
    for number in planned.own:
        cell, outcome = planned.cells[number], outcomes[number]
        if outcome.late:
            told.append(f"{cell.label} was stopped: it ran too long.")
        elif outcome.gone:
            told.append(f"{cell.label} does not run to its end: it ends the whole Python process.")
        elif outcome.raised and outcome.raised.get("raised") != "NotImplementedError":
            _, words, _ = explain(dict(outcome.raised), text=True, source=cell.source)
            told.append(f"{cell.label} does not run to its end: it {words}")
    for name in sorted({name for one in outcomes for name in one.shadowed}):
        told.append(f"Your notebook gives `{name}` another meaning; the tests use their own.")
    return told


def _doubt(planned: Planned, outcomes: Sequence[CellOutcome], ignore: str) -> str:
    """What an instructor should know of marks that stand."""
    told = []
    for number, cell in planned.tests.items():
        over = mark_of(outcomes[number], cell.points, ignore).over
        if over is not None:
            told.append(f"{cell.grade_id} gives {over:g} of {cell.points:g} points")
    refused = [
        cell.grade_id
        for number, cell in planned.tests.items()
        if outcomes[number].refusals and mark_of(outcomes[number], cell.points, ignore).points == 0
    ]
    if refused:
        told.append(f"an object stands where {', '.join(refused)} compares values")
    if planned.twice:
        told.append(f"{', '.join(planned.twice)} stands more than once, and the last counts")
    ended = [planned.cells[number].label for number, one in enumerate(outcomes) if one.gone]
    if ended:
        told.append(f"{', '.join(ended)} ended the Python process")
    return "; ".join(told)
