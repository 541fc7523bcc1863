"""Figures of matplotlib as facts: what is drawn, and what is written beside it.

This module runs on both sides. It uses matplotlib only where the submission has loaded it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class NoFigure(Exception):
    """A call draws no figure, and returns none."""


@dataclass(frozen=True, eq=False)
class Line:
    """A line through points, as `plot`, `axhline` and `step` draw it."""

    x: Array
    y: Array
    label: str
    style: str
    """Matplotlib's sign for it, such as `-` or `--`; `None` for markers alone."""
    marker: str
    color: str
    """As `#rrggbb`."""


@dataclass(frozen=True, eq=False)
class Bars:
    """The bars of one call of `bar`, `barh` or `hist`."""

    places: Array
    """The middle of each bar, along the axis that they stand on."""
    heights: Array
    """Their lengths, for bars that lie as well."""
    label: str
    lying: bool


@dataclass(frozen=True, eq=False)
class Points:
    """The points of one call of `scatter`."""

    x: Array
    y: Array
    label: str


@dataclass(frozen=True, eq=False)
class Axes:
    """One system of axes."""

    title: str
    xlabel: str
    ylabel: str
    xscale: str
    yscale: str
    legend: tuple[str, ...]
    lines: tuple[Line, ...]
    bars: tuple[Bars, ...]
    points: tuple[Points, ...]
    images: tuple[Array, ...]
    """The values of `imshow` and `pcolormesh`, not their colours."""


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure with its axes, in the order in which they were added."""

    title: str
    axes: tuple[Axes, ...]


def is_figure(value: Any) -> bool:
    """Whether a value is a figure, or axes, of matplotlib; or its facts."""
    if isinstance(value, Figure):
        return True
    names = {(kind.__module__, kind.__qualname__) for kind in type(value).__mro__}
    return not names.isdisjoint(_TYPES)


_TYPES = {("matplotlib.figure", "FigureBase"), ("matplotlib.axes._base", "_AxesBase")}


def apart(value: Any) -> Any:
    """The facts of a figure, or of axes alone, as plain data."""
    if isinstance(value, Figure):
        return _parts(value)
    several = getattr(value, "axes", None)
    axes = several if isinstance(several, list) else [value]
    title = value.get_suptitle() if isinstance(several, list) else ""
    return title, [_axes_apart(one) for one in axes]


def _parts(facts: Any) -> Any:
    """The facts as tuples, in the order of their fields."""
    if isinstance(facts, tuple):
        return [_parts(one) for one in facts]
    if isinstance(facts, Figure | Axes | Line | Bars | Points):
        return tuple(_parts(one) for one in vars(facts).values())
    return facts


def together(parts: Any) -> Figure:
    """The facts of a figure from plain data, in which nothing is trusted.

    Raises:
        Exception: whatever wrong parts cause.
    """
    title, axes = parts
    return Figure(str(title), tuple(_axes(*one) for one in axes))


def _axes(
    title: Any, xlabel: Any, ylabel: Any, xscale: Any, yscale: Any, legend: Any, lines: Any,
    bars: Any, points: Any, images: Any,
) -> Axes:  # fmt: skip
    return Axes(
        str(title),
        str(xlabel),
        str(ylabel),
        str(xscale),
        str(yscale),
        tuple(map(str, legend)),
        tuple(Line(_row(x), _row(y), *map(str, more)) for x, y, *more in lines),
        tuple(Bars(_row(x), _row(y), str(label), bool(lies)) for x, y, label, lies in bars),
        tuple(Points(_row(x), _row(y), str(label)) for x, y, label in points),
        tuple(np.asarray(one, dtype=np.float64) for one in images),
    )


def _row(values: Any) -> Array:
    row = np.asarray(values, dtype=np.float64)
    if row.ndim != 1:
        raise ValueError("no row of numbers")
    return row


# In the submission's process ----------------------------------------------------------------------


def drawn_by(call: Callable[[], Any]) -> Any:
    """The figure or axes that a call returns or, if it returns none, leaves open.

    Raises:
        NoFigure: there is none.
    """
    _close_all()
    value = call()
    for one in np.ravel(np.array(value, dtype=object)) if value is not None else ():
        if is_figure(one):
            return getattr(one, "figure", one) or one
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None or not pyplot.get_fignums():
        raise NoFigure("the function draws no figure, and returns none")
    return pyplot.gcf()


def _close_all() -> None:
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")


def _axes_apart(axes: Any) -> Any:
    legend = axes.get_legend()
    return (
        axes.get_title() or axes.get_title("left") or axes.get_title("right"),
        axes.get_xlabel(),
        axes.get_ylabel(),
        axes.get_xscale(),
        axes.get_yscale(),
        [] if legend is None else [text.get_text() for text in legend.get_texts()],
        list(_lines(axes)),
        list(_bars(axes)),
        list(_points(axes)),
        [_values(image) for image in _images(axes)],
    )


def _lines(axes: Any) -> Iterator[Any]:
    colors = sys.modules["matplotlib.colors"]
    for line in axes.get_lines():
        x, y = (np.asarray(one, dtype=np.float64) for one in line.get_data(orig=False))
        color = colors.to_hex(line.get_color())
        style, marker = str(line.get_linestyle()), str(line.get_marker())
        yield x, y, _label(line), style, marker, color


def _bars(axes: Any) -> Iterator[Any]:
    known = set()
    for container in axes.containers:
        patches = getattr(container, "patches", None)
        if patches is None:
            continue
        known |= {id(patch) for patch in patches}
        yield _of_patches(patches, _label(container), container.orientation == "horizontal")
    alone = [one for one in axes.patches if id(one) not in known and hasattr(one, "get_height")]
    if alone:
        yield _of_patches(alone, _label(alone[0]), False)


def _of_patches(patches: Any, label: str, lying: bool) -> Any:
    corners = np.array([(p.get_x(), p.get_y()) for p in patches], dtype=np.float64).reshape(-1, 2)
    sizes = np.array([(p.get_width(), p.get_height()) for p in patches], dtype=np.float64)
    along, across = (1, 0) if lying else (0, 1)
    sizes = sizes.reshape(-1, 2)
    return corners[:, along] + sizes[:, along] / 2, sizes[:, across], label, lying


def _points(axes: Any) -> Iterator[Any]:
    for collection in axes.collections:
        if type(collection).__name__ == "PathCollection":
            places = np.asarray(collection.get_offsets(), dtype=np.float64)
            yield places[:, 0], places[:, 1], _label(collection)


def _images(axes: Any) -> Iterator[Any]:
    yield from axes.get_images()
    for collection in axes.collections:
        if type(collection).__name__ == "QuadMesh":
            yield collection


def _values(image: Any) -> Array:
    return np.asarray(image.get_array(), dtype=np.float64)


def _label(artist: Any) -> str:
    """What a legend calls it; empty for the names that matplotlib gives by itself."""
    text = str(artist.get_label() or "")
    return "" if text.startswith("_") else text
