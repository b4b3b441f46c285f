"""The self-check tells what is wrong with a bot, each with what to do; what is right it leaves alone."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any

import msgspec
import pytest

from vikno.channels.telegram import Telegram
from vikno.testing.telegram import TelegramServer, Webhook
from vikno.usecases.channel import NotCarried
from vikno.wire.http import HttpAnswer, HttpRequest, HttpTransport

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawX"
HOOK = "https://vikno.example.gov.ua/hooks/telegram/main"


class Answering:
    """Telegram by the answers of its methods."""

    def __init__(self, **results: Any) -> None:
        self.results = {"getMe": {"id": 1, "username": "vikno_bot"}, "getWebhookInfo": {"url": HOOK}, **results}
        self.asked: list[tuple[str, Any]] = []

    async def __call__(self, request: HttpRequest) -> HttpAnswer | NotCarried:
        method = request.url.rpartition("/")[2]
        self.asked.append((method, msgspec.json.decode(request.body)))
        result = self.results[method]
        if isinstance(result, HttpAnswer | NotCarried):
            return result
        return HttpAnswer(200, {}, msgspec.json.encode({"ok": True, "result": result}))


def bot(**settings: Any) -> Telegram:
    return Telegram(token=TOKEN, **{"secret": "hush", "username": "vikno_bot", "webhook": HOOK, **settings})


async def test_all_is_well() -> None:
    health = await bot().self_check(Answering())
    assert health.ok
    assert health.name == "@vikno_bot"


async def test_capital_letters_of_a_name_are_no_difference() -> None:
    assert (await bot(username="@Vikno_Bot").self_check(Answering())).ok


async def test_a_name_that_nobody_gave_is_learnt() -> None:
    unnamed = bot(username=None)
    assert unnamed.entry_link("abc") is None
    assert (await unnamed.self_check(Answering())).ok
    link = unnamed.entry_link("abc")
    assert link is not None
    assert link.url == "https://t.me/vikno_bot?start=abc"


NOW = int(time.time())


def failing(message: str, since: int = NOW, waiting: int = 0) -> dict[str, Any]:
    """A webhook that Telegram could not call."""
    about = {"url": HOOK, "last_error_date": since, "last_error_message": message, "pending_update_count": waiting}
    return {"getWebhookInfo": about}


@pytest.mark.parametrize(
    ("results", "settings", "said"),
    [
        ({"getMe": {"id": 1, "username": "other_bot"}}, {}, "printed name is @vikno_bot.*@other_bot.*print anew"),
        ({"getMe": {"id": 1}}, {}, "no username"),
        ({"getWebhookInfo": {"url": ""}}, {}, "no webhook is set. Start the service"),
        ({"getWebhookInfo": {"url": "https://else.example/"}}, {}, "somebody else uses this token"),
        ({"getWebhookInfo": {"url": "https://else.example/"}}, {"webhook": ""}, "We poll"),
        (
            failing("SSL error {certificate verify failed}"),
            {},
            "Renew the certificate",
        ),
        (
            failing("Connection refused", since=5, waiting=3),
            {},
            r"3 wait.*port is open",
        ),
        (
            failing("Wrong response from the webhook: 403 Forbidden"),
            {},
            "secret differs",
        ),
        (
            failing("Wrong response from the webhook: 500"),
            {},
            "Look at the log",
        ),
        ({"getWebhookInfo": {"url": HOOK, "pending_update_count": 5000}}, {}, "5000 updates wait"),
        ({"getWebhookInfo": {"url": HOOK, "allowed_updates": ["message"]}}, {}, "callback_query, my_chat_member"),
        ({"getMe": HttpAnswer(401, {}, b'{"ok": false, "error_code": 401}')}, {}, "@BotFather"),
        ({"getMe": HttpAnswer(404, {}, b'{"ok": false, "error_code": 404}')}, {}, "@BotFather"),
        ({"getMe": HttpAnswer(429, {}, b'{"ok": false, "error_code": 429}')}, {}, "in a minute"),
        ({"getMe": HttpAnswer(200, {}, b"<html>")}, {}, "answers getMe with 200 does not speak as the Bot API"),
        ({"getMe": NotCarried(False, "ClientConnectorError")}, {}, "does not answer getMe"),
        ({"getMe": NotCarried(False, "ClientConnectorError")}, {"webhook": ""}, "does not answer getMe"),
        ({"getWebhookInfo": NotCarried(True, "TimeoutError")}, {}, "does not answer getWebhookInfo"),
        ({"getWebhookInfo": HttpAnswer(500, {}, b"Error")}, {}, "answers getWebhookInfo with 500"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_told_with_what_to_do(
    results: dict[str, Any], settings: dict[str, Any], said: str
) -> None:
    health = await bot(**settings).self_check(Answering(**results))
    assert not health.ok
    (wrong,) = health.wrong
    assert re.search(said, wrong), wrong
    assert "AAHdqTcv" not in wrong


@pytest.mark.parametrize("silent", [HttpAnswer(500, {}, b"<html>Error"), NotCarried(True, "TimeoutError")])
async def test_who_polls_is_alive_on_a_server_that_knows_no_webhooks(silent: HttpAnswer | NotCarried) -> None:
    health = await bot(webhook="").self_check(Answering(getWebhookInfo=silent))
    assert health.ok
    assert health.name == "@vikno_bot"
    (note,) = health.notes
    assert "getWebhookInfo" in note


async def test_an_old_error_that_was_overcome_is_not_told() -> None:
    old = {"url": HOOK, "last_error_date": NOW - 3600, "last_error_message": "Connection refused"}
    assert (await bot().self_check(Answering(getWebhookInfo=old))).ok


async def test_the_webhook_is_set_with_the_secret_and_all_that_we_read() -> None:
    telegram, ours = Answering(setWebhook=True), bot(webhook=None)
    assert await ours.register(telegram, HOOK) is None
    ((method, asked),) = telegram.asked
    assert method == "setWebhook"
    assert asked == {
        "url": HOOK,
        "secret_token": "hush",
        "allowed_updates": ["message", "edited_message", "callback_query", "my_chat_member"],
        "max_connections": 100,
    }
    assert ours.webhook == HOOK


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://vikno.example.gov.ua/", "no https"),
        ("https://vikno.example.gov.ua:8080/", "443, 80, 88, 8443"),
        ("https://vikno.example.gov.ua:x/", "no web address"),
        ("vikno", "no https"),
    ],
)
async def test_an_address_that_telegram_never_calls_is_told_before(url: str, said: str) -> None:
    telegram = Answering(setWebhook=True)
    wrong = await bot().register(telegram, url)
    assert wrong is not None
    assert said in wrong
    assert telegram.asked == []


async def test_without_a_secret_no_webhook_is_set() -> None:
    wrong = await bot(secret=None).register(Answering(), HOOK)
    assert wrong is not None
    assert "secret" in wrong


async def test_the_simulator_and_the_check_agree(telegram: TelegramServer, line: HttpTransport) -> None:
    ours = Telegram(token=TOKEN, secret="hush", username="vikno_bot", api=telegram.api)
    assert await ours.register(line.carry, "http://127.0.0.1:1/hooks") is None
    assert (await ours.self_check(line.carry)).ok
    await telegram.person("Олена").open()
    async with asyncio.timeout(5):
        while not (telegram.webhook and telegram.webhook.error):  # noqa: ASYNC110 - a webhook has no event
            await asyncio.sleep(0.01)
    health = await ours.self_check(line.carry)
    assert not health.ok
    assert "1 wait" in health.wrong[0]
    telegram.webhook = Webhook("https://else.example/")
    assert "somebody else" in (await ours.self_check(line.carry)).wrong[0]
    assert "@BotFather" in (await Telegram(token="1:x", api=telegram.api).self_check(line.carry)).wrong[0]
