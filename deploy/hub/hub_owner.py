"""The course's owner is a user of the hub, since nbgrader looks it up, and nobody logs in as it.

JupyterHub's own `blocked_users` does not serve for that: from version 6 on it takes a blocked user
out of all groups, and nbgrader then finds no course for its formgrader.
"""

from __future__ import annotations

import inspect
from importlib.metadata import entry_points
from typing import Any

from jupyterhub.auth import Authenticator
from traitlets import import_item


def without(owner: str, authenticator: Any) -> type[Authenticator]:
    """An authenticator that is the given one in everything, and never lets `owner` in.

    It refuses after the name was normalized and before anything allows it, whatever the password,
    token or mapping of names that led there.

    Args:
        owner: the account, as the hub knows it.
        authenticator: a class, its path, or the name under which it is installed.
    """
    base = _class_of(authenticator)

    class WithoutOwner(base):  # type: ignore[misc, valid-type]
        async def check_blocked_users(self, username: str, authentication: Any = None) -> bool:
            """Whether a person may log in under this name, as far as names are blocked."""
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
