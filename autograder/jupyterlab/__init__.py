"""Marks in JupyterLab: what a user's own server adds, and beside it what the browser gets.

`server` asks the grading service for the user's own marks, with a token that can do nothing else.
`labextension/` shows them; it is plain JavaScript that JupyterLab loads as it is. On a server that
knows of no service, both do nothing.
"""

from __future__ import annotations

from autograder.jupyterlab.server import load

_load_jupyter_server_extension = load
"""The name under which Jupyter's server looks for it."""


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """This package, as Jupyter's server wants it named."""
    return [{"module": "autograder.jupyterlab"}]
