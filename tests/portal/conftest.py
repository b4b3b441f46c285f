"""The portal as a server that people reach, with a store of its own for each module of tests."""

from __future__ import annotations

import contextlib
import http.client
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.commands import ROOT
from tests.network import free_port, started

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


@pytest.fixture(scope="module")
def served(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The server as `vikno run` starts it."""
    folder, port = tmp_path_factory.mktemp("served"), free_port()
    command = [
        str(Path(sys.executable).parent / "vikno"), "run", "--port", str(port), "--store", f"sqlite:///{folder}/portal.db",
    ]  # fmt: skip
    with started(command, port, cwd=ROOT) as process:
        yield Served("127.0.0.1", port, process.pid)


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[httpx.Client]:
    """A person with a plain browser; redirects are followed."""
    with httpx.Client(base_url=served.url, follow_redirects=True, timeout=20) as client:
        yield client
