"""The platform's LTI 1.3 services: members of the course, line items, scores and results.

`pylti1p3` speaks the protocol; here are our timeouts, what its errors mean for who sends, and how
our line items are found: by their tag and resource identifier, never by a name that people change.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import requests
from pylti1p3.assignments_grades import AssignmentsGradesService
from pylti1p3.exception import LtiException, LtiServiceException
from pylti1p3.grade import Grade
from pylti1p3.lineitem import LineItem
from pylti1p3.names_roles import NamesRolesProvisioningService
from pylti1p3.registration import Registration
from pylti1p3.service_connector import ServiceConnector

from autograder.lms.keys import signing_key
from autograder.lms.marks import Item
from autograder.lms.scores import Member, PlatformAway, Refused, Score, Stale
from autograder.lms.settings import Lti

TAG = "autograder"
"""Our line items have it, and nobody else's."""
_AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
SCOPES = [f"{_AGS}lineitem", f"{_AGS}result.readonly", f"{_AGS}score"]
MOST_READ = 2000
"""Characters of an error's text that are looked at."""
EARLY_S = 60.0
"""An access token is renewed this long before it expires."""
_PASSING = (401, 408, 425, 429)
"""With 500 and above: what a platform answers while it serves nobody."""


class _Session(requests.Session):
    """Requests with a limit of time, and with no credentials but ours."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__()
        self._timeout_s = timeout_s
        # Else a .netrc of this account would replace the access token.
        self.auth = lambda request: request

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", self._timeout_s)
        return super().request(*args, **kwargs)


class _Connector(ServiceConnector):  # type: ignore[misc]
    """Keeps access tokens in memory, until shortly before they expire."""

    def __init__(self, registration: Registration, session: requests.Session) -> None:
        super().__init__(registration, session)
        self._tokens: dict[str, tuple[str, float]] = {}

    def _get_cached_access_token(self, scope_key: str) -> str | None:
        token, until = self._tokens.get(scope_key, ("", 0.0))
        return token if time.monotonic() < until else None

    def _cache_access_token(self, scope_key: str, access_token: str, expires_in: float) -> None:
        until = time.monotonic() + float(expires_in) - EARLY_S
        self._tokens[scope_key] = access_token, until

    def make_service_request(self, *args: Any, **kwargs: Any) -> Any:
        """As the library's, which misses the next page where `rel=next` has no quotes."""
        found = super().make_service_request(*args, **kwargs)
        headers = {name.lower(): value for name, value in found["headers"].items()}
        links = requests.utils.parse_header_links(headers.get("link", ""))
        pages = [link["url"] for link in links if link.get("rel") == "next"]
        return {**found, "next_page_url": pages[0] if pages else None}

    def forget_tokens(self) -> None:
        """Ask for new tokens: the platform does not know the old ones any more."""
        self._tokens.clear()


class LtiPlatform:
    """A course's platform.

    Args:
        settings: how it is reached.
        root: the course's folder, which holds the keys.
        course_id: the course's name, which is part of our line items' identifiers.
    """

    def __init__(self, settings: Lti, root: Path, course_id: str) -> None:
        self._settings, self._root, self._course_id = settings, root, course_id
        self._registration = Registration()
        self._registration.set_issuer(settings.issuer).set_client_id(settings.client_id)
        self._registration.set_auth_token_url(settings.token_url)
        if settings.token_audience:
            self._registration.set_auth_audience(settings.token_audience)
        self._connector = _Connector(self._registration, _Session(settings.timeout_s))
        service: Any = {"scope": SCOPES, "lineitems": settings.lineitems_url}
        self._grades = AssignmentsGradesService(self._connector, service)
        self._names = NamesRolesProvisioningService(
            self._connector, {"context_memberships_url": settings.memberships_url}
        )
        self._line_items: dict[Item, str] = {}

    def members(self) -> list[Member]:
        """The members of the course who are active.

        Raises:
            PlatformAway, Refused: the platform does not tell.
            CourseError: there is no key.
        """
        found = self._asked(self._names.get_members)
        return [
            Member(
                str(one["user_id"]),
                str(one.get("name") or ""),
                str(one.get("email") or ""),
                str(one.get("lis_person_sourcedid") or ""),
            )
            for one in found
            if one.get("user_id") and one.get("status", "Active") == "Active"
        ]

    def line_item(self, item: Item, most: float) -> str:
        """The address of our line item for a column; it is made where there is none.

        Raises:
            PlatformAway, Refused: the platform does not tell.
        """
        if item not in self._line_items:
            mine = f"{self._course_id}/{item}"
            wanted = LineItem().set_tag(TAG).set_resource_id(mine).set_label(str(item))
            wanted.set_score_maximum(most)

            def is_mine(one: Any) -> bool:
                return bool(one.get("tag") == TAG and one.get("resourceId") == mine)

            found = self._asked(self._grades.find_or_create_lineitem, wanted, condition=is_mine)
            address = found.get_id()
            if not address:
                raise Refused("the platform made a line item without an address")
            self._line_items[item] = str(address)
        return self._line_items[item]

    def send(self, line_item: str, score: Score) -> None:
        """Send a mark.

        Raises:
            Stale: the platform has one that is not older.
            PlatformAway, Refused: the platform does not take it.
        """
        grade = Grade().set_user_id(score.user).set_comment(score.comment)
        grade.set_timestamp(_moment(score.stamp))
        if score.points is None:
            grade.set_activity_progress("Submitted").set_grading_progress("PendingManual")
        else:
            grade.set_score_given(score.points).set_score_maximum(score.most)
            grade.set_activity_progress("Completed").set_grading_progress("FullyGraded")
        self._asked(self._grades.put_grade, grade, LineItem({"id": line_item}))

    def result(self, line_item: str, user: str) -> tuple[float, float] | None:
        """The points that the platform shows of a student, and of how many; None without a mark.

        Raises:
            PlatformAway, Refused: the platform does not tell.
        """
        parts = urlsplit(line_item)
        query = urlencode([*parse_qsl(parts.query), ("user_id", user)])
        path = parts.path.rstrip("/") + "/results"
        answer = self._asked(
            self._connector.make_service_request,
            SCOPES,
            urlunsplit((parts.scheme, parts.netloc, path, query, "")),
            accept="application/vnd.ims.lis.v2.resultcontainer+json",
        )
        rows = answer["body"] if isinstance(answer["body"], list) else []
        for row in rows:
            points = row.get("resultScore") if str(row.get("userId")) == user else None
            if isinstance(points, int | float):
                return float(points), float(row.get("resultMaximum") or 1.0)
        return None

    def forget(self) -> None:
        """Look up line items anew: the platform does not know one of them any more."""
        self._line_items.clear()

    def _asked(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """The answer to a request, with the key that signs now; errors as ours."""
        key = signing_key(self._root)
        self._registration.set_tool_private_key(key.private).set_tool_public_key(key.public)
        try:
            return request(*args, **kwargs)
        except LtiServiceException as error:
            status = error.response.status_code
            # Open edX says by 400 what others say by 409.
            dated = status == 400 and "timestamp" in error.response.text[:MOST_READ].casefold()
            if status == 409 or dated:
                raise Stale(_words(status)) from error
            if status in (401, 403):
                self._connector.forget_tokens()
            if status == 404:
                self.forget()
            passing = status in _PASSING or status >= 500
            raise (PlatformAway if passing else Refused)(_words(status)) from error
        except LtiException as error:
            raise Refused(str(error)) from error
        except (
            requests.RequestException,
            AttributeError,
            ValueError,
            KeyError,
            TypeError,
        ) as error:
            raise PlatformAway(type(error).__name__) from error


def _words(status: int) -> str:
    return f"the platform answers {status}"


def _moment(stamp: float) -> str:
    """A time as platforms read it, to the thousandth of a second."""
    text = datetime.fromtimestamp(stamp, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
