"""Files that somebody handed in: a notebook's cells, or one clear line that says why not."""

import json
import os
import re
import socket

import pytest

from autograder.grading.submission import (
    MAX_CELLS,
    MAX_CODE_BYTES,
    MAX_SOURCE,
    MOST_CELLS,
    SubmittedCell,
    parse,
    read_submission,
)
from autograder.sandbox.beneath import Unreadable
from autograder.sandbox.reading import read_bytes

MOST_MIB = 20.0
CELL = {"cell_type": "code", "metadata": {"nbgrader": {"grade_id": "area"}}, "source": "x = 1"}
AREA = SubmittedCell("x = 1", "area")


def book(*cells, **fields):
    """A notebook file's bytes."""
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **fields}
    return json.dumps(content).encode()


def only_cell(**changes):
    """The cells read from a notebook whose only cell is changed so."""
    return parse(book({**CELL, **changes})).cells


# --- Contents -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b" \n\t ", "is empty", id="white-space"),
        pytest.param(b"print('hello')", r"not JSON \(line 1\)", id="not-json"),
        pytest.param(book(CELL)[:-20], "not JSON", id="cut-off"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0", "not UTF-8", id="picture"),
        pytest.param(book(CELL).decode().encode("utf-16"), "not UTF-8", id="utf-16"),
        pytest.param("ä".encode("latin-1"), "not UTF-8", id="latin-1"),
        pytest.param(b"[" * 200_000, "nested too deeply", id="lists-nested-200k-deep"),
        pytest.param(b'{"a":' * 200_000, "nested too deeply", id="objects-nested-200k-deep"),
        pytest.param(b'{"nbformat": ' + b"9" * 5000 + b"}", "not JSON", id="huge-integer"),
        pytest.param(b"[1, 2]", "not a Jupyter notebook", id="list"),
        pytest.param(b"null", "not a Jupyter notebook", id="null"),
        pytest.param(b'"nbformat"', "not a Jupyter notebook", id="string"),
        pytest.param(b'{"cells": []}', "not a Jupyter notebook", id="no-format"),
        pytest.param(book(nbformat=3), "old format", id="format-3"),
        pytest.param(book(nbformat=-1), "old format", id="negative-format"),
        pytest.param(book(nbformat="4"), "old format", id="format-as-text"),
        pytest.param(book(nbformat=True), "old format", id="format-as-truth-value"),
        pytest.param(book(nbformat=[4]), "old format", id="format-as-list"),
        pytest.param(book(nbformat=5), "newer format", id="format-5"),
        pytest.param(book(nbformat_minor=6), "newer format", id="format-4.6"),
        pytest.param(book(nbformat_minor=9.5), "newer format", id="minor-9.5"),
        pytest.param(book(nbformat=float("nan")), "old format", id="format-no-number"),
        pytest.param(book(cells={}), "no list of cells", id="cells-as-object"),
        pytest.param(book(cells="x"), "no list of cells", id="cells-as-text"),
        pytest.param(book(cells=None), "no list of cells", id="cells-null"),
        pytest.param(book(*[0] * (MOST_CELLS + 1)), "more than", id="too-many-cells"),
    ],
)
def test_what_is_not_a_notebook_is_told_in_one_line(data, reason):
    """Each fault of a file has its own line, and no other exception leaves the reader."""
    with pytest.raises(Unreadable, match=reason) as told:
        parse(data)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(book(CELL), id="plain"),
        pytest.param(b"\xef\xbb\xbf" + book(CELL), id="byte-order-mark"),
        pytest.param(book(CELL, nbformat_minor=0), id="format-4.0"),
        pytest.param(book(CELL, nbformat_minor=None), id="minor-null"),
        pytest.param(book(CELL, nbformat_minor="5"), id="minor-as-text"),
        pytest.param(book(CELL, nbformat_minor=[]), id="minor-as-list"),
        pytest.param(book(CELL, nbformat_minor=True), id="minor-as-truth-value"),
        pytest.param(book(CELL, nbformat_minor=-1), id="minor-negative"),
        pytest.param(book(CELL, nbformat=4.0, nbformat_minor=5.0), id="format-as-4.0-number"),
        pytest.param(book(CELL, metadata=[["hostile"]]), id="metadata-as-list"),
        pytest.param(book(CELL, extra={"more": 1}), id="extra-fields"),
        pytest.param(book({**CELL, "source": ["x =", " 1"]}), id="source-as-list"),
        pytest.param(book({**CELL, "outputs": "none"}), id="outputs-as-text"),
        pytest.param(book({**CELL, "id": ["x"]}), id="id-as-list"),
        pytest.param(book(None, 3, "cell", [], CELL), id="among-cells-that-are-none"),
    ],
)
def test_a_notebook_is_read_whatever_surrounds_its_cells(data):
    """Only sources and grade_ids are read; the rest may be anything."""
    assert parse(data).cells == (AREA,)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(7, id="number"),
        pytest.param(None, id="null"),
        pytest.param({"a": 1}, id="object"),
        pytest.param(["x", 1], id="list-with-a-number"),
    ],
)
def test_a_cell_without_a_source_is_no_cell(source):
    """A source that is not text is left out, and the other cells are read."""
    assert parse(book({**CELL, "source": source}, CELL)).cells == (AREA,)


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param(None, id="null"),
        pytest.param("hostile", id="text"),
        pytest.param([1], id="list"),
        pytest.param({}, id="empty"),
        pytest.param({"nbgrader": None}, id="nbgrader-null"),
        pytest.param({"nbgrader": [1]}, id="nbgrader-list"),
        pytest.param({"nbgrader": {}}, id="no-grade-id"),
        pytest.param({"nbgrader": {"grade_id": 7}}, id="grade-id-number"),
        pytest.param({"nbgrader": {"grade_id": ["area"]}}, id="grade-id-list"),
    ],
)
def test_hostile_metadata_makes_a_cell_without_grade_id(metadata):
    """Metadata of any form leaves a cell that is simply not one of ours."""
    assert only_cell(metadata=metadata) == (SubmittedCell("x = 1"),)


def test_points_and_flags_of_a_submission_are_not_read():
    """Nothing but the grade_id survives of what a student wrote into the metadata."""
    claimed = {"grade_id": "area", "points": 1e9, "grade": True, "schema_version": 99}
    assert only_cell(metadata={"nbgrader": claimed, "tags": ["x"]}) == (AREA,)


@pytest.mark.parametrize("kind", ["markdown", "raw", "hostile", None, ["code"]])
def test_a_retyped_cell_keeps_its_grade_id_and_is_no_code(kind):
    """A cell of another type is read, and known not to be code."""
    assert only_cell(cell_type=kind) == (SubmittedCell("x = 1", "area", is_code=False),)


def test_a_grade_id_that_stands_twice_is_two_pieces():
    """`pieces` gives the sources of all cells with one grade_id, in order."""
    submission = parse(book(CELL, {**CELL, "source": "x = 2"}))
    assert len(submission.cells) == 2
    assert submission.pieces("area") == ["x = 1", "x = 2"]
    assert submission.pieces("other") == []


# --- Size ---------------------------------------------------------------------------------------

PICTURE = "data:image/png;base64," + "iVBORw0KGgo+/x==" * 40_000


def text_cell(source, **fields):
    """A text cell."""
    return {"cell_type": "markdown", "metadata": {}, "source": source, **fields}


def own(source):
    """A code cell without a grade_id."""
    return {"cell_type": "code", "metadata": {}, "source": source}


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param(text_cell("a " * MAX_SOURCE), id="long-text"),
        pytest.param(text_cell(["a\n"] * MAX_SOURCE), id="long-text-by-lines"),
        pytest.param(text_cell(f"![p]({PICTURE})"), id="picture-in-markdown"),
        pytest.param(text_cell(f'<img src="{PICTURE}">'), id="picture-in-html"),
        pytest.param(text_cell(f"![p]({PICTURE})" * 5), id="many-pictures"),
        pytest.param(
            text_cell("![p](attachment:p.png)", attachments={"p.png": {"image/png": PICTURE}}),
            id="attachment",
        ),
        pytest.param({**text_cell("x" * MAX_SOURCE * 2), "cell_type": "raw"}, id="raw"),
        pytest.param({**own("1"), "outputs": [{"text": "x" * 64}] * 50_000}, id="many-outputs"),
        pytest.param({**own("1"), "metadata": {"x": PICTURE}}, id="large-metadata"),
        pytest.param(own("x" * (MAX_SOURCE + 1)), id="own-code"),
        pytest.param(own(f'shown = "{PICTURE}"'), id="picture-in-own-code"),
    ],
)
def test_a_cell_that_is_too_long_leaves_the_others_as_they_are(cell):
    """Whatever one cell holds, the notebook is read, and no cell is longer than the limit."""
    first, second = parse(book(cell, CELL)).cells
    assert len(first.source) <= MAX_SOURCE
    assert second == AREA


def test_a_text_cell_loses_its_pictures_before_its_words():
    """What the student wrote behind a pasted picture is still there."""
    (cell,) = parse(book(text_cell(f"Before. ![p]({PICTURE}) Behind."))).cells
    assert cell.source == "Before. ![p](data:,) Behind."
    assert cell.refused == ""


def test_code_over_the_limit_is_marked_with_the_reason():
    """A code cell that is too long says so itself; one that is as long as may be does not."""
    longest, too_long = parse(book(own("x" * MAX_SOURCE), own("x" * (MAX_SOURCE + 1)))).cells
    assert longest.refused == ""
    assert "more than 256 KiB" in too_long.refused


def test_cells_behind_the_limit_are_left_out_and_graded_ones_are_kept():
    """Of very many cells the first and the graded ones are read, and one says what is missing."""
    cells = parse(book(*[own("1")] * (MAX_CELLS + 9), CELL, text_cell("done"))).cells
    assert len(cells) == MAX_CELLS + 2
    assert "more than 5000 cells" in cells[MAX_CELLS].refused
    assert cells[-1] == AREA


def test_too_much_code_together_costs_own_cells_first():
    """Graded cells have their part of the room, wherever they stand."""
    long_one = "é" * MAX_SOURCE  # six bytes each, as JSON
    cells = parse(book(*[own(long_one)] * 3, {**CELL, "source": "x" * 200_000})).cells
    assert [bool(cell.refused) for cell in cells] == [False, True, True, False]
    run = [cell.source for cell in cells if not cell.refused]
    assert len(json.dumps(run)) <= MAX_CODE_BYTES


# --- Files --------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    """A folder that is trusted, with a course beside it that is not to be read."""
    (tmp_path / "secret.ipynb").write_bytes(book(CELL))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "work.ipynb").write_bytes(book(CELL))
    submitted = tmp_path / "submitted"
    (submitted / "ada").mkdir(parents=True)
    return submitted


def lay_nothing(path):
    """No file."""


def lay_folder(path):
    """A folder by the notebook's name."""
    path.mkdir()


def lay_link(path):
    """A link to a file outside."""
    path.symlink_to(path.parents[2] / "secret.ipynb")


def lay_link_inside(path):
    """A link to a file in the same folder."""
    (path.parent / "own.ipynb").write_bytes(book(CELL))
    path.symlink_to("own.ipynb")


def lay_dangling_link(path):
    """A link to nothing."""
    path.symlink_to("nowhere")


def lay_linked_parent(path):
    """A file behind a linked folder."""
    path.parent.rmdir()
    path.parent.symlink_to(path.parents[2] / "elsewhere")


def lay_pipe(path):
    """A pipe that nobody writes to."""
    os.mkfifo(path)


def lay_socket(path):
    """A socket."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


def lay_hard_link(path):
    """A second name of another file."""
    path.hardlink_to(path.parents[2] / "secret.ipynb")


def lay_large(path):
    """A file of 30 MiB."""
    path.write_bytes(book(CELL))
    os.truncate(path, 30 << 20)


def lay_just_over(path):
    """A file one byte over the limit."""
    path.write_bytes(b"x" * (int(MOST_MIB * 2**20) + 1))


@pytest.mark.parametrize(
    ("lay", "reason"),
    [
        pytest.param(lay_nothing, "no such file", id="missing"),
        pytest.param(lay_folder, "a folder", id="folder"),
        pytest.param(lay_link, "symbolic link", id="link"),
        pytest.param(lay_link_inside, "symbolic link", id="link-inside"),
        pytest.param(lay_dangling_link, "symbolic link", id="dangling-link"),
        pytest.param(lay_linked_parent, "symbolic link", id="linked-parent"),
        pytest.param(lay_pipe, "not a regular file", id="pipe"),
        pytest.param(lay_socket, "not a regular file", id="socket"),
        pytest.param(lay_hard_link, "hard link", id="hard-link"),
        pytest.param(lay_large, "30 MiB; at most 20", id="30-MiB"),
        pytest.param(lay_just_over, "at most 20", id="one-byte-over"),
    ],
)
def test_a_file_that_is_no_plain_file_is_told_in_one_line(folder, monkeypatch, lay, reason):
    """Nothing is followed, waited for or read whole that is not a file of its own."""
    monkeypatch.chdir(folder)
    lay(folder / "ada" / "work.ipynb")
    told = read_submission(folder, "ada/work.ipynb", MOST_MIB)
    assert isinstance(told, Unreadable)
    assert re.search(reason, str(told))
    assert "\n" not in str(told)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("../secret.ipynb", id="upwards"),
        pytest.param("ada/../../secret.ipynb", id="down-and-up"),
        pytest.param("/etc/passwd", id="from-the-root"),
    ],
)
def test_a_name_that_leaves_the_folder_is_refused(folder, name):
    """No name reaches a file outside the trusted folder."""
    with pytest.raises(Unreadable):
        read_bytes(folder, name, MOST_MIB)


def test_a_plain_file_is_read(folder):
    """A file of its own beneath the folder is read as it is."""
    (folder / "ada" / "work.ipynb").write_bytes(book(CELL))
    assert read_submission(folder, "ada/work.ipynb", MOST_MIB).cells == (AREA,)


def test_reading_leaves_no_descriptor_open(folder):
    """Neither a refusal nor a success keeps a file open."""
    lay_hard_link(folder / "ada" / "hard.ipynb")
    (folder / "ada" / "work.ipynb").write_bytes(book(CELL))
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        read_bytes(folder, "ada/work.ipynb", MOST_MIB)
        with pytest.raises(Unreadable):
            read_bytes(folder, "ada/hard.ipynb", MOST_MIB)
    assert len(os.listdir("/proc/self/fd")) == before


def test_another_accounts_file_is_refused_where_an_owner_is_asked_for(tmp_path):
    """What lies in an exchange counts only when its student put it there."""
    path = tmp_path / "a.ipynb"
    path.write_bytes(b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}')
    me = path.stat().st_uid
    assert parse(read_bytes(tmp_path, "a.ipynb", 1, owner=me)).cells == ()
    with pytest.raises(Unreadable, match="another account"):
        read_bytes(tmp_path, "a.ipynb", 1, owner=me + 1)


def test_the_size_is_that_of_sources_and_pictures():
    """In characters: what a submission takes in memory; outputs are not kept."""
    picture = {"a.png": {"image/png": "QUJD" * 10}}
    text = {"cell_type": "markdown", "metadata": {}, "source": "seen", "attachments": picture}
    output = {"output_type": "stream", "name": "stdout", "text": "out" * 100}
    assert parse(book(CELL)).size == len("x = 1")
    assert parse(book({**CELL, "outputs": [output]}, text)).size == len("x = 1seen") + 40
