"""Cells run as in a notebook's kernel: magics, shell lines, what is kept between cells."""

import json
import subprocess
import sys

import pytest
from inside import opened, outcome_of, start_jail

from autograder.limits import Limits
from autograder.remote.cells import Cell
from autograder.remote.exceptions import LEFT_OUT
from autograder.remote.session import Session
from autograder.sandbox.inside import policy
from autograder.sandbox.inside.kernel import SAID

SOFT = """
!ls
!pip install numpy
!python -m pip install numpy
!cd data && make
!!ls
!sleep 0 &
%pip install numpy
%conda install numpy
%mamba install numpy
%uv pip install numpy
%mkdir figures
%ls
%ll
%cat data.csv
%rm data.csv
%sx ls
%system ls
%sc listing=ls
%autosave 60
%clear
%less data.csv
%more data.csv
%man ls
%store numbers
%store -r numbers
%connect_info
%qtconsole
%notebook out.ipynb
%edit
%subshell
%pastebin 1
%run missing.py
%load missing.py
%pycat missing.py
%cd missing
%matplotlib
%matplotlib inline
%matplotlib widget
%matplotlib ipympl
%matplotlib qt
%matplotlib notebook
%matplotlib tk
%pylab inline
%gui qt
%config InlineBackend.figure_format = 'retina'
%load_ext autoreload
%load_ext line_profiler
%reload_ext line_profiler
%unload_ext line_profiler
%autoreload 2
%nosuchmagic
%lprun -f f f(1)
%memit 1 + 1
%tensorboard --logdir logs
%debug
%pdb on
%history
%save lines 1
%recall 1
%rerun 99
%macro again 1
%who
%whos
%tb
%xmode Plain
%dhist
%bookmark here
%lsmagic
%quickref
%pinfo len
%pdoc len
%psource len
%env
%precision 3
%logstart
%logstop
%timeit 1 + 1
%timeit -n 2 -r 2 1 + 1
%timeit -q -n 2 1 + 1
%timeit -q -o 1 + 1
%time 1 + 1
exit()
quit()
input()
breakpoint()
import pdb; pdb.set_trace()
import getpass; getpass.getpass()
from IPython.core.debugger import set_trace; set_trace()
import IPython; IPython.embed()
from IPython.core.display import display, HTML; display(HTML("<b>x</b>"))
from IPython.display import set_matplotlib_formats; set_matplotlib_formats("svg")
import matplotlib; matplotlib.use("TkAgg")
import matplotlib; matplotlib.use("module://ipympl.backend_nbagg")
import matplotlib.pyplot as plt; plt.switch_backend("Qt5Agg"); plt.plot([1]); plt.show()
len?
?len
len??
get_ipython().system("ls")
get_ipython().getoutput("ls")
get_ipython().run_line_magic("nosuchmagic", "")
get_ipython().magic("nosuchmagic")
display(1)
""".strip().splitlines()
"""Lines that a kernel, or a kernel on another machine, takes without ending the cell."""

SOFT_CELLS = [
    pytest.param("%%bash\nls", id="bash"),
    pytest.param("%%sh\nls", id="sh"),
    pytest.param("%%!\nls", id="bang"),
    pytest.param("%%sx\nls", id="sx"),
    pytest.param("%%system\nls", id="system"),
    pytest.param("%%script true\nls", id="script"),
    pytest.param("%%html\n<b>x</b>", id="html"),
    pytest.param("%%javascript\nx", id="javascript"),
    pytest.param("%%latex\nx", id="latex"),
    pytest.param("%%markdown\nx", id="markdown"),
    pytest.param("%%svg\n<svg/>", id="svg"),
    pytest.param("%%R\nx <- c(1)", id="R"),
    pytest.param("%%sql\nSELECT 1", id="sql"),
    pytest.param("%%cython\ncdef int x = 1", id="cython"),
    pytest.param("%%nosuchmagic\nwords, no: Python", id="unknown"),
    pytest.param("%%time", id="empty-body"),
    pytest.param("%%perl\nprint 1", id="perl"),
    pytest.param("%%python3\nprint(1)", id="python3"),
]

DEFINES = "\ndef f():\n    return 1\n"


ROOMY = Limits(cell_wall_s=20.0, submission_wall_s=60.0)
"""Enough for any cell here on a busy machine: what is asked is what runs, not how fast."""


@pytest.fixture(scope="module", params=policy.SANDBOXES, ids=str)
def jail(request):
    """A jail with room for any cell, in each tier."""
    with start_jail(request.param, ROOMY) as there:
        yield there


@pytest.fixture(scope="module")
def strong_jail(tier):
    """A jail with room for any cell, of the strongest tier."""
    with start_jail(tier, ROOMY) as there:
        yield there


def faults_of(there, *sources):
    """What is told of the cells that do not run to their end."""
    with opened(there, *sources) as session:
        return [fault.message for fault in session.log.faults]


@pytest.mark.parametrize("line", SOFT)
def test_a_line_of_a_notebook_ends_no_cell(jail, line):
    """Whatever is behind a magic or shell line is run."""
    assert faults_of(jail, line + DEFINES, "assert f() == 1") == []


@pytest.mark.parametrize("line", ["exit", "quit", "ls", "pwd", "autosave 5", "pip install numpy"])
def test_a_single_line_may_be_a_magic_without_its_sign(jail, line):
    """A line by itself is what a kernel takes it for."""
    assert faults_of(jail, line, "x = 1") == []


@pytest.mark.parametrize("source", SOFT_CELLS)
def test_a_cell_of_another_language_is_no_fault(jail, source):
    """A cell magic that cannot be carried out is left out, and the next cell runs."""
    assert faults_of(jail, source, "x = 1") == []


@pytest.mark.parametrize("magic", ["time", "capture", "prun", "debug", "memit", "nosuchmagic"])
def test_a_cell_magic_over_python_runs_the_python(strong_jail, magic):
    """Functions that are defined below a magic are there, known or not."""
    assert faults_of(strong_jail, f"%%{magic}{DEFINES}", "assert f() == 1") == []


LIST_MAGICS = """
import json, tempfile
from IPython.core.interactiveshell import InteractiveShell
from autograder.sandbox.inside import kernel
ours = kernel.make_shell(tempfile.mkdtemp()).magics_manager.magics
InteractiveShell.clear_instance()
kernel.KernelShell.clear_instance()
from ipykernel.zmqshell import ZMQInteractiveShell
theirs = ZMQInteractiveShell.instance().magics_manager.magics
print(json.dumps([sorted(set(theirs[kind]) - set(ours[kind])) for kind in ("line", "cell")]))
"""


def test_every_magic_of_the_installed_kernel_is_known():
    """No magic that a real kernel has is unknown to the shell here."""
    pytest.importorskip("ipykernel")
    run = [sys.executable, "-c", LIST_MAGICS]
    said = subprocess.run(run, capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(said.stdout.splitlines()[-1]) == [[], []]


def test_a_cell_that_asks_until_it_is_answered_comes_to_an_end(strong_jail):
    """A loop around input() is not an endless one."""
    [fault] = faults_of(strong_jail, "while not (answer := input('?')):\n    pass")
    assert "EOFError" in fault


def test_what_is_raised_in_a_magics_cell_is_the_cells_fault(strong_jail):
    """A magic hides no exception of the student's code."""
    for magic in ("time", "nosuchmagic"):
        [fault] = faults_of(strong_jail, f"%%{magic}\nx = 1\nraise ValueError('mine')")
        assert "ValueError in line 3: mine" in fault


def test_a_handler_of_exceptions_that_a_cell_sets_is_called(strong_jail):
    """What it binds is there in the next cell."""
    chosen = """def handle(shell, kind, value, trace, tb_offset=None):
    shell.user_ns['q'] = kind
get_ipython().set_custom_exc((ZeroDivisionError,), handle)"""
    [fault] = faults_of(strong_jail, chosen, "x = 1\n1 / 0", "assert q is ZeroDivisionError\nx")
    assert "ZeroDivisionError" in fault


BY_WHOM = (
    "import traceback\n"
    "seen = ' '.join(frame.filename for frame in traceback.extract_stack())\n"
    "assert ('interactiveshell' in seen) is {expected}, seen"
)


def test_a_cell_of_plain_python_is_not_run_by_ipython(strong_jail):
    """Which takes several times as long: neither at the beginning, nor with inline figures."""
    plain = BY_WHOM.format(expected=False)
    line = "import traceback; assert 'interactiveshell' not in str(traceback.extract_stack())"
    assert faults_of(strong_jail, plain, line, "%matplotlib inline", plain, line) == []


def test_a_cell_is_run_by_ipython_where_an_extension_looks_at_each(strong_jail):
    """As `autoreload` does."""
    source = BY_WHOM.format(expected=True)
    assert faults_of(strong_jail, "%load_ext autoreload", "%autoreload 2", source) == []


def test_what_acts_before_and_after_each_cell_does_so_without_ipython(strong_jail):
    """A hook that a cell has registered, and one that fails."""
    register = """calls = []
get_ipython().events.register('pre_execute', lambda: calls.append('before'))
get_ipython().events.register('post_execute', lambda: calls.append('after'))
get_ipython().events.register('post_execute', lambda: 1 / 0)"""
    plain = BY_WHOM.format(expected=False)
    told = "x = 1\nassert calls == ['after', 'before', 'after', 'before'], calls"
    assert faults_of(strong_jail, register, plain, told) == []


def test_a_shell_line_finds_python(strong_jail):
    """`python` is the one that runs the notebook, also where it lies in no usual place."""
    for line in (
        "said = !python -c 'print(1)'",
        "import os; said = [os.popen('python3 -V').read()]",
    ):
        assert (
            faults_of(strong_jail, f"{line}\nassert 'not found' not in said[0] and said[0]") == []
        )


def test_a_shell_line_gives_a_list(jail):
    """What is assigned from a shell line is a list, whether it is run or not."""
    assert faults_of(jail, "files = !ls\nassert isinstance(files, list)") == []


def test_what_is_left_out_is_told_once_for_each_cell(strong_jail):
    """The student reads which kinds of things have no effect, in words of ours."""
    with opened(strong_jail, "!pip install x\n%autosave 5\n!pip install y", "x = 1\n") as session:
        [remark] = session.log.remarks
    assert remark == (
        "cell 1: while grading, nothing is installed; a magic that it uses has no effect."
    )


def test_every_kind_that_is_left_out_has_words():
    """The grader knows each kind that the jail's side may tell."""
    assert set(SAID) == set(LEFT_OUT)


def test_a_forged_kind_is_not_told(strong_jail):
    """What a submission writes in the place of a kind reaches no report."""
    source = "import sys\nget_ipython().left_out = ['secret 4711', ['x'], 7]\nx = 1"
    with opened(strong_jail, source) as session:
        assert session.log.remarks == ()


def test_a_function_that_ends_python_or_asks_is_told(strong_jail):
    """In a call, exit() and input() end the call with an outcome."""
    ended = outcome_of(strong_jail, "def f():\n    exit()\n    return 1").message
    assert "exit()" in ended
    assert "ask_exit" not in ended
    assert "input()" in outcome_of(strong_jail, "def f():\n    return input('x')").message


BOOKS = {
    "helper": ("%%writefile helper.py\ndef e(): return 1", "from helper import e\nassert e() == 1"),
    "helper-that-asks-for-the-shell": (
        "%%writefile h.py\nshell = get_ipython()\ndisplay(1)",
        "import h\nassert h.shell is get_ipython()",
    ),
    "helper-in-a-package": (
        "import os\nos.makedirs('pkg')\nopen('pkg/__init__.py', 'w').write('b = 2')",
        "from pkg import b\nassert b == 2",
    ),
    "helper-missed-before": (
        "try:\n    import late\nexcept ImportError: pass",
        "open('late.py', 'w').write('a = 1')\nimport late\nassert late.a",
    ),
    "helper-reloaded": (
        "%%writefile h.py\na = 1",
        "import h, importlib\nassert h.a == 1",
        "%%writefile h.py\na = 2",
        "importlib.reload(h)\nassert h.a == 2",
    ),
    "helper-reloaded-by-itself": (
        "%load_ext autoreload\n%autoreload 2",
        "%%writefile h.py\na = 1",
        "import h\nassert h.a == 1",
        "%%writefile h.py\na = 2222",
        "import os\nassert h.a == 2222",
    ),
    "shadows": ("%%writefile json.py\n1 / 0", "%%writefile numpy.py\n1 / 0", "import numpy, json"),
    "run": ("%%writefile h.py\nq = __name__", "%run h.py\nassert q == '__main__'"),
    "future": (
        "from __future__ import annotations\nimport os",
        "def f(x: Foo) -> Bar:\n    return 1\nassert f.__annotations__['x'] == 'Foo'",
        "%time\nclass A:\n    x: Unknown = 1",
    ),
    "last-value": (
        "1 + 1",
        "_\nassert _ == 2\n_ + 1",
        "assert (_, __, _1, Out[1], Out[2]) == (3, 2, 2, 2, 3)\nassert In[1] == _i1 == '1 + 1'",
        "pass\npass",
        "assert _i == 'pass\\npass'\nassert len(In) == 6",
    ),
    "last-value-silenced": ("x = 3\nx;", "y = 1\nassert not _"),
    "last-value-by-the-student": ("_ = 5\nx = 1", "1 + 1\n3", "assert _ == 5\nx"),
    "display": (
        "from IPython.display import Markdown\ndisplay({'a': 1}, Markdown('x'))",
        "handle = display(1, display_id=True)\nhandle.update(2)",
    ),
    "display-captured": (
        "%%capture said\ndisplay(1)\nprint(2)",
        "assert said.outputs[0].data['text/plain'] == '1'\nassert said.stdout == '2\\n'",
    ),
    "display-of-many-figures": (
        "%matplotlib inline\nimport matplotlib.pyplot as plt\n"
        "for n in range(8):\n    plt.figure()\n    plt.plot([n])",
        "plt.plot([1])\nplt.show()",
    ),
    "display-while-stdout-is-replaced": (
        "import sys\nclass Echo:\n    def write(self, text): display(text)\n"
        "    def flush(self): pass\nsys.stdout = Echo()\nprint('x')",
    ),
    "await": (
        "async def g():\n    return 5\nx = await g()\nassert x == 5",
        "await g()",
        "assert _ == 5\nx",
    ),
    "task": (
        "import asyncio\nasync def g():\n    return 5\ntask = asyncio.create_task(g())",
        "assert await task == 5\nx = 1",
    ),
    "task-between-cells": (
        "import asyncio\nasync def g():\n    global q\n    await asyncio.sleep(0)\n    q = 5\n"
        "task = asyncio.ensure_future(g())",
        "x = 1\ny = 2",
        "assert q == 5\nx",
    ),
    "callback-between-cells": (
        "import asyncio\ns = []\nasyncio.get_event_loop().call_soon(s.append, 1)",
        "assert s == [1]\nx = 1",
    ),
    "figures-closed": (
        "import matplotlib.pyplot as plt\nplt.figure(7)\nplt.plot([1])",
        "assert not plt.get_fignums()\nx = 1",
    ),
    "many-figures-and-warnings-as-errors": (
        "import matplotlib.pyplot as plt, warnings\nwarnings.simplefilter('error')",
        *["plt.figure()\nplt.plot([1])"] * 22,
    ),
    "figures-kept": (
        "%matplotlib agg\nimport matplotlib.pyplot as plt\nplt.plot([1])",
        "assert plt.get_fignums()\nx = 1",
    ),
    "figures-kept-by-configuration": (
        "%config InlineBackend.close_figures = False",
        "import matplotlib.pyplot as plt\nplt.plot([1])",
        "assert plt.get_fignums()\nx = 1",
    ),
    **{
        f"hook-{event}": (
            "n = []\ndef hook(*a):\n    n.append(1)\n"
            f"get_ipython().events.register({event!r}, hook)",
            "x = 1\ny = 2",
            "assert n\nx = 1",
        )
        for event in ("pre_execute", "pre_run_cell", "post_execute", "post_run_cell")
    },
    **{
        f"transformer-{kind}": (
            "change = lambda lines: [s.replace('ONE', '1') for s in lines]\n"
            f"get_ipython().input_transformers_{kind}.append(change)",
            "x = 2\ny = ONE",
            "assert y == 1\nx",
        )
        for kind in ("cleanup", "post")
    },
    "last-assignment": (
        "%config InteractiveShell.ast_node_interactivity = 'last_expr_or_assign'",
        "x = 0\nz = 1",
        "assert _ == 1\nx = 1",
    ),
    "alarm-for-an-earlier-handler": (
        "import signal\nclass Late(Exception): pass\ndef stop(*a): raise Late\n"
        "signal.signal(signal.SIGALRM, stop)",
        "import time\nsignal.setitimer(signal.ITIMER_REAL, 0.02)\n"
        "try:\n    time.sleep(0.5)\nexcept Late:\n    q = 1",
        "assert q == 1\nx = 1",
    ),
    "own-loop": ("import asyncio\nasync def g(): return 5\nassert asyncio.run(g()) == 5",),
    "user": (
        "import getpass, os, pathlib\nassert getpass.getuser() == os.getlogin()",
        "import os, pathlib\nassert pathlib.Path.home() == pathlib.Path(os.path.expanduser('~'))",
    ),
    "main-module": (
        "import sys, __main__\nassert __name__ == '__main__' and '__file__' not in globals()",
        "x = 3\nassert __main__.x == 3 and sys.modules['__main__'].__dict__ is globals()",
        "assert type(get_ipython()).__name__ == 'ZMQInteractiveShell'\nx",
        "assert 'IPKernelApp' in get_ipython().config\nx",
    ),
    "main-guard": (
        "def main():\n    global q\n    q = 1\nif __name__ == '__main__':\n    main()",
        "q",
    ),
    "help": ("x = 1\nlen?\ny = 2", "assert (x, y) == (1, 2)\nx"),
    "source": (
        "import inspect\ndef f(x):\n    return x  # note",
        "assert inspect.getsource(f) == 'def f(x):\\n    return x  # note\\n'\nx = 1",
    ),
    "source-behind-a-magic": (
        "%time\n\ndef f(x):\n    return x  # note",
        "import inspect\nassert '# note' in inspect.getsource(f)",
    ),
    "source-of-a-method": (
        "class A:\n    def f(self):\n        return 1  # note",
        "import inspect\nassert '# note' in inspect.getsource(A.f)",
    ),
    "traceback": (
        "import traceback\ntry:\n    {}['a']\nexcept KeyError:\n    said = traceback.format_exc()",
        "assert \"{}['a']\" in said\nsaid",
    ),
    "dataclass": (
        "from dataclasses import dataclass, field\n@dataclass\nclass A:\n    x: int\n"
        "    y: list[int] = field(default_factory=list)\nassert A(1) == A(1)",
        "from __future__ import annotations\nimport os",
        "@dataclass\nclass B:\n    x: A | None = None\nassert B() == B()",
    ),
    "pickle": (
        "import copy, pickle\ndef f(): return 1\nclass A: pass",
        "assert pickle.loads(pickle.dumps(f)) is f\npickle.loads(pickle.dumps(A()))",
        "copy.deepcopy(A())\nf",
    ),
    "typing": (
        "from typing import *\nT = TypeVar('T')\nx = 1",
        "class S(Generic[T]):\n    def f(self, x: T) -> T: return x",
        "assert S[int]().f(1) == 1\nclass N(NamedTuple):\n    a: int\nassert get_type_hints(N)",
    ),
    "doctest": (
        "def sq(x):\n    '''Square.\n\n    >>> sq(3)\n    9\n    '''\n    return x * x",
        "import doctest\nsaid = doctest.testmod()\nassert (said.attempted, said.failed) == (1, 0)",
    ),
    "unittest": (
        "import unittest\nclass T(unittest.TestCase):\n    def test(self): self.assertEqual(1, 1)",
        "said = unittest.main(argv=[''], exit=False).result\nassert said.testsRun == 1",
    ),
    "overload": (
        "from functools import lru_cache, singledispatch\n@lru_cache(None)\ndef f(x): return x",
        "@singledispatch\ndef g(x): return 1\n@g.register\ndef _(x: int): return 2",
        "assert g(1) == 2\nf",
    ),
    "captured": ("%%capture said\nprint(3)\nz = 1", "assert (said.stdout, z) == ('3\\n', 1)\nz"),
    "measured": ("r = %timeit -o 1 + 1\nassert r.average > 0",),
    "shell-variables": ("name = 'x'\n!echo {name} $name\nfor i in range(2):\n    !echo {i}",),
    "shell-in-a-function": ("def g():\n    !ls\n    %time\n    return 3\nassert g() == 3",),
    "indented": ("   x = 1\n   y = 2", "assert (x, y) == (1, 2)\nx"),
    "pasted-prompts": (">>> x = 1\n>>> y = 2", "assert (x, y) == (1, 2)\nx"),
    "pasted-numbered-prompts": ("In [1]: x = 1\nIn [2]: y = 2", "assert (x, y) == (1, 2)\nx"),
    "line-ends": ("x = 1\r\ny = 2\r\n", "assert (x, y) == (1, 2)\nx"),
    "blank": ("# only a comment\n# and another", "", "  \n\n"),
}
"""Notebooks, each right in a kernel that runs it from top to bottom."""


@pytest.mark.parametrize("name", BOOKS)
def test_what_runs_in_a_kernel_runs_here(jail, name):
    """What a kernel keeps between cells, and offers to them, is there."""
    assert faults_of(jail, *BOOKS[name]) == []


PARALLEL = {
    "joblib": (
        "from joblib import Parallel, delayed\ndef sq(x): return x * x\n"
        "assert Parallel(n_jobs=2)(delayed(sq)(i) for i in (2, 3)) == [4, 9]"
    ),
    "sklearn": (
        "import numpy as np\nfrom sklearn.linear_model import Ridge\n"
        "from sklearn.model_selection import GridSearchCV\nx = np.random.rand(30, 2)\n"
        "GridSearchCV(Ridge(), {'alpha': [1, 2]}, n_jobs=2, cv=2).fit(x, x[:, 0])"
    ),
    "multiprocessing": (
        "from multiprocessing import Pool\ndef sq(x): return x * x\n"
        "if __name__ == '__main__':\n    with Pool(2) as pool:\n"
        "        assert pool.map(sq, [2, 3]) == [4, 9]"
    ),
    "concurrent": (
        "from concurrent.futures import ProcessPoolExecutor\ndef sq(x): return x * x\n"
        "with ProcessPoolExecutor(2) as pool:\n    assert list(pool.map(sq, [2, 3])) == [4, 9]"
    ),
}


@pytest.mark.parametrize("library", PARALLEL)
def test_work_in_parallel_comes_to_an_end(library):
    """Libraries that start processes work in the *full* tier, or work without them."""
    pytest.importorskip(library if library != "concurrent" else "concurrent.futures")
    with (
        start_jail(policy.FULL, ROOMY) as there,
        Session(there, [Cell("c", PARALLEL[library])]) as run,
    ):
        assert run.log.faults == ()


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("x = 1\ny = " + "-" * 50_000 + "1", id="deep-expression"),
        pytest.param("x = 1\ny = " + "(" * 500 + ")" * 500, id="deep-parentheses"),
        pytest.param(
            "x = 1\n" + "".join(" " * n + "if x:\n" for n in range(200)), id="deep-blocks"
        ),
        pytest.param("x = 1\ny = '\0'", id="null-character"),
        pytest.param("get_ipython().compile = None\nx = 1", id="compiler-taken"),
        pytest.param("get_ipython().displayhook = None\nx = 1", id="hook-taken"),
        pytest.param("import os\nos.mkdir('a')\nos.chdir('a')\nos.rmdir('../a')", id="no-folder"),
        pytest.param("raise BaseException", id="base-exception"),
        pytest.param("import sys\nsys.exit()", id="exit"),
        pytest.param("class E(Exception):\n    __str__ = None\nraise E", id="text-that-raises"),
    ],
)
def test_a_cell_that_cannot_be_run_ends_no_process(strong_jail, source):
    """Whatever a cell is, the cells before it keep what they have bound."""
    with opened(strong_jail, "def f():\n    return 1", source, "x = 2") as session:
        assert session.call("f", (), {}).value == 1
        assert all("ends the whole" not in fault.message for fault in session.log.faults)


# --- Lines --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "line"),
    [
        pytest.param("x = 1\n1 / 0", 2, id="plain"),
        pytest.param("\n\nx = 1\n1 / 0", 4, id="blank-lines-first"),
        pytest.param("%time\n1 / 0", 2, id="behind-a-magic"),
        pytest.param("\n\n%time\n1 / 0", 4, id="blank-lines-and-a-magic"),
        pytest.param("\n%%time\nx = 1\n1 / 0", 4, id="below-a-cell-magic"),
        pytest.param("%%nosuch\nx = 1\n1 / 0", 3, id="below-an-unknown-magic"),
        pytest.param("\n1 / 0", 2, id="single-line"),
        pytest.param("def g():\n    return 1 / 0\n\ng()", 2, id="in-a-function"),
        pytest.param("x = 1\nx = (1 +\n", 2, id="syntax"),
        pytest.param("\n\nx = 1\ny = = 2\n", 4, id="syntax-behind-blank-lines"),
        pytest.param("!ls\nx = 1\ny = = 2\n", 3, id="syntax-behind-a-shell-line"),
        pytest.param("%%time\nx = 1\ny = = 2\n", 3, id="syntax-below-a-cell-magic"),
        pytest.param("x = 1\nif x:\ny = 2\n", 3, id="indentation"),
        pytest.param("x = 1\nreturn x\n", 2, id="return-outside"),
        pytest.param("import json\njson.loads('{')\n", 2, id="in-a-library"),
        pytest.param("x = 1\nexec('\\n\\n\\n1/0')\n", 2, id="in-exec"),
        pytest.param("await nothing\nx = 1\n", 1, id="await"),
        pytest.param("import os\nos.setuid(0) or os.chroot('.')\n", 2, id="not-allowed"),
    ],
)
def test_a_line_is_told_as_an_editor_shows_it(strong_jail, source, line):
    """The line of a fault is that of the student's cell, whatever ran it."""
    [fault] = faults_of(strong_jail, source)
    assert f" in line {line}" in fault
    assert "ipython-input" not in fault
    assert "[" not in fault


def test_a_line_in_the_words_of_a_syntax_error_is_the_cells_too(strong_jail):
    """Python's own words about another line count as the editor does."""
    [fault] = faults_of(strong_jail, "\n\nx = 1\nif x:\ny = 2\n")
    assert "in line 5: expected an indented block after 'if' statement on line 4" in fault
