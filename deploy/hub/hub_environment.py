"""The folder that everybody on the machine may read: Python with all packages, and the hub's proxy.

It is built from the system's Python, since another one may lie where only root can read it. The
project is copied into it, not linked, since its checkout holds the solutions.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path

from hub_settings import Unfit

PYTHON = "/usr/bin/python3"
STAMP = "built-from"
PROXY = "configurable-http-proxy@^5"
PACKAGES = {
    "bwrap": "bubblewrap",
    "setpriv": "util-linux",
    "node": "nodejs",
    "npm": "npm",
    "useradd": "passwd",
}
"""Debian's packages, by a command that each provides."""

Say = Callable[[str], None]


def install_packages(say: Say) -> None:
    """Install the packages that are missing.

    Raises:
        Unfit: something is missing and there is no apt-get.
    """
    missing = [package for command, package in PACKAGES.items() if shutil.which(command) is None]
    venv = [PYTHON, "-c", "import ensurepip, venv"]
    if subprocess.run(venv, capture_output=True, check=False).returncode != 0:
        missing.append("python3-venv")
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise Unfit(f"not installed: {' '.join(missing)}; apt-get is not here to install them")
    say(f"installing {' '.join(missing)}")
    run(["apt-get", "update", "-qq"])
    run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing])


def build_environment(folder: Path, checkout: Path, say: Say) -> None:
    """Make or renew `venv` and `proxy` in a folder; parts that are current are kept.

    Args:
        folder: where; made if need be.
        checkout: this project's.
        say: called with each step.

    Raises:
        Unfit: the folder cannot be read by everybody, or something cannot be installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for parent in (folder, *folder.parents):
        if not parent.stat().st_mode & 0o001:
            raise Unfit(f"{parent} is closed to others; places.environment must not lie there")
    _build_venv(folder / "venv", checkout, say)
    install_proxy(folder / "proxy", say)


def install_proxy(folder: Path, say: Say) -> Path:
    """Install the hub's proxy into a folder, unless it is there.

    Returns:
        Its command.

    Raises:
        Unfit: npm cannot install it.
    """
    command = folder / "node_modules" / ".bin" / "configurable-http-proxy"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as turn:
        # By hand: this runs before any package is installed.
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not command.exists():
            say("installing the hub's proxy")
            run(["npm", "install", "--no-fund", "--no-audit", "--loglevel=error", PROXY], folder)
    return command


def is_current(folder: Path, checkout: Path) -> bool:
    """Whether `build_environment` made this folder from the checkout as it is now."""
    return _built_from(folder / "venv") == [environment_digest(checkout), code_digest(checkout)]


def _built_from(venv: Path) -> list[str]:
    stamp = venv / STAMP
    return stamp.read_text().split() if stamp.is_file() else []


def _build_venv(venv: Path, checkout: Path, say: Say) -> None:
    packages, code = environment_digest(checkout), code_digest(checkout)
    built = _built_from(venv)
    if built == [packages, code]:
        return
    python = str(venv / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--no-warn-script-location"]
    if built[:1] != [packages]:
        say(f"installing Python packages into {venv}; this takes some minutes")
        shutil.rmtree(venv, ignore_errors=True)
        run([PYTHON, "-m", "venv", str(venv)])
        # Debian's own pip would take a quarter of an hour for these.
        run([*pip, "--upgrade", "pip"])
        run([*pip, f"{checkout}[hub]"])
    else:
        say(f"installing the grader into {venv}")
        run([*pip, "--no-deps", "--force-reinstall", str(checkout)])
    (venv / STAMP).write_text(f"{packages}\n{code}\n")


def environment_digest(checkout: Path) -> str:
    """A hash of everything that the installed packages depend on."""
    version = subprocess.run([PYTHON, "-VV"], capture_output=True, check=True).stdout
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["hub"]]
    return hashlib.sha256(version + "\n".join(wanted).encode()).hexdigest()[:12]


def code_digest(checkout: Path) -> str:
    """A hash of this project's own code."""
    found = hashlib.sha256()
    for path in sorted((checkout / "autograder").rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            found.update(f"{path.relative_to(checkout)}\0".encode() + path.read_bytes())
    return found.hexdigest()[:12]


def run(command: Iterable[str], cwd: Path | None = None) -> None:
    """Run an installer, so that everybody can read the files that it makes.

    Raises:
        Unfit: it failed; the text holds the end of its output.
    """
    command = list(command)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "PYTHONPATH": ""}
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        umask=0o022,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr + done.stdout).strip()[-1500:]
        raise Unfit(f"{' '.join(command)}\nfailed with exit code {done.returncode}:\n{said}")
