"""Gives each user's server a token with which JupyterLab shows its user's own marks.

The token is the server's second one: the grading service gets it with every question, and any code
that the user runs can read it. So it can do nothing but read these marks. It lives as long as the
server.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

SCOPE = "custom:marks:own"
"""The scope that the grading service knows (`autograder.service.web.access.OWN_MARKS`)."""
SCOPES = {SCOPE: {"description": "Read one's own marks and nothing else, as JupyterLab does."}}
"""For `c.JupyterHub.custom_scopes`. A role must give the scope to the members of the course."""


def marks_for(spawner: Any, urls: Iterable[str]) -> dict[str, str]:
    """The environment that shows marks in a user's JupyterLab; for `pre_spawn_hook`.

    Args:
        spawner: of the server that is about to start.
        urls: addresses of grading services, as the server reaches them.

    Returns:
        The variables; none where the user does not hold the scope, as who is in no course.
    """
    forget_marks(spawner)
    try:
        token = spawner.user.new_api_token(note=_note(spawner), scopes=[SCOPE])
    except ValueError:  # The hub gives nobody's token more than they hold.
        return {}
    return {"AUTOGRADER_MARKS_URLS": " ".join(urls), "AUTOGRADER_MARKS_TOKEN": token}


def forget_marks(spawner: Any) -> None:
    """Take the server's token back; for `post_stop_hook`."""
    for token in list(spawner.user.api_tokens):
        if token.note == _note(spawner):
            spawner.db.delete(token)
    spawner.db.commit()


def _note(spawner: Any) -> str:
    return f"marks in JupyterLab, server {spawner.name!r}"
