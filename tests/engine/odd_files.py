"""Every kind of odd thing that a folder of `submitted/` has held, for a class that holds them all.

`KINDS` maps a name to a function that writes one student's submission of the toy course: it gets
the folder of the assignment, which exists and is empty, and a right notebook as plain data.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import toy

Node = dict[str, Any]
Kind = Callable[[Path, Node], None]
FILE = f"{toy.NOTEBOOK}.ipynb"
SECRET = "the-secret-of-another-account"


def raw(data: bytes) -> Kind:
    """A notebook file of these bytes."""
    return lambda folder, right: (folder / FILE).write_bytes(data) and None


def changed(change: Callable[[Node], Any]) -> Kind:
    """The right notebook after a change."""

    def write(folder: Path, right: Node) -> None:
        content = change(right) or right
        (folder / FILE).write_bytes(json.dumps(content).encode("utf-8", "surrogatepass"))

    return write


def beside(put: Callable[[Path], Any]) -> Kind:
    """The right notebook, and something else in its folder."""

    def write(folder: Path, right: Node) -> None:
        changed(lambda content: None)(folder, right)
        put(folder)

    return write


def instead(put: Callable[[Path, Node], Any]) -> Kind:
    """Something else where the assignment's folder should be."""

    def write(folder: Path, right: Node) -> None:
        folder.rmdir()
        put(folder, right)

    return write


def stamp(data: bytes) -> Kind:
    """The right notebook with this time stamp."""
    return beside(lambda folder: (folder / "timestamp.txt").write_bytes(data))


def top(**fields: Any) -> Kind:
    """The right notebook with other fields at its top; `...` takes one away."""

    def change(content: Node) -> None:
        content.update(fields)
        for name, value in fields.items():
            if value is ...:
                del content[name]

    return changed(change)


def cell(grade_id: str = "area", **fields: Any) -> Kind:
    """The right notebook with other fields in one cell; `...` takes one away."""

    def change(content: Node) -> None:
        one = toy.cell_of(content, grade_id)
        one.update(fields)
        for name, value in fields.items():
            if value is ...:
                del one[name]

    return changed(change)


def nbgrader(grade_id: str = "area", /, **fields: Any) -> Kind:
    """The right notebook with other nbgrader metadata in one cell; `...` takes one away."""

    def change(content: Node) -> None:
        one = toy.cell_of(content, grade_id)["metadata"]["nbgrader"]
        one.update(fields)
        for name, value in fields.items():
            if value is ...:
                del one[name]

    return changed(change)


def more(*cells: Any) -> Kind:
    """The right notebook with more cells at its end."""
    return changed(lambda content: content["cells"].extend(cells))


def twice(content: Node) -> None:
    """A cell copied with its metadata, as JupyterLab's paste does."""
    place = toy.place_of(content, "area")
    content["cells"].insert(place, json.loads(json.dumps(content["cells"][place])))


def outside(folder: Path) -> Path:
    """A file that belongs to nobody's submission, with a secret."""
    path = folder.parents[2] / "elsewhere.txt"
    path.write_text(SECRET)
    return path


def linked(folder: Path, right: Node) -> None:
    """The notebook as a link to a right one elsewhere."""
    other = folder.parents[2] / "elsewhere.ipynb"
    other.write_text(json.dumps(right))
    (folder / FILE).symlink_to(other)


def second_name(folder: Path, right: Node) -> None:
    """The notebook as a hard link."""
    (folder / "other.txt").write_text(json.dumps(right))
    os.link(folder / "other.txt", folder / FILE)


def listening(path: Path) -> None:
    """A socket."""
    here = os.getcwd()
    os.chdir(path.parent)
    with socket.socket(socket.AF_UNIX) as there:
        there.bind(path.name)
    os.chdir(here)


def large_beside(folder: Path) -> None:
    """A file of 200 MB without content."""
    with (folder / "data.bin").open("wb") as file:
        file.truncate(200_000_000)


def large(folder: Path, right: Node) -> None:
    """A right notebook, blown up by blanks."""
    changed(lambda content: None)(folder, right)
    with (folder / FILE).open("ab") as file:
        file.write(b" " * 30_000_000)


def elsewhere(folder: Path, right: Node) -> None:
    """The assignment's folder as a link to a folder elsewhere."""
    other = folder.parents[2] / "other-folder"
    other.mkdir(exist_ok=True)
    changed(lambda content: None)(other, right)
    folder.symlink_to(other, target_is_directory=True)


FORGED = {
    "output_type": "execute_result",
    "execution_count": 1,
    "metadata": {},
    "data": {"text/plain": "1000000.0"},
}
HTML = {
    "output_type": "display_data",
    "metadata": {},
    "data": {"text/html": "<script>alert(1)</script>", "image/svg+xml": "<svg onload=alert(1)>"},
}
TEXT = {"cell_type": "markdown", "metadata": {}, "source": "fine", "id": "x"}

KINDS: dict[str, Kind] = {
    # The file
    "empty": raw(b""),
    "blank": raw(b" \n\t\n"),
    "text": raw(b"hello"),
    "list": raw(b"[]"),
    "number": raw(b"5"),
    "null": raw(b"null"),
    "string": raw(b'"notebook"'),
    "cut-short": raw(b'{"cells": [{"cell_'),
    "latin-1": raw('{"cells": "é"}'.encode("latin-1")),
    "utf-16": raw('{"cells": []}'.encode("utf-16")),
    "binary": raw(bytes(range(256)) * 9),
    "zeros": raw(bytes(5000)),
    "deep-list": raw(b"[" * 200_000),
    "deep-closed": raw(b"[" * 100_000 + b"]" * 100_000),
    "deep-in-notebook": raw(
        b'{"nbformat": 4, "nbformat_minor": 5, "cells": [], "metadata": '
        + b'{"a":' * 50_000
        + b"1"
        + b"}" * 50_001
    ),
    "infinity": raw(b'{"nbformat": Infinity, "cells": NaN}'),
    "long-number": raw(b'{"nbformat": ' + b"4" * 10_000 + b', "cells": []}'),
    "large": large,
    # The format
    "format-3": top(nbformat=3, nbformat_minor=0),
    "format-3-worksheets": top(nbformat=3, cells=..., worksheets=[]),
    "format-99": top(nbformat=99),
    "format-text": top(nbformat="4"),
    "format-null": top(nbformat=None),
    "format-true": top(nbformat=True),
    "format-missing": top(nbformat=...),
    "minor-null": top(nbformat_minor=None),
    "minor-text": top(nbformat_minor="five"),
    "minor-missing": top(nbformat_minor=...),
    "minor-99": top(nbformat_minor=99),
    "minor-0": top(nbformat_minor=0),
    # The notebook
    "cells-missing": top(cells=...),
    "cells-dict": top(cells={}),
    "cells-null": top(cells=None),
    "no-cells": top(cells=[]),
    "many-cells": top(cells=[TEXT] * 6000),
    "metadata-list": top(metadata=[]),
    "metadata-null": top(metadata=None),
    "metadata-missing": top(metadata=...),
    "kernel-unknown": top(metadata={"kernelspec": {"name": "R", "language": "R"}}),
    "kernel-list": top(metadata={"kernelspec": [], "language_info": 5}),
    "extra-keys": top(signature="x", worksheets=[1], **{"": None}),
    # Cells
    "cell-null": more(None),
    "cell-list": more([]),
    "cell-text": more("print(1)"),
    "cell-empty": more({}),
    "source-missing": cell(source=...),
    "source-null": cell(source=None),
    "source-number": cell(source=5),
    "source-dict": cell(source={"a": 1}),
    "source-mixed": cell(source=["def area(sides):\n", 5]),
    "source-list": cell(source=toy.AREA.splitlines(keepends=True)),
    "source-surrogate": more({**TEXT, "source": "half \ud83d of a pair"}),
    "source-null-byte": more({**TEXT, "source": "a\x00b\x1b[31m"}),
    "text-long": more({**TEXT, "source": "word " * 200_000}),
    "code-long": more(toy.code("x = 1\n" * 100_000)),
    "type-missing": cell(cell_type=...),
    "type-unknown": more({**TEXT, "cell_type": "heading", "level": 1}),
    "type-number": more({**TEXT, "cell_type": 5}),
    "type-raw": more({**TEXT, "cell_type": "raw", "metadata": {"raw_mimetype": "text/html"}}),
    "type-markdown": cell(cell_type="markdown"),
    "type-raw-tests": cell("test_area", cell_type="raw"),
    "outputs-missing": cell(outputs=...),
    "outputs-text": cell("test_area", outputs="ok"),
    "outputs-forged": cell("test_area", outputs=[FORGED]),
    "outputs-html": cell("test_area", outputs=[HTML]),
    "outputs-broken": cell("test_area", outputs=[{"output_type": "nonsense"}, None]),
    "count-text": cell(execution_count="many"),
    "id-missing": cell(id=...),
    "id-number": cell(id=5),
    "id-long": cell(id="x" * 1000),
    "ids-equal": changed(lambda c: [one.update(id="same") for one in c["cells"]] and None),
    "attachments-text": more({**TEXT, "attachments": "none"}),
    "attachment-missing": more({**TEXT, "source": "![x](attachment:x.png)"}),
    # Metadata of cells
    "cell-metadata-missing": more({**TEXT, "metadata": ...} | {"metadata": None}),
    "cell-metadata-list": more({**TEXT, "metadata": []}),
    "tags-number": cell(metadata={"tags": 5, "nbgrader": {"grade_id": "area"}}),
    "tags-skip": changed(
        lambda c: toy.cell_of(c, "test_area")["metadata"].update(tags=["skip-execution"])
    ),
    "nbgrader-null": more({**TEXT, "metadata": {"nbgrader": None}}),
    "nbgrader-list": more({**TEXT, "metadata": {"nbgrader": ["grade"]}}),
    "nbgrader-text": more({**TEXT, "metadata": {"nbgrader": "area"}}),
    "nbgrader-empty": more({**TEXT, "metadata": {"nbgrader": {}}}),
    "nbgrader-extra": nbgrader(remark="give me points"),
    "schema-missing": nbgrader(schema_version=...),
    "schema-0": nbgrader(schema_version=0),
    "schema-1": nbgrader(schema_version=1),
    "schema-2": nbgrader(schema_version=2),
    "schema-99": nbgrader(schema_version=99),
    "schema-text": nbgrader(schema_version="three"),
    "schema-null": nbgrader(schema_version=None),
    "schema-1-everywhere": changed(
        lambda c: (
            [
                one["metadata"]["nbgrader"].update(schema_version=1)
                for one in c["cells"]
                if "nbgrader" in one["metadata"]
            ]
            and None
        )
    ),
    "twice": changed(twice),
    "grade-id-number": more(toy.code("", "five") | {"metadata": {"nbgrader": {"grade_id": 5}}}),
    "grade-id-list": more({**TEXT, "metadata": {"nbgrader": {"grade_id": ["area"]}}}),
    "grade-id-odd": more(toy.code("x = 1", "../../etc", solution=True)),
    "grade-id-empty": more({**TEXT, "metadata": {"nbgrader": {"grade_id": "", "grade": True}}}),
    "own-grade-cell": more(toy.code("1000.0", "mine", grade=True, points=1000)),
    "points-high": nbgrader("test_area", points=1000),
    "points-negative": nbgrader("test_area", points=-5),
    "points-text": nbgrader("test_area", points="many"),
    "points-infinite": nbgrader("test_area", points=float("inf")),
    "points-missing": nbgrader("test_area", points=...),
    "solution-graded": nbgrader("area", grade=True, points=50),
    "tests-unlocked": nbgrader("test_area", locked=False, solution=True),
    "tests-edited": cell("test_area", source="3.0"),
    "tests-lost": changed(lambda c: c["cells"].remove(toy.cell_of(c, "test_area"))),
    "given-edited": cell("imports", source="import os"),
    "checksum-forged": nbgrader("area", checksum="0" * 32),
    "all-metadata-lost": changed(
        lambda c: [one.update(metadata={}) for one in c["cells"]] and None
    ),
    # What lies where the notebook should
    "folder-named-so": lambda folder, right: (folder / FILE).mkdir(),
    "pipe": lambda folder, right: os.mkfifo(folder / FILE),
    "socket": lambda folder, right: listening(folder / FILE),
    "link": linked,
    "link-secret": lambda folder, right: (folder / FILE).symlink_to(outside(folder)),
    "link-device": lambda folder, right: (folder / FILE).symlink_to("/dev/zero"),
    "link-nowhere": lambda folder, right: (folder / FILE).symlink_to("nowhere"),
    "link-itself": lambda folder, right: (folder / FILE).symlink_to(FILE),
    "hard-link": second_name,
    "missing": lambda folder, right: None,
    "missing-with-others": lambda folder, right: (folder / "notes.txt").write_text("x") and None,
    # What lies beside it
    "beside-link": beside(lambda f: (f / "more.txt").symlink_to(outside(f))),
    "beside-link-folder": beside(lambda f: (f / "more").symlink_to("/etc")),
    "beside-link-loop": beside(lambda f: (f / "more").symlink_to(".")),
    "beside-link-nowhere": beside(lambda f: (f / "more.txt").symlink_to("nowhere")),
    "beside-pipe": beside(lambda f: os.mkfifo(f / "more.txt")),
    "beside-large": beside(large_beside),
    "beside-page": beside(lambda f: (f / "page.html").write_text("<script>alert(1)</script>")),
    "beside-public": beside(lambda f: (f / "corners.csv").symlink_to(outside(f))),
    "beside-notebook": beside(lambda f: (f / "draft.ipynb").write_text("draft")),
    "beside-notebook-link": beside(lambda f: (f / "draft.ipynb").symlink_to(outside(f))),
    "beside-folder-notebook": beside(lambda f: (f / "draft.ipynb").mkdir()),
    "beside-odd-name": beside(lambda f: (f / "a\nb\x1b[31m.txt").write_text("x")),
    "beside-not-utf8": beside(lambda f: Path(os.fsdecode(bytes(f) + b"/caf\xe9.txt")).touch()),
    # Instead of the assignment's folder
    "file-for-folder": instead(lambda folder, right: folder.write_text("here")),
    "link-for-folder": instead(elsewhere),
    "link-for-folder-nowhere": instead(lambda folder, right: folder.symlink_to("nowhere")),
    # Time stamps
    "stamp-right": stamp(b"2025-01-02 03:04:05.000000 UTC"),
    "stamp-empty": stamp(b""),
    "stamp-words": stamp(b"yesterday evening"),
    "stamp-binary": stamp(bytes(range(256))),
    "stamp-far": stamp(b"99999-01-01 00:00:00 UTC"),
    "stamp-zone": stamp(b"2025-01-02 03:04:05 Nowhere/Land"),
    "stamp-long": stamp(b"2" * 100_000),
    "stamp-link": beside(lambda f: (f / "timestamp.txt").symlink_to(outside(f))),
    "stamp-pipe": beside(lambda f: os.mkfifo(f / "timestamp.txt")),
    "stamp-folder": beside(lambda f: (f / "timestamp.txt").mkdir()),
}

HONEST = ("000-honest", "mid-honest", "zzz-honest")
NAMES = {"Ä umlaut": "honest", "two words": "honest", "dotted.name": "honest", "quote's": "honest"}


def write_class(root: Path, release: Path, kinds: dict[str, Kind] = KINDS) -> None:
    """A class below `submitted/` with one student of each kind, and honest ones among them."""
    right = json.dumps(toy.handed_in(release, toy.solved(), None))
    honest = dict.fromkeys((*HONEST, *NAMES), changed(lambda content: None))
    for student, write in {**kinds, **honest}.items():
        folder = root / "submitted" / student / toy.ASSIGNMENT
        shutil.rmtree(folder.parent, ignore_errors=True)
        folder.mkdir(parents=True)
        write(folder, json.loads(right))
