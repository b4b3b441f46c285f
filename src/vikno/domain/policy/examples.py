"""Examples of messages and what must be decided about them; and the rules that no example shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from vikno.domain.policy.decide import Decision, Policy
from vikno.domain.policy.rules import ChannelRule
from vikno.domain.rules.answers import AnswerRefused, read_answers
from vikno.domain.rules.conditions import Answer
from vikno.domain.rules.findings import Finding, did_you_mean
from vikno.domain.rules.service import Example, Fact, Service
from vikno.domain.values import Text

WHAT_IF = "what_if"
"""Among the facts of an example: the drafts that it supposes."""
THEN = ("effect", "level", "may_go", "rules", "advice", "missing", "instead", "hours_until")


def run_examples(
    rules: tuple[ChannelRule, ...], facts: tuple[Fact, ...], examples: Iterable[Example], today: date
) -> Iterator[Finding]:
    """Every example that does not hold, then every rule that no example shows deciding."""
    views: dict[frozenset[str], Policy] = {}
    shown: set[str] = set()
    vocabulary = _vocabulary(facts)
    for example in examples:
        supposed = frozenset(str(one) for one in example.given.get(WHAT_IF, ()))
        unknown = sorted(supposed - {rule.id for rule in rules if rule.status == "proposed"})
        if unknown:
            place = example.places.get("given", example.place)
            yield Finding("example_answer", place, f"“{example.name}”: there is no draft “{unknown[0]}”")
            continue
        policy = views.get(supposed)
        if policy is None:
            policy = views[supposed] = Policy(rules, facts, what_if=supposed)
        yield from _run(policy, vocabulary, example, example.on or today, shown)
    for rule in rules:
        if rule.id not in shown and not _never(rule):
            yield Finding("example_missing", rule.place, f"no example shows {rule.id}")


def _never(rule: ChannelRule) -> bool:
    """A draft that was withdrawn before it began: no message can show it."""
    return rule.from_ is not None and rule.until is not None and rule.until < rule.from_


def _vocabulary(facts: tuple[Fact, ...]) -> Service:
    """All facts there are, so that an example may say more of a message than the rules look at."""
    return Service("policy", Text("policy", "policy"), "", "en", ("en",), "EUR", facts, ())


def read_message(facts: tuple[Fact, ...], given: Mapping[str, Any], day: date) -> dict[str, Answer]:
    """The facts of a message from plain values. Raises AnswerRefused, with what may have been meant."""
    return dict(read_answers(_vocabulary(facts), given, day))


def _run(policy: Policy, vocabulary: Service, example: Example, day: date, shown: set[str]) -> Iterator[Finding]:
    given = {name: value for name, value in example.given.items() if name != WHAT_IF}
    try:
        message = dict(read_answers(vocabulary, given, day))
    except AnswerRefused as refused:
        place = example.places.get("given", example.place)
        yield Finding("example_answer", place, f"“{example.name}”: {refused.message}")
        return
    decision = policy.decide(message, day)
    shown.update(applied.rule.id for applied in (*decision.rules, *decision.advice) if decision.effect != "unknown")
    for key, wanted in example.then.items():
        place = example.places.get(f"then.{key}", example.place)
        if key not in THEN:
            message_ = f"“{example.name}”: “{key}” cannot be compared{did_you_mean(key, THEN)}"
            yield Finding("example_fails", place, message_)
            continue
        found = _found(policy, decision, message, day, key)
        if found != wanted:
            yield Finding("example_fails", place, f"“{example.name}”: {key} is {found}, not {wanted}", given, day)


def _found(policy: Policy, decision: Decision, message: Mapping[str, Answer], day: date, key: str) -> Any:
    match key:
        case "rules":
            return [applied.rule.id for applied in decision.rules]
        case "advice":
            return [applied.rule.id for applied in decision.advice]
        case "missing":
            return list(decision.missing)
        case "instead":
            return [channel for channel, _ in policy.alternatives(message, day)]
        case "hours_until":
            return policy.hours_until(message, day)
    return getattr(decision, key)
