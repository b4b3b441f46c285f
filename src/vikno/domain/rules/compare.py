"""Who is affected by a change: two versions of a service compared person by person, in exact and disjoint boxes.

Both versions are put into one space, split at the constants of both. A box is {fact: values} over the facts that
either version asks these people, so the number of its ways is the product of its lists. Options and facts that
only one version knows have no before or no after: they are listed, and people who need them are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from math import prod
from typing import Any

from oxidd.bdd import BDDFunction

from vikno.domain.rules.conditions import Answer
from vikno.domain.rules.diagram import Diagram
from vikno.domain.rules.people import Asking, union
from vikno.domain.rules.receipt import plain
from vikno.domain.rules.ruleset import total_of
from vikno.domain.rules.service import Fact, Item, Service
from vikno.domain.rules.space import Domain, Space, cofactors

Total = Mapping[str, Decimal] | None
Boxes = tuple[tuple[tuple[str, tuple[int, ...] | tuple[frozenset[str], ...]], ...], ...]


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
    """Every change of outcome between two versions on a day."""
    out = Comparison()
    _listed(old, new, out)
    if _same_rules(old, new):
        return out
    found = _Pair(old, new, day)
    out.ways = found.asking.ways()
    for before, after, box in found.changes():
        ways = prod(len(values) for _, values in box)
        out.changes.append(
            Change(
                new.key,
                *found.shown(before, after),
                {name: found.written(name, values) for name, values in box},
                ways,
                ways / out.ways,
                {name: found.value(name, values[0]) for name, values in box},
            )
        )
    out.changes.sort(key=lambda change: (-change.ways, change.before, change.after))
    return out


def _same_rules(old: Service, new: Service) -> bool:
    return old.version == new.version


def _listed(old: Service, new: Service, out: Comparison) -> None:
    """What only one version knows."""
    for mine, other, listed in ((new, old, out.added), (old, new, out.removed)):
        key = mine.key
        listed.extend(f"{key} fact {fact.id}" for fact in mine.facts if fact.id not in other.fact)
        for fact in mine.facts:
            twin = other.fact.get(fact.id)
            if twin:
                listed.extend(
                    f"{key} option {fact.id}:{option}"
                    for option in fact.option_ids
                    if option not in twin.option_ids and twin.options
                )
        keys = {item.key for item in other.items}
        listed.extend(dict.fromkeys(f"{key} item {item.key}" for item in mine.items if item.key not in keys))


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
        self._outcomes: dict[tuple[bool, tuple[int, ...]], tuple[tuple[str, ...], Total]] = {}
        self._written: dict[tuple[str, tuple[Any, ...]], tuple[Any, ...]] = {}

    def _known(self, old: Service, new: Service) -> BDDFunction:
        """The people whose every answer both versions know (a fact that only one has is not in the way)."""
        known = self.space.true
        for name in self.order:
            one, two = old.fact.get(name), new.fact.get(name)
            if one is None or two is None:
                continue
            domain = self.space.domains[name]
            if one.kind != two.kind:
                known &= ~(self.old.asked[name] | self.new.asked[name])
            elif domain.several:
                for option in set(one.option_ids) ^ set(two.option_ids):
                    known &= ~self.space.option(name, option)
            elif one.options:
                both = set(one.option_ids) & set(two.option_ids)
                known &= self.space.where(name, lambda cell, both=both: cell.value in both)  # type: ignore[misc]
            elif one.kind == "number":
                low, high = max(one.low, two.low), min(one.high, two.high)
                known &= self.space.where(name, lambda cell, low=low, high=high: low <= cell.value <= high)  # type: ignore[misc]
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

    def changes(self) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], tuple[tuple[str, tuple[Any, ...]], ...]]]:
        """(items before, items after, box) for each box of people with another outcome."""
        walk = _Walk(self)
        for (before, after), boxes in walk.start().items():
            old_items, new_items, old_total, new_total = self.shown(before, after)
            if old_items == new_items and old_total == new_total:
                continue
            for box in boxes:
                yield before, after, box

    def shown(
        self, before: tuple[int, ...], after: tuple[int, ...]
    ) -> tuple[tuple[str, ...], tuple[str, ...], Total, Total]:
        """Items and totals of two outcomes; each outcome is worked out once."""
        one, two = self._outcome(self.old, before), self._outcome(self.new, after)
        return one[0], two[0], one[1], two[1]

    def _outcome(self, diagram: Diagram, indices: tuple[int, ...]) -> tuple[tuple[str, ...], Total]:
        key = (diagram is self.old, indices)
        found = self._outcomes.get(key)
        if found is None:
            items = tuple(diagram.items[at] for at in indices)
            found = tuple(item.key for item in items), total_of(diagram.service, items, self.space.today)
            self._outcomes[key] = found
        return found

    def written(self, name: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """Values as they stand in `who`; the same tuple for the same values."""
        found = self._written.get((name, values))
        if found is None:
            found = self._written[name, values] = tuple(self._one(name, value) for value in values)
        return found

    def _one(self, name: str, value: Any) -> Any:
        """A value as it stands in `who`: an option, a class of numbers or days, a list of options."""
        if isinstance(value, frozenset):
            options = self.space.domains[name].fact.option_ids
            return [option for option in options if option in value]
        cell = self.space.domains[name].cells[value]
        return cell.label if self.space.domains[name].edges else plain(cell.value)

    def value(self, name: str, value: Any) -> Answer:
        return value if isinstance(value, frozenset) else self.space.domains[name].cells[value].value


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


Key = tuple[tuple[int, ...], tuple[int, ...]]
Found = dict[Key, list[tuple[tuple[str, tuple[Any, ...]], ...]]]
Live = tuple[tuple[int, BDDFunction], ...]


class _Walk:
    """Down the facts through the people who changed, each state once; boxes are joined on the way up."""

    def __init__(self, pair: _Pair) -> None:
        self.pair, self.space, self.order = pair, pair.space, pair.order
        self.memo: dict[Any, Found] = {}
        self.asked = tuple(pair.asked[name] for name in self.order)

    def start(self) -> Found:
        before, certain_before = _settle(enumerate(self.pair.old.shown), self.space)
        after, certain_after = _settle(enumerate(self.pair.new.shown), self.space)
        found = self._down(0, self.pair.changed, self.asked, before, after)
        return _joined_with(found, certain_before, certain_after)

    def _down(self, at: int, people: BDDFunction, asked: tuple[BDDFunction, ...], before: Live, after: Live) -> Found:
        if people == self.space.false:
            return {}
        if at == len(self.order):
            return {((), ()): [()]}
        key = (at, people, asked, before, after)
        found = self.memo.get(key)
        if found is None:
            found = self.memo[key] = self._at(at, people, asked, before, after)
        return found

    def _at(self, at: int, people: BDDFunction, asked: tuple[BDDFunction, ...], before: Live, after: Live) -> Found:
        name = self.order[at]
        domain = self.space.domains[name]
        wanted = asked[0] != self.space.false
        parts: dict[int, tuple[list[Any], Found]] = {}
        for value, branch in self._branches(
            domain, (people, *asked[1:], *(f for _, f in before), *(f for _, f in after))
        ):
            count = len(asked) - 1
            down_people, rest = branch[0], branch[1 : 1 + count]
            live_before = zip((index for index, _ in before), branch[1 + count : 1 + count + len(before)], strict=True)
            live_after = zip((index for index, _ in after), branch[1 + count + len(before) :], strict=True)
            new_before, sure_before = _settle(live_before, self.space)
            new_after, sure_after = _settle(live_after, self.space)
            found = _joined_with(
                self._down(at + 1, down_people, tuple(rest), new_before, new_after), sure_before, sure_after
            )
            if found and not wanted:
                return found  # not asked: any value stands for all
            if found:
                mark = hash(tuple(sorted((key, tuple(boxes)) for key, boxes in found.items())))
                parts.setdefault(mark, ([], found))[0].append(value)
        # values with the same future share a box; then boxes of one outcome that differ in this fact alone are joined
        out: Found = {}
        for values, found in parts.values():
            for key, boxes in found.items():
                out.setdefault(key, []).extend(((name, tuple(values)), *box) for box in boxes)
        return {key: _merge(boxes) for key, boxes in out.items()} if wanted else out

    def _branches(
        self, domain: Domain, functions: tuple[BDDFunction, ...]
    ) -> Iterator[tuple[Any, tuple[BDDFunction, ...]]]:
        if not domain.several:
            columns = [self.space.branches(function, domain.fact.id) for function in functions]
            yield from ((index, tuple(column[index] for column in columns)) for index in range(len(domain.cells)))
            return
        sets: list[tuple[frozenset[str], tuple[BDDFunction, ...]]] = [(frozenset(), functions)]
        for variable, cell in zip(domain.variables, domain.cells, strict=True):
            sets = [
                (
                    chosen | {str(cell.value)} if side else chosen,
                    tuple(_side(function, variable, side) for function in known),
                )
                for side in (0, 1)
                for chosen, known in sets
            ]
        yield from sorted(sets, key=lambda entry: (len(entry[0]), sorted(entry[0])))


def _side(function: BDDFunction, variable: int, side: int) -> BDDFunction:
    if function.node_var() != variable:
        return function
    high, low = cofactors(function)
    return high if side else low


def _settle(functions: Any, space: Space) -> tuple[Live, tuple[int, ...]]:
    """Which items are still open, and which have become certain."""
    live, certain = [], []
    for index, function in functions:
        if function == space.true:
            certain.append(index)
        elif function != space.false:
            live.append((index, function))
    return tuple(live), tuple(certain)


def _joined_with(found: Found, before: tuple[int, ...], after: tuple[int, ...]) -> Found:
    if not before and not after:
        return found
    return {
        (tuple(sorted((*old, *before))), tuple(sorted((*new, *after)))): boxes for (old, new), boxes in found.items()
    }


def _merge(boxes: list[tuple[tuple[str, tuple[Any, ...]], ...]]) -> list[tuple[tuple[str, tuple[Any, ...]], ...]]:
    """Boxes that are alike but for the first fact become one."""
    by_rest: dict[Any, list[Any]] = {}
    for box in boxes:
        (name, values), rest = box[0], box[1:]
        by_rest.setdefault((name, rest), []).extend(values)
    return [((name, tuple(values)), *rest) for (name, rest), values in by_rest.items()]


__all__ = ["Change", "Comparison", "Fact", "compare"]
