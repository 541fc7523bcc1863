"""Where nbgrader keeps the steps of an assignment's life: its settings for a course's folders."""

from __future__ import annotations

from dataclasses import dataclass

from traitlets.config import Config, LazyConfigValue

from autograder.errors import CourseError

STRUCTURE = "{nbgrader_step}/{student_id}/{assignment_id}"
"""How folders of submissions lie in a course, unless its configuration says otherwise."""
IGNORED = (".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback")
"""What nbgrader takes from no folder, by default."""


@dataclass(frozen=True)
class Folders:
    """The folders of a course, as paths below its own folder."""

    source: str = "source"
    release: str = "release"
    submitted: str = "submitted"
    autograded: str = "autograded"
    feedback: str = "feedback"
    ignored: tuple[str, ...] = IGNORED
    """Patterns of names that are not released."""


def read_folders(config: Config) -> Folders:
    """The folders that `c.CourseDirectory` names.

    Raises:
        CourseError: they lie in an order that this grader does not know.
    """
    section = config.get("CourseDirectory", {})
    structure = section.get("directory_structure", STRUCTURE)
    if structure != STRUCTURE:
        raise CourseError(
            f"c.CourseDirectory.directory_structure is {structure!r}; this grader reads courses of "
            f"the structure {STRUCTURE!r} only"
        )
    steps = ("source", "release", "submitted", "autograded", "feedback")
    named = {step: str(section.get(f"{step}_directory", step)) for step in steps}
    ignored = section.get("ignore", IGNORED)
    if isinstance(ignored, LazyConfigValue):
        ignored = ignored.get_value(list(IGNORED))
    return Folders(**named, ignored=tuple(ignored))
