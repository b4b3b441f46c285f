"""The marketplace's story: the same answer of its support in Telegram on four days, with and without the draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from vikno.bootstrap.dispatching import Lands, contract_prices, zone_of_country
from vikno.domain.dialog.phrases import Phrases
from vikno.domain.notify.fill import fill
from vikno.domain.notify.template import parse
from vikno.testing.phones.senders.rules import said_day, shown_rule
from vikno.usecases.judge import About, Judge, Whereabouts
from vikno.usecases.organisations import Organisation
from vikno.usecases.people import PersonKept
from vikno.usecases.put_senders import Sender

CHANNEL, TEMPLATE = "telegram", "support"
DRAFT = "RU-DRAFT-2026"
DAYS: tuple[tuple[tuple[int, int, int], bool], ...] = (
    ((2025, 5, 31), False),
    ((2025, 6, 1), False),
    ((2026, 9, 1), False),
    ((2026, 9, 1), True),
)
"""Which day, and whether the draft is taken for law."""
SENDERS = ("marketplace", "delivery")
"""Categories: what it is, and what it would be if it only brought parcels, which the draft alone names."""


@dataclass(frozen=True)
class Market:
    """Decides about the support's answer, by rules that are data and nothing else."""

    lands: Lands
    shop: Sender
    home: str
    """The country whose contracts pay."""

    def answers(self, words: Phrases) -> dict[str, Any]:
        """Every day with what is decided of each kind of sender."""
        judges = {draft: self._judge(draft=draft) for draft in (False, True)}
        return {
            "sender": self.shop.given.name,
            "text": self._text(words),
            "senders": [words.say(f"sender.{category}") for category in SENDERS],
            "days": [
                {
                    "day": said_day(datetime(*day).date(), words.language),  # noqa: DTZ001 - only its day is said
                    "draft": draft,
                    "decided": [self._decided(judges[draft], category, day, words) for category in SENDERS],
                }
                for day, draft in DAYS
            ],
        }

    def _judge(self, *, draft: bool) -> Judge:
        lands, prices = self.lands, contract_prices(self.lands.deliveries, self.home)
        return Judge(lands.policy([DRAFT] if draft else []), lands.manner, prices, {}, zone_of_country, lands.clocks())

    def _decided(self, judge: Judge, category: str, day: tuple[int, int, int], words: Phrases) -> dict[str, Any]:
        shop = replace(Organisation(**asdict(self.shop.given)), category=category)
        about = About(shop, self._draft.content, "reply", dict(self._draft.text.facts))
        zone = self.lands.countries[shop.country].time_zone
        noon_ms = int(datetime(*day, 12, tzinfo=ZoneInfo(zone)).timestamp() * 1000)
        where, client = Whereabouts(shop.country, zone), PersonKept(0, ())
        decision = judge.decide(about, CHANNEL, where, client, noon_ms)
        instead = () if decision.may_go else judge.instead(about, CHANNEL, where, client, noon_ms)
        return {
            "may": decision.may_go,
            "text": words.say("market.may" if decision.may_go else "market.may_not"),
            "why": "" if decision.rules else words.say("market.no_rule"),
            "rules": [shown_rule(one.rule, self.lands.countries, words, one.version[:12]) for one in decision.rules],
            "instead": [words.say(f"channel.{name}") for name in instead],
        }

    @property
    def _draft(self) -> Any:
        return next(one for one in self.shop.templates if one.slug == TEMPLATE)

    def _text(self, words: Phrases) -> str:
        """What the support answers."""
        text = self._draft.text
        variants: Mapping[str, Any] = text.languages.get(words.language) or text.languages[text.language]
        said = {name: words.say(f"market.{name}") for name in ("order", "answer", "agent")}
        filled = fill(parse(variants[""].body), said, trust=frozenset(text.trust), links=frozenset(text.links))
        return str(filled.text)
