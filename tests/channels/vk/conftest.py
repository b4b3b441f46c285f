"""A VK with a community on it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from vikno.testing.vk import VkServer

TOKEN = "vk1.a.KzV8-the-token-of-the-community"
SECRET = "s3cret_of_the_hook"
GROUP = 71110
NAME = "Міграційна служба"


@pytest.fixture
async def vk() -> AsyncIterator[VkServer]:
    """The server, with one community and nobody who has written to it. Only a test that says so is too fast for it."""
    async with VkServer(TOKEN, group=GROUP, name=NAME, screen="dmsu", clock=Clock()) as server:
        yield server


class Clock:
    """Each look at it is six hundredths of a second later: fewer than twenty requests a second."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        self.now_s += 0.06
        return self.now_s
