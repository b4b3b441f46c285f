"""What a person does on a channel, and what they hear: where it is not a turn like any other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from vikno.bootstrap.worlds import load_worlds
from vikno.channels.sms.inbound import meant
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.channel import Inbound, Left
from vikno.usecases.receive_message import Desk
from vikno.wire.vault import LocalVault

VAULT = LocalVault(bytes(32))
PHONE = "380501234567"


class Gateway:
    """As much of a channel as receiving looks at."""

    kind, account = "sms", "main"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    store = SqliteStore(f"sqlite:///{tmp_path}/v.db?synchronous=off", lambda: 1_000)
    yield Desk(store, store, VAULT, load_worlds().now, lambda: 1_000)
    await store.close()


async def hears(desk: Desk, key: str, text: str) -> list[str]:
    channel: Any = Gateway()
    replies = await desk.receive(channel, Inbound(key, PHONE, meant(text), lang="uk"))
    return [reply.outbound.text for reply in replies if not reply.repeated]


async def status(desk: Desk) -> str:
    known = await desk.records.known(VAULT.name("sms/main", PHONE))
    assert known is not None
    return known.status


async def test_stop_is_confirmed_once_and_says_how_to_begin_again(desk: Desk) -> None:
    assert await hears(desk, "1", "Привіт")
    [said] = await hears(desk, "2", "СТОП")
    assert said == "Більше не писатимемо вам сюди. Щоб почати знову, напишіть СТАРТ."
    assert await status(desk) == "left"
    assert await hears(desk, "2", "СТОП") == [], "the gateway has brought it twice"
    assert await hears(desk, "3", "stop") == [], "there is nothing left to stop"


async def test_stop_of_somebody_we_never_met_is_met_with_silence(desk: Desk) -> None:
    assert await hears(desk, "1", "STOP") == []


async def test_one_who_blocks_us_gets_no_answer(desk: Desk) -> None:
    await hears(desk, "1", "Привіт")
    channel: Any = Gateway()
    assert await desk.receive(channel, Inbound("2", PHONE, Left())) == ()
    assert await status(desk) == "left"
