"""Errands: requests whose outcome nobody needs, carried beside the messages, few at a time."""

from __future__ import annotations

import asyncio
from typing import Any

from vikno.usecases.channel import Transport

AT_ONCE = 8
"""On their way. What comes while so many are is left undone."""
A_SECOND = 10
"""Begun within a second: the rest of the bot's thirty requests is for messages."""


class Errands:
    """Takes requests and lets them go. A press that is not answered is taken all the same."""

    def __init__(self, transport: Transport[Any, Any], *, at_once: int = AT_ONCE, a_second: int = A_SECOND) -> None:
        self._transport, self._at_once, self._a_second = transport, at_once, a_second
        self._tasks: set[asyncio.Task[Any]] = set()
        self._since_s, self._begun = 0.0, 0

    def __call__(self, request: Any) -> None:
        """Carry it soon, if there is room."""
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        if now_s - self._since_s >= 1.0:
            self._since_s, self._begun = now_s, 0
        if len(self._tasks) >= self._at_once or self._begun >= self._a_second:
            return
        self._begun += 1
        task = loop.create_task(self._transport.carry(request))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # looked at: a fault of the transport harms no message

    async def close(self) -> None:
        """Let go of what is still on its way."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
