# ruff: noqa: ASYNC110 - what is waited for has no event
"""The platform itself behind the webhook: a real store, a real desk and a real sender, and MAX's limits in force."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

from tests.channels.max.conftest import NAME, SECRET, TOKEN
from tests.network import listening
from vikno.bootstrap.worlds import load_worlds
from vikno.channels.max import Errands, Max, transport
from vikno.stores.sqlite import SqliteStore
from vikno.testing.max import MaxServer
from vikno.usecases.receive_message import Desk
from vikno.usecases.send_messages import Sender
from vikno.wire.hooks import Hook
from vikno.wire.vault import LocalVault

VAULT = LocalVault(bytes(32))


def clock() -> int:
    return int(time.time() * 1000)


@dataclass
class Service:
    """One account of an authority, all of it."""

    bot: Max
    sender: Sender
    store: SqliteStore
    hook: Hook

    async def answer(self, request: web.BaseRequest) -> web.Response:
        headers = [(name.lower().encode(), value.encode()) for name, value in request.headers.items()]
        status, lines, body = await self.hook.answer(headers, await request.read())
        said = {name.decode(): value.decode() for name, value in lines}
        return web.Response(status=status, headers=said, body=body)


@pytest.fixture
async def service(messenger: MaxServer, tmp_path: Path) -> AsyncIterator[Service]:
    store = SqliteStore(f"sqlite:///{tmp_path}/v.db?synchronous=off", clock)
    carrier = transport(answer_s=5.0)
    errands = Errands(carrier)
    bot = Max(token=TOKEN, secret=SECRET, name=NAME, api=messenger.api, errand=errands)
    sender = Sender(bot, carrier, store, store, VAULT, clock)
    desk = Desk(store, store, VAULT, load_worlds().now, clock)
    service = Service(bot, sender, store, Hook(bot, desk, sender, store))
    async with listening(service.answer) as url:
        assert await bot.register(carrier.carry, url) is None
        assert (await bot.self_check(carrier.carry)).ok
        messenger.limited = True
        yield service
    await sender.close()
    await errands.close()
    await carrier.close()
    await store.close()


async def test_a_person_is_served_by_buttons_and_by_words(messenger: MaxServer, service: Service) -> None:
    olena = messenger.person("Олена")
    link = service.bot.entry_link("")
    assert link is not None
    await olena.open(link.url)
    await olena.heard()
    offered = olena.labels
    assert len(offered) > 2
    await olena.press(offered[0])
    await olena.heard()
    assert olena.labels
    assert await olena.noticed() == "✓"
    await olena.write("?")
    await olena.heard()
    assert {status for _, status in messenger.brought} == {200}
    assert [status for called, _, status in messenger.called if called == "POST /messages" and status != 200] == []
    assert service.hook.refused == 0


async def test_an_impatient_person_is_answered_in_order_at_the_pace_of_max(
    messenger: MaxServer, service: Service
) -> None:
    olena = messenger.person("Олена")
    for word in ("раз", "два", "три", "чотири"):
        await olena.write(word)
    async with asyncio.timeout(10.0):
        while len(olena.said) < 4:
            await asyncio.sleep(0.05)
    assert {status for called, _, status in messenger.called if called == "POST /messages"} == {200}


async def test_who_stopped_the_bot_gets_nothing_until_they_come_again(messenger: MaxServer, service: Service) -> None:
    olena = messenger.person("Олена")
    await olena.open()
    await olena.heard()
    await olena.stop()
    known = await service.store.known(VAULT.name("max/main", str(olena.id)))
    assert known is not None
    assert known.status != "alive"
    await olena.open()
    await olena.heard()
    known = await service.store.known(VAULT.name("max/main", str(olena.id)))
    assert known is not None
    assert known.status == "alive"


async def test_what_cannot_be_read_is_acknowledged_and_kept_aside(messenger: MaxServer, service: Service) -> None:
    await messenger.bring("message_callback", {"callback": {"callback_id": "c"}})
    assert messenger.brought == [("message_callback", 200)]
