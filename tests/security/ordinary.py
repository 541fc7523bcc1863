"""Runs a module of these tests as an ordinary user, on a machine where the tests run as root.

Python, its packages and this checkout may lie where only root can read them. So a private mount
namespace shows the packages a second time, in a virtual environment of the system's Python that
anybody can read, and the checkout beside it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UID = "12345"


class NotFormed(Exception):
    """No ordinary user can run these tests here; the text says why."""


def run_module(*arguments: str, within_s: float) -> subprocess.CompletedProcess[str]:
    """Run `python -m` with these arguments as an ordinary user.

    Raises:
        NotFormed: a program is missing, or nothing can be mounted.
    """
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    python = shutil.which(f"python{version}", path="/usr/bin:/usr/local/bin")
    missing = [name for name in ("setpriv", "unshare", "mount") if shutil.which(name) is None]
    if missing or python is None:
        raise NotFormed(f"not found: {', '.join(missing) or f'a system-wide python{version}'}")
    folder = Path(tempfile.mkdtemp(dir="/var/tmp", prefix="ordinary-"))
    try:
        return _run(folder, python, version, arguments, within_s)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(
    folder: Path, python: str, version: str, arguments: tuple[str, ...], within_s: float
) -> subprocess.CompletedProcess[str]:
    # Files below the environment are readable in the sandbox, so temporary files lie elsewhere.
    prefix, scratch, checkout = folder / "venv", folder / "tmp", folder / "checkout"
    packages = prefix / "lib" / f"python{version}" / "site-packages"
    packages.mkdir(parents=True)
    (prefix / "bin").mkdir()
    scratch.mkdir()
    checkout.mkdir()
    folder.chmod(0o755)
    scratch.chmod(0o777)
    (prefix / "bin" / "python").symlink_to(python)
    (prefix / "pyvenv.cfg").write_text(f"home = {Path(python).parent}\nversion = {version}\n")
    script = (
        'mount --bind "$1" "$2" && mount --bind "$3" "$4" && cd "$4" || exit 77; shift 4; '
        f'exec setpriv --reuid {UID} --regid {UID} --clear-groups "$@"'
    )
    mounts = [sysconfig.get_paths()["purelib"], str(packages), str(ROOT), str(checkout)]
    program = [str(prefix / "bin" / "python"), "-m", *arguments]
    command = ["unshare", "--mount", "sh", "-c", script, "sh", *mounts, *program]
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8"}
    environment |= {"TMPDIR": str(scratch), "PYTHONDONTWRITEBYTECODE": "1"}
    said = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=within_s,
        env=environment,
        check=False,
    )
    if said.returncode == 77 or "unshare failed" in said.stderr:
        raise NotFormed(f"nothing can be mounted here: {said.stderr.strip()}")
    return said
