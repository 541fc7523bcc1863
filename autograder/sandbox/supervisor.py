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
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from autograder.errors import JailError, NoJail, WireError
from autograder.limits import Limits
from autograder.sandbox import jail, policy
from autograder.sandbox.cgroup import Group, make_group
from autograder.sandbox.zygote import PACKET
from autograder.wire import Channel

START_S = 60.0
"""How long the warm process may take to load."""
WATCH_S = 0.1
"""How often the folder of the *reduced* tier is looked at."""
LIBRARY = (os.path.dirname(os.__file__), sysconfig.get_paths()["purelib"])
"""Where Python's own modules and its packages lie."""
INSIDE = "/jail"
"""Where the few modules that run in the jail lie, inside the wall."""
MODULES = (
    "__init__.py",
    "errors.py",
    "wire.py",
    "sandbox/__init__.py",
    "sandbox/policy.py",
    "sandbox/jail.py",
    "sandbox/worker.py",
    "sandbox/zygote.py",
)


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
        tier: `full`, `reduced` or `none`; see `policy`.

    Raises:
        NoJail: the tier does not hold on this machine; the text says why.
    """

    def __init__(self, limits: Limits, tier: str = policy.FULL) -> None:
        self.limits = limits
        self.tier = tier
        self.uid = spare_uid() if os.getuid() == 0 and tier != policy.NONE else None
        """The account that students' code runs as; None: this process's own."""
        self.closed = ""
        """A folder that this account cannot read, with modules that an honest import may need."""
        if self.uid is not None and tier == policy.REDUCED:
            self.closed = closed_to_others()
        self._scratch = Path(tempfile.mkdtemp(prefix="autograder-"))
        try:
            self._launch()
        except JailError:
            shutil.rmtree(self._scratch, ignore_errors=True)
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
        shutil.rmtree(self._scratch, ignore_errors=True)

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
            if self.tier != policy.NONE:
                self._group = make_group(int(self.limits.memory_mib), int(self.limits.processes))
            with theirs:
                self._process = self._start(theirs.fileno())
            self._control.settimeout(START_S)
            self._control.send(self._settings())
            self._expect("ready")
        except (OSError, JailError) as error:
            said = self._said()
            self._end_wall()
            reason = f"the {self.tier} jail does not start here: {error} {said}"
            raise NoJail(reason.strip()) from None

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
        with self._watched(inmate):
            try:
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
        if self.tier != policy.FULL:
            shutil.rmtree(inmate.home, ignore_errors=True)
        return status

    @contextlib.contextmanager
    def _watched(self, inmate: Inmate) -> Iterator[None]:
        """Where the folder is not a file system of its own, end whoever fills it."""
        if self.tier == policy.FULL:
            yield
            return
        stop = threading.Event()

        def watch() -> None:
            while not stop.wait(WATCH_S):
                if _folder_is_over(inmate.home, self.limits.file_mib, self.limits.files):
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

    def _make_home(self) -> str:
        if self.tier == policy.FULL:
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
        where = INSIDE if self.tier == policy.FULL else str(_package().parent)
        program = (
            f"import sys; sys.path.insert(0, {where!r}); "
            f"from autograder.sandbox.zygote import main; main({control_fd})"
        )
        # Nothing from a user's folders, but the environment counts: all of it is ours.
        command = [sys.executable, "-s", "-P", "-c", program]
        if self.tier == policy.FULL:
            command = [*outer_wall(), *command]
        else:
            self._open_scratch()
        if self._group is not None:
            command = self._group.around(command)
        return subprocess.Popen(
            command,
            pass_fds=[control_fd],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            env=self._environment(),
            cwd="/",
            start_new_session=True,
        )

    def _open_scratch(self) -> None:
        if os.getuid() == 0:
            self._scratch.chmod(0o711)

    def _environment(self) -> dict[str, str]:
        environment = environment_inside()
        if self.tier != policy.FULL:
            environment["TMPDIR"] = environment["HOME"] = str(self._scratch)
            environment["MPLCONFIGDIR"] = str(self._scratch / "matplotlib")
            environment["IPYTHONDIR"] = str(self._scratch / "ipython")
        return environment

    def _settings(self) -> bytes:
        limits = self.limits
        bpf = jail.compile_filter(self.tier) if self.tier != policy.NONE else b""
        return json.dumps(
            {
                "uid": self.uid,
                "frame_bytes": int(limits.answer_mib) << 20,
                "elements": int(limits.answer_elements),
                "confinement": {
                    "tier": self.tier,
                    "layers": policy.LAYERS[self.tier],
                    "home": policy.HOME,
                    "readable": [*readable(), INSIDE],
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


def _folder_is_over(folder: str, size_mib: float, files: int) -> bool:
    """Whether a folder holds more than it may, links not followed."""
    size = count = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                size += os.lstat(os.path.join(parent, name)).st_blocks * 512
        count += len(names) + 1
        if count > files or size > size_mib * 2**20:
            return True
    return False


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


def readable() -> list[str]:
    """What may be read inside the wall: the machine's libraries and Python with its packages."""
    pythons = {os.path.realpath(prefix) for prefix in (sys.prefix, sys.base_prefix)}
    pythons |= {sys.prefix, sys.base_prefix}
    extra = [path for path in policy.READ_ONLY_IF_THERE if os.path.exists(path)]
    own = [
        p for p in sorted(pythons) if not any(Path(p).is_relative_to(u) for u in policy.READ_ONLY)
    ]
    return [*policy.READ_ONLY, *own, *extra]


def closed_to_others(places: Iterable[str] = LIBRARY) -> str:
    """The first folder on the way to Python and its packages that other accounts cannot read.

    Where root grades in the reduced tier, submissions run as a spare account: what lies below such
    a folder they can import only if the warm process has loaded it. Empty where there is none.
    """
    for place in places:
        last = Path(os.path.realpath(place))
        for folder in (*reversed(last.parents), last):
            wanted = 0o005 if folder == last else 0o001
            if folder.stat().st_mode & wanted != wanted:
                return str(folder)
    return ""


def outer_wall() -> list[str]:
    """The bubblewrap command line: a small read-only tree, no network, nothing of the course.

    Raises:
        NoJail: bubblewrap is not installed; the text says how to install it.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise NoJail("bubblewrap is not installed; run: apt-get install bubblewrap")
    wall = [bwrap, "--die-with-parent", "--new-session", "--unshare-pid", "--unshare-net"]
    wall += ["--unshare-ipc", "--unshare-uts", "--hostname", "jail"]
    if os.getuid() == 0:
        # Enough to leave root, which is the first thing that the warm process does.
        wall += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        wall += ["--unshare-user"]
    # Before what is bound, which may lie below one of these.
    wall += ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp"]
    made = {"/tmp", "/dev", "/proc"}
    for path in readable():
        wall += [*_parents(path, made), "--ro-bind", path, path]
    for link in policy.ROOT_LINKS:
        if os.path.islink(f"/{link}"):
            wall += ["--symlink", os.readlink(f"/{link}"), f"/{link}"]
        elif os.path.isdir(f"/{link}"):
            wall += ["--ro-bind", f"/{link}", f"/{link}"]
    wall += ["--perms", "1777", "--tmpfs", "/dev/shm"]
    wall += [*_parents(policy.HOME, made), "--perms", "0755", "--dir", policy.HOME]
    for module in MODULES:
        inside = f"{INSIDE}/autograder/{module}"
        wall += [*_parents(inside, made), "--ro-bind", str(_package() / module), inside]
    return [*wall, "--remount-ro", "/", "--chdir", "/", "--"]


def _parents(path: str, made: set[str]) -> list[str]:
    """Options that make a path's parent folders, which bubblewrap would make unreadable."""
    options: list[str] = []
    for parent in reversed(Path(path).parents):
        if str(parent) != "/" and str(parent) not in made and not _covered(parent):
            made.add(str(parent))
            options += ["--perms", "0755", "--dir", str(parent)]
    return options


def _covered(folder: Path) -> bool:
    return any(folder.is_relative_to(path) for path in readable() if os.path.isdir(path))


def _package() -> Path:
    return Path(__file__).resolve().parent.parent
