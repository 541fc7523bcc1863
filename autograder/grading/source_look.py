"""What the source of a function tells where its numbers tell nothing.

Only the student's own text is looked at; nothing of it runs. The sentences repeat names and whole
numbers of the notebook, and nothing else.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import symtable
from collections.abc import Collection, Iterator, Mapping, Sequence

MOST_CHARACTERS = 50_000
"""Longer cells are not looked at."""


def look(name: str, sources: Sequence[str], known: Collection[str] = ()) -> str:
    """The first thing that stands out in a function's source; empty if nothing does.

    Args:
        name: the function's.
        sources: the notebook's cells; the last one that defines the function counts.
        known: names that every notebook of the exercise has.
    """
    for source in reversed(sources):
        found = _Function.find(source, name)
        if found is not None:
            names = dict.fromkeys(known, False)
            for other in sources:
                names = {**_bound_outside(other), **names}
            return next(found.remarks(names), "")
    return ""


class _Function:
    """One function of a cell, as Python's compiler sees it."""

    def __init__(self, node: ast.FunctionDef, table: symtable.Function) -> None:
        self._node, self._table = node, table

    @classmethod
    def find(cls, source: str, name: str) -> _Function | None:
        """The last function of that name at the top level of a cell."""
        if name not in source or len(source) > MOST_CHARACTERS:
            return None
        try:
            tree, top = ast.parse(source), symtable.symtable(source, "cell", "exec")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        nodes = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name]
        tables = [t for t in top.get_children() if t.get_name() == name]
        if not nodes or not isinstance(tables[-1], symtable.Function):
            return None
        return cls(nodes[-1], tables[-1])

    def remarks(self, outer: Mapping[str, bool]) -> Iterator[str]:
        """What stands out, the likeliest cause first.

        Args:
            outer: names that the notebook binds, and whether they are variables of the student's.
        """
        for line, name in self._global_names():
            if name not in outer and not hasattr(builtins, name):
                near = difflib.get_close_matches(name, [*self._table.get_parameters(), *outer], 1)
                meant = f" Did you mean `{near[0]}`?" if near else ""
                yield f"`{name}` in line {line} of `{self._node.name}` is defined nowhere.{meant}"
        for name in self._called() & set(self._table.get_parameters()):
            if outer.get(name) is False:
                yield (
                    f"Inside `{self._node.name}`, `{name}` is what is handed in, and not the "
                    "function of that name. It cannot be called."
                )
        if self._returns_in_loop():
            yield (
                f"A `return` stands inside the loop of `{self._node.name}`, so that the loop ends "
                "after its first round."
            )
        unused = [name for name in self._table.get_parameters() if not self._uses(name)]
        for name in unused:
            yield f"`{self._node.name}` never uses its argument `{name}`."
        sizes = self._sizes()
        if sizes and self._table.get_parameters():
            told = " and ".join(map(str, sizes))
            many = len(sizes) > 1
            yield (
                f"`{self._node.name}` has the size{'s' * many} {told} typed in. Arguments of other "
                f"sizes need {'others' if many else 'another one'}: `len` and `.shape` tell them."
            )
        for _, name in self._global_names():
            if outer.get(name) and name.islower() and name not in self._called():
                yield (
                    f"`{self._node.name}` uses the notebook's variable `{name}`, which is none of "
                    "its arguments."
                )

    def _global_names(self) -> list[tuple[int, str]]:
        """The names that it takes from outside, each with the line of the function."""
        symbols = [s for table in _with_children(self._table) for s in table.get_symbols()]
        ours = {s.get_name() for s in symbols if s.is_declared_global() and s.is_assigned()}
        names = {s.get_name() for s in symbols if s.is_global()} - ours
        found: dict[str, int] = {}
        for node in ast.walk(ast.Module(self._node.body, [])):
            if isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Load):
                line = node.lineno - self._node.lineno + 1
                found[node.id] = min(line, found.get(node.id, line))
        return sorted((line, name) for name, line in found.items())

    def _sizes(self) -> list[int]:
        """Whole numbers from 2 that say how large an array is, or how often a loop runs."""
        found: dict[int, None] = {}
        for call in ast.walk(self._node):
            if isinstance(call, ast.Call) and _makes_sizes(call.func):
                parts = [part for argument in call.args for part in _parts(argument)]
                numbers = [p.value for p in parts if isinstance(p, ast.Constant)]
                found |= dict.fromkeys(n for n in numbers if type(n) is int and n > 1)
        return list(found)

    def _called(self) -> set[str]:
        calls = [node.func for node in ast.walk(self._node) if isinstance(node, ast.Call)]
        return {node.id for node in calls if isinstance(node, ast.Name)}

    def _uses(self, name: str) -> bool:
        if name.startswith("_"):
            return True
        tables = _with_children(self._table)
        told = [table for table in tables if name in table.get_identifiers()]
        return any(table.lookup(name).is_referenced() for table in told)

    def _returns_in_loop(self) -> bool:
        loops = [n for n in ast.walk(self._node) if isinstance(n, ast.For | ast.While)]
        return any(isinstance(step, ast.Return) for loop in loops for step in loop.body)


_SIZED = frozenset({"range", "zeros", "ones", "empty", "full", "reshape", "eye"})


def _makes_sizes(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else ""
    return (function.id if isinstance(function, ast.Name) else name) in _SIZED


def _parts(node: ast.expr) -> list[ast.expr]:
    return list(node.elts) if isinstance(node, ast.Tuple | ast.List) else [node]


def _with_children(table: symtable.SymbolTable) -> list[symtable.Function]:
    """A function's table, and those of the functions and comprehensions in it."""
    found: list[symtable.Function] = []
    waiting: list[symtable.SymbolTable] = [table]
    while waiting:
        one = waiting.pop()
        found += [one] if isinstance(one, symtable.Function) else []
        waiting += one.get_children()
    return found


def _bound_outside(source: str) -> dict[str, bool]:
    """The names that a cell binds for all others, and whether they are variables."""
    try:
        top = symtable.symtable(source, "cell", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    bound = [one for one in top.get_symbols() if one.is_assigned() or one.is_imported()]
    return {one.get_name(): not (one.is_imported() or one.is_namespace()) for one in bound}
