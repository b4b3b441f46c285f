"""Mail comes in by the protocol that the mail server before us speaks."""

from __future__ import annotations

import asyncio
import smtplib
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.bootstrap.serving import alive, serving
from tests.network import free_port

OURS, OLENA = "vikno@dms.example", "olena@example.org"


@pytest.mark.parametrize(
    ("scheme", "client"), [("", smtplib.LMTP), ("lmtp://", smtplib.LMTP), ("smtp://", smtplib.SMTP)]
)
async def test_a_mail_that_was_accepted_begins_a_conversation(
    tmp_path: Path, scheme: str, client: type[smtplib.SMTP]
) -> None:
    port = free_port()
    given = {
        "VIKNO_SMTP_URL": "smtp://127.0.0.1:9",
        "VIKNO_MAIL_FROM": f"Вікно <{OURS}>",
        "VIKNO_MAIL_LISTEN": f"{scheme}127.0.0.1:{port}",
    }
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Message-ID"], mail["Subject"] = OLENA, OURS, "<1@example.org>", "Паспорт"
    mail.set_content("закордонний паспорт")

    def bring() -> None:
        with client("127.0.0.1", port) as server:
            assert server.send_message(mail) == {}

    async with serving(tmp_path, **given) as web, alive(web):
        async with asyncio.timeout(10):
            while True:
                try:
                    await asyncio.to_thread(bring)
                    break
                except ConnectionRefusedError:  # it is still being set up
                    await asyncio.sleep(0.05)
        known = await web.intake.book.known(web.bot.vault.name("email/main", OLENA))
    assert known is not None
    assert known.account == "email/main"
