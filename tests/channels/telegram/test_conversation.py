"""A whole conversation on the simulator, by webhook and by polling, with what goes wrong on the way."""

from __future__ import annotations

import asyncio
import json
from itertools import count

import pytest

from tests.channels.conftest import Desk
from tests.channels.telegram.talking import Way, hooked, polled
from vikno.channels.telegram import Telegram
from vikno.channels.telegram.polling import PolledElsewhere, TokenRefused, poll
from vikno.domain.errors import ViknoError
from vikno.testing.telegram import TelegramServer
from vikno.usecases.channel import Left, Opened, Pressed, Raw, Returned, Unsupported, Wrote
from vikno.wire.http import HttpTransport


@pytest.mark.parametrize("way", [hooked, polled])
async def test_a_person_comes_by_the_qr_code_and_is_served(
    way: Way, telegram: TelegramServer, bot: Telegram, line: HttpTransport
) -> None:
    async with way(bot, line) as desk:
        olena = telegram.person("Олена")
        link = bot.entry_link("qr-office-17")
        assert link is not None
        await olena.open(link.url)
        asked = await olena.heard("Де ви живете?")
        assert asked.labels == ["В Україні", "За кордоном"]
        await olena.press("За кордоном")
        await olena.heard("Натиснуто 1.b")
        await olena.until(lambda: not olena.waiting)  # the clock on the button has stopped
        await olena.write("Дякую 🙂")
        await olena.heard("Ви написали: Дякую 🙂")
        await olena.send("sticker")
        await olena.heard("Це не читається: sticker")
        await olena.edit("Інше")
        await olena.block()
        await olena.unblock()
        await telegram.settled()
    happened = [one.happened for one in desk.heard]
    assert happened == [
        Opened("qr-office-17"), Pressed("1.b"), Wrote("Дякую 🙂"), Unsupported("sticker"), Unsupported("edited"),
        Left(), Returned(),
    ]  # fmt: skip
    assert {one.address for one in desk.heard} == {str(olena.id)}
    assert {one.lang for one in desk.heard} == {"uk"}
    assert [button["label"] for line in olena.transcript()["lines"] for row in line["rows"] for button in row] == [
        "В Україні",
        "За кордоном",
    ]


async def test_what_is_brought_without_the_secret_is_refused_and_comes_again(
    telegram: TelegramServer, bot: Telegram, line: HttpTransport
) -> None:
    async with hooked(bot, line) as desk:
        assert telegram.webhook is not None
        telegram.webhook.secret = "other"
        olena = telegram.person("Олена")
        await olena.open()
        async with asyncio.timeout(5):
            while len(desk.refused) < 2:  # noqa: ASYNC110 - a refusal has no event
                await asyncio.sleep(0.01)
        assert set(desk.refused) == {403}
        assert desk.heard == []
        telegram.webhook.secret = "hush-42"
        await olena.heard("Де ви живете?")
        await telegram.settled()
    assert [one.happened for one in desk.heard] == [Opened()]


async def test_an_update_that_could_not_be_kept_is_brought_until_it_is(
    telegram: TelegramServer, bot: Telegram, line: HttpTransport
) -> None:
    async with hooked(bot, line) as desk:
        desk.statuses = [503, 503, 200]
        olena = telegram.person("Олена")
        await olena.open()
        await olena.write("Друге")
        await olena.heard("Друге")
        await telegram.settled()
    assert [one.happened for one in desk.heard] == [Opened(), Wrote("Друге")]
    assert [status for _, status in telegram.brought] == [503, 503, 200, 200]


async def test_updates_that_come_twice_and_in_any_order_are_each_heard_once(
    telegram: TelegramServer, bot: Telegram, line: HttpTransport
) -> None:
    async with hooked(bot, line) as desk:
        telegram.duplicates = 2
        telegram.hold()
        olena = telegram.person("Олена")
        for words in ("один", "два", "три"):
            await olena.write(words)
        telegram.release(reverse=True)
        await telegram.settled()
    assert sorted(one.happened.text for one in desk.heard if isinstance(one.happened, Wrote)) == ["два", "один", "три"]
    assert len(desk.came) == 9


async def test_a_press_is_dropped_sooner_than_words(
    telegram: TelegramServer, bot: Telegram, line: HttpTransport
) -> None:
    async with hooked(bot, line) as desk:
        olena = telegram.person("Олена")
        await olena.open()
        await olena.heard("Де ви живете?")
        telegram.second_s = 0.0001
        desk.statuses = [503] * 10_000
        await olena.press("В Україні")
        await telegram.settled(20)
    assert len(telegram.dropped) == 1


# ---- polling ----


async def test_what_was_not_taken_is_fetched_again(
    telegram: TelegramServer, bot: Telegram, line: HttpTransport
) -> None:
    class StoreBusy(ViknoError):
        """The store cannot keep anything now."""

        retryable = True

    tries = count(1)

    async def busy_at_first(_: Raw) -> None:
        if next(tries) == 1:
            raise StoreBusy

    olena = telegram.person("Олена")
    await olena.write("один")
    await olena.write("два")
    async with polled(bot, line, busy_at_first) as desk:
        await telegram.settled(10)
    assert [one.happened for one in desk.heard] == [Wrote("один"), Wrote("два")]
    assert len(desk.came) == 2


async def test_an_update_that_breaks_its_receiver_does_not_end_the_fetching(
    telegram: TelegramServer, bot: Telegram, line: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vikno.channels.telegram.polling.FIRST_WAIT_S", 0.01)

    async def brittle(raw: Raw) -> None:
        if "отрута" in json.loads(raw.body)["message"]["text"]:
            raise ZeroDivisionError

    olena, ivan = telegram.person("Олена"), telegram.person("Іван")
    await olena.write("отрута")
    await ivan.write("привіт")
    await olena.write("ліки")
    async with polled(bot, line, brittle) as desk:
        await telegram.settled(10)
    assert {one.happened for one in desk.heard} == {Wrote("привіт"), Wrote("ліки")}


async def test_a_restart_loses_nothing(telegram: TelegramServer, bot: Telegram, line: HttpTransport) -> None:
    olena = telegram.person("Олена")
    async with polled(bot, line) as first:
        await olena.write("до")
        await olena.heard("до")
    await olena.write("між")
    async with polled(bot, line) as second:
        await olena.heard("між")
    heard = [one.happened for one in (*first.heard, *second.heard)]
    assert Wrote("до") in heard
    assert Wrote("між") in heard


async def test_a_webhook_that_is_set_is_taken_away_before_polling(
    telegram: TelegramServer, bot: Telegram, line: HttpTransport
) -> None:
    assert await bot.register(line.carry, "http://127.0.0.1:9/hooks") is None
    async with polled(bot, line) as desk:
        olena = telegram.person("Олена")
        await olena.open()
        await olena.heard("Де ви живете?")
    assert telegram.webhook is None
    assert len(desk.heard) == 1


async def test_a_wrong_token_ends_the_polling_with_what_to_do(telegram: TelegramServer, line: HttpTransport) -> None:
    stranger = Telegram(token="1:wrong", api=telegram.api)
    with pytest.raises(TokenRefused, match="BotFather") as raised:
        await poll(stranger, line, Desk(stranger).take, asyncio.Event())
    assert "wrong" not in str(raised.value)


async def test_two_that_poll_are_told(
    telegram: TelegramServer, bot: Telegram, line: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vikno.channels.telegram.polling.FIRST_WAIT_S", 0.001)
    monkeypatch.setattr("vikno.channels.telegram.polling.MOST_CONFLICTS", 1)
    stop = asyncio.Event()
    first = asyncio.create_task(poll(bot, line, Desk(bot).take, stop))
    await fetching(telegram)
    second = asyncio.create_task(poll(bot, line, Desk(bot).take, stop))
    with pytest.raises(PolledElsewhere, match="Stop the other service"):
        await asyncio.wait_for(first, 5)
    stop.set()
    await asyncio.wait_for(second, 5)


async def test_polling_goes_on_when_the_bot_api_was_away(
    telegram: TelegramServer, bot: Telegram, line: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vikno.channels.telegram.polling.FIRST_WAIT_S", 0.01)
    telegram.break_next(502, 3)
    async with polled(bot, line):
        olena = telegram.person("Олена")
        await olena.open()
        await olena.heard("Де ви живете?")


async def test_the_stop_does_not_wait_for_the_long_poll(
    telegram: TelegramServer, bot: Telegram, line: HttpTransport
) -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(poll(bot, line, Desk(bot).take, stop))
    await fetching(telegram)
    stop.set()
    await asyncio.wait_for(task, 0.5)


async def fetching(telegram: TelegramServer) -> None:
    """Until somebody waits for updates there."""
    async with asyncio.timeout(5):
        while telegram._poller is None:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)
