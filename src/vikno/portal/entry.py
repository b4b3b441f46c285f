"""/q/<token>: one page for an office, a campaign or a receipt, with every way in that works, its QR and its name.

The paper on the wall holds nothing but this address: what is dead today is not shown today, and what is shown has the
name beside it by which it can also be found by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from vikno.domain.cases.process import Process
from vikno.domain.catalog import Country, Entry
from vikno.domain.dialog.phrases import Phrases
from vikno.portal.home import Card
from vikno.portal.qr import qr_svg, sms_qr
from vikno.portal.site import Contact, Site
from vikno.ui.frame import Frame
from vikno.usecases.channel import MOST_TOKEN_CHARACTERS
from vikno.usecases.check_channels import Watch, Way
from vikno.usecases.records import CaseBook, CaseKept, Passed, Vault
from vikno.usecases.word_stages import StageWords

RECEIPT = "c"
"""The kind of a token that stands on a receipt and names a case."""
APPS = ("telegram", "viber", "email", "sms")
"""Channels whose words the pages know; another is shown by its own name."""
Processes = Callable[[str], Process | None]
"""The process of a service by its key."""


@dataclass(frozen=True, slots=True)
class Door:
    """A way in as the page shows it. `kind` for its words; `say`: what to write where the link cannot say it."""

    kind: str
    app: str
    name: str
    url: str
    page: str | None
    say: str | None
    qr: Markup


@dataclass(frozen=True, slots=True)
class Step:
    """A stage as a person sees it: what has happened, what happens next, how long that usually takes."""

    text: str
    day: str
    next: str = ""
    time: str = ""


class Entries:
    """The pages that posters and receipts lead to. `public`: the site's address, without a slash at its end."""

    def __init__(self, site: Site, watch: Watch, cases: CaseBook, vault: Vault, words: StageWords, public: str) -> None:
        self.site, self._watch, self._cases, self._vault = site, watch, cases, vault
        self._words, self._processes, self._public = words, words.processes.get, public

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/q/{token}", self.page),
            Route("/{lang}/q/{token}", self.page),
            Route("/{lang}/q/{token}/stages", self.stages),
        ]

    async def page(self, request: Request) -> Response:
        """Every way in with this token."""
        lang, token = self._lang(request), request.path_params["token"]
        country, entry = self._entry(token)
        case = None if entry else await self._case(token)
        if entry is None and case is None:
            return self.site.gone(request, lang, "entry", 404)
        words = self.site.words[lang]
        doors = [self._door(way, token, lang, words) for way in self._watch.ways(token)]
        service = case.service if case else (entry.services[0] if entry and len(entry.services) == 1 else None)
        service = service if service in self.site.world().services else None
        response = self.site.pages.page(
            "entry.html",
            self._frame(request, lang, f"/{lang}/q/{token}", service, country),
            words,
            title=words.say("entry.receipt") if case else (entry.title.text(lang) if entry else ""),
            office=entry.office.text(lang) if entry and entry.office else "",
            case=bool(case),
            about=self._title(case, lang) if case else "",
            stages=f"/{lang}/q/{token}/stages",
            doors=doors,
            broken=bool(self._watch.accounts) and not doors,
            cards=self._cards(entry, lang) if entry else [],
            people=self._people(country, entry, service, lang),
        )
        return unkept_page(response)

    async def stages(self, request: Request) -> Response:
        """For a receipt: how far the case has got, without any app."""
        lang, token = self._lang(request), request.path_params["token"]
        case = await self._case(token)
        if case is None:
            return self.site.gone(request, lang, "entry", 404)
        words, service = self.site.words[lang], case.service if case.service in self.site.world().services else None
        passed = await self._cases.history(case.id)
        response = self.site.pages.page(
            "stages.html",
            self.site.frame(request, lang, f"/{lang}/q/{token}/stages", service),
            words,
            title=words.say("stages.title"),
            about=self._title(case, lang),
            now=self._now(case, lang),
            before=self._before(case, passed, lang),
            doors=f"/{lang}/q/{token}",
            people=self.site.people(lang, service),
        )
        return unkept_page(response)

    def _entry(self, token: str) -> tuple[Country, Entry] | tuple[None, None]:
        """The office or campaign of this slug, and its country."""
        for country in self.site.world().countries.values():
            if token in country.entries:
                return country, country.entries[token]
        return None, None

    async def _case(self, token: str) -> CaseKept | None:
        read = self._vault.read_token(token) if len(token) <= MOST_TOKEN_CHARACTERS else None
        return await self._cases.case_by_id(read[1]) if read and read[0] == RECEIPT else None

    def _frame(self, request: Request, lang: str, here: str, service: str | None, country: Country | None) -> Frame:
        """In the colours of the country whose office it is."""
        frame = self.site.frame(request, lang, here, service)
        return replace(frame, theme=self.site.pages.theme(country.code)) if country else frame

    def _people(self, country: Country | None, entry: Entry | None, service: str | None, lang: str) -> list[Contact]:
        """Whom to ask: the authority of the office, else that of the service, else all of them."""
        named = country.authorities.get(entry.authority or "") if country and entry else None
        return [Contact(named.name.text(lang), named.url)] if named else self.site.people(lang, service)

    def _lang(self, request: Request) -> str:
        return language(self.site, request)

    def _door(self, way: Way, token: str, lang: str, words: Phrases) -> Door:
        link, known = way.link, way.kind if way.kind in APPS else ""
        if link.say:
            code = sms_qr(link.name, link.say)
        elif link.url.startswith(("https:", "http:", "mailto:")):
            code = link.url
        else:  # cameras do not open an app's own scheme; this page's button does
            code = f"{self._public}/{lang}/q/{token}#{way.kind}"
        app = words.say(f"way.{known}") if known else way.kind.capitalize()
        page = link.page if link.page and link.page != link.url else None
        return Door(known, app, link.name, link.url, page, link.say, qr_svg(code))

    def _cards(self, entry: Entry, lang: str) -> list[Card]:
        world = self.site.world()
        keys = [key for key in entry.services if key in world.services]
        return [Card(world.title(key, lang), "", f"/{lang}/{key}/") for key in keys]

    def _title(self, case: CaseKept, lang: str) -> str:
        return case_title(self.site, self._processes, case, lang)

    def _now(self, case: CaseKept, lang: str) -> Step | None:
        view = self._words.view(case, lang)
        if not view.stage:
            return None
        day = day_of(self.site, case.service, case.stage_ms, lang)
        return Step(view.text, day, view.next or "", view.time or "")

    def _before(self, case: CaseKept, passed: Sequence[Passed], lang: str) -> list[Step]:
        """The stages that were reached before, the latest first; what was reported late is none of them."""
        process = self._processes(case.service)
        reached = [one for one in passed if one.verdict == "reached" and process and one.stage in process.stages]
        if reached and reached[-1].stage == case.stage:
            reached.pop()
        return [
            Step(process.stages[one.stage].text.text(lang), day_of(self.site, case.service, one.at_ms, lang))
            for one in reversed(reached)
            if process
        ]


def language(site: Site, request: Request) -> str:
    """The language that the address names, or else the person's."""
    named = request.path_params.get("lang")
    return named if named in site.languages else site.language_of(request)


def case_title(site: Site, processes: Processes, case: CaseKept, lang: str) -> str:
    """What a case is about, as people call it."""
    process, world = processes(case.service), site.world()
    if process is not None:
        return process.title.text(lang)
    return world.title(case.service, lang) if case.service in world.services else ""


def zone_of(site: Site, service: str) -> tzinfo:
    """The clock of the country of a service; of the first country, where no service is known."""
    countries = site.world().countries
    country = countries.get(service.partition("/")[0]) or next(iter(countries.values()), None)
    return ZoneInfo(country.time_zone) if country else UTC


def day_of(site: Site, service: str, at_ms: int, lang: str, form: Literal["long", "short"] = "long") -> str:
    """A moment as the calendar of the country has it; `short` with its hour and minute."""
    here = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone_of(site, service))
    return format_datetime(here, "d MMMM y" if form == "long" else "dd.MM.y HH:mm", locale=lang)


def unkept_page(response: HTMLResponse) -> HTMLResponse:
    """The same page, which nobody on the way keeps and no search engine lists."""
    response.headers["cache-control"] = "no-store"
    response.headers["x-robots-tag"] = "noindex"
    return response
