"""The portal as a server that people reach, with a store of its own for each module of tests."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.commands import ROOT

SERVICES = tuple(
    sorted(f"{folder.parent.parent.name}/{folder.name}" for folder in (ROOT / "countries").glob("*/services/*/"))
)
LANGUAGES = ("uk", "en")
DAY = "2026-03-15"


@pytest.fixture(scope="session")
def built() -> None:
    """The web parts, without which there is no portal."""
    if not (ROOT / "src/vikno/portal/static/manifest.json").exists():
        pytest.fail("the web parts are not built: npm run build")


@dataclass(frozen=True, slots=True)
class Served:
    """A server on this machine."""

    host: str
    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def connect(self, timeout_s: float = 20) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout_s)

    def turn(self, **asked: Any) -> list[Any]:
        """One turn of the chat: its lines."""
        with contextlib.closing(self.connect()) as connection:
            connection.request("POST", "/chat/turns", json.dumps(asked), {"content-type": "application/json"})
            return [json.loads(line) for line in connection.getresponse().read().splitlines()]

    def knows(self, token: str) -> bool:
        """Whether the server has a conversation on record."""
        return httpx.get(self.url + "/chat/state", headers={"x-conversation": token}).status_code == 200

    def forget(self, token: str) -> None:
        httpx.post(self.url + "/chat/forget", headers={"x-conversation": token})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def served(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The server as `vikno run` starts it."""
    folder, port = tmp_path_factory.mktemp("served"), free_port()
    command = [
        str(Path(sys.executable).parent / "vikno"), "run", "--port", str(port), "--store", f"sqlite:///{folder}/portal.db",
    ]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        server = Served("127.0.0.1", port, process.pid)
        try:
            for _ in range(200):
                with contextlib.suppress(OSError), contextlib.closing(server.connect()) as connection:
                    connection.request("GET", "/health")
                    if connection.getresponse().status == 200:
                        break
                if process.poll() is not None:
                    pytest.fail(f"the server ended: {process.stderr.read().decode() if process.stderr else ''}")
                time.sleep(0.1)
            yield server
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[httpx.Client]:
    """A person with a plain browser; redirects are followed."""
    with httpx.Client(base_url=served.url, follow_redirects=True, timeout=20) as client:
        yield client
