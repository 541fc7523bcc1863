"""Curves from whatever a student's function gives, and their places on the page."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from autograder.checks.compare import NotNumbers
from autograder.checks.pictures import MOST_POINTS, curve
from autograder.feedback import feedback_page
from autograder.feedback.plot import plot
from autograder.report import CheckResult, Curve, Picture, Report, Status, Verdict

CHECK = CheckResult("test_it", "test_area", "It holds.", Verdict.FAILED, 0.0, 2.0, "It does not.")


def picture(*curves, title="A title", alt="What there is to see."):
    """A picture of the exercise `test_area`."""
    return Picture(title, alt, "across", "up", curves, "test_area")


def report(*pictures):
    """A report on one failed exercise with these pictures."""
    return Report(
        "toys", "shapes", Status.GRADED, "full", 2.0, 1, (CHECK,), {"test_area": "area"},
        pictures=pictures, sections={"test_area": "1. Areas"},
    )  # fmt: skip


@pytest.mark.parametrize(
    "y",
    [
        pytest.param(None, id="none"),
        pytest.param("abc", id="text"),
        pytest.param([1.0, 2.0], id="too-short"),
        pytest.param([[1.0, 2.0, 3.0]], id="two-dimensional"),
        pytest.param([1.0, float("nan"), 2.0], id="nan"),
        pytest.param([1.0, float("inf"), 2.0], id="infinity"),
        pytest.param([1.0, 1e30, 2.0], id="huge"),
        pytest.param([1.0, 2j, 2.0], id="complex"),
        pytest.param({"a": 1}, id="dict"),
    ],
)
def test_odd_answers_are_no_curve(y):
    """Whatever cannot be drawn is refused, and not drawn as something else."""
    with pytest.raises(NotNumbers):
        curve("yours", [0, 1, 2], y)


def test_long_curves_are_thinned_and_keep_their_ends():
    """A page stays small, whatever comes."""
    found = curve("yours", np.arange(10_000), np.arange(10_000) / 10)
    assert len(found.points) <= MOST_POINTS
    assert (found.points[0], found.points[-1]) == ((0.0, 0.0), (9999.0, 999.9))


@pytest.mark.parametrize(
    ("x", "y"),
    [
        pytest.param([0, 1, 2], [-3, 0, 5], id="plain"),
        pytest.param([1], [1], id="one-point"),
        pytest.param([0, 1], [7, 7], id="flat"),
        pytest.param([0, 1e-9], [1e5, -1e5], id="extreme"),
    ],
)
def test_everything_is_placed_within_the_axes(x, y):
    """Points and ticks lie inside the frame, and larger numbers lie higher."""
    placed = plot(picture(curve("yours", x, y, "path")))
    (shape,) = placed.shapes
    for across, up in shape.dots:
        assert placed.left <= across <= placed.right
        assert placed.top <= up <= placed.bottom
    assert [a for a, _ in shape.dots] == sorted(a for a, _ in shape.dots)
    assert np.array_equal(
        np.argsort(y, kind="stable"), np.argsort([-u for _, u in shape.dots], kind="stable")
    )
    for ticks, low, high in (
        (placed.x_ticks, placed.left, placed.right),
        (placed.y_ticks, placed.top, placed.bottom),
    ):
        assert 1 <= len(ticks) <= 8
        assert all(low <= tick.at <= high for tick in ticks)


def test_the_page_holds_the_picture_as_svg_that_says_what_it_shows():
    """Inline, well-formed, with title, description, labels and a legend; and no style or script."""
    shown = picture(
        curve("yours <b>", [0, 1, 2], [0, 1, 4]),
        curve("right", [0, 1, 2], [0, 1, 2], "dots"),
        title="A & B </svg><script>",
    )
    page = feedback_page(report(shown))
    assert "<script" not in page
    svgs = re.findall(r'<svg viewBox="0 0 420.*?</svg>', page, flags=re.DOTALL)
    (svg,) = [ElementTree.fromstring(text) for text in svgs]
    texts = [element.text for element in svg.iter("text")]
    assert {"across", "up"} <= set(texts)
    assert svg.find("title").text == "A & B </svg><script>"
    assert svg.find("desc").text == "What there is to see."
    assert len(list(svg.iter("circle"))) == 3
    assert "yours &lt;b&gt;" in page
    assert "1. Areas" in page


def test_pictures_survive_json():
    """A stored report still holds its pictures, number by number."""
    one = report(picture(Curve("yours", "line", ((0.0, 1.5), (2.0, -3.25)))))
    assert Report.from_json(one.to_json()) == one


def test_a_report_without_pictures_is_read():
    """Reports from before there were pictures still count."""
    fields = report().as_dict()
    del fields["pictures"], fields["sections"], fields["digests"]
    assert Report.from_dict(fields).checks == (CHECK,)
