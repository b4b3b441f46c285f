"""An authority's own system hears: over HTTP, from a store on disk, checked as the how-to tells a receiver to check."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from aiohttp import web

from tests.contracts.records import ACCOUNT, ANNA, BOHDAN, CLARA, a_case, decides, report
from tests.network import listening
from vikno.bootstrap import chores
from vikno.domain.notify.route import Plan, encode_plan
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.channel import BadMessage, NotCarried, Outcome, Sent
from vikno.usecases.notifications import OPEN, Happened, NotificationKept, NotificationStatus
from vikno.usecases.records import Position, Settled, Subscriber
from vikno.usecases.tell_subscribers import (
    LAG_MS,
    MOST_TRIES,
    Post,
    Teller,
    ended_event,
    tell_subscriber,
    who_is_due,
)
from vikno.wire.guarded import GuardedPost
from vikno.wire.vault import LocalVault

SECRET = "whsec_test"
VAULT = LocalVault(bytes(32))
HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "connect-your-case-system.md"


def genuine(*given: Any) -> bool:
    """As the how-to shows it, with the very lines that stand there."""
    (block,) = re.findall(r"^```python\n(.*?)^```", HOW_TO.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {}
    exec(block, names)  # noqa: S102 - our own document
    return bool(names["genuine"](*given))


class Receiver:
    """An authority's system, which answers as it is told."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.slow_s = 0.0
        self.url = ""

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        self.came.append((dict(request.headers), await request.read()))
        await asyncio.sleep(self.slow_s)
        status = self.answers.pop(0) if self.answers else 204
        return web.Response(status=status, headers={"Location": "/elsewhere"} if 300 <= status < 400 else {})

    @property
    def batches(self) -> list[list[dict[str, Any]]]:
        return [json.loads(body)["events"] for _, body in self.came]

    @property
    def types(self) -> list[list[str]]:
        return [[event["type"] for event in batch] for batch in self.batches]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    async with listening(made) as url:
        made.url = f"{url}/hear"
        yield made


class Counted:
    """Posts, and how many events were taken."""

    def __init__(self, post: Post) -> None:
        self.post, self.taken = post, 0

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int | NotCarried:
        answer = await self.post(url, headers, body)
        self.taken += len(json.loads(body)["events"]) if answer == 204 else 0
        return answer


class Here:
    """A store on disk with a subscriber, and a clock that somebody moves."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now_ms = folder, 1_000
        self.store = self.opened()

    def opened(self) -> SqliteStore:
        return SqliteStore(f"sqlite:///{self.folder}/a.db?synchronous=off", lambda: self.now_ms)

    async def tell(self, post: GuardedPost | None = None, after_ms: int = LAG_MS + 1) -> int:
        """How many events were taken."""
        self.now_ms += after_ms
        counted = Counted(post or GuardedPost(answer_s=0.5))
        teller = Teller(self.store, VAULT, counted, lambda: self.now_ms)
        for subscriber in (await who_is_due(teller)).values():
            further: Subscriber | None = subscriber
            while further is not None:
                further = await tell_subscriber(teller, further)
        return counted.taken

    async def subscriber(self) -> Subscriber:
        (found,) = await self.store.subscribers()
        return found

    async def subscribe(self, url: str) -> int:
        return await self.store.subscribe("dms", url, VAULT.seal(SECRET), 0)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Here]:
    made = Here(tmp_path)
    yield made
    await made.store.close()


async def notices(here: Here) -> None:
    """Three follow; to two a notice was sent, to one it could not be."""
    await a_case(here.store, "A-1", ANNA, BOHDAN, CLARA)
    await here.store.record([report("A-1", "e1", "approved")], decides(), 2_000)
    taken = await here.store.lease(ACCOUNT, "notice", 3, 3_000)
    outcomes: list[Outcome] = [Sent("m1"), Sent("m2"), BadMessage("secret reason")]
    await here.store.settle([Settled(one.id, how) for one, how in zip(taken, outcomes, strict=True)], 3_000)
    here.now_ms = 3_000


async def until(so: Callable[[], bool]) -> None:
    """It comes from the other side of a line."""
    async with asyncio.timeout(10):
        while not so():  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)


async def test_events_come_signed_in_order_and_with_nothing_of_a_person(here: Here, receiver: Receiver) -> None:
    await here.subscribe(receiver.url)
    await notices(here)
    assert await here.tell() == 6
    assert await here.tell() == 0
    assert receiver.types == [["case.followed"] * 3 + ["notice.sent", "notice.sent", "notice.failed"]]
    ((headers, body),) = receiver.came
    assert genuine(SECRET, headers["Vikno-Signature"], body, 13)
    assert not genuine(SECRET, headers["Vikno-Signature"], body + b" ", 13)
    assert not genuine("another", headers["Vikno-Signature"], body, 13)
    assert not genuine(SECRET, headers["Vikno-Signature"], body, 13 + 301)
    (events,) = receiver.batches
    assert len({event["id"] for event in events}) == 6
    last = events[-1]
    assert {**last, "id": ""} == {
        "id": "", "type": "notice.failed", "case": "A-1", "stage": "approved", "channel": "telegram",
        "at": "1970-01-01T00:00:03.000Z",
    }  # fmt: skip
    assert "stage" not in events[0]
    for word in (ANNA, "a" * 32, "uk:A-1", "secret reason", "m1"):
        assert word not in body.decode()


async def test_what_is_young_waits_for_what_may_still_be_on_its_way(here: Here, receiver: Receiver) -> None:
    await here.subscribe(receiver.url)
    await notices(here)
    assert await here.tell(after_ms=LAG_MS - 1_000) == 3
    assert await here.tell(after_ms=1_001) == 3


async def test_what_was_not_taken_comes_again_later_and_later_and_is_the_same(here: Here, receiver: Receiver) -> None:
    await here.subscribe(receiver.url)
    await notices(here)
    receiver.answers = [500, 503]
    assert await here.tell() == 0
    assert (await here.subscriber()).reason == "http 500"
    assert await here.tell(after_ms=59_999) == 0
    assert len(receiver.came) == 1
    assert await here.tell(after_ms=1) == 0
    assert await here.tell(after_ms=119_999) == 0
    assert len(receiver.came) == 2
    assert await here.tell(after_ms=1) == 6
    assert receiver.batches[0] == receiver.batches[1] == receiver.batches[2]
    assert len({headers["Vikno-Delivery"] for headers, _ in receiver.came}) == 1
    assert len({headers["Vikno-Signature"] for headers, _ in receiver.came}) == 3
    assert (await here.subscriber()).tries == 0


async def test_after_a_week_in_vain_it_is_paused_until_somebody_replays(here: Here, receiver: Receiver) -> None:
    number = await here.subscribe(receiver.url)
    await notices(here)
    receiver.answers = [500] * MOST_TRIES
    for _ in range(MOST_TRIES):
        await here.tell(after_ms=3_600_000)
    assert (await here.subscriber()).next_ms is None
    assert here.now_ms > 6 * 86_400_000
    await here.tell(after_ms=3_600_000)
    assert len(receiver.came) == MOST_TRIES
    await here.store.rewind(number, 2_500, here.now_ms)
    assert await here.tell() == 3
    assert receiver.types[-1] == ["notice.sent", "notice.sent", "notice.failed"]


async def test_whoever_says_that_it_is_gone_is_asked_no_more(here: Here, receiver: Receiver) -> None:
    await here.subscribe(receiver.url)
    await notices(here)
    receiver.answers = [410]
    assert await here.tell() == 0
    assert await here.store.subscribers() == ()


async def test_a_redirect_is_not_followed(here: Here, receiver: Receiver) -> None:
    await here.subscribe(receiver.url)
    await notices(here)
    receiver.answers = [307]
    assert await here.tell() == 0
    assert len(receiver.came) == 1
    assert (await here.subscriber()).reason == "http 307"


async def test_whoever_is_slow_gets_it_again(here: Here, receiver: Receiver) -> None:
    await here.subscribe(receiver.url)
    await notices(here)
    receiver.slow_s = 2
    assert await here.tell() == 0
    assert (await here.subscriber()).reason == "TimeoutError"
    receiver.slow_s = 0
    assert await here.tell(after_ms=60_000) == 6


async def test_one_that_hangs_keeps_nothing_from_others_and_ends_with_the_store(
    here: Here, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chores, "TELL_EVERY_S", 0.02)
    slow = Receiver()
    slow.slow_s = 60
    async with listening(slow) as url:
        for n in range(10):
            await here.subscribe(f"{url}/{n}")
        await here.subscribe(receiver.url)
        await a_case(here.store, "A-1", *[f"{ACCOUNT}:{n:032}" for n in range(300)])
        here.now_ms += LAG_MS + 1
        telling = asyncio.create_task(chores.tell(Teller(here.store, VAULT, GuardedPost(), lambda: here.now_ms)))
        await until(lambda: [len(batch) for batch in receiver.batches] == [100, 100, 100])
        await until(lambda: len(slow.came) == 10)
        await a_case(here.store, "A-2", ANNA)
        here.now_ms += LAG_MS + 1
        await until(lambda: len(receiver.came) == 4)
        assert [event["case"] for event in receiver.batches[3]] == ["A-2"]
        assert len(slow.came) == 10, "nobody is told twice at once"
        await here.store.close()
        async with asyncio.timeout(10):
            await telling


@pytest.mark.parametrize(
    "found", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::ffff:127.0.0.1", "::1", "64:ff9b::a01:203"]
)
async def test_a_name_that_leads_inside_is_not_gone_to(here: Here, receiver: Receiver, found: str) -> None:
    """Also when another address of the name is fine."""

    async def resolve(_: str, __: int) -> list[str]:
        return ["1.1.1.1", found]

    await here.subscribe("https://hear.example:" + receiver.url.rsplit(":", 1)[1])
    await notices(here)
    assert await here.tell(GuardedPost(resolve=resolve)) == 0
    assert receiver.came == []
    assert (await here.subscriber()).reason == "hook_address_wrong"


async def test_at_least_once_across_a_restart(here: Here, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    await here.subscribe(receiver.url)
    await notices(here)

    class Killed(Exception):
        pass

    async def before_it_is_on_record(*_: Any) -> bool:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(here.store, "advance", before_it_is_on_record)
        with pytest.raises(Killed):
            await here.tell()
    await here.store.close()
    here.store = here.opened()
    assert await here.tell() == 6
    assert receiver.batches[0] == receiver.batches[1]
    assert await here.tell() == 0


async def test_many_come_in_parts_each_once(here: Here, receiver: Receiver) -> None:
    await here.subscribe(receiver.url)
    await a_case(here.store, "A-1", *[f"{ACCOUNT}:{n:032}" for n in range(250)])
    assert await here.tell() == 250
    assert [len(batch) for batch in receiver.batches] == [100, 100, 50]
    assert len({event["id"] for batch in receiver.batches for event in batch}) == 250


async def test_set_back_while_it_is_being_told_it_hears_from_there(here: Here, receiver: Receiver) -> None:
    number = await here.subscribe(receiver.url)
    await notices(here)
    receiver.slow_s = 0.2
    telling = asyncio.create_task(here.tell())
    await until(lambda: bool(receiver.came))
    await here.store.rewind(number, 2_500, here.now_ms)
    await telling
    assert await here.tell() == 3
    assert [len(batch) for batch in receiver.batches] == [6, 3]


ENDS: dict[NotificationStatus, str] = {
    "sent": "message.sent",
    "delivered": "message.delivered",
    "temporary-failure": "message.failed",
    "permanent-failure": "message.failed",
    "technical-failure": "message.failed",
}
MESSAGE = NotificationKept(
    7, 1, 1, 1, ANNA, (ACCOUNT,), encode_plan(Plan()), b"sealed", "uk", "live", "message", "initiated", "r-1",
    "created", "", -1, 1_000, 2_000, None, 2_000, 8_000, None, 0,
)  # fmt: skip


def test_each_end_of_a_message_has_its_type_and_an_event_of_its_own() -> None:
    assert {*ENDS, *OPEN} == {*get_args(NotificationStatus)}
    events = [ended_event(Happened(Position(2_000, 0, 7), replace(MESSAGE, status=status)), VAULT) for status in ENDS]
    assert {event["status"]: event["type"] for event in events} == ENDS
    assert len({event["id"] for event in events}) == len(ENDS), "sent, and delivered in the same moment, are two"
    assert len({event["message"] for event in events}) == 1


def test_an_event_of_a_message_is_no_other_messages_and_no_other_moments() -> None:
    def told(number: int, at_ms: int) -> str:
        kept = replace(MESSAGE, id=number, status="delivered")
        return str(ended_event(Happened(Position(at_ms, 0, number), kept), VAULT)["id"])

    assert len({told(7, 2_000), told(8, 2_000), told(7, 2_001)}) == 3
    assert told(7, 2_000) == told(7, 2_000)
