"""The channel where it works: behind the webhook, with a real store, the dialogue of the example and the sender."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.network import listening
from vikno.bootstrap.worlds import load_worlds
from vikno.channels.whatsapp import WhatsApp
from vikno.stores.sqlite import SqliteStore
from vikno.testing.whatsapp import Person, WhatsAppServer
from vikno.usecases.channel import Outbound, encode_outbound
from vikno.usecases.receive_message import Desk
from vikno.usecases.records import NoticeMade
from vikno.usecases.send_messages import Sender
from vikno.wire.hooks import Hook
from vikno.wire.http import HttpTransport
from vikno.wire.vault import LocalVault

VAULT = LocalVault(bytes(32))
DAY_S = 24 * 3600.0


def now_ms() -> int:
    return int(time.time() * 1000)


@dataclass
class Server:
    """All that stands behind one address."""

    store: SqliteStore
    hook: Hook
    sender: Sender

    async def answer(self, request: web.BaseRequest) -> web.Response:
        headers = [(name.lower().encode(), value.encode()) for name, value in request.headers.items()]
        status, lines, body = await self.hook.answer(headers, await request.read(), request.query_string.encode())
        return web.Response(status=status, headers={name.decode(): value.decode() for name, value in lines}, body=body)

    async def notice(self, person: Person, text: str) -> None:
        said = Outbound(text, purpose="notice", kept=True)
        name = VAULT.name("whatsapp/main", person.user_id)
        made = NoticeMade(name, "whatsapp/main", encode_outbound(said), f"s{text}", 0, now_ms() + 10**9)
        await self.store.queue([made], now_ms())
        self.sender.nudge()

    async def status(self, person: Person, wanted: str) -> None:
        """Wait until their latest notice is that."""
        async with asyncio.timeout(5.0):
            while True:
                inbox = await self.store.inbox(VAULT.name("whatsapp/main", person.user_id))
                if inbox and inbox[0].status == wanted:
                    return
                await asyncio.sleep(0.01)


@pytest.fixture
async def server(meta: WhatsAppServer, account: dict[str, Any], tmp_path: Path) -> AsyncIterator[Server]:
    meta.receipts, meta.templates[("case_news", "uk")] = True, "Новини: {{1}} Пишіть сюди."
    store = SqliteStore(f"sqlite:///{tmp_path}/v.db?synchronous=off", now_ms)
    transport = HttpTransport(answer_s=5.0)
    channel = WhatsApp(**account, api=meta.api)
    sender = Sender(channel, transport, store, store, VAULT, now_ms)
    server = Server(store, Hook(channel, Desk(store, store, VAULT, load_worlds().now, now_ms), sender, store), sender)
    sending = asyncio.create_task(sender.run())
    async with listening(server.answer) as url:
        assert await channel.register(transport.carry, url) is None
        yield server
        await meta.settled()
    await sender.close()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    await transport.close()
    await store.close()


async def test_a_service_is_found_and_its_first_question_answered(meta: WhatsAppServer, server: Server) -> None:
    ivan = meta.person("Іван", hidden=True)
    await ivan.write("fishing permit")
    line = await ivan.heard()
    assert line.choices
    await ivan.press(ivan.labels[0])
    await ivan.heard()
    assert server.hook.refused == 0
    assert await server.store.asides("whatsapp/main") == ()


async def test_a_notice_is_delivered_or_tells_why_it_is_not(
    meta: WhatsAppServer, server: Server, account: dict[str, Any]
) -> None:
    olena = meta.person("Олена")
    await olena.write("добрий день")
    await olena.heard()
    await server.notice(olena, "Паспорт друкується.")
    await server.status(olena, "delivered")
    await olena.see()
    await server.status(olena, "read")
    meta.late, olena.wrote_s = True, meta.now_s() - 2 * DAY_S
    await server.notice(olena, "Паспорт надруковано.")
    await server.status(olena, "permanent-failure")
    server.sender.channel = WhatsApp(**account, api=meta.api, template="case_news")
    await server.notice(olena, "Паспорт чекає на вас.")
    await olena.heard("Новини: Паспорт чекає на вас. Пишіть сюди.")
    await server.status(olena, "delivered")
