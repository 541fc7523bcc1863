"""The pictures of the labs: drawn for wrong work, never for right work, and no way in."""

import pytest

from autograder.authoring import samples
from autograder.checks.catalogue import load_catalogue
from autograder.feedback import feedback_page
from autograder.report import Verdict

from .conftest import NOTEBOOKS, lab_named

every_notebook = pytest.mark.parametrize("name", NOTEBOOKS)


@every_notebook
def test_every_picture_is_drawn_for_some_mistake(built, desk, name):
    """Each drawing of a notebook appears on the page of at least one catalogued mistake."""
    lab = lab_named(built, name)
    catalogue = load_catalogue(built.hidden, lab.assignment)
    wanted = {d.grade_cell for d in catalogue.pictures if d.grade_cell in lab.solutions}
    wrong = [m for m in catalogue.mistakes if m.grade_cell in wanted]
    reports = desk.grade_all([(lab, samples.with_examples(lab, [m])) for m in wrong])
    drawn = set()
    for mistake, report in zip(wrong, reports, strict=True):
        cells = {picture.grade_cell for picture in report.pictures}
        failed = {c.grade_cell for c in report.checks if c.verdict is Verdict.FAILED}
        assert cells <= failed
        assert all(len(p.curves) == 2 for p in report.pictures), mistake.misconception.name
        page = feedback_page(report)
        assert page.count('<figure class="picture">') == len(report.pictures)
        drawn |= cells
    assert drawn == wanted != set()


@every_notebook
def test_right_work_gets_no_picture(built, desk, name):
    """There is nothing to look at where all is right."""
    lab = lab_named(built, name)
    (report,) = desk.grade_all([(lab, samples.solutions(lab))])
    assert report.score == report.max_score
    assert report.pictures == ()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("return 'text'", id="text"),
        pytest.param("return float('nan')", id="nan"),
        pytest.param("return [h] * 3", id="shape"),
        pytest.param("return 1e300", id="huge"),
        pytest.param("raise ValueError", id="raises"),
        pytest.param(
            "global n\n    n += 1\n    while n > 40: pass\n    return h", id="hangs-in-the-picture"
        ),
    ],
)
def test_what_cannot_be_drawn_is_left_out(built, desk, body):
    """Odd answers cost the picture and their own points, nothing else."""
    lab = lab_named(built, "gradient_basic")
    sources = samples.solutions(lab)
    sources["sigmoid"] = f"def sigmoid(h):\n    {body}\n"
    (report,) = desk.grade_all([(lab, sources)])
    assert not report.withheld
    assert [p for p in report.pictures if p.grade_cell == "test_sigmoid"] == []
    assert report.cell_score("test_sse") == 3
