"""A Dask cluster on Slurm, for as long as this program runs; prints the scheduler's address.

    pip install dask-jobqueue
    DASK_CONFIG=/etc/autograder/dask.yaml python slurm.py --jobs 4

Then, with the same DASK_CONFIG, in the course's folder: autograder grade --scheduler ADDRESS
"""

import argparse
import signal

from dask_jobqueue import SLURMCluster


def main() -> None:
    """Start the jobs and wait until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2, help="Slurm jobs")
    parser.add_argument("--queue", help="partition")
    parser.add_argument("--walltime", default="01:00:00")
    options = parser.parse_args()
    cluster = SLURMCluster(
        cores=4,
        processes=4,  # one notebook at a time in each process
        memory="8GB",
        queue=options.queue,
        walltime=options.walltime,
        protocol="tls://",
        job_script_prologue=["export DASK_CONFIG=/etc/autograder/dask.yaml"],
    )
    cluster.scale(jobs=options.jobs)
    print(cluster.scheduler_address, flush=True)
    signal.sigwait({signal.SIGINT, signal.SIGTERM})
    cluster.close()


if __name__ == "__main__":
    main()
