"""What we need of pytest beyond its documented interface is there, and does what we need.

When a new pytest breaks one of these tests, the place to mend is
`autograder/checks/pytest_compat.py`.
"""

from __future__ import annotations

import os
from contextlib import ExitStack

import _pytest.config
import pytest

from autograder.checks.pytest_compat import open_session


@pytest.mark.parametrize(
    ("place", "name"),
    [
        pytest.param(_pytest.config, "_prepareconfig", id="_prepareconfig"),
        pytest.param(pytest.Config, "_do_configure", id="_do_configure"),
        pytest.param(pytest.Config, "_ensure_unconfigure", id="_ensure_unconfigure"),
        pytest.param(pytest.Session, "from_config", id="from_config"),
    ],
)
def test_a_name_that_we_need_is_there(place, name):
    """Each name by itself, so that the message says which one is gone."""
    assert hasattr(place, name), f"pytest has no {place.__name__}.{name} any more"


@pytest.fixture(autouse=True)
def no_options_from_outside(monkeypatch):
    """The options of the run that these tests are part of are not those of the sessions in them."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)


class Noting:
    """A plugin that notes what pytest calls."""

    def __init__(self):
        self.said = []

    def pytest_configure(self, config):
        """The session's plugins are there."""
        self.said.append("configure")
        config.add_cleanup(lambda: self.said.append("clean up"))

    def pytest_unconfigure(self):
        """The session ends."""
        self.said.append("unconfigure")

    def pytest_collectstart(self):
        """Nothing may be collected before somebody asks."""
        self.said.append("collect")


def test_a_session_is_configured_at_once_and_taken_down_with_the_stack(tmp_path):
    """With the arguments of the command line, and what plugins left is cleaned up."""
    (tmp_path / "test_one.py").write_text("def test_it():\n    pass\n")
    plugin, arguments = Noting(), ["-c", os.devnull, f"--rootdir={tmp_path}", "-pno:terminal"]
    with ExitStack() as until:
        session = open_session([*arguments, str(tmp_path / "test_one.py")], plugin, until)
        assert plugin.said == ["configure"]
        assert session.config.rootpath == tmp_path
        session.config.hook.pytest_sessionstart(session=session)
        session.perform_collect()
        assert [item.name for item in session.items] == ["test_it"]
    assert plugin.said[-2:] == ["unconfigure", "clean up"]


def test_what_a_plugin_refuses_takes_the_session_down(tmp_path):
    """An error while plugins are configured is the caller's, and nothing stays open."""

    class Refusing(Noting):
        def pytest_configure(self, config):
            super().pytest_configure(config)
            raise pytest.UsageError("no")

    plugin = Refusing()
    with pytest.raises(pytest.UsageError, match="no"), ExitStack() as until:
        open_session(["-c", os.devnull, f"--rootdir={tmp_path}"], plugin, until)
    assert plugin.said == ["configure", "unconfigure", "clean up"]
