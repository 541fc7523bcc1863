"""The sandbox's own copy of Python and of all that it needs: files that nobody else can open.

An account that can open a file can also see when somebody else reads it: through inotify, the
file's access time, or what the kernel keeps of it in memory. A submission could therefore send out
hidden inputs by opening files of the machine. So the sandbox shows no file of the machine. It shows
a copy, in a folder that only the grader's account can enter. The copy is made once for each
installation of Python, and every sandbox uses it until something in the installation changes.

    copy = find_replica()                makes one if none fits the machine as it is now
    copy.root                            to mount as `/`, or to start Python from
    copy.release()

`policy` names what is copied. Links that lead elsewhere are kept as links, and lead nowhere inside.
File systems mounted below a copied folder are left out.

The locks are taken by hand: the users of a copy share one lock, which `filelock` does not offer,
and every worker process comes through here, for which the import would take longer than the rest.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import NoJail
from autograder.sandbox.inside import policy
from autograder.sandbox.replica_plan import EMPTY, Plan, make_plan, needed_libraries

_log = logging.getLogger(__name__)

KEPT_S = 14 * 24 * 3600
"""Seconds that an unused copy is kept."""
NEVER = 2**31 - 1
"""An access time in the far future, which the kernel does not update when the file is read."""
_THREADS = 4


@dataclass
class Replica:
    """A copy in use: nobody removes it until it is released."""

    root: Path
    shown: tuple[str, ...]
    """The real paths of the places that it shows."""
    links: dict[str, str]
    """Where links lead that lie outside those places, such as a virtual environment's Python."""
    _lock: int

    def release(self) -> None:
        """Let others remove it once it is old."""
        os.close(self._lock)


class PythonCopy:
    """A tier's use of the copy that fits this machine; `release` it in the end.

    Raises:
        NoJail: there is no place for the copy; the text says what to do.
    """

    def __init__(self) -> None:
        self._replica = find_replica()

    def release(self) -> None:
        """Give up the copy."""
        self._replica.release()

    @property
    def shown(self) -> tuple[str, ...]:
        """The real places of the machine that the copy was made from."""
        return self._replica.shown


def find_replica() -> Replica:
    """The copy of this machine's Python as it is now; it is made if there is none.

    Raises:
        NoJail: there is no place for it; the text says why and what to do.
    """
    plan = make_plan(compiled=False)
    home = cache_folder()
    installation = hashlib.sha256(os.fsencode(sys.prefix)).hexdigest()[:8]
    name = f"{installation}-{plan.fingerprint()}"
    try:
        with _locked(home / "lock"):
            root = home / name
            if not root.is_dir():
                _log.info("copying Python for the sandbox to %s (once; up to a minute)", root)
                _remove_old(home, installation)
                _make(make_plan(), root, home / f"{name}.shown")
            shown = json.loads((home / f"{name}.shown").read_text())
            lock = os.open(home / f"{name}.used", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(lock, fcntl.LOCK_SH)
            os.utime(lock)
    except OSError as error:
        raise NoJail(
            f"{home}: the sandbox's copy of Python cannot be made: {error.strerror}; give it "
            "space, or set XDG_CACHE_HOME to a folder with more"
        ) from None
    return Replica(root, tuple(shown), plan.links_outside(shown), lock)


def cache_folder() -> Path:
    """A folder of this account where programs may be executed and nobody else may look.

    Raises:
        NoJail: there is none.
    """
    root = os.getuid() == 0
    own = Path("/var/cache") if root else Path(os.path.expanduser("~/.cache"))
    candidates = [Path(os.environ.get("XDG_CACHE_HOME") or own) / "nbassay-sandbox"]
    shared = [Path("/var/tmp"), Path(tempfile.gettempdir())]
    candidates += [folder / f"nbassay-sandbox-{os.getuid()}" for folder in shared]
    for folder in candidates:
        if _is_private(folder):
            return folder
    tried = ", ".join(map(str, candidates))
    raise NoJail(
        f"no folder for the sandbox's copy of Python: tried {tried}; set XDG_CACHE_HOME to a "
        "folder that this account can write to, on a file system that allows programs (no noexec)"
    )


def _is_private(folder: Path) -> bool:
    """Make a folder if need be; True if it is this account's alone and may hold programs."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = folder.lstat()
        if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid():
            return False
        if os.getuid() == 0:  # spare accounts enter it through this group, which nobody else has
            os.chown(folder, 0, policy.SPARE_GROUP)
        folder.chmod(0o710 if os.getuid() == 0 else 0o700)
        with tempfile.TemporaryFile(dir=folder):
            return not os.statvfs(folder).f_flag & os.ST_NOEXEC
    except OSError:
        return False


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process at a time run the block."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _remove_old(home: Path, installation: str) -> None:
    """Remove what a killed maker left, and unused copies that are outdated.

    All copies of this installation are, since it has changed; those of others are if nobody has
    used them for long.
    """
    for folder in home.glob("making-*"):
        shutil.rmtree(folder, ignore_errors=True)
    for mark in home.glob("*.used"):
        recent = time.time() - mark.stat().st_mtime < KEPT_S
        if recent and not mark.name.startswith(installation):
            continue
        lock = os.open(mark, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue  # in use
        else:
            name = mark.name.removesuffix(".used")
            # Under another name first: a program that is killed meanwhile leaves no half of a copy.
            gone = Path(tempfile.mkdtemp(prefix="making-", dir=home))
            with contextlib.suppress(FileNotFoundError):
                (home / name).rename(gone / name)
            shutil.rmtree(gone, ignore_errors=True)
            (home / f"{name}.shown").unlink(missing_ok=True)
            mark.unlink()
        finally:
            os.close(lock)


def _make(plan: Plan, root: Path, shown: Path) -> None:
    """Copy all that is planned into a temporary folder, and rename that when it is complete."""
    making = Path(tempfile.mkdtemp(prefix="making-", dir=root.parent))
    try:
        _fill(plan, making)
        making.chmod(0o755)
        shown.write_text(json.dumps(plan.roots))
        making.rename(root)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise


def _fill(plan: Plan, to: Path) -> None:
    for library in needed_libraries(plan.files):
        plan.add(library)
    for name in EMPTY:
        plan.folders[f"/{name}"] = 0o755
    entries = [*plan.links, *plan.files, *plan.folders]
    for folder in sorted({parent for path in entries for parent in _parents(path)}):
        _inside(to, folder).mkdir(mode=0o755, exist_ok=True)
    for path in sorted(plan.folders):
        _inside(to, path).mkdir(exist_ok=True)
    for path, target in plan.links.items():
        with contextlib.suppress(FileExistsError):
            _inside(to, path).symlink_to(_relative(path, target))
    with ThreadPoolExecutor(_THREADS) as pool:
        for copied in [pool.submit(_copy, path, facts, to) for path, facts in plan.files.items()]:
            copied.result()
    for path, mode in plan.folders.items():
        _inside(to, path).chmod(mode & 0o755 | 0o700)
    for folder, _, _ in os.walk(to):
        os.utime(folder, (NEVER, os.stat(folder).st_mtime))


def _relative(link: str, target: str) -> str:
    """The target of a link, relative, so that it is right wherever the copy is mounted."""
    if not target.startswith("/"):
        return target
    return os.path.relpath(target, os.path.dirname(link))


def _parents(path: str) -> list[str]:
    return [str(parent) for parent in Path(path).parents if str(parent) != "/"]


def _inside(to: Path, path: str) -> Path:
    return to / path.lstrip("/")


def _copy(path: str, facts: os.stat_result, to: Path) -> None:
    """Copy one file; a file that this account cannot read is left out."""
    target = _inside(to, path)
    try:
        shutil.copyfile(path, target, follow_symlinks=False)
    except (PermissionError, FileNotFoundError):
        target.unlink(missing_ok=True)
        return
    target.chmod(facts.st_mode & 0o555)  # not even its owner's submissions may write to it
    os.utime(target, ns=(NEVER * 10**9, facts.st_mtime_ns))
