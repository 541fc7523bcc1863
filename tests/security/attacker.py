"""How many bits of a hidden input a submission learns from its feedback: an experiment.

    python -m tests.security.attacker --attempts 100

The attacker knows everything but the seed. The submission of each attempt sees one hidden random
number (the first entry of the table that the first check passes to `sigmoid`) and writes its
leading digits, to the channel's base, into something that its student will read. The attacker reads
the page and decodes it. The experiment measures the capacity of a channel with symmetric errors: a
digit of base B that is right with probability p carries
log2 B + p log2 p + (1 - p) log2((1 - p) / (B - 1)) bits.

Every attempt draws new inputs, so one attempt's knowledge is of no use to the next.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import textwrap
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autograder.authoring import samples
from autograder.authoring.build import build
from autograder.authoring.demo import copy_course
from autograder.course.lab import Lab
from autograder.course.model import Course
from autograder.grading.job import Job, Request
from autograder.grading.pool import WorkerPool
from autograder.grading.submission import content_of
from autograder.report import Report, Verdict
from autograder.sandbox.doctor import strongest
from tests.security.corpus import code_cell

ROOT = Path(__file__).resolve().parents[2]
STEP_S = 1.0
"""How many seconds longer a call sleeps for the next higher digit."""
NOTEBOOK, CHECK = "gradient_basic", "test_squashes_elementwise"

HEAD = """
import time
import numpy as np
SEEN, SLEPT = [], []

def see(h):
    if not SEEN and np.shape(h) == (3, 2):
        SEEN.append((float(np.ravel(h)[0]) + 4) / 8)

def wait(k):
    if TIMED and k == 0 and not SLEPT:
        SLEPT.append(time.sleep(1.0 * digit(0, 8)))

def digit(place, base):
    return int(SEEN[0] * base ** (place + 1)) % base if SEEN else 0
"""


@dataclass(frozen=True)
class Channel:
    """One way out: how functions write their digits, and how the attacker reads them."""

    name: str
    base: int
    digits: int
    act: str
    """Body of `act(k, right)`, which answers in place of a function: `right()` is its answer."""
    read: Callable[[Report, float], Sequence[int]]


FUNCTIONS = (
    "sum_of_squared_errors", "neuron_output", "error_term", "weight_step", "weight_step_outputs",
)  # fmt: skip
CELLS = ("test_sse", "test_neuron_output", "test_error_term", "test_weight_step",
         "test_weight_step_outputs")  # fmt: skip


def by_cell(report: Report, value: Callable[[Report, str], int]) -> list[int]:
    """One digit for each exercise after the first."""
    return [value(report, cell) for cell in CELLS]


def _mark(report: Report, cell: str) -> int:
    return int(any(c.verdict is not Verdict.PASSED for c in report.grade_cells()[cell]))


VERDICTS = (Verdict.PASSED, Verdict.FAILED, Verdict.RAISED, Verdict.NOT_DONE, Verdict.OUT_OF_MEMORY,
            Verdict.FORBIDDEN)  # fmt: skip


def _verdict(report: Report, cell: str) -> int:
    seen = [c.verdict for c in report.grade_cells()[cell] if c.verdict is not Verdict.PASSED]
    return VERDICTS.index(seen[0]) if seen and seen[0] in VERDICTS else 0


KINDS = ("ValueError", "TypeError", "KeyError", "IndexError", "ZeroDivisionError", "OverflowError",
         "AssertionError", "AttributeError")  # fmt: skip


def _exception(report: Report, cell: str) -> int:
    said = " ".join(c.message for c in report.grade_cells()[cell])
    return next((n for n, kind in enumerate(KINDS) if kind in said), 0)


WORDS = ("twice", "half", "wrong sign", "is zero", "None", "text", "NaN", "nearly right")


def _words(report: Report, cell: str) -> int:
    said = " ".join(c.message for c in report.grade_cells()[cell])
    return next((n for n, words in enumerate(WORDS) if words in said), 0)


def _name(report: Report, cell: str) -> int:
    return int(any(c.misconception for c in report.grade_cells()[cell]))


def _picture(report: Report, wall_s: float) -> list[int]:
    for picture in report.pictures:
        if picture.grade_cell == "test_sigmoid":
            values = [y for _, y in picture.curves[0].points]
            return [round(y) for y in values[:10]]
    return [0] * 10


def _note(report: Report, wall_s: float) -> list[int]:
    said = " ".join(report.notes)
    return [int(d) for d in said.partition("digits ")[2][:10]] or [0] * 10


CHANNELS = (
    Channel("mark", 2, 5, "return right() if d == 0 else 7.0",
            lambda r, s: by_cell(r, _mark)),
    Channel("verdict", 6, 5, """
        if d == 0:
            return right()
        if d == 1:
            return 7.0
        raise [ValueError, NotImplementedError, MemoryError, PermissionError(1, 'no')][d - 2]
        """, lambda r, s: by_cell(r, _verdict)),
    Channel("exception", 8, 5, """
        raise [ValueError, TypeError, KeyError, IndexError, ZeroDivisionError, OverflowError,
               AssertionError, AttributeError][d]
        """, lambda r, s: by_cell(r, _exception)),
    Channel("words", 8, 5, """
        a = np.asarray(right(), dtype=float)
        return [2 * a, a / 2, -a, 0 * a, None, 'text', a * np.nan, a * 1.0001][d]
        """, lambda r, s: by_cell(r, _words)),
    Channel("name", 2, 5, "return 7.0 if d == 0 else -right()", lambda r, s: by_cell(r, _name)),
    Channel("picture", 10, 10, "return 7.0", _picture),
    Channel("note", 10, 10, "return 7.0", _note),
    Channel("time", 8, 1, "return right()", lambda r, s: [round(s / STEP_S)]),
)  # fmt: skip


SIGMOID = """

right_sigmoid, DRAWN = sigmoid, []

def sigmoid(h):
    see(h)
    if PICTURED and isinstance(h, float):
        DRAWN.append(h)
        return float(digit(len(DRAWN) - 1, 10))
    return 7.0 if PICTURED else right_sigmoid(h)

if SPOILT:
    def sigmoid_prime(h):
        return 7.0

def act(k, right):
    d = digit(k, BASE)
"""
"""With its first exercise broken, the rehearsal of all others repeats what that one saw."""
LATE = """

right_{k} = {name}

def {name}(*args):
    wait({k})
    return act({k}, lambda: right_{k}(*args))
"""
NOTE = "raise ValueError('digits ' + ''.join(str(digit(k, 10)) for k in range(10)))"


def notebook(lab: Lab, channel: Channel) -> bytes:
    """The submission that writes to one channel."""
    sources = samples.solutions(lab)
    act = textwrap.indent(textwrap.dedent(channel.act).strip(), "    ")
    setting = f"BASE, PICTURED, TIMED = {channel.base}, {channel.name == 'picture'}, "
    spoilt = channel.name in ("exception", "words", "name")
    head = HEAD + setting + f"{channel.name == 'time'}\nSPOILT = {spoilt}\n"
    slope = sources["sigmoid"].replace("sigmoid(h) * (1 - sig", "right_sigmoid(h) * (1 - right_sig")
    sources["sigmoid"] = slope + SIGMOID + act + "\n"
    for k, (name, cell) in enumerate(zip(FUNCTIONS, CELLS, strict=True)):
        sources[lab.solutions[cell]] += LATE.format(k=k, name=name)
    content = json.loads(samples.notebook(lab, sources))
    content["cells"].insert(0, code_cell(head))
    content["cells"] += [code_cell(NOTE)] if channel.name == "note" else []
    return json.dumps(content).encode()


def hidden_digits(seed: int, base: int, count: int) -> list[int]:
    """The leading digits of the hidden number, which the attacker wants."""
    rng = np.random.default_rng([seed, zlib.crc32(CHECK.encode())])
    share = (rng.uniform(-4, 4, size=(3, 2))[0, 0] + 4) / 8
    return [int(share * base ** (place + 1)) % base for place in range(count)]


def bits_of_digit(right: int, tried: int, base: int) -> float:
    """The bits that one digit carried, over many attempts, without those due to chance."""
    p = right / tried
    if p <= 1 / base:
        return 0.0
    wrong = (1 - p) * math.log2((1 - p) / (base - 1)) if p < 1 else 0.0
    return math.log2(base) + p * math.log2(p) + wrong


def measure(
    grade: Callable[[bytes, int], tuple[Report, float]], lab: Lab, channel: Channel, attempts: int
) -> float:
    """Bits of the hidden number that the attacker learns in one attempt, on average."""
    data, right = notebook(lab, channel), [0] * channel.digits
    for seed in range(1000, 1000 + attempts):
        report, wall_s = grade(data, seed)
        read = [*channel.read(report, wall_s), *[0] * channel.digits][: channel.digits]
        wanted = hidden_digits(seed, channel.base, channel.digits)
        right = [n + (a == b) for n, a, b in zip(right, read, wanted, strict=True)]
    return sum(bits_of_digit(n, attempts, channel.base) for n in right)


def run(course: Course, attempts: int, names: Sequence[str] = ()) -> dict[str, float]:
    """Bits per attempt, by channel."""
    lab = next(lab for lab in course.labs if lab.name == NOTEBOOK)
    with WorkerPool(course, [lab], strongest(), 1) as pool:

        def grade(data: bytes, seed: int) -> tuple[Report, float]:
            job = Job("eve", lab.assignment, lab.name, content_of(data), Request(seed))
            began = time.monotonic()
            [(_, report)] = pool.grade([job])
            return report, time.monotonic() - began

        chosen = [c for c in CHANNELS if not names or c.name in names]
        # The attacker has measured how long its work takes without sleeping.
        idle_s = sorted(grade(notebook(lab, CHANNELS[0]), 1)[1] for _ in range(5))[2]

        def beyond_idle(data: bytes, seed: int) -> tuple[Report, float]:
            report, wall_s = grade(data, seed)
            return report, wall_s - idle_s

        return {c.name: measure(beyond_idle, lab, c, attempts) for c in chosen}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="What feedback tells of a hidden input.")
    parser.add_argument("--attempts", type=int, default=100)
    parser.add_argument("--channel", action="append", default=[])
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        course = Course.load(copy_course(Course.load(ROOT), Path(folder) / "course").root)
        build(course)
        for name, bits in run(course, chosen.attempts, chosen.channel).items():
            print(f"{name:10} {bits:6.2f} bits of one hidden number in an attempt", flush=True)


if __name__ == "__main__":
    main()
