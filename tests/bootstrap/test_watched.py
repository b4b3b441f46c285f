"""A server that starts while a platform is down leads people there soon after it is back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.bootstrap.serving import TOKEN, alive, made
from tests.network import free_port
from vikno.testing.telegram import TelegramServer
from vikno.usecases import check_channels
from vikno.usecases.channel import EntryLink, Health
from vikno.usecases.check_channels import EVERY_S, SOON_S, Line, Watch


async def test_a_bot_whose_platform_comes_up_later_is_on_the_page_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(check_channels, "SOON_S", 0.05)
    port = free_port()
    web = made(tmp_path, None, VIKNO_TELEGRAM_TOKEN=TOKEN, VIKNO_TELEGRAM_API=f"http://127.0.0.1:{port}")
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
