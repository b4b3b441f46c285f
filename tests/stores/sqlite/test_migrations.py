"""A store of every earlier version opens; a step that fails leaves the version before it."""

from __future__ import annotations

import re
from pathlib import Path

import apsw
import pytest

from tests.stores.sqlite.steps import count, never
from vikno.stores.sqlite import SqliteStore
from vikno.stores.sqlite.errors import StoreForeign, StoreTooNew
from vikno.stores.sqlite.migrations import APPLICATION_ID, Migration, found, migrate, version
from vikno.usecases.ports import Kept
from vikno.usecases.records import Position

VERSIONS = Path(__file__).with_name("versions")
FIRST, BROKEN = (
    Migration(1, "first", "CREATE TABLE a (b); INSERT INTO a VALUES (1);"),
    Migration(2, "broken", "CREATE TABLE c (d); INSERT INTO a VALUES (2); CREATE TABLE nonsense;"),
)


def tables(connection: apsw.Connection) -> list[str]:
    return [str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master ORDER BY name").fetchall()]


def test_the_steps_are_numbered_without_a_gap() -> None:
    assert [step.number for step in found()] == list(range(1, len(found()) + 1))
    assert all(step.name and step.script for step in found())


def a_store_of(number: int, folder: Path) -> SqliteStore:
    """A store that has come this far, opened by today's version.

    `versions/` has a sample of what each version has brought, so that a new step is tried on what was there before it.
    """
    connection = apsw.Connection(str(folder / "a.db"))
    for step in found()[:number]:
        migrate(connection, found()[: step.number])
        if (sample := VERSIONS / f"{step.number:04}.sql").exists():
            connection.execute(sample.read_text("utf-8"))
    connection.close()
    return SqliteStore(f"sqlite:///{folder}/a.db", lambda: 5_000)


def test_each_version_that_changes_what_tables_hold_has_a_sample() -> None:
    changes = {step.number for step in found() if re.search(r"(CREATE|ALTER) TABLE", step.script)}
    assert {int(sample.stem) for sample in VERSIONS.iterdir()} == changes


@pytest.mark.parametrize("number", range(1, len(found()) + 1))
async def test_a_store_of_each_version_opens_with_what_it_held(tmp_path: Path, number: int) -> None:
    store = a_store_of(number, tmp_path)
    assert [c.name for c in await store.page()] == ["telegram:17", "web:anna"]
    assert await store.turn("web:anna", "e2", never) == Kept(("Скільки років?".encode(),), True, 3)
    assert [(e.position, e.status) for e in await store.since("web:anna", 0)] == [(1, "done"), (2, "done"), (3, "done")]
    assert [(e.conversation, e.event) for e in await store.waiting()] == [("telegram:17", "u1")]
    assert (await store.turn("web:anna", "e3", count)).position == 4
    await store.close()


@pytest.mark.parametrize("number", range(3, len(found()) + 1))
async def test_a_store_of_each_version_since_3_opens_with_its_records(tmp_path: Path, number: int) -> None:
    store = a_store_of(number, tmp_path)
    known, case = await store.known("telegram/main:0f"), await store.case("dms", "A-17")
    assert known is not None
    assert known.sealed == b"\x5e\xa1\xed"
    assert known.zone == ("Europe/Warsaw" if number >= 7 else None)
    assert case is not None
    assert (case.id, case.stage) == (7, "checked")
    assert await store.followed("telegram/main:0f") == (case,)
    assert [passed.stage for passed in await store.history(7)] == ["checked"]
    assert [due.kind for due in await store.overdue(9_000)] == ["slow"]
    assert [notice.id for notice in await store.lease("telegram/main", "notice", 9, 5_000)] == [4]
    assert [notice.status for notice in await store.inbox("telegram/main:0f")] == ["sending", "sent", "expired"]
    assert [notice.id for notice in await store.letters(None)] == [2]
    assert [notice.id for notice in await store.letters("telegram/main")] == [2]
    changes = await store.changes("dms", Position(0), 10_000)
    assert [(event.status, event.stage) for event in changes.events] == [("followed", ""), ("sent", "checked")]
    assert await store.report("telegram/main", "m1", "delivered", 5_000)
    assert [aside.reason for aside in await store.asides(None)] == ["update_unreadable"]
    assert not await store.attempt("somebody", 2, 5_000, 5_000)
    assert await store.key("d16e57") is not None
    assert [access.who for access in await store.accesses("case/7")] == ["api/1"]
    assert [subscriber.authority for subscriber in await store.subscribers()] == (["dms"] if number >= 5 else [])
    await store.close()


async def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    (tmp_path / "a.db").touch()
    store = SqliteStore(f"sqlite:///{tmp_path}/a.db", lambda: 0)
    assert (await store.turn("a", "1", count)).effects == (b"1",)
    await store.close()


def test_steps_are_taken_once_and_the_file_is_marked_as_ours() -> None:
    connection = apsw.Connection(":memory:")
    migrate(connection, [FIRST])
    migrate(connection, [FIRST])
    assert connection.execute("SELECT b FROM a").fetchall() == [(1,)]
    assert version(connection) == 1
    assert connection.pragma("application_id") == APPLICATION_ID


def test_a_step_that_fails_leaves_the_version_before_it_whole() -> None:
    connection = apsw.Connection(":memory:")
    with pytest.raises(apsw.SQLError):
        migrate(connection, [FIRST, BROKEN])
    assert version(connection) == 1
    assert tables(connection) == ["a"]
    assert connection.execute("SELECT b FROM a").fetchall() == [(1,)]
    assert not connection.in_transaction


def test_a_newer_or_a_foreign_database_is_not_touched() -> None:
    newer = apsw.Connection(":memory:")
    migrate(newer, [FIRST])
    newer.pragma("user_version", 2)
    with pytest.raises(StoreTooNew):
        migrate(newer, [FIRST])
    foreign = apsw.Connection(":memory:")
    foreign.pragma("application_id", 7)
    with pytest.raises(StoreForeign):
        migrate(foreign, [FIRST])
    assert tables(foreign) == []
