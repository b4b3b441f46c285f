"""Cedar, a policy language that nobody here wrote, finds the same rules against the same messages."""

from __future__ import annotations

import random
from datetime import date, timedelta

from bench.peers.cedar import forbidding, policies, request
from bench.policy import messages
from vikno.cli.decide import load_rules
from vikno.domain.policy import Policy
from vikno.domain.rules.ruleset import ruleset_on
from vikno.packs.policy import message_facts

MESSAGES = 4_000
FIRST = date(2023, 1, 1)


def test_cedar_forbids_what_we_forbid_and_by_the_same_rules() -> None:
    policy, facts = Policy(load_rules(["countries"]), message_facts()), message_facts()
    dice = random.Random(2)  # noqa: S311 - the same days at every run
    binding = {rule.id for rule in policy.rules if rule.status != "recommended" and rule.effect in ("deny", "require")}
    days = [FIRST + timedelta(days=90 * quarter) for quarter in range(18)]
    tried = [(message, dice.choice(days)) for message in messages(facts, MESSAGES)]
    texts, names = policies(policy.rules)
    theirs = forbidding(texts, names, [request(message, day) for message, day in tried])
    met: set[str] = set()
    for (message, day), forbidden in zip(tried, theirs, strict=True):
        ours = {item.id for item in ruleset_on(policy.service, day).consult(message).items} & binding
        assert ours == forbidden, (message, day)
        decision = policy.decide(message, day)
        assert (decision.effect in ("deny", "require") and decision.level == "law") == bool(forbidden)
        met |= forbidden
    assert len(met) > 10, "or it was no trial"
