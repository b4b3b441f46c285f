"""A Telegram with a bot on it, and the bot's own side."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from vikno.channels.telegram import Telegram
from vikno.testing.telegram import TelegramServer

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawX"
SECRET = "hush-42"


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramServer]:
    """The server, with one bot and nobody who has met it."""
    async with TelegramServer(TOKEN) as server:
        yield server


@pytest.fixture
def bot(telegram: TelegramServer) -> Telegram:
    """Our side of that bot."""
    return Telegram(token=TOKEN, secret=SECRET, username="vikno_bot", api=telegram.api)
