"""How many wrong answers get a name, and how many of the names are right, without a catalogue.

    python -m benchmarks.naming [--each]

Each topic has a reference and nothing else. Its answers were written from the exercises' texts:
slips, pairs of slips, answers that nothing explains, and right ones in other styles. A name counts
as right when it says what the answer's author noted. `--each` prints every answer with its name.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.checks.catalogue import Catalogue
from autograder.grading.diagnosis import explain
from autograder.remote.calls import Answer as Answered
from autograder.remote.calls import Case, Outcome
from autograder.remote.exceptions import gist
from autograder.remote.time_limit import Allowance
from autograder.report import Verdict
from benchmarks.topics import (
    clusters,
    components,
    equations,
    judging,
    numerics,
    softmax,
    statistics,
)
from benchmarks.topics.answers import Answer

TOPICS = {
    "Newton and trapezoid": numerics,
    "principal components": components,
    "Lloyd and silhouettes": clusters,
    "differential equations": equations,
    "softmax regression": softmax,
    "statistics and page ranks": statistics,
    "judging and growth": judging,
}


def reference_of(source: str, name: str) -> types.ModuleType:
    """A reference as a module whose source can be looked up."""
    import linecache

    module = types.ModuleType(name)
    module.__file__ = f"<{name}>"
    linecache.cache[module.__file__] = (len(source), None, source.splitlines(True), module.__file__)
    exec(compile(source, module.__file__, "exec"), vars(module))
    return module


def cases_of(function: Callable[..., Any], calls: Sequence[tuple[object, ...]]) -> list[Case]:
    """The recorded calls of a student's function."""
    found = []
    for args in calls:
        with np.errstate(all="ignore"):
            try:
                answer = Answered(function(*args))
            except Exception as error:
                kind = type(error).__name__
                answer = Answered(outcome=Outcome(Verdict.RAISED, "", kind, gist(kind, str(error))))
        found.append(Case(function.__name__, args, answer))
    return found


def said(catalogue: Catalogue, cases: list[Case]) -> tuple[str, str, float]:
    """The name that the answers get, its sentence, and the seconds of CPU that it took."""
    began = time.process_time()
    found = explain(cases, (), Allowance(60.0, 512), catalogue)
    took = time.process_time() - began
    known = catalogue.misconception(found.name) if found is not None else None
    return (known.name, known.words, took) if known is not None else ("", "", took)


def is_right(answer: Answer, name: str, words: str) -> bool:
    """Whether a name says what the answer's author noted: all words of one of the alternatives."""
    told = f"{name} {words}".lower()
    return any(
        all(_stands_in(word.strip().lower(), told) for word in says.split("&"))
        for says in answer.says
    )


def _stands_in(word: str, told: str) -> bool:
    """Whether a word begins in a sentence; one or two letters are a name, and stand alone."""
    whole = r"(?![a-z0-9_])" if len(word) < 3 else ""
    begin = r"(?<![a-z0-9_])" if word[0].isalnum() else ""
    return re.search(begin + re.escape(word) + whole, told) is not None


class Count:
    """What came of one topic's answers.

    Args:
        reference: the topic's reference, as source.
        calls: what each function is called with.
    """

    def __init__(self, reference: str, calls: dict[str, Sequence[tuple[object, ...]]]) -> None:
        self._catalogue = Catalogue(reference_of(reference, "reference"))
        self._calls = calls
        self.nameable = self.named = self.rightly = self.falsely = 0
        self.twos = self.twos_rightly = 0
        self.slowest_s = 0.0

    def add(self, answer: Answer) -> str:
        """Count one answer; a line about it."""
        function = answer.function
        name, words, took = said(
            self._catalogue, cases_of(function, self._calls[function.__name__])
        )
        rightly = is_right(answer, name, words)
        self.slowest_s = max(self.slowest_s, took)
        self.nameable += answer.named
        self.named += bool(name)
        self.rightly += rightly
        is_two = (function.__doc__ or "").startswith("Two slips")
        self.twos += is_two
        self.twos_rightly += is_two and rightly
        self.falsely += bool(name) and not answer.named
        mark = " " if rightly or not (name or answer.named) else "?" if name else "-"
        told = f"{name}: {words} [{1e3 * took:.0f} ms]"
        return f"{mark} {function.__name__}: {function.__doc__} -> {told}"

    def row(self, title: str) -> str:
        """The topic's row of the table."""
        share = 100 * self.rightly / self.nameable
        precision = 100 * self.rightly / self.named
        return (
            f"| {title} | {self.nameable} | {self.rightly} ({share:.0f} %) | {precision:.0f} % | "
            f"{self.twos_rightly} of {self.twos} | "
            f"{self.falsely} | {1e3 * self.slowest_s:.0f} |"
        )


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", action="store_true")
    each = parser.parse_args().each
    heads = "topic | nameable | named rightly | precision | of two slips | others named | slowest"
    print(f"| {heads} ms |")
    print("|---|---|---|---|---|---|---|")
    for title, topic in TOPICS.items():
        count = Count(topic.REFERENCE, topic.calls())
        for answer in (*topic.wrong, *topic.right):
            line = count.add(answer)
            if each:
                print(line, file=sys.stderr)
        print(count.row(title))


if __name__ == "__main__":
    main()
