"""Make `admissions.csv`, the invented admissions records that the labs train on.

The rows describe nobody: they are drawn from a model whose figures (counts of the ranks, means,
spreads, one correlation, a logistic rule for being admitted) follow a set that statistics courses
have long used. Script and file are dedicated to the public domain (CC0 1.0).

Only `random.Random.random` is drawn from, whose sequence Python promises to keep, so that every
version on every machine writes the same bytes. Usage: `python make_admissions.py OUT.csv`.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from random import Random
from statistics import NormalDist

SEED = 2022
"""Chosen so that counts, means, spreads and the correlation come out close to the model's."""

RANK_COUNTS = {1: 61, 2: 151, 3: 121, 4: 67}
GRE = NormalDist(588.0, 116.0)
GRE_RANGE, GRE_STEP = (220, 800), 20
GPA = NormalDist(3.39, 0.38)
GPA_RANGE = (2.26, 4.00)
CORRELATION = 0.39
"""Of the two normal scores; cutting them off at their ranges leaves about 0.38."""

INTERCEPT, PER_GRE, PER_GPA = -3.989979, 0.002264426, 0.8040375
PER_RANK = {1: 0.0, 2: -0.6754429, 3: -1.340204, 4: -1.551464}
HEADER = "admit,gre,gpa,rank"

Row = tuple[int, int, float, int]
"""One applicant: admitted (0 or 1), gre, gpa, rank."""


def admissions_rows(seed: int = SEED) -> list[Row]:
    """Draw the 400 applicants that belong to a seed."""
    draw = Random(seed)
    return [_applicant(rank, draw) for rank in _shuffled_ranks(draw)]


def admissions_csv(seed: int = SEED) -> str:
    """Write the applicants as text: a header, then one line each, ended by a line feed."""
    lines = [f"{admit},{gre},{gpa:.2f},{rank}" for admit, gre, gpa, rank in admissions_rows(seed)]
    return "\n".join([HEADER, *lines]) + "\n"


def _shuffled_ranks(draw: Random) -> list[int]:
    """Return every rank as often as it must occur, in random order."""
    ranks = [rank for rank, count in RANK_COUNTS.items() for _ in range(count)]
    return [rank for _, rank in sorted((draw.random(), rank) for rank in ranks)]


def _applicant(rank: int, draw: Random) -> Row:
    """Draw the two scores of one applicant, and whether the rule admits them."""
    ability, rest = _standard_normal(draw), _standard_normal(draw)
    gpa_score = CORRELATION * ability + math.sqrt(1 - CORRELATION**2) * rest
    gre = GRE_STEP * round((GRE.mean + GRE.stdev * ability) / GRE_STEP)
    gre = min(max(gre, GRE_RANGE[0]), GRE_RANGE[1])
    gpa = round(min(max(GPA.mean + GPA.stdev * gpa_score, GPA_RANGE[0]), GPA_RANGE[1]), 2)
    logit = INTERCEPT + PER_GRE * gre + PER_GPA * gpa + PER_RANK[rank]
    return int(draw.random() < 1 / (1 + math.exp(-logit))), gre, gpa, rank


def _standard_normal(draw: Random) -> float:
    """Turn one uniform number into one standard normal number."""
    return NormalDist().inv_cdf(1 - (1 - 2**-40) * draw.random())


def main(arguments: list[str]) -> int:
    """Write the file named on the command line."""
    if len(arguments) != 1:
        print("usage: python make_admissions.py OUT.csv", file=sys.stderr)
        return 2
    Path(arguments[0]).write_text(admissions_csv(), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
