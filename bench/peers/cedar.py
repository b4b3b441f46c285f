"""The same rules about messages in Cedar, Amazon's policy language (PyPI `cedarpy`): what somebody would pick instead.

Cedar says allow or deny and which policies decided. It has no dates of its own (the day is a number here), no unknown
and no alternatives, and nothing that proves or compares policies is in the package.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import cedarpy

from vikno.domain.policy import ChannelRule
from vikno.domain.policy.rules import lifted
from vikno.domain.rules.conditions import (
    All,
    Always,
    Answer,
    Condition,
    IsFalse,
    IsTrue,
    Named,
    Not,
    OneOf,
    Some,
    TodayIs,
    Within,
)

EVERYTHING = "permit(principal, action, resource);"


def policies(rules: Iterable[ChannelRule]) -> tuple[str, list[str]]:
    """The binding rules as Cedar policies, and their ids in the order of the policies; the first allows everything."""
    texts, names = [EVERYTHING], [""]
    for rule in lifted(rules):
        if rule.effect in ("deny", "require") and rule.status != "recommended" and rule.item.when is not None:
            days = [f"context.today >= {rule.from_.toordinal()}"] if rule.from_ else []
            days += [f"context.today <= {rule.until.toordinal()}"] if rule.until else []
            texts.append(
                f"forbid(principal, action, resource) when {{ {' && '.join([*days, cedar(rule.item.when)])} }};"
            )
            names.append(rule.id)
    return "\n".join(texts), names


def cedar(condition: Condition) -> str:
    """A condition over a message of which everything is known."""
    match condition:
        case Always():
            return "true" if condition.value else "false"
        case IsTrue():
            return f"context.{condition.fact}"
        case IsFalse():
            return f"!context.{condition.fact}"
        case OneOf():
            return f"{json.dumps(sorted(condition.options))}.contains(context.{condition.fact})"
        case Within():
            low = [f"context.{condition.fact} {'>' if condition.low_open else '>='} {condition.low}"]
            high = [f"context.{condition.fact} {'<' if condition.high_open else '<='} {condition.high}"]
            parts = (low if condition.low is not None else []) + (high if condition.high is not None else [])
            return f"({' && '.join(parts) or 'true'})"
        case TodayIs() if condition.day.fixed is not None:
            return f"context.today {condition.op} {condition.day.fixed.toordinal() + condition.day.days}"
        case Named():
            return cedar(condition.inner)
        case Not():
            return f"!({cedar(condition.inner)})"
        case All():
            return f"({' && '.join(map(cedar, condition.parts))})"
        case Some():
            return f"({' || '.join(map(cedar, condition.parts))})"
    raise ValueError(f"Cedar has nothing for {condition}")


def request(message: Mapping[str, Answer], day: date) -> dict[str, Any]:
    """A message as a request to Cedar."""
    context = {**message, "today": day.toordinal()}
    return {"principal": 'S::"s"', "action": 'Action::"send"', "resource": 'M::"m"', "context": context}


def forbidding(texts: str, names: Sequence[str], requests: list[dict[str, Any]]) -> list[frozenset[str]]:
    """For each request the rules that forbid it."""
    found = cedarpy.is_authorized_batch(requests, texts, [])
    decided = ([names[int(reason.removeprefix("policy"))] for reason in one.diagnostics.reasons] for one in found)
    return [frozenset(said) - {""} for said in decided]
