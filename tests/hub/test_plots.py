"""The pictures of a class: what is drawn is what was counted."""

from __future__ import annotations

import pytest

from autograder.class_report import tally
from autograder.feedback.axis import Axis
from autograder.report import Graded
from autograder.service.web.class_plots import BOTTOM, MOST_TICKS, NAMES, RIGHT, TOP, panels

from .small_class import STUDENTS


@pytest.fixture(scope="module")
def graded(reports) -> list[Graded]:
    """Everybody's real reports."""
    return [Graded(student, one) for (student, _), found in reports.items() for one in found]


def test_a_panel_a_notebook(graded):
    """Each notebook once, by assignment and name."""
    assert [panel.column.notebook for panel in panels(graded)] == [
        "gradient",
        "gradient_basic",
        "multilayer",
    ]


def test_bars_are_as_high_as_what_they_count(graded):
    """Heights are in the proportion of the counts, against an axis that all panels share."""
    found = panels(graded)
    assert len({panel.ticks for panel in found}) == 1
    most = max(max(panel.scores.counts) for panel in found if panel.scores)
    for panel in found:
        assert panel.scores is not None
        assert panel.scores.counted == len(STUDENTS) - 1  # hana's files cannot be read
        for bar, count in zip(panel.bars, panel.scores.counts, strict=True):
            assert bar.height == pytest.approx((BOTTOM - TOP) * count / most, abs=0.1)
            assert bar.y + bar.height == pytest.approx(BOTTOM)
            assert bar.label.endswith(f": {count}")


def test_a_checks_bar_is_its_share(graded):
    """The full width is everybody who was marked."""
    for panel in panels(graded):
        rates = tally.pass_rates(tally.in_column(graded, panel.column))
        assert len(rates) == len(panel.rates) > 0
        for drawn, counted in zip(panel.rates, rates, strict=True):
            share = counted.passed / counted.marked
            assert drawn.bar.width == pytest.approx((RIGHT - NAMES) * share, abs=0.1)
            assert drawn.bar.label == f"{counted.passed} of {counted.marked}"
            assert drawn.bar.y + drawn.bar.height < panel.rates_height


@pytest.mark.parametrize(
    ("most", "steps"),
    [(1, [0, 1]), (4, [0, 1, 2, 3, 4]), (5, [0, 2, 4]), (230, [0, 100, 200])],
)
def test_axes_have_few_round_numbers(most: int, steps: list[int]):
    """At most five, all within the axis, and none between two students."""
    ticks = Axis(0.0, most, BOTTOM, TOP).ticks(MOST_TICKS, least=1.0)
    assert [tick.label for tick in ticks] == [str(step) for step in steps]
    assert [tick.at for tick in ticks] == sorted((tick.at for tick in ticks), reverse=True)


def test_nothing_to_draw():
    """An empty class has no panels."""
    assert panels([]) == []
