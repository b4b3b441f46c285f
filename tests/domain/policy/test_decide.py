"""Decisions about messages: as the plain reading of each rule has it, unknown exactly where a missing fact decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.commands import ROOT
from vikno.domain.policy import ChannelRule, Policy
from vikno.domain.policy.prove import prove_policy
from vikno.domain.policy.rules import lifted
from vikno.domain.rules.compare import compare
from vikno.domain.rules.conditions import TRUE, All, Answer, OneOf, evaluate, facts_of
from vikno.domain.rules.service import Fact
from vikno.domain.values import Text
from vikno.packs.load import read_country
from vikno.packs.policy import message_facts, policy_files, read_policy

FACTS = message_facts()
BY_NAME = {fact.id: fact for fact in FACTS}
PACKS = sorted(path.name for path in (ROOT / "countries").iterdir() if policy_files(path))
COUNTRIES = ("ru", "ua", "de", "fr", "gb", "us", "in", "sg", "pl", "jp")


def rules_of(code: str) -> tuple[ChannelRule, ...]:
    folder = ROOT / "countries" / code
    return read_policy(folder, read_country(folder, lambda _: None), lambda _: None).rules


EVERY = tuple(rule for code in PACKS for rule in rules_of(code))
POLICY = Policy(EVERY, FACTS)


def answers(fact: Fact) -> st.SearchStrategy[Answer]:
    match fact.kind:
        case "yes_no":
            return st.booleans()
        case "number":
            return st.integers(int(fact.low), int(fact.high))
        case "country":
            return st.sampled_from(COUNTRIES)
    return st.sampled_from(fact.option_ids)


MESSAGES = st.fixed_dictionaries({fact.id: answers(fact) for fact in FACTS})
DAYS = st.dates(date(2022, 1, 1), date(2027, 12, 31))


def holding(rules: tuple[ChannelRule, ...], message: Mapping[str, Answer], day: date) -> list[ChannelRule]:
    """The rules that hold, each by the direct evaluation of its own condition."""
    return [
        rule
        for rule in lifted(rules)
        if rule.item.holds_on(day) and rule.item.when is not None and evaluate(rule.item.when, message, day, {})
    ]


def plainly(rules: tuple[ChannelRule, ...], message: Mapping[str, Answer], day: date) -> tuple[str, list[str]]:
    """What comes of them, in the order of their strength."""
    said = holding(rules, message, day)
    for recommended in (False, True):
        for effect in ("deny", "require"):
            named = [one.id for one in said if one.effect == effect and (one.status == "recommended") == recommended]
            if named:
                return effect, named
    advice = [one.id for one in said if one.effect == "advise"]
    return ("advise", advice) if advice else ("permit", [one.id for one in said if one.effect == "permit"])


@given(MESSAGES, DAYS)
def test_a_decision_is_what_each_rule_says_by_itself(message: dict[str, Answer], day: date) -> None:
    decision = POLICY.decide(message, day)
    assert (decision.effect, [one.rule.id for one in decision.rules]) == plainly(POLICY.rules, message, day)
    assert decision.missing == ()


@pytest.mark.parametrize("code", ["gb", "in", "sg", "us"])
@given(data=st.data())
def test_unknown_is_where_two_answers_would_be_decided_differently(code: str, data: st.DataObject) -> None:
    policy = Policy(rules_of(code), FACTS)
    looked = policy.service.facts
    missing = data.draw(st.sets(st.sampled_from([fact.id for fact in looked]), max_size=2))
    known = {fact.id: data.draw(answers(fact)) for fact in looked if fact.id not in missing}
    decision = policy.decide(known, date(2026, 1, 15))
    ways = [policy.decide({**known, **way}, date(2026, 1, 15)) for way in completions(looked, known)]
    binding = {way.effect in ("deny", "require") and way.level == "law" for way in ways}
    assert (decision.effect == "unknown") == (len(binding) > 1)
    if decision.effect == "unknown":
        assert decision.missing
        assert not set(decision.missing) & known.keys()


def completions(facts: tuple[Fact, ...], known: Mapping[str, Answer]) -> Iterator[dict[str, Answer]]:
    """Every way to answer what is missing, with those answers that any of these packs tells apart."""
    telling: dict[str, Sequence[Answer]] = {
        "country": ["gb", "in", "sg", "us", "jp"],
        "yes_no": [True, False],
        "number": [0, 7, 8, 20, 21],
    }
    missing = [fact for fact in facts if fact.id not in known]
    options = [telling.get(fact.kind) or fact.option_ids for fact in missing]
    for way in product(*options):
        yield dict(zip((fact.id for fact in missing), way, strict=True))


def test_a_draft_counts_in_a_what_if_alone_and_who_did_not_know_is_not_blamed() -> None:
    message: dict[str, Answer] = {"sender_country": "ru", "sender": "telecom", "recipient": "organisation"}
    message |= {"recipient_country": "ru", "channel": "telegram", "direction": "reply", "content": "support"}
    day = date(2025, 9, 10)
    assert POLICY.decide(message, day).effect == "permit"
    before = Policy(EVERY, FACTS, known_on=day - timedelta(days=1)).decide(message, day)
    assert [one.rule.id for one in before.rules] == ["RU-41FZ"], "the regulator's reading was not known yet"


def test_a_rule_says_by_its_version_that_it_has_changed() -> None:
    first, *_ = EVERY
    other = replace(first, title=Text("x", "other words"))
    later = replace(first, from_=(first.from_ or date(2026, 1, 1)) + timedelta(days=1))
    versions = [Policy([rule], FACTS).version for rule in (first, other, later)]
    assert versions[0] == versions[1] != versions[2]


DATED = [rule for rule in EVERY if rule.from_ is not None and rule.status != "proposed"]


@pytest.mark.parametrize("rule", DATED, ids=lambda rule: rule.id)
def test_a_day_later_only_those_of_that_day_and_rule_are_affected(rule: ChannelRule) -> None:
    assert rule.from_ is not None
    rules = tuple(one for one in rules_of(rule.jurisdiction) if one.status != "proposed")
    moved = tuple(replace(one, from_=rule.from_ + timedelta(days=1)) if one.id == rule.id else one for one in rules)
    old, new = (Policy(which, FACTS).service for which in (rules, moved))
    changes = compare(old, new, rule.from_).changes
    assert changes
    lifts = {f"deny:{name}" for name in rule.overrides}
    for change in changes:
        differing = set(change.before) ^ set(change.after)
        assert f"{rule.effect}:{rule.id}" in differing
        assert differing <= {f"{rule.effect}:{rule.id}", *lifts}
    for day in (rule.from_ - timedelta(days=1), rule.from_ + timedelta(days=1)):
        assert compare(old, new, day).changes == []


def channel_rule(name: str, effect: str, *channels: str, **more: object) -> ChannelRule:
    when = OneOf("channel", frozenset(channels)) if channels else OneOf("recipient", frozenset(["person"]))
    return ChannelRule(name, "x", Text(name, name), "enacted", effect, when, **more)  # type: ignore[arg-type]


def test_what_is_required_and_forbidden_at_once_is_found() -> None:
    need = channel_rule("NEED", "require", must=OneOf("channel", frozenset(["max", "vk"])))
    ban = channel_rule("BAN", "deny", "max", "telegram")
    assert [finding.code for finding in prove_policy((need, ban), FACTS)] == []
    (found,) = prove_policy((need, ban, channel_rule("BAN-TOO", "deny", "vk")), FACTS)
    assert found.code == "rules_contradict"
    assert "NEED" in found.message


def test_a_draft_is_proved_as_if_it_held() -> None:
    need = channel_rule("NEED", "require", must=OneOf("channel", frozenset(["vk"])))
    draft = replace(channel_rule("BAN", "deny", "vk"), status="proposed")
    (found,) = prove_policy((need, draft), FACTS)
    assert found.code == "rules_contradict"


def test_rules_that_never_hold_on_the_same_day_contradict_nothing() -> None:
    last = date(2026, 5, 31)
    need = channel_rule("NEED", "require", must=OneOf("channel", frozenset(["vk"])))
    ban = channel_rule("BAN", "deny", "vk")
    for old, new in ((need, ban), (ban, need)):
        ended = replace(old, from_=date(2026, 1, 1), until=last)
        begun = replace(new, from_=last + timedelta(days=1))
        assert [finding.code for finding in prove_policy((ended, begun), FACTS)] == []
        one_day_more = replace(ended, until=last + timedelta(days=1))
        (found,) = prove_policy((one_day_more, begun), FACTS)
        assert (found.code, found.day) == ("rules_contradict", begun.from_)


def test_a_rule_that_can_never_hold_is_found() -> None:
    never = replace(
        channel_rule("NEVER", "deny", "sms"),
        when=All((OneOf("channel", frozenset(["sms"])), OneOf("channel", frozenset(["email"])))),
    )
    assert "never_true" in {
        finding.code for finding in prove_policy((never, channel_rule("SMS", "deny", "sms")), FACTS)
    }


def test_hours_are_waited_for_only_where_the_hour_is_against_it() -> None:
    message: dict[str, Answer] = {"recipient_country": "us", "sender": "solicitor", "channel": "call"}
    message |= {"recipient": "person", "opted_out": False, "hour": 6}
    policy, day = Policy(rules_of("us"), FACTS), date(2026, 1, 15)
    assert policy.hours_until(message, day) == 2
    assert policy.hours_until({**message, "opted_out": True}, day) is None


def test_every_fact_that_a_rule_may_name_is_looked_at_by_some_rule() -> None:
    """One that no rule uses is not known to be asked rightly."""
    looked = {name for rule in EVERY for name in facts_of(All((rule.when, rule.must or TRUE)))}
    assert set(BY_NAME) - looked == set()
