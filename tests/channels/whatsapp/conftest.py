"""A WhatsApp with a number on it, and a library that others wrote for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from vikno.testing.whatsapp import NUMBER, WhatsAppServer

TOKEN = "EAAJB-token"
SECRET = "0fb0ba1f1b5b4d2ea3c3d4c5e6f70812"
NAME = "Міграційна служба"
PHONE = "380441234567"


@pytest.fixture
async def meta() -> AsyncIterator[WhatsAppServer]:
    """The server, with one number and nobody who has met it."""
    async with WhatsAppServer(TOKEN, SECRET, name=NAME, phone=PHONE) as server:
        yield server


@pytest.fixture
def account() -> dict[str, Any]:
    """The settings of that number's account, but for the API's address."""
    return {"token": TOKEN, "secret": SECRET, "number": NUMBER, "name": NAME}
