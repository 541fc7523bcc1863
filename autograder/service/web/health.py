"""What watches this service reads: its health as JSON, its numbers in Prometheus' text form."""

from __future__ import annotations

from http import HTTPStatus

from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from autograder.service.web.access import Anonymous, Metrics


class MetricsFile(Metrics):
    """GET metrics: the numbers in Prometheus' text form."""

    async def get(self) -> None:
        """Serve them."""
        text = await self.read(generate_latest, self.site.registry)
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.finish(text)


class Health(Anonymous):
    """GET healthz: 200 when submissions are taken and graded, else 503; without names or paths."""

    program = True

    async def get(self) -> None:
        """Say what is so."""
        status = await self.read(self.site.service.status)
        self.json(status, HTTPStatus.OK if status["ok"] else HTTPStatus.SERVICE_UNAVAILABLE)
