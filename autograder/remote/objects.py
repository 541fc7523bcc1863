"""Objects of a submission that stay in its process: instances of its classes, and what they have.

    account = student.Account(3)
    account.deposit(2)          # a call in the submission's process
    account.balance             # an attribute, by value where it crosses

What such an object answers is the student's own, as is what a function returns; only values of ours
decide what is right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.remote.calls import Answer, Answering, Call, Deed, Wants
from autograder.sandbox.inside.arguments import in_row
from autograder.sandbox.inside.channel import Channel
from autograder.sandbox.inside.operations import OF_ALL, OPERATIONS
from autograder.sandbox.inside.wire import Held, Uncrossable, Unsendable, WireError

LOST = "an earlier call ended the process that held its object."


class Lost(WireError):
    """The process that held an object was replaced."""


class RemoteObject(Held):
    """An object of a submission: its attributes, methods and operators are those of its class.

    Args:
        session: the submission's process.
        home: the channel to the process that holds it.
        number: its number there.
        told: what is known of it.
        value: its value, if it is a dataclass, a member of an enumeration or a figure, or passes
            for an array.
        origin: the function or class that the suite called to get it.
        label: what students know it as.
    """

    __slots__ = ("_home", "_label", "_origin", "_session")
    _session: Answering
    _home: object
    _origin: str
    _label: str

    def __init__(
        self,
        session: Answering,
        home: object,
        number: int,
        told: Unsendable,
        value: Any,
        origin: str,
        label: str,
    ) -> None:
        for name, its in zip(
            ("_session", "_home", "_number", "_told", "_value", "_origin", "_label"),
            (session, home, number, told, value, origin, label),
            strict=True,
        ):
            object.__setattr__(self, name, its)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._do("__getattribute__", name, label=name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._do("__setattr__", name, value, label=name)

    def __delattr__(self, name: str) -> None:
        self._do("__delattr__", name, label=name)

    def __hash__(self) -> int:
        return id(self)

    def __call__(self, *args: Any, **named: Any) -> Any:
        """What it returns, if it is a method or another callable.

        Raises:
            Outcome: the call returned no value.
        """
        return value_of(self._settle(self._begin(*args, **named)))

    def _begin(self, *args: Any, wants: Wants = Wants.VALUE, **named: Any) -> Call:
        """Call it without waiting for its answer."""
        row, names = in_row((self, *args), named)
        deed = Deed("__call__", self._label, wants)
        return self._session.begin(self._origin, row, {}, names, deed)

    def _settle(self, call: Call) -> Answer:
        """The answer to a call that was begun."""
        return self._session.settle(call)

    def _do(self, operation: str, *args: Any, label: str = "") -> Any:
        """What one of Python's operations gives on it."""
        deed = Deed(operation, label or self._label)
        call = self._session.begin(self._origin, (self, *args), {}, (), deed)
        return value_of(self._session.settle(call))


def _operator(name: str) -> Callable[..., Any]:
    def method(self: RemoteObject, *args: Any) -> Any:
        return self._do(name, *args)

    method.__name__ = name
    return method


for _name in (OPERATIONS.keys() | OF_ALL.keys()) - vars(RemoteObject).keys():
    if _name != "__getattribute__":
        setattr(RemoteObject, _name, _operator(_name))


def value_of(answer: Answer) -> Any:
    """The value of an answer.

    Raises:
        Outcome: there is none. If the student's code raised a built-in exception, it is one of
            that type, too.
    """
    if answer.outcome is not None:
        raise answer.outcome.as_raised()
    return answer.value


def keeps_objects(session: Any, channel: Channel) -> None:
    """Let the objects of a submission that do not cross stand as `RemoteObject` on our side.

    Args:
        session: knows as `answered` the call that is being answered.
        channel: to the process.
    """

    def held(number: int, told: Unsendable, value: Any) -> RemoteObject:
        call = session.answered
        origin, label = (call.function, call.label) if call is not None else ("", "")
        return RemoteObject(session, channel, number, told, value, origin, label)

    def hold(value: Any) -> int:
        if not isinstance(value, RemoteObject):
            kind = type(value).__name__
            raise Uncrossable(
                f"an argument of type {kind} does not cross to the submission; pass plain values, "
                f"or let the submission make it, by student.{kind}(...) if it has such a class"
            )
        if value._home is not channel:
            raise Lost(LOST)
        return int(value._number)

    channel.held, channel.hold = held, hold
