"""Answers against references: which difference is told, and what is never told."""

import itertools
import re
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.checks.compare import NotNumbers, as_numbers, compare
from autograder.sandbox.inside.wire import KINDS, Unsendable, WireError, decode, encode

VECTOR = np.array([1.25, -2.5, 3.75])
MATRIX = np.array([[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]])
LAST_WRONG = VECTOR + np.array([0.0, 0.0, 1.0])
SQUARE = np.array([[1.0, 2.0], [7.0, 16.0]])


def over_the_border(value):
    """The value as it comes out of the sandbox."""
    frame = encode(value, frame_bytes=10**6, elements=10_000)
    return decode(frame[4:], elements=10_000)


class Deeper:
    """Gives itself, twice."""

    def __iter__(self):
        return iter((self, self))


SAYS = {
    "agrees": r"^$",
    "type": r"not numbers|None|It returns (numbers that|complex|a list whose|something)",
    "parts": r"(more|fewer) values than|It should return \d values",
    "shape": r"where (one number|a 1-D array) is|rows and columns are|The shape differs",
    "finite": r"contains (NaN|infinity)",
    "sign": r"has the wrong sign",
    "transposed": r"The matrix is transposed\.",
    "precision": r"nearly right",
    "factor": r"twice|by the same factor",
    "value": r"is zero|others are not|not the right one|the numbers are not\.",
}
"""By kind of difference, what the message on it says, and the message on no other one."""


@pytest.mark.parametrize(
    ("answer", "expected", "kind"),
    [
        pytest.param(VECTOR.copy(), VECTOR, "agrees", id="equal"),
        pytest.param(VECTOR.tolist(), VECTOR, "agrees", id="list"),
        pytest.param(tuple(VECTOR), VECTOR, "agrees", id="tuple-of-scalars"),
        pytest.param(VECTOR.astype("f4"), VECTOR, "agrees", id="float32"),
        pytest.param(VECTOR.astype(">f8"), VECTOR, "agrees", id="other-byte-order"),
        pytest.param(VECTOR * (1 + 1e-8), VECTOR, "agrees", id="rounding"),
        pytest.param(np.float32(1 / 3), 1 / 3, "agrees", id="float32-scalar"),
        pytest.param(2, 2.0, "agrees", id="int"),
        pytest.param(True, 1.0, "agrees", id="truth-value"),
        pytest.param(10**30, 1e30, "agrees", id="integer-beyond-64-bits"),
        pytest.param(np.array(2.5), 2.5, "agrees", id="no-dimension-for-number"),
        pytest.param(np.zeros((0, 3)), np.zeros((0, 3)), "agrees", id="empty"),
        pytest.param(np.array([np.inf]), np.array([np.inf]), "agrees", id="infinity-asked-for"),
        pytest.param(None, VECTOR, "type", id="none"),
        pytest.param("1.25", 1.25, "agrees", id="digits"),
        pytest.param(b"1", 1.0, "agrees", id="digits-as-bytes"),
        pytest.param(["1.25", -2.5, b"3.75"], VECTOR, "agrees", id="list-with-digits"),
        pytest.param(VECTOR.astype("U"), VECTOR, "agrees", id="array-of-digits"),
        pytest.param(np.str_("1.25"), 1.25, "agrees", id="digits-of-numpy"),
        pytest.param(np.array("1.25", dtype=object), 1.25, "agrees", id="object-of-digits"),
        pytest.param(VECTOR.view([("w", "f8")]), VECTOR, "agrees", id="one-field"),
        pytest.param(VECTOR.view([("w", "f8")])[0], VECTOR[0], "agrees", id="record-of-one-field"),
        pytest.param(VECTOR.view([("w", "f4"), ("v", "f4")]), VECTOR, "type", id="two-fields"),
        pytest.param("three", 3.0, "type", id="text"),
        pytest.param(str(VECTOR), VECTOR, "type", id="printed-array"),
        pytest.param(["1.25", None, "3.75"], VECTOR, "type", id="digits-with-a-hole"),
        pytest.param({"a": 1.0}, 1.0, "type", id="dict"),
        pytest.param({1.0}, 1.0, "type", id="set"),
        pytest.param(np.random.default_rng(1), 1.0, "type", id="generator"),
        pytest.param(VECTOR + 0j, VECTOR, "agrees", id="complex-without-imaginary-parts"),
        pytest.param([1.25 + 0j, -2.5, 3.75], VECTOR, "agrees", id="list-with-a-complex-number"),
        pytest.param(VECTOR + 1e-12j, VECTOR, "agrees", id="complex-by-rounding"),
        pytest.param(VECTOR + 1e-3j, VECTOR, "type", id="complex"),
        pytest.param(10**400, 1.0, "type", id="integer-beyond-floats"),
        pytest.param([[1.0], [1.0, 2.0]], MATRIX, "type", id="ragged"),
        pytest.param(["a", "b"], VECTOR[:2], "type", id="list-of-text"),
        pytest.param([1.0, None, 2.0], VECTOR, "type", id="list-with-a-hole"),
        pytest.param([1.0, Unsendable("function"), 2.0], VECTOR, "type", id="list-with-function"),
        *[pytest.param(Unsendable(k), VECTOR, "type", id=f"unsendable-{k}") for k in KINDS],
        pytest.param(VECTOR[:, None], VECTOR, "shape", id="column-instead-of-vector"),
        pytest.param(VECTOR[None, :], VECTOR, "shape", id="row-instead-of-vector"),
        pytest.param(VECTOR[:2], VECTOR, "shape", id="too-short"),
        pytest.param(MATRIX.T, MATRIX, "shape", id="transposed-in-shape"),
        pytest.param(1.25, VECTOR, "shape", id="number-instead-of-vector"),
        pytest.param(VECTOR, 1.25, "shape", id="vector-instead-of-number"),
        pytest.param(np.array([1.25]), 1.25, "shape", id="vector-of-one-instead-of-number"),
        pytest.param(np.array([np.nan, 1, 2]), VECTOR, "finite", id="nan"),
        pytest.param(np.array([np.inf, 1, 2]), VECTOR, "finite", id="infinity"),
        pytest.param(float("nan"), 1.0, "finite", id="nan-number"),
        pytest.param(-VECTOR, VECTOR, "sign", id="wrong-sign"),
        pytest.param(SQUARE.T, SQUARE, "transposed", id="transposed-square"),
        pytest.param(VECTOR.round(1), VECTOR, "value", id="rounded-far"),
        pytest.param(VECTOR + 4e-4, VECTOR, "precision", id="rounded-near"),
        pytest.param(2 * VECTOR, VECTOR, "factor", id="twice"),
        pytest.param(VECTOR / 3, VECTOR, "factor", id="a-third"),
        pytest.param(-2 * VECTOR, VECTOR, "factor", id="minus-twice"),
        pytest.param(np.zeros(3), VECTOR, "value", id="zeros"),
        pytest.param(LAST_WRONG, VECTOR, "value", id="partly-right"),
        pytest.param(VECTOR[::-1], VECTOR, "value", id="reversed"),
        pytest.param(3.0, 2.0, "value", id="another-number"),
        pytest.param((VECTOR, 2.0), (VECTOR, 2.0), "agrees", id="parts"),
        pytest.param([VECTOR, 2.0], (VECTOR, 2.0), "agrees", id="parts-as-list"),
        pytest.param(MATRIX, (MATRIX[0], MATRIX[1]), "agrees", id="parts-as-rows"),
        pytest.param(VECTOR, (VECTOR, 2.0), "parts", id="one-part-instead-of-two"),
        pytest.param((VECTOR, 2.0, 1.0), (VECTOR, 2.0), "parts", id="three-parts"),
        pytest.param(None, (VECTOR, 2.0), "type", id="none-instead-of-parts"),
        pytest.param((VECTOR, -2.0), (VECTOR, 2.0), "sign", id="second-part-negated"),
        pytest.param((2.0, VECTOR), (VECTOR, 2.0), "shape", id="parts-exchanged"),
    ],
)
def test_an_answer_is_told_by_its_kind_of_difference(answer, expected, kind):
    """Shape comes before finiteness, finiteness before value, value before relation."""
    comparison = compare(over_the_border(answer), expected)
    assert comparison.agrees == (kind == "agrees")
    assert bool(comparison.message) != comparison.agrees
    said = {kind for kind, words in SAYS.items() if re.search(words, comparison.message)}
    assert said == {kind}


@pytest.mark.parametrize(
    ("answer", "expected", "words"),
    [
        pytest.param(None, 1.0, "`return` missing", id="none"),
        pytest.param(None, (VECTOR, 2.0), "`return` missing", id="none-instead-of-parts"),
        pytest.param(VECTOR[:, None], VECTOR, "a column", id="column"),
        pytest.param(VECTOR[None, :], VECTOR, "a row", id="row"),
        pytest.param(MATRIX.T, MATRIX, "rows and columns are swapped", id="transposed"),
        pytest.param(MATRIX[:, :2], MATRIX, "axis 1 of the result", id="axis"),
        pytest.param(2 * VECTOR, VECTOR, "twice", id="twice"),
        pytest.param(VECTOR / 2, VECTOR, "half", id="half"),
        pytest.param(-VECTOR / 2, VECTOR, "minus half", id="minus-half"),
        pytest.param(VECTOR / 7, VECTOR, "too small by the same factor", id="too-small"),
        pytest.param(-7 * VECTOR, VECTOR, "has the wrong sign", id="too-large-and-negated"),
        pytest.param((VECTOR, -2.0), (VECTOR, 2.0), "Value 2 of 2", id="part"),
        pytest.param(np.zeros(3), VECTOR, "is zero", id="zeros"),
        pytest.param(0.0, 2.0, "The number is zero", id="zero"),
        pytest.param(3.0, 2.0, "one number, as asked for", id="another-number"),
        pytest.param(-2.0, 2.0, "The number has the wrong sign", id="number-negated"),
        pytest.param(2.0004, 2.0, "The number is nearly right", id="number-rounded"),
        pytest.param((VECTOR, 3.0), (VECTOR, 2.0), "Value 2 of 2: It is one", id="part-value"),
        pytest.param([1.25, None, 3.75], VECTOR, "There is a None in the list", id="hole"),
        pytest.param(LAST_WRONG, VECTOR, "Some of the numbers are right", id="partly"),
    ],
)
def test_the_message_says_what_differs(answer, expected, words):
    """The words name the difference as a student would look for it."""
    assert words in compare(answer, expected).message


numbers = st.floats(100.0, 9e5).map(lambda x: round(x, 3)) | st.integers(100, 10**6).map(float)
answers = (
    st.none()
    | st.floats()
    | st.text(max_size=3)
    | st.lists(st.floats(), max_size=4)
    | hnp.arrays("f8", hnp.array_shapes(max_dims=3, max_side=3))
)


@settings(deadline=None, max_examples=150, derandomize=True, database=None)
@given(hnp.arrays("f8", hnp.array_shapes(max_dims=2, max_side=3), elements=numbers), st.data())
def test_no_message_holds_a_number_of_the_expected_array(expected, data):
    """Messages speak of axes and dimensions, never of an expected value, in any notation."""
    related = st.sampled_from([-expected, 2 * expected, expected / 3, expected.T, expected + 1])
    answer = data.draw(answers | related)
    with np.errstate(all="ignore"):
        message = compare(answer, expected).message
    assert all(abs(float(found)) < 100 for found in re.findall(r"\d+(?:\.\d+)?", message))


@settings(deadline=None, max_examples=100, derandomize=True, database=None)
@given(hnp.arrays("f8", hnp.array_shapes(max_dims=3, max_side=3), elements=st.floats(-1e6, 1e6)))
def test_every_array_agrees_with_itself(array):
    """Whatever finite numbers are expected, exactly they are right, also as lists."""
    assert compare(array.copy(), array).agrees
    assert compare(array.tolist(), array).agrees


@settings(deadline=None, max_examples=100, derandomize=True, database=None)
@given(
    hnp.arrays("f8", hnp.array_shapes(max_dims=2, max_side=3), elements=st.floats(1, 1e6)),
    st.floats(1e-4, 0.5),
    st.data(),
)
def test_one_wrong_number_is_enough(array, off, data):
    """An array with a single entry off by a hundredth of a percent does not agree."""
    wrong = array.copy()
    place = data.draw(st.integers(0, wrong.size - 1))
    wrong.flat[place] *= 1 + off
    assert not compare(wrong, array).agrees


def test_a_list_of_booleans_is_numbers():
    """Truth values count as 0 and 1."""
    assert as_numbers([True, False]).tolist() == [1.0, 0.0]


def test_what_is_no_array_says_what_it_is():
    """The text of NotNumbers is the student's line."""
    with pytest.raises(NotNumbers, match="a class, not numbers"):
        as_numbers(Unsendable("class"))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((part for part in (1.0, np.ones(2))), id="generator"),
        pytest.param(map(np.asarray, (1.0, np.ones(2))), id="map"),
        pytest.param({"a": 1.0, "b": np.ones(2)}.values(), id="values-of-a-dict"),
    ],
)
def test_what_two_names_can_take_apart_is_a_pair(answer):
    """An assignment to two names takes it, so it is two values; for one value it is none."""
    crossed = over_the_border(answer)
    assert compare(crossed, (1.0, np.ones(2))).agrees
    assert not compare(crossed, (1.0, np.zeros(2))).agrees
    assert not compare(crossed, (1.0, np.ones(2), 1.0)).agrees
    assert not compare(crossed, 1.0).agrees


@pytest.mark.parametrize("endless", [itertools.count(), Deeper()], ids=["count", "itself"])
def test_what_does_not_come_to_an_end_is_no_pair(endless):
    """An endless iterator, or one that holds itself, is not taken apart without bound."""
    with suppress(WireError):
        assert not compare(over_the_border(endless), (1.0, 2.0)).agrees
