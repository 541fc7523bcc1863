"""Stands for an object of another process: what is done to it is asked of the side that holds it.

The class of such an object has the special methods that the object's own class has, so that tests
which look for them find the same. This module is loaded inside the sandbox only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from IPython.core.async_helpers import get_asyncio_loop

from autograder.sandbox.inside.operations import OPERATIONS

ASKED: dict[str, Callable[..., Any]] = {
    **OPERATIONS,
    "__await__": lambda thing: get_asyncio_loop().run_until_complete(thing),
}
"""What can be asked of an object besides its attributes, by the special method that does it."""
ALWAYS: dict[str, Callable[..., Any]] = {"__hash__": hash, "__repr__": repr, "__str__": str}
OF_CLASSES: dict[str, Callable[..., Any]] = {
    "__instancecheck__": lambda kind, one: isinstance(one, kind),
    "__subclasscheck__": lambda kind, one: issubclass(one, kind),
}
_OWN_EQ = {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"}


class Remote:
    """Stands for an object of the other side; what is done to it is asked there."""

    __slots__ = ("__weakref__", "_of")

    def __init__(self, peer: Any, number: int, epoch: int) -> None:
        object.__setattr__(self, "_of", (peer, number, epoch))

    def __getattr__(self, name: str) -> Any:
        """An attribute of the object itself."""
        if name in (
            "_ipython_display_",
            "_repr_mimebundle_",
            "_ipython_canary_method_should_not_exist_",
        ):
            raise AttributeError(name)
        return _asked(self, "getattr", name)

    def __setattr__(self, name: str, value: Any) -> None:
        _asked(self, "setattr", name, value)

    def __delattr__(self, name: str) -> None:
        _asked(self, "delattr", name)

    def __dir__(self) -> Any:
        return _asked(self, "dir")

    def __hash__(self) -> int:
        return int(_asked(self, "__hash__"))

    def __repr__(self) -> str:
        return _text_of(self, "__repr__")

    def __str__(self) -> str:
        return _text_of(self, "__str__")


def _asked(remote: Any, do: str, *args: Any, **named: Any) -> Any:
    peer, _, epoch = object.__getattribute__(remote, "_of")
    if epoch != peer.epoch:
        raise ReferenceError("the notebook's process was replaced")
    return peer.ask(do, remote, *args, **named)


def _text_of(remote: Any, do: str) -> str:
    peer = object.__getattribute__(remote, "_of")[0]
    if peer.values_only:
        return "<an object of the notebook>"
    return str(_asked(remote, do))


def _forwarding(do: str) -> Callable[..., Any]:
    def method(self: Any, *args: Any) -> Any:
        return _asked(self, do, *args)

    return method


def _awaited(self: Any) -> Any:
    """Let the other side run what is awaited, to its end."""
    return _asked(self, "__await__")
    yield  # so that this is a generator, as `await` wants it


def _comparing(do: str) -> Callable[..., Any]:
    """A comparison; where only values count, objects are equal to none but themselves."""

    def method(self: Any, other: Any) -> Any:
        peer = object.__getattribute__(self, "_of")[0]
        if peer.values_only:
            peer.refusals += 1
            return NotImplemented
        return _asked(self, do, other)

    return method


_classes: dict[tuple[frozenset[str], bool], type] = {}


def class_of(special: frozenset[str], of_class: bool) -> type:
    """The class of remote objects that have these special methods, as tests may look for them."""
    key = special, of_class
    if key not in _classes:
        body: dict[str, Any] = {
            name: _comparing(name) if name in _OWN_EQ else _forwarding(name)
            for name in special
            if name != "__call__"
        }
        if "__eq__" in body:
            body["__hash__"] = Remote.__hash__
        if "__await__" in special:
            body["__await__"] = _awaited
        body["__doc__"] = property(lambda self: _asked(self, "getattr", "__doc__"))
        if "__call__" in special or of_class:
            body["__call__"] = lambda self, *args, **named: _asked(self, "call", *args, **named)
        if of_class:
            body |= {name: _forwarding(name) for name in OF_CLASSES}
        _classes[key] = type("Remote", (Remote,), {**body, "__slots__": ()})
    return _classes[key]


def special_of(thing: Any) -> tuple[str, ...]:
    """The special methods that an object's class has, other than those that every object has."""
    bodies = [vars(base) for base in type(thing).__mro__ if base not in (object, type)]
    found = [name for name in ASKED if any(body.get(name) is not None for body in bodies)]
    return (*found, "__call__") if callable(thing) else (*found,)
