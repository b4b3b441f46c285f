"""/office/senders: the organisations that write to people. Who they say they are, and whether they may.

For the operator of the server. An organisation sends nothing before somebody here has said yes; a no, and a stop, have
a reason, which the organisation reads over its API. Guests of a team key are counted, not shown: they are people.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from babel import Locale
from babel.numbers import format_decimal
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from vikno.domain.dialog.phrases import Phrases
from vikno.portal.clocks import moment
from vikno.portal.entry import zone_of
from vikno.portal.office import Office, Session
from vikno.portal.posted import posted, whole
from vikno.portal.verdicts import MOST_REASON, Verdict, changes, verdict_of
from vikno.usecases.dispatch import Dispatch
from vikno.usecases.notifications import Wanted
from vikno.usecases.organisations import Organisation, Standing
from vikno.usecases.records import Records

TAB = "senders"
PAGE = 50
MAY: Mapping[Standing, tuple[Standing, ...]] = {
    "submitted": ("approved", "refused"),
    "approved": ("suspended",),
    "suspended": ("approved",),
    "refused": ("approved",),
}
"""What can be said of an organisation that stands so."""
COLOURS = {"approved": "success", "submitted": "info", "refused": "danger", "suspended": "warning"}


@dataclass(frozen=True, slots=True)
class Row:
    """An organisation in the list. `keys`: those in force; `last`: when it sent something last."""

    slug: str
    name: str
    category: str
    country: str
    standing: Standing
    keys: int
    last: str


class OfficeSenders:
    """The pages, among those of the office."""

    def __init__(self, office: Office, dispatch: Dispatch, records: Records) -> None:
        self._office, self._dispatch, self._records = office, dispatch, records
        self.site = office.site
        office.tabs.append(TAB)

    @property
    def routes(self) -> list[Route]:
        own, page = "/{lang}/office/senders", self._office.of_operator
        return [
            Route(own, page(self.page)),
            Route(f"{own}/{{slug}}", page(self.sender)),
            Route(f"{own}/{{slug}}", page(self.review), methods=["POST"]),
        ]

    async def page(self, request: Request, lang: str, session: Session) -> Response:
        """All of them, those that wait first."""
        after = whole(request.query_params.get("after")) or 0
        every = sorted(await self._dispatch.book.organisations(), key=lambda one: (one.standing != "submitted", one.id))
        found = every[after : after + PAGE]
        await self._office.note(session, "senders.read", "organisation/*")
        return await self._office.shown(
            request, lang, session, "office-senders.html", TAB, rows=[await self._row(one, lang) for one in found],
            colours=COLOURS, here=f"/{lang}/office/senders", next=after + PAGE if len(every) > after + PAGE else None,
        )  # fmt: skip

    async def sender(self, request: Request, lang: str, session: Session) -> Response:
        """One of them."""
        found = await self._dispatch.book.organisation(request.path_params["slug"])
        if found is None:
            return await self._none(request, lang, session)
        await self._office.note(session, "look", f"organisation/{found.slug}")
        return await self._shown(request, lang, session, found, said=request.query_params.get("said", ""))

    async def review(self, request: Request, lang: str, session: Session) -> Response:
        """Take a yes, a no or a stop; ask once more before it counts."""
        form = await posted(request)
        found = await self._dispatch.book.organisation(request.path_params["slug"])
        if found is None or not self._office.ours(request, session, form):
            return await self._none(request, lang, session)
        asked = verdict_of(form)
        if asked.seen != seen(found):
            return await self._shown(request, lang, session, found, said="changed", status=409)
        if asked.what not in MAY[found.standing]:
            return await self._shown(request, lang, session, found, status=422)
        if asked.lacks_reason:
            return await self._shown(request, lang, session, found, said="reason", status=422)
        if not asked.sure:
            return await self._sure(request, lang, session, found, asked)
        standing, by = asked.what, f"office/{session.key}"
        if not await self._dispatch.book.review_organisation(found.id, standing, by, asked.reason, found):
            found = await self._dispatch.book.organisation(found.slug) or found
            return await self._shown(request, lang, session, found, said="changed", status=409)
        await self._office.note(session, f"sender.{standing}", f"organisation/{found.slug}")
        back = RedirectResponse(f"/{lang}/office/senders/{found.slug}?said={standing}", 303)
        return self._office.keeping(request, back, session)

    async def _shown(
        self, request: Request, lang: str, session: Session, found: Organisation, said: str = "", status: int = 200
    ) -> Response:
        words, book = self.site.words[lang], self._dispatch.book
        templates = await book.templates(found.id, every_version=True)
        return await self._office.shown(
            request, lang, session, "office-sender.html", TAB, status, title=found.name, one=found,
            row=await self._row(found, lang), seen=seen(found), may=MAY[found.standing], colours=COLOURS,
            told=words.say(f"senders.said.{said}") if words.knows(f"senders.said.{said}") else "", said=said,
            templates=sorted(templates, key=lambda one: (one.slug, -one.version)), most=MOST_REASON,
            caps=[format_decimal(one, locale=lang) for one in (found.per_day, found.per_person_day)],
            audience=country_name(found.audience, lang), created=self._moment(found.created_ms, lang),
            history=await changes(self._records, self.site, found.slug, lang),
            here=f"/{lang}/office/senders/{found.slug}", review=f"/{lang}/office/review",
        )  # fmt: skip

    async def _sure(
        self, request: Request, lang: str, session: Session, found: Organisation, asked: Verdict
    ) -> Response:
        words, here = self.site.words[lang], f"/{lang}/office/senders/{found.slug}"
        return await self._office.shown(
            request, lang, session, "office-review-sure.html", TAB, title=words.say(f"senders.sure.{asked.what}"),
            which=found.name, asked=asked, here=here, text=words.say(f"senders.sure.{asked.what}.text"),
            button=words.say(f"senders.do.{asked.what}"),
        )  # fmt: skip

    async def _none(self, request: Request, lang: str, session: Session) -> Response:
        text = self.site.words[lang].say("senders.gone")
        return await self._office.shown(request, lang, session, "office-only.html", TAB, 404, title=text, text="")

    async def _row(self, one: Organisation, lang: str) -> Row:
        keys = sum(key.revoked_ms is None for key in await self._dispatch.book.organisation_keys(one.id))
        last = await self._dispatch.book.listed_notifications(Wanted(one.id), 1)
        return Row(
            one.slug, one.name, category_name(one.category, self.site.words[lang]), country_name(one.country, lang),
            one.standing, keys, self._moment(last[0].created_ms, lang) if last else "",
        )  # fmt: skip

    def _moment(self, at_ms: int, lang: str) -> str:
        return moment(at_ms, zone_of(self.site, ""), lang)


def seen(one: Organisation) -> str:
    """What a reviewer has before them: it may have changed meanwhile."""
    said = (one.name, one.category, one.country, one.audience, one.mark, one.standing, one.per_day, one.per_person_day)
    return hashlib.sha256(repr(said).encode()).hexdigest()[:32]


def category_name(category: str, words: Phrases) -> str:
    """What an organisation is, as people say it."""
    return words.say(f"senders.category.{category}") if words.knows(f"senders.category.{category}") else category


def country_name(code: str, lang: str) -> str:
    """As CLDR has it; of an invented country its code."""
    return str(Locale.parse(lang, sep="-").territories.get(code.upper(), code))
