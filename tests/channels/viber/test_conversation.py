"""The whole way: people with phones on the simulator, Viber's wire between, and our channel as the bot's side."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import ClientSession, web

from tests.channels.viber.conftest import NAME, TOKEN
from tests.network import listening
from vikno.channels.viber import Viber
from vikno.domain.dialog.messages import Button
from vikno.testing.viber import ViberServer
from vikno.usecases.channel import (
    DeadAddress,
    Inbound,
    Left,
    Misconfigured,
    Opened,
    Outbound,
    Outcome,
    Pressed,
    Raw,
    Reported,
    RetryAfter,
    Returned,
    Sent,
    Unknown,
    Unreadable,
    Wrote,
)
from vikno.wire.http import HttpTransport

PLACES = (Button("1.a", "В Україні"), Button("1.b", "За кордоном"))


@dataclass
class Office:
    """The bot's side: verifies, reads, answers and sends as `vikno.wire.hooks` does, without a store."""

    bot: Viber
    transport: HttpTransport
    heard: list[Inbound] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    async def hook(self, request: web.BaseRequest) -> web.Response:
        raw = Raw(await request.read(), {name.lower(): value for name, value in request.headers.items()})
        wrong = self.bot.verify(raw)
        if wrong is not None:
            self.refused.append(wrong.status)
            return web.Response(status=wrong.status)
        try:
            inbound = [one for one in self.bot.parse(raw) if one.key not in self.seen]
        except Unreadable:
            return web.Response()
        replies: list[tuple[str, Outbound]] = []
        for one in inbound:
            self.seen.add(one.key)
            self.heard.append(one)
            replies += [(one.address, reply) for reply in answers(one)]
        ack = self.bot.ack(inbound, [reply for _, reply in replies])
        for address, reply in replies[ack.carried :]:
            await self.say(address, reply)
        return web.Response(status=ack.status, headers=dict(ack.headers), body=ack.body)

    async def say(self, address: str, outbound: Outbound) -> list[Outcome]:
        found = [
            self.bot.classify(request, await self.transport.carry(request))
            for request in self.bot.render(outbound, address)
        ]
        self.outcomes += found
        return found


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
    return []


@pytest.fixture
async def office(viber: ViberServer) -> AsyncIterator[Office]:
    transport = HttpTransport(answer_s=2.0)
    office = Office(Viber(token=TOKEN, name=NAME, api=viber.api), transport)
    async with listening(office.hook) as url:
        assert await office.bot.register(transport.carry, url) is None
        assert (await office.bot.self_check(transport.carry)).ok
        yield office
        await viber.settled()
    await transport.close()


async def test_from_the_poster_to_the_goodbye(viber: ViberServer, office: Office) -> None:
    link = office.bot.entry_link("kyiv-01")
    assert link is not None
    assert (link.name, link.page) == (NAME, "https://chats.viber.com/dmsu")
    olena = viber.person("Олена")
    await olena.open(link.url)
    assert olena.said == ["Добрий день! Ви прийшли з «kyiv-01».\n\nДе ви зараз?"]
    assert [line.welcome for line in olena.lines if line.by == "bot"] == [True]
    assert olena.labels == ["В Україні", "За кордоном"]
    assert olena.transcript()["subscribed"] is False

    await olena.press("За кордоном")
    await olena.heard("Записано: За кордоном.")
    assert olena.transcript()["subscribed"] is True
    assert olena.labels == ["Почати знову"]
    assert [line["text"] for line in olena.transcript()["lines"]] == [
        "opened", "Добрий день! Ви прийшли з «kyiv-01».\n\nДе ви зараз?", "Записано: За кордоном.",
    ]  # fmt: skip

    await olena.write("дякую")
    await olena.heard("Ви написали: дякую")
    assert olena.labels == ["Почати знову"]

    await olena.unsubscribe()
    assert await office.say(olena.id, Outbound("Паспорт надруковано.")) == [DeadAddress("6 receiverNotSubscribed")]
    await olena.subscribe()
    (sent,) = await office.say(olena.id, Outbound("Паспорт надруковано."))
    assert isinstance(sent, Sent)
    assert [type(one.happened) for one in office.heard] == [Opened, Pressed, Wrote, Left, Returned]
    assert {one.address for one in office.heard} == {olena.id}
    assert {one.lang for one in office.heard if not isinstance(one.happened, Left)} == {"uk"}


async def test_names_of_people_are_not_asked_for(viber: ViberServer, office: Office) -> None:
    olena = viber.person("Олена Петренко")
    assert "name" not in olena.profile()
    assert not viber.send_name


async def test_a_link_to_a_bot_that_is_not_there_opens_nothing(viber: ViberServer, office: Office) -> None:
    old = Viber(token=TOKEN, name=NAME, uri="dmsu-old", api=viber.api)
    link = old.entry_link("kyiv-01")
    assert link is not None
    with pytest.raises(LookupError):
        await viber.person("Олена").open(link.url)
    health = await old.self_check(office.transport.carry)
    assert [one for one in health.wrong if "dmsu-old" in one]


async def test_somebody_who_is_subscribed_is_answered_by_messages(viber: ViberServer, office: Office) -> None:
    olena = viber.person("Олена")
    await olena.write("добрий день")
    await olena.open("viber://pa?chatURI=dmsu&context=lviv")
    await olena.heard("Де ви зараз?")
    assert olena.said[1:] == ["Добрий день! Ви прийшли з «lviv».", "Де ви зараз?"]


async def test_a_label_can_be_typed_as_well(viber: ViberServer, office: Office) -> None:
    olena = viber.person("Олена")
    await olena.open("viber://pa?chatURI=dmsu")
    await olena.write("За кордоном")
    await olena.heard("Ви написали: За кордоном")


async def test_each_callback_twice_does_all_things_once(viber: ViberServer, office: Office) -> None:
    viber.duplicates = 2
    olena = viber.person("Олена")
    await olena.open("viber://pa?chatURI=dmsu&context=kyiv-01")
    await olena.press("В Україні")
    await olena.heard("Записано")
    assert [type(one.happened) for one in office.heard] == [Opened, Pressed]
    assert len(olena.said) == 2
    assert len(viber.brought) == 1 + 2 * 3


async def test_callbacks_in_another_order_and_late_are_all_read(viber: ViberServer, office: Office) -> None:
    olena = viber.person("Олена")
    await olena.write("нуль")
    viber.hold()
    await olena.write("один")
    await olena.write("два")
    await olena.write("три")
    await viber.release(reverse=True)
    assert [one.happened for one in office.heard] == [Wrote("нуль"), Wrote("три"), Wrote("два"), Wrote("один")]
    assert len({one.key for one in office.heard}) == 4


async def test_a_callback_that_found_nobody_is_brought_again(viber: ViberServer, office: Office) -> None:
    answered: list[int] = []

    async def awake_at_last(request: web.BaseRequest) -> web.Response:
        answered.append(503 if len(answered) < 2 else 200)
        return web.Response(status=503) if answered[-1] == 503 else await office.hook(request)

    async with listening(awake_at_last) as url:
        viber.webhook = url
        olena = viber.person("Олена")
        await olena.open("viber://pa?chatURI=dmsu&context=kyiv-01")
    assert answered == [503, 503, 200]
    assert len({token for event, token, _ in viber.brought if event == "conversation_started"}) == 1
    assert olena.lines[-1].welcome


async def test_receipts_name_the_message_that_was_sent(viber: ViberServer, office: Office) -> None:
    viber.receipts = True
    olena = viber.person("Олена")
    await olena.write("добрий день")
    (sent,) = await office.say(olena.id, Outbound("Паспорт надруковано."))
    assert isinstance(sent, Sent)
    await viber.settled()
    await olena.see()
    await viber.bring_failed(olena.lines[-1], olena, "expired")
    about = [one.happened for one in office.heard if isinstance(one.happened, Reported)]
    assert [(one.state, one.reason) for one in about if one.message == sent.message] == [
        ("delivered", ""), ("read", ""), ("failed", "expired"),
    ]  # fmt: skip


async def test_a_hundred_messages_without_an_answer_are_enough(viber: ViberServer, office: Office) -> None:
    olena = viber.person("Олена")
    olena.subscribed = True
    for _ in range(100):
        assert isinstance((await office.say(olena.id, Outbound("Новини")))[0], Sent)
    (refused,) = await office.say(olena.id, Outbound("Новини"))
    assert isinstance(refused, RetryAfter)
    assert (refused.scope, refused.seconds) == ("chat", 300.0)
    await olena.write("досить")
    assert isinstance((await office.say(olena.id, Outbound("Новини")))[0], Sent)


async def test_an_hour_later_there_is_room_again(office: Office) -> None:
    now = [0.0]
    async with ViberServer(TOKEN, name=NAME, uri="dmsu", clock=lambda: now[0]) as viber:
        bot = Viber(token=TOKEN, name=NAME, api=viber.api)
        ivan = viber.person("Іван")
        ivan.subscribed = True
        (request,) = bot.render(Outbound("Новини"), ivan.id)
        outcomes = [bot.classify(request, await office.transport.carry(request)) for _ in range(101)]
        assert isinstance(outcomes[-1], RetryAfter)
        now[0] = 3601.0
        assert isinstance(bot.classify(request, await office.transport.carry(request)), Sent)


async def test_faults_of_the_wire(viber: ViberServer, office: Office) -> None:
    olena = viber.person("Олена")
    olena.subscribed = True
    viber.break_next(502)
    assert await office.say(olena.id, Outbound("а")) == [RetryAfter(5.0, "account", "HTTP 502")]
    viber.lose_next()
    (lost,) = await office.say(olena.id, Outbound("б"))
    assert isinstance(lost, Unknown)
    assert olena.said == ["б"]
    viber.refuse(2)
    (refused,) = await office.say(olena.id, Outbound("в"))
    assert isinstance(refused, Misconfigured)
    viber.refuse(6, receiver="somebody else")
    assert isinstance((await office.say(olena.id, Outbound("г")))[0], Sent)
    viber.slow_s = 5.0
    office.transport._answer_s = 0.2
    await office.transport.close()
    (late,) = await office.say(olena.id, Outbound("ґ"))
    assert isinstance(late, Unknown)
    viber.slow_s = 0.0
    gone = Viber(token=TOKEN, name=NAME, api="http://127.0.0.1:1/pa")
    (request,) = gone.render(Outbound("д"), olena.id)
    outcome = gone.classify(request, await office.transport.carry(request))
    assert isinstance(outcome, RetryAfter)
    assert outcome.scope == "account"


async def test_long_texts_and_many_choices_arrive_whole(viber: ViberServer, office: Office) -> None:
    olena = viber.person("Олена")
    olena.subscribed = True
    countries = (*(Button(f"5.{at}", f"Країна {at}") for at in range(60)), Button("5.n", "Назад", "nav"))
    text = "\n\n".join(f"Абзац {at}. {'слово ' * 20}".strip() for at in range(100))
    assert {type(one) for one in await office.say(olena.id, Outbound(text, buttons=countries))} == {Sent}
    whole = "\n\n".join(olena.said)
    assert whole.startswith(text)
    assert "60. Країна 59" in whole
    assert olena.labels[-1] == "Назад"
    await olena.press("60")
    assert office.heard[-1].happened == Pressed("5.59")
    assert office.refused == []


async def test_what_is_not_signed_by_viber_is_refused(viber: ViberServer, office: Office) -> None:
    async with ClientSession() as stranger:
        async with stranger.post(viber.webhook, data=b'{"event":"webhook"}') as response:
            assert response.status == 401
        headers = {"X-Viber-Content-Signature": "0" * 64}
        async with stranger.post(viber.webhook, data=b'{"event":"webhook"}', headers=headers) as response:
            assert response.status == 403
    assert office.refused == [401, 403]
    assert office.heard == []


async def test_a_link_button_opens_its_page_and_says_nothing(viber: ViberServer, office: Office) -> None:
    olena = viber.person("Олена")
    await olena.write("добрий день")
    await office.say(olena.id, Outbound("Перелік готовий.", buttons=PLACES, link="https://vikno.example/s/1?a=b&c=d"))
    assert olena.labels == ["В Україні", "За кордоном", "🌐 vikno.example"]
    assert await olena.press("🌐 vikno.example") == "https://vikno.example/s/1?a=b&c=d"
    assert [one.happened for one in office.heard] == [Wrote("добрий день")]


# ---- the account ----


async def test_the_check_says_what_is_not_as_printed(viber: ViberServer, office: Office) -> None:
    carry = office.transport.carry
    assert await office.bot.self_check(carry) == await office.bot.self_check(carry)
    viber.name = "ДМС"
    assert ["ДМС" in one for one in (await office.bot.self_check(carry)).wrong] == [True]
    viber.name = NAME
    viber.webhook = "https://elsewhere.example/"
    assert len((await office.bot.self_check(carry)).wrong) == 1
    viber.webhook = ""
    assert ["webhook" in one for one in (await office.bot.self_check(carry)).wrong] == [True]
    viber.token = "another"
    health = await office.bot.self_check(carry)
    assert (health.name, health.ok) == (None, False)
    assert "2 invalidAuthToken" in health.wrong[0]
    assert TOKEN not in repr(health)


async def test_a_bot_with_few_subscribers_has_no_page_in_the_browser(viber: ViberServer, office: Office) -> None:
    viber.subscribers_before = 2
    health = await office.bot.self_check(office.transport.carry)
    assert health.ok
    assert "does not exist" in health.notes[0]
    link = office.bot.entry_link("kyiv-01")
    assert link is not None
    assert (link.url, link.page) == ("viber://pa?chatURI=dmsu&context=kyiv-01", None)


async def test_the_check_of_a_bot_that_is_not_reached(office: Office) -> None:
    gone = Viber(token=TOKEN, name=NAME, api="http://127.0.0.1:1/pa")
    health = await gone.self_check(office.transport.carry)
    assert not health.ok
    assert gone.entry_link("kyiv-01") is None


async def test_a_webhook_that_is_not_up_cannot_be_registered(viber: ViberServer, office: Office) -> None:
    wrong = await office.bot.register(office.transport.carry, "http://127.0.0.1:1/hooks/viber/main")
    assert wrong is not None
    assert "1 invalidUrl" in wrong
    assert TOKEN not in wrong


# ---- a phone as plain data, for a page ----


async def test_a_page_can_show_the_phone(viber: ViberServer, office: Office) -> None:
    olena = viber.person("Олена")
    await olena.open("viber://pa?chatURI=dmsu&context=kyiv-01")
    assert olena.transcript()["name"] == "Олена"
    assert olena.transcript()["keys"] == [
        {"label": "В Україні", "columns": 3, "rows": 1}, {"label": "За кордоном", "columns": 3, "rows": 1},
    ]  # fmt: skip
    await olena.press("В Україні")
    with pytest.raises(LookupError):
        await olena.press("Немає такої")
    await olena.unsubscribe()
    assert olena.transcript()["subscribed"] is False
