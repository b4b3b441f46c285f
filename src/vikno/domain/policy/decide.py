"""Decide whether a message may go, by the rules of its day: permit, deny, require, advise or unknown, and why.

Unknown is no guess: a fact is missing on which it depends whether the law lets it go, so it waits until that is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal

from vikno.domain.policy.rules import ChannelRule, as_service
from vikno.domain.rules.conditions import Answer
from vikno.domain.rules.explain import Reason, reasons_for
from vikno.domain.rules.receipt import rules_hash
from vikno.domain.rules.ruleset import Ruleset, ruleset_on
from vikno.domain.rules.service import Fact, Item, Service

Level = Literal["law", "advice"]
HOURS = 24
REMEMBERED = 10_000
"""Messages of which something is missing; in a campaign most look alike."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A rule that had a say. `version` is of this rule alone: equal versions, equal rules."""

    rule: ChannelRule
    version: str


@dataclass(frozen=True)
class Decision:
    """What comes of a message on a channel. `level` is advice where nobody is bound by the rules that decided.

    `rules`: those that decided; for a permit those that lifted others. `missing`: for unknown, the facts that
    have to be known first.
    """

    effect: Literal["permit", "deny", "require", "advise", "unknown"]
    level: Level
    rules: tuple[Applied, ...]
    missing: tuple[str, ...] = ()
    advice: tuple[Applied, ...] = ()
    """What else is worth knowing, whatever was decided."""

    @property
    def may_go(self) -> bool:
        """Whether nothing binding stands against it."""
        return self.effect in ("permit", "advise") or (self.level == "advice" and self.effect != "unknown")


class Policy:
    """The rules of some jurisdictions as they are seen from one point: what is known, and which drafts are supposed."""

    def __init__(
        self,
        rules: Iterable[ChannelRule],
        facts: tuple[Fact, ...],
        *,
        known_on: date | None = None,
        what_if: Iterable[str] = (),
        key: str = "policy",
        languages: tuple[str, ...] = ("en",),
    ) -> None:
        """`known_on`: decide as somebody who knows what was known on that day. `what_if`: drafts that shall count."""
        supposed = frozenset(what_if)
        self.rules = tuple(rule for rule in rules if rule.seen(known_on, supposed))
        self._named = {rule.id: rule for rule in self.rules}
        used = _used(self.rules)
        self.service: Service = as_service(key, self.rules, tuple(fact for fact in facts if fact.id in used), languages)
        self._versions: dict[str, str] = {}
        self._decided: dict[tuple[Item, ...], Decision] = {}
        self._waiting: dict[tuple[object, ...], Decision] = {}

    @cached_property
    def version(self) -> str:
        """SHA-256 over all the rules, without their words."""
        return self.service.version

    def applied(self, name: str) -> Applied | None:
        """A rule by its id, as it stands here; None where there is no such rule."""
        rule = self._named.get(name)
        return None if rule is None else Applied(rule, self._version(rule))

    def decide(self, message: Mapping[str, Answer], day: date) -> Decision:
        """What the rules of `day` say of a message; facts that are not among its facts are not known.

        A fact of another kind than the vocabulary's must have been refused before (`read_answers`).
        """
        ruleset = ruleset_on(self.service, day)
        consultation = ruleset.consult(message)
        if consultation.next is None:
            return self._of(consultation.items)
        known = day, *[message.get(fact.id) for fact in self.service.facts]
        found = self._waiting.get(known)
        if found is None:
            if len(self._waiting) >= REMEMBERED:
                self._waiting.clear()
            found = self._waiting[known] = self._partly(ruleset, message)
        return found

    def alternatives(
        self, message: Mapping[str, Answer], day: date, channels: Iterable[str] = ()
    ) -> tuple[tuple[str, Decision], ...]:
        """On which other channels the same may lawfully go: those that the deciding rules name, then `channels`."""
        decided = self.decide(message, day)
        named = [channel for applied in decided.rules for channel in applied.rule.instead]
        found = []
        for channel in dict.fromkeys([*named, *channels]):
            if channel != message.get("channel"):
                other = self.decide({**message, "channel": channel}, day)
                if other.may_go:
                    found.append((channel, other))
        return tuple(found)

    def hours_until(self, message: Mapping[str, Answer], day: date) -> int | None:
        """In how many hours it may go, where only the hour is against it; None where waiting does not help.

        Of a rule that begins or ends at midnight nothing is foretold: it is decided again then.
        """
        hour = message.get("hour")
        if not isinstance(hour, int):
            return None
        for later in range(1, HOURS):
            if self.decide({**message, "hour": (hour + later) % HOURS}, day).may_go:
                return later
        return None

    def reasons(self, applied: Applied, message: Mapping[str, Answer], day: date) -> tuple[Reason, ...]:
        """The facts of the message that made the rule apply."""
        item = next(item for item in self.service.items if item.id == applied.rule.id)
        return reasons_for(self.service, item, message, day)

    def _of(self, items: tuple[Item, ...]) -> Decision:
        """The decision that these lines come to; there are few different sets of them."""
        found = self._decided.get(items)
        if found is None:
            found = self._decided[items] = self._made(items)
        return found

    def _made(self, items: tuple[Item, ...]) -> Decision:
        said = [self._named[item.id] for item in items if item.id in self._named]
        advice = self._applied(rule for rule in said if rule.effect == "advise")
        for binding in (True, False):
            for effect in ("deny", "require"):
                against = [rule for rule in said if rule.effect == effect and (rule.status != "recommended") == binding]
                if against:
                    return Decision(effect, "law" if binding else "advice", self._applied(against), (), advice)
        if advice:
            return Decision("advise", "advice", advice, (), advice)
        return Decision("permit", "law", self._applied(rule for rule in said if rule.effect == "permit"))

    def _partly(self, ruleset: Ruleset, message: Mapping[str, Answer]) -> Decision:
        """Where facts are missing: what is certain whatever they are, or which of them it depends on."""
        certain = ruleset.certain(message)
        decided = self._of(certain)
        if decided.effect in ("deny", "require") and decided.level == "law":
            return decided
        waiting = ruleset.waiting(message)
        binding = [
            (item, facts)
            for item, facts in waiting.items()
            if item.kind in ("deny", "require") and self._named[item.id].status != "recommended"
        ]
        if not binding:
            return decided
        missing = dict.fromkeys(fact for _, facts in binding for fact in facts)
        return Decision("unknown", "law", self._applied(self._named[item.id] for item, _ in binding), tuple(missing))

    def _applied(self, rules: Iterable[ChannelRule]) -> tuple[Applied, ...]:
        return tuple(Applied(rule, self._version(rule)) for rule in rules)

    def _version(self, rule: ChannelRule) -> str:
        found = self._versions.get(rule.id)
        if found is None:
            alone = as_service(rule.id, [rule], self.service.facts, self.service.languages)
            found = self._versions[rule.id] = rules_hash(alone)
        return found


def _used(rules: Iterable[ChannelRule]) -> frozenset[str]:
    """The facts that any of them looks at."""
    return frozenset(_looked_at(rules))


def _looked_at(rules: Iterable[ChannelRule]) -> Iterator[str]:
    from vikno.domain.rules.conditions import facts_of

    for rule in rules:
        yield from facts_of(rule.when)
        if rule.must is not None:
            yield from facts_of(rule.must)
