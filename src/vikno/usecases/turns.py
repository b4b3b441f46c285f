"""Turns: what is decided about the same person at the same time is decided one after the other, others meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Key = tuple[int, tuple[str, str]]
"""An organisation; an account and an address there."""


@dataclass
class Turns:
    """Of one process. Nothing is kept of a key that nobody holds."""

    _held: dict[Key, asyncio.Event] = field(default_factory=dict)
    """Each with what is set when it is free again."""

    @asynccontextmanager
    async def of(self, keys: Iterable[Key]) -> AsyncIterator[None]:
        """Hold all of these. They are taken in one order whoever asks, so that nobody waits for each other."""
        mine = list[Key]()
        try:
            for key in sorted(set(keys)):
                while (before := self._held.get(key)) is not None:
                    await before.wait()
                self._held[key] = asyncio.Event()
                mine.append(key)
            yield
        finally:
            for key in mine:
                self._held.pop(key).set()
