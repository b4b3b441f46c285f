"""The proof of rules about messages: none that can never hold, none that requires what another forbids."""

from __future__ import annotations

from collections.abc import Iterator

from oxidd.bdd import BDDFunction

from vikno.domain.policy.decide import Policy
from vikno.domain.policy.rules import ChannelRule
from vikno.domain.rules.conditions import facts_of
from vikno.domain.rules.days import stretches
from vikno.domain.rules.diagram import Diagram
from vikno.domain.rules.findings import Finding
from vikno.domain.rules.people import Asking
from vikno.domain.rules.prove import prove
from vikno.domain.rules.service import Fact
from vikno.domain.rules.space import Meaning, Space

OF_MESSAGES = frozenset(
    {"never_true", "never_false", "item_never", "period_overlap", "period_gap", "budget_exceeded", "name_unknown"}
)
"""What the proof of a consultation says that is true of rules as well: nobody is asked anything here."""
CHANNEL = "channel"


def prove_policy(rules: tuple[ChannelRule, ...], facts: tuple[Fact, ...]) -> Iterator[Finding]:
    """What is wrong with the rules of one jurisdiction: those in force, and with each draft supposed."""
    lasting = tuple(rule for rule in rules if not (rule.from_ and rule.until and rule.until < rule.from_))
    drafts = [rule.id for rule in lasting if rule.status == "proposed"]
    said: set[tuple[str, object, str]] = set()
    for supposed in ([], *([draft] for draft in drafts)):
        policy = Policy(lasting, facts, what_if=supposed)
        for finding in (*prove(policy.service), *_contradictions(policy)):
            key = finding.code, finding.place, finding.message
            if key not in said and (finding.code in OF_MESSAGES or finding.code == "rules_contradict"):
                said.add(key)
                yield finding


def _contradictions(policy: Policy) -> Iterator[Finding]:
    """A rule that requires a channel where other rules forbid every channel that would do."""
    requiring = [
        rule for rule in policy.rules if rule.effect == "require" and rule.must and CHANNEL in facts_of(rule.must)
    ]
    if not requiring:
        return
    for stretch in stretches(policy.service):
        space = Space([policy.service], stretch.first, stretch.dates)
        meaning = Meaning(space, policy.service)
        channel = space.cube([CHANNEL])
        forbidden = space.false
        for item in policy.service.items:
            if item.kind == "deny" and item.holds_on(stretch.first):
                forbidden |= meaning.of(item.when)
        for rule in requiring:
            if not rule.item.holds_on(stretch.first) or rule.must is None:
                continue
            bound, met = meaning.of(rule.when), meaning.of(rule.must)
            nowhere = bound.exists(channel) & ~(met & ~forbidden).exists(channel)
            if nowhere != space.false:
                yield Finding(
                    "rules_contradict",
                    rule.place,
                    f"what “{rule.id}” requires is forbidden on every channel that would do",
                    _smallest(policy, nowhere, space),
                    stretch.first,
                )


def _smallest(policy: Policy, wrong: BDDFunction, space: Space) -> dict[str, object]:
    return dict(Asking.of(Diagram(space, policy.service)).smallest(wrong))
