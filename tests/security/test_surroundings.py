"""The doctor names facts around the sandbox that would help an escape, each with a remedy."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from autograder.sandbox.inside import policy
from autograder.sandbox.surroundings import Surroundings, gather, remarks

HOST, CONTAINER = {"uid": 1000, "container": False}, {"uid": 1000, "container": True}


@pytest.mark.parametrize(
    ("facts", "where", "remedy"),
    [
        pytest.param(
            {**CONTAINER, "sockets": ("/run/docker.sock",)},
            "docker.sock",
            "socket",
            id="docker-in-container",
        ),
        pytest.param(
            {**HOST, "sockets": ("/run/docker.sock",)}, "docker.sock", "socket", id="docker-on-host"
        ),
        pytest.param(
            {**CONTAINER, "capabilities": ("CAP_SYS_ADMIN",), "disks": ("/dev/sda",)},
            "/dev/sda",
            "--privileged",
            id="privileged",
        ),
        pytest.param(
            {**CONTAINER, "capabilities": ("CAP_SYS_PTRACE",)},
            "CAP_SYS_PTRACE",
            "cap-drop",
            id="capability",
        ),
        pytest.param(
            {**HOST, "capabilities": ("CAP_SYS_ADMIN",)},
            "CAP_SYS_ADMIN",
            "setpriv",
            id="capable-user",
        ),
        pytest.param({**CONTAINER, "uid": 0}, "uid 0", "--user", id="root-in-container"),
        pytest.param(
            {**CONTAINER, "release_agents": ("/sys/fs/cgroup/x/release_agent",)},
            "release_agent",
            "read-only",
            id="release-agent",
        ),
        pytest.param(
            {**CONTAINER, "host_files": ("/proc/sys/kernel/core_pattern",)},
            "core_pattern",
            "read-only",
            id="core-pattern",
        ),
        pytest.param(
            {**CONTAINER, "host_folders": ("/host (/)",)},
            "/host",
            "only the course",
            id="host-mount",
        ),
        pytest.param({**CONTAINER, "token": "/t/token"}, "/t/token", "automount", id="token"),
        pytest.param({**HOST, "groups": ("docker",)}, "docker", "account", id="group"),
        pytest.param({**HOST, "open_packages": ("/p",)}, "/p", "chmod o-w", id="open-packages"),
        pytest.param({**HOST, "onlookers": ("ada",)}, "/proc, ada", "hidepid", id="onlookers"),
        pytest.param({**HOST, "switches": ("/proc/x",)}, "/proc/x", "sysctl", id="no-namespaces"),
    ],
)
def test_what_matters_is_named_with_a_remedy(facts: dict, where: str, remedy: str) -> None:
    """Each fact of the checklist is one remark: what, where, and what to do."""
    (remark,) = remarks(Surroundings(**facts))
    assert where in remark.where
    assert remedy in remark.remedy
    assert remark.what


@pytest.mark.parametrize(
    "facts",
    [
        HOST,
        CONTAINER,
        {"uid": 0, "container": False},
        {"uid": 0, "container": False, "capabilities": ("CAP_SYS_ADMIN",), "disks": ("/dev/sda",)},
        {"uid": 0, "container": False, "groups": ("disk",), "switches": ("/proc/x",)},
    ],
)
def test_an_ordinary_machine_needs_no_remark(facts: dict) -> None:
    """A machine as it should be, and root on a host of its own, are no reason to worry anybody."""
    assert remarks(Surroundings(**facts)) == []


def test_facts_are_read_from_the_machine(tmp_path: Path) -> None:
    """A container with the engine's socket, a release agent and a token is seen as one."""
    for name in (
        ".dockerenv",
        "run/docker.sock",
        "sys/fs/cgroup/memory/release_agent",
        "proc/sys/kernel/core_pattern",
        "var/run/secrets/kubernetes.io/serviceaccount/token",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/status").write_text("Name:\tx\nCapEff:\t0000000000200000\n")
    facts = gather(tmp_path)
    assert facts.container
    assert facts.capabilities == ("CAP_SYS_ADMIN",)
    found = (facts.sockets, facts.release_agents, facts.host_files, facts.token)
    for one, name in zip(
        found, ("docker.sock", "release_agent", "core_pattern", "token"), strict=True
    ):
        assert name in str(one)


@pytest.mark.parametrize("options", ["rw", "rw,hidepid=invisible", "rw,gid=9,hidepid=2"])
def test_a_proc_that_hides_processes_needs_no_remark(options: str, tmp_path: Path) -> None:
    """Where accounts see only their own processes, nobody looks on."""
    (tmp_path / "proc/self").mkdir(parents=True)
    line = f"22 1 0:21 / /proc rw,relatime shared:5 - proc proc {options}\n"
    (tmp_path / "proc/self/mountinfo").write_text(line)
    people = [one for one in pwd.getpwall() if one.pw_uid in policy.HOMES_OF_PEOPLE]
    there = any(not one.pw_shell.endswith(("nologin", "false")) for one in people)
    assert bool(gather(tmp_path).onlookers) is (there and options == "rw")


HUB = {
    "JUPYTERHUB_API_TOKEN": "secret",
    "JUPYTERHUB_SERVICE_PREFIX": "/services/grading/",
    "JUPYTERHUB_SERVICE_URL": "http://127.0.0.1:18091",
}
"""The environment that a hub gives its service."""


def commanded(cwd: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command, run where nothing of it lies."""
    return subprocess.run(
        [sys.executable, "-m", "autograder", *arguments],
        env={**os.environ, **environment},
        capture_output=True, text=True, check=False, cwd=cwd, timeout=300,
    )  # fmt: skip


def test_a_course_among_the_packages_is_refused(tmp_path: Path) -> None:
    """`doctor`, `grade` and `serve` name it, and what to do; exit code 4."""
    root = Path(__file__).resolve().parents[2]
    place = Path(sysconfig.get_paths()["purelib"], f"course-{os.getpid()}")
    try:
        shutil.copytree(root, place, ignore=shutil.ignore_patterns(".*", "node_modules", "docs"))
    except OSError:
        shutil.rmtree(place, ignore_errors=True)
        pytest.skip("the packages cannot be written to here")
    try:
        lab = next((place / "release").iterdir()).name
        shutil.copytree(place / "release" / lab, place / "submitted" / "eve" / lab)
        said = commanded(tmp_path, "doctor", "--json", "--course", str(place))
        refused = [
            commanded(tmp_path, name, "--course", str(place), **HUB) for name in ("grade", "serve")
        ]
    finally:
        shutil.rmtree(place)
    findings = json.loads(said.stdout)
    assert said.returncode == 4
    assert all(str(place) in reason for reason in findings["reasons"].values())
    assert "move it" in findings["reasons"]["full"]
    for one in refused:
        assert one.returncode == 4, one.stderr
        assert str(place) in one.stderr
        assert "move it" in one.stderr
        assert "Traceback" not in one.stderr
