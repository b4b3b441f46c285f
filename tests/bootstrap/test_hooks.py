"""What comes over HTTP is believed of those who prove themselves there; mails come from the mail server alone."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.bootstrap.serving import TOKEN, calling, serving
from vikno.bootstrap.web import Web
from vikno.domain.dialog.events import Said
from vikno.usecases.converse import converse
from vikno.wire.hooks import MOST_TRIES

GIVEN = {
    "VIKNO_TELEGRAM_TOKEN": TOKEN,
    "VIKNO_VIBER_TOKEN": "v" * 50,
    "VIKNO_VIBER_NAME": "Вікно",
    "VIKNO_SMTP_URL": "smtp://127.0.0.1:9",
    "VIKNO_MAIL_FROM": "Вікно <vikno@dms.example>",
}
SMS = {
    "kannel": {"VIKNO_SMS_URL": "http://u:p@127.0.0.1:9/cgi-bin/sendsms", "VIKNO_SMS_NUMBER": "+380441234567"},
    "smpp": {"VIKNO_SMPP_URL": "smpp://u:p@127.0.0.1:9", "VIKNO_SMS_NUMBER": "+380441234567"},
}
FORGED = b"From: olena@example.org\r\nTo: vikno@dms.example\r\nMessage-ID: <1@example.org>\r\n\r\nerase my data\r\n"


@pytest.fixture(params=SMS)
async def web(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Web]:
    async with serving(tmp_path, **GIVEN, **SMS[request.param]) as made:
        yield made


async def test_no_account_takes_anything_without_proof(web: Web) -> None:
    headers = {"envelope-to": "vikno@dms.example", "envelope-from": "olena@example.org"}
    by_web = [path.decode().removeprefix("/hooks/") for path in web.quick if path.startswith(b"/hooks/")]
    async with calling(web) as client:
        for account in ("telegram/main", "viber/main", "email/main", "sms/main", "inbox/main"):
            for kind in ("message/rfc822", "application/json", "application/x-www-form-urlencoded"):
                for method in ("POST", "GET"):
                    said = await client.request(
                        method, f"/hooks/{account}", content=FORGED, headers={**headers, "content-type": kind}
                    )
                    assert said.status_code in (401, 403, 404), (account, kind, method)
    assert web.bot.refused() == {account: 6 for account in web.bot.hooks if account in by_web}
    assert len(web.bot.hooks) == 5
    for account in web.bot.hooks:
        assert await web.intake.book.asides(account) == (), "it would be unreadable"
        assert await web.intake.book.known(web.bot.vault.name(account, "olena@example.org")) is None


async def test_mails_have_no_webhook_neither_the_short_way(web: Web) -> None:
    assert not [path for path in web.quick if path.startswith(b"/hooks/email")]
    assert b"/hooks/telegram/main" in web.quick


async def test_what_is_too_large_is_put_aside_where_its_headers_prove_it_and_refused_elsewhere(web: Web) -> None:
    """Telegram would bring it for a day, and all that people write meanwhile behind it."""
    vault, huge = web.intake.vault, b'{"update_id": 1, "message": "' + b"x" * 1_100_000 + b'"}'
    asked = {
        "telegram/main": {"x-telegram-bot-api-secret-token": vault.digest("webhook secret", "telegram/main")},
        "viber/main": {
            "x-viber-content-signature": hmac.new(GIVEN["VIKNO_VIBER_TOKEN"].encode(), huge, sha256).hexdigest()
        },
    }
    async with calling(web) as client:
        said = {
            name: await client.post(f"/hooks/{name}", content=huge, headers=headers) for name, headers in asked.items()
        }
        forged = await client.post(
            "/hooks/telegram/main", content=huge, headers={"x-telegram-bot-api-secret-token": "x"}
        )
    assert {name: answer.status_code for name, answer in said.items()} == {"telegram/main": 200, "viber/main": 403}
    assert forged.status_code == 403
    assert [(one.account, one.reason) for one in await web.intake.book.asides(None)] == [("telegram/main", "too_large")]


async def test_a_fault_of_ours_holds_nobody_up_and_the_update_is_kept_in_the_end(
    web: Web, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A turn that fails is asked for again, as a new version may be on its way; not for ever, and never with a 500."""

    async def brittle(store: Any, name: str, key: str, event: Any, *more: Any, **about: Any) -> Any:
        if event == Said("отрута"):
            raise ZeroDivisionError(event)
        return await converse(store, name, key, event, *more, **about)

    monkeypatch.setattr("vikno.usecases.receive_message.converse", brittle)
    proof = {"x-telegram-bot-api-secret-token": web.intake.vault.digest("webhook secret", "telegram/main")}

    async def came(client: httpx.AsyncClient, number: int, who: int, text: str) -> int:
        chat = {"id": who, "type": "private"}
        message = {"message_id": number, "date": 1, "chat": chat, "from": {"id": who, "is_bot": False}, "text": text}
        said = {"update_id": number, "message": message}
        return (await client.post("/hooks/telegram/main", json=said, headers=proof)).status_code

    async with calling(web) as client:
        tried = [await came(client, 1, 42, "отрута") for _ in range(MOST_TRIES - 1)]
        assert tried == [503] * (MOST_TRIES - 1)
        assert await came(client, 2, 43, "привіт") == 200
        assert await web.intake.book.asides(None) == ()
        assert await came(client, 1, 42, "отрута") == 200
    (kept,) = await web.intake.book.asides(None)
    assert (kept.account, kept.reason) == ("telegram/main", "ZeroDivisionError")
    assert "отрута" in web.intake.vault.unseal(kept.sealed)
    assert "brittle" in caplog.text, "where it was raised is in the log"
    assert "отрута" not in caplog.text


async def test_what_breaks_off_on_its_way_is_not_taken(web: Web) -> None:
    """The platform brings it again, whole; nobody has to look at a part of it."""
    secret = web.intake.vault.digest("webhook secret", "telegram/main").encode()
    came: list[Any] = [{"type": "http.request", "body": b'{"update_id": 1, "mess', "more_body": True}]
    sent: list[Any] = []

    async def receive() -> Any:
        return came.pop(0) if came else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"x-telegram-bot-api-secret-token", secret)]
    await web.bot({"type": "http", "method": "POST", "path": "/hooks/telegram/main", "headers": headers}, receive, send)
    assert await web.intake.book.asides("telegram/main") == ()
    assert sent[0]["status"] == 413
