"""The pages around the bot over a real store, real countries and real channels; only the platforms are scripted.

`python -m tests.portal.around PORT FOLDER` serves them with a few cases in them, for browsers.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, cast

import httpx
from starlette.routing import Route
from starlette.types import ASGIApp

from tests.commands import ROOT
from vikno.api.keys import add_key, whose
from vikno.bootstrap.intake import make_desk
from vikno.bootstrap.web import portal_words
from vikno.bootstrap.worlds import Worlds, now_ms
from vikno.channels.email import Email
from vikno.channels.email.outbound import SmtpAnswer
from vikno.channels.sms import Sms
from vikno.channels.telegram import Telegram
from vikno.channels.viber import Viber
from vikno.domain.cases import Process
from vikno.packs.load import load_country
from vikno.portal.app import portal
from vikno.portal.carried import Carried
from vikno.portal.chat import Chat
from vikno.portal.entry import Entries
from vikno.portal.inbox import Inbox
from vikno.portal.office import Office
from vikno.portal.official import Official
from vikno.portal.paper import Printer
from vikno.portal.server import server
from vikno.portal.site import Site
from vikno.portal.streams import Streams
from vikno.stores.sqlite import SqliteStore
from vikno.ui.assets import Assets
from vikno.ui.frame import Pages
from vikno.usecases.channel import NotCarried, Outbound, Unknown, encode_outbound
from vikno.usecases.check_channels import Line, Watch
from vikno.usecases.follow_case import case_token, code_digest
from vikno.usecases.record_stage import Desk, record_stages
from vikno.usecases.records import CaseGiven, Follower, NoticeMade, Settled, StageGiven, Verdict
from vikno.usecases.sign_links import Links
from vikno.wire.http import HttpAnswer
from vikno.wire.vault import LocalVault

DMS = "ua/dms"
NUMBER, CODE = "UA-2026-0004417", "7K2P-9M4R"
SECRET = "s" * 43
HOUR_MS = 3_600_000


@dataclass
class Platforms:
    """What Telegram and Viber say when they are asked who the bot is."""

    username: str = "vikno_dms_bot"
    uri: str = "viknodms"
    silent: bool = False

    async def telegram(self, request: Any) -> HttpAnswer | NotCarried:
        if self.silent:
            return NotCarried(True, "timeout")
        if request.url.endswith("getMe"):
            result: dict[str, Any] = {"id": 1, "is_bot": True, "first_name": "Vikno", "username": self.username}
        else:
            result = {"url": "https://vikno.example/hooks/telegram/main", "pending_update_count": 0}
        return HttpAnswer(200, {}, json.dumps({"ok": True, "result": result}).encode())

    async def viber(self, _: Any) -> HttpAnswer | NotCarried:
        if self.silent:
            return NotCarried(True, "timeout")
        said = {
            "status": 0, "status_message": "ok", "id": "pa:1", "name": "Вікно ДМС", "uri": self.uri,
            "webhook": "https://vikno.example/hooks/viber/main", "subscribers_count": 900,
            "event_types": ["delivered", "seen", "failed", "subscribed", "unsubscribed", "conversation_started"],
        }  # fmt: skip
        return HttpAnswer(200, {}, json.dumps(said).encode())

    async def fine(self, _: Any) -> HttpAnswer:
        return HttpAnswer(400)


async def mail_answers(_: Any) -> SmtpAnswer:
    """A mail server that greets."""
    return SmtpAnswer(220, "mail.dms.example", "connect")


@dataclass
class Around:
    """The parts, for tests to look into."""

    app: ASGIApp
    store: SqliteStore
    vault: LocalVault
    links: Links
    desk: Desk
    watch: Watch
    official: Official
    platforms: Platforms
    clock: Callable[[], int]
    public: str

    async def stage(self, stage: str, at_ms: int, number: str = NUMBER, event: str = "") -> str:
        """A report, as an authority's system brings it."""
        given = StageGiven(DMS, number, event or f"{number}/{stage}/{at_ms}", stage, at_ms)
        [verdict] = await record_stages(self.store, self.desk, [given], self.clock)
        return verdict

    def follower(self, address: str = "424242", lang: str = "uk") -> Follower:
        return Follower(self.vault.name("telegram/main", address), "telegram/main", lang)


@cache
def packs() -> tuple[dict[str, Any], dict[str, Any], dict[str, Process]]:
    """The countries of the project: themselves, their services, the processes."""
    countries: dict[str, Any] = {}
    services: dict[str, Any] = {}
    processes: dict[str, Process] = {}
    for code in ("ua", "example"):
        pack = load_country(ROOT / "countries" / code)
        countries[code] = pack.country
        services.update({key: service for key, service in pack.services.items() if service})
        processes.update(pack.processes)
    return countries, services, processes


@asynccontextmanager
async def around(
    folder: Path,
    *,
    public: str = "https://vikno.example",
    clock: Callable[[], int] = now_ms,
) -> AsyncIterator[Around]:
    """The whole portal with the pages around the bot, in this process."""
    countries, services, processes = packs()
    worlds = Worlds(countries, services, clock)
    statics = ROOT / "src/vikno/portal"
    words = portal_words()
    site = Site(worlds.now, words, Pages([statics / "templates"], Assets(statics / "static")))
    store = SqliteStore(f"sqlite:///{folder}/around.db", clock)
    vault = LocalVault(bytes(range(32)))
    links = Links(vault, public)
    desk = make_desk(countries, processes, vault, links)
    platforms = Platforms()
    watch = Watch(
        [
            Line(Telegram(token="1:" + "A" * 35, secret="x" * 30, username="vikno_dms_bot"), platforms.telegram),
            Line(Viber(token="v" * 50, name="Вікно ДМС", uri="viknodms"), platforms.viber),
            Line(Sms(number="+380441234567", gateway="http://u:p@sms.example/cgi-bin/sendsms"), platforms.fine),
            Line(Email(sender="Вікно ДМС <vikno@dms.example>", key=bytes(32)), mail_answers),
        ],
        clock,
    )
    official = Official(site, watch, store, vault, desk, clock, vault.key_for("official channels"), public)
    entries = Entries(site, watch, store, vault, desk.words, public)
    inbox = Inbox(site, store, store, vault, links, desk.words.processes.get, clock)

    async def record(given: Sequence[StageGiven]) -> Sequence[Verdict]:
        return await record_stages(store, desk, given, clock)

    office = Office(
        site, store, vault, desk, watch, clock, partial(whose, store, vault), record, lambda: {"telegram/main": 3}
    )
    streams = Streams(store)

    @asynccontextmanager
    async def life(_: Any) -> AsyncIterator[None]:
        yield

    chat = Chat(store, worlds.now, lambda language: words.get(language or "uk", words["uk"]), streams)
    carried = Carried(site, links, store, store, clock)
    steps = [Route("/s/{token}", carried.page), Route("/s/{token}", carried.open, methods=["POST"])]
    routes = [*steps, *entries.routes, *inbox.routes, *office.routes, *official.routes]
    app = portal(site, chat, Printer(statics / "static" / "print"), life, routes=routes)
    try:
        yield Around(app, store, vault, links, desk, watch, official, platforms, clock, public)
    finally:
        await store.close()


async def seed(here: Around) -> dict[str, str]:
    """A story: a key, four cases, one followed through three stages, one overdue, letters that failed."""
    now_ms, store, vault = here.clock(), here.store, here.vault
    key = await add_key(store, vault, DMS, "Паспортний стіл №1", SECRET, now_ms)
    numbers = [NUMBER, "UA-2026-0004418", "UA-2026-0004419", "UA-2026-0004420"]
    service = "ua/id-card"
    opened = now_ms - 30 * 24 * HOUR_MS
    await store.put(
        [
            CaseGiven(DMS, number, service, code_digest(vault, DMS, number, CODE), "Подільський відділ", opened)
            for number in numbers
        ],
        now_ms,
    )
    followed = await store.case(DMS, NUMBER)
    assert followed
    who = here.follower()
    await store.meet(who.conversation, who.account, vault.seal("424242"), "uk", now_ms)
    await store.follow(followed.id, who, now_ms)
    for at, stage in enumerate(("accepted", "approved", "at_printer")):
        await here.stage(stage, opened + (at + 1) * 24 * HOUR_MS)
    await here.stage("accepted", opened + 2 * 24 * HOUR_MS, event="late one")
    second = await store.case(DMS, numbers[1])
    assert second
    await store.follow(second.id, who, now_ms)
    await here.stage("accepted", opened, numbers[1])
    await here.stage("shipped", opened + 24 * HOUR_MS, numbers[2])
    leased = await store.lease("telegram/main", "notice", 10, now_ms + 24 * HOUR_MS)
    await store.settle([Settled(one.id, Unknown("timeout")) for one in leased], now_ms)
    lost = Outbound("ID-картка, справа …4420\n\nДокументи прийнято, дані перевіряють.", "uk", purpose="notice")
    third = await store.case(DMS, numbers[3])
    assert third
    made = NoticeMade(
        who.conversation, "telegram/main", encode_outbound(lost), f"case/{third.id}", now_ms, now_ms + HOUR_MS
    )
    await store.queue([made], now_ms)
    await store.put_aside("viber/main", "update_unreadable", vault.seal('{"event": "message", "sender": 5}'), now_ms)
    await here.watch.check()
    return {
        "key": key,
        "receipt": case_token(vault, followed.id),
        "inbox": here.links.inbox(who.conversation, now_ms).rpartition("/")[2],
        "stop": here.links.stop(who.conversation, followed.id).rpartition("/")[2],
        "code": here.desk.code(followed.id, "at_printer"),
        "case": str(followed.id),
    }


def person(here: Around, lang: str = "uk") -> httpx.AsyncClient:
    """Somebody with a plain browser, who follows redirects and keeps cookies."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=cast(Any, here.app)),
        base_url=here.public,
        follow_redirects=True,
        headers={"accept-language": lang},
    )


async def main(port: int, folder: Path) -> None:
    """Serve, and write what was seeded to `seeded.json` in the folder."""
    public = f"http://127.0.0.1:{port}"
    async with around(folder, public=public) as here:
        (folder / "seeded.json").write_text(json.dumps(await seed(here)), "utf-8")
        await server(here.app, "127.0.0.1", port).serve()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
