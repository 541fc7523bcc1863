"""Honest work runs inside the sandbox, in both tiers; work that only *full* allows fails clearly.

Each piece of work is one cell, run by the worker itself in a fork of a real sandbox.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from autograder.errors import NoJail
from autograder.limits import Limits
from autograder.sandbox.inside import policy
from autograder.sandbox.supervisor import Jail

CELL_S = 40.0
"""Generous: pandas and SciPy are not preloaded, and the machine may be busy."""

BOTH = {
    "numpy": """
import numpy as np
a = np.random.default_rng(1).normal(size=(60, 60))
assert np.allclose(a @ np.linalg.inv(a), np.eye(60), atol=1e-6)
assert np.fft.fft(np.ones(8))[0] == 8
""",
    "numpy-files": """
import numpy as np
np.save("a.npy", np.arange(5)); np.savetxt("a.csv", np.eye(2))
assert np.load("a.npy").sum() == 10 and np.loadtxt("a.csv").shape == (2, 2)
""",
    "pandas": """
import pandas as pd
frame = pd.DataFrame({"a": [1, 2, 3], "b": list("xyx")})
frame.to_csv("f.csv", index=False)
assert pd.read_csv("f.csv").groupby("b")["a"].sum()["x"] == 4
""",
    "matplotlib-inline": """
%matplotlib inline
import matplotlib.pyplot as plt
figure, axes = plt.subplots()
axes.plot([1, 2, 3]); axes.set_title("a title")
figure.savefig("f.png"); plt.show(); plt.close("all")
assert open("f.png", "rb").read(4) == b"\\x89PNG"
""",
    "scipy": """
from scipy import optimize, stats
assert abs(optimize.brentq(lambda x: x * x - 2, 0, 2) - 2**0.5) < 1e-9
assert abs(stats.norm.cdf(0) - 0.5) < 1e-12
""",
    "threads": """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(8) as pool:
    assert sum(pool.map(lambda n: n * n, range(100))) == 328350
""",
    "tempfile": """
import os, pathlib, shutil, tempfile
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "deep" / "file.txt"
    path.parent.mkdir(); path.write_text("x"); path.rename(path.with_name("g"))
    shutil.copy(path.with_name("g"), path); os.chmod(path, 0o600)
with tempfile.NamedTemporaryFile("w+") as file:
    file.write("y"); file.seek(0); assert file.read() == "y"
""",
    "sqlite": """
import sqlite3
with sqlite3.connect("notes.db") as book:
    book.execute("create table t (x)"); book.executemany("insert into t values (?)", [(1,), (2,)])
assert sqlite3.connect("notes.db").execute("select sum(x) from t").fetchone() == (3,)
""",
    "asyncio": """
import asyncio
async def double(n):
    await asyncio.sleep(0.01)
    return 2 * n
async def both(): return await asyncio.gather(double(1), double(2))
assert asyncio.run(both()) == [2, 4]
""",
    "await-at-top": """
import asyncio
await asyncio.sleep(0.01)
""",
    "time-magics": """
%time x = sum(range(1000))
%timeit -n 2 -r 2 sum(range(10))
assert x == 499500
""",
    "cell-time-magic": """%%time
y = sum(range(10))
assert y == 45
""",
    "print-and-display": """
from IPython.display import HTML, display
print("hello", flush=True); display(HTML("<b>x</b>"))
""",
    "recursion-and-memory": """
def depth(n): return 0 if n == 0 else 1 + depth(n - 1)
assert depth(800) == 800 and len(bytearray(200 << 20)) == 200 << 20
""",
    "standard-library": """
import datetime, decimal, json, locale, pickle, platform, random, re, statistics, uuid, zlib
assert pickle.loads(pickle.dumps({"a": 1})) == {"a": 1} and random.random() != random.random()
assert platform.system() == "Linux" and uuid.uuid4() != uuid.uuid4()
assert datetime.datetime.now().year > 2000
""",
    "scipy-more": """
from scipy import interpolate, linalg, special
assert abs(linalg.det([[1.0, 2.0], [3.0, 4.0]]) + 2) < 1e-12 and special.gamma(5) == 24
assert abs(interpolate.CubicSpline([0, 1, 2], [0, 1, 4])(1.5) - 2.25) < 0.5
""",
    "time-zones": """
import datetime, zoneinfo
noon = datetime.datetime(2024, 7, 1, 12, tzinfo=zoneinfo.ZoneInfo("Europe/Vienna"))
assert noon.utcoffset() == datetime.timedelta(hours=2)
""",
    "locale": """
import locale
assert locale.setlocale(locale.LC_ALL, "C.UTF-8") and locale.getpreferredencoding() == "UTF-8"
""",
    "fonts": """
import matplotlib.pyplot as plt
from matplotlib import font_manager
figure, axes = plt.subplots()
axes.set_title(r"Size $\\alpha^2$", fontfamily="serif")
axes.text(0, 0, "x", fontfamily="monospace")
figure.savefig("f.pdf"); figure.savefig("f.svg"); figure.savefig("f.png")
assert font_manager.findfont("DejaVu Sans").endswith(".ttf")
""",
    "pandas-times": """
import pandas as pd
times = pd.date_range("2024-01-01", periods=3, tz="Europe/Berlin")
assert str(times[0].tz_convert("UTC")) == "2023-12-31 23:00:00+00:00"
""",
    "ctypes": """
import ctypes, os
assert ctypes.CDLL("libm.so.6") is not None and ctypes.CDLL(None).getpid() == os.getpid()
""",
    "packages-and-their-files": """
import importlib.metadata, importlib.resources, inspect, json
assert importlib.metadata.version("numpy") and inspect.getsource(json.dumps)
assert importlib.resources.files("matplotlib").joinpath("mpl-data").is_dir()
""",
    "signals-to-itself": """
import signal
signal.signal(signal.SIGALRM, lambda *a: None)
signal.setitimer(signal.ITIMER_REAL, 0.01); signal.pause()
""",
}

FULL_ONLY = {
    "usual-programs": """
import subprocess
subprocess.run(["bash", "-ec", r'''
printf 'b\\na\\n' | sort | head -1 | grep -q a
seq 3 | awk '{ s += $1 } END { exit s != 6 }'
echo x | sed s/x/y/ | tr y z | cut -c1 | xargs echo > out; tar cf out.tar out; gzip out.tar
ls -l out.tar.gz; find . -name out | wc -l; date; env > /dev/null; sleep 0; test -d /usr/bin
'''], check=True)
""",
    "subprocess": """
import subprocess, sys
said = subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, check=True)
assert said.stdout == b"42\\n"
""",
    "multiprocessing": """
import multiprocessing
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map(abs, [-1, -2, -3]) == [1, 2, 3]
""",
}

SHELL = {
    "bash": "%%bash\necho hello > from-bash\ntest -s from-bash",
    "bang": "files = !echo hello\nassert isinstance(files, list)",
    "line": "!echo hello > from-shell\nx = 1",
}
"""Shell lines: run in *full*, left out without an exception in *reduced*."""


@pytest.fixture(scope="module", params=policy.SANDBOXES, ids=str)
def there(request: pytest.FixtureRequest) -> Iterator[Jail]:
    """A jail of each tier that holds here."""
    try:
        jail = Jail(Limits(cell_wall_s=CELL_S, memory_mib=1024), request.param)
    except NoJail as reason:
        pytest.skip(f"{request.param} does not hold here: {reason}")
    with jail:
        yield jail


def run(jail: Jail, source: str) -> dict[str, Any]:
    """The worker's reply to one cell in a fresh fork."""
    with jail.fork() as inmate:
        inmate.channel.send({"op": "cell", "source": source, "label": "honest"})
        reply = inmate.channel.receive(deadline=time.monotonic() + CELL_S)
    assert isinstance(reply, dict)
    return reply


@pytest.mark.parametrize("work", BOTH)
def test_works_in_both_tiers(work: str, there: Jail) -> None:
    """The cell runs to its end."""
    assert run(there, BOTH[work]) == {"done": True}


@pytest.mark.parametrize("work", FULL_ONLY)
def test_processes_in_full_only(work: str, there: Jail) -> None:
    """Processes of one's own run in *full*; in *reduced* they raise, at once and by name."""
    began = time.monotonic()
    reply = run(there, FULL_ONLY[work])
    if there.tier == policy.FULL:
        assert reply == {"done": True}
    else:
        assert reply.get("raised") in ("PermissionError", "OSError", "BlockingIOError"), reply
        assert time.monotonic() - began < 15


@pytest.mark.parametrize("work", SHELL)
def test_shell_lines_end_no_cell(work: str, there: Jail) -> None:
    """A shell line is run, or left out in *reduced*; the cell goes on either way."""
    softened = {} if there.tier == policy.FULL else {"softened": ["shell"]}
    assert run(there, SHELL[work]) == {"done": True, **softened}


def test_witness_of_the_jail_itself(there: Jail) -> None:
    """A cell that fails is told as failed, so the tests above can fail."""
    reply = run(there, "assert 1 == 2, 'as it should'")
    assert (reply["raised"], reply["text"]) == ("AssertionError", "as it should")
