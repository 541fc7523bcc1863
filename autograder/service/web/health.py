"""Pages for programs that watch this service: its health as JSON, its numbers for Prometheus."""

from __future__ import annotations

from http import HTTPStatus

from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from autograder.service.web.access import Anonymous, Metrics


class MetricsFile(Metrics):
    """GET metrics: the numbers in Prometheus' text form."""

    async def get(self) -> None:
        text = await self.read(generate_latest, self.context.registry)
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.finish(text)


class Live(Anonymous):
    """GET livez: 200 as long as this process answers; else its container is to be restarted."""

    program = True

    def get(self) -> None:
        self.json({"ok": True})


class Ready(Anonymous):
    """GET readyz: 200 when requests can be answered, else 503; a proxy sends none meanwhile.

    It asks the database one short question. What only delays grading makes `healthz` 503 and leaves
    this at 200: another process of the same service would not grade sooner.
    """

    program = True

    async def get(self) -> None:
        ready = await self.context.ready()
        self.json({"ok": ready}, HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)


class Health(Anonymous):
    """GET healthz: 200 when submissions are taken and graded, else 503; no names, no paths."""

    program = True

    async def get(self) -> None:
        status = await self.read(self.context.service.status)
        self.json(status, HTTPStatus.OK if status["ok"] else HTTPStatus.SERVICE_UNAVAILABLE)
