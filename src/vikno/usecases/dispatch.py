"""What sending, routing and releasing notifications have in common: the record, the rules, the words, the clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from functools import lru_cache
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from vikno.domain.dialog.phrases import Phrases
from vikno.domain.notify.fill import Filled, fill
from vikno.domain.notify.hours import Quiet, Window
from vikno.domain.notify.manners import Manner
from vikno.domain.notify.markup import as_plain
from vikno.domain.notify.template import Template, parse
from vikno.domain.rules.conditions import Answer
from vikno.usecases.channel import Outbound, Purpose
from vikno.usecases.count_days import Days
from vikno.usecases.judge import About, Judge, Whereabouts, zone_of
from vikno.usecases.notifications import Direction, NotificationKept, Notifications
from vikno.usecases.organisations import Organisation, Organisations, TemplateKept, TemplateText, Words, decode_template
from vikno.usecases.people import People, PersonKept
from vikno.usecases.ports import Clock
from vikno.usecases.records import AddressBook, Vault
from vikno.usecases.sign_links import Links
from vikno.usecases.turns import Turns

BRIEF = frozenset({"sms"})
"""Kinds of channels on which every word costs."""
MARKED = "email"
"""The kind of channel whose templates may hold headings and lists as Notify writes them."""
FALLBACK = "en"
FRESH_MS = 1000
"""For so long what reviewers have decided is not looked up again."""


class Book(Organisations, People, Notifications, AddressBook, Protocol):
    """What these use cases need of a store."""


class Sealed(Struct, frozen=True, omit_defaults=True, rename={"personalisation": "p"}):
    """What of a notification is of a person, as it is sealed on record. `to`: as it was written."""

    to: str = ""
    country: str | None = None
    zone: str | None = None
    personalisation: Mapping[str, Any] = {}

    @property
    def where(self) -> Whereabouts:
        return Whereabouts(self.country, self.zone)


encode_sealed = msgspec.json.Encoder().encode
decode_sealed = msgspec.json.Decoder(Sealed).decode


@dataclass(frozen=True)
class Rendering:
    """A version of a template, read once. `facts` are what rules may ask of it."""

    kept: TemplateKept
    text: TemplateText
    facts: Mapping[str, Answer]

    def words(self, lang: str, channel: str) -> tuple[str, Words]:
        """In this language, or in the template's own, for this kind of channel; and which language it is."""
        lang = lang if lang in self.text.languages else self.text.language
        variants = self.text.languages[lang]
        return lang, variants.get(channel) or variants.get("") or next(iter(variants.values()))

    def fill(self, said: str, personalisation: Mapping[str, Any]) -> Filled:
        """Raises what `vikno.domain.notify.template.fill` raises."""
        return fill(parsed(said), personalisation, trust=frozenset(self.text.trust), links=frozenset(self.text.links))


@lru_cache(4096)
def parsed(said: str) -> Template:
    """Read once; templates are few."""
    return parse(said)


@dataclass
class Dispatch:
    """Who decides and sends. `quiet`: the nights of a country; `phrases` stand around the words of organisations."""

    book: Book
    vault: Vault
    judge: Judge
    clock: Clock
    phrases: Mapping[str, Phrases]
    quiet: Callable[[str], Quiet]
    zone: Callable[[str], Any]
    links: Links | None = None
    nudge: Callable[[], None] = lambda: None
    """Called when something was queued."""
    days: Days = field(init=False)
    turns: Turns = field(default_factory=Turns)
    _rows: dict[int, tuple[int, Rendering]] = field(default_factory=dict)
    _organisations: dict[int, tuple[int, Organisation]] = field(default_factory=dict)
    _flows: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.days = Days(self.book)

    async def rendering(self, row: int) -> Rendering | None:
        """A version of a template by its own number. Its words never change; its review is looked up once a second."""
        now_ms, known = self.clock(), self._rows.get(row)
        if known is not None and 0 <= now_ms - known[0] < FRESH_MS:
            return known[1]
        kept = await self.book.template_row(row)
        if kept is None:
            self._rows.pop(row, None)
            return None
        same = known is not None and known[1].kept.text == kept.text
        found = replace(known[1], kept=kept) if known is not None and same else read_rendering(kept)
        self._rows[row] = now_ms, found
        return found

    async def organisation(self, number: int) -> Organisation | None:
        """As it stands; looked up once a second at most."""
        now_ms, known = self.clock(), self._organisations.get(number)
        if known is not None and 0 <= now_ms - known[0] < FRESH_MS:
            return known[1]
        found = await self.book.organisation(number)
        if found is not None:
            self._organisations[number] = now_ms, found
        return found

    async def in_campaign(self, kept: NotificationKept) -> bool:
        """Whether it stands in the queue of a campaign, which may be a long one."""
        single = self._flows.get(kept.organisation)
        if single is None:
            single = self._flows[kept.organisation] = await self.book.flow_of(kept.organisation, self.clock())
        return kept.flow != single

    def about(self, organisation: Organisation, rendering: Rendering, direction: Direction) -> About:
        """The message as the rules see it."""
        return About(organisation, rendering.kept.content, direction, rendering.facts)

    def window(
        self,
        manner: Manner,
        organisation: Organisation,
        where: Whereabouts,
        person: PersonKept,
        direction: Direction,
        now_ms: int,
    ) -> Window:
        """When it may leave, and until when: not in the person's quiet hours, if it can wait and is no answer."""
        if not manner.quiet or direction == "reply":
            return Window(now_ms, now_ms + manner.lives_s * 1000)
        quiet, named = self.quiet(where.country or organisation.audience), zone_of(where, person)
        if person.choices.quiet is not None:
            start, end = person.choices.quiet
            quiet = replace(quiet, start=time(start % 24), end=time(end % 24))
        begins = quiet.window(now_ms, self.zone(named) if named else None).not_before_ms
        return Window(begins, begins + manner.lives_s * 1000)

    def outbound(  # noqa: PLR0913 - what a message is made of
        self,
        organisation: Organisation,
        rendering: Rendering,
        kept: NotificationKept,
        sealed: Sealed,
        conversation: str,
        account: str,
        *,
        reduced: bool,
        bulk: bool,
    ) -> Outbound:
        """What is said on this channel. A code, and an answer, were asked for: nothing in them ends them.

        Raises what filling a template raises.
        """
        channel = account.partition("/")[0]
        lang, words = rendering.words(kept.lang, channel)
        phrases = self.phrases.get(lang) or self.phrases[FALLBACK]
        brief, name = ".brief" if channel in BRIEF else "", organisation.name
        link = self.links.inbox(conversation, self.clock()) if self.links is not None and not brief else None
        asked_for = kept.direction == "reply" or rendering.kept.content == "code"
        stop = self.links.off(conversation, organisation.id) if self.links is not None and not asked_for else None
        if reduced:
            text, subject = phrases.say(f"pointer{brief}", sender=name), phrases.say("pointer.subject", sender=name)
            if self.links is not None:
                link = self.links.inbox(conversation, self.clock())
                if brief:  # what a few parts hold goes without the link beside it
                    text = f"{text} {link}"
        else:
            body = rendering.fill(words.body, sealed.personalisation)
            text = phrases.say(f"said{brief}", sender=name, text=as_plain(body) if channel == MARKED else body.text)
            said = rendering.fill(words.subject, sealed.personalisation).line if words.subject else None
            subject = said or phrases.say("subject", sender=name)
        purpose: Purpose = "bulk" if bulk else "reply" if kept.direction == "reply" else "notice"
        return Outbound(text, lang, purpose=purpose, subject=subject, link=link, stop=stop, kept=True)


def read_rendering(kept: TemplateKept) -> Rendering:
    """Raises msgspec.DecodeError for a version that this program has not written."""
    text = decode_template(kept.text)
    return Rendering(kept, text, dict(text.facts))
