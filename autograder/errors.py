"""The exception tree: one class for each kind of fault, so that callers can tell them apart.

`AutograderError` and its subclasses are faults that the person who runs the command can fix; their
texts name the file and the remedy. What a *student's* code does is never one of these: it is a
verdict.
"""

from __future__ import annotations

import errno
import os


class AutograderError(Exception):
    """A fault that is ours, the course's or the machine's; never the student's."""


class CourseError(AutograderError):
    """The course's configuration, notebooks or suites contradict each other."""


class BuildRefused(CourseError):
    """A master notebook may not be released as it stands; `problems` lists every reason."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class SuiteError(AutograderError):
    """A hidden suite cannot be collected or is at fault while it runs."""


class JailError(AutograderError):
    """The sandbox failed, and the student's code gave no reason for it."""


class NoJail(JailError):
    """None of the requested tiers of isolation holds on this machine."""


_REMEDIES = {
    errno.EACCES: "check who owns it and its folder; instructors who share a course set "
    "c.CourseDirectory.groupshared = True",
    errno.ENOSPC: "make room, then run this again; what is written is kept",
    errno.EROFS: "mount it for writing, or work in another folder",
    errno.ENOENT: "check the path; make the folder first",
    errno.ENOTDIR: "a file lies where a folder is expected; move it away",
    errno.EISDIR: "a folder lies where a file is expected; move it away",
    errno.EEXIST: "move away what is there",
    errno.ENOTEMPTY: "another program writes there; end it, then run this again",
    errno.ENAMETOOLONG: "use a shorter name",
    errno.ELOOP: "a symbolic link leads in a circle; remove it",
    errno.EADDRINUSE: "another program listens there; end it, or choose another port",
    errno.EMFILE: "raise the limit of open files: ulimit -n",
    errno.EIO: "the disk or the network fails; run this again when it is well",
}
_REMEDIES[errno.EPERM], _REMEDIES[errno.EDQUOT] = _REMEDIES[errno.EACCES], _REMEDIES[errno.ENOSPC]


def os_fault_words(error: OSError) -> str:
    """An error of the operating system in one line: the path, the fault and the remedy."""
    if error.errno is None:
        return str(error)
    names = [name for name in (error.filename, error.filename2) if isinstance(name, str | bytes)]
    where = " -> ".join(os.fsdecode(name) for name in names)
    remedy = _REMEDIES.get(error.errno, "put that right, then run this again")
    return f"{where}: " * bool(where) + f"{os.strerror(error.errno)}; {remedy}"
