"""The oldest releases that pyproject.toml allows, tried: every module imported, the main tests run.

Prints how much of the engine these tests cover.

    .venv/bin/python .ci/oldest.py

Makes an environment of its own with the oldest release of each direct dependency that there is for
this Python, and says where that is not the bound itself. The bounds are wrong when something here
fails. Where the releases cannot be fetched, nothing is tried, and the exit code is 0.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UV = (Path(sys.executable).with_name("uv"), "--system-certs", "pip")
GROUP = "test"
TESTS = ("kernel", "grader", "suite", "gradebook", "build", "feedback", "pictures", "packaging")
"""Of the files in tests/engine: what touches IPython, nbgrader, pytest, Jinja and Matplotlib."""
IMPORT_ALL = """
import importlib, pkgutil, autograder
modules = pkgutil.walk_packages(autograder.__path__, "autograder.")
names = [module.name for module in modules if module.name != "autograder.__main__"]
for name in names:
    importlib.import_module(name)
print(f"{len(names)} modules imported")
"""


def main() -> None:
    """Make the environment, and try it."""
    with tempfile.TemporaryDirectory(prefix="nbassay-oldest-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # students' code runs as another account, and runs this Python
        python = folder / "venv" / "bin" / "python"
        wanted = folder / "oldest.txt"
        run(sys.executable, "-m", "venv", "--without-pip", folder / "venv")
        install: list[str | Path] = [*UV, "install", "--quiet", "--python", python]
        if not (tried(*resolution(wanted)) and tried(*install, "--requirement", wanted)):
            print("The oldest releases cannot be fetched here: not tried.")
            return
        for line in newer_than_the_bounds(wanted):
            print(line, flush=True)
        run(*install, "--no-deps", "--editable", ROOT)
        # The sandbox's copy of this Python goes with it.
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        run(python, "-c", IMPORT_ALL)
        tests = [f"tests/engine/test_{test}.py" for test in TESTS]
        several = ("--numprocesses", "2", "--dist", "loadfile")
        # What they run of the engine is printed here; `make coverage` measures more of the tests.
        measured = ("--cov", "--cov-report=term")
        run(python, "-m", "pytest", "--quiet", *several, *measured, "-m", "not slow", *tests)


def resolution(into: Path) -> list[str | Path]:
    """The command that lists the oldest releases, with all extras and what the tests need."""
    command: list[str | Path] = [
        *UV,
        "compile",
        "pyproject.toml",
        "--all-extras",
        "--group",
        GROUP,
        "--quiet",
    ]
    command += ["--resolution", "lowest-direct", "--no-header", "--no-annotate"]
    return [*command, "--only-binary", ":all:", "--python", sys.executable, "--output-file", into]


def newer_than_the_bounds(resolved: Path) -> list[str]:
    """A line for each bound whose own release cannot be had."""
    found = dict(line.split("==") for line in resolved.read_text(encoding="utf-8").split())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    lines = [*project["project"]["dependencies"], *(line for extra in extras for line in extra)]
    told = []
    for line in lines:
        name, bound = re.findall(r"^([\w-]+).*?>=([\d.]+)", line)[0]
        if not re.fullmatch(rf"{re.escape(bound)}(\.0)*", found[name]):
            told.append(f"{name} {bound} cannot be had here; {found[name]} is tried instead")
    return told


def tried(*command: str | Path) -> bool:
    """Run a command in the checkout; whether it succeeds."""
    return not subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False).returncode


def run(*command: str | Path) -> None:
    """Run a command in the checkout; end with its exit code where it fails."""
    done = subprocess.run(command, cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
