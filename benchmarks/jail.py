"""What isolation costs per submission: each tier, each layer left out, and processes started cold.

    python -m benchmarks.jail [--rounds 40]

One run, interleaved, so that drift of the machine hits all alike. A submission here is one trivial
cell and one call; what is measured is starting, walling in, answering and ending it. A jail with a
layer left out exists in this program only.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

from autograder.errors import NoJail
from autograder.limits import Limits
from autograder.remote.cells import Cell
from autograder.remote.session import Session
from autograder.remote.student import Student
from autograder.sandbox.inside import policy
from autograder.sandbox.supervisor import Jail

CELL = Cell("cell", "import numpy as np\ndef f(x): return np.sin(x)")


def full_without(*left_out: str) -> Jail:
    """The *full* jail with some layers left out, to see what they cost."""
    layers = tuple(layer for layer in policy.FULL.layers if layer not in left_out)
    return Jail(Limits(), replace(policy.FULL, layers=layers))


def warm(jail: Jail) -> Callable[[], None]:
    """One submission in a warm fork of this jail."""

    def once() -> None:
        with Session(jail, [CELL]) as session:
            Student(session).f(1.0)

    return once


def cold(program: str) -> Callable[[], None]:
    """A Python process that is started for one submission."""

    def once() -> None:
        subprocess.run([sys.executable, "-I", "-c", program], check=True)

    return once


def main() -> None:
    """Measure and print a table, medians first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    with ExitStack() as stack:
        ways: dict[str, Callable[[], None]] = {}
        for tier in reversed(policy.TIERS.values()):
            try:
                ways[f"warm fork, {tier}"] = warm(stack.enter_context(Jail(Limits(), tier)))
            except NoJail as reason:
                print(f"{tier}: {reason}", file=sys.stderr)
        for layer in policy.FULL.layers:
            # The folders lie in a mount namespace of the submission's own.
            left_out = ("namespaces", "folders") if layer == "namespaces" else (layer,)
            name = f"full without {' and '.join(left_out)}"
            ways[name] = warm(stack.enter_context(full_without(*left_out)))
        bare = stack.enter_context(full_without(*policy.FULL.layers))
        ways["full without any, outer wall only"] = warm(bare)
        ways["cold Python + NumPy"] = cold("import numpy")
        ways["cold Python + NumPy + IPython"] = cold("import numpy, IPython")
        times = measure(ways, rounds)
    base = statistics.median(times["warm fork, none"])
    result = {}
    print(f"{'way':<40}{'median ms':>10}{'min':>8}{'max':>8}{'over none':>11}")
    for way, seconds in times.items():
        middle = statistics.median(seconds)
        result[way] = {"median_ms": middle * 1e3, "ratio_to_none": middle / base}
        row = f"{middle * 1e3:>10.1f}{min(seconds) * 1e3:>8.1f}{max(seconds) * 1e3:>8.1f}"
        print(f"{way:<40}{row}{(middle - base) * 1e3:>+11.1f}")
    print(json.dumps(result))


def measure(ways: dict[str, Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    """Seconds by way, measured in turns; the first turn warms up and does not count."""
    times: dict[str, list[float]] = {way: [] for way in ways}
    for turn in range(rounds + 1):
        for way, once in ways.items():
            began = time.perf_counter()
            once()
            if turn:
                times[way].append(time.perf_counter() - began)
    return times


if __name__ == "__main__":
    main()
