"""A small bot that talks, by each of the two ways that Telegram has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from tests.channels.conftest import Desk
from tests.network import listening
from vikno.channels.telegram import Telegram
from vikno.channels.telegram.polling import poll
from vikno.domain.dialog.messages import Button
from vikno.usecases.channel import Inbound, Opened, Outbound, Pressed, Raw, Sent, Unsupported, Wrote
from vikno.wire.http import HttpTransport

ASKED = Outbound("Де ви живете?", buttons=(Button("1.a", "В Україні"), Button("1.b", "За кордоном")))
Way = Callable[[Telegram, HttpTransport], AbstractAsyncContextManager[Desk]]


def answering(bot: Telegram, line: HttpTransport) -> Desk:
    """Asks whoever opens the chat, and repeats what others say."""

    async def answer(inbound: Inbound) -> None:
        match inbound.happened:
            case Opened():
                said = ASKED
            case Pressed(button):
                said = Outbound(f"Натиснуто {button}")
            case Wrote(text):
                said = Outbound(f"Ви написали: {text}")
            case Unsupported(kind):
                said = Outbound(f"Це не читається: {kind}")
            case _:
                return
        for request in bot.render(said, inbound.address):
            outcome = bot.classify(request, await line.carry(request))
            assert isinstance(outcome, Sent), outcome

    return Desk(bot, answer)


@asynccontextmanager
async def hooked(bot: Telegram, line: HttpTransport) -> AsyncIterator[Desk]:
    """By webhook, which is taken away at the end."""
    desk = answering(bot, line)
    async with listening(desk.hook) as url:
        assert await bot.register(line.carry, f"{url}/hooks/telegram/main") is None
        yield desk
    await line.carry(bot.call("deleteWebhook"))


@asynccontextmanager
async def polled(
    bot: Telegram, line: HttpTransport, before: Callable[[Raw], Awaitable[None]] | None = None
) -> AsyncIterator[Desk]:
    """By polling. `before`: what else is done with an update first."""
    desk, stop = answering(bot, line), asyncio.Event()

    async def take(raw: Raw) -> tuple[int, Sequence[tuple[str, str]], bytes]:
        if before is not None:
            await before(raw)
        return await desk.take(raw)

    task = asyncio.create_task(poll(bot, line, take, stop))
    try:
        yield desk
    finally:
        stop.set()
        await asyncio.wait_for(task, 5)
