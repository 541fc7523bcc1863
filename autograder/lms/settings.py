"""How a course reaches its platform by LTI 1.3: the `c.LTI` section of `course_config.py`."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from traitlets import Bool, Enum, Float, Unicode
from traitlets.config import Configurable

from autograder.course.config import CONFIG, load_config, read_section
from autograder.course.model import Course
from autograder.errors import CourseError
from autograder.lms.platforms import EMAIL, KEYS

SECTION = "LTI"


class Lti(Configurable):  # type: ignore[misc]
    """The `c.LTI` section of `course_config.py`; the help texts are its reference."""

    issuer = Unicode(
        "", help="The platform's name for itself, its *issuer* or *platform id*: a web address."
    ).tag(config=True)
    client_id = Unicode(
        "", help="The *client id* that the platform gave this tool when it was registered."
    ).tag(config=True)
    token_url = Unicode(
        "", help="The platform's address for access tokens (*access token URL*)."
    ).tag(config=True)
    token_audience = Unicode(
        "",
        help="The *audience* of requests for tokens, where the platform wants another one than "
        "their address.",
    ).tag(config=True)
    lineitems_url = Unicode(
        "",
        help="The address of the course's line items: `lineitems` in the claim "
        "`https://purl.imsglobal.org/spec/lti-ags/claim/endpoint` of a launch.",
    ).tag(config=True)
    memberships_url = Unicode(
        "",
        help="The address of the course's members: `context_memberships_url` in the claim "
        "`https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice` of a launch.",
    ).tag(config=True)
    match = Enum(
        KEYS,
        EMAIL,
        help="What students are known by on both sides: the gradebook's e-mail address; its "
        "student name (`login`), which is the platform's e-mail address or user id; or its number, "
        "which is the platform's SIS number or user id.",
    ).tag(config=True)
    notebooks = Bool(
        False, help="Whether each notebook has a column there, and not only each assignment."
    ).tag(config=True)
    service_url = Unicode(
        "",
        help="The address of this service as students open it, for the link to the feedback in the "
        "comment of a mark; without it, there is no link.",
    ).tag(config=True)
    timeout_s = Float(20.0, min=0.1, help="Seconds to wait for one answer of the platform.").tag(
        config=True
    )
    longest_wait_s = Float(
        600.0, min=0.01, help="Longest pause before the platform is tried again after a failure."
    ).tag(config=True)

    @property
    def used(self) -> bool:
        """Whether marks are sent at all."""
        return bool(self.token_url)


NEEDED = ("issuer", "client_id", "token_url", "lineitems_url", "memberships_url")
ADDRESSES = ("token_url", "lineitems_url", "memberships_url", "service_url")


def read_lti(course: Course) -> Lti:
    """The settings of a course.

    Raises:
        CourseError: a setting is unknown, missing or impossible.
    """
    where = course.root / CONFIG
    found = read_section(load_config(course.root), SECTION, Lti, where)
    given = [name for name in NEEDED if getattr(found, name)]
    missing = [f"c.{SECTION}.{name}" for name in NEEDED if name not in given]
    if given and missing:
        raise CourseError(f"{where}: {', '.join(missing)} missing; the platform shows the values")
    for name in ADDRESSES:
        address = getattr(found, name)
        if address and not _is_safe(address):
            raise CourseError(
                f"{where}: c.{SECTION}.{name} must begin with https://, since tokens and marks go "
                "there"
            )
    return found


def _is_safe(address: str) -> bool:
    """Whether nobody on the way can read what is sent to an address."""
    try:
        url = urlsplit(address)
        if url.scheme == "https":
            return bool(url.hostname)
        local = url.hostname == "localhost" or ip_address(url.hostname or "").is_loopback
    except ValueError:
        return False
    return url.scheme == "http" and local
