"""The changes of a country as a clerk reads them: people who lose and gain the same, together.

An exact comparison has thousands of entries where one rule was changed, because everybody's list differs a little.
Whoever is now stopped (or no longer is) loses a whole list: these are one group, whatever was on the list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from vikno.domain.rules.compare import Change
from vikno.domain.rules.conditions import Answer
from vikno.domain.rules.service import ENDINGS
from vikno.usecases.compare_countries import Compared, Days

CHECKLIST = ("checklist",)
Total = Mapping[str, Decimal] | None


@dataclass
class Group:
    """People of one service to whom the same happens. `ways` and `share` are of the days on which they are most."""

    service: str
    before: tuple[str, ...]
    """The stop, done or human items they had, or CHECKLIST."""
    after: tuple[str, ...]
    lost: tuple[str, ...] = ()
    """What all of them lose; gained: what all of them get."""
    gained: tuple[str, ...] = ()
    some_lost: Mapping[str, int] = field(default_factory=dict)
    """What some of them lose -> the ways of those; most first. Only where an ending takes a list's place."""
    some_gained: Mapping[str, int] = field(default_factory=dict)
    totals: tuple[tuple[Total, Total], ...] = ()
    """Pairs (before, after), each once."""
    who: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """The answers that occur among them; only of facts that all of them are asked."""
    ways: int = 0
    share: float = 0.0
    answers: Mapping[str, Answer] = field(default_factory=dict)
    days: tuple[Days, ...] = ()
    """When it is so, where all days were compared; stretches in order."""


def groups(compared: Compared) -> list[Group]:
    """All changes in groups, most affected first."""
    found: dict[tuple[Any, ...], list[tuple[Change, Days | None]]] = {}
    for change, days in compared.changed:
        found.setdefault(_alike(change), []).append((change, days))
    out = [_group(entries) for entries in found.values()]
    out.sort(key=lambda group: (-group.share, group.service, group.before, group.after, group.lost, group.gained))
    return out


def _alike(change: Change) -> tuple[Any, ...]:
    """Changes with the same key are one group."""
    before, after = _ending(change.before), _ending(change.after)
    if (before, after) != (CHECKLIST, CHECKLIST):
        return change.service, before, after
    lost, gained = _minus(change.before, change.after), _minus(change.after, change.before)
    return change.service, before, after, lost, gained, _difference(change.before_total, change.after_total)


def _ending(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(key for key in items if key.partition(":")[0] in ENDINGS) or CHECKLIST


def _minus(items: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(key for key in items if key not in others)


def _difference(before: Total, after: Total) -> Any:
    """What people pay more, by currency; or which of the two sums is not known."""
    if before == after:
        return ()
    if before is None or after is None:
        return before is None, after is None
    return tuple(
        (currency, after.get(currency, Decimal(0)) - before.get(currency, Decimal(0)))
        for currency in sorted({*before, *after})
    )


def _group(entries: list[tuple[Change, Days | None]]) -> Group:
    by_days: dict[Days | None, list[Change]] = {}
    for change, days in entries:
        by_days.setdefault(days, []).append(change)
    most = max(by_days.values(), key=lambda changes: sum(change.ways for change in changes))
    first = most[0]
    lost, some_lost = _counted(most, lambda change: _minus(change.before, change.after))
    gained, some_gained = _counted(most, lambda change: _minus(change.after, change.before))
    return Group(
        first.service,
        _ending(first.before),
        _ending(first.after),
        lost,
        gained,
        some_lost,
        some_gained,
        _totals(most),
        _who(most),
        sum(change.ways for change in most),
        sum(change.share for change in most),
        min(most, key=lambda change: len(change.answers)).answers,
        tuple(_joined(days for days in by_days if days)),
    )


def _counted(changes: list[Change], items: Any) -> tuple[tuple[str, ...], dict[str, int]]:
    """Items that all of these changes have, and the others with the ways in which they occur."""
    ways: dict[str, int] = {}
    whole = 0
    for change in changes:
        whole += change.ways
        for key in items(change):
            if key.partition(":")[0] not in ENDINGS:
                ways[key] = ways.get(key, 0) + change.ways
    some = sorted((key for key in ways if ways[key] < whole), key=lambda key: -ways[key])
    return tuple(key for key in ways if ways[key] == whole), {key: ways[key] for key in some}


def _totals(changes: list[Change]) -> tuple[tuple[Total, Total], ...]:
    out: list[tuple[Total, Total]] = []
    for change in changes:
        pair = (change.before_total, change.after_total)
        if pair not in out:
            out.append(pair)
    return tuple(out)


def _who(changes: list[Change]) -> dict[str, tuple[Any, ...]]:
    """For each fact that all of them are asked, the values that occur."""
    out: dict[str, tuple[Any, ...]] = {}
    for name in changes[0].who:
        lists = {id(values): values for change in changes if (values := change.who.get(name)) is not None}
        if all(name in change.who for change in changes):
            known: list[Any] = []
            for values in lists.values():
                known.extend(value for value in values if value not in known)
            out[name] = tuple(known)
    return out


def _joined(found: Iterable[Days]) -> Iterator[Days]:
    """Stretches of days, those that follow one another as one."""
    last: Days | None = None
    for first, until in sorted(found, key=lambda days: days[0]):
        if last is not None and last[1] is not None and (first - last[1]).days == 1:
            last = (last[0], until)
            continue
        if last is not None:
            yield last
        last = (first, until)
    if last is not None:
        yield last
