"""The page /demo/senders: buttons, figures, every passenger and why. Beside the phones, and guarded as they are."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from vikno.bootstrap.dispatching import Lands
from vikno.bootstrap.web import Web
from vikno.domain.dialog.phrases import Phrases
from vikno.packs.phrases import read_languages
from vikno.packs.places import country_folders
from vikno.packs.senders import HOME, read_sender
from vikno.testing.phones import Phones
from vikno.testing.phones.app import HEADERS, said_by, spoken
from vikno.testing.phones.senders.clock import DemoClock
from vikno.testing.phones.senders.figures import figures
from vikno.testing.phones.senders.flight import Flight, StoryLacks, Told
from vikno.testing.phones.senders.market import Market
from vikno.testing.phones.senders.rules import said_day
from vikno.testing.phones.senders.told import Teller
from vikno.usecases.explain_notification import explain
from vikno.usecases.put_senders import Sender

FILES = files("vikno.testing.phones.senders")
PARTS = {"senders.js": "text/javascript", "senders.css": "text/css"}
LAND, AIRLINE, SHOP = "example", "skyfen", "kolo-market"


class Done(msgspec.Struct):
    """A button: tell, midnight or morning."""

    do: str = ""


@dataclass(frozen=True)
class Play:
    """What is read when somebody first looks, and not when the demo starts."""

    lands: Lands
    flight: Flight
    market: Market
    currency: str


@dataclass
class Senders:
    """The page. `countries`: as the demo was told."""

    phones: Phones
    web: Web
    clock: DemoClock
    countries: tuple[str | Path, ...] = ()
    _play: Play | None = None
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/demo/senders", self.page),
            Route("/demo/senders/state", self.state),
            Route("/demo/senders/why", self.why),
            Route("/demo/senders/market", self.market),
            Route("/demo/senders/do", self.do, methods=["POST"]),
            Route("/demo/senders/{name}", self.part),
        ]

    async def page(self, request: Request) -> Response:
        return _file(f"{spoken(request)}.html", "text/html")

    async def part(self, request: Request) -> Response:
        name = request.path_params["name"]
        return _file(name, PARTS[name]) if name in PARTS else RedirectResponse("/demo/senders")

    async def state(self, request: Request) -> Response:
        """All that moves on the page, in its language."""
        play = await self._read()
        told = await play.flight.told()
        return JSONResponse(await self._shown(play, told, spoken(request)), headers=HEADERS)

    async def do(self, request: Request) -> Response:
        """A button was pressed."""
        play, done = await self._read(), (await said_by(request, Done)).do
        match done:
            case "tell":
                await play.flight.tell()
            case "midnight":
                play.flight.midnight()
            case "morning":
                play.flight.morning()
            case _:
                return JSONResponse({"error": "do"}, 400, headers=HEADERS)
        return await self.state(request)

    async def why(self, request: Request) -> Response:
        """What decided about one passenger, step by step."""
        play, written = await self._read(), request.query_params.get("n", "")
        number = int(written) if written.isascii() and written.isdigit() and len(written) < 5 else -1
        told = next((one for one in await play.flight.told() if one.who.number == number), None)
        if told is None:
            return JSONResponse({"error": "n"}, 404, headers=HEADERS)
        lang = spoken(request)
        about = await explain(self.web.dispatch, told.found.notification.id, lang)
        steps = self._teller(play, lang).trace(about)
        return JSONResponse({"to": about.recipient, "id": about.id, "steps": steps}, headers=HEADERS)

    async def market(self, request: Request) -> Response:
        """What the marketplace may answer, on each day."""
        play = await self._read()
        found = await asyncio.to_thread(play.market.answers, phrases()[spoken(request)])
        return JSONResponse(found, headers=HEADERS)

    async def _read(self) -> Play:
        async with self._reading:
            if self._play is None:
                lands = await asyncio.to_thread(Lands.read, self.countries)
                home = next(iter(self.web.intake.desk.words.countries))
                airline, shop = _senders(self.countries, (AIRLINE, SHOP))
                airline = replace(airline, given=replace(airline.given, country=LAND))  # whose law the story is about
                zone = ZoneInfo(lands.countries[LAND].time_zone)
                flight = Flight(self.phones, self.web.dispatch, self.clock, airline, zone, self.web.bot.settled)
                currency = lands.deliveries[home].prices.currency
                self._play = Play(lands, flight, Market(lands, shop, home), currency)
            return self._play

    def _teller(self, play: Play, lang: str) -> Teller:
        policy = self.web.dispatch.judge.policy
        return Teller(phrases()[lang], play.flight.zone, play.currency, policy, play.lands.countries)

    async def _shown(self, play: Play, told: list[Told], lang: str) -> dict[str, Any]:
        flight, teller = play.flight, self._teller(play, lang)
        ended, banned = all(one.ended for one in told), flight.now >= flight.banned_from
        return {
            "day": said_day(flight.now.date(), lang),
            "time": f"{flight.now:%H:%M:%S}",
            "banned": banned,
            "ban": teller.rule(flight.ban.id),
            "can": {
                "tell": ended,
                "midnight": bool(told) and not banned,
                "morning": bool(told) and ended and banned and not flight.is_morning,
            },
            "told": bool(told),
            "ended": bool(told) and ended,
            "figures": figures(told, teller),
            "people": [teller.line(one) for one in told],
            "phones": await self._phones(),
        }

    async def _phones(self) -> list[dict[str, str]]:
        """The last message on each phone of the demo."""
        screens = await self.phones.ask(self.phones.screens())
        said = {kind: [line for line in seen["lines"] if line["by"] == "bot"] for kind, seen in screens.items()}
        return [
            {"kind": kind, "name": seen["name"], "text": said[kind][-1]["text"] if said[kind] else ""}
            for kind, seen in screens.items()
        ]


def _senders(countries: Iterable[str | Path], slugs: Iterable[str]) -> list[Sender]:
    """Of the example country, as their folders say; what is wrong in them is told by `vikno senders check`."""
    home = country_folders(countries)[LAND] / HOME
    today = datetime.now(UTC).date()
    found = (read_sender(home / slug, LAND, lambda _: None, today) for slug in slugs)
    senders = [one for one in found if one is not None and one.templates]
    if len(senders) < len(tuple(slugs)):
        raise StoryLacks(LAND)
    return senders


@cache
def phrases() -> Mapping[str, Phrases]:
    """What the page says of what happened, by language."""
    return read_languages(FILES / "texts")


def _file(name: str, kind: str) -> Response:
    return Response(FILES.joinpath(name).read_bytes(), media_type=f"{kind}; charset=utf-8", headers=HEADERS)
