"""The web server put together: which store, which countries, which pages."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from vikno.bootstrap.worlds import Worlds, load_worlds, now_ms, prepare
from vikno.domain.dialog.phrases import Phrases
from vikno.packs.phrases import read_phrases
from vikno.portal.app import portal
from vikno.portal.chat import Chat
from vikno.portal.paper import Printer
from vikno.portal.server import server
from vikno.portal.site import Site
from vikno.portal.streams import Streams
from vikno.stores.sqlite import SqliteStore
from vikno.ui.assets import Assets
from vikno.ui.frame import Pages
from vikno.usecases.ports import StoreClosed, Upkeep

log = logging.getLogger("vikno.bootstrap")

PORTAL = files("vikno") / "portal"
STORE = "sqlite:///vikno.db"
FALLBACK = "en"
DAY_MS = 86_400_000
KEEP_DAYS = 30
"""So long after the last turn a conversation is kept: its answers, what was said, and which events were answered."""
FIRST_PRUNE_S = 60
"""After the start, when the first people have been served."""
PRUNE_EVERY_S = 3600
PRUNE_PAUSE_S = 0.1
"""Between two batches, so that turns go first."""


@dataclass(frozen=True)
class Web:
    """The application, and what a server does before it stops: end the streams that would keep it waiting."""

    app: ASGIApp
    stopping: Callable[[], None]


def make_web(*, countries: Iterable[str | Path] = (), store: str = STORE) -> Web:
    """The portal over SQLite. The store opens and closes with the server.

    Raises:
        NothingToServe, AssetsMissing, and what opening the store raises.
    """
    folder = Path(str(PORTAL))
    worlds = load_worlds(countries)
    words = portal_words()
    kept = SqliteStore(store, now_ms)
    streams = Streams(kept)
    site = Site(worlds.now, words, Pages([folder / "templates"], Assets(folder / "static")))
    printer = Printer(folder / "static" / "print")

    def words_of(language: str | None) -> Phrases:
        return words.get(language or "") or words.get(worlds.now().language) or words[FALLBACK]

    @contextlib.asynccontextmanager
    async def life(_: Any) -> AsyncIterator[None]:
        chores = [asyncio.create_task(_prepare(worlds)), asyncio.create_task(_prune(kept))]
        try:
            yield
        finally:
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)
            await kept.close()

    return Web(portal(site, Chat(kept, worlds.now, words_of, streams), printer, life), streams.close)


def portal_words() -> dict[str, Phrases]:
    """The words of the pages, by language."""
    found = sorted((PORTAL / "texts").iterdir(), key=lambda file: file.name)
    return {file.name[:-3]: read_phrases(file) for file in found if file.name.endswith(".po")}


def serve(
    host: str = "127.0.0.1", port: int = 8080, *, countries: Iterable[str | Path] = (), store: str = STORE
) -> None:
    """Serve the portal until the process is told to stop. What raises is what `make_web` raises."""
    web = make_web(countries=countries, store=store)
    server(web.app, host, port, stopping=web.stopping).run()


async def _prepare(worlds: Worlds) -> None:
    await asyncio.to_thread(prepare, worlds)
    gc.collect()
    gc.freeze()  # what stands now stands until the end: the collector need not look at it again


async def _prune(kept: Upkeep) -> None:
    """Forget in time, a little at once, so that turns need not wait for it."""
    await asyncio.sleep(FIRST_PRUNE_S)
    while True:
        try:
            while await kept.prune(now_ms() - KEEP_DAYS * DAY_MS):  # noqa: ASYNC110 - no wait: turns go first
                await asyncio.sleep(PRUNE_PAUSE_S)
        except StoreClosed:
            return
        except Exception as error:  # noqa: BLE001 - a chore that failed is tried again in an hour
            log.warning("prune_failed", extra={"error": type(error).__name__})
        await asyncio.sleep(PRUNE_EVERY_S)
