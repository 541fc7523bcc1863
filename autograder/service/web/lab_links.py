"""Addresses at which a student's own JupyterLab opens a notebook, at one of its exercises.

The hub knows whose server that is, and starts it when needed. Our extension of JupyterLab goes to
the cell that `?exercise=` names; a JupyterLab without it opens the notebook at its beginning.
"""

from __future__ import annotations

from urllib.parse import quote

from autograder.service.settings import fetched_folder
from autograder.service.web.context import ServiceContext


def notebook_address(context: ServiceContext, assignment: str, notebook: str) -> str:
    """Where the reader's JupyterLab opens a notebook as they fetched it."""
    folder = fetched_folder(context.service.course)
    path = quote(f"{folder}{assignment}/{notebook}.ipynb")
    hub = context.auth.hub_host + context.auth.hub_prefix
    return f"{hub}user-redirect/lab/tree/{path}"
