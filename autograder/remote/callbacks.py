"""Functions of ours that a submission calls back: bounded, and told without what they raise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.remote.calls import size_of
from autograder.remote.time_limit import Allowance, TookTooLong, TooMuchWork
from autograder.sandbox.inside.wire import WireError
from autograder.sandbox.supervisor import Inmate

CALLBACK_ELEMENTS = 8_192
"""Numbers in the arguments of one callback, which is computed in the grader."""


def answer_callback(
    inmate: Inmate,
    allowance: Allowance,
    handles: list[Callable[..., Any]],
    reply: dict[str, Any],
) -> bytes | None:
    """The frame that answers a callback; None where that is more work than we do.

    Args:
        inmate: the process that calls.
        allowance: for our own work on this submission.
        handles: the functions that it may call, by number.
        reply: what it sent; nothing in it is trusted.
    """
    try:
        with allowance.spend():
            return inmate.channel.frame(_call_back(handles, reply))
    except (TooMuchWork, WireError):
        return None


def _call_back(handles: list[Callable[..., Any]], reply: dict[str, Any]) -> dict[str, Any]:
    """Call a function of ours for the student's; what it raises is told without its text.

    Raises:
        TooMuchWork: the arguments are too large.
    """
    handle, args = reply.get("callback"), reply.get("args")
    if not isinstance(handle, int) or not 0 <= handle < len(handles):
        return {"refused": "no such function"}
    if not isinstance(args, tuple | list):
        return {"refused": "arguments that are not a tuple"}
    if sum(map(size_of, args)) > CALLBACK_ELEMENTS:
        raise TooMuchWork("the arguments are too large")
    try:
        return {"value": handles[handle](*args)}
    except (TookTooLong, MemoryError):
        raise
    except Exception as error:
        return {"refused": f"{type(error).__name__}: the arguments do not fit"}
