"""The messengers of the bench find every wrong, missing and surplus message; how long anything takes is not tested."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from bench import bot
from bench.messengers import Platform, Telegram, alike
from bench.person import WrongAnswer
from tests.network import listening


@asynccontextmanager
async def talking(says: list[str], form: bool = False) -> AsyncIterator[tuple[Platform, asyncio.Semaphore]]:
    """The platform, and a bot of a few lines that says the same to everything: it releases once for each time."""
    platform, said = Platform(Telegram(), bot._door()), asyncio.Semaphore(0)

    async def call(method: str, **given: object) -> None:
        url, asked = f"{platform.api}/bot1:x/{method}", {"data": given} if form else {"json": given}
        async with aiohttp.ClientSession() as client, client.request("POST", url, **asked) as answer:  # type: ignore[arg-type]
            assert (await answer.json())["ok"]

    async def take(request: web.BaseRequest) -> web.Response:
        assert request.headers["X-Telegram-Bot-Api-Secret-Token"] == "hush"
        update = await request.json()
        for text in says:
            given = {"chat_id": update["message"]["chat"]["id"], "text": text}
            await call("sendMessage", **given)
        said.release()
        return web.json_response({})

    async with listening(take) as url:
        registering = asyncio.create_task(call("setWebhook", url="https://bot.example/hook", secret_token="hush"))
        await platform.open(int(url.rpartition(":")[2]))
        try:
            await registering
            yield platform, said
        finally:
            await platform.close()


@pytest.mark.parametrize("form", [False, True])
async def test_what_was_learnt_is_what_must_come(form: bool) -> None:
    async with talking(["Добрий день", "Хто ви?"], form) as (platform, said):
        does = platform.messenger.opens("uk")
        learnt = await platform.learn(platform.newcomer(), does)
        texts = [platform.messenger.said(one)[0] for one in learnt if isinstance(platform.messenger, Telegram)]
        assert texts == ["Добрий день", "Хто ви?"]
        await platform.bring(platform.newcomer(), does, learnt)
        with pytest.raises(WrongAnswer):
            await platform.bring(platform.newcomer(), does, [learnt[0], learnt[0]])
        for _ in range(3):
            await said.acquire()
        waits = asyncio.create_task(platform.bring(platform.newcomer(), does, [*learnt, learnt[0]]))
        await said.acquire()
        assert not waits.done(), "one more is expected"
        waits.cancel()
        await asyncio.wait([waits])
        assert platform.surplus == 0
        await platform.bring(platform.newcomer(), does, learnt[:1])
        await said.acquire()
        assert platform.surplus == 1


def test_a_link_for_one_person_is_no_difference_and_another_word_is_one() -> None:
    said = b'"text":"a","url":"https://vikno.example.org/s/%s"'
    assert alike(said % (b"x" * 50)) == alike(said % (b"y" * 50))
    assert alike(said % (b"x" * 50)) != alike(said.replace(b'"a"', b'"b"') % (b"x" * 50))


@pytest.mark.slow
def test_both_messengers_and_the_peer_answer_everybody_alike() -> None:
    command = [sys.executable, "-m", "bench.bot", "--people", "4", "--seconds", "0.5"]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=150, check=True).stdout
    rows = [line.split(" | ") for line in printed.splitlines() if " people at once " in line]
    assert [row[0] for row in rows] == ["| vikno, Telegram", "| vikno, Viber", "| aiogram, Redis, Telegram"]
    assert [row[-2:] for row in rows] == [["0", "0 |"]] * 3, printed
    assert printed.count("times aiogram's turns") == 2
