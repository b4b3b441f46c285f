"""The demo in a process of its own, and somebody who plays it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.commands import ROOT, VIKNO
from tests.network import free_port, started

SOON_S = 25.0


@dataclass
class Play:
    """The demo's page, as somebody plays it."""

    url: str
    client: httpx.Client
    log: Path

    def state(self) -> Any:
        return self.client.get(f"{self.url}/demo/state").json()

    def asks(self, path: str, **said: str) -> Any:
        answer = self.client.post(f"{self.url}/demo/{path}", content=json.dumps(said))
        assert answer.status_code == 200, (path, said, answer.text, self.log.read_text("utf-8")[-2000:])
        return answer.json()

    def lines(self, phone: str) -> list[str]:
        """What the bot has said there."""
        return [line["text"] for line in self.state()["phones"][phone]["lines"] if line["by"] == "bot"]

    def does(self, phone: str, what: str, said: str, expect: str | Callable[[str], bool]) -> str:
        """Do it, and read what the bot says next, until it is what is expected."""
        before = len(self.lines(phone))
        self.asks("do", phone=phone, do=what, said=said)
        return self.hears(phone, expect, before)

    def hears(self, phone: str, expect: str | Callable[[str], bool], before: int = 0) -> str:
        holds = (lambda text: expect in text) if isinstance(expect, str) else expect
        until = time.monotonic() + SOON_S
        while time.monotonic() < until:
            new = self.lines(phone)[before:]
            for text in new:
                if holds(text):
                    return text
            time.sleep(0.1)
        pytest.fail(f"{phone} did not hear {expect!r}, but {self.lines(phone)[before:]}\n{self.log.read_text('utf-8')}")


@pytest.fixture(scope="module")
def play(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    port, log = free_port(), tmp_path_factory.mktemp("demo") / "log"
    command, url = [str(VIKNO), "demo", "--port", str(port)], f"http://127.0.0.1:{port}"
    with started(command, port, cwd=ROOT, log=log) as process, httpx.Client(timeout=20) as client:
        until = time.monotonic() + 30
        while log.read_text("utf-8").count("webhook_registered") < 2:
            assert time.monotonic() < until, log.read_text("utf-8")
            time.sleep(0.1)
        yield Play(url, client, log)
    assert process.returncode == 0, log.read_text("utf-8")
