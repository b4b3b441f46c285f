"""What was forgotten does not stand in the file either."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from vikno.stores.sqlite import SqliteStore
from vikno.usecases.ports import Taken

SECRET = b"born 1990-02-03"
BESIDE = b"somebody else"
ROWS = "SELECT (SELECT count(*) FROM conversation), (SELECT count(*) FROM inbox), (SELECT count(*) FROM outbox)"


def says(words: bytes) -> Taken:
    return Taken(words, (words,), fetched=True)


def everything(folder: Path) -> bytes:
    """The file and what stands beside it."""
    return b"".join(path.read_bytes() for path in folder.iterdir())


@pytest.mark.parametrize("way", ["forgotten", "old"])
async def test_no_word_of_it_is_left_in_the_file(tmp_path: Path, way: str) -> None:
    file, now_ms = tmp_path / "a.db", [1_000]
    store = SqliteStore(f"sqlite:///{file}", lambda: now_ms[0])
    await store.turn("web:a", "1", lambda _: says(SECRET))
    now_ms[0] = 2_000
    await store.turn("web:b", "1", lambda _: says(BESIDE))
    if way == "forgotten":
        await store.forget("web:a")
    else:
        while await store.prune(2_000, limit=1):
            pass
    await store.close()
    written = everything(tmp_path)
    assert BESIDE in written
    assert SECRET not in written
    connection = apsw.Connection(str(file))
    rows = connection.execute(ROWS).fetchall()
    connection.close()
    assert rows == [(1, 1, 1)]
