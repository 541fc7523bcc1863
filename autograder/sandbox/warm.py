"""The warm process, from outside: starts it behind the outer wall, and asks it for keepers.

    with WarmProcess(tier) as warm:
        with Jail(limits, tier, warm) as jail:
            …

Loading NumPy, IPython and Matplotlib takes most of a sandbox's start, so the sandboxes of a program
share one warm process, and so do its workers: each has a connection of its own (`connect`), which
is sent to it. No student's code runs in the warm process or knows of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.errors import JailError, NoJail
from autograder.sandbox import folder_watch, launch
from autograder.sandbox.inside import policy
from autograder.sandbox.inside.channel import PACKET
from autograder.sandbox.outer_wall import INSIDE, PACKAGE, OuterWall
from autograder.sandbox.relocated import PROGRAM, SERVE, RelocatedPython

START_S = 60.0
"""Seconds that the warm process may take to load."""
END_S = 5.0
"""Seconds that the kernel may take to end a process."""


@dataclass(frozen=True)
class Keeper:
    """The process that forks the submissions of one sandbox."""

    control: socket.socket
    pidfd: int

    def answer(self, key: str) -> Any:
        """One field of the next packet from it.

        Raises:
            JailError: it failed, or is gone.
            OSError: nothing comes.
        """
        packet = self.control.recv(PACKET)
        said = json.loads(packet) if packet else {"failed": "the keeper is gone"}
        if key not in said:
            raise JailError(said["failed"])
        return said[key]

    def end(self) -> None:
        """End it, and with it everything that it forked."""
        self.control.close()
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        select.select([self.pidfd], [], [], END_S)
        os.close(self.pidfd)


class WarmConnection:
    """One grader's connection to a warm process; it can be sent to a process that is started.

    Args:
        control: the socket.
        shown: the places of the machine that a submission can read a copy of.
        readable: where these places are inside.
    """

    def __init__(self, control: socket.socket, shown: Sequence[str], readable: Sequence[str]):
        self._control = control
        self.shown, self.readable = tuple(shown), tuple(readable)

    @property
    def alive(self) -> bool:
        """Whether somebody is at the other end."""
        if self._control.fileno() < 0:
            return False
        with contextlib.suppress(OSError):
            return not select.select([self._control], [], [], 0)[0]
        return False

    def connect(self) -> WarmConnection:
        """A further connection, for another process.

        Raises:
            JailError: the warm process is gone.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._send({"op": "connect"}, theirs)
        return WarmConnection(ours, self.shown, self.readable)

    def load(self, modules: Iterable[str]) -> None:
        """Load modules for the keepers that are made from now on, if that is safe before a fork.

        Raises:
            JailError: the warm process is gone.
        """
        wanted = [name for name in modules if name in policy.MAY_PRELOAD]
        self._send({"op": "load", "modules": wanted})

    def keeper(self) -> Keeper:
        """Have a keeper made, which waits for its first packet.

        Raises:
            JailError: the warm process does not load, or is gone.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                self._send({"op": "keeper"}, theirs)
            self._control.settimeout(START_S)
            packet, fds, _, _ = socket.recv_fds(self._control, PACKET, 1)
        except OSError as error:
            ours.close()
            raise JailError(f"the warm process does not answer: {error}") from None
        except JailError:
            ours.close()
            raise
        if not packet or not fds:
            ours.close()
            raise JailError(f"the warm process is gone. {self._said()}".strip())
        ours.settimeout(START_S)
        return Keeper(ours, fds[0])

    def close(self) -> None:
        """Hang up. What was made over this connection lives on."""
        self._control.close()

    def __enter__(self) -> WarmConnection:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _send(self, request: dict[str, object], *theirs: socket.socket) -> None:
        descriptors = [one.fileno() for one in theirs]
        try:
            socket.send_fds(self._control, [json.dumps(request).encode()], descriptors)
        except OSError as error:
            raise JailError(f"the warm process is gone: {error}. {self._said()}".strip()) from None

    def _said(self) -> str:
        """What the warm process wrote to its error stream, where that is known."""
        return ""


class WarmProcess(WarmConnection):
    """A warm process of this program; it ends, with all that it made, when it is closed.

    Starting it does not wait until it has loaded.

    Args:
        tier: how strongly submissions are isolated.

    Raises:
        NoJail: it cannot be started here; the text says why.
    """

    def __init__(self, tier: policy.Tier) -> None:
        self.tier = tier
        with contextlib.ExitStack() as stack:
            copy = _copy_for(tier)
            if copy is not None:
                stack.callback(copy.release)
            self._scratch = stack.enter_context(_scratch_folder())
            self._errors = stack.enter_context(tempfile.TemporaryFile())
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            shown, readable = (copy.shown, copy.readable) if copy is not None else ((), ())
            super().__init__(ours, shown, readable)
            try:
                with theirs:
                    self._process = self._start(tier, copy, theirs.fileno())
            except OSError as error:
                ours.close()
                raise NoJail(f"the {tier} sandbox does not start here: {error}") from None
            self._held = stack.pop_all()

    def close(self) -> None:
        """End the warm process and everything inside its wall."""
        super().close()
        self._process.kill()
        self._process.wait()
        self._held.close()

    def __enter__(self) -> WarmProcess:
        return self

    def _said(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)  # what it has to say comes before its end
        self._errors.seek(0)
        return self._errors.read()[-1000:].decode(errors="replace").strip()

    def _start(
        self, tier: policy.Tier, copy: OuterWall | RelocatedPython | None, control_fd: int
    ) -> subprocess.Popen[bytes]:
        where = INSIDE if isinstance(copy, OuterWall) else str(PACKAGE.parent)
        program = f"import sys; sys.path.insert(0, {where!r})\n{SERVE}"
        # No modules from a user's folders. The environment is used: all of it comes from us.
        options = ["-s", "-P", "-c"]
        command = [sys.executable, *options, f"{program}main({control_fd})"]
        environment = launch.environment(tier, self._scratch)
        if isinstance(copy, OuterWall):
            # `python` must be the one that runs the notebook, as in a student's Jupyter.
            places = (os.path.dirname(sys.executable), environment["PATH"])
            environment["PATH"] = os.pathsep.join(places)
            command = [*copy.around(self._scratch), *command]
        if isinstance(copy, RelocatedPython):
            command = [copy.executable, *options, f"{PROGRAM}main({control_fd})"]
            environment |= copy.environment(self._scratch)
        return subprocess.Popen(
            command,
            pass_fds=[control_fd],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            env=environment,
            cwd="/",
            start_new_session=True,
        )


def _copy_for(tier: policy.Tier) -> OuterWall | RelocatedPython | None:
    if tier.outer_wall:
        return OuterWall()
    return RelocatedPython() if tier.relocates else None


@contextlib.contextmanager
def _scratch_folder() -> Iterator[Path]:
    """A folder for the modules that run inside, and for what libraries write as they load."""
    folder = Path(tempfile.mkdtemp(prefix="autograder-"))
    if os.getuid() == 0:
        folder.chmod(0o711)
    try:
        yield folder
    finally:
        with contextlib.suppress(OSError):  # what stays among the temporary files does no harm
            folder_watch.remove(str(folder))
