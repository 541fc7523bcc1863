"""What `deploy/hub/setup` refuses and warns of, before anything of it is done."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import hub_machine
import pytest
from hub_settings import Settings, Unfit
from hub_trial import CHECKOUT, HERE, free_ports, open_private

AS_ROOT = os.getuid() == 0
needs_root = pytest.mark.skipif(not AS_ROOT, reason="looks at root's files and sockets")
PORTS = ("hub", "proxy", "grading", "formgrader")


def written(folder: Path, **changes: str) -> Path:
    """The shipped hub.toml with some settings replaced."""
    text = (HERE / "hub.toml").read_text()
    for name, value in changes.items():
        lines = [line for line in text.splitlines() if line.startswith(f"{name} = ")]
        assert len(lines) == 1, name
        text = text.replace(lines[0], f"{name} = {value}")
    path = folder / "hub.toml"
    path.write_text(text)
    path.chmod(0o644)
    folder.chmod(0o755)
    return path


def setup(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the set-up; every test here lets it refuse."""
    command = [sys.executable, str(HERE / "setup"), "--no-unit", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param({"grading": "8081"}, "ports.grading and ports.hub are both 8081", id="twice"),
        pytest.param({"hub": "8000"}, "ports.hub and hub.address are both 8000", id="as address"),
        pytest.param({"proxy": "0"}, "use 1 to 65535", id="no port"),
        pytest.param({"proxy": "70000"}, "use 1 to 65535", id="too large"),
        pytest.param({"address": '"http://127.0.0.1:99999"'}, "hub.address", id="odd address"),
        pytest.param({"address": '"http://hub:80x"'}, "from 1 to 65535", id="port in words"),
        pytest.param({"owner": '"a b"'}, "no name of an account", id="owner"),
        pytest.param({"students": '["Ada L"]'}, "course.students: 'Ada L'", id="student"),
        pytest.param({"admins": '"ada"'}, "must be a list of names", id="one name"),
        pytest.param({"instructors": '["grader-deeplearning"]'}, "owner is a person", id="person"),
        pytest.param({"exchange": '"/usr/local/x"'}, "must not lie below /usr", id="usr"),
    ],
)
def test_settings_that_cannot_be(tmp_path, changes, told):
    """The setting is named, and what is wrong with it."""
    with pytest.raises(Unfit, match=told.replace(".", r"\.")):
        Settings.load(written(tmp_path, **changes))


@needs_root
@pytest.mark.parametrize(
    ("mode", "owner", "fit"),
    [
        (0o644, 0, True),
        (0o600, 0, True),
        (0o664, 0, False),
        (0o666, 0, False),
        (0o644, 65534, False),
    ],
)
def test_what_root_does_only_root_writes(tmp_path, mode, owner, fit):
    """Settings that another account can write are refused: they are executed as root."""
    path = written(tmp_path)
    path.chmod(mode)
    os.chown(path, owner, -1)
    settings = Settings.load(path)
    if fit:
        hub_machine.require_files(settings, path)
        return
    with pytest.raises(Unfit, match="can be written by others"):
        hub_machine.require_files(settings, path)


@needs_root
def test_an_extra_file_that_others_write_is_refused(tmp_path):
    """It holds Python that the hub executes as root."""
    extra = tmp_path / "extra.py"
    extra.write_text("")
    extra.chmod(0o666)
    path = written(tmp_path, extra_config=f'"{extra}"')
    with pytest.raises(Unfit, match="extra"):
        hub_machine.require_files(Settings.load(path), path)


@needs_root
@pytest.mark.parametrize("case", ["no key", "no https", "missing", "open key", "right"])
def test_tls(tmp_path, case):
    """Both files, there, and the key for root's eyes only."""
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    for file in (key, certificate):
        file.write_text("x")
    key.chmod(0o644 if case == "open key" else 0o600)
    names = {"tls_key": f'"{key}"', "tls_certificate": f'"{certificate}"'}
    if case == "no key":
        names = {}
    if case == "missing":
        certificate.unlink()
    scheme = "http" if case == "no https" else "https"
    path = written(tmp_path, address=f'"{scheme}://hub.example.org"', **names)
    settings = Settings.load(path)
    if case == "right":
        hub_machine.require_files(settings, path)
        return
    with pytest.raises(Unfit):
        hub_machine.require_files(settings, path)


LISTEN = """
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A port on which a program listens, and the folder that its command line names."""
    folder = tmp_path / "environment"
    command = [sys.executable, "-c", LISTEN, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline()), folder
        process.kill()


def with_free_ports(folder: Path, **changes: str) -> Path:
    """Settings whose ports are free, but for those that are given."""
    *ports, address = free_ports(len(PORTS) + 1)
    free = {name: str(port) for name, port in zip(PORTS, ports, strict=True)}
    return written(folder, **{**free, "address": f'"http://127.0.0.1:{address}"', **changes})


@needs_root
@pytest.mark.parametrize("name", [*PORTS, "address"])
def test_a_port_that_is_taken_is_named(tmp_path, listener, name):
    """With the setting and the program that holds it, before anything is installed."""
    port, _ = listener
    value = f'"http://127.0.0.1:{port}"' if name == "address" else str(port)
    done = setup(str(with_free_ports(tmp_path, **{name: value})))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert f"port {port} " in done.stderr
    assert f".{name}) is taken by" in done.stderr
    assert "python" in done.stderr
    assert done.stdout == ""


@needs_root
def test_its_own_hub_is_not_in_the_way(tmp_path, listener):
    """Run again while the hub runs: what holds the ports is of its own environment."""
    port, folder = listener
    path = with_free_ports(tmp_path, hub=str(port), environment=f'"{folder}"')
    hub_machine.require_ports(Settings.load(path))


@pytest.mark.parametrize(
    ("file", "value", "told"),
    [
        ("kernel/unprivileged_userns_clone", "0", "unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "max_user_namespaces"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "AppArmor"),
    ],
)
def test_closed_namespaces_are_named_with_the_remedy(tmp_path, file, value, told):
    """Debian's, the kernel's and Ubuntu's switches."""
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(f"{value}\n")
    [line] = hub_machine.closed_namespaces(tmp_path, tmp_path)
    assert told in line
    path.write_text("1\n" if value == "0" else "0\n")
    assert list(hub_machine.closed_namespaces(tmp_path, tmp_path)) == []


@pytest.mark.parametrize(("value", "told"), [("0", 1), ("1", 0)])
def test_loose_hard_links_are_named(tmp_path, value, told):
    """A file with a second name is refused as a submission, so nobody else may give it one."""
    path = tmp_path / "fs" / "protected_hardlinks"
    path.parent.mkdir()
    path.write_text(f"{value}\n")
    assert len(list(hub_machine.loose_links(tmp_path))) == told


def test_who_reads_the_log_or_becomes_root():
    """Students should be in no such group; accounts that are not there are passed over."""
    found = list(hub_machine.who_reads_too_much(["root", "no-such-account", "games"]))
    assert found
    assert all(line.startswith("root is in the group ") for line in found)


@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
def test_the_log_is_private_whatever_was_there(tmp_path, umask):
    """Its mode is 0600, also of one that was open; a link is not followed."""
    old = os.umask(umask)
    try:
        for name, mode in (("new", None), ("old", 0o666)):
            log = tmp_path / name
            if mode is not None:
                log.touch()
                log.chmod(mode)
            with open_private(log) as file:
                file.write(b"x")
            assert log.stat().st_mode & 0o777 == 0o600
        (tmp_path / "link").symlink_to(tmp_path / "old")
        with pytest.raises(OSError, match="link"):
            open_private(tmp_path / "link")
    finally:
        os.umask(old)


def test_a_copy_that_broke_off_is_made_again():
    """What says that the course is there is copied last."""
    text = (CHECKOUT / "deploy" / "hub" / "setup").read_text()
    [line] = [line for line in text.splitlines() if line.startswith("COURSE_PARTS")]
    assert line.rstrip(")").endswith('"course_config.py"')


@pytest.mark.skipif(AS_ROOT, reason="only others are refused")
def test_others_than_root_are_refused(tmp_path):
    """One line, exit code 2."""
    done = setup(str(written(tmp_path)))
    assert done.returncode == 2
    assert "run it as root" in done.stderr
