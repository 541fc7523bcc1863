"""Every address that this service answers; all others are 404."""

from __future__ import annotations

import re

from tornado.routing import URLSpec

from autograder.service.web import (
    api,
    class_pages,
    deciding,
    events,
    feedback_pages,
    health,
    lms_pages,
    one_student,
    own_marks,
    regrade_pages,
    student_pages,
)
from autograder.service.web.access import Callback, Handler

NUMBER, NAME = r"(\d{1,9})", r"([^/]+)"

ROUTES: tuple[tuple[str, type[Handler]], ...] = (
    (r"", student_pages.Home),
    (rf"assignments/{NAME}", student_pages.Assignment),
    (rf"attempts/{NUMBER}", student_pages.AttemptPage),
    (rf"attempts/{NUMBER}/feedback/{NAME}", feedback_pages.Feedback),
    (rf"attempts/{NUMBER}/decide", deciding.DecidePage),
    (r"events", events.Events),
    (r"class", class_pages.ClassPage),
    (rf"class/students/{NAME}", one_student.StudentPage),
    (rf"class/students/{NAME}/ask", one_student.AskPage),
    (r"class/queue", class_pages.QueuePage),
    (r"class/insight", class_pages.InsightPage),
    (r"class/marks\.csv", class_pages.MarksFile),
    (r"class/regrade", regrade_pages.RegradePage),
    (rf"class/regrade/{NUMBER}", regrade_pages.RegradeJobPage),
    (r"class/lms", lms_pages.LmsPage),
    (r"class/events", events.ClassEvents),
    (r"api/own", own_marks.OwnMarksApi),
    (r"api/attempts", api.AttemptsApi),
    (rf"api/attempts/{NUMBER}", api.AttemptApi),
    (rf"api/attempts/{NUMBER}/ruling", deciding.DecideApi),
    (r"api/regrade", api.RegradeApi),
    (rf"api/regrade/{NUMBER}", api.RegradeJobApi),
    (rf"static/{NAME}/{NAME}", student_pages.AssetFile),
    (r"lti/jwks\.json", lms_pages.KeySet),
    (r"livez", health.Live),
    (r"readyz", health.Ready),
    (r"healthz", health.Health),
    (r"metrics", health.MetricsFile),
    (r"oauth_callback", Callback),
)
"""Addresses below the service's prefix, each with its handler, whose class says who may use it."""


def routes(prefix: str) -> list[URLSpec]:
    """The routes below the prefix under which the hub's proxy knows this service.

    The prefix without its slash leads to the first page.
    """
    bare = URLSpec(re.escape(prefix.rstrip("/")), student_pages.Slash)
    return [bare, *(URLSpec(re.escape(prefix) + path, handler) for path, handler in ROUTES)]
