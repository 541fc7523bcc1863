"""Which tier of isolation holds on this machine, found by trying.

A fork in each tier tries what a hostile submission would: to read the course, to write outside its
folder, to open a socket, to signal and trace others, to make namespaces. A tier holds when it
starts and every one of these fails while plain work succeeds.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import AutograderError, NoJail
from autograder.limits import Limits
from autograder.sandbox import jail, policy
from autograder.sandbox.supervisor import Jail

WORKS = {
    "numpy": "import numpy\nassert numpy.dot([1.0, 2.0], [3.0, 4.0]) == 11",
    "own folder": "open('mine.txt', 'w').write('x')\nassert open('mine.txt').read() == 'x'",
    "threads": "import threading\nt = threading.Thread(target=int)\nt.start()\nt.join()",
}
"""Plain work that must succeed in a tier that holds."""

_TRIES = {
    "reading other files": "open({secret!r}).read()",
    "writing outside": "open({outside!r}, 'w')",
    "reading accounts": "open('/etc/shadow').read()",
    "network": "import socket\nsocket.create_connection(('127.0.0.1', 9), 1)",
    "listening": "import socket\nsocket.socket().bind(('127.0.0.1', 0))",
    "signals to others": "import os\nos.kill({pid}, 0)",
    "tracing others": (
        "import ctypes\nif ctypes.CDLL(None).ptrace(16, {pid}, 0, 0) != 0: raise OSError"
    ),
    "new namespaces": (
        "import ctypes\nif ctypes.CDLL(None).unshare(0x10000000) != 0: raise OSError"
    ),
    "mounting": (
        "import ctypes\n"
        "if ctypes.CDLL(None).mount(b'tmpfs', b'/tmp', b'tmpfs', 0, None) != 0: raise OSError"
    ),
    "descriptors": "import os\n[os.fstat(n) for n in range(4, 64)]",
}
"""What must fail in a tier that holds; in curly braces what only this machine knows."""


@dataclass(frozen=True)
class Finding:
    """What trying one tier gave."""

    tier: str
    holds: bool
    layers: dict[str, bool]
    """By attempt: True when it was held off (or, for plain work, when it succeeded)."""
    reason: str = ""


def examine(tier: str, limits: Limits | None = None) -> Finding:
    """Try one tier."""
    try:
        with Jail(limits or Limits(), tier) as there:
            return _examine_started(there, tier)
    except AutograderError as error:
        return Finding(tier, False, {}, str(error))


def _examine_started(there: Jail, tier: str) -> Finding:
    secret = str(Path(__file__).resolve())
    facts = {"secret": secret, "outside": "/var/tmp/autograder-was-here", "pid": _own_pid()}
    layers = {name: _runs(there, source) for name, source in WORKS.items()}
    for name, source in _TRIES.items():
        layers[name] = not _runs(there, source.format(**facts))
    if tier == policy.FULL:
        # Inside the wall our own modules are to be seen, and a number of ours means nothing.
        layers["signals to others"] = not _runs(there, "import os\nos.kill(2, 0)")
    failed = [name for name, held in layers.items() if not held]
    return Finding(
        tier, not failed, layers, f"does not hold: {', '.join(failed)}" if failed else ""
    )


def _own_pid() -> int:
    import os

    return os.getpid()


def _runs(there: Jail, source: str) -> bool:
    """Whether a piece of code runs to its end in a fresh fork."""
    with there.fork() as inmate:
        inmate.channel.send({"op": "cell", "source": source, "label": "trial"})
        reply = inmate.channel.receive(deadline=time.monotonic() + 20)
    return isinstance(reply, dict) and "done" in reply


def strongest(require: str = policy.REDUCED, limits: Limits | None = None) -> str:
    """The strongest tier that holds here.

    Raises:
        NoJail: none of the tiers that `require` admits holds; the text says why and what to do.
    """
    reasons = []
    for tier in (policy.FULL, policy.REDUCED):
        finding = examine(tier, limits)
        if finding.holds:
            return tier
        reasons.append(f"{tier}: {finding.reason}")
        if tier == require:
            break
    raise NoJail(
        "no jail holds on this machine, so students' code is not run.\n  "
        + "\n  ".join(reasons)
        + "\n  Remedy: apt-get install bubblewrap, and allow unprivileged user namespaces; "
        "`autograder doctor` tells more."
    )


def describe() -> dict[str, object]:
    """Every tier's findings, and the one that would be used, as plain data."""
    findings = {tier: examine(tier) for tier in (policy.FULL, policy.REDUCED)}
    holding = [tier for tier, finding in findings.items() if finding.holds]
    return {
        "tier": holding[0] if holding else policy.NONE,
        "machine": jail.machine(),
        "landlock": jail.landlock_abi(),
        "layers": {tier: finding.layers for tier, finding in findings.items()},
        "reasons": {tier: finding.reason for tier, finding in findings.items() if finding.reason},
    }
