"""Where the file is, who may read it, and what is said when something is wrong with it."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from pathlib import Path

import apsw
import pytest

from tests.stores.sqlite.steps import count
from vikno.stores.sqlite import SqliteReader, SqliteStore
from vikno.stores.sqlite.errors import (
    DiskFull,
    StoreDamaged,
    StoreForeign,
    StoreTooNew,
    StoreTooOld,
    StoreUnreadable,
    StoreUrlWrong,
)
from vikno.stores.sqlite.file import Location
from vikno.usecases.ports import Kept, StoreUnavailable


def url(path: Path) -> str:
    return f"sqlite:///{path}"


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def open_store(path: Path) -> SqliteStore:
    return SqliteStore(url(path), lambda: 0)


@pytest.mark.parametrize(
    "wrong",
    [
        "", "vikno.db", "sqlite:", "sqlite:///", "sqlite://vikno.db", "sqlite://host/vikno.db", "sqlite:///folder/",
        "postgresql:///vikno", "sqlite:///a.db?synchronous=perhaps", "sqlite:///a.db?timeout=1", "sqlite:///a.db#b",
        "sqlite:///a%00b",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(StoreUrlWrong):
        Location.of(wrong)


def test_an_address_may_hold_any_name() -> None:
    assert Location.of("sqlite:///%D1%81%D1%85%D0%BE%D0%B2%D0%B8%D1%89%D0%B5%3F.db").path == Path("сховище?.db")


async def test_the_file_and_its_log_are_private(tmp_path: Path) -> None:
    store = open_store(tmp_path / "a.db")
    await store.turn("a", "1", count)
    assert modes(tmp_path) == {"a.db": 0o600, "a.db-wal": 0o600, "a.db-shm": 0o600}
    await store.close()


async def test_a_turn_is_synced_unless_the_address_says_otherwise(tmp_path: Path) -> None:
    for address, level in ((url(tmp_path / "a.db"), 2), (url(tmp_path / "b.db") + "?synchronous=normal", 1)):
        store = SqliteStore(address, lambda: 0)
        assert store._writer._connection.pragma("synchronous") == level
        assert store._writer._connection.pragma("journal_mode") == "wal"
        await store.close()


async def test_a_file_that_has_its_own_permissions_keeps_them(tmp_path: Path) -> None:
    (tmp_path / "a.db").touch(0o640)
    (tmp_path / "a.db").chmod(0o640)
    await open_store(tmp_path / "a.db").close()
    assert modes(tmp_path) == {"a.db": 0o640}


@pytest.mark.parametrize("path", ["no folder/a.db", "file/a.db", "folder"])
def test_a_place_where_no_file_can_be_is_named(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreUnreadable):
        open_store(tmp_path / path)


def test_a_reader_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreadable):
        SqliteReader(url(tmp_path / "a.db"))
    assert list(tmp_path.iterdir()) == []


async def test_a_reader_looks_at_a_store_that_is_in_use(tmp_path: Path) -> None:
    store = open_store(tmp_path / "a.db")
    await store.turn("a", "1", count)
    reader = SqliteReader(url(tmp_path / "a.db"))
    assert [(c.name, c.state) for c in await reader.page()] == [("a", b"1")]
    await store.turn("a", "2", count)
    assert await reader.read("a") == b"2"
    await reader.close()
    await store.close()


def test_a_reader_does_not_migrate(tmp_path: Path) -> None:
    (tmp_path / "a.db").touch()
    with pytest.raises(StoreTooOld):
        SqliteReader(url(tmp_path / "a.db"))
    assert (tmp_path / "a.db").stat().st_size == 0


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db") as other:
        other.execute("CREATE TABLE theirs (it)")
    other.close()
    before = (tmp_path / "a.db").read_bytes()
    with pytest.raises(StoreForeign):
        open_store(tmp_path / "a.db")
    with pytest.raises(StoreForeign):
        SqliteReader(url(tmp_path / "a.db"))
    assert (tmp_path / "a.db").read_bytes() == before


async def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    await open_store(tmp_path / "a.db").close()
    with sqlite3.connect(tmp_path / "a.db") as newer:
        newer.execute("PRAGMA user_version = 999")
    newer.close()
    with pytest.raises(StoreTooNew, match="999"):
        open_store(tmp_path / "a.db")
    with sqlite3.connect(tmp_path / "a.db") as newer:
        assert newer.execute("PRAGMA user_version").fetchone() == (999,)
    newer.close()


def test_a_file_that_is_no_database_is_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"\x89PNG and so on " * 1000)
    with pytest.raises(StoreDamaged):
        open_store(tmp_path / "a.db")


async def test_damage_inside_is_told_to_whoever_meets_it(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = open_store(path)
    for number in range(200):
        await store.turn(f"conversation {number:03}", "1", count)
    await store.close()
    connection = apsw.Connection(str(path))
    schema = {number for (number,) in connection.execute("SELECT pageno FROM dbstat WHERE name = 'sqlite_schema'")}
    connection.close()
    content = bytearray(path.read_bytes())
    for number in set(range(1, len(content) // 4096 + 1)) - schema:  # damage there would be seen at the opening
        page = (number - 1) * 4096
        content[page : page + 64] = b"\xff" * 64
    path.write_bytes(content)
    store = open_store(path)
    with pytest.raises(StoreDamaged) as raised:
        await store.turn("conversation 100", "2", count)
    assert not raised.value.retryable
    with pytest.raises(StoreDamaged):
        await store.page()
    with pytest.raises(StoreDamaged):
        await store.prune(1)
    await store.close()


async def test_a_full_disk_is_told_and_forgotten_when_there_is_room(tmp_path: Path) -> None:
    store = open_store(tmp_path / "a.db")
    await store.turn("a", "1", count)
    connection = store._writer._connection
    connection.pragma("max_page_count", connection.pragma("page_count"))  # the disk ends here
    turns = [store.turn("a", str(event), count) for event in range(2, 3000)]
    answers = await asyncio.gather(*turns, return_exceptions=True)
    refused = [answer for answer in answers if not isinstance(answer, Kept)]
    assert {type(error) for error in refused} == {DiskFull}
    kept = len(answers) - len(refused) + 1
    assert await store.read("a") == b"%d" % kept
    connection.pragma("max_page_count", 2**30)
    assert (await store.turn("a", str(kept + 1), count)).effects == (b"%d" % (kept + 1),)
    await store.close()


def test_every_error_says_what_to_do_and_has_a_code_of_its_own() -> None:
    errors: list[type[StoreUnavailable]] = [StoreUnavailable, *StoreUnavailable.__subclasses__()]
    assert len({error.code for error in errors}) == len(errors) >= 9
    assert all(len(error().text) > 40 for error in errors)
