"""What carries requests to VK: before a message to somebody who has pressed a key, the press is answered."""

from __future__ import annotations

from collections.abc import Callable

from vikno.usecases.channel import NotCarried, Transport
from vikno.wire.http import HttpAnswer, HttpRequest

Lines = Transport[HttpRequest, HttpAnswer]


class VkTransport:
    """Carries over `lines` (`usecases.channel.Transport`). `before`: the answer that a request waits for, or None."""

    def __init__(self, lines: Lines, before: Callable[[HttpRequest], HttpRequest | None]) -> None:
        self._lines, self._before = lines, before

    async def carry(self, request: HttpRequest) -> HttpAnswer | NotCarried:
        """Its answer. What becomes of the answer to a press is of no interest: the message says that it was heard."""
        first = self._before(request)
        if first is not None:
            await self._lines.carry(first)
        return await self._lines.carry(request)

    async def close(self) -> None:
        """Let go of connections."""
        await self._lines.close()
