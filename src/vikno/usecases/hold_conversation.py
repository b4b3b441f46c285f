"""Hold a conversation: one turn on record, with the services as they are on the day of the person's country.

worlds = Worlds(countries, services, phrases, clock, lemma)
held = await hold_conversation(store, "web:3f9c", "event-17", Said("33"), worlds.now())
held.messages   # what to show; the same again for an event seen before
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

import msgspec

from vikno.domain.catalog import Country
from vikno.domain.dialog.events import Event
from vikno.domain.dialog.messages import Message
from vikno.domain.dialog.phrases import Phrases
from vikno.domain.dialog.search import Lemma
from vikno.domain.dialog.state import State, decode, encode
from vikno.domain.dialog.turn import take_turn
from vikno.domain.dialog.world import World
from vikno.domain.rules.service import Service
from vikno.usecases.ports import Clock, ConversationStore, Taken

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Message)


@dataclass(frozen=True)
class Held:
    """A turn that is on record. `effects` are its messages as JSON, ready for a page; `repeated`: seen before."""

    effects: tuple[bytes, ...]
    repeated: bool
    position: int

    @cached_property
    def messages(self) -> tuple[Message, ...]:
        return tuple(_decoder.decode(effect) for effect in self.effects)


async def hold_conversation(
    store: ConversationStore, conversation: str, key: str, event: Event, world: World, *, fetched: bool = False
) -> Held:
    """One turn. `key` is the channel's own dedupe key of the event; `fetched`: the caller shows the messages himself.

    Raises what `ConversationStore.turn` raises.
    """

    def step(kept: bytes | None) -> Taken:
        state, lost = read_state(kept)
        after, messages = take_turn(state, event, world)
        if lost:
            messages = (Message("notice", world.words(after.lang).say("lost")), *messages)
        return Taken(encode(after), tuple([_encoder.encode(message) for message in messages]), fetched)

    held = await store.turn(conversation, key, step)
    return Held(held.effects, held.repeated, held.position)


def read_state(kept: bytes | None) -> tuple[State | None, bool]:
    """The state on record; and whether there was one that cannot be read (the person is told, and begins anew).

    >>> read_state(None), read_state(b"{broken")
    ((None, False), (None, True))
    """
    if kept is None:
        return None, False
    try:
        return decode(kept), False
    except msgspec.DecodeError:
        return None, True


class Worlds:
    """The world as it is now: a new one when a day begins in one of its countries, or when services are read anew."""

    def __init__(
        self,
        countries: Mapping[str, Country],
        services: Mapping[str, Service],
        phrases: Mapping[str, Phrases],
        clock: Clock,
        lemma: Lemma = lambda word, _: word,
    ) -> None:
        self._phrases, self._clock, self._lemma = phrases, clock, lemma
        self._world: World | None = None
        self.serve(countries, services)

    def serve(self, countries: Mapping[str, Country], services: Mapping[str, Service]) -> None:
        """From now on these services: after their folders have changed."""
        self._countries, self._services = countries, services
        self._zones = {code: ZoneInfo(country.time_zone) for code, country in countries.items()}
        self._world = None

    def days(self) -> dict[str, date]:
        """The calendar day in each country."""
        now = self._clock() / 1000
        return {code: datetime.fromtimestamp(now, zone).date() for code, zone in self._zones.items()}

    def now(self) -> World:
        days = self.days()
        world = self._world
        if world is None or world.days != days:
            world = World(self._countries, self._services, days, self._phrases, lemma=self._lemma)
            self._world = world
        return world
