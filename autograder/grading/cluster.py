"""Grades a class on more than one machine: a Dask cluster gets notebooks and returns reports.

`Cluster.grade` is `WorkerPool.grade` on other machines. Each worker of the cluster unpacks the
course once and keeps a pool of one process for it. Jobs are idempotent, and only the calling
machine writes marks. Dask is no sandbox, and anyone who reaches its ports can run code: so it must
be on loopback or use TLS, and each worker must itself form the tier that is asked for.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
import threading
import zipfile
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from autograder import __version__
from autograder.course.config import CONFIG, NBGRADER_CONFIG
from autograder.course.lab import Lab
from autograder.course.model import Course
from autograder.course.tests_cells import TESTS_CELLS
from autograder.errors import CourseError, NoJail
from autograder.grading.job import Job
from autograder.grading.pool import WorkerPool, broken_report
from autograder.report import Report
from autograder.sandbox.doctor import strongest
from autograder.sandbox.inside import policy
from autograder.sandbox.inside.policy import Tier

CONNECT_S = 15.0
"""Seconds that the scheduler has to answer."""
RETURN_S = 60.0
"""Seconds to wait for a worker when all have died; a nanny starts another within seconds."""
AHEAD = 3
"""Jobs that the cluster holds at once, for each thread of its workers."""
MOST_TRIES = 2
"""A job is given up once this many workers have died while it was under way on them."""
LEFT_OUT = {"__pycache__", ".ipynb_checkpoints"}
"""Folders of a course that are not packed."""
ClassroomKey = tuple[str, tuple[tuple[str, str], ...], str]
"""Hash of a packed course, its notebooks with their assignments, and the tier's name."""
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_one_at_a_time = threading.Lock()


class Cluster:
    """A Dask cluster on which notebooks are graded.

    Args:
        address: the scheduler's: `tls://HOST:PORT`, or `tcp://127.0.0.1:PORT`. Certificates are
            those of Dask's own configuration (`distributed.comm.tls`).

    Raises:
        CourseError: the address is neither on loopback nor TLS, nothing answers there, or Dask is
            not installed.
    """

    def __init__(self, address: str) -> None:
        require_private(address)
        try:
            from distributed import Client
        except ImportError:
            raise CourseError("--scheduler needs Dask: pip install 'nbassay[cluster]'") from None
        try:
            self._client: Any = Client(address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, TimeoutError) as error:
            raise CourseError(f"the scheduler at {address} does not answer: {error}") from None

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Disconnect; the cluster keeps running."""
        self._client.close()

    def tier(self, require: str) -> Tier:
        """The strongest tier that every worker forms; each worker tests its own.

        Raises:
            NoJail: a worker forms none that `require` admits; the text names it.
            CourseError: a worker runs another version of this package.
        """
        self._client.wait_for_workers(1, timeout=CONNECT_S)
        found: dict[str, tuple[str, str]] = self._client.run(present, require)
        for worker, (version, _) in found.items():
            if version != __version__:
                raise CourseError(f"{worker} has version {version}, not {__version__}")
        for worker, (_, name) in found.items():
            if name not in policy.TIERS:
                raise NoJail(f"{worker}: {name}")
        names = {name for _, name in found.values()}
        return next(tier for tier in reversed(policy.TIERS.values()) if tier.name in names)

    def grade(
        self, course: Course, labs: Sequence[Lab], tier: Tier, jobs: Iterable[Job]
    ) -> Iterator[tuple[Job, Report]]:
        """Grade jobs, and yield each with its report as soon as it is ready, in any order.

        A job whose worker died is tried once more, alone, so that no other job is blamed for it. If
        a worker dies again, the job's report is BROKEN, and the class goes on.

        Raises:
            CourseError: all workers died, and none came back.
        """
        from distributed import as_completed

        packed = pack(course)
        archive, key = self._spread(packed), _classroom_key(packed, labs, tier)
        waiting, suspects = iter(jobs), deque[Job]()
        under_way: dict[Any, tuple[Job, int]] = {}

        def send(job: Job, tried: int) -> Any:
            future = self._submit(archive, key, job)
            under_way[future] = (job, tried)
            return future

        completed = as_completed([], loop=self._client.loop)
        while True:
            for job in islice(waiting, max(self._most_under_way() - len(under_way), 0)):
                completed.add(send(job, 1))
            if suspects and not under_way:
                completed.add(send(suspects.popleft(), MOST_TRIES))
            if not under_way:
                return
            job, tried = under_way.pop(future := next(completed))
            if (report := self._result(future)) is not None:
                yield job, report
                continue
            archive = self._spread(packed)
            if tried < MOST_TRIES:
                suspects.append(job)
            else:
                yield job, broken_report(course, job, tier)

    def _submit(self, archive: Any, key: ClassroomKey, job: Job) -> Any:
        """Send one job to the cluster; its future, whose result is the report as plain data."""
        return self._client.submit(grade_remotely, archive, key, job, retries=0, pure=False)

    def _spread(self, packed: bytes) -> Any:
        """Copy the course to every worker; a copy that only a dead worker held is lost with it."""
        try:
            self._client.wait_for_workers(1, timeout=RETURN_S)
            return self._client.scatter(packed, broadcast=True, hash=False, timeout=RETURN_S)
        except TimeoutError:
            raise CourseError(
                f"no worker is left, and none came back in {RETURN_S:g} s; marks so far are kept: "
                "start workers and run the same command again"
            ) from None

    def _most_under_way(self) -> int:
        threads: int = sum(self._client.nthreads().values())
        return AHEAD * max(1, threads)

    @staticmethod
    def _result(future: Any) -> Report | None:
        """The report of a finished job; None when its worker died."""
        from distributed.client import FutureCancelledError
        from distributed.scheduler import KilledWorker

        try:
            return Report.from_dict(future.result())
        except (KilledWorker, FutureCancelledError):
            return None
        finally:
            future.release()


def require_private(address: str) -> None:
    """Refuse an address where others could listen in.

    Raises:
        CourseError: it is neither `tls://` nor on loopback.
    """
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    if parts.scheme != "tls" and parts.hostname not in _LOOPBACK:
        raise CourseError(
            f"--scheduler {address}: submissions, suites and marks would cross the network in "
            "the clear, and anyone on it could run code there; use tls:// (deploy/dask/README.md)"
        )


def _classroom_key(packed: bytes, labs: Sequence[Lab], tier: Tier) -> ClassroomKey:
    names = tuple((lab.assignment, lab.name) for lab in labs)
    return hashlib.sha256(packed).hexdigest(), names, tier.name


def pack(course: Course) -> bytes:
    """The files of a course that grading needs, as an archive."""
    found = [course.root / CONFIG, course.root / NBGRADER_CONFIG]
    private = [course.root / "tests" / "hidden", course.root / TESTS_CELLS]
    for folder in (course.folder("source"), course.folder("release"), *private):
        found += sorted(folder.rglob("*"))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        if not any(path.is_file() for path in found[:2]):
            archive.writestr(zipfile.ZipInfo(NBGRADER_CONFIG), "")
        for path in found:
            name = path.relative_to(course.root)
            if path.is_file() and not LEFT_OUT.intersection(name.parts):
                # Without time and mode, the same course always gives the same bytes.
                member = zipfile.ZipInfo(name.as_posix())
                archive.writestr(member, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


# What runs on the workers -------------------------------------------------------------------------


def present(require: str) -> tuple[str, str]:
    """This worker's version, and the name of its strongest tier, or why it has none."""
    try:
        with _one_at_a_time:
            return __version__, strongest(require).name
    except NoJail as reason:
        return __version__, str(reason)


def grade_remotely(archive: bytes, key: ClassroomKey, job: Job) -> dict[str, Any]:
    """Grade one notebook on this worker; the report as plain data."""
    with _one_at_a_time:
        ((_, report),) = _classroom(key, archive).grade([job])
        return report.as_dict()


_pools: dict[ClassroomKey, WorkerPool] = {}
"""Warm pools, which live as long as this worker."""


def _classroom(key: ClassroomKey, archive: bytes) -> WorkerPool:
    """The warm pool of a course, unpacked and started on first use."""
    if key not in _pools:
        _, names, tier_name = key
        root = Path(tempfile.mkdtemp(prefix="autograder-course-"))
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            packed.extractall(root)
        course = Course.load(root)
        labs = [lab for lab in course.labs if (lab.assignment, lab.name) in names]
        _pools[key] = WorkerPool(course, labs, policy.TIERS[tier_name], workers=1)
    return _pools[key]
