"""Who imports what, read from the sources."""

import ast
import re
import sys
from pathlib import Path

import pytest

import autograder

PACKAGE = Path(autograder.__file__).parent
MODULES = {
    str(path.relative_to(PACKAGE).with_suffix("")).replace("/", "."): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
EVERYWHERE = {*sys.stdlib_module_names, "autograder", "numpy"}

OUTSIDE = {
    "authoring": {"nbformat", "traitlets"},
    "batch": {"dateutil"},
    "checks": {"_pytest", "pytest"},
    "cli": {"click"},
    "console": {"click", "rich"},
    "course": {"jupyter_core", "traitlets"},
    "feedback": {"jinja2", "markupsafe"},
    "gradebook": {
        "markdown_it",
        "nbconvert",
        "nbgrader",
        "nh3",
        "sqlalchemy",
        "traitlets",
    },
    "grading": {"distributed"},
    "jupyterlab": {"jupyter_server", "tornado"},
    "lms": {"cryptography", "pylti1p3", "requests", "traitlets"},
    "nbgrader_plugin": {"nbconvert", "nbformat", "nbgrader"},
    "sandbox.inside": {"IPython", "pyseccomp", "traitlets"},
    "service": {"sqlalchemy", "traitlets"},
    "service.store": {"sqlalchemy"},
    "service.web": {"jupyterhub", "prometheus_client", "sqlalchemy", "tornado"},
    "service.workers": {"filelock", "sqlalchemy", "watchdog"},
}
"""What a room may import beyond the standard library, NumPy and its own package.

Which room may import which other one stands in `pyproject.toml`, and `make lint` holds it.
"""


def imports(path):
    """Every module that a file imports, also inside functions and for type checkers."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            found.add(node.module)
            # `from autograder.sandbox import jail` imports a module of ours too.
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name for name in names if name.removeprefix("autograder.") in MODULES}
    return found


def of_ours(path):
    """The modules of the engine that a file imports."""
    ours = {name for name in imports(path) if name.split(".")[0] == "autograder"}
    return {name.removeprefix("autograder.") for name in ours} & set(MODULES)


def room_of(name):
    """The innermost room of the table that a module is in, or its own name."""
    parts = name.split(".")
    rooms = [".".join(parts[:n]) for n in range(len(parts), 0, -1)]
    return next((room for room in rooms if room in OUTSIDE), name)


def every_module():
    """Each module of the engine as a parameter."""
    return [pytest.param(name, path, id=name) for name, path in MODULES.items()]


@pytest.mark.parametrize(("name", "path"), every_module())
def test_a_module_imports_only_the_packages_of_its_concern(name, path):
    """nbgrader, pytest, jinja2, IPython, click, rich… each have their rooms."""
    packages = {module.split(".")[0] for module in imports(path)}
    assert packages - EVERYWHERE <= OUTSIDE.get(room_of(name), set())


def test_every_line_of_the_table_is_used():
    """No room may import what it does not, and no line outlives its room."""
    used = {}
    for name, path in MODULES.items():
        packages = {module.split(".")[0] for module in imports(path)} - EVERYWHERE
        used.setdefault(room_of(name), set()).update(packages)
    assert {room: used.get(room) for room in OUTSIDE} == OUTSIDE


def test_the_imports_have_no_circle():
    """No two modules of the engine need each other."""
    needs = {name: of_ours(path) & set(MODULES) for name, path in MODULES.items()}
    while free := [name for name, below in needs.items() if not below]:
        needs = {n: below - set(free) for n, below in needs.items() if n not in free}
    assert needs == {}


def test_what_enters_the_sandbox_needs_nothing_else_of_ours():
    """Modules of `sandbox.inside` import of ours only each other."""
    inside = {name for name in MODULES if name.startswith("sandbox.inside.")}
    assert len(inside) > 5
    for name in inside:
        assert of_ours(MODULES[name]) <= inside, name


@pytest.mark.parametrize(("name", "path"), every_module())
def test_the_engine_knows_no_course(name, path):
    """No word of the course's subject stands in the engine, and nothing comes from tests."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"sigmoid|backprop|gradient|epoch_step|weight_step", text, re.IGNORECASE)
    assert not {module for module in imports(path) if module.split(".")[0] == "tests"}


EXECUTES = {"checks.slip_sites", "sandbox.inside.cells"}
"""The first runs the course's reference, the other a student's cells, inside the jail."""


@pytest.mark.parametrize(("name", "path"), every_module())
def test_nothing_is_asserted_unpickled_or_swallowed(name, path):
    """No assert statement, no pickle, no bare except, no eval in the engine."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        assert not isinstance(node, ast.Assert), f"{path}:{node.lineno}: assert"
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"{path}:{node.lineno}: bare except"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "eval", f"{path}:{node.lineno}: eval"
            assert node.func.id != "exec" or name in EXECUTES, f"{path}:{node.lineno}: exec"
    pickling = {
        "pickle",
        "cPickle",
        "_pickle",
        "dill",
        "cloudpickle",
        "joblib",
        "marshal",
        "shelve",
    }
    assert not imports(path) & pickling


SETS_ENVIRONMENT = {
    "checks.collection",
    "grading.worker",
    "sandbox.inside.keeper",
    "sandbox.inside.worker",
    "sandbox.inside.zygote",
}
"""The first two in processes that grade with one thread, the others inside the jail."""


CHANGES_ENVIRONMENT = re.compile(
    r"os\.environ(\[[^]]*\]\s*=|\.(pop|update|setdefault|clear)\()|del os\.environ"
    r"|(un|put|set)env\("
)


@pytest.mark.parametrize(("name", "path"), every_module())
def test_no_thread_changes_the_environment(name, path):
    """The environment belongs to the whole process: children are given theirs when they start."""
    found = CHANGES_ENVIRONMENT.search(path.read_text(encoding="utf-8"))
    assert found is None or name in SETS_ENVIRONMENT


def test_every_allowance_is_used():
    """What a module is allowed by name, it does."""
    for name in SETS_ENVIRONMENT:
        assert CHANGES_ENVIRONMENT.search(MODULES[name].read_text(encoding="utf-8")), name
    for name in EXECUTES:
        assert "exec(" in MODULES[name].read_text(encoding="utf-8"), name


@pytest.mark.parametrize(("name", "path"), every_module())
def test_every_module_says_what_it_is_for(name, path):
    """A module opens with its docstring."""
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
