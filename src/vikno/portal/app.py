"""The portal as one ASGI application: the chat's plain handler in front, the pages behind it, headers around both."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from vikno.portal.chat import Chat
from vikno.portal.consult import Consultations
from vikno.portal.home import Home
from vikno.portal.paper import Printer
from vikno.portal.site import Site
from vikno.portal.window import chat_page
from vikno.ui.guard import guarded

PROXIES = "127.0.0.1"
"""A proxy on this machine may say that people came by https."""
log = logging.getLogger("vikno.portal")
Life = Callable[[Any], AbstractAsyncContextManager[None]]


def portal(site: Site, chat: Chat, printer: Printer, life: Life) -> ASGIApp:
    """All of the portal. `life` is what begins and ends with the server."""
    pages = _pages(site, printer, life)
    assets = guarded(site.pages.assets)
    shown: Any = ProxyHeadersMiddleware(cast(Any, guarded(pages)), trusted_hosts=PROXIES)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        if path.startswith("/chat/"):
            await chat(scope, receive, send)
        elif path.startswith("/static/"):
            await assets(scope, receive, send)
        else:
            await shown(scope, receive, send)

    return app


def _pages(site: Site, printer: Printer, life: Life) -> Starlette:
    home, consultations = Home(site), Consultations(site, printer)

    async def window(request: Request) -> Response:
        return await chat_page(site, request)

    async def missing(request: Request, _: Exception) -> Response:
        return site.gone(request, _language(site, request), "page", 404)

    async def failed(request: Request, error: Exception) -> Response:
        log.error("page_failed", extra={"path": request.scope["path"], "error": type(error).__name__})
        return site.gone(request, _language(site, request), "failed", 500)

    consultation = "/{lang}/{country}/{service}/"
    return Starlette(
        routes=[
            Route("/", home.root),
            Route("/health", home.health),
            Route("/robots.txt", home.robots),
            Route("/preferences", home.preferences, methods=["POST"]),
            Route("/{lang}/", home.page),
            Route("/{lang}/chat", window),
            Route("/{lang}/{country}/", home.country),
            Route(consultation, consultations.page),
            Route(consultation + "receipt.json", consultations.receipt),
            Route(consultation + "checklist.pdf", consultations.pdf),
        ],
        exception_handlers={404: missing, 405: missing, Exception: failed},
        lifespan=life,
    )


def _language(site: Site, request: Request) -> str:
    """The language an unknown address seems to be in."""
    first = request.url.path.split("/", 2)[1]
    return first if first in site.languages else site.language_of(request)
