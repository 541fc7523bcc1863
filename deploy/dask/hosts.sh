#!/bin/sh
# A scheduler here and workers on other machines, for as long as this script runs.
#   DASK_CONFIG=/etc/autograder/dask.yaml sh hosts.sh node1.example.org node2.example.org
# Then, in another terminal and with the same DASK_CONFIG, in the course's folder:
#   autograder grade --scheduler tls://$(hostname -f):8786
# Needed on each machine: this package with the extra [cluster], bubblewrap, dask.yaml and certificates.
set -eu
test $# -gt 0 || { echo "usage: sh hosts.sh HOST..." >&2; exit 2; }
: "${DASK_CONFIG:?say where dask.yaml lies}"
here=tls://$(hostname -f):8786
dask scheduler --protocol tls --port 8786 --no-dashboard &
scheduler=$!
trap 'kill $scheduler; wait' INT TERM EXIT
for host in "$@"; do
    # -tt: the worker ends with this connection.
    ssh -tt "$host" "DASK_CONFIG=$DASK_CONFIG dask worker $here --protocol tls --no-dashboard \
        --nthreads 1 --nworkers \$(nproc)" < /dev/null &
done
wait $scheduler
