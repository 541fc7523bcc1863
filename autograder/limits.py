"""What one submission may use, in named units; enforced from outside the student's process."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds on one submission of one notebook.

    Wall-clock bounds are kept by the grader, which kills the whole process group; the others by
    the kernel, set before the student's first line runs.
    """

    call_wall_s: float = 10.0
    """One call of one student function."""
    cell_wall_s: float = 20.0
    """One cell of the notebook."""
    submission_wall_s: float = 90.0
    """The exercises' cells and all calls of one notebook together; the cells may take half."""
    own_cells_wall_s: float = 45.0
    """The student's own cells of one notebook together, on top of that."""
    cpu_s: int = 90
    """CPU time of one process of the submission."""
    memory_mib: int = 2048
    """Address space that a submission's process may add to the warm process it starts from."""
    processes: int = 64
    """Processes and threads that exist at once."""
    file_mib: int = 64
    """The largest file that may be written; also the size of the working folder."""
    files: int = 4096
    """Files and folders in the working folder."""
    open_files: int = 256
    """Descriptors open at once in one process."""
    answer_mib: int = 16
    """One answer (one frame) that comes out of the jail."""
    answer_elements: int = 2_000_000
    """Numbers, strings and containers in one answer, array entries included."""
    callbacks: int = 20_000
    """Calls of a function that was handed in as an argument, during one call."""
    callbacks_wall_s: float = 3.0
    """The grader's own work in these functions, during one call."""
    checking_wall_s: float = 15.0
    """The grader's own work on the answers of one submission: comparing and diagnosing."""
    grader_mib: int = 384
    """Memory that one piece of such work may add to the grader's process."""
    notebook_mib: int = 20
    """The notebook file as submitted."""

    def as_dict(self) -> dict[str, float]:
        """The limits by name, for reports and for the jail."""
        return asdict(self)
