"""The oldest releases that pyproject.toml allows, tried: every module imported, the main tests run.

    .venv/bin/python .ci/oldest.py

Makes an environment of its own with the oldest release of each direct dependency that there is for
this Python, and says where that is not the bound itself. The bounds are wrong when something here
fails.
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
UV = Path(sys.executable).with_name("uv")
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
        wanted = resolve(folder / "oldest.txt")
        for line in newer_than_the_bounds(wanted):
            print(line, flush=True)
        run(sys.executable, "-m", "venv", "--without-pip", folder / "venv")
        run(UV, "pip", "install", "--quiet", "--python", python, "--requirement", wanted)
        run(UV, "pip", "install", "--quiet", "--python", python, "--no-deps", "--editable", ROOT)
        # The sandbox's copy of this Python goes with it.
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        run(python, "-c", IMPORT_ALL)
        tests = [f"tests/engine/test_{test}.py" for test in TESTS]
        several = ("--numprocesses", "2", "--dist", "loadfile")
        run(python, "-m", "pytest", "--quiet", *several, "-m", "not slow", *tests)


def resolve(into: Path) -> Path:
    """Find the oldest releases, with all extras and what the tests need; the list of them."""
    command = ["pip", "compile", "pyproject.toml", "--all-extras", "--group", GROUP, "--quiet"]
    command += ["--resolution", "lowest-direct", "--no-header", "--no-annotate"]
    command += ["--only-binary", ":all:", "--python", sys.executable, "--output-file", str(into)]
    run(UV, *command, stdout=subprocess.DEVNULL)
    return into


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


def run(*command: str | Path, stdout: int | None = None) -> None:
    """Run a command in the checkout; end with its exit code where it fails."""
    done = subprocess.run(command, cwd=ROOT, stdout=stdout, check=False)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
