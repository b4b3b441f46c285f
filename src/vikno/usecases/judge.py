"""What the rules, the person and the prices say of a message on each of a person's addresses.

The same question is put when a message is planned, when its next step comes, and when it is about to leave: a queued
message may outlive a law, and a consent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from vikno.domain.notify.manners import Manner
from vikno.domain.notify.route import INBOX, POINTED, WEB, Way
from vikno.domain.policy import Decision, Policy
from vikno.domain.rules.conditions import Answer
from vikno.usecases.channel import Capabilities
from vikno.usecases.notifications import Direction
from vikno.usecases.organisations import Organisation
from vikno.usecases.people import EVERY, PersonKept, Reached

POINTER = "service"
"""What a bare pointer is about: that there is something in the inbox."""
MOST_UNASKED = 1000
_UTC = ZoneInfo("UTC")
REMEMBERED = 50_000
"""Decisions about messages alike. In a campaign most are alike."""


class Prices(Protocol):
    """What sending costs."""

    def price(self, channel: str, country: str | None, parts: int, day: date) -> int | None:
        """In millionths of the currency's unit; None where nobody has said."""
        ...


@dataclass(frozen=True, slots=True)
class About:
    """A message as the rules see it, whoever gets it. `facts`: what its template says of itself."""

    organisation: Organisation
    content: str
    direction: Direction = "initiated"
    facts: Mapping[str, Answer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where the recipient is, as far as their address tells. None: it is not known, and not guessed."""

    country: str | None = None
    zone: str | None = None


class Judge:
    """Asks the rules about messages. `accounts`: what each account of this installation can do."""

    def __init__(
        self,
        policy: Policy,
        manners: Callable[[str, str], Manner],
        prices: Prices,
        accounts: Mapping[str, Capabilities],
        zones: Callable[[str], str | None],
        clocks: Mapping[str, str],
    ) -> None:
        """`manners`: of a content in a country. `zones`: the one time zone of a country, where it has one.

        `clocks`: by which clock the days of a country's laws begin.
        """
        self.policy, self.manner, self._prices, self.accounts = policy, manners, prices, accounts
        self._zones, self._clocks = zones, clocks
        self._known: dict[object, Decision] = {}
        self.counted: Counter[str] = Counter()
        """How often each effect was decided, since the start."""
        facts = policy.service.facts
        self._hours_matter = any(fact.id == "hour" for fact in facts)

    def decide(
        self, about: About, channel: str, where: Whereabouts, person: PersonKept, now_ms: int, *, pointer: bool = False
    ) -> Decision:
        """What the rules of today say. `pointer`: of a bare pointer in place of the message."""
        content = POINTER if pointer else about.content
        opted_out = person.choices.refuses(about.organisation.slug, about.content)
        country = where.country or about.organisation.audience
        zone = zone_of(where, person) or self._zones(country) if self._hours_matter else None
        hour = self._hour(zone, now_ms)
        day = self.day(about, now_ms)
        unasked = 0 if person.consent != "none" else min(person.unasked, MOST_UNASKED)
        organisation = about.organisation
        key = (
            organisation.category, organisation.country, country, channel, about.direction, content, person.consent,
            opted_out, unasked, hour, day, frozenset(about.facts.items()),
        )  # fmt: skip
        if len(self._known) > REMEMBERED:
            self._known.clear()
        found = self._known.get(key)
        if found is None:
            message = self._message(about, channel, content, country, person, opted_out, unasked, hour)
            found = self._known[key] = self.policy.decide(message, day)
        self.counted[found.effect] += 1
        return found

    def _message(  # noqa: PLR0913, PLR0917 - what a rule may ask
        self,
        about: About,
        channel: str,
        content: str,
        country: str,
        person: PersonKept,
        opted_out: bool,
        unasked: int,
        hour: int | None,
    ) -> dict[str, Answer]:
        message: dict[str, Answer] = {
            "recipient": "person", "purpose": "ordinary", "device": "own", "duty": False, "sender_name": "own",
            "automated": False, "registered": False,
            **about.facts,
            "sender_country": about.organisation.country, "sender": about.organisation.category,
            "recipient_country": country, "channel": channel, "direction": about.direction, "content": content,
            "consent": person.consent, "opted_out": opted_out, "sent_unasked": unasked,
        }  # fmt: skip
        return message if hour is None else {**message, "hour": hour}

    def ways(self, about: About, person: PersonKept, where: Whereabouts, now_ms: int, parts: int = 1) -> Iterator[Way]:
        """Every address of the person on an account that is here, with what is to be said of each."""
        slug, content, day = about.organisation.slug, about.content, self.day(about, now_ms)
        country = where.country or about.organisation.audience
        for way in person.ways:
            known = self.accounts.get(way.account)
            if known is None and way.account != WEB:  # the chat on the site is always here
                continue
            channel = way.account.partition("/")[0]
            whole = self.decide(about, channel, where, person, now_ms)
            pointer = self.decide(about, channel, where, person, now_ms, pointer=True) if content in POINTED else None
            yield Way(
                way.conversation,
                way.account,
                alive=way.status == "alive",
                receipts=known is not None and known.receipts,
                wanted=not person.choices.refuses(slug, content, channel),
                whole=whole,
                pointer=pointer,
                later=self._later(about, channel, where, person, now_ms, whole if pointer is None else pointer),
                micros=0 if channel == WEB else self._prices.price(channel, country, parts, day),
            )

    def inbox(self, about: About, person: PersonKept, where: Whereabouts, now_ms: int) -> Decision | None:
        """What the rules say of the inbox; None where the person wants such messages nowhere."""
        if person.choices.refuses(about.organisation.slug, about.content, EVERY):
            return None
        return self.decide(about, INBOX, where, person, now_ms)

    def instead(
        self, about: About, channel: str, where: Whereabouts, person: PersonKept, now_ms: int
    ) -> tuple[str, ...]:
        """On which other channels the same might lawfully go, as the rules against it say."""
        country = where.country or about.organisation.audience
        opted_out = person.choices.refuses(about.organisation.slug, about.content)
        message = self._message(about, channel, about.content, country, person, opted_out, person.unasked, None)
        return tuple(name for name, _ in self.policy.alternatives(message, self.day(about, now_ms)))

    def day(self, about: About, now_ms: int) -> date:
        """The day of the sender's law."""
        return _local(zone_named(self._clocks.get(about.organisation.country, "UTC")) or _UTC, now_ms).date()

    def _later(
        self, about: About, channel: str, where: Whereabouts, person: PersonKept, now_ms: int, decision: Decision
    ) -> bool:
        """Whether only the hour is against it."""
        if decision.may_go or decision.effect == "unknown" or not self._hours_matter:
            return False
        return any(
            self.decide(about, channel, where, person, now_ms + hours * 3_600_000).may_go for hours in range(1, 24)
        )

    def _hour(self, zone: str | None, now_ms: int) -> int | None:
        known = zone_named(zone) if zone is not None else None
        return None if known is None else _local(known, now_ms).hour


@lru_cache(1024)
def zone_named(name: str) -> ZoneInfo | None:
    """None for one that this machine does not know: then the hour is not known either."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _local(zone: ZoneInfo, now_ms: int) -> datetime:
    return datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(zone)


def zone_of(where: Whereabouts, person: PersonKept) -> str | None:
    """By whose clock their night goes: as their address tells, or as they have said."""
    return where.zone or next((way.zone for way in person.ways if way.zone), None)


def reached(conversation: str, account: str, lang: str | None = None) -> Reached:
    """An address that an organisation has given, of somebody who was never met."""
    return Reached(0, conversation, account, "alive", lang, None, met=False)


def together(people: Iterable[PersonKept], names: Iterable[tuple[str, str]] = ()) -> PersonKept:
    """Those that the addresses of a message lead to, as one: whatever one of them refuses is refused, and consent is
    what all have given. `names`: account and conversation of its addresses, also of those that nobody is known by.
    """
    known = list({person.id: person for person in people}.values())
    ways = {way.conversation: way for person in known for way in person.ways}
    for account, name in names:
        ways.setdefault(name, reached(name, account))
    if not known:
        return PersonKept(0, tuple(ways.values()))
    first = known[0]
    if len(known) == 1:
        return first if len(ways) == len(first.ways) else replace(first, ways=tuple(ways.values()))
    consents = {person.consent for person in known}
    off = frozenset[tuple[str, str, str]]().union(*(person.choices.off for person in known))
    return PersonKept(
        first.id,
        tuple(ways.values()),
        msgspec.structs.replace(first.choices, off=off),
        consents.pop() if len(consents) == 1 else "none",
        sum(person.unasked for person in known),
        sum(person.today for person in known),
    )
