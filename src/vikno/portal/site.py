"""What every page of the portal draws on: the world of today, the words of the pages, the frame around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from starlette.requests import Request
from starlette.responses import HTMLResponse

from vikno.domain.dialog.phrases import Phrases
from vikno.domain.dialog.sheet import Sheet
from vikno.domain.dialog.world import World
from vikno.portal.days import Days
from vikno.ui.frame import SCHEMES, Frame, Language, Pages, language_name

SCHEME_COOKIE, LANGUAGE_COOKIE = "scheme", "lang"
BUSY_S = "2"
"""After so many seconds it is worth asking again."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody a person can ask."""

    name: str
    url: str | None


@dataclass(frozen=True)
class Site:
    """The portal's parts. `world` gives the world as of now; `words` are the portal's own phrases by language."""

    world: Callable[[], World]
    words: Mapping[str, Phrases]
    pages: Pages
    days: Days = field(default_factory=Days)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that both the services and the pages speak."""
        return tuple(code for code in self.world().languages if code in self.words) or tuple(self.words)

    def language_of(self, request: Request) -> str:
        """The language to answer in where the address names none: chosen before, asked for by the browser, or first."""
        languages = self.languages
        if found := wanted(request, languages):
            return found
        return self.world().language if self.world().language in languages else languages[0]

    def frame(self, request: Request, lang: str, canonical: str, service: str | None = None, **more: object) -> Frame:
        """The frame of the page at `canonical` (an address that begins with the language)."""
        country = service.partition("/")[0] if service else self.home_country
        scheme = request.cookies.get(SCHEME_COOKIE, "auto")
        rest = canonical.removeprefix(f"/{lang}")
        return Frame(
            lang=lang,
            scheme=scheme if scheme in SCHEMES else "auto",
            theme=self.pages.theme(country),
            languages=tuple(Language(code, language_name(code), f"/{code}{rest}") for code in self.languages),
            here=canonical,
            canonical=canonical,
            chat=f"/{lang}/chat?start={service}" if service else f"/{lang}/chat",
            **more,  # type: ignore[arg-type]
        )

    @property
    def home_country(self) -> str | None:
        """The country whose colours the front page wears: the only one, if it is the only one."""
        countries = tuple(self.world().countries)
        return countries[0] if len(countries) == 1 else None

    def people(self, lang: str, service: str | None = None) -> list[Contact]:
        """Whom to ask: the authority of a service, or every authority that has one."""
        world = self.world()
        keys = [service] if service else world.services
        known = [authority for key in keys if (authority := world.authority(key))]
        return list(dict.fromkeys(Contact(authority.name.text(lang), authority.url) for authority in known))

    def sheet(self, service: str, lang: str, day: date | None = None) -> Sheet:
        """The service's questions and texts; on another day than today, if asked.

        Raises:
            TooManyDays: see `Days`.
        """
        world = self.world()
        if day is None or day == world.today(service):
            return world.sheet(service, lang)
        return self.days.sheet(world, service, lang, day)

    def gone(self, request: Request, lang: str, what: str, status: int) -> HTMLResponse:
        """A kind page for what cannot be shown. `what`: page | service | long | busy | failed."""
        words = self.words[lang]
        page = self.pages.page(
            "gone.html",
            self.frame(request, lang, f"/{lang}/"),
            words,
            status,
            title=words.say(f"gone.{what}"),
            text=words.say(f"gone.{what}.text"),
            on="",
            people=self.people(lang),
        )
        if status == 503:
            page.headers["retry-after"] = BUSY_S
        return page


def wanted(request: Request, languages: Sequence[str]) -> str | None:
    """Which of these languages was chosen before, or else is asked for by the browser."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in languages:
        return chosen
    asked = request.headers.get("accept-language", "")[:200].lower()
    codes = (part.split(";")[0].strip().partition("-")[0] for part in asked.split(","))
    return next((code for code in codes if code in languages), None)
