"""What a person is given of their data is so: also when they last wrote, of several messages within a minute."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tests.bootstrap.serving import TOKEN, serving
from vikno.portal.inbox import export_person
from vikno.usecases.channel import Inbound, Opened, Wrote

BEGAN_MS = 1_773_568_800_000


async def test_the_export_says_when_the_last_message_came_not_the_first(tmp_path: Path) -> None:
    clock = [BEGAN_MS]
    async with serving(tmp_path, lambda: clock[0], VIKNO_TELEGRAM_TOKEN=TOKEN) as web:
        kept, desk, channel = web.intake.book, web.bot.desk, web.bot.accounts[0].channel
        await desk.receive(channel, Inbound("1", "424242", Opened()))
        clock[0] += 40_000
        await desk.receive(channel, Inbound("2", "424242", Wrote("Добрий день")))
        name = web.bot.vault.name("telegram/main", "424242")
        data = await export_person(kept, kept, web.bot.vault, name, clock[0])
    assert data["last_wrote"] == datetime.fromtimestamp(clock[0] / 1000, UTC).isoformat(timespec="seconds")
