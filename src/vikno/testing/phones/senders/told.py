"""What became of a passenger's message, in words: in one line for the list, and step by step for who asks why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.numbers import format_currency

from vikno.domain.catalog import Country
from vikno.domain.dialog.phrases import Phrases
from vikno.domain.notify.prices import MICROS
from vikno.domain.policy import Policy
from vikno.testing.phones.senders.flight import Told
from vikno.testing.phones.senders.rules import shown_rule
from vikno.usecases.explain_notification import Explained, LineSaid, RuleSaid, TrySaid

LEFT_US = frozenset({"sent", "delivered", "read"})
UNDELIVERED = "stat:UNDELIV"
"""As a gateway reports a number that nobody answers at."""


@dataclass(frozen=True)
class Teller:
    """Says it in one language, by the clock of one zone."""

    words: Phrases
    zone: ZoneInfo
    currency: str
    policy: Policy
    countries: Mapping[str, Country]

    # ---- in one line ----

    def line(self, told: Told) -> dict[str, Any]:
        """A passenger in the list. `state`: waiting, sent, arrived, detour, unwanted or failed."""
        kept = told.found.notification
        state = state_of(told)
        via = self.channel(via_of(told))
        match state:
            case "detour":
                text = self.words.say("row.detour", first=self.channel(told.who.kind), via=via)
            case "unwanted":
                text = self.words.say(f"row.{kept.reason}" if self.words.knows(f"row.{kept.reason}") else "row.left")
            case "failed":
                text = self.why(kept.reason)
            case _:
                text = self.words.say(f"row.{state}", via=via)
        cost = self.money(kept.micros) if kept.micros else ""
        return {
            "n": told.who.number, "name": told.who.name, "kind": told.who.kind, "state": state, "text": text,
            "cost": cost, "shown": told.who.shown,
        }  # fmt: skip

    def channel(self, kind: str) -> str:
        return self.words.say(f"channel.{kind}") if self.words.knows(f"channel.{kind}") else kind

    def money(self, micros: int) -> str:
        return str(format_currency(micros / MICROS, self.currency, "#,##0.00\xa0¤", locale=self.words.language))

    def why(self, reason: str) -> str:
        """A reason of a channel or the router in words; the platform's own where nobody has put it in ours."""
        name = "undelivered" if reason.startswith(UNDELIVERED) else reason.partition(":")[0]
        return self.words.say(f"why.{name}") if self.words.knows(f"why.{name}") else reason

    def clock(self, at_ms: int) -> str:
        return f"{datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(self.zone):%H:%M:%S}"

    def rule(self, name: str, version: str = "") -> dict[str, Any]:
        """A rule by its id, as it stands now."""
        found = self.policy.applied(name)
        if found is None:
            return {"id": name, "title": name, "version": version, "sources": []}
        return shown_rule(found.rule, self.countries, self.words, version or found.version[:12])

    # ---- step by step ----

    def trace(self, about: Explained) -> list[dict[str, Any]]:
        """Everything that had a say, in its order."""
        steps = [*self._planned(about), *self._happened(about)]
        if about.micros:
            steps.append(_step("", self.words.say("trace.cost", money=self.money(about.micros))))
        return steps

    def _planned(self, about: Explained) -> Iterable[dict[str, Any]]:
        at, say = self.clock(about.created_ms), self.words.say
        template = say("trace.asked", template=about.template_name, version=about.template_version)
        yield _step(at, template)
        if about.wishes.refused:
            yield _step(at, say("trace.refused", sender=about.sender))
        if about.steps:
            names = [
                say("trace.priced", channel=self.channel(one.channel), money=self.money(one.micros))
                if one.micros
                else self.channel(one.channel)
                for one in about.steps
            ]
            yield _step(at, say("trace.plan", channels=say("trace.then").join(names)))
        for left in about.left:
            said = say(f"trace.left.{left.why}", channel=self.channel(left.channel))
            yield _step(at, said, self._rules(left.rules), "against")
        if not about.steps:
            yield _step(at, say("trace.nothing"), (), "end")

    def _happened(self, about: Explained) -> Iterable[dict[str, Any]]:
        """Tries and what the router did, by time; of one moment the try first."""
        found = [(one.changed_ms, 0, self._try(one)) for one in about.tries]
        found += [(one.at_ms, 1, self._line(one, about)) for one in about.lines]
        return (said for _, _, said in sorted(found, key=lambda one: one[:2]))

    def _try(self, one: TrySaid) -> dict[str, Any]:
        at, channel = self.clock(one.changed_ms), self.channel(one.channel)
        if one.reason == "law":
            return _step(at, self.words.say("try.law", channel=channel), self._rules(one.rules), "against")
        name = f"try.{one.status}"
        said = self.words.say(
            name if self.words.knows(name) else "try.failed", channel=channel, why=self.why(one.reason)
        )
        return _step(at, said, (), "went" if one.status in LEFT_US else "")

    def _line(self, one: LineSaid, about: Explained) -> dict[str, Any]:
        at, channel = self.clock(one.at_ms), self.channel(one.account.partition("/")[0])
        match one.what:
            case "step":
                return _step(at, self.words.say("line.step", channel=channel, why=self.why(one.why)))
            case "held":
                return _step(at, self.words.say("line.held"))
            case "seen":
                return _step(at, self.words.say("line.seen"), (), "end")
            case _:
                status = one.status or about.status
                return _step(at, self.words.say(f"end.{status}", why=self.why(one.why)), self._rules(one.rules), "end")

    def _rules(self, rules: Iterable[RuleSaid]) -> list[dict[str, Any]]:
        return [self.rule(one.id, one.version) for one in rules]


def _step(at: str, text: str, rules: Iterable[Mapping[str, Any]] = (), tone: str = "") -> dict[str, Any]:
    return {"at": at, "text": text, "rules": list(rules), "tone": tone}


def via_of(told: Told) -> str:
    """The channel that it is on, or was last."""
    tries = told.found.tries
    return tries[-1].account.partition("/")[0] if tries else told.who.kind


def state_of(told: Told) -> str:
    """In a word: waiting, sent, arrived, detour, unwanted or failed."""
    kept, tries = told.found.notification, told.found.tries
    if not told.ended:
        return "waiting"
    if kept.status in ("sent", "delivered") and tries:
        if via_of(told) != told.who.kind:
            return "detour"
        return "arrived" if kept.status == "delivered" else "sent"
    return "failed" if tries else "unwanted"
