"""Lines that a kernel understands, before code that has to run; none may keep it from running."""

from __future__ import annotations

LINES = {
    "matplotlib-inline": "%matplotlib inline",
    "matplotlib-agg": "%matplotlib agg",
    "config": "%config InlineBackend.figure_format = 'retina'",
    "autoreload": "%load_ext autoreload\n%autoreload 2",
    "precision": "%precision 4",
    "timeit": "%timeit -n 1 -r 1 sum(range(10))",
    "time": "%time total = sum(range(10))",
    "who": "%who",
    "whos": "%whos",
    "pwd": "%pwd",
    "cd": "%cd .",
    "mkdir": "%mkdir figures",
    "env": "%env MODE=on",
    "autosave": "%autosave 60",
    "history": "%history -n 1",
    "xmode": "%xmode Minimal",
    "colors": "%colors NoColor",
    "pdb-off": "%pdb off",
    "automagic": "%automagic",
    "alias": "%alias show echo",
    "prun": "%prun -q sum(range(10))",
    "capture-line": "shown = %sx echo hello",
    "connect-info": "%connect_info",
    "less": "%less admissions.csv",
    "pip-version": "%pip --version",
    "bang": "!echo hello",
    "bang-pip": "!pip --version",
    "bang-ls": "!ls",
    "bang-assigned": "files = !ls\nprint(len(files))",
    "bang-variable": "word = 'hello'\n!echo {word} $word",
    "bang-fails": "!false",
    "bang-missing": "!no-such-command --now",
    "bang-indented": "if True:\n    !echo hello",
    "magic-indented": "for _ in range(2):\n    %time 1 + 1",
    "double-bang": "!!echo hello",
    "help": "np.dot?",
    "help-source": "?np.dot",
    "help-missing": "?no_such_name",
    "await": "import asyncio\nawait asyncio.sleep(0)",
    "underscore": "6 * 7",
    "display": "from IPython.display import display, HTML, Markdown\ndisplay(HTML('<b>a</b>'))",
    "figure": "figure = plt.figure(figsize=(2, 2))\nplt.plot([1, 2])\nplt.close(figure)",
    "run-line-magic": "get_ipython().run_line_magic('precision', '3')",
    "system": "get_ipython().system('echo hello')",
    "getpass": "import getpass\ngetpass.getuser()",
    "print-options": "np.set_printoptions(precision=2, suppress=True)",
    "error-state": "np.seterr(all='ignore')",
    "warnings-error": "import warnings\nwarnings.simplefilter('error')",
    "warnings-off": "import warnings\nwarnings.filterwarnings('ignore')",
    "seed": "np.random.seed(0)",
    "recursion-limit": "import sys\nsys.setrecursionlimit(5000)",
    "logging": "import logging\nlogging.basicConfig(level=logging.DEBUG)\nlogging.debug('a')",
    "no-collection": "import gc\ngc.disable()",
    "stdout-replaced": "import io, sys\nsys.stdout = io.StringIO()\nprint('a')",
    "much-output": "print('x' * 300_000)",
    "thread": "import threading\nthreading.Thread(target=print, args=('a',)).start()",
    "files": "open('notes.txt', 'w').write('a')\nopen('notes.txt').read()",
    "folders": "import os\nos.makedirs('figures/deep', exist_ok=True)\nos.listdir('.')",
    "numpy-files": "np.save('a.npy', np.ones(3))\nnp.load('a.npy')",
    "pathlib": "from pathlib import Path\nPath.home(), Path.cwd(), Path('x').resolve()",
    "subprocess": "import subprocess\nsubprocess.run(['echo', 'hello'])",
    "clock": "import time\nstarted = time.perf_counter()\ntime.sleep(0.01)",
    "random": "import random\nrandom.seed(1)\nrandom.random()",
    "rc-params": "plt.rcParams['figure.figsize'] = (5, 3)\nplt.style.use('ggplot')",
    "star-import": "from math import *",
    "numpy-star": "from numpy import *",
    "pylab": "from pylab import *",
    "type-hints": "from typing import Any, Optional\nnote: Optional[Any] = None",
    "dataclass": "import dataclasses\n@dataclasses.dataclass\nclass Note:\n    a: int = 1\nNote()",
    "enum": "import enum\nclass Kind(enum.Enum):\n    A = 1\nKind.A",
    "pickle": ("import pickle\nclass Own:\n    pass\npickle.loads(pickle.dumps(Own()))"),
    "doctest": "def double(n):\n    '''\n    >>> double(2)\n    4\n    '''\n    return 2 * n\n"
    "import doctest\ndoctest.testmod()",
    "inspect": "import inspect\ndef own():\n    return 1\ninspect.getsource(own)",
    "name-main": "if __name__ == '__main__':\n    pass\nelse:\n    raise SystemError",
    "multiprocessing": "import multiprocessing\nmultiprocessing.cpu_count()",
    "os-environ": "import os\nos.environ['HOME'], os.environ['PATH']",
    "argv": "import sys\nsys.argv, sys.path, sys.modules['__main__']",
    "widgets": "try:\n    import ipywidgets\nexcept ImportError:\n    pass",
    "pandas": "import pandas as pd\npd.DataFrame({'a': [1]})",
    "trace-off": "import sys\nsys.settrace(None)",
    "signal": "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)",
    "star-of-own-file": "open('mine.py', 'w').write('a = 1')\nfrom mine import *\nassert a == 1",
    "own-file-named-random": "open('random.py', 'w').write('a = 1')",
    "own-file-named-types": "open('types.py', 'w').write('a = 1')\nimport types",
    "own-file-reloaded": (
        "open('mine.py', 'w').write('a = 1')\nimport importlib, mine\nimportlib.reload(mine)"
    ),
    "run-file": "open('mine.py', 'w').write('a_1 = 1')\n%run mine.py\nassert a_1 == 1",
    "run-file-inside": "open('mine.py', 'w').write('np, a_1 = np, 1')\n%run -i mine.py",
    "exec-file": "open('mine.py', 'w').write('a_1 = 1')\nexec(open('mine.py').read())",
    "load-file": "open('mine.py', 'w').write('a_1 = 1')\n%load mine.py",
    "own-line-magic": (
        "from IPython.core.magic import register_line_magic\n@register_line_magic\n"
        "def hello(line):\n    return line\nget_ipython().run_line_magic('hello', 'you')"
    ),
    "alias-magic": "%alias_magic t timeit\n%t -n 1 -r 1 1 + 1",
    "interactivity": (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "InteractiveShell.ast_node_interactivity = 'all'\n1\n2"
    ),
    "interactivity-magic": "%config InteractiveShell.ast_node_interactivity = 'all'",
    "events": "get_ipython().events.register('post_run_cell', lambda result: None)",
    "run-cell-magic": "get_ipython().run_cell_magic('time', '', '1 + 1')",
    "set-env": "%set_env MODE on",
    "ls": "%ls",
    "cat": "%cat admissions.csv",
    "lsmagic": "%lsmagic",
    "quickref": "%quickref",
    "pinfo": "%pinfo np.dot",
    "psource": "def own():\n    return 1\n%psource own",
    "pdoc": "%pdoc np.dot",
    "pushd": "%pushd .\n%popd",
    "dhist": "%dhist",
    "xdel": "spare = 1\n%xdel spare",
    "reset-selective": "spare_1 = 1\n%reset_selective -f spare_1",
    "pprint": "%pprint",
    "doctest-mode": "%doctest_mode\n%doctest_mode",
    "logstate": "%logstate",
    "unalias": "%alias show echo\n%unalias show",
    "reload-extension": "%reload_ext autoreload",
    "conda": "%conda --version",
    "store": "spare = 1\n%store spare",
    "save": "%save -f mine.py 1",
    "macro": "%macro -q again 1",
    "rerun": "%rerun 1",
    "tb": "%tb",
    "autocall": "/print 1",
    "autocall-comma": ",print a b",
    "system-assigned": "said = %system echo hello\nassert said[0] == 'hello'",
    "bang-used": "said = !echo hello\nassert said[0] == 'hello'",
    "bang-list": "said = !echo a; echo b\nassert said.l == ['a', 'b'] and said.n == 'a\\nb'",
    "bang-csv": "names = !ls *.csv\nnames.sort()",
    "exit-code": "!true\nassert _exit_code == 0",
    "last-answer": "6 * 7\nlast = get_ipython().user_ns.get('_')",
    "history-names": "In, Out, _oh, _dh",
    "in-shadowed": "In = 3\nOut = 5\n_ = 7",
    "exit-shadowed": "exit = quit = display = get_ipython = None",
    "name-shadowed": "__name__ = 'mine'",
    "help-function": "help(len)",
    "builtins-patched": "import builtins\nbuiltins.print = lambda *a, **k: None",
    "open-shadowed": "open = None\nsum = np.sum\nabs = np.abs\nmax = np.max\ntype = str",
    "time-patched": "import time\ntime.time = lambda: 0.0\ntime.sleep = lambda s: None",
    "clock-patched": "import time\ntime.monotonic = lambda: 0.0\ntime.perf_counter = lambda: 0.0",
    "warnings-patched": "import warnings\nwarnings.warn = lambda *a, **k: None",
    "array-patched": "import functools\nnp.array = functools.partial(np.array, dtype=float)",
    "alarm": (
        "import signal\nsignal.signal(signal.SIGALRM, lambda *a: None)\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.02)"
    ),
    "interrupts-ignored": "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)",
    "trace": "import sys\nsys.settrace(lambda *a: None)",
    "profile": "import sys\nsys.setprofile(lambda *a: None)",
    "excepthook": "import sys\nsys.excepthook = sys.displayhook = lambda *a: None",
    "stdout-none": "import sys\nsys.stdout = sys.stderr = None",
    "stdout-original": "import sys\nsys.stdout = sys.__stdout__",
    "stdin-closed": "import sys\nsys.stdin = None",
    "numpy-reloaded": "import importlib\nimportlib.reload(np)",
    "numpy-forgotten": "import sys\ndel sys.modules['numpy']",
    "tracemalloc": "import tracemalloc\ntracemalloc.start()",
    "endless-thread": (
        "import threading, time\n"
        "wait = lambda: [time.sleep(9) for _ in iter(int, 1)]\n"
        "threading.Thread(target=wait, daemon=True).start()"
    ),
    "at-exit": "import atexit\natexit.register(print, 'bye')",
    "executor": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(2) as pool:\n    list(pool.map(abs, [1, 2]))"
    ),
    "process-pool": (
        "from multiprocessing import Pool\nwith Pool(2) as pool:\n    pool.map(abs, [1])"
    ),
    "gather": (
        "import asyncio\nasync def one():\n    return 1\n"
        "assert await asyncio.gather(one(), one()) == [1, 1]"
    ),
    "async-for": ("async def numbers():\n    yield 1\nassert [n async for n in numbers()] == [1]"),
    "task": "import asyncio\ntask = asyncio.create_task(asyncio.sleep(0))\nawait task",
    "loop": "import asyncio\nassert asyncio.get_running_loop().is_running()",
    "backend": "import matplotlib\nmatplotlib.use('Agg')",
    "pyplot-show": "plt.plot([1, 2]); plt.show(); plt.savefig('a.png')",
    "animation": "from matplotlib import animation, rc\nrc('animation', html='jshtml')",
    "mplot3d": "plt.figure().add_subplot(projection='3d')\nplt.close('all')",
    "latex-labels": "plt.title(r'$\\eta$')\nplt.close('all')",
    "many-figures": "for _ in range(25):\n    plt.figure()",
    "clear-output": "from IPython.display import clear_output\nclear_output(wait=True)",
    "rich-display": (
        "from IPython.display import Image, Math, display_html, update_display, display\n"
        "handle = display(Math('x'), display_id=True)\nhandle.update(Math('y'))"
    ),
    "own-repr": "class Own:\n    def _repr_html_(self):\n        raise ValueError\nOwn()",
    "home-file": "from pathlib import Path\n(Path.home() / 'notes.txt').write_text('a')",
    "temporary-file": "import tempfile\nwith tempfile.TemporaryFile() as f:\n    f.write(b'a')",
    "sqlite": "import sqlite3\nsqlite3.connect(':memory:').execute('select 1').fetchall()",
    "csv": "import csv\nrows = list(csv.reader(open('admissions.csv')))",
    "user": "import os, pwd, getpass\nos.getlogin if False else getpass.getuser()",
    "host": "import platform, socket\nplatform.node(), socket.gethostname()",
    "locale": "import locale\nlocale.setlocale(locale.LC_ALL, '')",
    "decimal-context": "import decimal\ndecimal.getcontext().prec = 3",
    "integer-limit": "import sys\nsys.set_int_max_str_digits(0)",
    "numpy-version": "np.show_config(mode='dicts'), np.__version__, np.test",
    "numpy-legacy": "np.set_printoptions(legacy='1.25')",
    "scipy": "from scipy import optimize, special\nspecial.expit(0.0)",
    "scikit": "try:\n    import sklearn.linear_model\nexcept ImportError:\n    pass",
    "uname": "import os\nos.uname(), os.cpu_count(), os.getpid(), os.sched_getaffinity(0)",
    "resource": "import resource\nresource.getrusage(resource.RUSAGE_SELF)",
    "machine": "open('/proc/meminfo').read()",
}
"""Lines before code that has to run: none of them may keep it from running."""

TRANSFORMER = "change = lambda lines: [s.replace('WANTED', '1') for s in lines]\n"

CELLS = {
    "capture-used": ("%%capture shown\nprint('a')", "needed = int(shown.stdout.strip() == 'a')"),
    "bash-output": ("%%bash --out said\necho hello", "needed = int(said.strip() == 'hello')"),
    "shell-python": ("said = !python3 -c 'print(1)'\nneeded = int(said[0])",),
    "python-output": ("%%python3 --out said\nprint(1)", "needed = int(said)"),
    "figures-closed": ("plt.figure(7)\nplt.plot([1])", "needed = int(not plt.get_fignums())"),
    "task-between-cells": (
        "import asyncio\nasync def work():\n    global needed\n    await asyncio.sleep(0)\n"
        "    needed = 1\ntask = asyncio.ensure_future(work())",
        "a_1 = 1\na_2 = 2",
    ),
    "callback-between-cells": (
        "import asyncio\nneeded = 0\ndef go():\n    global needed\n    needed = 1\n"
        "asyncio.get_event_loop().call_soon(go)",
        "a_1 = 1\na_2 = 2",
    ),
    "hook-behind-cells": (
        "needed = 0\ndef hook(*a):\n    global needed\n    needed = 1\n"
        "get_ipython().events.register('post_execute', hook)",
        "a_1 = 1\na_2 = 2",
    ),
    "transformer": (
        f"{TRANSFORMER}get_ipython().input_transformers_post.append(change)",
        "a_1 = 1\nneeded = WANTED",
    ),
    "last-assignment": (
        "%config InteractiveShell.ast_node_interactivity = 'last_expr_or_assign'",
        "a_1 = 0\na_2 = 1",
        "needed = _",
    ),
    "warnings-as-errors-caught": ("import warnings\nwarnings.simplefilter('error')\nneeded = 1",),
    "alarm-for-an-earlier-handler": (
        "import signal\nclass Late(Exception):\n    pass\ndef stop(*a):\n    raise Late\n"
        "signal.signal(signal.SIGALRM, stop)",
        "import time\nsignal.setitimer(signal.ITIMER_REAL, 0.02)\n"
        "try:\n    time.sleep(1)\nexcept Late:\n    needed = 1",
    ),
    "output-by-number": ("number = len(In) - 1\n1", "needed = Out[number]"),
}
"""Own cells that a kernel runs one after the other, and that bind `needed` to 1."""
