"""Notifications in one process: a real store, rules of real country folders, platforms that answer as they are told.

The clock stands until somebody moves it, and nothing happens but what a test asks for: a round of the router, a round
of the accounts.
"""

from __future__ import annotations

import itertools
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.commands import ROOT
from vikno.bootstrap.dispatching import Lands, make_dispatch
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.channel import Capabilities, Outbound, Outcome, Sent
from vikno.usecases.dispatch import Dispatch, Rendering
from vikno.usecases.judge import Whereabouts
from vikno.usecases.notifications import InHand, NotificationKept, Request
from vikno.usecases.organisations import (
    KeyKind,
    Organisation,
    OrganisationGiven,
    TemplateGiven,
    TemplateText,
    Words,
    encode_template,
)
from vikno.usecases.people import AgreedGiven, Choices, Consent
from vikno.usecases.records import LANES, NoticeKept, Settled
from vikno.usecases.release_notices import release
from vikno.usecases.route_notifications import route_notifications
from vikno.usecases.send_messages import Held
from vikno.usecases.send_notifications import Accepted, Asked, Recipient, send_notifications
from vikno.usecases.sign_links import Links
from vikno.wire.vault import LocalVault

VAULT = LocalVault(bytes(32))
VIENNA = ZoneInfo("Europe/Vienna")
NOON = datetime(2026, 5, 4, 12, tzinfo=VIENNA)
TELEGRAM, VIBER, SMS, MAIL = "telegram/main", "viber/main", "sms/main", "email/main"
ACCOUNTS = {name: Capabilities(name != TELEGRAM, 1000.0, 0.0) for name in (TELEGRAM, VIBER, SMS, MAIL)}
LAKELAND = Whereabouts("example", "Europe/Vienna")
BANK = OrganisationGiven("lake-bank", "Lake Bank", "bank", "example", "example")
SAID: Mapping[str, Any] = {"what": "4711"}
MOST_ROUNDS = 50
HOUR_S = 3600


@cache
def lands() -> Lands:
    return Lands.read([ROOT / "countries" / one for one in ("example", "ru", "ua", "us")])


@dataclass
class Exchange:
    """Everything in it. `wire`: what left, account by account; `script`: what becomes of the next ones there."""

    folder: Path
    now_ms: int = int(NOON.timestamp() * 1000)
    accounts: Mapping[str, Capabilities] = field(default_factory=lambda: dict(ACCOUNTS))
    wire: list[tuple[str, Outbound]] = field(default_factory=list)
    withheld: list[str] = field(default_factory=list)
    script: dict[str, deque[Outcome]] = field(default_factory=lambda: defaultdict(deque))
    numbers: Iterator[int] = field(default_factory=itertools.count)
    store: SqliteStore = field(init=False)
    dispatch: Dispatch = field(init=False)

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        """As a process does that begins: nothing is in memory."""
        self.store = SqliteStore(f"sqlite:///{self.folder}/v.db?synchronous=off", self.clock)
        self.dispatch = self.begun()

    def begun(self) -> Dispatch:
        links = Links(VAULT, "https://vikno.example")
        return make_dispatch(lands(), self.store, VAULT, self.clock, self.accounts, home="example", links=links)

    def clock(self) -> int:
        return self.now_ms

    def passes(self, seconds: float) -> None:
        self.now_ms += int(seconds * 1000)

    def is_now(self, at: str, zone: ZoneInfo = VIENNA) -> None:
        self.now_ms = int(datetime.fromisoformat(at).replace(tzinfo=zone).timestamp() * 1000)

    # ---- who there is ----

    async def sender(self, given: OrganisationGiven = BANK, **templates: str | TemplateText) -> Organisation:
        """An organisation that was approved, and its templates: content -> words."""
        made = await self.store.put_organisation(given, self.now_ms)
        await self.store.review_organisation(made.id, "approved", "reviewer", "")
        for content, words in templates.items():
            text = TemplateText({"en": {"": Words(words)}}, "en") if isinstance(words, str) else words
            told = TemplateGiven(made.id, content, content, "message", content, encode_template(text), "author")
            kept = await self.store.put_template(told, self.now_ms)
            await self.store.review_template(kept.row, "approved", "reviewer", "", self.now_ms)
        return await self.organisation(given.slug)

    async def organisation(self, slug: str) -> Organisation:
        found = await self.store.organisation(slug)
        assert found is not None
        return found

    async def meets(self, account: str, address: str, lang: str | None = "en") -> str:
        """Somebody writes from this address, so it is theirs."""
        name = VAULT.name(account, address)
        await self.store.meet(name, account, VAULT.seal(address), lang, self.now_ms)
        return name

    async def person(self, *ways: tuple[str, str]) -> str:
        """One whose addresses these are; the name of the first."""
        first, *others = [await self.meets(*way) for way in ways]
        for other in others:
            await self.store.link(other, first, self.now_ms)
        return first

    async def refuses(self, who: str, *entry: str) -> None:
        organisation, content, channel = entry
        await self.store.choose(who, Choices(off=frozenset({(organisation, content, channel)})), self.now_ms)

    async def agrees(self, who: str, content: str, consent: Consent = "given", slug: str = BANK.slug) -> None:
        given = AgreedGiven(who, slug, content, consent, "portal", "en", "1", "Yes, write to me")
        await self.store.agree(given, lambda before, line: (before + repr(line).encode())[-8:], self.now_ms)

    # ---- what is said ----

    async def rendering(self, organisation: Organisation, content: str) -> Rendering:
        kept = await self.store.template(organisation.id, content)
        assert kept is not None
        found = await self.dispatch.rendering(kept.row)
        assert found is not None
        return found

    async def asked(self, content: str, *addresses: tuple[str, str], slug: str = BANK.slug, **other: Any) -> Asked:
        rendering = await self.rendering(await self.organisation(slug), content)
        where = other.pop("where", LAKELAND)
        return Asked(rendering, Recipient(addresses, addresses[0][1], where), other.pop("said", SAID), **other)

    async def send(
        self,
        asked: Sequence[Asked],
        *,
        slug: str = BANK.slug,
        key: KeyKind = "live",
        request: Request | None = None,
        campaign: int = 0,
    ) -> tuple[Accepted, ...]:
        organisation = await self.organisation(slug)
        if not campaign:
            return await send_notifications(self.dispatch, organisation, key, asked, request)
        flow = await self.store.flow_for_campaign(organisation.id, campaign, self.now_ms)
        return await send_notifications(self.dispatch, organisation, key, asked, request, flow, "bulk")

    async def tell(self, content: str, *addresses: tuple[str, str], slug: str = BANK.slug, **other: Any) -> Accepted:
        """One message to one person."""
        (accepted,) = await self.send([await self.asked(content, *addresses, slug=slug, **other)], slug=slug)
        return accepted

    # ---- what happens ----

    async def routes(self) -> int:
        """Until nothing is due; how many were looked at."""
        looked = 0
        for _ in range(MOST_ROUNDS):
            if not (found := await route_notifications(self.dispatch)):
                return looked
            looked += found
        raise AssertionError("the router spins")

    async def leases(self, account: str) -> list[NoticeKept]:
        found: list[NoticeKept] = []
        for lane in LANES:
            found += await self.store.lease(account, lane, 100, self.now_ms)
        return found

    async def releases(self, notice: NoticeKept) -> Outbound | None:
        """As the sender of its account does; what left."""
        known = await self.store.known(notice.conversation)
        assert known is not None
        said = await release(self.dispatch, notice, known, _nothing)
        if isinstance(said, Held):
            await self.store.give_back([notice.id], self.now_ms + int(said.seconds * 1000), self.now_ms)
            return None
        if not isinstance(said, Outbound):
            self.withheld.append(said.reason)
            await self.store.settle([Settled(notice.id, said)], self.now_ms)
            return None
        self.wire.append((notice.account, said))
        script = self.script[notice.account]
        outcome: Outcome = script.popleft() if script else Sent(f"m{next(self.numbers)}")
        await self.store.settle([Settled(notice.id, outcome)], self.now_ms)
        return said

    async def carries(self, *accounts: str) -> None:
        """A round of these accounts, or of all."""
        for account in accounts or self.accounts:
            for notice in await self.leases(account):
                await self.releases(notice)

    async def goes_on(self, *accounts: str) -> None:
        """What can happen now happens."""
        for _ in range(MOST_ROUNDS):
            before = len(self.wire), len(self.withheld)
            await self.carries(*accounts)
            if not await self.routes() and before == (len(self.wire), len(self.withheld)):
                return
        raise AssertionError("it never comes to rest")

    async def reports(self, notification: int, state: str, step: int = 0) -> None:
        """A platform tells what became of a try."""
        (hand,) = await self.store.in_hand([notification])
        notice = next(one for one in hand.tries if one.step == step)
        assert await self.store.report(notice.account, notice.message, state, self.now_ms)

    # ---- what is seen ----

    async def hand(self, accepted: Accepted) -> InHand:
        (found,) = await self.store.in_hand([accepted.number])
        return found

    async def kept(self, accepted: Accepted) -> NotificationKept:
        return (await self.hand(accepted)).notification

    async def became(self, accepted: Accepted) -> tuple[str, str]:
        kept = await self.kept(accepted)
        return kept.status, kept.reason

    def left(self) -> list[str]:
        """The accounts by which something left, in order."""
        return [account for account, _ in self.wire]


async def _nothing(_: NoticeKept) -> None:
    """No notice here is about a case."""
