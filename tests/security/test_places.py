"""The sandbox shows Python and what it needs of the machine, and nothing that others put there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.sandbox import places, replica
from autograder.sandbox.inside import policy
from autograder.sandbox.places import exposures
from autograder.sandbox.replica_plan import Plan
from autograder.sandbox.supervisor import Jail
from tests.security.classes import ROOT
from tests.security.test_tiers import run, start

PLACES_OF_OTHERS = (
    "/usr/local/share/nbgrader/exchange",
    "/usr/local/etc/jupyter",
    "/usr/local/share/jupyter",
    "/usr/share/jupyter",
    "/usr/local/src",
    "/usr/src",
    "/usr/local/games",
    "/etc/jupyter",
    "/var/lib",
    "/srv",
    "/opt/course",
    "/home",
    "/root",
)
"""Places that people, packages of servers and nbgrader fill, on the machine's usual paths."""


@pytest.fixture(scope="module", params=policy.SANDBOXES, ids=str)
def there(request: pytest.FixtureRequest) -> Iterator[Jail]:
    """A jail of each tier."""
    with start(request.param) as jail:
        yield jail


@pytest.fixture
def planted() -> Iterator[Path]:
    """Another student's submission in nbgrader's default exchange, open to everybody."""
    if os.getuid() != 0:
        pytest.skip("only root can put something below /usr")
    folder = Path("/usr/local/share/nbgrader/exchange") / f"test-{os.getpid()}" / "inbound"
    made = [p for p in (*reversed(folder.parents), folder) if not p.exists()]
    folder.mkdir(parents=True)
    for path in made:
        path.chmod(0o755)
    notebook = folder / "eve+ps1+2026"
    notebook.write_text("a secret")
    try:
        yield notebook
    finally:
        notebook.unlink()
        for path in reversed(made):
            path.rmdir()


def test_the_default_exchange_is_out_of_reach(there: Jail, planted: Path) -> None:
    """What others submitted can be neither listed nor read, although it lies below `/usr`."""
    listing = run(there, f"import os\nos.listdir({str(planted.parent)!r})")
    assert listing.get("raised") in ("FileNotFoundError", "PermissionError"), listing
    reading = run(there, f"open({str(planted)!r}).read()")
    assert reading.get("raised") in ("FileNotFoundError", "PermissionError"), reading


@pytest.mark.parametrize("place", PLACES_OF_OTHERS)
def test_places_of_others_are_not_shown(place: str, there: Jail) -> None:
    """No folder that others fill can be listed, even if Python itself lies somewhere below it."""
    reply = run(there, f"import os\nos.listdir({place!r})")
    assert reply.get("raised") in ("FileNotFoundError", "PermissionError"), reply


def test_full_shows_no_file_beyond_what_is_named(there: Jail) -> None:
    """In *full*, each folder of `/usr/local` and `/usr/share` is one of those that policy names."""
    if there.tier != policy.FULL:
        pytest.skip(
            "in reduced the copy is not the machine's tree: nothing of the machine is shown"
        )
    source = (
        "import os\nfound = [os.path.join(p, n) for p in ('/usr/share', '/usr/local/share')\n"
        "         if os.path.isdir(p) for n in os.listdir(p)]\nraise ValueError(' '.join(found))"
    )
    listed = run(there, source)["text"].split()
    for path in listed:
        assert any(places.is_beneath(p, path) for p in there.shown), path


# A private place beneath a shown one --------------------------------------------------------------


def test_a_course_among_the_packages_is_found(tmp_path: Path) -> None:
    """A course that lies in site-packages is told with the place that shows it."""
    packages = tmp_path / "lib" / "site-packages"
    course = packages / "course"
    course.mkdir(parents=True)
    (found,) = exposures([str(course)], [str(packages)])
    assert (found.private, found.shown) == (str(course), str(packages))


@pytest.mark.parametrize(
    "place", ["course", "course/.venv-not", "lib/site-packages-of-others", "lib"]
)
def test_a_course_beside_or_around_the_packages_is_no_fault(place: str, tmp_path: Path) -> None:
    """An environment inside a course, and a course inside a prefix, show nothing of the course."""
    packages = tmp_path / "lib" / "site-packages"
    packages.mkdir(parents=True)
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    assert exposures([str(tmp_path / place)], [str(packages)]) == []


def test_links_are_seen_through(tmp_path: Path) -> None:
    """Places that are named by links are compared as what they lead to."""
    packages, link = tmp_path / "packages", tmp_path / "link"
    (packages / "course").mkdir(parents=True)
    link.symlink_to(packages / "course")
    shown = tmp_path / "shown"
    shown.symlink_to(packages)
    assert exposures([str(link)], [str(shown)])


@pytest.mark.parametrize("leads_to", ["course/tests", "course", "beside"])
def test_links_into_a_course_are_seen_through(leads_to: str, tmp_path: Path) -> None:
    """What a link among the packages leads to is no course, and no part of one either."""
    try:
        folder = Path(tempfile.mkdtemp(dir="/usr/share", prefix="autograder-test-"))
    except OSError:
        pytest.skip("/usr/share cannot be written to here")
    try:
        for name in ("course/tests", "beside"):
            (folder / name).mkdir(parents=True)
        (tmp_path / "link").symlink_to(folder / leads_to)
        plan = Plan()
        plan.add(str(tmp_path))
        found = exposures([str(folder / "course")], plan.roots)
    finally:
        shutil.rmtree(folder)
    assert str(folder / leads_to) in plan.roots
    assert len(found) == (leads_to != "beside")
    assert all(str(folder / leads_to) in str(one) for one in found)


MOUNTED = """
import sys
from autograder.sandbox.places import exposures
print([str(e) for e in exposures([sys.argv[1]], [sys.argv[2]])])
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can mount without a namespace of users")
@pytest.mark.parametrize(
    ("source", "target", "exposed"),
    [
        pytest.param("packages/course", "course", True, id="course-is-mounted-from-packages"),
        pytest.param("course", "packages", True, id="packages-are-the-course"),
        pytest.param("course", "packages/inner", False, id="mounted-below-is-not-shown"),
        pytest.param("other", "packages", False, id="something-else"),
        pytest.param("packages", "elsewhere", False, id="packages-mounted-elsewhere"),
    ],
)
def test_mounts_are_seen_through(source: str, target: str, exposed: bool, tmp_path: Path) -> None:
    """A course that is mounted a second time is found under its other name."""
    for name in ("course/tests", "packages/inner", "packages/course", "other", "elsewhere"):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
    script = 'mount --bind "$1" "$2" || exit 77; shift 2; exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", script, "sh"]
    command += [str(tmp_path / source), str(tmp_path / target), sys.executable, "-c", MOUNTED]
    command += [str(tmp_path / "course"), str(tmp_path / "packages")]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    if said.returncode == 77:
        pytest.skip("nothing can be mounted here")
    assert said.returncode == 0, said.stderr
    assert (said.stdout.strip() != "[]") is exposed, said.stdout


# Wherever Python lies -----------------------------------------------------------------------------

PLANNED = """
import json, sys
from autograder.sandbox.replica_plan import make_plan
plan = make_plan()
print(json.dumps({"prefix": sys.prefix, "roots": plan.roots, "files": sorted(plan.files)}))
"""
IN_PLACE = """
set -e
mkdir -p "$2" && mount -t tmpfs none "$2" && mkdir -p "$2/share/course" "$2/etc/jupyter"
echo secret > "$2/share/course/exam.ipynb"; echo secret > "$2/etc/jupyter/config.py"
for name in bin lib; do mkdir "$2/$name" && mount --bind "$1/$name" "$2/$name"; done
shift; place="$1"; shift
exec "$place/bin/$PYTHON" -c "$1"
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can mount without a namespace of users")
@pytest.mark.parametrize("place", ["/usr/local", "/opt/conda", "/nix/store/abc-python", "/srv/py"])
def test_a_python_anywhere_shows_its_library_and_nothing_beside_it(place: str) -> None:
    """In an image's `/usr/local`, a prefix like conda's or a store, only Python itself is shown."""
    made = [p for p in (*reversed(Path(place).parents), Path(place)) if not p.exists()]
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHON": name}
    command = ["unshare", "--mount", "sh", "-c", IN_PLACE, "sh", sys.base_prefix, place, PLANNED]
    said = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, cwd="/"
    )
    for path in reversed(made):
        path.rmdir()
    if "mount" in said.stderr:
        pytest.skip(f"nothing can be mounted here: {said.stderr}")
    assert said.returncode == 0, said.stderr
    planned = json.loads(said.stdout)
    assert planned["prefix"] == place
    assert f"{place}/lib/{name}/os.py" in planned["files"]
    assert f"{place}/bin/{name}" in planned["files"]
    private = (f"{place}/share/course/", f"{place}/etc/jupyter/")
    assert not [path for path in planned["files"] if path.startswith(private)]
    assert not any(places.is_beneath(place, root) for root in planned["roots"])


def test_links_among_packages_lead_to_data_only(tmp_path: Path) -> None:
    """A link to the system's data is followed, one to a course is not; mounts stay out."""
    packages, course = tmp_path / "packages", tmp_path / "course"
    (packages / "mounted").mkdir(parents=True)
    (packages / "mounted" / "work.ipynb").write_text("a secret")
    course.mkdir()
    (course / "exam.ipynb").write_text("a secret")
    (packages / "course").symlink_to(course)
    (packages / "module.py").write_text("")
    (packages / "zones").symlink_to("/usr/share/zoneinfo/Europe/Vienna")
    plan = Plan(mounted=frozenset({str(packages / "mounted")}))
    plan.add(str(packages))
    assert not any(path.endswith(".ipynb") for path in plan.files)
    assert str(packages / "module.py") in plan.files
    if Path("/usr/share/zoneinfo/Europe/Vienna").exists():
        assert any(path.startswith("/usr/share/zoneinfo") for path in plan.files)


def test_a_change_of_the_packages_is_another_copy(tmp_path: Path) -> None:
    """A new or changed module gives another fingerprint; a compiled one does not."""

    def fingerprint(compiled: bool = True) -> str:
        plan = Plan(compiled)
        plan.add(str(tmp_path))
        return plan.fingerprint()

    (tmp_path / "module.py").write_text("x = 1")
    first = fingerprint()
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "module.pyc").write_text("compiled")
    assert fingerprint() == fingerprint(compiled=False) == first
    (tmp_path / "module.py").write_text("x = 12")
    assert fingerprint() == fingerprint(compiled=False) != first


def test_a_copy_is_removed_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that is killed while it removes an old copy leaves none that looks whole."""
    (tmp_path / "mine-old").mkdir()
    (tmp_path / "mine-old.used").touch()
    with monkeypatch.context() as killed:
        killed.setattr(shutil, "rmtree", lambda *args, **settings: None)
        replica._remove_old(tmp_path, "mine")
    assert not (tmp_path / "mine-old").exists()
    replica._remove_old(tmp_path, "mine")
    assert list(tmp_path.iterdir()) == []
