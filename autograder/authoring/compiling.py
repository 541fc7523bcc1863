"""nbgrader's compiler, asked in its own words: what it takes, what it clears, what it cannot take.

Master notebooks are read as nbgrader reads them, with the course's own settings for delimiters and
stubs. What a solution's region is, nbgrader's own `ClearSolutions` says; no pattern of ours does.
"""

from __future__ import annotations

import ast
import logging
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from traitlets.config import Config

from autograder.course.config import load_config
from autograder.course.lab import Lab
from autograder.course.model import Course
from autograder.course.notebook import grade_id_of, nbgrader_metadata
from autograder.errors import CourseError
from autograder.gradebook.nbgrader_compat import Clearing, metadata_validator

_FLAGS = ("grade", "solution", "locked")
_QUIET = logging.getLogger("autograder.authoring.compiling.quiet")
_QUIET.disabled = True  # what nbgrader logs of a cell is in the problem that is raised


@dataclass(frozen=True)
class Compiler:
    """nbgrader's rules for one course."""

    config: Config

    @cached_property
    def _clearing(self) -> Clearing:
        return Clearing(self.config, _QUIET)

    @cached_property
    def _validator(self) -> Any:
        return metadata_validator()

    @property
    def solution_marks(self) -> tuple[str, str]:
        """The delimiters of solutions, as the course configures them."""
        return self._clearing.solution_marks

    @property
    def hidden_test_marks(self) -> tuple[str, str]:
        """The delimiters of hidden tests."""
        return self._clearing.hidden_test_marks

    @property
    def stub_lines(self) -> frozenset[str]:
        """The lines that students find in place of a solution in Python."""
        stub = self._clearing.code_stubs.get("python", "")
        return frozenset(line.strip() for line in stub.splitlines() if line.strip())

    def problems(self, path: Path) -> list[str]:
        """Why nbgrader cannot clear a master notebook, by cell; empty where it can.

        Raises:
            CourseError: the file is not a notebook.
        """
        notebook = read_as_nbgrader(path)
        language = notebook.metadata.get("kernelspec", {}).get("language", "python")
        if language not in self._clearing.code_stubs:
            return [
                f"its kernel's language is {language!r}, for which c.ClearSolutions.code_stub has "
                "no stub; add one"
            ]
        found = []
        for cell in notebook.cells:
            name = _name(cell)  # What is cleared below has another first line.
            found += [f"cell {name}: {problem}" for problem in self._cell_problems(cell, language)]
        return found

    def _cell_problems(self, cell: Any, language: str) -> list[str]:
        """Why nbgrader cannot clear one cell; the cell is cleared meanwhile."""
        given, found = nbgrader_metadata(cell), []
        if given and cell.cell_type not in ("code", "markdown"):
            found.append("a raw cell has no marks; make it code or text")
        if given.get("task") and "points" not in given:
            found.append("the task has no points; give it some, or 0")
        try:
            self._validator.validate_cell(cell)
            self._clearing.clear(cell, language)
        except RuntimeError as error:
            said = " ".join(str(error).split())
            known = (
                words for start, words in _REMEDIES.items() if said.casefold().startswith(start)
            )
            found.append(next(known, said))
        except Exception as error:
            # The schema's and nbgrader's own errors have no common ancestor but this one.
            why = getattr(error, "message", "") or str(error).splitlines()[0]
            found.append(
                f"nbgrader does not take its settings ({why}); set them anew in the Create "
                "Assignment sidebar"
            )
        return found


_REMEDIES = {
    "encountered nested begin solution statements": (
        "a solution begins inside a solution; end the first one before"
    ),
    "no end solution statement found": "a solution begins and does not end; add its end",
    "solution region detected in a non-solution cell": (
        "a solution stands in a cell that is not marked as a solution; mark it in nbgrader's "
        "Create Assignment sidebar"
    ),
    "encountered nested begin mark scheme": (
        "a mark scheme begins inside a mark scheme; end the first one before"
    ),
    "no end mark scheme": "a mark scheme begins and does not end; add its end",
    "mark scheme region detected in a non-grade cell": (
        "a mark scheme stands in a cell that is no manually graded task; make it one in nbgrader's "
        "Create Assignment sidebar"
    ),
    "encountered an attachment in a marking scheme": (
        "a picture is attached in a mark scheme and would reach students; embed it as a data URL"
    ),
}
"""How what nbgrader says of a cell begins, and what to do about it."""


def _name(cell: Any) -> str:
    return grade_id_of(cell) or repr("".join(cell.source.strip().splitlines()[:1])[:40])


def compiler_of(course: Course) -> Compiler:
    """nbgrader's rules as the course configures them."""
    return Compiler(load_config(course.root))


def read_as_nbgrader(path: Path) -> Any:
    """A master notebook with its nbgrader metadata brought to the version that nbgrader compiles.

    nbgrader itself asks people to run `nbgrader update` first; what that does, this does.

    Raises:
        CourseError: the file is not a notebook.
    """
    import nbformat

    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception as error:
        # nbformat raises whatever its parts raise: the file is ours to mend, in any case.
        raise CourseError(
            f"{path}: not a notebook ({type(error).__name__}); open it in JupyterLab and save it"
        ) from None
    validator = metadata_validator()
    for cell in notebook.cells:
        given = cell.metadata.get("nbgrader")
        if not isinstance(given, dict):
            cell.metadata.pop("nbgrader", None)
            continue
        for flag in _FLAGS:
            given.setdefault(flag, False)
        if isinstance(given.get("points"), str):
            given["points"] = _number(given["points"])
        version = given.get("schema_version", 0)
        if not isinstance(version, int):
            version = given["schema_version"] = 0
        if version <= validator.schema_version:
            validator.upgrade_cell_metadata(cell)
    return notebook


def _number(points: str) -> float | str:
    """Points as old versions wrote them, as a number; what is none is for nbgrader to refuse."""
    try:
        return float(points or 0)
    except ValueError:
        return points


def modernise(folder: Path) -> None:
    """Bring the master notebooks in a copy of a source folder to what nbgrader compiles."""
    import nbformat

    for path in sorted(folder.glob("*.ipynb")):
        before = nbformat.read(path, as_version=4)
        after = read_as_nbgrader(path)
        if after != before:
            path.write_text(nbformat.writes(after, version=4), encoding="utf-8")


def surviving_marks(source: str, marks: tuple[str, ...]) -> bool:
    """Whether a delimiter stands in a released cell: nbgrader's, or one that was misspelt."""
    return any(mark in source for mark in marks) or bool(_MISSPELT.search(source))


_MISSPELT = re.compile(
    r"^[ \t]*(?:#|//|%|--|/\*|<!--)[#\W]*(?:begin|end)[ _-]*(?:solution|hidden[ _-]*test)",
    re.IGNORECASE | re.MULTILINE,
)
"""A comment that somebody meant as a delimiter; nbgrader takes it for a comment."""


def functions_without_stub(
    released: str, graded: frozenset[str], stub: frozenset[str]
) -> list[str]:
    """Graded functions of a released solution cell that students would get finished.

    Args:
        released: the cell as students get it.
        graded: names of the functions that the reference knows.
        stub: the lines of the stub.
    """
    try:
        nodes = ast.parse(released).body
    except (SyntaxError, ValueError):
        return []
    return [
        node.name
        for node in nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and node.name in graded
        and not _is_open(node, ast.get_source_segment(released, node) or "", stub)
    ]


def _is_open(
    defined: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, text: str, stub: frozenset[str]
) -> bool:
    """Whether something is left for students to do in a function, or in a method of a class."""
    if stub & {line.strip() for line in text.splitlines()}:
        return True
    if isinstance(defined, ast.ClassDef):
        methods = [n for n in defined.body if isinstance(n, ast.FunctionDef)]
        return not methods or any(_is_open(method, "", stub) for method in methods)
    return all(
        isinstance(node, ast.Pass | ast.Raise)
        or isinstance(getattr(node, "value", None), ast.Constant)
        for node in defined.body
    )


def removed_lines(lab: Lab, released: dict[str, str]) -> set[str]:
    """Lines of the solutions that students do not get where they stood, long enough to tell apart.

    Args:
        lab: the master notebook.
        released: the compiled cells by grade_id.
    """
    lines: set[str] = set()
    for cell in lab.cells:
        if cell.grade_id not in released or cell.by_hand:
            continue
        kept = {line.strip() for line in released[cell.grade_id].splitlines()}
        lines |= {line.strip() for line in cell.source.splitlines()} - kept
    return {line for line in lines if len(line) >= _SHORTEST_LINE and not _PUBLIC.match(line)}


_SHORTEST_LINE = 12
"""A shorter line of a solution may stand elsewhere by chance."""
_PUBLIC = re.compile(r"#|import |from |def |class |@|%|!|.*[(\[{,]$")
"""Lines that say nothing of how an exercise is solved."""


def reference_functions(path: Path) -> frozenset[str]:
    """Names that a `reference.py` defines; none where it does not parse, which others tell."""
    try:
        body = ast.parse(path.read_text(encoding="utf-8")).body
    except (OSError, SyntaxError, ValueError):
        return frozenset()
    kinds = (ast.FunctionDef, ast.ClassDef)
    return frozenset(node.name for node in body if isinstance(node, kinds))
