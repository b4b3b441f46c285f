"""The web server put together: which store, which countries, which pages, which accounts of the bot."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from email.utils import parseaddr
from functools import cached_property, partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from starlette.routing import Route
from starlette.types import ASGIApp

from vikno.api.app import Api
from vikno.api.campaigns.app import brings_audience
from vikno.api.keys import whose
from vikno.api.notify.app import Notify
from vikno.bootstrap.accounts import accounts_of, inbox_of
from vikno.bootstrap.bot import Account, Bot
from vikno.bootstrap.campaigning import Campaigning
from vikno.bootstrap.chores import at_work, keep_watch, look_after, show, tell, tell_ends
from vikno.bootstrap.dispatching import Lands, contract_prices, keep_routing, make_dispatch, releasing
from vikno.bootstrap.headfile import HeadFile
from vikno.bootstrap.intake import Intake, authorities, make_desk, others_of, stages_of
from vikno.bootstrap.keeping import keep_in_time, read_terms
from vikno.bootstrap.messaging import make_door
from vikno.bootstrap.overseeing import overseen, reviewing, sources_of
from vikno.bootstrap.persons import offer, persons, telling, wishing
from vikno.bootstrap.settings import Settings, list_key, open_vault, read_drafts
from vikno.bootstrap.worlds import Worlds, load_worlds, now_ms, prepare
from vikno.channels.inbox import Inbox as InboxChannel
from vikno.channels.sms.outbound import parts as sms_parts
from vikno.domain.dialog.messages import Message
from vikno.domain.dialog.phrases import Phrases
from vikno.domain.dialog.state import State
from vikno.domain.dialog.world import FALLBACK
from vikno.packs.phrases import read_languages
from vikno.portal.app import portal
from vikno.portal.carried import Carried
from vikno.portal.chat import Chat
from vikno.portal.entry import Entries
from vikno.portal.inbox import Inbox
from vikno.portal.office import Office
from vikno.portal.office_campaigns import OfficeCampaigns
from vikno.portal.office_messages import OfficeMessages
from vikno.portal.official import Official
from vikno.portal.paper import Printer
from vikno.portal.push import Push
from vikno.portal.server import Quick, server
from vikno.portal.site import Site
from vikno.portal.streams import Streams
from vikno.portal.uploads import Uploads
from vikno.stores.sqlite import SqliteStore
from vikno.stores.sqlite.file import Location
from vikno.ui.assets import Assets
from vikno.ui.frame import Pages
from vikno.usecases.answer_wants import Wants
from vikno.usecases.channel import Outbound
from vikno.usecases.check_channels import Line, Watch
from vikno.usecases.dispatch import Dispatch
from vikno.usecases.explain_notification import Sources
from vikno.usecases.ports import Clock
from vikno.usecases.receive_message import Desk
from vikno.usecases.record_stage import Desk as StageDesk
from vikno.usecases.record_stage import record_stages
from vikno.usecases.records import ApiKey, StageGiven, Verdict
from vikno.usecases.sign_links import Links
from vikno.usecases.tell_notify import ANSWER_S, NotifyTeller
from vikno.usecases.tell_of_address import Telling
from vikno.usecases.tell_subscribers import Teller
from vikno.wire.guarded import GuardedPost

log = logging.getLogger("vikno.bootstrap")

PORTAL = files("vikno") / "portal"
STORE = "sqlite:///vikno.db"


@dataclass(frozen=True)
class Web:
    """The application, and what a server does before it stops: end the streams that would keep it waiting."""

    app: ASGIApp
    stopping: Callable[[], None]
    quick: Mapping[bytes, Quick]
    uploads: Uploads
    bot: Bot
    intake: Intake
    dispatch: Dispatch


def make_web(
    *,
    countries: Iterable[str | Path] = (),
    store: str = STORE,
    settings: Settings | None = None,
    here: str = "http://127.0.0.1:8080",
    mounts: Mapping[str, ASGIApp] | None = None,
    clock: Clock = now_ms,
) -> Web:
    """The portal, the API and the bot over SQLite. The store opens and closes with the server.

    `here`: where people reach it, if the settings do not say. `mounts`: more applications beside them. `clock`: for
    whoever rehearses a day that has not come.

    Raises:
        NothingToServe, AssetsMissing, SettingWrong, KeyWrong, and what opening the store raises.
    """
    return _Building(tuple(countries), store, settings or Settings(), here, clock).web(mounts or {})


class _Building:
    """A server while it is put together. Each part is made once, when the first other one needs it."""

    def __init__(
        self, countries: tuple[str | Path, ...], store: str, settings: Settings, here: str, clock: Clock
    ) -> None:
        self.settings, self.clock = settings, clock
        self.terms = read_terms(settings)
        self.worlds = load_worlds(countries, clock)
        self.lands, self.home = Lands.read(countries), next(iter(self.worlds.now().countries))
        self.words = portal_words()
        self.folder = Path(str(PORTAL))
        self.site = Site(
            self.worlds.now, self.words, Pages([self.folder / "templates"], Assets(self.folder / "static"))
        )
        self.public = settings.public_url or here
        self.kept = SqliteStore(store, clock)
        self.vault = open_vault(settings, store)
        self.links = Links(self.vault, self.public)
        self.said = HeadFile(Location.of(store).path.with_suffix(".head"))
        self.streams = Streams(self.kept)
        self.due, self.woken = asyncio.Event(), asyncio.Event()
        self.signs = list_key(settings, self.vault)

    # ---- who is written to, and by which way ----

    @cached_property
    def platforms(self) -> Sequence[Account]:
        return accounts_of(self.settings, self.vault)

    @cached_property
    def inbox(self) -> tuple[InboxChannel, Account]:
        """The browsers of people, as a channel."""
        return inbox_of(self.settings, self.vault, self.public, lambda language: self.words_of(language).say("name"))

    @cached_property
    def accounts(self) -> Sequence[Account]:
        return [*self.platforms, self.inbox[1]]

    @cached_property
    def stages(self) -> StageDesk:
        worlds = self.worlds
        return make_desk(worlds.now().countries, worlds.processes, self.vault, self.links, self.clock)

    @cached_property
    def dispatch(self) -> Dispatch:
        """What organisations have to tell."""
        return make_dispatch(
            self.lands,
            self.kept,
            self.vault,
            self.clock,
            {account.name: account.channel.capabilities for account in self.accounts},
            home=self.home,
            links=self.links,
            what_if=read_drafts(self.settings),
            nudge=self.nudge,
        )

    @cached_property
    def telling(self) -> Telling:
        """Who tells of an address that was added."""
        return telling(self.kept, self.vault, self.links, self.clock, self.post)

    @cached_property
    def wants(self) -> Wants:
        """What conversations want to know."""
        return Wants(
            self.kept,
            self.kept,
            self.vault,
            self.stages.words,
            self.links,
            _authorities(self.worlds),
            self.clock,
            self.gone,
            wishing(self.kept, self.vault, self.clock, self.telling),
        )

    @cached_property
    def bot(self) -> Bot:
        kept, vault, wants = self.kept, self.vault, self.wants
        desk = Desk(
            kept,
            kept,
            vault,
            self.worlds.now,
            self.clock,
            entries=_entries(self.worlds),
            link=_links(self.links, self.clock),
            find_out=wants.find_out,
            open_case=wants.open_case,
        )
        release = releasing(self.dispatch, kept)
        return Bot(self.accounts, desk, kept, kept, vault, self.settings.public_url, release)

    @cached_property
    def watch(self) -> Watch:
        return Watch([Line(account.channel, account.transport.carry) for account in self.platforms], self.clock)

    def words_of(self, language: str | None) -> Phrases:
        words = self.words
        return words.get(language or "") or words.get(self.worlds.now().language) or words[FALLBACK]

    def gone(self, conversation: str) -> None:
        """Its person was erased."""
        self.bot.forget(conversation)

    def left(self, conversation: str) -> None:
        """A browser wants nothing any more."""
        self.bot.desk.gone(conversation)
        self.bot.senders[self.inbox[1].name].left(conversation)

    def post(self, account: str, conversation: str, address: str, said: Outbound) -> bool:
        """Let a message go at once that nothing is kept of; whether there is such an account."""
        return offer(self.bot.senders, account, conversation, address, said)

    def nudge(self) -> None:
        """Something was queued."""
        for sender in self.bot.senders.values():
            sender.nudge()
        self.woken.set()
        self.due.set()

    async def record(self, given: Iterable[StageGiven]) -> tuple[Verdict, ...]:
        """Put on record what authorities report."""
        verdicts = await record_stages(self.kept, self.stages, tuple(given), self.clock)
        self.nudge()
        return verdicts

    # ---- what is served ----

    @cached_property
    def chat(self) -> Chat:
        find_out, erase = self.wants.find_out, self.kept.erase
        return Chat(self.kept, self.worlds.now, self.words_of, self.streams, find_out, erase)

    @property
    def sources(self) -> Sources:
        """Where rules about messages come from."""
        return sources_of(self.lands.countries)

    @cached_property
    def api(self) -> Api:
        """For the systems of authorities and organisations."""
        every = stages_of(self.worlds.processes)
        door = make_door(self.kept, self.dispatch, self.lands, self.home, self.settings, self.sources)
        door = replace(door, campaigns=self.campaigning.door(door.room))
        others = partial(_others, self.worlds)
        return Api(
            self.kept, self.vault, self.record, lambda: every, self.public, self.clock, others=others, messages=door
        )

    @cached_property
    def campaigning(self) -> Campaigning:
        """Who runs campaigns."""
        return Campaigning(self.dispatch, self.kept)

    @property
    def currency(self) -> str:
        """In which prices are told."""
        return contract_prices(self.lands.deliveries, self.home).currency

    @cached_property
    def notify(self) -> Notify:
        """The same for clients of GOV.UK Notify."""
        mailbox = parseaddr(self.settings.get("VIKNO_MAIL_FROM") or "")[1] or None
        return Notify(self.dispatch, self.public, sms_parts, currency=self.currency, mailbox=mailbox)

    @cached_property
    def push(self) -> Push:
        kept = self.kept
        return Push(self.site, kept, kept, self.vault, self.links, self.inbox[0], self.clock, self.telling, self.left)

    @property
    def routes(self) -> list[Route]:
        """The pages around the bot."""
        site, kept, vault, links, clock = self.site, self.kept, self.vault, self.links, self.clock

        async def key(written: str) -> ApiKey | None:
            return await whose(kept, vault, written)

        carried = Carried(site, links, kept, kept, clock)
        office = Office(site, kept, vault, self.stages, self.watch, clock, key, self.record, self.bot.refused)
        official = Official(site, self.watch, kept, vault, self.stages, clock, self.signs, self.public)
        letters, of_persons = persons(
            site, kept, vault, links, self.dispatch, self.watch,
            telling=self.telling, public=self.public, sign=official.sign, said=self.said,
        )  # fmt: skip
        return [
            *self.push.routes,
            *of_persons,
            *overseen(kept, self.dispatch, lambda: self.bot.senders, self.settings),
            *Entries(site, self.watch, kept, vault, self.stages.words, self.public).routes,
            *Inbox(
                site, kept, kept, vault, links, self.worlds.processes.get, clock, self.gone, self.push, letters
            ).routes,
            *office.routes,
            *reviewing(office, self.dispatch, kept, self.sources),
            *OfficeMessages(office, self.dispatch, self.currency, self.sources).routes,
            *OfficeCampaigns(office, self.campaigning.runner, self.currency).routes,
            *official.routes,
            Route("/s/{token}", carried.page),
            Route("/s/{token}", carried.open, methods=["POST"]),
        ]

    # ---- for as long as the server runs ----

    def chores(self) -> list[Coroutine[Any, Any, None]]:
        """What runs beside the pages."""
        kept, clock = self.kept, self.clock
        private = self.settings.get("VIKNO_WEBHOOKS_PRIVATE") == "1"
        return [
            keep_in_time(kept, self.terms, clock),
            look_after(kept, self.stages, self.bot, clock),
            keep_watch(self.watch, self.bot),
            tell(Teller(kept, self.vault, GuardedPost(private=private), clock)),
            tell_ends(NotifyTeller(self.dispatch, kept, GuardedPost(private=private, answer_s=ANSWER_S))),
            show(kept, self.streams, self.due, clock, releasing(self.dispatch, kept)),
            keep_routing(self.dispatch, self.woken),
            self.campaigning.run(),
        ]

    @contextlib.asynccontextmanager
    async def life(self, _: Any) -> AsyncIterator[None]:
        """From the first request to the last."""
        self.notify.prepare()
        _prepare(self.worlds)  # or the first turns would read dictionaries, and nobody be answered meanwhile
        await self.bot.start()
        try:
            async with at_work(self.chores()):
                yield
        finally:
            await self.bot.stop()
            await self.kept.close()

    def web(self, mounts: Mapping[str, ASGIApp]) -> Web:
        """All of it."""
        printer = Printer(self.folder / "static" / "print")
        mounted: dict[str, ASGIApp] = {"/hooks/": self.bot, "/api/": self.api}
        mounted |= {"/v2/": self.notify, "/service/": self.notify}
        app = portal(self.site, self.chat, printer, self.life, routes=self.routes, mounts={**mounted, **mounts})
        app = self.notify.before(app)
        intake = Intake(self.kept, self.vault, self.stages, stages_of(self.worlds.processes), self.record, self.clock)
        quick = {b"/chat/turns": self.chat.turn, **self.bot.quick, **self.notify.quick}
        return Web(app, self.streams.close, quick, brings_audience, self.bot, intake, self.dispatch)


def _authorities(worlds: Worlds) -> list[str]:
    """Whose cases can be followed."""
    return [name for country in worlds.now().countries.values() for name in authorities(country)]


def _others(worlds: Worlds, authority: str) -> Mapping[str, str]:
    """The services that this authority has no cases of."""
    world = worlds.now()
    country = world.countries.get(authority.partition("/")[0])
    return others_of(country, world.services.values(), authority) if country else {}


def _entries(worlds: Worlds) -> dict[str, tuple[str, ...]]:
    """Where a poster leads: to its services, or to all of them."""
    return {
        slug: entry.services for country in worlds.now().countries.values() for slug, entry in country.entries.items()
    }


def _links(links: Links, clock: Clock) -> Callable[[str, Message, State], str | None]:
    """A checklist, and a list to choose from, can also be seen on the web."""

    def link(conversation: str, message: Message, state: State) -> str | None:
        if message.checklist is None and message.input not in ("list", "country"):
            return None
        return links.step(conversation, state, clock())

    return link


def portal_words() -> dict[str, Phrases]:
    """The words of the pages, by language."""
    return read_languages(PORTAL / "texts")


def serve(
    host: str = "127.0.0.1",
    port: int = 8080,
    *,
    countries: Iterable[str | Path] = (),
    store: str = STORE,
    settings: Settings | None = None,
    opened: Callable[[], None] = lambda: None,
) -> None:
    """Serve the portal until the process is told to stop; `opened` is called when nothing stands in the way any more.

    Raises what `make_web` raises.
    """
    shown = f"[{host}]" if ":" in host else host
    web = make_web(countries=countries, store=store, settings=settings, here=f"http://{shown}:{port}")
    opened()
    server(web.app, host, port, web.stopping, web.quick, web.uploads).run()


def _prepare(worlds: Worlds) -> None:
    prepare(worlds)
    gc.collect()
    gc.freeze()  # what stands now stands until the end: the collector need not look at it again
