"""The API for organisations, put together."""

from __future__ import annotations

from vikno.api.messages.door import Door
from vikno.api.messages.room import Room
from vikno.api.organisation_keys import KeyRings
from vikno.bootstrap.dispatching import Lands, contract_prices
from vikno.bootstrap.settings import Settings
from vikno.packs.senders import vocabulary
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.dispatch import Dispatch
from vikno.usecases.explain_notification import Sources, no_sources


def make_door(
    kept: SqliteStore, dispatch: Dispatch, lands: Lands, home: str, settings: Settings, sources: Sources = no_sources
) -> Door:
    """`home`: the country whose contracts pay; `sources`: where rules come from, as explanations name it."""
    room = Room(
        kept,
        dispatch.vault,
        dispatch,
        vocabulary(),
        dispatch.clock,
        contract_prices(lands.deliveries, home).currency,
        sources,
        private=settings.get("VIKNO_WEBHOOKS_PRIVATE") == "1",
    )
    return Door(room, KeyRings(kept, dispatch.vault, dispatch.clock))
