"""Figures of the flight: how many were planned, sent, delivered and withheld on each channel, why, and for how much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from vikno.testing.phones.senders.flight import Told
from vikno.testing.phones.senders.passengers import KINDS
from vikno.testing.phones.senders.told import LEFT_US, Teller, state_of
from vikno.usecases.records import NoticeKept

REACHED = frozenset({"sent", "arrived", "detour"})
PAID = frozenset({"sent", "delivered", "failed"})
"""What has left is paid for, whatever became of it."""


def figures(told: Sequence[Told], teller: Teller) -> dict[str, Any]:
    """Of every channel, of all, and why some were not told, or not there."""
    counted: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    against: Counter[tuple[str, str, str]] = Counter()
    for one in told:
        if one.plan.steps:
            counted[one.plan.steps[0].channel]["planned"] += 1
        for left in one.plan.left:
            channel, rule = left.account.partition("/")[0], left.rules[0].id if left.rules else ""
            if rule or channel == one.who.kind:  # who wants nothing is counted once
                counted[channel]["withheld"] += 1
                against[channel, left.why, rule] += 1
        for notice in one.found.tries:
            channel = notice.account.partition("/")[0]
            became = _became(notice)
            counted[channel][became] += 1
            counted[channel]["sent"] += became == "delivered"
            if became in PAID:
                counted[channel]["micros"] += one.plan.steps[notice.step].micros
            if became in ("withheld", "failed"):
                why, _, rules = notice.reason.partition(": ")
                by_law = why == "law"
                against[channel, why if by_law else notice.reason, rules.partition("@")[0] if by_law else ""] += 1
    states = Counter(state_of(one) for one in told)
    return {
        "channels": [_channel(kind, counted[kind], told, teller) for kind in KINDS],
        "against": [
            {"count": count, "channel": teller.channel(channel), "text": teller.why(why),
             "rule": teller.rule(rule) if rule else None}
            for (channel, why, rule), count in against.most_common()
        ],
        "reached": sum(states[state] for state in REACHED),
        "waiting": states["waiting"],
        "not_reached": states["unwanted"] + states["failed"],
        "cost": teller.money(sum(one["micros"] for one in counted.values())),
    }  # fmt: skip


def _became(notice: NoticeKept) -> str:
    """waiting, sent, delivered, withheld or failed."""
    if notice.status in LEFT_US:
        return "sent" if notice.status == "sent" else "delivered"
    if notice.status == "permanent-failure" and notice.reason.partition(":")[0] in ("law", "choice", "suspended"):
        return "withheld"
    return "waiting" if notice.status in ("created", "sending", "temporary-failure") else "failed"


def _channel(kind: str, counted: Counter[str], told: Iterable[Told], teller: Teller) -> dict[str, Any]:
    steps = (step for one in told for step in one.plan.steps if step.channel == kind)
    receipts = any(step.proof == "delivered" and not step.blind for step in steps)
    return {
        "kind": kind,
        "name": teller.channel(kind),
        **{name: counted[name] for name in ("planned", "waiting", "sent", "withheld", "failed")},
        "delivered": counted["delivered"] if receipts else None,
        "cost": teller.money(counted["micros"]),
    }
