"""Reads a reply to a call into an `Answer`; nothing in a reply is trusted."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Any

from autograder.remote.calls import Answer, Outcome
from autograder.remote.cells import Asked, CellLog, function_names
from autograder.remote.exceptions import explain, gist
from autograder.report import Verdict
from autograder.sandbox.inside.wire import KINDS

NEAR = 0.85
"""Similarity, from 0 to 1, above which one name may be the other misspelt."""
OVERDONE = "calls a function that it is given too often, or asks too much of it."
TOO_LARGE = "It returns an answer that is too large."


def answer_of(name: str, reply: dict[str, Any], log: CellLog, asked: Asked) -> Answer:
    """The answer in a reply; a malformed reply is just an odd answer.

    Args:
        name: the function that was called.
        reply: what its process replied.
        log: how the notebook's cells ended.
        asked: the names that exercises ask for.
    """
    if "value" in reply:
        return _value(reply)
    if "missing" in reply:
        return Answer(outcome=_missing(name, log, asked))
    if "no_variable" in reply:
        return ended(Verdict.FAILED, f"Your notebook has no variable named `{name}`.")
    if "no_file" in reply:
        return ended(Verdict.FAILED, f"Your notebook writes no file named `{name}`.")
    if "no_figure" in reply:
        return ended(Verdict.FAILED, f"`{name}` draws no figure, and returns none.")
    if "overdone" in reply:
        return ended(Verdict.RAISED, f"`{name}` {OVERDONE}")
    if "uncallable" in reply:
        words = f"`{name}` is not a function in your notebook. {_define(name, asked)}"
        return ended(Verdict.FAILED, words)
    if "unsendable" in reply:
        return ended(Verdict.FAILED, _unsendable(reply["unsendable"]))
    log.keep_unknown_name(reply)
    verdict, words, kind = explain(reply, names=log.names)
    said = str(reply.get("text", ""))[:300]
    by_call = reply.get("by_call") is True
    return Answer(outcome=Outcome(verdict, f"`{name}` {words}", kind, gist(kind, said, by_call)))


def ended(verdict: Verdict, message: str) -> Answer:
    """The answer of a call that returned no value."""
    return Answer(outcome=Outcome(verdict, message))


def _value(reply: dict[str, Any]) -> Answer:
    changed, warned = reply.get("changed"), reply.get("warned")
    numbers = changed if isinstance(changed, list) else []
    return Answer(
        reply["value"],
        tuple(number for number in numbers if isinstance(number, int)),
        isinstance(warned, int) and warned > 0,
    )


def _missing(name: str, log: CellLog, asked: Asked) -> Outcome:
    """Why there is no function of that name."""
    fault = log.fault_in_definition(name)
    if fault is not None:
        message = f"There is no `{name}`: {_within_sentence(fault.message)}"
        return Outcome(fault.verdict, message)
    near = _nearest(name, log, asked.functions)
    hint = f"It has `{near}`: use the name that is asked for." if near else _define(name, asked)
    kind = "class" if name in asked.classes else "function"
    words = f"Your notebook defines no {kind} named `{name}`. {hint}"
    return Outcome(Verdict.FAILED, words)


def _define(name: str, asked: Asked) -> str:
    word = "class" if name in asked.classes else "def"
    return f"Define it by `{word}`, under the name that the exercise has."


def _nearest(name: str, log: CellLog, functions: Collection[str]) -> str:
    """A function of the notebook with nearly this name that no exercise asks for; else empty."""
    sources = [cell.source for cell in log.cells if not cell.ours]
    own = set().union(*map(function_names, sources)).difference(functions)
    spelt = {one.lower(): one for one in sorted(own) if len(one) < 2 * len(name)}
    near = difflib.get_close_matches(name.lower(), spelt, 1, NEAR)
    return spelt[near[0]] if near else ""


def _within_sentence(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _unsendable(why: Any) -> str:
    """The sentence for an answer that the worker could not encode."""
    if isinstance(why, str) and why == KINDS["too large"]:
        return TOO_LARGE
    return "It returns an object that raises an exception when it is read as a number."
