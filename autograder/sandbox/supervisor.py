"""The grader's end of the jail: starts the outer wall, asks for forks, ends them.

    with Jail(limits) as jail:
        with jail.fork() as inmate:
            inmate.channel.send({"op": "cell", …})

An `Inmate` is one submission's process and everything it started; leaving its block kills all of
it, by the pidfd of the first process of its pid namespace, and waits until it is gone. Nothing in
this module knows notebooks or checks.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from autograder.errors import JailError, NoJail
from autograder.limits import Limits
from autograder.sandbox import folder_watch, memory_watch
from autograder.sandbox.cgroup import WARM_MIB, Group, make_group
from autograder.sandbox.inside import jail, policy
from autograder.sandbox.inside.channel import Channel
from autograder.sandbox.inside.wire import WireError
from autograder.sandbox.inside.zygote import PACKET
from autograder.sandbox.outer_wall import INSIDE, PACKAGE, OuterWall
from autograder.sandbox.relocated import PROGRAM, SERVE, RelocatedPython

_NO_SIGHT = (
    "the memory of all processes of a submission can be bounded neither by a control group nor by "
    "looking at them in /proc; mount /proc without hidepid, or let this account write a control "
    "group"
)
START_S = 60.0
"""How long the warm process may take to load."""


@dataclass
class Inmate:
    """One submission's process inside the jail."""

    channel: Channel
    pidfd: int
    pid: int
    home: str


class Jail:
    """An outer wall with a warm process in it, good for any number of submissions.

    Args:
        limits: what each submission may use.
        tier: how strongly they are walled in.

    Raises:
        NoJail: the tier does not hold on this machine; the text says why.
    """

    def __init__(self, limits: Limits, tier: policy.Tier = policy.FULL) -> None:
        self.limits = limits
        self.tier = tier
        self.uid = spare_uid() if os.getuid() == 0 and tier.isolates else None
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
        """End the warm process and with it everything inside the wall."""
        self._end_wall()
        self._discard()

    def _discard(self) -> None:
        # What is left is nobody's, and lies with temporary files.
        with contextlib.suppress(OSError):
            folder_watch.remove(str(self._scratch))
        if self._copy is not None:
            self._copy.release()

    @property
    def _copy(self) -> OuterWall | RelocatedPython | None:
        return self._wall or self._python

    @property
    def shown(self) -> tuple[str, ...]:
        """The places of the machine that a submission can read a copy of; none in tier *none*."""
        return self._copy.shown if self._copy is not None else ()

    @property
    def grouped(self) -> bool:
        """Whether a control group bounds memory and processes of a submission together."""
        return self._group is not None

    def _launch(self) -> None:
        """Start the outer wall with a warm process in it, and wait until it is ready."""
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed by `_end_wall`
        self._process: subprocess.Popen[bytes] | None = None
        self._group: Group | None = None
        try:
            self._group = self._make_group()
            with theirs:
                self._process = self._start(theirs.fileno())
            self._control.settimeout(START_S)
            self._control.send(self._settings())
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
        """Refuse where neither a control group nor a look from outside bounds all memory.

        Raises:
            JailError: the sandbox's processes cannot be looked at here.
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
            JailError: the process could not be walled in, or the warm process is gone.
        """
        try:
            inmate = self._fork()
        except JailError:
            # The warm process is gone (out of memory, say): one new one, then it is our fault.
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
        """Kill the process and all it started; the status with which it ended."""
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

    @contextlib.contextmanager
    def _watched(self, inmate: Inmate) -> Iterator[None]:
        """End whoever takes more than it may, where the kernel does not see to it by itself.

        That is the folder where it is no file system of its own, and else, without a control group,
        the memory of all processes together.
        """
        if self.tier.own_folders and self.grouped:
            yield
            return
        stop = threading.Event()

        def watch() -> None:
            wait_s: float | None = memory_watch.LOOK_S
            while not stop.wait(wait_s):
                wait_s = self._look(inmate)
                if wait_s is None:
                    with contextlib.suppress(OSError):
                        signal.pidfd_send_signal(inmate.pidfd, signal.SIGKILL)
                    return

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            stop.set()
            watcher.join()

    def _look(self, inmate: Inmate) -> float | None:
        """Seconds until the next look; None if it holds too much or cannot be looked at."""
        try:
            pid = memory_watch.process_of(inmate.pidfd)
            if self.tier.own_folders:
                return self._look_at_memory(pid)
            place, limits = memory_watch.place_of(pid), self.limits
            over = folder_watch.is_over(inmate.home, place, limits.file_mib, limits.files)
        except (MemoryError, OSError, memory_watch.Unseen) as fault:
            # Our own work on its answers may take all memory that it may; that ends by itself.
            short = isinstance(fault, MemoryError) or getattr(fault, "errno", 0) == errno.ENOMEM
            return memory_watch.LOOK_S if short else None
        return None if over else folder_watch.LOOK_S

    def _look_at_memory(self, pid: int) -> float | None:
        most = self.limits.memory_mib + WARM_MIB
        held = memory_watch.held_mib(pid, jail.WRITABLE_FULL, most) if pid > 0 else 0.0
        if held > most:
            return None
        return memory_watch.LOOK_S if held < most / 2 else memory_watch.LOOK_SOON_S

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
        """What the processes of the wall wrote on their error stream: the reason, usually."""
        self._errors.seek(0)
        return self._errors.read()[-1000:].decode(errors="replace").strip()

    def _start(self, control_fd: int) -> subprocess.Popen[bytes]:
        where = INSIDE if self._wall is not None else str(PACKAGE.parent)
        program = f"import sys; sys.path.insert(0, {where!r})\n{SERVE}"
        # Nothing from a user's folders, but the environment counts: all of it is ours.
        options = ["-s", "-P", "-c"]
        command = [sys.executable, *options, f"{program}main({control_fd})"]
        environment = self._environment()
        if self._wall is not None:
            # `python` is the one that runs the notebook, as where a student starts Jupyter.
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

    def _environment(self) -> dict[str, str]:
        environment = environment_inside()
        if not self.tier.own_folders:
            environment["TMPDIR"] = environment["HOME"] = str(self._scratch)
            environment["MPLCONFIGDIR"] = str(self._scratch / "matplotlib")
            environment["IPYTHONDIR"] = str(self._scratch / "ipython")
        return environment

    def _settings(self) -> bytes:
        limits, copy = self.limits, self._copy
        bpf = jail.compile_filter(self.tier) if self.tier.isolates else b""
        return json.dumps(
            {
                "uid": self.uid,
                "frame_bytes": int(limits.answer_mib) << 20,
                "elements": int(limits.answer_elements),
                "confinement": {
                    "tier": asdict(self.tier),
                    "home": policy.HOME,
                    "readable": copy.readable if copy is not None else [],
                    "bpf": base64.b64encode(bpf).decode(),
                    "memory_mib": int(limits.memory_mib),
                    "processes": int(limits.processes),
                    "file_mib": int(limits.file_mib),
                    "files": int(limits.files),
                    "open_files": int(limits.open_files),
                    "cpu_s": int(limits.cpu_s),
                },
            }
        ).encode()


def spare_uid() -> int:
    """One of the accounts kept for students' code, as which nothing runs on this machine."""
    taken = jail.tasks_by_account()
    first = os.getpid() % len(policy.SPARE_UIDS)
    order: list[int] = [*policy.SPARE_UIDS[first:], *policy.SPARE_UIDS[:first]]
    for uid in order:
        if uid not in taken:
            return uid
    return order[0]


def environment_inside() -> dict[str, str]:
    """The whole environment of the warm process and so of every submission."""
    kept = {name: os.environ[name] for name in policy.ENVIRONMENT_FROM_HOST if name in os.environ}
    return {**policy.ENVIRONMENT, **kept}
