"""The rows of the table that are about cells: the edit, and the kernel's judgement afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from . import edits, own_code
from .notebooks import Edit, Notebook, Subject

ALL, SOME = "all", "some"
"""Whether the kernel finds all exercises correct after an edit, or only some."""

Maker = Callable[[Subject, Notebook], Edit]


def plain(edit: Edit) -> Maker:
    """An edit that is about no exercise."""
    return lambda subject, notebook: edit


def about(make: Callable[[Subject], Edit]) -> Maker:
    """An edit that is about one exercise."""
    return lambda subject, notebook: make(subject)


E = edits
GIVEN = ("imports", "given_check")

CELLS: dict[str, tuple[Maker, str]] = {
    "untouched-by-anyone": (plain(lambda n: n), ALL),
    "split-own-helper-off": (
        about(lambda s: E.all_of(
            E.rewrite(s.solution, lambda t: f"spare = 1\n\n\n{t}"),
            E.split(s.solution, E.last_statement),
        )), ALL),
    "split-second-piece-plain": (
        about(lambda s: E.all_of(
            E.rewrite(s.solution, lambda t: f"spare = 1\n\n\n{t}"),
            E.split(s.solution, E.last_statement, copied=False),
        )), ALL),
    "split-in-three": (
        about(lambda s: E.all_of(
            E.rewrite(s.solution, lambda t: f"import math\nspare = math.pi\n\n\n{t}"),
            E.split(s.solution, E.statements),
        )), ALL),
    "split-off-a-comment": (
        about(lambda s: E.all_of(
            E.rewrite(s.solution, lambda t: f"{t.rstrip()}\n\n# done at last\nprint('done')"),
            E.split(s.solution, E.last_statement),
        )), ALL),
    "split-tests": (about(lambda s: E.split(s.tests, E.last_statement)), ALL),
    "split-tests-plain": (about(lambda s: E.split(s.tests, E.last_statement, copied=False)), ALL),
    "split-given": (plain(E.split("imports", E.last_statement)), ALL),
    "copied-below": (about(lambda s: E.copy(s.solution)), ALL),
    "copied-to-the-end": (about(lambda s: E.copy(s.solution, "end")), ALL),
    "tests-copied-below": (about(lambda s: E.copy(s.tests)), ALL),
    "tests-copied-to-the-end": (about(lambda s: E.copy(s.tests, "end")), ALL),
    "given-copied-to-the-end": (plain(E.copy("given_check", "end")), ALL),
    "copied-with-a-new-name": (
        about(lambda s: E.all_of(E.keep_stub(s.solution, "below", True),
                                  E.rename(s.solution, "cell-0a1b2c"))), ALL),
    "stub-kept-finished-above": (about(lambda s: E.keep_stub(s.solution, "above", True)), SOME),
    "stub-kept-finished-below": (about(lambda s: E.keep_stub(s.solution, "below", True)), ALL),
    "stub-kept-finished-at-end": (about(lambda s: E.keep_stub(s.solution, "end", True)), SOME),
    "stub-kept-plain-below": (about(lambda s: E.keep_stub(s.solution, "below", False)), ALL),
    "stub-kept-plain-at-end": (about(lambda s: E.keep_stub(s.solution, "end", False)), SOME),
    "merged-with-its-tests": (about(lambda s: E.merge(s.solution, s.tests)), ALL),
    "merged-below-own-code": (about(lambda s: E.merge_upwards(s.solution, "spare = 1")), ALL),
    "merged-below-text": (about(lambda s: E.merge_upwards(s.solution, "# my solution")), ALL),
    "all-exercises-merged": (plain(lambda n: _chained_merge(n)), ALL),
    "given-cells-merged": (plain(E.merge(*GIVEN)), ALL),
    "moved-to-the-top": (about(lambda s: E.move(s.solution, "imports")), ALL),
    "moved-below-its-tests": (
        about(lambda s: E.all_of(E.move(s.tests, s.solution))), SOME),
    "moved-to-the-end": (about(lambda s: E.move(s.solution, "end")), SOME),
    "tests-moved-to-the-end": (about(lambda s: E.move(s.tests, "end")), ALL),
    "all-tests-at-the-end": (plain(E.move_all(E.is_tests, "end")), ALL),
    "all-solutions-first": (plain(E.move_all(E.is_solution, "start")), ALL),
    "all-demonstrations-last": (plain(E.move_all(E.is_demonstration, "end")), ALL),
    "tests-deleted": (about(lambda s: E.delete(E.named(s.tests))), ALL),
    "all-tests-deleted": (plain(E.delete(E.is_tests)), ALL),
    "demonstrations-deleted": (plain(E.delete(E.is_demonstration)), ALL),
    "text-deleted": (plain(E.delete(E.is_text)), ALL),
    "placeholders-deleted": (plain(E.delete(E.is_own)), ALL),
    "given-deleted": (plain(E.delete(E.named("given_numerical_gradient"))), ALL),
    "solution-as-text": (about(lambda s: E.retype(E.named(s.solution), "markdown")), SOME),
    "solution-as-text-and-own": (
        about(lambda s: lambda n: E.all_of(
            E.retype(E.named(s.solution), "markdown"),
            E.after(s.solution, n.cell(s.solution).source))(n)), ALL),
    "tests-as-raw": (about(lambda s: E.retype(E.named(s.tests), "raw")), ALL),
    "tests-as-text": (about(lambda s: E.retype(E.named(s.tests), "markdown")), ALL),
    "demonstrations-as-raw": (plain(E.retype(E.is_demonstration, "raw")), ALL),
    "text-as-code": (plain(E.retype(E.is_text, "code")), ALL),
    "metadata-lost": (plain(E.strip_metadata()), ALL),
    "metadata-lost-of-solutions": (plain(E.strip_metadata(E.is_solution)), ALL),
    "metadata-lost-of-one": (about(lambda s: E.strip_metadata(E.named(s.solution))), ALL),
    "twice-finished": (plain(E.twice("finished", "finished")), ALL),
    "released-then-finished": (plain(E.twice("released", "finished")), ALL),
    "finished-then-released": (plain(E.twice("finished", "released")), ALL),
    "written-into-the-imports": (
        about(lambda s: E.all_of(
            E.rewrite("imports", lambda t: f"{t}\nimport math\nneeded = math.cos(0)"),
            own_code.needing(s, "math.cos(0) == needed"))), ALL),
    "merged-into-the-imports": (about(lambda s: lambda n: E.all_of(
        E.rewrite("imports", lambda t: f"{t}\n\n\n{n.cell(s.solution).source}"),
        E.delete(E.named(s.solution)))(n)), ALL),
    "written-into-the-tests": (about(lambda s: lambda n: E.all_of(
        E.rewrite(s.tests, lambda t: f"{n.cell(s.solution).source}\n\n\n{t}"),
        E.rewrite(s.solution, lambda _: n.stub(s.solution).source))(n)), ALL),
    "merged-behind-a-demonstration": (about(lambda s: lambda n: _behind_demonstration(s, n)), ALL),
    "exercises-reversed": (plain(lambda n: _reversed(n)), SOME),
    "exercise-moved-to-the-end": (
        about(lambda s: E.all_of(E.move(s.solution, "end"), E.move(s.tests, "end"))), SOME),
    "all-placeholders-filled": (plain(E.rewrite_all(lambda t: f"{t}\nanswer = 42", E.is_own)), ALL),
    "print-put-into-the-tests": (
        about(lambda s: E.rewrite(s.tests, lambda t: f"print('my numbers')\n{t}")), ALL),
}  # fmt: skip
"""Edits of cells, and whether the kernel finds all exercises correct afterwards."""


def _behind_demonstration(subject: Subject, notebook: Notebook) -> Notebook:
    """The solution merged into the demonstration, or else the given cell, above it."""
    place = notebook.place(subject.solution)
    above = [c for c in notebook.cells[:place] if c.grade_id]
    shown = [c for c in above if c.is_demonstration] or above
    source = notebook.cell(subject.solution).source
    return edits.all_of(
        edits.rewrite(shown[-1].grade_id, lambda text: f"{text}\n\n\n{source}"),
        edits.delete(edits.named(subject.solution)),
    )(notebook)


def _reversed(notebook: Notebook) -> Notebook:
    """The last exercise first: solutions and tests change places, all else stays."""
    places = [i for i, c in enumerate(notebook.cells) if c.is_solution or c.is_tests]
    groups: list[list[int]] = []
    for place in places:
        if notebook.cells[place].is_solution:
            groups.append([])
        groups[-1].append(place)
    order = [place for group in reversed(groups) for place in group]
    cells = list(notebook.cells)
    for place, source in zip(places, order, strict=True):
        cells[place] = notebook.cells[source]
    return notebook.with_cells(cells)


def _chained_merge(notebook: Notebook) -> Notebook:
    """All exercises in the first one's cell; the tests between them are gone."""
    first, *rest = [c.grade_id for c in notebook.cells if c.is_solution]
    source = "\n\n\n".join(notebook.cell(name).source for name in (first, *rest))
    return edits.all_of(edits.rewrite(first, lambda _: source), edits.delete(edits.named(*rest)))(
        notebook
    )


def _old_attempt(subject: Subject, kind: str) -> Edit:
    """An old, wrong attempt that was kept below the finished cell, as text."""

    def edit(notebook: Notebook) -> Notebook:
        old = replace(notebook.cell(subject.solution), source=_wrong(subject), kind=kind)
        return edits.insert(notebook.place(subject.solution) + 1, old)(notebook)

    return edit


def _wrong(subject: Subject) -> str:
    return f"def {subject.name}(*arguments):\n    return 12345.0"


def _and_again(make: Callable[[Subject], Edit]) -> Maker:
    """An edit, and the function's name used again at the end."""
    return about(lambda s: edits.all_of(edits.at_end(_wrong(s)), make(s)))


def _needs_helper(subject: Subject, last: Edit) -> Edit:
    """The function needs a helper that is mended at the end, above the last tests."""
    return edits.all_of(
        edits.before(subject.solution, "def helper():\n    return 0"),
        own_code.needing(subject, "helper() == 1"),
        edits.at_end("def helper():\n    return 1"),
        last,
    )


NAMES: dict[str, tuple[Maker, str]] = {
    "old-attempt-as-raw": (about(lambda s: _old_attempt(s, "raw")), ALL),
    "old-attempt-as-text": (about(lambda s: _old_attempt(s, "markdown")), ALL),
    "again-and-metadata-lost": (_and_again(lambda s: E.strip_metadata()), ALL),
    "again-and-tests-unnamed": (_and_again(lambda s: E.strip_metadata(E.named(s.tests))), ALL),
    "again-and-tests-split-and-unnamed": (_and_again(lambda s: E.all_of(
        E.split(s.tests, E.statements), E.strip_metadata(E.named(s.tests)))), SOME),
    "again-and-written-into-the-tests": (_and_again(lambda s: lambda n: E.all_of(
        E.rewrite(s.tests, lambda t: f"{n.cell(s.solution).source}\n\n\n{t}"),
        E.rewrite(s.solution, lambda _: n.stub(s.solution).source))(n)), ALL),
    "built-in-name": (about(lambda s: lambda n: E.all_of(
        E.rewrite(s.solution, lambda t: own_code.renamed(t, s.name)),
        E.after(s.solution, f"import builtins\nbuiltins.{s.name} = my_{s.name}"))(n)), ALL),
    "helper-mended-above-copied-tests": (
        about(lambda s: _needs_helper(s, E.copy(s.tests, "end"))), SOME),
    "helper-mended-and-tests-as-text": (
        about(lambda s: _needs_helper(s, E.retype(E.named(s.tests), "markdown"))), SOME),
    "helper-mended-and-tests-deleted": (
        about(lambda s: _needs_helper(s, E.delete(E.named(s.tests)))), SOME),
}  # fmt: skip
"""Edits after which marks depend on where an exercise is checked, and which pieces count."""
