"""How the warm process is started: its account, its environment and its settings."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from autograder.limits import Limits
from autograder.sandbox.inside import jail, policy
from autograder.sandbox.inside.policy import Tier


def spare_uid() -> int:
    """A spare account for students' code that runs nothing now; any of them if all are in use."""
    taken = jail.tasks_by_account()
    first = os.getpid() % len(policy.SPARE_UIDS)
    order: list[int] = [*policy.SPARE_UIDS[first:], *policy.SPARE_UIDS[:first]]
    for uid in order:
        if uid not in taken:
            return uid
    return order[0]


def environment(tier: Tier, scratch: Path) -> dict[str, str]:
    """The whole environment of the warm process, and so of every submission.

    Args:
        tier: of the sandbox.
        scratch: a folder for files that libraries write, in tiers without folders in memory.
    """
    kept = {name: os.environ[name] for name in policy.ENVIRONMENT_FROM_HOST if name in os.environ}
    inside = {**policy.ENVIRONMENT, **kept}
    if not tier.own_folders:
        inside["TMPDIR"] = inside["HOME"] = str(scratch)
        inside["MPLCONFIGDIR"] = str(scratch / "matplotlib")
        inside["IPYTHONDIR"] = str(scratch / "ipython")
    return inside


def settings(
    tier: Tier,
    limits: Limits,
    uid: int | None,
    readable: Sequence[str],
) -> bytes:
    """The first packet to a keeper: everything that it needs to know.

    Args:
        tier: of the sandbox.
        limits: what each submission may use.
        uid: the account that students' code runs as; None: the grader's own.
        readable: folders and files that may be read and executed.
    """
    bpf = jail.compile_filter(tier) if tier.isolates else b""
    return json.dumps(
        {
            "uid": uid,
            "frame_bytes": int(limits.answer_mib) << 20,
            "elements": int(limits.answer_elements),
            "confinement": {
                "tier": asdict(tier),
                "home": policy.HOME,
                "readable": list(readable),
                "bpf": base64.b64encode(bpf).decode(),
                "memory_mib": int(limits.memory_mib),
                "processes": int(limits.processes),
                "file_mib": int(limits.file_mib),
                "files": int(limits.files),
                "open_files": int(limits.open_files),
                "cpu_s": int(limits.cpu_s),
            },
        }
    ).encode()
