"""An organisation's system hears what became of its messages: signed, in order, every end, and again when it asks."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web

from tests.api.messages.conftest import PHONE, Desk, delay
from tests.network import listening
from vikno.usecases.channel import NotCarried
from vikno.usecases.tell_subscribers import LAG_MS, Teller, tell_subscriber, who_is_due
from vikno.wire.guarded import GuardedPost


@dataclass
class Receiver:
    """An organisation's system."""

    url: str = ""
    status: int = 204
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        self.came.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for _, body in self.came for event in json.loads(body)["events"]]


@pytest.fixture
async def receiver(desk: Desk) -> AsyncIterator[Receiver]:
    """On this machine, which the operator has allowed."""
    assert desk.api.messages is not None
    door = desk.api.messages
    desk.api = replace(desk.api, messages=replace(door, room=replace(door.room, private=True)))
    made = Receiver()
    async with listening(made) as url:
        made.url = f"{url}/hear"
        yield made


async def tell(desk: Desk) -> int:
    """How many events were taken."""
    desk.clock.on(seconds=LAG_MS / 1000 + 1)
    taken: list[int] = []

    async def post(url: str, headers: Mapping[str, str], body: bytes) -> int | NotCarried:
        answer = await GuardedPost()(url, headers, body)
        taken.extend([len(json.loads(body)["events"])] if answer == 204 else [])
        return answer

    teller = Teller(desk.store, desk.api.vault, post, desk.clock)
    for subscriber in (await who_is_due(teller)).values():
        assert await tell_subscriber(teller, subscriber) is None, "there is no more than goes into one"
    return sum(taken)


async def test_every_end_is_told_once_signed_and_again_when_asked(desk: Desk, receiver: Receiver) -> None:
    added = (await desk.call("PUT", "/api/callbacks", {"url": receiver.url})).json()
    secret, callback = added["secret"], added["callback"]["id"]
    begun = desk.clock.now_ms
    first = (await desk.call("POST", "/api/messages", delay(reference="r-1"))).json()["id"]
    await desk.call("POST", "/api/messages", delay(ceiling="0", reference="r-2"))
    await desk.call("POST", "/api/messages", delay(), key="skyfen test")
    await desk.call("POST", "/api/messages", {**delay(), "template": "bin-day", "personalisation": {
        "day": "2", "street": "x", "kind": "y"}}, key="rivermouth live")  # fmt: skip
    await desk.settle(first, "blocked")
    assert await tell(desk) == 3
    headers, body = receiver.came[0]
    moment, _, given = headers["Vikno-Signature"].removeprefix("t=").partition(",v1=")
    wanted = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(wanted, given)
    said = {(event["reference"], event["key"]): event for event in receiver.events}
    assert {name: (one["type"], one["status"], one["reason"]) for name, one in said.items()} == {
        ("r-1", "live"): ("message.failed", "technical-failure", "blocked"),
        ("r-2", "live"): ("message.failed", "permanent-failure", "price"),
        ("", "test"): ("message.delivered", "delivered", "test"),
    }
    assert said["r-1", "live"]["message"] == first
    assert said["r-1", "live"]["channel"] == "sms"
    for _, heard in receiver.came:
        assert not any(part in heard.decode() for part in (PHONE, PHONE[1:], "380671234567", "0671234567", "123-45"))
    assert await tell(desk) == 0, "each is told once"
    since = {"since": f"2026-11-02T{begun // 3_600_000 % 24:02}:00:00Z"}
    again = await desk.call("POST", f"/api/callbacks/{callback}/replay", since)
    assert again.status_code == 200
    assert await tell(desk) == 3
    ids = [event["id"] for event in receiver.events]
    assert ids[:3] == ids[3:], "with the same ids"


async def test_what_fails_is_shown_and_a_new_secret_goes_on_where_the_old_one_was(
    desk: Desk, receiver: Receiver
) -> None:
    first = (await desk.call("PUT", "/api/callbacks", {"url": receiver.url})).json()
    await desk.call("POST", "/api/messages", delay(ceiling="0"))
    receiver.status = 500
    assert await tell(desk) == 0
    (shown,) = (await desk.call("GET", "/api/callbacks")).json()["callbacks"]
    assert (shown["state"], shown["reason"], shown["tries"]) == ("failing", "http 500", 1)
    assert "secret" not in shown
    receiver.status = 204
    second = (await desk.call("PUT", "/api/callbacks", {"url": receiver.url})).json()
    assert second["secret"] != first["secret"]
    assert len((await desk.call("GET", "/api/callbacks")).json()["callbacks"]) == 1
    assert await tell(desk) == 1
    left = await desk.call("DELETE", f"/api/callbacks/{second['callback']['id']}")
    assert left.json() == {"callbacks": []}
    gone = await desk.call("DELETE", f"/api/callbacks/{second['callback']['id']}")
    assert (gone.status_code, gone.json()["code"]) == (404, "callback_unknown")


async def test_somebody_elses_callback_is_not_there(desk: Desk, receiver: Receiver) -> None:
    made = (await desk.call("PUT", "/api/callbacks", {"url": receiver.url})).json()["callback"]["id"]
    assert (await desk.call("GET", "/api/callbacks", key="lake-bank live")).json() == {"callbacks": []}
    assert (await desk.call("DELETE", f"/api/callbacks/{made}", key="lake-bank live")).status_code == 404


@pytest.mark.parametrize(
    "url", ["http://systems.example.org/", "https://10.0.0.1/", "https://a:b@systems.example.org/", "ftp://x", "x"]
)
async def test_an_address_that_may_not_be_gone_to_is_refused(desk: Desk, url: str) -> None:
    answer = await desk.call("PUT", "/api/callbacks", {"url": url})
    assert (answer.status_code, answer.json()["code"]) == (422, "callback_wrong")


@pytest.mark.parametrize("url", ["http://127.0.0.1:6379/", "http://localhost:8080/metrics", "https://[::1]/"])
async def test_no_organisation_has_this_machine_knock_at_its_own_doors(desk: Desk, url: str) -> None:
    answer = await desk.call("PUT", "/api/callbacks", {"url": url})
    assert (answer.status_code, answer.json()["code"]) == (422, "callback_wrong")


@pytest.mark.parametrize("key", ["skyfen test", "skyfen team"])
async def test_what_became_of_live_messages_is_heard_by_those_alone_who_hold_a_live_key(desk: Desk, key: str) -> None:
    answer = await desk.call("PUT", "/api/callbacks", {"url": "https://a.example.org/"}, key=key)
    assert (answer.status_code, answer.json()["code"]) == (403, "key_not_live")
    made = (await desk.call("PUT", "/api/callbacks", {"url": "https://a.example.org/"})).json()
    answer = await desk.call("DELETE", f"/api/callbacks/{made['callback']['id']}", key=key)
    assert answer.status_code == 403


async def test_there_are_not_too_many_of_them(desk: Desk) -> None:
    for n in range(5):
        assert (await desk.call("PUT", "/api/callbacks", {"url": f"https://a{n}.example.org/"})).status_code == 201
    answer = await desk.call("PUT", "/api/callbacks", {"url": "https://b.example.org/"})
    assert (answer.status_code, answer.json()["code"]) == (409, "callbacks_full")


async def test_nobody_hears_what_has_not_happened_yet(desk: Desk) -> None:
    made = (await desk.call("PUT", "/api/callbacks", {"url": "https://a.example.org/"})).json()["callback"]["id"]
    answer = await desk.call("POST", f"/api/callbacks/{made}/replay", {"since": "2027-01-01T00:00:00Z"})
    assert (answer.status_code, answer.json()["code"]) == (422, "time_wrong")
