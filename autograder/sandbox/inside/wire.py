"""Values across the trust border: length-prefixed frames of typed, capped, plain data.

A frame is `length (4 bytes) | header length (4 bytes) | header (JSON) | blocks (raw bytes)`. The
header is one value; every container in it carries a tag, and arrays name a block by its size:

    None, bool, int, float, str   themselves (NaN and infinities included)
    ["l", …] ["t", …] ["S", …]    list, tuple, set;  ["F", …]  frozenset
    ["d", [key, value], …]        dict; keys are plain values, or tuples of some
    ["c", re, im]                 complex
    ["b", size]                   bytes
    ["a", dtype, shape, size]     array;  ["n", …] the same for a NumPy scalar
    ["g", name, state]            numpy.random.Generator, as the state of its bit generator
    ["f", handle]                 a function of the other side, to be called back
    ["x", row, parts]             a value of one of the rows in `codecs`
    ["u", kind, …]                something that does not cross, by one of `KINDS`; then its parts
    ["h", number, kind, value, …] the same, held by its side under a number; and its value, if any

Nothing is ever unpickled, and a frame holds only a value: a forged frame is just an answer. This
module runs on both sides, so it imports the standard library and NumPy alone.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import json
import math
import struct
import sys
import types
from collections.abc import Callable, ItemsView, Iterator, KeysView, Sequence, ValuesView
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.sandbox.inside.codecs import (
    CODECS,
    DECODERS,
    DTYPE,
    OWN,
    STRUCTURES,
    Member,
    put_together,
    taken_apart,
)


class WireError(Exception):
    """Bytes from the other side of the border are not a value in our format."""


DEPTH = 60
HEADER_BYTES = 4 * 1024 * 1024
GROWTH = 4
"""Bytes of memory that a value may take, per byte of the largest frame."""
KINDS = {
    "function": "a function",
    "class": "a class",
    "module": "a module",
    "generator": "a generator (or another iterator)",
    "coroutine": "a coroutine (is it defined by `async def`?)",
    "object": "an object",
    "array": "an array of objects",
    "too large": "an answer that is too large",
    "too deep": "containers nested too deeply",
}
"""Words for what does not cross: a fixed list, so that no name that a student chose does."""

_SLOT, _OTHER = 8, 160
_SEQUENCES = frozenset("ltSF")
_CONTAINER = {"l": 64, "t": 48, "S": 216, "F": 216, "d": 64}
_PER_KEY = 100
"""Approximate bytes of a reference, another object, each container, and an entry of a table."""
_TO_JSON = json.JSONEncoder(check_circular=False)
"""A header is a tree by how it is made, so that nothing need be looked for in circles."""
_FROM_JSON = json.JSONDecoder()
_LENGTHS = struct.Struct(">II")
_BIT_GENERATORS = {"PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"}

MOST_PARTS = 64
"""Most parts into which something that is not a container is taken apart."""
_TAKEN_APART = ("__next__", "__iter__", "__getitem__")


@dataclass(frozen=True)
class Unsendable:
    """Stands for a value of the other side that does not cross the border."""

    kind: str
    parts: tuple[Any, ...] = field(default=(), compare=False)
    """The values that an assignment to several names would unpack, if it is not a container."""

    @property
    def words(self) -> str:
        """What it was, in the student's words."""
        return KINDS.get(self.kind, KINDS["object"])


Value = OWN | NDArray[Any] | None
"""What is known of the value of an object that stays with its side."""


class Held:
    """Stands for an object of the other side, which keeps it under a number.

    Args:
        number: the number.
        told: what is known of it.
        value: its value, if it is a dataclass, a member of an enumeration or a figure, or passes
            for an array.
    """

    __slots__ = ("_number", "_told", "_value")

    def __init__(self, number: int, told: Unsendable, value: Value) -> None:
        self._number, self._told, self._value = number, told, value


def seen(answer: Any) -> Any:
    """What can be compared of a value: of an object of the other side, what is known of it."""
    if not isinstance(answer, Held):
        return answer
    return answer._told if answer._value is None else answer._value


class Uncrossable(TypeError):
    """A value of the side that sends does not cross, and must."""


Hold = Callable[[Any], int | None]
"""Gives the number under which this side keeps an object, or None where it does not."""
MakeHeld = Callable[[int, Unsendable, Value], Any]
"""Makes what stands for an object of the other side; see `Held`."""
_STAYING = ("member", "record", "figure")
"""Rows of values that stay with their side, too."""
_AS_THEY_ARE = frozenset({type(None), bool, int, float, str})
_AT_ONCE = CODECS.keys() - {("builtins", "range"), ("numpy", "ndarray"), ("numpy", "matrix")}
"""Types that would also pass for another, and cross as they are."""


class _Encoder:
    """Turns one value into a header and its blocks; counts elements and depth meanwhile."""

    def __init__(
        self, elements: int, handles: list[Callable[..., Any]] | None, hold: Hold | None
    ) -> None:
        self.blocks: list[bytes] = []
        self.elements = elements
        self.handles = handles
        self.hold = hold

    def header(self, value: Any, depth: int = 0) -> Any:
        """The tagged form of `value`."""
        self.elements -= 1
        if self.elements < 0:
            raise WireError(KINDS["too large"])
        if depth > DEPTH:
            return ["u", "too deep"]
        kind = type(value)
        if kind in _AS_THEY_ARE:
            return value
        # Most of what crosses is of these types, so they are looked for first.
        if kind is tuple or kind is list:
            below = depth + 1
            return ["t" if kind is tuple else "l", *[self.header(item, below) for item in value]]
        if kind is dict:
            return self._dict(value, depth + 1)
        if (kind.__module__, kind.__qualname__) in _AT_ONCE:
            return self._by_row(value, depth)
        if isinstance(value, np.generic | np.ndarray):
            return self._array(value, depth)
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, int):
            return int.__int__(value)
        if isinstance(value, float):
            return float.__float__(value)
        return self._container(value, depth)

    def _container(self, value: Any, depth: int) -> Any:
        below = depth + 1
        if isinstance(value, list | range | KeysView | ValuesView | ItemsView):
            return ["l", *(self.header(item, below) for item in value)]
        if isinstance(value, tuple):
            if STRUCTURES["fields"][0](value):
                return self._by_row(value, depth)
            return ["t", *(self.header(item, below) for item in value)]
        if isinstance(value, set | frozenset):
            tag = "S" if isinstance(value, set) else "F"
            return [tag, *(self.header(_key(item), below) for item in value)]
        if isinstance(value, dict):
            return self._dict(value, below)
        if isinstance(value, complex):
            return ["c", value.real, value.imag]
        if isinstance(value, bytes):
            return ["b", self._block(bytes(value))]
        return self._foreign(value, depth)

    def _dict(self, value: dict[Any, Any], below: int) -> Any:
        header = self.header
        pairs = [
            [header(key if type(key) is str else _key(key), below), header(item, below)]
            for key, item in dict.items(value)
        ]
        return ["d", *pairs]

    def _foreign(self, value: Any, depth: int) -> Any:
        if isinstance(value, np.random.Generator):
            state = dict(value.bit_generator.state)
            return ["g", str(state.pop("bit_generator")), self.header(state, depth + 1)]
        if isinstance(value, Unsendable):
            return ["u", value.kind if value.kind in KINDS else "object"]
        if self.handles is not None and callable(value) and not isinstance(value, Held):
            self.handles.append(value)
            return ["f", len(self.handles) - 1]
        return self._by_row(value, depth)

    def _by_row(self, value: Any, depth: int) -> Any:
        """A value of one of the rows in `codecs`, or what is like an array of numbers."""
        row = None if isinstance(value, Held) else taken_apart(value)
        if row is not None:
            header = ["x", row[0], self.header(row[1], depth + 1)]
            return self._held(value, depth, header) if row[0] in _STAYING else header
        array = None if isinstance(value, type | Held) else _as_array(value)
        if array is None:
            return self._held(value, depth)
        header = self._array(array, depth)
        # An object of the notebook's own that passes for an array may be more than that.
        return self._held(value, depth, header) if _is_notebooks(value) else header

    def _held(self, value: Any, depth: int, header: Any = None) -> Any:
        """Something that stays on this side: its number, what it is, and a value if it has one."""
        kind, read = _kind(value), _read(value)
        kept = chain(read, value) if read and isinstance(value, Iterator) else value
        number = None if self.hold is None else self.hold(kept)
        if number is None and header is not None:
            return header
        parts = read if len(read) <= MOST_PARTS else []
        told = [kind, *(self.header(part, depth + 1) for part in parts)]
        return ["u", *told] if number is None else ["h", number, kind, header, *told[1:]]

    def _array(self, value: np.generic | np.ndarray[Any, Any], depth: int) -> Any:
        array = np.asarray(value)
        if array.dtype == object:
            return self.header(array.tolist(), depth + 1)
        if array.dtype.names is not None or array.dtype.kind in "mM":
            self._spend(array.size)
            return self._by_row(array, depth)
        if not DTYPE.fullmatch(array.dtype.str):
            return self._as_floats(array, depth)
        self._spend(array.size)
        tag = "n" if isinstance(value, np.generic) else "a"
        return [tag, array.dtype.str, list(array.shape), self._block(array.tobytes())]

    def _as_floats(self, array: np.ndarray[Any, Any], depth: int) -> Any:
        """An array of a type that does not cross, as floats where NumPy can convert it."""
        try:
            return self._array(array.astype(np.float64), depth)
        except (TypeError, ValueError):
            return ["u", "array"]

    def _block(self, data: bytes) -> int:
        self.blocks.append(data)
        return len(data)

    def _spend(self, count: int) -> None:
        self.elements -= count
        if self.elements < 0:
            raise WireError(KINDS["too large"])


def _as_array(value: Any) -> np.ndarray[Any, Any] | None:
    """NumPy's array for a value that is not a container of ours; None if it is not numeric.

    Buffers and `__array__` keep their type. Fractions, decimals and anything else that converts to
    a number or is a sequence of numbers become float64.
    """
    if hasattr(type(value), "__array__"):
        return np.asarray(value)
    try:
        array = np.asarray(value)
        return array if array.dtype != object else np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        return None


def _is_notebooks(value: Any) -> bool:
    return getattr(type(value), "__module__", "") == "__main__"


def _read(value: Any) -> list[Any]:
    """The values that an assignment to several names would unpack, and perhaps one too many.

    Empty for a scalar. An iterator has given them away then.
    """
    if isinstance(value, type | Held):
        return []
    if not any(hasattr(type(value), name) for name in _TAKEN_APART):
        return []
    try:
        return list(islice(iter(value), MOST_PARTS + 1))
    except Exception:
        # The student's own iterator may raise anything; then there are no parts.
        return []


def _kind(value: Any) -> str:
    if isinstance(value, type):
        return "class"
    if isinstance(value, types.ModuleType):
        return "module"
    if isinstance(value, types.CoroutineType):
        return "coroutine"
    if callable(value):
        return "function"
    return "generator" if hasattr(type(value), "__next__") else "object"


class _Decoder:
    """Rebuilds one value from a header and its blocks, and trusts nothing in them."""

    def __init__(
        self,
        blocks: memoryview,
        elements: int,
        proxy: Callable[[int], Any] | None,
        generators: bool,
        memory: float,
        held: MakeHeld | None,
    ) -> None:
        self.generators = generators
        self.held = held
        self.memory = memory
        """Cap on the bytes of memory that the value takes."""
        self.taken_bytes = 0
        self.blocks = blocks
        self.taken = 0
        self.elements = elements
        self.proxy = proxy

    def value(self, header: Any, depth: int = 0) -> Any:
        """The value that `header` describes.

        Raises:
            WireError: the header is not in our format, or over a cap.
        """
        self.elements -= 1
        if self.elements < 0 or (depth > DEPTH and depth > DEPTH + (header == ["u", "too deep"])):
            raise WireError("a value over the caps on elements or depth")
        # JSON gives these types and no others.
        if type(header) in _AS_THEY_ARE:
            self._grow(_SLOT + sys.getsizeof(header))
            return header
        if type(header) is not list or not header or type(header[0]) is not str:
            raise WireError("a header that is not a tagged value")
        tag, items = header[0], header[1:]
        self._grow(_SLOT + _CONTAINER.get(tag, _OTHER))
        if tag in _SEQUENCES:
            return self._sequence(tag, self._values(items, depth + 1))
        if tag == "d":
            return self._dict(items, depth + 1)
        return self._atom(tag, items, depth)

    def _values(self, headers: Sequence[Any], depth: int) -> list[Any]:
        """The values of several headers; plain ones are read here, without a call for each."""
        found, plain, size = [], 0, 0
        for header in headers:
            if type(header) in _AS_THEY_ARE and depth <= DEPTH:
                plain += 1
                size += _SLOT + sys.getsizeof(header)
                found.append(header)
            else:
                found.append(self.value(header, depth))
        self.elements -= plain
        if self.elements < 0:
            raise WireError("a value over the cap on elements")
        self._grow(size)
        return found

    def _grow(self, count: int) -> None:
        """Count the memory of the value as it is rebuilt, not the bytes that were sent for it."""
        self.taken_bytes += count
        if self.taken_bytes > self.memory:
            raise WireError("a value that takes too much memory")

    def _sequence(self, tag: str, items: list[Any]) -> Any:
        if tag in ("S", "F"):
            self._grow(_PER_KEY * len(items))
            made = set if tag == "S" else frozenset
            return made(items) if _plain_keys(items) else Unsendable("object")
        return items if tag == "l" else tuple(items)

    def _dict(self, pairs: list[Any], below: int) -> Any:
        items = []
        for pair in pairs:
            if type(pair) is not list or len(pair) != 2:
                raise WireError("a dict whose items are not pairs")
            items.append(self._values(pair, below))
        self._grow(_PER_KEY * len(items))
        return dict(items) if _plain_keys([key for key, _ in items]) else Unsendable("object")

    def _atom(self, tag: str, items: list[Any], depth: int) -> Any:
        match tag, items:
            case "c", [int() | float() as real, int() | float() as imag]:
                return complex(real, imag)
            case "b", [int() as size]:
                return bytes(self._take(size))
            case "a" | "n", [str() as dtype, list() as shape, int() as size]:
                array = self._array(dtype, shape, size)
                return array[()] if tag == "n" and array.ndim == 0 else array
            case "g", [str() as name, state]:
                read = self.value(state, depth + 1)
                return self._generator(name, read) if self.generators else Unsendable("object")
            case "f", [int() as handle] if self.proxy is not None:
                return self.proxy(handle)
            case "x", [str() as row, parts] if row in STRUCTURES or row in DECODERS:
                return self._of_row(row, self.value(parts, depth + 1))
            case "u", [str() as kind, *parts]:
                return self._unsendable(kind, parts, depth)
            case "h", [int() as number, str() as kind, inner, *parts]:
                told = self._unsendable(kind, parts, depth)
                value = self.value(inner, depth + 1)
                value = value if isinstance(value, OWN | np.ndarray) else None
                if self.held is None:
                    return told if value is None else value
                return self.held(number, told, value)
        raise WireError("a value with an unknown tag")

    def _unsendable(self, kind: str, parts: list[Any], depth: int) -> Unsendable:
        read = tuple(self.value(part, depth + 1) for part in parts)
        return Unsendable(kind if kind in KINDS else "object", read)

    @staticmethod
    def _of_row(row: str, parts: Any) -> Any:
        if row == "range":
            raise WireError("a range: it would be as long as its ends say")
        try:
            return put_together(row, parts)
        except ImportError:
            return Unsendable("object")
        except Exception as error:
            raise WireError(f"a {row} that is none: {type(error).__name__}") from None

    def _array(self, dtype: str, shape: list[Any], size: int) -> np.ndarray[Any, Any]:
        plain = all(type(length) is int and length >= 0 for length in shape)
        if not DTYPE.fullmatch(dtype) or not plain or len(shape) > 32:
            raise WireError("an array of a type or shape that does not cross")
        kind = np.dtype(dtype)
        # An empty array counts as if its sides of length 0 were 1: a product may make it large.
        self.elements -= cells(shape)
        if math.prod(shape) * kind.itemsize != size or self.elements < 0:
            raise WireError("an array whose size is not what its shape says, or over the cap")
        array = np.frombuffer(self._take(size), dtype=kind).reshape(shape).copy()
        if kind.kind == "U" and array.size:
            # Not every 32-bit number is a character, and NumPy finds out too late.
            points = array.reshape(-1).view(np.dtype(np.uint32).newbyteorder(kind.byteorder))
            if points.max() > sys.maxunicode:
                raise WireError("an array of text that is not text")
        return array

    def _take(self, size: int) -> memoryview:
        if size < 0 or self.taken + size > len(self.blocks):
            raise WireError("a block that is longer than its frame")
        self._grow(size)
        block = self.blocks[self.taken : self.taken + size]
        self.taken += size
        return block

    @staticmethod
    def _generator(name: str, state: Any) -> np.random.Generator:
        if name not in _BIT_GENERATORS or not isinstance(state, dict):
            raise WireError("a generator that does not cross")
        bits = getattr(np.random, name)()
        try:
            bits.state = {"bit_generator": name, **state}
        except Exception:
            raise WireError("a generator whose state is not one") from None
        return np.random.Generator(bits)


def cells(shape: Sequence[int]) -> int:
    """The number of entries of a shape, with sides of length 0 counted as 1."""
    return math.prod(max(length, 1) for length in shape)


MOST_ODD = 1_000
"""Most keys whose hashes can be chosen, so that each is compared with each."""
_ODD = (
    tuple,
    frozenset,
    complex,
    fractions.Fraction,
    decimal.Decimal,
    datetime.timedelta,
)


def _key(key: Any) -> Any:
    """A key with NumPy's scalars as Python's, which are equal to them."""
    if isinstance(key, tuple):
        return tuple(map(_key, key))
    return key.item() if isinstance(key, np.number | np.bool_) else key


def _plain_keys(keys: Sequence[Any]) -> bool:
    """Whether values may be keys: that too many of their hashes are equal cannot be arranged."""
    if all(type(key) is str for key in keys):
        return True
    odd = [key for key in keys if isinstance(key, _ODD)]
    parts = [part for key in odd if isinstance(key, tuple | frozenset) for part in key]
    plain = len(odd) <= MOST_ODD and len(parts) <= 8 * len(odd)
    return plain and all(map(_plain_key, [*parts, *(k for k in keys if not isinstance(k, _ODD))]))


def _plain_key(key: Any) -> bool:
    """Whether a value may be a key: its hash cannot be chosen to collide with others."""
    if isinstance(key, int):
        return abs(key) < 1 << 60
    return key is None or isinstance(key, str | float | bytes | datetime.date | Member)


def encode(
    value: Any,
    *,
    frame_bytes: int,
    elements: int,
    handles: list[Callable[..., Any]] | None = None,
    hold: Hold | None = None,
) -> bytes:
    """One frame that holds `value`.

    Args:
        value: plain values, arrays of numbers or text, generators, what `codecs` has a row for;
            anything else becomes an `Unsendable` on the other side.
        frame_bytes: cap on the frame.
        elements: cap on the numbers, strings and containers in it.
        handles: a list to which functions in `value` are added; without it they do not cross.
        hold: keeps what does not cross; without it, nothing is kept.

    Raises:
        WireError: the value is over a cap, or misbehaves while it is read.
        Uncrossable: `hold` refuses a part of it.
    """
    encoder = _Encoder(elements, handles, hold)
    try:
        header = _TO_JSON.encode(encoder.header(value)).encode()
    except (WireError, Uncrossable):
        raise
    except Exception as error:
        # A student's object may raise anything while it is read.
        raise WireError(f"a value that cannot be written down: {type(error).__name__}") from None
    size = 4 + len(header) + sum(map(len, encoder.blocks))
    if size > frame_bytes or len(header) > HEADER_BYTES:
        raise WireError(KINDS["too large"])
    return b"".join([_LENGTHS.pack(size, len(header)), header, *encoder.blocks])


def decode(
    frame: bytes | memoryview,
    *,
    elements: int,
    proxy: Callable[[int], Any] | None = None,
    generators: bool = False,
    held: MakeHeld | None = None,
) -> Any:
    """The value that a frame (without its first length) holds.

    Args:
        frame: header length, header and blocks.
        elements: cap on what it may hold.
        proxy: makes the callable that stands for a function handle of the other side.
        generators: whether random generators are rebuilt. NumPy trusts their state, so only the
            sandbox's side may do so, which gets them from the grader.
        held: makes what stands for an object that the other side keeps.

    Raises:
        WireError: for any bytes that `encode` would not have written.
    """
    return weigh(frame, elements=elements, proxy=proxy, generators=generators, held=held)[0]


def weigh(
    frame: bytes | memoryview,
    *,
    elements: int,
    proxy: Callable[[int], Any] | None = None,
    generators: bool = False,
    memory: float = math.inf,
    held: MakeHeld | None = None,
) -> tuple[Any, int]:
    """The value that a frame holds, as from `decode`, and the approximate bytes that it takes.

    Args:
        frame: header length, header and blocks.
        elements: cap on what it may hold.
        proxy: makes the callable that stands for a function handle of the other side.
        generators: whether random generators are rebuilt.
        memory: cap on the bytes that it takes.
        held: makes what stands for an object that the other side keeps.

    Raises:
        WireError: for any bytes that `encode` would not have written.
    """
    view = memoryview(frame)
    if len(view) < 4:
        raise WireError("a frame without a header")
    size = int.from_bytes(view[:4], "big")
    if size > min(len(view) - 4, HEADER_BYTES):
        raise WireError("a header that is longer than its frame, or over the cap")
    try:
        header = _FROM_JSON.decode(str(view[4 : 4 + size], "utf-8"))
        decoder = _Decoder(view[4 + size :], elements, proxy, generators, memory, held)
        value = decoder.value(header)
        return value, decoder.taken_bytes
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        raise WireError(f"a frame that does not read: {type(error).__name__}") from None
