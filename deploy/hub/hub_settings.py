"""Reads and checks `hub.toml`: unknown names, missing ones and wrong kinds are errors.

It needs only the standard library, since it runs before anything is installed.
"""

from __future__ import annotations

import pwd
import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

Section = TypeVar("Section")

_ACCOUNT = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
_COURSE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,60}")


class Unfit(Exception):
    """Something in `hub.toml`, or on this machine, does not fit; the text says what to do."""


@dataclass(frozen=True)
class HubPart:
    """The section `[hub]`."""

    address: str
    tls_key: str
    tls_certificate: str
    authenticator: str
    extra_config: str
    admins: list[str]


@dataclass(frozen=True)
class CoursePart:
    """The section `[course]`."""

    id: str
    owner: str
    instructors: list[str]
    students: list[str]
    released: list[str]

    @property
    def student_group(self) -> str:
        """The hub's group of students, as nbgrader names it."""
        return f"nbgrader-{self.id}"

    @property
    def instructor_group(self) -> str:
        """The hub's group of instructors, likewise."""
        return f"formgrade-{self.id}"


@dataclass(frozen=True)
class Places:
    """The section `[places]`: folders, all absolute."""

    environment: Path
    state: Path
    exchange: Path

    @property
    def scripts(self) -> Path:
        """The folder of the environment's commands."""
        return self.environment / "venv" / "bin"

    @property
    def proxy(self) -> Path:
        """The command of the hub's proxy."""
        return self.environment / "proxy" / "node_modules" / ".bin" / "configurable-http-proxy"


@dataclass(frozen=True)
class Ports:
    """The section `[ports]`: ports of 127.0.0.1."""

    hub: int
    proxy: int
    grading: int
    formgrader: int


@dataclass(frozen=True)
class Settings:
    """The whole file, and its folder: `setup` installs files beside it."""

    hub: HubPart
    course: CoursePart
    places: Places
    ports: Ports
    folder: Path

    @classmethod
    def load(cls, path: Path) -> Settings:
        """Read the file.

        Raises:
            Unfit: it is not there, or something in it is invalid.
        """
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise Unfit(f"{path}: {error.strerror}; deploy/hub/hub.toml is a template") from None
        except ValueError as error:
            raise Unfit(f"{path}: not TOML: {error}; put names and paths in quotes") from None
        kinds = {"hub": HubPart, "course": CoursePart, "places": Places, "ports": Ports}
        _same_names(path, "", set(found), set(kinds))
        parts: dict[str, Any] = {
            name: _section(path, name, kind, found[name]) for name, kind in kinds.items()
        }
        settings = cls(**parts, folder=path.resolve().parent)
        settings._check(path)
        return settings

    @property
    def owner_home(self) -> Path:
        """The course owner's home.

        Raises:
            Unfit: there is no such account yet.
        """
        try:
            return Path(pwd.getpwnam(self.course.owner).pw_dir)
        except KeyError:
            raise Unfit(f"there is no account {self.course.owner}; run setup first") from None

    @property
    def course_folder(self) -> Path:
        """The course, in its owner's home, because formgrader needs it below its server's root."""
        return self.owner_home / self.course.id

    def jupyter_path(self, role: str) -> str:
        """Folders of Jupyter's settings: for a role (student, instructor, owner), then for all."""
        return f"{self.folder / 'jupyter' / role}:{self.folder / 'jupyter' / 'common'}"

    def _check(self, path: Path) -> None:
        hub, course = self.hub, self.course
        people = {
            "course.owner": [course.owner],
            "hub.admins": hub.admins,
            "course.instructors": course.instructors,
            "course.students": course.students,
        }
        for setting, names in people.items():
            for name in names:
                if not _ACCOUNT.fullmatch(name):
                    raise Unfit(f"{path}: {setting}: {name!r} is no name of an account")
        if not _COURSE.fullmatch(self.course.id):
            raise Unfit(f"{path}: course.id {self.course.id!r}: use a-z, 0-9, '-', '_' and '.'")
        if course.owner in [*hub.admins, *course.instructors, *course.students]:
            raise Unfit(f"{path}: the course's owner is a person; use an account of its own")
        if not self.hub.address.startswith(("http://", "https://")):
            raise Unfit(f"{path}: hub.address begins with http:// or https://")
        self._check_ports(path)
        for field in fields(Places):
            place = getattr(self.places, field.name)
            if not place.is_absolute():
                raise Unfit(f"{path}: places.{field.name} must be an absolute path")
        if self.places.exchange.is_relative_to("/usr"):
            raise Unfit(
                f"{path}: places.exchange must not lie below /usr, among software; use /srv/…"
            )

    def _check_ports(self, path: Path) -> None:
        try:
            address = urlsplit(self.hub.address).port
        except ValueError:
            raise Unfit(
                f"{path}: hub.address {self.hub.address!r}: its port must be from 1 to 65535"
            ) from None
        used = {address: "hub.address"}
        for field in fields(Ports):
            port = getattr(self.ports, field.name)
            if not 0 < port < 65536:
                raise Unfit(f"{path}: ports.{field.name} is {port}: use 1 to 65535")
            if port in used:
                raise Unfit(
                    f"{path}: ports.{field.name} and {used[port]} are both {port}; change one"
                )
            used[port] = f"ports.{field.name}"


_KINDS = {
    "list[str]": 'a list of names, like ["ada", "bela"]',
    "str": "text in quotes",
    "int": "a whole number",
    "Path": "a path in quotes",
}


def _section(path: Path, name: str, kind: type[Section], found: Any) -> Section:
    wanted = {field.name: str(field.type) for field in fields(kind)}  # type: ignore[arg-type]
    if not isinstance(found, dict):
        raise Unfit(f"{path}: [{name}] must be a section")
    _same_names(path, f"{name}.", set(found), set(wanted))
    return kind(**{key: _value(path, f"{name}.{key}", wanted[key], found[key]) for key in wanted})


def _same_names(path: Path, where: str, found: set[str], wanted: set[str]) -> None:
    for key in sorted(found - wanted):
        known = ", ".join(sorted(wanted))
        raise Unfit(f"{path}: {where}{key} is unknown (known: {known})")
    for key in sorted(wanted - found):
        raise Unfit(f"{path}: {where}{key} is missing; deploy/hub/hub.toml shows all settings")


def _value(path: Path, where: str, kind: str, value: Any) -> Any:
    if kind == "list[str]":
        right = isinstance(value, list) and all(isinstance(one, str) for one in value)
    else:
        right = type(value) is {"str": str, "int": int, "Path": str}[kind]
    if not right:
        raise Unfit(f"{path}: {where} must be {_KINDS[kind]}, not {value!r}")
    return Path(value) if kind == "Path" else value
