"""The server as clients of GOV.UK Notify reach it, at its root beside the portal; it tells what became of messages."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
from aiohttp import web

from tests.bootstrap.serving import alive, made
from tests.network import listening
from vikno.api.notify.callbacks import hear_at
from vikno.api.organisation_keys import make_key
from vikno.bootstrap import chores
from vikno.bootstrap.web import Web
from vikno.bootstrap.worlds import now_ms
from vikno.usecases import tell_notify
from vikno.usecases.organisations import OrganisationGiven, TemplateGiven, TemplateText, Words, encode_template


async def a_system(server: Web, url: str) -> tuple[dict[str, str], str]:
    """An organisation that may send: what its system says of itself, and its template."""
    book, vault = server.intake.book, server.intake.vault
    made_one = await book.put_organisation(OrganisationGiven("sky", "Sky", "airline", "ua", "ua"), now_ms())
    await book.review_organisation(made_one.id, "approved", "reviewer", "")
    text = encode_template(TemplateText({"uk": {"": Words("Рейс затримується.")}}, "uk"))
    template = await book.put_template(
        TemplateGiven(made_one.id, "late", "Late", "sms", "service", text, "a"), now_ms()
    )
    await book.review_template(template.row, "approved", "reviewer", "", now_ms())
    key = await make_key(book, vault, made_one, "test", "k", uuid4(), now_ms())
    await hear_at(book, vault, made_one, url, "a-token-of-theirs", now_ms())
    token = jwt.encode({"iss": key[-73:-37], "iat": int(time.time())}, key[-36:], "HS256")
    return {"authorization": f"Bearer {token}"}, vault.uuid("t", template.id)


async def test_a_system_sends_finds_and_hears(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chores, "TELL_EVERY_S", 0.05)
    monkeypatch.setattr(tell_notify, "LAG_MS", 0)
    heard: asyncio.Queue[Any] = asyncio.Queue()

    async def hear(request: web.BaseRequest) -> web.StreamResponse:
        await heard.put(json.loads(await request.read()))
        return web.Response()

    server = made(tmp_path)
    async with listening(hear) as url, alive(server) as client:
        head, template = await a_system(server, url)
        body = {"phone_number": "067 123 45 67", "template_id": template, "reference": "r-1"}
        sent = await client.post("/v2/notifications/sms", json=body, headers=head)
        assert sent.status_code == 201, sent.text
        assert sent.json()["uri"].startswith("https://vikno.example/v2/notifications/")
        twice = await client.send(httpx.Request("GET", httpx.URL("https://vikno.example//v2/templates"), headers=head))
        assert [one["id"] for one in twice.json()["templates"]] == [template]
        assert "text/html" in (await client.get("/uk/")).headers["content-type"]
        async with asyncio.timeout(20):
            told = await heard.get()
        assert (told["id"], told["status"], told["to"]) == (sent.json()["id"], "delivered", "067 123 45 67")
