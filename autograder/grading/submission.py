"""Reads a submitted file: its cells by grade_id, or one clear line that says what is wrong with it.

Nothing in the file is trusted: only sources, grade_ids and pasted pictures are taken; points, tags,
the order of tests and everything else that grading depends on come from the master notebook.
Reading never follows a link, never waits for a pipe, and never raises anything but `Unreadable` for
what a file contains.
"""

from __future__ import annotations

import json
import os
import re
import stat
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from autograder.course.notebook import grade_id_of
from autograder.sandbox.beneath import FAULTS, open_beneath
from autograder.sandbox.beneath import Unreachable as Unreachable
from autograder.sandbox.beneath import Unreadable as Unreadable

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
MOST_NAMES, MOST_DEPTH = 1_000, 3
"""Most names of one submission that are listed, and how deep its folders may be."""


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

    def pieces(self, grade_id: str) -> list[str]:
        """Sources of all cells with that grade_id: splitting and pasting a cell copies it."""
        return [cell.source for cell in self.cells if cell.grade_id == grade_id]

    @property
    def size(self) -> int:
        """Characters of its sources and pictures."""
        pictures = (kinds for cell in self.cells for kinds in cell.pictures.values())
        pasted = sum(len(data) for kinds in pictures for data in kinds.values())
        return pasted + sum(len(cell.source) for cell in self.cells)


Content = Submission | Unreadable
"""What reading a file gave: its cells, or why it cannot be graded."""


def read_bytes(folder: Path, name: str, most_mib: float, owner: int | None = None) -> bytes:
    """The content of a regular file beneath `folder`.

    Args:
        folder: is trusted; everything beneath it is not.
        name: path below the folder.
        most_mib: the largest size that is read.
        owner: account number that the file must belong to, if it comes straight from an exchange.
            The opened file is checked, so nobody can swap it in between.

    Raises:
        Unreadable: it is a link, a folder, a pipe, too large, another's, or cannot be opened.
    """
    fd = open_beneath(folder, name)
    try:
        _require_plain(os.fstat(fd), most_mib)
        if owner is not None and os.fstat(fd).st_uid != owner:
            raise Unreadable("the file belongs to another account than the student's")
        with os.fdopen(os.dup(fd), "rb") as file:
            data = file.read(int(most_mib * 2**20) + 1)
    except OSError as error:
        kind = Unreachable if error.errno in FAULTS else Unreadable
        raise kind(f"the file cannot be read: {error.strerror}") from None
    finally:
        os.close(fd)
    if len(data) > most_mib * 2**20:
        raise Unreadable(f"the file is larger than {most_mib:g} MiB")
    return data


def list_files(folder: Path, place: str) -> list[str]:
    """Paths in a submission's folder and the folders below it, relative to it.

    Links and anything else that is not a folder are listed, and not followed. An entry that may
    hold more files and was not opened ends with a slash: a folder that cannot be read or lies too
    deep, a link without a file ending, and, after `MOST_NAMES` names, one entry for all others.

    Args:
        folder: is trusted; everything beneath it is not.
        place: the submission's folder, as a path below it.

    Raises:
        Unreadable: the submission's folder is a link, not a folder, or cannot be read.
    """
    found: list[str] = []
    waiting = [""]
    while waiting and len(found) <= MOST_NAMES:
        below = waiting.pop(0)
        try:
            files, folders = _entries(folder, f"{place}/{below}".rstrip("/"))
        except Unreadable:
            if not below:
                raise
            found.append(f"{below}/")
            continue
        prefix = f"{below}/" if below else ""
        found += [prefix + name for name in files]
        if below.count("/") + bool(below) < MOST_DEPTH:
            waiting += [prefix + name for name in folders]
        else:
            found += [f"{prefix}{name}/" for name in folders]
    if waiting or len(found) > MOST_NAMES:
        return [*found[:MOST_NAMES], _OTHERS]
    return found


_OTHERS = f"more than {MOST_NAMES} files/"
"""Stands for the names that are not listed."""


def _entries(folder: Path, place: str) -> tuple[list[str], list[str]]:
    """Names of the files and of the folders in a folder."""
    fd = open_beneath(folder, place)
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            raise Unreadable("a file lies where a folder is expected")
        with os.scandir(fd) as entries:
            known = [
                (_listed(entry), entry.is_dir(follow_symlinks=False))
                for entry in islice(entries, MOST_NAMES + 1)
            ]
    except OSError as error:
        kind = Unreachable if error.errno in FAULTS else Unreadable
        raise kind(f"the folder cannot be read: {error.strerror}") from None
    finally:
        os.close(fd)
    files = sorted(name for name, is_folder in known if not is_folder)
    return files, sorted(name for name, is_folder in known if is_folder)


def _listed(entry: os.DirEntry[str]) -> str:
    """An entry's name; a link that may lead to a folder is marked as one that was not opened."""
    may_lead_to_folder = entry.is_symlink() and not Path(entry.name).suffix
    return f"{entry.name}/" if may_lead_to_folder else entry.name


def inspect_folder(folder: Path, name: str, most: int) -> tuple[os.stat_result, list[str]]:
    """The status of the folder `name` beneath `folder`, and the names in it.

    Args:
        folder: is trusted; everything beneath it is not.
        name: path below the folder.
        most: how many names are read.

    Raises:
        Unreadable: it is a link, not a folder, or cannot be opened.
    """
    fd = open_beneath(folder, name)
    try:
        status = os.fstat(fd)
        if not stat.S_ISDIR(status.st_mode):
            raise Unreadable("it is not a folder")
        with os.scandir(fd) as entries:
            return status, sorted(entry.name for entry in islice(entries, most))
    except OSError as error:
        kind = Unreachable if error.errno in FAULTS else Unreadable
        raise kind(f"the folder cannot be read: {error.strerror}") from None
    finally:
        os.close(fd)


def _require_plain(status: os.stat_result, most_mib: float) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise Unreadable("it is a folder, not a notebook file")
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("it is not a regular file (a pipe, a socket or a device)")
    if status.st_nlink > 1:
        raise Unreadable("the file has a second name (a hard link); submit a copy of its own")
    if status.st_size > most_mib * 2**20:
        size = status.st_size / 2**20
        raise Unreadable(
            f"the file has {size:.0f} MiB; at most {most_mib:g} MiB are read. "
            "Clear the outputs of its cells, save it and submit it again"
        )


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
        return parse(read_bytes(folder, name, most_mib))
    except Unreadable as problem:
        return problem
