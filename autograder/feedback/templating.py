"""Fills the HTML templates that lie beside this package and its neighbours.

Every value is escaped and made printable on its way in, so a template cannot forget it. The
templates are compiled once per process. Nothing here knows what a page says.
"""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import quote

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from autograder.feedback.words import earned, exercise_name, number, printable, spoken, worth


def fill(package: str, template: str, values: dict[str, Any], *others: str) -> str:
    """The named template of `package`, filled with the values.

    Args:
        package: whose template.
        template: its file name.
        values: what it needs.
        others: packages whose templates it uses, too.
    """
    return templates(package, *others).get_template(template).render(values)


@cache
def templates(package: str, *others: str) -> Environment:
    """The templates of `package` and others, on top of the frame and style that all pages share."""
    packages = (package, *others, "autograder.feedback")
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(one) for one in packages]),
        autoescape=True,
        auto_reload=False,
        finalize=_printable,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        earned=earned,
        exercise=exercise_name,
        number=number,
        segment=lambda text: quote(text, safe=""),
        spoken=spoken,
        worth=worth,
    )
    return environment


def _printable(value: Any) -> Any:
    """Any text that a template puts out, made printable; finished markup stays as it is."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable(value)
    return value
