"""A service as systems of an organisation reach it: the API over a real store, in a thread with a loop of its own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
from starlette.types import Receive, Scope, Send

from tests.api.threaded import Threaded
from tests.commands import ROOT
from vikno.api.notify.app import Notify
from vikno.api.notify.limits import Rates
from vikno.api.organisation_keys import make_key
from vikno.bootstrap.dispatching import Lands, make_dispatch
from vikno.bootstrap.worlds import now_ms
from vikno.channels.sms.outbound import parts
from vikno.portal.server import Server, server
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.channel import Capabilities
from vikno.usecases.dispatch import Dispatch
from vikno.usecases.notifications import Moved, NotificationStatus
from vikno.usecases.organisations import (
    KeyKind,
    Organisation,
    OrganisationGiven,
    TemplateGiven,
    TemplateKept,
    TemplateKind,
    TemplateText,
    Words,
    encode_template,
)
from vikno.usecases.route_notifications import route_notifications
from vikno.wire.vault import LocalVault

PUBLIC = "https://notify.example"
VAULT = LocalVault(bytes(range(32)))
ACCOUNTS = {
    "sms/main": Capabilities(receipts=True, rate_per_s=10.0, chat_gap_s=0.0),
    "email/main": Capabilities(receipts=True, rate_per_s=20.0, chat_gap_s=0.0),
}
SKY = OrganisationGiven(
    "sky", "Sky Air", "airline", "gb", "gb", guests=("07900 900 123", "Guest@example.gov.uk"), per_person_day=10_000
)
Spoken = tuple[TemplateKind, str, str | None]
"""Kind, body and subject of a template."""
TEMPLATES: dict[str, Spoken] = {
    "delay": ("sms", "Dear ((name)), flight ((flight)) leaves at ((time)).((voucher?? Show this for a meal.))", None),
    "mail": ("email", "# Hello ((name))\n\nYour flight ((flight)) is late.\n\n* first\n* second", "Flight ((flight))"),
    "plain": ("sms", "Your seat is ready.", None),
    "bare": ("sms", "((only??Something))", None),
    "chat": ("message", "For any channel", None),
    "gone": ("sms", "No longer sent", None),
    "new": ("sms", "Nobody has looked at this", None),
    "long": ("sms", "((words))", None),
}


@dataclass
class Clock:
    """Goes on by itself, from where it was set."""

    ahead_ms: int = 0
    stands_ms: int | None = None

    def __call__(self) -> int:
        return (now_ms() if self.stands_ms is None else self.stands_ms) + self.ahead_ms


@dataclass
class Service(Threaded):
    """The API of one organisation, and what a test may do behind it."""

    folder: Path
    given: OrganisationGiven = SKY
    abroad: bool = True
    rates: Rates = field(default_factory=lambda: Rates(10_000_000))
    clock: Clock = field(default_factory=Clock)
    accounts: Mapping[str, Capabilities] = field(default_factory=lambda: ACCOUNTS)
    url: str = ""
    keys: dict[str, str] = field(default_factory=dict)
    templates: dict[str, TemplateKept] = field(default_factory=dict)
    heads: list[dict[str, str]] = field(default_factory=list)
    """Of the requests that took the usual way, in order."""

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.store = SqliteStore(f"sqlite:///{self.folder}/vikno.db?synchronous=off", self.clock)
        self.organisation = await self._organisation()
        self.dispatch = dispatch_over(self.store, self.clock, self.accounts)
        self.face = Notify(self.dispatch, PUBLIC, parts, currency="GBP", abroad=self.abroad, rates=self.rates)
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self._server: Server = server(_alive(self), "127.0.0.1", 0, quick=self.face.quick)
        self._ready.set()
        await self._server.serve(sockets=[listening])
        await self.store.close()

    async def _organisation(self) -> Organisation:
        store, now = self.store, self.clock()
        made = await store.put_organisation(self.given, now)
        await store.review_organisation(made.id, "approved", "reviewer", "")
        found = await store.organisation(made.id)
        assert found is not None
        kinds: tuple[KeyKind, ...] = ("live", "team", "test")
        for kind in kinds:
            self.keys[kind] = await make_key(store, VAULT, found, kind, f"{kind} key", uuid4(), now)
        for slug, spoken in TEMPLATES.items():
            self.templates[slug] = await a_template(store, found, slug, spoken, now, approve=slug != "new")
        await store.archive_template(self.templates["gone"].id, now)
        return found

    def ask(self, work: Any) -> Any:
        """Do something on the server's own loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def template(self, slug: str) -> str:
        return VAULT.uuid("t", self.templates[slug].id)

    @property
    def id(self) -> str:
        return VAULT.uuid("o", self.organisation.id)

    def token(self, kind: str = "live", **claims: Any) -> str:
        """As a client signs it."""
        key = self.keys[kind]
        issued = {"iss": key[-73:-37], "iat": self.clock() // 1000, **claims}
        return jwt.encode({name: value for name, value in issued.items() if value is not None}, key[-36:], "HS256")

    def call(
        self, method: str, path: str, body: Any = None, *, key: str = "live", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """One request; `body` is JSON unless it is bytes."""
        sent = {"authorization": f"Bearer {self.token(key)}"} if headers is None else headers
        with httpx.Client(timeout=30) as client:
            if isinstance(body, bytes | None):
                return client.request(method, self.url + path, content=body, headers=sent)
            return client.request(method, self.url + path, json=body, headers=sent)

    def ends(self, number: str, status: NotificationStatus, reason: str = "") -> None:
        """The router says what became of one."""

        async def end() -> None:
            notification = VAULT.read_uuid("n", number)
            assert notification is not None
            kept = await self.store.notification(notification)
            assert kept is not None
            moved = Moved(kept.id, kept.changed_ms, status, reason, None, held=True, ends=True, micros=19_600)
            assert await self.store.move([moved], self.clock()) == 1

        self.ask(end())

    def route(self) -> int:
        """Let the router look at what is due."""
        done: int = self.ask(route_notifications(self.dispatch))
        return done


def dispatch_over(store: SqliteStore, clock: Clock, accounts: Mapping[str, Capabilities] = ACCOUNTS) -> Dispatch:
    """By the law and the prices of Great Britain."""
    lands = Lands.read([ROOT / "countries/gb"])
    return make_dispatch(lands, store, VAULT, clock, accounts, home="gb")


async def a_template(
    store: SqliteStore, organisation: Organisation, slug: str, spoken: Spoken, now: int, *, approve: bool = True
) -> TemplateKept:
    """A version of a template; what was said before it is the version before."""
    kind, body, subject = spoken
    text = TemplateText({"en": {"": Words(body, subject)}}, "en")
    given = TemplateGiven(
        organisation.id, slug, f"The {slug} one", kind, "service", encode_template(text), "clerk@sky.example"
    )
    kept = await store.put_template(given, now)
    if approve:
        await store.review_template(kept.row, "approved", "reviewer", "", now)
    return kept


def _alive(service: Service) -> Any:
    """The API as an application that can be started and stopped."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan" and scope["path"] == "/":  # the pages of the portal
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
            await send({"type": "http.response.body", "body": b"<!doctype html>"})
            return
        if scope["type"] != "lifespan":
            service.heads.append({name.decode(): value.decode("latin-1") for name, value in scope["headers"]})
            await service.face(scope, receive, send)
            return
        while (await receive())["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})

    return app


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    made = Service(tmp_path_factory.mktemp("notify"))
    made.start()
    yield made
    made.stop()
