"""Waiting, sharing and refusing: what is SQLite's store's own."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest

from tests.stores.sqlite.steps import count
from vikno.stores.sqlite import SqliteStore
from vikno.stores.sqlite.errors import StoreLocked
from vikno.usecases.ports import StoreUnavailable, Taken, TooManyTurns


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(f"sqlite:///{path}", lambda: 0, most_waiting=10, most_together=4, lock_wait_s=0.2)
    yield store
    await store.close()


def commits(store: SqliteStore) -> list[int]:
    """A list that grows with each commit of the store."""
    seen: list[int] = []
    watch = store._writer._checkpoints._committed

    def committed(connection: apsw.Connection, database: str, pages: int) -> int:
        seen.append(pages)
        return watch(connection, database, pages)

    store._writer._connection.set_wal_hook(committed)
    return seen


async def test_turns_that_wait_together_share_a_commit(store: SqliteStore) -> None:
    seen = commits(store)
    await asyncio.gather(*(store.turn(str(n), "1", count) for n in range(10)))
    assert len(seen) == 3  # 4 and 4 and 2


async def test_marks_share_the_commit_of_the_turns(store: SqliteStore) -> None:
    await store.turn("a", "1", lambda _: Taken(b"", (b"x", b"y")))
    seen = commits(store)
    await asyncio.gather(store.turn("a", "2", count), store.done("a", 1), store.done("a", 2))
    assert len(seen) == 1
    assert await store.waiting() == ()


async def test_a_turn_more_than_may_wait_is_refused_and_may_come_again(store: SqliteStore) -> None:
    answers = await asyncio.gather(*(store.turn("a", str(n), count) for n in range(12)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, TooManyTurns)]
    assert len(refused) == 2
    assert all(error.retryable for error in refused)
    assert await store.read("a") == b"10"
    assert (await store.turn("a", "11", count)).effects == (b"11",)


async def test_nothing_is_answered_before_it_is_on_record(store: SqliteStore, path: Path) -> None:
    other = apsw.Connection(str(path), apsw.SQLITE_OPEN_READONLY)
    for event in range(20):
        kept = await store.turn("a", str(event), count)
        assert other.execute("SELECT state FROM conversation").get == kept.effects[0]
    other.close()


async def test_another_process_that_holds_the_file_is_waited_for_while_others_go_on(
    store: SqliteStore, path: Path
) -> None:
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    turn = asyncio.ensure_future(store.turn("a", "1", count))
    await asyncio.sleep(0.05)  # the loop goes on
    assert not turn.done()
    other.execute("ROLLBACK")
    assert (await turn).effects == (b"1",)
    other.close()


async def test_another_process_that_holds_the_file_for_too_long_is_told(store: SqliteStore, path: Path) -> None:
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    answers = await asyncio.gather(
        store.turn("a", "1", count), store.turn("b", "1", count), store.done("a", 1), store.prune(0),
        return_exceptions=True,
    )  # fmt: skip
    assert [type(answer) for answer in answers] == [StoreLocked] * 4
    assert answers[0] is not answers[1]
    assert answers[0].retryable  # type: ignore[union-attr]
    other.execute("ROLLBACK")
    other.close()
    assert (await store.turn("a", "1", count)).effects == (b"1",)


async def test_a_fault_of_ours_is_told_to_whoever_waits_and_the_store_goes_on(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> int:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(store, "_clock", broken)
        answers = await asyncio.gather(*(store.turn("a", str(n), count) for n in range(6)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreUnavailable] * 6
    assert (await store.turn("a", "1", count)).effects == (b"1",)


def test_a_loop_that_ends_before_its_time_leaves_a_store_that_can_be_used(path: Path) -> None:
    store = SqliteStore(f"sqlite:///{path}", lambda: 0)

    async def leave() -> list[asyncio.Task[object]]:
        turns: list[asyncio.Task[object]] = [asyncio.ensure_future(store.turn("a", str(n), count)) for n in range(600)]
        await asyncio.sleep(0.001)
        return turns

    left = asyncio.run(leave())
    answered = sum(1 for turn in left if not turn.cancelled())

    async def go_on() -> int:
        for n in range(600):
            await store.turn("a", str(n), count)
        kept = int(await store.read("a") or b"0")
        await store.close()
        return kept

    assert answered <= 600
    assert asyncio.run(go_on()) == 600


async def test_the_log_starts_anew_under_a_load_that_never_pauses(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vikno.stores.sqlite.checkpoints.PAGES_BETWEEN", 20)
    monkeypatch.setattr("vikno.stores.sqlite.checkpoints.LONG_LOG_PAGES", 100)
    seen = commits(store)

    async def talk(name: str) -> None:
        for event in range(120):
            await store.turn(name, str(event), count)

    await asyncio.gather(*(talk(str(n)) for n in range(6)))
    assert max(seen) < 200 < len(seen)
    assert any(later < earlier for earlier, later in itertools.pairwise(seen))
    other = apsw.Connection(str(path), apsw.SQLITE_OPEN_READONLY)
    assert other.pragma("integrity_check") == "ok"
    assert other.execute("SELECT count(*) FROM outbox").get == 720
    other.close()


async def test_closing_leaves_one_file(path: Path) -> None:
    store = SqliteStore(f"sqlite:///{path}", lambda: 0)
    await store.turn("a", "1", count)
    await store.close()
    assert [file.name for file in path.parent.iterdir()] == ["a.db"]
