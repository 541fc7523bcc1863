"""Which names a cell binds, read from its source: nothing is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

_OF_IPYTHON = re.compile(r"^\s*[%!].*$|^\s*[\w, ]+=\s*[%!].*$", re.MULTILINE)
"""Lines that only IPython understands."""
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def bound_names(source: str) -> set[str]:
    """The names that a cell binds anywhere in it: imports, definitions, assignments, loops."""
    assigned = {
        name.strip()
        for line in re.findall(r"^\s*([\w, ]+?)\s*=\s*[%!]", source, re.MULTILINE)
        for name in line.split(",")
    }
    found = set(imported_names(source)) | assigned
    for node in ast.walk(_parsed(source)):
        if isinstance(node, _FUNCTIONS):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            found.add(node.id)
    return found


def imported_names(source: str) -> Iterator[str]:
    """The names that a cell binds by imports."""
    for node in ast.walk(_parsed(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0]


def imported_modules(source: str) -> Iterator[str]:
    """The modules that a cell imports, or imports from."""
    for node in ast.walk(_parsed(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def definitions(source: str) -> list[str]:
    """The imports, functions and classes at the top level of a cell, each as source."""
    wanted = (*_FUNCTIONS, ast.Import, ast.ImportFrom)
    return [ast.unparse(node) for node in _parsed(source).body if isinstance(node, wanted)]


def _parsed(source: str) -> ast.Module:
    """A cell's code without the lines of IPython; empty where it does not parse."""
    try:
        return ast.parse(_OF_IPYTHON.sub("pass", source))
    except (SyntaxError, ValueError):
        return ast.Module([], [])
