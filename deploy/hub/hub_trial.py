"""A hub to try things out, which leaves nothing behind: what `make hub` runs.

The hub is the real one: the configuration and the set-up of this folder, on free ports of loopback,
with accounts made for the occasion, whose names end in a random number. Everything that it makes
lies in one folder; that and the accounts are removed when it stops, however the hub stops. The next
trial removes what a killed one left.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

from hub_accounts import make_account, remove_accounts
from hub_environment import (
    Say,
    build_environment,
    environment_digest,
    install_packages,
    install_proxy,
    is_current,
)
from hub_settings import Settings, Unfit

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
CACHE = Path(os.environ.get("AUTOGRADER_CACHE", "/var/cache/nbassay"))
PROXY = CACHE / "proxy"
TRIALS = Path("/var/lib/nbassay-trials")
COURSE = "deeplearning"
READY_S, STOP_S = 120, 40
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

PEOPLE = {
    "student": ("ada", "bela"),
    "instructor": ("imre",),
    "admin": ("astrid",),
    "owner": ("owner",),
}
"""The participants by role; each account's name ends with the trial's number."""


@dataclass(frozen=True)
class Person:
    """Somebody with an account for the length of the trial."""

    role: str
    name: str
    password: str = field(repr=False)
    """Empty for the course's owner, since nobody logs in as the owner."""


class Trial:
    """A hub in a folder of its own, from nothing to nothing.

        with Trial() as trial:
            trial.start()

    Args:
        released: which assignments are built and released; all by default.
        quiet: whether to print no steps.

    Raises:
        Unfit: something that it needs is missing or does not work.
    """

    def __init__(self, released: Sequence[str] = (), quiet: bool = False) -> None:
        self.quiet = quiet
        self._released = list(released)
        self._kept = ExitStack()
        self._hub: subprocess.Popen[bytes] | None = None
        self.people: list[Person] = []

    def __enter__(self) -> Trial:
        try:
            self._make()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def say(self, line: str) -> None:
        """Announce a step."""
        if not self.quiet:
            print(f"- {line}", flush=True)

    def _make(self) -> None:
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            raise Unfit("a hub with accounts of its own needs root, and Debian or Ubuntu")
        install_packages(self.say)
        cache = CACHE / environment_digest(CHECKOUT)
        built = self._kept.enter_context(environment(cache, self.say))
        self.folder = self._kept.enter_context(trial_folder())
        self._make_people()
        self._write_settings(built)
        self._set_up()

    def _make_people(self) -> None:
        number = self.folder.name
        wanted = [(role, f"{name}-{number}") for role, names in PEOPLE.items() for name in names]
        self.say(f"making the accounts {' '.join(name for _, name in wanted)}")
        (self.folder / "accounts").write_text("\n".join(name for _, name in wanted))
        homes = self.folder / "homes"
        homes.mkdir(mode=0o711)
        for role, name in wanted:
            password = make_account(name, homes / name, with_password=role != "owner")
            self.people.append(Person(role, name, password))

    def named(self, role: str) -> list[str]:
        """The accounts of a role."""
        return [person.name for person in self.people if person.role == role]

    def _write_settings(self, built: Path) -> None:
        ports = free_ports(5)
        self.url = f"http://127.0.0.1:{ports.pop()}"
        places = {
            "environment": built,
            "state": self.folder / "state",
            "exchange": self.folder / "exchange",
        }
        sections: dict[str, dict[str, object]] = {
            "hub": {
                "address": self.url,
                "tls_key": "",
                "tls_certificate": "",
                "authenticator": "pam",
                "extra_config": "",
                "admins": self.named("admin"),
            },
            "course": {
                "id": COURSE,
                "owner": self.named("owner")[0],
                "instructors": self.named("instructor"),
                "students": self.named("student"),
                "released": self._released,
            },
            "places": {name: str(place) for name, place in places.items()},
            "ports": dict(zip(("hub", "proxy", "grading", "formgrader"), ports, strict=True)),
        }
        path = self.folder / "etc" / "hub.toml"
        path.parent.mkdir(mode=0o755)
        # JSON's strings, numbers and lists are valid TOML.
        lines = []
        for section, keys in sections.items():
            lines += [f"[{section}]", *(f"{k} = {json.dumps(v)}" for k, v in keys.items())]
        path.write_text("\n".join(lines))
        self.settings = Settings.load(path)

    def _set_up(self) -> None:
        """Run the real set-up with this trial's settings."""
        command = ["setpriv", "--pdeathsig", "TERM", sys.executable, str(HERE / "setup")]
        command += ["--no-unit", str(self.settings.folder / "hub.toml")]
        out = subprocess.DEVNULL if self.quiet else None
        done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise Unfit(done.stderr.strip())

    @property
    def log(self) -> Path:
        """The log of the hub, its proxy and its grading service, readable by root only."""
        return self.folder / "state" / "hub.log"

    def start(self) -> None:
        """Start the hub, and wait until it and the grading service answer.

        Raises:
            Unfit: it ends, or does not answer in time.
        """
        scripts = self.settings.places.scripts
        command = ["setpriv", "--pdeathsig", "TERM", str(scripts / "jupyterhub")]
        command += ["-f", str(self.settings.folder / "jupyterhub_config.py")]
        path = f"{scripts}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        environment = {"PATH": path, "LANG": "C.UTF-8", "HOME": "/root"}
        environment["AUTOGRADER_HUB"] = str(self.settings.folder / "hub.toml")
        with open_private(self.log) as log:
            self._hub = subprocess.Popen(
                command,
                cwd=self.settings.places.state,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C should reach only this program, which then ends the hub in order.
                start_new_session=True,
            )
        pages = (f"{self.url}/hub/login", self.service("grading", "healthz"))
        ends = time.monotonic() + READY_S
        while not all(answers(page) for page in pages):
            if self._hub.poll() is not None or time.monotonic() > ends:
                raise Unfit(f"the hub does not start:\n{self.last_words()}")
            time.sleep(0.2)

    def service(self, name: str, path: str = "") -> str:
        """The address of a service behind the hub's proxy."""
        return f"{self.url}/services/{name}/{path}"

    @property
    def pid(self) -> int:
        """The hub's process.

        Raises:
            RuntimeError: it does not run.
        """
        if self._hub is None:
            raise RuntimeError("the hub does not run")
        return self._hub.pid

    def last_words(self) -> str:
        """The end of the log."""
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""

    def wait(self) -> int:
        """Wait until the hub ends by itself, and return its exit code."""
        return self._hub.wait() if self._hub else 0

    def stop(self) -> None:
        """Stop the hub with its services; students' servers go on, as when a hub restarts."""
        if self._hub is None:
            return
        if self._hub.poll() is None:
            self._hub.terminate()
            try:
                self._hub.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._hub.kill()
                self._hub.wait()
        end_proxy(self.folder)
        self._hub = None

    def close(self) -> None:
        """Stop and remove everything that this trial made; signals cannot interrupt it."""
        before = {number: signal.signal(number, signal.SIG_IGN) for number in STOPPING}
        try:
            self.stop()
            self._kept.close()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def open_private(path: Path) -> IO[bytes]:
    """Open a log for appending that only this account can read, whatever the umask."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    os.fchmod(file, 0o600)
    return os.fdopen(file, "ab")


@contextlib.contextmanager
def environment(cache: Path, say: Say) -> Iterator[Path]:
    """An environment with this checkout's code, built if need be, that nobody changes meanwhile.

    Trials of the same code share one; a trial of other code that starts meanwhile gets another.
    """
    cache.mkdir(parents=True, exist_ok=True)
    for number in range(100):
        folder = cache / str(number)
        with (cache / f"{number}.lock").open("w") as lock:
            if locked(lock, fcntl.LOCK_EX | fcntl.LOCK_NB):
                share_proxy(folder, say)
                build_environment(folder, CHECKOUT, say)
            locked(lock, fcntl.LOCK_SH)
            if is_current(folder, CHECKOUT):
                yield folder
                return
    raise Unfit(f"{cache}: too many")


def share_proxy(folder: Path, say: Say) -> None:
    """Link an environment to the one proxy that all of them, and the tests, use."""
    install_proxy(PROXY, say)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "proxy").exists():
        (folder / "proxy").symlink_to(PROXY)


@contextlib.contextmanager
def trial_folder() -> Iterator[Path]:
    """A new folder with a random number as its name; in the end it and its accounts are removed."""
    with ExitStack() as kept:
        with (CACHE / "trials.lock").open("w") as turn:
            locked(turn, fcntl.LOCK_EX)
            sweep()
            folder = new_folder()
            locked(kept.enter_context((folder / "lock").open("w")), fcntl.LOCK_EX)
        try:
            yield folder
        finally:
            remove_trial(folder)


def new_folder() -> Path:
    """A folder with a number as its name that no other trial has."""
    TRIALS.mkdir(mode=0o711, parents=True, exist_ok=True)
    while True:
        folder = TRIALS / f"{secrets.randbelow(10_000):04}"
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o711)
            return folder


def locked(file: IO[str], how: int) -> bool:
    """Whether this process now holds the lock on a file, until it closes it."""
    # By hand: this runs before any package is installed, and trials share a lock.
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        return False
    return True


def remove_trial(folder: Path) -> None:
    """Remove a trial: its proxy, its accounts with their processes, its folder last of all."""
    end_proxy(folder)
    accounts = folder / "accounts"
    remove_accounts(accounts.read_text().split() if accounts.exists() else ())
    shutil.rmtree(folder)


def end_proxy(folder: Path) -> None:
    """End the proxy of a hub that could not do so itself."""
    with contextlib.suppress(FileNotFoundError, ValueError, ProcessLookupError):
        pid = int((folder / "state" / "proxy.pid").read_text())
        if b"configurable-http-proxy" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGTERM)


def sweep() -> None:
    """Remove what killed trials left."""
    for folder in TRIALS.iterdir() if TRIALS.is_dir() else ():
        with contextlib.suppress(FileNotFoundError), (folder / "lock").open("w") as lock:
            if locked(lock, fcntl.LOCK_EX | fcntl.LOCK_NB):
                print(f"- removing what the killed trial {folder.name} left", flush=True)
                remove_trial(folder)


def free_ports(count: int) -> list[int]:
    """Ports of loopback on which nobody listens."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def answers(url: str) -> bool:
    """Whether a page answers with 200."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return bool(answer.status == 200)
    except (OSError, http.client.HTTPException):
        return False


def show(trial: Trial) -> None:
    """Print the hub's address, and who can log in."""
    lines = [f"The hub answers at {trial.url}", ""]
    lines += [
        f"  {one.role:10}  {one.name:14}  {one.password}"
        for one in trial.people
        if one.role != "owner"
    ]
    lines += [
        "",
        f"  marks, feedback, the class   {trial.service('grading')}",
        f"  formgrader (instructor)      {trial.service(COURSE)}",
        f"  the hub's log (root)         {trial.log}",
        "",
        "Ctrl-C stops it and removes the accounts and everything else that it made.",
    ]
    print("\n".join(lines), flush=True)


def main(arguments: list[str]) -> int:
    """Run a trial until it is stopped: 0; 1 if the hub failed, 2 if there is no hub at all.

    Args:
        arguments: the assignments to build; all of them if there are none.
    """
    for number in STOPPING:
        signal.signal(number, interrupt)
    trial = Trial(arguments)
    code = 0
    try:
        with trial:
            trial.start()
            show(trial)
            code = trial.wait()
            print(f"the hub ended by itself, with exit code {code}:\n{trial.last_words()}")
    except KeyboardInterrupt:
        pass
    except Unfit as problem:
        print(f"no hub: {problem}", file=sys.stderr)
        code = 2
    if trial.people:
        names = " ".join(person.name for person in trial.people)
        print(f"removed: the accounts {names}, their homes and processes, exchange, gradebook, hub")
        print(f"kept: {CACHE}, which makes the next start fast")
    return code if code in (0, 2) else 1


def interrupt(number: int, frame: FrameType | None) -> None:
    """End in order, as after Ctrl-C."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
