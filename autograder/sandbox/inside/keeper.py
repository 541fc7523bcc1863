"""The keeper of one sandbox: a fork of the warm process that forks once per submission.

It runs no student's code itself. As root it has an account of its own, which it shares with its
submissions only. In the *full* tier it lives in user and pid namespaces of its own: only the owner
of both can put a fork into a fresh pid namespace and itself return from there.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import dataclasses
import json
import os
import signal
import socket
import tempfile
from typing import Any

from autograder.sandbox.inside import jail, policy, worker
from autograder.sandbox.inside.channel import PACKET, Channel


def keep(control: socket.socket, shell: Any) -> None:
    """Serve the supervisor at the other end of `control` until it hangs up; never return.

    Its first packet comes once this process is in its control group: what is forked later, is too.
    """
    try:
        packet = control.recv(PACKET)
        if packet:
            _started(control, shell, json.loads(packet)).serve()
    except BaseException as error:
        with contextlib.suppress(OSError):
            control.send(json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode())
    finally:
        os._exit(0)


def _started(control: socket.socket, shell: Any, settings: dict[str, Any]) -> Keeper:
    confined = settings["confinement"]
    walled = confined["tier"]["outer_wall"]
    become(settings["uid"], *(() if walled else (policy.SPARE_GROUP,)))
    if walled:
        own_namespaces()
    confinement = make_confinement(confined)
    control.send(json.dumps({"ready": True}).encode())
    return Keeper(control, shell, confinement, settings["frame_bytes"], settings["elements"])


def become(uid: int | None, *groups: int) -> None:
    """Leave root for good; stay dumpable, or else /proc/self would not be ours to write to."""
    if uid is None:
        return
    os.setgroups(groups)
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    ctypes.CDLL(None).prctl(jail.PR_SET_DUMPABLE, 1, 0, 0, 0)
    jail.die_with_parent(signal.SIGKILL)  # another account has cleared it


def own_namespaces() -> None:
    """Continue as the first process of a pid namespace that this account owns."""
    uid, gid = os.getuid(), os.getgid()
    jail.unshare(jail.CLONE_NEWUSER | jail.CLONE_NEWPID)
    jail.map_ids(uid, gid)
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        os._exit(0)
    jail.die_with_parent(signal.SIGKILL)


def make_confinement(fields: dict[str, Any]) -> jail.Confinement:
    """The supervisor's decisions, and the memory that this process has mapped by now."""
    fields = dict(fields)
    fields["bpf"] = base64.b64decode(fields["bpf"])
    fields["readable"] = tuple(fields["readable"])
    fields["tier"] = policy.Tier(**fields["tier"])
    return jail.Confinement(**fields, mapped_mib=jail.mapped_mib())


class Keeper:
    """Forks on demand: packet in, process number and pidfd out."""

    def __init__(
        self,
        control: socket.socket,
        shell: Any,
        confinement: jail.Confinement,
        frame_bytes: int,
        elements: int,
    ) -> None:
        self._control = control
        self._shell = shell
        self._confinement = confinement
        self._caps = {"frame_bytes": frame_bytes, "elements": elements}
        self._own_pids = (
            os.open("/proc/self/ns/pid", os.O_RDONLY) if "pids" in confinement.tier.layers else None
        )

    def serve(self) -> None:
        """Answer packets until the supervisor closes its end."""
        while True:
            packet, fds, _, _ = socket.recv_fds(self._control, PACKET, 1)
            if not packet:
                os._exit(0)
            request = json.loads(packet)
            if request["op"] == "fork":
                self._fork(fds[0], request["home"])
            else:
                self._reap(request["pid"])

    def _fork(self, channel_fd: int, home: str) -> None:
        # `unshare` puts only the next child into a new pid namespace; `setns` undoes it, so that
        # the child after that gets one of its own again.
        if self._own_pids is not None:
            jail.unshare(jail.CLONE_NEWPID)
        pid = os.fork()
        if pid == 0:
            self._live(channel_fd, home)
        if self._own_pids is not None:
            jail.setns(self._own_pids, jail.CLONE_NEWPID)
        os.close(channel_fd)
        pidfd = os.pidfd_open(pid)
        socket.send_fds(self._control, [json.dumps({"pid": pid}).encode()], [pidfd])
        os.close(pidfd)

    def _live(self, channel_fd: int, home: str) -> None:
        """The life of a fork: confine itself, then serve the student's code; never return."""
        try:
            confinement = dataclasses.replace(self._confinement, home=home)
            channel = Channel(socket.socket(fileno=channel_fd), **self._caps)
            try:
                jail.die_with_parent(signal.SIGKILL)
                jail.enter(confinement, channel_fd)
                worker.silence()
                if not confinement.tier.own_folders:
                    tempfile.tempdir = os.environ["TMPDIR"] = os.environ["HOME"] = home
                _reseed()
            except BaseException as error:
                channel.send({"failed": f"{type(error).__name__}: {error}"})
                os._exit(3)
            worker.serve(channel, self._shell)
        finally:
            os._exit(0)

    def _reap(self, pid: int) -> None:
        _, status = os.waitpid(pid, 0)
        self._control.send(json.dumps({"status": status}).encode())


def _reseed() -> None:
    """Reseed the global random generators: forks must not share their state."""
    import random

    import numpy as np

    random.seed()
    np.random.seed()
