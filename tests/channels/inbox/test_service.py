"""Against a push service that speaks the protocol: what arrives, what each refusal means, and what is never gone to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest

from tests.network import certified, listening
from vikno.channels.inbox import Inbox, PushTransport, key_from
from vikno.testing.push import Browser, PushService
from vikno.usecases.channel import (
    BadMessage,
    DeadAddress,
    NotCarried,
    Outbound,
    Outcome,
    RetryAfter,
    Sent,
    Unknown,
)
from vikno.wire.http import HttpRequest


@pytest.fixture
async def push() -> AsyncIterator[PushService]:
    async with PushService() as service:
        yield service


CHANNEL = Inbox(key=key_from(bytes(range(48))), secret=b"s" * 32, contact="https://vikno.example", private=True)
NOTICE = Outbound("ID-картка, справа …4420\n\nПаспорт надруковано.", purpose="notice", link="https://vikno.example/i")


async def sent(browser: Browser, outbound: Outbound = NOTICE, channel: Inbox = CHANNEL) -> Outcome:
    (request,) = channel.render(outbound, channel.address(**browser.subscription))
    return channel.classify(request, await PushTransport(private=True).carry(request))


async def test_a_message_arrives_as_it_was_said(push: PushService) -> None:
    olena = push.browser(CHANNEL.key)
    outcome = await sent(olena)
    note = await olena.shown("Паспорт надруковано")
    assert outcome == Sent(note.tag)
    assert (note.title, note.lang, note.link) == ("ID-картка, справа …4420", "uk", "https://vikno.example/i")
    assert olena.sealed_wrong == []
    assert "надруковано" not in str(push.taken)


async def test_what_waits_is_replaced_by_its_repetition_and_shown_once(push: PushService) -> None:
    olena = push.browser(CHANNEL.key)
    olena.online = False
    for outbound in (NOTICE, NOTICE, Outbound("Код 314 159")):
        assert isinstance(await sent(olena, outbound), Sent)
    assert len(olena.waiting) == 2
    olena.come_online()
    assert [note.body for note in olena.notes] == ["Паспорт надруковано.", "Код 314 159"]


async def test_what_waited_for_too_long_does_not_come() -> None:
    now = [1_800_000_000.0]
    async with PushService(now_s=lambda: now[0]) as push:
        channel = Inbox(key=key_from(bytes(48)), secret=b"s" * 32, private=True, now_s=lambda: now[0])
        olena = push.browser(channel.key)
        olena.online = False
        for outbound in (Outbound("Код 314 159"), NOTICE):
            assert isinstance(await sent(olena, outbound, channel), Sent)
        now[0] += 2 * 3600
        olena.come_online()
        assert [note.body for note in olena.notes] == ["Паспорт надруковано."]


@pytest.mark.parametrize(
    ("status", "headers", "outcome"),
    [
        (404, {}, DeadAddress("404")),
        (410, {}, DeadAddress("410")),
        (413, {}, BadMessage("413")),
        (429, {"Retry-After": "7"}, RetryAfter(7.0, "chat", "429")),
        (429, {}, RetryAfter(5.0, "chat", "429")),
        (503, {"Retry-After": "90000"}, RetryAfter(3600.0, "chat", "503")),
        (503, {"Retry-After": "0"}, RetryAfter(1.0, "chat", "503")),
        (500, {"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}, RetryAfter(5.0, "chat", "500")),
        (302, {"Location": "http://127.0.0.1:1/"}, BadMessage("302")),
    ],
)
async def test_a_refusal_means_what_it_says(
    push: PushService, status: int, headers: dict[str, str], outcome: Outcome
) -> None:
    olena = push.browser(CHANNEL.key)
    push.refuse(status, headers)
    assert await sent(olena) == outcome
    assert isinstance(await sent(olena), Sent)


async def test_who_takes_the_permission_away_is_gone(push: PushService) -> None:
    olena = push.browser(CHANNEL.key)
    olena.leave()
    assert await sent(olena) == DeadAddress("410 Unregistered")
    push.browsers.clear()
    assert await sent(olena) == DeadAddress("404 Unknown")


async def test_an_answer_that_is_lost_leaves_it_unknown_and_no_answer_means_nothing_left(push: PushService) -> None:
    olena = push.browser(CHANNEL.key)
    push.lose_next()
    assert isinstance(await sent(olena), Unknown)
    assert len(olena.notes) == 1
    await push.close()
    outcome = await sent(olena)
    assert isinstance(outcome, RetryAfter)
    assert outcome.scope == "chat"


async def test_the_push_service_believes_only_whom_the_browser_has_subscribed_to(push: PushService) -> None:
    olena = push.browser(CHANNEL.key)
    other = Inbox(key=key_from(bytes(48)), secret=b"s" * 32, private=True)
    assert await sent(olena, channel=other) == BadMessage("403 VapidPkHashMismatch")
    late = Inbox(key=key_from(bytes(range(48))), secret=b"s" * 32, private=True, now_s=lambda: 1_000_000_000.0)
    assert await sent(olena, channel=late) == BadMessage("403 ExpiredJwtToken")
    assert olena.notes == []
    assert push.taken == []


async def test_certificates_are_looked_at() -> None:
    async def take(_: object) -> object:
        raise AssertionError("nobody believes this server")

    shows, _ = certified("127.0.0.1")
    async with listening(take, shows) as url:  # type: ignore[arg-type]
        answer = await PushTransport(private=True).carry(HttpRequest("POST", f"{url}/push/a", {}, b"x"))
    assert answer == NotCarried(False, "SSLCertVerificationError")


@pytest.mark.parametrize("found", [["127.0.0.1"], ["10.0.0.7"], ["1.1.1.1", "169.254.169.254"], ["::ffff:127.0.0.1"]])
async def test_a_name_that_leads_inside_by_now_is_not_gone_to(found: Sequence[str]) -> None:
    async def resolve(_: str, __: int) -> list[str]:
        return list(found)

    request = HttpRequest("POST", "https://push.example/a", {"Topic": "t"}, b"x")
    answer = await PushTransport(resolve=resolve).carry(request)
    assert answer == NotCarried(False, "hook_address_wrong")
    assert isinstance(CHANNEL.classify(request, answer), DeadAddress)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/a", "https://localhost:1/a", "http://push.example/a"])
async def test_an_address_that_came_from_elsewhere_is_checked_again(url: str) -> None:
    assert await PushTransport().carry(HttpRequest("POST", url, {}, b"x")) == NotCarried(False, "hook_address_wrong")
