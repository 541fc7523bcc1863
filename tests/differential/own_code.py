"""Code that people write into a notebook: other ways to bind a function, reused names, own cells.

The templates are tables; `{f}` stands for the exercise's function and `{call}` for a call of it.
"""

from __future__ import annotations

import ast
import re

from .edits import after, all_of, at_end, before, rewrite
from .notebooks import Cell, Edit, Notebook, Subject

BINDINGS = {
    "alias": "{f} = my_{f}",
    "lambda": "{f} = lambda *arguments: my_{f}(*arguments)",
    "partial": "import functools\n{f} = functools.partial(my_{f})",
    "globals": "globals()['{f}'] = my_{f}",
    "globals-update": "globals().update({{'{f}': my_{f}}})",
    "vars": "vars()['{f}'] = my_{f}",
    "main-module": "import sys\nsetattr(sys.modules['__main__'], '{f}', my_{f})",
    "import-main": "import __main__\n__main__.{f} = my_{f}",
    "user-namespace": "get_ipython().user_ns['{f}'] = my_{f}",
    "push": "get_ipython().push({{'{f}': my_{f}}})",
    "run-cell": "get_ipython().run_cell('{f} = my_{f}')",
    "exec": "exec('{f} = my_{f}')",
    "exec-globals": "exec('{f} = my_{f}', globals())",
    "callable-object": (
        "class Answer:\n    def __call__(self, *a):\n        return my_{f}(*a)\n\n\n{f} = Answer()"
    ),
    "static-method": "class Tools:\n    {f} = staticmethod(my_{f})\n\n\n{f} = Tools.{f}",
    "bound-method": (
        "class Tools:\n    def run(self, *a):\n        return my_{f}(*a)\n\n\n{f} = Tools().run"
    ),
    "class-method": (
        "class Tools:\n    @classmethod\n    def run(cls, *a):\n        return my_{f}(*a)\n\n\n"
        "{f} = Tools.run"
    ),
    "class-with-new": "class {f}:\n    def __new__(cls, *a):\n        return my_{f}(*a)",
    "closure": (
        "def make(inner):\n    def made(*a):\n        return inner(*a)\n    return made\n\n\n"
        "{f} = make(my_{f})"
    ),
    "decorator": (
        "import functools\n\n\ndef counted(inner):\n    @functools.wraps(inner)\n"
        "    def made(*a):\n        made.calls += 1\n        return inner(*a)\n"
        "    made.calls = 0\n    return made\n\n\n@counted\ndef {f}(*a):\n    return my_{f}(*a)"
    ),
    "walrus": "print({f} := my_{f})",
    "tuple": "{f}, spare = my_{f}, None",
    "starred": "{f}, *rest = [my_{f}, 1, 2]",
    "chained": "{f} = another = my_{f}",
    "annotated": "from typing import Callable\n{f}: Callable = my_{f}",
    "for-loop": "for {f} in [my_{f}]:\n    pass",
    "with": "import contextlib\nwith contextlib.nullcontext(my_{f}) as {f}:\n    pass",
    "if": "if True:\n    {f} = my_{f}\nelse:\n    {f} = None",
    "try": "try:\n    {f} = undefined_{f}\nexcept NameError:\n    {f} = my_{f}",
    "match": "match [my_{f}]:\n    case [{f}]:\n        pass",
    "global-statement": "def install():\n    global {f}\n    {f} = my_{f}\n\n\ninstall()",
    "thread": (
        "import threading\nworker = threading.Thread(\n"
        "    target=lambda: globals().__setitem__('{f}', my_{f}))\nworker.start()\nworker.join()"
    ),
    "replaces-itself": ("def {f}(*a):\n    global {f}\n    {f} = my_{f}\n    return my_{f}(*a)"),
    "function-type": (
        "import types\n{f} = types.FunctionType(\n"
        "    my_{f}.__code__, globals(), '{f}', my_{f}.__defaults__)"
    ),
    "single-dispatch": "import functools\n{f} = functools.singledispatch(my_{f})",
    "default-argument": "def {f}(*a, inner=my_{f}):\n    return inner(*a)",
    "keyword-names": "import inspect\n\n\ndef {f}(*a):\n"
    "    return my_{f}(**dict(zip(inspect.signature(my_{f}).parameters, a)))",
    "dictionary": "tools = {{'run': my_{f}}}\n{f} = tools['run']",
    "import-from-main": "from __main__ import my_{f} as {f}",
    "written-file": (
        "open('mine.py', 'w').write('bind = lambda f: f')\nimport mine\n{f} = mine.bind(my_{f})"
    ),
    "module-object": (
        "import sys, types\nsys.modules['mine'] = types.ModuleType('mine')\n"
        "sys.modules['mine'].{f} = my_{f}\nfrom mine import {f}"
    ),
    "deleted-first": "{f} = None\ndel {f}\n{f} = my_{f}",
    "future-annotations": ("def {f}(*a: Undefined) -> Undefined.Too:\n    return my_{f}(*a)\n"),
}
"""Ways to bind `f`, where `my_f` is the function that the exercise asks for."""

AGAIN = {
    "call": "{f} = {call}",
    "number": "{f} = 0.5",
    "none": "{f} = None",
    "annotated": "{f}: float = 0.5",
    "for-loop": "for {f} in range(3):\n    pass",
    "tuple": "{f}, other = 1, 2",
    "walrus": "print({f} := 5)",
    "comprehension": "print([{f} for {f} in range(3)])",
    "lambda-argument": "key = lambda {f}: {f}",
    "own-argument": "def other({f}):\n    return {f}",
    "del": "del {f}",
    "own-def": "def {f}(anything):\n    return None",
    "draft": "def {f}(*arguments):\n    raise NotImplementedError('later')",
    "pass": "def {f}(a, b):\n    pass",
    "async": "async def {f}(*arguments):\n    return 1",
    "class": "class {f}:\n    pass",
    "syntax-error": "def {f}(x:\n    return",
    "import-as": "import math as {f}",
    "from-import": "from math import pi as {f}",
    "with": "import contextlib\nwith contextlib.nullcontext(1) as {f}:\n    pass",
    "except-as": "try:\n    1 / 0\nexcept ZeroDivisionError as {f}:\n    pass",
    "globals": "globals()['{f}'] = 1",
    "exec": "exec('{f} = 1')",
    "match": "match 3:\n    case {f}:\n        pass",
    "global-statement": "def change():\n    global {f}\n    {f} = 1\n\n\nchange()",
    "reset": "%reset -f",
    "endless": "def {f}(*arguments):\n    while True:\n        pass",
    "exits": "def {f}(*arguments):\n    raise SystemExit",
    "string": "{f} = '''the function of this exercise'''",
    "timed": "{f} = %timeit -o -n 1 -r 1 1 + 1",
    "itself": "{f} = {f}",
}
"""Cells after the tests that use the name again."""

STATES = {
    "helper": ("def helper():\n    return True", "helper()", "def helper():\n    return False"),
    "helper-draft": ("def helper():\n    return True", "helper()", "def helper(): pass"),
    "helper-number": ("def helper():\n    return True", "helper()", "helper = 3"),
    "helper-deleted": ("def helper():\n    return True", "helper()", "del helper"),
    "constant": ("SCALE = 1.0", "SCALE == 1.0", "SCALE = 2.0"),
    "constant-loop": ("n = 1", "n == 1", "for n in range(5):\n    pass"),
    "dictionary": ("settings = {'on': True}", "settings['on']", "settings['on'] = False"),
    "dictionary-cleared": ("settings = {'on': True}", "settings['on']", "settings.clear()"),
    "list": ("rates = [1.0]", "rates[-1] == 1.0", "rates.append(2.0)"),
    "array": ("unit = np.ones(3)", "unit.sum() == 3", "unit *= 0"),
    "class-attribute": (
        "class Settings:\n    on = True",
        "Settings.on",
        "Settings.on = False",
    ),
    "class-method": (
        "class Tools:\n    @staticmethod\n    def ready():\n        return True",
        "Tools.ready()",
        "class Tools:\n    pass",
    ),
    "object": (
        "import types\nstate = types.SimpleNamespace(on=True)",
        "state.on",
        "del state.on",
    ),
    "closure": (
        "def make():\n    on = True\n    def off():\n        nonlocal on\n        on = False\n"
        "    return (lambda: on), off\n\n\nis_on, turn_off = make()",
        "is_on()",
        "turn_off()",
    ),
    "module-attribute": ("import math\nmath.on = True", "math.on", "math.on = False"),
    "import-shadowed": ("import math", "math.cos(0) == 1", "math = None"),
    "import-renamed": ("import numpy as num", "num.ones(1)[0] == 1", "num = 0"),
    "builtin-shadowed": ("", "len([1]) == 1", "len = 3"),
    "builtin-sum": ("", "sum([1]) == 1", "sum = 0\nfor k in range(3):\n    sum += k"),
    "numpy-shadowed": ("", "np.ones(1)[0] == 1", "import math as np"),
    "numpy-deleted": ("", "np.ones(1)[0] == 1", "del np"),
    "numpy-patched": ("", "np.ones(1)[0] == 1", "np.ones = None"),
    "environment": (
        "import os\nos.environ['MODE'] = 'on'",
        "os.environ['MODE'] == 'on'",
        "os.environ['MODE'] = 'off'",
    ),
    "file": (
        "open('mode.txt', 'w').write('on')",
        "open('mode.txt').read() == 'on'",
        "open('mode.txt', 'w').write('off')",
    ),
    "folder": ("import os\nhere = os.getcwd()", "os.getcwd() == here", "os.chdir('/')"),
    "iterator": ("turns = iter(range(10**6))", "next(turns) >= 0", "turns = iter([])"),
    "error-state": (
        "np.seterr(divide='ignore')",
        "np.geterr()['divide'] == 'ignore'",
        "np.seterr(all='raise')",
    ),
}
"""State that a function depends on: how it is set up, what holds while the tests run, what changes
it."""


def bind(subject: Subject, how: str, where: str) -> Edit:
    """Bind the function in another way, in its cell or in an own cell below the finished one."""

    def edit(notebook: Notebook) -> Notebook:
        text = BINDINGS[how].format(f=subject.name)
        mine = renamed(notebook.cell(subject.solution).source, subject.name)
        head = "from __future__ import annotations\n" if how == "future-annotations" else ""
        whole = f"{head}{mine}\n\n\n{text}\n"
        if where == "solution":
            return rewrite(subject.solution, lambda _: whole)(notebook)
        stub = rewrite(subject.solution, lambda _: notebook.stub(subject.solution).source)
        if where == "own":
            return all_of(stub, after(subject.solution, whole))(notebook)
        return all_of(stub, after(subject.solution, f"{head}{mine}", text))(notebook)

    return edit


def again(subject: Subject, how: str, where: str) -> Edit:
    """Use the function's name again, right behind its tests or at the end."""
    text = AGAIN[how].format(f=subject.name, call=subject.call)
    return at_end(text) if where == "end" else after(subject.tests, text)


def state(subject: Subject, how: str, where: str) -> Edit:
    """Let the function need something that is changed behind its tests, or at the end."""
    setup, holds, change = STATES[how]
    needing = rewrite(subject.solution, lambda s: _needing(s, subject.name, holds))
    put = [before(subject.solution, setup)] if setup else []
    return all_of(*put, needing, at_end(change) if where == "end" else after(subject.tests, change))


def needs_line(subject: Subject, line: str, where: str) -> Edit:
    """A line that a kernel understands, in a cell that also binds what the function needs."""
    needing = rewrite(subject.solution, lambda s: _needing(s, subject.name, "needed == 1"))
    if where == "solution":
        return all_of(needing, rewrite(subject.solution, lambda s: f"{line}\nneeded = 1\n{s}"))
    return all_of(needing, before(subject.solution, f"{line}\nneeded = 1"))


def needs_cells(subject: Subject, *cells: str) -> Edit:
    """Own cells above the exercise, whose function needs the `needed` that they bind."""
    return all_of(before(subject.solution, *cells), needing(subject, "needed == 1"))


def needs_name_of(subject: Subject, kind: str, where: str) -> Edit:
    """Use a name that visible tests or a demonstration above bind, in a cell or in the function."""

    def edit(notebook: Notebook) -> Notebook:
        place = notebook.place(subject.solution)
        chosen = [c for c in notebook.cells[:place] if _is_kind(c, kind) and _bound(c)]
        name = _bound(chosen[-1])[-1]
        if where == "function":
            return rewrite(
                subject.solution, lambda s: _needing(s, subject.name, f"{name} is not None")
            )(notebook)
        return needs_line(subject, f"assert {name} is not None", where)(notebook)

    return edit


def _is_kind(cell: Cell, kind: str) -> bool:
    return cell.is_tests if kind == "tests" else cell.is_demonstration


def _bound(cell: Cell) -> list[str]:
    """Names that a cell binds by plain assignments and definitions."""
    names = []
    for node in ast.parse(cell.source).body:
        if isinstance(node, ast.FunctionDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [n.id for n in ast.walk(node.targets[0]) if isinstance(n, ast.Name)]
    return names


def renamed(source: str, name: str) -> str:
    """The source with its function `name` called `my_name`."""
    return re.sub(rf"^def {name}\(", f"def my_{name}(", source, flags=re.MULTILINE)


def needing(subject: Subject, holds: str) -> Edit:
    """Let the function fail unless something holds."""
    return rewrite(subject.solution, lambda s: _needing(s, subject.name, holds))


def _needing(source: str, name: str, holds: str) -> str:
    """The source with an assertion as the first line of one function's body."""
    [node] = [n for n in ast.parse(source).body if getattr(n, "name", "") == name]
    first = next(
        n for n in node.body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))
    )
    lines = source.split("\n")
    indent = re.match(r"\s*", lines[first.lineno - 1]).group()
    lines.insert(first.lineno - 1, f"{indent}assert {holds}, 'it is not as it was'")
    return "\n".join(lines)
