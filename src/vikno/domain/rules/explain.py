"""Why: the answers that decided an item, found in its condition tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from vikno.domain.rules.conditions import (
    AgeIs,
    All,
    Always,
    Answer,
    Condition,
    DateIs,
    Has,
    IsFalse,
    IsTrue,
    Leaf,
    Named,
    Not,
    OneOf,
    Some,
    TodayIs,
    Within,
)
from vikno.domain.rules.evaluate import holds
from vikno.domain.rules.service import Item, Service


@dataclass(frozen=True, slots=True)
class Reason:
    """One deciding leaf. `fact` is None for a reason of the calendar.

    `relation`: is | is_not | has | has_not | yes | no | within | outside | date | today | not_asked;
    `values`: option ids, numbers or days it was compared with; `condition`: the leaf as written, canonical.
    """

    fact: str | None
    relation: str
    values: tuple[str, ...]
    condition: str


def reasons_for(service: Service, item: Item, answers: Mapping[str, Answer], day: date) -> tuple[Reason, ...]:
    """The fewest leaves that made the item's condition true, without repetition."""
    found: dict[str, Reason] = {}
    if item.when is not None:
        for leaf, truth in deciding(service, item.when, True, answers, day):
            reason = _reason(service, leaf, truth, answers)
            found.setdefault(reason.condition, reason)
    return tuple(found.values())


def deciding(
    service: Service, condition: Condition, truth: bool, answers: Mapping[str, Answer], day: date
) -> Iterator[tuple[Leaf, bool]]:
    """The leaves that made a condition true (or false)."""
    match condition:
        case Always():
            return
        case Not():
            yield from deciding(service, condition.inner, not truth, answers, day)
        case Named():
            yield from deciding(service, condition.inner, truth, answers, day)
        case All() | Some():
            if isinstance(condition, All) is truth:
                for part in condition.parts:
                    yield from deciding(service, part, truth, answers, day)
            else:
                options = [part for part in condition.parts if holds(service, part, answers, day) is truth]
                lists = [list(deciding(service, part, truth, answers, day)) for part in options]
                if lists:
                    yield from min(lists, key=lambda leaves: (_unasked(leaves, answers), len(leaves)))
        case _:
            yield condition, truth


def _unasked(leaves: list[tuple[Leaf, bool]], answers: Mapping[str, Answer]) -> int:
    return sum(1 for leaf, _ in leaves if not isinstance(leaf, TodayIs) and leaf.fact not in answers)


def _reason(service: Service, leaf: Leaf, truth: bool, answers: Mapping[str, Answer]) -> Reason:
    written = str(leaf) if truth else str(Not(leaf))
    if isinstance(leaf, TodayIs):
        return Reason(None, "today", (str(leaf.day),), written)
    fact = leaf.fact
    tables = {table.name: table for table in service.derived}
    while fact in tables:
        fact = tables[fact].by
    if fact not in answers:
        return Reason(fact, "not_asked", (), written)
    match leaf:
        case IsTrue():
            return Reason(fact, "yes" if truth else "no", (), written)
        case IsFalse():
            return Reason(fact, "no" if truth else "yes", (), written)
        case OneOf():
            return Reason(fact, "is" if truth else "is_not", tuple(sorted(leaf.options)), written)
        case Has():
            return Reason(fact, "has" if truth else "has_not", (leaf.option,), written)
        case Within():
            return Reason(fact, "within" if truth else "outside", (str(leaf.low), str(leaf.high)), written)
        case DateIs():
            return Reason(fact, "date", (leaf.op if truth else f"not {leaf.op}", str(leaf.day)), written)
        case AgeIs():
            return Reason(
                fact, "within" if truth else "outside", (str(leaf.within.low), str(leaf.within.high)), written
            )
