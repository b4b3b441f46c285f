"""The whole way: people with phones on the simulator, MAX's wire between, and our channel as the bot's side."""

from __future__ import annotations

import logging
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from tests.channels.max.conftest import NAME, SECRET, TOKEN, USERNAME
from tests.network import certified, listening
from vikno.channels.max import BundleUnreadable, Errands, Max, SecretMalformed, TokenMalformed, transport
from vikno.channels.max.inbound import UPDATES
from vikno.domain.dialog.messages import Button
from vikno.testing.max import SECRET_HEADER, MaxServer
from vikno.usecases.channel import (
    BadMessage,
    DeadAddress,
    Inbound,
    Left,
    Misconfigured,
    NotCarried,
    Opened,
    Outbound,
    Outcome,
    Pressed,
    Raw,
    RetryAfter,
    Sent,
    Unknown,
    Unreadable,
    Unsupported,
    Wrote,
)
from vikno.wire.http import HttpAnswer, HttpRequest, HttpTransport

PLACES = (Button("1.a", "В Україні"), Button("1.b", "За кордоном"))


@dataclass
class Office:
    """The bot's side: verifies, reads, answers and sends as `vikno.wire.hooks` does, without a store."""

    bot: Max
    transport: HttpTransport
    heard: list[Inbound] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    """To answer with instead, the next ones first."""

    async def hook(self, request: web.BaseRequest) -> web.Response:
        raw = Raw(await request.read(), {name.lower(): value for name, value in request.headers.items()})
        if (wrong := self.bot.verify(raw)) is not None:
            self.refused.append(wrong.status)
            return web.Response(status=wrong.status)
        if self.statuses:
            return web.Response(status=self.statuses.pop(0))
        seen = {one.key for one in self.heard}
        try:
            inbound = [one for one in self.bot.parse(raw) if one.key not in seen]
        except Unreadable:
            return web.Response()
        self.heard += inbound
        ack = self.bot.ack(inbound, ())
        for one in inbound:
            for reply in answers(one):
                await self.say(one.address, reply)
        return web.Response(status=ack.status, headers=dict(ack.headers), body=ack.body)

    async def say(self, address: str | int, outbound: Outbound) -> list[Outcome]:
        return [
            self.bot.classify(request, await self.transport.carry(request))
            for request in self.bot.render(outbound, str(address))
        ]


def answers(one: Inbound) -> list[Outbound]:
    """What a very small service says."""
    match one.happened:
        case Opened(token):
            return [Outbound(f"Добрий день! Ви прийшли з «{token}»."), Outbound("Де ви зараз?", buttons=PLACES)]
        case Pressed(button):
            label = {one.id: one.label for one in PLACES}.get(button, "застаріло")
            return [Outbound(f"Записано: {label}.", buttons=(Button("2.a", "Почати знову", "nav"),))]
        case Wrote(text):
            return [Outbound(f"Ви написали: {text}")]
        case Unsupported(kind):
            return [Outbound(f"Цього тут не читають: {kind}")]
    return []


@pytest.fixture
async def office(messenger: MaxServer) -> AsyncIterator[Office]:
    carrier = transport(answer_s=2.0)
    errands = Errands(carrier)
    bot = Max(token=TOKEN, secret=SECRET, name=NAME, api=messenger.api, errand=errands)
    office = Office(bot, carrier)
    async with listening(office.hook) as url:
        assert await bot.register(carrier.carry, url) is None
        assert (await bot.self_check(carrier.carry)).ok
        yield office
    await errands.close()
    await carrier.close()


async def test_from_the_poster_to_the_goodbye(messenger: MaxServer, office: Office) -> None:
    link = office.bot.entry_link("kyiv-01")
    assert link is not None
    assert (link.name, link.page) == (NAME, link.url)
    olena = messenger.person("Олена")
    await olena.open(link.url)
    assert olena.said == ["Добрий день! Ви прийшли з «kyiv-01».", "Де ви зараз?"]
    assert olena.labels == ["В Україні", "За кордоном"]

    await olena.press("За кордоном")
    await olena.heard("Записано: За кордоном.")
    assert olena.labels == ["Почати знову"]
    await olena.press("В Україні")  # buttons stay with their message
    await olena.heard("Записано: В Україні.")

    await olena.write("дякую")
    await olena.heard("Ви написали: дякую")
    await olena.edit("дуже дякую")
    await olena.heard("edited")
    await olena.send(None, {"type": "sticker", "payload": {"url": "https://s.example/1", "code": "a"}})
    await olena.heard("sticker")

    await olena.stop()
    (dead,) = await office.say(olena.id, Outbound("Паспорт надруковано."))
    assert isinstance(dead, DeadAddress)
    assert str(olena.id) not in dead.reason
    assert str(olena.chat) not in dead.reason
    await olena.open()
    (sent,) = await office.say(olena.id, Outbound("Паспорт надруковано."))
    assert sent == Sent(olena.lines[-1].mid)
    assert [type(one.happened) for one in office.heard] == [
        Opened, Pressed, Pressed, Wrote, Unsupported, Unsupported, Left, Opened,
    ]  # fmt: skip
    assert {one.address for one in office.heard} == {str(olena.id)}
    assert {one.lang for one in office.heard} == {"uk"}
    assert {status for _, status in messenger.brought} == {200}


async def test_a_press_is_answered_beside_the_reply(messenger: MaxServer, office: Office) -> None:
    olena = messenger.person("Олена")
    await olena.open()
    await olena.press("За кордоном")
    await olena.heard("Записано")
    assert await olena.noticed() == "✓"
    assert olena.notified == ["✓"]
    assert [status for called, _, status in messenger.called if called == "POST /answers"] == [200]


async def test_each_update_three_times_does_all_things_once(messenger: MaxServer, office: Office) -> None:
    messenger.duplicates = 2
    olena = messenger.person("Олена")
    await olena.open(payload="kyiv-01")
    await olena.press("В Україні")
    await olena.press("В Україні")
    await olena.write("так")
    assert [type(one.happened) for one in office.heard] == [Opened, Pressed, Pressed, Wrote]
    assert len(olena.said) == 5
    assert len(messenger.brought) == 4 * 3


async def test_updates_in_another_order_and_late_are_all_read(messenger: MaxServer, office: Office) -> None:
    olena = messenger.person("Олена")
    messenger.hold()
    await olena.write("один")
    await olena.write("два")
    await messenger.release(reverse=True)
    assert [one.happened for one in office.heard] == [Wrote("два"), Wrote("один")]


async def test_only_a_200_is_an_acknowledgement(messenger: MaxServer, office: Office) -> None:
    office.statuses = [204, 503]
    olena = messenger.person("Олена")
    await olena.write("привіт")
    assert messenger.brought == [("message_created", 204), ("message_created", 503), ("message_created", 200)]
    assert [one.happened for one in office.heard] == [Wrote("привіт")]


async def test_a_webhook_that_never_answers_is_given_up_and_the_check_says_so(
    messenger: MaxServer, office: Office
) -> None:
    office.statuses = [500] * messenger.patience
    await messenger.person("Олена").write("привіт")
    health = await office.bot.self_check(office.transport.carry)
    assert ["gave up" in one for one in health.wrong] == [True]


async def test_what_does_not_come_from_max_is_refused(messenger: MaxServer, office: Office) -> None:
    (url,) = messenger.subscriptions
    async with ClientSession() as stranger:
        for headers, status in (({}, 401), ({SECRET_HEADER: "guessed"}, 403)):
            async with stranger.post(url, data=b'{"update_type":"bot_started"}', headers=headers) as response:
                assert response.status == status
    assert office.refused == [401, 403]
    assert office.heard == []


async def test_a_link_to_another_bot_opens_nothing_and_the_check_says_so(messenger: MaxServer, office: Office) -> None:
    old = Max(token=TOKEN, secret=SECRET, name=NAME, username="id1_bot", api=messenger.api)
    link = old.entry_link("kyiv-01")
    assert link is not None
    with pytest.raises(LookupError):
        await messenger.person("Олена").open(link.url)
    health = await old.self_check(office.transport.carry)
    assert [one for one in health.wrong if "id1_bot" in one]


async def test_the_longest_token_comes_through(messenger: MaxServer, office: Office) -> None:
    olena = messenger.person("Олена")
    link = office.bot.entry_link("a" * 128)
    assert link is not None
    await olena.open(link.url)
    assert office.heard[-1].happened == Opened("a" * 128)
    assert office.bot.entry_link("a" * 129) is None
    await olena.open(payload="a" * 129)
    assert office.heard[-1].happened == Opened("")


# ---- faults ----


async def test_faults_of_the_wire(messenger: MaxServer, office: Office) -> None:
    olena = messenger.person("Олена")
    (never,) = await office.say(olena.id, Outbound("а"))
    assert never == DeadAddress("404 dialog.not.found error.dialog.notfound")
    olena.started = True
    messenger.break_next(502)
    assert await office.say(olena.id, Outbound("а")) == [RetryAfter(1.0, "account", "502")]
    messenger.lose_next()
    (lost,) = await office.say(olena.id, Outbound("б"))
    assert isinstance(lost, Unknown)
    assert olena.said == ["б"]
    messenger.refuse(400, "attachment.not.ready")
    assert await office.say(olena.id, Outbound("в")) == [RetryAfter(1.0, "chat", "400 attachment.not.ready")]
    messenger.refuse(400, "proto.payload", "Invalid request payload")
    assert await office.say(olena.id, Outbound("в")) == [BadMessage("400 proto.payload Invalid request payload")]
    messenger.slow_s = 5.0
    office.transport._answer_s = 0.2
    await office.transport.close()
    (late,) = await office.say(olena.id, Outbound("ґ"))
    assert isinstance(late, Unknown)
    gone = Max(token=TOKEN, api="http://127.0.0.1:1")
    (request,) = gone.render(Outbound("д"), str(olena.id))
    outcome = gone.classify(request, await office.transport.carry(request))
    assert isinstance(outcome, RetryAfter)
    assert outcome.scope == "account"


async def test_two_messages_a_second_to_one_person_and_thirty_requests_to_all(office: Office) -> None:
    now = [0.0]
    async with MaxServer(TOKEN, name=NAME, username=USERNAME, clock=lambda: now[0]) as messenger:
        messenger.limited = True
        bot = Max(token=TOKEN, api=messenger.api)
        people = [messenger.person(f"П{at}") for at in range(20)]

        async def send(to: int) -> Outcome:
            people[to].started = True
            (request,) = bot.render(Outbound("Новини"), str(people[to].id))
            return bot.classify(request, await office.transport.carry(request))

        assert [type(await send(0)) for _ in range(3)] == [Sent, Sent, RetryAfter]
        now[0] = 1.0
        assert [type(await send(at % 20)) for at in range(30)] == [Sent] * 30
        over = await send(0)
        assert isinstance(over, RetryAfter)
        assert (over.scope, over.seconds) == ("account", 1.0)
        gap_s = bot.capabilities.chat_gap_s
        now[0] = 5.0
        for _ in range(6):
            assert isinstance(await send(0), Sent)
            now[0] += gap_s


async def test_long_texts_and_many_choices_arrive_whole(messenger: MaxServer, office: Office) -> None:
    olena = messenger.person("Олена")
    olena.started = True
    countries = (*(Button(f"5.{at}", f"Країна {at}") for at in range(80)), Button("5.n", "Назад", "nav"))
    text = "\n\n".join(f"Абзац {at}. {'слово ' * 20}".strip() for at in range(100))
    assert {type(one) for one in await office.say(olena.id, Outbound(text, buttons=countries))} == {Sent}
    whole = "\n\n".join(olena.said)
    assert whole.startswith(text)
    assert "80) Країна 79" in whole
    assert olena.labels[-1] == "Назад"
    await olena.press("80")
    assert office.heard[-1].happened == Pressed("5.79")


async def test_a_link_button_opens_its_page_and_says_nothing(messenger: MaxServer, office: Office) -> None:
    olena = messenger.person("Олена")
    olena.started = True
    await office.say(olena.id, Outbound("Перелік готовий.", buttons=PLACES, link="https://vikno.example/s/1?a=b&c=d"))
    assert olena.labels == ["В Україні", "За кордоном", "🌐 vikno.example"]
    assert await olena.press("🌐 vikno.example") == "https://vikno.example/s/1?a=b&c=d"
    assert office.heard == []


# ---- the account ----


async def test_the_webhook_is_asked_for_with_its_secret_and_its_updates(messenger: MaxServer, office: Office) -> None:
    (wanted,) = messenger.subscriptions.values()
    assert wanted == {"update_types": list(UPDATES), "secret": SECRET}


async def test_the_check_says_what_is_not_as_printed(messenger: MaxServer, office: Office) -> None:
    carry, (url,) = office.transport.carry, messenger.subscriptions
    assert (await office.bot.self_check(carry)).wrong == ()
    messenger.name = "ДМС"
    assert ["ДМС" in one for one in (await office.bot.self_check(carry)).wrong] == [True]
    messenger.name = NAME
    messenger.subscriptions["https://elsewhere.example/"] = {"update_types": [], "secret": None}
    health = await office.bot.self_check(carry)
    assert (health.ok, ["1 more" in one for one in health.notes]) == (True, [True])
    del messenger.subscriptions[url]
    assert ["another address" in one for one in (await office.bot.self_check(carry)).wrong] == [True]
    messenger.subscriptions[url] = {"update_types": ["message_created"], "secret": SECRET}
    assert ["bot_stopped" in one for one in (await office.bot.self_check(carry)).wrong] == [True]
    messenger.token = "another"
    health = await office.bot.self_check(carry)
    assert (health.name, health.ok) == (None, False)
    assert "401 verify.token" in health.wrong[0]
    assert TOKEN not in repr(health)


async def test_names_that_are_not_given_are_learnt(messenger: MaxServer, office: Office) -> None:
    bot = Max(token=TOKEN, secret=SECRET, api=messenger.api)
    assert bot.entry_link("a") is None
    health = await bot.self_check(office.transport.carry)
    assert (health.name, health.ok) == (NAME, True)
    link = bot.entry_link("a")
    assert link is not None
    assert (link.name, link.url) == (NAME, f"https://max.ru/{USERNAME}?start=a")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"[" * 100_000, b'{"username": 5}', b"\xff"])
async def test_what_is_no_answer_about_the_bot_is_said(body: bytes) -> None:
    async def carry(_: HttpRequest) -> HttpAnswer:
        return HttpAnswer(200, {}, body)

    health = await Max(token=TOKEN).self_check(carry)
    assert (health.name, health.ok) == (None, False)


async def test_a_webhook_is_not_registered_where_it_could_not_be_believed() -> None:
    async def carry(_: HttpRequest) -> NotCarried:
        raise AssertionError("nobody is asked")

    assert "secret" in (await Max(token=TOKEN).register(carry, "https://vikno.example/hooks/max/main") or "")
    assert "https" in (await Max(token=TOKEN, secret=SECRET).register(carry, "http://vikno.example/") or "")


async def test_a_webhook_that_max_does_not_take_is_said(messenger: MaxServer, office: Office) -> None:
    assert "Invalid URL" in (await office.bot.register(office.transport.carry, "ftp://nowhere") or "")
    messenger.token = "another"
    assert "verify.token" in (await office.bot.register(office.transport.carry, "https://vikno.example/") or "")


@pytest.mark.parametrize("secret", ["", "a" * 4, "a" * 257, "a b c d e", "їїїїї", "aaaaa\n"])
def test_a_secret_that_max_would_not_take_is_refused(secret: str) -> None:
    with pytest.raises(SecretMalformed):
        Max(token=TOKEN, secret=secret)


@pytest.mark.parametrize("secret", ["a" * 5, "a" * 256])
def test_the_shortest_and_the_longest_secret_are_taken(secret: str) -> None:
    assert Max(token=TOKEN, secret=secret).verify(Raw(b"", {SECRET_HEADER: secret})) is None


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "ї", "a" * 513])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(TokenMalformed) as refused:
        Max(token=token)
    assert not token or repr(token) not in repr(refused.value)


# ---- whom to believe that it is MAX ----


async def test_the_authority_of_max_is_believed_from_its_file_only(tmp_path: Path) -> None:
    shows, trusts = certified()
    bundle = tmp_path / "authority.pem"
    bundle.write_text(pem(trusts))
    async with MaxServer(TOKEN, name=NAME, username=USERNAME, shows=shows) as messenger:
        messenger.person("Олена").started = True
        bot = Max(token=TOKEN, api=messenger.api)
        (request,) = bot.render(Outbound("Добрий день"), "123456789")
        for given, outcome in ((None, Misconfigured), (str(bundle), Sent)):
            carrier = transport(given, answer_s=5.0)
            said = bot.classify(request, await carrier.carry(request))
            await carrier.close()
            assert isinstance(said, outcome), said


def pem(trusts: ssl.SSLContext) -> str:
    """The certificate that a context was given to trust."""
    ours = [one for one in trusts.get_ca_certs(binary_form=True) if b"localhost" in one]
    return "".join(map(ssl.DER_cert_to_PEM_cert, ours))


def test_a_file_that_holds_no_certificates_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("not this")
    for name in ("empty.pem", "missing.pem"):
        with pytest.raises(BundleUnreadable, match=name):
            transport(str(tmp_path / name))


# ---- nothing personal or secret is shown ----


async def test_nothing_of_people_or_secrets_is_logged(
    messenger: MaxServer, office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    many = tuple(Button(f"{at}", f"Таємниця {at}") for at in range(300))
    with caplog.at_level(logging.DEBUG):
        olena = messenger.person("Олена")
        await olena.open(payload="kyiv-01")
        await olena.write("моя адреса")
        await office.say(olena.id, Outbound("Ваш код 12345", buttons=many))
        await olena.stop()
        await office.say(olena.id, Outbound("Ваш код 12345"))
    ours = [record for record in caplog.records if "vikno" in record.name]
    logged = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in ours)
    assert "choices_without_button" in logged
    for word in (TOKEN, SECRET, "Олена", "адреса", "12345", "Таємниця", str(olena.id)):
        assert word not in logged, word
    shown = repr(office.bot) + repr(office.bot.render(Outbound("Ваш код"), "42")) + repr(office.bot.answer_to("c"))
    for word in (TOKEN, SECRET, "Ваш код", "user_id", "callback"):
        assert word not in shown, word
