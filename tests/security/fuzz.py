"""Coverage-guided fuzzing of the two places where a student's bytes are read.

    python -m tests.security.fuzz wire --seconds 600
    python -m tests.security.fuzz notebook --seconds 600

Not part of the test run: it needs `pip install atheris` and time. A finding is an exception that is
not `WireError` (or `Unreadable`), or memory beyond the cap; the fuzzer then stops and keeps the
input.
"""

from __future__ import annotations

import argparse
import json
import sys

MEMORY_MIB = 1024


def fuzz_wire(data: bytes) -> None:
    """Any bytes decode to a value or to WireError; what decodes encodes again."""
    from autograder.sandbox.inside.wire import WireError, decode, encode

    try:
        value = decode(data, elements=100_000)
    except WireError:
        return
    encode(value, frame_bytes=1 << 24, elements=1 << 22)


def fuzz_notebook(data: bytes) -> None:
    """Any bytes parse to a submission or to Unreadable; what parses has plain cells."""
    from autograder.grading.submission import parse
    from autograder.sandbox.beneath import Unreadable

    try:
        submission = parse(data)
    except Unreadable:
        return
    for cell in submission.cells:
        if type(cell.source) is not str or type(cell.grade_id) is not str:
            raise TypeError("a cell that is not plain text")


def seeds() -> dict[str, list[bytes]]:
    """Inputs to start from: real frames without their first length, and a small notebook."""
    import numpy as np

    from autograder.sandbox.inside.wire import encode

    values = [1, -2.5, "text", [1, (2, {3})], {"a": np.eye(3)}, np.float32(2), 1j, b"x"]
    values.append(np.random.default_rng(1))
    frames = [encode(value, frame_bytes=1 << 20, elements=10_000)[4:] for value in values]
    cell = {"cell_type": "code", "metadata": {"nbgrader": {"grade_id": "f"}}, "source": ["x\n"]}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    return {"wire": frames, "notebook": [json.dumps(notebook).encode()]}


def main() -> None:
    """Fuzz one of the two for some time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=["wire", "notebook"])
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--corpus", default="", help="folder for inputs that reach new code")
    chosen = parser.parse_args()
    import tempfile
    from pathlib import Path

    import atheris

    # Before anything else of ours is imported: what is not instrumented cannot guide.
    with atheris.instrument_imports(include=["autograder", "json"]):
        import autograder.grading.submission
        import autograder.sandbox.inside.wire  # noqa: F401
    folder = Path(chosen.corpus or tempfile.mkdtemp(prefix="fuzz-"))
    folder.mkdir(exist_ok=True)
    for number, seed in enumerate(seeds()[chosen.target]):
        (folder / f"seed-{number}").write_bytes(seed)
    options = [f"-max_total_time={chosen.seconds}", f"-rss_limit_mb={MEMORY_MIB}", "-max_len=65536"]
    target = fuzz_wire if chosen.target == "wire" else fuzz_notebook
    atheris.Setup([sys.argv[0], *options, "-print_final_stats=1", str(folder)], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
