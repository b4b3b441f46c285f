"""The page of the chat window; what is said in it comes over /chat/turns."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from vikno.portal.site import Site

WORDS = ("you", "total", "page", "trouble", "again", "refused", "alternative")

FOLLOW = "follow"


def follow_address(site: Site, lang: str) -> str:
    """Where somebody on the web begins to follow their document; "" where nothing can be followed."""
    return f"/{lang}/chat?do={FOLLOW}" if site.world().follows else ""


async def chat_page(site: Site, request: Request) -> Response:
    """/<lang>/chat: the window; `?start=<service>` opens it on a service, `?do=follow` where a document is followed."""
    lang = request.path_params["lang"]
    if lang not in site.languages:
        return site.gone(request, site.language_of(request), "page", 404)
    words = site.words[lang]
    start = request.query_params.get("start", "")
    start = start if start in site.world().services else ""
    return site.pages.page(
        "chat.html",
        site.frame(
            request, lang, f"/{lang}/chat", start or None, place="chat", indexed=not request.scope["query_string"]
        ),
        words,
        title=words.say("chat.title"),
        start=start,
        follow=words.say("chat.follow") if request.query_params.get("do") == FOLLOW and site.world().follows else "",
        phrases=msgspec.json.encode({name: words.say(f"chat.{name}") for name in WORDS}).decode(),
    )
