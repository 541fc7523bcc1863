"""A reference's functions, ready to go wrong on request.

    slips = instrument(reference)            every slip that can be made
    slips.version("area", [slip])     the function with that slip

The functions are compiled once and ask at each place whether a slip is made there (`slip_places`).
So a pair of slips needs no compiling either. Nothing here knows a course.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from types import FunctionType, ModuleType
from typing import Any

from autograder.checks.slip_changes import CONVERTERS, HELPERS, REDUCTIONS, Change
from autograder.checks.slip_places import Rewriting, Slip
from autograder.checks.slip_syntax import ON, names_in
from autograder.checks.slip_words import Words, words_of
from autograder.remote.calls import copy_arguments


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
    _on: dict[int, Change] = field(default_factory=dict)

    @cached_property
    def words(self) -> dict[str, Words]:
        """Everything that can be told of the slips, by name."""
        return {words.name: words for words in map(words_of, self.all)}

    def of(self, name: str) -> list[Slip]:
        """The slips that can change what a function gives."""
        return [slip for slip in self.all if slip.function in self.uses.get(name, ())]

    @contextmanager
    def made(self, slips: Sequence[Slip]) -> Iterator[None]:
        """Make these slips during the block."""
        self._on.update({place: slip.change for slip in slips for place in slip.places})
        try:
            yield
        finally:
            self._on.clear()

    @contextmanager
    def recorded(self, name: str, calls: list[tuple[Any, ...]]) -> Iterator[None]:
        """Note the arguments with which other functions call one of them, during the block."""
        function = self.functions[name]

        def noting(*args: Any, **named: Any) -> Any:
            if not named:
                calls.append(copy_arguments(args))
            return function(*args, **named)

        function.__globals__[name] = noting
        try:
            yield
        finally:
            function.__globals__[name] = function

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
    # A decorator may do anything, such as keep an answer that was given without a slip.
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    nodes = [node for node in found if not node.decorator_list or only]
    for node in nodes:
        node.decorator_list = []
    slips, numbers = Slips(), count()
    own = {node.name: node for node in nodes if not _converts(node)}
    unary = {name for name, node in own.items() if len(node.args.args) == 1}
    converters = CONVERTERS | {node.name for node in nodes if _converts(node)}
    calls = {
        name: names_in(node) & own.keys() - {one.arg for one in node.args.args}
        for name, node in own.items()
    }
    for name, node in own.items():
        rewriting = Rewriting(slips.all, numbers, node, set(own), unary - {name}, converters)
        rewriting.visit_body()
        slips.uses[name] = {name}
    namespace = {**vars(module), **HELPERS, "_reductions": REDUCTIONS, ON: slips._on}
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


def _converts(node: ast.FunctionDef) -> bool:
    """Whether a function only makes an array of its one argument."""
    last = node.body[-1]
    call = last.value if isinstance(last, ast.Return) else None
    if len(node.args.args) != 1 or len(node.body) > 2 or not isinstance(call, ast.Call):
        return False
    given = [one.id for one in call.args if isinstance(one, ast.Name)]
    return ast.unparse(call.func) in CONVERTERS and given == [node.args.args[0].arg]
