"""Notices on the web stand in their conversation once each, whatever happened while they were put there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.usecases.sending import NOW_MS, VAULT, YEAR_MS
from vikno.domain.dialog.messages import Message
from vikno.domain.notify.route import WEB
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.channel import Outbound, encode_outbound
from vikno.usecases.hold_conversation import Held
from vikno.usecases.ports import StoreUnavailable, Taken
from vikno.usecases.records import NoticeMade
from vikno.usecases.show_notices import show_notices, take_up

ANNA, BOHDAN = f"{WEB}:anna", f"{WEB}:bohdan"


def clock() -> int:
    return NOW_MS


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    made = SqliteStore(f"sqlite:///{tmp_path}/v.db?synchronous=off", clock)
    for who in (ANNA, BOHDAN):
        await made.meet(who, WEB, VAULT.seal(""), "uk", NOW_MS)
        await made.turn(who, "begins", lambda _: Taken(b"{}", (), fetched=True))
    yield made
    await made.close()


async def notice(store: SqliteStore, who: str, payload: bytes, subject: str = "") -> None:
    await store.queue([NoticeMade(who, WEB, payload, subject, 0, NOW_MS + YEAR_MS)], NOW_MS)


def says(text: str) -> bytes:
    return encode_outbound(Outbound(text, purpose="notice"))


async def shown(store: SqliteStore) -> list[str]:
    """Rounds as the server holds them; whom there was something to see for."""
    told: list[str] = []
    await take_up(store, clock)
    while await show_notices(store, store, told.append, clock):
        pass
    return told


async def read(store: SqliteStore, who: str) -> list[str]:
    effects = await store.since(who, 0)
    messages: tuple[Message, ...] = Held(tuple(one.payload for one in effects), False, 0).messages
    return [message.text for message in messages]


async def statuses(store: SqliteStore, who: str) -> list[str]:
    return [one.status for one in reversed(await store.inbox(who))]


async def test_a_notice_becomes_a_message_of_its_conversation(store: SqliteStore) -> None:
    await notice(store, ANNA, says("printed"))
    await notice(store, ANNA, says("arrived"))
    assert await shown(store) == [ANNA, ANNA]
    assert await read(store, ANNA) == ["printed", "arrived"]
    assert await statuses(store, ANNA) == ["sent", "sent"]


async def test_what_a_process_had_taken_when_it_ended_is_shown_by_the_next_one(store: SqliteStore) -> None:
    """Or it would be `sending` for ever, and its person see no other."""
    await notice(store, ANNA, says("printed"))
    await store.lease(WEB, "notice", 10, NOW_MS)
    await notice(store, ANNA, says("arrived"))
    assert await shown(store) == [ANNA, ANNA]
    assert await read(store, ANNA) == ["printed", "arrived"]


async def test_what_was_shown_and_not_put_on_record_is_one_message(store: SqliteStore) -> None:
    await notice(store, ANNA, says("printed"))
    settle, loose = store.settle, _loose(store)

    async def fails(*_: Any) -> None:
        raise StoreUnavailable

    loose.settle = fails
    with pytest.raises(StoreUnavailable):
        await show_notices(store, store, lambda _: None, clock)
    loose.settle = settle
    await shown(store)
    assert await read(store, ANNA) == ["printed"]
    assert await statuses(store, ANNA) == ["sent"]


async def test_of_what_was_taken_up_a_newer_one_has_overtaken_the_older_stays_as_it_is(store: SqliteStore) -> None:
    await notice(store, ANNA, says("printed"), "case/1")
    await store.lease(WEB, "notice", 10, NOW_MS)
    await notice(store, ANNA, says("arrived"), "case/1")
    assert await shown(store) == [ANNA]
    assert await read(store, ANNA) == ["arrived"]
    assert await statuses(store, ANNA) == ["unknown", "sent"]


async def test_one_that_cannot_be_read_keeps_nothing_from_others(store: SqliteStore) -> None:
    await notice(store, ANNA, b"?")
    await notice(store, BOHDAN, says("printed"))
    await shown(store)
    assert await statuses(store, ANNA) == ["technical-failure"]
    assert await read(store, BOHDAN) == ["printed"]


async def test_to_whom_the_conversation_is_forgotten_nothing_is_shown(store: SqliteStore) -> None:
    await notice(store, ANNA, says("printed"))
    await store.forget(ANNA)
    await shown(store)
    assert await store.since(ANNA, 0) == ()
    assert await statuses(store, ANNA) == ["permanent-failure"]


def _loose(one: Any) -> Any:
    """The same, whose methods may be replaced."""
    return one
