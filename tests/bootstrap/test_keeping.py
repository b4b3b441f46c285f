"""A server forgets by itself, each kind in its time: small batches, in an order, and a failure is tried again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from vikno.bootstrap import keeping
from vikno.bootstrap.keeping import DAY_MS, TERMS, keep_in_time, read_terms, setting
from vikno.bootstrap.settings import NAMES, Settings, SettingWrong
from vikno.testing.memory_store import MemoryStore
from vikno.usecases.ports import StoreUnavailable, Taken

OLD, YOUNG = 1_000, 1_000 + 2 * DAY_MS
DEFAULTS = read_terms(Settings())


class Store(MemoryStore):
    """One whose disk fails at the first try. Of records it only hears what it is to forget."""

    def __init__(self) -> None:
        self.moment, self.pruned, self.enough = OLD, list[int](), asyncio.Event()
        self.records: list[tuple[str, int]] = []
        super().__init__(lambda: self.moment)

    async def prune(self, before_ms: int, limit: int = 500) -> int:
        if not self.pruned:
            self.pruned.append(-1)
            raise StoreUnavailable
        self.pruned.append(await super().prune(before_ms, limit))
        if len(self.pruned) >= 9:
            self.enough.set()
        return self.pruned[-1]

    async def prune_records(self, kind: str, before_ms: int, limit: int = 500) -> int:  # noqa: ARG002
        self.records.append((kind, before_ms))
        return self.records.count((kind, before_ms)) < 3


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_PRUNE_S", "PRUNE_EVERY_S", "PRUNE_PAUSE_S"):
        monkeypatch.setattr(keeping, name, 0)


def held(_: bytes | None) -> Taken:
    return Taken(b"answers", (b"said",), fetched=True)


@pytest.mark.usefixtures("quick")
async def test_what_is_old_goes_and_what_is_young_stays() -> None:
    store: Any = Store()
    for number in range(1200):
        await store.turn(f"web:{number}", "1", held)
    store.moment = YOUNG
    await store.turn("web:young", "1", held)
    days = read_terms(Settings(given={"VIKNO_KEEP_CONVERSATIONS_DAYS": "7", "VIKNO_KEEP_CASES_DAYS": "3650"}))
    now_ms = OLD + 1 + 7 * DAY_MS
    chore = asyncio.create_task(keep_in_time(store, days, lambda: now_ms))
    async with asyncio.timeout(10):
        await store.enough.wait()
    assert store.pruned[:9] == [-1, 500, 500, 200, 500, 500, 200, 0, 0]
    assert [conversation.name for conversation in await store.page()] == ["web:young"]
    await store.close()
    await asyncio.wait_for(chore, 10)
    told = {
        "notices": 180, "notifications": 180, "requests": 1, "cases": 3650, "addresses": 365, "asides": 180,
        "attempts": 30, "accesses": 1095,
    }  # fmt: skip
    # an address goes last of what is a person's: it is what everything else hangs on
    assert list(dict.fromkeys(store.records)) == [(kind, now_ms - days * DAY_MS) for kind, days in told.items()]
    assert store.records.count(("cases", now_ms - 3650 * DAY_MS)) >= 3, "again until nothing is left"


@pytest.mark.parametrize("kind", TERMS)
def test_each_term_is_a_setting_that_says_its_default(kind: Any) -> None:
    assert NAMES[setting(kind)].startswith(f"{TERMS[kind].days} unless said")
    days = 4000 if kind == "cases" else 90
    assert read_terms(Settings(given={setting(kind): str(days)})) == {**DEFAULTS, kind: days}


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        *((kind, odd) for kind in TERMS for odd in ("0", "-1", "1.5", "forever", "²", "36501", "9" * 5000)),
        ("notices", "13"),
        ("addresses", "1"),
        ("cases", "179"),
        ("notices", "1826"),
    ],
)
def test_a_term_that_cannot_be_is_named(kind: Any, written: str) -> None:
    with pytest.raises(SettingWrong, match="VIKNO_KEEP_"):
        read_terms(Settings(given={setting(kind): written}))
