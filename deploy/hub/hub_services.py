"""Makes the hub restart dead services at once, and end live ones at once.

By itself JupyterHub checks a service every 30 s, and ends it by SIGINT, which Jupyter's own servers
may ignore, half a minute before it tries SIGTERM. Neither can be configured, so `keep_promptly`
replaces JupyterHub's spawner by one with other times.

A service's door is the socket on which it listens. The hub opens it, keeps it, and hands it to the
service as standard input. So a request during a restart waits a moment in place of failing, and no
other account of this machine can take the port meanwhile.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from contextlib import suppress

from jupyterhub.services import service as hub_services
from traitlets import Float, default

POLL_S, CALM_POLL_S = 0.2, 15.0
"""Seconds between two checks of a service; the second number is for one that keeps dying."""
OFTEN, WITHIN_S = 5, 60.0
"""A service with this many starts within this time keeps dying."""
BACKLOG = 1024
"""Most connections that may wait at a door."""
END_S = 3
"""Seconds that services have to end after SIGTERM; then they are killed."""
LOOK_S = 0.05
"""Seconds between two checks whether they have ended."""


def keep_promptly(doors: Mapping[str, int]) -> None:
    """Make the hub check its services all the time, and end them by SIGTERM.

    Args:
        doors: by service, ports of 127.0.0.1, for those that take their socket from standard input.
    """
    starts: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=OFTEN))
    opened: dict[str, socket.socket] = {}
    running: dict[str, PromptSpawner] = {}
    ends: list[float] = []

    class PromptSpawner(hub_services._ServiceSpawner):  # type: ignore[misc]
        poll_interval = Float(POLL_S)

        @default("poll_interval")  # type: ignore[untyped-decorator]
        def _look_seldom_after_one_that_keeps_dying(self) -> float:
            latest = starts[self._service_name]
            latest.append(time.monotonic())
            often = len(latest) == OFTEN and latest[-1] - latest[0] < WITHIN_S
            return CALM_POLL_S if often else POLL_S

        def start(self) -> None:
            """Start the process; before the first start, open its door."""
            name = self._service_name
            if name in doors and name not in opened:
                opened[name] = socket.create_server(("127.0.0.1", doors[name]), backlog=BACKLOG)
            super().start()
            running[name] = self

        def make_preexec_fn(self, name: str) -> Callable[[], None]:
            """What the new process does first: take the door, then change to its account."""
            become = super().make_preexec_fn(name)
            door = opened.get(self._service_name)

            def prepare() -> None:
                if door is not None:
                    os.dup2(door.fileno(), 0)
                if become is not None:
                    become()

            return prepare

        async def stop(self, now: bool = False) -> None:
            """End the service: SIGTERM, and SIGKILL if that does not help.

            The hub ends one service after the other, and only when it ends itself. So the first
            call ends all of them, and all have the same time.
            """
            if self in running.values():
                ends.append(time.monotonic() + END_S)
                for one in running.values():
                    one.ask_to_end()
                running.clear()
            while await self.poll() is None and time.monotonic() < ends[-1]:
                await asyncio.sleep(LOOK_S)
            if await self.poll() is None:
                await self._signal(signal.SIGKILL)
                await self.wait_for_death(self.kill_timeout)

        def ask_to_end(self) -> None:
            """Send SIGTERM, and do not start the service again."""
            self.stop_polling()
            if self.pid:  # 0: it is dead already, and the signal would go to the hub's group.
                with suppress(ProcessLookupError):
                    os.kill(self.pid, signal.SIGTERM)

    hub_services._ServiceSpawner = PromptSpawner
