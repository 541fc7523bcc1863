"""What the text of a hidden suite tells before it runs: names that do not fit.

A suite that asks for a function which nobody defines would fail on every sample, and each failure
would speak to a student. Here its author reads the line and the name.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import re
import symtable
from collections.abc import Collection, Iterator
from pathlib import Path

from autograder.course.lab import Lab
from autograder.course.model import Course
from autograder.course.notebook import Kind, defined_functions
from autograder.remote.student import Student

OURS = {name for name in vars(Student) if not name.startswith("_")}
"""Attributes of `student` that are no functions of a notebook."""


def source_problems(course: Course, lab: Lab) -> list[str]:
    """What is wrong with the names in a lab's suite; nothing where it is no Python at all."""
    tree = _parsed(lab.suite)
    if tree is None:
        return []
    where = lab.suite.relative_to(course.root)
    found = [*_defined_twice(tree), *_unknown(tree, course, lab)]
    return [f"{where}, line {line}: {problem}" for line, problem in sorted(found)]


def unknown_names(lab: Lab, source: str) -> list[str]:
    """Names that an example looks up and the notebook does not have."""
    table = symtable.symtable(source, lab.name, "exec")
    own = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned()}
    known = own | _words(lab) | set(dir(builtins)) | {"display", "get_ipython"}
    return [] if "*" in known else sorted(set(_looked_up(table)) - known)


def _looked_up(table: symtable.SymbolTable) -> Iterator[str]:
    """Names that functions look up outside of all functions."""
    for symbol in table.get_symbols():
        if symbol.is_referenced() and symbol.is_global():
            yield symbol.get_name()
    for child in table.get_children():
        yield from _looked_up(child)


def _parsed(path: Path) -> ast.Module | None:
    try:
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None


def _defined_twice(tree: ast.Module) -> Iterator[tuple[int, str]]:
    seen: dict[str, int] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            if node.name in seen and node.name != "_":
                first = f"{node.name} is defined in line {seen[node.name]} already"
                yield node.lineno, f"{first}, and only the last one would run; rename one of them"
            seen[node.name] = node.lineno


def _unknown(tree: ast.Module, course: Course, lab: Lab) -> Iterator[tuple[int, str]]:
    """Functions that the suite asks a submission or the reference for, and nobody defines."""
    reference = _parsed(course.hidden / lab.assignment / "reference.py")
    functions = {name for cell in lab.cells for name in defined_functions(cell.source)}
    known = {"student": (_words(lab), f"no cell of {lab.path.name} defines")}
    if reference is not None:
        known["reference"] = (_bound(reference), "reference.py has no")
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
            continue
        names, words = known.get(node.value.id, (None, ""))
        ours = node.value.id == "student" and node.attr in OURS
        own = node.attr.startswith("_") or ours
        if ours and node.attr in functions:
            words = f"student.{node.attr} is this system's own; for the notebook's function write"
            yield node.lineno, f'{words} student.function("{node.attr}")'
        if names is not None and not own and "*" not in names and node.attr not in names:
            yield node.lineno, f"{words} {node.attr}{_near(node.attr, names)}"


def _bound(tree: ast.Module) -> set[str]:
    """Names that a module may bind, however; `*` where that cannot be told."""
    names = {
        (alias.asname or alias.name).partition(".")[0]
        for node in ast.walk(tree)
        for alias in _aliases(node)
    }
    names |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {"*"} if names & {"globals", "vars", "exec", "setattr"} else set()
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return names | {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def _aliases(node: ast.AST) -> list[ast.alias]:
    return node.names if isinstance(node, ast.Import | ast.ImportFrom) else []


def _words(lab: Lab) -> set[str]:
    """All words in the notebook's code, and `*` where an import or a magic brings more."""
    code = "\n".join(cell.source for cell in lab.cells if cell.kind is not Kind.TEXT)
    return set(re.findall(r"\w+", code)) | (
        {"*"} if re.search(r"import\s+\*|%pylab|%run", code) else set()
    )


def _near(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {near[0]}?" if near else ""
