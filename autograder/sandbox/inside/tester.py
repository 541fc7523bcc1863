"""Runs tests cells in a process that is not the student's; the notebook's names are remote here.

The cells run one after the other, each at its place in the notebook, so what one of them imports or
defines is there for the next. Before each of them, the other side tells which names it has bound
meanwhile. This module is loaded inside the sandbox only.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterable
from typing import Any

from autograder.sandbox.inside.cells import Cells
from autograder.sandbox.inside.channel import Channel
from autograder.sandbox.inside.countdown import TimeIsUp
from autograder.sandbox.inside.names import OF_IPYTHON, same, words_of
from autograder.sandbox.inside.outputs import Outputs
from autograder.sandbox.inside.peer import Gone, Peer, found_in, imported
from autograder.sandbox.inside.shared_state import SharedState

_PICKLED = {
    ("_codecs", "encode"),
    ("collections", "OrderedDict"),
    ("collections", "defaultdict"),
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    *(
        (f"numpy.{core}.multiarray", name)
        for core in ("core", "_core")
        for name in ("_reconstruct", "scalar")
    ),
}
"""What a tests cell may unpickle: data. The file may be a student's."""


class Tester:
    """Runs the tests cells of one notebook.

    Args:
        shell: the shell that they run in.
        cells: runs one of them.
        outputs: what they put out.
        channel: to the grader.
        known: what the tests need to know of the notebook: `trusted` (by name, the module and the
            name in it that the name is, whatever a student binds it to), `expected` (the same, if
            a student's is the same), `built_in` (names of built-in things that the notebook
            defines itself), `given` (imports, functions and classes of its locked cells, as
            sources), `students` (names that its solution cells
            bind), `files` (the assignment's own), `learning` (whether `trusted` is still to be
            found out).
    """

    def __init__(
        self, shell: Any, cells: Cells, outputs: Outputs, channel: Channel, known: dict[str, Any]
    ) -> None:
        self._cells, self._outputs, self._ns = cells, outputs, shell.user_ns
        here = SharedState(outputs, takes_code=False, prints=_print, keeps=known["files"])
        here.notice_seeding()
        self.peer = Peer(channel, here, True, self._may_import)
        self._known, self._students = known, set(known["students"])
        self._theirs: dict[str, Any] = {}
        """By name, what the notebook's process last told of it."""
        self._ours: set[str] = set()
        """Names that a tests cell has bound since the notebook's process did."""
        self._ever_ours: set[str] = set()
        """Names that a tests cell has ever bound; of them, only the solution's may be theirs."""
        self._words: set[str] = set()
        """Words of the running cell, and of what it uses that tests cells have defined."""
        self._spoken: dict[str, frozenset[str]] = {}
        """By name that a tests cell bound, the words of that cell."""
        self._imported: dict[str, list[str]] = {}
        self._public: set[str] = set()
        """Names that the running cell binds where students can read it."""
        self._before: dict[str, Any] = {}
        """What the names here were when the other side was last told."""
        self._bound_theirs: set[str] = set()
        self._given: dict[str, Any] = {}
        """By name, what locked cells define."""
        self._shadowed: set[str] = set()
        """Names of the tests' own things that the notebook has given another meaning."""
        self.peer.names_news, self.peer.take_names = self._names_news, self._take_names
        sys.addaudithook(_refuse_pickled)
        self._define_given()

    def _define_given(self) -> None:
        """Define here what locked cells define: tests that call it must not ask a student for it.

        What cannot be defined by itself stays remote. The names are bound when the notebook has
        bound them, too.
        """
        before = set(self._ns)
        for source in self._known["given"]:
            known = set(self._ns)
            self._cells.run(source, "given")
            self._spoken |= dict.fromkeys(self._ns.keys() - known, frozenset(words_of(source)))
        for name in self._ns.keys() - before:
            value = self._ns.pop(name)
            if name not in self._students and not OF_IPYTHON.fullmatch(name):
                self._given[name] = value
        self._outputs.take()

    def _may_import(self, module: str, name: str) -> bool:
        if self._known["learning"]:
            return True
        known = module in ("builtins", "numpy") and bool(name)
        return known and isinstance(imported(module, name), type)

    def run(self, request: dict[str, Any]) -> dict[str, Any]:
        """Run one tests cell; the reply says how it ended, and what it did to the names."""
        peer, source = self.peer, request["source"]
        if request["fresh"]:
            self._start_anew()
        peer.values_only = request["values_only"]
        peer.state.takes_random = not peer.values_only
        peer.answers = peer.refusals = 0
        peer.begin_cell(peer.cell + 1)
        words = frozenset(words_of(source))
        self._words = self._all_words(words)
        self._public = set(request["public"])
        self._refresh()
        reply: dict[str, Any]
        try:
            with peer.countdown.running(request["limit_s"]):
                peer.take(request["news"])
                self._bind_theirs(self._theirs)
                self._before = dict(self._ns)
                reply = self._cells.run(source, request["label"])
                self._spoken |= dict.fromkeys(self._ns.keys() - self._before.keys(), words)
        except (Gone, TimeIsUp) as error:
            reply = {"raised": "BaseException", "own": type(error).__name__}
        except Exception as error:  # what the other side told is malformed
            reply = {"raised": "Exception", "own": type(error).__name__}
        if peer.countdown.ran_out or peer.gone == "late":
            reply = {"late": True}
        elif peer.gone:
            reply = {"ended": True}
        peer.gone = ""
        reply["outputs"] = self._outputs.take()
        reply["answers"], reply["refusals"] = peer.answers, peer.refusals
        reply["shadowed"] = sorted(self._shadowed & self._words)
        return {**reply, "news": peer.news(whole=True), "imported": self._imported}

    def _start_anew(self) -> None:
        """Forget the other side, whose process was replaced."""
        for name in self._bound_theirs - self._ours:
            self._ns.pop(name, None)
        self._bound_theirs.clear()
        self._theirs.clear()
        self.peer.start_anew()

    def _all_words(self, words: frozenset[str]) -> set[str]:
        """These words, and those of what they name, as far as tests cells have defined it."""
        found, waiting = set(words), list(words)
        while waiting:
            new = self._spoken.get(waiting.pop(), frozenset()) - found
            found |= new
            waiting += new
        return found

    def _refresh(self) -> None:
        """Forget what names of the other side held: each tests cell asks anew."""
        for name in self._bound_theirs:
            if name not in self._ours:
                self._ns.pop(name, None)
        self._bound_theirs.clear()
        self._before = dict(self._ns)

    def _take_names(self, told: dict[str, Any]) -> None:
        """Note what names the other side has bound, and bind those that tests speak of."""
        for name in list(told.get("gone_names") or ()):
            self._theirs.pop(name, None)
            self._ours.discard(name)
            self._ns.pop(name, None)
            self._before.pop(name, None)
        new = {
            name: tree
            for name, tree in dict(told.get("names") or {}).items()
            if isinstance(name, str) and name.isidentifier() and not OF_IPYTHON.fullmatch(name)
        }
        self._shadowed |= {name for name in new if self._is_shadowed(name, new[name])}
        self._theirs |= new
        self._ours -= new.keys() & self._students
        self._bind_theirs(new)

    def _bind_theirs(self, names: Iterable[str]) -> None:
        kept = self._ours | (self._ever_ours - self._students)
        for name in list(names):
            if name in self._words and name not in kept:
                self._take_name(name, self._theirs[name])
                if name in self._ns:
                    self._before[name] = self._ns[name]
                    self._bound_theirs.add(name)

    def _names_news(self) -> dict[str, Any]:
        """What tests cells have bound in lines that students can read, and what they deleted."""
        if same(self._ns, self._before):
            return {}
        bound: dict[str, Any] = {}
        before = self._before.get
        for name in [name for name, value in self._ns.items() if before(name, self) is not value]:
            value = self._ns[name]
            if OF_IPYTHON.fullmatch(name):
                continue
            self._ours.add(name)
            self._ever_ours.add(name)
            if name in self._public:
                bound[name] = self.peer.lower(value)
        gone = [name for name in self._before if name not in self._ns]
        deleted = [name for name in gone if self._theirs.pop(name, None) is not None]
        self._before = dict(self._ns)
        return {"bound": bound, "unbound": deleted} if bound or deleted else {}

    def _is_shadowed(self, name: str, tree: Any) -> bool:
        """Whether the notebook binds a name of the tests' own to something else."""
        known, is_import = self._known, tree[0] == "mine" and bool(tree[4][0])
        if name in known["trusted"]:
            return not (is_import and tuple(tree[4]) == known["trusted"][name])
        if name in self._given:
            # The first to bind it is the locked cell itself.
            return name in self._theirs
        if not hasattr(builtins, name) or name in known["built_in"]:
            return False
        return not is_import or found_in(*tree[4]) is not getattr(builtins, name)

    def _take_name(self, name: str, tree: Any) -> None:
        known = self._known
        if name in self._given:
            self._ns[name] = self._given[name]
            return
        trusted = known["trusted"].get(name)
        if trusted is not None:
            self._ns[name] = imported(*trusted)
            return
        if hasattr(builtins, name) and name not in known["built_in"] and not known["learning"]:
            return
        if tree[0] == "mine" and tuple(tree[4]) == known["expected"].get(name):
            self._ns[name] = imported(*tree[4])
            return
        if tree[0] == "held":
            self._ns[name] = self.peer.fetch(tree[1])
            return
        if tree[0] == "mine" and tree[4][0]:
            self._imported[name] = list(tree[4])
        self._ns[name] = self.peer.lift(tree)


def _print(stream: str, text: str) -> None:
    print(text, end="", file=sys.stdout if stream == "stdout" else sys.stderr)


def _refuse_pickled(event: str, args: tuple[Any, ...]) -> None:
    """Let no tests cell unpickle anything but data."""
    if event == "pickle.find_class" and tuple(args) not in _PICKLED:
        raise PermissionError(f"{args[0]}.{args[1]} is not unpickled while testing")
