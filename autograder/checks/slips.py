"""Mistakes that nobody catalogued: one change of the reference, or two, told in its own names.

A slip explains answers when the reference with that slip gives exactly the same answers. Often
several slips do. Then only the most specific ones count. If their sentences agree, the student
reads that sentence. If they differ but belong to one family, the student reads a sentence about the
family. Otherwise the student reads nothing, because a wrong name does more harm than none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.checks.slip_changes import OF_PRODUCT
from autograder.checks.slip_places import Slip
from autograder.checks.slip_sites import Slips

MOST_PAIRS = 1000
"""Most pairs of slips that are tried for the answers of one exercise."""
JOINED = " with "
"""What stands between the names of two slips that explain answers together."""


HINTS = (
    "Put small numbers into the formula by hand, and compare each step with your code.",
    "Which part of your code stands for the part that is named here?",
    "Read the exercise's formula once more, from left to right, with your code beside it.",
)
"""The hints that go with every slip."""


@dataclass(frozen=True)
class Words:
    """The words for a slip, and how specific they are.

    Args:
        rank: a low rank means specific words. Of several explanations, the lowest rank counts.
        family: what slips of a rank have in common.
        name: a short name, for lists.
        sentence: what the student reads.
    """

    rank: int
    family: str
    name: str
    sentence: str


_SIGN = Words(
    6,
    "sign",
    "sign",
    "A sign is the wrong way round: a difference is taken the other way, or a step is subtracted "
    "where it should be added.",
)
_TRANSPOSED = Words(2, "product", "transposed", "Rows and columns of an array are swapped.")
_TABLE: dict[str, Words] = {
    "left out": Words(0, "left out", "left out: {what}", "You leave out {what} as a factor."),
    "not divided": Words(0, "left out", "not divided: {what}", "You do not divide by {what}."),
    "squared": Words(0, "twice", "twice: {what}", "You multiply by {what} twice."),
    "divided twice": Words(0, "twice", "divided twice: {what}", "You divide by {what} twice."),
    "term left out": Words(1, "left out", "left out: {what}", "You leave out {what} in the sum."),
    "not applied": Words(1, "call", "left out: {about}", "You leave out {about_code}."),
    "applied twice": Words(1, "call", "twice: {about}", "You apply {about_code} twice."),
    "applied after": Words(
        1,
        "call",
        "after {about}: {function}",
        "You hand {function_code} the value of {about_code}. It wants the value that goes into "
        "{about_code}.",
    ),
    "instead": Words(
        2,
        "call",
        "mixed up: {about} for {function}",
        "You use {about_code} where {function_code} belongs.",
    ),
    "reduction": Words(
        1,
        "reduction",
        "{about} for {what_plain}",
        "You take the {about} in place of the {what_plain}.",
    ),
    "not reduced": Words(1, "reduction", "no {what_plain}", "You do not take the {what_plain}."),
    "axis": Words(
        2, "reduction", "wrong axis: {what_plain}", "You take the {what_plain} over the wrong axis."
    ),
    "axis kept": Words(
        2, "reduction", "wrong axis: {what_plain}", "You take the {what_plain} over the wrong axis."
    ),
    "dot": Words(2, "product", "summed product", "You sum products that belong side by side."),
    "elementwise": Words(
        2,
        "product",
        "elementwise product",
        "You multiply element by element where the products belong in a sum (`np.dot`).",
    ),
    "outer": Words(2, "product", "outer product", "You multiply each number with each other one."),
    "sides swapped": Words(
        2, "product", "sides swapped", "You swap the two sides of a product of arrays."
    ),
    "first transposed": Words(
        2, "product", "transposed", "Rows and columns of an array are swapped."
    ),
    "second transposed": Words(
        2, "product", "transposed", "Rows and columns of an array are swapped."
    ),
    "transposed": _TRANSPOSED,
    "name": Words(
        3, "name", "mixed up: {other_plain} for {what}", "You use {other} where {what} belongs."
    ),
    "times": Words(
        2, "operation", "times for /", "You multiply where you should divide by {other}."
    ),
    "minus": Words(2, "sign", "minus for +", "You subtract {other} where it should be added."),
    "added": Words(2, "sign", "plus for -", "You add {other} where it should be subtracted."),
    "over": Words(
        2, "operation", "over for *", "You divide by {other} where you should multiply by it."
    ),
    "turned over": Words(
        3, "operation", "turned over", "A quotient is upside down, or stands for a product."
    ),
    "brackets": Words(
        2, "operation", "brackets", "Brackets are missing, or stand in the wrong place."
    ),
    "plus": Words(4, "operation", "plus", "You add {other} where it does not belong in a sum."),
    "not raised": Words(2, "operation", "not raised", "You leave out the power of {what}."),
    "absolute": Words(2, "operation", "absolute", "You take the absolute value, not the power."),
    "reversed": Words(
        5,
        "sign",
        "reversed: {what} - {other}",
        "You take {what} minus {other} the wrong way round.",
    ),
    "sign": _SIGN,
    "doubled": Words(7, "size", "doubled", "Your answer is twice as large as it should be."),
    "halved": Words(7, "size", "halved", "Your answer is half as large as it should be."),
    "number": Words(8, "number", "wrong number", "A number in your formula is not the right one."),
    "extra row": Words(4, "shape", "dimension too many", "Your answer has a dimension too many."),
    "extra column": Words(
        4, "shape", "dimension too many", "Your answer has a dimension too many."
    ),
    "flat": Words(4, "shape", "flattened", "Your answer has its numbers in one long row."),
    "summed": Words(4, "shape", "summed", "You sum your answer into one number."),
    "averaged": Words(4, "shape", "averaged", "You average your answer into one number."),
    "swapped parts": Words(
        1, "parts", "parts swapped", "You give back the parts of your answer in the wrong order."
    ),
    "kept": Words(
        1, "loop", "not renewed: {what}", "In your loop, {what} stays as it was before the round."
    ),
    "first round": Words(
        1,
        "loop",
        "first round only",
        "Your loop ends after its first round: does `return` stand inside it?",
    ),
    "rounds": Words(
        2, "loop", "number of rounds", "Your loop makes one round too many or too few."
    ),
    "only the first": Words(1, "loop", "first only", "You use the first record only."),
    "only the last": Words(1, "loop", "last only", "You use the last record only."),
    "without the first": Words(1, "loop", "without the first", "You leave out the first record."),
    "without the last": Words(1, "loop", "without the last", "You leave out the last record."),
    "argument added": Words(
        3,
        "argument",
        "added: {about}",
        "You give back {about_code} with the answer added to it, and not the answer alone.",
    ),
    "argument taken away": Words(
        3,
        "argument",
        "taken away: {about}",
        "You give back the answer with {about_code} taken away from it.",
    ),
    "divided by size": Words(
        5,
        "divided",
        "divided by the length of {about}",
        "You divide by the number of entries of {about_code} once too often.",
    ),
    "multiplied by size": Words(
        5,
        "multiplied",
        "not divided by the length of {about}",
        "Your answer is too large by the number of entries of {about_code}: is a mean missing?",
    ),
    "other size": Words(
        5,
        "counted",
        "wrong count",
        "You divide by one number of entries where another one belongs.",
    ),
    "comparison": Words(1, "operation", "comparison", "You compare the wrong way round."),
}
_FAMILIES = {
    "sign": _SIGN,
    "name": Words(3, "name", "wrong variable", "You use one variable where another one belongs."),
    "product": Words(
        2,
        "product",
        "product of arrays",
        "The sides of a product of arrays are swapped, or one of them is transposed.",
    ),
    "divided": Words(
        5, "divided", "divided once too often", "You divide by a number of entries once too often."
    ),
    "multiplied": Words(
        5,
        "multiplied",
        "mean missing",
        "Your answer is too large by a number of entries: is a mean missing?",
    ),
    "shape": Words(4, "shape", "shape", "Your answer has another shape than it should have."),
}
"""By family, the words for several slips of it that give the same numbers."""
_IN_PAIRS = frozenset(
    {"left out", "not divided", "squared", "term left out", "not applied", "applied after"}
    | {"reduction", "elementwise", "name", "minus", "sign", "doubled", "halved", "first transposed"}
    | {"not raised", "kept", "swapped parts", "applied twice", "instead", "rounds", "transposed"}
    | {"added", "not divided", "second transposed", "brackets"}
)
"""Kinds of slips that are likely enough to be made two at a time."""
_WITHOUT_PLACE = frozenset(
    {"sign", "doubled", "halved", "swapped parts", "rounds", "transposed", "brackets", "name"}
    | {"first transposed", "second transposed", "reduction"}
)
"""Those whose words name no part of the formula."""


def words_of(slip: Slip) -> Words:
    """The words for one slip."""
    kind, about = slip.change
    if kind == "name" and (slip.what == slip.other or not slip.other):
        return _FAMILIES[kind]
    found = _TABLE[kind]
    function = slip.what.partition("(")[0]
    known = {
        "what": _code(slip.what, "another value" if kind == "name" else "one part of it"),
        "what_plain": slip.what,
        "other": _code(slip.other, "a part"),
        "other_plain": slip.other,
        "about": about,
        "about_code": f"`{about}`",
        "function": function,
        "function_code": f"`{function}`",
    }
    name = found.name.format(**{**known, "what": slip.what or "another part", "other": slip.other})
    return Words(found.rank, found.family, name, found.sentence.format(**known))


def _code(text: str, otherwise: str) -> str:
    """An expression as code; a number is not told."""
    return text if text == "a number" else f"`{text}`" if text else otherwise


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
    return _FAMILIES.get(families.pop()) if len(families) == 1 else None


def pairs(slips: Sequence[Slip], name: str) -> Iterator[tuple[Slip, Slip]]:
    """Pairs of slips that are likely together, the likeliest first, each at two places.

    Args:
        slips: those that can change what a function gives.
        name: of the function. A sign or size that is wrong somewhere mostly makes the whole answer
            wrong by the same factor, so the whole answer is tried first.
    """
    own = [slip for slip in slips if slip.function == name and slip.change[0] in OF_PRODUCT]
    whole = list({slip.change[0]: slip for slip in own}.values())
    others = (slip for slip in slips if slip not in whole and _is_likely(slip))
    likely = whole + sorted(others, key=lambda slip: words_of(slip).rank)
    count = 0
    for total in range(2 * len(likely)):
        for i in range(max(0, total - len(likely) + 1), (total + 1) // 2):
            first, second = likely[i], likely[total - i]
            if first.place != second.place:
                yield first, second
                count += 1
                if count == MOST_PAIRS:
                    return


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
    """

    names: tuple[str, ...]
    version: Callable[..., Any]


def explaining(
    slips: Slips, name: str, explains: Callable[[Callable[..., Any]], bool]
) -> Found | None:
    """The slip by which a function gives certain answers; None if there is none.

    Args:
        slips: of the reference, or of a mistake.
        name: of the function.
        explains: whether a version of the function gives these answers.
    """
    found = [slip for slip in slips.of(name) if explains(slips.version(name, [slip]))]
    if not found:
        return None
    words = told(found, name)
    names = (words.name,) if words is not None else ()
    return Found(names, slips.version(name, found[:1]))


def explaining_pair(
    slips: Slips, name: str, explains: Callable[[Callable[..., Any]], bool]
) -> Found | None:
    """The first pair of slips by which a function gives certain answers."""
    for pair in pairs(slips.of(name), name):
        if explains(slips.version(name, pair)):
            words = sorted(map(words_of, pair), key=lambda one: one.rank)
            names = dict.fromkeys(one.name for one in words)
            return Found(tuple(names), slips.version(name, pair))
    return None


def all_words(*known: Slips) -> dict[str, Words]:
    """Everything that can be told of slips, by name."""
    found = {one.name: one for one in _FAMILIES.values()}
    for slips in known:
        found |= {words.name: words for words in map(words_of, slips.all)}
    return found
