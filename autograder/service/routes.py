"""Every address that this service answers; whatever is not in here is 404."""

from __future__ import annotations

import re

from tornado.routing import URLSpec

from autograder.service import api, class_pages, events, health, pages, regrade_pages
from autograder.service.access import Callback, Handler

NUMBER, NAME = r"(\d{1,9})", r"([^/]+)"

ROUTES: tuple[tuple[str, type[Handler]], ...] = (
    (r"", pages.Home),
    (rf"assignments/{NAME}", pages.Assignment),
    (rf"attempts/{NUMBER}", pages.AttemptPage),
    (rf"attempts/{NUMBER}/feedback/{NAME}", pages.Feedback),
    (r"events", events.Events),
    (r"class", class_pages.ClassPage),
    (r"class/queue", class_pages.QueuePage),
    (r"class/insight", class_pages.InsightPage),
    (r"class/marks\.csv", class_pages.MarksFile),
    (r"class/regrade", regrade_pages.RegradePage),
    (rf"class/regrade/{NUMBER}", regrade_pages.RecountPage),
    (r"class/events", events.ClassEvents),
    (r"api/attempts", api.AttemptsApi),
    (rf"api/attempts/{NUMBER}", api.AttemptApi),
    (r"api/regrade", api.RegradeApi),
    (rf"api/regrade/{NUMBER}", api.RecountApi),
    (rf"static/{NAME}/{NAME}", pages.AssetFile),
    (r"healthz", health.Health),
    (r"metrics", health.MetricsFile),
    (r"oauth_callback", Callback),
)
"""Below the service's prefix, each with the handler whose class says who may."""


def routes(prefix: str) -> list[URLSpec]:
    """The routes below the prefix under which the hub's proxy knows this service.

    The prefix without its slash leads to the first page.
    """
    bare = URLSpec(re.escape(prefix.rstrip("/")), pages.Slash)
    return [bare, *(URLSpec(re.escape(prefix) + path, handler) for path, handler in ROUTES)]
