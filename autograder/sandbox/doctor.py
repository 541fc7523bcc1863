"""Tests which tier of isolation holds on this machine.

Two canaries run in a fork of the tier: an honest one, whose work must succeed, and a hostile one,
which tries what a hostile submission would: to read the course, to write outside its folder, to
open a socket, to signal and trace others, to make namespaces. A tier holds when everything honest
succeeds and everything hostile fails. The canaries run again at the start of every batch.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from autograder.errors import JailError, NoJail
from autograder.limits import Limits
from autograder.sandbox.beneath import reading_way
from autograder.sandbox.inside import jail, policy
from autograder.sandbox.inside.policy import Tier
from autograder.sandbox.inside.wire import WireError
from autograder.sandbox.places import exposures, named
from autograder.sandbox.supervisor import Jail
from autograder.sandbox.surroundings import gather, remarks

CANARY_S = 20.0
"""Seconds that a canary may take."""

WORKS = {
    "numpy": "import numpy\nassert numpy.dot([1.0, 2.0], [3.0, 4.0]) == 11",
    "own folder": "open('mine.txt', 'w').write('x')\nassert open('mine.txt').read() == 'x'",
    "threads": "import threading\nt = threading.Thread(target=int)\nt.start()\nt.join()",
}
"""Plain work that must succeed in a tier that holds."""

TRIES = {
    "reading other files": "open({secret!r}).read()",
    "writing outside": "open({outside!r}, 'w')",
    "reading accounts": "open('/etc/shadow').read()",
    "network": "import socket\nsocket.create_connection(('127.0.0.1', 9), 1)",
    "listening": "import socket\nsocket.socket().bind(('127.0.0.1', 0))",
    "signals to others": "import os\nos.kill({pid}, 0)",
    "tracing others": (
        "import ctypes\nif ctypes.CDLL(None).ptrace(0x4206, {pid}, 0, 0) != 0: raise OSError"
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
"""Attacks that must fail in a tier that holds; in curly braces, facts of this machine."""


_CANARY = """
def _runs(source):
    try:
        exec(source, {})
    except BaseException:
        return False
    return True
ran = {name: _runs(source) for name, source in SOURCES.items()}
"""


_REMEDY = (
    ", which students' code can read, so nothing is graded: move it to a folder of its own "
    "(/srv/course, say), or unmount it there"
)


@dataclass(frozen=True)
class Finding:
    """The result of testing one tier."""

    tier: Tier
    holds: bool
    layers: dict[str, bool]
    """By name of the attempt: whether an attack failed, or plain work succeeded."""
    reason: str = ""
    grouped: bool = False
    """Whether a control group bounds memory and processes of a submission together."""


def examine(tier: Tier, limits: Limits | None = None, *, private: Sequence[str] = ()) -> Finding:
    """Start a tier's sandbox and run the canaries in it; one that isolates nothing cannot hold.

    A tier does not hold either if a submission could read one of the `private` places in it.
    """
    if not tier.isolates:
        return Finding(tier, False, {}, "no isolation at all")
    try:
        require_privacy(private)
        with Jail(limits or Limits(), tier) as there:
            require_privacy(private, there.shown)
            return run_canaries(there)
    except JailError as error:
        return Finding(tier, False, {}, str(error))


def run_canaries(there: Jail) -> Finding:
    """Run the honest and the hostile canary, each in a fork of its own.

    Raises:
        JailError: a fork could not be made.
    """
    worked = _run_canary(there, WORKS)
    # The secret is not one of our own files: installed among Python's packages, those are readable
    # in the sandbox. Every account may read it, so that only the sandbox can make reading fail.
    with tempfile.NamedTemporaryFile(prefix="autograder-canary-") as secret:
        Path(secret.name).chmod(0o644)
        facts = {
            "secret": secret.name,
            "outside": "/var/tmp/autograder-canary",
            # In a pid namespace of its own, a submission is number 1 and does not see the grader.
            # Number 2 must not exist there.
            "pid": 2 if there.tier.has_processes else os.getpid(),
        }
        tried = _run_canary(there, {name: text.format(**facts) for name, text in TRIES.items()})
    layers = {name: worked.get(name) is True for name in WORKS}
    layers |= {name: tried.get(name) is False for name in TRIES}
    failed = [name for name, held in layers.items() if not held]
    reason = f"does not hold: {', '.join(failed)}" if failed else ""
    return Finding(there.tier, not failed, layers, reason, there.grouped)


def _run_canary(there: Jail, sources: dict[str, str]) -> dict[str, object]:
    """By name, whether each piece of code ran to its end in a fresh fork.

    Empty if the fork did not answer: then no piece counts as succeeded or as failed.
    """
    source = f"SOURCES = {sources!r}\n{_CANARY}"
    deadline = time.monotonic() + CANARY_S
    with there.fork() as inmate:
        try:
            inmate.channel.send({"op": "cell", "source": source, "label": "canary"})
            inmate.channel.receive(deadline=deadline)
            inmate.channel.send({"op": "value", "name": "ran"})
            ran = inmate.channel.receive(deadline=deadline).get("value")
        except WireError:
            return {}
    return ran if isinstance(ran, dict) else {}


def require_canaries(there: Jail, private: Sequence[str] = ()) -> None:
    """Stop a batch before its first mark if a canary fails.

    Args:
        there: the sandbox that will be used.
        private: places that must not lie beneath anything that it shows.

    Raises:
        NoJail: an attack succeeds, plain work fails, or a private place is shown.
    """
    if not there.tier.isolates:
        return
    require_privacy(private, there.shown)
    finding = run_canaries(there)
    if not finding.holds:
        raise NoJail(f"a canary failed, so nothing is graded: {there.tier} {finding.reason}")


def require_reading() -> None:
    """Stop if submissions cannot be opened here without following links.

    Raises:
        NoJail: neither way of opening them works here.
    """
    if not reading_way():
        raise NoJail(
            "submissions cannot be opened safely here: the system refuses openat2, and O_NOFOLLOW "
            "does not hold. Remedy: a Linux kernel of 5.6 or newer, or a container whose seccomp "
            "rules allow openat2."
        )


def require_privacy(private: Sequence[str], shown: Sequence[str] | None = None) -> None:
    """Refuse to grade if students' code could read a private place.

    Args:
        private: places that no submission may read.
        shown: what a sandbox shows; by default what any sandbox would, before one is started.

    Raises:
        NoJail: the text names the place, what shows it, and the remedy.
    """
    found = exposures(private, named() if shown is None else shown)
    if found:
        raise NoJail("; ".join(f"{one}{_REMEDY}" for one in found))


class Attempt:
    """One tier to try, as a context manager; if the tier does not hold, `each_tier` goes on."""

    def __init__(self, tier: Tier) -> None:
        self.tier = tier
        self.refusal: NoJail | None = None
        """Why the tier does not hold, once the block has found out."""

    def __enter__(self) -> Tier:
        return self.tier

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        # Swallow NoJail, and only that: the loop over `each_tier` then gets the next tier.
        self.refusal = error if isinstance(error, NoJail) else None
        return self.refusal is not None


def each_tier(require: str) -> Iterator[Attempt]:
    """The admitted tiers, strongest first, until the block has done its work in one of them.

        for attempt in each_tier("reduced"):
            with attempt as tier:
                …                           # starts a sandbox of this tier, or raises NoJail

    Code that starts a sandbox runs its canaries, so it finds out at once if a tier does not hold.

    Args:
        require: the name of the weakest tier that is admitted.

    Raises:
        NoJail: none of the admitted tiers holds here; the text says why and what to do.
    """
    require_reading()
    reasons = []
    for tier in _admitted(require):
        attempt = Attempt(tier)
        yield attempt
        # Here the caller's block has ended: without a refusal, its work is done.
        if attempt.refusal is None:
            return
        reasons.append(f"{tier}: {attempt.refusal}")
    kind = "no sandbox" if require == policy.SANDBOXES[-1].name else f"no sandbox of tier {require}"
    raise NoJail(
        f"{kind} holds on this machine, so students' code is not run.\n  "
        + "\n  ".join(reasons)
        + "\n  Remedy: apt-get install bubblewrap, and allow unprivileged user namespaces; "
        "`autograder doctor` tells more."
    )


def _admitted(require: str) -> list[Tier]:
    """The tiers that are at least as strong as the named one, strongest first."""
    names = list(policy.TIERS)
    return [policy.TIERS[name] for name in names[: names.index(require) + 1]]


def strongest(
    require: str = policy.REDUCED.name,
    limits: Limits | None = None,
    *,
    private: Sequence[str] = (),
) -> Tier:
    """The strongest tier that holds here.

    Args:
        require: the name of the weakest tier that is admitted.
        limits: what a submission may use.
        private: places that must not lie beneath anything that the sandbox shows.

    Raises:
        NoJail: none of the tiers that `require` admits holds, or a private place is shown.
    """
    require_privacy(private)
    for attempt in each_tier(require):
        with attempt as tier:
            finding = examine(tier, limits, private=private)
            if not finding.holds:
                raise NoJail(finding.reason)
    return tier


def describe(private: Sequence[str] = ()) -> dict[str, object]:
    """The findings for every tier, and the tier that would be used, as plain data.

    Args:
        private: places that must not lie beneath anything that a sandbox shows.
    """
    tried = [examine(tier, private=private) for tier in policy.SANDBOXES]
    findings = {finding.tier.name: finding for finding in tried}
    holding = [name for name, finding in findings.items() if finding.holds]
    return {
        "reading": reading_way(),
        "tier": holding[0] if holding else policy.NONE.name,
        "machine": jail.machine(),
        "landlock": jail.landlock_abi(),
        "layers": {name: finding.layers for name, finding in findings.items()},
        "control_group": {name: finding.grouped for name, finding in findings.items()},
        "remarks": [asdict(remark) for remark in remarks(gather())],
        "reasons": {name: finding.reason for name, finding in findings.items() if finding.reason},
    }
