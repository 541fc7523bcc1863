"""The reference of the settings, made from the code that reads them.

    .. settings:: autograder.course.config.Grading
       :section: c.Grading

    .. limits:: autograder.limits.Limits

The first lists the traits of a configurable class, with the help text of each; the second the
fields of a dataclass, with the docstring that stands below each. Nothing is copied by hand, so
neither can differ from the code.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.docutils import SphinxDirective
from traitlets import Bool, Dict, Enum, Float, Int, TraitType, Unicode

_KINDS: dict[type[Any], str] = {
    Bool: "true or false",
    Dict: "dictionary",
    Float: "number",
    Int: "whole number",
    Unicode: "text",
    int: "whole number",
    float: "number",
}


@dataclass(frozen=True)
class Setting:
    """One setting, as the reference shows it."""

    name: str
    kind: str
    default: object
    help: str


def settings_of(configurable: type[Any]) -> Iterator[Setting]:
    """The settings that a configurable class has of its own, in the order of its source.

    Raises:
        ValueError: a trait has no help text, or is of a kind that the reference has no words for.
    """
    traits = configurable.class_own_traits(config=True)
    for name, trait in sorted(traits.items(), key=lambda pair: _position(configurable, pair[0])):
        if not trait.help:
            raise ValueError(f"{configurable.__name__}.{name} has no help text")
        yield Setting(name, _kind_of(trait), trait.default(), trait.help)


def _position(configurable: type[Any], name: str) -> int:
    """Where the source has a setting; traitlets itself has them in the order of the alphabet."""
    return list(vars(configurable)).index(name)


def _kind_of(trait: TraitType[Any, Any]) -> str:
    """What a trait takes, in words."""
    if isinstance(trait, Enum):
        *most, last = (f"``{value!r}``".replace("'", '"') for value in trait.values)
        return f"{', '.join(most)} or {last}"
    for kind, words in _KINDS.items():
        if isinstance(trait, kind):
            return words + _bound_of(trait)
    raise ValueError(f"no words for the kind of {trait.name}")


def _bound_of(trait: TraitType[Any, Any]) -> str:
    """The least value that a number may have; of numbers without a bound, nothing."""
    least = getattr(trait, "min", None)
    return "" if least is None else f", at least {least:g}"


def limits_of(kind: type[Any]) -> Iterator[Setting]:
    """The fields of a dataclass, each with the docstring below it.

    Raises:
        ValueError: a field has no docstring.
    """
    words = ModuleAnalyzer.for_module(kind.__module__).find_attr_docs()
    for field in dataclasses.fields(kind):
        text = " ".join(words.get((kind.__name__, field.name), ())).strip()
        if not text:
            raise ValueError(f"{kind.__name__}.{field.name} has no docstring")
        yield Setting(field.name, _KINDS[type(field.default)], field.default, text)


def _shown(default: object) -> str:
    """A default as it is written in `course_config.py`."""
    return f"{default!r}".replace("'", '"')


class _Reference(SphinxDirective):  # type: ignore[misc]
    """A list of settings; its argument is the dotted name of the class."""

    required_arguments = 1

    def settings(self, kind: type[Any]) -> Iterable[Setting]:
        """What the class has to set."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """One entry for each setting, which other pages can refer to."""
        module, _, name = self.arguments[0].rpartition(".")
        kind = getattr(importlib.import_module(module), name)
        self.env.note_dependency(inspect.getfile(kind))
        prefix = self.options.get("section", "")
        entries = (self._entry(prefix, setting) for setting in self.settings(kind))
        return list(self.parse_text_to_nodes("\n".join(entries)))

    def _entry(self, prefix: str, setting: Setting) -> str:
        name = f"{prefix}.{setting.name}" if prefix else setting.name
        return (
            f".. confval:: {name}\n"
            f"   :type: {setting.kind}\n"
            f"   :default: ``{_shown(setting.default)}``\n\n"
            f"   {setting.help}\n"
        )


class Settings(_Reference):
    """The traits of a configurable class."""

    option_spec: ClassVar = {"section": directives.unchanged_required}

    def settings(self, kind: type[Any]) -> Iterable[Setting]:
        """Its own traits."""
        return settings_of(kind)


class Limits(_Reference):
    """The fields of a dataclass."""

    def settings(self, kind: type[Any]) -> Iterable[Setting]:
        """Its fields."""
        return limits_of(kind)


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the two directives."""
    app.add_directive("settings", Settings)
    app.add_directive("limits", Limits)
    return {"parallel_read_safe": True}
