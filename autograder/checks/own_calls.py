"""Calls of functions of ours, as the submission's process makes those of a student.

A suite uses `output` and `figure` on its reference; rehearsals and the diagnosis use `performed`.
"""

from __future__ import annotations

import contextlib
import functools
import io
from collections.abc import Callable, Sequence
from typing import Any

from autograder.checks.kinds import as_crossed
from autograder.remote.calls import Deed, Wants
from autograder.sandbox.inside.arguments import split
from autograder.sandbox.inside.figures import Figure, NoFigure, drawn_by
from autograder.sandbox.inside.operations import OF_ALL, OPERATIONS


def output(function: Callable[..., Any], *args: Any, **named: Any) -> str:
    """The text that a function of ours prints; for a submission's, see `Student.output`."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        function(*args, **named)
    return text.getvalue()


def figure(function: Callable[..., Any], *args: Any, **named: Any) -> Figure:
    """The facts of the figure that a function of ours draws; see `Student.figure`.

    Raises:
        NoFigure: it draws none, and returns none.
    """
    facts = as_crossed(drawn_by(functools.partial(function, *args, **named)))
    if not isinstance(facts, Figure):
        raise NoFigure("the function returns something that is no figure of matplotlib")
    return facts


def performed(
    function: Callable[..., Any] | None, row: Sequence[Any], names: Sequence[str], deed: Deed
) -> Any:
    """What a call of ours gives that does what a call of a submission did.

    Args:
        function: called where the deed is no operation on an object.
        row: the arguments; objects are ours.
        names: of the last of them.
        deed: what is done.

    Raises:
        NameError: there is no function.
    """
    own, named = split(row, names)
    act = {**OPERATIONS, **OF_ALL}[deed.operation] if deed.operation else function
    if act is None:
        raise NameError("no such function")
    if deed.wants is Wants.OUTPUT:
        return output(act, *own, **named)
    with contextlib.redirect_stdout(None):
        if deed.wants is Wants.FIGURE:
            return drawn_by(functools.partial(act, *own, **named))
        return act(*own, **named)
