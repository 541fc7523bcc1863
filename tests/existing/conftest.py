"""Two sandboxes, one for submissions and one for tests cells, kept for a whole run."""

from collections.abc import Iterator

import pytest

from autograder.limits import Limits
from autograder.remote.notebook_run import Jails
from autograder.sandbox.doctor import strongest
from autograder.sandbox.supervisor import Jail


@pytest.fixture(scope="session")
def jails() -> Iterator[Jails]:
    """The sandboxes, of the strongest tier that holds here."""
    tier = strongest()
    with Jail(Limits(), tier) as student, Jail(Limits(), tier) as tester:
        yield Jails(student, tester)
