"""What the staff record by hand is told as soon as what a system brings."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.bootstrap.serving import alive, made
from vikno.api.keys import add_key
from vikno.bootstrap import chores
from vikno.domain.dialog.events import Started
from vikno.domain.notify.hours import Quiet
from vikno.domain.notify.route import WEB
from vikno.testing.phones.senders.clock import DemoClock
from vikno.usecases.hold_conversation import hold_conversation
from vikno.usecases.records import CaseGiven, Follower


async def test_an_open_page_shows_at_once_what_the_staff_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chores, "TIMERS_EVERY_S", 3600.0)
    now_ms = DemoClock()
    now_ms.begin(Quiet(ZoneInfo("Europe/Kyiv")))  # at night nobody is told anything
    web = made(tmp_path, None, now_ms)
    book, looks_on = web.intake.book, Follower("web:" + "d" * 32, WEB, "uk")
    async with alive(web) as client:
        key = await add_key(book, web.bot.vault, "ua/dms", "test", "k" * 43, now_ms())
        await book.put([CaseGiven("ua/dms", "A-1", "ua/id-card", "0" * 32)], now_ms())
        await hold_conversation(book, looks_on.conversation, "begins", Started(None, "uk"), web.bot.desk.world())
        case = await book.case("ua/dms", "A-1")
        assert case
        await book.follow(case.id, looks_on, now_ms())
        before = await book.since(looks_on.conversation, 0)
        await asyncio.sleep(0.2)  # it has looked for notices once and waits
        await client.post("/uk/office/", data={"key": key}, follow_redirects=True)
        page = (await client.get(f"/uk/office/cases/{case.id}")).text
        sent = {name: re.search(f'name="{name}" value="([^"]+)"', page)[1] for name in ("form", "event")}  # type: ignore[index]
        moved = await client.post(f"/uk/office/cases/{case.id}", data={**sent, "stage": "accepted"})
        assert moved.headers["location"].endswith("said=reached")
        async with asyncio.timeout(10):
            while await book.since(looks_on.conversation, 0) == before:  # noqa: ASYNC110 - the record is no event
                await asyncio.sleep(0.02)
