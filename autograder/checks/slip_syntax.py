"""What the abstract syntax of an expression tells, and other ways to write it down.

Functions of syntax trees alone: which calls are sums, what commutes, which expressions are alike,
and how one is told in names that students know. Nothing here knows of slips.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TypeGuard

from autograder.checks.slip_changes import REDUCTIONS

ON = "_slips"
"""The name under which rewritten functions find the slips that are made."""
MOST_LETTERS = 48
"""Longer expressions are told by the function that they call, or not at all."""
COMMUTING = frozenset({"sqrt", "log", "log2", "log10", "exp", "abs", "square"})
"""Functions that students apply before a sum and not after it."""


def is_stored(node: ast.AST) -> TypeGuard[ast.Name]:
    """Whether a name is bound here."""
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def names_in(node: ast.AST) -> set[str]:
    """The names of variables and functions that a piece of source uses."""
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def shortened(text: str) -> str:
    """A long expression, with dots for the arguments of its functions; empty if it stays long."""
    node = ast.parse(text, mode="eval").body
    short = ast.unparse(Shorter().visit(node)).replace("Ellipsis", "...")
    return short if len(short) <= MOST_LETTERS and not isinstance(node, ast.Constant) else ""


class Shorter(ast.NodeTransformer):
    """Calls with long arguments, without them."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """A call, with dots where its arguments are long."""
        if len(ast.unparse(node)) <= MOST_LETTERS // 2:
            return node
        return ast.Call(node.func, [ast.Constant(...)], [])


def is_reduction(node: ast.Call, how: str) -> bool:
    """Whether a call reduces one array, over an axis at most."""
    given = len(node.args) + (how == "method")
    names = {one.arg for one in node.keywords}
    if how == "builtin":
        return given == 1 and not names
    return given in (1, 2) and names <= ({"axis", "keepdims", "ddof"} if given == 1 else set())


def commuted(node: ast.Call, short: str) -> tuple[str, ast.expr] | None:
    """`f(sum(x))` as `sum(f(x))`, with the words for the sum."""
    if short not in COMMUTING or len(node.args) != 1 or node.keywords:
        return None
    inner = node.args[0]
    if not isinstance(inner, ast.Call):
        return None
    name = ast.unparse(inner.func).removeprefix("np.")
    if name not in REDUCTIONS or len(inner.args) not in (1, 2):
        return None
    again = copied(inner)
    again.args[0] = ast.Call(copied(node.func), [copied(inner.args[0])], [])  # type: ignore[attr-defined]
    return f"the {name}", again


def without_squares(node: ast.Call) -> dict[str, ast.expr]:
    """The root of a sum of squares as a plain sum, and as a sum of absolute values."""
    inner = node.args[0] if node.args else None
    if not isinstance(inner, ast.Call) or len(inner.args) != 1:
        return {}
    name, power = ast.unparse(inner.func).removeprefix("np."), inner.args[0]
    if name not in ("sum", "mean") or not isinstance(power, ast.BinOp):
        return {}
    if not isinstance(power.op, ast.Pow):
        return {}
    plain, absolute = copied(inner), copied(inner)
    plain.args[0] = copied(power.left)  # type: ignore[attr-defined]
    size = ast.parse("abs", mode="eval").body
    absolute.args[0] = ast.Call(size, [copied(power.left)], [])  # type: ignore[attr-defined]
    return {"plain sum": plain, "sum of sizes": absolute}


def as_number(node: ast.expr) -> int | None:
    """A whole number, with its sign."""
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node, sign = node.operand, -1
    is_number = isinstance(node, ast.Constant) and type(node.value) is int
    return sign * node.value if is_number else None  # type: ignore[attr-defined]


def loaded(name: str) -> ast.expr:
    """A name that is read."""
    return ast.Name(name, ast.Load())


def before(name: str) -> str:
    """The name for the value that a parameter was handed in with."""
    return f"_first_{name}"


def bound_if_on(name: str, value: ast.Call) -> ast.stmt:
    """Bind a name to what a place gives, where a slip is made there."""
    place = value.args[0]
    test = ast.Compare(copied(place), [ast.In()], [loaded(ON)])
    return ast.If(test, [ast.Assign([ast.Name(name, ast.Store())], value)], [])


def is_copy(node: ast.expr) -> bool:
    """Whether an expression makes a copy of an array."""
    text = ast.unparse(node)
    return text.startswith(("np.array(", "np.copy(")) or text.endswith(".copy()")


def is_telling(text: str, functions: set[str]) -> bool:
    """Whether an expression calls a function of the module, or puts two things together."""
    node = ast.parse(text, mode="eval").body
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in functions
    return any(isinstance(one, ast.Call) for one in ast.walk(node))


def copied_function(node: ast.FunctionDef) -> ast.FunctionDef:
    """A copy that may be rewritten."""
    return ast.parse(ast.unparse(node)).body[0]  # type: ignore[return-value]


def without_names(source: str) -> str:
    """An expression in which only the functions have names."""
    try:
        node = ast.parse(source, mode="eval").body
    except SyntaxError:
        return ""
    calls = [one.func for one in ast.walk(node) if isinstance(one, ast.Call)]
    called = {one.id for one in calls if isinstance(one, ast.Name)}
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and one.id not in called and one.id != "np":
            one.id = "_"
    return ast.unparse(node)


def regrouped(node: ast.BinOp) -> Iterator[ast.expr]:
    """The same operands and operations with brackets elsewhere, where that makes a difference."""
    node = copied(node)  # type: ignore[assignment]
    left, right = node.left, node.right
    if isinstance(right, ast.BinOp) and matters(node.op, right.op):
        yield ast.BinOp(ast.BinOp(left, node.op, right.left), right.op, right.right)
        if isinstance(right.op, ast.Mult):
            yield ast.BinOp(ast.BinOp(left, node.op, right.right), right.op, right.left)
    if isinstance(left, ast.BinOp) and matters(left.op, node.op):
        yield ast.BinOp(left.left, left.op, ast.BinOp(left.right, node.op, right))


def matters(first: ast.operator, second: ast.operator) -> bool:
    """Whether brackets around two operations matter, other than for the order of factors."""
    return not isinstance(first, ast.Mult | ast.Add) or not isinstance(second, type(first))


def table_of(names: Sequence[str]) -> ast.expr:
    """A function without parameters that gives what names are bound to."""
    values: list[ast.expr] = [ast.Name(name, ast.Load()) for name in names]
    return ast.Lambda(NO_PARAMETERS, ast.Dict([ast.Constant(name) for name in names], values))


def is_product(node: ast.expr) -> bool:
    """Whether an expression is a product or a quotient."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div)


NO_PARAMETERS = ast.arguments([], [], None, [], [], None, [])


def copied(node: ast.expr) -> ast.expr:
    """A copy that may be rewritten."""
    return ast.parse(ast.unparse(node), mode="eval").body


class Spoken(ast.NodeTransformer):
    """An expression without conversions, and with what local names mean in their place."""

    def __init__(self, meaning: dict[str, ast.expr], converters: set[str]) -> None:
        self._meaning, self._converters = meaning, converters
        self._depth = 0

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """What a local name was bound to."""
        if node.id not in self._meaning or self._depth > 2:
            return node
        self._depth += 1
        found = self.visit(copied(self._meaning[node.id]))
        self._depth -= 1
        return found  # type: ignore[no-any-return]

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """The argument of a conversion."""
        if ast.unparse(node.func) in self._converters and node.args:
            return self.visit(node.args[0])  # type: ignore[no-any-return]
        self.generic_visit(node)
        return node
