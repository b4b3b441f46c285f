"""A rule about messages as data: when it holds, what it does, since when, who says so. The words are XACML's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from vikno.domain.rules.conditions import TRUE, All, Condition, Day, Not, TodayIs
from vikno.domain.rules.service import Fact, Item, Service
from vikno.domain.values import Place, Text

Effect = Literal["permit", "deny", "require", "advise"]
"""permit: says that it may go, and lifts the rules that it `overrides` · deny: it may not go · require: it may go
only if `must` holds · advise: it may go, with this advice."""
EFFECTS = ("deny", "require", "advise", "permit")
"""In the order in which a decision looks at them."""
Status = Literal["proposed", "enacted", "recommended", "superseded"]
"""proposed: a draft, which counts in a what-if only · enacted: law, a regulator's reading of it, an order ·
recommended: nobody is bound by it · superseded: it counts until its last day, and stands here for decisions of then."""
STATUSES = ("proposed", "enacted", "recommended", "superseded")


@dataclass(frozen=True, slots=True, eq=False)
class ChannelRule:
    """One rule of one jurisdiction. `from_` is the first day it holds, `until` the last; `known` the day on which the
    pack learned of it, so that a decision of before is not blamed for it. Compared by identity.
    """

    id: str
    jurisdiction: str
    title: Text
    status: Status
    effect: Effect
    when: Condition
    must: Condition | None = None
    overrides: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()
    """Channels to try in its place, the best first."""
    from_: date | None = None
    until: date | None = None
    known: date | None = None
    basis: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    confidence: str = "C"
    place: Place = Place()
    when_place: Place = Place()
    period_place: Place = Place()

    def seen(self, known_on: date | None, what_if: frozenset[str]) -> bool:
        """Whether somebody who knows what was known on that day counts with it. None: all that is known."""
        if self.status == "proposed":
            return self.id in what_if
        return known_on is None or self.known is None or self.known <= known_on

    @property
    def item(self) -> Item:
        """The same as a line of an outcome: the rules' diagrams, proofs and differences are those of consultations."""
        when = All((self.when, Not(self.must))) if self.must is not None else self.when
        return Item(
            kind=self.effect,
            id=self.id,
            text=self.title,
            when=when,
            basis=self.basis,
            sources=self.sources,
            confidence=self.confidence,
            from_=self.from_,
            until=self.until,
            place=self.place,
            when_place=self.when_place,
            period_place=self.period_place,
        )


def lifted(rules: Iterable[ChannelRule]) -> Iterator[ChannelRule]:
    """The rules without what other rules permit, while these hold."""
    every = tuple(rules)
    for rule in every:
        lifting = [one for one in every if one.effect == "permit" and rule.id in one.overrides]
        parts = (rule.when, *(Not(_while(one)) for one in lifting))
        yield replace(rule, when=All(parts)) if lifting else rule


def _while(rule: ChannelRule) -> Condition:
    parts: list[Condition] = [rule.when]
    if rule.from_ is not None:
        parts.append(TodayIs(">=", Day(fixed=rule.from_)))
    if rule.until is not None:
        parts.append(TodayIs("<", Day(fixed=rule.until + timedelta(days=1))))
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def as_service(key: str, rules: Iterable[ChannelRule], facts: tuple[Fact, ...], languages: tuple[str, ...]) -> Service:
    """Rules as a consultation about a message, whose outcome is what they say of it."""
    every = tuple(lifted(rules))
    first = min((rule.from_ for rule in every if rule.from_ is not None), default=None)
    return Service(
        key=key,
        title=Text(f"{key}.title", key),
        authority="",
        language=languages[0],
        languages=languages,
        currency="EUR",
        facts=facts,
        items=(*(rule.item for rule in every), Item("permit", "no_rule", Text("no_rule", "No rule forbids it"), TRUE)),
        since=first,
    )
