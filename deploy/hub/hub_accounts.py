"""Makes throw-away Unix accounts, and removes them with all that they started and left."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from hub_settings import Unfit

TRIES = 20
"""Tries while another program changes the machine's accounts."""
ENDING_S = 5
"""Seconds that processes have to end by themselves."""
SHARED = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))
"""Folders where anybody may leave files."""


def make_account(name: str, home: Path, with_password: bool = True) -> str:
    """Make an account with a home of its own, closed to others.

    Args:
        name: of the account.
        home: its home.
        with_password: whether it gets a password to log in with.

    Returns:
        Its password; empty if it has none.

    Raises:
        Unfit: the account cannot be made.
    """
    command = ["useradd", "--create-home", "--home-dir", str(home), "--user-group"]
    command += ["--shell", "/bin/bash", "--key", "HOME_MODE=0700"]
    command += ["--key", "SUB_UID_COUNT=0", "--key", "SUB_GID_COUNT=0", name]
    _change(command)
    if not with_password:
        return ""
    password = secrets.token_urlsafe(12)
    _change(["chpasswd"], f"{name}:{password}\n")
    return password


def _change(command: list[str], said: str = "") -> None:
    """Run a command that changes accounts, and retry while another program holds their lock.

    Raises:
        Unfit: the command fails.
    """
    for tried in range(TRIES):
        done = subprocess.run(command, input=said, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        if "lock" not in done.stderr:
            break
        time.sleep(0.1 * (1 + tried))
    raise Unfit(f"{' '.join(command)}: {done.stderr.strip()}")


def remove_accounts(names: Iterable[str]) -> list[str]:
    """Remove accounts, their processes, and what they left in shared folders.

    Names without an account are skipped.

    Returns:
        The names that were removed.
    """
    found = {}
    for name in names:
        with contextlib.suppress(KeyError):
            found[name] = pwd.getpwnam(name).pw_uid
    uids = frozenset(found.values())
    end_processes(uids)
    for folder in SHARED:
        for path in folder.iterdir() if folder.is_dir() else ():
            with contextlib.suppress(FileNotFoundError):  # Other programs use the folder too.
                if path.lstat().st_uid in uids:
                    _remove(path)
    for name in found:
        _change(["userdel", "--force", name])  # Processes that still run as it are zombies.
    return list(found)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def end_processes(uids: frozenset[int]) -> None:
    """Ask every process of these accounts to end, and kill those that do not."""
    started = time.monotonic()
    while pids := list(processes_of(uids)):
        waited = time.monotonic() - started
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM if waited < ENDING_S else signal.SIGKILL)
        time.sleep(0.2)


def processes_of(uids: frozenset[int]) -> Iterator[int]:
    """The processes that belong to these accounts, without zombies."""
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            lines = status.read_text().splitlines()
            said = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
            if int(said["Uid"].split()[0]) in uids and not said["State"].startswith("Z"):
                yield int(status.parent.name)
