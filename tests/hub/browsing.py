"""The Chromium of this machine, and windows of it in which nothing unexpected may happen."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update"
).split()
WIDE, PHONE = {"width": 1200, "height": 800}, {"width": 390, "height": 844}


@dataclass
class Watched:
    """One window of somebody's browser, with everything that should not have happened in it."""

    page: Page
    prefix: str
    troubles: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to a page of ours."""
        answer = self.page.goto(self.prefix + path)
        assert answer is not None
        assert answer.ok, f"{path}: {answer.status}"
        return self.page

    def has_no_sideways_scroll(self) -> bool:
        """Whether the page is no wider than its window."""
        wider = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        return not self.page.evaluate(wider)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs a browser: apt-get install chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield found
        found.close()


def watch(watched: Watched, home: str) -> None:
    """Note what should not happen."""
    page, troubles = watched.page, watched.troubles
    page.on("console", lambda message: troubles.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: troubles.append(f"script: {error}"))

    def on_request(request: Any) -> None:
        if not request.url.startswith((home, "data:")):
            troubles.append(f"elsewhere: {request.url}")

    page.on("request", on_request)
