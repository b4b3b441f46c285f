"""A turn on record: the same event twice is answered once, and what cannot be read again is said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import pytest

from tests.domain.dialog.worlds import world
from vikno.domain.dialog import Said, Started, decode
from vikno.testing.memory_store import MemoryStore
from vikno.usecases.hold_conversation import ConversationUnknown, hold_conversation
from vikno.usecases.ports import ConversationStore, Taken

HERE = world(("example",), date(2026, 3, 15))


@pytest.fixture
async def store() -> AsyncIterator[MemoryStore]:
    kept = MemoryStore(lambda: 0)
    yield kept
    await kept.close()


async def answers(store: ConversationStore, name: str) -> dict[str, object]:
    state = await store.read(name)
    assert state is not None
    return dict(decode(state).talks[-1].answers)


async def test_the_same_event_twice_counts_once(store: MemoryStore) -> None:
    await hold_conversation(store, "c", "1", Started("example/fishing-permit"), HERE)
    first = await hold_conversation(store, "c", "2", Said("1"), HERE)
    again = await hold_conversation(store, "c", "2", Said("1"), HERE)
    assert (first.repeated, again.repeated) == (False, True)
    assert first.messages == again.messages
    assert first.messages[0].fact == "age"
    assert await answers(store, "c") == {"water": "river"}


async def test_conversations_do_not_meet(store: MemoryStore) -> None:
    for name, said in (("a", "1"), ("b", "2")):
        await hold_conversation(store, name, "1", Started("example/fishing-permit"), HERE)
        await hold_conversation(store, name, "2", Said(said), HERE)
    assert await answers(store, "a") == {"water": "river"}
    assert await answers(store, "b") == {"water": "lake"}


async def test_what_was_forgotten_is_not_begun_again_by_a_late_turn(store: MemoryStore) -> None:
    await hold_conversation(store, "c", "1", Started("example/fishing-permit"), HERE)
    assert (await hold_conversation(store, "c", "2", Said("1"), HERE, begun=True)).messages[0].fact == "age"
    await store.forget("c")
    for key in ("2", "3"):
        with pytest.raises(ConversationUnknown):
            await hold_conversation(store, "c", key, Said("33"), HERE, begun=True)
    assert await store.read("c") is None


async def test_a_state_that_cannot_be_read_is_begun_anew_and_said(store: MemoryStore) -> None:
    await store.turn("c", "0", lambda _: Taken(b'{"lang": 5}'))
    held = await hold_conversation(store, "c", "1", Said("hello"), HERE)
    assert "could not be found again" in held.messages[0].text
    assert (await hold_conversation(store, "c", "2", Said("1"), HERE)).messages[0].fact
