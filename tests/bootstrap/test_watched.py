"""A server that starts while a platform is down leads people there soon after it is back."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.commands import ROOT
from vikno.bootstrap.settings import Settings
from vikno.bootstrap.web import Web, make_web
from vikno.testing.telegram import TelegramServer
from vikno.usecases import check_channels
from vikno.usecases.channel import EntryLink, Health
from vikno.usecases.check_channels import EVERY_S, SOON_S, Line, Watch

TOKEN = "1:" + "A" * 35
PUBLIC = "http://127.0.0.1:1"


@asynccontextmanager
async def alive(web: Web) -> AsyncIterator[httpx.AsyncClient]:
    """The server between its start and its stop."""
    told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    said: asyncio.Queue[Any] = asyncio.Queue()

    async def run() -> None:
        await web.app({"type": "lifespan", "asgi": {"version": "3.0"}}, told.get, said.put)

    running = asyncio.create_task(run())
    await told.put({"type": "lifespan.startup"})
    assert (await said.get())["type"] == "lifespan.startup.complete"
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(web.app), base_url=PUBLIC) as client:
            yield client
    finally:
        await told.put({"type": "lifespan.shutdown"})
        await running


async def test_a_bot_whose_platform_comes_up_later_is_on_the_page_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(check_channels, "SOON_S", 0.05)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = Settings(
        None,
        {"VIKNO_TELEGRAM_TOKEN": TOKEN, "VIKNO_TELEGRAM_API": f"http://127.0.0.1:{port}", "VIKNO_KEY": "00" * 32},
    )
    web = make_web(countries=[ROOT / "countries/ua"], store=f"sqlite:///{tmp_path}/watched.db", settings=settings)
    async with alive(web) as client:
        async with asyncio.timeout(10):
            while "channel_unreached" not in caplog.messages:  # noqa: ASYNC110 - the log is no event
                await asyncio.sleep(0.01)
        assert "t.me/" not in (await client.get("/uk/q/cnap")).text
        telegram = await TelegramServer(TOKEN, username="vikno_dms_bot").start(port)
        try:
            async with asyncio.timeout(10):
                while "t.me/vikno_dms_bot" not in (await client.get("/uk/q/cnap")).text:  # noqa: ASYNC110 - as a person
                    await asyncio.sleep(0.02)
        finally:
            await telegram.close()


class Told:
    """An account whose health is what it is told."""

    kind, account = "telegram", "main"
    wrong: tuple[str, ...] = ()

    def entry_link(self, token: str) -> EntryLink:
        return EntryLink("@vikno_bot", f"https://t.me/vikno_bot?start={token}", None)

    async def self_check(self, _: Any) -> Health:
        return Health("@vikno_bot", self.wrong)


async def test_a_dead_account_is_looked_at_ever_more_rarely_and_a_live_one_as_usual() -> None:
    async def carry(_: Any) -> None: ...

    told, waits = Told(), []
    watch = Watch([Line(told, carry)], lambda: 0)
    for wrong in (*[("It is dead.",)] * 7, (), ("It is dead.",)):
        told.wrong = wrong
        await watch.check()
        waits.append(watch.wait_s)
    assert waits == [30, 60, 120, 240, 480, EVERY_S, EVERY_S, EVERY_S, SOON_S]
