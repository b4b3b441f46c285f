"""The front page with its search, the way to a language, and what a person prefers."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from vikno.domain.dialog.tidy import tidy
from vikno.portal.posted import posted
from vikno.portal.site import LANGUAGE_COOKIE, SCHEME_COOKIE, Site
from vikno.portal.window import follow_address
from vikno.ui.frame import SCHEMES

MOST_QUERY_BYTES = 4096
YEAR_S = 365 * 86400


@dataclass(frozen=True, slots=True)
class Card:
    """A service in a list."""

    title: str
    authority: str
    href: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """The services of a country."""

    code: str
    title: str
    cards: tuple[Card, ...]


class Home:
    """The pages that belong to no consultation."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def root(self, request: Request) -> Response:
        """/ leads to the front page in a language the person reads."""
        lang = self.site.language_of(request)
        return RedirectResponse(
            f"/{lang}/", 302, {"vary": "accept-language, cookie", "cache-control": "private, no-cache"}
        )

    async def page(self, request: Request) -> Response:
        lang = request.path_params["lang"]
        if lang not in self.site.languages:
            return self.site.gone(request, self.site.language_of(request), "page", 404)
        world, words = self.site.world(), self.site.words[lang]
        wish = tidy(request.query_params.get("q", "")) if len(request.scope["query_string"]) <= MOST_QUERY_BYTES else ""
        found = world.index.find(wish, world.words(lang).filler_of_wishes).keys if wish else ()
        response = self.site.pages.page(
            "home.html",
            self.site.frame(request, lang, f"/{lang}/", place="home", indexed=not wish),
            words,
            title=words.say("home.title"),
            wish=wish,
            found=[self._card(key, lang) for key in found],
            shelves=self._shelves(lang),
            follow=follow_address(self.site, lang),
            people=self.site.people(lang),
        )
        if request.scope["query_string"]:  # what somebody looks for is nobody else's business
            response.headers["cache-control"] = "no-store"
        response.set_cookie(
            LANGUAGE_COOKIE, lang, max_age=YEAR_S, httponly=True, samesite="lax", secure=request.url.scheme == "https"
        )
        return response

    async def country(self, request: Request) -> Response:
        """A country's services stand on the front page."""
        lang, code = request.path_params["lang"], request.path_params["country"]
        if lang not in self.site.languages or code not in self.site.world().countries:
            return self.site.gone(request, self.site.language_of(request), "page", 404)
        return RedirectResponse(f"/{lang}/#country-{code}", 302)

    def _card(self, key: str, lang: str) -> Card:
        world = self.site.world()
        authority = world.authority(key)
        return Card(world.title(key, lang), authority.name.text(lang) if authority else "", f"/{lang}/{key}/")

    def _shelves(self, lang: str) -> list[Shelf]:
        world = self.site.world()
        shelves = []
        for code, country in world.countries.items():
            cards = tuple(self._card(key, lang) for key in world.services if key.partition("/")[0] == code)
            shelves.append(Shelf(code, country.title.text(lang) if country.title else code, cards))
        return shelves

    async def preferences(self, request: Request) -> Response:
        """Remember light, dark or automatic colours, and go back to the page they were chosen on."""
        form = await posted(request)
        response = RedirectResponse(own_path(form.get("back", "/")), 303)
        if form.get("scheme") in SCHEMES:
            response.set_cookie(
                SCHEME_COOKIE,
                form["scheme"],
                max_age=YEAR_S,
                httponly=True,
                samesite="lax",
                secure=request.url.scheme == "https",
            )
        return response

    async def robots(self, _: Request) -> Response:
        return PlainTextResponse("User-agent: *\nDisallow: /chat/\nDisallow: /*.pdf$\nDisallow: /*.json$\n")

    async def health(self, _: Request) -> Response:
        """For the watchman: the server answers and has services to offer."""
        return PlainTextResponse(f"ok {len(self.site.world().services)}\n")


def own_path(path: str) -> str:
    """A path of this site, never another site's address.

    >>> own_path("/uk/ua/id-card/?age=33"), own_path("//evil.example"), own_path("https://evil.example")
    ('/uk/ua/id-card/?age=33', '/', '/')
    """
    safe = path.startswith("/") and path[1:2] not in ("/", "\\") and path.isascii() and path.isprintable()
    return path if safe and "\\" not in path else "/"
