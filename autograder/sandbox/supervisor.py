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
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from autograder.errors import JailError, NoJail
from autograder.limits import Limits
from autograder.sandbox import folder_watch, launch, memory_watch
from autograder.sandbox.cgroup import Group, make_group
from autograder.sandbox.inside import jail, policy
from autograder.sandbox.inside.channel import Channel
from autograder.sandbox.inside.wire import WireError
from autograder.sandbox.inside.zygote import PACKET
from autograder.sandbox.outer_wall import INSIDE, PACKAGE, OuterWall
from autograder.sandbox.relocated import PROGRAM, SERVE, RelocatedPython
from autograder.sandbox.watcher import Inmate, watched_folder, watched_memory

_NO_SIGHT = (
    "the memory of a submission can be bounded neither by a control group nor by looking at its "
    "processes in /proc; mount /proc without hidepid, or let this account write a control group"
)
START_S = 60.0
"""Seconds that the warm process may take to load."""


class Jail:
    """A sandbox with a warm process in it, good for any number of submissions.

    Args:
        limits: what each submission may use.
        tier: how strongly submissions are isolated.
        preload: modules that submissions import; those that are safe before a fork are loaded.

    Raises:
        NoJail: the tier does not hold on this machine; the text says why.
    """

    def __init__(
        self, limits: Limits, tier: policy.Tier = policy.FULL, preload: Sequence[str] = ()
    ) -> None:
        self.limits, self.tier, self._preload = limits, tier, tuple(preload)
        self.uid = launch.spare_uid() if os.getuid() == 0 and tier.isolates else None
        """The account that students' code runs as; None: this process's own."""
        self._wall = OuterWall() if tier.outer_wall else None
        self._python = RelocatedPython() if tier.relocates else None
        self._scratch = Path(tempfile.mkdtemp(prefix="autograder-"))
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
        """End the warm process and with it everything inside the sandbox."""
        self._end_wall()
        self._discard()

    def _discard(self) -> None:
        with contextlib.suppress(OSError):  # what stays among the temporary files does no harm
            folder_watch.remove(str(self._scratch))
        if self._copy is not None:
            self._copy.release()

    @property
    def _copy(self) -> OuterWall | RelocatedPython | None:
        return self._wall or self._python

    @property
    def shown(self) -> tuple[str, ...]:
        """The places of the machine that a submission can read a copy of; empty in tier *none*."""
        return self._copy.shown if self._copy is not None else ()

    @property
    def grouped(self) -> bool:
        """Whether a control group bounds memory and processes of a submission together."""
        return self._group is not None

    def _launch(self) -> None:
        """Start the outer wall, if the tier has one, and a warm process; wait until it is ready."""
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed by `_end_wall`
        self._process: subprocess.Popen[bytes] | None = None
        self._group: Group | None = None
        try:
            self._group = self._make_group()
            with theirs:
                self._process = self._start(theirs.fileno())
            self._control.settimeout(START_S)
            seen = self._copy.readable if self._copy is not None else ()
            self._control.send(
                launch.settings(self.tier, self.limits, self.uid, seen, self._preload)
            )
            self._expect("ready")
            if self.tier.has_processes and not self.grouped:
                self._require_sight()
        except (OSError, JailError) as error:
            said = self._said()
            self._end_wall()
            reason = f"the {self.tier} sandbox does not start here: {error} {said}"
            raise NoJail(reason.strip()) from None

    def _make_group(self) -> Group | None:
        if not self.tier.isolates:
            return None
        return make_group(int(self.limits.memory_mib), int(self.limits.processes))

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

    def _end_wall(self) -> None:
        self._control.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._group is not None:
            self._group.remove()
        self._errors.close()

    @contextlib.contextmanager
    def fork(self) -> Iterator[Inmate]:
        """One submission's process, ready for requests; all of it is dead after the block.

        Raises:
            JailError: the process could not be isolated, or the warm process is gone.
        """
        try:
            inmate = self._fork()
        except JailError:
            # The warm process is gone (out of memory, say). Start one more; if that fails too, the
            # fault is ours.
            self._end_wall()
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
                socket.send_fds(self._control, [request], [theirs.fileno()])
            packet, fds, _, _ = socket.recv_fds(self._control, PACKET, 1)
        except OSError as error:
            ours.close()
            raise JailError(f"the warm process does not answer: {error}") from None
        if not packet or not fds:
            ours.close()
            raise JailError(f"the warm process is gone. {self._said()}".strip())
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
            self._control.send(json.dumps({"op": "reap", "pid": inmate.pid}).encode())
            status: int = self._expect("status")
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

    def _expect(self, key: str) -> Any:
        packet = self._control.recv(PACKET)
        if not packet:
            raise JailError("it ended.")
        return json.loads(packet)[key]

    def _said(self) -> str:
        """What the sandbox's processes wrote to their error stream: usually the reason."""
        self._errors.seek(0)
        return self._errors.read()[-1000:].decode(errors="replace").strip()

    def _start(self, control_fd: int) -> subprocess.Popen[bytes]:
        where = INSIDE if self._wall is not None else str(PACKAGE.parent)
        program = f"import sys; sys.path.insert(0, {where!r})\n{SERVE}"
        # No modules from a user's folders. The environment is used: all of it comes from us.
        options = ["-s", "-P", "-c"]
        command = [sys.executable, *options, f"{program}main({control_fd})"]
        environment = launch.environment(self.tier, self._scratch)
        if self._wall is not None:
            # `python` must be the one that runs the notebook, as in a student's Jupyter.
            places = (os.path.dirname(sys.executable), environment["PATH"])
            environment["PATH"] = os.pathsep.join(places)
            command = [*self._wall.around(self._scratch), *command]
        else:
            self._open_scratch()
        if self._python is not None:
            command = [self._python.executable, *options, f"{PROGRAM}main({control_fd})"]
            environment |= self._python.environment(self._scratch)
        if self._group is not None:
            command = self._group.around(command)
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

    def _open_scratch(self) -> None:
        if os.getuid() == 0:
            self._scratch.chmod(0o711)
