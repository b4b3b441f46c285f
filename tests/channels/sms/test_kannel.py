"""With the real Kannel, both ways: our request to a phone, its reports and people's messages back to us."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.channels.sms.kannel import NUMBER, SECRET, Kannel, kannel, ucs2
from vikno.channels.sms import Sms, segments
from vikno.domain.dialog.messages import Button
from vikno.usecases.channel import (
    Inbound,
    Left,
    Misconfigured,
    NotCarried,
    Opened,
    Outbound,
    Outcome,
    Raw,
    Reported,
    RetryAfter,
    Sent,
    Wrote,
)
from vikno.wire.http import HttpTransport

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("kannel")]

PHONE = "380501112233"
LONG = (
    "Ваш документ виготовлено і передано до пункту видачі на вулиці Хрещатик, 1 🙂. "
    "Заберіть його з понеділка до п’ятниці, з 9:00 до 18:00; візьміть із собою паспорт."
)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kannel]:
    with kannel(tmp_path_factory.mktemp("kannel")) as one:
        yield one


@pytest.fixture(autouse=True)
def _nothing_came_yet(gateway: Kannel) -> None:
    gateway.callbacks.came.clear()


@pytest.fixture
async def http() -> AsyncIterator[HttpTransport]:
    transport = HttpTransport()
    yield transport
    await transport.close()


def sms(gateway: Kannel, /, **more: str) -> Sms:
    said = {"number": NUMBER, "gateway": gateway.gateway(), "secret": SECRET, "callback": gateway.callbacks.url}
    return Sms(**{**said, **more})  # type: ignore[arg-type]


async def say(channel: Sms, http: HttpTransport, text: str, **more: object) -> list[Outcome]:
    requests = channel.render(Outbound(text, **more), PHONE)  # type: ignore[arg-type]
    return [channel.classify(one, await http.carry(one)) for one in requests]  # type: ignore[arg-type]


def heard(channel: Sms, came: list[Raw]) -> list[Inbound]:
    """What our webhook would make of it."""
    assert [channel.verify(raw) for raw in came] == [None] * len(came)
    return [one for raw in came for one in channel.parse(raw)]


@pytest.mark.parametrize("style", ["post", "get"])
async def test_a_long_text_arrives_in_parts_and_is_reported_on(
    gateway: Kannel, http: HttpTransport, style: str
) -> None:
    channel = sms(gateway, gateway=gateway.gateway(style=style))
    with gateway.network() as network:
        (sent,) = await say(channel, http, LONG)
        assert isinstance(sent, Sent)
        assert sent.message
        parts = network.wait(len(segments(LONG).parts))
        reports = heard(channel, gateway.callbacks.wait(2))
    assert [part.header[:3] + part.header[4:] for part in parts] == [bytes((5, 0, 3, 3, at)) for at in (1, 2, 3)]
    assert "".join(part.text for part in parts) == LONG
    assert [(part.sender, part.to) for part in parts] == [(NUMBER, f"+{PHONE}")] * 3
    assert all(part.octets is not None and part.octets <= 134 for part in parts)
    assert {one.happened for one in reports} == {Reported(sent.message, "sent"), Reported(sent.message, "delivered")}
    assert len({one.key for one in reports}) == 2


async def test_a_latin_text_goes_in_the_small_alphabet(gateway: Kannel, http: HttpTransport) -> None:
    text = "Fee: 10 € [card] {x} ~ ^ | \\ £ è Ω @ 100%d %20+"
    with gateway.network() as network:
        (sent,) = await say(sms(gateway), http, text)
        assert isinstance(sent, Sent)
        (whole,) = network.wait(1)
    assert (whole.text, whole.header, whole.octets) == (text, b"", None)


@pytest.mark.parametrize("style", ["post", "get"])
async def test_a_phone_gets_exactly_the_parts_that_we_count(gateway: Kannel, http: HttpTransport, style: str) -> None:
    channel = sms(gateway, gateway=gateway.gateway(style=style), callback="")
    for text in ("я" * 70, "я" * 71, "я" * 66 + "🙂" * 40, "a" * 160, "a" * 161, "€" * 77 + "a" * 50, "ж" * 670):
        counted = segments(text).parts
        with gateway.network() as network:
            outcomes = await say(channel, http, text)
            assert all(isinstance(outcome, Sent) for outcome in outcomes)
            parts = network.wait(len(counted))
        if len(parts) > 1:
            assert {part.header[4] for part in parts} == {len(counted)}
            assert len({part.header[3] for part in parts}) == 1
        parts.sort(key=lambda part: part.header)
        assert tuple(part.text for part in parts) == counted


async def test_parts_of_our_own_are_reported_once(gateway: Kannel, http: HttpTransport) -> None:
    channel = sms(gateway)
    with gateway.network() as network:
        outcomes = await say(channel, http, "я" * 66 + "🙂" * 40)
        network.wait(3)
        reports = heard(channel, gateway.callbacks.wait(2))
    assert [outcome.message != "" for outcome in outcomes if isinstance(outcome, Sent)] == [False, False, True]
    assert {one.happened.message for one in reports if isinstance(one.happened, Reported)} == {outcomes[-1].message}  # type: ignore[union-attr]


async def test_numbered_choices_and_doors_arrive_as_text(gateway: Kannel, http: HttpTransport) -> None:
    buttons = (Button("1.y", "Так"), Button("1.n", "Ні"), Button("1.b", "Назад", "nav"), Button("1.w", "Чому?", "nav"))
    with gateway.network() as network:
        await say(sms(gateway), http, "Вам є 18 років?", buttons=buttons)
        (whole,) = network.wait(1)
    assert whole.text == "Вам є 18 років?\n1 Так\n2 Ні\n(Назад / Чому?)"


async def test_people_write_to_us(gateway: Kannel) -> None:
    channel = sms(gateway)
    messages = [
        ucs2(PHONE, "Стоп"),
        ucs2(f"+{PHONE}", "ВІКНО desk_12-A"),
        f"+{PHONE} {NUMBER} text VIKNO desk_12-A",
        ucs2(PHONE, "Ґанок, її об’єкт 🙂"),
        f"VIKNO {NUMBER} text we are a shop",
        f"1515 {NUMBER} text another service",
    ]
    happened = []
    for message in messages:
        gateway.callbacks.came.clear()
        with gateway.network(message):
            happened.append([(one.address, one.happened) for one in heard(channel, gateway.callbacks.messages(1))])
    assert happened == [
        [(PHONE, Left(said=True))],
        [(PHONE, Opened("desk_12-A"))],
        [(PHONE, Opened("desk_12-A"))],
        [(PHONE, Wrote("Ґанок, її об’єкт 🙂"))],
        [],
        [],
    ]


async def test_a_message_by_get_is_read_as_well(gateway: Kannel) -> None:
    channel = sms(gateway)
    with gateway.network(ucs2(PHONE, "byget Так, хочу")):
        (came,) = heard(channel, gateway.callbacks.messages(1))
    assert came.happened == Wrote("byget Так, хочу")
    assert came.at_ms is not None
    assert len(came.key) == 36  # Kannel's own id


async def test_a_wrong_password_is_our_fault_and_the_check_says_so(gateway: Kannel, http: HttpTransport) -> None:
    channel = sms(gateway, gateway=gateway.gateway("wrong"))
    with gateway.network():
        (outcome,) = await say(channel, http, "Добрий день")
    assert outcome == Misconfigured("403 Authorization failed for sendsms")
    health = await channel.self_check(http.carry)  # type: ignore[arg-type]
    assert not health.ok
    assert "403" in health.wrong[0]


@pytest.mark.parametrize("style", ["post", "get"])
async def test_the_check_passes_with_the_right_password_and_sends_nothing(
    gateway: Kannel, http: HttpTransport, style: str
) -> None:
    with gateway.network() as network:
        assert (await sms(gateway, gateway=gateway.gateway(style=style)).self_check(http.carry)).ok  # type: ignore[arg-type]
        assert network.delivered() == []


async def test_nobody_there_is_tried_again(http: HttpTransport) -> None:
    channel = Sms(number=NUMBER, gateway="http://u:p@127.0.0.1:9/cgi-bin/sendsms", secret=SECRET)
    request = channel.render(Outbound("Добрий день"), PHONE)[0]
    answer = await http.carry(request)  # type: ignore[arg-type]
    assert isinstance(answer, NotCarried)
    assert isinstance(channel.classify(request, answer), RetryAfter)
    assert not (await channel.self_check(http.carry)).ok  # type: ignore[arg-type]
