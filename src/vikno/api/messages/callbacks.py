"""Where an organisation's system hears what became of its messages: signed, in order, and again when it asks."""

from __future__ import annotations

import secrets

from vikno.api.answers import Answer, encode, time_of
from vikno.api.messages.room import Caller, Room, note
from vikno.api.messages.shapes import CallbackAdded, CallbackBrought, Callbacks, CallbackShown, Since
from vikno.api.problems import refused
from vikno.usecases.records import Subscriber
from vikno.wire.connection import place_of
from vikno.wire.guarded import HookAddressWrong, check_address, leads_here

MOST_CALLBACKS = 5
"""Of one organisation."""
SECRET_BYTES = 32
KIND = "s"


async def callbacks(room: Room, caller: Caller) -> Answer:
    """All of them."""
    return Answer(200, encode(Callbacks([_shown(room, one) for one in await _mine(room, caller)])))


async def put(room: Room, caller: Caller, brought: CallbackBrought) -> Answer:
    """A new one, with a secret of its own. The same address again is a new one in the place of the old."""
    _live(caller)
    try:
        check_address(brought.url, private=room.private)
    except HookAddressWrong as error:
        raise refused("callback_wrong", error.message, pointer="/url") from None
    # An authority's system may run on this machine. That of others does not, unless its operator has said so: what
    # listens here only for its neighbours would hear whatever an organisation wants it to.
    if leads_here(place_of(brought.url).host) and not room.private:
        raise refused("callback_wrong", "the address leads to this machine itself", pointer="/url")
    mine = await _mine(room, caller)
    before = [one for one in mine if one.url == brought.url]
    if not before and len(mine) >= MOST_CALLBACKS:
        raise refused("callbacks_full", f"at most {MOST_CALLBACKS}")
    secret = f"whsec_{secrets.token_urlsafe(SECRET_BYTES)}"
    now_ms = room.clock()
    number = await room.book.subscribe(caller.authority, brought.url, room.vault.seal(secret), now_ms)
    for one in before:
        # What the old one has not taken yet is for the new one.
        await room.book.rewind(number, min(one.taken.at_ms, now_ms), now_ms)
        await room.book.unsubscribe(one.id)
    await note(room, caller, f"callback {number} added")
    (added,) = [one for one in await _mine(room, caller) if one.id == number]
    return Answer(201, encode(CallbackAdded(_shown(room, added), secret)))


async def remove(room: Room, caller: Caller, written: str) -> Answer:
    """Nothing is sent there any more; those that are left."""
    _live(caller)
    found = await _found(room, caller, written)
    await room.book.unsubscribe(found.id)
    await note(room, caller, f"callback {found.id} removed")
    return await callbacks(room, caller)


async def replay(room: Room, caller: Caller, written: str, since: Since) -> Answer:
    """It hears again what happened since then, also if it was paused."""
    _live(caller)
    found, now_ms = await _found(room, caller, written), room.clock()
    since_ms = int(since.since.timestamp() * 1000)
    if not 0 <= since_ms <= now_ms:
        raise refused("time_wrong", f"“{since.since.isoformat()}”", pointer="/since")
    await room.book.rewind(found.id, since_ms, now_ms)
    await note(room, caller, f"callback {found.id} replayed")
    return Answer(200, encode(_shown(room, await _found(room, caller, written))))


def _live(caller: Caller) -> None:
    """What became of live messages is heard there. Raises Refused for keys that send none."""
    if caller.key.kind != "live":
        raise refused("key_not_live", f"this one is a {caller.key.kind} key")


async def _mine(room: Room, caller: Caller) -> list[Subscriber]:
    return [one for one in await room.book.subscribers() if one.authority == caller.authority]


async def _found(room: Room, caller: Caller, written: str) -> Subscriber:
    """Raises Refused."""
    number = room.vault.read_uuid(KIND, written)
    for one in await _mine(room, caller):
        if one.id == number:
            return one
    raise refused("callback_unknown")


def _shown(room: Room, one: Subscriber) -> CallbackShown:
    return CallbackShown(
        room.vault.uuid(KIND, one.id),
        one.url,
        "paused" if one.next_ms is None else "failing" if one.tries else "fine",
        one.reason,
        one.tries,
        time_of(one.next_ms) if one.tries and one.next_ms is not None else None,
        time_of(one.taken.at_ms),
    )
