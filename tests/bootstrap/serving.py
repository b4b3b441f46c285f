"""The whole server with Ukraine's services over a store of its own, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.commands import ROOT
from vikno.bootstrap.settings import Settings
from vikno.bootstrap.web import Web, make_web
from vikno.bootstrap.worlds import now_ms
from vikno.usecases.ports import Clock

PUBLIC = "https://vikno.example"
TOKEN = "1:" + "A" * 35


def made(folder: Path, public: str | None = PUBLIC, clock: Clock = now_ms, /, **given: str) -> Web:
    """With these settings, beside a key."""
    settings = Settings(public, {"VIKNO_KEY": "00" * 32, **given})
    store = f"sqlite:///{folder}/vikno.db"
    return make_web(countries=[ROOT / "countries/ua"], store=store, settings=settings, clock=clock)


@asynccontextmanager
async def serving(folder: Path, clock: Clock = now_ms, /, **given: str) -> AsyncIterator[Web]:
    """The same, whose store is closed at the end; nothing runs in it by itself."""
    web = made(folder, PUBLIC, clock, **given)
    try:
        yield web
    finally:
        await web.intake.book.close()


def calling(web: Web) -> httpx.AsyncClient:
    """Whoever calls it over HTTP."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(web.app), base_url=PUBLIC)


@asynccontextmanager
async def alive(web: Web) -> AsyncIterator[httpx.AsyncClient]:
    """The server between its start and its stop."""
    told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    said: asyncio.Queue[Any] = asyncio.Queue()

    async def run() -> None:
        await web.app({"type": "lifespan", "asgi": {"version": "3.0"}}, told.get, said.put)

    running = asyncio.create_task(run())
    await told.put({"type": "lifespan.startup"})
    assert (await said.get())["type"] == "lifespan.startup.complete"
    try:
        async with calling(web) as client:
            yield client
    finally:
        await told.put({"type": "lifespan.shutdown"})
        await running
