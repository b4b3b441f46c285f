"""/office/review: what waits for a reviewer's word, and a template as people would see it.

For the operator of the server. A version is shown on every kind of channel and in every language, filled with what may
stand in its places and with what means harm; where its links lead, what the rules say, and what is not as it was.
Mails are shown as the text that leaves; what is of the sender is text on this page too, never markup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from vikno.domain.notify.route import INBOX, WEB
from vikno.domain.policy import Decision
from vikno.portal.clocks import moment
from vikno.portal.entry import zone_of
from vikno.portal.office import Office, Session
from vikno.portal.office_senders import category_name, country_name
from vikno.portal.posted import posted, whole
from vikno.portal.review_words import example_of, warnings
from vikno.portal.verdicts import MOST_REASON, Verdict, changes, verdict_of
from vikno.ui.frame import language_name
from vikno.usecases.channel import Outbound
from vikno.usecases.dispatch import Dispatch
from vikno.usecases.explain_notification import RuleSaid, Sources, SourceSaid, no_sources
from vikno.usecases.look_at_template import Looked, Ruled, Seen, look_at_template, told
from vikno.usecases.organisations import Reviewed, TemplateKept
from vikno.usecases.records import Records

TAB = "review"
OURS = (WEB, INBOX)
"""Kinds of channels that are pages of this site."""
MOST_SHOWN = 100
MAY: Mapping[Reviewed, tuple[Reviewed, ...]] = {
    "submitted": ("approved", "refused"),
    "approved": ("refused",),
    "refused": ("approved",),
}
"""What can be said of a version that stands so; an approved one can be taken back."""
Parts = Callable[[Outbound], Sequence[tuple[str, int]]]
"""The SMS that say something, each with how many parts it is paid for."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Something that waits. `what`: sender or template."""

    what: str
    name: str
    whose: str
    since_ms: int
    since: str
    href: str


class OfficeReview:
    """The pages, among those of the office. `sms`: how a message becomes SMS; `sources`: of the rules."""

    def __init__(
        self, office: Office, dispatch: Dispatch, records: Records, sms: Parts, sources: Sources = no_sources
    ) -> None:
        self._office, self._dispatch, self._records = office, dispatch, records
        self._sms, self._sources, self.site = sms, sources, office.site
        office.tabs.append(TAB)

    @property
    def routes(self) -> list[Route]:
        own, page = "/{lang}/office/review", self._office.of_operator
        return [
            Route(own, page(self.page)),
            Route(f"{own}/{{version}}", page(self.template)),
            Route(f"{own}/{{version}}", page(self.review), methods=["POST"]),
        ]

    async def page(self, request: Request, lang: str, session: Session) -> Response:
        """What waits, for the longest first."""
        said, words = request.query_params.get("said", ""), self.site.words[lang]
        found: list[Waits] = []
        for one in await self._dispatch.book.organisations():
            if one.standing == "submitted":
                since = self._moment(one.created_ms, lang)
                href = f"/{lang}/office/senders/{one.slug}"
                found.append(Waits("sender", one.name, category_name(one.category, words), one.created_ms, since, href))
            for kept in await self._dispatch.book.templates(one.id, every_version=True):
                if kept.status == "submitted" and not kept.archived:
                    since, name = self._moment(kept.created_ms, lang), f"{kept.name} @{kept.version}"
                    href = f"/{lang}/office/review/{kept.row}"
                    found.append(Waits("template", name, one.name, kept.created_ms, since, href))
        found.sort(key=lambda one: one.since_ms)
        await self._office.note(session, "review.read", "organisation/*")
        return await self._office.shown(
            request, lang, session, "office-review.html", TAB, waits=found[:MOST_SHOWN], more=len(found) > MOST_SHOWN,
            told=words.say(f"review.said.{said}") if words.knows(f"review.said.{said}") else "",
        )  # fmt: skip

    async def template(self, request: Request, lang: str, session: Session) -> Response:
        """A version with all that is to be known of it."""
        looked = await self._looked(request, lang)
        if looked is None:
            return await self._none(request, lang, session)
        await self._office.note(session, f"look {_which(looked.kept)}", f"organisation/{looked.organisation.slug}")
        return await self._shown(request, lang, session, looked)

    async def review(self, request: Request, lang: str, session: Session) -> Response:
        """Take a yes or a no; ask once more before it counts."""
        form = await posted(request)
        looked = await self._looked(request, lang)
        if looked is None or not self._office.ours(request, session, form):
            return await self._none(request, lang, session)
        asked, kept = verdict_of(form), looked.kept
        if asked.seen != _seen(kept):
            return await self._shown(request, lang, session, looked, said="changed", status=409)
        if asked.what not in may(kept):
            return await self._shown(request, lang, session, looked, status=422)
        if asked.lacks_reason:
            return await self._shown(request, lang, session, looked, said="reason", status=422)
        if not asked.sure:
            return await self._sure(request, lang, session, looked, asked)
        status, by, now_ms = asked.what, f"office/{session.key}", self._dispatch.clock()
        await self._dispatch.book.review_template(kept.row, status, by, asked.reason, now_ms)
        await self._office.note(
            session, f"template.{status} {_which(kept)}", f"organisation/{looked.organisation.slug}"
        )
        return self._office.keeping(request, RedirectResponse(f"/{lang}/office/review?said={status}", 303), session)

    async def _looked(self, request: Request, lang: str) -> Looked | None:
        row, words = whole(request.path_params["version"]), self.site.words
        if row is None:
            return None
        return await look_at_template(
            self._dispatch, row, lambda of, name: example_of(name, words.get(of.partition("-")[0]) or words[lang])
        )

    async def _shown(
        self, request: Request, lang: str, session: Session, looked: Looked, said: str = "", status: int = 200
    ) -> Response:
        words, kept, one = self.site.words[lang], looked.kept, looked.organisation
        return await self._office.shown(
            request, lang, session, "office-review-template.html", TAB, status, title=kept.name, kept=kept, one=one,
            which=_which(kept), category=category_name(one.category, words), said=said, looked=looked,
            country=country_name(one.audience, lang), created=self._moment(kept.created_ms, lang),
            facts=told(looked.text.facts), warnings=warnings(looked, words, self._longest(looked)),
            languages=[
                {"lang": each.lang, "name": language_name(each.lang), "fine": self._views(each.fine, lang),
                 "harmed": self._views(each.harmed, lang), "foreign": each.foreign}
                for each in looked.languages
            ],
            harmable=any(not spot.trusted and not spot.conditional for spot in looked.spots),
            rules=[self._ruled(rule, lang) for rule in looked.rules],
            changed=[
                {"lang": one.lang, "name": language_name(one.lang), "app": self._app(one.channel, lang),
                 "part": one.part, "pieces": one.pieces}
                for one in looked.changed
            ],
            told=words.say(f"review.said.{said}") if words.knows(f"review.said.{said}") else "", seen=_seen(kept),
            may=may(kept), most=MOST_REASON, history=await changes(self._records, self.site, one.slug, lang),
            here=f"/{lang}/office/review/{kept.row}", sender=f"/{lang}/office/senders/{one.slug}",
        )  # fmt: skip

    async def _sure(self, request: Request, lang: str, session: Session, looked: Looked, asked: Verdict) -> Response:
        words, here = self.site.words[lang], f"/{lang}/office/review/{looked.kept.row}"
        return await self._office.shown(
            request, lang, session, "office-review-sure.html", TAB, title=words.say(f"review.sure.{asked.what}"),
            which=f"{looked.organisation.name}: {looked.kept.name} @{looked.kept.version}", asked=asked, here=here,
            text=words.say(f"review.sure.{asked.what}.text"), button=words.say(f"review.do.{asked.what}"),
        )  # fmt: skip

    async def _none(self, request: Request, lang: str, session: Session) -> Response:
        text = self.site.words[lang].say("review.gone")
        return await self._office.shown(request, lang, session, "office-only.html", TAB, 404, title=text, text="")

    def _views(self, seen: Iterable[Seen], lang: str) -> list[dict[str, Any]]:
        """As the page shows them: the kinds of channels by their names, SMS with what they are paid for."""
        return [
            {"apps": ", ".join(self._app(name, lang) for name in one.channels), "look": one.look, "said": one.said,
             "code": one.code, "parts": self._sms(one.said) if one.said is not None and one.look == "sms" else ()}
            for one in seen
        ]  # fmt: skip

    def _longest(self, looked: Looked) -> int:
        """Parts of its longest SMS, with what may stand in its places."""
        said = [
            one.said for each in looked.languages for one in each.fine if one.look == "sms" and one.said is not None
        ]
        return max((sum(parts for _, parts in self._sms(one)) for one in said), default=0)

    def _ruled(self, ruled: Ruled, lang: str) -> dict[str, Any]:
        lines = [
            {
                "consent": consent if len(ruled.said) > 1 else "",
                "effect": effect(decision),
                "missing": ", ".join(decision.missing),
                "rules": [self._rule(one.rule.id, lang) for one in decision.rules],
            }
            for consent, decision in ruled.said
        ]
        return {"app": self._app(ruled.channel, lang), "goes": ruled.goes, "lines": lines}

    def _app(self, channel: str, lang: str) -> str:
        words = self.site.words[lang]
        return words.say(f"review.channel.{channel}") if channel in OURS else words.app(channel) if channel else ""

    def _rule(self, name: str, lang: str) -> RuleSaid:
        """With its title and where it comes from."""
        found = self._dispatch.judge.policy.applied(name)
        if found is None:
            return RuleSaid(name, "", name, "gone")
        rule, named = found.rule, dict.fromkeys((*found.rule.basis, *found.rule.sources))
        since = rule.from_.isoformat() if rule.from_ else None
        sources = tuple(self._source(rule.jurisdiction, one, lang) for one in named)
        return RuleSaid(name, found.version[:12], rule.title.text(lang), since=since, sources=sources)

    def _source(self, country: str, name: str, lang: str) -> SourceSaid:
        found = self._sources(country, name)
        return SourceSaid(name, name) if found is None else SourceSaid(name, found.title.text(lang), found.url)

    def _moment(self, at_ms: int, lang: str) -> str:
        return moment(at_ms, zone_of(self.site, ""), lang)


def may(kept: TemplateKept) -> tuple[Reviewed, ...]:
    """What can be said of a version; of an archived one nothing any more."""
    return () if kept.archived else MAY[kept.status]


def effect(decision: Decision) -> str:
    """What comes of it, as it is said: advice binds nobody."""
    return (
        f"{decision.effect}.advice" if decision.level == "advice" and decision.effect != "advise" else decision.effect
    )


def _which(kept: TemplateKept) -> str:
    return f"{kept.slug}@{kept.version}"


def _seen(kept: TemplateKept) -> str:
    """A version's words never change; where it stands does."""
    return f"{kept.row}/{kept.status}/{kept.changed_ms}"
