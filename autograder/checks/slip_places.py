"""Rewrites a function so that it asks, at each place of its formulas, whether a slip is made there.

Places and what can be changed at them come from the abstract syntax alone. The words for a place
use only names that students know: parameters, functions of the module and Python's own.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, permutations

from autograder.checks import slip_changes
from autograder.checks.slip_changes import (
    BINARY,
    NUMPY_BINARY,
    OF_ARGUMENT,
    OF_FACTOR,
    OF_PARAMETER,
    OF_PRODUCT,
    OF_RETURNED,
    OF_ROUNDS,
    OF_SHAPE,
    OF_SIZE,
    OF_TERM,
    OF_WHOLE,
    OTHER_FUNCTIONS,
    OTHER_REDUCTIONS,
    REDUCTIONS,
    Change,
)
from autograder.checks.slip_syntax import (
    MOST_LETTERS,
    ON,
    Spoken,
    as_number,
    before,
    bound_if_on,
    commuted,
    copied,
    copied_function,
    is_copy,
    is_product,
    is_reduction,
    is_stored,
    is_telling,
    loaded,
    names_in,
    regrouped,
    shortened,
    table_of,
    without_names,
    without_squares,
)

MOST_EXCHANGED = 5
"""Of how many parameters or arguments each two may be exchanged."""
SIZED = frozenset({"zeros", "ones", "empty", "eye", "arange"})
"""Functions of NumPy's that make an array of a given size."""


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
    where: str = ""
    """The argument of a call in which the place is, if it is in one."""
    also: tuple[int, ...] = ()
    """Further places where the same change is made."""
    source: str = ""
    """The expression there as it is written, to find others that are alike; shown to nobody."""
    line: int = 0
    """Of the statement."""

    @property
    def places(self) -> tuple[int, ...]:
        """All places of the change."""
        return (self.place, *self.also)


class Rewriting(ast.NodeTransformer):
    """Rewrites one function so that it asks at each place.

    Args:
        slips: takes the slips that can be made.
        numbers: of places, so that several functions do not share one.
        node: the function.
        functions: names of the module's functions.
        unary: of those with one parameter, except this one.
        converters: calls that only give their argument another form.
    """

    def __init__(
        self,
        slips: list[Slip],
        numbers: Iterator[int],
        node: ast.FunctionDef,
        functions: set[str],
        unary: set[str],
        converters: set[str],
    ) -> None:
        self._slips, self._numbers, self._node = slips, numbers, node
        self._functions, self._unary, self._converters = functions, unary, converters
        every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        self._parameters = [one.arg for one in every]
        self._bound = list(self._parameters)
        self._meaning: dict[str, ast.expr] = {}
        stored = [n.id for n in ast.walk(node) if is_stored(n)]
        self._fixed = {name for name in stored if stored.count(name) == 1} - set(self._parameters)
        """Local names that are bound once, and so always mean the same."""
        self._everywhere: dict[str, int] = {}
        """By name, the place of a slip that is made wherever the name is used."""
        self._copied: set[str] = set()
        """Parameters of which a copy is bound to a name that is bound again later."""
        for one in ast.walk(node):
            if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):
                copied = names_in(one.value) & set(self._parameters)
                if stored.count(one.targets[0].id) > 1 and len(copied) == 1:
                    self._copied |= copied
        self._copied |= set(self._parameters) & set(stored)
        public = functions | set(self._parameters) | {"np"}
        parts = [one for one in ast.walk(node) if isinstance(one, ast.Call | ast.BinOp)]
        texts = {
            ast.unparse(one)
            for one in parts
            if names_in(one) <= public and names_in(one) & set(self._parameters)
        }
        known = sorted(
            one for one in texts if len(one) <= MOST_LETTERS // 2 and is_telling(one, functions)
        )
        self._calls = known[:MOST_EXCHANGED]
        """Expressions in parameters alone, which can stand anywhere."""
        self._filled = {
            n.value.id
            for n in ast.walk(node)
            if isinstance(n, ast.Subscript)
            and isinstance(n.ctx, ast.Store)
            and isinstance(n.value, ast.Name)
        }
        """Names of arrays that are filled entry by entry."""
        self._statement = 0
        self._in_loop = 0
        self._where = ""
        self._renewed = {name for name in stored if name in self._parameters}
        """Parameters that are bound again."""
        self._in_index = False
        self._in_product = False
        """Whether the expression is a factor of a product that is a place itself."""

    def visit_body(self) -> None:
        """Rewrite the function in place."""
        self._node.returns = None
        for one in ast.walk(self._node.args):
            if isinstance(one, ast.arg):
                one.annotation = None
        first = len(self._slips)
        whole = copied_function(self._node)
        body = self._statements(self._node.body)
        self._node.body = [*self._at_the_start(whole), *body]
        self._slips += _repeated(self._slips[first:])

    def _at_the_start(self, whole: ast.FunctionDef) -> list[ast.stmt]:
        """What may be wrong with the parameters all through the function."""
        found: list[ast.stmt] = []
        used = names_in(ast.Module(whole.body, []))
        names = [name for name in self._parameters if name in used]
        for first, second in combinations(names[:MOST_EXCHANGED], 2):
            place = self._place([("exchanged", second)], first, second)
            found += ast.parse(f"if {place} in {ON}: {first}, {second} = {second}, {first}").body
        renewed = sorted(self._renewed)
        found += ast.parse("\n".join(f"{before(one)} = {one}" for one in renewed)).body
        for name in names:
            squared = self._asking(
                "_value", [(change, "") for change in OF_PARAMETER], loaded(name), what=name
            )
            found.append(bound_if_on(name, squared))
            complement = f"1 - {name}"
            changes = [("zeros", "")] if name in self._copied else []
            if any(ast.unparse(one) in (complement, f"1.0 - {name}") for one in ast.walk(whole)):
                changes.append(("complement", ""))
            if changes:
                value = self._asking("_value", changes, loaded(name), what=name)
                found.append(bound_if_on(name, value))
        return found

    # Statements -----------------------------------------------------------------------------------

    def _statements(self, body: list[ast.stmt]) -> list[ast.stmt]:
        found = []
        for statement in body:
            self._statement = statement.lineno
            made = self.visit(statement)
            found += made if isinstance(made, list) else [made]
        return found

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        """An assignment, which may be thrown away where its name is bound already."""
        filled_ones = [t.value for t in node.targets if isinstance(t, ast.Subscript)]
        bound = [n for t in node.targets for n in ast.walk(t) if is_stored(n)]
        names = [n.id for n in (*bound, *filled_ones) if isinstance(n, ast.Name)]
        meaning = copied(node.value)
        filled = len(names) == 1 and names[0] in self._filled and is_copy(meaning)
        node.value = self.visit(node.value)
        for target in node.targets:
            if isinstance(target, ast.Subscript):
                target.slice = self._indices(target.slice)
        if filled:
            what = self._words(meaning)
            node.value = self._asking("_value", [("zeros", "")], node.value, what=what)
        again = bool(names) and all(name in self._bound for name in names)
        for name in names:
            if name not in self._bound:
                self._bound.append(name)
        self._learn(node.targets, meaning)
        return self._may_be_skipped(node, names) if again else node

    def _learn(self, targets: Sequence[ast.expr], meaning: ast.expr) -> None:
        """Note what local names mean that are bound once."""
        for target in targets:
            if isinstance(target, ast.Name) and target.id in self._fixed:
                self._meaning[target.id] = meaning
            elif isinstance(target, ast.Tuple) and isinstance(meaning, ast.Tuple):
                for one, part in zip(target.elts, meaning.elts, strict=False):
                    self._learn([one], part)

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
        node.iter = self._rounds(node.iter, first=False)
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

    def visit_match_case(self, node: ast.match_case) -> ast.match_case:
        """One case of a `match`; its pattern stays as it is."""
        node.body = self._statements(node.body)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        """An assignment with an annotation, which stays as it is."""
        node.value = self.visit(node.value) if node.value is not None else None
        return node

    def _rounds(self, node: ast.expr, first: bool = True) -> ast.expr:
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "range":
            return self.visit(node)  # type: ignore[no-any-return]
        changes = [(change, "") for change in OF_ROUNDS[not first :]]
        return self._asking("_rounds", changes, self.visit(node))

    def visit_While(self, node: ast.While) -> ast.stmt:
        """A loop with a condition, which a slip may make endless: then it is broken off."""
        node.test = self.visit(node.test)
        self._in_loop += 1
        node.body = self._statements(node.body)
        self._in_loop -= 1
        place = self._place([])
        node.body.insert(0, ast.parse(f"_again({place}, {ON})").body[0])
        return node

    def visit_Return(self, node: ast.Return) -> ast.stmt:
        """What is given back, whole and by its parts."""
        if node.value is None:
            return node
        if isinstance(node.value, ast.Tuple):
            parts = [self._given_back(one) for one in node.value.elts]
            whole: ast.expr = ast.Tuple(parts, ast.Load())
            swapped = self._asking("_returned", [("swapped parts", "")], whole, table_of(()))
            node.value = self._scaled(swapped)
        else:
            node.value = self._scaled(self._given_back(node.value))
        return node

    def _given_back(self, node: ast.expr) -> ast.expr:
        """One part of what is given back: in another shape, or put together with an argument."""
        changes = [(change, "") for change in (*OF_RETURNED, *OF_SHAPE)]
        changes += [(change, name) for name in self._parameters for change in OF_WHOLE]
        return self._asking("_returned", changes, self.visit(node), table_of(self._parameters))

    def _scaled(self, value: ast.expr) -> ast.expr:
        """What is given back, with all its parts multiplied by some number."""
        changes = [(change, "") for change in OF_PRODUCT]
        changes += [(change, name) for name in self._parameters for change in OF_SIZE]
        changes += [("other size", " ".join(pair)) for pair in permutations(self._parameters, 2)]
        return self._asking("_returned", changes, value, table_of(self._parameters))

    # Expressions ----------------------------------------------------------------------------------

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """Two operands, each a place, and the operation between them, another one."""
        name = type(node.op).__name__
        other_ways = list(regrouped(node))
        what, other = self._words(node.left), self._words(node.right)
        whole = name in ("Mult", "Div") and not self._in_product
        was, self._in_product = self._in_product, name in ("Mult", "Div")
        sides = [
            self._operand(name, node.left, False, other),
            self._operand(name, node.right, True, what),
        ]
        self._in_product = was
        changes = [(change, "") for change in BINARY.get(name, ())]
        operation = ast.Constant(name)
        found: ast.expr
        found = self._asking("_binary", changes, operation, *sides, what=what, other=other)
        for other_brackets in other_ways:
            place = self._place([("brackets", "")])
            found = ast.IfExp(self._is_off(place), found, other_brackets)
        if not whole:
            return found
        return self._asking("_value", [(change, "") for change in OF_PRODUCT], found)

    def _operand(self, operation: str, node: ast.expr, right: bool, other: str) -> ast.expr:
        if operation in ("Mult", "Div") and is_product(node):
            return self.visit(node)  # type: ignore[no-any-return]
        if operation in ("Mult", "Div"):
            role = OF_FACTOR["divisor" if operation == "Div" and right else "factor"]
            return self._at(role, node, other)
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
        if len(node.ops) > 1 or not isinstance(
            node.ops[0], ast.Gt | ast.Lt | ast.GtE | ast.LtE | ast.Eq | ast.NotEq
        ):
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
        kind = "index" if self._in_index else "number"
        changes = [(kind, repr(other)) for other in slip_changes.other_numbers(node.value)]
        return self._asking("_number", changes, node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """An entry or a part of an array, which may be another one, or not be taken."""
        if not isinstance(node.ctx, ast.Load):
            return node
        what = self._words(node.value)
        kinds = [("not indexed", "")]
        others: list[str] = []
        if not any(isinstance(one, ast.Slice | ast.Constant) for one in ast.walk(node.slice)):
            kinds.append(("index itself", ""))
        elif not any(isinstance(one, ast.Slice) for one in ast.walk(node.slice)):
            others = [name for name in self._parameters if name != ast.unparse(node.value)]
            kinds += [("entry for", name) for name in others]
        index = self._indices(node.slice)
        value = self.visit(node.value)
        return self._asking("_entry", kinds, value, index, table_of(others), what=what)

    def _indices(self, node: ast.expr) -> ast.expr:
        was, self._in_index = self._in_index, True
        found = self._index(node)
        self._in_index = was
        return found

    def _index(self, node: ast.expr) -> ast.expr:
        """What stands in square brackets, as an expression; its numbers may be others."""
        if isinstance(node, ast.Tuple):
            return ast.Tuple([self._index(one) for one in node.elts], ast.Load())
        if isinstance(node, ast.Slice):
            bounds = [one or ast.Constant(None) for one in (node.lower, node.upper, node.step)]
            return ast.Call(
                ast.Name("_slice", ast.Load()), [self._index(one) for one in bounds], []
            )
        number = as_number(node)
        if number is not None:
            others = [n for n in (number - 1, number + 1, 0 if number < 0 else -1) if n != number]
            changes = [("index", repr(other)) for other in dict.fromkeys(others)]
            return self._asking("_number", changes, ast.Constant(number))
        if isinstance(node, ast.Constant):
            return self.visit(node)  # type: ignore[no-any-return]
        changes = [("index more", ""), ("index fewer", "")]
        return self._asking("_value", changes, self.visit(node))

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A variable, which may be another one."""
        if not isinstance(node.ctx, ast.Load) or node.id not in self._bound:
            return node
        others = [name for name in self._bound if name != node.id and name != "_"]
        others += self._calls if not self._in_index else []
        if not others:
            return node
        changes = [("name", name) for name in others]
        place = self._place(changes, self._meant(node.id), source=node.id)
        if node.id not in self._everywhere:
            self._everywhere[node.id] = self._place(changes, self._meant(node.id))
        everywhere = self._everywhere[node.id]
        found: ast.expr = node
        on = f"{ON}.get({place}, {ON}.get({everywhere}))"
        if node.id in self._renewed and self._in_loop:
            self._add(place, ("stale", ""), self._meant(node.id), node.id)
            test = ast.parse(f"{on} == ('stale', '')", mode="eval").body
            found = ast.IfExp(test, loaded(before(node.id)), found)
        for name in others:
            test = ast.parse(f"{on} == ('name', {name!r})", mode="eval").body
            other = ast.parse(f"_fitting({name}, {node.id})", mode="eval").body
            found = ast.IfExp(test, other, found)
        return ast.IfExp(self._is_off(place, everywhere), node, found)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """A call: of a function of the module, of NumPy's, or of a method."""
        name = ast.unparse(node.func)
        short = name.removeprefix("np.").removeprefix("numpy.")
        if name in self._converters:
            node.args = [self.visit(one) for one in node.args[:1]] + node.args[1:]
            if name == "float" and len(node.args) == 1 and not node.keywords:
                return self._asking("_converted", (), node.func, *node.args)
            return node
        if isinstance(node.func, ast.Name) and node.func.id in self._bound:
            node.func = self.visit(node.func)
        spoken = [self._words(one) for one in node.args]
        whole, written = self._words(node), [ast.unparse(one) for one in node.args]
        method = isinstance(node.func, ast.Attribute) and short == name
        how = "method" if method else "builtin" if short == name else "numpy"
        plain = node.func.attr if isinstance(node.func, ast.Attribute) and method else short
        if plain in REDUCTIONS and is_reduction(node, how):
            return self._reduced(how, plain, node)
        if short in SIZED and short != name:
            node.args = [self._sizes(one) for one in node.args]
            return node
        plain_sums = without_squares(node) if short == "sqrt" and not method else {}
        own = name in self._functions or name in self._bound
        if any(isinstance(one, ast.Starred) for one in node.args):
            node.args = [self._argument_as_is(one) for one in node.args]
            return node
        swapped = commuted(node, short) if not method else None
        node.args = [
            self._argument(f"{name} {i}", one) if own else self.visit(one)
            for i, one in enumerate(node.args)
        ]
        for one in node.keywords:
            one.value = self.visit(one.value) if one.arg not in ("axis", "dtype") else one.value
        if not method and short in NUMPY_BINARY and len(node.args) == 2 and not node.keywords:
            what, other = spoken
            changes = [(change, "") for change in BINARY[NUMPY_BINARY[short]]]
            operation = ast.Constant(f"np.{short}")
            return self._asking("_binary", changes, operation, *node.args, what=what, other=other)
        if name in ("range", "len") and node.args:
            return self._counting(name, node, whole, written)
        if method or not node.args or node.keywords or name in ("zip", "enumerate"):
            return node
        found: ast.expr = self._applied(name, short, node, spoken)
        if swapped is not None:
            place = self._place([("order", short)], swapped[0])
            found = ast.IfExp(self._is_off(place), found, swapped[1])
        for kind, other_sum in plain_sums.items():
            found = ast.IfExp(self._is_off(self._place([(kind, "")])), found, other_sum)
        return found

    def _counting(self, name: str, node: ast.Call, what: str, written: list[str]) -> ast.expr:
        """The rounds of a loop or the length of an array, which may be one off, or another."""
        if name == "range":
            rounds: list[Change] = [("rounds", "1"), ("rounds", "-1")]
            node.args[-1] = self._asking("_value", rounds, node.args[-1])
            return self._asking("_value", [("counter", "")], node)
        others = [one for one in self._parameters if one != written[0]]
        changes = [("1 more", ""), ("1 fewer", ""), ("length", "1"), ("length", "size")]
        changes += [("length", one) for one in others]
        return self._asking("_length", changes, *node.args, table_of(others), what=what)

    def _argument_as_is(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Starred):
            return ast.Starred(self.visit(node.value), ast.Load())
        return self.visit(node)  # type: ignore[no-any-return]

    def _sizes(self, node: ast.expr) -> ast.expr:
        """The sizes of a new array, each of which may be off by one."""
        if isinstance(node, ast.Tuple):
            return ast.Tuple([self._sizes(one) for one in node.elts], ast.Load())
        what, value = self._words(node), self.visit(node)
        changes = [("1 more", ""), ("1 fewer", "")] if isinstance(node, ast.Name) else []
        return self._asking("_value", changes, value, what=what) if changes else value

    def _argument(self, where: str, node: ast.expr) -> ast.expr:
        """An argument of a function of the reference, or of one that was handed in."""
        was, self._where = self._where, where
        what = self._words(node)
        changes: list[Change] = [(change, "") for change in OF_ARGUMENT]
        more: list[str] = []
        first = (
            node.left if isinstance(node, ast.BinOp) and isinstance(node.left, ast.Name) else None
        )
        if isinstance(node, ast.Name):
            more = [name for name in self._parameters if name != node.id]
            changes += [("argument plus", name) for name in more]
        value: ast.expr = self.visit(node)
        if not isinstance(node, ast.Constant):
            value = self._asking("_argument", changes, value, table_of(more), what=what)
        if first is not None:
            place = self._place([("first term alone", "")], self._words(first))
            value = ast.IfExp(self._is_off(place), value, copied(first))
        self._where = was
        return value

    def _applied(self, name: str, short: str, node: ast.Call, spoken: list[str]) -> ast.expr:
        """A call of a function, which may be left out, doubled, or another one."""
        changes: list[Change] = [("not applied", short)]
        others: list[str] = []
        count = len(node.args)
        changes += [("argument alone", str(i)) for i in range(1, count)]
        pairs = combinations(range(count), 2) if count <= MOST_EXCHANGED else ()
        changes += [("arguments swapped", f"{i} {j}") for i, j in pairs]
        if short != name:
            changes += [("other function", one) for one in OTHER_FUNCTIONS.get(short, ())]
        if name in self._functions and len(node.args) == 1:
            changes.append(("applied twice", short))
            others = sorted(self._unary - {name})
            changes += [(how, one) for one in others for how in ("applied after", "instead")]
        told = ["..." if one == "a number" else one for one in spoken]
        what = f"{short}({', '.join(told)})" if all(told) else short
        return self._asking("_applied", changes, node.func, table_of(others), *node.args, what=what)

    def _reduced(self, how: str, name: str, node: ast.Call) -> ast.expr:
        """A sum or mean, which may be another one, over another axis, or left out."""
        if how == "method" and isinstance(node.func, ast.Attribute):
            node.args.insert(0, node.func.value)
        value, *axes = node.args
        options = {one.arg: one.value for one in node.keywords}
        first = self._reduced_first(name, value, node.args[1:], node.keywords)
        over = [("axis", str(other)) for other in (None, 0, 1)]
        over += [("axis kept", "0"), ("axis kept", "1")]
        axis = ast.Constant(self._place(over, name))
        changes = [("reduction", other) for other in OTHER_REDUCTIONS[name]]
        changes += [("not reduced", name)]
        changes += [("without option", one) for one in ("keepdims", "ddof") if one in options]
        changes += [("by one less", "")] if name in ("std", "var") else []
        changes += [("roots reduced", "")] if name == "sum" and not axes and not options else []
        if name == "mean":
            changes += [("mean by one less", ""), *(("averaged over", p) for p in self._parameters)]
            changes += [("averaged along", one) for one in self._parameters]
        names = self._parameters if name == "mean" else []
        parts = (
            axis,
            ast.Constant(how),
            ast.Constant(name),
            table_of(names),
            self.visit(value),
            *axes,
        )
        found = self._asking("_reduced", changes, *parts, what=name, keywords=node.keywords)
        found = self._asking("_value", [("rooted", name)], found, what=name)
        if first is None:
            return found
        place = self._place([("order", name)], first[0])
        return ast.IfExp(self._is_off(place), found, first[1])

    def _reduced_first(
        self, name: str, value: ast.expr, axes: list[ast.expr], keywords: list[ast.keyword]
    ) -> tuple[str, ast.expr] | None:
        """A sum of powers as the power of a sum, and the like; with the words for the power."""

        def reduced(one: ast.expr) -> ast.expr:
            function = ast.parse(f"_reductions[{name!r}]", mode="eval").body
            return ast.Call(function, [copied(one), *map(copied, axes)], keywords)

        if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Pow):
            return "the power", ast.BinOp(reduced(value.left), value.op, copied(value.right))
        if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult):
            return "the product", ast.BinOp(reduced(value.left), value.op, reduced(value.right))
        if isinstance(value, ast.Call) and len(value.args) == 1 and not value.keywords:
            called = ast.unparse(value.func)
            if called.startswith("np.") and called[3:] not in REDUCTIONS:
                again = ast.Call(copied(value.func), [reduced(value.args[0])], [])
                return f"`{called}`", again
        return None

    # Places ---------------------------------------------------------------------------------------

    def _at(self, changes: Sequence[str], node: ast.expr, other: str = "") -> ast.expr:
        kinds, what = [(change, "") for change in changes], self._words(node)
        source = ast.unparse(node)
        value = self.visit(node)
        return self._asking("_value", kinds, value, what=what, other=other, source=source)

    def _asking(
        self,
        helper: str,
        changes: Sequence[Change],
        *args: ast.expr,
        what: str = "",
        other: str = "",
        keywords: Sequence[ast.keyword] = (),
        source: str = "",
    ) -> ast.Call:
        place = self._place(changes, what, other, source)
        called = [ast.Constant(place), ast.Name(ON, ast.Load()), *args]
        return ast.Call(ast.Name(helper, ast.Load()), called, list(keywords))

    def _place(
        self, changes: Sequence[Change], what: str = "", other: str = "", source: str = ""
    ) -> int:
        place = next(self._numbers)
        for change in changes:
            told = self._meant(change[1]) if change[0] == "name" else other
            self._add(place, change, what, source or what, told)
        return place

    def _add(self, place: int, change: Change, what: str, source: str, other: str = "") -> None:
        function = self._node.name
        where = self._where
        slip = Slip(place, change, function, what, other, where, (), source, self._statement)
        self._slips.append(slip)

    def _is_off(self, *places: int) -> ast.expr:
        tests = " and ".join(f"{place} not in {ON}" for place in places)
        return ast.parse(tests, mode="eval").body

    def _meant(self, name: str) -> str:
        return self._words(ast.parse(name, mode="eval").body)

    def _words(self, node: ast.expr) -> str:
        """An expression in names that students know: parameters and functions; or empty."""
        if isinstance(node, ast.Starred):
            return ""
        text = ast.unparse(Spoken(self._meaning, self._converters).visit(copied(node)))
        names = names_in(ast.parse(text))
        public = {*self._parameters, *self._functions, *dir(builtins), "np"}
        if not names and isinstance(node, ast.Constant):
            return "a number"
        if not names or not names <= public:
            return ""
        return text if len(text) <= MOST_LETTERS else shortened(text)


REPEATED = frozenset(
    {"left out", "not divided", "term left out", "not raised", "squared", "reduction", "axis"}
    | {"first term alone", "name", "without option", "by one less", "not applied", "minus"}
    | {"transposed", "zero", "absolute", "axis kept", "stale"}
)
"""Changes that students make in all alike places at once."""


def _repeated(slips: Sequence[Slip]) -> list[Slip]:
    """The same change at all places that look alike, or in all calls' same argument."""
    groups: dict[tuple[object, ...], list[Slip]] = {}
    for slip in slips:
        if slip.change[0] not in REPEATED:
            continue
        if slip.change[0] in ("axis", "axis kept"):
            groups.setdefault((slip.change,), []).append(slip)
        alike = without_names(slip.source)
        if "(" in alike:
            groups.setdefault((slip.change, alike), []).append(slip)
        if slip.source:
            groups.setdefault((slip.change, slip.source), []).append(slip)
            groups.setdefault((slip.change, slip.source, slip.where), []).append(slip)
            groups.setdefault((slip.change, slip.source, slip.line), []).append(slip)
            if slip.where:
                groups.setdefault((slip.change, slip.source, "in calls"), []).append(slip)
    found: dict[tuple[object, ...], Slip] = {}
    for same in groups.values():
        places = tuple(dict.fromkeys(slip.place for slip in same))
        if len(places) > 1:
            found.setdefault((places, same[0].change), replace(same[0], also=places[1:]))
    return list(found.values())
