"""Check the rules about messages of a jurisdiction: their examples, and what can be proved of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from vikno.domain.policy import ChannelRule
from vikno.domain.policy.examples import run_examples
from vikno.domain.policy.prove import prove_policy
from vikno.domain.rules.findings import Finding
from vikno.domain.rules.service import Example, Fact
from vikno.usecases.check_country import ordered, provable


def check_policy(
    rules: tuple[ChannelRule, ...],
    examples: Iterable[Example],
    facts: tuple[Fact, ...],
    loaded: Iterable[Finding],
    today: date,
) -> tuple[Finding, ...]:
    """All findings. Rules whose names or conditions are broken are not proved; `loaded` is what reading found."""
    found = list(loaded)
    if rules and provable(found):
        found += run_examples(rules, facts, examples, today)
        found += prove_policy(rules, facts)
    return ordered(found)
