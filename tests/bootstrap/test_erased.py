"""Whoever had their data erased is forgotten everywhere; and who writes again is on record again, for notices."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.bootstrap.serving import PUBLIC, TOKEN, calling, serving
from vikno.bootstrap.web import Web
from vikno.bootstrap.worlds import now_ms
from vikno.domain.dialog.state import Want
from vikno.portal.chat import name_of
from vikno.usecases.channel import Inbound, Opened, Wrote
from vikno.usecases.converse import Asker
from vikno.usecases.records import CaseGiven, Follower
from vikno.usecases.sign_links import DAY_MS, Links, Opens

CHAT = "424242"


async def by_chat(web: Web, conversation: str) -> None:
    assert web.bot.desk.find_out is not None
    learnt = await web.bot.desk.find_out(Asker(conversation, "telegram/main", "uk"), Want("erase"))
    assert learnt.what == "erased"


async def by_inbox(web: Web, conversation: str) -> None:
    token = Links(web.bot.vault, PUBLIC).token("inbox", Opens(conversation), now_ms() // DAY_MS + 1)
    form = {"do": "erase-yes", "form": web.bot.vault.digest("inbox form", token)}
    async with calling(web) as client:
        assert (await client.post(f"/uk/inbox/{token}", data=form)).status_code == 200


@pytest.mark.parametrize("erase", [by_chat, by_inbox])
async def test_who_writes_again_can_be_reached_again(
    tmp_path: Path, erase: Callable[[Web, str], Awaitable[None]]
) -> None:
    async with serving(tmp_path, VIKNO_TELEGRAM_TOKEN=TOKEN) as web:
        bot = web.bot
        conversation, channel = bot.vault.name("telegram/main", CHAT), bot.accounts[0].channel
        await bot.desk.receive(channel, Inbound("1", CHAT, Opened()))
        assert await bot.records.known(conversation) is not None
        await erase(web, conversation)
        assert await bot.records.known(conversation) is None
        await bot.desk.receive(channel, Inbound("2", CHAT, Wrote("Добрий день")))
        assert await bot.records.known(conversation) is not None


async def test_who_forgets_a_conversation_on_the_web_follows_nothing_in_it(tmp_path: Path) -> None:
    token = "t" * 32
    async with serving(tmp_path) as web:
        book, name = web.intake.book, name_of(token)
        await book.put([CaseGiven("ua/dms", "UA-1", "ua/id-card", "c" * 32)], now_ms())
        case = await book.case("ua/dms", "UA-1")
        assert case is not None
        await book.follow(case.id, Follower(name, "web", "uk"), now_ms())
        async with calling(web) as client:
            await client.post("/chat/forget", headers={"x-conversation": "u" * 32})
            assert len(await book.followed(name)) == 1, "another's"
            assert (await client.post("/chat/forget", headers={"x-conversation": token})).status_code == 204
        assert await book.followed(name) == ()
        assert await book.followers(case.id) == ()
