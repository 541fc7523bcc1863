"""A real JupyterHub in a process of its own, with its real proxy, for as long as the tests need it.

It listens on free ports of 127.0.0.1, has a fresh database, spawns no servers, and starts our
service as any hub would. People log in with a password form, tokens come from the hub's API.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from hub_environment import install_proxy
from hub_marks import SCOPE, SCOPES
from hub_settings import Unfit
from hub_trial import CACHE, PROXY

SERVICE = "grading"
READY_S, STOP_S = 240, 20
_FORM_TOKEN = re.compile(r'name="_xsrf" value="([^"]+)"')

CONFIG = """
c = get_config()
c.JupyterHub.bind_url = "{url}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub_port}"
c.JupyterHub.db_url = "sqlite:///{folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{folder}/cookie_secret"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.command = {proxy!r}
c.ConfigurableHTTPProxy.pid_file = "{folder}/proxy.pid"
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = "{password}"
c.SharedPasswordAuthenticator.admin_password = "{admin_password}"
c.Authenticator.allowed_users = set({users!r})
c.Authenticator.admin_users = set({admins!r})
c.JupyterHub.load_groups = {groups!r}
c.LocalProcessSpawner.interrupt_timeout = 5
c.JupyterHub.services = {services!r}
c.JupyterHub.load_roles = {roles!r}
c.JupyterHub.custom_scopes = {scopes!r}
"""


def proxy_command() -> list[str]:
    """The hub's proxy: the installed one, else the one that `make hub` uses, else one of our own.

    Skips the test where there is none and none can be installed.
    """
    installed = shutil.which("configurable-http-proxy")
    if installed:
        return [installed]
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("JupyterHub's proxy needs node and npm; apt-get install nodejs npm")
    own = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / CACHE.name
    folder = (CACHE if os.access(CACHE.parent, os.W_OK) else own) / PROXY.name
    try:
        return [str(install_proxy(folder, print))]
    except Unfit as problem:
        pytest.skip(f"npm cannot install JupyterHub's proxy: {problem}")


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@dataclass
class Hub:
    """A hub that runs."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]
    passwords: dict[str, str] = field(repr=False)
    """By user."""
    api_token: str = field(repr=False)
    """Of a service that may do everything; only the tests hold it."""

    @property
    def prefix(self) -> str:
        """The address of our service behind the hub's proxy."""
        return f"{self.url}/services/{SERVICE}/"

    @property
    def log(self) -> str:
        """What the hub, the proxy and the services said."""
        return (self.folder / "hub.log").read_text(errors="replace")

    def token(self, name: str, scopes: Sequence[str] = ("inherit",)) -> str:
        """A new token of a user."""
        answer = requests.post(
            f"{self.url}/hub/api/users/{name}/tokens",
            headers={"Authorization": f"token {self.api_token}"},
            json={"scopes": list(scopes)},
            timeout=30,
        )
        answer.raise_for_status()
        token: str = answer.json()["token"]
        return token

    def sign_in(self, name: str, path: str = "") -> tuple[requests.Session, requests.Response]:
        """Open a page of ours as a browser does, go through the hub's login form, and come back.

        Returns:
            The browser's session, and the answer at the end of all redirects.
        """
        session = requests.Session()
        form = session.get(self.prefix + path, timeout=30)
        token = _FORM_TOKEN.search(form.text)
        assert token, f"no login form at {form.url}: {form.status_code}"
        filled = {"username": name, "password": self.passwords[name], "_xsrf": token[1]}
        return session, session.post(form.url, filled, timeout=30)

    def wait(self) -> None:
        """Wait until hub and proxy answer, and the service is ready."""
        ends = time.monotonic() + READY_S
        while time.monotonic() < ends:
            if self.process.poll() is not None:
                break
            try:
                hub = requests.get(f"{self.url}/hub/login", timeout=5)
                service = requests.get(f"{self.prefix}readyz", timeout=5)
            except requests.RequestException:
                time.sleep(0.5)
                continue
            if hub.status_code == service.status_code == 200:
                return
            time.sleep(0.5)  # each answer costs a hub that is just starting a page of its own
        raise RuntimeError(f"the hub did not start:\n{self.log[-5000:]}")

    def stop(self) -> None:
        """End the hub, its services and its proxy."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        pid_file = self.folder / "proxy.pid"
        if pid_file.exists():
            # The proxy outlives a hub that did not end by itself.
            os.kill(int(pid_file.read_text()), signal.SIGTERM)


def start_hub(
    folder: Path,
    course: Path,
    groups: Mapping[str, Sequence[str]],
    admins: Sequence[str] = (),
    others: Sequence[str] = (),
    services: Sequence[dict[str, Any]] = (),
    roles: Sequence[dict[str, Any]] = (),
) -> Hub:
    """Start a hub whose managed service `grading` is ours, and wait until it answers.

    Args:
        folder: for its files.
        course: the course's folder.
        groups: the hub's groups with their members.
        admins: the hub's administrators.
        others: users in no group.
        services: more services.
        roles: more roles.
    """
    proxy = proxy_command()
    public, hub_port, proxy_port, service_port = free_ports(4)
    api_token, password, admin_password = (secrets.token_hex(32) for _ in range(3))
    ours = {
        "name": SERVICE,
        "url": f"http://127.0.0.1:{service_port}",
        "command": [sys.executable, "-m", "autograder", "serve", "--course", str(course)],
        "environment": {"PYTHONPATH": os.environ.get("PYTHONPATH", "")},
        "oauth_no_confirm": True,
    }
    access = {
        "name": "grading-access",
        "groups": list(groups),
        "scopes": [f"access:services!service={SERVICE}", SCOPE],
    }
    users = sorted({*others, *admins, *(name for group in groups.values() for name in group)})
    everything = {"name": "tests", "scopes": ["admin:users", "tokens"], "services": ["tests"]}
    url = f"http://127.0.0.1:{public}"
    (folder / "jupyterhub_config.py").write_text(
        CONFIG.format(
            url=url,
            hub_port=hub_port,
            proxy_port=proxy_port,
            folder=folder,
            proxy=proxy,
            password=password,
            admin_password=admin_password,
            users=users,
            admins=sorted(admins),
            groups={name: {"users": list(users)} for name, users in groups.items()},
            services=[ours, {"name": "tests", "api_token": api_token}, *services],
            roles=[access, everything, *roles],
            scopes=SCOPES,
        )
    )
    with (folder / "hub.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", str(folder / "jupyterhub_config.py")],
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    passwords = {name: admin_password if name in admins else password for name in users}
    hub = Hub(url, folder, process, passwords, api_token)
    try:
        hub.wait()
    except BaseException:
        hub.stop()
        raise
    return hub
