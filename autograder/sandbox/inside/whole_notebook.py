"""Runs a notebook cell by cell for the grader, and keeps what each of them puts out.

In a student's process it also answers what a tester asks of the notebook's names; in a tester it
runs tests cells. This module is loaded inside the sandbox only.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.sandbox.inside.cells import Cells
from autograder.sandbox.inside.channel import Channel
from autograder.sandbox.inside.countdown import TimeIsUp, interrupted
from autograder.sandbox.inside.names import Names
from autograder.sandbox.inside.outputs import Outputs
from autograder.sandbox.inside.peer import Gone, Peer
from autograder.sandbox.inside.shared_state import SharedState
from autograder.sandbox.inside.tester import Tester

CALLBACK_S = 10.0
"""Seconds that a function of a tests cell may take that later cells of the notebook call."""


class WholeNotebook:
    """The cells of a notebook, and what they put out.

    Args:
        shell: the shell that they run in.
        cells: runs one of them.
        channel: to the grader.
    """

    def __init__(self, shell: Any, cells: Cells, channel: Channel) -> None:
        self._shell, self._cells, self._channel = shell, cells, channel
        self._outputs = shell.outputs = Outputs(shell)
        shared = SharedState(self._outputs, takes_code=True, prints=None)
        self._peer = Peer(channel, shared, False, lambda module, name: True)
        self._names = Names(shell.user_ns)
        self._peer.names_news = lambda: self._names.news(self._peer)
        self._peer.take_names = self._bind
        self._tester: Tester | None = None

    def answers(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The replies to one request of the grader, or of the other side through it."""
        match request:
            case {"op": "files", "files": files}:
                for name, data in files.items():
                    lay(name, data)
                self._peer.state.settle()
                yield {"done": True}
            case {"op": "run", "source": source, "label": label, "limit_s": limit_s}:
                reply = interrupted(limit_s, functools.partial(self._cells.run, source, label))
                yield {**reply, "outputs": self._outputs.take()}
                if request["tells"]:
                    # A message of its own: how the cell ended is told, whatever becomes of this.
                    yield {"news": self._peer.news(whole=True)}
            case {"op": "names"}:
                yield {"news": self._peer.news(whole=True)}
            case {"op": "bind", "news": news}:
                self._peer.take(news)
                yield {"done": True}
            case {"op": "tester", "known": known}:
                self._tester = Tester(self._shell, self._cells, self._outputs, self._channel, known)
                yield {"done": True}
            case {"op": "tests"} if self._tester is not None:
                yield self._tester.run(request)
            case {"ask": asked, "left_s": left_s}:
                self._serve(asked, left_s)
            case _:
                yield {"unsendable": "object"}

    def _bind(self, told: dict[str, Any]) -> None:
        """Bind here what tests cells have bound, as far as students may read it."""
        if "bound" in told:
            names = {name: self._peer.lift(tree) for name, tree in told["bound"].items()}
            self._names.bind(names, told["unbound"])

    def _serve(self, asked: dict[str, Any], left_s: float) -> None:
        """Answer the other side's request, within the time that it has left."""
        peer = self._tester.peer if self._tester is not None else self._peer
        try:
            with peer.countdown.running(left_s or CALLBACK_S):
                reply = peer.serve(asked)
        except (Gone, TimeIsUp):
            reply = None
        if reply is None or peer.countdown.ran_out:
            self._channel.send({"gone": "late"})
        else:
            peer.send_reply(reply)


def lay(name: str, data: bytes) -> None:
    """Write a file of the submission into the working folder.

    Args:
        name: a path below the folder.
        data: its contents.
    """
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
