"""Finds what prevents a hub on this machine, and accounts that can read more than they should.

It needs only the standard library, and changes nothing.
"""

from __future__ import annotations

import grp
import pwd
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

from hub_settings import Settings, Unfit

LISTENS = "0A"
"""The state of a listening socket, as /proc/net/tcp writes it."""
KERNEL = {
    "kernel/unprivileged_userns_clone": ("0", "sysctl kernel.unprivileged_userns_clone=1"),
    "user/max_user_namespaces": ("0", "sysctl user.max_user_namespaces=10000"),
    "kernel/apparmor_restrict_unprivileged_userns": (
        "1",
        "an AppArmor profile that lets /usr/bin/bwrap make user namespaces, or "
        "sysctl kernel.apparmor_restrict_unprivileged_userns=0",
    ),
}
"""Settings that forbid user namespaces: the value that does, and the remedy."""
READS_LOGS = ("adm", "systemd-journal", "sudo", "wheel", "docker", "lxd", "disk", "root", "shadow")
"""Groups whose members can read the hub's log, or become root."""


def require_files(settings: Settings, path: Path) -> None:
    """Refuse settings that others can write, and TLS keys that are missing or readable by others.

    Raises:
        Unfit: the hub, which is root, would obey another account; or its TLS settings are wrong.
    """
    hub = settings.hub
    for file in (path, Path(hub.extra_config) if hub.extra_config else path):
        for place in (file, file.resolve().parent):
            try:
                status = place.stat()
            except OSError as error:
                raise Unfit(f"{place}: {error.strerror}") from None
            if status.st_uid != 0 or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise Unfit(
                    f"{place} can be written by others than root, and the hub does as root what it "
                    f"says: chown root {place}; chmod go-w {place}"
                )
    if hub.address.startswith("https:") != bool(hub.tls_key and hub.tls_certificate):
        raise Unfit(
            f"{path}: hub.address with https:// and both tls_key and tls_certificate, or none"
        )
    for name in filter(None, (hub.tls_key, hub.tls_certificate)):
        if not Path(name).is_file():
            raise Unfit(f"{path}: {name} is not there")
    if hub.tls_key and Path(hub.tls_key).stat().st_mode & 0o077:
        raise Unfit(f"{hub.tls_key} can be read by others than root: chmod 600 {hub.tls_key}")


def require_ports(settings: Settings) -> None:
    """Refuse ports on which another program listens.

    Raises:
        Unfit: one is taken; the text says by which program.
    """
    address = urlsplit(settings.hub.address)
    wanted = {f"ports.{name}": port for name, port in asdict(settings.ports).items()}
    wanted["hub.address"] = address.port or (443 if address.scheme == "https" else 80)
    listening = _listening()
    for name, port in wanted.items():
        for inode in listening.get(port, ()):
            command = _holder(inode)
            if str(settings.places.environment) not in command:
                raise Unfit(
                    f"port {port} ({name}) is taken by {command[:120] or 'another program'}: "
                    "end it, or choose another port in hub.toml"
                )


def _listening() -> Mapping[int, list[str]]:
    """Inodes of listening sockets by port."""
    found: dict[int, list[str]] = {}
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        with suppress(OSError):
            for line in table.read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTENS:
                    found.setdefault(int(fields[1].rsplit(":", 1)[1], 16), []).append(fields[9])
    return found


def _holder(inode: str) -> str:
    """The command line of the process that holds a socket; empty if none is found."""
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if str(link.readlink()) == f"socket:[{inode}]":
                words = (link.parents[1] / "cmdline").read_bytes().split(b"\0")
                return b" ".join(words).decode(errors="replace").strip()
    return ""


def closed_namespaces(proc: Path = Path("/proc/sys"), sys: Path = Path("/sys")) -> Iterator[str]:
    """Settings that deny user namespaces to ordinary accounts here, each with its remedy."""
    for name, (closed, remedy) in KERNEL.items():
        with suppress(OSError):
            if (proc / name).read_text().strip() == closed:
                yield f"{name.replace('/', '.')} is {closed}: {remedy}"
    with suppress(OSError):
        if (sys / "fs/selinux/enforce").read_text().strip() == "1":
            yield "SELinux enforces: where it denies bwrap, ausearch -m avc names the missing rule"


def loose_links(proc: Path = Path("/proc/sys")) -> Iterator[str]:
    """Whether accounts can make hard links to others' files, which spoils submissions."""
    with suppress(OSError):
        if (proc / "fs/protected_hardlinks").read_text().strip() == "0":
            yield (
                "fs.protected_hardlinks is 0, so that students can spoil what others submit: "
                "sysctl fs.protected_hardlinks=1"
            )


def who_reads_too_much(names: list[str]) -> Iterator[str]:
    """Accounts in a group whose members can read the hub's log or become root."""
    for name in names:
        with suppress(KeyError):
            account = pwd.getpwnam(name)
            groups = {one.gr_name for one in grp.getgrall() if name in one.gr_mem}
            groups.add(grp.getgrgid(account.pw_gid).gr_name)
            for group in sorted(groups & set(READS_LOGS)):
                yield f"{name} is in the group {group}: gpasswd --delete {name} {group}"
