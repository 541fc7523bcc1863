"""The grader's end of the sandbox: starts it, asks it for forks, ends them.

    with Jail(limits) as jail:
        with jail.fork() as inmate:
            inmate.channel.send({"op": "cell", …})

An `Inmate` is one submission's process and all that it started. Leaving its block kills all of it,
through the pidfd of the first process of its pid namespace. This module knows no notebooks.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from autograder.errors import JailError, NoJail
from autograder.limits import Limits
from autograder.sandbox import folder_watch, launch, memory_watch
from autograder.sandbox.cgroup import Group, make_group
from autograder.sandbox.inside import jail, policy
from autograder.sandbox.inside.channel import PACKET, Channel
from autograder.sandbox.inside.wire import WireError
from autograder.sandbox.warm import WarmConnection, WarmProcess
from autograder.sandbox.watcher import Inmate, watched_folder, watched_memory

_NO_SIGHT = (
    "the memory of a submission can be bounded neither by a control group nor by looking at its "
    "processes in /proc; mount /proc without hidepid, or let this account write a control group"
)
START_S = 60.0
"""Seconds that a fork may take to be walled in, on a busy machine."""


class Jail:
    """A sandbox, good for any number of submissions, one at a time.

    Args:
        limits: what each submission may use.
        tier: how strongly submissions are isolated.
        warm: the warm process to fork from; by default one of its own.

    Raises:
        NoJail: the tier does not hold on this machine; the text says why.
    """

    def __init__(
        self, limits: Limits, tier: policy.Tier = policy.FULL, warm: WarmConnection | None = None
    ) -> None:
        self.limits, self.tier = limits, tier
        self.uid = launch.spare_uid() if os.getuid() == 0 and tier.isolates else None
        """The account that students' code runs as; None: this process's own."""
        self._warm, self._own = warm, contextlib.ExitStack()
        self._held = contextlib.ExitStack()
        self._scratch = Path(tempfile.mkdtemp(prefix="autograder-"))
        if os.getuid() == 0:
            self._scratch.chmod(0o711)
        try:
            self._launch()
        except JailError:
            self._discard()
            raise

    def __enter__(self) -> Jail:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End everything inside the sandbox."""
        self._held.close()
        self._discard()

    def _discard(self) -> None:
        with contextlib.suppress(OSError):  # what stays among the temporary files does no harm
            folder_watch.remove(str(self._scratch))
        self._own.close()

    @property
    def shown(self) -> tuple[str, ...]:
        """The places of the machine that a submission can read a copy of; empty in tier *none*."""
        return self._warm.shown if self._warm is not None else ()

    @property
    def grouped(self) -> bool:
        """Whether a control group bounds memory and processes of a submission together."""
        return self._group is not None

    def _launch(self) -> None:
        """Have a keeper made; where its warm process is gone, by a new one."""
        if self._warm is None or not self._warm.alive:
            self._warm = self._own.enter_context(WarmProcess(self.tier))
        self._group: Group | None = None
        try:
            self._keeper = self._warm.keeper()
            self._held.callback(self._end_keeper)
            self._group = self._make_group()
            self._keeper.control.send(
                launch.settings(self.tier, self.limits, self.uid, self._warm.readable)
            )
            self._keeper.answer("ready")
            if self.tier.has_processes and not self.grouped:
                self._require_sight()
        except (OSError, JailError) as error:
            self._held.close()
            raise NoJail(f"the {self.tier} sandbox does not start here: {error}") from None

    def _make_group(self) -> Group | None:
        if not self.tier.isolates:
            return None
        keeper = memory_watch.process_of(self._keeper.pidfd)
        return make_group(int(self.limits.memory_mib), int(self.limits.processes), keeper)

    def _end_keeper(self) -> None:
        self._keeper.end()
        if self._group is not None:
            self._group.remove()

    def _require_sight(self) -> None:
        """Refuse if neither a control group nor watching from outside can bound all memory.

        Raises:
            JailError: the sandbox's processes cannot be inspected here.
        """
        with self._fork_unwatched() as inmate:
            try:
                pid = memory_watch.process_of(inmate.pidfd)
                seen = memory_watch.held_mib(pid, jail.WRITABLE_FULL, 0) > 0
            except memory_watch.Unseen as reason:
                raise JailError(f"{reason}; {_NO_SIGHT}") from None
        if not seen:
            raise JailError(_NO_SIGHT)

    @contextlib.contextmanager
    def _fork_unwatched(self) -> Iterator[Inmate]:
        inmate = self._fork()
        try:
            yield inmate
        finally:
            self._end(inmate)

    @contextlib.contextmanager
    def fork(self) -> Iterator[Inmate]:
        """One submission's process, ready for requests; all of it is dead after the block.

        Raises:
            JailError: the process could not be isolated, or the warm process is gone.
        """
        try:
            inmate = self._fork()
        except JailError:
            # The keeper is gone (out of memory, say). Have one more; if that fails too, it is our
            # fault.
            self._held.close()
            self._launch()
            inmate = self._fork()
        try:
            with self._watched(inmate):
                yield inmate
        finally:
            self._end(inmate)

    def _fork(self) -> Inmate:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        home = self._make_home()
        request = json.dumps({"op": "fork", "home": home}).encode()
        try:
            with theirs:
                socket.send_fds(self._keeper.control, [request], [theirs.fileno()])
            packet, fds, _, _ = socket.recv_fds(self._keeper.control, PACKET, 1)
        except OSError as error:
            ours.close()
            raise JailError(f"the keeper does not answer: {error}") from None
        if not packet or not fds:
            ours.close()
            raise JailError("the keeper is gone")
        channel = Channel(
            ours,
            frame_bytes=int(self.limits.answer_mib) << 20,
            elements=int(self.limits.answer_elements),
        )
        inmate = Inmate(channel, fds[0], json.loads(packet)["pid"], home)
        self._await_ready(inmate)
        return inmate

    def _await_ready(self, inmate: Inmate) -> None:
        try:
            said = inmate.channel.receive(deadline=time.monotonic() + START_S)
        except WireError as error:
            said = {"failed": str(error)}
        if said != {"ready": True}:
            self._end(inmate)
            reason = said.get("failed", "") if isinstance(said, dict) else ""
            raise JailError(f"a submission could not be walled in: {reason}")

    def _end(self, inmate: Inmate) -> int:
        """Kill the process and all that it started; return the status with which it ended."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(inmate.pidfd, signal.SIGKILL)
        inmate.channel.close()
        os.close(inmate.pidfd)
        try:
            self._keeper.control.send(json.dumps({"op": "reap", "pid": inmate.pid}).encode())
            status: int = self._keeper.answer("status")
        except (OSError, JailError):
            status = -1  # the warm process is gone, and with it everything inside the wall
        if not self.tier.own_folders:
            with contextlib.suppress(OSError):
                folder_watch.remove(inmate.home)
        return status

    def _watched(self, inmate: Inmate) -> contextlib.AbstractContextManager[None]:
        """Watch the process during the block, where the kernel does not enforce all limits."""
        if not self.tier.own_folders:
            return watched_folder(inmate, self.limits)
        if not self.grouped:
            return watched_memory(inmate, self.limits)
        return contextlib.nullcontext()

    def _make_home(self) -> str:
        if self.tier.own_folders:
            return policy.HOME
        home = tempfile.mkdtemp(dir=self._scratch)
        if self.uid is not None:
            os.chown(home, self.uid, self.uid)
        return home
