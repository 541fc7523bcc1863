"""What was measured, as figures for result.json, as a table in Markdown and as a plot."""

from __future__ import annotations

import os
import platform
import statistics
from dataclasses import asdict
from importlib.metadata import version
from itertools import cycle
from pathlib import Path
from typing import Any

from benchmarks.measure import Measured, quantile
from benchmarks.ways import PEERS

MARKERS = "os^Dv<>P"
"""Lines that lie on one another are told apart by them."""
Found = dict[str, dict[int, Measured]]
"""What was measured, by way and size of the class."""


def summarise(
    found: Found, throughput: dict[int, dict[int, Measured]], about: dict[str, Any]
) -> dict[str, Any]:
    """What is written to result.json.

    Args:
        found: all ways that were measured; `ours` is one of them.
        throughput: ours by number of workers and size of the class.
        about: how it was measured: rounds, workers, whole, notebooks, exercises.
    """
    size = max(found["ours"])
    ours = found["ours"][size].each_s
    result: dict[str, Any] = {
        "format": 2,
        "machine": {
            "cores": os.cpu_count(),
            "kernel": platform.release(),
            "processor": platform.machine(),
            "python": platform.python_version(),
            "nbgrader": version("nbgrader"),
        },
        **about,
        "ways": _figures(found),
        "throughput": _figures(throughput),
    }
    for way in PEERS:
        if way in found:
            result[f"ratio_{way}_wall"] = ratio(one_more_s(found[way], size), ours)
            result[f"growth_{way}"] = growth(found[way])
    if "floor" in found:
        result["ratio_floor_wall"] = ratio(ours, found["floor"][size].each_s)
        if len(found["ours"]) > 1 and len(found["floor"]) > 1:
            further = (_marginal_s(found[way]) for way in ("ours", "floor"))
            result["ratio_floor_marginal"] = ratio(*further)
    return result


def _figures(found: dict[Any, dict[int, Measured]]) -> dict[str, dict[str, Any]]:
    return {
        str(way): {str(size): asdict(measured) for size, measured in sizes.items()}
        for way, sizes in found.items()
    }


def one_more_s(sizes: dict[int, Measured], size: int) -> list[float]:
    """A peer's seconds by submission in a class of `size`, a figure for each round.

    Where a class of that size was graded, simply measured. Otherwise the average of its largest
    class, or what one more submission cost between the two largest, whichever is less: so the
    peer's own start is not taken for the cost of each submission.
    """
    largest = sizes[max(sizes)]
    if size in sizes or len(sizes) == 1:
        return sizes.get(size, largest).each_s
    return list(map(min, largest.each_s, _marginal_s(sizes)))


def _marginal_s(sizes: dict[int, Measured]) -> list[float]:
    *_, small, large = sorted(sizes)
    walls = zip(sizes[small].wall_s, sizes[large].wall_s, strict=True)
    return [(more - less) / (large - small) for less, more in walls]


def ratio(over: list[float], under: list[float]) -> dict[str, float]:
    """How many times as long one takes as the other, round by round: median and extremes."""
    ratios = [one / other for one, other in zip(over, under, strict=True)]
    return {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios)}


def growth(sizes: dict[int, Measured]) -> dict[str, float]:
    """Median seconds by submission for each size of class: about the same, if cost is constant."""
    return {str(size): statistics.median(sizes[size].each_s) for size in sorted(sizes)}


def table(result: dict[str, Any]) -> str:
    """The figures in Markdown, with what was done in words."""
    lines = [
        "| way | submissions | wall s | ms a submission | CPU ms a submission | peak MiB "
        "| p50 / p95 ms | exercises right | speed-up of ours |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for way, sizes in result["ways"].items():
        for size in sizes:
            own = result.get(f"ratio_{way}_wall") if way in PEERS else None
            factor = _spread(own) if own and size == max(sizes, key=int) else ""
            lines.append(f"{_row(way, sizes[size], result['exercises'])} {factor} |")
    return "\n".join([*lines, "", *_words(result)])


def _row(way: str, figures: dict[str, Any], exercises: int) -> str:
    count = figures["students"]
    wall_s, cpu_s = (statistics.median(figures[key]) for key in ("wall_s", "cpu_s"))
    single = figures["single_s"]
    spread = " / ".join(f"{quantile(single, share) * 1e3:.0f}" for share in (0.5, 0.95) if single)
    right = f"{round(statistics.median(figures['right']))} of {exercises * count}"
    return (
        f"| {way} | {count} | {wall_s:.1f} | {wall_s / count * 1e3:.0f} "
        f"| {cpu_s / count * 1e3:.0f} | {max(figures['peak_mib']):.0f} "
        f"| {spread} | {right if way != 'floor' else ''} |"
    )


def _spread(own: dict[str, float]) -> str:
    return f"{own['median']:.1f} ({own['min']:.1f} to {own['max']:.1f})"


def _words(result: dict[str, Any]) -> list[str]:
    machine = result["machine"]
    largest = max(map(int, result["ways"]["ours"]))
    words = [
        f"{machine['cores']} cores, Linux {machine['kernel']}, Python {machine['python']}, "
        f"nbgrader {machine['nbgrader']}; {result['rounds']} rounds in turns; ours with "
        f"{result['workers']} workers; {result['notebooks']} notebooks a submission.",
        "Demonstration cells (plots, trainings) are executed by nbgrader; they were taken out of "
        "what bare and otter execute, as ours does not run them.",
    ]
    graded = [way for way in PEERS if way in result["ways"]]
    if graded and not result["whole"]:
        words.append(
            f"Not measured whole: {', '.join(graded)} graded smaller classes than {largest}; the "
            "factor is by submission, their start left out where two sizes tell it apart."
        )
    elif graded:
        words.append(f"Measured whole: every way graded all {largest} submissions.")
    for way in graded:
        each = ", ".join(
            f"{each_s * 1e3:.0f} in a class of {size}"
            for size, each_s in result[f"growth_{way}"].items()
        )
        words.append(f"{way}, ms a submission: {each}.")
    if "ratio_floor_wall" in result:
        words.append(f"Ours takes {_spread(result['ratio_floor_wall'])} times the floor.")
    if "ratio_floor_marginal" in result:
        further = _spread(result["ratio_floor_marginal"])
        words.append(f"A further submission, the start left out: {further} times the floor.")
    for workers, sizes in result["throughput"].items():
        rates = ", ".join(f"{_rate(figures):.1f} of {size}" for size, figures in sizes.items())
        words.append(f"Ours with --workers {workers}, submissions a second: {rates}.")
    return [f"- {word}" for word in words]


def _rate(figures: dict[str, Any]) -> float:
    return float(figures["students"] / statistics.median(figures["wall_s"]))


def plot(result: dict[str, Any], path: Path) -> None:
    """Submissions a second by size of the class: a line for each way and number of workers."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    named = {f"ours, {workers} workers": sizes for workers, sizes in result["throughput"].items()}
    lines = {way: sizes for way, sizes in result["ways"].items() if way != "ours" or not named}
    for marker, (name, sizes) in zip(cycle(MARKERS), {**named, **lines}.items()):
        rates = [_rate(figures) for figures in sizes.values()]
        style = "--" if name == "floor" else "-"
        axes.plot([int(size) for size in sizes], rates, style, marker=marker, label=name)
    axes.set(xscale="log", yscale="log", xlabel="submissions", ylabel="submissions a second")
    every = {int(size) for sizes in {**named, **lines}.values() for size in sizes}
    axes.set_xticks(sorted(every), labels=map(str, sorted(every)))
    axes.xaxis.minorticks_off()
    axes.yaxis.set_major_formatter("{x:g}")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    figure.savefig(path)
    plt.close(figure)
