"""Values across the border: what goes in comes out, and no bytes do harm."""

import array
import ctypes
import datetime
import enum
import json
import math
import socket
import string
import threading
import time
import tracemalloc
from collections import UserList, deque, namedtuple
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.checks.compare import as_numbers, compare
from autograder.sandbox.inside.channel import Channel, ClosedByPeer, DeadlinePassed
from autograder.sandbox.inside.codecs import DECODERS, STRUCTURES, Member, Record
from autograder.sandbox.inside.wire import DEPTH, Unsendable, WireError, decode, encode, weigh

MIB = 1 << 20
ELEMENTS = 20_000
DTYPES = "b1 i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16 S3 U3".split()
ALL_DTYPES = [f"{order}{kind}" for kind in DTYPES for order in "<>"]
GENERATORS = ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"]
quick = settings(
    deadline=None,
    max_examples=120,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def through(value, **caps):
    """What the other side gets of a value."""
    frame = encode(value, **{"frame_bytes": MIB, "elements": ELEMENTS, **caps})
    assert int.from_bytes(frame[:4], "big") == len(frame) - 4
    return decode(frame[4:], elements=ELEMENTS, generators=True)


def framed(header, blocks=b""):
    """A frame, without its first length, as somebody might forge it."""
    data = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(data).to_bytes(4, "big") + data + blocks


def same(a, b):
    """Whether two values are the same in type, shape and content, NaN included."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray | np.generic):
        exact = a.dtype == b.dtype and a.shape == b.shape
        return exact and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(map(repr, a)) == list(map(repr, b)) and all(map(same, a.values(), b.values()))
    if isinstance(a, set):
        return sorted(map(repr, a)) == sorted(map(repr, b))
    if isinstance(a, float):
        return repr(a) == repr(b)
    if isinstance(a, complex):
        return repr(a) == repr(b)
    return a == b


keys = (
    st.none()
    | st.booleans()
    | st.integers(min_value=1 - 2**60, max_value=2**60 - 1)
    | st.text(max_size=5)
)
scalars = keys | st.integers() | st.binary(max_size=5) | st.floats() | st.complex_numbers()
arrays = st.sampled_from(ALL_DTYPES).flatmap(
    lambda dtype: hnp.arrays(
        np.dtype(dtype), hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
    )
)
numpy_scalars = st.sampled_from(DTYPES).flatmap(
    lambda dtype: hnp.arrays(np.dtype(dtype), ()).map(lambda array: array[()])
)
plain = st.recursive(
    scalars | arrays | numpy_scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(keys, inner, max_size=4)
        | st.sets(keys, max_size=4)
    ),
    max_leaves=12,
)


@quick
@given(plain)
def test_plain_values_come_out_as_they_went_in(value):
    """decode(encode(v)) is v, in type, shape and content, for everything that crosses."""
    assert same(through(value), value)


@quick
@given(st.integers(min_value=-(10**4000), max_value=10**4000))
def test_big_integers_cross(number):
    """An integer of any size that Python writes down crosses exactly."""
    assert through(number) == number


@pytest.mark.parametrize("dtype", [*ALL_DTYPES, "f16", "c32"])
def test_arrays_of_every_allowed_dtype_cross(dtype):
    """An array keeps its dtype, byte order, shape and content, and may be written to."""
    array = np.arange(1, 7).reshape(2, 3).astype(dtype)
    got = through(array)
    assert got.dtype == array.dtype
    assert np.array_equal(got, array)
    got[0, 0] = got[1, 1]


@pytest.mark.parametrize(
    "array",
    [
        pytest.param(np.array(2.5), id="no-dimension"),
        pytest.param(np.zeros((0,)), id="empty"),
        pytest.param(np.zeros((3, 0, 2), dtype="i4"), id="empty-in-the-middle"),
        pytest.param(np.arange(12.0).reshape(3, 4).T, id="transposed"),
        pytest.param(np.arange(12.0)[::-3], id="strided-backwards"),
        pytest.param(np.broadcast_to(1.5, (4, 5)), id="broadcast"),
        pytest.param(np.array([np.nan, np.inf, -np.inf, -0.0]), id="not-finite"),
    ],
)
def test_arrays_of_any_layout_cross(array):
    """The shape of an array and its numbers cross, however they lie in memory."""
    assert same(through(array), np.asarray(array))


@pytest.mark.parametrize("name", GENERATORS)
def test_generators_cross_with_their_state(name):
    """A generator on the other side goes on exactly where this one stands."""
    rng = np.random.Generator(getattr(np.random, name)(5))
    rng.normal(size=3)
    rng.integers(0, 10, dtype=np.uint32)
    copy = through(rng)
    assert np.array_equal(copy.normal(size=700), rng.normal(size=700))


class Pretender(np.ndarray):
    """An array that says that it equals everything."""

    def __eq__(self, other):
        return True

    __hash__ = None


class Odd(int):
    """An integer with a will of its own."""

    def __int__(self):
        return 99

    __index__ = __int__


class Word(str):
    """A text with a will of its own."""

    def __str__(self):
        return "forged"


class Real(float):
    """A float with a will of its own."""

    def __float__(self):
        return 99.0


class Listing(list):
    """A list by another name."""


class Colour(enum.IntEnum):
    """Integers with names."""

    RED = 3


@pytest.mark.parametrize(
    "value",
    [
        {frozenset({1}), frozenset()},
        {b"x": 1, (1, "a"): 2, None: 3},
        {Fraction(1, 2): 1, Decimal("0.1"): 2, 1j: 3, frozenset({"a"}): 4},
        {datetime.date(2026, 1, 2): 1, datetime.timedelta(1): 2},
    ],
    ids=str,
)
def test_a_few_keys_of_any_kind_cross(value):
    """Their hashes could be chosen, but so few cost nothing."""
    assert same(through(value), value)


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize(
    ("value", "base"),
    [
        pytest.param(Odd(3), 3, id="int"),
        pytest.param(Colour.RED, 3, id="enum"),
        pytest.param(Word("plain"), "plain", id="str"),
        pytest.param(Real(2.5), 2.5, id="float"),
        pytest.param(Listing([1, 2]), [1, 2], id="list"),
        pytest.param(range(3), [0, 1, 2], id="range"),
        pytest.param({1: 2}.keys(), [1], id="dict-keys"),
        pytest.param({1: 2}.items(), [(1, 2)], id="dict-items"),
        pytest.param(np.array([1.0, 2.0]).view(Pretender), np.array([1.0, 2.0]), id="array"),
        pytest.param(np.matrix([[1.0, 2.0]]), np.array([[1.0, 2.0]]), id="matrix"),
        pytest.param(np.array([1, "a", None], dtype=object), [1, "a", None], id="objects"),
    ],
)
def test_subclasses_are_reduced_to_what_they_stand_on(value, base):
    """Whatever a subclass overrides, the plain base value crosses."""
    assert same(through(value), base)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        pytest.param(len, "function", id="function"),
        pytest.param(int, "class", id="class"),
        pytest.param(math, "module", id="module"),
        pytest.param(iter([1]), "generator", id="iterator"),
        pytest.param(object(), "object", id="object"),
    ],
)
def test_what_does_not_cross_is_named_by_its_kind(value, kind):
    """A value that does not cross arrives as one of a fixed list of kinds."""
    assert through([value]) == [Unsendable(kind)]


class Measure:
    """A number with a unit: it converts to a float, and is none."""

    def __float__(self):
        return 2.5


class Index:
    """A number that only counts."""

    def __index__(self):
        return 3


class Row:
    """A sequence that is no list: a length, and items by their place."""

    def __len__(self):
        return 3

    def __getitem__(self, place):
        return [Fraction(1, 2), 2, 3.0][place]


class Tensor:
    """Holds numbers as a library of its own does, and gives them as an array."""

    def __array__(self, dtype=None, copy=None):
        return np.arange(4.0, dtype=dtype).reshape(2, 2)


class Interface:
    """Offers its memory by NumPy's older protocol."""

    kept = np.array([1.0, 2.0])
    __array_interface__ = kept.__array_interface__


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(Fraction(1, 3), id="fraction"),
        pytest.param(Decimal("0.1"), id="decimal"),
        pytest.param(Measure(), id="float-method"),
        pytest.param(Index(), id="index-method"),
        pytest.param(np.longdouble(0.1), id="long-double"),
        pytest.param(np.float16(0.5), id="half"),
        pytest.param(np.array(1.5), id="no-dimension"),
        pytest.param(np.array(Fraction(1, 3)), id="no-dimension-of-objects"),
        pytest.param(array.array("d", [1.5, 2.0]), id="array-array"),
        pytest.param(array.array("i", [1, 2]), id="array-of-ints"),
        pytest.param(deque([1, 2.5]), id="deque"),
        pytest.param(deque([Fraction(1, 2), Decimal(3)]), id="deque-of-fractions"),
        pytest.param(deque([deque([1]), deque([2])]), id="deque-of-deques"),
        pytest.param(range(3), id="range"),
        pytest.param(bytearray(b"ab"), id="bytearray"),
        pytest.param(memoryview(np.arange(3.0)), id="memoryview"),
        pytest.param(memoryview(np.ones((2, 3))), id="memoryview-of-a-matrix"),
        pytest.param(UserList([1, 2]), id="user-list"),
        pytest.param(Row(), id="sequence"),
        pytest.param(Tensor(), id="tensor"),
        pytest.param(Interface(), id="array-interface"),
        pytest.param([Tensor(), Tensor()], id="list-of-tensors"),
        pytest.param([Fraction(1, 2), [Decimal(2)][0], Measure()], id="list-of-numbers"),
        pytest.param(np.array([Fraction(1, 2), Decimal(2)]), id="array-of-objects"),
        pytest.param(np.ma.masked_array([1.0, 2.0], [False, True]), id="masked"),
        pytest.param(np.poly1d([1.0, 2.0]), id="polynomial"),
        pytest.param((array.array("d", [1]), deque([2])), id="tuple-of-sequences"),
        pytest.param((ctypes.c_double * 2)(1.0, 2.0), id="ctypes-array"),
    ],
)
def test_what_numpy_takes_for_numbers_crosses_as_numbers(value):
    """Whatever `numpy.asarray(value, dtype=float)` takes is an answer of those numbers."""
    crossed = as_numbers(through(value))
    assert np.array_equal(crossed, np.asarray(value, dtype=float))


def test_what_pandas_holds_crosses_as_numbers():
    """Series, index and frame are arrays, whatever they keep their numbers in."""
    pandas = pytest.importorskip("pandas")
    for value in (
        pandas.Series([1.0, 2.0]),
        pandas.Series([1, 2], dtype="Int64"),
        pandas.Series([Fraction(1, 2), 3]),
        pandas.DataFrame({"a": [1, 2], "b": [0.5, 1.5]}),
        pandas.Index([3, 4]),
    ):
        assert np.array_equal(as_numbers(through(value)), np.asarray(value, dtype=float))


def test_a_kind_that_is_not_on_the_list_is_an_object():
    """No word that the other side has chosen becomes the name of a kind."""
    assert decode(framed(["u", "hello"]), elements=9) == Unsendable("object")


def nested(depth):
    """A list in a list in a list."""
    value = []
    for _ in range(depth):
        value = [value]
    return value


def test_containers_nested_up_to_the_cap_cross():
    """Nesting crosses as deep as the cap says."""
    assert through(nested(DEPTH)) == nested(DEPTH)


def test_deeper_containers_are_told_as_too_deep():
    """Below the cap on depth stands a marker, and the rest of the value is still read."""
    value = through(nested(DEPTH + 1))
    for _ in range(DEPTH + 1):
        [value] = value
    assert value == Unsendable("too deep")


def test_a_container_that_holds_itself_ends():
    """A list that holds itself crosses as a finite value."""
    endless = []
    endless.append(endless)
    assert isinstance(through(endless), list)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({range(3): 2}, id="range-as-key"),
        pytest.param({(1, frozenset()): 2}, id="set-in-a-key"),
        pytest.param({frozenset({(1, 2)})}, id="tuple-in-a-set-of-sets"),
        pytest.param({Fraction(n, 7): n for n in range(2_000)}, id="too-many-fractions"),
        pytest.param({2**61 - 1}, id="whole-number-whose-hash-can-be-chosen"),
    ],
)
def test_keys_whose_hash_could_be_chosen_do_not_cross(value):
    """Sets and dicts with such keys are read as something that does not cross."""
    assert through([value, 1]) == [Unsendable("object"), 1]


def test_functions_cross_by_handle_where_they_are_asked_for():
    """With a list for handles, a function crosses as its number and is made again by `proxy`."""
    handles = []
    frame = encode([len, abs], frame_bytes=MIB, elements=9, handles=handles)
    assert handles == [len, abs]
    assert decode(frame[4:], elements=9, proxy=lambda handle: ("called", handle)) == [
        ("called", 0),
        ("called", 1),
    ]


def test_a_handle_is_refused_where_functions_do_not_cross():
    """The grader makes no function of a handle that a submission has forged."""
    with pytest.raises(WireError):
        decode(framed(["f", 0]), elements=9)


# --- Caps ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        pytest.param([0] * ELEMENTS, id="list"),
        pytest.param(np.zeros(ELEMENTS), id="array"),
        pytest.param([np.zeros(ELEMENTS // 2)] * 2, id="arrays-together"),
        pytest.param(range(10**12), id="endless-range"),
        pytest.param({n: n for n in range(ELEMENTS // 2)}, id="dict"),
    ],
)
def test_the_cap_on_elements_holds_when_writing(value):
    """More numbers and containers than allowed are an error before they are written."""
    with pytest.raises(WireError, match="too large"):
        encode(value, frame_bytes=64 * MIB, elements=ELEMENTS)


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(["l", *[0] * 100], id="list"),
        pytest.param(["d", *[[n, 0] for n in range(60)]], id="dict"),
        pytest.param(["a", "|i1", [100], 100], id="array"),
    ],
)
def test_the_cap_on_elements_holds_when_reading(header):
    """More numbers and containers than allowed are an error whoever wrote them."""
    decode(framed(header, bytes(100)), elements=200)
    with pytest.raises(WireError):
        decode(framed(header, bytes(100)), elements=100)


def test_the_cap_on_the_frame_holds_when_writing():
    """A frame over the cap is an error, one under it is not."""
    encode(b"x" * 900, frame_bytes=1000, elements=9)
    with pytest.raises(WireError, match="too large"):
        encode(b"x" * 1000, frame_bytes=1000, elements=9)


def test_an_endless_self_made_list_ends():
    """A list that doubles at each level is stopped by the cap, not by patience."""
    doubling = []
    for _ in range(DEPTH):
        doubling = [doubling, doubling]
    with pytest.raises(WireError, match="too large"):
        encode(doubling, frame_bytes=MIB, elements=ELEMENTS)


class RaisingList(list):
    """A list that cannot be walked through."""

    def __iter__(self):
        raise KeyError("no")


class RaisingComplex(complex):
    """A complex number without a real part."""

    real = property(lambda self: 1 / 0)


class RaisingArray:
    """Something that promises an array and breaks the promise."""

    def __array__(self, *args, **kwargs):
        raise KeyError("no")


class LongRow(Row):
    """A sequence that claims a length which no memory holds."""

    def __len__(self):
        return 10**15


class BadNumber:
    """Promises a number and breaks the promise."""

    def __float__(self):
        raise KeyError("no")


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(RaisingList([1]), id="list"),
        pytest.param(LongRow(), id="sequence-of-absurd-length"),
        pytest.param(BadNumber(), id="number"),
        pytest.param(RaisingComplex(1, 2), id="complex"),
        pytest.param(RaisingArray(), id="array"),
        pytest.param(10**5000, id="integer-that-python-does-not-write"),
    ],
)
def test_a_value_that_misbehaves_while_it_is_read_is_a_wire_error(value):
    """Whatever a value raises while it is written down, the caller gets a WireError."""
    with pytest.raises(WireError):
        encode(value, frame_bytes=MIB, elements=ELEMENTS)


# --- Forged frames ------------------------------------------------------------------------------


def reads(frame):
    """Decode a frame: a value or a WireError, never anything else."""
    try:
        return decode(frame, elements=ELEMENTS)
    except WireError:
        return None


@quick
@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_a_wire_error(data):
    """No bytes at all make `decode` raise anything but WireError."""
    reads(data)


tags = st.sampled_from([*"ltSFdcbangfuhx", "y", ""])
rows = st.sampled_from([*DECODERS, *STRUCTURES])
words = st.sampled_from(
    [*ALL_DTYPES, "|f8", "=U2", "<f16", "O", "V8", "M8[D]", "f8,f8", "<U999999", *GENERATORS]
) | st.text(string.printable, max_size=6)
sizes = st.integers(-3, 40) | st.sampled_from([2**31, 2**63, 10**25, -1])
generator_states = st.fixed_dictionaries(
    {},
    optional={
        "state": st.recursive(
            sizes | st.lists(sizes, max_size=5) | arrays,
            lambda inner: st.dictionaries(
                st.sampled_from(["state", "inc", "key", "pos", "counter"]), inner, max_size=4
            ),
        ),
        "buffer": st.lists(sizes, max_size=5),
        "buffer_pos": sizes,
        "has_uint32": sizes,
        "uinteger": sizes,
        "bit_generator": words,
    },
)
forged = st.recursive(
    st.none() | st.booleans() | st.floats() | sizes | words,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(tags, inner, inner).map(list)
        | st.tuples(tags, st.lists(inner, max_size=3)).map(lambda pair: [pair[0], *pair[1]])
        | st.tuples(st.just("x"), rows, inner).map(list)
        | st.tuples(st.just("h"), sizes, words, inner).map(list)
        | st.tuples(st.sampled_from("an"), words, st.lists(sizes, max_size=3), sizes).map(list)
    ),
    max_leaves=15,
)


@quick
@given(forged, st.binary(max_size=64))
def test_any_header_is_a_value_or_a_wire_error(header, blocks):
    """Headers that are nearly in our format do no more harm than any bytes."""
    reads(framed(header, blocks))


RIGHT = [
    Fraction(1, 3),
    Decimal("0.1"),
    datetime.date(2026, 1, 2),
    datetime.datetime(2026, 1, 2, 3, tzinfo=datetime.UTC),
    datetime.timedelta(1),
    deque([1, 2]),
    Member("Colour", "RED"),
    Record({"x": 1}),
    namedtuple("Pair", "x y")(1, 2),
    np.ma.masked_array([1.0, 2.0], [False, True]),
    np.array([(1.0, 2.0)], dtype=[("x", "f8"), ("y", "f8")]),
    np.array(["2026-01-02"], dtype="M8[D]"),
    np.array([1.0, 2.0]),
]


@quick
@given(forged, st.sampled_from(RIGHT))
def test_any_value_can_be_compared_with_any_other(header, right):
    """Whatever a submission forges is an answer that is told in words."""
    try:
        value = decode(framed(header), elements=ELEMENTS)
    except WireError:
        return
    assert isinstance(compare(value, right).message, str)


@pytest.mark.parametrize(
    ("row", "parts"),
    [
        ("range", ["t", 0, 10**15, 1]),
        ("Counter", ["l", 1, 2]),
        ("OrderedDict", ["l", ["t", 1, 2]]),
        ("Fraction", ["t", 1, 0]),
        ("Decimal", "1,5"),
        ("datetime", ["t", "2026-01-02", "../../etc/passwd", 0]),
        ("datetime", ["t", "2026-01-02", "Nowhere/Land", 0]),
        ("timedelta", ["t", 10**12, 0, 0]),
        ("fields", ["t", ["l", "x y", "class"], ["l", 1, 2]]),
        ("fields", ["t", ["l", "x=print()"], ["l", 1]]),
        ("fields", ["t", ["l", "x", "x"], ["l", 1, 2]]),
        ("fields", ["t", ["l", *(f"x{n}" for n in range(99))], ["l", *range(99)]]),
        ("ndarray", ["t", "O", ["l", 10**9], ["l", 1]]),
        ("ndarray", ["t", "O,f8", ["l", 1], ["l", 1]]),
        ("sparse", ["t", "csr", ["l", 2, 2], ["l", ["l", 5], ["l", 0]], ["l", 1.0]]),
        ("MaskedArray", ["t", ["l", 1, 2], ["l", True, False, True]]),
        ("member", ["l", "a", "b", "c"]),
        ("record", 3),
        ("figure", ["t", "title", ["l", ["l", 1]]]),
        ("nothing", None),
    ],
)
def test_forged_rows_are_refused_or_plain(row, parts):
    """Parts that no value has make no value, and run nothing."""
    with pytest.raises(WireError):
        decode(framed(["x", row, parts]), elements=ELEMENTS)


def test_a_huge_sparse_matrix_costs_no_memory():
    """It is kept by its entries, and compared by them."""
    sparse = pytest.importorskip("scipy.sparse")
    side = 10**9
    huge = sparse.coo_array(([1.0], ([5], [side - 1])), shape=(side, side))
    crossed = through(huge)
    assert crossed.shape == (side, side)
    tracemalloc.start()
    assert compare(crossed, huge).agrees
    assert not compare(crossed, np.eye(2)).agrees
    assert not compare(crossed, 2 * huge).agrees
    assert tracemalloc.get_traced_memory()[1] < MIB
    tracemalloc.stop()


@quick
@given(st.sampled_from(GENERATORS), generator_states)
def test_any_generator_state_is_a_value_or_a_wire_error(name, state):
    """A forged state of a generator is an error or a generator, nothing else."""
    frame = encode(state, frame_bytes=MIB, elements=ELEMENTS)
    size = int.from_bytes(frame[4:8], "big")
    header = json.loads(frame[8 : 8 + size])
    reads(framed(["g", name, header], frame[8 + size :]))


@quick
@given(plain, st.data())
def test_a_damaged_frame_is_a_value_or_a_wire_error(value, data):
    """A true frame with a byte changed or its end cut off does no harm."""
    frame = bytearray(encode(value, frame_bytes=MIB, elements=ELEMENTS)[4:])
    place = data.draw(st.integers(0, len(frame) - 1))
    frame[place] = data.draw(st.integers(0, 255))
    reads(bytes(frame[: data.draw(st.integers(0, len(frame)))]))


@pytest.mark.parametrize(
    ("name", "state"),
    [
        pytest.param(
            "MT19937",
            ["d", ["state", ["d", ["key", ["l", *range(624)]], ["pos", 10**9]]]],
            id="twister-beyond-its-key",
        ),
        pytest.param(
            "MT19937",
            ["d", ["state", ["d", ["key", ["l", *range(624)]], ["pos", -7]]]],
            id="twister-before-its-key",
        ),
        pytest.param(
            "Philox",
            [
                "d",
                ["state", ["d", ["counter", ["l", 1, 2, 3, 4]], ["key", ["l", 1, 2]]]],
                ["buffer", ["l", 1, 2, 3, 4]],
                ["buffer_pos", -(10**8)],
                ["has_uint32", 0],
                ["uinteger", 0],
            ],
            id="philox-before-its-buffer",
        ),
    ],
)
def test_a_generator_that_would_read_foreign_memory_is_refused(name, state):
    """A position outside the generator's own state would be read as it stands by C code.

    So on the grader's side a generator is never made from what a submission sends.
    """
    assert decode(framed(["g", name, state]), elements=ELEMENTS) == Unsendable("object")


@pytest.mark.parametrize(
    ("header", "blocks"),
    [
        pytest.param(["n", "<U1", [], 4], b"\xff\xff\xff\xff", id="character-that-does-not-exist"),
        pytest.param(["a", "<f8", [2, 2], 8], bytes(8), id="shape-larger-than-block"),
        pytest.param(["a", "<f8", [10**9], 8 * 10**9], b"", id="block-that-is-not-there"),
        pytest.param(["a", "<f8", [0, 10**15], 0], b"", id="absurd-empty-shape"),
        pytest.param(["a", "<f8", [-1, -8], 64], bytes(64), id="negative-lengths"),
        pytest.param(["a", "<f8", [True], 8], bytes(8), id="length-that-is-a-truth-value"),
        pytest.param(["a", "<f8", [1] * 33, 8], bytes(8), id="too-many-dimensions"),
        pytest.param(["a", "|O", [1], 8], bytes(8), id="objects"),
        pytest.param(["a", "<f8\n", [1], 8], bytes(8), id="dtype-with-a-newline"),
        pytest.param(["b", -1], b"", id="negative-block"),
        pytest.param(["d", [1]], b"", id="pair-of-one"),
        pytest.param({"a": 1}, b"", id="json-object"),
        pytest.param([], b"", id="no-tag"),
        pytest.param(b"[" * 100_000, b"", id="nested-without-end"),
        pytest.param(b"9" * 5000, b"", id="integer-that-python-does-not-read"),
        pytest.param(b"\xff\xfe\xfa", b"", id="not-text"),
        pytest.param(["c", 10**400, 0], b"", id="complex-beyond-float"),
        pytest.param(["f", 0], b"", id="function-handle"),
    ],
)
def test_forged_values_are_refused(header, blocks):
    """What `encode` would not have written is a WireError."""
    with pytest.raises(WireError):
        decode(framed(header, blocks), elements=ELEMENTS)


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\0\0\0", id="half-a-length"),
        pytest.param(b"\xff\xff\xff\xff", id="header-of-4-GiB"),
        pytest.param(framed(["a", "<f8", [10**9], 8 * 10**9]), id="array-of-8-GB"),
        pytest.param(framed(["a", "<U999999", [5000], 0]), id="wide-text"),
        pytest.param(framed(["b", 2**40]), id="bytes-of-1-TiB"),
    ],
)
def test_absurd_claims_cost_no_memory(frame):
    """What a frame claims is checked before anything is set aside for it."""
    tracemalloc.start()
    try:
        reads(frame)
        assert tracemalloc.get_traced_memory()[1] < MIB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(["l", *[["S"]] * 60_000], id="empty-sets"),
        pytest.param(["l", *[["l"]] * 200_000], id="empty-lists"),
        pytest.param(["l", *[["d"]] * 200_000], id="empty-dicts"),
        pytest.param(["l", *[["t", 1.5]] * 120_000], id="tuples-of-one"),
        pytest.param(["S", *range(90_000)], id="set-of-numbers"),
        pytest.param(["d", *[[n, None] for n in range(90_000)]], id="dict"),
        pytest.param(["l", *["x"] * 200_000], id="texts"),
        pytest.param(["l", *[10**3000] * 10_000], id="large-integers"),
        pytest.param(["l", *[["a", "<f8", [0], 0]] * 60_000], id="empty-arrays"),
        pytest.param(["l", *[["u", "object"]] * 60_000], id="what-does-not-cross"),
    ],
)
def test_a_value_counts_as_what_it_becomes(header):
    """Values that take far more memory than their frames are refused before they are made."""
    frame = framed(header)
    tracemalloc.start()
    try:
        header = None
        parsed = tracemalloc.get_traced_memory()[0]
        with pytest.raises(WireError, match=r"memory|header"):
            weigh(frame, elements=2_000_000, memory=8 * MIB)
        held = tracemalloc.get_traced_memory()[1] - parsed
    finally:
        tracemalloc.stop()
    # What JSON makes of a header on the way is bounded by the cap on headers.
    assert held < 8 * MIB + 40 * len(frame)


def test_an_empty_array_counts_its_other_sides():
    """`(20000, 0)` holds nothing, but a product with it may hold 400 million numbers."""
    assert decode(framed(["a", "<f8", [20_000, 0], 0]), elements=20_001).shape == (20_000, 0)
    with pytest.raises(WireError):
        decode(framed(["a", "<f8", [20_000, 0], 0]), elements=20_000)


def test_keys_chosen_to_collide_cost_no_time():
    """A set of integers that all hash alike is read, or refused, within the blink of an eye."""
    colliding = framed(["S", *[n * (2**61 - 1) for n in range(15_000)]])
    began = time.perf_counter()
    reads(colliding)
    assert time.perf_counter() - began < 1.0


# --- Channels -----------------------------------------------------------------------------------


@pytest.fixture
def pair():
    """A channel and the bare socket at its other end."""
    ours, theirs = socket.socketpair()
    channel = Channel(ours, frame_bytes=MIB, elements=ELEMENTS)
    yield channel, theirs
    channel.close()
    theirs.close()


def soon(seconds):
    """A deadline."""
    return time.monotonic() + seconds


def test_frames_arrive_one_after_the_other(pair):
    """Values that are sent in a row are received in that row."""
    channel, socket_ = pair
    other = Channel(socket_, frame_bytes=MIB, elements=ELEMENTS)
    for value in (1, "two", [3.0]):
        other.send(value, deadline=soon(5))
    assert [channel.receive(deadline=soon(5)) for _ in range(3)] == [1, "two", [3.0]]


def test_a_value_larger_than_the_sockets_buffer_arrives(pair):
    """A frame that takes many reads comes whole."""
    channel, socket_ = pair
    other = Channel(socket_, frame_bytes=MIB, elements=ELEMENTS)
    sender = threading.Thread(target=other.send, args=(b"x" * (MIB - 100),))
    sender.start()
    assert channel.receive(deadline=soon(5)) == b"x" * (MIB - 100)
    sender.join()


def test_one_byte_at_a_time_does_not_stretch_the_deadline(pair):
    """The deadline is on the whole frame, however its bytes trickle."""
    channel, socket_ = pair
    frame = encode("a long word", frame_bytes=MIB, elements=9)
    stop = threading.Event()

    def trickle():
        for byte in frame:
            if stop.wait(0.1):
                return
            socket_.sendall(bytes([byte]))

    thread = threading.Thread(target=trickle)
    thread.start()
    began = time.monotonic()
    with pytest.raises(DeadlinePassed):
        channel.receive(deadline=soon(0.4))
    assert time.monotonic() - began < 1.0
    stop.set()
    thread.join()


def test_silence_ends_at_the_deadline(pair):
    """No answer at all is told as a deadline that passed."""
    channel, _ = pair
    with pytest.raises(DeadlinePassed):
        channel.receive(deadline=soon(0.1))


def test_a_peer_that_does_not_read_ends_at_the_deadline(pair):
    """Sending more than the other side takes ends at the deadline too."""
    channel, socket_ = pair
    socket_.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with pytest.raises(DeadlinePassed):
        channel.send(b"x" * (MIB - 100), deadline=soon(0.2))


@pytest.mark.parametrize("sent", [b"", b"\0\0", b"\0\0\0\x10abc"], ids=["nothing", "half", "cut"])
def test_a_peer_that_is_gone_is_told_from_one_that_is_slow(pair, sent):
    """The end of the stream, wherever it comes, is ClosedByPeer."""
    channel, socket_ = pair
    socket_.sendall(sent)
    socket_.close()
    with pytest.raises(ClosedByPeer):
        channel.receive(deadline=soon(5))


def test_sending_to_a_peer_that_is_gone_is_told(pair):
    """A send after the other side is gone is ClosedByPeer, not an OSError."""
    channel, socket_ = pair
    socket_.close()
    with pytest.raises(ClosedByPeer):
        channel.send(1, deadline=soon(5))


@pytest.mark.parametrize("size", [0, 3, MIB + 1, 2**32 - 1])
def test_a_frame_of_a_size_that_cannot_be_is_refused_unread(pair, size):
    """The first length is believed only within the cap, before a byte is read."""
    channel, socket_ = pair
    socket_.sendall(size.to_bytes(4, "big"))
    with pytest.raises(WireError, match="over the cap"):
        channel.receive(deadline=soon(5))
