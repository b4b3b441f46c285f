"""The portal as one ASGI application: the chat's plain handler in front, the pages behind it, headers around both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from vikno.portal.chat import Chat
from vikno.portal.consult import Consultations, unkept
from vikno.portal.failures import FAILED, note_failure
from vikno.portal.home import Home, own_path
from vikno.portal.paper import Printer
from vikno.portal.site import Site
from vikno.portal.window import chat_page
from vikno.ui.guard import guarded

PROXIES = "127.0.0.1"
"""A proxy on this machine may say that people came by https."""
Life = Callable[[Any], AbstractAsyncContextManager[None]]


def portal(
    site: Site,
    chat: Chat,
    printer: Printer,
    life: Life,
    *,
    routes: Sequence[Route] = (),
    mounts: Mapping[str, ASGIApp] | None = None,
) -> ASGIApp:
    """All of the portal. `life` is what begins and ends with the server.

    `routes`: pages around the bot, which go before those that take any address. `mounts`: plain applications by the
    first part of their addresses, such as `/hooks/`; they get no headers of pages.
    """
    pages = _pages(site, printer, life, routes)
    assets = guarded(site.pages.assets)
    shown: Any = ProxyHeadersMiddleware(cast(Any, guarded(pages)), trusted_hosts=PROXIES)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        if path.startswith("/chat/"):
            await chat(scope, receive, send)
        elif path.startswith("/static/"):
            await assets(scope, receive, send)
        elif mounts and (mounted := mounts.get(f"/{path[1:].partition('/')[0]}/")) is not None:
            await mounted(scope, receive, send)
        else:
            await shown(scope, receive, send)

    return telling_nothing(app)


def telling_nothing(app: ASGIApp) -> ASGIApp:
    """The same application, whose failures are logged by their places: what an exception says may be an answer."""

    async def told(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        begun = False

        async def send_noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await app(scope, receive, send_noting)
        except Exception as error:  # noqa: BLE001 - the server itself would log it word for word
            note_failure(error)
            if not begun:
                headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(FAILED))]
                await send({"type": "http.response.start", "status": 500, "headers": headers})
                await send({"type": "http.response.body", "body": FAILED})

    return told


def _pages(site: Site, printer: Printer, life: Life, more: Sequence[Route]) -> Starlette:
    home, consultations = Home(site), Consultations(site, printer)

    async def window(request: Request) -> Response:
        return await chat_page(site, request)

    async def missing(request: Request, _: Exception) -> Response:
        return site.gone(request, _language(site, request), "page", 404)

    async def failed(request: Request, _: Exception) -> Response:
        return site.gone(request, _language(site, request), "failed", 500)

    async def slash(request: Request) -> Response:
        """The address somebody typed without its last slash; the way on names no host, which only they know."""
        if request.path_params["lang"] not in site.languages:
            return site.gone(request, _language(site, request), "page", 404)
        query = request.scope["query_string"].decode("latin-1")
        return RedirectResponse(own_path(f"{request.url.path}/{'?' if query else ''}{query}"), 307)

    consultation = "/{lang}/{country}/{service}/"
    pages = Starlette(
        routes=[
            *more,
            Route("/", home.root),
            Route("/health", home.health),
            Route("/robots.txt", home.robots),
            Route("/preferences", home.preferences, methods=["POST"]),
            Route("/{lang}/", home.page),
            Route("/{lang}/chat", window),
            Route("/{lang}/{country}/", home.country),
            Route(consultation, unkept(consultations.page)),
            Route(consultation + "receipt.json", unkept(consultations.receipt)),
            Route(consultation + "checklist.pdf", unkept(consultations.pdf)),
            *(Route(path.rstrip("/"), unkept(slash)) for path in ("/{lang}/", "/{lang}/{country}/", consultation)),
        ],
        exception_handlers={404: missing, 405: missing, Exception: failed},
        lifespan=life,
    )
    pages.router.redirect_slashes = False  # it would lead to whatever host the request says it came for
    return pages


def _language(site: Site, request: Request) -> str:
    """The language an unknown address seems to be in."""
    first = request.url.path.split("/", 2)[1]
    return first if first in site.languages else site.language_of(request)
