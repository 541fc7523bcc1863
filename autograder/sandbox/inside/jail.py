"""Confines one submission, on Linux.

Theory of operation. The zygote forks; the child calls `enter`, which is a list of steps, each one
irrevocable, in an order that matters:

    1. descriptors   everything but the channel is closed, 0-2 go to /dev/null
    2. namespaces    own users, mounts, network, ipc and host name (own pids: by the fork itself)
    3. folders       file systems in memory over the working folder, /tmp, /dev/shm and /proc
    4. limits        resource limits, hard and soft
    5. privileges    all capabilities dropped, also from the bounding set; no new ones, for ever
    6. landlock      the kernel's list of folders that may be read or written
    7. seccomp       the kernel's list of system calls that may be made

`Tier.layers` lists a tier's steps: the *reduced* tier leaves out steps 2 and 3, which the kernel
refuses there. After `enter` returns, the process has nothing but the channel that a student's code
could use. The supervisor compiles the system-call filter once (`compile_filter`), to plain BPF.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import resource
import stat
import struct
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.sandbox.inside import policy

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_RELATIME = 32, 4096, 16384, 1 << 21
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38
SECCOMP_MODE_FILTER = 2
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_LANDLOCK_VERSION = 1
_LANDLOCK_PATH_BENEATH = 1
# Access rights of Landlock's first version, by bit; later versions add the ones after them.
_FS_EXECUTE, _FS_READ_FILE, _FS_READ_DIR = 1 << 0, 1 << 2, 1 << 3
_FS_RIGHTS_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_NET_RIGHTS, _SCOPES = 3, 3

WRITABLE_FULL = (policy.HOME, "/tmp", "/dev/shm")
"""Folders in memory that a submission may write to in the *full* tier."""

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Confinement:
    """Everything that `enter` needs to know, decided by the supervisor."""

    tier: policy.Tier
    home: str
    readable: tuple[str, ...]
    """Folders and files that may be read and executed."""
    bpf: bytes
    mapped_mib: int
    memory_mib: int
    processes: int
    file_mib: int
    files: int
    open_files: int
    cpu_s: int


def enter(confinement: Confinement, channel_fd: int) -> None:
    """Confine this process; see the module's theory of operation.

    Raises:
        OSError: a step failed; the process must then end without running anything.
    """
    close_descriptors(channel_fd)
    die_first()
    os.setsid()
    os.chdir(confinement.home)
    for layer in confinement.tier.layers:
        _STEPS[layer](confinement)


def _writable(confinement: Confinement) -> tuple[str, ...]:
    return WRITABLE_FULL if confinement.tier.own_folders else (confinement.home,)


def close_descriptors(channel_fd: int) -> None:
    """Close everything but the channel; 0 to 2 become /dev/null."""
    null = os.open("/dev/null", os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.closerange(3, channel_fd)
    os.closerange(channel_fd + 1, 4096)


def die_first() -> None:
    """Make the kernel end this process, and not the warm one, when memory runs out."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def make_namespaces() -> None:
    """Give this process users, mounts, a network, ipc objects and a host name of its own."""
    uid, gid = os.getuid(), os.getgid()
    unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)
    map_ids(uid, gid)


def map_ids(uid: int, gid: int) -> None:
    """In a new user namespace, stay the same account as outside: nobody is root in there."""
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def make_folders(confinement: Confinement) -> None:
    """Mount memory file systems over the writable folders, and an empty one over /proc."""
    caps = f"size={confinement.file_mib}m,nr_inodes={confinement.files}"
    covered = WRITABLE_FULL
    # Python itself may lie below one of them (a clone in /tmp): mount it again on top.
    below = [path for path in confinement.readable if _is_below(path, covered)]
    kept = {path: os.open(path, os.O_PATH | os.O_CLOEXEC) for path in below if os.path.exists(path)}
    links = links_to_python() if _is_below(sys.executable, covered) else {}
    for target in covered:
        mount_tmpfs(target, MS_NOSUID | MS_NODEV, f"{caps},mode=0700")
    for path, fd in kept.items():
        put_back(fd, path)
        os.close(fd)
    for path, target in links.items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(target, path)
    for device in policy.DEVICES:
        protect(device)
    mount_tmpfs("/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, "size=4k,nr_inodes=2")
    os.chdir(confinement.home)


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(path.startswith(f"{folder}/") for folder in folders)


def links_to_python() -> dict[str, str]:
    """The links beside Python's own name: all that a virtual environment has of the program."""
    with os.scandir(os.path.dirname(sys.executable)) as entries:
        return {entry.path: os.readlink(entry.path) for entry in entries if entry.is_symlink()}


def put_back(fd: int, path: str) -> None:
    """Let an open file or folder be seen at `path` again, where nothing is now."""
    if stat.S_ISDIR(os.fstat(fd).st_mode):
        os.makedirs(path)
    else:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    bind(f"/proc/self/fd/{fd}", path)


def mount_tmpfs(target: str, flags: int, options: str) -> None:
    """Mount a file system in memory at `target`."""
    _check(
        _libc.mount(b"tmpfs", target.encode(), b"tmpfs", ctypes.c_ulong(flags), options.encode())
    )


def bind(source: str, target: str) -> None:
    """Show the folder `source`, and all that is mounted in it, at `target` too."""
    _check(
        _libc.mount(source.encode(), target.encode(), None, ctypes.c_ulong(MS_BIND | MS_REC), None)
    )


def protect(device: str) -> None:
    """Keep everybody here from changing the times of a device, which the whole machine would see.

    It can be read and written as before: that does not change the file.
    """
    if not os.path.exists(device):
        return
    has = os.statvfs(device).f_flag
    kept = has & (MS_NOSUID | MS_NODEV | MS_NOEXEC | os.ST_NOATIME | os.ST_NODIRATIME)
    kept |= MS_RELATIME if has & os.ST_RELATIME else 0
    flags = MS_REMOUNT | MS_BIND | MS_RDONLY | kept
    _check(_libc.mount(None, device.encode(), None, ctypes.c_ulong(flags), None))


def set_limits(confinement: Confinement) -> None:
    """Set the resource limits; memory counts from what the warm process already maps.

    Without namespaces the kernel counts all processes of an account together, so those that already
    run under this account are added to the limit.
    """
    memory = (confinement.mapped_mib + confinement.memory_mib) << 20
    others = 0 if "namespaces" in confinement.tier.layers else tasks_by_account()[os.getuid()]
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: confinement.cpu_s,
        resource.RLIMIT_FSIZE: confinement.file_mib << 20,
        resource.RLIMIT_NOFILE: confinement.open_files,
        resource.RLIMIT_NPROC: confinement.processes + others,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    for name, most in limits.items():
        resource.setrlimit(name, (most, most))


def tasks_by_account() -> Counter[int]:
    """How many processes and threads run as each account number on this machine."""
    found: Counter[int] = Counter()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # it ended meanwhile
                found[entry.stat().st_uid] += len(os.listdir(entry / "task"))
    return found


def mapped_mib() -> int:
    """Address space that this process maps now; the limit of its forks counts from there."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize() >> 20


def drop_privileges(confinement: Confinement) -> None:
    """Drop every capability from every set, and the right to get one back.

    Where the grader watches the working folder, the process stays dumpable, so that the grader's
    account may inspect its open files.
    """
    for capability in range(64):
        if _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            if ctypes.get_errno() == errno.EPERM:
                break  # no CAP_SETPCAP: nothing in the bounding set is of use to us
            if ctypes.get_errno() == errno.EINVAL:
                break  # past the last capability that this kernel knows
    header = struct.pack("=II", 0x20080522, 0)
    _check(_libc.capset(header, struct.pack("=6I", *[0] * 6)))
    _check(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _check(_libc.prctl(PR_SET_DUMPABLE, int(not confinement.tier.own_folders), 0, 0, 0))


def landlock_abi() -> int:
    """The version of Landlock that the kernel offers; 0 without it."""
    version = _libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), _LANDLOCK_VERSION)
    return max(int(version), 0)


def restrict_files(confinement: Confinement, writable: tuple[str, ...]) -> None:
    """Allow reading `readable` and writing `writable`; every other path is out of reach.

    If the kernel has no Landlock, a tier with file systems of its own goes on without it.

    Raises:
        OSError: the kernel refuses, or the tier has no file systems of its own and needs Landlock.
    """
    abi = landlock_abi()
    if abi == 0:
        if not confinement.tier.own_folders:
            raise OSError(errno.ENOSYS, f"the {confinement.tier} tier needs Landlock")
        return
    rights = _FS_RIGHTS_BY_ABI[max(known for known in _FS_RIGHTS_BY_ABI if known <= abi)]
    attributes = struct.pack(
        "=QQQ", rights, _NET_RIGHTS if abi >= 4 else 0, _SCOPES if abi >= 6 else 0
    )
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = _check(_libc.syscall(_LANDLOCK_CREATE, attributes[:size], ctypes.c_size_t(size), 0))
    reading = _FS_EXECUTE | _FS_READ_FILE | _FS_READ_DIR
    for path in confinement.readable:
        _allow_beneath(ruleset, path, reading)
    for path in ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"):
        _allow_beneath(ruleset, path, _FS_READ_FILE | 1 << 1)
    for path in writable:
        _allow_beneath(ruleset, path, rights)
    _check(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _check(_libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0))
    os.close(ruleset)


def _allow_beneath(ruleset: int, path: str, rights: int) -> None:
    try:
        folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):  # what is out of reach needs no rule
        return
    try:
        if not stat.S_ISDIR(os.fstat(folder).st_mode):
            rights &= _FS_EXECUTE | _FS_READ_FILE | 1 << 1  # folder rights on a file are EINVAL
        rule = struct.pack("=Qi", rights, folder)
        _check(_libc.syscall(_LANDLOCK_ADD, ruleset, _LANDLOCK_PATH_BENEATH, rule, 0))
    finally:
        os.close(folder)


def restrict_syscalls(bpf: bytes) -> None:
    """Install the compiled filter; from here on all other system calls are refused."""
    program = ctypes.create_string_buffer(bpf, len(bpf))
    header = struct.pack("@HP", len(bpf) // 8, ctypes.addressof(program))
    _check(_libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0))


def compile_filter(tier: policy.Tier) -> bytes:
    """The tier's system-call filter as BPF for this machine's processor."""
    import pyseccomp as seccomp

    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.ENOSYS))
    refuse = seccomp.ERRNO(errno.EPERM)
    refused = list(policy.REFUSED)
    allowed = list(policy.SYSCALLS)
    pretended = list(policy.PRETENDED)
    if tier.has_processes:
        allowed += policy.SYSCALLS_FULL
        pretended += policy.PRETENDED_FULL
    else:
        refused += policy.REFUSED_REDUCED
        pretended += policy.PRETENDED_REDUCED
    for name in allowed:
        if name not in pretended:
            _add(rules, seccomp.ALLOW, name)
    for name in pretended:
        _add(rules, seccomp.ERRNO(0), name)
    for name in refused:
        _add(rules, refuse, name)
    _guard_arguments(rules, seccomp, tier)
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _guard_arguments(rules: object, seccomp: object, tier: policy.Tier) -> None:
    """Rules on arguments: no new namespaces, no signals aimed at other processes."""
    arg, allow = seccomp.Arg, seccomp.ALLOW  # type: ignore[attr-defined]
    equal, masked = seccomp.EQ, seccomp.MASKED_EQ  # type: ignore[attr-defined]
    if tier.has_processes:
        process = policy.CLONE_NAMESPACES | policy.CLONE_THREAD
        _add(rules, allow, "clone", arg(0, masked, process, 0))
    whole_thread = policy.CLONE_THREAD | policy.CLONE_FILES
    thread = policy.CLONE_NAMESPACES | whole_thread
    _add(rules, allow, "clone", arg(0, masked, thread, whole_thread))
    _add(rules, allow, "close_range", arg(2, masked, policy.CLOSE_RANGE_UNSHARE, 0))
    pretend = seccomp.ERRNO(0)  # type: ignore[attr-defined]
    for name, position, action, commands in (
        ("fcntl", 1, allow, policy.FCNTL_ALLOWED),
        ("fcntl64", 1, allow, policy.FCNTL_ALLOWED),
        ("fcntl", 1, pretend, policy.FCNTL_PRETENDED),
        ("fcntl64", 1, pretend, policy.FCNTL_PRETENDED),
        ("ioctl", 1, allow, policy.IOCTL_ALLOWED),
        ("prctl", 0, allow, policy.PRCTL_ALLOWED),
        ("madvise", 2, allow, policy.MADVISE_ALLOWED),
    ):
        for command in commands:
            _add(rules, action, name, arg(position, equal, command))
    _add(rules, allow, "socketpair", arg(1, masked, 0xF, policy.SOCKETPAIR_TYPE))
    for name in policy.VECTOR_FLAGS_MUST_BE_ZERO:
        _add(rules, allow, name, arg(5, equal, 0))
    for name in policy.PID_ARGUMENT_MUST_BE_ZERO:
        _add(rules, allow, name, arg(0, equal, 0))
    shared = not tier.has_processes
    for name in policy.ABOUT_PROCESSES:
        places = (0, 1) if name == "getpriority" else (0,)
        _add(rules, allow, name, *(arg(place, equal, 0) for place in places if shared))
    for name in policy.CLOCK_CALLS:
        _add(rules, allow, name, *([arg(0, masked, policy.CLOCK_BITS, 0)] if shared else []))


def _add(rules: object, action: object, name: str, *arguments: object) -> None:
    """Add a rule; names that this processor or library does not know are skipped."""
    with contextlib.suppress(ValueError, OSError, RuntimeError):
        rules.add_rule(action, name, *arguments)  # type: ignore[attr-defined]


def unshare(flags: int) -> None:
    """unshare(2), which Python has only since 3.12."""
    _check(_libc.unshare(flags))


def setns(fd: int, kind: int) -> None:
    """setns(2), which Python has only since 3.12."""
    _check(_libc.setns(fd, kind))


def die_with_parent(signal_number: int) -> None:
    """Have the kernel end this process when the process that made it ends."""
    _check(_libc.prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0))


def _check(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


_STEPS: dict[str, Callable[[Confinement], None]] = {
    "pids": lambda confinement: None,  # the fork itself put the process there
    "namespaces": lambda confinement: make_namespaces(),
    "folders": make_folders,
    "limits": set_limits,
    "privileges": drop_privileges,
    "landlock": lambda confinement: restrict_files(confinement, _writable(confinement)),
    "seccomp": lambda confinement: restrict_syscalls(confinement.bpf),
}
"""The function that applies each layer of a tier."""


def machine() -> str:
    """Kernel and processor, for the doctor's report."""
    return f"{platform.system()} {platform.release()} {platform.machine()}"
