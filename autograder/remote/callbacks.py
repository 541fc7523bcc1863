"""Answers a submission's callbacks to functions of ours, within bounds.

The text of an exception in a function of ours never goes to the submission.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from autograder.limits import Limits
from autograder.remote.calls import size_of
from autograder.remote.time_limit import Allowance, TookTooLong, TooMuchWork
from autograder.sandbox.inside.arguments import split
from autograder.sandbox.inside.wire import Uncrossable, WireError
from autograder.sandbox.watcher import Inmate

CALLBACK_ELEMENTS = 8_192
"""Most numbers in the arguments of one callback, which the grader computes itself."""


def reply_of(
    inmate: Inmate, handles: list[Callable[..., Any]], deadline: float, limits: Limits
) -> dict[str, Any]:
    """The next reply of a process, after answering the callbacks that come before it.

    Args:
        inmate: the process.
        handles: the functions that it may call, by number.
        deadline: when the reply is due, on the monotonic clock.
        limits: how many callbacks are answered, and how much work they may cause.

    Raises:
        WireError: the process ended, hangs, or sent something unreadable.
    """
    left, refused = limits.callbacks, False
    allowance = Allowance(limits.callbacks_wall_s, limits.grader_mib)
    while True:
        reply = inmate.channel.receive(deadline=deadline)
        if not isinstance(reply, dict):
            raise WireError("a reply that is not a dict")
        if "callback" not in reply:
            return {"overdone": True} if refused and "raised" in reply else reply
        left -= 1
        began = time.monotonic()
        answer = _answer_callback(inmate, allowance, handles, reply) if left >= 0 else None
        refused = refused or answer is None
        # Our own work does not count against the student's deadline.
        deadline += time.monotonic() - began
        frame = answer or inmate.channel.frame({"refused": "too many calls, or too much work"})
        inmate.channel.send_frame(frame, deadline=deadline)


def _answer_callback(
    inmate: Inmate,
    allowance: Allowance,
    handles: list[Callable[..., Any]],
    reply: dict[str, Any],
) -> bytes | None:
    """The frame that answers a callback; None where it is too much work.

    Args:
        inmate: the process that calls.
        allowance: for our own work on this submission.
        handles: the functions that it may call, by number.
        reply: what it sent; nothing in it is trusted.
    """
    try:
        with allowance.spend():
            return inmate.channel.frame(_call_back(handles, reply))
    except Uncrossable:
        return inmate.channel.frame({"refused": "it returns what does not cross"})
    except (TooMuchWork, WireError):
        return None


def _call_back(handles: list[Callable[..., Any]], reply: dict[str, Any]) -> dict[str, Any]:
    """Call a function of ours for the student's code; of an exception, only the type goes back.

    Raises:
        TooMuchWork: the arguments are too large.
    """
    handle, args, names = reply.get("callback"), reply.get("args"), reply.get("names")
    if not isinstance(handle, int) or not 0 <= handle < len(handles):
        return {"refused": "no such function"}
    if not isinstance(args, tuple | list):
        return {"refused": "arguments that are not a tuple"}
    if not isinstance(names, tuple | list) or not all(isinstance(name, str) for name in names):
        return {"refused": "names of arguments that are no names"}
    if sum(map(size_of, args)) > CALLBACK_ELEMENTS:
        raise TooMuchWork("the arguments are too large")
    try:
        own, named = split(args, names)
        return {"value": handles[handle](*own, **named)}
    except (TookTooLong, MemoryError):
        raise
    except Exception as error:
        return {"refused": f"{type(error).__name__}: the arguments do not fit"}
