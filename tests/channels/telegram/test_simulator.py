"""The simulator keeps what Telegram promises and refuses: else nothing that is tried against it is worth much."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Self

import httpx
import pytest

from tests.channels.conftest import Desk
from tests.network import listening
from vikno.channels.telegram import Telegram
from vikno.testing.telegram import NOT_MODIFIED, TERMINATED, TOO_OLD, WEBHOOK_ACTIVE, TelegramServer
from vikno.usecases.channel import Pressed, Wrote
from vikno.wire.http import HttpTransport

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawX"


class Client:
    """Calls the Bot API by hand."""

    def __init__(self, telegram: TelegramServer) -> None:
        self._http = httpx.AsyncClient(base_url=f"{telegram.api}/bot{TOKEN}/", timeout=10)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def __call__(self, method: str, **asked: Any) -> Any:
        """The result, or the description of what is refused."""
        said = (await self._http.post(method, json=asked)).json()
        return said["result"] if said["ok"] else said["description"]


async def test_updates_stay_until_the_next_offset_confirms_them(telegram: TelegramServer) -> None:
    olena = telegram.person("Олена")
    for words in ("один", "два", "три"):
        await olena.write(words)
    async with Client(telegram) as ask:
        first = await ask("getUpdates", limit=2)
        assert [one["message"]["text"] for one in first] == ["один", "два"]
        assert await ask("getUpdates", limit=2) == first
        (third,) = await ask("getUpdates", offset=first[-1]["update_id"] + 1)
        assert third["message"]["text"] == "три"
        assert await ask("getUpdates", offset=third["update_id"] + 1) == []
        await olena.write("чотири")
        await olena.write("п’ять")
        (last,) = await ask("getUpdates", offset=-1)
        assert last["message"]["text"] == "п’ять"


async def test_a_long_poll_waits_for_the_first_update(telegram: TelegramServer) -> None:
    async with Client(telegram) as ask:
        waiting = asyncio.create_task(ask("getUpdates", timeout=30))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        await telegram.person("Олена").write("Є хто?")
        (update,) = await asyncio.wait_for(waiting, 2)
        assert update["message"]["text"] == "Є хто?"


async def test_two_that_fetch_or_a_webhook_are_in_conflict(telegram: TelegramServer) -> None:
    async with Client(telegram) as ask:
        first = asyncio.create_task(ask("getUpdates", timeout=30))
        await asyncio.sleep(0.1)
        second = asyncio.create_task(ask("getUpdates", timeout=1))
        assert await asyncio.wait_for(first, 2) == TERMINATED
        assert await second == []
        await ask("setWebhook", url="http://127.0.0.1:1/", secret_token="x")
        assert await ask("getUpdates") == WEBHOOK_ACTIVE
        assert await ask("deleteWebhook") is True
        assert await ask("getUpdates") == []


async def test_only_updates_that_were_asked_for_come(telegram: TelegramServer) -> None:
    olena = telegram.person("Олена")
    async with Client(telegram) as ask:
        await ask("getUpdates", allowed_updates=["callback_query"])
        await olena.write("Тихо")
        assert await ask("getUpdates") == []


async def test_what_is_refused(telegram: TelegramServer) -> None:
    olena = telegram.person("Олена")
    await olena.open()
    async with Client(telegram) as ask:
        sent = await ask("sendMessage", chat_id=olena.id, text="  Раз  ")
        assert sent["text"] == "Раз"
        assert await ask("editMessageText", chat_id=olena.id, message_id=sent["message_id"], text="Раз") == NOT_MODIFIED
        assert "not found" in await ask("editMessageText", chat_id=olena.id, message_id=99999, text="Раз")
        assert "not found" in await ask("deleteMessage", chat_id=olena.id, message_id=99999)
        assert await ask("answerCallbackQuery", callback_query_id="1") == TOO_OLD
        assert "method not found" in await ask("sendEverything")
        assert "unallowed" in await ask("setWebhook", url="https://a.ua/", secret_token="тихо")
        assert "HTTPS" in await ask("setWebhook", url="ftp://a.ua/")
        assert "max_connections" in await ask("setWebhook", url="https://a.ua/", max_connections=101)
        assert "parse_mode" in await ask("sendMessage", chat_id=olena.id, text="<b>", parse_mode="HTML")
        assert "COMMAND_INVALID" in await ask("setMyCommands", commands=[{"command": "Старт", "description": "x"}])
        commands = [{"command": "start", "description": "Почати спочатку"}]
        assert await ask("setMyCommands", commands=commands) is True
        assert await ask("getMyCommands") == commands
        nine = [[{"text": str(at), "callback_data": str(at)} for at in range(9)]]
        assert "too long" in await ask(
            "sendMessage", chat_id=olena.id, text="x", reply_markup={"inline_keyboard": nine}
        )


async def test_a_chat_is_in_order_and_a_press_may_overtake(
    telegram: TelegramServer, bot: Telegram, line: HttpTransport
) -> None:
    desk = Desk(bot)
    olena, ivan = telegram.person("Олена"), telegram.person("Іван")
    async with listening(desk.hook) as url:
        assert await bot.register(line.carry, url) is None
        await olena.write("перше")
        await telegram.settled()
        await line.carry(bot.call("sendMessage", chat_id=olena.id, text="?", reply_markup=KEYS))
        desk.statuses = [500]  # the next words are not kept at first
        telegram.second_s = 0.05
        await olena.write("друге")
        await asyncio.sleep(0.02)
        await olena.write("третє")
        await olena.press("Так")
        await ivan.write("я")
        await telegram.settled()
    happened = [one.happened for one in desk.heard]
    words = [one.text for one in happened if isinstance(one, Wrote)]
    assert [one for one in words if one != "я"] == ["перше", "друге", "третє"]
    assert Pressed("y") in happened
    assert len(happened) == 5


KEYS = {"inline_keyboard": [[{"text": "Так", "callback_data": "y"}]]}


async def test_an_old_button_can_still_be_pressed(telegram: TelegramServer, bot: Telegram, line: HttpTransport) -> None:
    olena = telegram.person("Олена")
    await olena.open()
    for data in ("old", "new"):
        keys = {"inline_keyboard": [[{"text": "Так", "callback_data": data}]]}
        await line.carry(bot.call("sendMessage", chat_id=olena.id, text=data, reply_markup=keys))
    first = next(one for one in olena.lines if one.text == "old")
    await olena.press("Так")
    await olena.press("Так", message=first.id)
    async with Client(telegram) as ask:
        presses = [one["callback_query"]["data"] for one in await ask("getUpdates") if "callback_query" in one]
    assert presses == ["new", "old"]
    with pytest.raises(LookupError, match="no button"):
        await olena.press("Ні")


async def test_a_link_to_another_bot_leads_nowhere(telegram: TelegramServer) -> None:
    olena = telegram.person("Олена")
    with pytest.raises(LookupError):
        await olena.open("https://t.me/other_bot?start=x")
    await olena.open("https://t.me/Vikno_Bot?start=" + "x" * 65)
    assert olena.lines[-1].text == "/start"


async def test_a_page_can_show_a_phone(telegram: TelegramServer, bot: Telegram, line: HttpTransport) -> None:
    olena = telegram.person("Олена")
    await olena.open("https://t.me/vikno_bot?start=abc")
    keys = {"inline_keyboard": [[{"text": "Так", "callback_data": "y"}, {"text": "Сайт", "url": "https://a.ua/x"}]]}
    await line.carry(bot.call("sendMessage", chat_id=olena.id, text="Йдемо?", reply_markup=keys))
    assert await olena.press("Сайт") == "https://a.ua/x"
    await olena.press("Так")
    shown = [{"label": "Так", "pressed": True}, {"label": "Сайт", "url": "https://a.ua/x"}]
    assert json.loads(json.dumps(olena.transcript())) == {
        "id": str(olena.id),
        "name": "Олена",
        "blocked": False,
        "clocks": 1,
        "lines": [
            {"by": "me", "id": 1, "text": "/start abc", "rows": []},
            {"by": "bot", "id": 2, "text": "Йдемо?", "rows": [shown]},
        ],
        "keys": shown,
    }
