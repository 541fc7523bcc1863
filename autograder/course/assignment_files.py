"""The files that belong to an assignment besides its notebooks: data, pictures, helper modules."""

from __future__ import annotations

import os
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path


def released(folder: Path, ignored: Sequence[str] = ()) -> dict[str, bytes]:
    """The files that students get beside the notebooks, by path below `folder`.

    Args:
        folder: the assignment's, under `source/`.
        ignored: patterns of names that nbgrader does not release.
    """
    found: dict[str, bytes] = {}
    for above, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if _is_released(name, ignored))
        for name in sorted(names):
            path = Path(above) / name
            if _is_released(name, ignored) and path.suffix != ".ipynb" and path.is_file():
                found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found


def _is_released(name: str, ignored: Sequence[str]) -> bool:
    return not name.startswith(".") and not any(fnmatch(name, pattern) for pattern in ignored)
