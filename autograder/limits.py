"""What one submission may use, in named units; enforced from outside the student's process."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds on one submission of one notebook.

    The kernel enforces those on a single process, set before the student's first line runs. The
    grader enforces those on wall-clock time, answers, callbacks and its own work, and ends the
    submission's processes when time is up. Memory and files of all processes together are bounded
    by the kernel where it can, else by the grader.
    """

    call_wall_s: float = 10.0
    """Seconds for one call of a student's function."""
    cell_wall_s: float = 20.0
    """Seconds for one cell of the notebook."""
    submission_wall_s: float = 90.0
    """Seconds for one notebook: the exercises' cells, which may take half, and all calls."""
    own_cells_wall_s: float = 45.0
    """Seconds for all of the student's own cells in one notebook, on top of `submission_wall_s`."""
    cpu_s: int = 90
    """Seconds of CPU time for one process of the submission."""
    memory_mib: int = 2048
    """Memory that a submission may use beyond the warm process that it starts from."""
    processes: int = 64
    """Processes and threads at once."""
    file_mib: int = 64
    """Size of the largest file that may be written, and of the whole working folder."""
    files: int = 4096
    """Files and folders in the working folder."""
    open_files: int = 256
    """Files and other descriptors that one process may hold open at once."""
    answer_mib: int = 16
    """Size of one answer that comes out of the sandbox."""
    answer_elements: int = 2_000_000
    """Numbers, strings and containers in one answer, array entries included."""
    callbacks: int = 20_000
    """Calls of functions passed as arguments, during one call."""
    callbacks_wall_s: float = 3.0
    """Seconds of the grader's own work in functions passed as arguments, during one call."""
    checking_wall_s: float = 15.0
    """Seconds of the grader's own work on one notebook's answers: comparing and diagnosing."""
    grader_mib: int = 384
    """Memory that one piece of the grader's own work may add to the grader."""
    notebook_mib: int = 20
    """Size of the notebook file as submitted."""

    def as_dict(self) -> dict[str, float]:
        """The limits by name, for reports and for the sandbox."""
        return asdict(self)
