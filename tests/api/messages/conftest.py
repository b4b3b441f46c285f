"""The example's organisations with their templates, and the API over a real store, by a clock of the test."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.commands import ROOT
from vikno.api.app import Api
from vikno.api.keys import Buckets
from vikno.api.messages.door import Door
from vikno.api.messages.room import Room
from vikno.api.organisation_keys import KeyRings, make_key
from vikno.bootstrap.dispatching import Lands, contract_prices, make_dispatch
from vikno.packs.load import read_country
from vikno.packs.senders import read_senders, vocabulary
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.channel import Capabilities
from vikno.usecases.dispatch import Dispatch
from vikno.usecases.organisations import KeyKind, Organisation
from vikno.usecases.put_senders import Sender, approve_sender, put_sender
from vikno.usecases.records import Settled, Verdict
from vikno.usecases.route_notifications import route_notifications
from vikno.wire.vault import LocalVault

VAULT = LocalVault(bytes(range(32)))
NOON = datetime(2026, 11, 2, 10, tzinfo=UTC)
KINDS: tuple[KeyKind, ...] = ("live", "team", "test")
ACCOUNTS = {
    f"{kind}/main": Capabilities(receipts=kind != "email", rate_per_s=30.0, chat_gap_s=0.0)
    for kind in ("telegram", "viber", "sms", "email")
}


@dataclass
class Clock:
    """It stands still until somebody moves it."""

    now_ms: int = int(NOON.timestamp() * 1000)

    def __call__(self) -> int:
        return self.now_ms

    def on(self, **span: float) -> None:
        """So much later; `seconds=1`."""
        from datetime import timedelta

        self.now_ms += int(timedelta(**span).total_seconds() * 1000)


@dataclass
class Desk:
    """The API, and what a test may do behind it."""

    store: SqliteStore
    dispatch: Dispatch
    clock: Clock
    api: Api
    organisations: dict[str, Organisation] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    async def call(
        self, method: str, path: str, body: Any = None, *, key: str = "skyfen live", **headers: str
    ) -> httpx.Response:
        """One request; `body` is JSON unless it is bytes, or a stream of them; `key` is an organisation and a kind."""
        sent = {"authorization": f"Bearer {self.keys.get(key, key)}"} if key else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes | AsyncIterator | None) else json.dumps(body).encode()
        transport = httpx.ASGITransport(app=self.api)
        async with httpx.AsyncClient(transport=transport, base_url="https://vikno.example") as client:
            return await client.request(method, path, content=content, headers=sent)

    async def settle(self, message: str, status: str) -> None:
        """The platform has said what became of the try that waits; then the router looks."""
        from vikno.usecases.channel import BadMessage, Outcome, Sent

        number = VAULT.read_uuid("n", message)
        assert number is not None
        (one,) = await self.store.in_hand([number])
        outcome: Outcome = Sent("m-1") if status == "sent" else BadMessage(status)
        account = one.tries[-1].account
        leased = await self.store.lease(account, "notice", 10, self.clock())
        assert [notice.id for notice in leased] == [one.tries[-1].id]
        await self.store.settle((Settled(one.tries[-1].id, outcome),), self.clock())
        self.clock.on(seconds=1)
        await route_notifications(self.dispatch)

    async def known(self, account: str, address: str, to: str | None = None) -> str:
        """Somebody has written from there; `to`: the conversation of the same person."""
        name = VAULT.name(account, address)
        await self.store.meet(name, account, VAULT.seal(address), "uk", self.clock())
        if to is not None:
            await self.store.link(name, to, self.clock())
        return name


def example_senders() -> tuple[Sender, ...]:
    """Those of countries/example."""
    folder = ROOT / "countries/example"
    country = read_country(folder, lambda finding: pytest.fail(str(finding)))
    return read_senders(folder, country, lambda finding: pytest.fail(str(finding)), date(2026, 11, 2))


@pytest.fixture(scope="session")
def lands() -> Lands:
    return Lands.read([ROOT / "countries"])


@pytest.fixture
async def desk(tmp_path: Path, lands: Lands) -> AsyncIterator[Desk]:
    clock = Clock()
    store = SqliteStore(f"sqlite:///{tmp_path}/messages.db?synchronous=off", clock)
    dispatch = make_dispatch(lands, store, VAULT, clock, ACCOUNTS, home="ua")
    room = Room(store, VAULT, dispatch, vocabulary(), clock, contract_prices(lands.deliveries, "ua").currency)
    door = Door(room, KeyRings(store, VAULT, clock), Buckets(rate_per_s=1000, burst=1000))

    async def record(_: Any) -> tuple[Verdict, ...]:
        return ()

    api = Api(store, VAULT, record, no_stages, "https://vikno.example", clock, messages=door)
    made = Desk(store, dispatch, clock, api)
    for sender in example_senders():
        await approve_sender(store, await put_sender(store, sender, "author", clock()), "reviewer", clock())
        organisation = await store.organisation(sender.given.slug)
        assert organisation is not None
        made.organisations[organisation.slug] = organisation
        for kind in KINDS:
            name = f"{organisation.slug} {kind}"
            made.keys[name] = await make_key(store, VAULT, organisation, kind, name, uuid4(), clock())
    yield made
    await store.close()


def no_stages() -> Mapping[str, frozenset[str]]:
    return {}


DELAY = {"name": "Олено", "flight": "SF 17", "city": "Краків", "time": "14:20", "planned": "12:05", "voucher": "no"}
PHONE = "+380 67 123 45 67"


def delay(**more: Any) -> dict[str, Any]:
    """A message of the airline's."""
    return {"template": "delay", "to": {"phone": PHONE}, "personalisation": DELAY, **more}
