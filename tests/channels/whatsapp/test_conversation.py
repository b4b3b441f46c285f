"""The whole way: people with phones on the simulator, the Cloud API between, and our channel as the bot's side."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientSession, web

from tests.channels.conftest import Desk
from tests.channels.whatsapp.conftest import NAME, PHONE, SECRET, TOKEN
from tests.network import listening
from vikno.channels.whatsapp import WhatsApp
from vikno.domain.dialog.messages import Button
from vikno.testing.whatsapp import WhatsAppServer
from vikno.usecases.channel import (
    BadMessage,
    DeadAddress,
    Inbound,
    Misconfigured,
    Opened,
    Outbound,
    Outcome,
    Pressed,
    Reported,
    RetryAfter,
    Sent,
    Unknown,
    Wrote,
)
from vikno.wire.http import HttpTransport

PLACES = (Button("1.a", "В Україні"), Button("1.b", "За кордоном"))
DAY_S = 24 * 3600.0


@dataclass
class Office:
    """The bot's side: takes what comes as the webhook does, answers, and sends."""

    bot: WhatsApp
    transport: HttpTransport
    outcomes: list[Outcome] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.desk = Desk(self.bot, self.answer)

    async def answer(self, one: Inbound) -> None:
        for reply in answers(one):
            await self.say(one.address, reply)

    async def say(self, address: str, outbound: Outbound) -> list[Outcome]:
        found = [
            self.bot.classify(request, await self.transport.carry(request))
            for request in self.bot.render(outbound, address)
        ]
        self.outcomes += found
        return found

    async def notify(self, address: str, text: str) -> list[Outcome]:
        return await self.say(address, Outbound(text, purpose="notice", kept=True))

    @property
    def happened(self) -> list[Any]:
        """All but receipts."""
        return [one.happened for one in self.desk.heard if not isinstance(one.happened, Reported)]

    @property
    def reported(self) -> list[Reported]:
        return [
            one.happened
            for one in self.desk.heard
            if isinstance(one.happened, Reported) and one.happened.message != "trial"
        ]


def answers(one: Inbound) -> list[Outbound]:
    """What a very small service says."""
    match one.happened:
        case Opened(token):
            return [Outbound(f"Добрий день! Ви прийшли з «{token}»."), Outbound("Де ви зараз?", buttons=PLACES)]
        case Pressed(button):
            label = {one.id: one.label for one in PLACES}.get(button, button)
            return [Outbound(f"Записано: {label}.", buttons=(Button("2.a", "Почати знову", "nav"),))]
        case Wrote(text):
            return [Outbound(f"Ви написали: {text}")]
    return []


@pytest.fixture
def now() -> list[float]:
    """What time it is on the simulator's side."""
    return [1_750_857_384.0]


@pytest.fixture
async def meta(now: list[float]) -> AsyncIterator[WhatsAppServer]:
    async with WhatsAppServer(TOKEN, SECRET, name=NAME, phone=PHONE, clock=lambda: now[0]) as server:
        yield server


@pytest.fixture
async def office(meta: WhatsAppServer, account: dict[str, Any]) -> AsyncIterator[Office]:
    transport = HttpTransport(answer_s=2.0)
    office = Office(WhatsApp(**account, api=meta.api), transport)
    async with listening(office.desk.hook) as url:
        assert await office.bot.register(transport.carry, url) is None
        assert (await office.bot.self_check(transport.carry)).ok
        yield office
        await meta.settled()
    await transport.close()


def with_template(office: Office, meta: WhatsAppServer, account: dict[str, Any]) -> None:
    """From now on the authority has a template."""
    meta.templates |= {
        ("case_news", "uk"): "Новини про вашу справу: {{1}} Запитання? Напишіть сюди.",
        ("case_news", "en_GB"): "News of your matter: {{1}} Any question? Write here.",
    }
    more: dict[str, Any] = {"template": "case_news", "languages": ("uk", "en_GB"), "business": meta.business}
    office.bot = WhatsApp(**account, api=meta.api, phone=PHONE, **more)


async def test_from_the_poster_to_the_receipt(meta: WhatsAppServer, office: Office) -> None:
    link = office.bot.entry_link("kyiv-01")
    assert link is not None
    assert (link.name, link.url) == (NAME, link.page)
    olena = meta.person("Олена")
    await olena.open(link.url)
    assert olena.said == ["Добрий день! Ви прийшли з «kyiv-01».", "Де ви зараз?"]
    assert olena.labels == ["В Україні", "За кордоном"]
    await olena.press("За кордоном")
    await olena.heard("Записано: За кордоном.")
    await olena.write("дякую")
    await olena.heard("Ви написали: дякую")
    await olena.press("В Україні")  # an old button stays
    await olena.heard("Записано: В Україні.")
    assert office.happened == [Opened("kyiv-01"), Pressed("1.b"), Wrote("дякую"), Pressed("1.a")]
    assert {one.address for one in office.desk.heard[1:]} == {olena.user_id}
    assert {type(one) for one in office.outcomes} == {Sent}
    assert office.desk.refused == []


async def test_somebody_whose_phone_nobody_knows_is_served_the_same(meta: WhatsAppServer, office: Office) -> None:
    ivan = meta.person("Іван", hidden=True)
    link = office.bot.entry_link("lviv")
    assert link is not None
    await ivan.open(link.url, lambda text: f"Доброго ранку! {text}")
    await ivan.press("В Україні")
    await ivan.heard("Записано: В Україні.")
    sent = [body for call, body, _ in meta.called if call.endswith("/messages")]
    assert {body["recipient"] for body in sent} == {ivan.user_id}
    assert not [body for body in sent if "to" in body]
    assert ivan.phone not in str([body for body, _ in meta.brought])


async def test_where_phones_are_told_people_can_be_known_by_them(
    meta: WhatsAppServer, office: Office, account: dict[str, Any]
) -> None:
    office.bot = office.desk.channel = WhatsApp(**account, api=meta.api, phones=True)
    olena, ivan = meta.person("Олена"), meta.person("Іван", hidden=True)
    await olena.write("раз")
    await olena.heard("раз")
    await ivan.write("два")
    await ivan.heard("два")
    assert [one.address for one in office.desk.heard[1:]] == [olena.phone, ivan.user_id]


async def test_an_id_as_a_phone_would_vanish(meta: WhatsAppServer, office: Office) -> None:
    """Why an id goes as `recipient`: Meta takes it as `to`, and nobody ever reads it."""
    ivan = meta.person("Іван")
    body = {"messaging_product": "whatsapp", "to": ivan.user_id, "type": "text", "text": {"body": "а"}}
    async with (
        ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as client,
        client.post(f"{meta.api}/{meta.number}/messages", json=body) as response,
    ):
        assert response.status == 200
    assert ivan.said == []


async def test_a_link_to_another_number_opens_nothing(meta: WhatsAppServer, account: dict[str, Any]) -> None:
    old = WhatsApp(**account, phone="+380 44 000-00-00")
    link = old.entry_link("kyiv-01")
    assert link is not None
    with pytest.raises(LookupError):
        await meta.person("Олена").open(link.url)


async def test_each_call_twice_does_all_things_once(meta: WhatsAppServer, office: Office) -> None:
    meta.duplicates = 2
    olena = meta.person("Олена")
    await olena.write("раз")
    assert olena.said == ["Ви написали: раз"]
    assert len(meta.brought) == 3


async def test_many_things_in_one_body_are_all_answered(meta: WhatsAppServer, office: Office) -> None:
    olena, ivan = meta.person("Олена"), meta.person("Іван", hidden=True)
    meta.hold()
    await olena.write("раз")
    await ivan.write("два")
    await olena.write("три")
    await meta.release(together=True)
    assert len(meta.brought) == 1
    assert office.happened == [Wrote("раз"), Wrote("два"), Wrote("три")]
    assert (olena.said, ivan.said) == (["Ви написали: раз", "Ви написали: три"], ["Ви написали: два"])


async def test_what_comes_late_and_in_another_order_is_read(meta: WhatsAppServer, office: Office) -> None:
    olena = meta.person("Олена")
    meta.hold()
    for text in ("один", "два", "три"):
        await olena.write(text)
    await meta.release(reverse=True)
    assert office.happened == [Wrote("три"), Wrote("два"), Wrote("один")]


async def test_what_found_nobody_is_brought_again(meta: WhatsAppServer, office: Office) -> None:
    office.desk.statuses = [503, 503]
    olena = meta.person("Олена")
    await olena.write("раз")
    assert [status for _, status in meta.brought] == [503, 503, 200]
    assert olena.said == ["Ви написали: раз"]


async def test_receipts_name_the_message_that_was_sent(meta: WhatsAppServer, office: Office) -> None:
    meta.receipts = True
    ivan = meta.person("Іван", hidden=True)
    await ivan.write("добрий день")
    (sent,) = await office.say(ivan.user_id, Outbound("Паспорт надруковано."))
    assert isinstance(sent, Sent)
    await meta.settled()
    await ivan.see()
    states = [one.state for one in office.reported if one.message == sent.message]
    assert sorted(states[:2]) == ["delivered", "sent"]
    assert states[2:] == ["read"]


# ---- the day ----


async def test_after_a_day_nothing_reaches_them_without_a_template(
    meta: WhatsAppServer, office: Office, now: list[float]
) -> None:
    olena = meta.person("Олена")
    await olena.write("добрий день")
    now[0] += DAY_S
    assert isinstance((await office.notify(olena.user_id, "Паспорт друкується."))[0], Sent)
    now[0] += 1.0
    (refused,) = await office.notify(olena.user_id, "Паспорт надруковано.")
    assert isinstance(refused, DeadAddress)
    assert "131047" in refused.reason
    await olena.write("є новини?")
    assert isinstance((await office.notify(olena.user_id, "Паспорт надруковано."))[0], Sent)


async def test_somebody_who_never_wrote_cannot_be_written_to(meta: WhatsAppServer, office: Office) -> None:
    assert isinstance((await office.notify(meta.person("Іван").user_id, "а"))[0], DeadAddress)
    assert isinstance((await office.notify("UA.1", "а"))[0], DeadAddress)


async def test_a_template_reaches_them_after_any_time_in_their_language(
    meta: WhatsAppServer, office: Office, now: list[float], account: dict[str, Any]
) -> None:
    with_template(office, meta, account)
    assert (await office.bot.self_check(office.transport.carry)).ok
    olena = meta.person("Олена")
    await olena.write("добрий день")
    now[0] += 30 * DAY_S
    notice = Outbound(
        "Паспорт надруковано.\n\nПринесіть:\n• талон\n• чек", purpose="notice", link="https://v.example/c/1"
    )
    assert isinstance((await office.say(olena.user_id, notice))[0], Sent)
    assert olena.said[-1] == (
        "Новини про вашу справу: Паспорт надруковано. Принесіть: • талон • чек · https://v.example/c/1 "
        "Запитання? Напишіть сюди."
    )
    await office.say(olena.user_id, Outbound("It is printed.", "en", purpose="notice"))
    assert olena.said[-1] == "News of your matter: It is printed. Any question? Write here."
    assert olena.lines[-1].template == "case_news"


async def test_a_long_notice_becomes_several_templates(
    meta: WhatsAppServer, office: Office, account: dict[str, Any]
) -> None:
    with_template(office, meta, account)
    olena = meta.person("Олена")
    text = " ".join(f"слово{at}" for at in range(300))
    assert {type(one) for one in await office.notify(olena.user_id, text)} == {Sent}
    said = [
        one.removeprefix("Новини про вашу справу: ").removesuffix(" Запитання? Напишіть сюди.") for one in olena.said
    ]
    assert len(said) == 4
    assert " ".join(said) == text


async def test_a_template_that_is_paused_costs_the_notice_and_no_reply(
    meta: WhatsAppServer, office: Office, account: dict[str, Any]
) -> None:
    with_template(office, meta, account)
    olena = meta.person("Олена")
    await olena.write("добрий день")
    meta.paused.add("case_news")
    (refused,) = await office.notify(olena.user_id, "Паспорт надруковано.")
    assert isinstance(refused, BadMessage)
    assert isinstance((await office.say(olena.user_id, Outbound("Так.")))[0], Sent)
    health = await office.bot.self_check(office.transport.carry)
    assert [one.endswith("it is PAUSED.") for one in health.wrong] == [True, True]


@pytest.mark.parametrize(
    ("body", "category", "wrong"),
    [
        ("Новини.", "UTILITY", "one parameter"),
        ("Новини {{1}} для {{2}}.", "UTILITY", "one parameter"),
        ("Новини {{name}}.", "UTILITY", "one parameter"),
        ("Новини {{1}}.", "MARKETING", "MARKETING"),
        ("Новини {{1}}. " + "а" * 224, "UTILITY", "224"),
        (None, "UTILITY", "there is none"),
    ],
)
async def test_a_template_that_notices_cannot_go_as_is_noticed(
    meta: WhatsAppServer, office: Office, account: dict[str, Any], body: str | None, category: str, wrong: str
) -> None:
    with_template(office, meta, account)
    meta.categories["case_news"] = category
    if body is None:
        del meta.templates["case_news", "uk"]
    else:
        meta.templates["case_news", "uk"] = body
    health = await office.bot.self_check(office.transport.carry)
    assert any("in uk" in one and wrong in one for one in health.wrong), health


# ---- refusals and faults ----


async def test_what_fails_late_is_reported_with_its_reason(
    meta: WhatsAppServer, office: Office, now: list[float]
) -> None:
    meta.late = True
    olena = meta.person("Олена")
    await olena.write("добрий день")
    now[0] += 2 * DAY_S
    (taken,) = await office.notify(olena.user_id, "Паспорт надруковано.")
    assert isinstance(taken, Sent)
    await meta.settled()
    (failed,) = office.reported
    assert (failed.message, failed.state) == (taken.message, "failed")
    assert failed.reason.startswith("131047 ")
    assert olena.said == ["Ви написали: добрий день"]


async def test_who_blocks_the_number_is_a_dead_address(meta: WhatsAppServer, office: Office) -> None:
    olena = meta.person("Олена")
    await olena.write("добрий день")
    olena.blocks = True
    (refused,) = await office.say(olena.user_id, Outbound("а"))
    assert isinstance(refused, DeadAddress)
    assert "131026" in refused.reason


async def test_forty_five_at_once_and_then_one_in_six_seconds(
    meta: WhatsAppServer, office: Office, now: list[float]
) -> None:
    olena, ivan = meta.person("Олена"), meta.person("Іван")
    olena.wrote_s = ivan.wrote_s = now[0]
    for _ in range(office.bot.capabilities.chat_burst):
        assert isinstance((await office.say(olena.user_id, Outbound("а")))[0], Sent)
    assert await office.say(olena.user_id, Outbound("а")) == [
        RetryAfter(office.bot.capabilities.chat_gap_s, "chat", "131056 too many messages to this person")
    ]
    assert isinstance((await office.say(ivan.user_id, Outbound("а")))[0], Sent)
    now[0] += 6.0
    assert isinstance((await office.say(olena.user_id, Outbound("а")))[0], Sent)


async def test_eighty_a_second_and_then_the_account_waits(
    meta: WhatsAppServer, office: Office, now: list[float]
) -> None:
    people = [meta.person(f"Людина {at}") for at in range(81)]
    for one in people:
        one.wrote_s = now[0]
    outcomes = [(await office.say(one.user_id, Outbound("а")))[0] for one in people]
    assert {type(one) for one in outcomes[:80]} == {Sent}
    assert isinstance(outcomes[80], RetryAfter)
    assert outcomes[80].scope == "account"
    now[0] += 1.0
    assert isinstance((await office.say(people[80].user_id, Outbound("а")))[0], Sent)


async def test_faults_of_the_wire(meta: WhatsAppServer, office: Office, account: dict[str, Any]) -> None:
    olena = meta.person("Олена")
    olena.wrote_s = meta.now_s()
    meta.break_next(502)
    assert await office.say(olena.user_id, Outbound("а")) == [RetryAfter(5.0, "account", "HTTP 502")]
    meta.lose_next()
    assert isinstance((await office.say(olena.user_id, Outbound("б")))[0], Unknown)
    assert olena.said == ["б"]
    meta.refuse(131000)
    assert isinstance((await office.say(olena.user_id, Outbound("в")))[0], RetryAfter)
    meta.refuse(131009, receiver="somebody else")
    assert isinstance((await office.say(olena.user_id, Outbound("г")))[0], Sent)
    meta.slow_s = 5.0
    office.transport._answer_s = 0.2
    await office.transport.close()
    assert isinstance((await office.say(olena.user_id, Outbound("ґ")))[0], Unknown)
    meta.slow_s = 0.0
    office.bot = WhatsApp(**account, api="http://127.0.0.1:1/v26.0")
    (gone,) = await office.say(olena.user_id, Outbound("д"))
    assert isinstance(gone, RetryAfter)
    assert gone.scope == "account"


async def test_a_wrong_token_is_a_trouble_of_the_account(
    meta: WhatsAppServer, office: Office, account: dict[str, Any]
) -> None:
    office.bot = WhatsApp(**{**account, "token": "old"}, api=meta.api)
    assert isinstance((await office.say("UA.1", Outbound("а")))[0], Misconfigured)
    health = await office.bot.self_check(office.transport.carry)
    assert (health.name, health.ok) == (None, False)
    assert "190" in health.wrong[0]
    office.bot = WhatsApp(**{**account, "number": "1"}, api=meta.api)
    assert isinstance((await office.say("UA.1", Outbound("а")))[0], Misconfigured)


async def test_long_texts_and_many_choices_arrive_whole(meta: WhatsAppServer, office: Office) -> None:
    olena = meta.person("Олена")
    olena.wrote_s = meta.now_s()
    countries = (*(Button(f"5.{at}", f"Країна {at}") for at in range(60)), Button("5.n", "Назад", "nav"))
    text = "\n\n".join(f"Абзац {at}. {'слово ' * 20}".strip() for at in range(100))
    assert {type(one) for one in await office.say(olena.user_id, Outbound(text, buttons=countries))} == {Sent}
    assert "\n".join("\n\n".join(olena.said).split()).startswith("\n".join(text.split()))
    assert "60. Країна 59" in olena.said[-1]
    assert olena.labels == ["Назад"]
    few = tuple(Button(f"6.{at}", f"Посвідка на тимчасове проживання номер {at}") for at in range(5))
    await office.say(olena.user_id, Outbound("Яка?", buttons=few))
    await olena.press("Посвідка на тимчасове проживання номер 3")
    assert office.happened[-1] == Pressed("6.3")


async def test_what_is_not_signed_by_meta_is_refused(meta: WhatsAppServer, office: Office) -> None:
    async with ClientSession() as stranger:
        async with stranger.post(meta.webhook, data=b"{}") as response:
            assert response.status == 401
        async with stranger.post(meta.webhook, data=b"{}", headers={"X-Hub-Signature-256": "sha256=0"}) as response:
            assert response.status == 403
        async with stranger.get(meta.webhook, params={"hub.mode": "subscribe", "hub.verify_token": "?"}) as response:
            assert response.status == 403
    assert office.desk.refused == [401, 403, 403]
    assert office.happened == []


# ---- the account ----


async def test_a_webhook_that_does_not_answer_is_not_registered(
    meta: WhatsAppServer, office: Office, account: dict[str, Any]
) -> None:
    async def broken(_: web.BaseRequest) -> web.Response:
        return web.Response(text="hello")

    async with listening(broken) as url:
        wrong = await office.bot.register(office.transport.carry, url)
    assert wrong is not None
    assert "2200" in wrong
    assert office.bot.verify_token not in wrong
    strange = WhatsApp(**{**account, "secret": "another"}, api=meta.api)
    assert await strange.register(office.transport.carry, meta.webhook) is not None


async def test_the_check_says_what_is_not_as_printed(meta: WhatsAppServer, office: Office) -> None:
    carry = office.transport.carry
    health = await office.bot.self_check(carry)
    assert (health.name, health.wrong) == (NAME, ())
    assert ["No template" in one for one in health.notes] == [True]
    meta.name = "ДМС"
    assert ["ДМС" in one for one in (await office.bot.self_check(carry)).wrong] == [True]
    meta.name, meta.phone = NAME, "380440000000"
    assert ["380440000000" in one for one in (await office.bot.self_check(carry)).wrong] == [True]
    meta.phone, meta.webhook = PHONE, "https://elsewhere.example/"
    assert ["another address" in one for one in (await office.bot.self_check(carry)).wrong] == [True]
    meta.webhook = ""
    assert ["no webhook" in one for one in (await office.bot.self_check(carry)).wrong] == [True]
    assert office.bot.webhook is not None
    meta.webhook, meta.status_of_number = office.bot.webhook, "DISCONNECTED"
    assert ["DISCONNECTED" in one for one in (await office.bot.self_check(carry)).wrong] == [True]
    meta.status_of_number, meta.quality = "CONNECTED", "RED"
    assert any("RED" in one for one in (await office.bot.self_check(carry)).notes)


async def test_an_app_that_hears_nothing_is_noticed_and_subscribed(
    meta: WhatsAppServer, office: Office, account: dict[str, Any]
) -> None:
    url, meta.subscribed = meta.webhook, False
    olena = meta.person("Олена")
    await olena.write("є хто?")
    assert office.happened == []
    office.bot = WhatsApp(**account, api=meta.api, business=meta.business)
    carry = office.transport.carry
    assert ["No app" in one for one in (await office.bot.self_check(carry)).wrong] == [True]
    assert await office.bot.register(carry, url) is None
    assert (await office.bot.self_check(carry)).ok
    await olena.write("є хто?")
    assert office.happened == [Wrote("є хто?")]
    office.bot = WhatsApp(**account, api=meta.api, business="1")
    assert await office.bot.register(carry, url) is not None
    assert len((await office.bot.self_check(carry)).wrong) == 1


@pytest.mark.parametrize(
    ("places", "right"),
    [
        ({"application": "https://a/", "phone_number": "https://b/"}, "https://b/"),
        ({"application": "https://a/", "whatsapp_business_account": "https://c/"}, "https://c/"),
        ({"application": "https://a/"}, "https://a/"),
        ({"application": "https://a/", "phone_number": ""}, "https://a/"),
    ],
)
async def test_the_webhook_nearest_to_the_number_counts(
    account: dict[str, Any], places: dict[str, str], right: str, line: HttpTransport
) -> None:
    about = {"display_phone_number": "+380 44 123-45-67", "verified_name": NAME, "webhook_configuration": places}

    async def said(_: web.BaseRequest) -> web.Response:
        return web.json_response(about)

    async with listening(said) as url:
        assert (await WhatsApp(**account, api=url, webhook=right).self_check(line.carry)).ok
        assert not (await WhatsApp(**account, api=url, webhook="https://d/").self_check(line.carry)).ok
        del about["webhook_configuration"]
        assert (await WhatsApp(**account, api=url, webhook="https://d/").self_check(line.carry)).ok


async def test_a_parameter_outside_of_the_body_is_noticed(account: dict[str, Any], line: HttpTransport) -> None:
    parts = [{"type": "HEADER", "format": "TEXT", "text": "Справа {{1}}"}, {"type": "BODY", "text": "Новини: {{1}}"}]
    template = {"name": "case_news", "language": "uk", "status": "APPROVED", "components": parts}

    async def said(_: web.BaseRequest) -> web.Response:
        return web.json_response({"data": [template]})

    async with listening(said) as url:
        health = await WhatsApp(**account, api=url, template="case_news", business="1").self_check(line.carry)
    assert any("only its body may have a parameter" in one for one in health.wrong)


@pytest.mark.parametrize("body", ["", "[]", "{", '{"display_phone_number": 5}', "[" * 50_000])
async def test_a_check_that_hears_nonsense_says_so(account: dict[str, Any], body: str, line: HttpTransport) -> None:
    async def nonsense(_: web.BaseRequest) -> web.Response:
        return web.Response(text=body)

    async with listening(nonsense) as url:
        bot = WhatsApp(**account, api=url)
        health = await bot.self_check(line.carry)
    assert not health.ok
    assert bot.entry_link("a") is None
