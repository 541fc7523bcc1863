"""The keys by which the platform knows that a request is ours.

Each is a file in the course's folder `lti_keys`, which only this account can read. The platform
reads the public halves at an address of the service. A new key is published at once and signs an
hour later, when every platform has read it; the old one signs until then and is published until
the next rotation.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from autograder.errors import CourseError

FOLDER = "lti_keys"
PUBLISH_S = 3600.0
"""Seconds for which a new key is published before it signs."""
BITS = 2048


@dataclass(frozen=True)
class Key:
    """One key pair."""

    path: Path
    made: float
    """When, in seconds since 1970; the name of its file."""
    private: str
    public: str

    def jwk(self) -> dict[str, Any]:
        """The public half as a platform reads it; its identifier is a hash of the key."""
        from pylti1p3.registration import Registration

        return dict(Registration.get_jwk(self.public))


def keys_of(root: Path) -> list[Key]:
    """The keys of a course, the newest first.

    Raises:
        CourseError: a file is no key, or others can read it.
    """
    return sorted(map(_read, (root / FOLDER).glob("*.pem")), key=lambda key: -key.made)


def signing_key(root: Path, now: float | None = None) -> Key:
    """The key that signs now: the newest that has been published for an hour, else the oldest.

    Raises:
        CourseError: there is none.
    """
    found, now = keys_of(root), time.time() if now is None else now
    if not found:
        raise CourseError(f"{root / FOLDER}: no key; make one: autograder lms keys --rotate")
    return next((key for key in found if now - key.made >= PUBLISH_S), found[-1])


def public_keys(root: Path) -> dict[str, Any]:
    """What the platform reads: every public key, as a JSON Web Key Set."""
    return {"keys": [key.jwk() for key in keys_of(root)]}


def rotate(root: Path, at_once: bool = False) -> Key:
    """Make a new key, and remove those that no longer sign.

    Args:
        root: the course's folder.
        at_once: let it sign now, and remove all others: an old one is known to others.
    """
    before = list((root / FOLDER).glob("*.pem"))
    # The one that signs now is needed until the new one does.
    kept = set() if at_once or not before else {signing_key(root).path}
    key = _make(root)
    for old in before:
        if old not in kept:
            old.unlink()
    return key


def _make(root: Path) -> Key:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    folder = root / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    pair = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    data = pair.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    made = time.time()
    path = folder / f"{made:.3f}.pem"
    new = path.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
    return _read(path)


def _read(path: Path) -> Key:
    found = path.stat()
    if found.st_mode & 0o077:
        raise CourseError(
            f"{path}: others can read this key; make a new one: autograder lms keys "
            "--rotate --at-once"
        )
    return _parsed(path, found.st_mtime_ns)


@lru_cache(maxsize=16)
def _parsed(path: Path, changed: int) -> Key:
    """The key in a file that was changed at that time; to check one takes a while."""
    from cryptography.hazmat.primitives import serialization

    data = path.read_bytes()
    try:
        made = float(path.stem)
        pair = serialization.load_pem_private_key(data, password=None)
    except ValueError:
        raise CourseError(f"{path}: no key; remove it, then: autograder lms keys") from None
    public = pair.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return Key(path, made, data.decode(), public.decode())
