"""The whole way: people with phones on the simulator, VK's wire between, and our channel as the community's side."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientSession, web

from tests.channels.vk.conftest import GROUP, NAME, SECRET, TOKEN
from tests.network import listening
from vikno.channels.vk import Vk
from vikno.channels.vk.transport import VkTransport
from vikno.domain.dialog.messages import Button
from vikno.testing.vk import VkServer
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
    Returned,
    Sent,
    Unknown,
    Unreadable,
    Unsupported,
    Wrote,
)
from vikno.wire.http import HttpAnswer, HttpTransport

PLACES = (Button("1.a", "В Україні"), Button("1.b", "За кордоном"))


@dataclass
class Office:
    """The community's side: verifies, reads, answers and sends as `vikno.wire.hooks` does, without a store."""

    bot: Vk
    lines: HttpTransport
    transport: VkTransport
    heard: list[Inbound] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    url: str = ""

    async def hook(self, request: web.BaseRequest) -> web.Response:
        raw = Raw(await request.read(), {name.lower(): value for name, value in request.headers.items()})
        wrong = self.bot.verify(raw)
        if wrong is not None:
            self.refused.append(wrong.status)
            return web.Response(status=wrong.status)
        try:
            inbound = [one for one in self.bot.parse(raw) if one.key not in self.seen]
        except Unreadable:
            inbound = []
        replies: list[tuple[str, Outbound]] = []
        for one in inbound:
            self.seen.add(one.key)
            self.heard.append(one)
            replies += [(one.address, reply) for reply in answers(one)]
        ack = self.bot.ack(inbound, [reply for _, reply in replies])
        for address, reply in replies[ack.carried :]:
            await self.say(address, reply)
        return web.Response(status=ack.status, headers=dict(ack.headers), body=ack.body)

    async def say(self, address: str | int, outbound: Outbound) -> list[Outcome]:
        found = [
            self.bot.classify(request, await self.transport.carry(request))
            for request in self.bot.render(outbound, str(address))
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


@asynccontextmanager
async def at_work(vk: VkServer, **settings: Any) -> AsyncIterator[Office]:
    """The office, known to VK."""
    lines = HttpTransport(answer_s=2.0)
    bot = Vk(token=TOKEN, secret=SECRET, group=GROUP, name=NAME, api=vk.api, **settings)
    office = Office(bot, lines, bot.transport(lines))
    async with listening(office.hook) as url:
        office.url = url
        assert await bot.register(office.transport.carry, url) is None
        assert (await bot.self_check(office.transport.carry)).ok
        yield office
    await office.transport.close()


@pytest.fixture
async def office(vk: VkServer) -> AsyncIterator[Office]:
    async with at_work(vk) as office:
        yield office


async def test_from_the_poster_to_the_goodbye(vk: VkServer, office: Office) -> None:
    link = office.bot.entry_link("kyiv-01")
    assert link is not None
    assert (link.name, link.url) == (NAME, "https://vk.me/dmsu?ref=kyiv-01")
    olena = vk.person("Олена")
    assert await office.say(olena.id, Outbound("рано")) == [DeadAddress("901 the person has not allowed messages")]
    await olena.open(link.url)
    assert olena.said == []
    await olena.start()
    await olena.heard("Де ви зараз?")
    assert olena.said == ["Добрий день! Ви прийшли з «kyiv-01».", "Де ви зараз?"]
    assert olena.labels == ["В Україні", "За кордоном"]

    await olena.press("За кордоном")
    await olena.heard("Записано: За кордоном.")
    assert olena.labels == ["Почати знову"]
    await olena.write("дякую")
    await olena.heard("Ви написали: дякую")
    assert olena.labels == ["Почати знову"]

    await olena.deny()
    assert await office.say(olena.id, Outbound("Паспорт надруковано.")) == [
        DeadAddress("901 the person has not allowed messages")
    ]
    await olena.allow()
    (sent,) = await office.say(olena.id, Outbound("Паспорт надруковано."))
    assert sent == Sent(str(olena.lines[-1].number))
    assert [type(one.happened) for one in office.heard] == [Opened, Pressed, Wrote, Left, Returned]
    assert {one.address for one in office.heard} == {str(olena.id)}
    assert [one.lang for one in office.heard] == ["uk", "uk", "uk", None, None]


async def test_a_link_that_is_followed_by_words_opens_and_loses_none(vk: VkServer, office: Office) -> None:
    olena = vk.person("Олена", lang_id=3)
    await olena.open("https://vk.me/club71110?ref=lviv")
    await olena.write("Загубила паспорт")
    assert [one.happened for one in office.heard] == [Opened("lviv"), Wrote("Загубила паспорт")]
    assert {one.lang for one in office.heard} == {"en"}
    assert olena.said == ["Добрий день! Ви прийшли з «lviv».", "Де ви зараз?", "Ви написали: Загубила паспорт"]


async def test_a_link_to_a_community_that_is_not_there_opens_nothing(vk: VkServer, office: Office) -> None:
    old = Vk(token=TOKEN, secret=SECRET, group=GROUP, name=NAME, screen="dmsu-old".replace("-", "_"), api=vk.api)
    link = old.entry_link("kyiv-01")
    assert link is not None
    with pytest.raises(LookupError):
        await vk.person("Олена").open(link.url)
    health = await old.self_check(office.transport.carry)
    assert [one for one in health.wrong if "dmsu_old" in one]


async def test_a_label_can_be_typed_as_well(vk: VkServer, office: Office) -> None:
    olena = vk.person("Олена")
    await olena.start()
    await olena.write("За кордоном")
    await olena.heard("Ви написали: За кордоном")


async def test_what_is_not_read_is_known_for_what_it_is(vk: VkServer, office: Office) -> None:
    olena = vk.person("Олена")
    await olena.send("photo", "мій паспорт")
    await olena.send("sticker")
    assert [one.happened for one in office.heard] == [Unsupported("photo"), Unsupported("sticker")]


async def test_each_event_twice_does_all_things_once(vk: VkServer, office: Office) -> None:
    vk.duplicates = 2
    olena = vk.person("Олена")
    await olena.start()
    await olena.press("В Україні")
    await olena.heard("Записано")
    assert [type(one.happened) for one in office.heard] == [Opened, Pressed]
    assert len(olena.said) == 3
    assert {answer for _, _, _, answer in vk.brought[1:]} == {b"ok"}


async def test_events_in_another_order_and_late_are_all_read(vk: VkServer, office: Office) -> None:
    olena = vk.person("Олена")
    vk.hold()
    await olena.write("один")
    await olena.write("два")
    await olena.write("три")
    await vk.release(reverse=True)
    assert [one.happened for one in office.heard] == [Wrote("три"), Wrote("два"), Wrote("один")]
    assert len({one.key for one in office.heard}) == 3


@pytest.mark.parametrize("answer", [(503, b""), (200, b""), (200, b"OK!"), (500, b"ok")])
async def test_what_is_not_answered_with_ok_is_brought_again(
    vk: VkServer, office: Office, answer: tuple[int, bytes]
) -> None:
    answered: list[tuple[int, bytes]] = []

    async def awake_at_last(request: web.BaseRequest) -> web.Response:
        answered.append(answer)
        if len(answered) < 3:
            return web.Response(status=answer[0], body=answer[1])
        return await office.hook(request)

    async with listening(awake_at_last) as url:
        vk.servers[0]["url"] = url
        await vk.person("Олена").write("є хто?")
    assert len(answered) == 3
    assert len({number for kind, number, _, _ in vk.brought if kind == "message_new"}) == 1
    assert [one.happened for one in office.heard] == [Wrote("є хто?")]


# ---- keys that write nothing ----


async def test_a_quiet_key_stops_turning_and_writes_nothing(vk: VkServer) -> None:
    async with at_work(vk, quiet=True) as office:
        olena = vk.person("Олена")
        await olena.start()
        await olena.press("За кордоном")
        await olena.heard("Записано: За кордоном.")
        assert olena.transcript()["turning"] is False
        assert [line["text"] for line in olena.transcript()["lines"] if line["by"] == "me"] == ["Почати"]
        assert [method for method, _, _ in vk.called if method.startswith("messages.")] == [
            "messages.send", "messages.send", "messages.sendMessageEventAnswer", "messages.send",
        ]  # fmt: skip
        assert await office.say(olena.id, Outbound("Ще одне.")) == [Sent(str(olena.lines[-1].number))]
        assert len([1 for method, _, _ in vk.called if method == "messages.sendMessageEventAnswer"]) == 1


async def test_an_answer_to_a_press_that_is_refused_costs_no_message(vk: VkServer) -> None:
    async with at_work(vk, quiet=True):
        olena = vk.person("Олена")
        await olena.start()
        vk.hold()
        await olena.press("За кордоном")
        vk.turned.clear()  # a minute has gone by
        await vk.release()
        await olena.heard("Записано: За кордоном.")
        assert [code for method, _, code in vk.called if method == "messages.sendMessageEventAnswer"] == [100]


async def test_a_press_of_one_person_is_not_answered_by_a_message_to_another(vk: VkServer) -> None:
    async with at_work(vk, quiet=True) as office:
        olena, ivan = vk.person("Олена"), vk.person("Іван")
        ivan.allowed = True
        office.bot.ack([Inbound("k", str(olena.id), Pressed("1.a"), handle="e")], ())
        await office.say(ivan.id, Outbound("Новини"))
        assert [method for method, _, _ in vk.called if "Event" in method] == []
        (request,) = office.bot.render(Outbound("а"), str(olena.id))
        answer = office.bot.answer_before(request)
        assert answer is not None
        assert b"event_id=e&user_id=100001&peer_id=100001" in answer.body
        assert office.bot.answer_before(request) is None


# ---- numbers of messages ----


async def test_what_is_repeated_because_no_answer_came_is_read_once(vk: VkServer, office: Office) -> None:
    olena = vk.person("Олена")
    olena.allowed = True
    vk.lose_next()
    notice = Outbound("Паспорт надруковано.")
    (lost,) = await office.say(olena.id, notice)
    assert isinstance(lost, Unknown)
    assert olena.said == ["Паспорт надруковано."]
    (sent,) = await office.say(olena.id, notice)
    assert sent == Sent(str(olena.lines[-1].number))
    assert olena.said == ["Паспорт надруковано."]
    assert vk.dropped == 1


async def test_the_same_words_said_again_are_another_message(vk: VkServer, office: Office) -> None:
    olena = vk.person("Олена")
    olena.allowed = True
    for _ in range(3):
        await office.say(olena.id, Outbound("Так чи ні?"))
    assert len(olena.said) == 3
    assert vk.dropped == 0


async def test_the_same_words_to_two_people_are_two_messages(vk: VkServer, office: Office) -> None:
    people = [vk.person("Олена"), vk.person("Іван")]
    for one in people:
        one.allowed = True
        vk.lose_next()
        await office.say(one.id, Outbound("Новини"))
    numbers = [form["random_id"] for method, form, _ in vk.called if method == "messages.send"]
    assert len(set(numbers)) == 2
    assert all(0 < int(number) < 2**31 for number in numbers)


# ---- faults ----


async def test_faults_of_the_wire(vk: VkServer, office: Office) -> None:
    olena = vk.person("Олена")
    olena.allowed = True
    vk.break_next(502)
    assert await office.say(olena.id, Outbound("а")) == [RetryAfter(5.0, "account", "HTTP 502")]
    for code, kind in ((5, Misconfigured), (9, RetryAfter), (900, DeadAddress), (911, BadMessage)):
        vk.refuse(code)
        (refused,) = await office.say(olena.id, Outbound("б"))
        assert isinstance(refused, kind)
    vk.refuse(6, peer=5)
    assert isinstance((await office.say(olena.id, Outbound("в")))[0], Sent)
    vk.slow_s = 5.0
    office.lines._answer_s = 0.2
    await office.transport.close()
    (late,) = await office.say(olena.id, Outbound("г"))
    assert isinstance(late, Unknown)
    vk.slow_s = 0.0
    gone = Vk(token=TOKEN, secret=SECRET, group=GROUP, api="http://127.0.0.1:1/method")
    (request,) = gone.render(Outbound("ґ"), "1")
    outcome = gone.classify(request, await office.lines.carry(request))
    assert isinstance(outcome, RetryAfter)
    assert outcome.scope == "account"


async def test_more_than_twenty_requests_within_a_second_are_refused() -> None:
    now = [0.0]
    lines = HttpTransport()
    async with VkServer(TOKEN, group=GROUP, name=NAME, screen="dmsu", clock=lambda: now[0]) as vk:
        bot = Vk(token=TOKEN, secret=SECRET, group=GROUP, api=vk.api)
        ivan = vk.person("Іван")
        ivan.allowed = True

        async def say() -> Outcome:
            (request,) = bot.render(Outbound("Новини"), str(ivan.id))
            return bot.classify(request, await lines.carry(request))

        outcomes = [await say() for _ in range(21)]
        assert outcomes[-1] == RetryAfter(1.0, "account", "6 too many requests a second")
        assert all(isinstance(one, Sent) for one in outcomes[:-1])
        now[0] = 1.0
        assert isinstance(await say(), Sent)
    await lines.close()


async def test_long_texts_and_many_choices_arrive_whole(vk: VkServer, office: Office) -> None:
    olena = vk.person("Олена")
    olena.allowed = True
    countries = (*(Button(f"5.{at}", f"Країна {at}") for at in range(60)), Button("5.n", "Назад", "nav"))
    text = "\n\n".join(f"Абзац {at}. {'слово ' * 20}".strip() for at in range(100))
    assert {type(one) for one in await office.say(olena.id, Outbound(text, buttons=countries))} == {Sent}
    whole = "\n\n".join(olena.said)
    assert whole.startswith(text)
    assert "60. Країна 59" in whole
    assert olena.labels == [*map(str, range(1, 40)), "Назад"]
    await olena.press("39")
    assert office.heard[-1].happened == Pressed("5.38")


async def test_a_notice_in_between_leaves_what_was_offered(vk: VkServer, office: Office) -> None:
    olena = vk.person("Олена")
    await olena.start()
    notice = Outbound("Паспорт надруковано.", purpose="notice", kept=True, buttons=(Button("stop", "Не стежити"),))
    await office.say(olena.id, notice)
    assert olena.labels == ["В Україні", "За кордоном"]
    assert olena.transcript()["lines"][-1]["keys"] == [{"label": "Не стежити"}]
    await olena.press("Не стежити")
    assert office.heard[-1].happened == Pressed("stop")


async def test_a_link_key_opens_its_page(vk: VkServer, office: Office) -> None:
    olena = vk.person("Олена")
    olena.allowed = True
    await office.say(olena.id, Outbound("Перелік готовий.", buttons=PLACES, link="https://vikno.example/s/1?a=b&c=d"))
    assert await olena.press("🌐 vikno.example") == "https://vikno.example/s/1?a=b&c=d"
    assert office.heard == []


async def test_what_vk_has_not_brought_is_refused(vk: VkServer, office: Office) -> None:
    event: dict[str, Any] = {"type": "message_deny", "group_id": GROUP, "event_id": "e", "object": {"user_id": 100001}}
    async with ClientSession() as stranger:
        for secret, status in ((None, 401), ("", 401), ("guess", 403), (SECRET[:-1], 403)):
            async with stranger.post(office.url, data=json.dumps({**event, "secret": secret})) as response:
                assert response.status == status
        async with stranger.post(office.url, data=json.dumps({**event, "group_id": 5, "secret": SECRET})) as response:
            assert response.status == 403
    assert office.refused == [401, 401, 403, 403, 403]
    assert office.heard == []


# ---- the account ----


async def test_the_address_is_told_to_vk_once_and_set_right_again(vk: VkServer, office: Office) -> None:
    carry = office.transport.carry
    (server,) = vk.servers
    assert (server["status"], server["title"], server["secret_key"]) == ("ok", "Vikno", SECRET)
    assert vk.settings[1] == {
        "api_version": "5.199",
        "events": {
            "message_new": 1, "message_event": 1, "message_allow": 1, "message_deny": 1, "message_reply": 0,
            "message_read": 0,
        },
    }  # fmt: skip
    before = len(vk.brought)
    assert await office.bot.register(carry, office.url) is None
    assert (len(vk.servers), len(vk.brought)) == (1, before)
    vk.code = "5e6f7a8b"  # VK changes it from time to time
    server["secret_key"] = "another"
    vk.settings[1]["events"]["message_new"] = 0
    assert await office.bot.register(carry, office.url) is None
    assert (server["status"], server["secret_key"]) == ("ok", SECRET)
    assert vk.settings[1]["events"]["message_new"] == 1


async def test_an_address_that_is_not_up_is_not_confirmed(vk: VkServer, office: Office) -> None:
    wrong = await office.bot.register(office.transport.carry, "http://127.0.0.1:1/hooks/vk/main")
    assert wrong is not None
    assert "confirmation string" in wrong
    assert (await office.bot.self_check(office.transport.carry)).wrong == (wrong,)
    assert TOKEN not in wrong
    assert SECRET not in wrong


async def test_a_community_with_ten_servers_takes_no_more(vk: VkServer, office: Office) -> None:
    vk.servers += [{**vk.servers[0], "id": at, "url": f"http://127.0.0.1:1/{at}"} for at in range(2, 11)]
    wrong = await office.bot.register(office.transport.carry, "http://127.0.0.1:1/hooks/vk/main")
    assert wrong is not None
    assert "10 servers" in wrong


async def test_a_token_that_may_not_manage_leaves_it_to_the_owner(vk: VkServer, office: Office) -> None:
    vk.manages = False
    by_hand = Vk(token=TOKEN, secret=SECRET, group=GROUP, api=vk.api)
    wrong = await by_hand.register(office.transport.carry, office.url)
    assert wrong is not None
    assert "by hand" in wrong
    assert SECRET not in wrong
    by_hand.confirmation = "a1b2c3d4"
    assert await by_hand.register(office.transport.carry, office.url) is None
    health = await by_hand.self_check(office.transport.carry)
    assert health.ok
    assert "manage" in health.notes[0]


async def test_the_check_says_what_is_not_as_printed(vk: VkServer, office: Office) -> None:
    carry = office.transport.carry
    vk.name = "ДМС"
    assert ["ДМС" in one for one in (await office.bot.self_check(carry)).wrong] == [True]
    vk.name = NAME
    vk.screen = "dmsu_ukraine"
    assert ["dmsu_ukraine" in one for one in (await office.bot.self_check(carry)).wrong] == [True]
    vk.screen = "dmsu"
    vk.settings[1] |= {"api_version": "5.50", "events": {"message_new": 1}}
    wrong = (await office.bot.self_check(carry)).wrong
    assert ["message_event, message_allow, message_deny" in wrong[0], "5.50" in wrong[1]] == [True, True]
    vk.servers[0]["url"] = "https://elsewhere.example/"
    assert ["no address of ours" in one for one in (await office.bot.self_check(carry)).wrong] == [True]
    vk.group = 5
    assert (await office.bot.self_check(carry)).name is None
    vk.token = "another"
    health = await office.bot.self_check(carry)
    assert (health.name, health.ok) == (None, False)
    assert "5 the token is not valid" in health.wrong[0]
    assert TOKEN not in repr(health)


async def test_the_check_of_a_community_that_is_not_reached(office: Office) -> None:
    gone = Vk(token=TOKEN, secret=SECRET, group=GROUP, api="http://127.0.0.1:1/method")
    assert not (await gone.self_check(office.transport.carry)).ok
    wrong = await gone.register(office.transport.carry, office.url)
    assert wrong is not None
    assert "does not answer" in wrong


FAULTS = (
    HttpAnswer(200, {}, b'{"error": {"error_code": 10}}'),
    HttpAnswer(200, {}, b"<html>"),
    HttpAnswer(200, {}, b'{"response": "another"}'),
    NotCarried(left=True, reason="TimeoutError"),
)


@pytest.mark.parametrize("fault", FAULTS, ids=("refused", "a page", "another answer", "none"))
async def test_whatever_step_fails_it_is_said_what_to_do(vk: VkServer, fault: HttpAnswer | NotCarried) -> None:
    async with at_work(vk) as office:
        for known in (True, False):
            for step in range(5):
                asked: list[Any] = []

                async def carry(request: Any, step: int = step, asked: list[Any] = asked) -> Any:
                    asked.append(request)
                    return fault if len(asked) == step + 1 else await office.transport.carry(request)

                bot = Vk(token=TOKEN, secret=SECRET, group=GROUP, api=vk.api)
                if not known:
                    vk.servers.clear()
                wrong = await bot.register(carry, office.url)
                assert (wrong is None) is (len(asked) <= step)
                assert wrong is None or (TOKEN not in wrong and SECRET not in wrong)
                asked.clear()
                office.bot.confirmation = bot.confirmation or vk.code
                await bot.register(office.transport.carry, office.url)
                asked.clear()
                health = await bot.self_check(carry)
                assert health.ok is (len(asked) <= step)


async def test_a_page_can_show_the_phone(vk: VkServer, office: Office) -> None:
    olena = vk.person("Олена")
    await olena.start()
    await olena.heard("Де ви зараз?")
    assert olena.transcript()["keys"] == [{"label": "В Україні"}, {"label": "За кордоном"}]
    with pytest.raises(LookupError):
        await olena.press("Немає такої")
    with pytest.raises(LookupError):
        await olena.start()
    await olena.deny()
    assert olena.transcript()["allowed"] is False
