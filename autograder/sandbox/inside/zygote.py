"""The warm process inside the sandbox: loads NumPy and IPython once, forks a keeper per sandbox.

It runs no student's code and holds nothing worth having: no course file, no token, and no
descriptors but its connections to graders, which every fork closes first. A grader asks for a
keeper (`keeper`) over a connection; the keeper then takes an account of its own and forks the
submissions of one sandbox.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import tempfile
from collections.abc import Sequence
from typing import Any

from autograder.sandbox.inside import jail, policy
from autograder.sandbox.inside.channel import PACKET
from autograder.sandbox.inside.keeper import keep


def main(owner_fd: int) -> None:
    """Serve the graders that are connected until the owner, at the other end, hangs up."""
    jail.die_with_parent(signal.SIGKILL)
    load(policy.PRELOADED)
    from autograder.sandbox.inside import kernel

    shell = kernel.make_shell(tempfile.mkdtemp(prefix="ipython-"))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers end when they like
    serve(socket.socket(fileno=owner_fd), shell)


def load(modules: Sequence[str]) -> None:
    """Load modules that submissions use, as far as they are installed."""
    gc.disable()  # little of what a module makes is garbage, and looking for it takes long
    for module in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    gc.enable()


def serve(owner: socket.socket, shell: Any) -> None:
    """Answer requests: packet and descriptor in; for a keeper, number and pidfd out.

    Each grader has a connection of its own, so that their answers do not mix.
    """
    graders = [owner]
    while True:
        for grader in select.select(graders, [], [])[0]:
            packet, fds, _, _ = socket.recv_fds(grader, PACKET, 1)
            match json.loads(packet or "{}"):
                case {"op": "load", "modules": modules}:
                    load(modules)
                case {"op": "connect"}:
                    graders.append(socket.socket(fileno=fds[0]))
                case {"op": "keeper"}:
                    _fork_keeper(grader, graders, fds[0], shell)
                case _ if grader is owner:
                    os._exit(0)
                case _:
                    graders.remove(grader)
                    grader.close()


def _fork_keeper(
    grader: socket.socket, graders: Sequence[socket.socket], control_fd: int, shell: Any
) -> None:
    for name in policy.RELOCATION:
        os.environ.pop(name, None)
    gc.collect()
    gc.freeze()
    pid = os.fork()
    if pid == 0:
        jail.die_with_parent(signal.SIGKILL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for other in graders:
            other.close()
        keep(socket.socket(fileno=control_fd), shell)
    os.close(control_fd)
    pidfd = os.pidfd_open(pid)
    with contextlib.suppress(OSError):  # whoever asked is gone, and the keeper will find out
        socket.send_fds(grader, [json.dumps({"pid": pid}).encode()], [pidfd])
    os.close(pidfd)
