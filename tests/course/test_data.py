"""The admissions records: made by their script, and what the course text says of them."""

import csv
import importlib.util
import io
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from .conftest import ROOT

COPIES = tuple(
    ROOT / "source" / assignment / "admissions.csv"
    for assignment in ("gradient_descent", "backpropagation")
)


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    """The script that makes the file."""
    path = Path(__file__).with_name("make_admissions.py")
    spec = importlib.util.spec_from_file_location("make_admissions", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def table() -> dict[str, np.ndarray]:
    """The columns of the released file."""
    rows = list(csv.DictReader(io.StringIO(COPIES[0].read_text(encoding="utf-8"))))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


@pytest.mark.parametrize("copy", COPIES, ids=lambda path: path.parent.name)
def test_file_is_regenerated_byte_for_byte(maker, copy, tmp_path):
    """The script writes exactly the file that each assignment ships."""
    assert maker.main([str(tmp_path / "made.csv")]) == 0
    assert (tmp_path / "made.csv").read_bytes() == copy.read_bytes()


def test_another_seed_makes_another_file(maker):
    """The bytes come from the seed, not from a stored table."""
    assert maker.admissions_csv(maker.SEED + 1) != maker.admissions_csv()


def test_only_those_two_copies_are_shipped():
    """No other data file lies where nbgrader would release it."""
    found = {path for path in (ROOT / "source").rglob("*") if path.suffix == ".csv"}
    assert found == set(COPIES)


def test_columns_and_rows(table):
    """There are 400 rows of admit, gre, gpa and rank."""
    assert list(table) == ["admit", "gre", "gpa", "rank"]
    assert {len(column) for column in table.values()} == {400}


def test_ranks_occur_as_often_as_in_the_model(table):
    """The ranks 1 to 4 occur 61, 151, 121 and 67 times."""
    ranks, counts = np.unique(table["rank"], return_counts=True)
    assert dict(zip(ranks, counts, strict=True)) == {1: 61, 2: 151, 3: 121, 4: 67}


@pytest.mark.parametrize(
    ("column", "mean", "sd", "lowest", "highest", "mean_within", "sd_within"),
    [
        pytest.param("gre", 588, 116, 220, 800, 6, 6, id="gre"),
        pytest.param("gpa", 3.39, 0.38, 2.26, 4.00, 0.02, 0.02, id="gpa"),
    ],
)
def test_scores_follow_the_model(table, column, mean, sd, lowest, highest, mean_within, sd_within):
    """Means, spreads and ranges of both scores are those of the model."""
    values = table[column]
    assert np.mean(values) == pytest.approx(mean, abs=mean_within)
    assert np.std(values, ddof=1) == pytest.approx(sd, abs=sd_within)
    assert values.min() >= lowest
    assert values.max() <= highest


def test_gre_comes_in_steps_of_twenty(table):
    """Every gre is a multiple of 20."""
    assert not np.any(table["gre"] % 20)


def test_scores_are_correlated(table):
    """The correlation of gre and gpa is about 0.38."""
    assert np.corrcoef(table["gre"], table["gpa"])[0, 1] == pytest.approx(0.38, abs=0.03)


def test_about_a_third_is_admitted(table):
    """Admissions are 0 or 1, and about 127 of 400 are admitted."""
    assert set(table["admit"]) == {0.0, 1.0}
    assert table["admit"].sum() == pytest.approx(127, abs=8)


def test_admissions_follow_the_logistic_rule(table):
    """The number admitted in each rank is what the rule makes probable, within three sd."""
    per_rank = np.array([0.0, -0.6754429, -1.340204, -1.551464])
    rank = table["rank"].astype(int)
    logit = -3.989979 + 0.002264426 * table["gre"] + 0.8040375 * table["gpa"] + per_rank[rank - 1]
    chance = 1 / (1 + np.exp(-logit))
    for number in (1, 2, 3, 4):
        chosen = rank == number
        spread = np.sqrt(np.sum(chance[chosen] * (1 - chance[chosen])))
        expected = np.sum(chance[chosen])
        assert abs(table["admit"][chosen].sum() - expected) < 3 * spread
