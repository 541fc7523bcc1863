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


class Health(Anonymous):
    """GET healthz: 200 when submissions are taken and graded, else 503; no names, no paths."""

    program = True

    async def get(self) -> None:
        status = await self.read(self.context.service.status)
        self.json(status, HTTPStatus.OK if status["ok"] else HTTPStatus.SERVICE_UNAVAILABLE)
