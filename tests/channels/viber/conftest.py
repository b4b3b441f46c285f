"""A Viber with a bot on it, and Viber's own library pointed at it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

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
