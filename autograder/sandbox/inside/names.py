"""The names of a notebook: which are its own, and which of them are new."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.sandbox.inside.peer import Peer

OF_IPYTHON = re.compile(r"__\w*|_|_\d+|_i+\d*|_[do]h|_exit_code|In|Out|get_ipython|exit|quit|open")
"""Names that IPython itself keeps in a notebook."""
_SMALL = (bool, int, float, type(None))


def words_of(source: str) -> set[str]:
    """All words of a source that can be names, those in strings and magics included."""
    return set(re.findall(r"[^\W\d]\w*", source))


class Names:
    """The names of a notebook, and which of them have been bound since they were last told."""

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names
        self._told: dict[str, Any] = dict(names)

    def news(self, peer: Peer) -> dict[str, Any]:
        """The names that are new, each with its value or the number of what holds it."""
        if same(self._names, self._told):
            return {}
        told: dict[str, Any] = {}
        before = self._told.get
        for name in [
            name for name, value in self._names.items() if before(name, self) is not value
        ]:
            value = self._names[name]
            if OF_IPYTHON.fullmatch(name):
                continue
            small = type(value) in _SMALL or (type(value) is str and len(value) < 200)
            told[name] = (
                peer.lower(value) if small or _has_name(value) else ("held", peer.hold(value))
            )
        gone = [name for name in self._told if name not in self._names]
        self._told = self._names.copy()
        return {"names": told, "gone_names": gone} if told or gone else {}

    def bind(self, values: dict[str, Any], gone: Iterable[str]) -> None:
        """Bind names from the other side, which therefore are no news."""
        self._names.update(values)
        self._told.update(values)
        for name in gone:
            self._names.pop(name, None)
            self._told.pop(name, None)


def same(names: dict[str, Any], then: dict[str, Any]) -> bool:
    """Whether names are bound to what they were bound to then; false, too, in another order."""
    if len(names) != len(then) or [*names] != [*then]:
        return False
    return all(map(operator.is_, names.values(), then.values()))


def _has_name(value: Any) -> bool:
    """Whether a value is something that is called or looked into, and not data."""
    return isinstance(value, type) or callable(value) or type(value).__name__ == "module"
