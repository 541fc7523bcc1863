"""What the service writes into its log, and what it leaves out.

A log is read by more people than what it tells of, and copied further. So the names and secrets by
which a submission or its feedback can be read never reach it, whoever wrote the line: this
project, a library, or an exception with the path that failed.
"""

from __future__ import annotations

import logging
import re

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
HIDDEN = "[hidden]"
_SECRETS = (
    # A folder of the exchange: after student, assignment and time come the random letters that
    # keep others from opening it.
    (re.compile(r"(\+\d{4}-\d\d-\d\d[ T][\d:.]+[^+/\n'\"]{0,12})\+[^\s/'\"\\]+"), rf"\1+{HIDDEN}"),
    # nbgrader's secrets, names of feedback files, tokens, hashes.
    (re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{32,}(?![0-9A-Za-z])"), HIDDEN),
    (re.compile(r"(?i)\b(token|bearer|basic)(\s+|=)[\w.~+/=-]{8,}"), rf"\1\2{HIDDEN}"),
    (re.compile(r"(://[^\s:/@]+):[^\s@]+@"), rf"\1:{HIDDEN}@"),
)


def discreet(text: str) -> str:
    """The text without what would let its reader open somebody's submission or feedback."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


class Discreet(logging.Formatter):
    """Formats records, tracebacks included, and hides the secrets in them."""

    def format(self, record: logging.LogRecord) -> str:
        """One record as text."""
        return discreet(super().format(record))


class Discretion(logging.Filter):
    """Hides the secrets in the messages of another program's handler, such as the hub's."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, without what it should not tell."""
        record.msg, record.args = discreet(record.getMessage()), ()
        return True


def begin() -> None:
    """Log to stderr, which the hub takes to its own log."""
    handler = logging.StreamHandler()
    handler.setFormatter(Discreet(FORMAT))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
