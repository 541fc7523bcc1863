"""What the names of a submission's files say: copies, archives, what systems leave behind."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

from autograder.course.lab import Lab
from autograder.course.model import Course

_LIKE_A_NOTEBOOK = re.compile(r"\.ipynb", re.IGNORECASE)
_ARCHIVES = {".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".7z", ".rar", ".html", ".pdf"}
"""Files that may hold a notebook in a form that cannot be graded."""
_COPY = re.compile(
    r"^(?:copy of|kopie von|copie de|copia de)[ _]+"
    r"|[ _.-]*(?:\(\d+\)|(?:copy|kopie|copie|copia)[ _-]?\d*(?: ?\(\d+\))?|checkpoint)$"
)
_NOT_WORK = re.compile(r"^(?:\._|\.~|~\$)|^\.DS_Store$|^Thumbs\.db$")
"""Names that systems and editors leave behind."""


def expected_name(lab: Lab) -> str:
    """The name under which a notebook is released, and expected back."""
    return f"{lab.name}.ipynb"


def same_name(name: str, other: str) -> bool:
    """Whether two names are the same, however a system composes their accents."""
    return unicodedata.normalize("NFC", name) == unicodedata.normalize("NFC", other)


def bears_name(name: str, other: str) -> bool:
    """Whether a file is called so, its ending and what marks a copy left out."""
    return _plain(PurePosixPath(name).name) == _plain(other)


def _plain(name: str) -> str:
    """A file's name without its ending and without what marks a copy."""
    stem = unicodedata.normalize("NFC", name).casefold()
    stem = re.sub(r"\.(?:ipynb|json|txt)\b.*$", "", stem).strip()
    while (shorter := _COPY.sub("", stem).strip()) != stem:
        stem = shorter
    return re.sub(r"[ _-]+", "_", stem)


def is_archive(name: str) -> bool:
    """Whether a file may hold a notebook in a form that cannot be graded."""
    return PurePosixPath(name).suffix.casefold() in _ARCHIVES


def is_like_a_notebook(name: str) -> bool:
    """Whether `.ipynb` stands in a name, be it at its end or not."""
    return _LIKE_A_NOTEBOOK.search(name) is not None


def notebook_names(course: Course, assignment: str, names: Iterable[str]) -> list[str]:
    """Those of the names of a submission's files that say that they are notebooks.

    The expected ones come first, then the others, those that lie on top first.
    """
    expected = {expected_name(lab) for lab in course.labs_of(assignment)}
    found = [
        name
        for name in worth_naming(names)
        if name in expected or (is_like_a_notebook(PurePosixPath(name).name) and name[-1] != "/")
    ]
    return sorted(found, key=lambda name: (name not in expected, name.count("/"), name))


def worth_naming(names: Iterable[str]) -> list[str]:
    """Names without nbgrader's own two files and what systems leave behind."""
    own = {"timestamp.txt", "submission_secret.txt"}
    return sorted(
        name
        for name in names
        if name not in own
        and not name.startswith("__MACOSX/")
        and not _NOT_WORK.search(PurePosixPath(name).name)
    )


def shown_name(name: str) -> str:
    """A path that a student chose, fit to be shown: nothing unprintable, and not too long."""
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)
    return text if len(text) <= 80 else f"{text[:60]}…{text[-18:]}"
