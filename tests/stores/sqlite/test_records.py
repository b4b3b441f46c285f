"""Records in SQLite: what shares a commit, what holds nobody up, what is forgotten, and what a kill leaves."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import apsw
import pytest

from tests.commands import ROOT
from tests.stores.sqlite.steps import count
from vikno.stores.sqlite import SqliteReader, SqliteStore
from vikno.stores.sqlite.errors import StoreLocked
from vikno.usecases.channel import Sent
from vikno.usecases.records import (
    HEARD_EXACT_MS,
    CaseGiven,
    CaseKept,
    Decided,
    Follower,
    NoticeMade,
    Settled,
    StageGiven,
)

ACCOUNT = "telegram/main"
ANNA = f"{ACCOUNT}:{'a' * 32}"
SECRET = "народилася 1990-02-03"
RECORDS = ("address", "follow", "notice")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(f"sqlite:///{path}", lambda: 0, lock_wait_s=0.2)
    yield store
    await store.close()


def notice(who: str = ANNA, text: str = "x") -> NoticeMade:
    return NoticeMade(who, ACCOUNT, text.encode(), "", 0, 10**12)


def moves(case: CaseKept, given: StageGiven, followers: Sequence[Follower]) -> Decided:
    return Decided("reached")


def commits(store: SqliteStore) -> list[int]:
    """A list that grows with each commit that writes."""
    seen: list[int] = []

    def committed(_connection: apsw.Connection, _database: str, pages: int) -> int:
        seen.append(pages)
        return apsw.SQLITE_OK

    store._writer._connection.set_wal_hook(committed)
    return seen


async def test_small_writes_share_the_commit_of_the_turns(store: SqliteStore) -> None:
    await store.put([CaseGiven("dms", "A-1", "ua/id-card", "c0de")], 1_000)
    (sending,) = await store.queue([notice()], 1_000)
    await store.lease(ACCOUNT, "notice", 1, 1_000)
    seen = commits(store)
    await asyncio.gather(
        store.turn("a", "1", count),
        store.meet(ANNA, ACCOUNT, b"sealed", "uk", 1_000),
        store.follow(1, Follower(ANNA, ACCOUNT, "uk"), 1_000),
        store.settle([Settled(sending, Sent("m"))], 1_000),
        store.report(ACCOUNT, "m", "read", 1_000),
        store.lease(ACCOUNT, "notice", 1, 1_000),
        store.mark(ANNA, "left"),
        store.turn("b", "1", count),
    )
    assert len(seen) == 1
    assert [one.status for one in await store.inbox(ANNA)] == ["read"]
    assert await store.followers(1) == ()


async def test_what_changes_nothing_writes_nothing(store: SqliteStore) -> None:
    await store.meet(ANNA, ACCOUNT, b"sealed", "uk", 1_000)
    await store.put([CaseGiven("dms", "A-1", "ua/id-card", "c0de")], 1_000)
    seen = commits(store)
    await store.put([CaseGiven("dms", "A-1", "ua/id-card", "c0de")], 2_000)
    await store.meet(ANNA, ACCOUNT, b"sealed", "uk", 1_000 + HEARD_EXACT_MS - 1)
    await store.lease(ACCOUNT, "notice", 10, 2_000)
    await store.report(ACCOUNT, "of a reply", "read", 2_000)
    assert not await store.attempt("key", 0, 1_000, 2_000)
    assert seen == []
    await store.meet(ANNA, ACCOUNT, b"sealed", "uk", 1_000 + HEARD_EXACT_MS)
    assert len(seen) == 1


async def test_of_receipts_of_nothing_here_the_latest_few_are_remembered(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every reply has some, so that they would fill the memory."""
    monkeypatch.setattr("vikno.stores.sqlite.notices.MOST_EARLY", 3)
    ids = await store.queue([notice(f"{ACCOUNT}:{n:032}") for n in range(5)], 1_000)
    await store.lease(ACCOUNT, "notice", 5, 1_000)
    for number in ids:
        await store.report(ACCOUNT, f"m{number}", "read", 1_000)
    assert len(store._early) == 3
    await store.settle([Settled(number, Sent(f"m{number}")) for number in ids], 1_000)
    statuses = [status for (status,) in store._all("SELECT status FROM notice ORDER BY id")]
    assert statuses == ["sent", "sent", "read", "read", "read"]


async def test_a_write_that_fails_takes_no_companion_down_and_leaves_nothing(store: SqliteStore) -> None:
    def half(writing: apsw.Cursor) -> None:
        writing.execute("INSERT INTO access (at_ms, who, what, about) VALUES (1, 'a', 'b', 'c')")
        raise ZeroDivisionError

    answers = await asyncio.gather(
        store.turn("a", "1", count),
        store._share(half),
        store.meet(ANNA, ACCOUNT, b"sealed", "uk", 1_000),
        return_exceptions=True,
    )
    assert isinstance(answers[1], ZeroDivisionError)
    assert await store.read("a") == b"1"
    assert await store.known(ANNA) is not None
    assert await store.accesses("c") == ()


async def test_a_large_batch_lets_the_loop_go_on(store: SqliteStore) -> None:
    numbers = [f"A-{n}" for n in range(1_000)]
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    ticking = asyncio.ensure_future(tick())
    await store.put([CaseGiven("dms", number, "ua/id-card", "c0de") for number in numbers], 1_000)
    reports = [StageGiven("dms", number, number, "checked", 900) for number in numbers]
    await store.record(reports, moves, 1_000)
    ticking.cancel()
    assert ticks > 50


async def test_turns_are_held_between_two_batches(store: SqliteStore) -> None:
    order: list[str] = []

    async def put(batch: int) -> None:
        await store.put([CaseGiven("dms", f"{batch}-{n}", "ua/id-card", "c0de") for n in range(100)], 1_000)
        order.append("batch")

    async def turn() -> None:
        await store.turn("a", "1", count)
        order.append("turn")

    await asyncio.gather(put(1), put(2), put(3), turn())
    assert order.index("turn") < 2


async def test_a_decision_is_taken_on_the_loops_thread(store: SqliteStore) -> None:
    loop = asyncio.get_running_loop()
    await store.put([CaseGiven("dms", "A-1", "ua/id-card", "c0de")], 1_000)

    def decide(case: CaseKept, given: StageGiven, followers: object) -> Decided:
        assert asyncio.get_running_loop() is loop
        return Decided("reached")

    assert await store.record([StageGiven("dms", "A-1", "e", "checked", 1)], decide, 1_000) == ("reached",)


async def test_another_process_that_holds_the_file_is_told_to_each(store: SqliteStore, path: Path) -> None:
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    answers = await asyncio.gather(
        store.meet(ANNA, ACCOUNT, b"sealed", "uk", 1_000), store.lease(ACCOUNT, "notice", 1, 1_000),
        store.queue([notice()], 1_000), store.erase(ANNA),
        return_exceptions=True,
    )  # fmt: skip
    assert [type(answer) for answer in answers] == [StoreLocked] * 4
    other.execute("ROLLBACK")
    other.close()
    assert len(await store.queue([notice()], 1_000)) == 1


async def test_records_are_read_beside_a_writer(store: SqliteStore, path: Path) -> None:
    """What a reader sees was committed."""
    await store.queue([notice()], 1_000)
    reader = SqliteReader(f"sqlite:///{path}")
    rows = reader._all("SELECT status FROM notice")
    await reader.close()
    assert rows == [("created",)]


@pytest.mark.parametrize("way", ["erased", "old"])
async def test_no_word_of_what_is_forgotten_is_left_in_the_file(path: Path, way: str) -> None:
    store = SqliteStore(f"sqlite:///{path}", lambda: 1_000)
    other = f"{ACCOUNT}:{'b' * 32}"
    await store.put([CaseGiven("dms", "A-1", "ua/id-card", "c0de")], 1_000)
    for who, text in ((ANNA, SECRET), (other, "somebody else")):
        await store.meet(who, ACCOUNT, text.encode(), "uk", 1_000)
        await store.follow(1, Follower(who, ACCOUNT, "uk"), 1_000)
        await store.queue([notice(who, text), notice(who, text * 40)], 1_000)
    await store.put_aside(ACCOUNT, "unreadable", SECRET.encode(), 1_000)
    if way == "erased":
        await store.erase(ANNA)
        await store.prune_records("asides", 2_000)
    else:
        while taken := await store.lease(ACCOUNT, "notice", 10, 1_000):
            await store.settle([Settled(one.id, Sent()) for one in taken if one.conversation == ANNA], 1_100)
        assert await store.prune_records("notices", 2_000) == 2
        assert await store.prune_records("asides", 2_000) == 1
        await store.erase(ANNA)
    await store.close()
    written = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"somebody else" in written
    assert SECRET.encode() not in written
    assert ANNA.encode() not in written
    connection = apsw.Connection(str(path))
    left = [connection.execute(f"SELECT count(*) FROM {table}").get for table in RECORDS]  # noqa: S608 - our own names
    connection.close()
    assert left == [1, 1, 2]


async def test_a_lease_stays_quick_when_very_many_wait(store: SqliteStore) -> None:
    """It looks at what it takes, not at what waits: counted in steps of SQLite's machine, not in time."""
    steps = 0

    def step() -> bool:
        nonlocal steps
        steps += 1
        return False

    async def lease_of(waiting: int) -> int:
        nonlocal steps
        for start in range(0, waiting, 1_000):
            people = [f"{ACCOUNT}:{n:032}" for n in range(start, start + 1_000)]
            await store.queue([notice(who) for who in people], 1_000)
        store._writer._connection.set_progress_handler(step, 1)
        steps = 0
        taken = await store.lease(ACCOUNT, "notice", 10, 2_000)
        store._writer._connection.set_progress_handler(None)
        assert len(taken) == 10
        return steps

    few = await lease_of(1_000)
    assert await lease_of(20_000) < 2 * few


def sent_until_killed(url: str, life: str, said: Path, life_s: float) -> list[int]:
    """The notices that a process has sent before it was killed."""
    command = [sys.executable, "-m", "tests.stores.sqlite.sender", url, life]
    with said.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out)
    until = time.monotonic() + 30
    while not said.stat().st_size and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(life_s)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(30)
    return [int(line) for line in said.read_text().splitlines(keepends=True) if line.endswith("\n")]


def test_each_notice_is_sent_once_or_listed_as_unknown_whenever_the_process_is_killed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    sent = [
        one
        for life, life_s in enumerate((0.05, 0.15, 0.25, 0.35))
        for one in sent_until_killed(url, str(life), tmp_path / f"said{life}", life_s)
    ]

    async def look() -> list[tuple[int, str]]:
        store = SqliteStore(url, lambda: 0)
        await store.recover(ACCOUNT, 0)
        rows = store._all("SELECT id, status FROM notice ORDER BY id")
        await store.close()
        return rows

    rows = asyncio.run(look())
    status = dict(rows)
    assert sent
    assert len(sent) == len(set(sent)), "never twice"
    assert {status[one] for one in sent} <= {"sent", "unknown"}
    assert {one for one, state in rows if state == "sent"} <= set(sent)
    assert set(status.values()) <= {"sent", "unknown", "created"}
