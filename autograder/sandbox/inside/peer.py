"""Two processes that use each other's objects: values cross as values, all else is held by handle.

A tests cell runs in a tester, and the names of the student's notebook live in another process. Each
of the two has a `Peer`. What is exactly of a plain type crosses as a value; an instance of any
other class, a subclass of a plain type included, stays where it is: the other side gets a `Remote`,
and everything done to it is asked of the side that holds it. The grader between them only relays.

`Peer.answers` counts what a verdict may hang on besides values: answers of remote objects
themselves, such as `==`, `len` or an attribute. Where these are refused (`Peer.values_only`), a
remote object can be called and compared by identity, and no more.
"""

from __future__ import annotations

import builtins
import importlib
import sys
import types
from collections.abc import Callable, Sequence
from typing import Any

from autograder.sandbox.inside.channel import Channel
from autograder.sandbox.inside.codecs import (
    CODECS,
    DECODERS,
    PLAIN,
    become,
    is_array,
    is_changeable,
)
from autograder.sandbox.inside.countdown import Countdown
from autograder.sandbox.inside.remote_object import (
    ALWAYS,
    ASKED,
    OF_CLASSES,
    Remote,
    class_of,
    special_of,
)
from autograder.sandbox.inside.shared_state import SharedState
from autograder.sandbox.inside.wire import WireError

DEPTH = 25
"""Containers in containers that cross as values: each takes two levels of a frame."""
MOST_ITEMS = 200_000
"""Values that cross in one piece; what holds more is held by handle."""
REFUSED = "it is an object of the notebook's own; the tests compare values"

_DO: dict[str, Callable[..., Any]] = {
    **ASKED,
    **ALWAYS,
    **OF_CLASSES,
    "call": lambda thing, *args, **named: thing(*args, **named),
    "delattr": delattr,
    "dir": dir,
    "get": lambda thing: thing,
    "handle": lambda thing: thing,
    "getattr": getattr,
    "setattr": setattr,
}
_CODE = (
    types.FunctionType,
    types.MethodType,
    types.BuiltinFunctionType,
    types.ModuleType,
    types.GeneratorType,
    types.CoroutineType,
    types.AsyncGeneratorType,
    types.FrameType,
    types.CodeType,
    types.TracebackType,
    type,
)
"""Objects from which a way leads to the variables of the code that they belong to."""
_FREE = {"call", "get", "handle"}
"""What a remote object may be asked where only values count."""


class Refused(TypeError):
    """A tests cell wants an answer of a remote object itself, where only values count."""


class Gone(BaseException):
    """The other side ended, or did not answer in time; no tests cell can catch this by accident."""


class Peer:
    """One side's objects, and its way to those of the other.

    Args:
        channel: to the grader, which relays.
        state: what both sides share besides objects: random states, files, printed text.
        guarded: whether the other side is a student's, which may look into none of our code.
        importable: things that may be imported where the other side names them.
    """

    def __init__(
        self,
        channel: Channel,
        state: SharedState,
        guarded: bool,
        importable: Callable[[str, str], bool] = lambda module, name: False,
    ) -> None:
        self._channel, self.state, self._guarded = channel, state, guarded
        self._importable = importable
        self._held: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._remotes: dict[int, Any] = {}
        self.answers = 0
        """How often a remote object itself answered, other than by a call's value."""
        self.refusals = 0
        self.values_only = False
        self.epoch = 0
        """How often the other side was replaced: objects of former ones are gone."""
        self.cell: Any = 0
        """The number of the tests cell that runs."""
        self.countdown = Countdown()
        self.gone = ""
        """Why the other side answers no more, or did not answer the last time."""
        self.names_news: Callable[[], dict[str, Any]] = dict
        """What is new about the names of this side; part of each message."""
        self.take_names: Callable[[dict[str, Any]], None] = lambda told: None
        self._watched: dict[int, tuple[Any, bytes]] = {}
        """Changeable objects of this side that the other has copies of, by number."""
        self._copies: dict[int, tuple[Any, bytes]] = {}
        """Copies of changeable objects of the other side, by number."""

    # Objects of this side ----------------------------------------------------------------------

    def hold(self, thing: Any) -> int:
        """The number of an object of this side; the same object always has the same."""
        number = self._numbers.get(id(thing))
        if number is None:
            number = self._numbers[id(thing)] = len(self._held)
            self._held.append(thing)
        return number

    def lower(self, value: Any, depth: int = 0) -> Any:
        """A value as it crosses: itself where it is plain, else with handles in it."""
        budget = [MOST_ITEMS]
        return self._lower(value, depth, budget)

    def _lower(self, value: Any, depth: int, budget: list[int]) -> Any:
        kind = type(value)
        budget[0] -= 1
        if kind in PLAIN:
            return ("v", value)
        if issubclass(kind, Remote):
            peer, number, epoch = object.__getattribute__(value, "_of")
            if peer is self and epoch == self.epoch:
                return ("yours", number)
        if is_array(value):
            return ("v", value)
        if depth > DEPTH or budget[0] < 0:
            return self._handle(value)
        if kind in (list, tuple, set, frozenset):
            return (kind.__name__, tuple(self._lower(one, depth + 1, budget) for one in value))
        if kind is dict:
            pairs = (
                (self._lower(k, depth + 1, budget), self._lower(v, depth + 1, budget))
                for k, v in value.items()
            )
            return ("dict", tuple(pairs))
        coded = CODECS.get((kind.__module__, kind.__qualname__))
        if coded is not None:
            parts = coded(value)
            if parts is not None:
                return ("x", kind.__qualname__, self._lower(parts, depth + 1, budget))
        return self._handle(value)

    def _handle(self, thing: Any) -> Any:
        """The handle of an object that does not cross, and what is known of it without asking."""
        named = _imported_name(thing)
        if isinstance(thing, types.ModuleType):
            kind: Any = "module"
        elif isinstance(thing, type) and issubclass(thing, BaseException):
            kind = ("exception", _builtin_base(thing), thing.__name__[:200])
        elif isinstance(thing, type):
            kind = "class"
        else:
            kind = "object"
        return ("mine", self.hold(thing), kind, special_of(thing), named)

    # Objects of the other side -----------------------------------------------------------------

    def lift(self, tree: Any) -> Any:
        """The value that the other side lowered; nothing in it is trusted."""
        match tree:
            case ("v", value):
                return value
            case (("list" | "tuple" | "set" | "frozenset") as kind, items):
                made: Any = getattr(builtins, kind)
                return made(self.lift(item) for item in items)
            case ("dict", pairs):
                return {self.lift(key): self.lift(value) for key, value in pairs}
            case ("x", str(kind), parts) if kind in DECODERS:
                return DECODERS[kind](self.lift(parts))
            case ("mine", _, ("exception", _, _), _, (str(module), name)) if _loaded(module, name):
                return imported(module, name)
            case ("yours", int(number)):
                return self._held[number]
            case ("mine", int(number), kind, special, (module, name)):
                if module and self._importable(module, name):
                    return imported(module, name)
                return self._remote(number, kind, special)
        raise WireError("no value of the other side")

    def _remote(self, number: int, kind: Any, special: Any) -> Any:
        found = self._remotes.get(number)
        if found is None:
            found = self._remotes[number] = self._make(number, kind, special)
        return found

    def _make(self, number: int, kind: Any, special: Any) -> Any:
        if isinstance(kind, tuple):
            _, base, name = kind
            above = getattr(builtins, str(base), Exception)
            if not (isinstance(above, type) and issubclass(above, BaseException)):
                above = Exception
            return type(str(name), (above,), {"__module__": "__main__"})
        names = frozenset(one for one in special if one in ASKED or one == "__call__")
        return class_of(names, kind == "class")(self, number, self.epoch)

    # Asking and answering -----------------------------------------------------------------------

    def ask(self, do: str, *args: Any, **named: Any) -> Any:
        """What the other side's object answers, or raises; see `_DO`.

        Raises:
            Gone: the other side does not answer any more.
        """
        if do not in _FREE:
            if self.values_only:
                self.refusals += 1
                raise Refused(REFUSED)
            self.answers += 1
        sent = [self.lower(one) for one in (*args, *named.values())]
        request = {"do": do, "args": sent, "keys": tuple(named), "cell": self.cell, **self.news()}
        reply = self._exchange({"ask": request, "left_s": self.countdown.left_s})
        return self._settle(reply, args, named)

    def _exchange(self, message: dict[str, Any]) -> dict[str, Any]:
        with self.countdown.paused():
            self._channel.send(message)
            while True:
                said = self._channel.receive()
                if not self._channel.relayed or "gone" in said:
                    self.gone = str(said.get("gone", "ended"))
                    raise Gone(self.gone)
                if "reply" in said:
                    reply: dict[str, Any] = said["reply"]
                    self.take(reply)
                    return reply
                self.send_reply(self.serve(said["ask"]))

    def _settle(self, reply: dict[str, Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """The value of a reply; what the call changed in its arguments is changed here, too."""
        given = (*args, *named.values())
        for place, tree in dict(reply.get("changed") or {}).items():
            if isinstance(place, int) and 0 <= place < len(given):
                become(given[place], self.lift(tree))
        if "raised" in reply:
            raise self._exception(reply)
        return self.lift(reply["value"])

    def _exception(self, reply: dict[str, Any]) -> BaseException:
        kind = getattr(builtins, str(reply["raised"]), None)
        kind = kind if isinstance(kind, type) and issubclass(kind, BaseException) else Exception
        if reply.get("class") is not None:
            own = self.lift(reply["class"])
            kind = own if isinstance(own, type) and issubclass(own, BaseException) else kind
        try:
            return kind(*self.lift(reply["args"]))
        except Exception:
            return Exception(str(reply.get("text", ""))[:300])

    def serve(self, request: dict[str, Any]) -> dict[str, Any]:
        """The reply to one request of the other side."""
        if request.get("cell") != self.cell:
            self.begin_cell(request.get("cell"))
        self.take(request)
        args: list[Any] = []
        before: list[bytes | None] = []
        try:
            args = [self.lift(one) for one in request["args"]]
            before = [self._image(one) for one in args]
            reply = {"value": self._done(request["do"], args, request["keys"])}
        except Gone:
            raise
        except BaseException as error:
            reply = self._raised(error)
        changed = {
            place: self.lower(one)
            for place, (old, one) in enumerate(zip(before, args, strict=False))
            if old is not None and self._image(one) != old
        }
        return {**reply, "changed": changed, **self.news()}

    def _done(self, do: str, args: list[Any], keys: Sequence[str]) -> Any:
        """What an object of this side answers, lowered."""
        count = len(args) - len(keys)
        plain, named = args[:count], dict(zip(keys, args[count:], strict=True))
        if self._guarded:
            self._require_harmless(do, plain)
        value = _DO[do](*plain, **named)
        if do == "handle":
            return self._handle(value)
        image = self._image(value) if do == "get" else None
        if image is not None:
            self._watched[self.hold(value)] = value, image
        return self.lower(value)

    def news(self, whole: bool = False) -> dict[str, Any]:
        """What is new on this side, as part of a message; see `SharedState.news`."""
        told = {**self.state.news(whole), **self.names_news()}
        for key, objects in (("mine", self._watched), ("yours", self._copies)):
            changed = {}
            for number, (thing, image) in objects.items():
                now = self._image(thing)
                if now is not None and now != image:
                    objects[number] = thing, now
                    changed[number] = self.lower(thing)
            if changed:
                told[key] = changed
        return told

    def take(self, told: dict[str, Any]) -> None:
        """Make what is new on the other side hold here, too; nothing in it is trusted."""
        self.state.take(told)
        self.take_names(told)
        for key, objects in (("mine", self._copies), ("yours", self._watched)):
            for number, tree in dict(told.get(key) or {}).items():
                if number in objects:
                    thing = objects[number][0]
                    become(thing, self.lift(tree))
                    objects[number] = thing, self._image(thing) or b""

    def start_anew(self) -> None:
        """Forget everything of the other side, whose process was replaced."""
        self.epoch += 1
        self._remotes.clear()
        self._copies.clear()
        self.state.start_anew()

    def begin_cell(self, number: Any) -> None:
        """Let copies of changeable objects be copies no more: a tests cell begins, anew for all."""
        self.cell = number
        self._watched.clear()
        self._copies.clear()
        self.state.begin_cell()

    def _raised(self, error: BaseException) -> dict[str, Any]:
        kind = type(error)
        base = _builtin_base(kind)
        try:
            args = self.lower(tuple(error.args))
            text = str(error)[:300]
        except BaseException:
            args, text = ("tuple", ()), ""
        own = None if kind.__name__ == base else self._handle(kind)
        return {"raised": base, "class": own, "args": args, "text": text}

    def _image(self, value: Any) -> bytes | None:
        """What a changeable value looks like; None for what cannot change, or is too large."""
        if not is_changeable(value):
            return None
        try:
            return self._channel.frame(self.lower(value))
        except WireError:
            return None

    def _require_harmless(self, do: str, args: list[Any]) -> None:
        """Let a student's code use what tests hand to it, but look into none of our code.

        Raises:
            AttributeError: it would look into it.
        """
        if do in ("getattr", "setattr", "delattr", "dir"):
            thing, name = args[0], str(args[1]) if len(args) > 1 else ""
            if isinstance(thing, _CODE) or name.startswith("_") or do == "dir":
                raise AttributeError(name)

    def send_reply(self, reply: dict[str, Any]) -> None:
        """Send a reply; one that is too large becomes an exception."""
        try:
            self._channel.send({"reply": reply})
        except WireError as error:
            text = str(error)
            args = ("tuple", (("v", text),))
            self._channel.send({"reply": {"raised": "ValueError", "args": args, "text": text}})

    def fetch(self, number: int) -> Any:
        """The object that the other side holds under that number: its value, if that crosses."""
        held = Remote(self, number, self.epoch)
        try:
            value = self.ask("get", held)
        except Exception:  # too large, say
            return self.ask("handle", held)
        image = self._image(value)
        if image is not None:
            self._copies[number] = value, image
        return value


def _imported_name(thing: Any) -> tuple[str, str]:
    """Where a thing can be imported from, as module and name; empty if it is the notebook's own."""
    if isinstance(thing, types.ModuleType):
        name = getattr(thing, "__name__", "")
        return (name, "") if sys.modules.get(name) is thing and name != "__main__" else ("", "")
    module = getattr(thing, "__module__", None)
    name = getattr(thing, "__qualname__", None) or getattr(thing, "__name__", None)
    if not (isinstance(module, str) and isinstance(name, str)) or module == "__main__":
        return "", ""
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return (module, name) if found is thing else ("", "")


def imported(module: str, name: str) -> Any:
    """What a module has under a name; the module itself for an empty one."""
    found: Any = importlib.import_module(module)
    for part in filter(None, name.split(".")):
        found = getattr(found, part)
    return found


def _builtin_base(kind: type) -> str:
    bases = [one.__name__ for one in kind.__mro__ if one.__module__ == "builtins"]
    return bases[0] if bases else "Exception"


def found_in(module: str, name: str) -> Any:
    """What this side has loaded under that name; None where it has not, or from a notebook."""
    found: Any = sys.modules.get(str(module)) if module != "__main__" else None
    for part in str(name).split("."):
        found = getattr(found, part, None)
    return found


def _loaded(module: str, name: str) -> bool:
    """Whether that is an exception that this side has loaded, and which steers no tests."""
    if module.partition(".")[0] in _STEERING:
        return False
    found = found_in(module, name)
    return isinstance(found, type) and issubclass(found, BaseException)


_STEERING = {"IPython", "_pytest", "hypothesis", "nose", "pytest", "unittest"}
"""Packages whose exceptions tell a test to be skipped, say."""
