"""The members of a group of the hub, if the hub lets this service see them.

The service works without: then the class consists of the students in the gradebook. It uses its own
token, which needs the scope `read:groups!group=<group>`.
"""

from __future__ import annotations

import json
import logging
import time
from urllib.parse import quote

from tornado.httpclient import AsyncHTTPClient, HTTPClientError

log = logging.getLogger("autograder.service")

KEPT_S = 60.0
"""Seconds for which the hub's answer is reused, even a refusal."""
WAIT_S = 3.0


class Roster:
    """The members of a group, read from the hub now and then.

    Args:
        api_url: of the hub.
        token: the service's own.
    """

    def __init__(self, api_url: str, token: str) -> None:
        self._api_url, self._token = api_url.rstrip("/"), token
        self._names: frozenset[str] = frozenset()
        self._asked_s = float("-inf")

    async def names(self, group: str) -> frozenset[str]:
        """The members; the last known ones, at first none, if the hub does not tell."""
        if time.monotonic() - self._asked_s < KEPT_S:
            return self._names
        self._asked_s = time.monotonic()
        try:
            answer = await AsyncHTTPClient().fetch(
                f"{self._api_url}/groups/{quote(group, safe='')}",
                headers={"Authorization": f"token {self._token}"},
                request_timeout=WAIT_S,
            )
            self._names = frozenset(json.loads(answer.body)["users"])
        except (HTTPClientError, OSError, ValueError, KeyError, TypeError) as error:
            log.info("the hub does not tell who is in %s: %s", group, type(error).__name__)
        return self._names
