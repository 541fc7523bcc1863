"""Reads a submitted file: its cells by grade_id, or one clear line that says what is wrong with it.

Nothing in the file is trusted: only sources, grade_ids and pasted pictures are taken; points, tags,
the order of tests and everything else that grading depends on come from the master notebook.
Whatever a file contains, reading it raises nothing but `Unreadable`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder.course.notebook import grade_id_of
from autograder.sandbox.beneath import Unreadable
from autograder.sandbox.reading import read_bytes

MAX_CELLS = 5_000
"""All of this many first cells are read; after them, only those with a grade_id."""
MOST_CELLS = 100_000
"""A file with more cells than this is not a notebook that a person wrote."""
MAX_SOURCE = 256 * 1024
"""Most characters of one cell; what people write by hand is far below."""
MAX_CODE_BYTES = 2 * 2**20
"""Most bytes of all code cells together, as JSON: the sandbox gets them in one piece."""
_DATA_URL = re.compile(r"data:[\w/+.;=-]{0,100},[\w/+=%.~-]{200,}")
"""A picture pasted into a text cell."""
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]+={0,2}\s*")


@dataclass(frozen=True)
class SubmittedCell:
    """One cell as submitted: its source, its grade_id if it has one, and whether it is code."""

    source: str
    grade_id: str = ""
    is_code: bool = True
    refused: str = ""
    """Why its code is not run, if it exceeds a limit; the source is then shortened."""
    pictures: dict[str, dict[str, str]] = field(default_factory=dict, hash=False)
    """Pictures pasted into a text cell: by name, base64 by media type."""


@dataclass(frozen=True)
class Submission:
    """The cells of one submitted notebook, in order."""

    cells: tuple[SubmittedCell, ...]
    files: dict[str, bytes] = field(default_factory=dict, hash=False, repr=False)
    """What lies beside the notebook, by path, where its cells may read it."""

    def pieces(self, grade_id: str) -> list[str]:
        """Sources of all cells with that grade_id: splitting and pasting a cell copies it."""
        return [cell.source for cell in self.cells if cell.grade_id == grade_id]

    @property
    def size(self) -> int:
        """Characters of its sources and pictures."""
        pictures = (kinds for cell in self.cells for kinds in cell.pictures.values())
        pasted = sum(len(data) for kinds in pictures for data in kinds.values())
        beside = sum(map(len, self.files.values()))
        return beside + pasted + sum(len(cell.source) for cell in self.cells)


Content = Submission | Unreadable
"""What reading a file gave: its cells, or why it cannot be graded."""


def parse(data: bytes) -> Submission:
    """The cells of a notebook's bytes.

    Raises:
        Unreadable: the bytes are not a notebook of format 4.
    """
    if not data.strip():
        raise Unreadable("the file is empty")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("the file is not UTF-8 text, so it is not a notebook") from None
    try:
        content = json.loads(text)
    except RecursionError:
        raise Unreadable("the file is nested too deeply to be a notebook") from None
    except ValueError as error:
        place = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise Unreadable(f"the file is not JSON{place}: damaged, or not a notebook") from None
    return Submission(tuple(_cells(content)))


def _cells(content: Any) -> list[SubmittedCell]:
    if not isinstance(content, dict) or "nbformat" not in content:
        raise Unreadable("the file is JSON, but not a Jupyter notebook")
    version, minor = content["nbformat"], content.get("nbformat_minor")
    if type(version) not in (int, float) or not version >= 4:
        raise Unreadable(
            "the notebook is of an old format; open it in JupyterLab, save it, submit it again"
        )
    # Cells are the same in every minor format so far; a minor that is not a number is ignored.
    if version != 4 or (isinstance(minor, int | float) and minor > 5):
        raise Unreadable("the notebook is of a newer format than 4.5, which this grader reads")
    cells = content.get("cells")
    if not isinstance(cells, list) or len(cells) > MOST_CELLS:
        raise Unreadable(f"the notebook has no list of cells, or more than {MOST_CELLS}")
    read = [cell for cell in map(_cell, cells) if cell is not None]
    return _within_code_limit(_within_cell_limit(read))


def _within_cell_limit(cells: list[SubmittedCell]) -> list[SubmittedCell]:
    """The first cells, then the later ones that have a grade_id; a note replaces the others."""
    kept = cells[:MAX_CELLS]
    behind = [cell for cell in cells[MAX_CELLS:] if cell.grade_id][:MAX_CELLS]
    left_out = [cell for cell in cells[MAX_CELLS:] if cell.is_code and not cell.grade_id]
    if left_out:
        many = f"the notebook has more than {MAX_CELLS} cells; your own cells from here on are not"
        kept.append(SubmittedCell("", refused=f"{many} run. Delete cells that you do not need."))
    return kept + behind


def _within_code_limit(cells: list[SubmittedCell]) -> list[SubmittedCell]:
    """The cells, with those refused that exceed the code limit; cells with a grade_id come first.

    A cell that is refused already needs no room.
    """
    left = MAX_CODE_BYTES
    marked = list(cells)
    in_turn = sorted(range(len(cells)), key=lambda place: not cells[place].grade_id)
    for place in in_turn:
        cell = cells[place]
        if cell.refused or not (cell.is_code or cell.grade_id):
            continue
        size = len(json.dumps(cell.source))
        if size <= left:
            left -= size
            continue
        why = f"the notebook holds more than {MAX_CODE_BYTES >> 20} MiB of code. Shorten it."
        marked[place] = replace(cell, refused=why)
    return marked


def _cell(cell: Any) -> SubmittedCell | None:
    if not isinstance(cell, dict):
        return None
    source = cell.get("source")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        return None
    is_code = cell.get("cell_type") == "code"
    source = _writable(source)
    if not is_code and len(source) > MAX_SOURCE:
        source = _DATA_URL.sub("data:,", source)
    refused = _TOO_LONG if len(source) > MAX_SOURCE else ""
    source = source if not refused else _cut(source)
    pictures = {} if is_code else _pictures(cell.get("attachments"))
    return SubmittedCell(source, _writable(grade_id_of(cell)), is_code, refused, pictures)


def _pictures(attachments: Any) -> dict[str, dict[str, str]]:
    """The attachments of a cell that are pictures in a format that browsers draw."""
    if not isinstance(attachments, dict):
        return {}
    found: dict[str, dict[str, str]] = {}
    for name, kinds in attachments.items():
        for kind, data in kinds.items() if isinstance(kinds, dict) else ():
            if kind in _PICTURES and isinstance(data, str) and _BASE64.fullmatch(data):
                found[_writable(name)] = {kind: data}
    return found


_TOO_LONG = (
    f"it has more than {MAX_SOURCE // 1024} KiB. Shorten it: put data into a file, or compute it."
)


def _cut(text: str) -> str:
    mark = "\n\n(The rest of this cell is left out: it is too long.)"
    return text[: MAX_SOURCE - len(mark)] + mark


def code_words(source: str) -> str:
    """The words and signs of a source without comments and layout; found without parsing it."""
    return " ".join(re.findall(r"\w+|[^\w\s]", re.sub(r"#.*", "", source)))


def _writable(text: str) -> str:
    """Text that UTF-8 can hold: half of a surrogate pair would make every file unwritable."""
    return text.encode("utf-8", "replace").decode()


def read_submission(folder: Path, name: str, most_mib: float) -> Content:
    """Read and sanitise one submitted notebook; arguments as for `read_bytes`."""
    try:
        return content_of(read_bytes(folder, name, most_mib))
    except Unreadable as problem:
        return problem


def content_of(data: bytes) -> Content:
    """The cells of a notebook's bytes, or why they cannot be graded."""
    try:
        return parse(data)
    except Unreadable as problem:
        return problem
