"""A Viber with a bot on it, and Viber's own library pointed at it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from vikno.testing.viber import ViberServer

TOKEN = "445da6az1s345z78-dazcczb2542zv51a-e0vc5fva17480im9"
NAME = "Міграційна служба"


@pytest.fixture
async def viber() -> AsyncIterator[ViberServer]:
    """The server, with one bot and nobody who has met it."""
    async with ViberServer(TOKEN, name=NAME, uri="dmsu") as server:
        yield server


@pytest.fixture
def library() -> Any:
    """Viber's own library for this bot, for signing and reading; it calls nobody."""
    from viberbot import Api  # type: ignore[import-untyped]
    from viberbot.api.bot_configuration import BotConfiguration  # type: ignore[import-untyped]

    return Api(BotConfiguration(auth_token=TOKEN, name=NAME, avatar=""))


class served:  # noqa: N801 - reads as a word: async with served(hook) as url
    """A webhook on a free port."""

    def __init__(self, handler: Any) -> None:
        self._runner = web.ServerRunner(web.Server(handler))

    async def __aenter__(self) -> str:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/hooks/viber/main"

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
