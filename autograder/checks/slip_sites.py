"""Finds where a reference's functions could go wrong, and makes them go wrong on request.

    slips = instrument(reference)            every place, and what could be changed there
    with slips.made({slip}):
        slips.functions["weight_step"](…)    the answer with that slip

The functions are compiled once. At each place they ask whether a slip is made there; so a pair of
slips needs no compiling either. Nothing here knows a course: places and changes come from the
abstract syntax of the reference alone.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import permutations
from types import FunctionType, ModuleType
from typing import Any

from autograder.checks import slip_changes
from autograder.checks.slip_changes import (
    BINARY,
    CONVERTERS,
    NUMPY_BINARY,
    OF_FACTOR,
    OF_PRODUCT,
    OF_RETURNED,
    OF_ROUNDS,
    OF_SIZE,
    OF_TERM,
    REDUCTIONS,
    WITH_ARGUMENT,
    Change,
)

_ON = "_slips"
"""The name under which compiled functions find the slips that are made."""


@dataclass(frozen=True)
class Slip:
    """One change at one place of a function."""

    place: int
    change: Change
    function: str
    """The function that holds the place."""
    what: str = ""
    """The expression there, in names that students know; empty if it has none."""
    other: str = ""
    """What stands there instead, likewise."""


@dataclass
class Slips:
    """A reference's functions with all their places.

    Args:
        functions: by name; each makes the slips that are on.
        all: every slip, in the order of the source.
        uses: for each function, the functions that it reaches, itself included.
    """

    functions: dict[str, FunctionType] = field(default_factory=dict)
    all: list[Slip] = field(default_factory=list)
    uses: dict[str, set[str]] = field(default_factory=dict)
    places: int = 0
    _on: dict[int, Change] = field(default_factory=dict)

    def of(self, name: str) -> list[Slip]:
        """The slips that can change what a function gives."""
        return [slip for slip in self.all if slip.function in self.uses.get(name, ())]

    @contextmanager
    def made(self, slips: Sequence[Slip]) -> Iterator[None]:
        """Make these slips during the block."""
        self._on.update({slip.place: slip.change for slip in slips})
        try:
            yield
        finally:
            self._on.clear()

    def version(self, name: str, slips: Sequence[Slip]) -> Callable[..., Any]:
        """A function with these slips."""
        function = self.functions[name]

        def slipped(*args: Any, **named: Any) -> Any:
            with self.made(slips):
                return function(*args, **named)

        slipped.__name__ = name
        return slipped


def instrument(module: ModuleType, only: str = "") -> Slips:
    """The functions of a module with every place where a slip can be made.

    Args:
        module: the reference, or a catalogue's module.
        only: the only function to look at, as source; by default all of the module's.
    """
    try:
        tree = ast.parse(only or inspect.getsource(module))
    except (OSError, TypeError, SyntaxError):
        return Slips()
    nodes = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    for node in nodes:
        node.decorator_list = []
    slips = Slips()
    own = {node.name: node for node in nodes if not _converts(node)}
    unary = {name for name, node in own.items() if len(node.args.args) == 1}
    converters = CONVERTERS | {node.name for node in nodes if _converts(node)}
    calls = {
        name: _names(node) & own.keys() - {one.arg for one in node.args.args}
        for name, node in own.items()
    }
    for name, node in own.items():
        _Function(slips, node, set(own), unary - {name}, converters).visit_body()
        slips.uses[name] = {name}
    namespace = {**vars(module), **slip_changes.HELPERS, _ON: slips._on}
    code = ast.fix_missing_locations(ast.Module(list(own.values()), []))
    exec(compile(code, f"<slips of {module.__name__}>", "exec"), namespace)
    slips.functions = {name: namespace[name] for name in own}
    for name in own:
        waiting = [name]
        while waiting:
            called = calls[waiting.pop()]
            waiting += called - slips.uses[name]
            slips.uses[name] |= called
    return slips


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _converts(node: ast.FunctionDef) -> bool:
    """Whether a function only makes an array of its one argument."""
    last = node.body[-1]
    call = last.value if isinstance(last, ast.Return) else None
    return (
        len(node.args.args) == 1
        and isinstance(call, ast.Call)
        and ast.unparse(call.func) in CONVERTERS
        and len(node.body) <= 2
    )


class _Function(ast.NodeTransformer):
    """Rewrites one function so that it asks at each place."""

    def __init__(
        self,
        slips: Slips,
        node: ast.FunctionDef,
        functions: set[str],
        unary: set[str],
        converters: set[str],
    ) -> None:
        self._slips, self._node = slips, node
        self._functions, self._unary, self._converters = functions, unary, converters
        every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        self._parameters = [one.arg for one in every]
        self._bound = list(self._parameters)
        self._meaning: dict[str, ast.expr] = {}
        self._in_loop = 0
        self._in_product = False
        """Whether the expression is a factor of a product that is a place itself."""

    def visit_body(self) -> None:
        """Rewrite the function in place."""
        self._node.returns = None
        for one in ast.walk(self._node.args):
            if isinstance(one, ast.arg):
                one.annotation = None
        self._node.body = self._statements(self._node.body)

    # Statements -----------------------------------------------------------------------------------

    def _statements(self, body: list[ast.stmt]) -> list[ast.stmt]:
        found = []
        for statement in body:
            made = self.visit(statement)
            found += made if isinstance(made, list) else [made]
        return found

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        """An assignment, which may be thrown away where its name is bound already."""
        names = [n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)]
        meaning = _copied(node.value)
        node.value = self.visit(node.value)
        again = bool(names) and all(name in self._bound for name in names)
        for name in names:
            if name not in self._bound:
                self._bound.append(name)
        if len(names) == 1 and not again:
            self._meaning[names[0]] = meaning
        return self._may_be_skipped(node, names) if again else node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        """`a += b`, which may be thrown away; `b` is a place of its own."""
        node.value = self.visit(node.value)
        names = [node.target.id] if isinstance(node.target, ast.Name) else []
        return self._may_be_skipped(node, names)

    def _may_be_skipped(self, node: ast.stmt, names: list[str]) -> ast.stmt:
        if not self._in_loop:
            return node
        parameters = [name for name in names if name in self._parameters]
        place = self._place([("kept", "")], ", ".join(parameters))
        return ast.If(self._is_off(place), [node], [])

    def visit_For(self, node: ast.For) -> list[ast.stmt]:
        """A loop, which may end after its first round."""
        for name in ast.walk(node.target):
            if isinstance(name, ast.Name) and name.id not in self._bound:
                self._bound.append(name.id)
        node.iter = self._rounds(node.iter)
        self._in_loop += 1
        node.body = self._statements(node.body)
        self._in_loop -= 1
        place = self._place([("first round", "")])
        node.body.append(ast.If(ast.UnaryOp(ast.Not(), self._is_off(place)), [ast.Break()], []))
        return [node]

    def visit_comprehension(self, node: ast.comprehension) -> ast.comprehension:
        """The rounds of a comprehension."""
        node.iter = self._rounds(node.iter)
        node.ifs = [self.visit(one) for one in node.ifs]
        return node

    def _rounds(self, node: ast.expr) -> ast.expr:
        changes = [(change, "") for change in OF_ROUNDS]
        return self._asking("_value", changes, self.visit(node))

    def visit_Return(self, node: ast.Return) -> ast.stmt:
        """What is given back, whole and by its parts."""
        if node.value is None:
            return node
        if isinstance(node.value, ast.Tuple):
            parts = [self._given_back(one) for one in node.value.elts]
            whole: ast.expr = ast.Tuple(parts, ast.Load())
            changes = [("swapped parts", ""), *((change, "") for change in OF_PRODUCT)]
            changes += [(change, name) for name in self._parameters for change in OF_SIZE]
            changes += self._other_sizes()
            arguments = _table(self._parameters)
            node.value = self._asking("_returned", changes, whole, arguments)
        else:
            node.value = self._given_back(node.value)
        return node

    def _given_back(self, node: ast.expr) -> ast.expr:
        changes = [(change, "") for change in OF_RETURNED]
        changes += [(change, name) for name in self._parameters for change in WITH_ARGUMENT]
        changes += self._other_sizes()
        arguments = _table(self._parameters)
        return self._asking("_returned", changes, self.visit(node), arguments)

    def _other_sizes(self) -> list[Change]:
        return [("other size", " ".join(pair)) for pair in permutations(self._parameters, 2)]

    # Expressions ----------------------------------------------------------------------------------

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """Two operands, each a place, and the operation between them, another one."""
        name = type(node.op).__name__
        what, other = self._words(node.left), self._words(node.right)
        whole = name in ("Mult", "Div") and not self._in_product
        was, self._in_product = self._in_product, name in ("Mult", "Div")
        sides = [self._operand(name, node.left, False), self._operand(name, node.right, True)]
        self._in_product = was
        changes = [(change, "") for change in BINARY.get(name, ())]
        found = self._asking("_binary", changes, ast.Constant(name), *sides, what=what, other=other)
        if not whole:
            return found
        return self._asking("_value", [(change, "") for change in OF_PRODUCT], found)

    def _operand(self, operation: str, node: ast.expr, right: bool) -> ast.expr:
        if operation in ("Mult", "Div") and _is_product(node):
            return self.visit(node)  # type: ignore[no-any-return]
        if operation in ("Mult", "Div"):
            role = OF_FACTOR["divisor" if operation == "Div" and right else "factor"]
            return self._at(role, node)
        if operation in ("Add", "Sub"):
            return self._at(OF_TERM, node)
        return self.visit(node)  # type: ignore[no-any-return]

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        """A minus sign, which may be missing."""
        inner = self.visit(node.operand)
        if not isinstance(node.op, ast.USub):
            node.operand = inner
            return node
        return self._asking("_value", [("sign", "")], ast.UnaryOp(node.op, inner))

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        """A comparison, which may be the other way round."""
        sides = (self.visit(node.left), *map(self.visit, node.comparators))
        if len(node.ops) > 1 or not isinstance(node.ops[0], ast.Gt | ast.Lt | ast.GtE | ast.LtE):
            node.left, node.comparators = sides[0], list(sides[1:])
            return node
        name = ast.Constant(type(node.ops[0]).__name__)
        return self._asking("_binary", [("comparison", "")], name, *sides)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """A transposed array, which may be left as it is."""
        node.value = self.visit(node.value)
        if node.attr != "T":
            return node
        return self._asking("_value", [("transposed", self._words(node.value))], node)

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        """A number, which may be another one."""
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            return node
        changes = [("number", repr(other)) for other in slip_changes.other_numbers(node.value)]
        return self._asking("_number", changes, node)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A variable, which may be another one."""
        if not isinstance(node.ctx, ast.Load) or node.id not in self._bound:
            return node
        others = [name for name in self._bound if name != node.id and name != "_"]
        if not others:
            return node
        place = self._place([("name", name) for name in others], self._meant(node.id))
        found: ast.expr = node
        for name in others:
            chosen = ast.Compare(
                ast.Subscript(ast.Name(_ON, ast.Load()), ast.Constant(place), ast.Load()),
                [ast.Eq()],
                [ast.Tuple([ast.Constant("name"), ast.Constant(name)], ast.Load())],
            )
            found = ast.IfExp(chosen, ast.Name(name, ast.Load()), found)
        return ast.IfExp(self._is_off(place), node, found)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """A call: of a function of the module, of NumPy's, or of a method."""
        name = ast.unparse(node.func)
        short = name.removeprefix("np.").removeprefix("numpy.")
        if name in self._converters:
            node.args = [self.visit(one) for one in node.args[:1]] + node.args[1:]
            return node
        spoken = [self._words(one) for one in node.args]
        method = isinstance(node.func, ast.Attribute) and short == name
        if method and node.func.attr in REDUCTIONS:  # type: ignore[attr-defined]
            value = self.visit(node.func.value)  # type: ignore[attr-defined]
            return self._reduced(node.func.attr, value, node)  # type: ignore[attr-defined]
        if not method and short in REDUCTIONS and node.args:
            return self._reduced(short, self.visit(node.args.pop(0)), node)
        node.args = [self.visit(one) for one in node.args]
        for one in node.keywords:
            one.value = self.visit(one.value) if one.arg not in ("axis", "dtype") else one.value
        if not method and short in NUMPY_BINARY and len(node.args) == 2 and not node.keywords:
            operation = NUMPY_BINARY[short]
            what, other = spoken
            changes = [(change, "") for change in BINARY[operation]]
            first, second = node.args
            return self._asking(
                "_binary", changes, ast.Constant(operation), first, second, what=what, other=other
            )
        if name == "range" and node.args:
            node.args[-1] = self._asking(
                "_value", [("rounds", "1"), ("rounds", "-1")], node.args[-1]
            )
            return node
        if method or not node.args or node.keywords or name in ("len", "zip", "enumerate"):
            return node
        return self._applied(name, short, node, spoken)

    def _applied(self, name: str, short: str, node: ast.Call, spoken: list[str]) -> ast.expr:
        """A call of a function, which may be left out, doubled, or another one."""
        changes: list[Change] = [("not applied", short)]
        others: list[str] = []
        if name in self._functions and len(node.args) == 1:
            changes.append(("applied twice", short))
            others = sorted(self._unary - {name})
            changes += [(how, one) for one in others for how in ("applied after", "instead")]
        what = f"{short}({', '.join(spoken)})" if all(spoken) else short
        return self._asking("_applied", changes, node.func, _table(others), *node.args, what=what)

    def _reduced(self, name: str, value: ast.expr, node: ast.Call) -> ast.expr:
        """A sum or mean, which may be another one, over another axis, or left out."""
        axis = next((one.value for one in node.keywords if one.arg == "axis"), None)
        axis = axis or (node.args[0] if node.args else ast.Constant(None))
        changes = [("reduction", other) for other in REDUCTIONS if other != name]
        changes += [("axis", str(other)) for other in (None, 0, 1)]
        changes.append(("not reduced", name))
        return self._asking("_reduced", changes, ast.Constant(name), value, axis, what=name)

    # Places ---------------------------------------------------------------------------------------

    def _at(self, changes: Sequence[str], node: ast.expr, role: str = "") -> ast.expr:
        what = role or self._words(node)
        kinds = [(change, "") for change in changes]
        return self._asking("_value", kinds, self.visit(node), what=what)

    def _asking(
        self,
        helper: str,
        changes: Sequence[Change],
        *args: ast.expr,
        what: str = "",
        other: str = "",
    ) -> ast.expr:
        place = self._place(changes, what, other)
        called = [ast.Constant(place), ast.Name(_ON, ast.Load()), *args]
        return ast.Call(ast.Name(helper, ast.Load()), called, [])

    def _place(self, changes: Sequence[Change], what: str = "", other: str = "") -> int:
        place, self._slips.places = self._slips.places, self._slips.places + 1
        for change in changes:
            told = self._meant(change[1]) if change[0] == "name" else other
            self._slips.all.append(Slip(place, change, self._node.name, what, told))
        return place

    def _is_off(self, place: int) -> ast.expr:
        return ast.Compare(ast.Constant(place), [ast.NotIn()], [ast.Name(_ON, ast.Load())])

    def _meant(self, name: str) -> str:
        return self._words(ast.Name(name, ast.Load()))

    def _words(self, node: ast.expr) -> str:
        """An expression in names that students know: parameters and functions; or empty."""
        text = ast.unparse(_Spoken(self._meaning, self._converters).visit(_copied(node)))
        names = _names(ast.parse(text))
        public = {*self._parameters, *self._functions, "np"}
        if not names and isinstance(node, ast.Constant):
            return "a number"
        return text if names and names <= public and len(text) <= 48 else ""


def _table(names: Sequence[str]) -> ast.expr:
    """A function without parameters that gives what names are bound to."""
    values: list[ast.expr] = [ast.Name(name, ast.Load()) for name in names]
    return ast.Lambda(_NOTHING, ast.Dict([ast.Constant(name) for name in names], values))


def _is_product(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div)


_NOTHING = ast.arguments([], [], None, [], [], None, [])


def _copied(node: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(node), mode="eval").body


class _Spoken(ast.NodeTransformer):
    """An expression without conversions, and with what local names mean in their place."""

    def __init__(self, meaning: dict[str, ast.expr], converters: set[str]) -> None:
        self._meaning, self._converters = meaning, converters
        self._depth = 0

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """What a local name was bound to."""
        if node.id not in self._meaning or self._depth > 2:
            return node
        self._depth += 1
        found = self.visit(_copied(self._meaning[node.id]))
        self._depth -= 1
        return found  # type: ignore[no-any-return]

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """The argument of a conversion."""
        if ast.unparse(node.func) in self._converters and node.args:
            return self.visit(node.args[0])  # type: ignore[no-any-return]
        self.generic_visit(node)
        return node
