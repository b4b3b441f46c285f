"""Processes that end at any moment, and processes that share the file."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import apsw
import pytest

from tests.commands import ROOT
from vikno.stores.sqlite import SqliteStore

CONVERSATIONS = ["a", "b", "c", "d", "e", "f", "g", "h"]


def talker(url: str, name: str, most: int, *conversations: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.stores.sqlite.talker", url, name, str(most), *conversations]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> list[tuple[str, str, int, bool]]:
    """The whole lines that the process has written by its end."""
    output, _ = process.communicate(timeout=60)
    lines = [line.split() for line in output.splitlines(keepends=True) if line.endswith("\n")]
    return [(conversation, event, int(number), bool(int(again))) for conversation, event, number, again in lines]


def record(path: Path) -> dict[tuple[str, str], int]:
    """What is on record for each event, after the file was found whole."""
    connection = apsw.Connection(str(path), apsw.SQLITE_OPEN_READWRITE)
    assert connection.pragma("integrity_check") == "ok"
    rows = connection.execute(
        "SELECT c.name, o.event, CAST(o.payload AS TEXT) FROM outbox o JOIN conversation c ON c.id = o.conversation"
    ).fetchall()
    keys = connection.execute("SELECT count(*) FROM inbox").get
    connection.close()
    events = {(str(name), str(event)): int(str(number)) for name, event, number in rows}
    assert len(events) == len(rows) == keys
    return events


@pytest.mark.parametrize("life_s", [0.05, 0.4, 1.0])
def test_a_turn_that_was_answered_outlives_the_process(tmp_path: Path, life_s: float) -> None:
    path, url = tmp_path / "a.db", f"sqlite:///{tmp_path}/a.db"
    told: dict[tuple[str, str], int] = {}
    for life in range(2):
        process = talker(url, f"life{life}", 0, *CONVERSATIONS)
        assert process.stdout is not None
        first = process.stdout.readline()  # it talks
        time.sleep(life_s)
        os.kill(process.pid, signal.SIGKILL)
        conversation, event, number, _ = first.split()
        told |= {(conversation, event): int(number)} | {(c, e): n for c, e, n, _ in said(process)}
    events = record(path)
    assert told.items() <= events.items()
    for name in CONVERSATIONS:  # each counts one further than the one before: none was lost, none held twice
        numbers = sorted(number for (conversation, _), number in events.items() if conversation == name)
        assert numbers == list(range(1, len(numbers) + 1))


def test_the_first_turn_after_an_end_goes_on_where_the_last_one_was(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    process = talker(url, "first", 0, "a")
    assert process.stdout is not None
    process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    said(process)
    last = max(record(tmp_path / "a.db").values())

    async def go_on() -> bytes | None:
        store = SqliteStore(url, lambda: 0)
        state = await store.read("a")
        await store.close()
        return state

    assert asyncio.run(go_on()) == b"%d" % last


def test_two_processes_hold_turns_of_the_same_conversations(tmp_path: Path) -> None:
    """Both begin on a new file at once; each turn sees the one before it, whoever held that."""
    url, most = f"sqlite:///{tmp_path}/a.db", 60
    processes = [talker(url, name, most, *CONVERSATIONS) for name in ("one", "two")]
    told = [line for process in processes for line in said(process)]
    assert [process.returncode for process in processes] == [0, 0]
    assert {(c, e): n for c, e, n, _ in told} == record(tmp_path / "a.db")
    for name in CONVERSATIONS:
        assert sorted(number for conversation, _, number, _ in told if conversation == name) == list(range(1, 121))


def test_processes_that_open_a_new_store_at_once_all_open_it(tmp_path: Path) -> None:
    """A server and an import, started together: one makes the tables, none takes them for another program's."""
    for number in range(5):
        processes = [talker(f"sqlite:///{tmp_path}/{number}.db", f"p{one}", 1, "a") for one in range(5)]
        assert [len(said(process)) for process in processes] == [1] * 5


def test_two_processes_that_get_the_same_events_hold_each_once(tmp_path: Path) -> None:
    url, most = f"sqlite:///{tmp_path}/a.db", 60
    processes = [talker(url, "same", most, *CONVERSATIONS) for _ in range(2)]
    one, two = (sorted(said(process)) for process in processes)
    assert [line[:3] for line in one] == [line[:3] for line in two]  # the same answer from whichever
    assert len(record(tmp_path / "a.db")) == most * len(CONVERSATIONS)
    assert sum(again for *_, again in [*one, *two]) == most * len(CONVERSATIONS)
