"""A town: the whole server beside four simulated platforms, in one process, by a clock that somebody moves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.commands import ROOT
from tests.network import free_port
from vikno.bootstrap.settings import Settings
from vikno.bootstrap.web import Web, make_web
from vikno.portal.server import server
from vikno.stores.sqlite import SqliteStore
from vikno.testing.mail import MailWorld
from vikno.testing.phones import TELEGRAM_TOKEN, VIBER_TOKEN
from vikno.testing.sms import SmsGateway
from vikno.testing.telegram import TelegramServer
from vikno.testing.viber import ViberServer
from vikno.usecases.organisations import (
    Organisation,
    OrganisationGiven,
    TemplateGiven,
    TemplateText,
    Words,
    encode_template,
)
from vikno.wire.vault import LocalVault

KEY = "00" * 32


@dataclass
class Moved:
    """A clock that goes on by itself, from where it was set."""

    ahead_ms: int = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms

    def set(self, at: datetime) -> None:
        self.ahead_ms = int(at.timestamp() * 1000) - time.time_ns() // 1_000_000


@dataclass
class Town:
    """Everything in it."""

    web: Web
    clock: Moved
    telegram: TelegramServer
    viber: ViberServer
    sms: SmsGateway
    mail: MailWorld
    url: str

    @property
    def book(self) -> SqliteStore:
        return self.web.intake.book

    async def until(self, holds: Callable[[], bool], timeout_s: float = 20.0) -> None:
        """Wait for it."""
        async with asyncio.timeout(timeout_s):
            while not holds():  # noqa: ASYNC110 - it is looked at from outside
                await asyncio.sleep(0.02)

    async def known(self, account: str, address: str) -> str:
        """Somebody has proved that this address is theirs: the name of their conversation."""
        name = self.web.bot.vault.name(account, address)
        await self.book.meet(name, account, self.web.bot.vault.seal(address), "en", self.clock())
        return name

    async def sender(self, given: OrganisationGiven, templates: Mapping[str, tuple[str, str]]) -> Organisation:
        """An organisation that a reviewer has approved, with templates: slug -> content and text."""
        made = await self.book.put_organisation(given, self.clock())
        await self.book.review_organisation(made.id, "approved", "reviewer", "")
        for slug, (content, body) in templates.items():
            text = TemplateText({"en": {"": Words(body)}}, "en")
            kept = await self.book.put_template(
                TemplateGiven(made.id, slug, slug, "message", content, encode_template(text), "author"), self.clock()
            )
            await self.book.review_template(kept.row, "approved", "reviewer", "", self.clock())
        found = await self.book.organisation(made.id)
        assert found is not None
        return found


@asynccontextmanager
async def a_town(folder: Path, at: datetime, countries: Sequence[str], **settings: str) -> AsyncIterator[Town]:
    """It is that time there; `countries`: folders that are served."""
    clock, port = Moved(), free_port()
    clock.set(at)
    public = f"http://127.0.0.1:{port}"
    vault = LocalVault(bytes(32))
    async with AsyncExitStack() as opened:
        telegram = await opened.enter_async_context(TelegramServer(TELEGRAM_TOKEN, username="vikno_town_bot"))
        viber = ViberServer(VIBER_TOKEN, name="Vikno", uri="vikno-town", receipts=True)
        await opened.enter_async_context(viber)
        hook = f"{public}/hooks/sms/main?secret={vault.digest('webhook secret', 'sms/main')}"
        sms = await opened.enter_async_context(SmsGateway(hook=hook))
        mail = await opened.enter_async_context(MailWorld())
        mail_port = free_port()
        mail.connect(mail_port)
        given = {
            "VIKNO_KEY": KEY, "VIKNO_TELEGRAM_TOKEN": TELEGRAM_TOKEN, "VIKNO_TELEGRAM_API": telegram.api,
            "VIKNO_VIBER_TOKEN": VIBER_TOKEN, "VIKNO_VIBER_NAME": "Vikno", "VIKNO_VIBER_API": viber.api,
            "VIKNO_SMS_URL": sms.url, "VIKNO_SMS_NUMBER": "1515", "VIKNO_SMS_RATE": "100",
            "VIKNO_SMTP_URL": mail.url, "VIKNO_MAIL_FROM": "Vikno <vikno@vikno.example>",
            "VIKNO_MAIL_LISTEN": f"127.0.0.1:{mail_port}", **settings,
        }  # fmt: skip
        web = make_web(
            countries=[ROOT / "countries" / one for one in countries],
            store=f"sqlite:///{folder}/town.db?synchronous=off",
            settings=Settings(public, given),
            clock=clock,
        )
        served = server(web.app, "127.0.0.1", port, web.stopping, web.quick)
        running = asyncio.create_task(served.serve())
        try:
            while not served.started:
                assert not running.done(), running
                await asyncio.sleep(0.02)
            await web.bot.settled()
            yield Town(web, clock, telegram, viber, sms, mail, public)
        finally:
            served.should_exit = True
            await running
