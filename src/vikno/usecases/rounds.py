"""Rounds: each receiver is told by itself, so that one that is slow, hangs or is away keeps nothing from another.

A receiver has one round at a time. So many may have one at once, and whoever has waited longest is next; after a while
a round makes room, however much is left to tell. So what is open at a time, and how long anybody waits, has a bound.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, TypeVar

from vikno.domain.errors import ViknoError
from vikno.usecases.ports import StoreClosed

log = logging.getLogger("vikno.rounds")

MOST_AT_ONCE = 32
"""Receivers that are told at once."""
ROUND_S = 20.0
"""After this a round takes up nothing more. What it has taken up comes to its end, as each request does."""

Receiver = TypeVar("Receiver")


class Rounds(Generic[Receiver]):
    """Who of a kind is being told."""

    def __init__(
        self,
        kind: str,
        find: Callable[[], Awaitable[Mapping[int, Receiver]]],
        tell: Callable[[Receiver], Awaitable[Receiver | None]],
        *,
        most: int = MOST_AT_ONCE,
        round_s: float = ROUND_S,
    ) -> None:
        """`find`: receivers by their numbers; `tell`: one of them the next, as it stands then, None if that was all."""
        self.kind, self._find, self._tell, self._round_s = kind, find, tell, round_s
        self._room = asyncio.Semaphore(most)  # whoever asked first is let in first
        self._found: Mapping[int, Receiver] = {}
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._left = asyncio.Event()

    async def look(self) -> None:
        """Begin a round for each receiver that has none."""
        busy = set(self._busy)  # whose round ends meanwhile is perhaps found as it was before
        self._found = await self._find()
        for number in self._found:
            if number not in busy:
                self._busy[number] = asyncio.create_task(self._round(number))

    async def wait(self, longest_s: float) -> None:
        """Until a round made room with something left to tell, or until so long has passed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(longest_s):
                await self._left.wait()
        self._left.clear()

    async def end(self) -> None:
        """All of them. What was under way is told again by whoever begins anew."""
        tasks = [*self._busy.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._busy.clear()

    async def _round(self, number: int) -> None:
        left = None
        try:
            async with self._room:
                left = await self._told(self._found.get(number))  # as it was found last; it may have waited long
        except StoreClosed:
            pass  # whoever looks next will see
        except Exception as error:  # noqa: BLE001 - told again soon: nothing was taken that is not on record
            known = error.code if isinstance(error, ViknoError) else type(error).__name__
            log.warning("receiver_not_told", extra={"receiver": f"{self.kind}/{number}", "error": known})
        finally:
            del self._busy[number]
        if left is not None:
            self._left.set()

    async def _told(self, receiver: Receiver | None) -> Receiver | None:
        """As it stands when there is nothing more to tell, or no time."""
        loop = asyncio.get_running_loop()
        over_s = loop.time() + self._round_s
        while receiver is not None:
            receiver = await self._tell(receiver)
            if loop.time() >= over_s:
                break
        return receiver
