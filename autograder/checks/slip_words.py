"""The words for slips: a short name for lists, and the sentence that a student reads.

A stored report has only the name, and its words are found by it. So a name holds everything that
differs between two sentences.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from autograder.checks.slip_changes import REDUCTIONS
from autograder.checks.slip_places import Slip


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
    7,
    "sign",
    "sign",
    "A sign is the wrong way round: a difference is taken the other way, or a step is subtracted "
    "where it should be added.",
)
_INDEX = Words(
    4, "index", "wrong index", "An index or a bound in square brackets is not the right one."
)
_TRANSPOSED = Words(2, "product", "transposed", "Rows and columns of an array are swapped.")
_TABLE: dict[str, Words] = {
    "left out": Words(
        0, "left out", "factor left out: {what}", "You leave out {what_code} as a factor."
    ),
    "not divided": Words(0, "left out", "not divided: {what}", "You do not divide by {what_code}."),
    "squared": Words(2, "twice", "twice: {what}", "You multiply by {what_code} twice."),
    "divided twice": Words(2, "twice", "divided twice: {what}", "You divide by {what_code} twice."),
    "term left out": Words(
        1, "left out", "term left out: {what}", "You leave out {what_code} in the sum."
    ),
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
        1, "reduction", "wrong axis: {what_plain}", "You take the {what_plain} over the wrong axis."
    ),
    "axis kept": Words(
        1, "reduction", "wrong axis: {what_plain}", "You take the {what_plain} over the wrong axis."
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
        3, "name", "mixed up: {other} for {what}", "You use {other_code} where {what_code} belongs."
    ),
    "entry for": Words(
        3,
        "name",
        "mixed up: {about} for an entry",
        "You use {about_code} where an entry of something else belongs.",
    ),
    "index": _INDEX,
    "index more": _INDEX,
    "index fewer": _INDEX,
    "not indexed": Words(
        1,
        "index",
        "all of {what}",
        "You take all of {what_code}, where one entry or a part of it belongs.",
    ),
    "index itself": Words(
        2,
        "index",
        "indices for {what}",
        "You use indices themselves, where the entries of {what_code} belong.",
    ),
    "1 more": Words(
        5,
        "counted",
        "off by one: {what}",
        "The number {what_code} is one too large or one too small in your formula.",
    ),
    "1 fewer": Words(
        5,
        "counted",
        "off by one: {what}",
        "The number {what_code} is one too large or one too small in your formula.",
    ),
    "by one less": Words(
        2,
        "reduction",
        "n or n - 1: {what}",
        "You divide by the number of entries, where one less belongs, or the other way round "
        "(`ddof`).",
    ),
    "mean by one less": Words(
        2,
        "reduction",
        "n or n - 1: {what}",
        "You divide by the number of entries, where one less belongs, or the other way round "
        "(`ddof`).",
    ),
    "length": Words(
        2,
        "counted",
        "other count: {what}",
        "You count the entries of something else, or along another axis, where {what_code} "
        "belongs.",
    ),
    "rooted": Words(
        4, "reduction", "root of the {what_plain}", "You take the root of the {what_plain}."
    ),
    "plain sum": Words(
        1,
        "order",
        "no square and no root",
        "You take a plain sum, with neither squares nor a root.",
    ),
    "sum of sizes": Words(
        0,
        "order",
        "sum of absolute values",
        "You take a sum of absolute values, in place of the root of a sum of squares.",
    ),
    "stale": Words(
        2,
        "loop",
        "not renewed in the formula: {what}",
        "Each round of your loop uses {what_code} as it was before the first round.",
    ),
    "without option": Words(3, "reduction", "left out: {about}", "You leave out {about_code}."),
    "averaged over": Words(
        4,
        "counted",
        "averaged over {about}",
        "You divide by the number of entries of {about_code}, which is not the one that counts.",
    ),
    "averaged along": Words(
        4,
        "counted",
        "averaged over the columns of {about}",
        "You divide by the number of columns of {about_code}, which is not the one that counts.",
    ),
    "roots reduced": Words(
        2, "reduction", "roots summed", "You take roots before you sum; the formula has none there."
    ),
    "times": Words(
        2,
        "operation",
        "times for /: {other}",
        "You multiply where you should divide by {other_code}.",
    ),
    "minus": Words(
        2, "sign", "minus for +: {other}", "You subtract {other_code} where it should be added."
    ),
    "added": Words(
        2, "sign", "plus for -: {other}", "You add {other_code} where it should be subtracted."
    ),
    "second only": Words(
        2,
        "left out",
        "only {other} of {what} - {other}",
        "You use {other_code} where {what_code} minus {other_code} belongs.",
    ),
    "less": Words(
        3,
        "operation",
        "minus for /: {other}",
        "You subtract where you should divide by {other_code}.",
    ),
    "other extreme": Words(
        1,
        "call",
        "other extreme",
        "You take the smaller of two numbers where the larger belongs, or the other way round.",
    ),
    "largest of all": Words(
        2, "call", "largest of all", "You take the largest of all numbers, not one for each entry."
    ),
    "smallest of all": Words(
        2,
        "call",
        "smallest of all",
        "You take the smallest of all numbers, not one for each entry.",
    ),
    "order": Words(
        1,
        "order",
        "order: {about} before {what}",
        "You take {about_first} before {what_plain}. It belongs after it.",
    ),
    "exchanged": Words(
        6, "exchange", "exchanged: {what}, {other}", "You exchange {what_code} and {other_code}."
    ),
    "zeros": Words(
        4, "start", "zeros for {what}", "You begin with zeros, and not with {what_code}."
    ),
    "zero": Words(
        4,
        "argument",
        "zero for {what}: {called}",
        "You hand zero to {called_code}, where {what_code} belongs.",
    ),
    "argument plus": Words(
        4,
        "argument",
        "plus {about}: {what}, {called}",
        "You add {about_code} to {what_code} where you hand it to {called_code}.",
    ),
    "first term alone": Words(
        2,
        "left out",
        "alone: {what}, {called}",
        "You hand {what_code} to {called_code} as it is, and nothing is added or taken away.",
    ),
    "square for it": Words(
        5,
        "argument",
        "square of {what}",
        "You use the square of {what_code}, not {what_code} itself.",
    ),
    "root for it": Words(
        5, "argument", "root of {what}", "You use the root of {what_code}, not {what_code} itself."
    ),
    "counter": Words(
        2, "loop", "counter off by one", "The counter of your loop is one too large in each round."
    ),
    "complement": Words(
        2,
        "operation",
        "complement: {what}",
        "You use {what_code} where one minus it belongs, and the other way round.",
    ),
    "argument alone": Words(
        2, "call", "{argument} for {function}", "You use {argument_code} in place of {what_code}."
    ),
    "arguments swapped": Words(
        3,
        "call",
        "argument order: {function}",
        "You hand its arguments to {function_code} in the wrong order.",
    ),
    "other function": Words(
        2, "call", "{about} for {function}", "You use `np.{about}` where {function_code} belongs."
    ),
    "over": Words(
        2,
        "operation",
        "over for *: {other}",
        "You divide by {other_code} where you should multiply by it.",
    ),
    "turned over": Words(
        3, "operation", "turned over", "A quotient is upside down, or stands for a product."
    ),
    "brackets": Words(
        2, "operation", "brackets", "Brackets are missing, or stand in the wrong place."
    ),
    "plus": Words(
        4, "operation", "plus: {other}", "You add {other_code} where it does not belong in a sum."
    ),
    "not raised": Words(
        2, "operation", "not raised: {what}", "You leave out the power of {what_code}."
    ),
    "absolute": Words(3, "operation", "absolute", "You take the absolute value, not the power."),
    "reversed": Words(
        5,
        "sign",
        "reversed: {what} - {other}",
        "You take {what_code} minus {other_code} the wrong way round.",
    ),
    "sign": _SIGN,
    "doubled": Words(8, "size", "doubled", "Your answer is twice as large as it should be."),
    "halved": Words(8, "size", "halved", "Your answer is half as large as it should be."),
    "number": Words(9, "number", "wrong number", "A number in your formula is not the right one."),
    "percent": Words(
        6, "answer", "in percent", "Your answer is a hundred times too large: is it in percent?"
    ),
    "square of it": Words(
        6, "answer", "square of the answer", "You give the square of the right answer."
    ),
    "root of it": Words(
        6, "answer", "root of the answer", "You give the root of the right answer."
    ),
    "size of it": Words(
        6,
        "answer",
        "absolute value of the answer",
        "You give the absolute value of the right answer.",
    ),
    "rest to 1": Words(6, "answer", "one minus the answer", "You give one minus the right answer."),
    "1 too many": Words(
        6, "answer", "one too large", "Your answer is larger by one: do you count from one?"
    ),
    "backwards": Words(
        4, "shape", "opposite order", "Your answer has its entries in the opposite order."
    ),
    "no first entry": Words(
        4, "shape", "first entry missing", "The first entry of your answer is missing."
    ),
    "no last entry": Words(
        4, "shape", "last entry missing", "The last entry of your answer is missing."
    ),
    "no ends": Words(
        4, "shape", "ends missing", "The first and the last entry of your answer are left out."
    ),
    "only first entry": Words(
        4, "shape", "first entry only", "You give only the first entry of the answer."
    ),
    "only last entry": Words(
        4, "shape", "last entry only", "You give only the last entry of the answer."
    ),
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
        1,
        "loop",
        "not renewed: {what}",
        "In your loop, {what_code} stays as it was before the round.",
    ),
    "first round": Words(
        1,
        "loop",
        "first round only",
        "You give what the first round of the loop gives: does `return` stand inside it, or is "
        "something not renewed?",
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
FAMILIES = {
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
    "reduction": Words(
        3,
        "reduction",
        "wrong sum or mean",
        "A sum, a mean or the like is another one than it should be, or goes over other entries.",
    ),
    "index": _INDEX,
    "left out": Words(3, "left out", "left out", "You leave out a part of the formula."),
    "order": Words(
        1, "order", "order of steps", "Two steps of the formula are in the wrong order."
    ),
    "exchange": Words(6, "exchange", "exchanged", "Two values are in each other's place."),
    "counted": Words(
        5,
        "counted",
        "wrong count",
        "You divide by one number of entries where another one belongs.",
    ),
    "shape": Words(4, "shape", "shape", "Your answer has another shape than it should have."),
}
"""By family, the words for several slips of it that give the same numbers."""


VAGUE = 3
"""By how much the rank of words grows that cannot say which part is wrong. It grows by one where
the same slip is made at several places."""


def words_of(slip: Slip) -> Words:
    """The words for one slip."""
    kind, about = slip.change
    if kind == "name" and (slip.what == slip.other or not slip.other):
        return replace(FAMILIES[kind], rank=FAMILIES[kind].rank + VAGUE)
    found = _OF_NUMBERS.get(kind) if slip.what == _NUMBER and slip.other else None
    found = found or _TABLE[kind]
    known = {
        "what": slip.what or "another part",
        "what_plain": slip.what,
        "what_code": _code(slip.what, "another value" if kind == "name" else "one part of it"),
        "other": slip.other or "a part",
        "other_code": _code(slip.other, "a part"),
        "about": about,
        "about_code": f"`{about}`",
        "about_first": f"the {about}" if about in REDUCTIONS else f"`{about}`",
        "function": slip.what.partition("(")[0],
        "function_code": f"`{slip.what.partition('(')[0]}`",
        "called": slip.where.partition(" ")[0],
        "called_code": _code(slip.where.partition(" ")[0], "a function"),
        "argument": _argument(slip) or "an argument",
        "argument_code": _code(_argument(slip), "one of the arguments alone"),
    }
    parts = (("what", slip.what), ("other", slip.other))
    is_vague = any(f"{{{key}_code}}" in found.sentence and not text for key, text in parts)
    name, sentence = found.name.format(**known), found.sentence.format(**known)
    return Words(found.rank + VAGUE * is_vague + bool(slip.also), found.family, name, sentence)


def _argument(slip: Slip) -> str:
    """The argument that a call is replaced by; empty where its words are not known."""
    if slip.change[0] != "argument alone" or "(" not in slip.what:
        return ""
    call = ast.parse(slip.what, mode="eval").body
    told = ast.unparse(call.args[int(slip.change[1])]) if isinstance(call, ast.Call) else ""
    return _NUMBER if told == "..." else told


def _code(text: str, otherwise: str) -> str:
    """An expression as code; a number is not told."""
    return text if text == _NUMBER else f"`{text}`" if text else otherwise


_NUMBER = "a number"
_OF_NUMBERS = {
    "left out": Words(
        0,
        "left out",
        "number left out: {other}",
        "You leave out the number by which {other_code} is multiplied.",
    ),
    "not divided": Words(
        0,
        "left out",
        "not divided by a number: {other}",
        "You do not divide {other_code} by its number.",
    ),
    "squared": Words(
        2,
        "twice",
        "twice by a number: {other}",
        "You multiply {other_code} by its number twice.",
    ),
    "divided twice": Words(
        2,
        "twice",
        "divided twice by a number: {other}",
        "You divide {other_code} by its number twice.",
    ),
}
"""The words where the part of a product is a number, which is not told."""


def of_family(family: str) -> Words | None:
    """The words for several slips of a family that give the same numbers, if it has any."""
    return FAMILIES.get(family)


def by_family_name(name: str) -> Words | None:
    """The words of a family by their name."""
    return next((words for words in FAMILIES.values() if words.name == name), None)
