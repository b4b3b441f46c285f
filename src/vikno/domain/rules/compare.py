"""Who is affected by a change: two versions of a service compared person by person, in exact and disjoint boxes.

Both versions are put into one space, split at the constants of both. A box is {fact: values} over the facts that
either version asks these people, so the number of its ways is the product of its lists. Options and facts that
only one version knows have no before or no after: they are listed, and people who need them are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from oxidd.bdd import BDDFunction
from oxidd.util import DDMemoryError

from vikno.domain.rules.boxes import Box, Values, boxes
from vikno.domain.rules.conditions import Answer
from vikno.domain.rules.diagram import Diagram
from vikno.domain.rules.people import Asking, BudgetExceeded, union
from vikno.domain.rules.receipt import plain
from vikno.domain.rules.ruleset import total_of
from vikno.domain.rules.service import Item, Service
from vikno.domain.rules.space import Space, day_bounds

Total = Mapping[str, Decimal] | None


@dataclass(frozen=True, slots=True)
class Change:
    """People whose outcome differs: `who` is an exact box, `share` its part of all ways to answer."""

    service: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    before_total: Total
    after_total: Total
    who: Mapping[str, tuple[Any, ...]]
    ways: int
    share: float
    answers: Mapping[str, Answer]


@dataclass
class Comparison:
    """Two versions of a service on one day."""

    changes: list[Change] = field(default_factory=list)
    ways: int = 0
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


def compare(old: Service, new: Service, day: date) -> Comparison:
    """Every change of outcome between two versions on a day.

    Raises:
        BudgetExceeded: the two differ in more ways than can be listed exactly.
    """
    out = Comparison()
    _listed(old, new, out)
    if _same_rules(old, new):
        return out
    try:
        _changes(old, new, day, out)
    except DDMemoryError:
        raise BudgetExceeded(new.key) from None
    return out


def _changes(old: Service, new: Service, day: date, out: Comparison) -> None:
    pair = _Pair(old, new, day)
    out.ways = pair.asking.ways()
    written, first = _Each(pair.written), _Each(pair.value)
    for before, after, before_total, after_total, people in pair.outcomes():
        for box in people:
            parts = tuple(box or ())
            who = {part.fact: written[part] for part in parts}
            smallest = {part.fact: first[part] for part in parts}
            ways = box.ways if box else 1
            out.changes.append(
                Change(new.key, before, after, before_total, after_total, who, ways, ways / out.ways, smallest)
            )
    out.changes.sort(key=lambda change: (-change.ways, change.before, change.after))


def _same_rules(old: Service, new: Service) -> bool:
    return old.version == new.version


def _listed(old: Service, new: Service, out: Comparison) -> None:
    """What only one version knows."""
    for mine, other, listed in ((new, old, out.added), (old, new, out.removed)):
        key = mine.key
        for fact in mine.facts:
            twin = other.fact.get(fact.id)
            if twin is None or twin.kind != fact.kind:
                listed.append(f"{key} fact {fact.id}")
            else:
                listed.extend(
                    f"{key} option {fact.id}:{option}"
                    for option in fact.option_ids
                    if option not in twin.option_ids and twin.options
                )
        keys = {item.key for item in other.items}
        listed.extend(dict.fromkeys(f"{key} item {item.key}" for item in mine.items if item.key not in keys))


class _Each(dict[Values, Any]):
    """What a function gives for values, worked out once for each: boxes share them by the thousand."""

    def __init__(self, function: Callable[[Values], Any]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, part: Values) -> Any:
        found = self[part] = self._function(part)
        return found


class _Pair:
    """Two versions in one space."""

    def __init__(self, old: Service, new: Service, day: date) -> None:
        self.order = _merged([fact.id for fact in old.facts], [fact.id for fact in new.facts])
        self.space = Space([old, new], day, {**old.dates, **new.dates}, order=self.order)
        self.old, self.new = Diagram(_as_of(self.space, old), old), Diagram(_as_of(self.space, new), new)
        false = self.space.false
        asked = {name: self.old.asked.get(name, false) | self.new.asked.get(name, false) for name in self.order}
        self.asked = asked
        known = self._known(old, new)
        self.changed = self._changed() & known
        self.known = known
        self.asking = Asking(self.space, asked, self.order)

    def _known(self, old: Service, new: Service) -> BDDFunction:
        """The people whose every answer both versions know (a fact that only one has is not in the way)."""
        known = self.space.true
        for name in self.order:
            one, two = old.fact.get(name), new.fact.get(name)
            if one is None or two is None:
                continue
            domain = self.space.domains[name]
            if one.kind != two.kind:
                known &= ~(self.old.meaning.applies[name] | self.new.meaning.applies[name])
            elif domain.several:
                for option in set(one.option_ids) ^ set(two.option_ids):
                    known &= ~self.space.option(name, option)
            elif one.options:
                both = set(one.option_ids) & set(two.option_ids)
                known &= self.space.where(name, lambda cell, both=both: cell.value in both)  # type: ignore[misc]
            elif one.kind == "number":
                low, high = max(one.low, two.low), min(one.high, two.high)
                known &= self.space.where(name, lambda cell, low=low, high=high: low <= cell.value <= high)  # type: ignore[misc]
            elif one.kind == "date":
                days = [
                    day_bounds(fact, self.space.today, dates) for fact, dates in ((one, old.dates), (two, new.dates))
                ]
                first, last = max(low for low, _ in days), min(high for _, high in days)
                known &= self.space.where(name, lambda cell, low=first, high=last: low <= cell.value <= high)  # type: ignore[misc]
        return known

    def _changed(self) -> BDDFunction:
        """The people who get other items or another sum."""
        day, differs = self.space.today, self.space.false
        old, new = _by_key(self.old), _by_key(self.new)
        for key in old.keys() | new.keys():
            mine, other = old.get(key, []), new.get(key, [])
            before, after = (union(self.space, (function for _, function in found)) for found in (mine, other))
            differs |= before ^ after
            for item, function in mine:
                for twin, shown in other:
                    if self.old.service.amount_on(item, day) != self.new.service.amount_on(twin, day) or bool(
                        item.instead_of
                    ) != bool(twin.instead_of):
                        differs |= function & shown
        return differs

    def outcomes(self) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], Total, Total, tuple[Box | None, ...]]]:
        """(items before, items after, both totals, boxes) for the people with another outcome."""
        count = len(self.old.items)
        found = boxes(self.space, self.order, self.asked, self.changed, (*self.old.shown, *self.new.shown))
        before, after = _Outcomes(self.old), _Outcomes(self.new)
        for mask, people in found.items():
            old, new = before.of(mask & ((1 << count) - 1)), after.of(mask >> count)
            if old != new:
                yield old[0], new[0], old[1], new[1], people

    def written(self, part: Values) -> tuple[Any, ...]:
        """Values as they stand in `who`."""
        return tuple(self._one(part.fact, value) for value in part.values)

    def _one(self, name: str, value: Any) -> Any:
        """A value as it stands in `who`: an option, a class of numbers or days, a list of options."""
        if isinstance(value, frozenset):
            options = self.space.domains[name].fact.option_ids
            return [option for option in options if option in value]
        cell = self.space.domains[name].cells[value]
        return cell.label if self.space.domains[name].edges else plain(cell.value)

    def value(self, part: Values) -> Answer:
        """The first of its values."""
        value = part.values[0]
        return value if isinstance(value, frozenset) else self.space.domains[part.fact].cells[value].value


def _as_of(space: Space, service: Service) -> Space:
    """The same space with the named dates of one version."""
    if dict(space.dates) == dict(service.dates):
        return space
    twin = object.__new__(Space)
    twin.__dict__.update(space.__dict__)
    twin.dates = service.dates
    return twin


def _by_key(diagram: Diagram) -> dict[str, list[tuple[Item, BDDFunction]]]:
    out: dict[str, list[tuple[Item, BDDFunction]]] = {}
    for item, function in zip(diagram.items, diagram.shown, strict=True):
        out.setdefault(item.key, []).append((item, function))
    return out


def _merged(old: Sequence[str], new: Sequence[str]) -> list[str]:
    """The facts of both in the new order; those only in the old one after what preceded them there."""
    out = list(new)
    for at, name in enumerate(old):
        if name not in out:
            before = next((known for known in reversed(old[:at]) if known in out), None)
            out.insert(out.index(before) + 1 if before else 0, name)
    return out


class _Outcomes:
    """What people get in one version: keys of items, and the total."""

    def __init__(self, diagram: Diagram) -> None:
        self.service, self.day = diagram.service, diagram.space.today
        self.items = diagram.items
        self._keys = [item.key for item in diagram.items]
        self._fees = sum(1 << at for at, item in enumerate(diagram.items) if item.kind == "fee")
        self._totals: dict[int, Total] = {}
        self._found: dict[int, tuple[tuple[str, ...], Total]] = {}

    def of(self, mask: int) -> tuple[tuple[str, ...], Total]:
        """Bit i of the mask is item i."""
        found = self._found.get(mask)
        if found is None:
            found = self._found[mask] = tuple([self._keys[at] for at in _bits(mask)]), self._total(mask & self._fees)
        return found

    def _total(self, fees: int) -> Total:
        if fees not in self._totals:
            self._totals[fees] = total_of(self.service, tuple(self.items[at] for at in _bits(fees)), self.day)
        return self._totals[fees]


def _bits(mask: int) -> list[int]:
    """The places of the bits that are set, lowest first."""
    out = []
    while mask:
        lowest = mask & -mask
        out.append(lowest.bit_length() - 1)
        mask ^= lowest
    return out
