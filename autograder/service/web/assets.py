"""The one style sheet and the one script, built once and named by a hash of their content.

The style sheet begins with that of the feedback page, so that both look alike.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import Any

from autograder.feedback.templating import fill

STYLE, SCRIPT = "style.css", "live.js"
_TYPES = {STYLE: "text/css; charset=utf-8", SCRIPT: "text/javascript; charset=utf-8"}


def filled(template: str, values: dict[str, Any]) -> str:
    """A template of the service, which may use those of the class report and of the feedback."""
    return fill("autograder.service.web", template, values, "autograder.class_report")


class Assets:
    """The files that pages load, by name, as bytes."""

    def __init__(self) -> None:
        style = filled("style.css.j2", {})
        script = (files("autograder.service.web") / "templates" / SCRIPT).read_text(
            encoding="utf-8"
        )
        self._bytes = {STYLE: style.encode(), SCRIPT: script.encode()}
        self.version = hashlib.sha256(b"".join(self._bytes.values())).hexdigest()[:12]
        """Changes with every change of a file: part of the address, so that browsers may cache
        files."""

    def get(self, name: str) -> tuple[str, bytes] | None:
        """The content type and the bytes of a file; None when there is no such file."""
        content = self._bytes.get(name)
        return None if content is None else (_TYPES[name], content)
