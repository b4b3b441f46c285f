"""Notifications in SQLite: what is kept once, what holds nobody up, and what is not left behind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest

from tests.contracts.records import meet
from tests.contracts.senders import VIBER, a_sender, moves, named, now, telling, told
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.notifications import Wanted

ANNA, BOHDAN = named(VIBER, "a"), named(VIBER, "b")
PLANS, TRACES, NOTICES = "SELECT count(*) FROM plan", "SELECT count(*) FROM trace", "SELECT count(*) FROM notice"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(f"sqlite:///{tmp_path}/a.db", lambda: 0)
    yield store
    await store.close()


def count(store: SqliteStore, what: str) -> int:
    return int(store._all(what)[0][0])


async def test_plans_that_are_alike_are_kept_once_and_go_with_the_last_that_used_them(store: SqliteStore) -> None:
    _, flow = await a_sender(store)
    await store.keep_notifications([telling(flow, ANNA, plan=b"%d" % (n % 2), step=None) for n in range(100)], 1_000)
    last = await told(store, telling(flow, BOHDAN, plan=b"1", step=None))
    assert count(store, PLANS) == 2
    await store.erase(ANNA)
    assert count(store, PLANS) == 1
    assert (await now(store, last)).plan == b"1"
    await store.seen(last, 2_000)
    assert await store.prune_records("notifications", 3_000) == 1
    assert [count(store, what) for what in (PLANS, TRACES, NOTICES)] == [0, 0, 0]


async def test_nothing_of_a_notification_outlives_it(store: SqliteStore) -> None:
    _, flow = await a_sender(store)
    number = await told(store, telling(flow, ANNA))
    await store.move([moves(await now(store, number), traced=b"{}")], 1_500)
    assert [count(store, what) for what in (PLANS, TRACES, NOTICES)] == [1, 1, 1]
    await store.erase(ANNA)
    assert [count(store, what) for what in (PLANS, TRACES, NOTICES)] == [0, 0, 0]


async def test_a_large_batch_lets_the_loop_go_on(store: SqliteStore) -> None:
    _, flow = await a_sender(store)
    made = [telling(flow, f"{VIBER}:{n:032x}") for n in range(1_000)]
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    ticking = asyncio.ensure_future(tick())
    answers = []
    for work in (
        lambda: store.keep_notifications(made, 1_000),
        lambda: store.in_hand(range(1, 1_001)),
        lambda: store.people([one.to.conversation for one in made], 1, "service", 0),
    ):
        before = ticks
        answers.append(await work())
        assert ticks - before >= 5
    before = ticks
    found = await store.in_hand(range(1, 1_001))
    assert await store.move([moves(one.notification) for one in found], 2_000) == 1_000
    assert ticks - before >= 30
    ticking.cancel()


async def test_single_ones_share_their_commit(store: SqliteStore) -> None:
    _, flow = await a_sender(store)
    commits: list[int] = []

    def committed(_connection: apsw.Connection, _database: str, pages: int) -> int:
        commits.append(pages)
        return apsw.SQLITE_OK

    store._writer._connection.set_wal_hook(committed)
    await asyncio.gather(*(store.keep_notifications([telling(flow, ANNA)], 1_000) for _ in range(64)))
    assert len(commits) <= 2
    assert len(await store.listed_notifications(Wanted(1))) == 64


async def test_somebody_with_very_many_is_read_as_quickly(store: SqliteStore) -> None:
    """So far and no further is counted."""
    _, flow = await a_sender(store)
    await meet(store, ANNA)
    for _ in range(20):
        await store.keep_notifications([telling(flow, ANNA, step=None)] * 1_000, 1_000)
    began = time.perf_counter()
    for _ in range(20):
        assert (await store.people([ANNA], 1, "service", 0))[ANNA].today == 1_000
    assert time.perf_counter() - began < 1
