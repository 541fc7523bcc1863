"""Who imports whom: the directions of DESIGN.md's table, read from the sources."""

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
    "autograded": {"nh3"},
    "build": {"nbgrader", "nbformat"},
    "cli": {"click"},
    "cluster": {"distributed"},
    "course": {"traitlets"},
    "feedback.templating": {"jinja2", "markupsafe"},
    "feedback.text": {"nh3"},
    "gradebook": {"nbgrader", "sqlalchemy"},
    "nbgrader_plugin": {"nbgrader", "nbformat"},
    "sandbox.jail": {"pyseccomp"},
    "sandbox.worker": {"IPython", "traitlets"},
    "service.access": {"jupyterhub", "tornado"},
    "service.app": {"jupyterhub", "tornado"},
    "service.arrivals": {"sqlalchemy", "watchdog"},
    "service.attempts": {"sqlalchemy"},
    "service.events": {"tornado"},
    "service.grading": {"sqlalchemy"},
    "service.health": {"prometheus_client"},
    "service.metrics": {"prometheus_client"},
    "service.placing": {"sqlalchemy"},
    "service.refusal": {"tornado"},
    "service.release": {"nbgrader"},
    "service.routes": {"tornado"},
    "service.runner": {"sqlalchemy"},
    "service.settings": {"jupyter_core", "nbgrader", "traitlets"},
    "service.site": {"jupyterhub", "sqlalchemy"},
    "service.tables": {"sqlalchemy"},
    "screen": {"click", "rich"},
    "suite": {"pytest"},
}
"""What a module may import beyond the standard library, NumPy and its own package."""

ALONE = {"errors", "verdict", "limits"}
BELOW = {
    "wire": {"errors"},
    "compare": {"wire"},
    "submission": set(),
    "catalogue": {"errors", "pictures"},
    "pictures": {"compare", "deadline", "student", "suite", "verdict"},
    "digest": {"course"},
    "deadline": set(),
    "sandbox.policy": set(),
    "sandbox.cgroup": {"limits"},
    "sandbox.jail": {"sandbox.policy"},
    "sandbox.worker": {"errors", "wire"},
    "sandbox.zygote": {"sandbox.jail", "sandbox.policy", "sandbox.worker", "wire"},
    "sandbox.supervisor": {
        "errors", "limits", "sandbox.cgroup", "sandbox.jail", "sandbox.policy", "sandbox.zygote",
        "wire",
    },
    "sandbox.doctor": {
        "errors", "limits", "sandbox.jail", "sandbox.policy", "sandbox.supervisor", "wire",
    },
    "replies": {"sandbox.supervisor", "verdict"},
    "student": {"deadline", "errors", "replies", "sandbox.supervisor", "verdict", "wire"},
    "suite": {"compare", "deadline", "errors", "student", "verdict"},
    "diagnosis": {"catalogue", "compare", "student", "verdict"},
    "course": {"errors", "limits", "sandbox.policy"},
}  # fmt: skip
"""For the lower half of the house, everything of ours that a module may import."""

DOORS = {"cli", "nbgrader_plugin", "service"}
"""Modules that others may not import: they call, and are not called."""


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
    packages = {"autograder", "autograder.sandbox"}
    ours = {name for name in imports(path) if name.split(".")[0] == "autograder"} - packages
    return {name.removeprefix("autograder.") for name in ours}


def every_module():
    """Each module of the engine as a parameter."""
    return [pytest.param(name, path, id=name) for name, path in MODULES.items()]


@pytest.mark.parametrize(("name", "path"), every_module())
def test_a_module_imports_only_the_packages_of_its_concern(name, path):
    """nbgrader, pytest, jinja2, IPython, click, rich… each have one place."""
    packages = {module.split(".")[0] for module in imports(path)}
    assert packages - EVERYWHERE <= OUTSIDE.get(name, set())


@pytest.mark.parametrize(("name", "path"), every_module())
def test_no_module_calls_upwards(name, path):
    """Doors are not imported, the lower half imports what lies below it, three import nothing.

    A door may have rooms of its own, and the command line is the door to the service.
    """
    ours = of_ours(path)
    closed = DOORS - {name.split(".")[0]} - ({"service"} if name == "cli" else set())
    assert not {module for module in ours if module.split(".")[0] in closed}
    if name in ALONE:
        assert ours == set()
    if name in BELOW:
        assert ours <= BELOW[name]


def test_the_tables_name_modules_that_exist():
    """No line of the tables outlives its module."""
    assert {*OUTSIDE, *BELOW, *ALONE} <= set(MODULES)


def test_the_imports_have_no_circle():
    """No two modules of the engine need each other."""
    needs = {name: of_ours(path) & set(MODULES) for name, path in MODULES.items()}
    while free := [name for name, below in needs.items() if not below]:
        needs = {n: below - set(free) for n, below in needs.items() if n not in free}
    assert needs == {}


def test_the_sandbox_runs_from_the_files_that_go_into_it():
    """Whatever the jailed modules import of ours is laid inside the wall."""
    from autograder.sandbox.supervisor import MODULES as LAID

    laid = {name.removesuffix(".py").replace("/", ".") for name in LAID}
    for name in laid & set(MODULES):
        assert of_ours(MODULES[name]) <= laid


@pytest.mark.parametrize(("name", "path"), every_module())
def test_the_engine_knows_no_course(name, path):
    """No word of the course's subject stands in the engine, and nothing comes from tests."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"sigmoid|backprop|gradient|epoch_step|weight_step", text, re.IGNORECASE)
    assert not {module for module in imports(path) if module.split(".")[0] == "tests"}


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
            assert node.func.id != "exec" or name == "sandbox.worker", f"{path}:{node.lineno}: exec"
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


@pytest.mark.parametrize(("name", "path"), every_module())
def test_every_module_says_what_it_is_for(name, path):
    """A module opens with its docstring."""
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
