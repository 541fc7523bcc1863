"""What people do to the cells of a notebook: split, copy, merge, move, delete, retype.

Each function makes an edit, and an edit is a pure function from notebook to notebook. JupyterLab
copies a cell's metadata when it splits or pastes, and keeps the first cell's when it merges.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from itertools import pairwise

from .notebooks import Cell, Edit, Notebook


def all_of(*edits: Edit) -> Edit:
    """Several edits, one after the other."""
    return lambda notebook: reduce(lambda done, edit: edit(done), edits, notebook)


def insert(place: int, *cells: Cell) -> Edit:
    """Put cells at a place counted from the front."""

    def edit(notebook: Notebook) -> Notebook:
        return notebook.with_cells((*notebook.cells[:place], *cells, *notebook.cells[place:]))

    return edit


def before(grade_id: str, *sources: str) -> Edit:
    """Put own cells above a cell."""
    return lambda n: insert(n.place(grade_id), *map(Cell, sources))(n)


def after(grade_id: str, *sources: str) -> Edit:
    """Put own cells below a cell."""
    return lambda n: insert(n.place(grade_id) + 1, *map(Cell, sources))(n)


def at_end(*sources: str) -> Edit:
    """Put own cells behind everything."""
    return lambda n: n.with_cells((*n.cells, *map(Cell, sources)))


def rewrite(grade_id: str, change: Callable[[str], str]) -> Edit:
    """Change the source of a cell."""

    def edit(notebook: Notebook) -> Notebook:
        cells, place = list(notebook.cells), notebook.place(grade_id)
        cells[place] = replace(cells[place], source=change(cells[place].source))
        return notebook.with_cells(cells)

    return edit


def rewrite_all(change: Callable[[str], str], where: Callable[[Cell], bool]) -> Edit:
    """Change the sources of all cells of a kind."""
    return lambda n: n.with_cells(
        [replace(c, source=change(c.source)) if where(c) else c for c in n.cells]
    )


def split(grade_id: str, lines: Callable[[str], list[int]], copied: bool = True) -> Edit:
    """Split a cell before some of its lines; each piece has the metadata, or only the first."""

    def edit(notebook: Notebook) -> Notebook:
        place = notebook.place(grade_id)
        cell = notebook.cells[place]
        text, cuts = cell.source.split("\n"), [0, *lines(cell.source), None]
        pieces = ["\n".join(text[i:j]) for i, j in pairwise(cuts)]
        rest = [replace(cell, source=p) if copied else Cell(p) for p in pieces[1:]]
        first = replace(cell, source=pieces[0])
        return notebook.with_cells(
            (*notebook.cells[:place], first, *rest, *notebook.cells[place + 1 :])
        )

    return edit


def statements(source: str) -> list[int]:
    """The lines at which the statements behind the first begin, decorators included."""
    body = ast.parse(source).body[1:]
    return [
        min([n.lineno, *(d.lineno for d in getattr(n, "decorator_list", ()))]) - 1 for n in body
    ]


def last_statement(source: str) -> list[int]:
    """The line at which the last statement begins."""
    return statements(source)[-1:]


def copy(grade_id: str, to: str = "below") -> Edit:
    """Paste a cell once more, metadata included: below it, or at the notebook's end."""

    def edit(notebook: Notebook) -> Notebook:
        place = notebook.place(grade_id)
        there = place + 1 if to == "below" else len(notebook.cells)
        return insert(there, notebook.cells[place])(notebook)

    return edit


def keep_stub(grade_id: str, finished: str, metadata: bool) -> Edit:
    """Leave the stub alone; the finished work stands above, below, or at the notebook's end."""

    def edit(notebook: Notebook) -> Notebook:
        place = notebook.place(grade_id)
        work, stub = notebook.cells[place], notebook.stub(grade_id)
        work = work if metadata else Cell(work.source)
        cells = list(notebook.cells)
        match finished:
            case "above":
                cells[place : place + 1] = [work, stub]
            case "below":
                cells[place : place + 1] = [stub, work]
            case _:
                cells[place] = stub
                cells.append(work)
        return notebook.with_cells(cells)

    return edit


def merge(grade_id: str, with_next: str) -> Edit:
    """Merge two cells, and drop what lies between; the first one's metadata stays."""

    def edit(notebook: Notebook) -> Notebook:
        first, second = notebook.place(grade_id), notebook.place(with_next)
        source = f"{notebook.cells[first].source}\n\n{notebook.cells[second].source}"
        merged = replace(notebook.cells[first], source=source)
        return notebook.with_cells((*notebook.cells[:first], merged, *notebook.cells[second + 1 :]))

    return edit


def merge_upwards(grade_id: str, own: str) -> Edit:
    """Merge an own cell with the one below it: the grade_id is gone."""

    def edit(notebook: Notebook) -> Notebook:
        cells, place = list(notebook.cells), notebook.place(grade_id)
        cells[place] = Cell(f"{own}\n\n{cells[place].source}")
        return notebook.with_cells(cells)

    return edit


def move(grade_id: str, to: str) -> Edit:
    """Move a cell above another one, or to the `end`."""

    def edit(notebook: Notebook) -> Notebook:
        cell = notebook.cell(grade_id)
        cells = [c for c in notebook.cells if c is not cell]
        rest = notebook.with_cells(cells)
        place = len(cells) if to == "end" else rest.place(to)
        return insert(place, cell)(rest)

    return edit


def move_all(which: Callable[[Cell], bool], to: str) -> Edit:
    """Move all cells of a kind to the `start` or the `end`, in their order."""

    def edit(notebook: Notebook) -> Notebook:
        moved = [c for c in notebook.cells if which(c)]
        rest = [c for c in notebook.cells if not which(c)]
        return notebook.with_cells(moved + rest if to == "start" else rest + moved)

    return edit


def delete(which: Callable[[Cell], bool]) -> Edit:
    """Delete all cells of a kind."""
    return lambda n: n.with_cells([c for c in n.cells if not which(c)])


def retype(which: Callable[[Cell], bool], kind: str) -> Edit:
    """Make cells markdown, raw or code."""
    return lambda n: n.with_cells([replace(c, kind=kind) if which(c) else c for c in n.cells])


def strip_metadata(which: Callable[[Cell], bool] = lambda cell: True) -> Edit:
    """Lose nbgrader's metadata, as other editors do."""
    return lambda n: n.with_cells([replace(c, nbgrader={}) if which(c) else c for c in n.cells])


def rename(grade_id: str, to: str) -> Edit:
    """Give a cell another grade_id, as a paste into another notebook does."""

    def edit(notebook: Notebook) -> Notebook:
        cells, place = list(notebook.cells), notebook.place(grade_id)
        cells[place] = replace(cells[place], nbgrader={**cells[place].nbgrader, "grade_id": to})
        return notebook.with_cells(cells)

    return edit


def twice(first: str, second: str) -> Edit:
    """The whole notebook twice in one file; each `finished` or `released`."""

    def edit(notebook: Notebook) -> Notebook:
        either = {"finished": notebook.cells, "released": notebook.released}
        return notebook.with_cells((*either[first], *either[second]))

    return edit


def named(*grade_ids: str) -> Callable[[Cell], bool]:
    """Whether a cell is one of these."""
    return lambda cell: cell.grade_id in grade_ids


def is_tests(cell: Cell) -> bool:
    """Whether a cell holds visible checks."""
    return cell.is_tests


def is_solution(cell: Cell) -> bool:
    """Whether a cell is an exercise's."""
    return cell.is_solution


def is_demonstration(cell: Cell) -> bool:
    """Whether a cell only shows something."""
    return cell.is_demonstration


def is_own(cell: Cell) -> bool:
    """Whether a cell is a code cell without a name: a placeholder for the student's own."""
    return cell.kind == "code" and not cell.grade_id


def is_text(cell: Cell) -> bool:
    """Whether a cell is text."""
    return cell.kind == "markdown"
