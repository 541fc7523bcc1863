"""What this program needs of pytest beyond its documented interface.

pytest's own loop over the items cannot be entered from outside, so a session is opened without it,
as `pytest.main` does before it runs the loop. `tests/engine/test_pytest_compat.py` fails, and says
what is gone, when a new version changes one of these names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import ExitStack

import pytest
from _pytest.config import _prepareconfig

from autograder.checks.api import Disagreement


def not_raised(failure: BaseException) -> Disagreement:
    """What a student reads where `pytest.raises` found no exception.

    Raises:
        pytest.fail.Exception: the failure is another one, and so a fault of the suite.
    """
    start, mark, types = str(failure).partition("DID NOT RAISE")
    if start or not mark:
        raise failure
    named = " or ".join(re.findall(r"\b[A-Z]\w+", types))
    return Disagreement(f"It should raise {named or 'an exception'} here, and returns a value.")


def open_session(arguments: Sequence[str], plugin: object, until: ExitStack) -> pytest.Session:
    """A session with its plugins configured, and nothing collected yet.

    Args:
        arguments: of pytest's command line.
        plugin: is registered beside pytest's own.
        until: takes the configuration down when it is closed.
    """
    config = _prepareconfig(list(arguments), [plugin])
    until.callback(config._ensure_unconfigure)
    session = pytest.Session.from_config(config)
    config._do_configure()
    return session
