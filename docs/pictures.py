"""The README's pictures, taken from the pages of a demonstration class.

    python docs/pictures.py [DEMO]

DEMO is a folder that `autograder demo` made. Without it, the script makes one and removes it
again. Each picture shows a part of one page, in few colours so that the file stays small. Needs
Chromium (Debian's package `chromium`).
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, FloatRect, Page, sync_playwright

DOCS = Path(__file__).resolve().parent
COLOURS = 64
SCALE = 1.6
"""Pixels of the picture for one of the page."""
MARGIN = 16
"""Paper around what is shown, in pixels of the page."""


@dataclass(frozen=True)
class Shot:
    """One picture: which page, and from which element of it to which other."""

    name: str
    page: str
    """Below the folder of the demonstration."""
    first: str
    """Selector of the topmost element."""
    last: str
    """Selector of the lowest one; the picture shows everything between the two."""
    width: int
    """Of the window, in pixels of the page."""


SHOTS = (
    Shot(
        "feedback-page.png",
        "feedback/chidi/gradient_descent/gradient.html",
        first="body > header",
        last=".idea",
        width=760,
    ),
    Shot(
        "class-page.png",
        "reports/class.html",
        first="#marks",
        last="table.marks",
        width=1000,
    ),
)


def take(demo: Path, into: Path, shots: Sequence[Shot] = SHOTS) -> list[Path]:
    """Take pictures of a graded class; returns the files.

    Args:
        demo: the folder of the demonstration, or of another course.
        into: the folder for the pictures.
        shots: which pictures.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        taken = [_take(browser, shot, demo, into) for shot in shots]
        browser.close()
    return taken


def _take(browser: Browser, shot: Shot, demo: Path, into: Path) -> Path:
    """Take one picture, with all hints open, sharp enough for a fine screen."""
    page = browser.new_page(
        viewport={"width": shot.width, "height": 1000},
        device_scale_factor=SCALE,
        color_scheme="light",
    )
    page.goto((demo / shot.page).absolute().as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(hint => { hint.open = true })")
    path = into / shot.name
    path.write_bytes(_small(page.screenshot(clip=_part(page, shot), full_page=True)))
    page.close()
    return path


def _part(page: Page, shot: Shot) -> FloatRect:
    """The part of the page between the picture's two elements, as wide as the window."""
    top, bottom = (page.locator(name).first.bounding_box() for name in (shot.first, shot.last))
    if top is None or bottom is None:
        raise SystemExit(f"{shot.page} has no {shot.first} or no {shot.last}")
    y = top["y"] - MARGIN
    height = bottom["y"] + bottom["height"] + MARGIN - y
    return {"x": 0, "y": y, "width": shot.width, "height": height}


def _small(png: bytes) -> bytes:
    """The same picture with a palette of few colours."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    packed = io.BytesIO()
    few = picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(packed, "PNG", optimize=True)
    return packed.getvalue()


def main() -> None:
    """Take the pictures and print the size of each file."""
    with tempfile.TemporaryDirectory() as scratch:
        demo = Path(sys.argv[1]) if sys.argv[1:] else Path(scratch) / "demo"
        if not sys.argv[1:]:
            command = [sys.executable, "-m", "autograder", "demo", "--into", str(demo)]
            subprocess.run(command, cwd=DOCS.parent, check=True)
        for path in take(demo, DOCS):
            print(f"{path.relative_to(DOCS.parent)}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
