"""Values between a tester and a notebook: what crosses as a value, and what stays where it is."""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import io
import pathlib
import random
import socket
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from autograder.sandbox.inside.channel import Channel
from autograder.sandbox.inside.codecs import CODECS, become
from autograder.sandbox.inside.peer import Peer
from autograder.sandbox.inside.remote_object import Remote
from autograder.sandbox.inside.shared_state import _WORDS, _image, _random_state
from autograder.sandbox.inside.wire import encode, weigh

pd = pytest.importorskip("pandas")


class Shared:
    """A state that never changes."""

    def news(self, whole: bool = False) -> dict[str, Any]:
        """Nothing."""
        return {}

    def take(self, told: dict[str, Any]) -> None:
        """Nothing."""

    def begin_cell(self) -> None:
        """Nothing."""


def peer() -> Peer:
    """One side."""
    ours, _ = socket.socketpair()
    channel = Channel(ours, frame_bytes=1 << 20, elements=100_000)
    return Peer(channel, Shared(), guarded=False)  # type: ignore[arg-type]


def crossed(value: Any) -> Any:
    """What the other side gets of a value."""
    frame = encode(peer().lower(value), frame_bytes=1 << 20, elements=100_000)
    tree, _ = weigh(memoryview(frame)[4:], elements=100_000)
    return peer().lift(tree)


class Own(int):
    """A subclass of a plain type."""


class Color(enum.Enum):
    """An enumeration of the notebook's own."""

    RED = 1


class OwnZone(datetime.tzinfo):
    """A time zone of the notebook's own."""


Point = namedtuple("Point", "x y")
FRAME = pd.DataFrame({"name": ["a", "b"], "age": [1, 2], "late": [True, None], "x": [0.5, np.nan]})
VALUES = {
    "none": None,
    "true": True,
    "int": 10**30,
    "float": 0.1,
    "inf": float("inf"),
    "complex": 1 - 2j,
    "text": "ä\n",
    "bytes": b"\x00\xff",
    "bytearray": bytearray(b"ab"),
    "list": [1, [2, (3, {4})]],
    "dict": {(1, "a"): [None], frozenset({1}): {}},
    "range": range(1, 9, 2),
    "slice": slice(1, None, 2),
    "ellipsis": ...,
    "fraction": fractions.Fraction(1, 3),
    "decimal": decimal.Decimal("1.10"),
    "date": datetime.date(2024, 2, 29),
    "datetime": datetime.datetime(2024, 2, 29, 1, 2, 3, 4),
    "time": datetime.time(1, 2, 3),
    "delta": datetime.timedelta(days=-1, microseconds=5),
    "path": pathlib.PosixPath("a/b"),
    "deque": deque([1, 2], 5),
    "ordered": OrderedDict([("b", 1), ("a", 2)]),
    "counter": Counter("aab"),
    "default": defaultdict(list, {"a": [1]}),
    "array": np.arange(6.0).reshape(2, 3),
    "bools": np.array([True, False]),
    "texts": np.array(["a", "bc"]),
    "objects": np.array([None, [1], "a"], dtype=object),
    "dates": np.array(["2024-02-29", "NaT"], dtype="datetime64[D]"),
    "empty": np.empty((0, 3)),
    "scalar": np.float64(0.5),
    "int8": np.int8(-3),
    "matrix": np.asmatrix([[1, 2], [3, 4]]),
    "masked": np.ma.array([1.0, 2.0], mask=[False, True]),
    "frame": FRAME,
    "indexed": FRAME.set_index("name"),
    "timed": pd.DataFrame({"v": [1, 2]}, index=pd.date_range("2024-01-01", periods=2)),
    "series": pd.Series([1.5, 2.5], index=["a", "b"], name="v"),
    "categories": pd.Series(["b", "a", None], dtype="category"),
    "ordered categories": pd.Series(pd.Categorical(["b"], ["b", "a"], ordered=True)),
    "many indices": pd.DataFrame({"v": [1]}, index=pd.MultiIndex.from_tuples([("a", 1)])),
    "zoned": pd.DataFrame(
        {"v": pd.to_datetime(["2026-03-29 01:30", None]).tz_localize("Europe/Berlin")},
        index=pd.date_range("2026-01-01", periods=2, tz="UTC"),
    ),
    "gaps": pd.DataFrame({"n": pd.array([1, None], dtype="Int64")}),
    "zone": datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC),
    "offset": datetime.time(1, tzinfo=datetime.timezone(datetime.timedelta(hours=-3))),
    "summer": datetime.datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")),
    "strings": pd.Series(["a", None], dtype="string"),
}
STAY = {
    "subclass": Own(3),
    "enum": Color.RED,
    "namedtuple": Point(1, 2),
    "function": lambda: None,
    "class": Own,
    "module": np,
    "generator": (i for i in ()),
    "file": io.StringIO("a"),
    "periods": pd.Series(pd.period_range("2024", periods=2, freq="Y")),
    "own zone": datetime.datetime(2024, 1, 1, tzinfo=OwnZone()),
    "own default": defaultdict(lambda: 3),
}


def same(one: Any, other: Any) -> bool:
    """Whether two values are of the same type and equal, parts that are not numbers included."""
    if type(one) is not type(other):
        return False
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other)
        return True
    if isinstance(one, pd.Series):
        pd.testing.assert_series_equal(one, other)
        return True
    if isinstance(one, np.ma.MaskedArray):
        return bool(np.ma.allequal(one, other)) and (one.mask == other.mask).all()
    if isinstance(one, np.ndarray):
        equal = one.dtype == other.dtype and one.shape == other.shape
        return bool(equal) and repr(one) == repr(other)
    return bool(one == other)


@pytest.mark.parametrize("name", VALUES)
def test_a_value_crosses_as_it_is(name: str) -> None:
    """With its type, its parts and its order."""
    value = VALUES[name]
    got = crossed(value)
    assert same(value, got)
    if isinstance(value, deque):
        assert value.maxlen == got.maxlen
    if isinstance(value, defaultdict):
        assert value.default_factory is got.default_factory


def test_every_row_of_the_table_is_tried() -> None:
    """No codec without a value."""
    tried = {(type(one).__module__, type(one).__qualname__) for one in VALUES.values()}
    of_pandas = {row for row in CODECS if row[0].startswith("pandas")}
    assert set(CODECS) - of_pandas <= tried
    assert {kind for _, kind in of_pandas} <= {kind for _, kind in tried}


@pytest.mark.parametrize("name", STAY)
def test_an_object_stays_where_it_is(name: str) -> None:
    """Its own `==` may be what a test is about, so it is never flattened."""
    assert isinstance(crossed(STAY[name]), Remote)
    (inner,) = crossed([STAY[name]])
    assert isinstance(inner, Remote)


def test_what_is_too_large_stays() -> None:
    """So does what is nested too deeply, and what holds itself."""
    deep: list[Any] = []
    for _ in range(60):
        deep = [deep]
    endless: list[Any] = []
    endless.append(endless)
    for value in (deep, endless):
        got = crossed(value)
        while isinstance(got, list):
            got = got[0]
        assert isinstance(got, Remote)


@pytest.mark.parametrize("name", ["list", "dict", "array", "frame", "series"])
def test_a_copy_becomes_what_the_other_side_made_of_it(name: str) -> None:
    """In place: whoever holds the value sees it."""
    old = crossed(VALUES[name])
    new = {
        "list": [9],
        "dict": {1: 2},
        "array": np.ones((2, 3)),
        "frame": FRAME.assign(new=1).iloc[:1],
        "series": pd.Series([9.0]),
    }[name]
    become(old, new)
    assert same(old, new)


ODD = [
    ("v",),
    ("x", "PosixPath", ("v", 3)),
    ("x", "Fraction", ("tuple", (("v", 1), ("v", 0)))),
    ("x", "bytearray", ("v", 10**12)),
    ("x", "ndarray", ("v", 3)),
    ("x", "DataFrame", ("v", 3)),
    ("x", "nothing", ("v", 3)),
    ("mine", 0, "object", (), ("os", "system", "x")),
    ("mine", "a", "object", (), ("", "")),
    ("yours", 10**6),
    ("set", (("list", ()),)),
    ("dict", (("v", 1),)),
    "text",
    3,
    None,
    {},
]


@pytest.mark.parametrize("tree", ODD, ids=range(len(ODD)))
def test_a_malformed_value_is_an_error(tree: Any) -> None:
    """Nothing is run, imported or made in its place."""
    with pytest.raises(Exception, match=r"."):
        peer().lift(tree)


def test_nothing_is_imported_unasked() -> None:
    """The other side may name what it likes."""
    for module, name in (
        ("os", "system"),
        ("subprocess", "Popen"),
        ("builtins", "eval"),
        ("antigravity", ""),
    ):
        assert isinstance(peer().lift(("mine", 1, "object", (), (module, name))), Remote)


DRAWS = {
    "python": random.random,
    "python, a pair of normals": lambda: random.gauss(0, 1),
    "python, bits": lambda: random.getrandbits(1),
    "numpy": np.random.rand,
    "numpy, a pair of normals": np.random.randn,
    "numpy, integers": lambda: np.random.randint(9),
    "numpy, seeded": lambda: np.random.seed(len(DRAWS)),
}


@pytest.mark.parametrize("name", DRAWS)
def test_every_number_that_is_drawn_is_noticed(name: str) -> None:
    """Also the second of two that are made together; nothing is noticed where nothing is drawn."""
    random.seed(1)
    np.random.seed(1)
    image = _image(None)
    assert _image(image) == image
    for _ in range(2 if name != "numpy, seeded" else 1):
        DRAWS[name]()
        image, before = _image(image), image
        assert image != before
        assert _image(image) == image


def test_the_words_of_a_generator_lie_where_they_are_looked_for() -> None:
    """In memory, as this Python and this NumPy keep them."""
    random.seed(2)
    np.random.seed(2)
    np.random.rand(5)
    (numpys, pythons, _), _ = _image(None)
    _, key, place, *_, (_, words, _) = _random_state()
    assert numpys == key + place.to_bytes(4, "little")
    assert np.frombuffer(pythons, dtype=np.uint32).tolist() == [words[-1], *words[:-1]]
    assert len(numpys) == len(pythons) == _WORDS


def test_a_generator_of_another_kind_is_not_shared() -> None:
    """It is no fault either."""
    former = np.random.get_bit_generator()
    np.random.set_bit_generator(np.random.PCG64(1))
    try:
        assert _image(_image(None)) == _image(None)
        assert _random_state()[:2] == ("", b"")
    finally:
        np.random.set_bit_generator(former)
