"""Makes the course's owner a user of the hub, as nbgrader needs it, as whom nobody can log in.

JupyterHub's own `blocked_users` is unsuitable: since version 6 it removes a blocked user from all
groups, and nbgrader then finds no course for its formgrader.
"""

from __future__ import annotations

import inspect
from importlib.metadata import entry_points
from typing import Any

from jupyterhub.auth import Authenticator
from traitlets import import_item


def without(owner: str, authenticator: Any) -> type[Authenticator]:
    """The same authenticator, except that it never lets `owner` in.

    It refuses after the name was normalized and before anything allows it, whatever password, token
    or mapping of names led there.

    Args:
        owner: the account, as the hub knows it.
        authenticator: a class, its path, or the name under which it is installed.
    """
    base = _class_of(authenticator)

    class WithoutOwner(base):  # type: ignore[misc, valid-type]
        async def check_blocked_users(self, username: str, authentication: Any = None) -> bool:
            """Whether no block on names keeps a person from logging in under this one."""
            if username == owner:
                return False
            allowed = super().check_blocked_users(username, authentication)
            return bool(await allowed if inspect.isawaitable(allowed) else allowed)

    WithoutOwner.__name__ = WithoutOwner.__qualname__ = f"{base.__name__}WithoutOwner"
    WithoutOwner.__doc__ = base.__doc__
    return WithoutOwner


def _class_of(authenticator: Any) -> type[Authenticator]:
    if isinstance(authenticator, str):
        installed = {
            one.name.lower(): one for one in entry_points(group="jupyterhub.authenticators")
        }
        known = installed.get(authenticator.lower())
        authenticator = known.load() if known else import_item(authenticator)
    if not (isinstance(authenticator, type) and issubclass(authenticator, Authenticator)):
        raise TypeError(f"hub.authenticator: {authenticator!r} is no JupyterHub authenticator")
    return authenticator
