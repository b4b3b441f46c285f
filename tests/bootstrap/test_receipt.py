"""Whoever opens a receipt follows its document at once, and nothing that is offered first ends that."""

from __future__ import annotations

import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bootstrap.serving import calling, serving
from tests.bootstrap.test_hooks import GIVEN, SMS
from vikno.bootstrap.web import Web
from vikno.bootstrap.worlds import now_ms
from vikno.usecases.channel import Inbound, Opened
from vikno.usecases.follow_case import case_token
from vikno.usecases.records import CaseGiven


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Web]:
    async with serving(tmp_path, **GIVEN, **SMS["kannel"]) as made:
        await made.intake.book.put([CaseGiven("ua/dms", "A-1", "ua/id-card", "0" * 32)], now_ms())
        yield made


async def token(web: Web) -> str:
    case = await web.intake.book.case("ua/dms", "A-1")
    assert case
    return case_token(web.bot.vault, case.id)


@pytest.mark.parametrize("account", ["telegram", "viber", "sms", "email"])
async def test_the_first_that_is_offered_ends_nothing(web: Web, account: str) -> None:
    [channel] = [one.channel for one in web.bot.accounts if one.channel.kind == account]
    [reply] = await web.bot.desk.receive(channel, Inbound("1", "somebody", Opened(await token(web)), lang="uk"))
    assert "Тепер ви стежите" in reply.outbound.text
    assert [button.label for button in reply.outbound.buttons][:2] == ["Мої документи", "Більше не стежити"]


async def test_the_tap_that_viber_asks_for_ends_nothing(web: Web) -> None:
    person = {"id": "olena==", "name": "", "language": "uk"}
    opened = {"event": "conversation_started", "timestamp": 1, "message_token": 1, "user": person, "subscribed": False}
    body = json.dumps({**opened, "context": await token(web)}).encode()
    signed = {"x-viber-content-signature": hmac.new(GIVEN["VIKNO_VIBER_TOKEN"].encode(), body, "sha256").hexdigest()}
    async with calling(web) as client:
        welcome = (await client.post("/hooks/viber/main", content=body, headers=signed)).json()
    assert "Натисніть, будь ласка, кнопку" in welcome["text"]
    assert welcome["keyboard"]["Buttons"][0]["Text"] == "Мої документи"
