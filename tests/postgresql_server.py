"""A PostgreSQL server of the tests' own, on loopback, for as long as it is needed."""

from __future__ import annotations

import glob
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def binaries() -> str:
    """The folder of Debian's PostgreSQL server."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    if not found:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1]


def as_postgres(command: list[str]) -> list[str]:
    """The server refuses to run as root; `runuser` is not on every path."""
    if os.getuid() != 0:
        return command
    found = shutil.which("runuser", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        pytest.skip("a PostgreSQL server for tests needs runuser: apt-get install util-linux")
    return [found, "-u", "postgres", "--", *command]


@contextmanager
def running_server() -> Iterator[str]:
    """The address of an empty database of a server that runs meanwhile."""
    place, folder = binaries(), Path(tempfile.mkdtemp(prefix="autograder-pg-", dir="/tmp"))
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["-D", str(folder / "data")]
    try:
        quiet = {"check": True, "capture_output": True, "cwd": "/"}
        subprocess.run(
            as_postgres([f"{place}/initdb", *options, "-A", "trust", "-U", "grader"]), **quiet
        )
        settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
        start = [f"{place}/pg_ctl", *options, "-w", "-o", settings, "-l", f"{folder}/log", "start"]
        subprocess.run(as_postgres(start), check=True, stdout=subprocess.DEVNULL, cwd="/")
        try:
            yield f"postgresql+psycopg://grader@127.0.0.1:{port}/postgres"
        finally:
            stop = [f"{place}/pg_ctl", *options, "-w", "-m", "immediate", "stop"]
            subprocess.run(as_postgres(stop), **quiet)
    finally:
        shutil.rmtree(folder)
