"""Mistakes that nobody catalogued: one change of the reference, or two, told in its own names.

A slip explains answers when the reference with that slip gives exactly the same answers. Often
several slips do. Then only the most specific ones count. If their sentences agree, the student
reads that sentence. If they differ but belong to one family, the student reads a sentence about the
family. Otherwise the student reads nothing, because a wrong name does more harm than none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from autograder.checks.slip_changes import OF_PRODUCT
from autograder.checks.slip_places import Slip
from autograder.checks.slip_sites import Slips
from autograder.checks.slip_words import Words, of_family, words_of

JOINED = " with "
"""What stands between the names of two slips that explain answers together."""


HINTS = (
    "Put small numbers into the formula by hand, and compare each step with your code.",
    "Which part of your code stands for the part that is named here?",
    "Read the exercise's formula once more, from left to right, with your code beside it.",
)
"""The hints that go with every slip."""


_WITHOUT_PLACE = frozenset(
    "sign, doubled, halved, swapped parts, rounds, transposed, brackets, name, first transposed, "
    "second transposed, reduction, order, axis, other extreme, by one less, averaged over, "
    "root of it, square of it, index, index more, index fewer, comparison, rooted".split(", ")
)
"""Likely kinds of slips whose words name no part of the formula."""
_IN_PAIRS = _WITHOUT_PLACE.union(
    "left out, not divided, squared, term left out, not applied, applied after, elementwise, "
    "minus, added, reversed, not raised, absolute, kept, stale, applied twice, instead, "
    "not indexed, exchanged, second only, zeros, other function, length, 1 more, 1 fewer".split(
        ", "
    )
)
"""Kinds of slips that are likely enough to be made two at a time."""


def told(slips: Sequence[Slip], name: str) -> Words | None:
    """What slips that give the same answers say together; None if they contradict each other.

    Args:
        slips: those that explain the answers.
        name: of the function that gave them: a slip of its own counts before one of a function
            that it calls.
    """
    rank = min(words_of(slip).rank for slip in slips)
    best = [slip for slip in slips if words_of(slip).rank == rank]
    own = [slip for slip in best if slip.function == name]
    found = [words_of(slip) for slip in own or best]
    if len({one.sentence for one in found}) == 1:
        return found[0]
    families = {one.family for one in found}
    return of_family(families.pop()) if len(families) == 1 else None


def pairs(likely: Sequence[Slip]) -> Iterator[tuple[Slip, Slip]]:
    """Pairs of slips, the likeliest first, each at two places.

    Args:
        likely: slips that may be one of two, the likeliest first.
    """
    for total in range(2 * len(likely)):
        for i in range(max(0, total - len(likely) + 1), (total + 1) // 2):
            first, second = likely[i], likely[total - i]
            if not set(first.places) & set(second.places):
                yield first, second


def likely_in_pairs(slips: Sequence[Slip], name: str) -> list[Slip]:
    """The slips that may be one of two, the likeliest first.

    Args:
        slips: those that can change what a function gives.
        name: of the function. Its own slips come before those of functions that it calls, and
            signs before all others. A sign or size that is wrong somewhere mostly makes the whole
            answer wrong by the same factor, so the whole answer is tried first. The last formulas
            come before the first ones, which mostly prepare them.
    """
    own = [slip for slip in slips if slip.function == name and slip.change[0] in OF_PRODUCT]
    whole = list({slip.change[0]: slip for slip in own}.values())
    others = (slip for slip in slips if slip not in whole and _is_likely(slip))

    def order(slip: Slip) -> tuple[bool, bool, int, int]:
        is_sign = slip.change[0] in ("minus", "added", "reversed")
        return slip.function != name, not is_sign, words_of(slip).rank, -slip.place

    return whole + sorted(others, key=order)


def _is_likely(slip: Slip) -> bool:
    """Whether a slip is likely as one of two, and can be told."""
    kind = slip.change[0]
    return (
        kind in _IN_PAIRS
        and (slip.other or kind != "name")
        and (bool(slip.what) or kind in _WITHOUT_PLACE)
    )


@dataclass(frozen=True)
class Found:
    """What explains certain answers of a function.

    Args:
        names: of the slips, the most specific first; empty if several explanations differ.
        version: the function with these slips.
        family: of a single slip.
    """

    names: tuple[str, ...]
    version: Callable[..., Any]
    family: str = ""
    slips: tuple[tuple[Slip, ...], ...] = ()
    """For each name, the slips that it stands for."""


class Trials(Protocol):
    """Tries versions of a function on calls whose answers are to be explained."""

    def explains(self, version: Callable[..., Any]) -> bool:
        """Whether a version gives exactly these answers."""

    def effect(self, version: Callable[..., Any]) -> str:
        """What a version gives in place of right answers; empty if it gives them, or none."""


class Search:
    """Looks for the slips by which a function gives certain answers.

    Args:
        slips: of the reference, or of a mistake.
        name: of the function.
        trials: tries versions of the function.
    """

    def __init__(self, slips: Slips, name: str, trials: Trials) -> None:
        self._slips, self._name, self._trials = slips, name, trials

    def one(self, most: int | None = None) -> Found | None:
        """The slip that explains the answers; None if there is none.

        Args:
            most: how many slips are tried, the likeliest of the function's own; by default all.
        """
        every: Iterable[Slip] = self._slips.of(self._name)
        if most is not None:
            own = [slip for slip in every if slip.function == self._name]
            every = likely_in_pairs(own, self._name)[:most]
        found = [slip for slip in every if self._trials.explains(self._version(slip))]
        if not found:
            return None
        words = told(found, self._name)
        names = (words.name,) if words is not None else ()
        family = words.family if words is not None else ""
        return Found(names, self._version(found[0]), family, (tuple(found),))

    def _version(self, *slips: Slip) -> Callable[..., Any]:
        return self._slips.version(self._name, slips)

    def two(self, most: int) -> Found | None:
        """The first of `most` pairs of slips that explains the answers."""
        for pair in islice(pairs(self.likely()), most):
            if self._trials.explains(self._version(*pair)):
                ordered = sorted(pair, key=lambda slip: words_of(slip).rank)
                by_name = {words_of(slip).name: (slip,) for slip in ordered}
                return Found(tuple(by_name), self._version(*pair), slips=tuple(by_name.values()))
        return None

    def likely(self) -> list[Slip]:
        """The slips that are tried two at a time, the likeliest first.

        Of slips with equal effects one is enough, and none is needed of those without an effect.
        """
        first: dict[str, Slip] = {}
        for slip in likely_in_pairs(self._slips.of(self._name), self._name):
            effect = self._trials.effect(self._version(slip))
            if effect:
                first.setdefault(effect, slip)
        return list(first.values())
