"""Facts about this machine that weaken the sandbox or would help an escape, and their remedies.

The sandbox holds by itself. But an attacker who breaks one of its layers finds what the grader's
account or its container has: a socket of Docker, a capability, a folder of the host. `gather` reads
facts and changes nothing; `remarks` says which of them matter, and what to do.
"""

from __future__ import annotations

import grp
import os
import pwd
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.sandbox import places
from autograder.sandbox.inside import policy

SOCKETS = (
    "run/docker.sock",
    "var/run/docker.sock",
    "run/containerd/containerd.sock",
    "run/crio/crio.sock",
    "run/podman/podman.sock",
)
"""Sockets of container engines: anyone who may write to one is root on the host."""
CAPABILITIES = {
    1: "CAP_DAC_OVERRIDE",
    2: "CAP_DAC_READ_SEARCH",
    12: "CAP_NET_ADMIN",
    16: "CAP_SYS_MODULE",
    17: "CAP_SYS_RAWIO",
    19: "CAP_SYS_PTRACE",
    21: "CAP_SYS_ADMIN",
    22: "CAP_SYS_BOOT",
    39: "CAP_BPF",
}
"""Capabilities that lead out of a container, by number."""
GROUPS = ("docker", "lxd", "incus", "disk", "kvm", "sudo", "wheel", "adm")
"""Groups whose members can become root or read what is not theirs."""
CONTAINER_MARKS = (".dockerenv", "run/.containerenv", "var/run/secrets/kubernetes.io")
TOKEN = "var/run/secrets/kubernetes.io/serviceaccount/token"
SWITCHES = {
    "proc/sys/kernel/unprivileged_userns_clone": "0",
    "proc/sys/user/max_user_namespaces": "0",
    "proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1",
}
"""Settings of the kernel, each with the value that forbids user namespaces to ordinary users."""
HOST_FILES = ("proc/sys/kernel/core_pattern", "proc/sysrq-trigger", "sys/kernel/uevent_helper")
"""Files of the kernel through which a container can command its host."""
MOST_PEOPLE = 3
"""Most accounts that a remark names."""
_HIDDEN = re.compile(r"\bhidepid=(2|4|invisible|ptraceable)\b")
_NO_SHELLS = ("/nologin", "/false", "/sync")
_DISKS = ("ext4", "xfs", "btrfs", "zfs", "nfs", "nfs4", "virtiofs", "9p")
_OWN_FILES = ("/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/dev/termination-log")
_HOSTS_OWN = ("/", "/etc", "/home", "/root", "/var", "/var/lib", "/usr", "/opt", "/srv", "/boot")


@dataclass(frozen=True)
class Surroundings:
    """Facts about this machine and this account."""

    uid: int
    container: bool
    capabilities: tuple[str, ...] = ()
    sockets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    disks: tuple[str, ...] = ()
    """Devices of whole disks that this account can read."""
    release_agents: tuple[str, ...] = ()
    host_files: tuple[str, ...] = ()
    host_folders: tuple[str, ...] = ()
    switches: tuple[str, ...] = ()
    token: str = ""
    open_packages: tuple[str, ...] = ()
    """Python's folders that every account may write to."""
    onlookers: tuple[str, ...] = ()
    """Accounts of people, if /proc shows everybody's processes to every account."""


@dataclass(frozen=True)
class Remark:
    """One thing that matters: what, where, and what to do."""

    what: str
    where: str
    remedy: str


def gather(root: Path = Path("/")) -> Surroundings:
    """The facts, read below `root`; anything unreadable counts as absent."""
    container = any((root / mark).exists() for mark in CONTAINER_MARKS)
    commands = [root / file for file in HOST_FILES] if container else []
    agents = (root / "sys/fs/cgroup").glob("*/release_agent") if container else []
    return Surroundings(
        uid=os.getuid(),
        container=container,
        capabilities=_capabilities(root),
        sockets=_distinct(path for path in (root / s for s in SOCKETS) if _writable(path)),
        groups=_groups(),
        disks=_distinct(path for path in (root / "dev").glob("[svx]d[a-z]") if _readable(path)),
        release_agents=_distinct(path for path in agents if _writable(path)),
        host_files=_distinct(path for path in commands if _writable(path)),
        host_folders=_host_folders() if container else (),
        switches=tuple(f"/{s}" for s, off in SWITCHES.items() if _text(root / s) == off),
        token=str(root / TOKEN) if _readable(root / TOKEN) else "",
        open_packages=_open_packages(),
        onlookers=() if container or _hides_processes(root) else _people(),
    )


def remarks(facts: Surroundings) -> list[Remark]:
    """The facts that matter, the most urgent first."""
    inside = "the container" if facts.container else "this account"
    found = [
        Remark(
            "whoever reaches this socket is root on the host",
            where,
            f"do not give the container engine's socket to {inside}",
        )
        for where in facts.sockets
    ]
    found += _about_container(facts) if facts.container else []
    found += _about_account(facts) if facts.uid != 0 else []
    found += [
        Remark(
            "every account can put modules there, which the grader would run",
            where,
            f"chmod o-w {where}",
        )
        for where in facts.open_packages
    ]
    if facts.onlookers:
        found.append(
            Remark(
                "people's accounts see the names and arguments of a submission's processes",
                f"/proc, {', '.join(facts.onlookers)}",
                "mount /proc with hidepid=invisible,gid=GROUP, where GROUP is the grader's alone, "
                "or grade on a machine where students have no account",
            )
        )
    return found


def _about_account(facts: Surroundings) -> list[Remark]:
    """Remarks on an ordinary account: rights and groups that it has, rights that it lacks."""
    found = []
    if facts.capabilities and not facts.container:
        found.append(
            Remark(
                "an ordinary account has rights of root",
                ", ".join(facts.capabilities),
                "start the grader without them (setpriv --inh-caps=-all --ambient-caps=-all)",
            )
        )
    if facts.groups:
        found.append(
            Remark(
                "members of these groups can become root or read other people's data",
                ", ".join(facts.groups),
                "grade as an account that is in none of them",
            )
        )
    if facts.switches:
        found.append(
            Remark(
                "the kernel forbids user namespaces to ordinary users, so full does not start",
                ", ".join(facts.switches),
                "allow them (sysctl, or a profile of AppArmor for bwrap), or run as root",
            )
        )
    return found


def _about_container(facts: Surroundings) -> list[Remark]:
    """Remarks that apply only in a container: what it can reach of its host."""
    found = []
    if facts.disks and "CAP_SYS_ADMIN" in facts.capabilities:
        found.append(
            Remark(
                "the container is privileged: it reads the host's disks",
                ", ".join(facts.disks),
                "run it without --privileged (Kubernetes: privileged: false)",
            )
        )
    elif facts.capabilities:
        found.append(
            Remark(
                "the container has rights that lead out of it",
                ", ".join(facts.capabilities),
                "run it with --cap-drop ALL (Kubernetes: capabilities: drop: [ALL])",
            )
        )
    if facts.uid == 0:
        found.append(
            Remark(
                "the grader is root in the container",
                "uid 0",
                "run it as an ordinary user (docker run --user, Kubernetes: runAsNonRoot)",
            )
        )
    if commands := (*facts.release_agents, *facts.host_files):
        remedy = "mount /proc and /sys read-only, as Docker does by default"
        where = ", ".join(commands)
        found.append(Remark("writing there runs a program on the host", where, remedy))
    for where in facts.host_folders:
        remedy = "mount only the course's folder, and nothing of the host above it"
        found.append(Remark("a folder of the host's own is mounted", where, remedy))
    if facts.token:
        remedy = "set automountServiceAccountToken: false"
        found.append(Remark("a token for the cluster lies in the container", facts.token, remedy))
    return found


def _capabilities(root: Path) -> tuple[str, ...]:
    """The entries of `CAPABILITIES` that this process has."""
    for line in (_text(root / "proc/self/status") or "").splitlines():
        if line.startswith("CapEff:"):
            held = int(line.split()[1], 16)
            return tuple(name for number, name in CAPABILITIES.items() if held >> number & 1)
    return ()


def _groups() -> tuple[str, ...]:
    mine = {os.getgid(), *os.getgroups()}
    return tuple(g.gr_name for g in grp.getgrall() if g.gr_gid in mine and g.gr_name in GROUPS)


def _hides_processes(root: Path) -> bool:
    """Whether /proc is mounted so that an account sees only its own processes."""
    lines = (_text(root / "proc/self/mountinfo") or "").splitlines()
    return any(" - proc " in line and _HIDDEN.search(line) for line in lines)


def _people() -> tuple[str, ...]:
    """A few of the accounts that people log in to."""
    people = [one for one in pwd.getpwall() if one.pw_uid in policy.HOMES_OF_PEOPLE]
    there = [one.pw_name for one in people if not one.pw_shell.endswith(_NO_SHELLS)]
    return (*there[:MOST_PEOPLE], *(["…"] if len(there) > MOST_PEOPLE else []))


def _host_folders() -> tuple[str, ...]:
    """Mount points in this container that show a folder of the host itself."""
    mounts = [
        m for m in places.read_mounts() if m.kind in _DISKS and m.point not in ("/", *_OWN_FILES)
    ]
    return tuple(f"{m.point} ({m.root})" for m in mounts if m.root in _HOSTS_OWN)


def _open_packages() -> tuple[str, ...]:
    folders = [*places.python_library(), *places.python_packages()]
    return tuple(path for path in folders if os.stat(path).st_mode & stat.S_IWOTH)


def _distinct(paths: Iterable[Path]) -> tuple[str, ...]:
    """Each place once, however many links lead to it."""
    return tuple(sorted({os.path.realpath(path) for path in paths}))


def _readable(path: Path) -> bool:
    return os.access(path, os.R_OK)


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK)


def _text(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None
