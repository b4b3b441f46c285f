"""A MAX with a bot on it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from vikno.testing.max import MaxServer

TOKEN = "f9LHodD0cOIeq8BkDgc5vgSwZocVrn44oirfMzUQ4mv5k"
SECRET = "hush-hush_0123456789"
NAME = "Міграційна служба"
USERNAME = "id7700000000_bot"


@pytest.fixture
async def messenger() -> AsyncIterator[MaxServer]:
    """The server, with one bot and nobody who has met it."""
    async with MaxServer(TOKEN, name=NAME, username=USERNAME) as server:
        yield server
