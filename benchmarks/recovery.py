"""How long a hub's services are away: each killed, then the hub ended. Root on Debian or Ubuntu.

    python -m benchmarks.recovery [--rounds 3]

Starts the hub of `make hub`, kills its grading service and its formgrader by SIGKILL, and takes the
time until each answers again; then ends the hub by SIGTERM and takes the time until it is gone.
Prints the median and the range of each in seconds.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import psutil
import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "deploy" / "hub"))

from hub_trial import COURSE, Trial

ASSIGNMENT = "multilayer_perceptrons"
SERVICES = {"grading service": "autograder serve", "formgrader": "jupyterhub-singleuser"}
"""What is killed, with words of its command line."""
CALM_S = 8.0
"""Between two kills, so that none counts as one that keeps dying."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often each is killed")
    rounds = parser.parse_args().rounds
    with Trial([ASSIGNMENT], quiet=True) as trial:
        trial.start()
        ready = {
            "grading service": lambda: "workers" in asked(trial.service("grading", "healthz")),
            "formgrader": lambda: "version" in asked(trial.service(COURSE, "api")),
        }
        for name, words in SERVICES.items():
            seconds_until(ready[name])
            tell(f"{name} killed, until it answers", [
                away(trial, words, ready[name]) for _ in range(rounds)
            ])  # fmt: skip
        ends = []
        for _ in range(rounds):
            began = time.monotonic()
            trial.stop()
            ends.append(time.monotonic() - began)
            trial.start()
        tell("hub ended, until all is gone", ends)


def asked(address: str) -> str:
    """What an address answers; nothing where nobody does."""
    try:
        return requests.get(address, timeout=60).text
    except requests.RequestException:
        return ""


def away(trial: Trial, words: str, ready: Callable[[], bool]) -> float:
    """Kill the process of the hub with these words; seconds until it is ready again."""
    time.sleep(CALM_S)
    running = psutil.Process(trial.pid).children()
    [found] = [one for one in running if words in " ".join(one.cmdline())]
    found.send_signal(signal.SIGKILL)
    found.wait(30)
    return seconds_until(ready)


def seconds_until(ready: Callable[[], bool]) -> float:
    """Ask again and again; seconds until it holds."""
    began = time.monotonic()
    while not ready():
        time.sleep(0.05)
    return time.monotonic() - began


def tell(what: str, seconds: list[float]) -> None:
    """One line: the median and the range."""
    print(f"{what}: {median(seconds):.1f} s ({min(seconds):.1f} to {max(seconds):.1f})", flush=True)


if __name__ == "__main__":
    main()
