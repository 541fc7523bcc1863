"""What this service needs of tornado and JupyterHub beyond their documented interface.

`tests/hub/test_web_compat.py` fails, and says what is gone, when a new version changes it.
"""

from __future__ import annotations

from tornado.web import RequestHandler


def answers(handler: type[RequestHandler], method: str) -> bool:
    """Whether a class of handlers answers an HTTP method.

    tornado does not say that. Every method that a class does not define is the one of
    `RequestHandler`, which refuses.
    """
    name = method.lower()
    return getattr(handler, name) is not getattr(RequestHandler, name)


def came_by_token(handler: RequestHandler) -> bool:
    """Whether a token said who asks, after `HubAuth.get_user`; False where a cookie did.

    JupyterHub notes it in the handler, for its own checks against forged requests.
    """
    return bool(getattr(handler, "_token_authenticated", False))
