"""What the package declares that it needs, and the pins that its own tests are run with."""

import ast
import os
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PINS = (ROOT / ".ci" / "requirements.txt").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
RUNTIME = [*PROJECT["project"]["dependencies"], *chain.from_iterable(EXTRAS.values())]
GROUPS = PROJECT["dependency-groups"]


def lines_of_group(name):
    """The requirements of a dependency group, those of the groups in it included."""
    for line in GROUPS[name]:
        if isinstance(line, str):
            yield line
        else:
            yield from lines_of_group(line["include-group"])


DIRECT = [Requirement(line) for line in (*RUNTIME, *lines_of_group("dev"))]


@cache
def pins_for(python):
    """The pinned release of each distribution for one Python on Linux."""
    machine = {
        "python_version": ".".join(python.split(".")[:2]),
        "python_full_version": python,
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
    }
    lines = [line for line in PINS.splitlines() if re.match(r"[a-z0-9]", line)]
    pins = [Requirement(line.rstrip("\\ ")) for line in lines]
    chosen = [pin for pin in pins if pin.marker is None or pin.marker.evaluate(machine)]
    found = {pin.name: str(pin.specifier).removeprefix("==") for pin in chosen}
    assert len(found) == len(chosen), "one distribution is pinned twice"
    return found


@pytest.mark.parametrize("python", ["3.11.2", "3.12.0", "3.13.0"])
@pytest.mark.parametrize("needed", DIRECT, ids=lambda needed: needed.name)
def test_every_direct_dependency_is_pinned_within_its_range(python, needed):
    """Otherwise the tests would run with what nobody who installs the package gets."""
    pinned = pins_for(python).get(canonicalize_name(needed.name))
    assert pinned, f"{needed.name} is not in .ci/requirements.txt; run: make requirements"
    assert needed.specifier.contains(pinned), f"{needed} is not {pinned}; run: make requirements"


def test_every_pin_has_its_hashes():
    """A line without a hash would make pip refuse the file."""
    whole = re.compile(r"\S+==\S+.*\n( {4}--hash=sha256:[0-9a-f]{64}( \\\n|\n?$))+")
    for entry in re.split(r"\n(?=[a-z0-9])", PINS):
        if not entry.startswith("#"):
            assert whole.fullmatch(entry), entry


def test_the_pins_name_no_place():
    """The file is the same whichever index it was made with: it names no server and no folder."""
    options = [line for line in PINS.splitlines() if re.match(r"\s*-", line)]
    assert not [line for line in options if not line.startswith("    --hash=sha256:")]
    assert not re.search(r"://|@|(?<![a-z0-9.])/", PINS)


def test_what_the_engine_imports_is_declared():
    """What only comes along with another package may be gone with its next release."""
    of_module = packages_distributions()
    declared = {canonicalize_name(Requirement(line).name) for line in RUNTIME}
    for path in (ROOT / "autograder").rglob("*.py"):
        for module in imported_modules(path) - {*sys.stdlib_module_names, "autograder"}:
            names = {canonicalize_name(name) for name in of_module[module]}
            assert names & declared, f"{path.relative_to(ROOT)} imports {module}, of {names}"


def test_measuring_coverage_leaves_no_trace_in_the_environment():
    """`make coverage` measures its own process only: what tests start sees no variable of it."""
    assert [name for name in os.environ if name.startswith(("COV_", "COVERAGE_"))] == []


def imported_modules(path):
    """The first parts of the names of all modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


def test_long_modules_have_a_reason():
    """The architecture's page names each module above 300 lines, and no other."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    _, _, listed = page.partition("have more than 300 lines")
    listed, _, _ = listed.partition("\n\n`sandbox.inside` is copied")
    named = set(re.findall(r"^- `([\w.]+)`: ", listed, re.MULTILINE))
    sizes = {
        ".".join(path.relative_to(ROOT / "autograder").with_suffix("").parts): len(
            path.read_text(encoding="utf-8").splitlines()
        )
        for path in (ROOT / "autograder").rglob("*.py")
    }
    assert named == {name for name, lines in sizes.items() if lines > 300}
