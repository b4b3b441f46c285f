"""A server forgets by itself: old conversations go, in small batches, and a failure is tried again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from vikno.bootstrap import web
from vikno.testing.memory_store import MemoryStore
from vikno.usecases.ports import StoreUnavailable, Taken

OLD, YOUNG = 1_000, 1_000 + 2 * web.DAY_MS


class Store(MemoryStore):
    """One whose disk fails at the first try."""

    def __init__(self) -> None:
        self.moment, self.pruned, self.enough = OLD, list[int](), asyncio.Event()
        super().__init__(lambda: self.moment)

    async def prune(self, before_ms: int, limit: int = 500) -> int:
        if not self.pruned:
            self.pruned.append(-1)
            raise StoreUnavailable
        self.pruned.append(await super().prune(before_ms, limit))
        if len(self.pruned) >= 9:
            self.enough.set()
        return self.pruned[-1]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_PRUNE_S", "PRUNE_EVERY_S", "PRUNE_PAUSE_S"):
        monkeypatch.setattr(web, name, 0)
    monkeypatch.setattr(web, "now_ms", lambda: OLD + 1 + web.KEEP_DAYS * web.DAY_MS)


def held(_: bytes | None) -> Taken:
    return Taken(b"answers", (b"said",), fetched=True)


async def test_what_is_old_goes_and_what_is_young_stays(quick: None) -> None:
    store: Any = Store()
    for number in range(1200):
        await store.turn(f"web:{number}", "1", held)
    store.moment = YOUNG
    await store.turn("web:young", "1", held)
    chore = asyncio.create_task(web._prune(store))
    async with asyncio.timeout(10):
        await store.enough.wait()
    assert store.pruned[:9] == [-1, 500, 500, 200, 500, 500, 200, 0, 0]
    assert [conversation.name for conversation in await store.page()] == ["web:young"]
    await store.close()
    await asyncio.wait_for(chore, 10)
