"""A system hears what became of its messages: over HTTP, from a store on disk, in the form of Notify's callbacks."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web

from tests.api.notify.conftest import SKY, TEMPLATES, VAULT, Clock, a_template, dispatch_over
from tests.api.notify.schemas import fits
from tests.network import listening
from vikno.api.notify.callbacks import TokenUnfit, hear_at
from vikno.bootstrap import chores
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.channel import NotCarried
from vikno.usecases.dispatch import Dispatch, read_rendering
from vikno.usecases.judge import Whereabouts
from vikno.usecases.notifications import Moved, NotificationStatus
from vikno.usecases.organisations import KeyKind, Organisation
from vikno.usecases.send_notifications import Asked, Recipient, send_notifications
from vikno.usecases.tell_notify import (
    ANSWER_S,
    AT_ONCE,
    NotifyCallback,
    NotifyTeller,
    tell_notify,
    who_hears,
)
from vikno.usecases.tell_subscribers import LAG_MS
from vikno.wire.guarded import GuardedPost, HookAddressWrong

TOKEN = "a-token-of-theirs"
PHONE = "07900 900123"
AGAIN_MS = 300_000
"""Five minutes, as with Notify."""


@dataclass
class Receiver:
    """The system, which answers as it is told."""

    answers: list[int] = field(default_factory=list)
    came: list[dict[str, Any]] = field(default_factory=list)
    heads: list[dict[str, str]] = field(default_factory=list)
    slow_s: float = 0.0

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        self.heads.append(dict(request.headers))
        self.came.append(fits(json.loads(await request.read()), "callback"))
        await asyncio.sleep(self.slow_s)
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    @property
    def heard(self) -> list[str]:
        return [one["status"] for one in self.came]


@dataclass
class Hearing:
    """An organisation that hears."""

    store: SqliteStore
    dispatch: Dispatch
    clock: Clock
    organisation: Organisation
    receiver: Receiver
    url: str
    teller: NotifyTeller

    async def sends(self, slug: str = "plain", key: KeyKind = "live", **more: Any) -> int:
        """A notification's number."""
        kept = await self.store.template(self.organisation.id, slug)
        assert kept is not None
        to = Recipient((("sms/main", "447900900123"),), PHONE, Whereabouts("gb"))
        asked = Asked(read_rendering(kept), to, {}, only="sms", **more)
        (accepted,) = await send_notifications(self.dispatch, self.organisation, key, [asked])
        return accepted.number

    async def ends(self, number: int, status: NotificationStatus) -> None:
        kept = await self.store.notification(number)
        assert kept is not None
        moved = Moved(number, kept.changed_ms, status, "", None, held=True, ends=True)
        assert await self.store.move([moved], self.clock()) == 1

    async def tells(self, later_ms: int = 0) -> list[str]:
        """What is told after a while."""
        before = len(self.receiver.came)
        self.clock.stands_ms = self.clock() + LAG_MS + 1 + later_ms
        for callback in (await who_hears(self.teller)).values():
            further: NotifyCallback | None = callback
            while further is not None:
                further = await tell_notify(self.teller, further)
        return self.receiver.heard[before:]


@pytest.fixture
async def hearing(tmp_path: Path) -> AsyncIterator[Hearing]:
    clock, receiver = Clock(stands_ms=1_800_000_000_000), Receiver()
    async with AsyncExitStack() as stack:
        store = SqliteStore(f"sqlite:///{tmp_path}/vikno.db?synchronous=off", clock)
        stack.push_async_callback(store.close)
        made = await store.put_organisation(SKY, clock())
        await store.review_organisation(made.id, "approved", "reviewer", "")
        organisation = cast(Organisation, await store.organisation(made.id))
        for slug in ("plain", "chat"):
            await a_template(store, organisation, slug, TEMPLATES[slug], clock())
        url = await stack.enter_async_context(listening(receiver)) + "/hear"
        await hear_at(store, VAULT, organisation, url, TOKEN, clock())
        dispatch = dispatch_over(store, clock)
        teller = NotifyTeller(dispatch, store, GuardedPost())
        yield Hearing(store, dispatch, clock, organisation, receiver, url, teller)


async def test_every_end_is_told_with_the_token(hearing: Hearing) -> None:
    ends: tuple[NotificationStatus, ...] = (
        "delivered", "sent", "temporary-failure", "permanent-failure", "technical-failure",
    )  # fmt: skip
    numbers = [await hearing.sends(reference=f"r-{status}") for status in ends]
    assert await hearing.tells() == [], "nothing has ended"
    for number, status in zip(numbers, ends, strict=True):
        await hearing.ends(number, status)
    assert sorted(await hearing.tells()) == sorted(ends)
    assert {head["Authorization"] for head in hearing.receiver.heads} == {f"Bearer {TOKEN}"}
    told = {one["status"]: one for one in hearing.receiver.came}
    assert told["delivered"]["to"] == PHONE
    assert told["delivered"]["reference"] == "r-delivered"
    assert told["delivered"]["id"] == VAULT.uuid("n", numbers[0])
    assert told["delivered"]["notification_type"] == "sms"
    assert await hearing.tells() == [], "once"


async def test_what_was_sent_and_arrives_later_is_told_again(hearing: Hearing) -> None:
    number = await hearing.sends()
    await hearing.ends(number, "sent")
    assert await hearing.tells() == ["sent"]
    await hearing.ends(number, "delivered")
    assert await hearing.tells() == ["delivered"]
    assert hearing.receiver.came[0]["completed_at"] < hearing.receiver.came[1]["completed_at"]


async def test_what_a_test_key_sends_is_told_and_what_notify_has_no_word_for_is_not(hearing: Hearing) -> None:
    await hearing.ends(await hearing.sends(key="test"), "delivered")
    await hearing.ends(await hearing.sends("chat"), "delivered")
    assert await hearing.tells() == ["delivered"]


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_what_is_not_taken_is_told_five_times_more(hearing: Hearing, status: int) -> None:
    hearing.receiver.answers = [status] * 20
    await hearing.ends(await hearing.sends(), "delivered")
    assert await hearing.tells() == ["delivered"]
    assert await hearing.tells(AGAIN_MS - LAG_MS - 100) == [], "not before its time"
    for _ in range(5):
        assert await hearing.tells(AGAIN_MS) == ["delivered"]
    assert await hearing.tells(AGAIN_MS) == []
    assert await hearing.store.notify_again(hearing.organisation.id, 10**15) == ()


async def test_a_system_that_is_back_takes_what_it_had_not(hearing: Hearing) -> None:
    hearing.receiver.answers = [500, 500]
    await hearing.ends(await hearing.sends(), "sent")
    await hearing.tells()
    await hearing.ends(await hearing.sends(), "delivered")
    await hearing.tells()
    assert sorted(await hearing.tells(AGAIN_MS)) == ["delivered", "sent"]
    assert await hearing.tells(AGAIN_MS) == []


@pytest.mark.parametrize("status", [301, 400, 403, 404, 410])
async def test_what_is_refused_is_not_told_again(hearing: Hearing, status: int) -> None:
    hearing.receiver.answers = [status]
    await hearing.ends(await hearing.sends(), "delivered")
    assert await hearing.tells() == ["delivered"]
    assert await hearing.tells(AGAIN_MS) == []


async def test_a_system_that_is_slow_or_away_is_told_again(hearing: Hearing) -> None:
    assert ANSWER_S == 5.0, "Notify waits no longer"
    patient = hearing.teller
    hearing.teller, hearing.receiver.slow_s = replace(patient, post=GuardedPost(answer_s=1.0)), 30.0
    await hearing.ends(await hearing.sends(), "delivered")
    assert await hearing.tells() == ["delivered"]
    hearing.teller, hearing.receiver.slow_s = patient, 0.0
    await hear_at(hearing.store, VAULT, hearing.organisation, "http://127.0.0.1:1/away", TOKEN, 1)
    assert await hearing.tells(AGAIN_MS) == []
    await hear_at(hearing.store, VAULT, hearing.organisation, hearing.url, TOKEN, 1)
    assert await hearing.tells(AGAIN_MS) == ["delivered"]
    assert await hearing.tells(AGAIN_MS) == []


async def test_more_than_one_batch_is_told_in_one_round(hearing: Hearing) -> None:
    for _ in range(120):
        await hearing.ends(await hearing.sends(), "delivered")
    assert len(await hearing.tells()) == 120


@dataclass
class Line:
    """Posts that are taken at once, but for those to one address, which hang."""

    hanging: str
    taken: Counter[str] = field(default_factory=Counter)
    on_its_way: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)

    async def __call__(self, url: str, *_: object) -> int | NotCarried:
        self.on_its_way[url] += 1
        self.most[url] = max(self.most[url], self.on_its_way[url])
        try:
            await asyncio.sleep(60 if url == self.hanging else 0)
        finally:
            self.on_its_way[url] -= 1
        self.taken[url] += 1
        return 204


async def another(hearing: Hearing, slug: str) -> Hearing:
    """One more organisation that hears, at an address of its own."""
    store, now = hearing.store, hearing.clock()
    made = await store.put_organisation(replace(SKY, slug=slug), now)
    await store.review_organisation(made.id, "approved", "reviewer", "")
    organisation = cast(Organisation, await store.organisation(made.id))
    await a_template(store, organisation, "plain", TEMPLATES["plain"], now)
    url = f"https://{slug}.example/hear"
    await hear_at(store, VAULT, organisation, url, TOKEN, now)
    return replace(hearing, organisation=organisation, url=url)


async def away(*_: object) -> NotCarried:
    """There is no way to anybody."""
    return NotCarried(False, "OSError")


async def test_a_system_that_hangs_keeps_nothing_from_another(
    hearing: Hearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither what is told for the first time nor what is told again; and the store may close meanwhile."""
    monkeypatch.setattr(chores, "TELL_EVERY_S", 0.02)
    slow, swift = await another(hearing, "slow"), await another(hearing, "swift")
    for one, many in ((slow, 120), (swift, 10)):
        for _ in range(many):
            await one.ends(await one.sends(), "delivered")
    hearing.teller = replace(hearing.teller, post=away)
    await hearing.tells()
    for one, many in ((slow, 20), (swift, 290)):
        for _ in range(many):
            await one.ends(await one.sends(), "delivered")
    hearing.clock.stands_ms = hearing.clock() + AGAIN_MS
    line = Line(slow.url)
    telling = asyncio.create_task(chores.tell_ends(replace(hearing.teller, post=line)))
    async with asyncio.timeout(10):
        while line.taken[swift.url] < 300:  # noqa: ASYNC110 - the chore is at work
            await asyncio.sleep(0.01)
    assert line.on_its_way == {slow.url: AT_ONCE, swift.url: 0}
    await swift.ends(await swift.sends(), "sent")
    hearing.clock.stands_ms = hearing.clock() + LAG_MS + 1
    async with asyncio.timeout(10):
        while line.taken[swift.url] < 301:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
    assert line.most[slow.url] == AT_ONCE, "one round at a time"
    await hearing.store.close()
    async with asyncio.timeout(10):
        await telling
    assert +line.on_its_way == Counter(), "nobody is told any more"


async def test_what_ended_before_a_system_hears_is_not_told(hearing: Hearing) -> None:
    await hearing.store.drop_notify_callback(hearing.organisation.id)
    await hearing.ends(await hearing.sends(), "delivered")
    hearing.clock.stands_ms = hearing.clock() + 1_000
    await hear_at(hearing.store, VAULT, hearing.organisation, hearing.url, TOKEN, hearing.clock())
    await hearing.ends(await hearing.sends(), "sent")
    assert await hearing.tells() == ["sent"]


@pytest.mark.parametrize(
    "url", ["http://sky.example/hear", "https://10.0.0.1/hear", "https://u:p@sky.example/", "ftp://x"]
)
async def test_an_address_that_may_not_be_called_is_refused(hearing: Hearing, url: str) -> None:
    with pytest.raises(HookAddressWrong):
        await hear_at(hearing.store, VAULT, hearing.organisation, url, TOKEN, 1)


@pytest.mark.parametrize("token", ["x" * 9, "with a blank in it", "ключ-ключ-ключ", "line\nbreak-line", "x" * 1001])
async def test_a_token_that_does_not_fit_into_a_header_is_refused(hearing: Hearing, token: str) -> None:
    with pytest.raises(TokenUnfit):
        await hear_at(hearing.store, VAULT, hearing.organisation, hearing.url, token, 1)


@pytest.mark.parametrize("token", ["x" * 10, "y" * 1000])
async def test_a_token_of_ten_characters_is_long_enough(hearing: Hearing, token: str) -> None:
    await hear_at(hearing.store, VAULT, hearing.organisation, hearing.url, token, 1)
    await hearing.ends(await hearing.sends(), "delivered")
    assert await hearing.tells() == ["delivered"]
    assert hearing.receiver.heads[-1]["Authorization"] == f"Bearer {token}"
