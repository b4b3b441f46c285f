"""The simulated gateway answers as the real Kannel does, makes trouble when asked, and its phones show what came."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.channels.conftest import Desk
from tests.channels.sms.kannel import Kannel, kannel
from tests.network import listening
from vikno.channels.sms import Sms, segments
from vikno.domain.dialog.messages import Button
from vikno.testing.sms import Line, SmsGateway
from vikno.usecases.channel import (
    BadMessage,
    Happened,
    Left,
    Misconfigured,
    Outbound,
    Outcome,
    Reported,
    RetryAfter,
    Sent,
    Unknown,
    Wrote,
)
from vikno.wire.http import HttpRequest, HttpTransport

PHONE = "380501112233"
SECRET = "secret-of-the-callback"
LONG = "Ваш документ виготовлено і передано до пункту видачі 🙂. " * 4


class Office(Desk):
    """Our side: an account, and a webhook that believes and reads what comes."""

    def __init__(self, sms: Sms, http: HttpTransport) -> None:
        super().__init__(sms)
        self.http = http

    async def say(self, text: str, **more: object) -> Outcome:
        outcome: Outcome = Sent()
        for request in self.channel.render(Outbound(text, **more), PHONE):  # type: ignore[arg-type]
            outcome = self.channel.classify(request, await self.http.carry(request))
        return outcome

    @property
    def happened(self) -> list[Happened]:
        return [one.happened for one in self.came]


@pytest.fixture
async def gateway() -> AsyncIterator[SmsGateway]:
    async with SmsGateway() as one:
        yield one


@pytest.fixture
async def office(gateway: SmsGateway) -> AsyncIterator[Office]:
    http = HttpTransport()
    made = Office(Sms(number="1515", gateway=gateway.url, secret=SECRET), http)
    async with listening(made.hook) as url:
        callback = f"{url}/hooks/sms/main"
        made.channel = Sms(number="1515", gateway=gateway.url, secret=SECRET, callback=callback)
        gateway.hook = f"{callback}?secret={SECRET}"
        yield made
        await gateway.settled()
    await http.close()


async def test_a_conversation_stands_on_the_phone(gateway: SmsGateway, office: Office) -> None:
    phone = gateway.phone(PHONE)
    buttons = (Button("1.y", "Так"), Button("1.n", "Ні"), Button("1.b", "Назад", "nav"))
    assert isinstance(await office.say("Вам є 18 років?", buttons=buttons), Sent)
    assert await phone.read() == "Вам є 18 років?\n1 Так\n2 Ні\n(Назад)"
    assert await phone.write("1") == 200
    assert isinstance(await office.say(LONG), Sent)
    assert await phone.read(1) == LONG.strip()
    assert await phone.write("Стоп") == 200
    await gateway.settled()
    assert [one for one in office.happened if not isinstance(one, Reported)] == [Wrote("1"), Left(said=True)]
    assert phone.transcript == [
        Line("service", "Вам є 18 років?\n1 Так\n2 Ні\n(Назад)", 1, "1515"),
        Line("person", "1", 1),
        Line("service", LONG.strip(), len(segments(LONG.strip()).parts), "1515"),
        Line("person", "Стоп", 1),
    ]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("forbidden", Misconfigured("403 Authorization failed for sendsms")),
        ("not_routable", BadMessage("not routable")),
        ("unavailable", RetryAfter(10.0, "account", "Temporal failure, try again later.")),
        ("throttled", RetryAfter(10.0, "account", "Too many requests")),
        ("broken", Unknown("500 Internal error")),
    ],
)
async def test_what_is_not_taken_does_not_arrive(
    gateway: SmsGateway, office: Office, fault: str, expected: Outcome
) -> None:
    gateway.fail(fault)
    assert await office.say("Добрий день") == expected
    assert gateway.phone(PHONE).texts == []
    assert isinstance(await office.say("Добрий вечір"), Sent)
    assert gateway.phone(PHONE).texts == ["Добрий вечір"]


async def test_a_time_out_after_the_send_is_unknown_although_it_arrived(gateway: SmsGateway, office: Office) -> None:
    gateway.fail("lost")
    assert isinstance(await office.say("Добрий день"), Unknown)
    await gateway.settled()
    assert gateway.phone(PHONE).texts == ["Добрий день"]
    assert [one.state for one in office.happened if isinstance(one, Reported)] == ["sent", "delivered"]


@pytest.mark.parametrize(
    ("fault", "states"),
    [
        ("queued", ["sent", "delivered"]),
        ("undelivered", ["sent", "failed"]),
        ("refused", ["failed"]),
        ("twice", ["sent", "delivered", "delivered", "sent"]),
        ("reordered", ["delivered", "sent"]),
        ("unreported", []),
    ],
)
async def test_reports_have_the_id_of_what_was_sent(
    gateway: SmsGateway, office: Office, fault: str, states: list[str]
) -> None:
    gateway.fail(fault)
    sent = await office.say("Добрий день")
    assert isinstance(sent, Sent)
    await gateway.settled()
    reports = [one for one in office.came if isinstance(one.happened, Reported)]
    assert [one.happened.state for one in reports if isinstance(one.happened, Reported)] == states
    assert {one.happened.message for one in reports if isinstance(one.happened, Reported)} <= {sent.message}
    assert len({one.key for one in reports}) == len(set(states))  # the same report again has the same key
    assert all(status == 200 for _, status in gateway.reported)


async def test_somebody_who_does_not_know_the_secret_is_not_heard(gateway: SmsGateway, office: Office) -> None:
    gateway.hook = gateway.hook.replace(SECRET, "guessed-by-somebody-else")
    assert await gateway.phone(PHONE).write("Стоп") == 403
    gateway.hook = gateway.hook.partition("?")[0]
    assert await gateway.phone(PHONE).write("Стоп") == 401
    assert office.came == []


def test_a_fault_that_there_is_not_is_told() -> None:
    with pytest.raises(LookupError, match="thunder"):
        SmsGateway().fail("thunder")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kannel]:
    with kannel(tmp_path_factory.mktemp("kannel")) as one:
        yield one


@pytest.mark.slow
@pytest.mark.xdist_group("kannel")
@pytest.mark.parametrize("style", ["post", "get"])
async def test_the_real_kannel_answers_the_same(gateway: SmsGateway, office: Office, real: Kannel, style: str) -> None:
    suffix = "?style=get" if style == "get" else ""
    for wrong in ("", "password", "receiver", "content"):
        answers = []
        for url in (gateway.url + suffix, real.gateway(style=style)):
            if wrong == "password":
                url = url.replace(":hush@", ":no@").replace(":foobar-2026@", ":no@")  # noqa: PLW2901
            sms = Sms(number="1515", gateway=url, secret=SECRET)
            (request,) = sms.render(Outbound("Добрий день"), PHONE)
            assert isinstance(request, HttpRequest)
            if wrong == "receiver":
                headers = {name: value for name, value in request.headers.items() if name != "X-Kannel-To"}
                request = HttpRequest(request.method, request.url.replace(f"%2B{PHONE}", ""), headers, request.body)
            if wrong == "content":
                headers = {**request.headers, "Content-Type": "application/x-www-form-urlencoded"}
                request = HttpRequest("POST", request.url.partition("?")[0], headers, b"text=x")
            with real.network():
                answer = await office.http.carry(request)
            assert not hasattr(answer, "left"), answer
            answers.append((answer.status, answer.body))
        assert answers[0] == answers[1], wrong
