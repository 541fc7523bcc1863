"""Names in the source of a cell: which it uses and which it may bind; nothing of it runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection

from autograder.grading.submission import code_words
from autograder.remote.cells import as_spelt

_ANY_NAME = re.compile(
    r"\b(exec|eval|globals|locals|vars|setattr|__main__|__dict__|f_globals|__globals__|user_ns"
    r"|run_cell|run_line_magic|magic|push|ex)\b|import\s+\*"
    r"|(%|^)\s*(run|rerun|load|macro|recall|store)\s+\S",
    re.MULTILINE,
)
"""Code that may bind names without spelling them; a magic may lack its `%`."""


def mentions(source: str, names: Collection[str]) -> bool:
    """Whether a source contains one of the names as a word; found without parsing it."""
    return not set(names).isdisjoint(re.findall(r"\w+", as_spelt(source)))


def may_bind(source: str, names: Collection[str]) -> bool:
    """Whether running a source could bind one of the names."""
    return mentions(source, names) or _ANY_NAME.search(source) is not None


def outer_names(source: str) -> set[str]:
    """The names that a source binds outside of any function or class."""
    try:
        nodes: list[ast.AST] = list(ast.parse(source).body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    names = set()
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif not isinstance(node, ast.Lambda):
            nodes += ast.iter_child_nodes(node)
            names |= {node.id} if isinstance(node, ast.Name) and _is_bound(node) else set()
    return names


def _is_bound(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def bound_names(source: str) -> set[str]:
    """The names that a source binds anywhere in it; none if it does not parse."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    bound = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    bound |= {n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    return bound | {(n.asname or n.name).split(".")[0] for n in nodes if isinstance(n, ast.alias)}


def is_same_code(source: str, other: str) -> bool:
    """Whether two sources are the same program apart from comments, blank lines and layout."""
    return source.strip() == other.strip() or code_words(source) == code_words(other)


def is_part(piece: str, whole: str) -> bool:
    """Whether the words of a source follow one another in `whole`."""
    words = code_words(piece)
    return not words or f" {words} " in f" {code_words(whole)} "
