"""The catalogue of an assignment: its reference, its mistakes and its correct variants, as code.

`tests/hidden/<assignment>/` holds `reference.py`, `mistakes.py` and `variants.py`. They are loaded
under a package name of their own for each course, so relative imports work and two courses can be
open at once. Nothing from here ever enters a sandbox, except a mistake or a variant that is graded
as a submission to prove the suite.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from autograder.checks.pictures import Drawing, Pictures
from autograder.checks.slip_sites import Slips, instrument
from autograder.checks.slip_words import Words, by_family_name
from autograder.checks.slips import HINTS, JOINED
from autograder.checks.suite_faults import fault_line
from autograder.errors import SuiteError

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Misconception:
    """A named wrong idea, in words that the student reads, with three levels of hints."""

    name: str
    words: str
    hints: tuple[str, str, str]

    def __post_init__(self) -> None:
        texts = (self.name, self.words, *self.hints)
        right = not isinstance(self.hints, str) and all(isinstance(text, str) for text in texts)
        if not right or not self.name:
            raise SuiteError(
                f"Misconception({self.name!r}, …): give a name, the words, and the hints as a "
                "tuple of three texts"
            )


@dataclass(frozen=True)
class Example:
    """A function or class as some student would write it, in place of an exercise's own.

    For a variable it is a function without parameters that gives the variable's value.
    """

    grade_cell: str
    function: Callable[..., Any]
    note: str = ""

    @property
    def name(self) -> str:
        """Name of the exercise's function that this one stands in for."""
        return self.function.__name__

    @property
    def source(self) -> str:
        """The source without the decorator that registers it, ready for a notebook cell."""
        text = textwrap.dedent(inspect.getsource(self.function))
        node = ast.parse(text).body[0]
        kept = [
            f"@{ast.get_source_segment(text, one)}"
            for one in getattr(node, "decorator_list", [])
            if not _registers(one)
        ]
        return "\n".join([*kept, *text.splitlines()[node.lineno - 1 :]]) + "\n"


def _registers(decorator: ast.expr) -> bool:
    """Whether a decorator is `mistakes.of(...)` or `variants.of(...)`."""
    called = decorator.func if isinstance(decorator, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr == "of"


@dataclass(frozen=True)
class Mistake(Example):
    """What a student with a misconception computes."""

    misconception: Misconception = field(kw_only=True)


@dataclass(frozen=True)
class Variant(Example):
    """A correct solution in another style."""


class Mistakes:
    """A registry of mistakes, filled by its decorator in `mistakes.py`.

    >>> mistakes = Mistakes()
    >>> MEAN_FORGOTTEN = Misconception("mean-forgotten", "You sum the records.", ("", "", ""))
    >>> @mistakes.of("test_area", MEAN_FORGOTTEN)
    ... def area(sides): return sum(sides)
    >>> [mistake.name for mistake in mistakes]
    ['area']
    """

    def __init__(self) -> None:
        self._mistakes: list[Mistake] = []

    def of(
        self, grade_cell: str, misconception: Misconception, note: str = ""
    ) -> Callable[[Function], Function]:
        """Register the decorated function as a mistake that `grade_cell` must reject."""

        def register(function: Function) -> Function:
            self._mistakes.append(Mistake(grade_cell, function, note, misconception=misconception))
            return function

        return register

    def __iter__(self) -> Iterator[Mistake]:
        return iter(self._mistakes)


class Variants:
    """A registry of correct variants, filled by its decorator in `variants.py`."""

    def __init__(self) -> None:
        self._variants: list[Variant] = []

    def of(self, grade_cell: str, note: str) -> Callable[[Function], Function]:
        """Register the decorated function as a correct solution; `note` describes its style."""

        def register(function: Function) -> Function:
            self._variants.append(Variant(grade_cell, function, note))
            return function

        return register

    def __iter__(self) -> Iterator[Variant]:
        return iter(self._variants)


@dataclass(frozen=True)
class Catalogue:
    """Everything hidden about one assignment except its checks."""

    reference: ModuleType = field(default_factory=lambda: ModuleType("reference"))
    mistakes: tuple[Mistake, ...] = ()
    variants: tuple[Variant, ...] = ()
    pictures: tuple[Drawing, ...] = ()

    @cached_property
    def slips(self) -> Slips:
        """Where the reference's functions could go wrong."""
        return instrument(self.reference)

    def slips_in(self, example: Example) -> Slips:
        """Where a mistake could go wrong once more, or a variant could go wrong."""
        if example not in self._slips_in:
            module = sys.modules.get(example.function.__module__, self.reference)
            self._slips_in[example] = instrument(module, example.source)
        return self._slips_in[example]

    @cached_property
    def _slips_in(self) -> dict[Example, Slips]:
        return {}

    def _words(self, name: str) -> Words | None:
        """The words of a slip: mostly one of the reference, else of a variant or a mistake."""
        examples: tuple[Example, ...] = (*self.variants, *self.mistakes)
        for slips in chain((self.slips,), map(self.slips_in, examples)):
            if name in slips.words:
                return slips.words[name]
        return None

    def misconception(self, name: str) -> Misconception | None:
        """The misconception of that name, of the catalogue or of a slip, or two joined to one."""
        for mistake in self.mistakes:
            if mistake.misconception.name == name:
                return mistake.misconception
        first, _, second = name.partition(JOINED)
        if second:
            both = self.misconception(first), self.misconception(second)
            return _joined(name, *both) if None not in both else None
        words = by_family_name(name) or self._words(name)
        return Misconception(name, words.sentence, HINTS) if words is not None else None


def _joined(name: str, *parts: Misconception | None) -> Misconception:
    words = " ".join(part.words for part in parts if part is not None)
    return Misconception(name, f"Two things come together here. {words}", HINTS)


def load_catalogue(hidden: Path, assignment: str) -> Catalogue:
    """Load `hidden`/`assignment`'s reference, mistakes, variants and pictures.

    All but the reference may be missing (a first draft).

    Raises:
        SuiteError: the reference is missing, or a module fails to import or lacks its registry;
            the text names the file.
    """
    reference = _load(hidden, assignment, "reference")
    return Catalogue(
        reference,
        _registered(hidden, assignment, "mistakes", Mistakes),
        _registered(hidden, assignment, "variants", Variants),
        _registered(hidden, assignment, "pictures", Pictures),
    )


def _registered(hidden: Path, assignment: str, name: str, kind: type[Any]) -> tuple[Any, ...]:
    """The entries of the registry in the module `name`; empty if there is no such module."""
    path = hidden / assignment / f"{name}.py"
    if not path.is_file():
        return ()
    registry = getattr(_load(hidden, assignment, name), name, None)
    if not isinstance(registry, kind):
        raise SuiteError(f"{path}: it has no {name} = {kind.__name__}(); see docs/instructor.md")
    return tuple(registry)


def _load(hidden: Path, assignment: str, name: str) -> ModuleType:
    """Import one hidden module under a package name that belongs to this course alone."""
    path = hidden / assignment / f"{name}.py"
    if not path.is_file():
        raise SuiteError(f"{path}: the file is missing; write the assignment's {name} there")
    package = "_hidden_" + hashlib.sha256(str(hidden.resolve()).encode()).hexdigest()[:12]
    if package not in sys.modules:
        root = ModuleType(package)
        root.__path__ = [str(hidden.resolve())]
        sys.modules[package] = root
    try:
        return importlib.import_module(f"{package}.{assignment}.{name}")
    except Exception as error:
        words = fault_line(error, hidden).replace(package, "tests.hidden")
        raise SuiteError(f"{path}: does not import: {words}") from error
