"""What a cell says of itself, whoever wrote it."""

from __future__ import annotations

import pytest

from autograder.course.notebook import grade_id_of, nbgrader_metadata


@pytest.mark.parametrize(
    ("cell", "kept", "grade_id"),
    [
        pytest.param(
            {"metadata": {"nbgrader": {"grade_id": "area"}}}, ["grade_id"], "area", id="one"
        ),
        pytest.param({"metadata": {"nbgrader": {"points": 2}}}, ["points"], "", id="no-grade-id"),
        pytest.param({"metadata": {"nbgrader": {"grade_id": 7}}}, ["grade_id"], "", id="a-number"),
        pytest.param({"metadata": {"nbgrader": {"grade_id": None}}}, ["grade_id"], "", id="null"),
        pytest.param({"metadata": {"nbgrader": ["area"]}}, [], "", id="a-list"),
        pytest.param({"metadata": {"tags": []}}, [], "", id="not-nbgraders"),
        pytest.param({"metadata": None}, [], "", id="no-mapping"),
        pytest.param({}, [], "", id="no-metadata"),
    ],
)
def test_only_text_in_a_mapping_is_a_grade_id(cell, kept, grade_id):
    """Everything else is no grade_id, and no error either: students write metadata."""
    assert list(nbgrader_metadata(cell)) == kept
    assert grade_id_of(cell) == grade_id


def test_what_is_found_can_be_changed_in_the_cell():
    """It is the cell's own, not a copy."""
    cell = {"metadata": {"nbgrader": {"points": 2}}}
    nbgrader_metadata(cell)["points"] = 3
    assert cell["metadata"]["nbgrader"] == {"points": 3}
