"""Wheel and sdist, built once; the wheel in an empty environment outside this checkout."""

import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PINS = ROOT / ".ci" / "requirements.txt"


@dataclass(frozen=True)
class Built:
    """What `python -m build` makes of the checkout."""

    sdist: Path
    from_sdist: Path
    from_checkout: Path


@dataclass(frozen=True)
class Installed:
    """An environment that holds the wheel and what it asks for, and nothing of this checkout."""

    folder: Path

    def run(self, *command, cwd=None, code=0):
        """Run a command of the environment with three environment variables and no more.

        Returns:
            What it prints on the standard output, else on the error stream.
        """
        variables = {
            "PATH": f"{self.folder / 'venv' / 'bin'}:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            # The sandbox's copy of this Python goes with it.
            "XDG_CACHE_HOME": str(self.folder / "cache"),
        }
        done = subprocess.run(
            command,
            cwd=cwd or self.folder,
            env=variables,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        everything = f"{command}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
        assert done.returncode == code, everything
        return done.stdout or done.stderr


def build(folder, *options):
    """Build without a network: what builds is pinned with everything else."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, *options, ROOT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The sdist, the wheel made from it, and the wheel made from the checkout."""
    one, other = tmp_path_factory.mktemp("sdist"), tmp_path_factory.mktemp("checkout")
    build(one)
    build(other, "--wheel")
    [sdist] = one.glob("*.tar.gz")
    [[from_sdist], [from_checkout]] = one.glob("*.whl"), other.glob("*.whl")
    return Built(sdist, from_sdist, from_checkout)


@pytest.fixture(scope="session")
def installed(built):
    """The wheel, installed without extras, with the pinned releases of what it asks for."""
    with tempfile.TemporaryDirectory(prefix="nbassay-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # students' code runs as another account, and runs this Python
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
        python, uv = folder / "venv" / "bin" / "python", Path(sys.executable).with_name("uv")
        quick = [uv, "--system-certs", "pip", "install", "--quiet", "--python", python]
        if subprocess.run([*quick, "--constraint", PINS, built.from_sdist], cwd=folder).returncode:
            # pip may be told of places that uv does not know.
            slow = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
            subprocess.run([*slow, built.from_sdist], check=True, cwd=folder)
        yield Installed(folder)


@dataclass(frozen=True)
class Course:
    """The course of the instructor's guide, made as the guide says."""

    root: Path
    said: dict[str, str]
    """What each command of the guide printed."""


@pytest.fixture(scope="session")
def course(installed):
    """The guide's course beside the environment: written, built, proven and graded once."""
    text = (ROOT / "docs" / "instructor.md").read_text(encoding="utf-8")
    root = installed.folder / "course"
    root.mkdir()
    before, after = re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL)
    type_in(installed, root, before)
    for name, content in re.findall(r"```python\n# file: (\S+)\n(.*?)```", text, flags=re.DOTALL):
        (root / name).write_text(content, encoding="utf-8")
    return Course(root, type_in(installed, root, after))


def type_in(installed, root, block):
    """Type the commands of one block of the guide; what each prints."""
    lines = re.findall(r"^\$ (.*)$", block, flags=re.MULTILINE)
    return {line: installed.run("sh", "-c", line, cwd=root) for line in lines}
