"""`vikno decide`: whether a message may go, the rules that decided, and what may go in its place."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from vikno.cli.consult import as_answers
from vikno.cli.shown import WrongCall, print_json, read_file
from vikno.domain.policy import Applied, ChannelRule, Policy
from vikno.domain.policy.examples import read_message
from vikno.domain.rules.conditions import Answer
from vikno.domain.rules.findings import did_you_mean, nearest
from vikno.packs.load import read_country
from vikno.packs.places import country_folders
from vikno.packs.policy import message_facts, read_policy
from vikno.packs.shapes import plain
from vikno.packs.source import parse_yaml


def run(options: argparse.Namespace) -> int:
    day = _day(options.date) or datetime.now(UTC).date()
    rules, facts = load_rules(options.countries), message_facts()
    drafts = [rule.id for rule in rules if rule.status == "proposed"]
    for name in options.what_if or ():
        if name not in drafts:
            raise WrongCall(
                "draft_unknown", f"there is no draft “{name}”{did_you_mean(name, drafts)}", nearest(name, drafts)
            )
    policy = Policy(rules, facts, known_on=_day(options.known_on), what_if=options.what_if or ())
    message = read_message(facts, _given(options.message), day)
    result = as_json(policy, message, day, options.lang)
    if options.json:
        print_json(result)
    else:
        from vikno.console.decided import show

        show(result)
    return 0 if result["may_go"] else 1


def load_rules(folders: Iterable[str]) -> tuple[ChannelRule, ...]:
    """The rules of every country folder that is found; what is wrong in one is told by `vikno check`."""
    found = country_folders(folders)
    return tuple(
        rule
        for code in sorted(found)
        for rule in read_policy(found[code], read_country(found[code], lambda _: None), lambda _: None).rules
    )


def as_json(policy: Policy, message: dict[str, Answer], day: date, language: str) -> dict[str, Any]:
    """The contract's result: `docs/reference/commands.md` describes every key."""
    decision = policy.decide(message, day)

    def applied(one: Applied) -> dict[str, Any]:
        rule = one.rule
        return {
            "id": rule.id,
            "jurisdiction": rule.jurisdiction,
            "title": rule.title.text(language),
            "status": rule.status,
            "effect": rule.effect,
            "from": rule.from_.isoformat() if rule.from_ else None,
            "until": rule.until.isoformat() if rule.until else None,
            "basis": list(rule.basis),
            "source": list(rule.sources),
            "confidence": rule.confidence,
            "version": one.version,
            "why": [reason.condition for reason in policy.reasons(one, message, day)],
        }

    return {
        "date": day.isoformat(),
        "version": policy.version,
        "effect": decision.effect,
        "level": decision.level,
        "may_go": decision.may_go,
        "missing": list(decision.missing),
        "rules": [applied(one) for one in decision.rules],
        "advice": [applied(one) for one in decision.advice],
        "instead": [channel for channel, _ in policy.alternatives(message, day)],
        "hours_until": None if decision.may_go else policy.hours_until(message, day),
    }


def _given(name: str | None) -> dict[str, Any]:
    if name is None:
        raise WrongCall("message_missing", "say what is known of the message: --message FILE, or - for standard input")
    problems: list[str] = []
    node = parse_yaml(read_file(name), name, lambda finding: problems.append(f"{finding.place}: {finding.message}"))
    if problems or node is None:
        raise WrongCall("answers_broken", f"the message cannot be read: {problems[0] if problems else name}")
    return as_answers(plain(node))


def _day(written: str | None) -> date | None:
    if written is None:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise WrongCall("date_wrong", f"“{written[:40]}” is no day: write it as 2026-03-15") from None
