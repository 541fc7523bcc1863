"""Reports: to JSON and back, and when a mark is withheld."""

import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.report import FORMAT, CheckResult, Named, Report, Status, Verdict

texts = st.text(max_size=12)
points = st.floats(0, 100)
checks = st.builds(
    CheckResult, texts, texts, texts, st.sampled_from(Verdict), points, points, texts,
    st.none() | texts,
)  # fmt: skip
named = st.builds(
    Named, texts, texts, st.lists(texts, max_size=3).map(tuple), st.lists(texts).map(tuple)
)
reports = st.builds(
    Report,
    assignment=texts,
    notebook=texts,
    status=st.sampled_from(Status),
    tier=texts,
    max_score=points,
    seed=st.integers(0, 2**32),
    checks=st.lists(checks, max_size=4).map(tuple),
    cells=st.dictionaries(texts, texts, max_size=3),
    reason=texts,
    notes=st.lists(texts, max_size=3).map(tuple),
    misconceptions=st.lists(named, max_size=2).map(tuple),
    digest=texts,
    digests=st.dictionaries(texts, texts, max_size=3),
    wall_s=points,
)


def check(verdict=Verdict.PASSED, earned=1.0, grade_cell="test_area"):
    """One check's result."""
    return CheckResult("test_x", grade_cell, "It holds.", verdict, earned, 2.0)


def report(*results, status=Status.GRADED, max_score=4.0):
    """A report of these checks."""
    return Report("toys", "shapes", status, "full", max_score, 1, results)


@settings(deadline=None, max_examples=100, derandomize=True, database=None)
@given(reports)
def test_a_report_survives_json(one):
    """from_json(to_json(r)) == r, and the text is JSON that any program reads."""
    assert Report.from_json(one.to_json()) == one
    json.loads(one.to_json(), parse_constant=pytest.fail)


@settings(deadline=None, max_examples=100, derandomize=True, database=None)
@given(reports)
def test_a_score_is_a_plain_float_within_bounds(one):
    """A score is None exactly while it is withheld, else a float from 0 to max_score."""
    assert (one.score is None) == one.withheld
    assert one.score is None or (type(one.score) is float and 0 <= one.score <= one.max_score)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="empty"),
        pytest.param({"format": FORMAT + 1}, id="later-format"),
        pytest.param({"format": FORMAT}, id="nothing-else"),
        pytest.param({**report().as_dict(), "status": "perfect"}, id="unknown-status"),
        pytest.param({**report().as_dict(), "surprise": 1}, id="unknown-field"),
        pytest.param([], id="list"),
        pytest.param("text", id="text"),
    ],
)
def test_what_is_no_report_is_a_value_error(fields):
    """Data of another format, or no report at all, is a ValueError and nothing else."""
    with pytest.raises(ValueError):  # noqa: PT011  any text will do
        Report.from_json(json.dumps(fields))


@pytest.mark.parametrize(
    ("one", "withheld", "person"),
    [
        pytest.param(report(check()), False, False, id="graded"),
        pytest.param(report(check(), check(Verdict.BROKEN, 0.0)), True, True, id="broken-check"),
        pytest.param(report(status=Status.BROKEN), True, True, id="broken"),
        pytest.param(report(status=Status.UNREADABLE), False, True, id="unreadable"),
        pytest.param(report(status=Status.MISSING), False, False, id="missing"),
        *[
            pytest.param(report(check(verdict, 0.0)), False, False, id=verdict.lower())
            for verdict in Verdict
            if verdict is not Verdict.BROKEN
        ],
    ],
)
def test_only_faults_of_ours_withhold_a_mark(one, withheld, person):
    """A mark is withheld for BROKEN alone; a person is asked for then, and for odd files."""
    assert (one.withheld, one.needs_person) == (withheld, person)


def test_a_broken_check_withholds_its_own_cell_only():
    """The other grade cells keep their scores beside a broken one."""
    one = report(check(), check(Verdict.BROKEN, 0.0, "test_fold"))
    assert one.score is None
    assert one.cell_score("test_area") == 1.0
    assert one.cell_score("test_fold") is None


def test_the_checks_of_a_cell_add_up():
    """A grade cell's score is the sum of its checks, a plain float."""
    one = report(check(earned=1), check(earned=0.5))
    assert one.cell_score("test_area") == 1.5
    assert type(report().cell_score("test_area")) is float


def test_the_documented_form_holds_every_field():
    """No field of a report is left out of its JSON form."""
    fields = {field.name for field in dataclasses.fields(Report)}
    assert set(report(check()).as_dict()) == fields | {"format", "score"}


def test_misconceptions_are_named_once_in_order():
    """A name that stands on several checks is listed once, where it first shows."""
    names = ["b", None, "a", "b"]
    results = [dataclasses.replace(check(), misconception=name) for name in names]
    assert report(*results).named() == ["b", "a"]
