"""/office/messages: why a message of an organisation went as it went, or did not go, for a clerk who is asked.

For whoever looks after the whole server. What a message says is not shown, and its recipient only in part: the name of
its template, the rules that decided with their sources, the person's choices, the price, and every try with its receipt
answer the question. Every look is in the access log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from babel.dates import format_timedelta
from babel.numbers import format_currency
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vikno.domain.dialog.phrases import Phrases
from vikno.domain.errors import ViknoError
from vikno.domain.notify.route import decode_plan
from vikno.portal.clocks import moment
from vikno.portal.entry import zone_of
from vikno.portal.office import Office, Session
from vikno.usecases.dispatch import Dispatch, decode_sealed
from vikno.usecases.explain_notification import (
    DAY_MS,
    Explained,
    LineSaid,
    NotificationUnknown,
    RuleSaid,
    Sources,
    TrySaid,
    explain,
    no_sources,
)
from vikno.usecases.mask_address import masked
from vikno.usecases.notifications import NotificationKept, Tally, Wanted
from vikno.usecases.organisations import Organisation

PAGE = 50
MOST_SENDERS = 200
SCANNED = 200
"""Of each sender, the latest messages whose rules are counted."""
FIGURES_DAYS = 7
NUMBER = "n"
TAB = "messages"
MICROS = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """A message in the list."""

    id: str
    sender: str
    template: str
    recipient: str
    status: str
    reason: str
    at: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a message, as a clerk reads it."""

    at: str
    text: str
    rules: tuple[RuleSaid, ...] = ()


class OfficeMessages:
    """The pages, among those of the office. `currency`: in which prices are told; `sources`: of the rules."""

    def __init__(self, office: Office, dispatch: Dispatch, currency: str, sources: Sources = no_sources) -> None:
        self._office, self._dispatch, self._currency, self._sources = office, dispatch, currency, sources
        self.site = office.site
        office.tabs.append(TAB)

    @property
    def routes(self) -> list[Route]:
        own, page = "/{lang}/office/messages", self._office.of_operator
        return [
            Route(own, page(self.page)),
            Route(f"{own}/figures", page(self.figures)),
            Route(f"{own}/{{message}}", page(self.message)),
        ]

    async def page(self, request: Request, lang: str, session: Session) -> Response:
        """The latest ones, of one sender or of all."""
        senders = (await self._dispatch.book.organisations())[:MOST_SENDERS]
        wanted, status = request.query_params.get("sender", ""), request.query_params.get("status", "")
        before = self._dispatch.vault.read_uuid(NUMBER, request.query_params.get("before", ""))
        chosen = [one for one in senders if not wanted or one.slug == wanted]
        found: list[NotificationKept] = []
        for one in chosen:
            ask = Wanted(one.id, statuses=(status,) if status in STATUSES else (), older_than=before)
            found += await self._dispatch.book.listed_notifications(ask, PAGE)
        found = sorted(found, key=lambda kept: -kept.id)[:PAGE]
        await self._office.note(session, "messages.read", f"organisation/{wanted or '*'}")
        names = {one.id: one for one in senders}
        return await self._office.shown(
            request, lang, session, "office-messages.html", TAB,
            rows=[await self._row(one, names[one.organisation], lang) for one in found], wanted=wanted, chosen=status,
            senders=senders, statuses=STATUSES, here=f"/{lang}/office/messages",
            next=self._dispatch.vault.uuid(NUMBER, found[-1].id) if len(found) == PAGE else None,
        )  # fmt: skip

    async def message(self, request: Request, lang: str, session: Session) -> Response:
        """One, with everything that had a say."""
        number = self._dispatch.vault.read_uuid(NUMBER, request.path_params["message"])
        if number is None:
            return await self._none(request, lang, session)
        try:
            why = await explain(self._dispatch, number, lang, self._sources)
        except NotificationUnknown:
            return await self._none(request, lang, session)
        await self._office.note(session, "message.why", f"notification/{number}")
        words = self.site.words[lang]
        return await self._office.shown(
            request, lang, session, "office-message.html", TAB, title=words.say("why.title", sender=why.sender),
            why=why, events=self._events(why, lang), price=self._price(why.micros, lang),
            reason=reason_in_words(words, why.reason), wishes=_wishes(why, words),
            steps=[
                {"app": words.app(one.channel), "price": self._price(one.micros, lang), "said": one,
                 "time": format_timedelta(one.wait_s, threshold=2, locale=lang)}
                for one in why.steps
            ],
            left=[{"app": words.app(one.channel), "why": words.say(f"why.left.{one.why}"), "rules": one.rules}
                  for one in why.left],
            instead=[words.app(one) for one in why.instead], here=f"/{lang}/office/messages",
            created=self._moment(why.created_ms, lang), expires=self._moment(why.expires_ms, lang),
        )  # fmt: skip

    async def figures(self, request: Request, lang: str, session: Session) -> Response:
        """How many of what: by sender, channel, reason and rule. Nobody is in them."""
        senders = (await self._dispatch.book.organisations())[:MOST_SENDERS]
        names, words = {one.id: one.name for one in senders}, self.site.words[lang]
        tallies = await self._dispatch.book.tallies(self._dispatch.clock() - FIGURES_DAYS * DAY_MS)
        await self._office.note(session, "messages.figures", "organisation/*")
        return await self._office.shown(
            request, lang, session, "office-figures.html", TAB, title=words.say("office.figures"), days=FIGURES_DAYS,
            senders=[(names.get(one, ""), counts) for one, counts in by_status(tallies, lambda one: one.organisation)],
            channels=[(words.app(one) if one else "–", counts)
                      for one, counts in by_status(tallies, lambda one: one.channel)],
            reasons=[(reason_in_words(words, reason), count) for reason, count in by_reason(tallies)],
            rules=[(self._rule(name, lang), count) for name, count in await self._by_rule(senders)], scanned=SCANNED,
            statuses=STATUSES, here=f"/{lang}/office/messages",
        )  # fmt: skip

    async def _none(self, request: Request, lang: str, session: Session) -> Response:
        text = self.site.words[lang].say("why.none")
        return await self._office.shown(request, lang, session, "office-none.html", TAB, 404, title=text)

    async def _row(self, kept: NotificationKept, sender: Organisation, lang: str) -> Row:
        rendering = await self._dispatch.rendering(kept.template)
        try:
            to = masked(decode_sealed(self._dispatch.vault.unseal(kept.sealed)).to)
        except (ViknoError, ValueError):
            to = ""
        return Row(
            self._dispatch.vault.uuid(NUMBER, kept.id), sender.name, rendering.kept.name if rendering else "", to,
            kept.status, reason_in_words(self.site.words[lang], kept.reason), self._moment(kept.created_ms, lang),
        )  # fmt: skip

    async def _by_rule(self, senders: Iterable[Organisation]) -> list[tuple[str, int]]:
        """How often each rule kept a message off a channel, among the latest messages."""
        counted: Counter[str] = Counter()
        for one in senders:
            for kept in await self._dispatch.book.listed_notifications(Wanted(one.id), SCANNED):
                plan = decode_plan(kept.plan)
                counted.update(
                    {rule.id for left in plan.left for rule in left.rules} | {one.id for one in plan.against}
                )
        return counted.most_common(PAGE)

    def _rule(self, name: str, lang: str) -> str:
        found = self._dispatch.judge.policy.applied(name)
        return f"{name}: {found.rule.title.text(lang)}" if found is not None else name

    # ---- in words ----

    def _events(self, why: Explained, lang: str) -> list[Event]:
        """What happened, in order."""
        words = self.site.words[lang]
        told: list[tuple[int, Event]] = [
            (why.created_ms, Event(self._moment(why.created_ms, lang), words.say("why.created", sender=why.sender)))
        ]
        told += [(one.changed_ms, self._tried(one, words, lang)) for one in why.tries]
        told += [(one.at_ms, self._line(one, words, lang)) for one in why.lines]
        return [event for _, event in sorted(told, key=lambda one: one[0])]

    def _tried(self, one: TrySaid, words: Phrases, lang: str) -> Event:
        """A try, as its last receipt left it."""
        status = words.say(f"status.{one.status}") if words.knows(f"status.{one.status}") else one.status
        text = words.say("why.tried", app=words.app(one.channel), status=status)
        if one.reason:
            text = f"{text} ({reason_in_words(words, one.reason)})"
        return Event(self._moment(one.changed_ms, lang), text, one.rules)

    def _line(self, one: LineSaid, words: Phrases, lang: str) -> Event:
        """A line of the router's."""
        because = reason_in_words(words, one.why)
        match one.what:
            case "step":
                text = words.say("why.step", app=words.app(one.account.partition("/")[0]), because=because)
            case "held":
                text = (
                    words.say("why.held.facts", facts=", ".join(one.missing)) if one.missing else words.say("why.held")
                )
            case "back":
                text = words.say("why.back", app=words.app(one.account.partition("/")[0]))
            case "seen":
                text = words.say("why.seen")
            case "nowhere":
                text = words.say("why.nowhere", because=because)
            case "ended":
                text = words.say("why.ended", status=words.say(f"status.{one.status}"))
                text = f"{text} ({because})" if because else text
            case _:
                text = one.what
        return Event(self._moment(one.at_ms, lang), text, one.rules)

    def _price(self, micros: int, lang: str) -> str:
        return str(format_currency(micros / MICROS, self._currency, locale=lang)) if micros else ""

    def _moment(self, at_ms: int, lang: str) -> str:
        return moment(at_ms, zone_of(self.site, ""), lang)


STATUSES = (
    "created", "sending", "sent", "delivered", "temporary-failure", "permanent-failure", "technical-failure",
)  # fmt: skip


def reason_in_words(words: Phrases, reason: str) -> str:
    """Why, for a clerk: known reasons in words, a channel by its name, and what a platform said as it said it."""
    if not reason:
        return ""
    known = f"why.reason.{reason.partition(':')[0]}"  # behind the colon stand rules, which are shown by themselves
    if words.knows(known):
        return words.say(known)
    return words.say("why.reason.by", app=words.app(reason)) if words.knows(f"way.{reason}") else reason


def _wishes(why: Explained, words: Phrases) -> list[str]:
    """The person's choices, as far as they are about such messages."""
    wishes, found = why.wishes, []
    if wishes.refused:
        found.append(words.say("why.wishes.refused"))
    if wishes.channels:
        found.append(words.say("why.wishes.channels", list=", ".join(words.app(one) for one in wishes.channels)))
    if wishes.order:
        found.append(words.say("why.wishes.order", list=", ".join(words.app(one) for one in wishes.order)))
    if wishes.quiet:
        found.append(words.say("why.wishes.quiet", begins=f"{wishes.quiet[0]:02}:00", ends=f"{wishes.quiet[1]:02}:00"))
    found.append(words.say(f"why.consent.{wishes.consent}"))
    return found


def by_status(tallies: Iterable[Tally], key: Any) -> list[tuple[Any, Counter[str]]]:
    """Counts of each status, for each value of `key`; those with most first."""
    found: dict[Any, Counter[str]] = {}
    for one in tallies:
        found.setdefault(key(one), Counter())[one.status] += one.count
    return sorted(found.items(), key=lambda one: -one[1].total())


def by_reason(tallies: Sequence[Tally]) -> list[tuple[str, int]]:
    """Why messages did not arrive, the commonest reason first."""
    counted: Counter[str] = Counter()
    for one in tallies:
        if one.status.endswith("-failure"):
            counted[one.reason] += one.count
    return counted.most_common(PAGE)
