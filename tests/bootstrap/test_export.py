"""What a person is given of their data is so: also when they last wrote, of several messages within a minute."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.commands import ROOT
from vikno.bootstrap import web as web_module
from vikno.bootstrap.settings import Settings
from vikno.bootstrap.web import make_web
from vikno.portal.inbox import export_person
from vikno.usecases.channel import Inbound, Opened, Wrote

BEGAN_MS = 1_773_568_800_000


async def test_the_export_says_when_the_last_message_came_not_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [BEGAN_MS]
    monkeypatch.setattr(web_module, "now_ms", lambda: clock[0])
    settings = Settings("https://vikno.example", {"VIKNO_TELEGRAM_TOKEN": "1:" + "A" * 35, "VIKNO_KEY": "00" * 32})
    web = make_web(countries=[ROOT / "countries/ua"], store=f"sqlite:///{tmp_path}/export.db", settings=settings)
    kept, desk, channel = web.intake.book, web.bot.desk, web.bot.accounts[0].channel
    try:
        await desk.receive(channel, Inbound("1", "424242", Opened()))
        clock[0] += 40_000
        await desk.receive(channel, Inbound("2", "424242", Wrote("Добрий день")))
        name = web.bot.vault.name("telegram/main", "424242")
        data = await export_person(kept, kept, web.bot.vault, name, clock[0])
    finally:
        await kept.close()
    assert data["last_wrote"] == datetime.fromtimestamp(clock[0] / 1000, UTC).isoformat(timespec="seconds")
