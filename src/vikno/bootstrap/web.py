"""The web server put together: which store, which countries, which pages, which accounts of the bot."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from starlette.routing import Route
from starlette.types import ASGIApp

from vikno.api.app import Api
from vikno.api.keys import whose
from vikno.bootstrap.accounts import accounts_of, inbox_of
from vikno.bootstrap.bot import Bot
from vikno.bootstrap.dispatching import Lands, keep_routing, make_dispatch, releasing
from vikno.bootstrap.intake import Intake, authorities, make_desk, others_of, stages_of
from vikno.bootstrap.keeping import PRUNE_PAUSE_S, keep_in_time, read_terms
from vikno.bootstrap.messaging import make_door
from vikno.bootstrap.settings import Settings, list_key, open_vault, read_drafts
from vikno.bootstrap.worlds import Worlds, load_worlds, now_ms, prepare
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
from vikno.portal.official import Official
from vikno.portal.paper import Printer
from vikno.portal.push import Push
from vikno.portal.server import Quick, server
from vikno.portal.site import Site
from vikno.portal.streams import Streams
from vikno.stores.sqlite import SqliteStore
from vikno.ui.assets import Assets
from vikno.ui.frame import Pages
from vikno.usecases.answer_wants import Wants
from vikno.usecases.bring_cases import Record
from vikno.usecases.check_channels import Line, Watch
from vikno.usecases.dispatch import Dispatch
from vikno.usecases.ports import Clock, StoreClosed
from vikno.usecases.receive_message import Desk
from vikno.usecases.record_stage import Desk as StageDesk
from vikno.usecases.record_stage import came_due, record_stages
from vikno.usecases.records import ApiKey, StageGiven, Verdict
from vikno.usecases.show_notices import show_notices, take_up
from vikno.usecases.sign_links import Links
from vikno.usecases.tell_subscribers import AT_ONCE, MOST_BATCHES, Teller, tell_subscribers
from vikno.wire.guarded import GuardedPost
from vikno.wire.vault import LocalVault

log = logging.getLogger("vikno.bootstrap")

PORTAL = files("vikno") / "portal"
STORE = "sqlite:///vikno.db"
TIMERS_EVERY_S = 30
TELL_EVERY_S = 5


@dataclass(frozen=True)
class Web:
    """The application, and what a server does before it stops: end the streams that would keep it waiting."""

    app: ASGIApp
    stopping: Callable[[], None]
    quick: Mapping[bytes, Quick]
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
    settings = settings or Settings()
    terms = read_terms(settings)
    folder = Path(str(PORTAL))
    worlds = load_worlds(countries, clock)
    words = portal_words()
    kept = SqliteStore(store, clock)
    vault = open_vault(settings, store)
    public = settings.public_url or here
    links = Links(vault, public)
    stages = make_desk(worlds.now().countries, worlds.processes, vault, links, clock)

    def gone(conversation: str) -> None:
        bot.forget(conversation)

    def left(conversation: str) -> None:
        bot.desk.gone(conversation)
        bot.senders[browsers.name].left(conversation)

    wants = Wants(kept, kept, vault, stages.words, links, _authorities(worlds), clock, gone)
    streams, due = Streams(kept), asyncio.Event()
    site = Site(worlds.now, words, Pages([folder / "templates"], Assets(folder / "static")))
    printer = Printer(folder / "static" / "print")

    def words_of(language: str | None) -> Phrases:
        return words.get(language or "") or words.get(worlds.now().language) or words[FALLBACK]

    platforms = accounts_of(settings, vault)
    inbox, browsers = inbox_of(settings, vault, public, lambda language: words_of(language).say("name"))
    accounts, woken = [*platforms, browsers], asyncio.Event()

    def nudge() -> None:
        for sender in bot.senders.values():
            sender.nudge()
        woken.set()

    lands, home = Lands.read(countries), next(iter(worlds.now().countries))
    dispatch = make_dispatch(
        lands,
        kept,
        vault,
        clock,
        {account.name: account.channel.capabilities for account in accounts},
        home=home,
        links=links,
        what_if=read_drafts(settings),
        nudge=nudge,
    )
    bot = Bot(
        accounts,
        Desk(
            kept,
            kept,
            vault,
            worlds.now,
            clock,
            entries=_entries(worlds),
            link=_links(links, clock),
            find_out=wants.find_out,
            open_case=wants.open_case,
        ),
        kept,
        kept,
        vault,
        settings.public_url,
        releasing(dispatch, kept),
    )
    teller = Teller(kept, vault, GuardedPost(private=settings.get("VIKNO_WEBHOOKS_PRIVATE") == "1"), clock)
    watch = Watch([Line(account.channel, account.transport.carry) for account in platforms], clock)

    @contextlib.asynccontextmanager
    async def life(_: Any) -> AsyncIterator[None]:
        _prepare(worlds)  # or the first turns would read dictionaries, and nobody be answered meanwhile
        await bot.start()
        chores = [
            asyncio.create_task(chore)
            for chore in (
                keep_in_time(kept, terms, clock),
                _look_after(kept, stages, bot, clock),
                _watch(watch, bot),
                _tell(teller),
                _show(kept, streams, due, clock),
                keep_routing(dispatch, woken),
            )
        ]
        try:
            yield
        finally:
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)
            await bot.stop()
            await kept.close()

    async def record(given: Iterable[StageGiven]) -> tuple[Verdict, ...]:
        verdicts = await record_stages(kept, stages, tuple(given), clock)
        nudge()
        due.set()
        return verdicts

    chat = Chat(kept, worlds.now, words_of, streams, wants.find_out, kept.erase)
    every = stages_of(worlds.processes)
    door = make_door(kept, dispatch, lands, home, settings)
    api = Api(kept, vault, record, lambda: every, public, clock, others=partial(_others, worlds), messages=door)
    signs = list_key(settings, vault)
    push = Push(site, kept, kept, vault, links, inbox, clock, left)
    routes = [
        *push.routes,
        *_routes(site, kept, vault, links, worlds, stages, watch, public, signs, clock, gone, record, bot, push),
    ]
    app = portal(site, chat, printer, life, routes=routes, mounts={"/hooks/": bot, "/api/": api, **(mounts or {})})
    intake = Intake(kept, vault, stages, every, record, clock)
    return Web(app, streams.close, {b"/chat/turns": chat.turn, **bot.quick}, bot, intake, dispatch)


def _routes(  # noqa: PLR0913, PLR0917 - the parts that the pages around the bot are made of
    site: Site,
    kept: SqliteStore,
    vault: LocalVault,
    links: Links,
    worlds: Worlds,
    stages: StageDesk,
    watch: Watch,
    public: str,
    signs: bytes,
    clock: Clock,
    gone: Callable[[str], None],
    record: Record,
    bot: Bot,
    push: Push,
) -> list[Route]:
    """The pages around the bot."""

    async def key(written: str) -> ApiKey | None:
        return await whose(kept, vault, written)

    carried = Carried(site, links, kept, kept, clock)
    return [
        *Entries(site, watch, kept, vault, stages.words, public).routes,
        *Inbox(site, kept, kept, vault, links, worlds.processes.get, clock, gone, push).routes,
        *Office(site, kept, vault, stages, watch, clock, key, record, bot.refused).routes,
        *Official(site, watch, kept, vault, stages, clock, signs, public).routes,
        Route("/s/{token}", carried.page),
        Route("/s/{token}", carried.open, methods=["POST"]),
    ]


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
    server(web.app, host, port, web.stopping, web.quick).run()


def _prepare(worlds: Worlds) -> None:
    prepare(worlds)
    gc.collect()
    gc.freeze()  # what stands now stands until the end: the collector need not look at it again


async def _look_after(kept: SqliteStore, stages: StageDesk, bot: Bot, clock: Clock) -> None:
    """Timers of cases: they stand in the record, so that they outlive the process."""
    while True:
        await asyncio.sleep(TIMERS_EVERY_S)
        try:
            while await came_due(kept, stages, clock) == 200:  # noqa: ASYNC110 - turns go first
                await asyncio.sleep(PRUNE_PAUSE_S)
        except StoreClosed:
            return
        except Exception as error:  # noqa: BLE001 - looked at again in half a minute
            log.warning("timers_failed", extra={"error": type(error).__name__})
        for sender in bot.senders.values():
            sender.nudge()


async def _tell(teller: Teller) -> None:
    """Authorities' own systems hear what became of notices."""
    told = 0
    while True:
        await asyncio.sleep(0 if told >= MOST_BATCHES * AT_ONCE else TELL_EVERY_S)  # a backlog need not wait
        told = 0
        try:
            told = await tell_subscribers(teller)
        except StoreClosed:
            return
        except Exception as error:  # noqa: BLE001 - told again soon: nothing was taken that is not on record
            log.warning("subscribers_not_told", extra={"error": type(error).__name__})


async def _show(kept: SqliteStore, streams: Streams, due: asyncio.Event, clock: Clock) -> None:
    """Notices for people who follow on the web."""
    while True:
        try:
            await take_up(kept, clock)
            while await show_notices(kept, kept, streams.tell, clock):  # noqa: ASYNC110 - others go first
                await asyncio.sleep(0)
        except StoreClosed:
            return
        except Exception as error:  # noqa: BLE001 - looked at again soon
            log.warning("notices_not_shown", extra={"error": type(error).__name__})
        due.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(due.wait(), TIMERS_EVERY_S)


async def _watch(watch: Watch, bot: Bot) -> None:
    """Whether each account is what its papers say; names are learnt here, too."""
    await bot.settled()
    while True:
        await watch.check()
        await asyncio.sleep(watch.wait_s)
