"""The service's refusals: a status and, where they help, words for the sender of the request."""

from __future__ import annotations

from http import HTTPStatus

from tornado.web import HTTPError


class RefusedRequest(HTTPError):
    """A refusal, in words for a sender who may not, or asks for something impossible."""

    def __init__(self, status: HTTPStatus | int, words: str = "") -> None:
        super().__init__(int(status))
        self.words = words


WORDS = {
    400: "The request cannot be understood.",
    401: "You are not signed in, or your token is not valid.",
    403: "You may not see or do this.",
    404: "There is nothing here.",
    405: "This cannot be done here.",
    429: "Too many at once; close other windows of this page, or wait a little.",
    500: "Something failed on our side. The service's log has the details.",
    503: "This cannot be answered just now; try again in a minute.",
}
"""The words for each status, unless there are better ones."""
