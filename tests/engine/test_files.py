"""Files and folders are written whole or not at all, whatever ends the program meanwhile.

Each test lets a child write, and ends it, or refuses it, at one of the calls by which it changes
the file system: Python announces all of them to an audit hook.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from autograder.authoring.build import tidy
from autograder.course import files
from autograder.course.files import step_aside, whole_folder, write_whole

PROGRAM = """
import errno, os, sys
from pathlib import Path
from autograder.course import files

base, way, how, numbers = Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]


def refuse(number, there):
    calls = 0

    def count(event, arguments):
        nonlocal calls
        if event.startswith(("open", "os.", "shutil.")) and str(there) in repr(arguments):
            calls += 1
            if calls == number and how == "die":
                os._exit(DIED)
            if calls == number:
                raise OSError(errno.ENOSPC, "No space left on device")

    sys.addaudithook(count)
    try:
        write(there / "there")
    except OSError:
        os._exit(REFUSED)
    os._exit(DONE if calls < number else WENT_ON)


def write(path):
    if way == "file":
        files.write_whole(path, b"new" * 1000, durable=True)
        return
    if way == "step aside":
        def no_exchange(one, other):
            raise OSError(errno.EINVAL, "Invalid argument")
        files._exchange = no_exchange
    with files.whole_folder(path) as staged:
        for name in ("one", "two"):
            (staged / name).write_bytes(b"new" * 1000)


for number in map(int, numbers):
    child = os.fork()
    if child == 0:
        refuse(number, base / str(number))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
OLD, NEW = b"old" * 1000, b"new" * 1000
DONE, DIED, REFUSED, WENT_ON = 0, 3, 4, 5
"""How a child ends: without that many calls, at one, refused at one, or in spite of it."""
CALLS = 40
"""More than any way of writing has."""


def content_of(path: Path) -> object:
    """What lies there: a file's bytes, or a folder's files by name; None where nothing does."""
    if path.is_dir():
        return {file.name: file.read_bytes() for file in path.iterdir()}
    return path.read_bytes() if path.exists() else None


def put(path: Path, content: object) -> None:
    """Put that there, as it would lie there for long."""
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, dict):
        path.mkdir()
        for name, data in content.items():
            (path / name).write_bytes(data)


def ends(tmp_path: Path, way: str, before: object, how: str) -> list[tuple[int, Path]]:
    """How each child ended, and where it wrote: ended at its first call, its second, and so on."""
    paths = [tmp_path / str(number) / "there" for number in range(1, CALLS + 1)]
    for path in paths:
        path.parent.mkdir()
        put(path, before)
    program = f"DONE, DIED, REFUSED, WENT_ON = {DONE, DIED, REFUSED, WENT_ON}\n{PROGRAM}"
    command = [sys.executable, "-c", program, str(tmp_path), way, how]
    command += [path.parent.name for path in paths]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = list(zip(map(int, said.split()), paths, strict=True))
    last = next(place for place, (ended, _) in enumerate(found) if ended == DONE)
    assert all(ended == DONE for ended, _ in found[last:])
    return found[: last + 1]


def beside(path: Path) -> list[str]:
    """What lies beside it."""
    return [one.name for one in path.parent.iterdir() if one != path]


def write_again(path: Path, content: object) -> None:
    """Write it once more, with nothing in the way."""
    if isinstance(content, bytes):
        write_whole(path, content)
        return
    with whole_folder(path) as staged:
        for name, data in content.items():
            (staged / name).write_bytes(data)


class Changed(Exception):
    """Somebody thinks better of it."""


def what_a_writer_finds(path: Path) -> object:
    """What lies there once somebody begins to write, who then does not."""
    with suppress(Changed), whole_folder(path):
        found = content_of(path)
        raise Changed
    return found


FILE = pytest.param("file", OLD, NEW, id="file")
FOLDER = pytest.param("folder", {"one": OLD, "gone": OLD}, {"one": NEW, "two": NEW}, id="folder")
NO_FILE = pytest.param("file", None, NEW, id="new-file")
NO_FOLDER = pytest.param("folder", None, {"one": NEW, "two": NEW}, id="new-folder")


@pytest.mark.parametrize("how", ["die", "refuse"])
@pytest.mark.parametrize(("way", "before", "after"), [FILE, FOLDER, NO_FILE, NO_FOLDER])
def test_the_old_one_is_there_or_the_new_one(tmp_path, way, before, after, how):
    """Whichever call is the last one; and the next writer leaves the new one, and nothing else."""
    found = ends(tmp_path, way, before, how)
    assert len(found) > 3
    for ended, path in found:
        content = content_of(path)
        assert content in ((after,) if ended in (DONE, WENT_ON) else (before, after))
        write_again(path, after)
        assert content_of(path) == after
        if way == "folder":
            assert beside(path) == []
    ways_to_end = {ended for ended, _ in found[:-1]}
    assert ways_to_end == {DIED} if how == "die" else REFUSED in ways_to_end


def test_a_refused_file_leaves_nothing_beside_it(tmp_path):
    """Whatever was refused, what was written meanwhile is removed."""
    for ended, path in ends(tmp_path, "file", OLD, "refuse"):
        assert beside(path) == [], ended


@pytest.mark.parametrize("how", ["die", "refuse"])
def test_without_an_exchange_the_next_writer_finds_the_old_one(tmp_path, how):
    """Where the system cannot exchange folders, the old one may be found under another name."""
    before, after = {"one": OLD}, {"one": NEW, "two": NEW}
    aside = 0
    for _, path in ends(tmp_path, "step aside", before, how):
        if content_of(path) is None:
            [old] = path.parent.glob(".*.old")
            assert content_of(old) == before
            aside += 1
        assert what_a_writer_finds(path) in (before, after)
        assert content_of(path) in (before, after)
        assert beside(path) == []
    assert aside == (1 if how == "die" else 0)


def test_a_folder_that_cannot_be_put_there_stays_where_it_was(tmp_path):
    """By two renames: the first one is taken back."""
    put(tmp_path / "there", {"one": OLD})
    with pytest.raises(FileNotFoundError):
        step_aside(tmp_path / "nothing", tmp_path / "there", tmp_path / ".there.old")
    assert content_of(tmp_path / "there") == {"one": OLD}


def test_a_block_that_fails_changes_nothing(tmp_path):
    """The old folder is there, and nothing beside it."""
    put(tmp_path / "there", {"one": OLD})
    with suppress(Changed), whole_folder(tmp_path / "there") as staged:
        (staged / "two").write_bytes(NEW)
        raise Changed
    assert content_of(tmp_path / "there") == {"one": OLD}
    assert beside(tmp_path / "there") == []


CROWD = """
import errno, os, sys
from pathlib import Path
from autograder.course import files

path, way, number = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
if way == "step aside":
    def no_exchange(one, other):
        raise OSError(errno.EINVAL, "Invalid argument")
    files._exchange = no_exchange
for turn in range(40):
    if way == "file":
        files.write_whole(path, f"{number} {turn} ".encode() * 1000)
        continue
    with files.whole_folder(path) as staged:
        for name in ("one", "two"):
            (staged / name).write_bytes(f"{number} {turn} ".encode() * 1000)
"""


@pytest.mark.parametrize("way", ["file", "folder", "step aside"])
@pytest.mark.parametrize("before", [False, True], ids=["new", "old"])
def test_several_writers_get_in_nobodys_way(tmp_path, way, before):
    """Nobody is refused; in the end one of the last is there, whole, and nothing beside it."""
    path = tmp_path / "there" / "it"
    path.parent.mkdir()
    if before:
        put(path, OLD if way == "file" else {"gone": OLD})
    command = [sys.executable, "-c", CROWD, str(path), way]
    writers = [subprocess.Popen([*command, str(number)]) for number in range(4)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]
    found = content_of(path)
    last = [f"{number} 39 ".encode() * 1000 for number in range(4)]
    assert found in (last if way == "file" else [{"one": one, "two": one} for one in last])
    assert beside(path) == []


def test_threads_of_one_program_get_in_nobodys_way(tmp_path):
    """Neither of them writes under the other's name."""
    with ThreadPoolExecutor(4) as threads:
        each = [threads.submit(write_again, tmp_path / "it", {"one": NEW}) for _ in range(40)]
        each += [threads.submit(write_whole, tmp_path / "file", NEW) for _ in range(40)]
    assert [one.exception() for one in each] == [None] * 80
    assert content_of(tmp_path / "it") == {"one": NEW}
    assert content_of(tmp_path / "file") == NEW


def test_a_program_that_gets_the_number_of_a_dead_one_tidies_up(tmp_path):
    """In a container the first program has the same number each time; others' are left alone."""

    def begun(name, process):
        path = tmp_path / name
        staged = files._staged(path).name.replace(str(os.getpid()), str(process))
        return path.with_name(staged.replace(files._program, "00000000"))

    of_the_dead, of_the_living = begun("there", os.getpid()), begun("there", os.getppid())
    of_another = begun("there.more", os.getpid())
    for folder in (of_the_dead, of_the_living, of_another):
        put(folder, {"one": OLD})
    write_again(tmp_path / "there", {"one": NEW})
    assert content_of(tmp_path / "there") == {"one": NEW}
    assert sorted(beside(tmp_path / "there")) == sorted([of_the_living.name, of_another.name])


def test_a_reader_never_sees_a_folder_that_is_missing(tmp_path):
    """While one is exchanged for another, over and over."""
    path = tmp_path / "there"
    put(path, {"one": OLD})
    watching = (
        "import os, sys\n"
        "print('ready', flush=True)\n"
        "missed = 0\n"
        "while not os.path.exists(sys.argv[2]):\n"
        "    missed += not os.path.exists(sys.argv[1] + '/one')\n"
        "print(missed)\n"
    )
    command = [sys.executable, "-c", watching, str(path), str(tmp_path / "end")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout.readline() == "ready\n"
        for _ in range(50):
            with whole_folder(path) as staged:
                (staged / "one").write_bytes(NEW)
        (tmp_path / "end").touch()
        assert reader.stdout.read() == "0\n"


def test_a_file_has_the_mode_that_is_asked_for(tmp_path):
    """By default that of any new file; and never more than that meanwhile."""
    umask = os.umask(0o027)
    try:
        write_whole(tmp_path / "plain", NEW)
        write_whole(tmp_path / "private", NEW, mode=0o600)
        write_whole(tmp_path / "open", NEW, mode=0o666)
    finally:
        os.umask(umask)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"plain": 0o640, "private": 0o600, "open": 0o666}


def test_a_tidied_master_keeps_its_mode_and_its_link(tmp_path):
    """A master notebook holds the solutions: it stays as closed as its author has it."""
    import nbformat

    master = nbformat.v4.new_notebook(metadata={"odd": True}, cells=[nbformat.v4.new_code_cell()])
    kept, link = tmp_path / "kept.ipynb", tmp_path / "link.ipynb"
    kept.write_text(nbformat.writes(master))
    kept.chmod(0o600)
    link.symlink_to(kept)
    assert tidy(link)
    assert link.is_symlink()
    assert "odd" not in kept.read_text()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


@pytest.mark.parametrize("durable", [False, True])
def test_data_are_on_the_disk_before_the_file_has_its_name(tmp_path, monkeypatch, durable):
    """And the name is, before a durable file counts as written."""
    said = []
    sync, replace = os.fsync, os.replace

    def note_sync(handle):
        said.append(f"sync {Path(os.readlink(f'/proc/self/fd/{handle}')).parent.name}")
        sync(handle)

    def note_replace(source, target):
        said.append("rename")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "replace", note_replace)
    write_whole(tmp_path / "folder" / "file", NEW, durable=durable)
    above = f"sync {tmp_path.name}"
    assert said == ["sync folder", "rename", *([above] if durable else [])]


@pytest.mark.parametrize("name", ["a" * 255, "ä" * 127, "." * 3, "a b", "[a]*?", "x.new", "x.old"])
def test_any_name_of_a_folder_can_be_written(tmp_path, name):
    """What is written meanwhile has a short name, however long the folder's own is."""
    for _ in range(2):
        write_again(tmp_path / name, {"one": NEW})
        write_again(tmp_path / f"{name[:120]}.txt", NEW)
    assert content_of(tmp_path / name) == {"one": NEW}
    assert beside(tmp_path / name) == [f"{name[:120]}.txt"]
