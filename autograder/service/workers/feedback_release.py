"""Releases feedback to the exchange with nbgrader's own code, so that *Fetch feedback* finds it.

nbgrader releases what lies in a course's `feedback/` folder, which holds one attempt of each
student. Here every attempt has feedback, so each is laid out in a folder of its own for nbgrader to
release. nbgrader derives the file's name in the exchange from the submission's secret.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from autograder.course.model import Course
from autograder.course.private_places import nbgrader_config
from autograder.gradebook.nbgrader_compat import release_feedback
from autograder.service.store.attempts import Attempt
from autograder.service.workers.intake import OWN


class FeedbackRelease:
    """Releases feedback to a course's exchange.

    Args:
        course: the course.
    """

    def __init__(self, course: Course) -> None:
        self._course = course
        self._config = nbgrader_config(course)

    def release(
        self, attempt: Attempt, pages: Mapping[str, str], own: Mapping[str, bytes] | None = None
    ) -> None:
        """Put the pages on one attempt where its student can fetch them.

        Args:
            attempt: the attempt.
            pages: HTML by notebook.
            own: the files that nbgrader wrote beside the notebooks, by name; by default our copies.

        Raises:
            nbgrader.exchange.ExchangeError: the exchange refuses.
            OSError: the exchange or the disk is not writable.
        """
        own = self._own_of(attempt) if own is None else own
        # Not in the course: nbgrader could read part of the course's path as a pattern.
        with tempfile.TemporaryDirectory(prefix="release-") as stage:
            folder = Path(stage) / "feedback" / attempt.student / attempt.assignment
            folder.mkdir(parents=True)
            for name in OWN:
                (folder / name).write_bytes(own[name])
            for notebook, html in pages.items():
                page = folder / f"{notebook}.html"
                page.write_bytes(html.encode("utf-8", "replace"))
                page.chmod(0o644)
            release_feedback(self._config, stage, attempt.student, attempt.assignment)

    def _own_of(self, attempt: Attempt) -> dict[str, bytes]:
        kept = self._course.root / attempt.folder
        return {name: (kept / name).read_bytes() for name in OWN}
