"""Turns: what is decided about the same person at the same time is decided one after the other, others meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

Key = tuple[int, tuple[str, str]]
"""An organisation; an account and an address there."""


@dataclass
class Turns:
    """Of one process. Nothing is kept of a key that nobody holds or waits for."""

    _locks: dict[Key, tuple[asyncio.Lock, int]] = field(default_factory=dict)
    """Each with how many hold it or wait."""

    @asynccontextmanager
    async def of(self, keys: Iterable[Key]) -> AsyncIterator[None]:
        """Hold all of these. They are taken in one order whoever asks, so that nobody waits for each other."""
        async with AsyncExitStack() as held:
            for key in sorted(set(keys)):
                await held.enter_async_context(self._one(key))
            yield

    @asynccontextmanager
    async def _one(self, key: Key) -> AsyncIterator[None]:
        lock, count = self._locks.get(key, (None, 0))
        lock = lock or asyncio.Lock()
        self._locks[key] = lock, count + 1
        try:
            async with lock:
                yield
        finally:
            lock, count = self._locks.pop(key)
            if count > 1:
                self._locks[key] = lock, count - 1
