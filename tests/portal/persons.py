"""Somebody to whom two organisations write, on the whole server beside simulated platforms.

`python -m tests.portal.persons PORT FOLDER` serves it for browsers.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx

from tests.commands import ROOT
from vikno.api.keys import add_key
from vikno.bootstrap.settings import Settings
from vikno.bootstrap.web import Web, make_web
from vikno.bootstrap.worlds import now_ms
from vikno.portal.server import server
from vikno.stores.sqlite import SqliteStore
from vikno.testing.mail import MailWorld
from vikno.testing.sms import SmsGateway
from vikno.usecases.judge import Whereabouts
from vikno.usecases.organisations import (
    Organisation,
    OrganisationGiven,
    TemplateGiven,
    TemplateText,
    Words,
    encode_template,
)
from vikno.usecases.records import OPERATOR
from vikno.usecases.send_notifications import Asked, Recipient, send_notifications

PHONE, OTHER = "380671234567", "380501112233"
MAIL = "olena@mail.example"
AIR = OrganisationGiven("sky-air", "Sky Air", "airline", "ua", "ua")
BANK = OrganisationGiven("lake-bank", "Озерний банк", "bank", "ua", "ua")
SECRET = "s" * 43
TEMPLATES = {
    "sky-air": {
        "delay": (
            "service",
            "Рейс ((flight)) вилетить о ((time)). Вибачте за незручність.",
            "Flight ((flight)) leaves at ((time)).",
        ),
        "sale": ("advertising", "Знижки на літо: https://sky.example/sale", "Summer sale: https://sky.example/sale"),
    },
    "lake-bank": {
        "code": ("code", "Код входу: ((code))", "Your code: ((code))"),
        "paid": ("payment", "Сплачено ((sum)) грн у магазині ((shop)).", "((sum)) UAH paid at ((shop))."),
    },
}
SAID = {"flight": "PS 204", "time": "23:40", "code": "918273", "sum": "1250", "shop": "Книгарня"}


@dataclass
class Persons:
    """The server with what was seeded."""

    web: Web
    sms: SmsGateway
    mail: MailWorld
    public: str
    conversation: str = ""
    key: str = ""
    """Of the operator; `staff`: of an authority."""
    staff: str = ""
    letters: tuple[str, ...] = ()

    @property
    def store(self) -> SqliteStore:
        return self.web.intake.book

    @property
    def inbox(self) -> str:
        """The path of the person's page, in Ukrainian."""
        dispatch = self.web.dispatch
        assert dispatch.links is not None
        return f"/uk/inbox/{dispatch.links.inbox(self.conversation, dispatch.clock()).rpartition('/')[2]}"

    def client(self, lang: str = "uk") -> httpx.AsyncClient:
        """Somebody with a plain browser."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=cast(Any, self.web.app), client=("127.0.0.1", 5)),
            base_url=self.public, follow_redirects=True, headers={"accept-language": lang},
        )  # fmt: skip

    async def tell(self, slug: str, template: str, phone: str = PHONE, key: str = "live") -> str:
        """Send one: its id for the outside."""
        dispatch = self.web.dispatch
        sender = await self.store.organisation(slug)
        assert sender is not None
        kept = await self.store.template(sender.id, template)
        assert kept is not None
        rendering = await dispatch.rendering(kept.row)
        assert rendering is not None
        to = Recipient((("sms/main", phone),), f"+{phone}", Whereabouts("ua", "Europe/Kyiv"))
        asked = Asked(rendering, to, SAID, reference="R-1", lang="uk")
        [accepted] = await send_notifications(dispatch, sender, cast(Any, key), [asked])
        return accepted.id

    async def sender(self, given: OrganisationGiven) -> Organisation:
        """Approved, with its templates."""
        store, clock = self.store, self.web.dispatch.clock
        made = await store.put_organisation(given, clock())
        await store.review_organisation(made.id, "approved", "reviewer", "")
        for slug, (content, uk, en) in TEMPLATES[given.slug].items():
            text = TemplateText({"uk": {"": Words(uk)}, "en": {"": Words(en)}}, "uk")
            kept = await store.put_template(
                TemplateGiven(made.id, slug, slug.capitalize(), "message", content, encode_template(text), "author"),
                clock(),
            )
            await store.review_template(kept.row, "approved", "reviewer", "", clock())
        return made

    async def draft(self) -> int:
        """A new version that waits for a reviewer, with something to look at twice: its own number."""
        words = "Рейс ((flight)) вилетить завтра о ((time)). Змінити: https://t.me/((flight))"
        mail = Words("# Рейс ((flight))\n\nКвиток: ((ticket))", "Рейс ((flight)) вилетить завтра")
        text = TemplateText({"uk": {"": Words(words), "email": mail}}, "uk", trust=("ticket",), links=("forms.gle",))
        sender = await self.store.organisation("sky-air")
        assert sender is not None
        given = TemplateGiven(sender.id, "delay", "Delay", "message", "service", encode_template(text), "author")
        return (await self.store.put_template(given, self.web.dispatch.clock())).row

    async def seed(self) -> None:
        """Olena is known by her phone; both have written to her."""
        vault, clock = self.web.bot.vault, self.web.dispatch.clock
        self.conversation = vault.name("sms/main", PHONE)
        await self.store.meet(self.conversation, "sms/main", vault.seal(PHONE), "uk", clock())
        for given in (AIR, BANK):
            await self.sender(given)
        self.key = await add_key(self.store, vault, OPERATOR, "Олег, черговий", SECRET, clock())
        self.staff = await add_key(self.store, vault, "ua/dms", "Паспортний стіл №1", "t" * 43, clock())
        self.letters = (await self.tell("lake-bank", "paid"), await self.tell("sky-air", "delay"))


@asynccontextmanager
async def persons(
    folder: Path, public: str = "http://vikno.test", *, started: bool = False, **more: str
) -> AsyncIterator[Persons]:
    """`started`: the bot runs, and messages leave."""
    async with SmsGateway() as sms, MailWorld() as mail:
        given = {
            "VIKNO_KEY": "00" * 32, "VIKNO_SMS_URL": sms.url, "VIKNO_SMS_NUMBER": "1515", "VIKNO_SMS_RATE": "100",
            "VIKNO_SMTP_URL": mail.url, "VIKNO_MAIL_FROM": "Vikno <vikno@vikno.example>",
            "VIKNO_TELEGRAM_TOKEN": "1:" + "A" * 35, "VIKNO_TELEGRAM_USERNAME": "vikno_bot",
            "VIKNO_TELEGRAM_API": "http://127.0.0.1:9", **more,
        }  # fmt: skip
        web = make_web(
            countries=[ROOT / "countries" / "ua"], store=f"sqlite:///{folder}/persons.db?synchronous=off",
            settings=Settings(public, given), clock=now_ms,
        )  # fmt: skip
        here = Persons(web, sms, mail, public)
        await here.seed()
        if started:
            await web.bot.start()
        try:
            yield here
        finally:
            if started:
                await web.bot.stop()
            await here.store.close()


async def main(port: int, folder: Path) -> None:
    """Serve, and write what was seeded to `seeded.json` in the folder."""
    public = f"http://127.0.0.1:{port}"
    async with SmsGateway() as sms, MailWorld() as mail:
        given = {
            "VIKNO_KEY": "00" * 32, "VIKNO_SMS_URL": sms.url, "VIKNO_SMS_NUMBER": "1515",
            "VIKNO_SMTP_URL": mail.url, "VIKNO_MAIL_FROM": "Vikno <vikno@vikno.example>",
        }  # fmt: skip
        web = make_web(
            countries=[ROOT / "countries" / "ua"], store=f"sqlite:///{folder}/persons.db?synchronous=off",
            settings=Settings(public, given), clock=now_ms,
        )  # fmt: skip
        here = Persons(web, sms, mail, public)
        await here.seed()
        assert web.dispatch.links is not None
        off = web.dispatch.links.off(here.conversation, 1).rpartition("/")[2]
        version = str(await here.draft())
        found = {"inbox": here.inbox.rpartition("/")[2], "key": here.key, "letter": here.letters[0], "off": off}
        found |= {"version": version}
        (folder / "seeded.json").write_text(json.dumps(found), "utf-8")
        await server(web.app, "127.0.0.1", port, web.stopping, web.quick).serve()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
