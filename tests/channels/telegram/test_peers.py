"""Programs that nobody here wrote: telegram-test-api and mockpost as the Bot API, aiogram as reader and as a bot."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web

from tests.channels.conftest import Desk, program
from tests.channels.telegram.talking import ASKED, Way, hooked, polled
from tests.network import free_port, listening, started
from vikno.channels.telegram import Telegram
from vikno.channels.telegram.inbound import SENT
from vikno.channels.telegram.polling import poll
from vikno.testing.channel_examples import Came, read
from vikno.testing.telegram import TelegramServer
from vikno.usecases.channel import Opened, Outbound, Pressed, Raw, Sent, Wrote
from vikno.wire.http import HttpTransport

HERE = Path(__file__).parent
EXAMPLES = Path("src/vikno/channels/telegram/examples.yaml")
TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawX"


# ---- telegram-test-api ----


@pytest.fixture(scope="session")
def peer(root: Path) -> Iterator[str]:
    """The npm package's server, repaired as peer.cjs says."""
    if not (root / "node_modules/telegram-test-api").is_dir():
        pytest.fail("telegram-test-api is not here: npm ci")
    port = free_port()
    with started([program("node", "install Node.js 20 or newer"), str(HERE / "peer.cjs"), str(port)], port, cwd=root):
        yield f"http://127.0.0.1:{port}"


class Phone:
    """A person on the npm server; its client side is plain HTTP."""

    def __init__(self, api: str, token: str, chat: int) -> None:
        self._http = httpx.AsyncClient(base_url=api, timeout=10)
        self._about = {
            "botToken": token,
            "from": {"id": chat, "first_name": "Олена", "is_bot": False, "language_code": "uk"},
            "chat": {"id": chat, "first_name": "Олена", "type": "private"},
            "date": 1790000000,
        }
        self._chat, self._token = chat, token

    async def write(self, text: str) -> None:
        command = {"entities": [{"type": "bot_command", "offset": 0, "length": 6}]} if text.startswith("/start") else {}
        path = "/sendCommand" if command else "/sendMessage"
        (await self._http.post(path, json={**self._about, "text": text, **command})).raise_for_status()

    async def press(self, data: str, shown: dict[str, Any]) -> None:
        message = {"message_id": shown["messageId"], "date": 1790000000, "chat": self._about["chat"], "text": "?"}
        await self._http.post("/sendCallback", json={**self._about, "message": message, "data": data})

    async def heard(self) -> dict[str, Any]:
        """The next thing that the bot says."""
        for _ in range(200):
            given = await self._http.post("/getUpdates", json={"token": self._token, "chatId": self._chat})
            if found := given.json()["result"]:
                assert len(found) == 1
                return dict(found[0])
            await asyncio.sleep(0.02)
        raise TimeoutError

    async def close(self) -> None:
        await self._http.aclose()


@pytest.mark.parametrize(("way", "token"), [(polled, "1:polled"), (hooked, "2:hooked")])
async def test_the_npm_server_and_we_hold_a_conversation(way: Way, token: str, peer: str, line: HttpTransport) -> None:
    bot = Telegram(token=token, secret="hush-42", api=peer)
    olena = Phone(peer, token, 42)
    try:
        async with way(bot, line) as desk:
            await olena.write("/start qr-office-17")
            asked = await olena.heard()
            assert asked["message"]["text"] == "Де ви живете?"
            (row,) = asked["message"]["reply_markup"]["inline_keyboard"]
            assert [button["text"] for button in row] == ["В Україні", "За кордоном"]
            await olena.press(row[1]["callback_data"], asked)
            assert (await olena.heard())["message"]["text"] == "Натиснуто 1.b"
            await olena.write("Дякую 🙂")
            assert (await olena.heard())["message"]["text"] == "Ви написали: Дякую 🙂"
    finally:
        await olena.close()
    assert [one.happened for one in desk.heard] == [Opened("qr-office-17"), Pressed("1.b"), Wrote("Дякую 🙂")]
    assert {(one.address, one.lang) for one in desk.heard} == {("42", "uk")}
    assert desk.refused == []


async def test_the_npm_server_does_not_make_polling_hot(peer: str) -> None:
    asked: list[str] = []

    class Counting(HttpTransport):
        async def carry(self, request: Any) -> Any:
            asked.append(request.url)
            return await super().carry(request)

    bot, stop, line = Telegram(token="3:idle", api=peer), asyncio.Event(), Counting()
    task = asyncio.create_task(poll(bot, line, Desk(bot).take, stop))
    await asyncio.sleep(1.2)
    stop.set()
    await task
    await line.close()
    assert 2 <= len(asked) <= 5  # it answers at once, whatever `timeout` says


async def test_a_server_with_nothing_but_a_token_is_a_working_bot(peer: str, root: Path, tmp_path: Path) -> None:
    """The whole of Vikno, started as an operator starts it, against the npm server."""
    token, port = "4:whole", free_port()
    env = {"VIKNO_TELEGRAM_TOKEN": token, "VIKNO_TELEGRAM_API": peer}
    command = [
        str(Path(sys.executable).parent / "vikno"), "run", "--port", str(port), "--store", f"sqlite:///{tmp_path}/bot.db",
    ]  # fmt: skip
    with started(command, port, env=env, cwd=root):
        olena = Phone(peer, token, 42)
        try:
            await olena.write("/start")
            greeting = await olena.heard()
            buttons = [button for row in greeting["message"]["reply_markup"]["inline_keyboard"] for button in row]
            assert len(buttons) > 3
            assert "1) " in greeting["message"]["text"]
            await olena.press(buttons[0]["callback_data"], greeting)
            question = (await olena.heard())["message"]
            assert "?" in question["text"]
            assert "reply_markup" in question
        finally:
            await olena.close()


# ---- mockpost ----


async def test_mockpost_takes_all_that_we_say(mockpost: str, line: HttpTransport) -> None:
    bot = Telegram(token=TOKEN, secret="hush-42", api=f"{mockpost}/telegram")
    async with httpx.AsyncClient(base_url=mockpost) as http:
        (await http.post("/api/apps", json={"name": "gov", "creds": {"telegram_token": TOKEN}})).raise_for_status()
        long = "\n\n".join(f"Абзац {number}. " + "слово " * 60 for number in range(30))
        said = [ASKED, Outbound(long, buttons=ASKED.buttons), Outbound("<b>&amp; *_[ 🙂")]
        sent = []
        for outbound in said:
            for request in bot.render(outbound, "42"):
                outcome = bot.classify(request, await line.carry(request))
                assert isinstance(outcome, Sent), outcome
                sent.append((json.loads(request.body), outcome.message))
        assert len({message for _, message in sent}) == len(sent) > 3
        listed = (await http.get("/api/messages", params={"channel": "telegram", "app": "gov", "limit": 100})).json()
    shown = [one["body"] for one in listed if one["direction"] == "outbound"]
    for request, _ in sent:
        text = request["text"]
        assert any(text in (body, json.loads(body)["text"] if body.startswith("{") else None) for body in shown)
    health = await bot.self_check(line.carry)
    assert health.name == "@mockpost_bot"
    assert health.ok


async def test_mockpost_refuses_a_token_of_the_wrong_form(mockpost: str, line: HttpTransport) -> None:
    bot = Telegram(token="1:short", api=f"{mockpost}/telegram")
    health = await bot.self_check(line.carry)
    assert health.name is None
    assert "BotFather" in health.wrong[0]


async def test_mockpost_brings_words_to_our_webhook(mockpost: str, line: HttpTransport) -> None:
    """It sends no secret, so the way in is the one that needs no proof."""
    bot = Telegram(token=TOKEN, secret="hush-42", api=f"{mockpost}/telegram")
    desk = Desk(bot)

    async def unproven(request: Any) -> Any:
        status, headers, body = await desk.take(Raw(await request.read()))
        return web.Response(status=status, headers=dict(headers), body=body)

    async with httpx.AsyncClient(base_url=mockpost) as http:
        await http.post("/api/apps", json={"name": "gov", "creds": {"telegram_token": TOKEN}})
        async with listening(unproven) as url:
            assert await bot.register(line.carry, url) is None
            message = {"chat_id": 42, "text": "Мені потрібен паспорт"}
            await http.post("/telegram/client/sendMessage", json=message, headers={"x-mockpost-app": "gov"})
        async with listening(desk.hook) as url:
            assert await bot.register(line.carry, url) is None
            await http.post("/telegram/client/sendMessage", json=message, headers={"x-mockpost-app": "gov"})
    assert [one.happened for one in desk.heard] == [Wrote("Мені потрібен паспорт")]
    assert 401 in desk.refused


# ---- aiogram ----


def updates() -> list[Came]:
    """The examples that are updates of the Bot API."""
    return [one for one in read(EXAMPLES).came if isinstance(one.body, dict) and not one.unreadable]


@pytest.mark.parametrize("example", updates(), ids=lambda one: one.name)
def test_aiogram_reads_every_example_that_we_accept(example: Came) -> None:
    from aiogram.types import Update

    update = Update.model_validate(example.body)
    for happened in example.happened:
        message = update.message or update.edited_message
        if "wrote" in happened:
            assert message is not None
            assert message.text == happened["wrote"]
        if "pressed" in happened:
            assert update.callback_query is not None
            assert update.callback_query.data == happened["pressed"]
        if "unsupported" in happened and happened["unsupported"] != "edited":
            assert message is not None
            assert getattr(message, happened["unsupported"]) is not None
        if happened.get("left") or happened.get("returned"):
            assert update.my_chat_member is not None
            assert update.my_chat_member.new_chat_member.status == ("kicked" if "left" in happened else "member")


NOTES = re.compile(
    "any|text|unknown|invoice|giveaway.*|poll_option_.*|.*_payment|suggested_post_.*|checklist_tasks_.*|.*chat_.*"
    "|.*forum_topic_.*|boost_added|connected_website|direct_message_price_changed|gift_upgrade_sent"
    "|managed_bot_created|message_auto_delete_timer_changed|migrate_.*|paid_message_price_changed|pinned_message"
    "|proximity_alert_triggered|users?_shared|write_access_allowed|left_chat_member"
)
"""Kinds of messages that nobody expects an answer to."""


def test_of_every_kind_of_message_somebody_has_thought() -> None:
    """A new kind that people can send would be passed over in silence: with a newer aiogram this says so."""
    from aiogram.enums import ContentType

    kinds = {kind.value for kind in ContentType}
    assert set(SENT) <= kinds
    assert sorted(kind for kind in kinds - set(SENT) if not NOTES.fullmatch(kind)) == []
    assert [kind for kind in SENT if NOTES.fullmatch(kind)] == []


async def test_aiogram_reads_all_that_the_simulator_brings_and_its_bot_can_live_there() -> None:
    """A bot that somebody else wrote takes our simulator for Telegram."""
    from aiogram import Bot, Dispatcher, types
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramRetryAfter

    async with TelegramServer(TOKEN) as telegram:
        bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(telegram.api)))
        dispatcher, heard = Dispatcher(), []
        keys = types.InlineKeyboardMarkup(inline_keyboard=[[types.InlineKeyboardButton(text="Так", callback_data="y")]])

        @dispatcher.message()
        async def said(message: types.Message) -> None:
            heard.append(message.content_type)
            await message.answer(f"{message.text}?", reply_markup=keys)

        @dispatcher.callback_query()
        async def pressed(query: types.CallbackQuery) -> None:
            heard.append(query.data or "")
            await query.answer("Гаразд")
            assert isinstance(query.message, types.Message)
            await query.message.edit_text("Обрано")

        @dispatcher.my_chat_member()
        async def changed(member: types.ChatMemberUpdated) -> None:
            heard.append(member.new_chat_member.status)

        task = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False, polling_timeout=1))
        try:
            olena = telegram.person("Олена")
            await olena.open("https://t.me/vikno_bot?start=abc")
            await olena.heard("/start abc?")
            await olena.press("Так")
            await olena.until(lambda: olena.said == ["Обрано"])
            assert olena.notes == ["Гаразд"]
            for kind in ("sticker", "photo", "voice", "contact", "location", "document"):
                await olena.send(kind)
            await olena.until(lambda: len(olena.said) == 7)
            await olena.block()
            await telegram.settled()
            with pytest.raises(TelegramForbiddenError):
                await bot.send_message(olena.id, "є хто?")
            with pytest.raises(TelegramBadRequest, match="chat not found"):
                await bot.send_message(1, "є хто?")
            telegram.flood(30)
            with pytest.raises(TelegramRetryAfter):
                await bot.send_message(olena.id, "є хто?")
            assert (await bot.get_webhook_info()).url == ""
            assert await bot.set_my_commands([types.BotCommand(command="start", description="Почати")])
        finally:
            await dispatcher.stop_polling()
            await task
            await bot.session.close()
    assert heard == ["text", "y", "sticker", "photo", "voice", "contact", "location", "document", "kicked"]
