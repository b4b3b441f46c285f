"""/office/campaigns: how each campaign goes, what was foreseen, and the buttons that pause, resume and stop one.

For whoever looks after the whole server. No recipient is shown, and of what was left out only why. Without scripts: a
campaign that runs is shown anew by the browser itself, and what cannot be undone is asked about on a page of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from babel.dates import format_timedelta
from babel.numbers import format_currency, format_decimal
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from vikno.domain.dialog.phrases import Phrases
from vikno.portal.clocks import moment
from vikno.portal.entry import zone_of
from vikno.portal.office import Office, Session
from vikno.portal.office_messages import MICROS, reason_in_words
from vikno.portal.posted import posted
from vikno.usecases.campaigns import STEPS, CampaignKept, decode_preview
from vikno.usecases.preview_campaign import Foreseen, foreseen
from vikno.usecases.run_campaigns import Runner

TAB = "campaigns"
NUMBER = "c"
PAGE = 50
REFRESH_S = 15
MOST_REFUSED = 50
"""Refused rows that are shown."""


@dataclass(frozen=True, slots=True)
class Row:
    """A campaign in the list. `share`: how much of it is planned, in hundredths."""

    id: str
    name: str
    sender: str
    status: str
    rows: str
    share: int
    at: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the preview."""

    channel: str
    count: str
    price: str
    lasts: str


class OfficeCampaigns:
    """The pages, among those of the office. `currency`: in which prices are told."""

    def __init__(self, office: Office, runner: Runner, currency: str) -> None:
        self._office, self._runner, self._currency = office, runner, currency
        self.site = office.site
        office.tabs.append(TAB)

    @property
    def routes(self) -> list[Route]:
        own, page = "/{lang}/office/campaigns", self._office.of_operator
        return [
            Route(own, page(self.page)),
            Route(f"{own}/{{campaign}}", page(self.campaign)),
            Route(f"{own}/{{campaign}}", page(self.step), methods=["POST"]),
        ]

    async def page(self, request: Request, lang: str, session: Session) -> Response:
        """The latest ones."""
        before = self._runner.dispatch.vault.read_uuid(NUMBER, request.query_params.get("before", ""))
        found = await self._runner.book.campaigns(None, before, PAGE)
        await self._office.note(session, "campaigns.read", "campaign/*")
        rows = [await self._row(one, lang) for one in found]
        return await self._office.shown(
            request, lang, session, "office-campaigns.html", TAB, rows=rows, here=f"/{lang}/office/campaigns",
            next=rows[-1].id if len(rows) == PAGE else None,
        )  # fmt: skip

    async def campaign(self, request: Request, lang: str, session: Session) -> Response:
        """One of them; `?sure=stop` asks before."""
        kept = await self._kept(request)
        if kept is None:
            return await self._none(request, lang, session)
        await self._office.note(session, "campaign.read", f"campaign/{kept.id}")
        words, sure = self.site.words[lang], request.query_params.get("sure", "")
        progress = await self._runner.progress(kept)
        refused = (await self._runner.book.refusals(kept.id))[:MOST_REFUSED]
        figures = [
            (words.say(f"office.campaigns.{name}"), number_in(count, lang))
            for name, count in (
                ("planned", progress.planned), ("waiting", progress.waiting), ("sending", progress.sending),
                ("sent", progress.sent), ("delivered", progress.delivered),
            )
        ]  # fmt: skip
        failed = [
            (words.say("office.campaigns.stopped_ones") if why == "stopped" else reason_in_words(words, why),
             number_in(count, lang))
            for why, count in sorted(progress.failed.items(), key=lambda one: -one[1])
        ]  # fmt: skip
        may = [step for step, (before, _) in STEPS.items() if kept.status in before]
        seen = foreseen(decode_preview(kept.preview), kept, self._runner.dispatch.judge) if kept.preview else None
        response = await self._office.shown(
            request, lang, session, "office-campaign.html", TAB, title=kept.name, row=await self._row(kept, lang),
            figures=figures, failed=failed, steps=may, sure=sure if sure in may else "",
            rate=number_in(round(progress.rate), lang) if progress.rate else "",
            lasts=self._lasts(progress.seconds_left, lang) if progress.seconds_left else "",
            lines=self._lines(seen, lang) if seen else [], exact=seen is not None and seen.exact,
            left=self._left(seen, words, lang) if seen else [], refused=refused,
            refusals=[(self._refusal(words, why), number_in(count, lang)) for why, count in kept.refused.items()],
            reasons={why: self._refusal(words, why) for _, why in refused}, here=f"/{lang}/office/campaigns",
        )  # fmt: skip
        if kept.status in ("running", "reading") and not sure:
            response.headers["refresh"] = str(REFRESH_S)
        return response

    async def step(self, request: Request, lang: str, session: Session) -> Response:
        """Pause, resume or stop."""
        form, kept = await posted(request), await self._kept(request)
        what = form.get("what", "")
        if kept is None or what not in STEPS or not self._office.ours(request, session, form):
            return await self._none(request, lang, session)
        before, to = STEPS[what]
        if await self._runner.book.change_campaign(kept.id, before, to, self._runner.dispatch.clock()):
            await self._office.note(session, f"campaign.{what}", f"campaign/{kept.id}")
            self._runner.wake()
        back = RedirectResponse(f"/{lang}/office/campaigns/{request.path_params['campaign']}", 303)
        return self._office.keeping(request, back, session)

    async def _kept(self, request: Request) -> CampaignKept | None:
        number = self._runner.dispatch.vault.read_uuid(NUMBER, request.path_params["campaign"])
        return None if number is None else await self._runner.book.campaign(number)

    async def _none(self, request: Request, lang: str, session: Session) -> Response:
        text = self.site.words[lang].say("office.campaigns.none")
        return await self._office.shown(request, lang, session, "office-none.html", TAB, 404, title=text)

    async def _row(self, kept: CampaignKept, lang: str) -> Row:
        sender = await self._runner.dispatch.organisation(kept.organisation)
        return Row(
            self._runner.dispatch.vault.uuid(NUMBER, kept.id),
            kept.name,
            "" if sender is None else sender.name,
            kept.status,
            number_in(kept.rows, lang),
            100 * kept.planned // kept.rows if kept.rows else 0,
            moment(kept.began_ms or kept.created_ms, zone_of(self.site, ""), lang),
        )

    def _lines(self, seen: Foreseen, lang: str) -> list[Line]:
        words = self.site.words[lang]
        lines = [
            Line(words.app(one.channel), number_in(one.count, lang), self._price(one.micros, lang),
                 self._lasts(one.seconds, lang) if one.seconds else "–")
            for one in seen.channels
        ]  # fmt: skip
        if seen.inbox:
            lines.append(Line(words.say("office.campaigns.inbox"), number_in(seen.inbox, lang), "–", "–"))
        return lines

    def _left(self, seen: Foreseen, words: Phrases, lang: str) -> list[tuple[str, str]]:
        """Why somebody gets nothing, or has to wait, in words."""
        found = []
        for why, count in {**seen.left, **seen.held}.items():
            kind, _, which = why.partition("/")
            known = f"office.campaigns.left.{kind}"
            text = words.say(known, rule=which or "–") if words.knows(known) else reason_in_words(words, kind)
            found.append((text, number_in(count, lang)))
        return found

    def _refusal(self, words: Phrases, why: str) -> str:
        known = f"office.campaigns.refused.{why}"
        return words.say(known) if words.knows(known) else why

    def _price(self, micros: int, lang: str) -> str:
        return format_currency(micros / MICROS, self._currency, locale=lang)

    def _lasts(self, seconds: float | None, lang: str) -> str:
        return format_timedelta(round(seconds or 0), threshold=1.5, locale=lang)


def number_in(count: int, lang: str) -> str:
    """A number as it is written in a language."""
    return format_decimal(count, locale=lang)
