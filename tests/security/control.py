"""Shows which attacks succeed when the layers are taken off: the zero elsewhere is not vacuous.

    python -m tests.security.control          a table: what succeeds in none, reduced and full
    python -m tests.security.control --json

Only a contained subset runs without a jail: no bombs, nothing that hangs, and writes only below a
temporary folder that this program makes and removes. A process that an attack leaves behind ends
by itself after a few seconds. Exit code 1 when something succeeds in a jail, or nothing outside.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from autograder.errors import NoJail
from autograder.limits import Limits
from autograder.sandbox.inside import policy
from autograder.sandbox.inside.wire import WireError
from autograder.sandbox.supervisor import Jail
from tests.security.classes import Heard, listener

GENTLE = Limits(cell_wall_s=10, memory_mib=512, processes=64, file_mib=16, cpu_s=10)
TRIALS = {
    "L reads a course file": "assert open('@COURSE@/gradebook.db').read() == 'marks'",
    "L lists the course": "import os\nassert os.listdir('@COURSE@')",
    "L reads the accounts": "assert open('/etc/passwd').read()",
    "L sees other processes": "import os\nassert os.path.exists('/proc/@PID@/status')\n"
    "assert open('/proc/@PID@/cmdline', 'rb').read()",
    "W changes a course file": "open('@COURSE@/gradebook.db', 'a').close()\n"
    "open('@COURSE@/grades.csv', 'w').write('20')",
    "W changes a file's mode": "import os\nos.chmod('@COURSE@/gradebook.db', 0o666)\n"
    "if os.stat('@COURSE@/gradebook.db').st_mode & 0o777 != 0o666: raise OSError",
    "W leaves a file": "open('@OUTSIDE@/left', 'w').write('x')",
    "W plants a module": "import os\nos.makedirs('@OUTSIDE@/site-packages', exist_ok=True)\n"
    "open('@OUTSIDE@/site-packages/x.pth', 'w').write('import os')",
    "N connects": "import socket\nsocket.create_connection(('127.0.0.1', @PORT@), 2).close()",
    "N sends a datagram": "import socket\n"
    "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', @PORT@))",
    "N writes to a local socket": "import socket\n"
    "socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'x', '@UNIX@')",
    "N listens": "import socket\ns = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()",
    "P leaves a process": "import os, time\n"
    "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(1.5)\n"
    "        open('@OUTSIDE@/survived', 'w').close()\n    os._exit(0)",
    "B may signal the grader": "import os\nos.kill(@PID@, 0)",
    "B may limit the grader": "import resource\nresource.prlimit(@PID@, resource.RLIMIT_CORE)",
    "B may aim a descriptor": "import fcntl, os\nr, w = os.pipe()\nfcntl.fcntl(r, 8, @PID@)",
    "B may trace": "import ctypes\n"
    "assert ctypes.CDLL(None).ptrace(0x4206, @PID@, 0, 0) == 0\n"
    "ctypes.CDLL(None).ptrace(17, @PID@, 0, 0)",
}
"""By name: a cell that runs to its end when the attack succeeds."""
_NOT_OUTSIDE = ("B may trace",)
"""Would stop this very program when nothing forbids it."""
_SEEN = {
    "P leaves a process": "survived",
    "W leaves a file": "left",
    "W plants a module": "site-packages/x.pth",
}
"""Files that tell of success, where the cell itself cannot."""


def main() -> int:
    """Run the trials in every tier that starts here, and print what succeeded."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    as_json = parser.parse_args().json
    table = {name: succeeded(tier) for name, tier in reversed(policy.TIERS.items())}
    print(json.dumps(table) if as_json else as_text(table))
    jailed = [trial for tier in policy.SANDBOXES for trial in table[tier.name] or []]
    return 1 if jailed or not table[policy.NONE.name] else 0


def as_text(table: dict[str, list[str] | None]) -> str:
    """The table as a person reads it."""
    lines = [f"{'':30}" + "".join(f"{tier:>10}" for tier in table)]
    for name in TRIALS:
        cells = [
            "-" if got is None else "succeeds" if name in got else "fails" for got in table.values()
        ]
        lines.append(f"{name:30}" + "".join(f"{cell:>10}" for cell in cells))
    counts = ["-" if got is None else f"{len(got)} of {len(TRIALS)}" for got in table.values()]
    return "\n".join([*lines, f"{'succeeded':30}" + "".join(f"{count:>10}" for count in counts)])


def succeeded(tier: policy.Tier) -> list[str] | None:
    """Names of the trials that succeed in a tier; None where the tier does not start."""
    try:
        jail = Jail(GENTLE, tier)
    except NoJail:
        return None
    names = [name for name in TRIALS if tier.isolates or name not in _NOT_OUTSIDE]
    with jail:
        return [name for name in names if _succeeds(jail, name)]


def _succeeds(jail: Jail, name: str) -> bool:
    with _surroundings() as (words, outside, heard):
        source = TRIALS[name]
        for word, meaning in words.items():
            source = source.replace(word, meaning)
        done = _runs(jail, source)
        if name in _SEEN:
            time.sleep(2.5 if name.startswith("P") else 0)
            return (outside / _SEEN[name]).exists()
        if name.startswith("N") and "listens" not in name:
            time.sleep(0.3)
            return heard.count > 0
        return done


def _runs(jail: Jail, source: str) -> bool:
    with jail.fork() as inmate:
        inmate.channel.send({"op": "cell", "source": source, "label": "control"})
        try:
            reply = inmate.channel.receive(deadline=time.monotonic() + 10)
        except WireError:
            return False
    return isinstance(reply, dict) and "done" in reply


@contextlib.contextmanager
def _surroundings() -> Iterator[tuple[dict[str, str], Path, Heard]]:
    """A course, a place outside and a listener, all in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="control-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        course, outside = folder / "course", folder / "outside"
        course.mkdir()
        outside.mkdir()
        outside.chmod(0o777)
        (course / "gradebook.db").write_text("marks")
        with listener(folder) as heard:
            words = {
                "@COURSE@": str(course),
                "@OUTSIDE@": str(outside),
                "@PORT@": str(heard.port),
                "@UNIX@": str(heard.path),
                "@PID@": str(os.getpid()),
            }
            yield words, outside, heard


if __name__ == "__main__":
    sys.exit(main())
