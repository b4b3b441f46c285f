"""What tests of channels share: a line to the network, the desk behind a webhook, foreign programs."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from tests.network import free_port, started
from vikno.usecases.channel import Ack, Channel, Inbound, Raw, Unreadable
from vikno.wire.http import HttpTransport


@pytest.fixture
async def line() -> AsyncIterator[HttpTransport]:
    """What carries requests; it does not wait for ever."""
    transport = HttpTransport(answer_s=5.0)
    yield transport
    await transport.close()


@dataclass
class Desk:
    """Takes what a channel brings, once each, and lets a test answer: `answer(inbound)`."""

    channel: Channel
    answer: Callable[[Inbound], Awaitable[None]] | None = None
    heard: list[Inbound] = field(default_factory=list)
    """Each thing once."""
    came: list[Inbound] = field(default_factory=list)
    """Also what came again."""
    refused: list[int] = field(default_factory=list)
    unreadable: list[bytes] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    """To answer with instead, the next ones first."""

    async def take(self, raw: Raw) -> tuple[int, Sequence[tuple[str, str]], bytes]:
        """What came by a way that needs no proof; the acknowledgement."""
        if self.statuses and (status := self.statuses.pop(0)) != 200:
            return status, (), b""
        try:
            inbound = tuple(self.channel.parse(raw))
        except Unreadable:
            self.unreadable.append(raw.body)
            inbound = ()
        for one in inbound:
            self.came.append(one)
            if one.key not in {other.key for other in self.heard}:
                self.heard.append(one)
                if self.answer is not None:
                    await self.answer(one)
        ack: Ack = self.channel.ack(inbound, ())
        return ack.status, ack.headers, ack.body

    async def hook(self, request: web.BaseRequest) -> web.Response:
        """The same by webhook: only what the platform can prove."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        raw = Raw(await request.read(), headers, dict(request.query))
        if (refused := self.channel.verify(raw)) is not None:
            self.refused.append(refused.status)
            return web.Response(status=refused.status)
        status, lines, body = await self.take(raw)
        return web.Response(status=status, headers=dict(lines), body=body)


def program(name: str, install: str, *places: Path) -> str:
    """The path of a foreign program; without it the test fails and says what to install."""
    found = shutil.which(name, path=os.pathsep.join([*map(str, places), os.environ.get("PATH", "")]))
    if found is None:
        pytest.fail(f"{name} is not here: {install}")
    return found


@pytest.fixture(scope="session")
def mockpost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of mockpost, which takes messages of many channels and shows them: /api/messages."""
    port = free_port()
    ports = ("SMTP", "FTP", "FTPS", "FTPS_IMPLICIT", "SFTP")
    env = {f"MOCKPOST_{name}_PORT": str(free_port()) for name in ports}
    env |= {"MOCKPOST_HTTP_PORT": str(port), "MOCKPOST_LOG_LEVEL": "warning", "MOCKPOST_STRICT_AUTH": "1"}
    command = [program("mockpost", "pip install mockpost", Path(sys.executable).parent)]
    with started(command, port, env=env, cwd=tmp_path_factory.mktemp("mockpost")):
        yield f"http://127.0.0.1:{port}"
