"""The demo's page: phones beside the office. A plain application below /demo/, on this machine only.

It shows a key of the office to whoever looks, so no other page may look or act through the person's browser (`ours`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
import segno
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from vikno.bootstrap.intake import Intake
from vikno.portal.site import wanted
from vikno.testing.phones import Phones
from vikno.testing.phones.counter import Counter
from vikno.usecases.follow_case import case_token, check_code, code_digest
from vikno.usecases.records import CaseGiven, CaseKept, StageGiven
from vikno.wire.body import whole_body

T = TypeVar("T")
HERE = files("vikno.testing.phones")
TEXTS = ("uk", "en")
MOST_BYTES = 64 * 1024
KINDS = {"phones.js": "text/javascript", "phones.css": "text/css"}
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


class Asked(msgspec.Struct):
    """What somebody does with a phone."""

    phone: str
    do: str
    said: str = ""
    message: int = 0


class Order(msgspec.Struct):
    """What somebody applies for at the counter."""

    service: str = ""


class Moved(msgspec.Struct):
    """The stage that the office gives a case."""

    number: str = ""
    stage: str = ""


@dataclass
class Ordered:
    """A document that was ordered at the office: its case, and what the receipt says."""

    case: CaseKept
    code: str
    token: str


@dataclass
class Demo:
    """The page, its phones, and an office with a case or two."""

    phones: Phones
    intake: Intake
    public: str
    counter: Counter
    key: str = ""
    """An API key of the authority, for the office page."""
    more: Sequence[Route] = ()
    """Other pages below /demo/."""
    ordered: list[Ordered] = field(default_factory=list)

    @property
    def app(self) -> ASGIApp:
        pages = Starlette(
            routes=[
                Route("/demo/", self.page),
                Route("/demo/state", self.state),
                Route("/demo/do", self.do, methods=["POST"]),
                Route("/demo/order", self.order, methods=["POST"]),
                Route("/demo/stage", self.stage, methods=["POST"]),
                *self.more,
                Route("/demo/{name}", self.part),
            ]
        )
        named = urlsplit(self.public).hostname or ""

        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or ours(Request(scope), named):
                await pages(scope, receive, send)
            else:
                refused = Response("The demo is for its own page on this machine.\n", 403, HEADERS)
                await refused(scope, receive, send)

        return guarded

    async def page(self, request: Request) -> Response:
        return self._file(f"{spoken(request)}.html", "text/html")

    async def part(self, request: Request) -> Response:
        name = request.path_params["name"]
        kind = KINDS.get(name)
        return self._file(name, kind) if kind else RedirectResponse("/demo/")

    def _file(self, name: str, kind: str) -> Response:
        return Response(HERE.joinpath(name).read_bytes(), media_type=f"{kind}; charset=utf-8", headers=HEADERS)

    async def state(self, request: Request) -> Response:
        """All that is on the page, in its language."""
        lang, processes, entry = spoken(request), self.intake.desk.words.processes, self.counter.entry
        screens = await self.phones.ask(self.phones.screens())
        for one in self.ordered:
            found = await self.intake.book.case_by_id(one.case.id)
            one.case = found or one.case
        return JSONResponse(
            {
                "phones": screens,
                "poster": {"token": entry, "url": f"{self.public}/q/{entry}", "qr": self._qr(entry)},
                "office": f"{self.public}/{lang}/office/",
                "key": self.key,
                "services": [{"key": key, "title": processes[key].title.text(lang)} for key in self.counter.services],
                "orders": [self._order(one, lang) for one in self.ordered],
            },
            headers=HEADERS,
        )

    def _qr(self, token: str) -> str:
        return segno.make(f"{self.public}/q/{token}", error="m").svg_data_uri(scale=3, border=2)

    def _order(self, one: Ordered, lang: str) -> dict[str, Any]:
        process = self.intake.desk.words.processes[one.case.service]
        stage = process.stages.get(one.case.stage)
        ahead = [process.first] if stage is None else list(process.following[stage.id])
        return {
            "title": process.title.text(lang),
            "number": one.case.number,
            "code": one.code,
            "token": one.token,
            "url": f"{self.public}/q/{one.token}",
            "qr": self._qr(one.token),
            "stage": stage.text.text(lang) if stage else "",
            "ahead": [{"id": name, "text": process.stages[name].text.text(lang)} for name in ahead],
        }

    async def do(self, request: Request) -> Response:
        """A person does something with a phone."""
        asked = await said_by(request, Asked)
        try:
            await self.phones.ask(self.phones.do(asked.phone, asked.do, asked.said, asked.message))
        except (LookupError, ValueError) as error:
            return JSONResponse({"error": type(error).__name__}, 400, headers=HEADERS)
        await asyncio.sleep(0.2)  # what the bot answers at once is there when the page looks
        return await self.state(request)

    async def order(self, request: Request) -> Response:
        """Somebody orders a document at the counter, and gets a receipt."""
        key = (await said_by(request, Order)).service
        if key not in self.counter.services or len(self.ordered) >= 50:
            return JSONResponse({"error": "service"}, 400, headers=HEADERS)
        authority = self.counter.authority
        number = f"{datetime.now(UTC):%Y}-{4107 + 13 * len(self.ordered):06}"
        code = check_code(self.intake.vault, authority, number)
        digest = code_digest(self.intake.vault, authority, number, code)
        now_ms = self.intake.clock()
        await self.intake.book.put([CaseGiven(authority, number, key, digest, opened_ms=now_ms)], now_ms)
        case = await self.intake.book.case(authority, number)
        assert case is not None  # noqa: S101 - it was just put there
        self.ordered.insert(0, Ordered(case, code, case_token(self.intake.vault, case.id)))
        return await self.state(request)

    async def stage(self, request: Request) -> Response:
        """The office moves a case."""
        asked = await said_by(request, Moved)
        one = next((one for one in self.ordered if one.case.number == asked.number), None)
        if one is None:
            return JSONResponse({"error": "case"}, 400, headers=HEADERS)
        now_ms = self.intake.clock()
        given = StageGiven(one.case.authority, one.case.number, f"demo-{now_ms}", asked.stage, now_ms)
        await self.intake.record([given])
        await asyncio.sleep(0.3)
        return await self.state(request)


async def said_by(request: Request, kind: type[T]) -> T:
    """What the page says. Raises HTTPException for what it never does."""
    body = await whole_body(request.receive, MOST_BYTES)
    try:
        return msgspec.json.decode(body or b"", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise HTTPException(400, headers=HEADERS) from None


def spoken(request: Request) -> str:
    """The language that the address names, or else the one of the portal's pages."""
    lang = request.query_params.get("lang")
    return lang if lang in TEXTS else wanted(request, TEXTS) or TEXTS[0]


def ours(request: Request, named: str) -> bool:
    """Whether the demo's own page asks, or a program: no page of another site, none whose name was made to lead here.

    A name that an attacker owns can be pointed at this machine, an address in digits cannot.
    """
    host, origin = request.headers.get("host", ""), request.headers.get("origin")
    try:
        name = urlsplit(f"http://{host}").hostname or ""
        elsewhere = origin is not None and urlsplit(origin).netloc != host
    except ValueError:
        return False
    if elsewhere or not (name in ("localhost", named) or _in_digits(name)):
        return False
    return request.method == "GET" or request.headers.get("sec-fetch-site", "none") in ("same-origin", "none")


def _in_digits(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
