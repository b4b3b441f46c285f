"""Each fault of the simulator means what its platform means by it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from vikno.channels.telegram import Telegram
from vikno.domain.dialog.messages import Button
from vikno.testing.telegram import Person, TelegramServer
from vikno.usecases.channel import (
    BadMessage,
    DeadAddress,
    Misconfigured,
    Outbound,
    Outcome,
    RetryAfter,
    Sent,
    Unknown,
)
from vikno.wire.http import HttpAnswer, HttpRequest, HttpTransport

Say = Callable[[str], Awaitable[Outcome]]


@pytest.fixture
async def olena(telegram: TelegramServer) -> Person:
    """Somebody who has begun to talk with the bot."""
    person = telegram.person("Олена")
    await person.open()
    return person


@pytest.fixture
def say(bot: Telegram, olena: Person, line: HttpTransport) -> Say:
    """Say one thing to her; what became of it."""

    async def say(text: str) -> Outcome:
        (request,) = bot.render(Outbound(text), str(olena.id))
        return bot.classify(request, await line.carry(request))

    return say


async def test_sent(olena: Person, say: Say) -> None:
    first, second = await say("Раз"), await say("Два")
    assert first == Sent(f"{olena.id}:{olena.lines[-2].id}")
    assert second == Sent(f"{olena.id}:{olena.lines[-1].id}")
    assert olena.said == ["Раз", "Два"]


async def test_a_flood_stops_the_whole_account_for_as_long_as_it_says(telegram: TelegramServer, say: Say) -> None:
    telegram.flood(34.5)
    outcome = await say("Раз")
    assert isinstance(outcome, RetryAfter)
    assert (outcome.seconds, outcome.scope) == (35, "account")


async def test_rates_are_enforced_when_asked_for(telegram: TelegramServer, bot: Telegram, line: HttpTransport) -> None:
    clock = [100.0]
    telegram.clock = lambda: clock[0]
    telegram.rates = True
    people = [telegram.person(f"Особа {at}") for at in range(40)]
    for person in people:
        person.started = True

    async def say(person: Person) -> Outcome:
        (request,) = bot.render(Outbound("Увага"), str(person.id))
        return bot.classify(request, await line.carry(request))

    outcomes = [await say(person) for person in people]
    assert [type(one) for one in outcomes] == [Sent] * 30 + [RetryAfter] * 10
    clock[0] += 1.01
    assert [type(await say(people[-1])) for _ in range(4)] == [Sent, Sent, Sent, RetryAfter]
    clock[0] += 3.01
    assert isinstance(await say(people[-1]), Sent)


async def test_who_blocked_the_bot_is_not_there_until_they_write(olena: Person, say: Say) -> None:
    await olena.block()
    assert await say("Раз") == DeadAddress("403 Forbidden: bot was blocked by the user")
    await olena.write("Я тут")
    assert isinstance(await say("Два"), Sent)


async def test_who_left_telegram_or_never_wrote_or_never_was(
    telegram: TelegramServer, bot: Telegram, olena: Person, say: Say, line: HttpTransport
) -> None:
    olena.deactivated = True
    assert isinstance(await say("Раз"), DeadAddress)
    stranger = telegram.person("Іван")
    for chat in (stranger.id, 1, -100):
        (request,) = bot.render(Outbound("Раз"), str(chat))
        assert isinstance(bot.classify(request, await line.carry(request)), DeadAddress)


async def test_what_is_refused_once_is_refused_again(bot: Telegram, olena: Person, line: HttpTransport) -> None:
    for parameters in (
        {"text": "x" * 4097},
        {"text": ""},
        {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "x" * 65}]]}},
        {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "x"}]] * 101}},
        {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x", "url": "https://localhost/"}]]}},
        {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x"}]]}},
    ):
        request = bot.call("sendMessage", chat_id=olena.id, **parameters)
        assert isinstance(bot.classify(request, await line.carry(request)), BadMessage), parameters
    assert olena.said == []


async def test_a_wrong_token_is_the_accounts_fault(telegram: TelegramServer, line: HttpTransport) -> None:
    stranger = Telegram(token="1:wrong", api=telegram.api)
    (request,) = stranger.render(Outbound("Раз"), "42")
    assert stranger.classify(request, await line.carry(request)) == Misconfigured("401 Unauthorized")


@pytest.mark.parametrize(("http", "scope"), [(500, "chat"), (502, "account"), (503, "account"), (504, "account")])
async def test_a_server_in_trouble_has_taken_nothing(
    http: int, scope: str, telegram: TelegramServer, olena: Person, say: Say
) -> None:
    telegram.break_next(http)
    outcome = await say("Раз")
    assert isinstance(outcome, RetryAfter)
    assert outcome.scope == scope
    assert olena.said == []
    assert isinstance(await say("Раз"), Sent)


async def test_a_connection_that_breaks_after_the_send_leaves_it_unknown(
    telegram: TelegramServer, olena: Person, say: Say
) -> None:
    telegram.lose_next()
    assert isinstance(await say("Раз"), Unknown)
    assert olena.said == ["Раз"]  # which nobody here knows


async def test_an_answer_that_never_comes_leaves_it_unknown(
    telegram: TelegramServer, bot: Telegram, olena: Person
) -> None:
    hurried = HttpTransport(answer_s=0.3)
    telegram.lose_next(hang=True)
    (request,) = bot.render(Outbound("Раз"), str(olena.id))
    assert isinstance(bot.classify(request, await hurried.carry(request)), Unknown)
    assert olena.said == ["Раз"]
    await hurried.close()


async def test_nobody_listens_so_nothing_was_sent(line: HttpTransport) -> None:
    bot = Telegram(token="1:abc", api="http://127.0.0.1:1")
    (request,) = bot.render(Outbound("Раз"), "42")
    outcome = bot.classify(request, await line.carry(request))
    assert isinstance(outcome, RetryAfter)
    assert outcome.scope == "account"


async def test_an_edit_without_a_change_is_done(bot: Telegram, olena: Person, say: Say, line: HttpTransport) -> None:
    await say("Раз")
    edit = bot.call("editMessageText", chat_id=olena.id, message_id=olena.lines[-1].id, text="Раз")
    assert bot.classify(edit, await line.carry(edit)) == Sent()
    edit = bot.call("editMessageText", chat_id=olena.id, message_id=olena.lines[-1].id, text="Два")
    assert bot.classify(edit, await line.carry(edit)) == Sent(f"{olena.id}:{olena.lines[-1].id}")
    markup = {"inline_keyboard": [[{"text": "x", "callback_data": "x"}]]}
    edit = bot.call("editMessageReplyMarkup", chat_id=olena.id, message_id=olena.lines[-1].id, reply_markup=markup)
    assert isinstance(bot.classify(edit, await line.carry(edit)), Sent)
    assert (olena.said, olena.labels) == (["Два"], ["x"])
    gone = bot.call("deleteMessage", chat_id=olena.id, message_id=olena.lines[-1].id)
    assert bot.classify(gone, await line.carry(gone)) == Sent()
    assert isinstance(bot.classify(gone, await line.carry(gone)), BadMessage)
    assert olena.said == []


async def test_a_press_answered_twice_is_done(bot: Telegram, olena: Person, line: HttpTransport) -> None:
    (request,) = bot.render(Outbound("Так?", buttons=(Button("y", "Так"),)), str(olena.id))
    await line.carry(request)
    await olena.press("Так")
    (query,) = olena.waiting
    answer = bot.call("answerCallbackQuery", callback_query_id=query)
    assert bot.classify(answer, await line.carry(answer)) == Sent()
    assert olena.waiting == {}
    assert bot.classify(answer, await line.carry(answer)) == Sent()


async def test_refusals_are_of_the_chat_that_they_are_for(
    telegram: TelegramServer, bot: Telegram, olena: Person, say: Say, line: HttpTransport
) -> None:
    ivan = telegram.person("Іван")
    ivan.started = True
    telegram.refuse(400, "Bad Request: message is too long", chat=ivan.id)
    assert isinstance(await say("Раз"), Sent)
    (request,) = bot.render(Outbound("Раз"), str(ivan.id))
    assert isinstance(bot.classify(request, await line.carry(request)), BadMessage)
    assert isinstance(bot.classify(request, await line.carry(request)), Sent)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"", Unknown),
        (b"<html>", Unknown),
        (b"{}", Unknown),
        (b"[]", Unknown),
        (b"\xff\xfe", Unknown),
        (b"[" * 100_000, Unknown),
        (b'{"ok": true}', Sent),
        (b'{"ok": true, "result": {"message_id": "x"}}', Sent),
        (b'{"ok": false, "error_code": 403, "description": "Forbidden"}', DeadAddress),
        (b'{"ok": false}', Misconfigured),
    ],
)
def test_a_200_is_believed_for_what_it_says(bot: Telegram, answer: bytes, outcome: type) -> None:
    (request,) = bot.render(Outbound("Раз"), "42")
    assert isinstance(bot.classify(request, HttpAnswer(200, {}, answer)), outcome)


@pytest.mark.parametrize("wait", ["-5", "0", "0.1", '"soon"', "null", "[]", "1e400", "1e300"])
def test_how_long_to_wait_is_a_sensible_time(bot: Telegram, wait: str) -> None:
    body = b'{"ok": false, "error_code": 429, "parameters": {"retry_after": ' + wait.encode() + b"}}"
    (request,) = bot.render(Outbound("Раз"), "42")
    outcome = bot.classify(request, HttpAnswer(429, {}, body))
    assert isinstance(outcome, RetryAfter)
    assert 1 <= outcome.seconds < 1e6


async def test_many_are_answered_at_once(telegram: TelegramServer, bot: Telegram, line: HttpTransport) -> None:
    people = [telegram.person(f"Особа {at}") for at in range(50)]
    for person in people:
        person.started = True

    async def say(request: HttpRequest) -> Outcome:
        return bot.classify(request, await line.carry(request))

    requests = [request for person in people for request in bot.render(Outbound("Увага"), str(person.id))]
    outcomes = await asyncio.gather(*map(say, requests))
    assert all(isinstance(one, Sent) for one in outcomes)
    assert len({one.message for one in outcomes if isinstance(one, Sent)}) == 50
